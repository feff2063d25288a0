// Draws each <figure data-chart> from its JSON. The table below it has exact amounts and keyboard access.
import { cartesian } from './charts/cartesian.js';
import { doughnut } from './charts/doughnut.js';
import { sankey } from './charts/sankey.js';

const { Chart } = window; // vendor/chartjs
const CONFIGS = { bar: cartesian, line: cartesian, doughnut, sankey };
const charts = [];

const draw = figure => {
  const data = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
  const chart = new Chart(figure.querySelector('canvas'), CONFIGS[data.kind](data));
  chart.urlOf = ({ datasetIndex, index }) =>
    (data.flows ? data.flows[index].url : data.series[datasetIndex].urls[index]);
  charts.push(chart);
};

const drawAll = () => {
  for (const chart of charts.splice(0)) chart.destroy();
  document.querySelectorAll('figure[data-chart]').forEach(draw);
};

Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
Chart.defaults.font.size = 12;
drawAll();
document.addEventListener('lume:theme', drawAll);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
