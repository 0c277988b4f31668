// Small forms that are asked in a dialogue; what the service refuses is said inside it, and nothing typed is lost.
import { at, h } from './dom.js';
import { t } from './texts.js';

/**
 * Asks for fields `{name, label, type, value, required, options, hint}` and hands the values to `carry`; closes when that succeeds.
 */
export function ask({ title, note, fields = [], action, carry }) {
  return new Promise(done => {
    const refusal = h('p', { class: 'refusal', role: 'alert' });
    const submit = h('button', { type: 'submit', class: 'main' }, action);
    const form = h('form', { method: 'dialog' },
      h('h2', { id: 'dialog-title' }, title), note && h('p', {}, note), fields.map(field), refusal,
      h('div', { class: 'row' }, submit, h('button', { type: 'button', onclick: () => box.close() }, t('cancel'))));
    const box = h('dialog', { 'aria-labelledby': 'dialog-title' }, form);
    const before = document.activeElement;
    form.addEventListener('submit', async event => {
      event.preventDefault();
      submit.disabled = true;
      refusal.textContent = '';
      try {
        await carry(Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()])));
        box.close('done');
      } catch (refused) {
        refusal.textContent = refused.message;
      } finally {
        submit.disabled = false;
      }
    });
    box.addEventListener('close', () => {
      box.remove();
      // What was pressed may be gone by what it did.
      (before?.isConnected ? before : at('main')).focus();
      done(box.returnValue === 'done');
    });
    document.body.append(box);
    box.showModal();
  });
}

/** One labelled field. */
export function field({ name, label, type = 'text', value = '', required = false, options, hint, autocomplete = 'off', ...rest }) {
  const id = `field-${name}`;
  const common = { id, name, required, 'aria-describedby': hint ? `${id}-hint` : null, ...rest };
  let input;
  if (options) {
    input = h('select', common, options.map(([key, text]) => h('option', { value: key, selected: key === value }, text)));
  } else if (type === 'long') {
    input = h('textarea', { ...common, rows: 3 }, value);
  } else {
    input = h('input', { ...common, type, value, autocomplete });
  }
  return h('div', { class: 'field' },
    h('label', { for: id }, label, required && h('span', { class: 'must', 'aria-hidden': 'true' }, ' *')), input, hint && h('small', { id: `${id}-hint` }, hint));
}
