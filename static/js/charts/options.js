// Options that all charts share. An element of a chart with a URL can be clicked.
import { color } from './colors.js';

const openUrl = (event, elements, chart) => {
  const url = elements[0] && chart.urlOf(elements[0]);
  if (url) location.assign(url);
};

const showPointer = (event, elements, chart) => {
  chart.canvas.style.cursor = elements[0] && chart.urlOf(elements[0]) ? 'pointer' : '';
};

// `label` is the callback that writes a line of the tooltip.
export const sharedOptions = label => ({
  responsive: true,
  maintainAspectRatio: false,
  animation: matchMedia('(prefers-reduced-motion: reduce)').matches ? false : { duration: 300 },
  onClick: openUrl,
  onHover: showPointer,
  plugins: {
    legend: { display: false },
    tooltip: {
      backgroundColor: color('ink'),
      titleColor: color('bg'),
      bodyColor: color('bg'),
      footerColor: color('bg'),
      boxPadding: 4,
      padding: 10,
      cornerRadius: 9,
      callbacks: { label },
    },
  },
});
