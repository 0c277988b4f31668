// The clock passes the deadline: the board turns by itself, and the leader fills, submits and issues the letter of apology.
import assert from 'node:assert/strict';

export async function tell({ order, worker, receive, opened }) {
  const desk = await worker('lan', '/desk');
  const code = await receive(desk);
  const board = await worker('cuong', '/board');
  await board.waitForSelector('.live.on');
  assert.equal(await board.textContent('#tile-overdue strong'), '0');

  // Due on Monday 9 March, late from Tuesday 10 March, 00:00. Days later the access tokens are used up, too.
  await order({ do: 'clock', now: '2026-03-10T08:00:00' });
  assert.equal(await order({ do: 'sweep' }), 1);
  await board.waitForFunction(() => document.querySelector('#tile-overdue strong').textContent === '1', null, { timeout: 60_000 });
  await board.waitForFunction(dossier => document.getElementById('overdue-list').textContent.includes(dossier), code);
  // The countdown goes by the offices' clock, which the stream brings along.
  await board.waitForFunction(() => document.querySelector('#overdue-list .badge')?.textContent.startsWith('quá '));

  await board.click(`#letters-draft button:has-text("Soạn")`);
  // What the rules refuse is said in the dialogue, and what was typed stays.
  await board.fill('dialog #field-reason', 'Hồ sơ phải xác minh thêm tại nơi cư trú.');
  await board.fill('dialog #field-new_return_at', '2026-03-09T10:00');
  await board.click('dialog button.main');
  await board.waitForSelector('dialog .refusal:not(:empty)');
  await board.fill('dialog #field-new_return_at', '2026-03-12T16:00');
  await board.click('dialog button.main');
  await board.waitForSelector('dialog', { state: 'detached' });
  await board.waitForFunction(() => document.getElementById('letters-draft').textContent.includes('16:00, 12/03/2026'));

  await board.click(`#letters-draft button:has-text("Trình ký")`);
  await board.click('dialog button.main');
  await board.click(`#letters-submitted button:has-text("Ban hành")`);
  await board.fill('dialog #field-number', '12');
  await board.fill('dialog #field-notation', 'PXL-SLĐTBXH');
  await board.fill('dialog #field-signer', 'Đặng Văn Ưởng');
  await board.fill('dialog #field-position', 'Giám đốc');
  await board.click('dialog button.main');
  await board.waitForSelector('#letters-issued table');

  const file = await opened(board, () => board.click('#letters-issued button:has-text("PDF")'));
  const paper = await order({ do: 'open-pdf', file });
  assert.ok(paper.includes('xác minh') && paper.includes('Đặng Văn Ưởng'), paper);
}
