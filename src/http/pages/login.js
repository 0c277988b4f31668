// Signing in.
import { call } from './client.js';
import { at } from './dom.js';
import { open, say } from './frame.js';

open('login');
at('sign-in').addEventListener('submit', async event => {
  event.preventDefault();
  const button = event.submitter ?? event.target.querySelector('button');
  button.disabled = true;
  try {
    await call('POST', '/v1/page-session', { body: Object.fromEntries(new FormData(event.target)) });
    const next = new URLSearchParams(location.search).get('next') ?? '/desk';
    // Only to pages of this service: an address of another host would begin with two slashes.
    location.replace(/^\/(?![/\\])/.test(next) ? next : '/desk');
  } catch (refused) {
    say(refused.message, true);
    at('password').select();
  } finally {
    button.disabled = false;
  }
});
