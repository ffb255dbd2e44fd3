// Names for pictures that have none, after the moment they were made, so that a person can tell them apart later.

/** Such as "Photo 25 Nov 14.03.07.jpg". */
export function nameNow(what, ending) {
  const now = new Date();
  const day = now.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  const time = now.toLocaleTimeString("en-GB").replaceAll(":", ".");
  return `${what} ${day} ${time}.${ending}`;
}
