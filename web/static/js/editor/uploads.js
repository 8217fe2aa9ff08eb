// Pictures: chosen, taken, dragged or pasted; each is sent at once, and asked what it shows.
import { changed, content, form, typed, words } from "./form.js";
import { say } from "../words.js";
import { put } from "./tools.js";

const place = form?.querySelector("[data-pictures]");
const uploads = place?.querySelector("[data-uploads]");
let waiting = Promise.resolve();

function refuse(text) {
  const line = place.querySelector("[data-refused]");
  if (line.textContent.includes(text)) return; // what is true of several is said once
  line.textContent = `${line.textContent} ${text}`.trim();
  line.hidden = false;
}

// What was said of those before is over.
function forget() {
  const line = place.querySelector("[data-refused]");
  line.textContent = "";
  line.hidden = true;
}

function room() {
  const removed = uploads.querySelectorAll("input[name=remove]:checked").length;
  const most = Number(place.dataset.most);
  return most - uploads.querySelectorAll("input[name=media]").length + removed;
}

// Films and sounds where the server takes them. A phone that does not know HEIC gives no type at all:
// what that is, the server says.
function fits(file) {
  return !file.type || place.dataset.accept.split(",").some((type) => file.type.startsWith(type.replace("*", "")));
}

function sendAll(files) {
  forget();
  [...files].forEach(send);
}

function send(file) {
  if (!fits(file)) { refuse(`${file.name}: ${place.dataset.unfit}`); return; }
  const row = document.createElement("div");
  row.className = "upload";
  uploads.append(row);
  queue(file, row);
}

// One after another: their order is the order in which they were chosen.
function queue(file, row) {
  const bar = document.createElement("progress");
  bar.setAttribute("aria-label", words("sending"));
  row.replaceChildren(bar);
  row.dataset.sending = "";
  waiting = waiting.then(() => carry(file, row));
}

async function carry(file, row) {
  if (room() <= 0) { row.remove(); refuse(words("many")); return; }
  const body = new FormData();
  for (const [name, value] of typed()) body.append(name, value);
  body.append("picture", file, file.name || "picture");
  try {
    const answer = await fetch("/write/picture", { method: "POST", body });
    if (!answer.ok) { const { error } = await answer.json(); row.remove(); refuse([file.name, error].filter(Boolean).join(": ")); return; }
    const box = document.createElement("template");
    box.innerHTML = await answer.text();
    const arrived = box.content.querySelector(".upload");
    row.replaceWith(arrived);
    const named = arrived.querySelector("[data-name]");
    if (named && file.name) named.textContent = file.name;
    scripted(arrived);
    changed();
    // never out of a description that is being written
    if (document.activeElement === document.body) arrived.querySelector("input[type=text]")?.focus();
  } catch {
    stuck(file, row);
  }
}

// The line broke: the picture waits here, and nobody has to look for it again.
function stuck(file, row) {
  delete row.dataset.sending;
  const note = document.createElement("p");
  note.className = "error";
  note.textContent = [file.name, words("unsent")].filter(Boolean).join(": ");
  note.setAttribute("role", "alert");
  const again = document.createElement("button");
  again.type = "button";
  again.textContent = words("again");
  again.addEventListener("click", () => queue(file, row));
  const away = document.createElement("button");
  away.type = "button";
  away.className = "quiet";
  away.textContent = words("without");
  away.addEventListener("click", () => row.remove());
  const buttons = document.createElement("div");
  buttons.className = "buttons";
  buttons.append(again, away);
  const both = document.createElement("div");
  both.append(note, buttons);
  row.replaceChildren(both);
}

// Who publishes while a picture is on its way publishes it with the picture.
let held = false;

function hold(event) {
  if (!uploads.querySelector("[data-sending]")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (held) return;
  held = true;
  say(words("wait"));
  waiting.then(() => {
    held = false;
    const unsent = uploads.querySelector(".upload .error ~ .buttons button");
    if (unsent) unsent.focus();
    else if (place.querySelector("[data-refused]").hidden) form.requestSubmit(event.submitter);
  });
}

function scripted(row) {
  const insert = row.querySelector("[data-insert]");
  if (insert) insert.hidden = false;
}

function choose(camera) {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = camera ? "image/*" : place.dataset.accept;
  input.multiple = !camera;
  if (camera) input.capture = "environment";
  input.addEventListener("change", () => sendAll(input.files));
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
    const files = [...(event.clipboardData?.files ?? [])].filter(fits);
    if (!files.length) return;
    event.preventDefault();
    sendAll(files);
  });
  form.addEventListener("submit", hold, true);
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
      sendAll(event.dataTransfer.files);
    });
  }
}
