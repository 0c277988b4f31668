// A clerk receives a dossier; the leader's board in another window counts it without being touched.
import assert from 'node:assert/strict';

export async function tell({ worker, receive }) {
  const board = await worker('cuong', '/board');
  await board.waitForSelector('.live.on');
  assert.equal(await board.textContent('#tile-received strong'), '0');

  const desk = await worker('lan', '/desk');
  await desk.fill('#procedure', 'tro cap');
  await desk.waitForSelector('#procedures li');
  await desk.press('#procedure', 'Enter');
  await desk.waitForSelector('#preview .due');
  // Five working days after Monday 2 March 2026: Saturday 7 and Sunday 8 are passed over (domain.md, section 1).
  const preview = await desk.innerText('#preview');
  for (const text of ['09/03/2026', '07/03/2026', '08/03/2026', 'nghỉ cuối tuần']) assert.ok(preview.includes(text), `${text} in ${preview}`);

  const code = await receive(desk);
  assert.equal(code, 'H16.18-260302-0001');
  assert.ok((await desk.innerText('#due-at')).includes('09/03/2026'));
  await board.waitForFunction(() => document.querySelector('#tile-received strong').textContent === '1');

  // In the hall the same moves, and nobody is named.
  const hall = await worker('cuong', '/board?display=hall');
  await hall.waitForSelector('.live.on');
  await receive(desk, 'Nguyễn Văn Kín');
  await hall.waitForFunction(() => document.querySelector('#tile-received strong').textContent === '2');
  const shown = await hall.content();
  assert.ok(!shown.includes('Kín') && !shown.includes('260302'), 'the hall names nobody');
  assert.ok(await hall.locator('#tile-received strong').evaluate(element => parseFloat(getComputedStyle(element).fontSize)) >= 80);
}
