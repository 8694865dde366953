/* The keys, and what the colours mean. */
import { el } from './dom.js';

const KEYS = [
	['space', 'play or pause'], ['← →', 'one step back or on'], ['Shift ← →', 'the same packet, one hop back or on'],
	['↑ ↓', 'the event before, the next event'], ['Home End', 'to the start, to the end'], ['− +', 'slower, faster'],
	['1 … 7', 'the views on the right'], ['f', 'follow the mail of this step, or all'], ['w', 'why? to what caused this step'],
	['p', 'predict the next step'], ['/', 'search'], ['d', 'dark or light'], ['?', 'this list'],
];

export class Help {
	constructor(run) {
		this.hasKeys = true;
		const box = el('input', { type: 'checkbox', checked: true, onchange: () => {
			this.hasKeys = box.checked;
		} });
		const layers = [...new Set(run.events.layer)].sort((a, b) => b - a);
		this.element = el('dialog', { class: 'help', 'aria-label': 'Keys and colours' },
			el('div', { class: 'bar' }, el('h2', {}, 'Keys'), el('span', { class: 'stretch' }),
				el('button', { type: 'button', autofocus: true, onclick: () => this.element.close() }, 'Close')),
			el('dl', { class: 'keys' }, ...KEYS.flatMap(([key, text]) => [el('dt', {}, key), el('dd', {}, text)])),
			el('label', {}, box, ' Single keys do something'),
			el('h2', {}, 'Colours'),
			el('ul', { class: 'colours' }, ...layers.map((layer) => el('li', {}, el('span', { class: `tag ${run.colour(layer)}` }, run.layerName(layer))))),
			el('p', {}, 'A lock marks what is encrypted on the wire: only the two ends can read it. Red marks what a node changed, and what was lost.'),
			run.omitted ? el('p', {}, `Left out of this page: ${run.omitted}`) : null);
	}

	toggle() {
		if (this.element.open)
			this.element.close();
		else
			this.element.showModal();
	}
}
