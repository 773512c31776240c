/* The label screen: the next task in Label Studio's editor, returned work first, with the reviewer's comments. */
import { ServerError } from "../review-adapter.js";
import { shownChanges } from "./changes.js";
import { buttonOf, byId, Counters, notice, showEditor, showEmpty, toast, withdraw } from "./chrome.js";
import { Corrections } from "./corrections.js";
import { Labelling } from "./labelling.js";
import { Screen } from "./screen.js";
import { COMMENT_KEYS, showComments } from "./typed-comment.js";
import { askText } from "./text-dialog.js";

const paragraph = (words) => Object.assign(document.createElement("p"), { textContent: words });

class LabelScreen extends Screen {
  constructor() {
    super({ name: "annotate", kind: "work", typed: "Your work", edit: "Your work on this task" });
    const { server, given } = this;
    this.counters = new Counters({ server, path: `/projects/${given.project}/counts/`, words: (left) => `${left} ${left === 1 ? "task" : "tasks"} left` });
    const corrections = new Corrections({ server, project: given.project, onError: (error) => this.problem(error), onChange: () => this.counters.refresh() });
    this.counters.onMore = ({ corrections: waiting, returned }) => {
      corrections.count(waiting);
      if (returned) byId("left").textContent += ` · ${returned} sent back to you`;
    };
    this.nextButton = ["Next task", () => this.showNext()];
  }

  isShown({ task }) {
    return this.item?.id === task;
  }

  makeEditor(asked, options) {
    return (window.work = new Labelling(asked, options));
  }

  async showNext() {
    try {
      await this.show(await this.server.ask("GET", `/api/projects/${this.given.project}/next/`));
    } catch (error) {
      if (error instanceof ServerError && error.status === 404) return this.nothing(error);
      return this.failed(error, () => this.showNext());
    }
    return undefined;
  }

  /* Opened from the inbox: the person's own work on a task, with its comments. It comes without a lease, unless it was returned. */
  async showAsked(id) {
    try {
      const asked = await this.server.ask("GET", `/api/tasks/${id}/`);
      const mine = asked.annotations.filter(({ completed_by: author }) => author.id === this.given.user);
      const back = mine.some(({ returned_at }) => returned_at) && (await this.askReturned(id));
      if (back) return await this.show(back);
      await this.show({ ...asked, annotations: mine, default_selected_annotation: mine[0]?.id });
      showComments();
      const buttons = [this.nextButton];
      if (mine[0]?.allowed_actions.includes("contest")) buttons.unshift(["Contest the rejection", () => this.contest()]);
      notice("asked", "This is your work on this task, with the comments on it.", { buttons });
    } catch (error) {
      await this.showNext();
      this.problem(error);
    }
    return undefined;
  }

  /* The same task as the label stream gives it, with the reason for its return; null if somebody else has taken it. */
  async askReturned(task) {
    const path = `/api/dm/actions/?id=next_task&project=${this.given.project}`;
    const drawn = await this.server.ask("POST", path, { selectedItems: { all: false, included: [task] } }).catch((error) => {
      if (error.status !== 404) throw error;
      return null;
    });
    return drawn?.returned ? drawn : null;
  }

  async show(task, options) {
    this.leaseKeeper.take(task.lease);
    this.take(task, `task:${task.id}`);
    showEditor();
    await this.open(task);
    this.restore(options);
    this.about();
  }

  nothing(error) {
    this.item = null;
    this.leaseKeeper.take(null);
    this.counters.refresh();
    showEmpty("Nothing to label right now", error.message, [["Check again", () => this.showNext()], ["Start page", "/start/"]]);
  }

  /* Above the editor: that this work was returned, and the reviewer's comment. */
  about() {
    const box = byId("about");
    const { returned } = this.item;
    box.hidden = !returned;
    if (!returned) return;
    showComments();
    const changes = returned.changes || [];
    const title = document.createElement("p");
    const rounds = returned.rounds > 1 ? `, round ${returned.rounds}` : "";
    title.append(Object.assign(document.createElement("strong"), { className: "cs-strong", textContent: returned.review ? "Sent back to you" : "Reopened for you" }), rounds);
    if (returned.reason) title.append(`: ${this.given.reasons[returned.reason] || returned.reason}`);
    box.replaceChildren(title);
    const { comment } = returned;
    if (comment) box.append(Object.assign(document.createElement("blockquote"), { textContent: comment }));
    if (changes.length) box.append(paragraph("Changed by the reviewer:"), shownChanges(changes, (i) => this.pick(changes[i])));
    if (returned.review) box.append(this.contestLine());
  }

  contestLine() {
    const line = paragraph("Correct it and update it, or ");
    const button = buttonOf("Contest the rejection", () => this.contest());
    button.id = "contest";
    line.append(button, ": another reviewer will then decide.");
    return line;
  }

  contest() {
    const annotation = this.item.default_selected_annotation;
    const send = async (reason) => {
      await this.server.ask("POST", `/api/annotations/${annotation}/contest/`, { reason });
      toast("Contested. Another reviewer will decide.");
      setTimeout(() => this.showNext(), 0);
    };
    return askText({ title: "Contest the rejection", lead: "You can do this once. Another reviewer will decide, without seeing who rejected it.", label: "Why your annotation is correct", button: "Contest", isNeeded: true, send });
  }

  async done(entry, answer) {
    this.edits.drop(`task:${entry.task}`);
    this.typed.drop(`task:${entry.task}`);
    if (!answer?.notice) toast(`${entry.words}.`);
    const { comment: text } = entry;
    if (text) await this.outbox.putComment({ annotation: answer?.id ?? entry.annotation, text }).catch((error) => this.problem(error));
    if (answer?.notice) return this.unchanged(entry, answer);
    if (entry.method === "POST" && answer?.id) this.offerToTakeBack(entry.task, answer.id);
    if (!this.isShown(entry)) return undefined;
    this.leaseKeeper.take(null);
    return this.showNext();
  }

  /* Returned work that was sent as it was still waits for rework: it stays open, with the other way out. */
  unchanged(entry, answer) {
    if (!this.isShown(entry)) return toast(answer.notice);
    const buttons = answer.allowed_actions.includes("contest") ? [["Contest the rejection", () => this.contest()]] : [];
    return notice("unchanged", answer.notice, { tone: "warn", buttons: [...buttons, ["Close", () => withdraw("unchanged")]] });
  }

  /* Only the last submission; the server refuses once somebody else has opened it. */
  offerToTakeBack(task, annotation) {
    const takeBack = async () => {
      withdraw("submitted");
      try {
        await this.server.ask("POST", `/api/annotations/${annotation}/take-back/`);
        await this.show(await this.server.ask("GET", `/api/tasks/${task}/`));
      } catch (error) {
        this.problem(error);
      }
    };
    notice("submitted", "Your last task was submitted.", { buttons: [["Take it back", takeBack], ["Close", () => withdraw("submitted")]] });
  }

  /* A comment that was written before the work was submitted belongs to the draft; so does the work queued behind it. */
  async prepare(entry) {
    const { kind, annotation, body } = entry;
    if (kind !== "comment" || body.annotation || body.draft) return entry;
    const about = await (this.editor ? this.editor.inTurn(() => this.aboutOf(entry)) : this.aboutOf(entry));
    this.outbox.complete(annotation, (one) => (one.kind === "comment" ? about : about.draft && { draft_id: about.draft }));
    return { ...entry, body: { ...body, ...about } };
  }

  async aboutOf({ task, result }) {
    const { annotations, drafts } = await this.server.ask("GET", `/api/tasks/${task}/`);
    const mine = annotations.find(({ completed_by: author }) => author.id === this.given.user);
    if (mine) return { annotation: mine.id };
    const begun = drafts.find(({ annotation }) => !annotation) || (await this.server.ask("POST", `/api/tasks/${task}/drafts/`, { result }));
    this.editor?.useDraft(task, begun);
    return { draft: begun.id };
  }

  /* A new annotation could be created twice, too. */
  async alreadySent(entry) {
    if (entry.kind === "comment" || entry.method !== "POST") return super.alreadySent(entry);
    const found = await this.server.ask("GET", `/api/tasks/${entry.task}/annotations/`);
    return found.find(({ unique_id }) => unique_id === entry.body.unique_id) || null;
  }

  problem(error, more = {}) {
    const isStale = error.code === "stale" && this.item;
    super.problem(error, { ...more, buttons: isStale ? [["Reload and keep my work", () => this.loadAgain()]] : [] });
  }

  /* Somebody has changed it in the meantime: apply this person's work to the current version. */
  async loadAgain() {
    const { selected } = this.editor.store.annotationStore;
    this.edits.keep(selected.serializeAnnotation());
    try {
      await this.editor.dropDraft(selected.pk);
      const { id, lease, returned, default_selected_annotation } = this.item;
      await this.show({ ...(await this.server.ask("GET", `/api/tasks/${id}/`)), lease, returned, default_selected_annotation }, { anyway: true });
    } catch (error) {
      this.problem(error);
    }
  }

  leaseLost(error) {
    notice("lease", `${error.message} You can still submit your work.`, { tone: "warn", buttons: [this.nextButton] });
  }
}

const page = new LabelScreen();
const keys = [
  { keys: "Ctrl+Enter", words: "Submit, or update returned work" },
  { keys: "Ctrl+Space", words: "Skip this task, with a reason", code: "Space", ctrl: true, run: () => page.item && page.editor?.showErrors(page.editor.skip()) },
  ...COMMENT_KEYS,
];
await page.run(keys, () => (page.given.task ? page.showAsked(page.given.task) : page.showNext()));
