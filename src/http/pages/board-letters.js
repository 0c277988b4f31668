// Letters of apology by where they wait, and what a leader does with them.
import { call, get, handOut, newKey, post } from './client.js';
import { ask } from './dialog.js';
import { at, fill, h, table } from './dom.js';
import { moment, stampOf, today } from './format.js';
import { say, tried } from './frame.js';
import { t } from './texts.js';

const SHOWN = 50;
const WAITING = ['draft', 'rejected', 'submitted', 'issued'];
let again = async () => {};

/** Reads the letters anew; answers how many wait for somebody of the office, as text. */
export async function letters(agency, me, changed) {
  again = changed;
  const scope = agency ? `&agency=${encodeURIComponent(agency)}` : '';
  const found = await Promise.all(WAITING.map(status => get(`/v1/apology-letters?status=${status}&limit=200${scope}`)));
  const groups = WAITING.map((status, index) => {
    const { items, next_cursor } = found[index];
    const count = items.length + (next_cursor ? '+' : '');
    const rows = items.slice(0, SHOWN).map(letter => [
      h('a', { href: `/desk?code=${encodeURIComponent(letter.dossier)}` }, letter.dossier), t(`letter_kind_${letter.kind}`),
      [letter.reason ?? '–', letter.remark].filter(Boolean).join(' · '), letter.new_return_at ? moment(letter.new_return_at) : '–',
      h('div', { class: 'row' }, actions(letter, me.role)),
    ]);
    return h('div', { class: 'letter-group', id: `letters-${status}` }, h('h3', {}, t(`letter_${status}`), ' ', h('span', { class: `badge ${items.length ? 'warn' : ''}` }, count)),
      items.length ? table(t('letters_caption', { status: t(`letter_${status}`) }), [t('code'), t('letter_kind'), t('reason'), t('new_return_at'), t('moves')], rows) : null);
  });
  fill(at('letters-list'), groups);
  const waiting = found.slice(0, 3);
  return waiting.reduce((total, { items }) => total + items.length, 0) + (waiting.some(page => page.next_cursor) ? '+' : '');
}

function actions(letter, role) {
  const may = { officer: ['edit', 'submit', 'deliver'], leader: ['edit', 'submit', 'issue', 'reject', 'deliver'] };
  const mine = { ...may, admin: may.leader }[role] ?? [];
  const fits = { draft: ['edit', 'submit'], rejected: ['edit', 'submit'], submitted: ['issue', 'reject'], issued: ['deliver'] }[letter.status];
  const button = (name, work) => h('button', { class: 'small', 'aria-label': `${t(`letter_do_${name}`)} – ${letter.dossier}`, onclick: tried(work) }, t(`letter_do_${name}`));
  return [
    ...fits.filter(name => mine.includes(name)).map(name => button(name, () => DO[name](letter))),
    button('pdf', () => handOut(`/v1/apology-letters/${letter.id}/letter.pdf`)),
  ];
}

const path = (letter, verb = '') => `/v1/apology-letters/${letter.id}${verb}`;
const tag = letter => ({ 'If-Match': `"${letter.version}"` });

async function dialogue(letter, name, fields, carry) {
  if (await ask({ title: `${t(`letter_do_${name}`)} – ${letter.dossier}`, fields, action: t('confirm'), carry })) {
    say(t(`letter_done_${name}`, { code: letter.dossier }));
    await again();
  }
}

const DO = {
  edit: letter => dialogue(letter, 'edit', [
    { name: 'reason', label: t('reason'), type: 'long', value: letter.reason ?? '', required: true },
    { name: 'new_return_at', label: t('new_return_at'), type: 'datetime-local', value: letter.new_return_at?.slice(0, 16) ?? '', hint: t('new_return_hint') },
  ], ({ reason, new_return_at }) => call('PATCH', path(letter), { body: { reason, new_return_at: new_return_at ? stampOf(new_return_at) : null }, headers: tag(letter) })),
  submit: letter => dialogue(letter, 'submit', [], () => post(path(letter, '/submit'), {}, { ...tag(letter), 'Idempotency-Key': newKey() })),
  issue: letter => dialogue(letter, 'issue', [
    { name: 'number', label: t('letter_number'), type: 'number', min: 1, required: true },
    { name: 'notation', label: t('letter_notation'), required: true, value: localStorage.getItem('motcua-notation') ?? '', maxlength: 100 },
    { name: 'promulgated_on', label: t('letter_date'), type: 'date', value: today(), required: true },
    { name: 'signer', label: t('letter_signer'), required: true, maxlength: 200 },
    { name: 'position', label: t('letter_position'), required: true, maxlength: 200 },
  ], async ({ number, notation, promulgated_on, signer, position }) => {
    await post(path(letter, '/issue'), { number: Number(number), notation, promulgated_on, signer: { name: signer, position } }, tag(letter));
    localStorage.setItem('motcua-notation', notation);
  }),
  reject: letter => dialogue(letter, 'reject', [{ name: 'reason', label: t('reason'), type: 'long', required: true }],
    ({ reason }) => post(path(letter, '/reject'), { reason }, tag(letter))),
  deliver: letter => dialogue(letter, 'deliver', [
    { name: 'channel', label: t('letter_channel'), options: ['counter', 'postal', 'email', 'sms', 'phone', 'social_network', 'portal'].map(name => [name, t(`by_${name}`)]) },
  ], ({ channel }) => post(path(letter, '/deliver'), { channel }, tag(letter))),
};

