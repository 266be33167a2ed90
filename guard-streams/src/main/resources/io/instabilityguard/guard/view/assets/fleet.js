// The fleet: every run, what needs a person first.

import { all, get, ofRun } from './api.js';
import { at, budget, chip, empty, failure, h, put, table } from './dom.js';
import { duration, number, whole } from './format.js';
import { serverNow } from './live.js';
import { mount } from './shell.js';

const URGENCY = { ALARM: 0, UNKNOWN: 1, OK: 2 };
const COLUMNS = [{ label: 'Run' }, { label: 'Health' }, { label: 'Last step', number: true }, { label: 'Heard of', number: true },
  { label: 'Loss', number: true }, { label: 'Open anomalies', number: true }, { label: 'Waiting', number: true }, { label: 'Mode' }, { label: 'Budget spent' }];

let rows = [];

function inOrder(a, b) {
  return b.summary.proposals.length - a.summary.proposals.length
    || URGENCY[a.summary.health] - URGENCY[b.summary.health]
    || b.summary.lastSeenMs - a.summary.lastSeenMs;
}

function cells({ summary, budget: most }) {
  return { key: summary.run, cells: [
    h('a', { href: `/run.html?run=${encodeURIComponent(summary.run)}` }, summary.run),
    h('span', {}, chip(summary.health), h('div', { class: 'soft' }, summary.healthReason)),
    whole(summary.lastStep),
    h('span', { 'data-seen': summary.lastSeenMs }, age(summary.lastSeenMs)),
    number(summary.loss),
    whole(summary.openAnomalies.length),
    summary.proposals.length > 0 ? h('a', { href: '/approvals.html' }, `${summary.proposals.length} to approve`) : '0',
    summary.mode.toLowerCase(),
    budget(summary.stepEquivalentsSpent, most),
  ] };
}

const age = (seenMs) => `${duration(serverNow() - seenMs)} ago`;

function show() {
  const wanted = at('filter').value.trim().toLowerCase();
  const shown = rows.filter(({ summary }) => summary.run.toLowerCase().includes(wanted)).sort(inOrder);
  const count = (health) => rows.filter(({ summary }) => summary.health === health).length;
  put(at('counts'), rows.length === 0 ? null : ['ALARM', 'UNKNOWN', 'OK'].map((health) => chip(health, `${count(health)} ${health}`)));
  if (rows.length === 0) {
    put(at('runs'), empty('No run yet', 'The guard has heard of no training run. Attach one: three lines in the training script, as ',
      h('code', {}, './guard up'), ' prints them.'));
  } else if (shown.length === 0) {
    put(at('runs'), empty('No such run', `No run has “${wanted}” in its name.`));
  } else {
    put(at('runs'), table(`${shown.length} of ${rows.length} runs`, COLUMNS, shown.map(cells)));
  }
}

const FEW = 10;

async function refresh(runs) {
  try {
    if (runs === null || runs.size > FEW) {
      rows = await all('/runs');
    } else {
      const fresh = await Promise.all([...runs].map((run) => get(ofRun(run)).catch(() => null)));
      rows = [...rows.filter(({ summary }) => !runs.has(summary.run)), ...fresh.filter((row) => row !== null)];
    }
    show();
  } catch (problem) {
    put(at('runs'), failure(problem));
  }
}

at('filter').addEventListener('input', show);
setInterval(() => document.querySelectorAll('[data-seen]').forEach((cell) => { cell.textContent = age(Number(cell.dataset.seen)); }), 1000);
mount('fleet', refresh);
