// Calls of the API as the person signed in at this browser, with the proof that they come from a page of this service.
import { language, t } from './texts.js';

const proof = () => document.cookie.split('; ').find(pair => pair.startsWith('motcua_proof='))?.slice(13) ?? '';

/** What the service refused, in words for people. */
export class Refused extends Error {
  constructor(problem, status) {
    // What happened this time says the rule, too; what is wrong with members is added where it says more.
    const said = [problem.detail ?? problem.title, ...(problem.errors ?? []).map(error => error.detail)].filter(Boolean);
    super(said.filter((text, index) => !said.some((other, place) => other.includes(text) && (place < index || other.length > text.length))).join(' '));
    this.code = problem.code;
    this.status = status;
    this.errors = problem.errors ?? [];
  }
}

/** Sends a request and answers the response, whatever its status; who is not signed in any more is renewed once. */
export async function send(method, path, { body, headers = {}, signal } = {}) {
  const go = () => fetch(path, {
    method, signal, cache: 'no-store', credentials: 'same-origin',
    headers: { 'Accept-Language': language, 'X-CSRF-Token': proof(), ...(body && { 'Content-Type': 'application/json' }), ...headers },
    body: body && JSON.stringify(body),
  });
  const before = proof() && localStorage.getItem(RENEWED);
  const answer = await go();
  if (answer.status !== 401 || !proof()) return answer;
  return await renew(before) ? go() : answer;
}

/** The JSON of an answer; a problem is thrown as `Refused`. Who has to sign in is taken there. */
export async function call(method, path, options) {
  const answer = await send(method, path, options).catch(() => { throw new Refused({ title: t('offline') }, 0); });
  if (answer.status === 401 && location.pathname !== '/login') {
    location.replace(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
    return new Promise(() => {});
  }
  const text = await answer.text();
  const value = text && (answer.headers.get('Content-Type') ?? '').includes('json') ? JSON.parse(text) : text;
  if (!answer.ok) throw new Refused(value || { title: answer.statusText }, answer.status);
  return value;
}

export const get = path => call('GET', path);
export const post = (path, body, headers) => call('POST', path, { body, headers });

/** All items of a list, page by page. */
export async function all(path) {
  const items = [];
  for (let cursor = ''; ; ) {
    const page = await get(`${path}${path.includes('?') ? '&' : '?'}limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    items.push(...page.items);
    if (!page.next_cursor) return items;
    cursor = page.next_cursor;
  }
}

/** Something that is asked for once and kept. */
export function once(ask) {
  const kept = new Map();
  return key => {
    if (!kept.has(key)) kept.set(key, ask(key));
    return kept.get(key);
  };
}

/** A key by which a retried POST is known. */
export const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('');

/** How long a file that was fetched is at hand, in milliseconds. */
const AT_HAND = 600_000;

/** Fetches a file and gives it to the person: papers to look at and print in a window of their own, what is edited to keep. */
export async function handOut(path) {
  const answer = await send('GET', path);
  if (!answer.ok) throw new Refused(await answer.json(), answer.status);
  const name = /filename="([^"]+)"/.exec(answer.headers.get('Content-Disposition') ?? '')?.[1] ?? 'tai-lieu';
  const file = await answer.blob();
  const address = URL.createObjectURL(file);
  setTimeout(() => URL.revokeObjectURL(address), AT_HAND);
  // Where windows are blocked the paper is kept, too.
  if (file.type === 'application/pdf' && window.open(address)) return;
  const link = document.createElement('a');
  Object.assign(link, { href: address, download: name });
  link.click();
}

const RENEWED = 'motcua-renewed';

let renewing = null;

/** Renews the session, once for all who wait here and in other windows; answers whether somebody is still signed in. */
function renew(before) {
  const go = async () => {
    // Another window was quicker.
    if (localStorage.getItem(RENEWED) !== before) return true;
    const answer = await fetch('/v1/page-session/renew', { method: 'POST', headers: { 'X-CSRF-Token': proof() } });
    if (answer.ok) localStorage.setItem(RENEWED, newKey());
    return answer.ok;
  };
  // Locks are for encrypted pages alone; elsewhere at least one window renews one at a time.
  renewing ??= (navigator.locks ? navigator.locks.request('motcua-renew', go) : go()).finally(() => { renewing = null; });
  return renewing;
}
