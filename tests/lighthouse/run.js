// `node run.js RUNS URL...`: Lighthouse's simulated phone on each page, one line of JSON for each run.
// Chromium reaches this machine and nothing else. What ran while the machine had no time for it does not
// count, and is done again, a few times at most.

import * as chrome from "chrome-launcher";
import lighthouse from "lighthouse";

const FLAGS = [
  "--headless=new",
  "--no-sandbox", // containers run it as root, where it cannot start otherwise
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
];
const CALM = 1000; // BenchmarkIndex; below it Lighthouse itself warns that the device is too slow
const METRICS = [
  "first-contentful-paint",
  "largest-contentful-paint",
  "total-blocking-time",
  "cumulative-layout-shift",
  "speed-index",
  "server-response-time",
  "total-byte-weight",
];

function faults(found) {
  const weights = Object.values(found.categories).flatMap((category) => category.auditRefs);
  const counted = new Set(weights.filter((ref) => ref.weight > 0).map((ref) => ref.id));
  return Object.values(found.audits)
    .filter((audit) => audit.score !== null && audit.score < 0.9)
    .map((audit) => ({
      id: audit.id,
      title: audit.title,
      counts: counted.has(audit.id),
      score: audit.score,
      shown: audit.displayValue ?? "",
      items: JSON.stringify(audit.details?.items ?? []).slice(0, 1500),
    }));
}

const [runs, ...urls] = process.argv.slice(2);
const browser = await chrome.launch({ chromeFlags: FLAGS, logLevel: "error" });
try {
  for (const url of urls) {
    let calm = 0;
    for (let tried = 0; calm < Number(runs) && tried < 3 * Number(runs); tried += 1) {
      const { lhr: found } = await lighthouse(url, {
        port: browser.port,
        logLevel: "error",
        extraHeaders: { "Accept-Language": "ko" },
      });
      if (found.environment.benchmarkIndex >= CALM) calm += 1;
      const line = {
        url,
        speed: found.environment.benchmarkIndex,
        calm: found.environment.benchmarkIndex >= CALM,
        error: found.runtimeError?.message ?? "",
        scores: Object.fromEntries(
          Object.entries(found.categories).map(([id, one]) => [id, Math.round(one.score * 100)]),
        ),
        metrics: Object.fromEntries(METRICS.map((id) => [id, found.audits[id]?.numericValue ?? 0])),
        faults: faults(found),
      };
      process.stdout.write(`${JSON.stringify(line)}\n`);
    }
  }
} finally {
  browser.kill();
}
