// The board's lists of dossiers: what is overdue and what falls due soon, with the time that is left.
import { get, once } from './client.js';
import { at, fill, h, table } from './dom.js';
import { left, moment } from './format.js';
import { t } from './texts.js';

const named = once(code => get(`/v1/procedures/${encodeURIComponent(code)}`).catch(() => ({ name: code })));

/** Reads both lists anew. */
export async function work(agency) {
  const scope = agency ? `&agency=${encodeURIComponent(agency)}` : '';
  await Promise.all([
    list('overdue', `/v1/dossiers?timing=overdue&sort=due_at&limit=30${scope}`),
    list('due-soon', `/v1/statistics/due-soon?within=3&limit=30${scope}`),
  ]);
}

async function list(name, path) {
  const { items, next_cursor } = await get(path);
  const procedures = await Promise.all(items.map(one => named(one.procedure)));
  const rows = items.map((one, index) => [
    h('a', { href: `/desk?code=${encodeURIComponent(one.code)}` }, one.code), countdown(one), moment(one.due_at), procedures[index].name,
  ]);
  const caption = t(`${name}_caption`, { count: items.length + (next_cursor ? '+' : '') });
  fill(at(`${name}-list`), items.length
    ? table(caption, [t('code'), t('countdown'), t('due_at'), t('procedure')], rows)
    : h('p', { class: 'soft' }, t('nothing')));
}

function countdown(dossier) {
  return h('span', { class: `badge ${dossier.timing === 'overdue' ? 'bad' : 'warn'}`, 'data-due': dossier.due_at }, left(dossier.due_at));
}

/** Lets the countdowns go on. */
export function tick() {
  for (const badge of document.querySelectorAll('[data-due]')) badge.textContent = left(badge.dataset.due);
}
