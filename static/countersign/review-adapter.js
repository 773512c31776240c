/* Label Studio's unmodified editor as a review screen on Countersign. How to use it: docs/how-to/front-end.md.

   const review = await startReview({element, LabelStudio, project, task, …});

   LabelStudio   the editor's constructor
   element       the element, or its id, to draw into
   project, task ids
   annotation    which annotation to begin with (default: the first that waits for a verdict)
   server        address of Countersign (default: this page's origin)
   token         API token of the person (default: the session of this page, with its CSRF token)
   next          called with the review after each decision; returns the next task's id, or nothing to show this one again
   askReason     called with [{code, text}] before a reject; returns a code, or nothing
   onDecided     called with the review
   onError       called with each error, which the editor also shows                                                        */

const JSON_TYPE = "application/json";
/* The editor reads these once, when it is created. Without them it has no outliner and an old look. */
const FLAGS = { ff_front_1170_outliner_030222_short: true, fflag_feat_front_dev_3873_labeling_ui_improvements_short: true };

export class ServerError extends Error {
  /* The message is the server's own: which field is wrong, and what to do. */
  constructor(status, body) {
    const fields = Object.entries(body.validation_errors || {}).flatMap(([name, messages]) => [messages].flat().map((text) => `${name}: ${text}`));
    const words = body.code && body.detail !== "Validation error" ? [body.detail] : fields;
    super(words.filter(Boolean).join("\n") || body.detail || `The server answered ${status}.`);
    Object.assign(this, { status, code: body.code, body });
  }
}

export class Server {
  constructor({ server = "", token } = {}) {
    this.root = server.replace(/\/+$/, "");
    this.token = token;
  }

  async ask(method, path, body, headers = {}, options = {}) {
    const answer = await fetch(this.root + path, {
      method,
      credentials: this.token ? "omit" : "same-origin",
      headers: { Accept: JSON_TYPE, ...(body === undefined ? {} : { "Content-Type": JSON_TYPE }), ...this.#signed(method), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
      ...options,
    });
    const parsed = answer.status === 204 ? null : await answer.json().catch(() => ({}));
    if (!answer.ok) throw new ServerError(answer.status, parsed || {});
    return parsed;
  }

  #signed(method) {
    if (this.token) return { Authorization: `Token ${this.token}` };
    if (["GET", "HEAD"].includes(method)) return {};
    return { "X-CSRFToken": (document.cookie.match(/(?:^|; )csrftoken=([^;]+)/) || [])[1] || "" };
  }
}

/* Author of comments by people whose name is hidden or who have left: the editor fails on an unknown author. */
const SOMEBODY = { id: 0, firstName: "Somebody", lastName: "", username: "", email: "", initials: "?" };

const idOf = (person) => (person && typeof person === "object" ? person.id : person);

/* With the editor's names. `id: undefined`, because the editor would take the server's id for its own. */
function shownAnnotation(annotation) {
  return {
    ...annotation,
    id: undefined,
    pk: String(annotation.id),
    completed_by: idOf(annotation.completed_by),
    createdAgo: annotation.created_ago,
    createdBy: annotation.created_username,
    createdDate: annotation.draft_created_at || annotation.created_at,
    leadTime: annotation.lead_time || 0,
    skipped: Boolean(annotation.was_cancelled),
  };
}

/* The editor in a page, with its comments, drafts and history. Subclasses define what its buttons do. */
export class HostedEditor {
  constructor(asked, options) {
    this.asked = asked;
    this.options = options;
    this.server = asked.connection || new Server(asked);
    this.seen = new Map();
    this.drafts = new Map();
    this.onKey = (event) => this.clickByKey(event);
  }

  async start(task) {
    const { user, label_config: config, instruction: description } = this.options;
    const users = [...this.options.users, SOMEBODY];
    window.APP_SETTINGS = {
      hostname: this.server.root || location.origin,
      feature_flags_default_value: false,
      ...window.APP_SETTINGS,
      user,
      feature_flags: { ...FLAGS, ...(window.APP_SETTINGS || {}).feature_flags },
    };
    /* The editor's own Ctrl+Space throws an error. It is removed here, and clickByKey clicks the button instead. */
    const keymap = { "annotation:skip": { key: null, description: "Reject or skip" } };
    const interfaces = this.options.interfaces;
    await new Promise((ready) => {
      const onStorageInitialized = (store) => ready((this.store = store));
      const shown = { config, user, users, description, interfaces, keymap, ...this.customButtons(), task: this.shownTask(task) };
      this.editor = new this.asked.LabelStudio(this.asked.element, { ...shown, onStorageInitialized });
      this.listen();
    });
    document.addEventListener("keydown", this.onKey, true);
    await this.show(task);
    return this;
  }

  customButtons() {
    return {};
  }

  /* The editor shows the error when the handler's promise is rejected. */
  on(name, handle) {
    this.editor.on(name, (...given) => this.showErrors(handle(...given)));
  }

  listen() {
    this.on("submitDraft", (store, annotation) => this.keepDraft(annotation));
    this.on("comments:create", (comment) => this.createComment(comment));
    this.on("comments:list", ({ annotation, draft }) => (annotation || draft ? this.listComments(annotation, draft) : []));
    this.on("comments:update", ({ id, text, is_resolved, region_ref, classifications }) =>
      this.server.ask("PATCH", `/api/comments/${id}/`, { text, is_resolved, region_ref, classifications }));
    this.on("comments:delete", ({ id }) => this.server.ask("DELETE", `/api/comments/${id}/`));
  }

  async listComments(annotation, draft) {
    const comments = await this.server.ask("GET", `/api/comments/?${annotation ? `annotation=${annotation}` : `draft=${draft}`}`);
    const known = new Set(this.options.users.map(({ id }) => id));
    return comments.map((comment) => (known.has(comment.created_by) ? comment : { ...comment, created_by: SOMEBODY.id }));
  }

  async showErrors(answer) {
    try {
      return await answer;
    } catch (error) {
      if (this.asked.onError) this.asked.onError(error);
      throw error;
    }
  }

  fetchTask(id) {
    return this.server.ask("GET", `/api/tasks/${id}/`);
  }

  shownTask(task) {
    return { id: task.id, data: task.data, annotations: task.annotations.map(shownAnnotation), predictions: task.predictions || [] };
  }

  async load(task) {
    const { annotations, predictions, ...rest } = this.shownTask(task);
    /* Not assignConfig, which would fill the controls from the previous task. */
    this.store.resetState();
    this.store.assignTask(rest);
    this.store.initializeStore({ annotations, predictions });
    await this.show(task);
  }

  /* By itself the editor selects the last annotation, so select the right one. */
  async show(task) {
    this.task = task;
    this.seen = new Map(task.annotations.map((annotation) => [String(annotation.id), annotation]));
    const chosen = this.chosenOf(task);
    const shown = chosen && this.store.annotationStore.annotations.find(({ pk }) => pk === String(chosen.id));
    if (!shown) return;
    this.store.annotationStore.selectAnnotation(shown.id);
    this.restoreDraft(shown, (task.drafts || []).find((draft) => draft.annotation === chosen.id));
    await this.showHistory(chosen.id);
  }

  chosenOf(task) {
    return task.annotations[0];
  }

  restoreDraft(annotation, draft) {
    if (!draft || !draft.result) return;
    annotation.deleteAllRegions({ deleteReadOnly: true });
    annotation.deserializeResults(draft.result);
    annotation.setDraftId(draft.id);
    this.drafts.set(annotation.pk, draft.id);
    annotation.setDraftSaved(draft.updated_at || draft.created_at);
    if (annotation.addVersions) annotation.addVersions({ draft: draft.result });
    annotation.history.safeUnfreeze();
    annotation.history.reinit();
  }

  /* The review queue sends the history with the item. */
  async showHistory(annotation) {
    if (!this.store.setHistory) return;
    const rows = this.task.history || (await this.server.ask("GET", `/api/annotation-history/?annotation=${annotation}`));
    this.store.setHistory(rows.map((row) => ({ ...row, comment: row.comment || "", result: row.result || [] })));
  }

  /* Called about five seconds after an edit. */
  async keepDraft(annotation) {
    const body = { result: annotation.versions.draft ?? annotation.serializeAnnotation(), lead_time: annotation.leadTime || 0 };
    const path = annotation.draftId ? `/api/drafts/${annotation.draftId}/` : this.draftsOf(annotation);
    const draft = await this.server.ask(annotation.draftId ? "PATCH" : "POST", path, body);
    annotation.setDraftId(draft.id);
    this.drafts.set(annotation.pk, draft.id);
    return draft;
  }

  /* The editor forgets the draft's id before it fires the event of a verdict, so the ids are kept in this.drafts. */
  async dropDraft(pk) {
    const draft = this.drafts.get(pk);
    this.drafts.delete(pk);
    if (!draft) return;
    await this.server.ask("DELETE", `/api/drafts/${draft}/`).catch((error) => {
      if (error.status !== 404) throw error;
    });
  }

  /* The editor awaits this before it rejects, so the server finds the comment that a reject may require. */
  createComment({ text, annotation, region_ref, classifications }) {
    return this.server.ask("POST", "/api/comments/", { text, annotation: Number(annotation), region_ref, classifications });
  }

  draftsOf(annotation) {
    return `/api/tasks/${this.task.id}/annotations/${annotation.pk}/drafts/`;
  }

  clickByKey(event) {
    if (!event.ctrlKey || event.code !== "Space") return;
    const button = this.buttonOfKey();
    if (!button) return;
    event.preventDefault();
    event.stopPropagation();
    button.click();
  }

  buttonOfKey() {
    return document.querySelector("[aria-label='reject-annotation']");
  }

  destroy() {
    document.removeEventListener("keydown", this.onKey, true);
    this.editor.destroy();
    current = null;
  }
}

export class Review extends HostedEditor {
  /* With one outcome there is nothing to choose: the editor's own Reject button stays. */
  customButtons() {
    const buttons = this.options.reject_buttons;
    if (buttons.length < 2) return {};
    const labelled = buttons.map((button, i) => ({ ...button, ariaLabel: i ? `reject-annotation-${button.name}` : "reject-annotation" }));
    return { customButtons: { reject: labelled } };
  }

  listen() {
    super.listen();
    this.on("acceptAnnotation", (store, verdict) => this.accept(verdict));
    this.on("rejectAnnotation", (store, verdict) => this.reject(verdict));
    this.on("customButton", (store, name, verdict) => this.reject(verdict, name));
  }

  /* The annotation asked for, else the first that waits for review. */
  chosenOf(task) {
    const wanted = this.asked.annotation && this.seen.get(String(this.asked.annotation));
    return wanted || task.annotations.find((annotation) => annotation.can_be_reviewed) || task.annotations[0];
  }

  /* An accept without edits sends no result: the editor would serialise the same regions in another order. */
  async accept({ isDirty, entity }) {
    if (!isDirty) return this.decide(entity, { accepted: true });
    try {
      return await this.decide(entity, { accepted: true, result: entity.serializeAnnotation() });
    } catch (error) {
      /* For the editor a saved draft counts as an edit, even if nothing changed in the end. */
      if (error.code !== "nothing_fixed") throw error;
      return this.decide(entity, { accepted: true });
    }
  }

  async reject({ entity, comment }, action) {
    const reasons = this.options.reject_reasons;
    const reason = reasons.length && this.asked.askReason ? await this.asked.askReason(reasons) : null;
    const details = { ...(comment ? { comment } : {}), ...(reason ? { reason } : {}), ...(action ? { reject_action: action } : {}) };
    return this.decide(entity, { accepted: false, ...details });
  }

  async decide(entity, verdict) {
    const { method, path, body, headers } = this.requestOf(entity, verdict);
    const review = await this.server.ask(method, path, body, headers);
    await this.dropDraft(entity.pk);
    if (this.asked.onDecided) await this.asked.onDecided(review);
    /* setTimeout: the editor touches the annotation once more while it handles this click. */
    setTimeout(() => this.showErrors(this.goOn(review)).catch(() => {}), 0);
    return review;
  }

  /* The editor's buttons are enabled again after five seconds, even while a request is running. A second click repeats the
     request, and the server answers with the first verdict. If-Match: any change of the annotation since it was shown is a 412. */
  requestOf(entity, verdict) {
    const { annotation_seq: sequence } = this.seen.get(String(entity.pk)) || {};
    const started = entity.loadedDate ? { started_at: new Date(entity.loadedDate).toISOString() } : {};
    const headers = sequence === undefined ? {} : { "If-Match": `"${sequence}"` };
    return { method: "POST", path: "/api/annotation-reviews/", body: { annotation: Number(entity.pk), ...verdict, ...started }, headers };
  }

  async goOn(review) {
    const next = this.asked.next ? await this.asked.next(review) : null;
    if (next) this.asked.annotation = undefined;
    await this.load(await this.fetchTask(next || this.task.id));
  }
}

/* The editor keeps its state in globals, so there can be only one per page. */
let current = null;

export async function startReview(asked) {
  if (current) throw new Error("There is an editor on this page already; call its destroy() first.");
  const review = new Review(asked, await new Server(asked).ask("GET", `/api/projects/${asked.project}/editor-options/?screen=review`));
  current = review;
  return review.start(await review.fetchTask(asked.task));
}
