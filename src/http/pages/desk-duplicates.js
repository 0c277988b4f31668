// The warning, before a dossier is taken in, that the same person has the same procedure open.
import { post } from './client.js';
import { fill, h } from './dom.js';
import { day } from './format.js';
import { t } from './texts.js';

let asked = 0;

/** Shows in `place` what is known of this person and procedure; nothing while too little is typed to tell. */
export async function warn(place, procedure, { identity_no, name, phone }) {
  const turn = ++asked;
  if (!procedure || !(identity_no || (name && phone))) return fill(place);
  const applicant = Object.fromEntries(Object.entries({ identity_no, name, phone }).filter(([, value]) => value));
  // What is wrong with a number is said when the dossier is sent.
  const { warnings } = await post('/v1/dossiers/duplicates', { procedure, applicant }).catch(() => ({ warnings: [] }));
  if (turn !== asked) return;
  fill(place, warnings.map(({ dossiers, more }) => h('div', { class: 'warning' },
    h('strong', {}, t('duplicates')),
    h('ul', {}, dossiers.map(one => h('li', {}, h('a', { href: `/desk?code=${encodeURIComponent(one.code)}` }, one.code),
      ` · ${t(`status_${one.status}`)}${one.due_on ? ` · ${t('due_on')} ${day(one.due_on)}` : ''}`)), more && h('li', {}, '…')))));
}
