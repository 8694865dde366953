/* Live mode: the log of a run in real time, block by block as it happens. */
import { count, el, soon } from '../page/dom.js';
import { startLive, stopLive } from './api.js';

const KEPT = 2000;
const SPEEDS = [0.1, 0.5, 1, 2, 5, 10, 100];
const LAYERS = /^\s+(?:\S+ )?\s*(SMTP|POP3|IMAP|HTTP|DNS|TLS|TCP|UDP|IPv4|ICMP|ARP|Ethernet)\b/;

/* The colour of a block: that of the layer that sends or is delivered to, or else the first that it names. */
function layerOf(lines) {
	const ends = lines.filter((line) => /^\s+(send|deliver) /.test(line));
	for (const line of [...ends, ...lines.slice(1)]) {
		const match = LAYERS.exec(line);
		if (match !== null)
			return `l-${match[1].toLowerCase()}`;
	}
	return 'l-user';
}

export class Live {
	constructor(file, speed) {
		this.file = file;
		this.count = 0;
		this.heard = '';
		this.speed = el('select', { 'aria-label': 'Speed' }, ...[...new Set([...SPEEDS, speed])].sort((a, b) => a - b).map((value) =>
			el('option', { value }, value === 1 ? 'real time' : `${value} × real time`)));
		this.speed.value = String(speed);
		this.startButton = el('button', { type: 'button', onclick: () => this.#do(startLive(this.file(), this.speed.value)) }, 'Start');
		this.stopButton = el('button', { type: 'button', disabled: true, onclick: () => this.#do(stopLive()) }, 'Stop');
		this.follow = el('input', { type: 'checkbox', checked: true, id: 'follow' });
		this.filter = el('input', { type: 'search', placeholder: 'Only blocks with …', 'aria-label': 'Only blocks with', oninput: () => this.#filter() });
		this.status = el('span', { class: 'soft', role: 'status' }, 'Nothing runs.');
		this.log = el('div', { class: 'e-log', role: 'log', tabindex: '0', 'aria-label': 'Log', 'aria-live': 'off' });
		this.element = el('div', { class: 'e-live' }, el('div', { class: 'bar' }, this.startButton, this.stopButton, this.speed, this.filter,
			el('label', {}, this.follow, ' follow'), this.status),
		el('p', { class: 'soft' }, 'The file is run as it is on disk. The newest is at the bottom.'), this.log);
		this.draw = soon(() => this.#draw());
		this.waiting = [];
	}

	/* Begins to listen; the browser comes back by itself when the connection breaks. */
	listen() {
		if (this.source !== undefined)
			return;
		this.source = new EventSource('/api/live');
		this.source.addEventListener('start', (event) => {
			this.waiting = [];
			this.log.replaceChildren();
			this.count = 0;
			this.isRunning = true;
			this.#state(`${event.data} runs.`);
		});
		this.source.addEventListener('log', (event) => {
			this.waiting.push(event.data);
			this.draw();
		});
		this.source.addEventListener('end', () => {
			this.isRunning = false;
			this.draw();
			this.#state('It has ended.');
		});
		this.source.onerror = () => this.#state('The server does not answer.');
	}

	async #do(work) {
		try {
			await work;
		} catch (error) {
			this.#state(error.message);
		}
	}

	#state(text) {
		this.status.textContent = text;
		this.stopButton.disabled = !this.isRunning;
		this.startButton.textContent = this.isRunning ? 'Start again' : 'Start';
	}

	#fits(text) {
		return text.toLowerCase().includes(this.filter.value.trim().toLowerCase());
	}

	#filter() {
		for (const block of this.log.children)
			block.hidden = !this.#fits(block.textContent);
	}

	#draw() {
		const texts = this.waiting.slice(-KEPT);
		this.count += this.waiting.length;
		this.waiting = [];
		this.log.append(...texts.map((text) => el('pre', { class: `e-block ${layerOf(text.split('\n'))}`, hidden: !this.#fits(text) }, text)));
		while (this.log.children.length > KEPT)
			this.log.firstChild.remove();
		if (this.follow.checked)
			this.log.scrollTop = this.log.scrollHeight;
		if (this.isRunning)
			this.#state(`It runs: ${count(this.count, 'block')} so far.`);
	}
}
