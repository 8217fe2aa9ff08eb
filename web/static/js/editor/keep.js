// What is typed is kept on the server a moment later; while that fails, in this browser.
import { content, field, form, typed, words } from "./form.js";

const PAUSE_MS = 1200; // after the last key
const AGAIN_MS = 5000; // after a failure
const COPIED = ["title", "lead", "content", "warning"];

let later, sending, leaving = false, kept = "";

function status(text) {
  const place = form.querySelector("[data-kept]");
  if (!place || place.textContent === text) return;
  place.textContent = text;
}

// Of this person alone: others may sign in with the same browser.
function key() {
  const value = (name) => field(name)?.value ?? "";
  return `draft:${document.body.dataset.me}:${value("kind")}:${value("reply_to")}:${value("edits")}`;
}

function snapshot() {
  return JSON.stringify(COPIED.map((name) => field(name)?.value ?? ""));
}

function copyHere() {
  const copy = { texts: snapshot(), draft: field("draft")?.value, once: field("once")?.value };
  try { localStorage.setItem(key(), JSON.stringify(copy)); } catch { /* full, or forbidden */ }
}

function forgetHere() {
  try { localStorage.removeItem(key()); } catch { /* as above */ }
}

// What there is to keep, without the draft's own number.
function state() {
  const data = typed();
  data.delete("draft");
  return data.toString();
}

export async function keep() {
  clearTimeout(later);
  if (leaving) return;
  if (sending) { later = setTimeout(keep, PAUSE_MS); return; }
  const now = state();
  if (now === kept) return;
  status(words("keeping"));
  sending = new AbortController();
  try {
    const answer = await fetch("/write/keep", { method: "POST", body: typed(), signal: sending.signal });
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.error);
    kept = now;
    if (said.draft) field("draft").value = said.draft;
    copyHere();
    // Published in another window: what is typed here from then on stays here.
    const gone = !said.draft && content.value.trim();
    if (state() !== now) later = setTimeout(keep, PAUSE_MS);
    status(said.draft ? words("kept") : gone ? words("gone") : "");
  } catch (error) {
    if (leaving) return;
    copyHere();
    const ours = error instanceof TypeError || error instanceof SyntaxError; // no connection, or no answer of ours
    status((!ours && error.message) || words("offline"));
    later = setTimeout(keep, AGAIN_MS);
  } finally {
    sending = null;
  }
}

function soon() {
  copyHere();
  clearTimeout(later);
  later = setTimeout(keep, PAUSE_MS);
}

// What became of these words: a page that publishes has no time to forget its copy.
async function ask(found, texts) {
  const data = typed();
  COPIED.forEach((name, at) => { if (field(name)) data.set(name, texts[at]); });
  for (const name of ["once", "draft"]) data.set(name, found[name] ?? "");
  try {
    const answer = await fetch("/write/known", { method: "POST", body: data });
    return answer.ok ? await answer.json() : {};
  } catch { return {}; }
}

// A text that this browser has still and the form has not: after a crash, or a page loaded anew.
async function offerBack() {
  let found;
  try { found = JSON.parse(localStorage.getItem(key())); } catch { return; }
  if (!found || found.texts === snapshot()) { forgetHere(); return; }
  const texts = JSON.parse(found.texts);
  if (!texts.some((text) => text.trim())) { forgetHere(); return; }
  const { known, kept: safe, draft } = await ask(found, texts);
  if (known) { forgetHere(); return; }
  if (safe && document.querySelector("[data-begun]")) return; // the page offers that draft already
  const notice = document.createElement("div");
  notice.className = "notice row";
  const say = document.createElement("span");
  say.textContent = words("found");
  const back = document.createElement("button");
  back.type = "button";
  back.className = "strong";
  back.textContent = words("back");
  back.addEventListener("click", () => {
    COPIED.forEach((name, at) => { if (field(name)) field(name).value = texts[at]; });
    if (draft && !field("draft").value) field("draft").value = draft;
    notice.remove();
    content.focus();
    soon();
  });
  const away = document.createElement("button");
  away.type = "button";
  away.textContent = words("away");
  away.addEventListener("click", () => { forgetHere(); notice.remove(); content.focus(); });
  notice.append(say, back, away);
  form.before(notice);
}

if (form) {
  setTimeout(() => { kept = state(); }); // when the other scripts have taken out what they replace
  form.querySelector(".status")?.removeAttribute("hidden");
  // not before the browser has put back what it kept itself: that needs no offer
  if (document.readyState === "complete") offerBack();
  else window.addEventListener("load", () => setTimeout(offerBack), { once: true });
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  form.addEventListener("submit", () => {
    leaving = true;
    clearTimeout(later);
    sending?.abort();
    if (state() === kept) forgetHere(); // else it is forgotten when the next page does not miss it
    setTimeout(() => { leaving = false; }, 15000); // the page stayed: the connection broke
  });
  window.addEventListener("pagehide", () => {
    if (leaving || state() === kept || !content.value.trim()) return;
    navigator.sendBeacon("/write/keep", typed());
  });
  window.addEventListener("online", keep);
}
