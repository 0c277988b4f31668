// One dossier at the counter: where it stands, what can be done with it, and its papers.
import { get, handOut, once, post } from './client.js';
import { ask } from './dialog.js';
import { at, fill, h } from './dom.js';
import { day, left, moment, weekday } from './format.js';
import { say, tried } from './frame.js';
import { t } from './texts.js';

// The moves of the contract (section 3); the service has the last word.
const MOVES = {
  registered: ['received', 'supplement_required', 'rejected'],
  received: ['processing', 'supplement_required', 'finished', 'withdrawn', 'stopped'],
  processing: ['finished', 'supplement_required', 'withdrawn', 'stopped'],
  supplement_required: ['processing', 'withdrawn', 'stopped'],
  payment_required: ['processing', 'withdrawn', 'stopped'],
  finished: ['returned'],
};
const WITH_REASON = ['rejected', 'supplement_required', 'withdrawn', 'stopped'];
const BADGE = { overdue: 'bad', late: 'bad', paused: 'warn', early: 'good', on_time: 'good' };

const named = once(code => get(`/v1/procedures/${encodeURIComponent(code)}`).catch(() => null));

// Before it is accepted a dossier waits for papers without a clock, and goes back to where it was.
const AT_INTAKE = ['registered'];
let role = '';

/** Says in which role the page is worked with. */
export function workAs(own) {
  role = own;
}

/** What this role may do next: the counter has intake and hand-over (contract, section 2). */
function nextOf({ status, received_at, void: isVoid }) {
  const isAtIntake = status === 'registered' || (status === 'supplement_required' && !received_at);
  if (isVoid || role === 'auditor' || (role === 'front_desk' && !isAtIntake && status !== 'finished')) return [];
  return status === 'supplement_required' && isAtIntake ? AT_INTAKE : (MOVES[status] ?? []);
}

/** Shows the dossier of this code and brings the keyboard there. */
export async function show(code, headline) {
  const dossier = await get(`/v1/dossiers/${encodeURIComponent(code)}`);
  const procedure = await named(dossier.procedure);
  const box = at('dossier');
  box.hidden = false;
  const facts = [
    [t('procedure'), `${procedure?.name ?? ''} (${dossier.procedure})`], [t('applicant'), dossier.applicant.name],
    dossier.applicant.identity_no && [t('identity_no'), dossier.applicant.identity_no],
    dossier.applicant.phone && [t('phone'), dossier.applicant.phone],
    [t('received_at'), moment(dossier.received_at ?? dossier.filed_at)],
    dossier.late_from && ['within', 'overdue'].includes(dossier.timing) && [t('countdown'), left(dossier.due_at)],
    dossier.reappointed_at && [t('reappointed_at'), moment(dossier.reappointed_at)],
    dossier.paused && [t('paused_since'), moment(dossier.paused.since)],
    dossier.finished_at && [t('finished_at'), moment(dossier.finished_at)],
    dossier.lookup_secret && [t('secret'), dossier.lookup_secret],
  ].filter(Boolean);
  fill(box,
    headline && h('p', { class: 'news' }, headline),
    h('h2', { id: 'dossier-title' }, dossier.code),
    h('p', { class: 'row' }, h('span', { class: 'badge' }, t(`status_${dossier.status}`)),
      dossier.timing && h('span', { class: `badge ${BADGE[dossier.timing] ?? ''}` }, t(`timing_${dossier.timing}`))),
    dossier.due_at && h('p', { class: 'due', id: 'due-at' }, h('span', { class: 'soft' }, t('due_on')), h('span', { class: 'big' }, day(dossier.due_at)), h('span', {}, `${weekday(dossier.due_at)}, ${moment(dossier.due_at)}`)),
    h('dl', { class: 'facts' }, facts.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)])),
    moves(dossier), papers(dossier));
  (box.querySelector('#print') ?? box).focus();
  box.scrollIntoView({ block: 'nearest' });
}

function moves(dossier) {
  const buttons = nextOf(dossier).map(to =>
    h('button', { onclick: () => move(dossier, to) }, t(`move_${to}`)));
  return buttons.length ? h('div', {}, h('h3', {}, t('moves')), h('div', { class: 'row' }, buttons)) : null;
}

async function move(dossier, to) {
  const fields = [];
  if (to === 'finished') fields.push({ name: 'outcome', label: t('outcome'), options: [['granted', t('outcome_granted')], ['refused', t('outcome_refused')]] });
  if (to === 'finished') fields.push({ name: 'reason', label: t('reason_if_refused'), type: 'long' });
  if (WITH_REASON.includes(to)) fields.push({ name: 'reason', label: t('reason'), type: 'long', required: true, hint: to === 'supplement_required' ? t('supplement_hint') : null });
  const isDone = await ask({
    title: `${t(`move_${to}`)} – ${dossier.code}`, fields, action: t('confirm'),
    carry: values => post(`/v1/dossiers/${dossier.code}/transitions`, { to, ...Object.fromEntries(Object.entries(values).filter(([, value]) => value)) }, { 'If-Match': `"${dossier.version}"` }),
  });
  if (isDone) {
    say(t('moved', { code: dossier.code, status: t(`status_${to}`) }));
    await show(dossier.code);
  }
}

function papers(dossier) {
  const paper = (name, text, attributes = {}) =>
    h('button', { ...attributes, onclick: tried(() => handOut(`/v1/dossiers/${dossier.code}/${name}`)) }, text);
  const all = [
    dossier.received_at && paper('receipt.pdf', t('print_receipt'), { id: 'print', class: 'main' }),
    dossier.received_at && paper('control-slip.pdf', t('print_control')),
    dossier.supplement_requests > 0 && paper('supplement.pdf', t('print_supplement')),
    dossier.status === 'rejected' && paper('refusal.pdf', t('print_refusal')),
  ].filter(Boolean);
  return all.length ? h('div', {}, h('h3', {}, t('papers')), h('div', { class: 'row' }, all)) : null;
}
