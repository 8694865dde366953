/*
 * A conversation as a ladder: who says what to whom, at the level of mail, of TCP segments, or of every
 * frame on every cable. Only the rungs that can be seen exist.
 */
import { bytes, dropdown, el, lockBadge, replace, segmented, set, svg, time } from './dom.js';
import { LOST, OUTCOMES, REPEATED } from './data.js';

const RUNG_HEIGHT = 34, RUNG_EXTRA = 4, TIME_WIDTH = 96, END_MARGIN = 44;

export class Ladder {
	constructor(run, ongo) {
		this.run = run;
		this.ongo = ongo;
		this.level = 'mail';
		this.connection = run.connections.length > 0 ? 1 : 0;
		this.rungs = [];
		this.nodes = [];
		this.select = dropdown('Conversation', connectionChoices(run), String(this.connection), (value) => {
			this.connection = Number(value);
			this.rebuild();
		});
		this.levels = segmented('Level', [['mail', 'Mail'], ['tcp', 'TCP'], ['frame', 'Frames']], 'mail', (level) => {
			this.level = level;
			this.rebuild();
		});
		this.head = el('div', { class: 'ladder-head', 'aria-hidden': 'true' });
		this.space = el('div', { class: 'list-space', role: 'presentation' });
		this.body = el('div', { class: 'ladder-body', role: 'listbox', tabindex: '0', 'aria-label': 'Ladder diagram',
			onscroll: () => this.#render(), onkeydown: (event) => this.#key(event),
			onclick: (event) => {
				const row = event.target.closest('.rung');
				if (row !== null)
					this.#choose(row.index);
			} }, this.space);
		this.element = el('div', { class: 'ladder' }, el('div', { class: 'bar' }, this.select, this.levels.group), this.head, this.body);
		this.rows = new Map();
		this.isBuilt = false;
		new ResizeObserver(() => this.#resize()).observe(this.body);
	}

	/* The conversation of a step, and its place in it. */
	show(step) {
		this.shown = step;
		const connection = step < 0 ? 0 : this.run.events.connection[this.run.steps.event[step]];
		if (connection > 0 && connection !== this.connection) {
			this.connection = connection;
			this.select.value = String(connection);
			this.isBuilt = false;
		}
		if (!this.isBuilt)
			this.rebuild();
		this.#markStep(step);
	}

	rebuild() {
		this.isBuilt = true;
		this.rungs = this.connection === 0 ? [] : this.level === 'mail' ? this.#mailRungs() : this.#packetRungs();
		this.#chooseNodes();
		this.step = undefined;
		this.at = -1;
		this.space.style.height = `${this.rungs.length * RUNG_HEIGHT + 8}px`;
		this.body.scrollTop = 0;
		this.#resize();
		this.#markStep(this.shown ?? -1);
	}

	#events() {
		const { events } = this.run;
		const own = [];
		for (let e = 0; e < events.count; e++)
			if (events.connection[e] === this.connection && this.run.packetsOf(e).length > 0)
				own.push(e);
		return own;
	}

	#ends() {
		const { client, server } = this.run.connections[this.connection - 1];
		return [client.node, server.node];
	}

	#mailRungs() {
		const { events, steps, stepOfEvent } = this.run;
		const ends = this.#ends();
		return this.#events().map((e) => ({
			from: ends[events.direction[e]], to: ends[1 - events.direction[e]], event: e, step: stepOfEvent[e],
			time: steps.time[stepOfEvent[e]], text: this.run.title_(e),
			isLost: this.run.packetsOf(e).some((p) => this.run.packets.flags[p] & LOST) }));
	}

	/* A rung for each segment from end to end, or for each of its passages over a cable. */
	#packetRungs() {
		const run = this.run;
		const rungs = [];
		const ends = this.#ends();
		for (const event of this.#events())
			for (const packet of run.packetsOf(event)) {
				const hops = run.hopsOf(packet);
				if (hops.length === 0)
					continue;
				if (this.level === 'tcp')
					rungs.push(this.#segment(event, packet, hops, ends));
				else
					rungs.push(...this.#cables(event, packet, hops));
			}
		return rungs.sort((a, b) => a.time - b.time || a.step - b.step);
	}

	#again(packet) {
		return this.run.packets.flags[packet] & REPEATED ? 'sent again: ' : '';
	}

	/* What the TCP header of a packet says. */
	#text(packet, hop) {
		const run = this.run;
		const boxes = run.boxes(run.hops.sent[hop] || run.hops.received[hop]);
		const box = boxes.find((b) => run.layerKeys[b.layer] === 'tcp') ?? boxes[0];
		return `${this.#again(packet)}${box?.summary ?? ''}`;
	}

	#segment(event, packet, hops, ends) {
		const run = this.run;
		const from = run.hops.node[hops[0]];
		return { from, to: from === ends[1] ? ends[0] : ends[1], event, step: run.stepOfHop[hops[0]],
			time: run.hops.time[hops[0]], text: this.#text(packet, hops[0]), packet,
			took: run.hops.time[hops[hops.length - 1]] - run.hops.time[hops[0]],
			isLost: (run.packets.flags[packet] & LOST) !== 0 };
	}

	#cables(event, packet, hops) {
		const run = this.run;
		const rungs = [];
		for (const hop of hops) {
			const port = run.nodes[run.hops.node[hop]].interfaces[run.hops.in[hop] - 1];
			if (run.hops.in[hop] > 0 && port)
				rungs.push({ from: port.peer, to: run.hops.node[hop], event, step: run.stepOfHop[hop],
					time: run.hops.time[hop] - run.hops.flight[hop], text: `${bytes(run.frameLength(run.hops.received[hop]))}, ${this.#again(packet)}${run.title_(event)}`,
					took: run.hops.flight[hop], isLost: OUTCOMES[run.hops.outcome[hop]] === 'dropped' });
		}
		return rungs;
	}

	/* Lifelines: the two ends, or all nodes that a frame meets, from the client to the server. */
	#chooseNodes() {
		if (this.connection === 0) {
			this.nodes = [];
			return;
		}
		const [client, server] = this.#ends();
		const nodes = [client];
		if (this.level === 'frame')
			for (const rung of this.rungs)
				for (const node of [rung.from, rung.to])
					if (!nodes.includes(node) && node !== server)
						nodes.push(node);
		if (server !== client)
			nodes.push(server);
		this.nodes = nodes.filter((node) => node > 0);
	}

	#x(node) {
		const i = Math.max(0, this.nodes.indexOf(node));
		const usable = this.width - TIME_WIDTH - 2 * END_MARGIN;
		return TIME_WIDTH + END_MARGIN + usable * (this.nodes.length < 2 ? 0.5 : i / (this.nodes.length - 1));
	}

	#resize() {
		this.width = this.body.clientWidth;
		if (this.width === 0)
			return;
		for (const row of this.rows.values())
			row.remove();
		this.rows.clear();
		const lines = svg('svg', { class: 'lifelines', width: this.width, height: this.rungs.length * RUNG_HEIGHT + 8, 'aria-hidden': 'true' },
			...this.nodes.map((node) => svg('line', { x1: this.#x(node), x2: this.#x(node), y1: 0, y2: this.rungs.length * RUNG_HEIGHT + 8 })));
		this.space.querySelector('.lifelines')?.remove();
		this.space.prepend(lines);
		replace(this.head, ...this.nodes.map((node) => {
			const name = el('span', {}, this.run.nodeName(node));
			name.style.left = `${this.#x(node)}px`;
			return name;
		}));
		this.#render();
	}

	#render() {
		const { scrollTop, clientHeight } = this.body;
		const first = Math.max(0, Math.floor(scrollTop / RUNG_HEIGHT) - RUNG_EXTRA);
		const last = Math.min(this.rungs.length, Math.ceil((scrollTop + clientHeight) / RUNG_HEIGHT) + RUNG_EXTRA);
		for (const [index, row] of this.rows)
			if (index < first || index >= last) {
				row.remove();
				this.rows.delete(index);
			}
		for (let index = first; index < last; index++) {
			if (!this.rows.has(index))
				this.rows.set(index, this.#make(index));
			const isHere = index === this.at;
			set(this.rows.get(index), { 'aria-selected': isHere });
		}
		if (this.rows.has(this.at))
			set(this.body, { 'aria-activedescendant': `rung-${this.at}` });
		else
			this.body.removeAttribute('aria-activedescendant');
	}

	#make(index) {
		const run = this.run;
		const rung = this.rungs[index];
		const a = this.#x(rung.from), b = this.#x(rung.to);
		const left = Math.min(a, b), right = Math.max(a, b);
		const isRight = b > a, middle = (a + b) / 2, slope = rung.took ? 5 : 0;
		const tip = rung.isLost ? middle : b, y = 24, end = rung.isLost ? y + slope / 2 : y + slope;
		const head = rung.isLost ? `M${tip - 5} ${end - 5}l10 10m0 -10l-10 10`
			: `M${tip + (isRight ? -9 : 9)} ${end - 5 - slope / 4}L${tip} ${end}L${tip + (isRight ? -9 : 9)} ${end + 4}`;
		const label = el('span', { class: 'label' }, run.events.encrypted[rung.event] ? lockBadge('') : null, rung.text);
		const isWide = right - left > 190;
		label.style.left = `${isWide ? left + 8 : Math.max(TIME_WIDTH, Math.min(left, this.width - 230))}px`;
		label.style.maxWidth = `${isWide ? right - left - 16 : 230}px`;
		const row = el('div', { class: `rung ${run.colour(run.events.layer[rung.event])}${rung.isLost ? ' lost' : ''}`, role: 'option', id: `rung-${index}` },
		el('span', { class: 'when' }, time(rung.time)), el('span', { class: 'sr' }, ` ${run.nodeName(rung.from)} to ${run.nodeName(rung.to)}${rung.isLost ? ', lost' : ''}: `), label,
		svg('svg', { width: this.width, height: RUNG_HEIGHT, 'aria-hidden': 'true' },
			svg('path', { class: 'shaft', d: `M${a} ${y}L${tip} ${end}` }), svg('path', { class: 'tip', d: head })));
		row.index = index;
		row.style.transform = `translateY(${index * RUNG_HEIGHT}px)`;
		this.space.append(row);
		return row;
	}

	#markStep(step) {
		if (step === this.step)
			return;
		this.step = step;
		const event = step < 0 ? -1 : this.run.steps.event[step];
		const packet = step < 0 || this.run.steps.hop[step] < 0 ? -1 : this.run.hops.packet[this.run.steps.hop[step]];
		this.at = this.rungs.findIndex((rung) => this.level === 'mail' ? rung.event === event
			: this.level === 'tcp' ? rung.packet === packet : rung.step === step);
		const top = this.at * RUNG_HEIGHT;
		if (this.at >= 0 && (top < this.body.scrollTop + RUNG_HEIGHT || top + 2 * RUNG_HEIGHT > this.body.scrollTop + this.body.clientHeight))
			this.body.scrollTop = top - this.body.clientHeight / 2.5;
		this.#render();
	}

	#choose(index) {
		if (this.rungs[index] !== undefined)
			this.ongo(this.rungs[index].step);
	}

	#key(event) {
		const to = { ArrowDown: this.at + 1, ArrowUp: this.at - 1, Home: 0, End: this.rungs.length - 1 }[event.key];
		if (to === undefined || event.ctrlKey || event.metaKey || event.altKey)
			return;
		event.preventDefault();
		event.stopPropagation();
		this.#choose(Math.max(0, to));
	}
}

/* "3: bob-pc → remote-mail, POP3". */
export function connectionChoices(run) {
	return run.connections.map((c, i) => [String(i + 1),
		`${i + 1}: ${c.client.name} → ${c.server.name}:${c.server.port} ${c.protocol}${c.tls && c.protocol !== 'TLS' ? ' over TLS' : ''}`]);
}
