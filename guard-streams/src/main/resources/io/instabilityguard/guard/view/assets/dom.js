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

/**
 * Makes the children of `host` these. What is there already stays the same element, so that it keeps focus, folds and clicks while the page is live; elements with a
 * data-key are found again wherever they stand.
 */
export function put(host, ...children) {
  const fresh = document.createDocumentFragment();
  fresh.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  patch(host, fresh);
  host.removeAttribute('aria-busy');
}

function patch(host, fresh) {
  const known = new Map([...host.children].filter((child) => child.dataset.key).map((child) => [child.dataset.key, child]));
  const nodes = [...fresh.childNodes];
  nodes.forEach((node, i) => {
    const old = known.get(node.dataset?.key) ?? host.childNodes[i];
    if (!old || !isSame(old, node)) {
      host.insertBefore(node, host.childNodes[i] ?? null);
    } else {
      if (old !== host.childNodes[i]) host.insertBefore(old, host.childNodes[i]);
      update(old, node);
    }
  });
  [...host.childNodes].slice(nodes.length).forEach((node) => node.remove());
}

const isSame = (a, b) => a.nodeName === b.nodeName && a.dataset?.key === b.dataset?.key && a.id === b.id;

function update(old, node) {
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== node.data) old.data = node.data;
    return;
  }
  const own = (name) => name === 'open' && old.nodeName === 'DETAILS';
  [...old.attributes].filter(({ name }) => !node.hasAttribute(name) && !own(name)).forEach(({ name }) => old.removeAttribute(name));
  [...node.attributes].filter(({ name, value }) => old.getAttribute(name) !== value).forEach(({ name, value }) => old.setAttribute(name, value));
  patch(old, node);
}

/**
 * A table that stays a table for screen readers when it is stacked on a phone.
 * columns: [{label, number}], rows: [{key, className, cells}], the first cell of a row is its header.
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
      h('tbody', { role: 'rowgroup' }, rows.map((row) => h('tr', { role: 'row', class: row.className, 'data-key': row.key }, cells(row))))));
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
