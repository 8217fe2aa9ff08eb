// The one form of the page that is written in, and what its script says.
export const form = document.querySelector("form[data-keep]");
const WORDS = JSON.parse(form?.dataset.words || "{}");

export function words(name) {
  return WORDS[name] ?? "";
}

export function field(name) {
  return form.querySelector(`[name="${name}"]`);
}

export const content = form?.querySelector("textarea[name=content]");

// Everything but files: what a draft keeps.
export function typed() {
  const data = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string") data.append(name, value);
  return data;
}

export function changed() {
  form.dispatchEvent(new Event("input", { bubbles: true }));
}
