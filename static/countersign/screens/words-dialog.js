/* One question that is answered in words: why a task is skipped, why a rejection is contested. */
import { byId } from "./chrome.js";

/* Answers what `send(text)` answered, or null if the person turned back; a refusal is shown and nothing typed is lost. */
export function askWords({ title, lead, label, button, isNeeded, text = "", send }) {
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
      const said = field.value.trim();
      if (isNeeded && !said) return void refuse("A few words are needed.");
      try {
        finish((await send(said)) ?? true);
        dialog.close();
      } catch (error) {
        refuse(error.message);
      }
      return undefined;
    };
  });
}
