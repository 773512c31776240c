/* Stores an edit that is not on the server yet in this browser, and restores it when the same version is shown again. */

export class Edits {
  /* of(): {key, sequence, annotation} of what is on the screen now, or null if there is nothing to store. */
  constructor(browserStore, of) {
    Object.assign(this, { browserStore, of });
    addEventListener("pagehide", () => this.keep());
  }

  keep(result) {
    const shown = this.of();
    if (!shown || !(result || shown.annotation.history.canUndo)) return;
    this.browserStore.set(`edit:${shown.key}`, { sequence: shown.sequence, result: result || shown.annotation.serializeAnnotation() });
  }

  drop(key) {
    this.browserStore.drop(`edit:${key}`);
  }

  /* Returns true if an edit was restored. `anyway`: even if the annotation has changed since the edit. */
  restore({ anyway = false } = {}) {
    const shown = this.of();
    const edit = shown && this.browserStore.get(`edit:${shown.key}`);
    if (!edit) return false;
    this.drop(shown.key);
    if (edit.sequence !== shown.sequence && !anyway) return false;
    shown.annotation.deleteAllRegions({ deleteReadOnly: true });
    shown.annotation.deserializeResults(edit.result);
    return true;
  }
}
