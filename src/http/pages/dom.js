// Elements made in one call; text is always text and never markup.
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'value') element.value = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined && child !== false));
  return element;
}

/** The element with this identifier. */
export const at = id => document.getElementById(id);

const keyOf = element => element.tagName + (element.getAttribute('aria-label') ?? element.getAttribute('href') ?? element.textContent);

/** Puts children in the place of what an element holds; the focus goes on where it was when the same is there again. */
export function fill(element, ...children) {
  const held = element.contains(document.activeElement) ? keyOf(document.activeElement) : null;
  element.replaceChildren(...children.flat(Infinity).filter(child => child !== null && child !== undefined && child !== false));
  if (held) [...element.querySelectorAll('a, button, summary, [tabindex]')].find(one => keyOf(one) === held)?.focus({ preventScroll: true });
  return element;
}

/** A table with a caption, heads and rows; cells that are numbers stand to the right. */
export function table(caption, heads, rows) {
  const cell = (value, index) => {
    const attributes = typeof value === 'number' ? { class: 'number' } : {};
    const shown = typeof value === 'number' ? value.toLocaleString(document.documentElement.lang) : value;
    return index === 0 ? h('th', { scope: 'row' }, shown) : h('td', attributes, shown);
  };
  return h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption },
    h('table', {}, h('caption', {}, caption),
      h('thead', {}, h('tr', {}, heads.map((head, index) => h('th', { scope: 'col', class: typeof rows[0]?.[index] === 'number' ? 'number' : null }, head)))),
      h('tbody', {}, rows.map(row => h('tr', {}, row.map(cell))))));
}
