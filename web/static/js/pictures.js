// Pictures open large: by click, by keyboard, one after another. Without this the link opens the file.
import { word } from "./words.js";

const LINKS = "a.frame";
let dialog, image, caption, group, at;

function icon(name) {
  const source = document.querySelector("svg use")?.getAttribute("href")?.split("#")[0] ?? "";
  return `<svg class="icon" aria-hidden="true"><use href="${source}#${name}"></use></svg>`;
}

function button(kind, label, name, does) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = kind;
  made.setAttribute("aria-label", label);
  made.innerHTML = icon(name);
  made.addEventListener("click", does);
  return made;
}

function make() {
  dialog = document.createElement("dialog");
  dialog.className = "viewer";
  const figure = document.createElement("figure");
  image = document.createElement("img");
  caption = document.createElement("figcaption");
  caption.setAttribute("aria-live", "polite");
  figure.append(image, caption);
  dialog.append(
    button("close", word("close"), "close", () => dialog.close()),
    button("before", word("before"), "left", () => show(at - 1)),
    button("after", word("after"), "right", () => show(at + 1)),
    figure,
  );
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") show(at - 1);
    if (event.key === "ArrowRight") show(at + 1);
  });
  figure.addEventListener("click", (event) => { if (event.target !== caption) dialog.close(); });
  document.body.append(dialog);
}

function show(next) {
  if (next < 0 || next >= group.length) return;
  at = next;
  const small = group[at].querySelector("img:not(.blur)");
  image.src = group[at].href;
  image.alt = small?.alt ?? "";
  caption.textContent = `${small?.dataset.words ?? small?.alt ?? ""} ${group.length > 1 ? `(${at + 1}/${group.length})` : ""}`;
  dialog.querySelector(".before").hidden = at === 0;
  dialog.querySelector(".after").hidden = at === group.length - 1;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.(LINKS);
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  if (!("showModal" in HTMLDialogElement.prototype) || !("open" in link.dataset)) return;
  event.preventDefault();
  if (!dialog) make();
  const whole = link.closest(".post") ?? document;
  group = [...whole.querySelectorAll(`${LINKS}[data-open]`)];
  show(Math.max(0, group.indexOf(link)));
  dialog.setAttribute("aria-label", word("picture"));
  dialog.showModal();
});
