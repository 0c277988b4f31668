// The desk warns of an open dossier of the same person and procedure; the board says that next year's calendar is missing.

export async function tell({ order, worker }) {
  const desk = await worker('lan', '/desk');
  const fill = async name => {
    await desk.fill('#procedure', 'tro cap');
    await desk.waitForSelector('#procedures li');
    await desk.press('#procedure', 'Enter');
    await desk.waitForSelector('#preview .due');
    await desk.fill('#field-name', name);
    await desk.fill('#field-identity_no', '000000000001');
    await desk.press('#field-identity_no', 'Tab');
  };
  await fill('Đặng Thị Quỳnh Thử');
  await desk.click('#receive button.main');
  await desk.waitForSelector('#dossier-title');
  const code = await desk.textContent('#dossier-title');
  // The same person by the same number, whatever is written for a name.
  await fill('Đặng T. Quỳnh');
  await desk.waitForSelector(`#receive .warning:has-text("${code}")`);

  // Its notice should be out in October (the years 2022 to 2026 come with the program).
  await order({ do: 'clock', now: '2026-10-01T09:00:00' });
  const board = await worker('cuong', '/board');
  await board.waitForSelector('#calendar:has-text("2027")');
}
