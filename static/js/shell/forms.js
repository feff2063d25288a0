// Sends each form only once, even if its button is clicked twice.
document.addEventListener('submit', event => {
  if (event.defaultPrevented || event.target.method !== 'post') return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = 'yes';
});

// Buttons that do nothing without a script come disabled: a click before the script is ready would be lost.
document.addEventListener('DOMContentLoaded', () => {
  for (const button of document.querySelectorAll('[data-needs-script]')) button.disabled = false;
});

// The browser may show a page again as it was left.
addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent;
});
