// Opens Pluggy Connect when the user asks for it, and shows what happens. What the widget reports is only a hint: the
// server checks it.
import { post } from './connect/post.js';
import { reloadChoices, show, showRetry } from './connect/status.js';

const TIMEOUT = 20_000; // ms; init() can hang without calling onError
const TOKEN_LIFETIME = 29 * 60_000; // ms; Pluggy ends a connect token after 30 minutes
const EXPIRY_CHECK = 10_000; // ms; a timer of 29 minutes would be late after the device has slept
const config = JSON.parse(document.getElementById('connect-config').textContent);
const named = new Set(); // items that the server knows from this page
let current; // the attempt that counts; callbacks of an older one are ignored

const endAttempt = () => {
  clearTimeout(current?.timeout);
  clearInterval(current?.expiry);
  current = undefined;
};

const stop = (text, retry) => {
  const { widget, itemId } = current ?? {};
  endAttempt();
  if (text !== 'closed') widget?.destroy(); // a widget that was closed is already gone
  reloadChoices();
  showRetry(text, retry ?? (() => start(itemId)));
};

const claim = async itemId => {
  show('working', 'claiming');
  const { answer, problem } = await post(config.claimUrl, { itemId });
  if (problem) stop(problem, () => claim(itemId));
  else location.assign(answer.url || config.doneUrl);
};

// Tells the server of an item that is not finished, so that the user can continue it. A webhook may come later.
const nameItem = async item => {
  if (!item?.id || named.has(item.id)) return;
  named.add(item.id);
  await post(config.claimUrl, { itemId: item.id });
};

// Pluggy has ended the widget's session: offer a new one, which continues what was begun.
const expire = async attempt => {
  clearInterval(attempt.expiry);
  await nameItem(attempt.item);
  if (current === attempt && !attempt.isDone) stop('expired', () => start(attempt.item?.id ?? attempt.itemId));
};

const reopen = ({ widget, failedBank }) => {
  endAttempt();
  widget.destroy();
  start(undefined, failedBank, 'reopening');
};

// The widget reports an approval that is still pending as an error as well.
const showError = async (attempt, event) => {
  const { item } = event?.data ?? {};
  if (Date.now() >= attempt.expiresAt) {
    await expire(attempt);
    return;
  }
  // With this token Pluggy refuses every bank that has an item, also one that failed just now and is chosen again. The
  // server has to know of the failure before it makes a token with which Pluggy accepts the bank.
  if (!item && attempt.isChosenAgain) {
    await attempt.naming;
    if (current === attempt) reopen(attempt);
    return;
  }
  const isPending = [item?.error?.code, item?.executionStatus].includes('USER_AUTHORIZATION_PENDING');
  show('open', isPending ? 'pending' : 'problem'); // the widget shows the details
  attempt.failedBank = isPending ? undefined : item?.connector?.id;
  attempt.naming = nameItem(item);
  await attempt.naming;
  reloadChoices();
};

const theme = () => {
  if (config.theme !== 'auto') return config.theme;
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
};

const createWidget = (attempt, { accessToken, forceAskForCredentials }) => {
  const ifCurrent = act => argument => { if (current === attempt) act(argument); };
  const showReady = () => {
    clearTimeout(attempt.timeout);
    if (!attempt.isDone) show('open', 'ready');
  };
  const onEvent = message => {
    clearTimeout(attempt.timeout);
    if (message?.item) attempt.item = message.item;
    if (message?.event === 'SELECTED_INSTITUTION' && message.connector) {
      attempt.isChosenAgain = message.connector.id === attempt.failedBank;
    }
    if (message?.item?.status?.startsWith('WAITING')) nameItem(message.item); // the bank's page may replace this one
    const isNewTry = /^SUBMITTED_/.test(message?.event); // the text of an earlier problem is outdated
    if (isNewTry && !attempt.isDone) show('open', 'ready');
  };
  const onSuccess = ({ item }) => {
    attempt.isDone = true;
    claim(item.id);
  };
  const checkExpiry = () => { if (Date.now() >= attempt.expiresAt && !attempt.isDone) expire(attempt); };
  attempt.timeout = setTimeout(ifCurrent(() => stop('late')), TIMEOUT);
  attempt.expiry = setInterval(ifCurrent(checkExpiry), EXPIRY_CHECK);
  attempt.widget = new window.PluggyConnect({
    connectToken: accessToken,
    url: config.connectUrl,
    includeSandbox: config.includeSandbox,
    updateItem: attempt.itemId || undefined,
    selectedConnectorId: attempt.bank,
    forceAskForCredentials: forceAskForCredentials || undefined,
    language: config.language,
    theme: theme(),
    onEvent: ifCurrent(onEvent),
    onSuccess: ifCurrent(onSuccess),
    onError: ifCurrent(event => showError(attempt, event)),
    onClose: ifCurrent(() => { if (!attempt.isDone) stop('closed'); }),
  });
  attempt.widget.init().then(ifCurrent(showReady), ifCurrent(() => stop('failed')));
};

// Without an item, the user chooses a bank in the widget, unless it is the one of an earlier choice, or of the link that
// led here.
async function start(itemId, bank, text = 'loading') {
  const attempt = current = { itemId, bank: itemId ? undefined : bank ?? config.connectorId ?? undefined };
  show('working', text);
  const { answer, problem } = await post(config.tokenUrl, itemId ? { itemId } : {});
  if (current !== attempt) return;
  attempt.expiresAt = Date.now() + TOKEN_LIFETIME;
  if (problem) stop(problem);
  else if (!window.PluggyConnect) stop('failed');
  else createWidget(attempt, answer);
}

// A click on a button that nothing handles yet would be lost, so the page comes with disabled ones.
const enable = () => document.querySelectorAll('[data-connect]').forEach(button => { button.disabled = false; });

document.addEventListener('htmx:load', enable); // also for choices that are loaded again
enable();

document.addEventListener('click', event => {
  const button = event.target.closest('[data-connect]');
  if (button) start(button.dataset.connect);
});

// The link that led here was itself the choice; a page that is only loaded again opens nothing.
if (location.hash === '#open') {
  history.replaceState(null, '', location.pathname + location.search);
  start(document.querySelector('[data-connect]').dataset.connect);
}
