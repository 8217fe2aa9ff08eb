// Markdown by buttons and by Ctrl+B, Ctrl+I, Ctrl+K; undo keeps working.
import { content, form, typed, words } from "./form.js";

const bar = form?.querySelector(".toolbar");

function put(text, from, to) {
  content.focus();
  content.setSelectionRange(from, to);
  // the one way that leaves the browser's own undo intact
  if (!document.execCommand("insertText", false, text)) content.setRangeText(text, from, to, "end");
  content.dispatchEvent(new Event("input", { bubbles: true }));
}

function around(mark) {
  const { selectionStart: from, selectionEnd: to, value } = content;
  put(`${mark}${value.slice(from, to)}${mark}`, from, to);
  if (from === to) content.setSelectionRange(from + mark.length, from + mark.length);
}

function lines(mark) {
  const { selectionStart, selectionEnd, value } = content;
  const from = value.lastIndexOf("\n", selectionStart - 1) + 1;
  const text = value.slice(from, selectionEnd);
  put(text.split("\n").map((line) => (line.startsWith(mark) ? line.slice(mark.length) : mark + line)).join("\n"), from, selectionEnd);
}

function link() {
  const { selectionStart: from, selectionEnd: to, value } = content;
  const chosen = value.slice(from, to);
  if (/^https?:\/\/\S+$/.test(chosen)) { put(`[${words("link")}](${chosen})`, from, to); return; }
  const text = `[${chosen || words("link")}](https://)`;
  put(text, from, to);
  content.setSelectionRange(from + text.length - 1, from + text.length - 1);
}

function begin(sign) {
  const { selectionStart: at, value } = content;
  put(at && !/\s/.test(value[at - 1]) ? ` ${sign}` : sign, at, at);
}

async function preview() {
  const place = document.getElementById("preview");
  if (place.firstElementChild) { place.replaceChildren(); return; }
  const answer = await fetch("/write/preview", { method: "POST", body: typed() });
  if (answer.ok) place.innerHTML = await answer.text();
  else place.textContent = (await answer.json()).error;
  place.scrollIntoView({ block: "nearest" });
}

const DOES = {
  bold: () => around("**"), italic: () => around("*"), link, quote: () => lines("> "), list: () => lines("- "),
  heading: () => lines("## "), at: () => begin("@"), hash: () => begin("#"), eye: preview,
  picture: () => form.querySelector("[data-choose]").click(),
};

if (bar) {
  bar.hidden = false;
  const buttons = [...bar.querySelectorAll("button")];
  buttons.forEach((button, at) => { button.tabIndex = at ? -1 : 0; });
  bar.addEventListener("click", (event) => {
    const button = event.target.closest("[data-tool]");
    if (button) DOES[button.dataset.tool]?.();
  });
  // one stop for Tab, arrows within: the toolbar pattern of the ARIA practices
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const at = buttons.indexOf(document.activeElement);
    const next = buttons[(at + step + buttons.length) % buttons.length];
    buttons.forEach((button) => { button.tabIndex = button === next ? 0 : -1; });
    next.focus();
    event.preventDefault();
  });
  content.addEventListener("keydown", (event) => {
    const does = (event.ctrlKey || event.metaKey) && { b: "bold", i: "italic", k: "link" }[event.key.toLowerCase()];
    if (!does) return;
    event.preventDefault();
    DOES[does]();
  });
}

export { put };
