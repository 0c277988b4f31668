// Bars of what dossiers came to: each kind by colour, by pattern and by number, and each chart with its table.
import { fill, h, table } from './dom.js';
import { number, percent } from './format.js';
import { t } from './texts.js';

// Bars beyond these stand in the table alone.
const DRAWN = 15;
const KINDS = ['early', 'on_time', 'late', 'within', 'overdue'];
const parts = ({ resolved, in_progress }) => [resolved.early, resolved.on_time, resolved.late, in_progress.within, in_progress.overdue];
// The share of the longest bar that a number of so many digits needs.
const room = value => 0.02 + 0.04 * String(value).length;
const sum = values => values.reduce((total, value) => total + value, 0);

/** Fills `section` with bars, one for each `{name, figures}`, their table, and a link to the workbook. */
export function bars(section, rows, sheet) {
  const longest = Math.max(1, ...rows.map(({ figures }) => sum(parts(figures))));
  const bar = ({ name, figures }) => {
    const values = parts(figures);
    const strip = h('div', { class: 'strip' }, KINDS.map((kind, index) => {
      const piece = h('span', { class: `piece ${kind}` }, values[index] / longest > room(values[index]) ? h('b', {}, number(values[index])) : null);
      piece.style.flexGrow = values[index];
      piece.hidden = values[index] === 0;
      return piece;
    }));
    strip.style.width = `${Math.max(0.5, (sum(values) / longest) * 100)}%`;
    return [h('span', { class: 'bar-name' }, name), h('div', { class: 'track' }, strip), h('span', { class: 'bar-total' }, number(sum(values)))];
  };
  const heads = [t('name_of'), ...KINDS.map(kind => t(`timing_${kind}`)), t('total'), t('rate')];
  const lines = rows.map(({ name, figures }) => [name, ...parts(figures), sum(parts(figures)), percent(figures.on_time_rate)]);
  const chart = rows.length
    ? [h('div', { class: 'bars', 'aria-hidden': 'true' }, rows.slice(0, DRAWN).map(bar)), legend()]
    : h('p', { class: 'soft' }, t('nothing'));
  show(section, chart, table(t('table_of', { name: section.querySelector('h2').textContent }), heads, lines), sheet);
}

/** Fills `section` with one column for each `{name, rate}`. */
export function columns(section, months, sheet) {
  const shown = months.map(({ name, rate }) => {
    const fillUp = h('span', { class: 'column' });
    fillUp.style.height = `${rate.percent === null ? 0 : Math.max(1, Number(rate.percent))}%`;
    return h('div', { class: 'month' }, h('b', {}, percent(rate)), h('div', { class: 'well' }, fillUp), h('span', {}, name));
  });
  const lines = months.map(({ name, rate }) => [name, rate.numerator, rate.denominator, percent(rate)]);
  show(section, h('div', { class: 'columns', 'aria-hidden': 'true' }, shown),
    table(t('table_of', { name: section.querySelector('h2').textContent }), [t('month'), t('on_time_count'), t('of_all'), t('rate')], lines), sheet);
}

function show(section, chart, lines, sheet) {
  const wasOpen = section.querySelector('details')?.open ?? false;
  const button = section.querySelector('.sheet-button') ?? h('button', { class: 'small sheet-button' }, t('xlsx'));
  button.onclick = sheet;
  fill(section, section.querySelector('h2'), chart, h('details', { open: wasOpen }, h('summary', {}, t('as_table')), lines), button);
}

function legend() {
  return h('ul', { class: 'legend' }, KINDS.map(kind => h('li', {}, h('span', { class: `piece ${kind}` }), t(`timing_${kind}`))));
}
