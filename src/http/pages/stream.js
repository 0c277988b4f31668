// The board's events, for as long as the page is open: after a break it goes on where it was.
import { send } from './client.js';

/** Calls `heard(name, data)` for each event, and `told(isLive)` when the line comes and goes. */
export async function follow(heard, told) {
  let last = '';
  let rest = 1_000;
  for (;;) {
    try {
      const answer = await send('GET', '/v1/board/stream', { headers: last ? { 'Last-Event-ID': last } : {} });
      if (answer.status === 401) location.reload();
      if (!answer.ok) throw new Error(answer.statusText);
      rest = 1_000;
      told(true);
      for await (const event of events(answer.body)) {
        last = event.id || last;
        if (event.data) heard(event.event, JSON.parse(event.data));
      }
    } catch {
      told(false);
      rest = Math.min(rest * 2, 30_000);
    }
    await new Promise(done => setTimeout(done, rest));
  }
}

async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (text + value).split('\n\n');
    text = blocks.pop();
    for (const block of blocks) {
      yield Object.fromEntries(block.split('\n').map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]));
    }
  }
}
