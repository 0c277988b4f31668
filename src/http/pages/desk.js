// The front desk: scan or search, receive, handle.
import { post } from './client.js';
import { show, workAs } from './desk-dossier.js';
import { receiving } from './desk-receive.js';
import { at, fill, h } from './dom.js';
import { day } from './format.js';
import { enter, say, tried } from './frame.js';
import { t } from './texts.js';

// A scanned slip gives the address of the look-up, a typed line perhaps the code alone; the form of codes is the contract's.
const CODE = /[A-Z0-9]+(?:\.[A-Z0-9]+)*-\d{6}-\d{4,}/;

const me = await enter('desk');
workAs(me.role);
// Who only reads receives nothing.
at('receive').closest('section').hidden = me.role === 'auditor';
const built = me.role === 'auditor' ? null : receiving(me, async dossier => {
  say(t('received_news', { code: dossier.code }));
  await show(dossier.code, t(dossier.received_at ? 'received_headline' : 'registered_headline'));
}, refused => say(refused.message, true));

document.addEventListener('keydown', event => {
  const target = event.altKey && !event.ctrlKey && { Digit1: 'scanned', Digit2: 'procedure' }[event.code];
  if (!target) return;
  event.preventDefault();
  at(target)?.focus();
});

at('scan').addEventListener('submit', event => {
  event.preventDefault();
  find(at('scanned').value.trim());
});

const find = tried(async text => {
  fill(at('found'));
  say('');
  if (!text) return;
  const code = CODE.exec(decodeURIComponent(text).toUpperCase())?.[0];
  at('scanned').select();
  if (code) return show(code);
  // Names stay out of addresses, which are logged along the way.
  const { items } = await post('/v1/dossiers/search', { q: text, limit: 20 });
  if (items.length === 1) return show(items[0].code);
  fill(at('found'), items.length
    ? h('ul', { class: 'hits' }, items.map(one => h('li', {}, h('button', { type: 'button', onclick: tried(() => show(one.code)) },
      `${one.code} · ${one.applicant.name}`, h('small', {}, ` ${t(`status_${one.status}`)}${one.due_on ? ` · ${t('due_on')} ${day(one.due_on)}` : ''}`)))))
    : h('p', { class: 'soft' }, t('found_none')));
  at('found').querySelector('button')?.focus();
});

await built;
const asked = new URLSearchParams(location.search).get('code');
if (asked) await find(asked);
else at('scanned').focus();
document.body.dataset.ready = 'yes';
