// The leader's board: figures of today and of a period, lists, letters; live by the service's events, and for the hall without lists.
import { all, get, handOut } from './client.js';
import { bars, columns } from './bars.js';
import { letters } from './board-letters.js';
import { tick, work } from './board-work.js';
import { field } from './dialog.js';
import { at, fill, h } from './dom.js';
import { number, percent, plusDays, setClock, stamp, today } from './format.js';
import { enter, say, tried } from './frame.js';
import { follow } from './stream.js';
import { t } from './texts.js';

const isHall = new URLSearchParams(location.search).get('display') === 'hall';
document.body.classList.toggle('hall', isHall);
const me = await enter('board');
const [agencies, fields] = await Promise.all([all('/v1/agencies'), all('/v1/fields')]);
const nameOf = (list, code) => list.find(one => one.code === code)?.name ?? code;
const form = at('pickers');

/** The periods that are offered, each with its first day; all reach to today. */
function begins(period) {
  const [year, month] = today().split('-').map(Number);
  const first = { month, quarter: month - ((month - 1) % 3), year: 1 }[period];
  return `${year}-${String(first).padStart(2, '0')}-01`;
}

function build() {
  const own = { name: 'agency', label: t('agency_short'), value: me.agency ?? '', options: [...(me.agency ? [] : [['', t('all_agencies')]]), ...agencies.map(one => [one.code, one.name])] };
  fill(form, field(own),
    field({ name: 'period', label: t('period'), options: ['month', 'quarter', 'year', 'own'].map(name => [name, t(`period_${name}`)]) }),
    field({ name: 'from', label: t('from'), type: 'date', value: begins('month'), required: true }),
    field({ name: 'to', label: t('to'), type: 'date', value: today(), required: true }));
  form.addEventListener('change', event => {
    if (event.target.name === 'period' && event.target.value !== 'own') {
      form.elements.from.value = begins(event.target.value);
      form.elements.to.value = today();
    } else if (['from', 'to'].includes(event.target.name)) {
      form.elements.period.value = 'own';
    }
    refresh();
  });
}

const scope = () => (form.elements.agency.value ? `&agency=${encodeURIComponent(form.elements.agency.value)}` : '');
const counted = (from, to, more = '') => get(`/v1/statistics?from=${from}&to=${to}&links=false${more}${scope()}`);

// Between two readings while changes keep coming, in milliseconds.
const REST = 2_000;
let running = null;
let isStale = false;

/** Reads everything anew; what is asked while it runs is done once more behind it, and a flood of changes not all the time. */
async function refresh() {
  if (running) {
    isStale = true;
    return running;
  }
  running = (async () => {
    do {
      isStale = false;
      await paint().catch(refused => say(refused.message, true));
      if (isStale) await new Promise(done => setTimeout(done, REST));
    } while (isStale);
    running = null;
    document.body.dataset.painted = String(Number(document.body.dataset.painted ?? 0) + 1);
  })();
  return running;
}

async function paint() {
  const [from, to, day] = [form.elements.from.value, form.elements.to.value, today()];
  if (!from || !to) return;
  const months = lastMonths(6, to < day ? to : day);
  const [now, period, byField, byAgency, due, ...rates] = await Promise.all([
    counted(day, day), counted(from, to), counted(from, to, '&group_by=field'), counted(from, to, '&group_by=agency'),
    get(`/v1/dossiers?fields=code&due_from=${day}&due_to=${day}&timing=within&sort=due_at&limit=200${scope()}`),
    ...months.map(([first, last]) => counted(first, last)),
  ]);
  const waiting = isHall ? null : await letters(form.elements.agency.value, me, refresh);
  tiles(now.total, period.total, due, waiting);
  const rows = (answer, key, list) => answer.rows.map(row => ({ name: nameOf(list, row[key]), figures: row }))
    .filter(({ figures }) => figures.received.total > 0).sort((one, other) => other.figures.received.total - one.figures.received.total);
  const sheet = name => tried(() => handOut(`/v1/reports/${name}.xlsx?from=${from}&to=${to}${scope()}`));
  bars(at('by-field'), rows(byField, 'field', fields), sheet('06a'));
  bars(at('by-agency'), rows(byAgency, 'agency', agencies), sheet('06b'));
  columns(at('trend'), months.map(([first], index) => ({ name: `${first.slice(5, 7)}/${first.slice(2, 4)}`, rate: rates[index].total.on_time_rate })),
    tried(() => handOut(`/v1/reports/06a.xlsx?from=${months[0][0]}&to=${months.at(-1)[1]}${scope()}`)));
  if (!isHall) await work(form.elements.agency.value);
  at('live').dataset.at = stamp();
}

function tiles(now, period, due, waiting) {
  const { direct, online, postal } = now.received;
  const tile = (id, value, name, mark = '') => h('div', { class: `tile ${mark}`, id: `tile-${id}` }, h('span', { class: 'tile-name' }, name), h('strong', {}, value));
  fill(at('tiles'),
    tile('received', number(direct + online + postal), t('received_today')),
    tile('due', number(due.items.length) + (due.next_cursor ? '+' : ''), t('due_today'), due.items.length ? 'warn' : ''),
    tile('overdue', number(now.in_progress.overdue), t('overdue_now'), now.in_progress.overdue ? 'bad' : 'good'),
    tile('rate', percent(period.on_time_rate), t('rate_period')),
    waiting === null ? null : tile('letters', waiting, t('letters_waiting'), waiting === '0' ? '' : 'warn'));
}

/** First and last days of so many months, the one of `last` the last. */
function lastMonths(count, last) {
  const [year, month] = last.split('-').map(Number);
  return Array.from({ length: count }, (_, index) => {
    const first = new Date(Date.UTC(year, month - count + index, 1)).toISOString().slice(0, 10);
    const next = new Date(Date.UTC(year, month - count + index + 1, 1)).toISOString().slice(0, 10);
    return [first, plusDays(next, -1)];
  });
}

function isLive(live) {
  const line = at('live');
  line.className = live ? 'live on' : 'live off';
  line.textContent = t(live ? 'live_on' : 'live_off');
}

/** Says that the next year's calendar is missing, from October on: deadlines reach into it. */
async function lookAtCalendar() {
  const { missing } = await get('/v1/calendar').catch(() => ({ missing: null }));
  at('calendar').textContent = missing ? t('calendar_missing', { year: missing }) : '';
}

build();
await refresh();
await lookAtCalendar();
setInterval(tick, 20_000);
follow((name, data) => {
  setClock(data.now ?? data.time);
  if (name === 'day') lookAtCalendar();
  if (name === 'day') form.elements.period.dispatchEvent(new Event('change', { bubbles: true }));
  // After a break something may have been missed before the first place in the feed was known.
  refresh();
}, isLive);
