// Opens Pluggy Connect, and says in words whatever happens. What the widget reports is a hint: the server checks it.
(() => {
  const WATCHDOG_MS = 20_000; // init() can hang for ever without calling onError
  const config = JSON.parse(document.getElementById('connect-config').textContent);
  const stage = document.getElementById('connect');
  const status = document.getElementById('connect-status');
  const again = document.getElementById('connect-again');
  const csrfToken = stage.querySelector('[name="csrfmiddlewaretoken"]').value;
  let current; // the opening that counts: one that was given up and wakes up late is ignored
  let retry; // what the button does

  // `words` is the name of a data attribute of the stage, or a sentence from the server.
  const say = (state, words) => {
    stage.dataset.state = state;
    status.textContent = stage.dataset[words] ?? words;
    again.hidden = state !== 'stopped';
  };

  const stop = (words, next = open) => {
    const { widget, watchdog } = current ?? {};
    clearTimeout(watchdog);
    current = undefined;
    retry = next;
    if (words !== 'closed') widget?.destroy(); // a closed one has gone by itself
    say('stopped', words);
    lookAgain();
    again.focus(); // the modal never had our focus, and the frame that may have had it is gone
  };

  // What was begun and not ended is listed above the window's place, with the way to go on.
  const lookAgain = () => document.getElementById('unfinished').dispatchEvent(new Event('look-again'));

  // An approval that is only awaited is reported as an error too.
  const trouble = given => {
    const { error, executionStatus } = given?.data?.item ?? {};
    const isPending = [error?.code, executionStatus].includes('USER_AUTHORIZATION_PENDING');
    say('open', isPending ? 'pending' : 'problem'); // the widget itself says which, and what to do
    lookAgain();
  };

  // Resolves to { answer } or to { problem }; never rejects.
  const post = async (url, body) => {
    const headers = { 'Content-Type': 'application/json', 'X-CSRFToken': csrfToken };
    let response;
    try {
      response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    } catch {
      return { problem: 'offline' };
    }
    if (response.redirected) location.reload(); // signed out meanwhile: this page then asks to sign in
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return { answer };
    return { problem: response.status === 429 ? 'tooMany' : answer.error || 'failed' };
  };

  const claim = async itemId => {
    say('working', 'claiming');
    const { answer, problem } = await post(config.claimUrl, { itemId });
    if (problem) stop(problem, () => claim(itemId));
    else location.assign(answer.url || config.doneUrl);
  };

  const theme = () => {
    if (config.theme !== 'auto') return config.theme;
    return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  };

  const open = async () => {
    const me = current = {};
    const ifCurrent = act => given => { if (current === me) act(given); };
    const goOn = event => { // they try again: what was said of the last problem is over
      if (/^SUBMITTED_/.test(event) && !me.isDone) say('open', 'ready');
    };
    say('working', 'loading');
    const { answer, problem } = await post(config.tokenUrl, config.itemId ? { itemId: config.itemId } : {});
    if (problem) return stop(problem);
    if (!window.PluggyConnect) return stop('failed');
    me.watchdog = setTimeout(ifCurrent(() => stop('late')), WATCHDOG_MS);
    me.widget = new PluggyConnect({
      connectToken: answer.accessToken,
      url: config.connectUrl,
      includeSandbox: config.includeSandbox,
      updateItem: config.itemId || undefined,
      language: config.language,
      theme: theme(),
      onEvent: ifCurrent(given => { clearTimeout(me.watchdog); goOn(given?.event); }),
      onSuccess: ifCurrent(({ item }) => { me.isDone = true; claim(item.id); }),
      onError: ifCurrent(trouble),
      onClose: ifCurrent(() => { if (!me.isDone) stop('closed'); }),
    });
    const isReady = () => { clearTimeout(me.watchdog); if (!me.isDone) say('open', 'ready'); };
    me.widget.init().then(ifCurrent(isReady), ifCurrent(() => stop('failed')));
  };

  again.addEventListener('click', () => retry());
  open();
})();
