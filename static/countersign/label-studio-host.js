/* Hosts Label Studio's unmodified web application: its settings, CSRF headers, the verdicts of its quick view, and what
   its dialogs for actions on a selection say before and after. */
(function () {
  "use strict";
  const settings = JSON.parse(document.getElementById("app-settings-json").textContent);
  const prefix = new URL(settings.hostname).pathname;
  let current; // the data manager on the page
  const unsafe = (method) => !["GET", "HEAD", "OPTIONS"].includes((method || "GET").toUpperCase());
  const csrf = () => (document.cookie.match(/(?:^|; )csrftoken=([^;]+)/) || [])[1] || "";

  settings.lookupHotkey = (name) => (window.DEFAULT_HOTKEYS || {})[name] || null;
  window.APP_SETTINGS = settings;
  window.exports = () => {};

  /* The application requests the API below its own address, but the API is at the root. Writes need the CSRF header. */
  function routed(address) {
    const url = new URL(address, location.href);
    if (url.origin !== location.origin) return null;
    if (url.pathname.startsWith(prefix + "/api/")) url.pathname = url.pathname.slice(prefix.length);
    return url;
  }

  /* The dialog of an action asks for its form without saying what is selected. With the selection, the form says what
     the action would do. */
  const isForm = (url) => /^\/api\/dm\/actions\/[^/]+\/form\/?$/.test(url.pathname);
  function formRequest(url, headers) {
    const view = current.store.currentView;
    const body = {
      ordering: view.ordering,
      selectedItems: view.selected.snapshot,
      filters: { conjunction: view.conjunction || "and", items: view.serializedFilters || [] },
    };
    const request = new Request(url, { method: "POST", headers, body: JSON.stringify(body) });
    request.headers.set("Content-Type", "application/json");
    return request;
  }

  const plainFetch = window.fetch.bind(window);
  window.fetch = function (resource, options = {}) {
    const url = routed(resource instanceof Request ? resource.url : resource);
    if (!url) return plainFetch(resource, options);
    if (isForm(url) && current) {
      const request = formRequest(url, resource instanceof Request ? resource.headers : options.headers);
      request.headers.set("X-CSRFToken", csrf());
      return plainFetch(request);
    }
    const request = resource instanceof Request ? new Request(new Request(url, resource), options) : new Request(url, options);
    if (unsafe(request.method)) request.headers.set("X-CSRFToken", csrf());
    return plainFetch(request);
  };

  const plainOpen = XMLHttpRequest.prototype.open;
  XMLHttpRequest.prototype.open = function (method, address, ...rest) {
    const url = routed(address);
    plainOpen.call(this, method, url ? url.href : address, ...rest);
    if (url && unsafe(method)) this.setRequestHeader("X-CSRFToken", csrf());
  };

  async function send(method, path, body) {
    const headers = { "Content-Type": "application/json", Accept: "application/json" };
    const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
    const parsed = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(parsed.detail || `The server answered ${answer.status}.`);
    return parsed;
  }

  /* Send one verdict. An accept without edits sends no result, because serialising it again would look like an edit. */
  async function decide(manager, accepted, { isDirty, entity, comment }) {
    const body = { annotation: Number(entity.pk), accepted };
    if (accepted && isDirty) body.result = entity.serializeAnnotation();
    if (!accepted && comment) body.comment = comment;
    if (entity.loadedDate) body.started_at = new Date(entity.loadedDate).toISOString();
    await send("POST", "/api/annotation-reviews/", body);
    if (isDirty) await dropDrafts(manager.lsf.task.id, entity.pk);
    manager.invoke("toast", { message: accepted ? (isDirty ? "Fixed and accepted" : "Accepted") : "Rejected", type: "info" });
    await reload(manager, entity.pk);
  }

  /* The edits are part of the verdict now. */
  async function dropDrafts(task, annotation) {
    const drafts = await send("GET", `/api/tasks/${task}/annotations/${annotation}/drafts/`);
    for (const draft of drafts) await send("DELETE", `/api/drafts/${draft.id}/`);
  }

  /* The editor does not update itself after a decision: reload the task and its row in the list. */
  async function reload(manager, annotation) {
    const editor = manager.lsf;
    if (editor && editor.task) await editor.loadTask(editor.task.id, annotation, true);
    const row = editor && editor.task && manager.store.taskStore;
    if (row && row.loadTask) await row.loadTask(editor.task.id, { select: false });
  }

  /* Say what an action did; of a long one, when its job has ended. */
  async function tell(manager, { result }) {
    const toast = (message, type = "info") => message && manager.invoke("toast", { message, type });
    if (!result || result.error) return;
    toast(result.detail);
    if (!result.job) return;
    const job = await ended(result.job.url);
    toast(job.report ? job.report.detail : (job.error || {}).detail, job.report ? "info" : "error");
    if (manager === current) await manager.store.currentView.reload();
  }

  async function ended(url) {
    for (;;) {
      const job = await send("GET", url);
      if (job.finished_at) return job;
      await new Promise((done) => setTimeout(done, 2000));
    }
  }

  function listen(manager) {
    manager.on("actionDialogOkComplete", (action, outcome) => action !== "next_task" && tell(manager, outcome));
    manager.on("lsf:acceptAnnotation", (store, verdict) => decide(manager, true, verdict));
    manager.on("lsf:rejectAnnotation", (store, verdict) => decide(manager, false, verdict));
  }

  /* The application assigns each data manager that it creates to window.dataManager. */
  Object.defineProperty(window, "dataManager", {
    configurable: true,
    get: () => current,
    set(manager) {
      if (manager && manager !== current) listen(manager);
      current = manager;
    },
  });
})();
