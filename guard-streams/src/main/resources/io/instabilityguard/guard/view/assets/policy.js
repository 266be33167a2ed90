// The policy in force, key by key, beside the default.

import { get } from './api.js';
import { at, facts, failure, h, put, table } from './dom.js';
import { number, whole } from './format.js';
import { mount } from './shell.js';

const CHANGES = [{ label: 'Key' }, { label: 'For these runs' }, { label: 'Policy of the process' }];
const SHADOWS = [{ label: 'Run' }, { label: 'Of' }, { label: 'Both', number: true }, { label: 'Only shadow', number: true },
  { label: 'Only in force', number: true }, { label: 'Lead in steps', number: true }, { label: 'Steps' }];
const COLUMNS = [{ label: 'Key' }, { label: 'In force' }, { label: 'Default' }];
let rows = [];

function show() {
  const wanted = at('filter').value.trim().toLowerCase();
  const shown = rows.filter(({ key, value, standard }) => key.toLowerCase().includes(wanted) && (!at('changed').checked || value !== standard));
  put(at('rows'), shown.length === 0 ? h('p', { class: 'soft' }, 'No key fits.')
    : table(`${whole(shown.length)} of ${whole(rows.length)} keys`, COLUMNS, shown.map(({ key, value, standard }) => ({
      key, className: value === standard ? null : 'changed',
      cells: [h('code', {}, key), h('code', {}, value), value === standard ? 'the same' : h('code', {}, standard ?? 'none')] }))));
}

/** What a revision from Kafka changes for its runs. */
function revision({ pattern, hash, mode, changes }) {
  return h('div', { class: 'card' }, facts([['Runs', h('code', {}, pattern)], ['Mode', mode.toLowerCase()], ['Hash', h('code', {}, hash)]]),
    changes.length === 0 ? h('p', { class: 'soft' }, 'Changes nothing.')
      : table(`What it changes for ${pattern}`, CHANGES, changes.map(({ key, before, after }) => ({
        key, cells: [h('code', {}, key), h('code', {}, after || 'none'), h('code', {}, before || 'none')] }))));
}

/** How a policy does that is only tried, beside the one in force. */
function tried(items) {
  const row = (shadow, what, { both, onlyShadow, onlyInForce, leadSteps }) => ({ key: `${shadow.run} ${what}`,
    cells: [shadow.run, what, whole(both), whole(onlyShadow), whole(onlyInForce), whole(leadSteps), `${whole(shadow.sinceStep)} to ${whole(shadow.step)}`] });
  return items.length === 0 ? [] : [h('h2', {}, 'Shadow policies'), table('Agreement of shadow policies with those in force', SHADOWS,
    items.flatMap((shadow) => [row(shadow, 'alarms', shadow.alarms), row(shadow, 'commands', shadow.commands)]))];
}

async function refresh(runs) {
  try {
    put(at('shadows'), tried((await get('/shadows')).items));
    if (runs !== null) return;
    const policy = await get('/policy');
    rows = policy.rows;
    const changed = rows.filter(({ value, standard }) => value !== standard).length;
    put(at('summary'), h('div', { class: 'card' }, facts([['Mode', policy.mode.toLowerCase()], ['Budget', `${number(policy.budget)} steps in any 1,000`],
      ['Differs from the default in', `${whole(changed)} keys`], ['Hash', h('code', {}, policy.hash)]])));
    put(at('revisions'), policy.revisions.length === 0 ? null : h('h2', {}, 'Revisions in force'), policy.revisions.map(revision));
    show();
  } catch (problem) {
    put(at('summary'), failure(problem));
  }
}

at('filter').addEventListener('input', show);
at('changed').addEventListener('change', show);
mount('policy', refresh);
