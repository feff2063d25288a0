// Draws each <figure data-chart> from its block of JSON. Exact amounts and keyboard access are in the table below it.
(() => {
  const root = document.documentElement;
  const language = root.lang || 'pt-br';
  const charts = [];

  // --- Colours: the page's own, as they are in the theme of this moment
  const probe = document.body.appendChild(document.createElement('span'));
  probe.hidden = true;
  const color = (name, alpha = 1) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color.replace(/^rgb\((.*)\)$/, `rgba($1, ${alpha})`);
  };

  // --- Amounts: in full in a tooltip, short on an axis; hidden ones are shares and get no number at all
  const hides = () => root.dataset.privacy === 'on';
  const written = (value, currency, options = {}) => (hides() ? '•••'
    : new Intl.NumberFormat('pt-BR', { style: 'currency', currency, ...options }).format(value).replace('-', '−'));
  const short = value => (hides() ? ''
    : new Intl.NumberFormat(language, { notation: 'compact' }).format(value).replace('-', '−'));

  // --- What can be pressed
  const goTo = (event, elements, chart) => {
    const url = elements[0] && chart.urlOf(elements[0]);
    if (url) location.assign(url);
  };
  const pointAt = (event, elements, chart) => {
    chart.canvas.style.cursor = elements[0] && chart.urlOf(elements[0]) ? 'pointer' : '';
  };

  const shared = (data, label) => ({
    responsive: true,
    maintainAspectRatio: false,
    animation: matchMedia('(prefers-reduced-motion: reduce)').matches ? false : { duration: 300 },
    onClick: goTo,
    onHover: pointAt,
    plugins: {
      legend: { display: false },
      tooltip: {
        backgroundColor: color('ink'), titleColor: color('bg'), bodyColor: color('bg'), footerColor: color('bg'),
        boxPadding: 4, padding: 10, cornerRadius: 9, callbacks: { label },
      },
    },
  });

  // --- Lines and bars
  const clipped = label => (label.length > 22 ? `${label.slice(0, 21)}…` : label);
  const axes = (isBar, lying) => ({
    [lying ? 'y' : 'x']: {
      grid: { display: false },
      border: { color: color('line-2') },
      ticks: {
        color: color('ink-2'), maxRotation: 0, autoSkip: !lying, autoSkipPadding: 12,
        callback(place) { return clipped(this.getLabelForValue(place)); },
      },
    },
    [lying ? 'x' : 'y']: {
      beginAtZero: true,
      border: { display: false },
      grid: { color: color('line') },
      ticks: { color: color('ink-2'), maxTicksLimit: 5, callback: short },
      grace: isBar ? 0 : '4%',
    },
  });

  const asBar = one => ({
    label: one.name, data: one.values, backgroundColor: color(one.tone), hoverBackgroundColor: color(one.tone, .8),
    borderRadius: 4, maxBarThickness: 26, categoryPercentage: .72, barPercentage: .9,
  });
  const asLine = (one, place) => ({
    label: one.name, data: one.values, borderColor: color(one.tone), pointBackgroundColor: color(one.tone),
    borderWidth: one.past ? 1.5 : 2.5, borderDash: one.past ? [4, 4] : [], tension: .15, pointRadius: 0,
    pointHoverRadius: 5, pointHitRadius: 14, fill: place === 0 && 'origin', backgroundColor: color(one.tone, .1),
  });

  // A line over bars is in front of them; what is above zero and what is below it then stand in one place.
  const overBars = series => series.map((one, place) => (one.line
    ? { ...asLine(one, place), type: 'line', fill: false, order: -1 }
    : { ...asBar(one), grouped: false }));

  const cartesian = data => {
    const isBar = data.kind === 'bar';
    const isMixed = isBar && data.series.some(one => one.line);
    const options = shared(data, item => ` ${item.dataset.label}: ${written(item.raw, data.currency)}`);
    options.plugins.legend = {
      display: data.series.length > 1, align: 'end',
      labels: { color: color('ink-2'), usePointStyle: true, pointStyle: isBar ? 'rectRounded' : 'line' },
    };
    return {
      type: data.kind,
      data: { labels: data.labels, datasets: isMixed ? overBars(data.series) : data.series.map(isBar ? asBar : asLine) },
      options: { ...options, scales: axes(isBar, data.lying), indexAxis: data.lying ? 'y' : 'x', interaction: isBar && !isMixed ? { mode: 'nearest', intersect: true } : { mode: 'index', intersect: false } },
    };
  };

  // --- A whole and its parts
  const doughnut = data => {
    const [parts] = data.series;
    const colors = parts.values.map((value, place) => color(`c${Math.min(place + 1, 8)}`));
    return {
      type: 'doughnut',
      data: { labels: data.labels, datasets: [{ data: parts.values, backgroundColor: colors, borderColor: color('surface'), borderWidth: 2 }] },
      options: { ...shared(data, item => ` ${item.label}: ${written(item.raw, data.currency)}`), cutout: '72%' },
    };
  };

  // --- From where, to where
  const sankey = data => {
    const sums = {};
    for (const flow of data.flows) {
      for (const [side, end] of [['out', flow.from], ['in', flow.to]]) {
        sums[end] ??= { in: 0, out: 0 };
        sums[end][side] += flow.flow;
      }
    }
    const size = key => Math.max(sums[key].in, sums[key].out);
    const amount = key => (hides() ? '' : `  ${written(size(key), data.currency, { maximumFractionDigits: 0 })}`);
    const labels = Object.fromEntries(Object.keys(sums).map(key => [key, data.nodes[key] + amount(key)]));
    const tone = item => color(data.flows[item.dataIndex]?.tone ?? 'c0');
    const says = item => ` ${data.nodes[item.raw.from]} → ${data.nodes[item.raw.to]}: ${written(item.raw.flow, data.currency)}`;
    const options = shared(data, says);
    options.plugins.tooltip.callbacks.title = () => '';
    options.layout = { padding: { bottom: 10 } }; // the last label may stand lower than its node
    options.animation = false; // streams that grow say nothing
    return {
      type: 'sankey',
      data: {
        datasets: [{
          data: data.flows, labels, colorFrom: tone, colorTo: tone, alpha: .35, borderWidth: 0, nodeWidth: 8,
          color: color('ink'), nodePadding: 18, size: 'max',
        }],
      },
      options,
    };
  };

  const KINDS = { bar: cartesian, line: cartesian, doughnut, sankey };

  const draw = figure => {
    const data = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
    const chart = new Chart(figure.querySelector('canvas'), KINDS[data.kind](data));
    chart.urlOf = ({ datasetIndex, index }) => (data.flows ? data.flows[index].url : data.series[datasetIndex].urls[index]);
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
})();
