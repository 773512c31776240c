/* The review screen: the next item from the queue in Label Studio's editor, a verdict, the next one in place. */
import { Review, Server, ServerError } from "../review-adapter.js";
import { tellAbout } from "./about.js";
import { changedRegions, select } from "./changes.js";
import { byId, Counters, listenToKeys, notice, showEditor, showEmpty, toast, withdraw } from "./chrome.js";
import { Edits } from "./edits.js";
import { Hold } from "./hold.js";
import { Kept } from "./kept.js";
import { isSignedOut, isTrouble, KEPT, Outbox } from "./outbox.js";
import { RejectDialog } from "./reject-dialog.js";
import { focusComment, leaveComment, showComments, TypedComment } from "./typed.js";
import { QUEUES, SAID, verdictWords } from "./words.js";

const screen = JSON.parse(byId("screen-json").textContent);
const server = new Server();
const kept = new Kept(`${screen.user}:${screen.project}`);
const session = new Kept(`${screen.user}:${screen.project}`, sessionStorage);

/* The editor, its verdicts going through the outbox. */
class QueueReview extends Review {
  constructor(asked, options) {
    super(asked, options);
    this.commented = new Set();
    this.dialog = new RejectDialog({ options, typed: (text) => kept.set(`reject:${item.annotation.id}`, text) });
  }

  chosenOf(task) {
    return task.annotations[0];
  }

  /* It came with the item. */
  showHistory() {
    const rows = this.task.history || [];
    if (this.store.setHistory) this.store.setHistory(rows.map((row) => ({ ...row, comment: row.comment || "", result: row.result || [] })));
  }

  /* Said in the page, in the server's words; the editor's own box would stand over the work. */
  async told(answer) {
    try {
      return await answer;
    } catch (error) {
      problem(error);
      return undefined;
    }
  }

  async createComment(comment) {
    const { text, annotation, region_ref, classifications } = comment;
    const body = { text, annotation: Number(annotation), region_ref, classifications };
    const saved = await outbox.put({ kind: "comment", annotation: body.annotation, method: "POST", path: "/api/comments/", body, words: text });
    this.commented.add(body.annotation);
    typed.drop(body.annotation);
    const shown = { ...body, id: Date.now(), created_by: screen.user, created_at: new Date().toISOString(), is_resolved: false };
    return saved === KEPT ? shown : saved;
  }

  /* Without a connection the edit stays here, and is put back when the item is shown again. */
  async keepDraft(annotation) {
    try {
      const draft = await super.keepDraft(annotation);
      edits.drop(annotation.pk);
      return draft;
    } catch (error) {
      if (!isTrouble(error)) throw error;
      edits.keep(annotation.versions.draft);
      disconnected(error);
      return { id: annotation.draftId };
    }
  }

  /* By key the editor would accept and leave the words in the comment field unsaid. */
  async accept(verdict) {
    const shown = this.store.annotationStore.selected;
    await this.store.commentStore.commentFormSubmit();
    if (typed.text) await this.createComment({ text: typed.text, annotation: shown.pk });
    return super.accept({ ...verdict, entity: verdict.entity || shown });
  }

  async reject({ entity, comment }, action) {
    const needs = this.options.require_comment_on_reject && !this.commented.has(Number(entity.pk)) && !comment;
    if (!needs && !this.options.reject_reasons.length) return this.sayReject(entity, { reject_action: action });
    return this.askReject(entity, action, needs);
  }

  /* By key there is one place for all of it; where there is nothing to choose and nothing to say, it is done at once. */
  async rejectByKey() {
    const entity = this.store.annotationStore.selected;
    this.noteSelection();
    await this.store.commentStore.commentFormSubmit();
    const needs = this.options.require_comment_on_reject && !this.commented.has(Number(entity.pk));
    if (!needs && this.options.reject_buttons.length < 2 && !this.options.reject_reasons.length) return this.sayReject(entity, {});
    return this.askReject(entity, undefined, needs);
  }

  /* The editor lets go of the selection before it tells of a button. */
  selectedNow() {
    const shown = this.store.annotationStore.selected;
    return shown && shown.regions.find(({ inSelection, classification }) => inSelection && !classification);
  }

  noteSelection() {
    this.selectedBefore = this.selectedNow();
  }

  askReject(entity, action, isCommentNeeded, refusal) {
    const region = this.selectedNow() || this.selectedBefore;
    const named = region && (region.labelName || (region.labels || []).join(", ") || region.type);
    const send = (answer) => this.sayReject(entity, { ...answer, region: answer.pinned ? region : null }, true);
    return this.dialog.ask({ action, comment: kept.get(`reject:${entity.pk}`) || "", region: named, isCommentNeeded, refusal, send });
  }

  async sayReject(entity, { reject_action, reason, comment, region }, isAsked = false) {
    const said = { accepted: false, ...(reject_action ? { reject_action } : {}), ...(reason ? { reason } : {}) };
    if (comment && region) await this.createComment({ text: comment, annotation: entity.pk, region_ref: { regionId: region.cleanId } });
    else if (comment) said.comment = comment;
    try {
      return await this.decide(entity, said);
    } catch (error) {
      if (isAsked || error.code !== "comment_required") throw error;
      return this.askReject(entity, reject_action, true, error.message);
    }
  }

  async decide(entity, verdict) {
    const annotation = Number(entity.pk);
    const { annotation_seq: sequence } = this.seen.get(String(annotation)) || {};
    const started = entity.loadedDate ? { started_at: new Date(entity.loadedDate).toISOString() } : {};
    const entry = {
      kind: "verdict",
      annotation,
      method: "POST",
      path: "/api/annotation-reviews/",
      body: { annotation, ...verdict, ...started },
      headers: sequence === undefined ? {} : { "If-Match": `"${sequence}"` },
      words: SAID[verdictWords(verdict)],
      task: this.task.id,
      draft: this.drafts.get(String(annotation)),
    };
    try {
      const review = await outbox.put(entry);
      if (review !== KEPT) setTimeout(() => decided(entry, review), 0);
      return review;
    } catch (error) {
      if (error.status !== 412 || !error.body.current) throw error;
      return this.overtaken(error.body.current, error);
    }
  }

  /* Somebody was faster, or the work changed. It is shown as it is now; what is decided next is decided knowingly. */
  async overtaken(current, error) {
    const before = this.seen.get(String(current.id)) || {};
    if (current.version === before.version) this.seen.set(String(current.id), current);
    else await this.load({ ...this.task, annotations: [current] });
    tellOvertaken(current, error);
  }

  buttonOfKey() {
    return null;
  }
}

let review = null;
let item = null;
let lastPicked = -1;

const outbox = new Outbox({
  server,
  kept,
  onTrouble: disconnected,
  onQuiet: () => withdraw("connection"),
  isDone: commentIsThere,
  onLate: answeredLate,
});
/* A decision on its way has its own copy. */
const edits = new Edits(kept, () => {
  const annotation = item && review?.store?.annotationStore.selected;
  if (!annotation || outbox.has("verdict", item.annotation.id)) return null;
  return { key: item.annotation.id, sequence: item.annotation.annotation_seq, annotation };
});
const hold = new Hold({ server, onLost: heldByNobody });
const typed = new TypedComment(kept);
const counters = new Counters({ server, path: `/projects/${screen.project}/counts/?queue=${screen.queue}`, words: (left) => `${left} left` });

function askNext(task) {
  const aside = session.get("aside") || [];
  const asked = { queue: screen.queue, task, aside: task ? null : aside.join(",") };
  const query = new URLSearchParams(Object.entries(asked).filter(([, value]) => value));
  return server.ask("GET", `/api/projects/${screen.project}/review-queue/next/?${query}`);
}

/* One request at a time decides what is on the screen. */
let asking = null;
function showNext(task = null) {
  asking ||= tryNext(task).finally(() => (asking = null));
  return asking;
}

async function tryNext(task) {
  try {
    await show(await askNext(task));
  } catch (error) {
    if (task && error instanceof ServerError && error.status < 500) {
      toast(error.message);
      return tryNext(null);
    }
    if (!isTrouble(error)) return problem(error);
    disconnected(error);
    setTimeout(() => showNext(task), 3000);
  }
  return undefined;
}

async function show(found) {
  item = found.annotation ? found : null;
  hold.take(found.lease);
  counters.show({ left: found.remaining_is_estimate ? `over ${found.remaining}` : found.remaining });
  counters.refresh();
  for (const name of ["lease", "overtaken", "problem", "restored"]) withdraw(name);
  session.set("task", item && (item.task.id ?? item.task));
  if (!item) return nothing(found);
  showEditor();
  const drafts = await server.ask("GET", `/api/tasks/${item.task.id}/annotations/${item.annotation.id}/drafts/`).catch(() => []);
  const task = { ...item.task, annotations: [item.annotation], predictions: item.predictions, drafts, history: item.history };
  if (review) await review.load(task);
  else await begin(task);
  restored();
  about();
  if (!item.lease && item.detail) notice("lease", item.detail, { tone: "warn", buttons: [["Next item", () => another()]] });
  return undefined;
}

async function begin(task) {
  window.APP_SETTINGS = { hostname: location.origin };
  const options = await server.ask("GET", `/api/projects/${screen.project}/editor-options/?screen=review`);
  options.interfaces = options.interfaces.filter((name) => name !== "comments:reject");
  document.addEventListener("pointerdown", () => review?.store && review.noteSelection(), true);
  review = new QueueReview({ element: "editor", LabelStudio: await window.loadLabelStudioEditor(), connection: server }, options);
  window.review = review;
  await review.start(task);
  showComments();
}

/* What this browser kept of this item: words in the comment field, an edit that did not reach the server. */
function restored() {
  typed.restore(item.annotation.id, review.store);
  if (!edits.restore()) return;
  notice("restored", "Your edit of this item had not reached the server; it has been put back.", { buttons: [["Good", () => withdraw("restored")]] });
}

function nothing({ detail }) {
  const links = [["Look again", lookAgain], ["To the start", "/"]];
  if (screen.queue) links.unshift(["To what waits for review", "?"]);
  showEmpty(`Nothing ${QUEUES[screen.queue]} for you`, detail, links);
}

function about() {
  tellAbout(item, pick);
  lastPicked = -1;
  if ((item.changes || []).length) setTimeout(pickNext, 300);
}

function pick(change) {
  const shown = review.store.annotationStore.selected;
  select(shown, changedRegions(shown, [change])[0]);
  for (const button of document.querySelectorAll(".cs-changes button")) button.toggleAttribute("aria-current", button.dataset.region === change.region);
}

function pickNext() {
  const changes = item ? (item.changes || []).filter(({ region, kind }) => region && kind !== "removed") : [];
  if (!changes.length) return;
  lastPicked = (lastPicked + 1) % changes.length;
  pick(changes[lastPicked]);
}

/* --- after a decision ----------------------------------------------------------------------- */

async function decided(entry, answer) {
  typed.drop(entry.annotation);
  kept.drop(`reject:${entry.annotation}`);
  edits.drop(entry.annotation);
  session.drop("task");
  if (entry.draft) await server.ask("DELETE", `/api/drafts/${entry.draft}/`).catch(() => {});
  if (review) review.drafts.delete(String(entry.annotation));
  if (answer?.id) remember({ review: answer.id, task: entry.task, words: entry.words });
  toast(answer?.notice ? `${entry.words}. ${answer.notice}` : `${entry.words}.`);
  if (item?.annotation.id !== entry.annotation) return;
  /* A rejected one stays among the rejected: it is not shown again at once. */
  if (screen.queue === "rejected") putAside(entry.annotation);
  hold.take(null);
  await showNext();
}

function remember(last) {
  session.set("last", last);
  byId("undo").hidden = !last;
  byId("undo").textContent = last ? `Undo: ${last.words.toLowerCase()}` : "Undo last";
}

async function undoLast() {
  const last = session.get("last");
  if (!last) return toast("There is no decision of yours to take back.");
  try {
    await server.ask("DELETE", `/api/annotation-reviews/${last.review}/`);
  } catch (error) {
    if (isTrouble(error)) return disconnected(error);
    remember(null);
    return problem(error);
  }
  remember(null);
  toast("Taken back. It waits for a verdict again.");
  await hold.release();
  return showNext(last.task);
}

/* Put aside until one asks to look again: it goes back to the queue for others. */
async function another() {
  if (item) putAside(item.annotation.id);
  await hold.release();
  session.drop("task");
  await showNext();
}

function putAside(annotation) {
  session.set("aside", [...(session.get("aside") || []), annotation].slice(-100));
}

function lookAgain() {
  session.drop("aside");
  return showNext();
}

/* --- what goes wrong ------------------------------------------------------------------------ */

function disconnected(error) {
  const { waiting } = outbox;
  const kind = waiting.find((entry) => entry.kind === "verdict") || waiting[0];
  const held = kind ? ` “${kind.words}” is kept in this browser and goes out by itself.` : " What you type is kept in this browser.";
  const why = isSignedOut(error) ? "You are signed out. Sign in again in another tab." : "No connection to the server.";
  notice("connection", why + held, { tone: "bad", buttons: [["Try now", () => reconnect()]] });
}

async function reconnect() {
  await outbox.flush();
  if (!item && !outbox.waiting.length) await showNext();
}

/* Only a comment would be doubled if its first answer was lost. */
async function commentIsThere({ kind, body }) {
  if (kind !== "comment") return null;
  const comments = await server.ask("GET", `/api/comments/?annotation=${body.annotation}`);
  return comments.find(({ text, created_by }) => text === body.text && created_by === screen.user) || null;
}

async function answeredLate(entry, answer, refused) {
  if (refused) {
    if (entry.kind === "verdict" && refused.status === 412 && refused.body.current && item?.annotation.id === entry.annotation) {
      return review.overtaken(refused.body.current, refused);
    }
    return problem(refused, `“${entry.words}” did not go through: `);
  }
  return entry.kind === "verdict" ? decided(entry, answer) : undefined;
}

function problem(error, before = "") {
  notice("problem", before + error.message, { tone: "bad", buttons: [["Close", () => withdraw("problem")]] });
}

function tellOvertaken(current, error) {
  const who = review.options.users.find(({ id }) => id === (current.last_created_by?.id ?? current.last_created_by));
  const name = who ? [who.first_name, who.last_name].filter(Boolean).join(" ") || who.email : "Somebody else";
  const verdict = SAID[current.last_action];
  const words = verdict ? `${name} decided meanwhile: ${verdict.toLowerCase()}. Decide again, and yours replaces it.` : error.message;
  notice("overtaken", words, { tone: "warn", buttons: [["Leave it, next item", () => another()]] });
}

/* The lease is over: it ran out, was taken back, or somebody decided. */
async function heldByNobody(error) {
  if (!item) return;
  const { id, annotation_seq: sequence } = item.annotation;
  notice("lease", error.message, { tone: "warn", buttons: [["Next item", () => another()]] });
  const current = await server.ask("GET", `/api/annotations/${id}/`).catch(() => null);
  if (current && item?.annotation.id === id && current.annotation_seq !== sequence) {
    withdraw("lease");
    await review.overtaken(current, error);
  }
}

/* --- the page ------------------------------------------------------------------------------- */

byId("undo").addEventListener("click", undoLast);
byId("another").addEventListener("click", another);
listenToKeys([
  { keys: "Ctrl+Enter", words: "Accept; after an edit: fix and accept" },
  { keys: "Ctrl+Space", words: "Reject, with outcome and comment where there is a choice", code: "Space", ctrl: true, run: () => review && item && review.told(review.rejectByKey()) },
  { keys: "Alt+U", words: "Undo your last decision", code: "KeyU", alt: true, run: undoLast },
  { keys: "Alt+N", words: "Another item; this one goes back to the queue", code: "KeyN", alt: true, run: another },
  { keys: "Alt+C", words: "Write a comment", code: "KeyC", alt: true, run: () => focusComment() },
  { keys: "Ctrl+Enter, Esc", words: "In the comment field: send it; leave the field", code: "Escape", passes: true, run: leaveComment },
  { keys: "Alt+X", words: "Select the next changed region", code: "KeyX", alt: true, run: pickNext },
  { keys: "Ctrl+Z", words: "Undo an edit" },
  { keys: "?", words: "This list" },
]);
addEventListener("pageshow", (event) => event.persisted && showNext());
remember(session.get("last"));
counters.refresh();
await outbox.flush();
await showNext(screen.task || session.get("task"));
