// The desk warns of an open dossier of the same person and procedure; the board says that next year's calendar is missing.
import assert from 'node:assert/strict';

export async function tell({ worker, receive }) {
  const desk = await worker('lan', '/desk');
  const code = await receive(desk);
  const asked = [];
  await desk.route('**/v1/dossiers/duplicates', async route => {
    asked.push(route.request().postDataJSON());
    const dossier = { code, agency: 'H16.18', received_by: 'H16.18', status: 'received', filed_at: '2026-03-02T09:00:00+07:00', due_on: '2026-03-09', summary: null, assignee: null };
    await route.fulfill({ json: { warnings: [{ code: 'possible_duplicate', dossiers: [dossier], more: false }] } });
  });
  await desk.fill('#procedure', 'tro cap');
  await desk.waitForSelector('#procedures li');
  await desk.press('#procedure', 'Enter');
  await desk.fill('#field-name', 'Đặng Thị Quỳnh Thử');
  await desk.press('#field-name', 'Tab');
  assert.deepEqual(asked, [], 'a name alone tells nothing');
  await desk.fill('#field-identity_no', '000000000001');
  await desk.press('#field-identity_no', 'Tab');
  await desk.waitForSelector(`#receive .warning:has-text("${code}")`);
  assert.deepEqual(asked.at(-1), { procedure: '1.001739', applicant: { identity_no: '000000000001', name: 'Đặng Thị Quỳnh Thử' } });

  const board = await worker('cuong', '/board');
  await board.route('**/v1/calendar', route => route.fulfill({ json: { missing: 2027, years: [] } }));
  await board.reload();
  await board.waitForSelector('#calendar:has-text("2027")');
}
