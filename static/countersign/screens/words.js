/* How the screens call things. */

export const SAID = {
  accepted: "Accepted",
  rejected: "Rejected",
  fixed_and_accepted: "Fixed and accepted",
  requeue: "Rejected, back to the annotator",
  remove: "Rejected, not sent back",
  redistribute: "Rejected, somebody else labels it",
};

export function verdictWords({ accepted, result, reject_action }) {
  if (accepted) return result ? "fixed_and_accepted" : "accepted";
  return reject_action || "rejected";
}

/* Of the queue in the address: unasked, contested ones first and then what waits for review. */
export const QUEUES = { "": "to review", disputes: "contested", rejected: "rejected" };
