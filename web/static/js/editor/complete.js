// People and topics are completed while somebody types @ or #.
import { content, form } from "./form.js";

const BEGUN = /(?:^|[\s(])([@#][^\s@#()]{1,40}(?:@[^\s@#()]{0,40})?)$/;
const PAUSE_MS = 150;

const editor = form?.querySelector("[data-editor]");
let list, later, asked = 0, chosen = -1;

function close() {
  list?.remove();
  list = null;
  chosen = -1;
  content.removeAttribute("aria-activedescendant");
  content.removeAttribute("aria-controls");
}

function begun() {
  if (content.selectionStart !== content.selectionEnd) return null;
  return BEGUN.exec(content.value.slice(0, content.selectionStart))?.[1] ?? null;
}

// Where the line with the cursor ends, measured in a copy of the field that nobody sees.
function lineBottom() {
  const mirror = document.createElement("div");
  const style = getComputedStyle(content);
  for (const name of ["font", "padding", "border", "width", "boxSizing", "lineHeight", "wordBreak", "letterSpacing"])
    mirror.style[name] = style[name];
  mirror.style.position = "absolute";
  mirror.style.visibility = "hidden";
  mirror.style.whiteSpace = "pre-wrap";
  mirror.style.overflowWrap = "anywhere";
  mirror.textContent = content.value.slice(0, content.selectionStart);
  const end = document.createElement("span");
  end.textContent = "|";
  mirror.append(end);
  editor.append(mirror);
  const bottom = end.offsetTop + end.offsetHeight;
  mirror.remove();
  return content.offsetTop + Math.min(bottom - content.scrollTop, content.clientHeight) + 4;
}

function mark(next) {
  const options = [...list.children];
  chosen = (next + options.length) % options.length;
  options.forEach((option, at) => option.setAttribute("aria-selected", at === chosen ? "true" : "false"));
  options[chosen].scrollIntoView({ block: "nearest" });
  content.setAttribute("aria-activedescendant", options[chosen].id);
}

function take() {
  const text = begun();
  const to = content.selectionStart;
  const put = list.children[Math.max(0, chosen)].dataset.put;
  content.setSelectionRange(to - text.length, to);
  if (!document.execCommand("insertText", false, put)) content.setRangeText(put, to - text.length, to, "end");
  close();
}

async function ask() {
  const text = begun();
  if (!text) { close(); return; }
  const turn = ++asked;
  let html = "";
  try {
    const answer = await fetch(`${editor.dataset.complete}?q=${encodeURIComponent(text)}`);
    html = answer.ok ? (await answer.text()).trim() : "";
  } catch { /* no connection: nothing is offered */ }
  if (turn !== asked) return;
  if (!html || begun() !== text) { close(); return; }
  if (!list) {
    list = document.createElement("ul");
    list.className = "suggestions";
    list.id = "suggestions";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", editor.querySelector("[data-tool=at]")?.getAttribute("aria-label") ?? "@");
    list.addEventListener("pointerdown", (event) => {
      const option = event.target.closest("li");
      event.preventDefault(); // the field keeps the focus
      if (!option) return;
      chosen = [...list.children].indexOf(option);
      take();
    });
    editor.append(list);
  }
  list.innerHTML = html;
  list.style.top = `${lineBottom()}px`;
  content.setAttribute("aria-controls", "suggestions");
  mark(0);
}

if (editor && editor.dataset.complete) {
  content.setAttribute("aria-autocomplete", "list");
  content.addEventListener("input", () => { clearTimeout(later); later = setTimeout(ask, PAUSE_MS); });
  content.addEventListener("blur", () => setTimeout(close, 100));
  content.addEventListener("keydown", (event) => {
    if (!list) return;
    const does = {
      ArrowDown: () => mark(chosen + 1), ArrowUp: () => mark(chosen - 1), Enter: take, Tab: take, Escape: close,
    }[event.key];
    if (!does || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    does();
  });
}
