/* The editor of the annotate screen: work is submitted, updated or skipped, through the outbox. */
import { HostedEditor } from "../review-adapter.js";
import { onScreen } from "./on-screen.js";
import { newId } from "./outbox.js";
import { askWords } from "./words-dialog.js";

export class Labelling extends onScreen(HostedEditor) {
  listen() {
    super.listen();
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

  /* A comment on work that is not submitted is about its draft. */
  async createComment(comment) {
    const sheet = this.store.annotationStore.selected;
    if (sheet.pk) return super.createComment({ ...comment, annotation: sheet.pk });
    if (!sheet.draftId) await this.keepDraft(sheet);
    return this.server.ask("POST", "/api/comments/", { text: comment.text, draft: sheet.draftId, region_ref: comment.region_ref });
  }

  async submit(annotation, more = {}) {
    const { pk } = annotation;
    const before = pk && this.seen.get(String(pk));
    const body = { result: annotation.serializeAnnotation(), lead_time: leadTimeOf(annotation, before), ...more };
    const draft = this.drafts.get(pk) || annotation.draftId;
    if (draft) body.draft_id = draft;
    if (before) body.last_annotation_history = before.last_annotation_history;
    return this.send(this.entryOf(annotation, body, pk ? "Updated" : "Submitted"));
  }

  skip() {
    const annotation = this.store.annotationStore.selected;
    const entry = () => this.entryOf(annotation, { result: annotation.serializeAnnotation(), was_cancelled: true }, "Skipped");
    return askWords({
      title: "Skip this task",
      lead: "It counts as done by you, without an answer. Your reason helps whoever looks at it next.",
      label: "Why",
      button: "Skip",
      send: (reason) => this.send({ ...entry(), comment: reason }),
    });
  }

  /* A new one has its own id: sent again it is the same annotation, and the server says so. */
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

function leadTimeOf(annotation, before) {
  const seconds = annotation.loadedDate ? (Date.now() - new Date(annotation.loadedDate)) / 1000 : 0;
  return ((before && before.lead_time) || 0) + Math.round(seconds * 10) / 10;
}
