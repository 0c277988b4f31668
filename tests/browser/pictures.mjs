// Takes the pictures of docs/pages from a running `motcua demo`: node tests/browser/pictures.mjs BASE CHROMIUM
import { chromium } from 'playwright-core';

const [, , baseURL, executablePath] = process.argv;
const folder = new URL('../../docs/pages/', import.meta.url).pathname;
const browser = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'] });

for (const [look, options] of Object.entries({
  light: { colorScheme: 'light', viewport: { width: 1200, height: 780 } },
  dark: { colorScheme: 'dark', viewport: { width: 1200, height: 780 } },
  phone: { colorScheme: 'light', viewport: { width: 390, height: 780 } },
})) {
  const context = await browser.newContext({ baseURL, locale: 'vi-VN', ...options });
  const page = await context.newPage();
  const take = name => page.screenshot({ path: `${folder}${name}-${look}.png` });
  await page.goto('/login');
  await page.waitForSelector('#frame button');
  await take('login');
  await page.fill('#username', 'demo');
  await page.fill('#password', 'mot-cua-minh-hoa');
  await page.click('#sign-in button');
  await page.waitForSelector('body[data-ready]');
  await page.fill('#procedure', 'viec lam');
  await page.waitForSelector('#procedures li');
  await page.press('#procedure', 'Enter');
  await page.waitForSelector('#preview .due');
  await page.fill('#field-name', 'Đặng Thị Quỳnh Minh Họa');
  await take('desk');
  await page.click('#receive button.main');
  await page.waitForSelector('#dossier-title');
  const [code, secret] = [await page.textContent('#dossier-title'), await page.locator('#dossier dd').last().textContent()];
  await page.locator('#dossier').scrollIntoViewIfNeeded();
  await take('received');
  for (const [name, path] of [['board', '/board'], ['hall', '/board?display=hall']]) {
    await page.goto(path);
    await page.waitForSelector('body[data-painted]');
    if (name === 'board') {
      const painted = await page.getAttribute('body', 'data-painted');
      await page.fill('#field-from', '2022-12-15');
      await page.fill('#field-to', '2023-06-14');
      await page.press('#field-to', 'Tab');
      await page.waitForFunction(before => document.body.dataset.painted > before, painted);
    }
    await page.waitForSelector('.live.on');
    await take(name);
  }
  await page.goto(`/tra-cuu/${code}#secret=${secret}`);
  await page.waitForSelector('#answer h2');
  await take('tra-cuu');
  await page.goto('/niem-yet');
  await page.waitForSelector('#list summary');
  await page.click('#list summary');
  await take('niem-yet');
  await context.close();
}
await browser.close();
