// A first load stays under 150 kB and asks nobody else; the policy has nothing inline.
import assert from 'node:assert/strict';

export async function tell({ base, worker, visitor }) {
  const paints = [];
  for (const path of ['/login', '/desk', '/board', '/tra-cuu', '/niem-yet']) {
    const isOpen = ['/login', '/tra-cuu', '/niem-yet'].includes(path);
    const page = isOpen ? await visitor() : await worker('cuong', path);
    const session = await page.context().newCDPSession(page);
    await session.send('Network.enable');
    await session.send('Network.clearBrowserCache');
    let bytes = 0;
    const hosts = new Set();
    // The browser's own pictures, of a date field's button, are `data:`.
    session.on('Network.requestWillBeSent', event => { if (!event.request.url.startsWith('data:')) hosts.add(new URL(event.request.url).origin); });
    session.on('Network.loadingFinished', event => { bytes += event.encodedDataLength; });
    const answer = await page.goto(path);
    await page.waitForSelector({ '/desk': 'body[data-ready]', '/board': 'body[data-painted]', '/niem-yet': '#list details' }[path] ?? '#frame button');
    assert.ok(bytes > 0 && bytes <= 150_000, `${path}: ${bytes} bytes`);
    assert.deepEqual([...hosts], [base]);
    const policy = answer.headers()['content-security-policy'];
    assert.ok(policy.startsWith("default-src 'none'") && !policy.includes('unsafe') && policy.includes("frame-ancestors 'none'"), policy);
    paints.push(await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Infinity));

    await page.context().close();
  }
  // The machine may be busy with other tests: the quickest page tells what the pages themselves cost.
  assert.ok(Math.min(...paints) <= 300, `first paints after ${paints.map(Math.round)} ms`);
}
