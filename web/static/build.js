// Builds what browsers load: style sheets (those of some pages apart), scripts, the service worker, icons;
// and lays a font ready for the server. `npm run build`.
// Sources are css/ and js/ beside this file; the results in built/ are not kept in the repository.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const BUILT = join(HERE, "built");
const MODULES = join(HERE, "..", "..", "node_modules");

// Browsers of phones that are five years old still get everything.
const TARGET = ["chrome100", "firefox100", "safari15"];

// Lucide's names, and what they stand for in our templates.
const ICONS = {
  home: "house", stories: "newspaper", bell: "bell", pen: "pen-line", person: "user", people: "users",
  search: "search", reply: "message-circle", share: "repeat-2", heart: "heart", place: "map-pin",
  feed: "rss", settings: "settings", leave: "log-out", globe: "globe", sun: "sun", moon: "moon",
  device: "monitor", picture: "image", camera: "camera", bold: "bold", italic: "italic", link: "link",
  quote: "quote", list: "list", heading: "heading", eye: "eye", close: "x", check: "check",
  down: "chevron-down", right: "chevron-right", left: "chevron-left", more: "ellipsis", lock: "lock",
  mail: "mail", at: "at-sign", hash: "hash", plus: "plus", bin: "trash-2", history: "history",
  flag: "flag", shield: "shield-check", copy: "copy", out: "external-link", back: "arrow-left",
  draft: "file-text", language: "languages", offline: "wifi-off", calendar: "calendar",
  answers: "corner-down-right", pin: "pin", follow: "user-plus", following: "user-check",
  save: "bookmark", warning: "circle-alert", info: "info", new: "sparkles", up: "arrow-big-up", against: "arrow-big-down", film: "film", play: "play", sound: "volume-2", moderation: "gavel", tag: "tag",
};

// Lucide says with each icon how lines are drawn; our style says it once, for `.icon`.
const LINES = ' fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round" stroke-width="2"';

function icons() {
  const lucide = JSON.parse(readFileSync(join(MODULES, "@iconify-json", "lucide", "icons.json"), "utf8"));
  const symbols = Object.entries(ICONS).map(([ours, theirs]) => {
    const name = lucide.aliases?.[theirs]?.parent ?? theirs;
    const icon = lucide.icons[name];
    if (!icon) throw new Error(`There is no icon ${theirs}.`);
    return `<symbol id="${ours}" viewBox="0 0 24 24">${icon.body.replaceAll(LINES, "")}</symbol>`;
  });
  // Lucide, ISC licence
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`;
}

rmSync(BUILT, { recursive: true, force: true });
mkdirSync(BUILT, { recursive: true });
writeFileSync(join(BUILT, "icons.svg"), icons());
await build({
  entryPoints: ["madang", "blog", "write", "styleguide", "developers"].map((name) => join(HERE, "css", `${name}.css`)),
  outdir: BUILT, bundle: true, minify: true, target: TARGET, logLevel: "warning",
});
await build({
  entryPoints: ["madang", "act", "write"].map((name) => join(HERE, "js", `${name}.js`)),
  outdir: BUILT, bundle: true, minify: true, format: "iife", target: TARGET, logLevel: "warning",
  define: { "process.env.NODE_ENV": '"production"' }, legalComments: "none",
});
// In a folder of its own: it is served from the root, not from /static.
await build({
  entryPoints: [join(HERE, "js", "sw.js")],
  outdir: join(BUILT, "worker"), bundle: true, minify: true, format: "iife", target: TARGET, logLevel: "warning",
});
// The server draws the titles of stories with this, for links to them; browsers never load it.
const FONT = join(MODULES, "@fontsource", "gothic-a1");
mkdirSync(join(BUILT, "fonts"));
cpSync(join(FONT, "files", "gothic-a1-korean-800-normal.woff2"), join(BUILT, "fonts", "card.woff2"));
cpSync(join(FONT, "LICENSE"), join(BUILT, "fonts", "card-LICENSE.txt"));
