// The colours of tokens.css as the current theme has them.
const probe = document.body.appendChild(document.createElement('span'));
probe.hidden = true;

export const color = (name, alpha = 1) => {
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color.replace(/^rgb\((.*)\)$/, `rgba($1, ${alpha})`);
};
