/* An edit that has not reached the server yet, kept in this browser: put back when the same version is shown again. */

export class Edits {
  /* of(): {key, sequence, annotation}, what is on the screen now, or null where there is nothing to keep. */
  constructor(kept, of) {
    Object.assign(this, { kept, of });
    addEventListener("pagehide", () => this.keep());
  }

  keep(result) {
    const shown = this.of();
    if (!shown || !(result || shown.annotation.history.canUndo)) return;
    this.kept.set(`edit:${shown.key}`, { sequence: shown.sequence, result: result || shown.annotation.serializeAnnotation() });
  }

  drop(key) {
    this.kept.drop(`edit:${key}`);
  }

  /* Answers whether there was one. `anyway`: also onto another version than it was made on. */
  restore({ anyway = false } = {}) {
    const shown = this.of();
    const edit = shown && this.kept.get(`edit:${shown.key}`);
    if (!edit) return false;
    this.drop(shown.key);
    if (edit.sequence !== shown.sequence && !anyway) return false;
    shown.annotation.deleteAllRegions({ deleteReadOnly: true });
    shown.annotation.deserializeResults(edit.result);
    return true;
  }
}
