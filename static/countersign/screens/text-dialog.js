/* A dialog with one text field: why a task is skipped, why a rejection is contested. */
import { byId } from "./chrome.js";

/* Returns what `send(text)` returned, or null if the person cancelled. If it throws, the error is shown and the text stays. */
export function askText({ title, lead, label, button, isNeeded, text = "", send }) {
  const dialog = byId("words");
  const field = byId("words-text");
  const refusal = byId("words-refusal");
  byId("words-title").textContent = title;
  byId("words-lead").textContent = lead;
  byId("words-label").textContent = isNeeded ? label : `${label} (optional)`;
  byId("words-send").textContent = button;
  refusal.hidden = true;
  field.value = text;
  dialog.showModal();
  field.focus();
  return new Promise((finish) => {
    const refuse = (words) => Object.assign(refusal, { textContent: words, hidden: false });
    byId("words-cancel").onclick = () => dialog.close();
    dialog.onclose = () => finish(null);
    dialog.querySelector("form").onsubmit = async (event) => {
      event.preventDefault();
      const answer = field.value.trim();
      if (isNeeded && !answer) return void refuse("Please enter a text.");
      try {
        finish((await send(answer)) ?? true);
        dialog.close();
      } catch (error) {
        refuse(error.message);
      }
      return undefined;
    };
  });
}
