// Line charts against the training step, in SVG so that they follow the theme. All charts of a page share the steps shown and the cursor.

import { h, put, s } from './dom.js';
import { number, whole } from './format.js';

const HEIGHT = 190;
const EDGE = { left: 58, right: 10, top: 14, bottom: 22 };
const GLYPHS = { anomaly: 'M-4 0h8l-4 7z', command: 'M0 0l4 4-4 4-4-4z', outcome: 'M-3.5 4a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0' };

/** The steps that all charts of a page show, and the step that the reader looks at. Listeners are told of every change. */
export class Span {
  constructor() {
    this.range = null;
    this.step = null;
    this.listeners = new Set();
  }

  show(range) {
    this.range = range && range[1] > range[0] ? range : null;
    this.tell();
  }

  look(step) {
    this.step = step;
    this.tell();
  }

  tell() {
    this.listeners.forEach((listener) => listener());
  }
}

/** A chart in a figure: `element`, and `update({steps, line, marks, levels})` with line {last, low, high}. */
export class LineChart {
  constructor(title, span) {
    this.title = title;
    this.span = span;
    this.data = { steps: [], line: null, marks: [], levels: [] };
    this.readout = h('span', { class: 'soft' });
    this.svg = s('svg', { class: 'plot', role: 'img' });
    this.element = h('figure', {}, h('figcaption', {}, title, this.readout), this.svg);
    this.drag = null;
    this.onSpan = () => this.draw();
    span.listeners.add(this.onSpan);
    new ResizeObserver(() => this.draw()).observe(this.svg);
    this.svg.addEventListener('pointermove', (event) => this.move(event));
    this.svg.addEventListener('pointerdown', (event) => { this.drag = this.stepAt(event); });
    this.svg.addEventListener('pointerup', (event) => this.release(event));
    this.svg.addEventListener('pointerleave', () => { this.drag = null; });
  }

  update(data) {
    this.data = { marks: [], levels: [], ...data };
    this.draw();
  }

  /** Takes no part in the page's span any more. */
  close() {
    this.span.listeners.delete(this.onSpan);
  }

  move(event) {
    const step = this.stepAt(event);
    if (step !== null) this.span.look(step);
  }

  release(event) {
    const to = this.stepAt(event);
    const from = this.drag;
    this.drag = null;
    if (from !== null && to !== null && Math.abs(this.x(to) - this.x(from)) > 8) this.span.show([Math.min(from, to), Math.max(from, to)]);
  }

  stepAt(event) {
    if (!this.view) return null;
    const { first, last, width } = this.view;
    const share = (event.clientX - this.svg.getBoundingClientRect().left - EDGE.left) / (width - EDGE.left - EDGE.right);
    return Math.round(first + Math.min(1, Math.max(0, share)) * (last - first));
  }

  x(step) {
    const { first, last, width } = this.view;
    return EDGE.left + (step - first) / (last - first) * (width - EDGE.left - EDGE.right);
  }

  y(value) {
    const { low, high, isLog } = this.view;
    const at = isLog ? Math.log10(value / low) / Math.log10(high / low) : (value - low) / (high - low);
    return HEIGHT - EDGE.bottom - Math.min(1.02, Math.max(-0.02, at)) * (HEIGHT - EDGE.top - EDGE.bottom);
  }

  /** What is shown: the points in the range, and the scale that fits them. */
  frame() {
    const { steps, line, levels } = this.data;
    const [first, last] = this.span.range ?? [steps[0], steps[steps.length - 1]];
    const shown = steps.map((step, i) => i).filter((i) => steps[i] >= first && steps[i] <= last);
    const values = shown.flatMap((i) => [line.last[i], line.low[i], line.high[i]])
      .concat(levels.flatMap((level) => level.points.map(([, value]) => value))).filter((value) => value !== null);
    const least = Math.min(...values);
    const most = Math.max(...values);
    const isLog = least > 0 && most / least > 300;
    const room = (most - least) * 0.06 || Math.abs(most) * 0.1 || 1;
    return {
      shown, isLog, isEmpty: values.length === 0, first, last: Math.max(last, first + 1), width: this.svg.clientWidth || 600,
      low: isLog ? least / 1.2 : least - room, high: isLog ? most * 1.2 : most + room,
    };
  }

  draw() {
    const { steps, line } = this.data;
    this.view = line && steps.length > 0 ? this.frame() : null;
    if (!this.view || this.view.isEmpty) {
      this.view = null;
      put(this.svg, s('text', { x: EDGE.left, y: HEIGHT / 2 }, 'no value in these steps'));
      return;
    }
    this.svg.setAttribute('viewBox', `0 0 ${this.view.width} ${HEIGHT}`);
    this.svg.setAttribute('aria-label', this.summary());
    put(this.svg, ...this.axes(), s('path', { class: 'band', d: this.band() }), s('path', { class: 'line', d: this.path(line.last) }),
      ...this.levels(), ...this.marks(), this.cursor());
    this.read();
  }

  summary() {
    const { shown, low, high, isLog } = this.view;
    const { steps, line } = this.data;
    const last = shown[shown.length - 1];
    return `${this.title}: steps ${whole(steps[shown[0]])} to ${whole(steps[last])}, between ${number(low)} and ${number(high)}${isLog ? ', logarithmic' : ''}, last ${number(line.last[last])}`;
  }

  path(values) {
    let pen = 'M';
    let path = '';
    for (const i of this.view.shown) {
      if (values[i] === null) {
        pen = 'M';
      } else {
        path += `${pen}${this.x(this.data.steps[i]).toFixed(1)} ${this.y(values[i]).toFixed(1)}`;
        pen = 'L';
      }
    }
    return path;
  }

  band() {
    const { steps, line } = this.data;
    const points = this.view.shown.filter((i) => line.low[i] !== null);
    if (points.every((i) => line.low[i] === line.high[i])) return '';
    const edge = (values, order) => order.map((i) => `${this.x(steps[i]).toFixed(1)} ${this.y(values[i]).toFixed(1)}`).join('L');
    return `M${edge(line.high, points)}L${edge(line.low, [...points].reverse())}Z`;
  }

  axes() {
    const { first, last, low, high, isLog, width } = this.view;
    const values = isLog ? decades(low, high) : ticks(low, high, 4);
    return [
      ...values.map((value) => s('g', {}, s('line', { class: 'grid', x1: EDGE.left, x2: width - EDGE.right, y1: this.y(value), y2: this.y(value) }),
        s('text', { x: EDGE.left - 6, y: this.y(value) + 4, 'text-anchor': 'end' }, number(value)))),
      ...ticks(first, last, Math.max(2, Math.floor(width / 140))).filter(Number.isInteger).map((step) =>
        s('text', { x: this.x(step), y: HEIGHT - 6, 'text-anchor': 'middle' }, whole(step))),
    ];
  }

  marks() {
    const { first, last } = this.view;
    return this.data.marks.filter(({ step }) => step >= first && step <= last).map(({ step, type, title }) =>
      s('g', { class: `mark ${type}`, transform: `translate(${this.x(step).toFixed(1)} 2)` }, s('title', {}, title),
        s('line', { x1: 0, x2: 0, y1: 8, y2: HEIGHT - EDGE.bottom - 2 }), s('path', { d: GLYPHS[type] })));
  }

  levels() {
    return this.data.levels.map(({ type, points, title }) => s('path', {
      class: `level ${type}`, d: `M${points.map(([step, value]) => `${this.x(step).toFixed(1)} ${this.y(value).toFixed(1)}`).join('L')}`,
    }, s('title', {}, title)));
  }

  cursor() {
    const step = this.span.step;
    if (step === null || step < this.view.first || step > this.view.last) return null;
    return s('line', { class: 'cursor', x1: this.x(step), x2: this.x(step), y1: EDGE.top, y2: HEIGHT - EDGE.bottom });
  }

  /** The value at the cursor, or else the last one. */
  valueAt(step) {
    const { steps, line } = this.data;
    if (!line || steps.length === 0) return null;
    let i = steps.length - 1;
    while (i > 0 && (step !== null && steps[i] > step || line.last[i] === null)) i -= 1;
    return { step: steps[i], value: line.last[i] };
  }

  read() {
    const read = this.valueAt(this.span.step);
    this.readout.textContent = `${number(read.value)} at step ${whole(read.step)}${this.view.isLog ? ' (log)' : ''}`;
  }
}

/** Round values between two bounds, about so many. */
export function ticks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const unit = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
  const all = [];
  for (let i = Math.ceil(low / unit); i * unit <= high; i += 1) all.push(Number((i * unit).toPrecision(12)));
  return all;
}

function decades(low, high) {
  const all = [];
  const every = Math.max(1, Math.ceil(Math.log10(high / low) / 5));
  for (let power = Math.ceil(Math.log10(low)); power <= Math.log10(high); power += every) all.push(10 ** power);
  return all;
}
