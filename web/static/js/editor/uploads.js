// Pictures: chosen, taken, dragged or pasted; each is sent at once, and asked what it shows.
import { changed, content, field, form, typed, words } from "./form.js";
import { put } from "./tools.js";

const place = form?.querySelector("[data-pictures]");
const uploads = place?.querySelector("[data-uploads]");
let waiting = Promise.resolve();

function refuse(text) {
  const line = place.querySelector("[data-refused]");
  line.hidden = !text;
  line.textContent = text;
}

function room() {
  const removed = uploads.querySelectorAll("input[name=remove]:checked").length;
  const most = Number(place.dataset.most);
  return most - uploads.querySelectorAll("input[name=media]").length + removed;
}

function send(file) {
  if (!file.type.startsWith("image/")) return;
  const row = document.createElement("div");
  row.className = "upload";
  const bar = document.createElement("progress");
  bar.setAttribute("aria-label", words("sending"));
  row.append(bar);
  uploads.append(row);
  // one after another: their order is the order in which they were chosen
  waiting = waiting.then(async () => {
    if (room() <= 0) { row.remove(); refuse(words("many")); return; }
    const body = new FormData();
    for (const [name, value] of typed()) body.append(name, value);
    body.append("picture", file, file.name || "picture");
    try {
      const answer = await fetch("/write/picture", { method: "POST", body });
      if (!answer.ok) { row.remove(); refuse((await answer.json()).error); return; }
      row.outerHTML = await answer.text();
      const arrived = uploads.lastElementChild;
      scripted(arrived);
      refuse("");
      changed();
      if (uploads.contains(document.activeElement) || document.activeElement === document.body)
        arrived.querySelector("input[type=text]")?.focus();
    } catch {
      row.remove();
      refuse(words("offline"));
    }
  });
}

function scripted(row) {
  const insert = row.querySelector("[data-insert]");
  if (insert) insert.hidden = false;
}

function choose(camera) {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = "image/*";
  input.multiple = !camera;
  if (camera) input.capture = "environment";
  input.addEventListener("change", () => [...input.files].forEach(send));
  input.click();
}

if (place) {
  place.dataset.most = Number(place.dataset.pictures) + uploads.querySelectorAll("input[name=media]").length;
  for (const one of form.querySelectorAll("[data-scripted]")) one.hidden = false;
  for (const one of form.querySelectorAll("[data-plain]")) one.remove();
  for (const row of uploads.children) scripted(row);
  if (!matchMedia("(pointer: coarse)").matches) place.querySelector("[data-camera]").hidden = true;
  place.querySelector("[data-choose]").addEventListener("click", () => choose(false));
  place.querySelector("[data-camera]").addEventListener("click", () => choose(true));
  uploads.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert]");
    if (!button) return;
    const alt = button.closest(".upload").querySelector("input[type=text]").value.replace(/[[\]]/g, "");
    const at = content.selectionEnd;
    const before = at && content.value[at - 1] !== "\n" ? "\n\n" : "";
    put(`${before}![${alt}](${button.dataset.insert})\n\n`, at, at);
  });
  uploads.addEventListener("change", (event) => {
    if (event.target.name !== "remove") return;
    event.target.closest(".upload").classList.toggle("removed", event.target.checked);
  });
  content.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])].filter((file) => file.type.startsWith("image/"));
    if (!files.length) return;
    event.preventDefault();
    files.forEach(send);
  });
  const editor = form.querySelector("[data-editor]");
  for (const target of [editor, place]) {
    target.addEventListener("dragover", (event) => {
      if (![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      editor.classList.add("dropping");
    });
    target.addEventListener("dragleave", () => editor.classList.remove("dropping"));
    target.addEventListener("drop", (event) => {
      editor.classList.remove("dropping");
      if (!event.dataTransfer.files.length) return;
      event.preventDefault();
      [...event.dataTransfer.files].forEach(send);
    });
  }
}
