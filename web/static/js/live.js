// What happens meanwhile arrives in the open page: replies at once, posts when somebody wants them.
import htmx from "htmx.org";
import { say, word } from "./words.js";

const SPREAD_MS = 1500; // a thousand pages hear at the same instant; they shall not ask at the same
const KINDS = ["thread", "local", "stories", "federated", "tag", "home", "notifications"];

const places = [...document.querySelectorAll("main [data-live]")];
const topics = [document.body.dataset.live, ...places.map((one) => one.dataset.live)].filter(Boolean);
let source, since = document.body.dataset.since;

function open() {
  if (source || !topics.length || document.hidden) return;
  source = new EventSource(`/live?topics=${encodeURIComponent(topics.join(","))}&since=${since}`);
  for (const kind of KINDS) source.addEventListener(kind, (event) => hear(kind, event));
}

function close() {
  source?.close();
  source = null;
  since = String(Date.now() - 10_000); // what is told twice is shown once
}

function hear(kind, event) {
  const news = JSON.parse(event.data);
  if (kind === "notifications") { soon(bell, "bell"); return; }
  const place = places.find((one) => one.dataset.live === news.topic);
  if (!place || BigInt(news.last) <= BigInt(place.dataset.newest)) return;
  soon(() => (kind === "thread" ? replies(place) : posts(place)), news.topic);
}

const waiting = new Map();

function soon(does, name) {
  if (waiting.has(name)) return;
  waiting.set(name, setTimeout(() => { waiting.delete(name); does().catch(() => {}); }, Math.random() * SPREAD_MS));
}

async function part(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(String(answer.status));
  const box = document.createElement("template");
  box.innerHTML = await answer.text();
  return box.content.firstElementChild;
}

async function bell() {
  const found = await part("/live/notifications");
  for (const place of document.querySelectorAll("[data-news]")) place.replaceChildren(found.cloneNode(true));
  const count = Number(found.dataset.count);
  document.title = document.title.replace(/^(\(\d+\) )?/, count ? `(${count}) ` : "");
}

function depth(reply) {
  return Number(/depth-(\d)/.exec(reply.className)?.[1] ?? 0);
}

// A reply stands below what it answers, behind the replies that stand there already.
function put(reply, branches) {
  const parent = document.getElementById(`post-${reply.dataset.answers}`)?.closest(".reply");
  if (!parent || !branches.contains(parent)) { branches.append(reply); return; }
  let last = parent;
  while (last.nextElementSibling && (last.nextElementSibling.className === "fold" || depth(last.nextElementSibling) > depth(parent)))
    last = last.nextElementSibling;
  last.after(reply);
}

async function replies(place) {
  const found = await part(`/live/thread/${place.dataset.post}?after=${place.dataset.newest}`);
  place.dataset.newest = found.dataset.newest;
  const branches = place.querySelector(".branches");
  const fresh = [...found.children].filter((reply) => !document.getElementById(`post-${reply.dataset.id}`));
  if (!fresh.length) return;
  branches.querySelector(".empty")?.remove();
  for (const reply of fresh) {
    reply.classList.add("arrived");
    const near = document.getElementById(`post-${reply.dataset.answers}`);
    if (near) reply.querySelector(".answers a")?.setAttribute("href", `#${near.id}`);
    put(reply, branches);
    htmx.process(reply);
  }
  say(word("arrived"));
}

// Calm: the list does not move under the reader; a button says how many wait.
async function posts(place) {
  const [kind, tag] = place.dataset.live.split(/:(.*)/);
  const address = `/live/timeline/${kind === "tag" ? "tags" : kind}?min_id=${place.dataset.newest}${tag ? `&tag=${encodeURIComponent(tag)}` : ""}`;
  const found = await part(address);
  const fresh = [...found.children].filter((post) => !document.getElementById(post.id));
  if (!fresh.length) return;
  let button = place.querySelector(".fresh-posts button");
  if (!button) {
    const row = document.createElement("p");
    row.className = "fresh-posts";
    button = document.createElement("button");
    button.type = "button";
    button.className = "strong";
    row.append(button);
    place.prepend(row);
  }
  button.textContent = `${word("fresh")} ${fresh.length}`;
  button.onclick = () => {
    place.dataset.newest = found.dataset.newest;
    button.parentNode.replaceWith(...fresh);
    for (const post of fresh) { post.classList.add("arrived"); htmx.process(post); }
    fresh[0].setAttribute("tabindex", "-1");
    fresh[0].focus();
  };
}

if ("EventSource" in window) {
  open();
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", open);
}
