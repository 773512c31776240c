/* A list of changes. Clicking one selects its region in the editor. */

export function shownChanges(changes, onPick) {
  const list = document.createElement("ul");
  list.className = "cs-changes";
  for (const [i, change] of changes.entries()) {
    const item = document.createElement("li");
    item.append(change.region && change.kind !== "removed" ? picker(change, () => onPick(i)) : words(change));
    list.append(item);
  }
  return list;
}

function picker(change, pick) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.region = change.region;
  button.append(words(change));
  button.addEventListener("click", pick);
  return button;
}

function words({ kind, control, sentence }) {
  const line = document.createElement("span");
  const tag = document.createElement("b");
  tag.className = `cs-kind cs-${kind}`;
  tag.textContent = control || kind;
  line.append(tag, ` ${sentence || kind}`);
  return line;
}

/* Select the region of this change. A classification of the whole task is not a region. */
export function select(annotation, change) {
  const region = annotation.regions.find(({ cleanId }) => cleanId === change.region);
  if (!region || region.classification) return;
  annotation.unselectAll();
  annotation.selectArea(region);
}
