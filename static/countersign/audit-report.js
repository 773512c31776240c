// Saves the report while it is written. Without it the form saves with its buttons.
"use strict";

const form = document.getElementById("report");
const note = document.getElementById("saved");
const WAIT = 1000;
const RETRY_AFTER = 5000;

let isDirty = false;
let isSaving = false;
let isStopped = false; // stale: saving by itself would write over somebody's text, so the person decides
let isSending = false; // with a button
let timer = 0;

function say(text, isUnsaved = false) {
  note.textContent = text;
  note.classList.toggle("unsaved", isUnsaved);
}

function later(milliseconds) {
  clearTimeout(timer);
  timer = setTimeout(save, milliseconds);
}

// One request at a time: each names the state that the one before made.
async function save() {
  if (isSaving || isStopped || isSending || !isDirty) return;
  isSaving = true;
  isDirty = false;
  say(form.dataset.saving);
  const body = new FormData(form);
  body.set("act", "autosave");
  try {
    const answer = await fetch(form.action, { method: "POST", body, keepalive: true, redirect: "error" });
    if (answer.status === 400 || answer.status === 412) {
      isDirty = true;
      isStopped = answer.status === 412;
      say(await answer.text(), true);
    } else if (answer.ok) {
      form.elements.edits.value = await answer.text();
      say(form.dataset.saved);
      if (isDirty) later(WAIT);
    } else {
      throw new Error(`${answer.status}`);
    }
  } catch {
    isDirty = true;
    say(form.dataset.unsaved, true);
    later(RETRY_AFTER);
  }
  isSaving = false;
}

form.addEventListener("input", () => {
  isDirty = true;
  later(WAIT);
});
addEventListener("online", save);
document.addEventListener("visibilitychange", () => { if (document.hidden) save(); });

// A button sends everything; while a save is under way it would name a state that is gone by then.
form.addEventListener("submit", (event) => {
  if (!isSaving) {
    isSending = true;
    return;
  }
  event.preventDefault();
  const button = event.submitter;
  const wait = setInterval(() => {
    if (isSaving) return;
    clearInterval(wait);
    form.requestSubmit(button);
  }, 50);
});
addEventListener("pageshow", () => { isSending = false; });
addEventListener("beforeunload", (event) => {
  if ((isDirty || isSaving) && !isSending) event.preventDefault();
});
