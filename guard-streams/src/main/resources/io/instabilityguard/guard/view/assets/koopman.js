// The eigenvalues of one block on the complex plane, with the unit circle; and every block in numbers.

import { chip, h, put, s, table } from './dom.js';
import { number, share, whole } from './format.js';

const SIZE = 320;

function plane(block) {
  const reach = Math.max(1.15, ...block.modes.map(([re, im]) => Math.hypot(re, im) * 1.05));
  const at = (value) => SIZE / 2 + value / reach * (SIZE / 2 - 8);
  const label = `${block.modes.length} modes of ${block.block} on the complex plane; largest modulus ${number(block.spectralRadius)}`;
  return s('svg', { class: 'circle', viewBox: `0 0 ${SIZE} ${SIZE}`, role: 'img', 'aria-label': label },
    s('line', { class: 'grid', x1: 0, x2: SIZE, y1: SIZE / 2, y2: SIZE / 2 }), s('line', { class: 'grid', y1: 0, y2: SIZE, x1: SIZE / 2, x2: SIZE / 2 }),
    s('circle', { class: 'unit', cx: SIZE / 2, cy: SIZE / 2, r: at(1) - SIZE / 2 }),
    block.modes.map(([re, im]) => s('circle', { class: `mode ${Math.hypot(re, im) > 1.05 ? 'outside' : ''}`, cx: at(re), cy: at(-im), r: 4 },
      s('title', {}, `${number(re)} ${im < 0 ? '−' : '+'} ${number(Math.abs(im))}i, modulus ${number(Math.hypot(re, im))}`))));
}

/** Shows the blocks; the one with the largest modulus first. */
export class Koopman {
  constructor(host) {
    this.host = host;
    this.chosen = null;
  }

  update(blocks) {
    this.blocks = blocks;
    const worst = [...blocks].sort((a, b) => (b.spectralRadius ?? 0) - (a.spectralRadius ?? 0))[0];
    const block = blocks.find(({ block: name }) => name === this.chosen) ?? worst;
    const columns = [{ label: 'Block' }, { label: 'Largest modulus', number: true }, { label: 'Near unit', number: true }, { label: 'Outside', number: true },
      { label: 'Contracting', number: true }, { label: 'Non-linear', number: true }, { label: 'Says' }];
    put(this.host, h('p', { class: 'soft' }, `How each block moves the residual stream, at step ${whole(block.step)}. Modes outside the circle grow from block to block.`),
      h('div', { class: 'pair' },
        h('figure', {}, h('figcaption', {}, block.block), block.modes.length > 0 ? plane(block) : h('p', { class: 'soft' }, block.abstained || 'no modes were kept')),
        table('Blocks', columns, blocks.map((each) => ({ key: each.block, cells: [
          h('button', { 'aria-pressed': String(each === block), onclick: () => this.choose(each.block) }, each.block),
          number(each.spectralRadius), share(each.nearUnitMass), share(each.overUnitMass), share(each.contractingMass), number(each.nonlinearityRatio),
          each.abstained ? chip('UNKNOWN', each.abstained) : 'usable',
        ] })))));
  }

  choose(block) {
    this.chosen = block;
    this.update(this.blocks);
  }
}
