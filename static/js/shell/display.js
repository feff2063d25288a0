// Switches the theme and hides the amounts with the POST that the form would send, without leaving the page.
const root = document.documentElement;

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

const maskDigits = () => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT,
    node => (node.parentElement.closest('.money') ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_SKIP));
  while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replace(/\d/g, '•');
};

// Digits are masked at once. The page then reloads, because the server sends no amounts that are hidden.
const switchPrivacy = form => {
  const hides = form.elements.hides_amounts.value === 'on';
  root.dataset.privacy = hides ? 'on' : 'off';
  if (hides) maskDigits();
  send(form).then(() => location.reload()).catch(() => form.submit());
};

const SWITCHES = { 'theme-form': switchTheme, 'privacy-form': switchPrivacy };

document.addEventListener('submit', event => {
  const act = SWITCHES[event.target.id];
  if (!act) return;
  event.preventDefault();
  act(event.target);
});
