// Signing in, receiving, finding and asking for a supplement without a mouse.
import assert from 'node:assert/strict';

export async function tell({ visitor }) {
  const page = await visitor();
  const keys = page.keyboard;
  const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.textContent);
  /** Goes on with Tab until the element of this name has the focus, which must be seen. */
  const tabTo = async name => {
    for (let steps = 0; steps < 40 && (await focused()) !== name; steps += 1) await keys.press('Tab');
    assert.equal(await focused(), name);
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineWidth);
    assert.ok(parseFloat(outline) >= 2, `${name} shows its focus: ${outline}`);
  };
  await page.goto('/login');
  await page.waitForSelector('#frame button');
  await page.focus('#username');
  await keys.type('lan');
  await keys.press('Tab');
  await keys.type('mật khẩu để thử');
  await keys.press('Enter');
  await page.waitForURL('**/desk');
  await page.waitForSelector('body[data-ready]');
  assert.equal(await focused(), 'scanned');

  await keys.press('Alt+2');
  assert.equal(await focused(), 'procedure');
  await keys.type('tro c');
  await page.waitForSelector('#procedures li');
  await keys.press('ArrowDown');
  await keys.press('Enter');
  await page.waitForSelector('#preview .due');
  await tabTo('field-name');
  await keys.type('Lò Thị Phím');
  await keys.press('Enter');
  await page.waitForSelector('#print');
  await page.waitForFunction(() => document.activeElement.id === 'print');
  const code = await page.textContent('#dossier-title');

  await keys.press('Alt+1');
  // A scanner types what the slip's QR code says, and Enter.
  await keys.type(`https://tra-cuu.example.vn/ho-so/${code}#secret=ABCDE`);
  await keys.press('Enter');
  await page.waitForFunction(() => document.activeElement.id === 'print');

  // What lacks papers is registered, and the counter asks for them.
  await keys.press('Alt+2');
  await keys.type('1.001739');
  await page.waitForSelector('#procedures li');
  await keys.press('Enter');
  await page.waitForSelector('#preview .due');
  await tabTo('field-name');
  await keys.type('Lò Văn Thiếu');
  await tabTo('Chưa đủ giấy tờ, chỉ ghi nhận');
  await keys.press('Enter');
  await page.waitForSelector('#dossier .badge:has-text("Mới đăng ký")');
  await tabTo('Yêu cầu bổ sung');
  await keys.press('Enter');
  await page.waitForSelector('dialog[open]');
  await tabTo('field-reason');
  await keys.type('Thiếu tờ khai.');
  await tabTo('Xác nhận');
  await keys.press('Enter');
  await page.waitForSelector('#dossier .badge:has-text("Chờ bổ sung")');

  await keys.press('Alt+1');
  await keys.type('lo thi phim');
  await keys.press('Enter');
  await page.waitForFunction(dossier => document.getElementById('dossier-title').textContent === dossier, code);
}
