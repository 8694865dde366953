/* The network: nodes where the lay-out put them, cables, and every frame where it is at a moment. */
import { el, LOCK, rove, set, setText, svg } from './dom.js';
import { above, OUTCOMES } from './data.js';

const MARGIN = 24, FRAMES_MAX = 48, LOOK_AHEAD = 600, LABEL_LETTERS = 13;

/* Its interfaces, for who points at it. */
function describe(node) {
	return [`${node.kind} ${node.name}`, ...node.interfaces.filter((port) => port).map((port) =>
		`${port.name} ${port.address ? `${port.address}/${port.prefix} ` : ''}${port.mac}${port.network ? ` on ${port.network}` : ''}`)];
}

export class NetworkMap {
	constructor(run, onnode) {
		this.run = run;
		this.onnode = onnode;
		this.svg = svg('svg', { class: 'network', role: 'group',
			'aria-label': `The network: ${run.nodes.filter((n) => n).map((n) => n.name).join(', ')}` });
		this.tip = el('p', { class: 'tip', 'aria-hidden': 'true', hidden: true });
		this.element = el('div', { class: 'map' }, this.svg, this.tip);
		this.cableLayer = svg('g');
		this.frameLayer = svg('g', { class: 'frames', 'aria-hidden': 'true' });
		this.nodeLayer = svg('g');
		rove(this.svg, '.node');
		this.svg.append(this.cableLayer, this.nodeLayer, this.frameLayer);
		this.pool = [];
		this.current = this.#makeFrame();
		this.current.group.classList.add('current');
		this.laidOut = '';
		this.#makeNodes();
		this.#makeCables();
		this.#measure();
		this.layOut();
		new ResizeObserver(() => this.layOut()).observe(this.element);
	}

	#makeNodes() {
		this.nodes = this.run.nodes.map((node, number) => {
			if (node === null)
				return null;
			const width = Math.max(44, 22 + 7.6 * node.name.length);
			const shape = node.kind === 'router'
				? svg('rect', { class: 'shape', rx: 20, width, height: 40, x: -width / 2, y: -20 })
				: svg('rect', { class: 'shape', rx: node.kind === 'switch' ? 3 : 8, width, x: -width / 2,
					height: node.kind === 'switch' ? 28 : 36, y: node.kind === 'switch' ? -14 : -18 });
			const group = svg('g', { class: `node ${node.kind}`, tabindex: this.nodeLayer.childElementCount === 0 ? '0' : '-1', role: 'button',
				'aria-label': describe(node).join(', '), 'data-name': node.name,
				onpointerenter: () => this.#tell(node), onpointerleave: () => this.#tell(null),
				onfocus: () => this.#tell(node), onblur: () => this.#tell(null),
				onclick: () => this.onnode(number),
				onkeydown: (event) => {
					if (event.key === 'Enter' || event.key === ' ') {
						event.preventDefault();
						event.stopPropagation();
						this.onnode(number);
					}
				} },
			shape, svg('text', { 'text-anchor': 'middle', dy: '.35em' }, node.name));
			this.nodeLayer.append(group);
			return { group, width, x: node.x, y: node.y, across: node.x, down: node.y };
		});
	}

	/* Shows what there is to say of a node, while it is pointed at. */
	#tell(node) {
		this.tip.hidden = node === null;
		if (node !== null)
			setText(this.tip, describe(node).join('\n'));
	}

	#makeCables() {
		this.cables = new Map();
		this.run.nodes.forEach((node, number) => node?.interfaces.forEach((port, i) => {
			if (port === null || port.peer === 0 || port.peer < number)
				return;
			const line = svg('line', { class: 'cable' });
			const label = this.run.nodes[port.peer].kind !== 'switch' && node.kind !== 'switch'
				? svg('text', { class: 'cable-label', 'text-anchor': 'middle' }, port.network ?? '') : null;
			this.cableLayer.append(line, ...(label ? [label] : []));
			const cable = { line, label, a: number, b: port.peer };
			this.cables.set(`${number}:${i + 1}`, cable);
			this.cables.set(`${port.peer}:${port.peerInterface}`, cable);
		}));
	}

	#measure() {
		const all = this.nodes.filter((n) => n);
		const least = (key) => Math.min(...all.map((n) => n[key]), Infinity);
		const most = (key) => Math.max(...all.map((n) => n[key]), -Infinity);
		this.span = { left: least('across'), right: most('across'), top: least('down'), bottom: most('down') };
	}

	/* From left to right where there is room, and as wide as there is room; else from top to bottom. */
	layOut() {
		const box = this.element.getBoundingClientRect();
		const isUpright = box.width > 0 && box.width < 560;
		const { left, right, top, bottom } = this.span;
		const down = isUpright ? 0.56 : 0.78;
		const height = (isUpright ? right - left : bottom - top) * down + 2 * MARGIN + 16;
		const widest = Math.max(...this.nodes.map((n) => n?.width ?? 0));
		const across = isUpright ? 2 : Math.max(1.02, Math.min(2.6,
			(height * box.width / Math.max(box.height, 1) - widest - 16) / Math.max(right - left, 1)));
		const key = `${isUpright} ${across.toFixed(2)}`;
		if (key === this.laidOut || !Number.isFinite(left))
			return;
		this.laidOut = key;
		for (const node of this.nodes)
			if (node !== null) {
				node.x = isUpright ? (node.down - top) * across : (node.across - left) * across;
				node.y = isUpright ? (node.across - left) * down : (node.down - top) * down;
			}
		const width = Math.max(...this.nodes.map((n) => n ? n.x + n.width / 2 : 0));
		const start = Math.min(...this.nodes.map((n) => n ? n.x - n.width / 2 : 0));
		set(this.svg, { viewBox: `${start - 8} ${-MARGIN - 14} ${width - start + 16} ${height}` });
		this.#place();
		this.redraw?.();
	}

	#place() {
		for (const node of this.nodes)
			if (node !== null)
				set(node.group, { transform: `translate(${node.x.toFixed(1)} ${node.y.toFixed(1)})` });
		for (const { line, label, a, b } of new Set(this.cables.values())) {
			const from = this.nodes[a], to = this.nodes[b];
			set(line, { x1: from.x, y1: from.y, x2: to.x, y2: to.y });
			if (label !== null)
				set(label, { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 - 7 });
		}
	}

	#makeFrame() {
		const rect = svg('rect', { rx: 5, height: 20, y: -10 });
		const text = svg('text', { 'text-anchor': 'middle', dy: '.35em' });
		const lock = svg('path', { class: 'lock', d: LOCK });
		const group = svg('g', { class: 'frame', visibility: 'hidden' }, rect, text, lock);
		this.frameLayer.append(group);
		return { group, rect, text, lock, label: null, colour: '' };
	}

	/* What a packet is marked with: the first words of its event's title, as many as fit. */
	#labelOf(event) {
		const words = this.run.title_(event).split(/[\s:,;<>?]+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
		let label = words[0] ?? '';
		for (const word of words.slice(1)) {
			if (label.length + word.length + 1 > LABEL_LETTERS)
				break;
			label += ` ${word}`;
		}
		return label.length > LABEL_LETTERS ? `${label.slice(0, LABEL_LETTERS - 1)}…` : label;
	}

	#show(frame, event, x, y, extra) {
		const run = this.run;
		const colour = `frame ${run.colour(run.events.layer[event])} ${extra}`;
		const isLocked = run.events.encrypted[event] === 1;
		if (frame.event !== event) {
			const label = isLocked ? '' : extra.includes('small') ? '' : this.#labelOf(event);
			const width = isLocked ? 22 : label === '' ? 12 : 12 + 6.8 * label.length;
			setText(frame.text, label);
			set(frame.rect, { width, x: -width / 2 });
			set(frame.lock, { visibility: isLocked ? 'inherit' : 'hidden' });
			frame.event = event;
		}
		set(frame.group, { class: colour, visibility: 'visible',
			transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` });
	}

	#onCable(hop, part) {
		const node = this.run.hops.node[hop];
		const cable = this.cables.get(`${node}:${this.run.hops.in[hop]}`);
		if (cable === undefined)
			return null;
		const to = this.nodes[node], from = this.nodes[cable.a === node ? cable.b : cable.a];
		return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
	}

	/* Draws the moment `time`; `step` is where the player is. */
	draw(time, step) {
		const hop = step < 0 ? -1 : this.run.steps.hop[step];
		const event = step < 0 ? -1 : this.run.steps.event[step];
		if (this.step !== step)
			this.#mark(hop, event);
		this.step = step;
		this.#drawCurrent(time, hop, event, this.#drawFlying(time, hop));
	}

	/* All frames on cables but that of the step, whose place is returned when it has gone on already. */
	#drawFlying(time, current) {
		const { hops, packets } = this.run;
		const isSame = (hop) => current >= 0 && hops.packet[hop] === hops.packet[current];
		let used = 0, flown = null;
		const first = above(hops.time, time);
		const last = Math.min(hops.count, first + LOOK_AHEAD);
		for (let hop = first; hop < last && used < FRAMES_MAX; hop++) {
			const flight = hops.flight[hop];
			const left = hops.time[hop] - flight;
			if (flight <= 0 || left > time || hop === current)
				continue;
			const place = this.#onCable(hop, (time - left) / flight);
			if (place === null || time - left < flight * 0.03)
				continue;
			if (isSame(hop)) {
				flown = { hop, ...place };
				continue;
			}
			if (used === this.pool.length)
				this.pool.push(this.#makeFrame());
			this.#show(this.pool[used++], packets.event[hops.packet[hop]], place.x, place.y, 'small');
		}
		for (let i = used; i < this.pool.length; i++)
			set(this.pool[i].group, { visibility: 'hidden' });
		return flown;
	}

	/* The frame of this step: on its way here, here, or on its way on. */
	#drawCurrent(time, hop, event, flown) {
		const node = hop >= 0 ? this.run.hops.node[hop] : event >= 0 ? this.run.events.node[event] : 0;
		const at = this.nodes[node];
		if (!at) {
			set(this.current.group, { visibility: 'hidden' });
			return;
		}
		const flight = hop < 0 ? 0 : this.run.hops.flight[hop];
		const part = flight > 0 ? (time - this.run.hops.time[hop] + flight) / flight : 1;
		const onWay = part < 1 && part >= 0 ? this.#onCable(hop, part) : flown;
		const fate = hop < 0 ? 'event' : OUTCOMES[this.run.hops.outcome[hop]];
		if (onWay !== null)
			this.#show(this.current, event, onWay.x, onWay.y, 'current');
		else
			this.#show(this.current, event, at.x, at.y - 23, `current ${fate}`);
	}

	/* Marks the node of a step, and the way of its packet so far. */
	#mark(hop, event) {
		const run = this.run;
		const here = hop >= 0 ? run.hops.node[hop] : event >= 0 ? run.events.node[event] : 0;
		const colour = event < 0 ? '' : run.colour(run.events.layer[event]);
		const passed = new Set();
		if (hop >= 0)
			for (const other of run.hopsOf(run.hops.packet[hop]))
				if (other <= hop && run.hops.in[other] > 0)
					passed.add(this.cables.get(`${run.hops.node[other]}:${run.hops.in[other]}`));
		for (const cable of new Set(this.cables.values()))
			set(cable.line, { class: passed.has(cable) ? `cable passed ${colour}` : 'cable' });
		this.nodes.forEach((node, number) => {
			if (node !== null)
				set(node.group, { class: `node ${run.nodes[number].kind}${number === here ? ` here ${colour}` : ''}` });
		});
	}
}
