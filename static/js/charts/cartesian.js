// Bar and line charts.
import { fullAmount, shortAmount } from './amounts.js';
import { color } from './colors.js';
import { sharedOptions } from './options.js';

const MAX_LABEL = 22; // characters

const clipped = label => (label.length > MAX_LABEL ? `${label.slice(0, MAX_LABEL - 1)}…` : label);

const axes = (isBar, isHorizontal) => ({
  [isHorizontal ? 'y' : 'x']: {
    grid: { display: false },
    border: { color: color('line-2') },
    ticks: {
      color: color('ink-2'),
      maxRotation: 0,
      autoSkip: !isHorizontal,
      autoSkipPadding: 12,
      callback(index) { return clipped(this.getLabelForValue(index)); },
    },
  },
  [isHorizontal ? 'x' : 'y']: {
    beginAtZero: true,
    border: { display: false },
    grid: { color: color('line') },
    ticks: { color: color('ink-2'), maxTicksLimit: 5, callback: shortAmount },
    grace: isBar ? 0 : '4%',
  },
});

const barDataset = series => ({
  label: series.name,
  data: series.values,
  backgroundColor: color(series.color),
  hoverBackgroundColor: color(series.color, .8),
  borderRadius: 4,
  maxBarThickness: 26,
  categoryPercentage: .72,
  barPercentage: .9,
});

const lineDataset = (series, index) => ({
  label: series.name,
  data: series.values,
  borderColor: color(series.color),
  pointBackgroundColor: color(series.color),
  borderWidth: series.is_comparison ? 1.5 : 2.5,
  borderDash: series.is_comparison ? [4, 4] : [],
  tension: .15,
  pointRadius: 0,
  pointHoverRadius: 5,
  pointHitRadius: 14,
  fill: index === 0 && 'origin',
  backgroundColor: color(series.color, .1),
});

// A line over bars is drawn in front of them; bars above and below zero are at the same place.
const mixedDataset = (series, index) => (series.is_line
  ? { ...lineDataset(series, index), type: 'line', fill: false, order: -1 }
  : { ...barDataset(series), grouped: false });

export const cartesian = data => {
  const isBar = data.kind === 'bar';
  const isMixed = isBar && data.series.some(series => series.is_line);
  const dataset = isMixed ? mixedDataset : isBar ? barDataset : lineDataset;
  const options = sharedOptions(item => ` ${item.dataset.label}: ${fullAmount(item.raw, data.currency)}`);
  options.plugins.legend = {
    display: data.series.length > 1,
    align: 'end',
    labels: { color: color('ink-2'), usePointStyle: true, pointStyle: isBar ? 'rectRounded' : 'line' },
  };
  options.scales = axes(isBar, data.is_horizontal);
  options.indexAxis = data.is_horizontal ? 'y' : 'x';
  options.interaction = isBar && !isMixed
    ? { mode: 'nearest', intersect: true }
    : { mode: 'index', intersect: false };
  return { type: data.kind, data: { labels: data.labels, datasets: data.series.map(dataset) }, options };
};
