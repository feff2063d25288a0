// The shell's conveniences. Everything here is also a form or a link that works without it.
(() => {
  const root = document.documentElement;
  const byId = id => document.getElementById(id);

  // --- Look: the same POST that the form would send, without leaving the page
  const send = form => fetch(form.action, { method: 'POST', body: new FormData(form), redirect: 'manual' });

  const isDark = () => root.dataset.theme === 'dark'
    || (root.dataset.theme === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);

  const switchTheme = form => {
    const theme = isDark() ? 'light' : 'dark';
    form.elements.theme.value = theme;
    root.dataset.theme = theme;
    send(form).catch(() => form.submit());
    document.dispatchEvent(new CustomEvent('lume:theme', { detail: { theme } }));
  };

  // Digits are hidden at once; the page is then read again, because the server decides what it sends.
  const hideDigits = () => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT,
      node => (node.parentElement.closest('.money') ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_SKIP));
    while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replace(/\d/g, '•');
  };
  const switchPrivacy = form => {
    const hides = form.elements.hides_amounts.value === 'on';
    root.dataset.privacy = hides ? 'on' : 'off';
    if (hides) hideDigits();
    send(form).then(() => location.reload()).catch(() => form.submit());
  };

  const SWITCHES = { 'theme-form': switchTheme, 'privacy-form': switchPrivacy };
  document.addEventListener('submit', event => {
    const act = SWITCHES[event.target.id];
    if (!act) return;
    event.preventDefault();
    act(event.target);
  });

  // --- Menus close like menus: by Escape and by a click elsewhere
  const openMenus = () => document.querySelectorAll('details.menu[open]');
  document.addEventListener('click', event => {
    for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
    event.target.closest('[data-dismiss]')?.closest('.alert').remove();
    if (event.target.closest('[data-shortcuts]')) byId('shortcuts').showModal();
  });

  // --- Keyboard
  const KEYS = {
    '/': () => document.querySelector('input[type="search"]')?.focus(),
    '?': () => byId('shortcuts')?.showModal(),
    p: () => byId('privacy-form')?.requestSubmit(),
    t: () => byId('theme-form')?.requestSubmit(),
  };
  document.addEventListener('keydown', event => {
    if (event.key === 'Escape') {
      for (const menu of openMenus()) { menu.open = false; menu.querySelector('summary').focus(); }
    }
    const isTyping = event.target.closest('input, select, textarea, dialog, [contenteditable]');
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const act = KEYS[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });

  // An open page loads itself anew when there is news, but never takes away what somebody is doing on it.
  const isBusy = () => document.querySelector('.pick input:checked, .tx select, .tx .said')
    || document.activeElement.matches('input, select, textarea');
  document.addEventListener('htmx:beforeRequest', event => {
    if (event.target.matches('[data-news]') && isBusy()) event.preventDefault();
  });

  // A pair of dates or a choice that acts at once: <form data-auto-submit>
  document.addEventListener('change', event => event.target.closest('form[data-auto-submit]')?.requestSubmit());

  // A second click must not send a second time.
  document.addEventListener('submit', event => {
    if (event.defaultPrevented || event.target.method !== 'post') return;
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = 'yes';
  });
  addEventListener('pageshow', () => {
    for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent;
  });
})();
