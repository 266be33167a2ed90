// One run: where it stands, its signals, layers, and everything that happened to it.

import { get, ofRun } from './api.js';
import { at, budget, chip, facts, failure, h, put } from './dom.js';
import { duration, number, whole, words } from './format.js';
import { LineChart, Span } from './chart.js';
import { HeatMap } from './heatmap.js';
import { Koopman } from './koopman.js';
import { interventions, item, marks } from './entries.js';
import { LayerPanel } from './layer.js';
import { serverNow } from './live.js';
import { mount } from './shell.js';
import { Watch } from './watch.js';

const RUN = new URLSearchParams(location.search).get('run') ?? '';
const FIRST = ['loss', 'gradientNorm', 'learningRate', 'maxAttentionLogit', 'forwardGain', 'backwardGain'];
const FAVOURITES = ['stableRank', 'spectralNorm', 'attentionEntropy', 'attentionLogit'];

const span = new Span();
const charts = new Map();
const heat = new HeatMap(openLayer);
const koopman = new Koopman(at('spectrum'));
const watch = new Watch(at('watch'), RUN);
const metric = h('select', { id: 'metric', onchange: () => showGrid() });
const slider = h('input', { type: 'range', id: 'step', min: 0, max: 1, value: 1 });
const values = h('output', { for: 'step' });
let page = null;
let series = null;
let types = '';
let limit = 50;
let layer = null;

at('name').textContent = RUN || 'No run named';
document.title = `${RUN} · Instability Guard`;

async function refresh(runs) {
  if (runs !== null && !runs.has(RUN)) return;
  try {
    page = await get(ofRun(RUN));
    showStatus();
    if (page.hasHistory) await Promise.all([showSignals(), showGrid(), showKoopman(), showHistory(), watch.update(), layer?.update()]);
    else await watch.update();
  } catch (problem) {
    put(at('status'), failure(problem));
  }
}

function showStatus() {
  const { summary } = page;
  put(at('status'), h('div', { class: 'card' },
    h('p', {}, chip(summary.health), ' ', summary.healthReason),
    facts([
      ['Last step', whole(summary.lastStep)], ['Heard of', h('span', { id: 'age' }, age())], ['Mode', summary.mode.toLowerCase()],
      ['Budget spent', budget(summary.stepEquivalentsSpent, page.budget)], ['Commands', whole(summary.commandsIssued)],
      ['Held by', summary.leaseHolder ? `${summary.leaseHolder}: ${summary.leaseReason}` : ''],
      ['Open anomalies', summary.openAnomalies.length > 0 ? h('ul', { class: 'plain' }, summary.openAnomalies.map((id) => h('li', {}, id))) : 'none'],
      ['Signals that cannot warn', blind(summary.blindSignals)],
    ]),
    h('p', {}, h('a', { href: `/ledger.html?run=${encodeURIComponent(RUN)}` }, 'Every decision on this run'))));
  put(at('waiting'), summary.proposals.length === 0 ? null : h('div', { class: 'notice problem' },
    summary.proposals.length === 1 ? 'A command waits for a person. ' : `${summary.proposals.length} commands wait for a person. `, h('a', { href: '/approvals.html' }, 'Answer them')));
  if (!page.hasHistory) {
    put(at('waiting'), h('div', { class: 'notice' }, 'Nothing has been heard of this run for as long as this guard remembers: only its last state is known.'));
  }
}

const blind = (signals) => (signals.length === 0 ? 'none'
  : h('details', { 'data-key': 'blind' }, h('summary', {}, `${signals.length} signals`), h('ul', { class: 'plain' }, signals.map((signal) => h('li', {}, signal)))));

const age = () => `${duration(serverNow() - page.summary.lastSeenMs)} ago`;

async function showSignals() {
  const [fresh, { items }] = await Promise.all([get(ofRun(RUN, '/series')), get(ofRun(RUN, '/entries?types=anomaly,command,outcome&limit=500'))]);
  series = fresh;
  at('signals').hidden = series.steps.length === 0;
  const names = Object.keys(series.lines).sort((a, b) => place(a) - place(b));
  for (const name of names.filter((each) => !charts.has(each))) {
    charts.set(name, new LineChart(words(name), span));
  }
  const host = at('charts');
  if (host.childElementCount !== charts.size) put(host, names.map((name) => charts.get(name).element));
  const signs = marks(items);
  names.forEach((name) => charts.get(name).update({ steps: series.steps, line: series.lines[name], marks: signs }));
  slider.max = Math.max(1, series.steps.length - 1);
  if (span.step === null) slider.value = slider.max;
}

const place = (name) => (FIRST.indexOf(name) + 1 || 99);

function showCursor() {
  const read = [...charts].map(([name, chart]) => [words(name), chart.valueAt(span.step)]).filter(([, value]) => value !== null);
  values.textContent = read.length === 0 ? '' : `Step ${whole(span.step ?? series.steps[series.steps.length - 1])}: ${read.map(([name, { value }]) => `${name} ${number(value)}`).join(' · ')}`;
}

function buildCursor() {
  slider.addEventListener('input', () => span.look(series.steps[Number(slider.value)] ?? null));
  span.listeners.add(() => {
    showCursor();
    at('whole').setAttribute('aria-pressed', String(span.range === null));
  });
  put(at('cursor'), h('label', { for: 'step' }, 'Step to read'), slider, values,
    h('p', { class: 'legend' }, h('span', { class: 'anomaly' }, 'anomaly'), h('span', { class: 'command' }, 'command'), h('span', { class: 'outcome' }, 'applied'),
      'Drag across a chart to see those steps closer.'));
  const last = (count) => () => span.show([Math.max(series.steps[0], page.summary.lastStep - count), page.summary.lastStep]);
  put(at('span'), h('button', { id: 'whole', 'aria-pressed': 'true', onclick: () => span.show(null) }, 'Whole run'),
    h('button', { onclick: last(1000) }, 'Last 1,000 steps'), h('button', { onclick: last(100) }, 'Last 100 steps'));
}

async function showGrid() {
  at('layers').hidden = page.statistics.length === 0;
  if (page.statistics.length === 0) return;
  if (metric.options.length !== page.statistics.length) {
    const chosen = metric.value || FAVOURITES.find((name) => page.statistics.includes(name)) || page.statistics[0];
    put(metric, page.statistics.map((name) => h('option', { value: name, selected: name === chosen }, words(name))));
  }
  const { points } = await get(ofRun(RUN, `/statistics/${encodeURIComponent(metric.value)}`));
  heat.update(words(metric.value), points);
}

async function openLayer(name) {
  const host = at('layer');
  const close = () => { layer?.close(); layer = null; };
  close();
  layer = new LayerPanel(host, RUN, name, span, () => { close(); put(host); });
  try {
    await layer.update();
  } catch (problem) {
    close();
    put(host, failure(problem));
  }
  host.focus();
  host.scrollIntoView({ block: 'nearest' });
}

async function showKoopman() {
  at('koopman').hidden = !page.hasKoopman;
  if (page.hasKoopman) koopman.update((await get(ofRun(RUN, '/koopman'))).blocks);
}

async function showHistory() {
  const [{ items, next }, all] = await Promise.all([
    get(ofRun(RUN, `/entries?limit=${limit}${types ? `&types=${types}` : ''}`)), get(ofRun(RUN, '/entries?limit=500'))]);
  const commands = interventions(all.items);
  at('interventions').hidden = commands === null;
  put(at('commands'), commands);
  at('history').hidden = false;
  const filters = [['', 'All'], ['anomaly', 'Anomalies'], ['command,outcome', 'Commands'], ['decision', 'Decisions']];
  put(at('entries'), h('div', { class: 'bar', role: 'group', 'aria-label': 'Show' }, filters.map(([value, label]) =>
    h('button', { 'aria-pressed': String(types === value), onclick: () => { types = value; showHistory(); } }, label))),
  items.length === 0 ? h('p', { class: 'soft' }, 'Nothing of this kind has happened.') : h('ol', { class: 'plain entries' }, items.map(item)),
  next === null || limit >= 500 ? null : h('button', { onclick: () => { limit = Math.min(500, limit * 2); showHistory(); } }, 'Show older'));
}

put(at('grid'), h('div', { class: 'bar' }, h('label', { for: 'metric' }, 'Statistic'), metric), heat.element);
buildCursor();
setInterval(() => { if (at('age')) at('age').textContent = age(); }, 1000);
mount('fleet', refresh);
