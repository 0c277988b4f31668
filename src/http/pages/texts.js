// The language of the pages: Vietnamese unless English was chosen in this browser.
import { en } from './texts-en.js';
import { vi } from './texts-vi.js';

const KEPT = 'motcua-language';
export const language = localStorage.getItem(KEPT) === 'en' ? 'en' : 'vi';
const words = language === 'en' ? en : vi;

/** The text of this name, with `{name}` replaced by values. */
export function t(name, values = {}) {
  const text = words[name] ?? vi[name] ?? name;
  return text.replace(/\{(\w+)\}/g, (_, value) => values[value] ?? '');
}

/** Puts the page's own text into the language; the files have it in Vietnamese. */
export function translate(root = document) {
  document.documentElement.lang = language;
  if (language === 'vi') return;
  for (const element of root.querySelectorAll('[data-t]')) element.textContent = t(element.dataset.t);
  for (const element of root.querySelectorAll('[data-t-label]')) element.setAttribute('aria-label', t(element.dataset.tLabel));
  const title = document.querySelector('title')?.dataset.t;
  if (title) document.title = t(title);
}

/** Changes the language and shows the page anew. */
export function choose(other) {
  localStorage.setItem(KEPT, other);
  location.reload();
}
