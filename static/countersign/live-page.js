/* On pages of HTML: parts with hx-trigger="changed from:body" are loaded again when something changed for this person. */
import { watch } from "./live.js";

watch(() => document.body.dispatchEvent(new CustomEvent("changed")));
