// Shortcuts of the list: J and K move the focus through the transactions, X selects the focused one.
import { onKeys } from '../shell/keyboard.js';

const links = () => [...document.querySelectorAll('.tx .title a[href]:has(b)')];

const move = step => {
  const all = links();
  const index = all.findIndex(link => link.closest('tr').contains(document.activeElement));
  all[Math.min(Math.max(index + step, 0), all.length - 1)]?.focus();
};

onKeys({
  j: () => move(1),
  k: () => move(-1),
  x: () => document.activeElement.closest('tr')?.querySelector('input[name="transaction"]')?.click(),
}, { repeats: true });
