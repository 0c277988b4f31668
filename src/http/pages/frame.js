// The frame of every page: name, ways, language, and who is signed in.
import { call, get } from './client.js';
import { at, fill, h } from './dom.js';
import { setClock } from './format.js';
import { choose, language, t, translate } from './texts.js';

/** Shows the frame of a public page. */
export function open(active) {
  translate();
  fill(at('frame'), brand(), ways([['look-up', '/tra-cuu'], ['posted', '/niem-yet']], active), h('div', { class: 'tools' }, tongue()));
}

/** Shows the frame of a page for those signed in; answers who that is. */
export async function enter(active) {
  translate();
  fill(at('frame'), brand(), h('div', { class: 'tools' }, tongue()));
  const me = await get('/v1/page-session');
  setClock(me.now);
  const leave = async () => {
    await call('DELETE', '/v1/sessions/current');
    location.replace('/login');
  };
  const who = h('span', { class: 'who' }, `${me.username} · ${t(`role_${me.role}`)}${me.agency ? ` · ${me.agency}` : ''}`);
  fill(at('frame'), brand(), ways([['desk', '/desk'], ['board', '/board']], active),
    h('div', { class: 'tools' }, who, tongue(), h('button', { class: 'quiet', onclick: leave }, t('sign_out'))));
  return me;
}

function brand() {
  return h('a', { class: 'brand', href: '/' }, h('img', { src: new URL('mark.svg', import.meta.url).href, alt: '', width: 28, height: 28 }), 'Một cửa');
}

function ways(pairs, active) {
  return h('nav', { 'aria-label': t('ways') },
    pairs.map(([name, href]) => h('a', { href, 'aria-current': name === active ? 'page' : null }, t(`page_${name}`))));
}

function tongue() {
  const other = language === 'vi' ? 'en' : 'vi';
  return h('button', { class: 'quiet', lang: other, onclick: () => choose(other) }, other === 'en' ? 'English' : 'Tiếng Việt');
}

/** Says something in the page's line for news, for eyes and for screen readers. */
export function say(text, isBad = false) {
  const line = at('news');
  line.className = isBad ? 'news bad' : 'news';
  line.textContent = text;
}

/** Runs something a person asked for; what is refused is said. */
export function tried(work) {
  return async (...given) => {
    try {
      await work(...given);
    } catch (refused) {
      say(refused.message, true);
    }
  };
}
