// Postpones the request that reloads an outdated page while the user is editing something on it.
const EDITING = '.tx .select input:checked, .tx select, .tx .saved';

const isEditing = () => document.querySelector(EDITING) || document.activeElement.matches('input, select, textarea');

document.addEventListener('htmx:beforeRequest', event => {
  if (event.target.matches('[data-refresh]') && isEditing()) event.preventDefault();
});
