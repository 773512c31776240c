/* Decisions and comments on their way, in order. Each is kept in this browser until the server has answered it, so that a lost
   connection, a closed tab or a server that restarts loses nothing. Sent twice is no harm: the server answers a repeat as the
   first, and for what it would double, `isDone` looks first. */
import { ServerError } from "../review-adapter.js";

export const KEPT = Symbol("kept here until the connection is back");
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30_000;

/* No answer, or one that says nothing about what was asked: keep it and try again. */
export function isTrouble(error) {
  if (!(error instanceof ServerError)) return error instanceof TypeError || error.name === "TimeoutError" || error.name === "AbortError";
  return error.status >= 500 || error.status === 429 || isSignedOut(error);
}

export function isSignedOut(error) {
  return error.status === 401 || error.code === "not_authenticated";
}

export class Outbox {
  /* onTrouble(error), onQuiet() when all is sent; onLate(entry, answer, error) for what was kept and is answered now. */
  constructor({ server, kept, isDone, onTrouble, onQuiet, onLate }) {
    Object.assign(this, { server, kept, isDone, onTrouble, onQuiet, onLate });
    this.pause = FIRST_PAUSE;
    addEventListener("online", () => this.flush());
  }

  get waiting() {
    return this.kept.get("outbox") || [];
  }

  has(kind, annotation) {
    return this.waiting.some((entry) => entry.kind === kind && entry.annotation === annotation);
  }

  /* entry: {kind, annotation, method, path, body, headers, words}. Answers what the server answered, or KEPT. */
  async put(entry) {
    const made = { ...entry, key: crypto.randomUUID ? crypto.randomUUID() : String(Math.random()), at: new Date().toISOString() };
    const others = this.waiting.filter(({ kind, annotation }) => kind === "comment" || kind !== made.kind || annotation !== made.annotation);
    const inFront = others.length > 0;
    this.kept.set("outbox", [...others, made]);
    if (inFront) {
      this.flush();
      return KEPT;
    }
    try {
      const answer = await this.send(made);
      this.sent(made);
      return answer;
    } catch (error) {
      if (!isTrouble(error)) {
        this.sent(made);
        throw error;
      }
      this.later(error);
      return KEPT;
    }
  }

  send({ method, path, body, headers }) {
    return this.server.ask(method, path, body, headers);
  }

  sent(entry) {
    this.kept.set(
      "outbox",
      this.waiting.filter(({ key }) => key !== entry.key),
    );
    this.pause = FIRST_PAUSE;
  }

  later(error) {
    this.onTrouble(error);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), this.pause);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
  }

  /* One at a time, and in one tab at a time where the browser can see to that. */
  async flush() {
    if (this.flushing) return;
    this.flushing = true;
    try {
      if (navigator.locks) await navigator.locks.request(`${this.kept.name}outbox`, () => this.drain());
      else await this.drain();
    } finally {
      this.flushing = false;
    }
  }

  async drain() {
    clearTimeout(this.timer);
    for (let entry = this.waiting[0]; entry; entry = this.waiting[0]) {
      let answer = null;
      let refused = null;
      try {
        answer = (this.isDone && (await this.isDone(entry))) || (await this.send(entry));
      } catch (error) {
        if (isTrouble(error)) return this.later(error);
        refused = error;
      }
      this.sent(entry);
      await this.onLate(entry, answer, refused);
    }
    this.onQuiet();
    return undefined;
  }
}
