/* Stores the text of the editor's comment field while it is typed, and restores it when the same item is shown again. */

const FIELD = "textarea[name=comment]";

export class TypedComment {
  constructor(browserStore) {
    this.browserStore = browserStore;
    document.addEventListener("input", (event) => {
      if (this.annotation && event.target.matches?.(FIELD)) this.keep(event.target.value);
    }, true);
  }

  keep(text) {
    this.browserStore.set(`typed:${this.annotation}`, text.trim() && text);
  }

  get text() {
    return this.browserStore.get(`typed:${this.annotation}`) || "";
  }

  drop(annotation = this.annotation) {
    this.browserStore.drop(`typed:${annotation}`);
  }

  restore(annotation, store) {
    this.annotation = annotation;
    if (this.text && store.commentStore) store.commentStore.setCurrentComment({ text: this.text });
  }
}

/* Bring the comment panel to the front, as soon as the editor has drawn its tab. Tabs can be dragged, so they react to mouse
   events, not to clicks. */
export function showComments(tries = 30) {
  const tab = document.querySelector("#Comments-draggable");
  if (tab) for (const name of ["mousedown", "mouseup"]) tab.dispatchEvent(new MouseEvent(name, { bubbles: true, cancelable: true }));
  else if (tries) setTimeout(() => showComments(tries - 1), 100);
}

function focusComment(tries = 20) {
  const field = [...document.querySelectorAll(FIELD)].find((found) => found.offsetParent);
  if (field) return field.focus();
  if (tries === 20) showComments();
  return tries ? setTimeout(() => focusComment(tries - 1), 50) : undefined;
}

/* Leave the field, so that keyboard shortcuts reach the editor. */
function leaveComment() {
  if (document.activeElement?.matches(FIELD)) document.activeElement.blur();
}

export const COMMENT_KEYS = [
  { keys: "Alt+C", words: "Write a comment", code: "KeyC", alt: true, run: () => focusComment() },
  { keys: "Ctrl+Enter, Esc", words: "In the comment field: send it; leave the field", code: "Escape", passes: true, run: leaveComment },
];
