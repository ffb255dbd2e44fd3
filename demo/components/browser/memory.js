// What a browser remembers for its person between visits. One that stores nothing works all the same.

/** The list kept under a name; empty where there is none, or something else stands there. */
export function recall(name) {
  try {
    const kept = JSON.parse(localStorage.getItem(`inkloop.${name}`) ?? "[]");
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}

/** Puts an entry at the front of a list, in place of one that is `alike`; the oldest entries make room. */
export function remember(name, entry, { most, alike = (other) => other === entry }) {
  const kept = [entry, ...recall(name).filter((other) => !alike(other))].slice(0, most);
  try {
    localStorage.setItem(`inkloop.${name}`, JSON.stringify(kept));
  } catch {
    // full, or forbidden
  }
}
