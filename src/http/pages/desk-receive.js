// Receiving a dossier: the form, and beside it the day that is promised and why.
import { all, get, newKey, post } from './client.js';
import { warn } from './desk-duplicates.js';
import { field } from './dialog.js';
import { at, fill, h } from './dom.js';
import { day, moment, stamp, today, weekday } from './format.js';
import { procedureBox } from './procedure-box.js';
import { t } from './texts.js';

/** Builds the form; `taken` is handed the code of each dossier taken in. */
export async function receiving(me, taken, failed) {
  const form = at('receive');
  const agencies = (await all('/v1/agencies')).filter(agency => !agency.valid_to || agency.valid_to >= today());
  const own = agencies.find(agency => agency.code === me.agency) ?? agencies.find(agency => agency.parent) ?? agencies[0];
  let procedure = null;
  let key = newKey();
  let asked = 0;

  const cases = h('div', {});
  const doubles = h('div', { 'aria-live': 'polite' });
  const value = name => form.elements[name]?.value.trim() || undefined;
  const preview = async () => {
    const turn = ++asked;
    if (!procedure) return fill(at('preview-body'), h('p', { class: 'soft' }, t('preview_none')));
    const query = new URLSearchParams({ agency: value('agency'), procedure: procedure.code, channel: value('channel'), received_at: stamp() });
    if (value('case')) query.set('case', value('case'));
    try {
      const promised = await get(`/v1/deadline?${query}`);
      if (turn === asked) fill(at('preview-body'), explained(promised));
    } catch (refused) {
      if (turn === asked) fill(at('preview-body'), h('p', { class: 'bad' }, refused.message));
    }
  };
  const chosen = one => {
    procedure = one;
    fill(cases, one?.cases.length ? field({ name: 'case', label: t('case'), options: [['', t('case_none')], ...one.cases.map(kind => [kind.code, kind.name])] }) : null);
    preview();
    look();
  };
  const look = () => warn(doubles, procedure?.code, { identity_no: value('identity_no'), name: value('name'), phone: value('phone') });
  const build = () => {
    procedure = null;
    fill(cases);
    fill(doubles);
    fill(form,
      procedureBox(chosen, today), cases,
      h('div', { class: 'pair' },
        field({ name: 'channel', label: t('channel'), options: ['direct', 'online', 'postal'].map(name => [name, t(`channel_${name}`)]) }),
        field({ name: 'agency', label: t('agency'), value: own?.code, options: agencies.map(agency => [agency.code, agency.name]) })),
      h('fieldset', {}, h('legend', {}, t('applicant')),
        h('div', { class: 'pair' },
          field({ name: 'name', label: t('name'), required: true, maxlength: 200 }),
          field({ name: 'kind', label: t('kind'), options: ['citizen', 'business', 'state_body', 'organisation'].map(name => [name, t(`kind_${name}`)]) })),
        h('div', { class: 'pair' },
          field({ name: 'identity_no', label: t('identity_no'), inputmode: 'numeric', maxlength: 50 }),
          field({ name: 'phone', label: t('phone'), type: 'tel', maxlength: 50 })),
        field({ name: 'address', label: t('address'), maxlength: 2000 })),
      doubles,
      field({ name: 'summary', label: t('summary'), type: 'long', maxlength: 2000 }),
      h('div', { class: 'row' }, h('button', { class: 'main' }, t('receive_do')), h('button', { name: 'only', value: 'registered' }, t('register_do'))));
  };
  form.addEventListener('change', event => {
    if (['channel', 'agency', 'case'].includes(event.target.name)) preview();
    if (['identity_no', 'name', 'phone'].includes(event.target.name)) look();
  });
  form.addEventListener('submit', async event => {
    event.preventDefault();
    if (!procedure) return at('procedure').reportValidity();
    // What lacks papers is only registered: no clock runs, and the counter asks for them.
    const isIncomplete = event.submitter?.value === 'registered';
    const buttons = [...form.querySelectorAll('button')];
    const stop = isStopped => buttons.forEach(button => { button.disabled = isStopped; });
    stop(true);
    const optional = names => Object.fromEntries(names.map(name => [name, value(name)]));
    try {
      const dossier = await post('/v1/dossiers', {
        procedure: procedure.code, agency: value('agency'), channel: value('channel'), accept: !isIncomplete, ...optional(['case', 'summary']),
        applicant: { kind: value('kind'), name: value('name'), ...optional(['identity_no', 'phone', 'address']) },
      }, { 'Idempotency-Key': key });
      build();
      preview();
      await taken(dossier);
    } catch (refused) {
      failed(refused);
    } finally {
      stop(false);
    }
  });
  // As long as the same is sent, it is the same request: a second press takes nothing in twice.
  form.addEventListener('input', () => { key = newKey(); });
  build();
}

/** The promised day, with the days that were passed over. */
function explained({ due_on, due_at, skipped }) {
  if (!due_on) return h('p', {}, t('no_appointment'));
  const reasons = skipped.map(one => h('li', {}, h('strong', {}, `${weekday(one.date)}, ${day(one.date)}`), ` – ${one.name ?? t(`skip_${one.reason}`)}`,
    one.ground && h('small', {}, ` (${one.ground})`)));
  return [
    h('p', { class: 'due' }, h('span', { class: 'big' }, day(due_on)), h('span', {}, `${weekday(due_on)}, ${moment(due_at)}`)),
    skipped.length
      ? h('details', { open: skipped.length < 9 }, h('summary', {}, t('skipped', { count: skipped.length })), h('ul', { class: 'skipped' }, reasons))
      : h('p', { class: 'soft' }, t('skipped_none')),
  ];
}
