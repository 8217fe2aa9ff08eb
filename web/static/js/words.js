// What scripts say comes from the page, in the reader's language: <body data-words='{"close": "닫기"}'>.
const WORDS = JSON.parse(document.body.dataset.words || "{}");

export function word(name) {
  return WORDS[name] ?? "";
}

// Said once by screen readers, and shown for a moment.
export function say(text) {
  const place = document.getElementById("said");
  if (!place || !text) return;
  place.textContent = text;
  clearTimeout(say.later);
  say.later = setTimeout(() => { place.textContent = ""; }, 6000);
}
