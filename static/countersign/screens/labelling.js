/* The editor of the label screen: work is submitted, updated or skipped through the outbox. */
import { HostedEditor } from "../review-adapter.js";
import { screenEditor } from "./screen-editor.js";
import { newId } from "./outbox.js";
import { askText } from "./text-dialog.js";

export class Labelling extends screenEditor(HostedEditor) {
  sendingComments = Promise.resolve();
  turn = Promise.resolve();

  listen() {
    super.listen();
    for (const name of ["keydown", "click"]) document.addEventListener(name, () => setTimeout(() => this.store && this.sendQueuedComments()), true);
    this.on("submitAnnotation", (store, annotation) => this.submit(annotation));
    this.on("updateAnnotation", (store, annotation) => this.submit(annotation));
    this.on("skipTask", () => this.skip());
    this.on("unskipTask", () => this.submit(this.store.annotationStore.selected, { was_cancelled: false }));
  }

  chosenOf(task) {
    return task.annotations.find(({ id }) => id === task.default_selected_annotation) || task.annotations[0];
  }

  keyOf() {
    return `task:${this.task.id}`;
  }

  /* A new task has no annotation to select: the editor gets an empty one, or the person's draft. */
  async show(task) {
    this.drafts.clear();
    await super.show(task);
    const store = this.store.annotationStore;
    if (!task.annotations.length) {
      const sheet = store.annotations.find(({ pk }) => !pk) || store.addAnnotation({ userGenerate: true });
      store.selectAnnotation(sheet.id);
      this.restoreDraft(sheet, draftOf(task));
      /* The editor listed the comments before there was a draft, so list them again. */
      if (sheet.draftId) await this.store.commentStore.listComments();
    }
  }

  draftsOf(annotation) {
    return annotation.pk ? super.draftsOf(annotation) : `/api/tasks/${this.task.id}/drafts/`;
  }

  /* One save at a time: two that both find no draft would create two. */
  inTurn(save) {
    const saved = this.turn.then(save);
    this.turn = saved.catch(() => {});
    return saved;
  }

  keepDraft(annotation) {
    return this.inTurn(() => super.keepDraft(annotation));
  }

  /* A comment has created a draft; later saves go into it. */
  useDraft(task, draft) {
    const sheet = this.store?.annotationStore.selected;
    if (this.task?.id !== task || !sheet || sheet.pk) return;
    sheet.setDraftId(draft.id);
    this.drafts.set(sheet.pk, draft.id);
  }

  /* One comment at a time, too: a submit waits for the comments before it. */
  createComment(comment) {
    const sent = this.sendingComments.then(() => this.writeComment(comment));
    this.sendingComments = sent.catch(() => {});
    return sent;
  }

  /* Unsubmitted work has no id yet. What such a comment refers to is decided when it is sent. */
  writeComment({ text, region_ref, classifications }) {
    const { task } = this;
    const sheet = this.store.annotationStore.selected;
    const body = { text, region_ref, classifications };
    if (sheet.pk) return this.sendComment(this.keyOf(), { ...body, annotation: Number(sheet.pk) });
    return this.sendComment(this.keyOf(), body, { annotation: this.keyOf(), task: task.id, result: sheet.serializeAnnotation() });
  }

  /* For work without an id the editor fires no event: it queues the comment under a negative id and never sends it. */
  sendQueuedComments() {
    const { annotationStore, commentStore } = this.store;
    if (annotationStore.selected && !annotationStore.selected.pk) {
      for (const queued of commentStore.serialize().comments.filter(({ id }) => id < 0)) this.showErrors(this.sendQueuedComment(queued));
    }
    return this.sendingComments;
  }

  async sendQueuedComment({ id, text, regionRef, classifications }) {
    const { commentStore } = this.store;
    const shown = -id;
    commentStore.replaceId(id, { id: shown });
    try {
      commentStore.replaceId(shown, await this.createComment({ text, region_ref: regionRef, classifications }));
    } catch (error) {
      commentStore.removeCommentById(shown);
      commentStore.setCurrentComment({ text });
      throw error;
    }
  }

  async sendTypedComment() {
    const { typed } = this.asked.screen;
    await this.store.commentStore.commentFormSubmit();
    await this.sendQueuedComments();
    if (typed.text) await this.createComment({ text: typed.text });
  }

  async submit(annotation, more = {}) {
    await this.sendTypedComment();
    const { pk } = annotation;
    const before = pk && this.seen.get(String(pk));
    const body = { result: annotation.serializeAnnotation(), lead_time: leadTimeOf(annotation, before), ...more };
    const draft = this.drafts.get(pk);
    if (draft) body.draft_id = draft;
    if (before) body.last_annotation_history = before.last_annotation_history;
    return this.send(this.entryOf(annotation, body, pk ? "Updated" : "Submitted"));
  }

  skip() {
    const annotation = this.store.annotationStore.selected;
    const entry = () => {
      const draft = annotation.pk ? null : this.drafts.get(annotation.pk);
      const body = { result: annotation.serializeAnnotation(), was_cancelled: true, ...(draft ? { draft_id: draft } : {}) };
      return this.entryOf(annotation, body, "Skipped");
    };
    return askText({
      title: "Skip this task",
      lead: "It counts as done by you, without an answer. Your reason helps the next person who opens it.",
      label: "Reason",
      button: "Skip",
      send: async (reason) => {
        await this.sendTypedComment();
        return this.send({ ...entry(), comment: reason });
      },
    });
  }

  /* A new annotation has a `unique_id`: when it is sent again, the server answers with the first one. */
  entryOf({ pk }, body, words) {
    const { id } = this.task;
    const entry = { kind: "work", task: id, words };
    if (pk) return { ...entry, annotation: Number(pk), method: "PATCH", path: `/api/annotations/${pk}/`, body };
    return { ...entry, annotation: `task:${id}`, method: "POST", path: `/api/tasks/${id}/annotations/`, body: { ...body, unique_id: newId() } };
  }

  buttonOfKey() {
    return document.querySelector("[aria-label='skip-task']");
  }
}

/* A draft of an annotation that the person has taken back is continued here, too: the annotation itself is not listed. */
function draftOf({ drafts = [] }) {
  return drafts.find(({ annotation }) => !annotation) || drafts[0];
}

function leadTimeOf(annotation, before) {
  const seconds = annotation.loadedDate ? (Date.now() - new Date(annotation.loadedDate)) / 1000 : 0;
  return ((before && before.lead_time) || 0) + Math.round(seconds * 10) / 10;
}
