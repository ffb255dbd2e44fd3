// Characters that keyboards lack, those a person used last first; remembered in their browser.

import { recall, remember } from "./memory.js";

const MOST = 12;

/** What is offered, in groups; people who transcribe French and English reach for these. */
export const GROUPS = [
  ["Accents", "à â ä æ ç é è ê ë î ï ô ö œ ù û ü ÿ ñ À Â Æ Ç É È Ê Ë Î Ï Ô Œ Ù Û Ü"],
  ["Quotes and dashes", "« » “ ” ‘ ’ – — … · ¿ ¡"],
  ["Old and raised", "ſ þ ð ß ¹ ² ³ ⁿ ᵉ ʳ ˢ ᵗ º ª † ‡ § ¶"],
  ["Numbers and money", "° № ½ ¼ ¾ × ÷ ± € £ ¢ ƒ"],
].map(([name, characters]) => ({ name, characters: characters.split(" ") }));

const OFFERED = new Set(GROUPS.flatMap((group) => group.characters));

/** The characters used last, newest first. */
export function recentCharacters() {
  return recall("characters").filter((each) => OFFERED.has(each));
}

/** Remembers that a character was used. */
export function useCharacter(character) {
  remember("characters", character, { most: MOST });
}
