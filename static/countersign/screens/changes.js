/* What somebody changed, as sentences one can click: the region is selected in the editor. */

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
  const said = document.createElement("span");
  const tag = document.createElement("b");
  tag.className = `cs-kind cs-${kind}`;
  tag.textContent = control || kind;
  said.append(tag, ` ${sentence || kind}`);
  return said;
}

/* The region of the shown annotation that the change names. A choice of the whole task is no region to select. */
export function select(annotation, change) {
  const region = annotation.regions.find(({ cleanId }) => cleanId === change.region);
  if (!region || region.classification) return;
  annotation.unselectAll();
  annotation.selectArea(region);
}
