/* The base class of both screens: one item in the editor, what this browser stores of it, and the error notices.
   Subclasses define isShown(entry), makeEditor(asked, options), showNext(), done(entry, answer), leaseLost(error). */
import { watch } from "../live.js";
import { Server } from "../review-adapter.js";
import { select } from "./changes.js";
import { byId, listenToKeys, notice, withdraw } from "./chrome.js";
import { Edits } from "./edits.js";
import { LeaseKeeper } from "./lease-keeper.js";
import { BrowserStore } from "./browser-store.js";
import { isSignedOut, isTrouble, Outbox } from "./outbox.js";
import { TypedComment } from "./typed-comment.js";

export class Screen {
  item = null;
  key = null;
  editor = null;
  server = new Server();

  /* name: of the editor's options. kind: of the outbox entry that finishes an item. typed, edit: words for the notices. */
  constructor({ name, kind, typed, edit }) {
    this.given = JSON.parse(byId("screen-json").textContent);
    this.name = name;
    this.kind = kind;
    this.words = { typed, edit };
    this.browserStore = new BrowserStore(`${this.given.user}:${this.given.project}`);
    this.outbox = new Outbox({
      name,
      server: this.server,
      browserStore: this.browserStore,
      onTrouble: (error) => this.disconnected(error),
      onQuiet: () => withdraw("connection"),
      isDone: (entry) => this.alreadySent(entry),
      prepare: (entry) => this.prepare(entry),
      onLate: (...answered) => this.lateAnswer(...answered),
    });
    this.edits = new Edits(this.browserStore, () => this.shownWork());
    this.leaseKeeper = new LeaseKeeper({ server: this.server, onLost: (error) => this.leaseLost(error) });
    this.typed = new TypedComment(this.browserStore);
  }

  async run(keys, showFirst) {
    listenToKeys(keys);
    addEventListener("pageshow", (event) => event.persisted && this.showNext());
    await this.outbox.flush();
    await showFirst();
    watch((changes) => this.changed(changes), { project: this.given.project, server: this.server });
  }

  /* Somebody else did something in this project. */
  changed() {
    this.counters.refresh();
  }

  async open(task) {
    if (this.editor) return this.editor.load(task);
    window.APP_SETTINGS = { hostname: location.origin };
    const options = await this.server.ask("GET", `/api/projects/${this.given.project}/editor-options/?screen=${this.name}`);
    const LabelStudio = await window.loadLabelStudioEditor();
    this.editor = this.makeEditor({ element: "editor", LabelStudio, connection: this.server, screen: this }, options);
    return this.editor.start(task);
  }

  /* Of the version on the screen: the item may have changed since the queue gave it out. */
  get sequence() {
    const { seen, store } = this.editor;
    return seen.get(store.annotationStore.selected.pk)?.annotation_seq ?? 0;
  }

  take(item, key) {
    this.item = item;
    this.key = key;
    this.counters.refresh();
    for (const name of ["lease", "overtaken", "asked", "problem", "restored", "unchanged"]) withdraw(name);
  }

  /* Nothing to store if a decision about it is in the outbox: that has its own copy. */
  shownWork() {
    const annotation = this.item && this.editor?.store?.annotationStore.selected;
    if (!annotation || this.outbox.waiting.some((entry) => entry.kind === this.kind && this.isShown(entry))) return null;
    return { key: this.key, sequence: this.sequence, annotation };
  }

  /* Restore what this browser has stored of this item: a typed comment, an edit that did not reach the server. */
  restore(options) {
    this.typed.restore(this.key, this.editor.store);
    if (!this.edits.restore(options)) return;
    notice("restored", `${this.words.edit} had not reached the server. It has been restored.`, { buttons: [["OK", () => withdraw("restored")]] });
  }

  pick(change) {
    select(this.editor.store.annotationStore.selected, change);
  }

  /* Without a connection, keep retrying. */
  failed(error, again) {
    if (!isTrouble(error)) return this.problem(error);
    this.disconnected(error);
    return setTimeout(again, 3000);
  }

  problem(error, { before = "", buttons = [] } = {}) {
    notice("problem", before + error.message, { tone: "bad", buttons: [...buttons, ["Close", () => withdraw("problem")]] });
  }

  disconnected(error) {
    const named = this.toName(this.outbox.waiting);
    const held = named ? `“${named.words}” is kept in this browser and will be sent automatically.` : `${this.words.typed} is kept in this browser.`;
    const why = isSignedOut(error) ? "You are signed out. Sign in again in another tab." : "No connection to the server.";
    notice("connection", `${why} ${held}`, { tone: "bad", buttons: [["Try now", () => this.reconnect()]] });
  }

  toName(waiting) {
    return waiting[0];
  }

  reconnect() {
    return this.outbox.flush();
  }

  /* If only the answer to a comment was lost, sending it again would create a second one. */
  async alreadySent({ kind, body }) {
    const about = ["annotation", "draft"].find((name) => body[name]);
    if (kind !== "comment" || !about) return null;
    const comments = await this.server.ask("GET", `/api/comments/?${about}=${body[about]}`);
    return comments.find(({ text, created_by }) => text === body.text && created_by === this.given.user) || null;
  }

  prepare(entry) {
    return entry;
  }

  async lateAnswer(entry, answer, refused) {
    if (refused) return this.problem(refused, { before: `“${entry.words}” did not go through: ` });
    return entry.kind === this.kind ? this.done(entry, answer) : undefined;
  }
}
