// Choosing rows in their list, by mouse and by keyboard. The form works without it.
(() => {
  const picks = () => [...document.querySelectorAll('input[name="row"]')];
  const count = () => {
    const chosen = picks().filter(pick => pick.checked).length;
    for (const place of document.querySelectorAll('[data-picked]')) place.textContent = chosen;
    const all = document.querySelector('[data-pick-all]');
    if (!all) return;
    all.checked = chosen > 0 && chosen === picks().length;
    all.indeterminate = chosen > 0 && !all.checked;
  };
  const pickAll = isChosen => {
    for (const pick of picks()) pick.checked = isChosen;
    count();
  };

  // --- Shift chooses everything in between
  let last = null;
  document.addEventListener('click', event => {
    if (event.target.closest('[data-pick-none]')) pickAll(false);
    const pick = event.target.closest('input[name="row"]');
    if (!pick) return;
    const all = picks();
    const [from, to] = [all.indexOf(last), all.indexOf(pick)].sort((one, other) => one - other);
    if (event.shiftKey && from >= 0) for (const one of all.slice(from, to + 1)) one.checked = pick.checked;
    last = pick;
    count();
  });
  document.addEventListener('change', event => {
    if (event.target.matches('[data-pick-all]')) pickAll(event.target.checked);
    else if (event.target.name === 'row') count();
  });

  // --- Keyboard: J and K go through the rows, X chooses
  const links = () => [...document.querySelectorAll('.tx .what a[href]:has(b)')];
  const step = by => {
    const all = links();
    const here = all.findIndex(link => link.closest('tr').contains(document.activeElement));
    all[Math.min(Math.max(here + by, 0), all.length - 1)]?.focus();
  };
  const KEYS = {
    j: () => step(1),
    k: () => step(-1),
    x: () => document.activeElement.closest('tr')?.querySelector('input[name="row"]')?.click(),
  };
  document.addEventListener('keydown', event => {
    const isTyping = event.target.closest('input:not([type="checkbox"]), select, textarea, dialog');
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    KEYS[event.key.toLowerCase()]?.();
  });
  addEventListener('pageshow', count);
  document.addEventListener('htmx:afterSettle', count);
})();
