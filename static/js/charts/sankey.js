// Sankey charts: where money comes from and where it goes.
import { fullAmount, isHidden } from './amounts.js';
import { color } from './colors.js';
import { sharedOptions } from './options.js';

// The size of each node: the larger one of the sums of its inflows and outflows.
const nodeSizes = flows => {
  const inflows = {};
  const outflows = {};
  for (const { from, to, flow } of flows) {
    outflows[from] = (outflows[from] ?? 0) + flow;
    inflows[to] = (inflows[to] ?? 0) + flow;
  }
  const keys = Object.keys({ ...inflows, ...outflows });
  return Object.fromEntries(keys.map(key => [key, Math.max(inflows[key] ?? 0, outflows[key] ?? 0)]));
};

export const sankey = data => {
  const amount = size => (isHidden() ? '' : `  ${fullAmount(size, data.currency, { maximumFractionDigits: 0 })}`);
  const sizes = Object.entries(nodeSizes(data.flows));
  const labels = Object.fromEntries(sizes.map(([key, size]) => [key, data.nodes[key] + amount(size)]));
  const flowColor = item => color(data.flows[item.dataIndex]?.color ?? 'c0');
  const options = sharedOptions(({ raw }) =>
    ` ${data.nodes[raw.from]} → ${data.nodes[raw.to]}: ${fullAmount(raw.flow, data.currency)}`);
  options.plugins.tooltip.callbacks.title = () => '';
  options.layout = { padding: { bottom: 10 } }; // the last label may be lower than its node
  options.animation = false;
  return {
    type: 'sankey',
    data: {
      datasets: [{
        data: data.flows,
        labels,
        colorFrom: flowColor,
        colorTo: flowColor,
        alpha: .35,
        borderWidth: 0,
        nodeWidth: 8,
        color: color('ink'),
        nodePadding: 18,
        size: 'max',
      }],
    },
    options,
  };
};
