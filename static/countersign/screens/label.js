/* The annotate screen: the next task in Label Studio's editor, returned work first, with what the reviewer said. */
import { HostedEditor, Server, ServerError } from "../review-adapter.js";
import { changedRegions, select, shownChanges } from "./changes.js";
import { buttonOf, byId, Counters, listenToKeys, notice, showEditor, showEmpty, toast, withdraw } from "./chrome.js";
import { Corrections } from "./corrections.js";
import { Edits } from "./edits.js";
import { Hold } from "./hold.js";
import { Kept } from "./kept.js";
import { isSignedOut, isTrouble, KEPT, Outbox } from "./outbox.js";
import { focusComment, leaveComment, showComments, TypedComment } from "./typed.js";
import { askWords } from "./words-dialog.js";

const screen = JSON.parse(byId("screen-json").textContent);
const server = new Server();
const kept = new Kept(`${screen.user}:${screen.project}`);

class Labelling extends HostedEditor {
  listen() {
    super.listen();
    this.on("submitAnnotation", (store, annotation) => this.submit(annotation));
    this.on("updateAnnotation", (store, annotation) => this.submit(annotation));
    this.on("skipTask", () => this.skip());
    this.on("unskipTask", () => this.submit(this.store.annotationStore.selected, { was_cancelled: false }));
  }

  async told(answer) {
    try {
      return await answer;
    } catch (error) {
      problem(error);
      return undefined;
    }
  }

  chosenOf(task) {
    return task.annotations.find(({ id }) => id === task.default_selected_annotation) || task.annotations[0];
  }

  /* A new task has nothing to choose: the editor is given an empty sheet, or the draft one left. */
  async show(task) {
    this.drafts.clear();
    await super.show(task);
    const store = this.store.annotationStore;
    if (!task.annotations.length) {
      const sheet = store.annotations.find(({ pk }) => !pk) || store.addAnnotation({ userGenerate: true });
      store.selectAnnotation(sheet.id);
      this.restoreDraft(sheet, (task.drafts || []).find(({ annotation }) => !annotation));
    }
  }

  draftsOf(annotation) {
    return annotation.pk ? super.draftsOf(annotation) : `/api/tasks/${this.task.id}/drafts/`;
  }

  async keepDraft(annotation) {
    try {
      const draft = await super.keepDraft(annotation);
      edits.drop(`task:${this.task.id}`);
      return draft;
    } catch (error) {
      if (!isTrouble(error)) throw error;
      edits.keep(annotation.versions.draft);
      disconnected(error);
      return { id: annotation.draftId };
    }
  }

  async createComment(comment) {
    const { pk } = this.store.annotationStore.selected;
    if (pk) return super.createComment({ ...comment, annotation: pk });
    const draft = await this.draftForWords();
    return this.server.ask("POST", "/api/comments/", { text: comment.text, draft, region_ref: comment.region_ref });
  }

  /* A comment on work that is not submitted is about its draft. */
  async draftForWords() {
    const sheet = this.store.annotationStore.selected;
    if (!sheet.draftId) await this.keepDraft(Object.assign(sheet, {}));
    return sheet.draftId;
  }

  async submit(annotation, more = {}) {
    const { pk } = annotation;
    const before = pk && this.seen.get(String(pk));
    const body = { result: annotation.serializeAnnotation(), lead_time: leadTimeOf(annotation, before), ...more };
    const draft = this.drafts.get(pk) || annotation.draftId;
    if (draft) body.draft_id = draft;
    if (before) body.last_annotation_history = before.last_annotation_history;
    return this.send(annotation, body, pk ? "Updated" : "Submitted");
  }

  skip() {
    const annotation = this.store.annotationStore.selected;
    const ask = {
      title: "Skip this task",
      lead: "It counts as done by you, without an answer. Your reason helps whoever looks at it next.",
      label: "Why",
      button: "Skip",
      send: (reason) => this.send(annotation, { result: annotation.serializeAnnotation(), was_cancelled: true }, "Skipped", reason),
    };
    return askWords(ask);
  }

  async send(annotation, body, words, comment) {
    const { pk } = annotation;
    const made = pk ? body : { ...body, unique_id: newId() };
    const entry = {
      kind: "work",
      annotation: pk ? Number(pk) : `task:${this.task.id}`,
      task: this.task.id,
      method: pk ? "PATCH" : "POST",
      path: pk ? `/api/annotations/${pk}/` : `/api/tasks/${this.task.id}/annotations/`,
      body: made,
      words,
      comment,
    };
    const answer = await outbox.put(entry);
    if (answer !== KEPT) setTimeout(() => done(entry, answer), 0);
    return answer;
  }

  buttonOfKey() {
    return document.querySelector("[aria-label='skip-task']");
  }
}

function leadTimeOf(annotation, before) {
  const seconds = annotation.loadedDate ? (Date.now() - new Date(annotation.loadedDate)) / 1000 : 0;
  return ((before && before.lead_time) || 0) + Math.round(seconds * 10) / 10;
}

/* Sent again it is the same annotation, and the server says so. (randomUUID wants https.) */
function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}

let work = null;
let task = null;

const outbox = new Outbox({
  server,
  kept,
  onTrouble: disconnected,
  onQuiet: () => withdraw("connection"),
  isDone: isThere,
  onLate: answeredLate,
});
const edits = new Edits(kept, () => {
  const annotation = task && work?.store?.annotationStore.selected;
  if (!annotation || outbox.waiting.some((entry) => entry.kind === "work" && entry.task === task.id)) return null;
  return { key: `task:${task.id}`, sequence: work.seen.get(annotation.pk)?.annotation_seq ?? 0, annotation };
});
const hold = new Hold({ server, onLost: heldByNobody });
const typed = new TypedComment(kept);
const counters = new Counters({ server, path: `/projects/${screen.project}/counts/`, words: (left) => `${left} ${left === 1 ? "task" : "tasks"} left` });
const corrections = new Corrections({ server, project: screen.project, onError: problem, onChange: () => counters.refresh() });
counters.onMore = ({ corrections: waiting, returned }) => {
  corrections.count(waiting);
  if (returned) byId("left").textContent += ` · ${returned} sent back to you`;
};

async function showNext() {
  try {
    await show(await server.ask("GET", `/api/projects/${screen.project}/next/`));
  } catch (error) {
    if (error instanceof ServerError && error.status === 404) return nothing(error);
    if (!isTrouble(error)) return problem(error);
    disconnected(error);
    setTimeout(() => showNext(), 3000);
  }
  return undefined;
}

/* What the inbox pointed at: one's own work on a task, with what was said about it. It is no place in the stream. */
async function showAsked(id) {
  try {
    const asked = await server.ask("GET", `/api/tasks/${id}/`);
    const mine = asked.annotations.filter(({ completed_by: author }) => author.id === screen.user);
    await show({ ...asked, annotations: mine, default_selected_annotation: mine[0]?.id });
    showComments();
    const buttons = [["Next task", () => showNext()]];
    if (mine[0]?.allowed_actions.includes("contest")) buttons.unshift(["Contest the rejection", contest]);
    notice("asked", "You came for what was said about this.", { buttons });
  } catch (error) {
    await showNext();
    problem(error);
  }
}

async function show(found, options) {
  task = found;
  hold.take(task.lease);
  counters.refresh();
  for (const name of ["lease", "problem", "restored", "asked"]) withdraw(name);
  showEditor();
  if (work) await work.load(task);
  else await begin();
  typed.restore(`task:${task.id}`, work.store);
  restoreEdit(options);
  about();
}

async function begin() {
  window.APP_SETTINGS = { hostname: location.origin };
  const options = await server.ask("GET", `/api/projects/${screen.project}/editor-options/?screen=annotate`);
  work = new Labelling({ element: "editor", LabelStudio: await window.loadLabelStudioEditor(), connection: server }, options);
  window.work = work;
  await work.start(task);
}

function restoreEdit(options) {
  if (!edits.restore(options)) return;
  notice("restored", "Your work on this task had not reached the server; it has been put back.", { buttons: [["Good", () => withdraw("restored")]] });
}

function nothing(error) {
  task = null;
  hold.take(null);
  counters.refresh();
  showEmpty("Nothing to label just now", error.message, [["Look again", () => showNext()], ["To the start", "/"]]);
}

/* Above the editor: what came back, and what the reviewer said about it. */
function about() {
  const box = byId("about");
  const { returned } = task;
  box.hidden = !returned;
  if (!returned) return;
  showComments();
  const changes = returned.changes || [];
  const title = document.createElement("p");
  const rounds = returned.rounds > 1 ? `, round ${returned.rounds}` : "";
  title.append(Object.assign(document.createElement("strong"), { className: "cs-strong", textContent: returned.review ? "Sent back to you" : "Reopened for you" }), rounds);
  if (returned.reason) title.append(`: ${wordsOf(returned.reason)}`);
  box.replaceChildren(title);
  const { comment } = returned;
  if (comment) box.append(Object.assign(document.createElement("blockquote"), { textContent: comment }));
  if (changes.length) box.append(paragraph("Changed by the reviewer:"), shownChanges(changes, (i) => pick(changes[i])));
  if (returned.review) box.append(contestLine());
}

const wordsOf = (code) => screen.reasons[code] || code;
const paragraph = (words) => Object.assign(document.createElement("p"), { textContent: words });

function contestLine() {
  const line = paragraph("Put it right and update it, or ");
  const button = buttonOf("Contest the rejection", contest);
  button.id = "contest";
  line.append(button, ": another reviewer decides then.");
  return line;
}

function pick(change) {
  const shown = work.store.annotationStore.selected;
  select(shown, changedRegions(shown, [change])[0]);
}

function contest() {
  const annotation = task.default_selected_annotation;
  const send = async (reason) => {
    await server.ask("POST", `/api/annotations/${annotation}/contest/`, { reason });
    toast("Contested. Another reviewer decides.");
    setTimeout(() => showNext(), 0);
  };
  return askWords({ title: "Contest the rejection", lead: "You can do this once. Another reviewer decides, and does not see who rejected it.", label: "Why the work is right", button: "Contest", isNeeded: true, send });
}

async function done(entry, answer) {
  edits.drop(`task:${entry.task}`);
  typed.drop(`task:${entry.task}`);
  toast(`${entry.words}.`);
  if (entry.comment) await say(answer?.id ?? entry.annotation, entry.comment);
  if (task && task.id === entry.task) {
    hold.take(null);
    await showNext();
  }
}

async function say(annotation, text) {
  await outbox.put({ kind: "comment", annotation, method: "POST", path: "/api/comments/", body: { annotation, text }, words: text }).catch(problem);
}

/* Would be doubled if the first answer was lost: a comment, and a new annotation. */
async function isThere({ kind, method, task: id, body }) {
  if (kind === "comment") {
    const comments = await server.ask("GET", `/api/comments/?annotation=${body.annotation}`);
    return comments.find(({ text, created_by }) => text === body.text && created_by === screen.user) || null;
  }
  if (method !== "POST") return null;
  const found = await server.ask("GET", `/api/tasks/${id}/annotations/`);
  return found.find(({ unique_id }) => unique_id === body.unique_id) || null;
}

async function answeredLate(entry, answer, refused) {
  if (refused) return problem(refused, `“${entry.words}” did not go through: `);
  return entry.kind === "work" ? done(entry, answer) : undefined;
}

function disconnected(error) {
  const [first] = outbox.waiting;
  const held = first ? ` “${first.words}” is kept in this browser and goes out by itself.` : " Your work is kept in this browser.";
  const why = isSignedOut(error) ? "You are signed out. Sign in again in another tab." : "No connection to the server.";
  notice("connection", why + held, { tone: "bad", buttons: [["Try now", () => outbox.flush()]] });
}

function problem(error, before = "") {
  const buttons = [["Close", () => withdraw("problem")]];
  if (error.code === "stale" && task) buttons.unshift(["Load it again, with my work", loadAgain]);
  notice("problem", before + error.message, { tone: "bad", buttons });
}

/* Somebody changed it meanwhile: what was done here goes onto the version there is now. */
async function loadAgain() {
  const { selected } = work.store.annotationStore;
  edits.keep(selected.serializeAnnotation());
  try {
    await work.dropDraft(selected.pk);
    const { lease, returned, default_selected_annotation } = task;
    await show({ ...(await server.ask("GET", `/api/tasks/${task.id}/`)), lease, returned, default_selected_annotation }, { anyway: true });
  } catch (error) {
    problem(error);
  }
}

function heldByNobody(error) {
  notice("lease", `${error.message} What you do here can still be submitted.`, { tone: "warn", buttons: [["Next task", () => showNext()]] });
}

listenToKeys([
  { keys: "Ctrl+Enter", words: "Submit, or update what came back" },
  { keys: "Ctrl+Space", words: "Skip this task, with a reason", code: "Space", ctrl: true, run: () => work && task && work.told(work.skip()) },
  { keys: "Alt+C", words: "Write a comment", code: "KeyC", alt: true, run: () => focusComment() },
  { keys: "Ctrl+Enter, Esc", words: "In the comment field: send it; leave the field", code: "Escape", passes: true, run: leaveComment },
  { keys: "Ctrl+Z", words: "Undo an edit" },
  { keys: "?", words: "This list" },
]);
addEventListener("pageshow", (event) => event.persisted && showNext());
await outbox.flush();
await (screen.task ? showAsked(screen.task) : showNext());
