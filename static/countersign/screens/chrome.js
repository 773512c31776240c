/* The page around the editor: notices, toast, dialogs, keyboard shortcuts with their help, and the live counters. */

const EVERY = 120_000;
export const byId = (id) => document.getElementById(id);

/* A new notice replaces an earlier one with the same name. buttons: [[label, action], …] */
export function notice(name, text, { tone = "info", buttons = [] } = {}) {
  withdraw(name);
  const box = document.createElement("div");
  box.className = `cs-notice cs-${tone}`;
  box.dataset.notice = name;
  box.append(Object.assign(document.createElement("span"), { textContent: text }), ...buttons.map((given) => buttonOf(...given)));
  byId("notices").append(box);
}

export function withdraw(name) {
  document.querySelector(`[data-notice="${name}"]`)?.remove();
}

export function buttonOf(words, action) {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: words });
  button.addEventListener("click", action);
  return button;
}

let toastTimer;
export function toast(text) {
  const box = byId("toast");
  box.textContent = text;
  box.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (box.hidden = true), 6000);
}

/* Shown instead of the editor: why there is no item, and what to do next. links: [[label, address or action], …] */
export function showEmpty(title, words, links) {
  const box = byId("empty");
  const heading = Object.assign(document.createElement("h1"), { textContent: title });
  const text = Object.assign(document.createElement("p"), { textContent: words });
  const nav = document.createElement("p");
  nav.className = "cs-buttons";
  nav.append(...links.map(([text, target]) => (typeof target === "string" ? linkOf(text, target) : buttonOf(text, target))));
  box.replaceChildren(heading, text, nav);
  box.hidden = false;
  byId("editor").hidden = true;
  byId("about").hidden = true;
  box.focus();
}

export function showEditor() {
  byId("empty").hidden = true;
  byId("editor").hidden = false;
}

function linkOf(text, href) {
  return Object.assign(document.createElement("a"), { textContent: text, href });
}

const isTyping = ({ target }) => target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

const ON_EVERY_SCREEN = [{ keys: "Ctrl+Z", words: "Undo an edit" }, { keys: "?", words: "Show this list" }];

/* keys: [{keys: "Alt+N", words, code, alt, ctrl, run, passes}]. A key without `run` belongs to the editor and is only listed;
   with `passes`, the editor gets the event as well. */
export function listenToKeys(keys) {
  byId("help-keys").replaceChildren(...[...keys, ...ON_EVERY_SCREEN].flatMap(({ keys: names, words }) => [
    Object.assign(document.createElement("dt"), { textContent: names }),
    Object.assign(document.createElement("dd"), { textContent: words }),
  ]));
  byId("help-button").addEventListener("click", () => byId("help").showModal());
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "?" && !isTyping(event)) return void byId("help").showModal();
    const found = keys.find((key) => key.run && key.code === event.code && Boolean(key.alt) === event.altKey && Boolean(key.ctrl) === event.ctrlKey);
    if (!found || event.repeat) return;
    if (!found.passes) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
    found.run();
  }, true);
  /* Keys pressed in a dialog must not reach the editor behind it. */
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      dialog.querySelector("form").requestSubmit();
    });
  }
}

/* Refreshed on demand, and now and then while the page is visible: a lease that ends is no change that is told. */
export class Counters {
  constructor({ server, path, words }) {
    Object.assign(this, { server, path, words });
    setInterval(() => document.visibilityState === "visible" && this.refresh(), EVERY);
  }

  async refresh() {
    const counts = await this.server.ask("GET", this.path).catch(() => null);
    if (counts) this.show(counts);
  }

  show({ left, done, total, ...rest }) {
    if (left !== undefined && left !== null) byId("left").textContent = this.words(left);
    if (total === undefined) return;
    Object.assign(byId("progress"), { max: Math.max(total, 1), value: done });
    byId("progress-words").textContent = `${done} of ${total}`;
    if (this.onMore) this.onMore(rest);
  }
}
