// The editor: tools, completion, pictures by drag, paste and camera, and drafts that are kept while typing.
import "./editor/keep.js";
import "./editor/tools.js";
import "./editor/complete.js";
import "./editor/uploads.js";
import { content } from "./editor/form.js";

// Whom it greets stands at the beginning: what is typed comes after that, also by those who came with Tab.
content?.addEventListener("focus", () => {
  if (!content.selectionEnd) content.setSelectionRange(content.value.length, content.value.length);
}, { once: true });

// Who wants to answer finds the cursor in the field, not beside it.
function answer() {
  if (location.hash === "#reply" && content?.form.id === "reply") content.focus();
}
answer();
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href$='#reply']");
  if (link && link.pathname === location.pathname && !event.defaultPrevented) setTimeout(answer);
});

// Who will read it, in words, for the choice that is made.
for (const field of document.querySelectorAll("[data-readers]")) {
  const select = field.querySelector("select");
  const hint = field.querySelector(".hint");
  select.addEventListener("change", () => { hint.textContent = select.selectedOptions[0].dataset.reach; });
}
