// How far detectors are from an alarm now: read by the guard that watches the run, from its own stores.

import { get, ofRun } from './api.js';
import { chip, failure, h, put, table } from './dom.js';
import { number, share, whole, words } from './format.js';

const NEAREST = 6;
const AGAIN_MS = 2_000;
const ORDER = ['ALARM', 'ELEVATED'];
const place = (detector) => (ORDER.indexOf(detector.state) + 1 || 9);
const COLUMNS = [{ label: 'Detector' }, { label: 'State' }, { label: 'Of the way' }, { label: 'Decided by' }, { label: 'Reading', number: true },
  { label: 'Normal', number: true }, { label: 'Tolerated', number: true }, { label: 'Reached in', number: true }];
const SIGNALS = [{ label: 'Signal' }, { label: 'State' }, { label: 'Of the way' }, { label: 'Reading', number: true }, { label: 'Normal', number: true },
  { label: 'Tolerated', number: true }, { label: 'Clear at', number: true }, { label: 'Window', number: true }, { label: 'Reached in', number: true }];

const steps = (count) => (count === null ? '–' : count === 0 ? 'now' : `${whole(Math.ceil(count))} steps`);
const why = (reason) => (reason ? h('div', { class: 'soft' }, reason) : null);
const SIGNS = { QUIET: 'OK', ALARM: 'ALARM', WARMING_UP: 'UNKNOWN', BLIND: 'UNKNOWN', ABSTAINS: 'UNKNOWN' };
const says = (state, ...more) => h('div', {}, chip(SIGNS[state] ?? state, words(state)), more);
const tolerated = ({ threshold, isAbove }) => (threshold === null ? '–' : `${isAbove ? '≤' : '≥'} ${number(threshold)}`);

function way(nearness) {
  if (nearness === null) return '–';
  return h('span', {}, h('meter', { min: 0, max: 1, high: 0.8, value: nearness, 'aria-label': `${share(nearness)} of the way from normal to what is tolerated` }), ' ', share(nearness));
}

/** The condition that keeps a detector farthest from firing. */
const farthest = ({ conditions }) => [...conditions].sort((a, b) => (a.nearness ?? -1) - (b.nearness ?? -1))[0];

function row(detector, open) {
  const decisive = farthest(detector);
  const anomaly = open.find((each) => each.detector === detector.detector);
  return { key: detector.detector, cells: [detector.detector,
    says(detector.state, why(detector.reason), anomaly ? why(`open, quiet for ${whole(anomaly.quietSteps)} of ${whole(anomaly.clearAfterSteps)} steps`) : null,
      detector.heldBackBy.length > 0 ? why(`held back by ${detector.heldBackBy.join(', ')}`) : null),
    way(detector.nearness), decisive ? h('div', {}, decisive.signal, why(decisive.layer)) : '–', ...(decisive
      ? [number(decisive.reading), number(decisive.baseline), tolerated(decisive)] : ['–', '–', '–']), steps(detector.forecastSteps)] };
}

function means({ rungs }) {
  const used = rungs.filter(({ spent, pausedUntilStep, suspendedUntilStep }) => spent > 0 || pausedUntilStep >= 0 || suspendedUntilStep >= 0);
  if (used.length === 0) return null;
  const waits = (rung) => [rung.isUnanswered ? 'for an answer' : null, rung.pausedUntilStep >= 0 ? `until step ${whole(rung.pausedUntilStep)}` : null,
    rung.suspendedUntilStep >= 0 ? `suspended until step ${whole(rung.suspendedUntilStep)}` : null].filter((each) => each).join(', ') || 'no';
  return h('details', { 'data-key': 'means' }, h('summary', {}, 'What the guard has left to do'),
    table('Interventions used in the last 1,000 steps', [{ label: 'Intervention' }, { label: 'Commands', number: true }, { label: 'Waits' }],
      used.map((rung) => ({ key: rung.rung, cells: [rung.rung, `${whole(rung.spent)} of ${whole(rung.mostPer1000Steps)}`, waits(rung)] }))));
}

const shown = ({ watch, interventions }, caption, detectors) => table(`${caption} at step ${whole(watch.step)}`, COLUMNS, detectors.map((each) => row(each, interventions.open)));

/** Every detector of a run, those nearest to an alarm first. */
function nearest(page) {
  const sorted = [...page.watch.detectors].sort((a, b) => place(a) - place(b) || (b.nearness ?? -1) - (a.nearness ?? -1));
  return [page.watch.partial ? h('p', { class: 'soft' }, `Nothing can be said about this step: ${page.watch.partial}`) : null,
    h('div', { 'data-key': 'nearest' }, shown(page, 'Nearest to an alarm', sorted.slice(0, NEAREST))),
    sorted.length <= NEAREST ? null : h('details', { 'data-key': 'others' }, h('summary', {}, `${sorted.length - NEAREST} other detectors`), shown(page, 'Other detectors', sorted.slice(NEAREST))),
    means(page.interventions)];
}

/** What looks at one layer, signal by signal. */
function ofLayer({ watch }) {
  const signals = watch.detectors.flatMap((detector) => detector.conditions.map((condition) => [detector.detector, condition]))
    .concat(watch.unjudged.map((condition) => [null, condition]));
  if (signals.length === 0) return h('p', { class: 'soft' }, 'No signal of the policy looks at this layer.');
  return table(`Signals that look at this layer, at step ${whole(watch.step)}`, SIGNALS, signals.map(([detector, each]) => ({ key: `${detector}/${each.signal}`, cells: [
    h('div', {}, each.signal, why(detector === null ? 'no detector goes by it' : `for ${detector}`), why(each.layer ? '' : 'several layers as one')),
    says(each.state, why(each.reason)), way(each.nearness), number(each.reading), number(each.baseline), tolerated(each), number(each.clear),
    each.windowSize > 0 ? `${whole(each.windowFilled)} of ${whole(each.windowSize)}` : '–', steps(each.forecastSteps)] })));
}

function trouble(problem) {
  if (problem.status === 503) return h('p', { class: 'loading', role: 'status' }, `Not known at the moment: ${problem.message}. This page asks again.`);
  if (problem.status === 404 || problem.status === 421) return h('p', { class: 'soft' }, `Not known here: ${problem.message}.`);
  return failure(problem);
}

/** A place on the page that shows what a run's detectors, or those that look at one layer, say now. */
export class Watch {
  constructor(host, run, layer = '') {
    this.host = host;
    this.layer = layer;
    this.path = ofRun(run, layer ? `/watch?layer=${encodeURIComponent(layer)}` : '/watch');
    this.page = null;
    this.timer = 0;
  }

  /** Asks and shows; the answer is what came, or null. Where it is not known for the moment it asks again by itself. */
  async update() {
    clearTimeout(this.timer);
    try {
      this.page = await get(this.path);
      put(this.host, this.layer ? ofLayer(this.page) : nearest(this.page));
    } catch (problem) {
      this.page = null;
      put(this.host, trouble(problem));
      if (problem.status === 503) this.timer = setTimeout(() => this.update(), AGAIN_MS);
    }
    return this.page;
  }

  close() {
    clearTimeout(this.timer);
  }
}
