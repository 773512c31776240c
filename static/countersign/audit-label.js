// Saves each label as soon as it is chosen, and answers keys. Without it the form saves with its buttons.
"use strict";

const form = document.getElementById("labels");
const rows = [...form.querySelectorAll("tbody tr")];
const progress = document.getElementById("progress");
const RETRY_AFTER = 5000;

// --- saving: one request at a time, so that a later choice never arrives before an earlier one -------------------

const unsaved = new Set();
let isSaving = false;

function chosen(row) {
  return row.querySelector("input[type=radio]:checked");
}

function say(row, text, isUnsaved = false) {
  const note = row.querySelector(".kept");
  note.textContent = text;
  note.classList.toggle("unsaved", isUnsaved);
}

async function save(row) {
  const radio = chosen(row);
  const before = row.querySelector("input[type=hidden]");
  const body = new FormData();
  body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  body.set("then", "progress");
  body.set(radio.name, radio.value);
  body.set(before.name, before.value);
  const answer = await fetch(form.action, { method: "POST", body, keepalive: true, redirect: "error" });
  if (answer.status === 400) return say(row, await answer.text(), true);
  if (!answer.ok) throw new Error(`${answer.status}`);
  before.value = radio.value;
  progress.innerHTML = await answer.text();
  return say(row, form.dataset.saved);
}

async function saveAll() {
  if (isSaving) return;
  isSaving = true;
  for (const row of unsaved) {
    unsaved.delete(row);
    try {
      await save(row);
    } catch {
      unsaved.add(row);
      say(row, form.dataset.unsaved, true);
      setTimeout(saveAll, RETRY_AFTER);
      break;
    }
  }
  isSaving = false;
}

form.addEventListener("change", (event) => {
  if (event.target.type !== "radio") return;
  unsaved.add(event.target.closest("tr"));
  saveAll();
});
addEventListener("online", saveAll);
// Pressing a button sends what is unsaved with the form; a link would lose it.
let isSending = false;
form.addEventListener("submit", () => { isSending = true; });
addEventListener("beforeunload", (event) => {
  if (unsaved.size && !isSending) event.preventDefault();
});

// --- keys --------------------------------------------------------------------------------------------------------

function current() {
  return document.activeElement.closest?.("#labels tbody tr") ?? rows.find((row) => !chosen(row)) ?? rows[0];
}

function focus(row) {
  (chosen(row) ?? row.querySelector("input[type=radio]")).focus();
  row.scrollIntoView({ block: "center" });
}

function answer(value) {
  const row = current();
  const radio = row?.querySelector(`input[type=radio][value="${value}"]`);
  if (!radio) return false;
  radio.checked = true;
  radio.dispatchEvent(new Event("change", { bubbles: true }));
  const after = rows.slice(rows.indexOf(row) + 1).find((one) => !chosen(one)) ?? rows.find((one) => !chosen(one));
  if (after) focus(after);
  else form.querySelector("button[value=fit]").focus();
  return true;
}

function move(by) {
  const next = rows[rows.indexOf(current()) + by];
  if (next) focus(next);
  return next !== undefined;
}

function act(key) {
  if (key === "ArrowDown") return move(1);
  if (key === "ArrowUp") return move(-1);
  if (key.toLowerCase() === "u") return answer("unsure");
  return /^\d$/.test(key) && answer(key);
}

if (rows.length) {
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.matches?.("textarea, select, input:not([type=radio])");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    const isArrow = event.key.startsWith("Arrow");
    if (isArrow && !event.target.closest?.("#labels tbody")) return;
    if (act(event.key)) event.preventDefault();
  });
  form.querySelector(".keys").hidden = false;
}
