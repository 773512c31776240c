/* Above the editor: why an item is back in the queue, and what changed since its last verdict. */
import { shownChanges } from "./changes.js";
import { byId } from "./chrome.js";
import { VERDICT_LABELS } from "./labels.js";

const VERDICTS = ["rejected", "accepted", "fixed_and_accepted"];

/* onPick(change) is called when one of the listed changes is clicked. */
export function showItemInfo({ queue, history = [], changes = [] }, onPick) {
  const box = byId("about");
  const judged = lastJudged(history);
  box.replaceChildren();
  if (queue === "disputes") box.append(paragraph("Contested", disputeWords(history)));
  if (queue === "rejected" && judged) box.append(paragraph("Rejected", judged.comment ? `“${judged.comment}”` : "without a comment"));
  if (changes.length || (judged && queue === "review")) box.append(paragraph("Outdated verdict", outdatedWords(judged, changes)));
  if (changes.length) box.append(shownChanges(changes, (i) => onPick(changes[i])));
  box.hidden = !box.childElementCount;
}

/* The newest verdict, unless it was undone. */
function lastJudged(history) {
  const newest = history.find(({ action }) => [...VERDICTS, "deleted_review"].includes(action));
  return newest && VERDICTS.includes(newest.action) ? newest : null;
}

function outdatedWords(judged, changes) {
  const what = changes.length ? `${changes.length} ${changes.length === 1 ? "change" : "changes"} since:` : "The result is the same.";
  if (!judged) return `It was reviewed before. ${what}`;
  const comment = judged.comment ? ` “${judged.comment}”` : "";
  return `It was ${VERDICT_LABELS[judged.action].toLowerCase()} before${comment}. ${what}`;
}

function disputeWords(history) {
  const contested = history.find(({ action }) => action === "contested");
  return contested?.comment ? `The annotator says: “${contested.comment}”` : "The annotator contests the rejection.";
}

function paragraph(strong, words) {
  const found = document.createElement("p");
  found.append(Object.assign(document.createElement("strong"), { className: "cs-strong", textContent: strong }), ` ${words}`);
  return found;
}
