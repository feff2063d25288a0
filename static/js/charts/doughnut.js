// Doughnut charts: the slices of a whole.
import { fullAmount } from './amounts.js';
import { color } from './colors.js';
import { sharedOptions } from './options.js';

const COLORS = 8;

export const doughnut = data => {
  const [slices] = data.series;
  const options = sharedOptions(item => ` ${item.label}: ${fullAmount(item.raw, data.currency)}`);
  options.cutout = '72%';
  return {
    type: 'doughnut',
    data: {
      labels: data.labels,
      datasets: [{
        data: slices.values,
        backgroundColor: slices.values.map((value, index) => color(`c${Math.min(index + 1, COLORS)}`)),
        borderColor: color('surface'),
        borderWidth: 2,
      }],
    },
    options,
  };
};
