// One layer: all its statistics, with what detectors held against them.

import { h, put } from './dom.js';
import { number, words } from './format.js';
import { LineChart } from './chart.js';
import { item } from './entries.js';

/** Window, baseline, threshold and forecast of the latest anomalies of a metric, as lines. */
function levels(anomalies, metric, lastStep) {
  return anomalies.filter(({ evidence }) => evidence.metric === metric).slice(0, 3).flatMap(({ evidence, forecastSteps }) => {
    const { firstStep, lastStep: seen, baseline, threshold, value } = evidence;
    const flat = (level) => [[firstStep, level], [Math.max(seen, firstStep + 1), level]];
    return [
      baseline === null ? null : { type: 'baseline', title: `normal ${number(baseline)}`, points: flat(baseline) },
      threshold === null ? null : { type: 'threshold', title: `tolerated ${number(threshold)}`, points: flat(threshold) },
      forecastSteps === null || threshold === null || value === null ? null
        : { type: 'forecast', title: `reaches the limit in ${number(forecastSteps)} steps`, points: [[seen, value], [Math.min(seen + forecastSteps, lastStep), threshold]] },
    ].filter((level) => level !== null);
  });
}

/** Shows one layer in `host`, as it is now; the answer takes its charts out of the page's span. */
export function showLayer(host, { layer, statistics, anomalies }, span, onClose) {
  const charts = Object.entries(statistics).map(([metric, points]) => {
    const chart = new LineChart(words(metric), span);
    const line = points.lines[layer];
    chart.update({ steps: points.steps, line, levels: levels(anomalies, metric, points.steps[points.steps.length - 1]) });
    return chart;
  });
  host.replaceChildren();
  put(host, h('div', { class: 'bar' }, h('h3', { id: 'layer-title' }, layer), h('button', { onclick: onClose }, 'Close this layer')),
    h('div', { class: 'charts' }, charts.map(({ element }) => element)),
    anomalies.length === 0 ? h('p', { class: 'soft' }, 'No detector has named this layer.')
      : [h('h3', {}, 'What detectors held against it'), h('ol', { class: 'plain entries' }, anomalies.map(item))]);
  return () => charts.forEach((chart) => chart.close());
}
