// What the campaign page does beyond HTML: keys, the video's window, larger images, boxes of images whose size is
// not in the data. Without it everything can be read and sent.
"use strict";

const form = document.getElementById("scores");
const questions = form ? [...form.querySelectorAll(".question")] : [];

function isScored(question) {
  return question.querySelector(".step input:checked") !== null;
}

// 1, 2 and 3 answer the question in focus, else the first without a score, and go on to the next.
function score(value) {
  const focused = document.activeElement.closest?.(".question");
  const question = focused ?? questions.find((one) => !isScored(one));
  const step = question?.querySelector(`.step input[value="${value}"]`);
  if (!step) return false;
  step.checked = true;
  step.dispatchEvent(new Event("change", { bubbles: true }));
  const next = questions.find((one) => !isScored(one));
  (next ? next.querySelector(".step input") : form.elements.comment).focus();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (!form) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    form.requestSubmit();
    return;
  }
  const typing = event.target.matches?.("textarea, select, input:not([type=radio])");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (/^[1-9]$/.test(event.key) && score(event.key)) event.preventDefault();
});

// The comment becomes required with the first low score, so that the browser says so before sending.
function commentRule() {
  const at = Number(form.dataset.commentAt);
  const low = questions.some((one) => Number(one.querySelector(".step input:checked")?.value ?? 9) <= at);
  form.elements.comment.required = low;
  form.elements.comment.minLength = low ? Number(form.dataset.commentLength) : 0;
}

if (form) {
  form.addEventListener("change", commentRule);
  commentRule();
}

// Seeking stays inside the window; at its end the video stops, and plays from the start again.
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

for (const link of document.querySelectorAll("a[data-enlarge]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const dialog = document.createElement("dialog");
    dialog.className = "enlarged";
    const close = document.createElement("button");
    close.textContent = "×";
    close.setAttribute("aria-label", "Close");
    dialog.append(close, link.querySelector("img").cloneNode());
    dialog.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => { dialog.remove(); link.focus(); });
    document.body.append(dialog);
    dialog.showModal();
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
