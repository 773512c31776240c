/* The unsent decisions and comments of one screen, in order. Each is stored in this browser until the server has answered, so
   that a lost connection, a closed tab or a server restart loses nothing. Sending twice is safe: the server answers a repeat
   like the first request, and where it would create a second row, `isDone` checks first. */
import { ServerError } from "../review-adapter.js";

export const KEPT = Symbol("kept here until the connection is back");
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30_000;
/* After this time the tab that was sending an entry is assumed to be closed. */
const PATIENCE = 30_000;

/* No answer, or an answer that does not settle the request: keep the entry and retry. */
export function isTrouble(error) {
  if (!(error instanceof ServerError)) return error instanceof TypeError || error.name === "TimeoutError" || error.name === "AbortError";
  return error.status >= 500 || error.status === 429 || isSignedOut(error);
}

export function isSignedOut(error) {
  return error.status === 401 || error.code === "not_authenticated";
}

/* randomUUID exists only with https. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}

export class Outbox {
  /* name: of the screen. prepare(entry): the entry as it is sent. onTrouble(error); onQuiet() when everything is sent;
     onLate(entry, answer, error) for an entry that had to wait and is answered now. */
  constructor({ name, server, browserStore, isDone, prepare, onTrouble, onQuiet, onLate }) {
    Object.assign(this, { key: `outbox:${name}`, server, browserStore, isDone, prepare, onTrouble, onQuiet, onLate });
    this.pause = FIRST_PAUSE;
    addEventListener("online", () => this.flush());
  }

  get waiting() {
    return this.browserStore.get(this.key) || [];
  }

  set waiting(entries) {
    this.browserStore.set(this.key, entries);
  }

  /* entry: {kind, annotation, method, path, body, headers, words}. Returns the server's answer, or KEPT. A newer entry about
     the same annotation replaces an older one, comments excepted. */
  async put(entry) {
    const made = { ...entry, key: newId(), at: new Date().toISOString() };
    const others = this.waiting.filter(({ kind, annotation }) => kind === "comment" || kind !== made.kind || annotation !== made.annotation);
    const inFront = others.length > 0;
    this.waiting = [...others, made];
    if (inFront) {
      this.flush();
      return KEPT;
    }
    try {
      return await this.send(made);
    } catch (error) {
      if (!isTrouble(error)) throw error;
      this.retryLater(error);
      return KEPT;
    }
  }

  putComment(body, about = {}) {
    return this.put({ kind: "comment", annotation: body.annotation, ...about, method: "POST", path: "/api/comments/", body, words: body.text });
  }

  /* Add to the bodies of the entries about `annotation` what was not known when they were put. */
  complete(annotation, more) {
    this.waiting = this.waiting.map((one) => (one.annotation === annotation ? { ...one, body: { ...more(one), ...one.body } } : one));
  }

  /* Removed as soon as the server has answered. Marked while it is sent, so that no other tab sends it too. */
  async send(entry) {
    this.mark(entry, Date.now());
    try {
      const { method, path, body, headers } = await this.prepare(entry);
      const answer = await this.server.ask(method, path, body, headers);
      this.sent(entry);
      return answer;
    } catch (error) {
      if (isTrouble(error)) this.mark(entry, null);
      else this.sent(entry);
      throw error;
    }
  }

  mark(entry, sending) {
    this.waiting = this.waiting.map((one) => (one.key === entry.key ? { ...one, sending } : one));
  }

  sent(entry) {
    this.waiting = this.waiting.filter(({ key }) => key !== entry.key);
    this.pause = FIRST_PAUSE;
  }

  retryLater(error) {
    this.onTrouble(error);
    this.scheduleRetry();
  }

  scheduleRetry() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), this.pause);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
  }

  /* One entry at a time, and one tab at a time where the browser has locks. */
  async flush() {
    if (this.flushing) return;
    this.flushing = true;
    try {
      if (navigator.locks) await navigator.locks.request(this.browserStore.name + this.key, () => this.drain());
      else await this.drain();
    } finally {
      this.flushing = false;
    }
  }

  async drain() {
    clearTimeout(this.timer);
    for (let entry = this.waiting[0]; entry; entry = this.waiting[0]) {
      if (entry.sending && Date.now() - entry.sending < PATIENCE) return this.scheduleRetry();
      let answer = null;
      let refused = null;
      try {
        answer = (await this.isDone(entry)) || (await this.send(entry));
      } catch (error) {
        if (isTrouble(error)) return this.retryLater(error);
        refused = error;
      }
      this.sent(entry);
      await this.onLate(entry, answer, refused);
    }
    this.onQuiet();
    return undefined;
  }
}
