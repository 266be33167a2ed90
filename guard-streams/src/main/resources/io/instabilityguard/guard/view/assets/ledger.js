// Every decision on one run, with the chain of hashes.

import { all, get, ofRun } from './api.js';
import { at, chip, empty, failure, h, put, table } from './dom.js';
import { hash, time, whole, words } from './format.js';
import { mount } from './shell.js';

const PER_PAGE = 100;
const COLUMNS = [{ label: 'No.' }, { label: 'Step', number: true }, { label: 'Time' }, { label: 'Decided' }, { label: 'Why' }, { label: 'By' }, { label: 'Policy' }, { label: 'Hash' }];

let shown = [];
let next = null;
const run = () => new URLSearchParams(location.search).get('run') ?? at('run').value;

/** Whether each decision names the hash of the one before, among those that were read; applications have chains of their own. */
function chainOf(decisions) {
  for (const application of new Set(decisions.map((decision) => decision.application))) {
    const chain = decisions.filter((decision) => decision.application === application).sort((a, b) => a.sequence - b.sequence);
    const broken = chain.findIndex((decision, i) => i > 0 && decision.previousHash !== chain[i - 1].hash);
    if (broken > 0) return `BROKEN before number ${chain[broken].sequence}: it does not name the hash of the decision before it.`;
  }
  return `Unbroken: each of these ${decisions.length} decisions names the hash of the one before it. The hashes themselves are checked by ./guard ledger verify.`;
}

function show() {
  at('decisions').removeAttribute('aria-busy');
  at('chain').textContent = shown.length === 0 ? '' : chainOf(shown);
  put(at('decisions'), shown.length === 0 ? empty('No decision', 'The guard has decided nothing on this run that is remembered here.')
    : table(`Decisions on ${run()}, the newest first`, COLUMNS, shown.map((decision) => ({ key: decision.hash, cells: [
      whole(decision.sequence), whole(decision.step), time(decision.timestampMs),
      h('span', {}, words(decision.action), ' ', decision.action === 'VERDICT' ? chip(decision.verdict) : null),
      decision.reason, decision.operator || decision.application || 'the guard', h('code', {}, hash(decision.policyHash)), h('code', { title: decision.hash }, hash(decision.hash))] }))),
  next === null ? null : h('button', { onclick: older }, 'Show older'));
}

async function read(after) {
  const page = await get(ofRun(run(), `/entries?types=decision&limit=${PER_PAGE}${after === null ? '' : `&after=${after}`}`));
  next = page.next;
  return page.items;
}

async function older() {
  shown = shown.concat(await read(next));
  show();
}

async function refresh(runs) {
  try {
    if (at('run').options.length === 0) {
      const names = (await all('/runs')).map(({ summary }) => summary.run);
      put(at('run'), names.map((name) => h('option', { value: name, selected: name === run() }, name)));
    }
    if (!run()) {
      put(at('decisions'), empty('No run yet', 'The guard has heard of no training run.'));
    } else if (runs === null || (runs.has(run()) && shown.length <= PER_PAGE)) {
      shown = await read(null);
      show();
    }
  } catch (problem) {
    put(at('decisions'), failure(problem));
  }
}

mount('ledger', refresh);
