// The posted catalogue (niêm yết): what each procedure asks for, costs and takes.
import { at, fill, h, table } from './dom.js';
import { limit } from './format.js';
import { open, say } from './frame.js';
import { language, t } from './texts.js';

open('posted');
let cursor = '';
let asked = 0;
at('search').addEventListener('submit', event => event.preventDefault());
at('q').addEventListener('input', () => load(true));
at('more').addEventListener('click', () => load(false));
load(true);

async function load(isNew) {
  const turn = ++asked;
  if (isNew) cursor = '';
  const query = new URLSearchParams({ limit: 30, ...(at('q').value.trim() && { q: at('q').value.trim() }), ...(cursor && { cursor }) });
  const answer = await fetch(`/v1/public/procedures?${query}`, { credentials: 'omit', headers: { 'Accept-Language': language } }).catch(() => null);
  const page = await answer?.json().catch(() => null);
  // Of answers that overtake each other only the last one counts.
  if (turn !== asked) return;
  if (!answer?.ok) return say(page?.title ?? t('offline'), true);
  const shown = page.items.map(procedure);
  if (isNew) fill(at('list'), shown);
  else at('list').append(...shown);
  cursor = page.next_cursor ?? '';
  at('more').hidden = !cursor;
  say(at('list').children.length ? '' : t('posted_none'));
}

function procedure(one) {
  const facts = [
    [t('field'), one.field_name ?? one.field], [t('limit'), limit(one.rule)],
    one.online_rule && [t('limit_online'), limit(one.online_rule)],
    one.usual_time && [t('usual'), usual(one.usual_time)], [t('online_level'), t(`online_${one.online_level}`)],
    [t('fees'), one.fees.length ? one.fees.map(fee).join('; ') : t('no_fees')],
    ...[['applicants', one.applicants], ['results', one.results], ['conditions', one.conditions], ['grounds', one.grounds]]
      .filter(([, texts]) => texts.length).map(([name, texts]) => [t(name), texts.join('; ')]),
    one.decision && [t('decision'), one.decision],
  ].filter(Boolean);
  return h('details', { class: 'sheet' },
    h('summary', {}, one.name, ' ', h('span', { class: 'soft' }, `${one.code} · ${limit(one.rule)}`)),
    h('dl', { class: 'facts' }, facts.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)])),
    one.components.length ? table(t('components'), [t('component'), t('originals'), t('copies')], one.components.map(part => [part.name, part.originals, part.copies])) : null,
    one.steps.length ? h('ol', {}, one.steps.map(step => h('li', {}, step))) : null);
}

function usual(time) {
  return t('usual_text', { days: time.within_working_days, quarter: time.quarter, percent: time.percent });
}

function fee(one) {
  if (!one.amount) return t('fee_free', { kind: t(`fee_${one.kind}`) });
  const amount = `${t(`fee_${one.kind}`)}: ${Number(one.amount).toLocaleString(language)} đ`;
  return [amount + (one.unit ? `/${one.unit}` : ''), one.condition].filter(Boolean).join(', ');
}
