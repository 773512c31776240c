/* The dialog of a reject: outcome, reason, and a comment, which can be attached to the selected region. */
import { byId } from "./chrome.js";

export class RejectDialog {
  /* options: the editor's options; typed(text): called with the comment while it is typed. */
  constructor({ options, typed }) {
    Object.assign(this, { options, typed });
    this.dialog = byId("reject");
    this.comment = byId("reject-comment");
    byId("reject-outcomes").append(...options.reject_buttons.map((button) => radio("outcome", button.name, button.tooltip)));
    byId("reject-reasons").append(...options.reject_reasons.map(({ code, text }) => radio("reason", code, text)));
    byId("reject-reasons").hidden = !options.reject_reasons.length;
    byId("reject-outcomes").hidden = options.reject_buttons.length < 2;
    byId("reject-cancel").addEventListener("click", () => this.dialog.close());
    this.comment.addEventListener("input", () => this.typed(this.comment.value));
    this.dialog.querySelector("form").addEventListener("submit", (event) => this.submitted(event));
    this.dialog.addEventListener("close", () => this.finish && this.finish(null));
  }

  /* Open until `send` succeeds or the person cancels. If send({reject_action, reason, comment, pinned}) throws, the error is
     shown and the input stays. Returns what `send` returned, or null. */
  ask({ action, comment, region, isCommentNeeded, refusal = "", send }) {
    Object.assign(this, { send, isCommentNeeded });
    check("outcome", action || this.options.default_reject_action);
    check("reason", null);
    this.comment.value = comment || "";
    byId("reject-comment-rule").textContent = isCommentNeeded ? "(required)" : "(optional)";
    byId("reject-pin").checked = Boolean(region);
    byId("reject-pin-row").hidden = !region;
    byId("reject-pin-words").textContent = region ? `About the selected region: ${region}` : "";
    this.refuse(refusal);
    this.dialog.showModal();
    this.comment.focus();
    return new Promise((finish) => (this.finish = finish));
  }

  refuse(words) {
    byId("reject-refusal").textContent = words;
    byId("reject-refusal").hidden = !words;
  }

  async submitted(event) {
    event.preventDefault();
    const answer = { reject_action: chosen("outcome"), reason: chosen("reason"), comment: this.comment.value.trim(), pinned: byId("reject-pin").checked };
    if (this.isCommentNeeded && !answer.comment) {
      this.refuse("A comment is required to reject here: say what is wrong, so that it can be corrected.");
      this.comment.focus();
      return;
    }
    byId("reject-send").disabled = true;
    try {
      const { finish } = this;
      this.finish = null;
      finish(await this.send(answer).catch((error) => {
        this.finish = finish;
        throw error;
      }));
      this.dialog.close();
    } catch (error) {
      this.refuse(error.message);
    } finally {
      byId("reject-send").disabled = false;
    }
  }
}

function radio(name, value, words) {
  const label = document.createElement("label");
  const input = Object.assign(document.createElement("input"), { type: "radio", name, value });
  label.append(input, ` ${words}`);
  return label;
}

const chosen = (name) => document.querySelector(`#reject input[name=${name}]:checked`)?.value;

function check(name, value) {
  for (const input of document.querySelectorAll(`#reject input[name=${name}]`)) input.checked = input.value === value;
}
