// Every page keeps within the width of a phone, down to 320 pixels (WCAG 2.2, 1.4.10), and buttons are large enough (2.5.8).
import assert from 'node:assert/strict';

export async function tell({ worker, visitor, receive }) {
  const narrow = { viewport: { width: 320, height: 700 }, hasTouch: true };
  const fits = async page => {
    const [wide, small] = await page.evaluate(() => [
      document.documentElement.scrollWidth - innerWidth,
      [...document.querySelectorAll('button, select, input')].filter(element => element.checkVisibility() && element.getBoundingClientRect().height < 24).map(element => element.outerHTML),
    ]);
    assert.ok(wide <= 0, `${page.url()} is ${wide} pixels too wide`);
    assert.deepEqual(small, []);
  };
  const desk = await worker('lan', '/desk', narrow);
  await fits(desk);
  await receive(desk);
  await fits(desk);
  for (const path of ['/board', '/board?display=hall']) await fits(await worker('cuong', path, narrow));
  const citizen = await visitor(narrow);
  for (const path of ['/login', '/tra-cuu', '/niem-yet']) {
    await citizen.goto(path);
    await citizen.waitForSelector(path === '/niem-yet' ? '#list details' : '#frame button');
    await fits(citizen);
  }
}
