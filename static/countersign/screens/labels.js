/* Wording shared by the screens. */

export const VERDICT_LABELS = {
  accepted: "Accepted",
  rejected: "Rejected",
  fixed_and_accepted: "Fixed and accepted",
  requeue: "Rejected, back to the annotator",
  remove: "Rejected, not sent back",
  redistribute: "Rejected, assigned to somebody else",
};

export function verdictWords({ accepted, result, reject_action }) {
  if (accepted) return result ? "fixed_and_accepted" : "accepted";
  return reject_action || "rejected";
}

/* By the queue in the address. None: contested items first, then what waits for review. */
export const QUEUES = { "": "to review", disputes: "contested", rejected: "rejected" };
