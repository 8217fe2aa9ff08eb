// The editor: tools, completion, pictures by drag, paste and camera, and drafts that are kept while typing.
import "./editor/keep.js";
import "./editor/tools.js";
import "./editor/complete.js";
import "./editor/uploads.js";

// Who will read it, in words, for the choice that is made.
for (const field of document.querySelectorAll("[data-readers]")) {
  const select = field.querySelector("select");
  const hint = field.querySelector(".hint");
  select.addEventListener("change", () => { hint.textContent = select.selectedOptions[0].dataset.reach; });
}
