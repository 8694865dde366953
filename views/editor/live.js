/* Live mode: the log of a run in real time, block by block as it happens, or its page up to now. */
import { count, el, segmented, soon } from '../page/dom.js';
import { livePage, startLive, stopLive } from './api.js';

const KEPT = 2000;
const PAGE_MS = 4000; /* between two pages, while one follows */
const LAST_MS = 3000; /* that Stop waits for the last page */
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
		this.stopButton = el('button', { type: 'button', disabled: true, onclick: () => this.#stop() }, 'Stop');
		this.follow = el('input', { type: 'checkbox', checked: true, id: 'follow' });
		this.filter = el('input', { type: 'search', placeholder: 'Only blocks with …', 'aria-label': 'Only blocks with', oninput: () => this.#filter() });
		this.status = el('span', { class: 'soft', role: 'status' }, 'Nothing runs.');
		this.log = el('div', { class: 'e-log', role: 'log', tabindex: '0', 'aria-label': 'Log', 'aria-live': 'off' });
		this.follow.addEventListener('change', () => this.#keepUp());
		this.frame = el('iframe', { title: 'The live run up to now', sandbox: 'allow-scripts', class: 'e-live-page', hidden: true });
		this.nowButton = el('button', { type: 'button', hidden: true, onclick: () => this.#page() }, 'Up to now');
		this.views = segmented('What is shown', [['log', 'Log'], ['page', 'Page']], 'log', (view) => this.#choose(view));
		this.note = el('p', { class: 'soft' }, 'The file is run as it is on disk. The newest is at the bottom.');
		this.element = el('div', { class: 'e-live' }, el('div', { class: 'bar' }, this.startButton, this.stopButton, this.speed, this.views.group, this.nowButton,
			this.filter, el('label', {}, this.follow, ' follow'), this.status), this.note, this.log, this.frame);
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
			this.count = this.shownAt = 0;
			this.isRunning = true;
			this.#keepUp();
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
			this.#keepUp();
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

	/* ---- The page ---- */

	#choose(view) {
		const isPage = view === 'page';
		this.log.hidden = this.filter.hidden = isPage;
		this.frame.hidden = this.nowButton.hidden = !isPage;
		this.note.textContent = isPage ? 'All that has happened up to the moment when the page was made, to step through; with “follow” it is made anew while the run goes on.'
			: 'The file is run as it is on disk. The newest is at the bottom.';
		if (isPage)
			this.#page();
	}

	/* While one follows: again when there is more, until it has ended. */
	#keepUp() {
		clearTimeout(this.asked);
		if (this.frame.hidden || !this.follow.checked)
			return;
		if (this.shownAt !== this.count || !this.isRunning)
			this.#page();
		else
			this.asked = setTimeout(() => this.#keepUp(), PAGE_MS);
	}

	/* At its last step, where one follows. */
	async #page() {
		clearTimeout(this.asked);
		const shownAt = this.count;
		try {
			const { page } = await livePage();
			if (page !== this.page)
				this.frame.src = `/run/${page}${this.follow.checked ? '#t=1e9' : ''}`;
			this.page = page;
			this.shownAt = shownAt;
		} catch (error) {
			this.#state(error.message);
		}
		if (this.isRunning && this.follow.checked && !this.frame.hidden)
			this.asked = setTimeout(() => this.#keepUp(), PAGE_MS);
	}

	/* What it has done so far is shown for the last time before it ends, unless that takes too long. */
	async #stop() {
		if (!this.frame.hidden)
			await Promise.race([this.#page(), new Promise((resolve) => { setTimeout(resolve, LAST_MS); })]);
		this.#do(stopLive());
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
