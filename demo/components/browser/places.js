// Where a person was in each document (line, caret, view of the page), kept in their browser.

import { recall, remember } from "./memory.js";

const MOST = 60;

/** The place in a document, {document, line, view}, or null. */
export function placeIn(document) {
  return recall("places").find((place) => place?.document === document) ?? null;
}

/** Keeps the place in a document. */
export function keepPlace(place) {
  remember("places", place, { most: MOST, alike: (other) => other?.document === place.document });
}
