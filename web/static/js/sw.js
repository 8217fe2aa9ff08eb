/* The service worker: without a network people see a page that says so, in their language.
   Only that page and what it is drawn with are kept, never a page with somebody's things on it.
   `lang` in this script's address is the language of the page that installed it. */

const OFFLINE = "/offline";
const PREFIX = "madang-";
const LANGUAGE = new URL(self.location.href).searchParams.get("lang") || "";
const CACHE = `${PREFIX}1-${LANGUAGE}`;
const MOST_FILES = 60;
/* Where texts are sent to: their writers shall read that nothing is lost, not the browser's own page.
   Other forms are left alone, since old browsers lose the files of a form that passes through here. */
const WRITTEN = /^\/(write|edit\/\d+)$/;

self.addEventListener("install", (event) => {
  event.waitUntil(keepOfflinePage().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(dropOldCaches().then(askAtOnce).then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (address.origin !== self.location.origin) return;
  if (request.method === "POST" && request.mode === "navigate" && WRITTEN.test(address.pathname)) {
    event.respondWith(fetch(request).catch(() => whereItWaits(request)));
  } else if (request.method !== "GET") {
    return;
  } else if (request.mode === "navigate") {
    event.respondWith(page(event).catch(() => offlinePage()));
  } else if (isFile(address)) {
    event.respondWith(file(event));
  }
});

/* As a visitor sees it: without cookies, so that nobody's name is on it. */
async function keepOfflinePage() {
  const cache = await caches.open(CACHE);
  const headers = LANGUAGE ? { "Accept-Language": LANGUAGE } : {};
  const page = await fetch(OFFLINE, { credentials: "omit", cache: "no-store", headers });
  if (!page.ok) throw new Error(`${OFFLINE} answers ${page.status}`);
  const text = await page.clone().text();
  const files = [...text.matchAll(/(?:href|src)="([^"]+)"/g)]
    .map((found) => new URL(found[1].replaceAll("&amp;", "&"), self.location.origin))
    .filter((address) => address.origin === self.location.origin && isFile(address));
  await cache.addAll([...new Set(files.map((address) => address.href))]);
  await cache.put(OFFLINE, page);
}

async function dropOldCaches() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}

/* The browser asks for a page while this script is still waking up. */
async function askAtOnce() {
  await self.registration.navigationPreload?.enable();
}

async function page(event) {
  return (await event.preloadResponse) || fetch(event.request);
}

async function offlinePage() {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(OFFLINE, { ignoreVary: true });
  return kept || Response.error();
}

/* To try again is to go back to the form: at the address where it was sent is another, and empty. */
async function whereItWaits(request) {
  const page = await offlinePage();
  if (!page.ok || !request.referrer) return page;
  const address = request.referrer.replaceAll("&", "&amp;").replaceAll('"', "%22");
  const text = (await page.text()).replace('href=""', () => `href="${address}"`);
  const headers = new Headers(page.headers);
  for (const name of ["Content-Encoding", "Content-Length"]) headers.delete(name);
  return new Response(text, { status: page.status, headers });
}

/* A file whose address changes with its content: the same for everybody, and for ever. */
function isFile(address) {
  const places = ["/static/", "/icons/", "/logo"];
  return address.searchParams.has("v") && places.some((place) => address.pathname.startsWith(place));
}

async function file(event) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(event.request, { ignoreVary: true });
  if (kept) return kept;
  const fresh = await fetch(event.request);
  if (fresh.status === 200 && fresh.type === "basic") {
    event.waitUntil(keep(cache, event.request, fresh.clone()));
  }
  return fresh;
}

/* The newest files; when room runs out nothing is lost but a little time. */
async function keep(cache, request, response) {
  await cache.put(request, response).catch(() => {});
  const kept = await cache.keys();
  const files = kept.filter((request) => new URL(request.url).pathname !== OFFLINE);
  const old = files.slice(0, Math.max(0, files.length - MOST_FILES));
  await Promise.all(old.map((one) => cache.delete(one)));
}
