/*
 * The steps as a tree: an event, its packets, their hops. Only rows that can be seen exist, so that a
 * million cost no more than twenty.
 */
import { el, lockBadge, replace, set, setText, span, time } from './dom.js';
import { KINDS, LOST, OUTCOMES, REPEATED } from './data.js';

const ROW_HEIGHT = 30, ROW_EXTRA = 6;
const DOES = { made: 'sends', switched: 'passes on', routed: 'forwards', delivered: 'takes',
	dropped: 'loses', ignored: 'ignores', waiting: 'keeps' };

export class StepList {
	constructor(run, onchoose) {
		this.run = run;
		this.onchoose = onchoose;
		this.space = el('div', { class: 'list-space', role: 'presentation' });
		this.element = el('div', { class: 'list', role: 'tree', tabindex: '0', 'aria-label': 'Steps',
			onscroll: () => this.#render(), onkeydown: (event) => this.#key(event),
			onclick: (event) => this.#click(event) }, this.space);
		this.rows = new Map(); /* row index to element */
		this.spare = [];
		this.events = new Int32Array(0);
		this.opened = []; /* places in `events` that are open, sorted; with rows before each */
		this.hidden = Infinity; /* rows of later steps show nothing (prediction) */
		this.step = -1;
		new ResizeObserver(() => this.#render()).observe(this.element);
	}

	/* Shows these events, in order. */
	choose(events) {
		this.events = events;
		this.opened = [];
		this.#resize();
	}

	#resize() {
		this.total = this.events.length + this.opened.reduce((sum, o) => sum + o.rows.length, 0);
		this.space.style.height = `${this.total * ROW_HEIGHT}px`;
		for (const row of this.rows.values())
			this.#release(row);
		this.rows.clear();
		this.#render();
	}

	/* What is below an event: [level, kind, number] with kind 'packet' or 'hop'. */
	#below(event) {
		const packets = this.run.packetsOf(event);
		const rows = [];
		for (const packet of packets) {
			if (packets.length > 1)
				rows.push({ level: 2, packet });
			for (const hop of this.run.hopsOf(packet))
				rows.push({ level: packets.length > 1 ? 3 : 2, packet, hop });
		}
		return rows;
	}

	#placeOf(event) {
		let low = 0, high = this.events.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if (this.events[middle] < event)
				low = middle + 1;
			else
				high = middle;
		}
		return this.events[low] === event ? low : -1;
	}

	#isOpen(place) {
		return this.opened.some((o) => o.place === place);
	}

	#open(place, isOwn) {
		if (this.#isOpen(place))
			return;
		this.opened.push({ place, rows: this.#below(this.events[place]), isOwn });
		this.opened.sort((a, b) => a.place - b.place);
	}

	toggle(place) {
		if (this.#isOpen(place))
			this.opened = this.opened.filter((o) => o.place !== place);
		else
			this.#open(place, true);
		this.#resize();
	}

	#indexOfPlace(place) {
		return place + this.opened.reduce((sum, o) => sum + (o.place < place ? o.rows.length : 0), 0);
	}

	/* What row `index` is: {place, event, level, packet, hop}. */
	#rowAt(index) {
		let before = 0;
		for (const { place, rows } of this.opened) {
			const first = place + before + 1;
			if (index < first)
				break;
			if (index < first + rows.length)
				return { place, event: this.events[place], ...rows[index - first] };
			before += rows.length;
		}
		const place = index - before;
		return { place, event: this.events[place], level: 1 };
	}

	#stepOf(row) {
		if (row.hop !== undefined)
			return this.run.stepOfHop[row.hop];
		if (row.packet !== undefined)
			return this.run.stepOfHop[this.run.hopsOf(row.packet)[0]];
		return this.run.stepOfEvent[row.event];
	}

	/* Goes to a step: its event is open, and those opened on the way are closed again. */
	show(step) {
		this.step = step;
		const place = step < 0 ? -1 : this.#placeOf(this.run.steps.event[step]);
		const opened = this.opened.map((o) => o.place).join();
		this.opened = this.opened.filter((o) => o.isOwn || o.place === place);
		if (place >= 0 && this.run.steps.hop[step] >= 0)
			this.#open(place, false);
		if (opened !== this.opened.map((o) => o.place).join())
			this.#resize();
		this.current = place < 0 ? -1 : this.#indexOfStep(place, step);
		this.#scrollTo(this.current);
		this.#render();
	}

	#indexOfStep(place, step) {
		const hop = this.run.steps.hop[step];
		const rows = this.opened.find((o) => o.place === place)?.rows ?? [];
		return this.#indexOfPlace(place) + 1 + rows.findIndex((row) => row.hop === hop && hop >= 0);
	}

	#scrollTo(index) {
		const { scrollTop, clientHeight } = this.element;
		if (index < 0 || clientHeight === 0)
			return;
		if (index * ROW_HEIGHT < scrollTop + ROW_HEIGHT || (index + 2) * ROW_HEIGHT > scrollTop + clientHeight)
			this.element.scrollTop = Math.max(0, index * ROW_HEIGHT - clientHeight / 2.5);
	}

	#release(row) {
		row.remove();
		this.spare.push(row);
	}

	#render() {
		const { scrollTop, clientHeight } = this.element;
		const first = Math.max(0, Math.floor(scrollTop / ROW_HEIGHT) - ROW_EXTRA);
		const last = Math.min(this.total, Math.ceil((scrollTop + clientHeight) / ROW_HEIGHT) + ROW_EXTRA);
		for (const [index, row] of this.rows)
			if (index < first || index >= last) {
				this.#release(row);
				this.rows.delete(index);
			}
		for (let index = first; index < last; index++) {
			if (!this.rows.has(index))
				this.rows.set(index, this.#make(index));
			this.#mark(index, this.rows.get(index));
		}
		if (this.rows.has(this.current))
			set(this.element, { 'aria-activedescendant': `row-${this.current}` });
		else
			this.element.removeAttribute('aria-activedescendant');
	}

	#make(index) {
		const row = this.spare.pop() ?? el('div', { class: 'row', role: 'treeitem' },
			el('span', { class: 'twist', 'aria-hidden': 'true' }), el('span', { class: 'tag' }),
			el('span', { class: 'what' }), el('span', { class: 'when' }));
		const about = this.#rowAt(index);
		row.about = about;
		row.id = `row-${index}`;
		row.style.transform = `translateY(${index * ROW_HEIGHT}px)`;
		this.space.append(row);
		return row;
	}

	#mark(index, row) {
		const about = row.about;
		const isHidden = this.#stepOf(about) > this.hidden;
		const isCurrent = index === this.current;
		const key = `${isHidden} ${isCurrent} ${about.event} ${about.packet} ${about.hop}`;
		if (row.key === key)
			return;
		row.key = key;
		const run = this.run;
		const [twist, tag, what, when] = row.children;
		const isBranch = about.level === 1 && run.packetsOf(about.event).length > 0;
		set(row, { class: `row level-${about.level}${isCurrent ? ' current' : ''} ${isHidden ? 'l-user' : run.colour(run.events.layer[about.event])}`,
			'aria-level': about.level, 'aria-selected': isCurrent,
			'aria-setsize': this.events.length, 'aria-posinset': about.place + 1 });
		if (isBranch)
			set(row, { 'aria-expanded': this.#isOpen(about.place) });
		else
			row.removeAttribute('aria-expanded');
		setText(twist, isBranch ? this.#isOpen(about.place) ? '▾' : '▸' : '');
		if (isHidden)
			this.#fillHidden(tag, what, when);
		else if (about.level === 1)
			this.#fillEvent(about.event, tag, what, when);
		else if (about.hop === undefined)
			this.#fillPacket(about.packet, tag, what, when);
		else
			this.#fillHop(about.hop, tag, what, when);
	}

	#fillHidden(tag, what, when) {
		setText(tag, '?');
		setText(what, 'What will happen?');
		setText(when, '');
	}

	#fillEvent(event, tag, what, when) {
		const run = this.run;
		setText(tag, run.layerName(run.events.layer[event]));
		replace(what, run.title_(event));
		const lost = run.packetsOf(event).filter((p) => run.packets.flags[p] & LOST).length;
		if (run.packetsOf(event).some((p) => run.packets.flags[p] & REPEATED))
			what.prepend(el('span', { class: 'badge bad' }, 'sent again'), ' ');
		if (lost > 0)
			what.prepend(el('span', { class: 'badge bad' }, `${lost > 1 ? `${lost} ` : ''}lost`), ' ');
		if (run.events.encrypted[event])
			what.prepend(lockBadge('encrypted'), ' ');
		setText(when, time(run.events.time[event]));
		what.title = what.textContent;
	}

	#fillPacket(packet, tag, what, when) {
		const run = this.run;
		const hops = run.hopsOf(packet);
		const frame = hops.length > 0 ? run.hops.sent[hops[0]] || run.hops.received[hops[0]] : 0;
		const boxes = run.boxes(frame);
		const flags = run.packets.flags[packet];
		setText(tag, run.packets.frame[packet] ? `frame ${run.packets.frame[packet]}` : 'packet');
		replace(what, boxes.length > 0 ? `${boxes[boxes.length - 1].name}, ${run.frameLength(frame)} B` : '',
			...(flags & LOST ? [' ', el('span', { class: 'badge bad' }, 'lost')] : []),
			...(flags & REPEATED ? [' ', el('span', { class: 'badge bad' }, 'sent again')] : []));
		setText(when, hops.length > 0 ? time(run.hops.time[hops[0]]) : '');
	}

	#fillHop(hop, tag, what, when) {
		const run = this.run;
		const outcome = OUTCOMES[run.hops.outcome[hop]];
		const ledger = ledgerText(run, hop);
		setText(tag, run.nodeName(run.hops.node[hop]));
		replace(what, `${DOES[outcome]} `, el('span', { class: 'soft' }, ledger));
		if (outcome === 'dropped')
			replace(what, el('span', { class: 'badge bad' }, 'dropped'), ` ${run.text(run.hops.reason[hop])}`);
		if (outcome === 'ignored')
			replace(what, `ignores it: ${run.text(run.hops.reason[hop])}`);
		what.title = what.textContent;
		const flight = run.hops.flight[hop];
		setText(when, flight > 0 ? `+ ${span(flight)}` : '');
	}

	#click(event) {
		const row = event.target.closest('.row');
		if (row === null)
			return;
		if (event.target.closest('.twist') !== null && row.hasAttribute('aria-expanded'))
			this.toggle(row.about.place);
		else if (this.#stepOf(row.about) <= this.hidden)
			this.onchoose(this.#stepOf(row.about));
	}

	#key(event) {
		if (event.ctrlKey || event.metaKey || event.altKey)
			return;
		const at = this.current;
		const page = Math.max(1, Math.floor(this.element.clientHeight / ROW_HEIGHT) - 1);
		const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page,
			Home: 0, End: this.total - 1 }[event.key];
		if (to !== undefined)
			this.#chooseRow(Math.max(0, Math.min(this.total - 1, to)), Math.sign(to - at));
		else if (event.key === 'Enter' && at >= 0)
			this.toggle(this.#rowAt(at).place);
		else
			return;
		event.preventDefault();
		event.stopPropagation();
	}

	/* A row of an event stands for its first step, whose own row comes below. */
	#chooseRow(index, way) {
		let step = this.#stepOf(this.#rowAt(index));
		while (step === this.step && way !== 0 && index + way >= 0 && index + way < this.total)
			step = this.#stepOf(this.#rowAt(index += way));
		if (step >= 0 && step <= this.hidden)
			this.onchoose(step);
	}
}

/* "+ TCP + IPv4 + Ethernet": what a hop put on and took off. */
export function ledgerText(run, hop) {
	const parts = run.ledger(hop);
	if (parts.length === 0)
		return OUTCOMES[run.hops.outcome[hop]] === 'switched' ? 'nothing changes' : '';
	return parts.map((part) => `${part.sign === '+' ? '+' : '−'} ${run.layerName(part.layer)}`).join(' ');
}

export function kindOf(run, event) {
	return KINDS[run.events.kind[event]];
}

