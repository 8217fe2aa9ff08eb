// On every page, and small: what makes it nicer. Everything works without it.
import "./pictures.js";
import "./players.js";
import { say, word } from "./words.js";

document.documentElement.classList.add("scripted");

// An address to paste: one press.
for (const place of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = word("copy");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(place.textContent.trim());
    button.textContent = word("copied");
    say(word("copied"));
  });
  place.after(button);
}

// Menus close when somebody presses elsewhere, or Escape.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]"))
    if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.activeElement?.closest("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
// And when the focus has gone on to something else: an open one would lie over it.
document.addEventListener("focusout", (event) => {
  const menu = event.target.closest?.("details.menu[open]");
  if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
});

// Pressed twice is sent once.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent && Date.now() - form.dataset.sent < 4000) event.preventDefault();
  else if (form.method === "post" && !event.defaultPrevented) form.dataset.sent = Date.now();
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

// The page first: what is kept for a day without a network can wait.
if ("serviceWorker" in navigator && document.body.dataset.worker)
  window.addEventListener("load", () => {
    navigator.serviceWorker.register(document.body.dataset.worker).catch(() => {});
  });
