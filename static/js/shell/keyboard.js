// Keyboard shortcuts: single keys that act unless the user is typing.
const EDITABLE = 'input:not([type="checkbox"]), select, textarea, dialog, [contenteditable]';

// `actions` maps lower-case keys to functions. `repeats`: a key that is held down acts again.
export const onKeys = (actions, { repeats = false } = {}) => {
  document.addEventListener('keydown', event => {
    const isModified = event.ctrlKey || event.metaKey || event.altKey;
    if (isModified || event.target.closest(EDITABLE) || (event.repeat && !repeats)) return;
    const act = actions[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });
};
