// Asks for the state of something again and again while a person looks at it.

const WORKING_MS = 1_000;

/**
 * Begins as soon as `root` is seen. Asking rests while it is hidden and ends with `element`.
 *
 * @param {{ask: () => Promise<boolean>, tell: (text: string) => void, everyMs: number}} how
 *   `ask` shows the state and says whether something is going on, to be asked for sooner; `tell` is given its failures.
 * @returns {(afterMs?: number) => void} asks earlier than planned
 */
export function refreshWhileSeen(element, root, { ask, tell, everyMs }) {
  let timer;
  let asking = false;

  async function refresh() {
    clearTimeout(timer);
    if (asking || !element.isConnected) return;
    asking = true;
    let working = false;
    try {
      working = await ask();
    } catch (error) {
      tell(error.message);
    } finally {
      asking = false;
    }
    plan(working ? WORKING_MS : everyMs);
  }

  function plan(afterMs = WORKING_MS) {
    clearTimeout(timer);
    timer = setTimeout(() => (root.checkVisibility() ? refresh() : plan()), afterMs);
  }

  new IntersectionObserver((seen) => seen.some(({ isIntersecting }) => isIntersecting) && refresh()).observe(root);
  return plan;
}
