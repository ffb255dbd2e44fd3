// Follows the system into the dark before anything is painted; the page works without it.
document.documentElement.classList.toggle("dark", matchMedia("(prefers-color-scheme: dark)").matches);
