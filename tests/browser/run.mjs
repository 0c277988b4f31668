// Runs one story: node run.mjs STORY BASE PASSWORD CHROMIUM DOWNLOADS. Standard output and input are the line to the application.
import { writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const [, , story, base, password, executablePath, downloads] = process.argv;
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Has the application's side do something; answers what it says. */
async function order(what) {
  process.stdout.write(`${JSON.stringify(what)}\n`);
  return JSON.parse((await lines.next()).value);
}

const browser = await chromium.launch({
  executablePath,
  // Nothing but the pages is to be asked for, and CI runs as root.
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const errors = [];

/** A window of a person of their own; what goes wrong in its scripts fails the story. */
async function visitor(options = {}) {
  const context = await browser.newContext({ baseURL: base, locale: 'vi-VN', viewport: { width: 1280, height: 900 }, acceptDownloads: true, ...options });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  page.on('pageerror', error => errors.push(error.stack ?? error.message));
  page.on('console', message => {
    // The browser itself reports answers that refuse; those the stories look at.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) errors.push(message.text());
  });
  return page;
}

/** Somebody signed in, at a page. */
async function worker(name, path, options) {
  const page = await visitor(options);
  await page.goto(`/login?next=${encodeURIComponent(path)}`);
  await page.fill('#username', name);
  await page.fill('#password', password);
  await page.click('#sign-in button');
  await page.waitForURL(url => url.pathname === path.split('?')[0]);
  await page.waitForSelector(path.startsWith('/desk') ? 'body[data-ready]' : 'body[data-painted]');
  return page;
}

/** Takes a dossier in at the desk; answers its code. */
async function receive(page, name = 'Đặng Thị Quỳnh Thử') {
  const before = await page.locator('#dossier-title').textContent({ timeout: 1 }).catch(() => '');
  await page.fill('#procedure', 'tro cap');
  await page.waitForSelector('#procedures li');
  await page.press('#procedure', 'Enter');
  await page.waitForSelector('#preview .due');
  await page.fill('#field-name', name);
  await page.click('#receive button.main');
  await page.waitForFunction(old => { const title = document.getElementById('dossier-title'); return title && title.textContent !== old; }, before);
  return page.textContent('#dossier-title');
}

/** Keeps a download; answers its path. */
async function kept(page, press) {
  const [download] = await Promise.all([page.waitForEvent('download'), press()]);
  const file = `${downloads}/${download.suggestedFilename()}`;
  await download.saveAs(file);
  return file;
}

/** Keeps a paper that opens in a window of its own, as it came; answers its path. */
async function opened(page, press) {
  const file = `${downloads}/paper.pdf`;
  // The viewer has the paper to itself: its bytes are read on the way.
  await page.route('**/*.pdf', async route => {
    const response = await route.fetch();
    await writeFile(file, await response.body());
    await route.fulfill({ response });
  });
  const [paper] = await Promise.all([page.waitForEvent('popup'), press()]);
  await paper.waitForURL(/^blob:/, { waitUntil: 'commit' });
  await paper.close();
  await page.unroute('**/*.pdf');
  return file;
}

let status = 0;
try {
  const { tell } = await import(`./stories/${story}.mjs`);
  await tell({ base, order, visitor, worker, receive, kept, opened });
  if (errors.length) throw new Error(`the pages' scripts failed:\n${errors.join('\n')}`);
} catch (error) {
  process.stderr.write(`${story}: ${error.stack}\n`);
  for (const context of browser.contexts()) {
    for (const page of context.pages()) process.stderr.write(`at ${page.url()}: ${(await page.innerText('body').catch(() => '')).slice(0, 1500)}\n`);
  }
  status = 1;
}
await browser.close();
process.exit(status);
