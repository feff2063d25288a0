// Shows the state of connecting as a text, and the button that tries again.
const stage = document.getElementById('connect');
const status = document.getElementById('connect-status');
const button = document.getElementById('connect-again');

let retry = () => {};
button.addEventListener('click', () => retry());

// `state` is working, open or stopped. `text` is the name of a data attribute with the text, or the text itself.
export const show = (state, text) => {
  stage.dataset.state = state;
  status.textContent = stage.dataset[text] ?? text;
  button.hidden = state !== 'stopped';
  document.getElementById('choices').hidden = ['working', 'open'].includes(state);
};

export const showRetry = (text, onRetry) => {
  retry = onRetry;
  show('stopped', text);
  button.focus(); // the frame of the widget, which may have had the focus, is gone
};

// Connections that the user has begun and not finished are among the choices, each with a link to continue.
export const reloadChoices = () => {
  document.getElementById('choices').dispatchEvent(new Event('reload-choices'));
};
