// One layer: all its statistics, with what detectors hold, and have held, against them.

import { get, ofRun } from './api.js';
import { h, put } from './dom.js';
import { number, words } from './format.js';
import { LineChart } from './chart.js';
import { item } from './entries.js';
import { Watch } from './watch.js';

/** Baseline, threshold and forecast as lines; those that are not known are left out. */
function lines(firstStep, lastStep, { baseline, threshold, value, forecastSteps }, end) {
  const flat = (level) => [[firstStep, level], [Math.max(lastStep, firstStep + 1), level]];
  return [
    baseline === null ? null : { type: 'baseline', title: `normal ${number(baseline)}`, points: flat(baseline) },
    threshold === null ? null : { type: 'threshold', title: `tolerated ${number(threshold)}`, points: flat(threshold) },
    forecastSteps === null || threshold === null || value === null ? null
      : { type: 'forecast', title: `reaches the limit in ${number(forecastSteps)} steps`, points: [[lastStep, value], [Math.min(lastStep + forecastSteps, end), threshold]] },
  ].filter((level) => level !== null);
}

/** Window, baseline, threshold and forecast of the latest anomalies of a metric. */
const before = (anomalies, metric, end) => anomalies.filter(({ evidence }) => evidence.metric === metric).slice(0, 3)
  .flatMap(({ evidence, forecastSteps }) => lines(evidence.firstStep, evidence.lastStep, { ...evidence, forecastSteps }, end));

/** Baseline and threshold of the signals that know this layer alone, now: a forecast would lie beyond the right edge. */
const now = (watch, layer, metric, steps) => (watch === null ? [] : watch.detectors.flatMap(({ conditions }) => conditions).concat(watch.unjudged)
  .filter((signal) => signal.layer === layer && signal.metric === metric)
  .flatMap(({ baseline, threshold }) => lines(steps[0], steps[steps.length - 1], { baseline, threshold, forecastSteps: null })));

/** The drill-down into one layer, live until it is closed. */
export class LayerPanel {
  constructor(host, run, layer, span, onClose) {
    this.layer = layer;
    this.path = ofRun(run, `/layer?name=${encodeURIComponent(layer)}`);
    this.span = span;
    this.charts = new Map();
    this.plots = h('div', { class: 'charts' });
    this.signals = h('div', { 'aria-busy': 'true' }, h('p', { class: 'loading' }, 'Asking the guard that watches the run…'));
    this.held = h('div', {});
    this.watch = new Watch(this.signals, run, layer);
    host.replaceChildren(h('div', { class: 'bar' }, h('h3', { id: 'layer-title' }, layer), h('button', { onclick: onClose }, 'Close this layer')),
      this.plots, h('h3', {}, 'How far it is from an alarm'), this.signals, this.held);
  }

  /** Asks for everything again. Errors: those of the layer's history. */
  async update() {
    const [{ statistics, anomalies }, page] = await Promise.all([get(this.path), this.watch.update()]);
    for (const [metric, points] of Object.entries(statistics)) {
      if (!this.charts.has(metric)) {
        this.charts.set(metric, new LineChart(words(metric), this.span));
        this.plots.append(this.charts.get(metric).element);
      }
      const { steps } = points;
      const levels = [...before(anomalies, metric, steps[steps.length - 1]), ...now(page?.watch ?? null, this.layer, metric, steps)];
      this.charts.get(metric).update({ steps, line: points.lines[this.layer], levels });
    }
    put(this.held, anomalies.length === 0 ? h('p', { class: 'soft' }, 'No detector has named this layer.')
      : [h('h3', {}, 'What detectors held against it'), h('ol', { class: 'plain entries' }, anomalies.map(item))]);
  }

  close() {
    this.watch.close();
    this.charts.forEach((chart) => chart.close());
  }
}
