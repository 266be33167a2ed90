// The inbox: commands that wait for a person, with what they would do and cost.

import { get, mayAct, ofRun, post } from './api.js';
import { at, budget, chip, empty, facts, failure, h, put } from './dom.js';
import { kind, number, parameters, whole } from './format.js';
import { askForToken, mount } from './shell.js';

const cards = new Map();
const answered = new Map();
let again = () => {};

const DONE = { APPROVE: 'Approved', DENY: 'Denied', SNOOZE: 'Snoozed' };
const FOLLOW_UP = { COMMAND: 'Sent', OPERATOR: 'Noted', VERDICT: 'Judged' };

function cost({ applications, millis, steps }) {
  return applications === 0 ? 'not measured on this run yet'
    : `${number(millis)} ms of standstill${steps === null ? '' : `, ${number(steps)} steps`} (mean of ${applications} before)`;
}

function card(open) {
  const { proposal } = open;
  const reason = h('input', { type: 'text', id: `reason ${proposal.id}`, maxlength: 1000, autocomplete: 'off' });
  const steps = h('select', { 'aria-label': 'Snooze for' }, [100, 1000, 10000].map((count) => h('option', { value: count }, `${whole(count)} steps`)));
  const buttons = [['APPROVE', 'Approve', 'primary'], ['DENY', 'Deny', null], ['SNOOZE', 'Snooze', null]].map(([name, label, className]) =>
    h('button', { type: 'button', class: className, 'data-key': `${label} ${proposal.id}`, onclick: () => answer(name) }, label));
  const error = h('p', { role: 'alert' });
  const left = h('span');
  const element = h('article', { class: 'card ask', 'aria-label': `${kind(proposal.kind)} on ${open.run}` });

  const answer = async (name) => {
    if (!mayAct()) {
      askForToken(() => { element.querySelector('.may').hidden = mayAct(); again(); });
      return;
    }
    buttons.forEach((button) => { button.disabled = true; });
    try {
      const { id } = await post(ofRun(open.run, '/actions'), {
        kind: name, generation: open.generation, target: proposal.id, steps: name === 'SNOOZE' ? Number(steps.value) : 0, reason: reason.value });
      answered.set(id, { run: open.run, target: proposal.id, what: `${DONE[name]}: ${kind(proposal.kind)}`, became: 'Handed to the guard, which answers at the run’s next step.' });
      at('answer').textContent = `${DONE[name]}: your answer has been recorded.`;
      showAnswered();
    } catch (problem) {
      error.textContent = `${problem.title}: ${problem.message}`;
      buttons.forEach((button) => { button.disabled = false; });
    }
  };

  put(element, h('h2', {}, kind(proposal.kind), ' on ', h('a', { href: `/run.html?run=${encodeURIComponent(open.run)}` }, open.run)),
    h('p', {}, chip(open.health), ' ', proposal.reason),
    facts([
      ['Open', left],
      ['Would touch', proposal.layers.length > 0 ? h('details', { 'data-key': `layers ${proposal.id}` }, h('summary', {}, `${proposal.layers.length} layers`), proposal.layers.join(', ')) : 'the whole model'],
      ['Parameters', parameters(proposal.parameters)], ['Expected effect', open.expectedEffect || 'the policy names none'], ['Cost', cost(open.measuredCost)],
      ['Budget spent', budget(open.stepEquivalentsSpent, open.budget)], ['Policy calls it', proposal.intervention], ['Answers anomaly', proposal.anomalyId],
    ]),
    h('div', { class: 'bar' }, h('label', { for: `reason ${proposal.id}` }, 'Why (for the ledger)'), reason),
    h('div', { class: 'bar' }, buttons, steps), error,
    h('p', { class: 'soft may' }, 'Answering needs an operator’s token: press a button to sign in.'));
  element.querySelector('.may').hidden = mayAct();
  return { element, update: (fresh) => {
    element.querySelector('.may').hidden = mayAct();
    left.textContent = `since step ${whole(proposal.proposedAtStep)}, until step ${whole(proposal.expiresAtStep)}; the run is at ${whole(fresh.lastStep)}`;
  } };
}

/** What became of an answer, from the command to its verdict, in the order in which it came about. */
const told = (entry) => (entry.type === 'outcome' ? `Rank ${entry.processRank}: ${entry.status.toLowerCase()} at step ${whole(entry.step)}.`
  : `${FOLLOW_UP[entry.action]}${entry.action === 'VERDICT' ? ` ${entry.verdict}` : ''}: ${entry.reason}.`);

async function follow() {
  for (const each of answered.values()) {
    const { items } = await get(ofRun(each.run, '/entries?types=decision,outcome&limit=200'));
    const about = items.filter(({ commandId, type, action }) => commandId === each.target && (type === 'outcome' || FOLLOW_UP[action]));
    if (about.length > 0) each.became = about.reverse().map(told).join(' ');
  }
  showAnswered();
}

function showAnswered() {
  at('answered').hidden = answered.size === 0;
  put(at('answers'), [...answered.values()].reverse().map(({ run, what, became }) => h('li', { class: 'card' }, h('strong', {}, `${what} on ${run}. `), became)));
}

/** Cards stay in place while they are read or written in: only new ones come and old ones go. */
async function refresh() {
  try {
    const { items } = await get('/proposals');
    const host = at('proposals');
    const known = new Set(items.map(({ proposal }) => proposal.id));
    if (cards.size === 0 || items.length === 0) put(host);
    [...cards].filter(([id]) => !known.has(id)).forEach(([id, { element }]) => { element.remove(); cards.delete(id); });
    for (const open of items) {
      if (!cards.has(open.proposal.id)) {
        cards.set(open.proposal.id, card(open));
        host.append(cards.get(open.proposal.id).element);
      }
      cards.get(open.proposal.id).update(open);
    }
    if (items.length === 0) put(host, empty('Nothing waits for you', 'Runs in mode approve ask here before anything touches their weights.'));
    await follow();
  } catch (problem) {
    put(at('proposals'), failure(problem));
    cards.clear();
  }
}

mount('approvals', refresh).then((refreshNow) => { again = refreshNow; });
