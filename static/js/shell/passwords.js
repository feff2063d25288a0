// Lets the user see a password while typing it. Without JavaScript the switches stay hidden.
const switches = document.querySelectorAll('[data-show-password]');

const show = (button, isShown) => {
  button.setAttribute('aria-pressed', String(isShown));
  document.getElementById(button.getAttribute('aria-controls')).type = isShown ? 'text' : 'password';
};

for (const button of switches) {
  button.hidden = false;
  button.addEventListener('click', () => show(button, button.getAttribute('aria-pressed') !== 'true'));
}

// A browser remembers the text of other fields, so nothing is sent as one.
document.addEventListener('submit', () => switches.forEach(button => show(button, false)));
