// Elements from plain values. Text is always text: nothing that comes from a topic is ever read as HTML.

import { number } from './format.js';

const SVG = 'http://www.w3.org/2000/svg';

/** An element with properties and children; a child that is not a node becomes text, null and false are left out. */
export function h(name, properties = {}, ...children) {
  return fill(document.createElement(name), properties, children);
}

/** The same for SVG. */
export function s(name, properties = {}, ...children) {
  return fill(document.createElementNS(SVG, name), properties, children);
}

function fill(element, properties, children) {
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** The element with an id. */
export const at = (id) => document.getElementById(id);

/** Puts children in place of what is there; what had the focus or was folded open stays so, found again by its id, address or data-key. */
export function put(host, ...children) {
  const focused = host.contains(document.activeElement) ? keyOf(document.activeElement) : null;
  const open = new Set([...host.querySelectorAll('details[open]')].map(keyOf));
  host.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  host.removeAttribute('aria-busy');
  host.querySelectorAll('details').forEach((details) => { details.open = details.open || open.has(keyOf(details)); });
  if (focused) [...host.querySelectorAll('a, button, input, select, summary, [tabindex]')].find((element) => keyOf(element) === focused)?.focus();
}

function keyOf(element) {
  const own = element.dataset.key || element.id || element.getAttribute('href') || element.getAttribute('aria-label');
  return own || (element.matches('summary') ? `summary of ${keyOf(element.parentElement)}` : element.textContent);
}

/**
 * A table that stays a table for screen readers when it is stacked on a phone.
 * columns: [{label, number}], rows: [[cell, ...]], the first cell of a row is its header.
 */
export function table(caption, columns, rows) {
  const cells = (row) => row.cells.map((cell, i) => (i === 0
    ? h('th', { scope: 'row', role: 'rowheader' }, cell)
    : h('td', { role: 'cell', 'data-label': columns[i].label, class: columns[i].number ? 'number' : null }, cell)));
  return h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
    h('table', { class: 'stack', role: 'table' },
      h('caption', {}, caption),
      h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, columns.map((column) =>
        h('th', { scope: 'col', role: 'columnheader', class: column.number ? 'number' : null }, column.label)))),
      h('tbody', { role: 'rowgroup' }, rows.map((row) => h('tr', { role: 'row', class: row.className }, cells(row))))));
}

/** Facts as terms and their values: [[term, value], ...]; those without a value are left out. */
export function facts(pairs) {
  return h('dl', { class: 'facts' }, pairs
    .filter(([, value]) => value !== null && value !== undefined && value !== '')
    .map(([term, value]) => h('div', {}, h('dt', {}, term), h('dd', {}, value))));
}

/** A state in words, with a sign and a colour beside it. */
export function chip(state, words = state) {
  const signs = { OK: '✓', EFFECTIVE: '✓', APPLIED: '✓', ALARM: '▲', HARMFUL: '▲', FAILED: '▲', UNKNOWN: '?', NEUTRAL: '=' };
  return h('span', { class: `chip ${signs[state] ? state : 'other'}` },
    h('span', { 'aria-hidden': 'true' }, signs[state] ?? '•'), words);
}

/** A box that says that there is nothing, and what to do about it. */
export const empty = (title, ...text) => h('div', { class: 'notice' }, h('h2', {}, title), h('p', {}, text));

/** A box that says what went wrong. */
export const failure = (problem) => h('div', { class: 'notice problem', role: 'alert' },
  h('strong', {}, problem.title ?? 'This could not be shown'), ': ', problem.message);

/** What interventions have cost of what they may. */
export function budget(spent, most) {
  const text = `${number(spent)} of ${number(most)} steps`;
  return h('span', {}, h('meter', { min: 0, max: Math.max(most, 1e-9), value: Math.min(spent, most), high: most * 0.8, 'aria-label': `Budget spent: ${text}` }), ' ', text);
}
