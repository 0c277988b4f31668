// The citizen's look-up: how far a dossier has come, for who holds its slip.
import { at, fill, h } from './dom.js';
import { day, weekday } from './format.js';
import { open, say } from './frame.js';
import { language, t } from './texts.js';

const WAY = ['received', 'in_progress', 'finished', 'returned'];

open('look-up');
const form = at('look-up');
form.addEventListener('submit', event => {
  event.preventDefault();
  lookUp();
});
// The slip's QR code brings the code in the address and the secret behind `#`, which stays in the browser.
const path = decodeURIComponent(location.pathname.split('/')[2] ?? '');
const secret = new URLSearchParams(location.hash.slice(1)).get('secret');
if (path) form.elements.code.value = path;
if (secret) {
  form.elements.secret.value = secret;
  history.replaceState(null, '', location.pathname);
  if (path) lookUp();
}

async function lookUp() {
  say('');
  const code = form.elements.code.value.trim().toUpperCase();
  const address = `/v1/public/dossiers/${encodeURIComponent(code)}?secret=${encodeURIComponent(form.elements.secret.value.trim())}`;
  const answer = await fetch(address, { credentials: 'omit', headers: { 'Accept-Language': language } }).catch(() => null);
  const found = await answer?.json().catch(() => null);
  if (!answer?.ok) {
    at('answer').hidden = true;
    return say(answer?.status === 404 ? t('look_up_none') : (found?.title ?? t('offline')), true);
  }
  show(found);
}

function show({ code, completion, due_on }) {
  const reached = completion === 'waiting_for_applicant' ? 1 : WAY.indexOf(completion);
  const steps = WAY.map((name, index) => h('li', { class: index <= reached ? 'done' : '', 'aria-current': index === reached ? 'step' : null }, t(`way_${name}`)));
  const box = at('answer');
  box.hidden = false;
  fill(box, h('h2', {}, code),
    h('p', { class: 'big' }, t(`completion_${completion}`)),
    due_on && h('p', {}, `${t('due_on')}: `, h('strong', {}, `${weekday(due_on)}, ${day(due_on)}`)),
    h('ol', { class: 'way' }, steps),
    h('button', { onclick: lookUp }, t('again')));
  box.focus();
}
