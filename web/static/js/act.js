// For those who take part: buttons, folded replies and further pages without loading the page anew.
import htmx from "htmx.org";
import "./live.js";
import { say, word } from "./words.js";

Object.assign(htmx.config, { includeIndicatorCSS: false, history: false, noSwap: [204, 304, "4xx", "5xx"] });

// What was refused is done the plain way, which says what is wrong. What never arrived leaves the page.
document.addEventListener("htmx:response:error", (event) => plainly(event.detail?.ctx));
document.addEventListener("htmx:error", (event) => plainly(event.detail?.ctx));

function plainly(context) {
  const source = context?.sourceElement;
  if (!source) return;
  if (!context.response) { say(word("offline")); return; }
  if (source.tagName === "A") { location.href = source.href; return; }
  const form = source.closest("form");
  if (!form) return;
  if (source.tagName === "BUTTON" && source.formAction) form.action = source.formAction;
  form.submit();
}

// A link that fetches what stands in its own place takes the focus with it: that goes on where it stood.
const PLACES = ".fold, .windows";
let left = null;

document.addEventListener("click", (event) => {
  const place = event.target.closest?.("a[hx-get]")?.closest(PLACES);
  left = place && { place, before: place.previousElementSibling, within: place.parentElement };
});

function goOn() {
  if (!left || left.place.isConnected) return;
  const { before, within } = left;
  left = null;
  if (document.activeElement && document.activeElement !== document.body) return;
  const next = before ? before.nextElementSibling : within.firstElementChild;
  const found = next?.matches(".reply") ? next.querySelector(".post") : next;
  if (!found) return;
  found.setAttribute("tabindex", "-1");
  found.focus({ preventScroll: true });
}

document.addEventListener("htmx:after:swap", (event) => {
  withoutDoubles(event);
  goOn();
});

// A further page of a list stands below the one before: there is nothing newer to go to in between.
function withoutDoubles(event) {
  if (!event.detail?.ctx?.select?.startsWith(".feed")) return;
  document.querySelector(".feed > .windows > [rel=prev]")?.remove();
  const shown = new Set(); // what somebody shared again stands above already
  for (const post of document.querySelectorAll(".feed > .post"))
    if (shown.has(post.id)) post.remove();
    else shown.add(post.id);
}
