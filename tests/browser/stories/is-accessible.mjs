// axe-core finds nothing against WCAG 2.2 AA on any page, in light and dark, with dialogues and lists open.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

export async function tell({ order, worker, visitor, receive }) {
  const clean = async (page, state) => {
    await page.evaluate(source);
    const found = await page.evaluate(async runOnly => (await window.axe.run(document, { runOnly })).violations
      .map(({ id, nodes }) => `${id}: ${nodes.map(node => `${node.html} – ${node.failureSummary}`).join('\n')}`), RULES);
    assert.deepEqual(found, [], `${page.url()} ${state}`);
  };
  // In each look a dossier comes in on a Monday and is overdue on Tuesday of the next week.
  for (const [colorScheme, came, late] of [['light', '2026-03-02', '2026-03-10'], ['dark', '2026-03-16', '2026-03-24']]) {
    const options = { colorScheme, reducedMotion: 'reduce' };
    await order({ do: 'clock', now: `${came}T09:00:00` });
    const desk = await worker('binh', '/desk', options);
    await clean(desk, 'empty');
    await desk.fill('#procedure', 'tro');
    await desk.waitForSelector('#procedures li');
    await clean(desk, 'choosing');
    await receive(desk);
    await clean(desk, 'received');
    await desk.click('#dossier button:has-text("Yêu cầu bổ sung")');
    await clean(desk, 'asking');
    await desk.keyboard.press('Escape');
    await order({ do: 'clock', now: `${late}T08:00:00` });
    await order({ do: 'sweep' });
    const board = await worker('cuong', '/board', options);
    for (const table of await board.locator('.charts summary').all()) await table.click();
    await clean(board, 'tables open');
    await board.click('#letters-draft button:has-text("Soạn") >> nth=0');
    await clean(board, 'letter');
    await clean(await worker('cuong', '/board?display=hall', options), 'hall');
    const citizen = await visitor(options);
    for (const path of ['/login', '/tra-cuu', '/niem-yet']) {
      await citizen.goto(path);
      await citizen.waitForSelector(path === '/niem-yet' ? '#list details' : '#frame button');
      if (path === '/niem-yet') await citizen.click('#list summary');
      await clean(citizen, colorScheme);
    }
  }
}
