// The search for a procedure while one types, without diacritics, by keyboard (the combobox pattern of the ARIA guide).
import { get } from './client.js';
import { fill, h } from './dom.js';
import { limit } from './format.js';
import { t } from './texts.js';

/** A box whose choice is handed to `chosen`; `on` answers the day on which the procedure must be in force. */
export function procedureBox(chosen, on) {
  const list = h('ul', { id: 'procedures', role: 'listbox', 'aria-label': t('procedures'), hidden: true });
  const input = h('input', {
    id: 'procedure', type: 'text', autocomplete: 'off', spellcheck: 'false', required: true, role: 'combobox', 'aria-autocomplete': 'list',
    'aria-controls': 'procedures', 'aria-expanded': 'false', 'aria-describedby': 'procedure-hint',
  });
  let found = [];
  let active = -1;
  let asked = 0;

  const close = () => {
    list.hidden = true;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  };
  const point = index => {
    active = index;
    [...list.children].forEach((item, place) => item.setAttribute('aria-selected', String(place === index)));
    if (index >= 0) {
      input.setAttribute('aria-activedescendant', list.children[index].id);
      list.children[index].scrollIntoView({ block: 'nearest' });
    }
  };
  const choose = index => {
    const one = found[index];
    input.value = `${one.code} – ${one.name}`;
    input.setCustomValidity('');
    hint.textContent = `${t('limit')}: ${limit(one.rule)}`;
    close();
    chosen(one);
  };
  const look = async () => {
    const turn = ++asked;
    input.setCustomValidity(t('choose_procedure'));
    chosen(null);
    if (!input.value.trim()) return close();
    const page = await get(`/v1/procedures?limit=12&on=${on()}&q=${encodeURIComponent(input.value.trim())}`);
    if (turn !== asked) return;
    found = page.items;
    fill(list, found.map((one, index) => h('li', { id: `procedure-${index}`, role: 'option', 'aria-selected': 'false', onmousedown: event => { event.preventDefault(); choose(index); } },
      h('strong', {}, one.name), h('small', {}, `${one.code} · ${one.field}`))));
    list.hidden = found.length === 0;
    input.setAttribute('aria-expanded', String(found.length > 0));
    point(found.length ? 0 : -1);
    hint.textContent = t('found_procedures', { count: found.length + (page.next_cursor ? '+' : '') });
  };
  input.addEventListener('input', look);
  input.addEventListener('blur', close);
  input.addEventListener('keydown', event => {
    if (list.hidden) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) point((active + step + found.length) % found.length);
    else if (event.key === 'Enter' && active >= 0) choose(active);
    else if (event.key === 'Escape') close();
    else return;
    event.preventDefault();
  });
  const hint = h('small', { id: 'procedure-hint', 'aria-live': 'polite' }, t('procedure_hint'));
  input.setCustomValidity(t('choose_procedure'));
  return h('div', { class: 'field combo' }, h('label', { for: 'procedure' }, t('procedure'), h('span', { class: 'must', 'aria-hidden': 'true' }, ' *')), input, list, hint);
}
