// The shortcuts of every page, and the dialog that lists them.
import { onKeys } from './keyboard.js';

const byId = id => document.getElementById(id);
const showShortcuts = () => byId('shortcuts')?.showModal();

onKeys({
  '/': () => document.querySelector('input[type="search"]')?.focus(),
  '?': showShortcuts,
  p: () => byId('privacy-form')?.requestSubmit(),
  t: () => byId('theme-form')?.requestSubmit(),
});

document.addEventListener('click', event => {
  if (event.target.closest('[data-shortcuts]')) showShortcuts();
});
