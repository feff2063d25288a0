// After the bank's page: ask Pluggy for the state of the connection. htmx loads the page again until it is done.
import { post } from './connect/post.js';

const INTERVAL = 10_000; // ms
const MAX_CALLS = 12;
const config = JSON.parse(document.getElementById('connect-config').textContent);

const refresh = async calls => {
  const isWaiting = document.getElementById('returned').hasAttribute('hx-get');
  if (!config.itemId || !isWaiting || calls >= MAX_CALLS) return;
  await post(config.claimUrl, { itemId: config.itemId });
  setTimeout(() => refresh(calls + 1), INTERVAL);
};

refresh(0);
