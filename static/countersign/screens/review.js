/* The review screen: the next item of the queue in Label Studio's editor; after a verdict, the next one. */
import { ServerError } from "../review-adapter.js";
import { showItemInfo } from "./item-info.js";
import { byId, Counters, notice, showEditor, showEmpty, toast, withdraw } from "./chrome.js";
import { BrowserStore } from "./browser-store.js";
import { isTrouble } from "./outbox.js";
import { QueueReview } from "./queue-review.js";
import { Screen } from "./screen.js";
import { COMMENT_KEYS } from "./typed-comment.js";
import { QUEUES, VERDICT_LABELS } from "./labels.js";

class ReviewScreen extends Screen {
  asking = null;
  lastPicked = -1;

  constructor() {
    super({ name: "review", kind: "verdict", typed: "What you type", edit: "Your edit of this item" });
    const { user, project, queue } = this.given;
    this.session = new BrowserStore(`${user}:${project}`, sessionStorage);
    this.counters = new Counters({ server: this.server, path: `/projects/${project}/counts/?queue=${queue}`, words: (left) => `${left} left` });
    this.nextButton = ["Next item", () => this.another()];
  }

  isShown({ annotation }) {
    return this.item?.annotation.id === annotation;
  }

  makeEditor(asked, options) {
    return (window.review = new QueueReview(asked, options));
  }

  /* Only one request for the next item at a time. */
  showNext(task = null) {
    this.asking ||= this.tryNext(task).finally(() => (this.asking = null));
    return this.asking;
  }

  async tryNext(task) {
    try {
      await this.show(await this.askNext(task));
    } catch (error) {
      if (!task || !(error instanceof ServerError) || error.status >= 500) return this.failed(error, () => this.showNext(task));
      toast(error.message);
      return this.tryNext(null);
    }
    return undefined;
  }

  askNext(task) {
    const aside = this.session.get("aside") || [];
    const asked = { queue: this.given.queue, task, aside: task ? null : aside.join(",") };
    const query = new URLSearchParams(Object.entries(asked).filter(([, value]) => value));
    return this.server.ask("GET", `/api/projects/${this.given.project}/review-queue/next/?${query}`);
  }

  /* While the drafts are loading, the editor still shows the previous item, so this.item must not change before. */
  async show(found) {
    const item = found.annotation ? found : null;
    this.leaseKeeper.take(found.lease);
    this.session.set("task", item && (item.task.id ?? item.task));
    const drafts = item && (await this.server.ask("GET", `/api/tasks/${item.task.id}/annotations/${item.annotation.id}/drafts/`).catch(() => []));
    this.take(item, item?.annotation.id);
    this.counters.show({ left: found.remaining_is_estimate ? `over ${found.remaining}` : found.remaining });
    if (!item) return this.nothing(found);
    showEditor();
    await this.open({ ...item.task, annotations: [item.annotation], predictions: item.predictions, drafts, history: item.history || [] });
    this.restore();
    this.about();
    if (!item.lease && item.detail) notice("lease", item.detail, { tone: "warn", buttons: [this.nextButton] });
    return undefined;
  }

  nothing({ detail }) {
    const links = [["Check again", () => this.lookAgain()], ["Start page", "/start/"]];
    if (this.given.queue) links.unshift(["Show items to review", "?"]);
    showEmpty(`Nothing ${QUEUES[this.given.queue]} for you`, detail, links);
  }

  about() {
    showItemInfo(this.item, (change) => this.pick(change));
    this.lastPicked = -1;
    if ((this.item.changes || []).length) setTimeout(() => this.pickNext(), 300);
  }

  pick(change) {
    super.pick(change);
    for (const button of document.querySelectorAll(".cs-changes button")) button.toggleAttribute("aria-current", button.dataset.region === change.region);
  }

  pickNext() {
    const changes = this.item ? (this.item.changes || []).filter(({ region, kind }) => region && kind !== "removed") : [];
    if (!changes.length) return;
    this.lastPicked = (this.lastPicked + 1) % changes.length;
    this.pick(changes[this.lastPicked]);
  }

  async done(entry, answer) {
    this.typed.drop(entry.annotation);
    this.browserStore.drop(`reject:${entry.annotation}`);
    this.edits.drop(entry.annotation);
    this.session.drop("task");
    if (entry.draft) await this.server.ask("DELETE", `/api/drafts/${entry.draft}/`).catch(() => {});
    if (this.editor) this.editor.drafts.delete(String(entry.annotation));
    if (answer?.id) this.remember({ review: answer.id, task: entry.task, words: entry.words });
    toast(answer?.notice ? `${entry.words}. ${answer.notice}` : `${entry.words}.`);
    if (!this.isShown(entry)) return;
    /* It stays in the queue of rejected items, so do not show it again immediately. */
    if (this.given.queue === "rejected") this.putAside(entry.annotation);
    this.leaseKeeper.take(null);
    await this.showNext();
  }

  remember(last) {
    this.session.set("last", last);
    byId("undo").hidden = !last;
    byId("undo").textContent = last ? `Undo: ${last.words.toLowerCase()}` : "Undo last";
  }

  async undoLast() {
    const last = this.session.get("last");
    if (!last) return toast("You have no decision to undo.");
    try {
      await this.server.ask("DELETE", `/api/annotation-reviews/${last.review}/`);
    } catch (error) {
      if (isTrouble(error)) return this.disconnected(error);
      this.remember(null);
      return this.problem(error);
    }
    this.remember(null);
    toast("Undone. The annotation waits for review again.");
    await this.leaseKeeper.release();
    return this.showNext(last.task);
  }

  /* Back to the queue for others; this person gets it again after "Check again". */
  async another() {
    if (this.item) this.putAside(this.item.annotation.id);
    await this.leaseKeeper.release();
    this.session.drop("task");
    await this.showNext();
  }

  putAside(annotation) {
    this.session.set("aside", [...(this.session.get("aside") || []), annotation].slice(-100));
  }

  lookAgain() {
    this.session.drop("aside");
    return this.showNext();
  }

  toName(waiting) {
    return waiting.find(({ kind }) => kind === "verdict") || waiting[0];
  }

  async reconnect() {
    await super.reconnect();
    if (!this.item && !this.outbox.waiting.length) await this.showNext();
  }

  async lateAnswer(entry, answer, refused) {
    const isOvertaken = refused && entry.kind === "verdict" && refused.status === 412 && refused.body.current && this.isShown(entry);
    return isOvertaken ? this.editor.overtaken(refused.body.current, refused) : super.lateAnswer(entry, answer, refused);
  }

  showOvertaken(current, error) {
    const who = this.editor.options.users.find(({ id }) => id === (current.last_created_by?.id ?? current.last_created_by));
    const name = who ? [who.first_name, who.last_name].filter(Boolean).join(" ") || who.email : "Somebody else";
    const verdict = VERDICT_LABELS[current.last_action];
    const words = verdict ? `${name} has decided in the meantime: ${verdict.toLowerCase()}. If you decide as well, your verdict replaces it.` : error.message;
    notice("overtaken", words, { tone: "warn", buttons: [["Next item", () => this.another()]] });
  }

  /* The lease has ended: it expired, was withdrawn, or somebody else decided. */
  async leaseLost(error) {
    if (!this.item) return;
    notice("lease", error.message, { tone: "warn", buttons: [this.nextButton] });
    const { current } = await this.changedSinceShown();
    if (!current) return;
    withdraw("lease");
    await this.editor.overtaken(current, error);
  }

  /* A verdict of somebody else is shown at once; a new result only when asked for, because an edit may have begun. */
  async changed(changes) {
    super.changed();
    if (!changes.some(({ annotation }) => annotation && this.isShown({ annotation }))) return;
    const { current, seen } = await this.changedSinceShown();
    if (!current) return;
    const error = new Error("The annotation has changed since you opened it.");
    const show = () => this.editor.overtaken(current, error);
    if (current.version === seen.version) await show();
    else notice("overtaken", error.message, { tone: "warn", buttons: [["Show it", show], this.nextButton] });
  }

  /* The annotation on the screen as it is now, if that is not how it was `seen`. */
  async changedSinceShown() {
    const { id } = this.item.annotation;
    const current = await this.server.ask("GET", `/api/annotations/${id}/`).catch(() => null);
    const seen = this.editor?.seen.get(String(id));
    const isNew = current && seen && this.isShown({ annotation: id }) && current.annotation_seq !== seen.annotation_seq;
    return isNew ? { current, seen } : {};
  }
}

const page = new ReviewScreen();
const undoLast = () => page.undoLast();
const another = () => page.another();
byId("undo").addEventListener("click", undoLast);
byId("another").addEventListener("click", another);
page.remember(page.session.get("last"));
page.counters.refresh();
const keys = [
  { keys: "Ctrl+Enter", words: "Accept; after an edit: fix and accept" },
  { keys: "Ctrl+Space", words: "Reject; asks for outcome and comment where needed", code: "Space", ctrl: true, run: () => page.item && page.editor?.showErrors(page.editor.rejectByKey()) },
  { keys: "Alt+U", words: "Undo your last decision", code: "KeyU", alt: true, run: undoLast },
  { keys: "Alt+N", words: "Another item; this one goes back to the queue", code: "KeyN", alt: true, run: another },
  ...COMMENT_KEYS,
  { keys: "Alt+X", words: "Select the next changed region", code: "KeyX", alt: true, run: () => page.pickNext() },
];
await page.run(keys, () => page.showNext(page.given.task || page.session.get("task")));
