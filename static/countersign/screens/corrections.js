/* What reviewers changed in the work of this person: a list in which each line is acknowledged. */
import { buttonOf, byId } from "./chrome.js";

export class Corrections {
  constructor({ server, project, onError, onChange }) {
    Object.assign(this, { server, project, onError, onChange });
    byId("corrections-button").addEventListener("click", () => this.open());
    byId("corrections-all").addEventListener("click", () => this.acknowledgeAll());
  }

  count(waiting) {
    const button = byId("corrections-button");
    button.hidden = !waiting;
    button.textContent = `${waiting} ${waiting === 1 ? "correction" : "corrections"}`;
  }

  async open() {
    try {
      const answer = await this.server.ask("GET", `/api/corrections/?project=${this.project}&acknowledged=false`);
      this.rows = Array.isArray(answer) ? answer : answer.results;
      this.show();
      if (!byId("corrections").open) byId("corrections").showModal();
    } catch (error) {
      this.onError(error);
    }
  }

  show() {
    byId("corrections-list").replaceChildren(...this.rows.map((row) => this.line(row)));
    byId("corrections-all").hidden = !this.rows.length;
    this.count(this.rows.length);
  }

  line(row) {
    const item = document.createElement("li");
    const words = Object.assign(document.createElement("span"), { textContent: `Task ${row.task}: ${row.control && row.kind !== "attribute" ? `${row.control}, ` : ""}${row.sentence}` });
    item.append(words, buttonOf("Seen", () => this.acknowledge(row)));
    return item;
  }

  async acknowledge(row) {
    try {
      await this.server.ask("POST", `/api/corrections/${row.id}/acknowledge/`);
    } catch (error) {
      return this.onError(error);
    }
    this.rows = this.rows.filter(({ id }) => id !== row.id);
    this.show();
    return this.onChange();
  }

  async acknowledgeAll() {
    for (const row of [...this.rows]) await this.acknowledge(row);
    byId("corrections").close();
  }
}
