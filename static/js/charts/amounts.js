// Formats amounts: in full for tooltips, short for axes. Hidden amounts are shares, which get no number.
const root = document.documentElement;
const language = root.lang || 'pt-br';

export const isHidden = () => root.dataset.privacy === 'on';

const withMinus = text => text.replace('-', '−');

export const fullAmount = (value, currency, options = {}) => {
  if (isHidden()) return '•••';
  return withMinus(new Intl.NumberFormat('pt-BR', { style: 'currency', currency, ...options }).format(value));
};

export const shortAmount = value => {
  if (isHidden()) return '';
  return withMinus(new Intl.NumberFormat(language, { notation: 'compact' }).format(value));
};
