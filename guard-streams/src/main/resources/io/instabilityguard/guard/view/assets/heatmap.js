// A statistic of all layers against the step: one row per layer, one column per sample. The table below it says the same in numbers.

import { h, put, table } from './dom.js';
import { number, whole } from './format.js';

// Dark to light, even in lightness, told apart with any kind of colour vision.
const STOPS = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];

function colour(share) {
  const at = Math.min(1, Math.max(0, share)) * (STOPS.length - 1);
  const i = Math.min(STOPS.length - 2, Math.floor(at));
  return STOPS[i].map((part, channel) => Math.round(part + (STOPS[i + 1][channel] - part) * (at - i)));
}

/** The map with its legend and table; `onLayer(name)` when a row is chosen. */
export class HeatMap {
  constructor(onLayer) {
    this.onLayer = onLayer;
    this.isRelative = true;
    this.canvas = h('canvas', { class: 'heat', role: 'img' });
    this.readout = h('p', { class: 'soft' }, 'Point at the map, or choose a layer in the table.');
    this.scale = h('div', { class: 'scale' });
    this.numbers = h('div');
    this.toggle = h('button', { 'aria-pressed': 'true', onclick: () => this.flip() }, 'Relative to each layer’s start');
    this.element = h('div', {}, h('div', { class: 'bar' }, this.toggle, this.scale), this.canvas, this.readout,
      h('details', { 'data-key': 'layer-table' }, h('summary', {}, 'Layers as a table'), this.numbers));
    this.canvas.addEventListener('pointermove', (event) => this.point(event));
    this.canvas.addEventListener('click', (event) => {
      const cell = this.cellAt(event);
      if (cell) this.onLayer(this.names[cell.row]);
    });
  }

  flip() {
    this.isRelative = !this.isRelative;
    this.toggle.setAttribute('aria-pressed', String(this.isRelative));
    this.draw();
  }

  update(metric, points) {
    this.metric = metric;
    this.points = points;
    this.names = Object.keys(points.lines);
    this.draw();
  }

  /** Values as shown: as measured, or over the first of their row. */
  rows() {
    return this.names.map((name) => {
      const values = this.points.lines[name].last;
      const first = values.find((value) => value !== null && value !== 0);
      return this.isRelative ? values.map((value) => (value === null || first === undefined ? null : value / first)) : values;
    });
  }

  draw() {
    const rows = this.rows();
    const shown = rows.flat().filter((value) => value !== null).sort((a, b) => a - b);
    const low = shown[Math.floor(shown.length * 0.01)] ?? 0;
    const high = shown[Math.ceil(shown.length * 0.99) - 1] ?? 1;
    this.shown = rows;
    const columns = Math.max(1, this.points.steps.length);
    this.canvas.width = columns;
    this.canvas.height = Math.max(1, rows.length);
    this.canvas.style.height = `${Math.min(560, Math.max(96, rows.length * 14))}px`;
    paint(this.canvas, columns, rows.length, (column, row) => {
      const value = rows[row][column];
      return value === null || value === undefined ? null : colour(high > low ? (value - low) / (high - low) : 0.5);
    });
    this.canvas.setAttribute('aria-label', `${this.metric} of ${rows.length} layers at ${columns} samples, from ${number(low)} to ${number(high)}; the table below has the numbers`);
    this.legend(low, high);
    put(this.numbers, this.table());
  }

  legend(low, high) {
    const bar = h('canvas', { width: 64, height: 1, 'aria-hidden': 'true' });
    paint(bar, 64, 1, (column) => colour(column / 63));
    put(this.scale, `${number(low)}${this.isRelative ? ' ×' : ''}`, bar, `${number(high)}${this.isRelative ? ' ×' : ''}`);
  }

  table() {
    const columns = [{ label: 'Layer' }, { label: 'First', number: true }, { label: 'Lowest', number: true }, { label: 'Highest', number: true }, { label: 'Last', number: true }];
    return table(`${this.metric} by layer, as measured`, columns, this.names.map((name) => {
      const values = this.points.lines[name].last.filter((value) => value !== null);
      return { key: name, cells: [h('button', { onclick: () => this.onLayer(name) }, name),
        ...[values[0], Math.min(...values), Math.max(...values), values[values.length - 1]].map(number)] };
    }));
  }

  cellAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / box.width * this.canvas.width);
    const row = Math.floor((event.clientY - box.top) / box.height * this.canvas.height);
    return this.names?.[row] === undefined || this.points.steps[column] === undefined ? null : { column, row };
  }

  point(event) {
    const cell = this.cellAt(event);
    if (!cell) return;
    const value = this.shown[cell.row][cell.column];
    this.readout.textContent = `${this.names[cell.row]} at step ${whole(this.points.steps[cell.column])}: ${number(value)}${this.isRelative ? ' × its start' : ''}`;
  }
}

function paint(canvas, columns, rows, colourOf) {
  const context = canvas.getContext('2d');
  const image = context.createImageData(columns, Math.max(1, rows));
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const rgb = colourOf(column, row);
      if (rgb) image.data.set([...rgb, 255], (row * columns + column) * 4);
    }
  }
  context.putImageData(image, 0, 0);
}
