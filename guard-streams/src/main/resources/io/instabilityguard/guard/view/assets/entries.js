// What happened to a run, in words; with the numbers behind it.

import { chip, facts, h, table } from './dom.js';
import { hash, kind, number, parameters, time, whole, words } from './format.js';

/** The numbers behind a finding or decision. */
export function evidence(grounds) {
  if (!grounds) return null;
  return facts([
    ['Detector', grounds.detector], ['Signal', grounds.metric], ['Value', number(grounds.value)], ['This run’s normal', number(grounds.baseline)],
    ['Tolerated', number(grounds.threshold)], ['Steps looked at', `${whole(grounds.firstStep)} to ${whole(grounds.lastStep)}`],
    ['Layers', grounds.layers.length > 0 ? grounds.layers.join(', ') : 'whole model'],
    ['Record', grounds.offset >= 0 ? `partition ${grounds.partition}, offset ${grounds.offset}` : ''],
  ]);
}

const DESCRIBE = {
  anomaly: (entry) => ({
    kind: `Anomaly ${entry.transition.toLowerCase()}`,
    title: entry.message,
    body: [evidence(entry.evidence), facts([['Forecast', entry.forecastSteps === null ? '' : `limit in ${number(entry.forecastSteps)} steps if the slope holds`], ['Id', entry.id]])],
  }),
  command: (entry) => ({
    kind: kind(entry.kind),
    title: `${entry.layers.length > 0 ? `${entry.layers.length} layers, ` : ''}from step ${whole(entry.applyAtStep)}`,
    body: [evidence(entry.evidence), facts([
      ['Layers', entry.layers.join(', ')], ['Parameters', parameters(entry.parameters)], ['Expected', entry.expectedEffect],
      ['Judged', entry.judgedAfterSteps > 0 ? `${entry.judgedAfterSteps} steps after it is applied` : ''], ['Void after step', whole(entry.expiresAtStep)],
      ['Approved by', entry.approver], ['Undoes', entry.undoes], ['Policy', hash(entry.policyHash)], ['Id', entry.id],
    ])],
  }),
  outcome: (entry) => ({
    kind: `Rank ${entry.processRank}`,
    state: entry.status,
    title: `${kind(entry.kind)}${entry.reason ? `: ${entry.reason}` : ''}`,
    body: [facts([['Trainer stood still', entry.hookMillis === null ? '' : `${number(entry.hookMillis)} ms`], ['Computed', entry.computeMillis === null ? '' : `${number(entry.computeMillis)} ms`],
      ['From evidence to receipt', entry.loopMillis === null ? '' : `${number(entry.loopMillis)} ms`], ['Command', entry.commandId]]), changes(entry.changes)],
  }),
  decision: (entry) => ({
    kind: words(entry.action),
    state: entry.action === 'VERDICT' ? entry.verdict : null,
    title: entry.reason,
    body: [evidence(entry.evidence), facts([['Operator', entry.operator], ['Anomaly', entry.anomalyId], ['Command', entry.commandId],
      ['Number', whole(entry.sequence)], ['Hash', hash(entry.hash)], ['Policy', hash(entry.policyHash)]])],
  }),
  generation: (entry) => ({ kind: 'Trainer attached', title: `generation ${entry.generation}`, body: [] }),
};

function changes(all) {
  if (all.length === 0) return null;
  const columns = [{ label: 'Layer' }, { label: 'Replaced' }, { label: 'Stable rank', number: true }, { label: 'Spectral norm', number: true }];
  return table('Layers before and after', columns, all.map((change) => ({ cells: [change.layer, change.replaced ? 'yes' : `no: ${change.reason}`,
    `${number(change.stableRankBefore)} → ${number(change.stableRankAfter)}`, `${number(change.spectralNormBefore)} → ${number(change.spectralNormAfter)}`] })));
}

/** One entry, which unfolds to its numbers. */
export function item(entry) {
  const { kind: name, state, title, body } = DESCRIBE[entry.type](entry);
  return h('li', { 'data-key': entry.number }, h('details', { class: 'entry' },
    h('summary', {}, h('span', { class: 'step' }, `step ${whole(entry.step)}`), h('span', { class: 'kind' }, name), state ? [chip(state), ' '] : null, title),
    h('p', { class: 'soft' }, `Recorded ${time(entry.timestampMs)}`), body));
}

/** Signs for the charts: where anomalies were raised, commands decided and applied. */
export function marks(entries) {
  return entries.flatMap((entry) => {
    if (entry.type === 'anomaly' && entry.transition !== 'CLEARED') return [{ step: entry.step, type: 'anomaly', title: entry.message }];
    if (entry.type === 'command') return [{ step: entry.step, type: 'command', title: `${kind(entry.kind)} commanded` }];
    if (entry.type === 'outcome' && entry.status === 'APPLIED') return [{ step: entry.step, type: 'outcome', title: `${kind(entry.kind)} applied` }];
    return [];
  });
}

/** Every command with what became of it. */
export function interventions(entries) {
  const commands = entries.filter(({ type }) => type === 'command');
  if (commands.length === 0) return null;
  const columns = [{ label: 'What' }, { label: 'Decided at', number: true }, { label: 'Layers', number: true }, { label: 'Became' }, { label: 'Cost', number: true }, { label: 'Verdict' }, { label: 'By' }];
  return table('Commands, the newest first', columns, commands.map((command) => {
    const answers = entries.filter(({ type, commandId }) => type === 'outcome' && commandId === command.id);
    const verdict = entries.find(({ type, action, commandId }) => type === 'decision' && action === 'VERDICT' && commandId === command.id);
    const cost = answers.map(({ hookMillis }) => hookMillis).filter((millis) => millis !== null);
    return { key: command.id, cells: [kind(command.kind), whole(command.step), command.layers.length > 0 ? whole(command.layers.length) : 'all',
      answers.length === 0 ? 'no answer yet' : h('span', {}, answers.map(({ status, step, processRank }) => [chip(status), ` rank ${processRank}, step ${whole(step)} `])),
      cost.length === 0 ? '–' : `${number(Math.max(...cost))} ms`, verdict ? chip(verdict.verdict) : 'not judged yet', command.approver || 'the guard'] };
  }));
}
