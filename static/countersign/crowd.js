// What the campaign page does beyond HTML: keys, what was typed, the video's window, larger images, boxes of images
// whose size is not in the data. Without it everything can be read and sent.
"use strict";

const form = document.getElementById("scores");
const questions = [...form.querySelectorAll(".question")];
const comment = form.elements.comment;
const send = form.querySelector(".send");
const itemId = form.elements.anno_id.value;

// --- keys -------------------------------------------------------------------------------------------------

function isScored(question) {
  return question.querySelector(".step input:checked") !== null;
}

function isCommentMissing() {
  return comment.required && comment.value.trim().length < Number(form.dataset.commentLength);
}

// 1, 2 and 3 answer the question in focus, else the first without a score, and go on to what is missing next.
function score(value) {
  const question = document.activeElement.closest?.(".question") ?? questions.find((one) => !isScored(one));
  const step = question?.querySelector(`.step input[value="${value}"]`);
  if (!step) return false;
  step.checked = true;
  step.dispatchEvent(new Event("change", { bubbles: true }));
  const next = questions.find((one) => !isScored(one))?.querySelector(".step input");
  (next ?? (isCommentMissing() ? comment : send)).focus();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    form.requestSubmit();
    return;
  }
  const isTyping = event.target.matches?.("textarea, select, input:not([type=radio])");
  const isElsewhere = event.target.closest?.("dialog, .pass-on, video");
  if (isTyping || isElsewhere || event.ctrlKey || event.metaKey || event.altKey) return;
  if (/^[1-9]$/.test(event.key) && score(event.key)) event.preventDefault();
});
form.querySelector(".keys").hidden = false;

// The comment becomes required with the first low score, so that the browser says so before sending.
function applyCommentRule() {
  const at = Number(form.dataset.commentAt);
  comment.required = questions.some((one) => Number(one.querySelector(".step input:checked")?.value ?? 9) <= at);
  comment.minLength = comment.required ? Number(form.dataset.commentLength) : 0;
}

// --- what was typed: kept in this tab until it is sent -----------------------------------------------------

const draftName = `crowd ${location.host} ${itemId}`;

function fields() {
  return [...new FormData(form)].filter(([name]) => !["csrfmiddlewaretoken", "anno_id"].includes(name));
}

function keepDraft() {
  try {
    sessionStorage.setItem(draftName, JSON.stringify(fields()));
  } catch { /* storage is blocked or full: the page works without */ }
}

function restoreDraft() {
  try {
    for (const [name, value] of JSON.parse(sessionStorage.getItem(draftName) ?? "[]")) form.elements[name].value = value;
  } catch { /* likewise */ }
}

if (!("answered" in form.dataset)) restoreDraft();
form.addEventListener("input", keepDraft);
form.addEventListener("change", applyCommentRule);
form.addEventListener("change", keepDraft);
applyCommentRule();

// A second click while the first is under way would only ask the server twice.
form.addEventListener("submit", (event) => {
  if (send.hasAttribute("aria-disabled")) event.preventDefault();
  send.setAttribute("aria-disabled", "true");
});
addEventListener("pageshow", () => send.removeAttribute("aria-disabled"));

// --- the reservation: renewed at once, then while somebody is at work ---------------------------------------

let isAtWork = true;
for (const sign of ["pointerdown", "keydown", "scroll", "timeupdate"]) {
  addEventListener(sign, () => { isAtWork = true; }, { capture: true, passive: true });
}

function keepItem() {
  if (!isAtWork || document.hidden) return;
  isAtWork = false;
  const body = new FormData();
  for (const name of ["csrfmiddlewaretoken", "anno_id"]) body.set(name, form.elements[name].value);
  fetch(form.dataset.keep, { method: "POST", body }).catch(() => {});
}

keepItem();
setInterval(keepItem, 1000 * Number(form.dataset.keepEvery));

// --- the video: seeking stays inside the window; at its end it stops, and plays from the start again ---------

for (const video of document.querySelectorAll("video[data-start], video[data-end]")) {
  const start = Number(video.dataset.start ?? 0);
  const end = Number(video.dataset.end ?? Infinity);
  video.addEventListener("seeking", () => {
    if (video.currentTime < start - 0.05) video.currentTime = start;
    else if (video.currentTime > end) video.currentTime = end;
  });
  video.addEventListener("timeupdate", () => {
    if (!video.paused && video.currentTime >= end) video.pause();
  });
  video.addEventListener("play", () => {
    if (video.currentTime >= end - 0.05 || video.currentTime < start) video.currentTime = start;
  });
}

// --- images -------------------------------------------------------------------------------------------------

function enlarge(link) {
  const dialog = document.createElement("dialog");
  dialog.className = "enlarged";
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = form.dataset.close;
  const shown = link.closest("figure")?.querySelector(".drawn") ?? link.querySelector("img");
  dialog.append(close, shown.cloneNode(true));
  dialog.setAttribute("aria-label", dialog.querySelector("img").alt);
  dialog.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => { dialog.remove(); link.focus(); });
  document.body.append(dialog);
  dialog.showModal();
}

for (const link of document.querySelectorAll("a[data-enlarge]")) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    enlarge(link);
  });
}

function fit(svg, image) {
  if (image.naturalWidth) svg.setAttribute("viewBox", `0 0 ${image.naturalWidth} ${image.naturalHeight}`);
}

for (const svg of document.querySelectorAll("svg[data-needs-size]")) {
  const image = svg.parentElement.querySelector("img");
  image.addEventListener("load", () => fit(svg, image));
  fit(svg, image);
}
