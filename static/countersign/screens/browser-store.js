/* What this browser stores until the server has it: text being typed, unsent decisions. Per person and project. */
export class BrowserStore {
  constructor(name, storage = localStorage) {
    this.name = `countersign:${name}:`;
    this.storage = storage;
  }

  get(key) {
    try {
      return JSON.parse(this.storage.getItem(this.name + key));
    } catch {
      return null;
    }
  }

  /* If storage is full or blocked, work goes on without this safety net. */
  set(key, value) {
    try {
      if (value === null || value === undefined || value === "") this.storage.removeItem(this.name + key);
      else this.storage.setItem(this.name + key, JSON.stringify(value));
    } catch (error) {
      console.warn("This browser cannot store unsent work:", error.message);
    }
  }

  drop(key) {
    this.set(key, null);
  }
}
