// A citizen follows the slip's code, sees the date, and finds a procedure by name without diacritics; nothing is told to who guesses.
import assert from 'node:assert/strict';

export async function tell({ worker, visitor, receive }) {
  const desk = await worker('binh', '/desk');
  const code = await receive(desk);
  const secret = await desk.locator('#dossier dd').last().textContent();

  const citizen = await visitor({ viewport: { width: 390, height: 844 } });
  await citizen.goto(`/tra-cuu/${code}#secret=${secret}`);
  await citizen.waitForSelector('#answer h2');
  const answer = await citizen.innerText('#answer');
  assert.ok(answer.includes('Đã nhận hồ sơ') && answer.includes('09/03/2026'), answer);
  assert.ok(!answer.includes('Quỳnh'), 'nobody is named');
  // The secret does not stay in the address, which people pass on.
  assert.ok(!citizen.url().includes(secret), citizen.url());

  await desk.click('#dossier button:has-text("Yêu cầu bổ sung")');
  await desk.fill('dialog #field-reason', 'Thiếu bản sao giấy khai sinh.');
  await desk.click('dialog button.main');
  await desk.waitForSelector('#dossier .badge:has-text("Chờ bổ sung")');
  await citizen.click('#answer button');
  await citizen.waitForSelector('#answer :text("Chờ người nộp bổ sung")');

  await citizen.fill('#secret', 'AAAAA-AAAAA');
  await citizen.click('#look-up button');
  await citizen.waitForSelector('#news:has-text("không đúng")');
  assert.equal(await citizen.isVisible('#answer'), false);

  await citizen.goto('/niem-yet');
  await citizen.fill('#q', 'tro cap');
  await citizen.waitForSelector('#list details:has-text("1.001739")');
  await citizen.click('#list summary');
  assert.ok((await citizen.innerText('#list details')).includes('5 ngày làm việc'));
  await citizen.fill('#q', 'khong co');
  await citizen.waitForSelector('#news:has-text("Không có thủ tục")');

  await citizen.click('header button:has-text("English")');
  await citizen.waitForSelector('h1:has-text("Posted procedures")');
  assert.equal(await citizen.getAttribute('html', 'lang'), 'en');
}
