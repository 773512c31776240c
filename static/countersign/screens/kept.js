/* What this browser keeps until the server has it: words being typed, decisions on their way. Per person and project. */
export class Kept {
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

  /* A full or forbidden storage costs the safety net, not the work. */
  set(key, value) {
    try {
      if (value === null || value === undefined || value === "") this.storage.removeItem(this.name + key);
      else this.storage.setItem(this.name + key, JSON.stringify(value));
    } catch (error) {
      console.warn("This browser keeps nothing:", error.message);
    }
  }

  drop(key) {
    this.set(key, null);
  }
}
