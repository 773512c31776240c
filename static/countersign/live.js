/* Asks every few seconds what changed for this person (GET /api/updates/), while the page is visible.
   onChanges(changes, answer) is called with what to read again; [] if everything may have changed. */
import { Server } from "./review-adapter.js";

const EVERY = 5_000;
const AFTER_TROUBLE = 30_000;

export function watch(onChanges, { project, server = new Server(), every = EVERY } = {}) {
  let cursor = "";
  let timer;
  let asking = null;

  async function look() {
    const asked = { ...(project ? { project } : {}), ...(cursor ? { after: cursor } : {}) };
    const answer = await server.ask("GET", `/api/updates/?${new URLSearchParams(asked)}`).catch((error) => error);
    if (answer.status === 304) return every;
    if (answer instanceof Error) {
      if (answer.code === "invalid_cursor") cursor = "";
      return AFTER_TROUBLE;
    }
    cursor = answer.cursor;
    if (answer.changes.length || answer.reset) onChanges(answer.changes, answer);
    return answer.more ? 0 : every;
  }

  /* One request at a time, also if the page becomes visible meanwhile. */
  function again() {
    clearTimeout(timer);
    const isVisible = document.visibilityState === "visible";
    asking ||= (isVisible ? look() : Promise.resolve(every)).then((wait) => {
      asking = null;
      timer = setTimeout(again, wait);
    });
    return asking;
  }

  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && again());
  return again();
}
