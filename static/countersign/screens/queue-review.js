/* The editor of the review screen: verdicts go through the outbox, and a reject opens a dialog where needed. */
import { Review } from "../review-adapter.js";
import { screenEditor } from "./screen-editor.js";
import { RejectDialog } from "./reject-dialog.js";
import { showComments } from "./typed-comment.js";
import { VERDICT_LABELS, verdictWords } from "./labels.js";

export class QueueReview extends screenEditor(Review) {
  constructor(asked, options) {
    super(asked, { ...options, interfaces: options.interfaces.filter((name) => name !== "comments:reject") });
    this.commented = new Set();
    this.dialog = new RejectDialog({ options, typed: (text) => asked.screen.browserStore.set(`reject:${this.task.annotations[0].id}`, text) });
    document.addEventListener("pointerdown", () => this.store && (this.selectedBefore = this.selectedNow()), true);
  }

  async start(task) {
    await super.start(task);
    showComments();
    return this;
  }

  chosenOf(task) {
    return task.annotations[0];
  }

  keyOf(annotation) {
    return annotation.pk;
  }

  async createComment({ text, annotation, region_ref, classifications }) {
    const body = { text, annotation: Number(annotation), region_ref, classifications };
    const saved = await this.sendComment(body.annotation, body);
    this.commented.add(body.annotation);
    return saved;
  }

  /* On the keyboard shortcut the editor would accept without sending the text in the comment field. */
  async accept(verdict) {
    const { typed } = this.asked.screen;
    const shown = this.store.annotationStore.selected;
    await this.store.commentStore.commentFormSubmit();
    if (typed.text) await this.createComment({ text: typed.text, annotation: shown.pk });
    return super.accept({ ...verdict, entity: verdict.entity || shown });
  }

  async reject({ entity, comment }, action) {
    const needs = !comment && this.needsComment(entity);
    if (!needs && !this.options.reject_reasons.length) return this.sendReject(entity, { reject_action: action });
    return this.askReject(entity, action, needs);
  }

  /* The keyboard shortcut: one dialog for outcome, reason and comment, or no dialog if none of them is needed. */
  async rejectByKey() {
    const entity = this.store.annotationStore.selected;
    this.selectedBefore = this.selectedNow();
    await this.store.commentStore.commentFormSubmit();
    const needs = this.needsComment(entity);
    if (!needs && this.options.reject_buttons.length < 2 && !this.options.reject_reasons.length) return this.sendReject(entity, {});
    return this.askReject(entity, undefined, needs);
  }

  needsComment({ pk }) {
    return this.options.require_comment_on_reject && !this.commented.has(Number(pk));
  }

  /* The editor clears the selection before it fires the event of a button. */
  selectedNow() {
    const shown = this.store.annotationStore.selected;
    return shown && shown.regions.find(({ inSelection, classification }) => inSelection && !classification);
  }

  askReject(entity, action, isCommentNeeded, refusal) {
    const region = this.selectedNow() || this.selectedBefore;
    const named = region && (region.labelName || (region.labels || []).join(", ") || region.type);
    const send = (answer) => this.sendReject(entity, { ...answer, region: answer.pinned ? region : null }, true);
    return this.dialog.ask({ action, comment: this.asked.screen.browserStore.get(`reject:${entity.pk}`) || "", region: named, isCommentNeeded, refusal, send });
  }

  async sendReject(entity, { reject_action, reason, comment, region }, isAsked = false) {
    const verdict = { accepted: false, ...(reject_action ? { reject_action } : {}), ...(reason ? { reason } : {}) };
    if (comment && region) await this.createComment({ text: comment, annotation: entity.pk, region_ref: { regionId: region.cleanId } });
    else if (comment) verdict.comment = comment;
    try {
      return await this.decide(entity, verdict);
    } catch (error) {
      if (isAsked || error.code !== "comment_required") throw error;
      return this.askReject(entity, reject_action, true, error.message);
    }
  }

  async decide(entity, verdict) {
    const annotation = Number(entity.pk);
    const about = { annotation, task: this.task.id, draft: this.drafts.get(String(annotation)) };
    const entry = { kind: "verdict", ...about, ...this.requestOf(entity, verdict), words: VERDICT_LABELS[verdictWords(verdict)] };
    try {
      return await this.send(entry);
    } catch (error) {
      if (error.status !== 412 || !error.body.current) throw error;
      return this.overtaken(error.body.current, error);
    }
  }

  /* Somebody else decided, or the work has changed. Show the current state, so that the next decision is an informed one. */
  async overtaken(current, error) {
    const before = this.seen.get(String(current.id)) || {};
    if (current.version === before.version) this.seen.set(String(current.id), current);
    else await this.load({ ...this.task, annotations: [current] });
    this.asked.screen.showOvertaken(current, error);
  }

  buttonOfKey() {
    return null;
  }
}
