/* A step in full: what came in, what goes out, the bytes, and why. */
import { bytes, el, lockBadge, replace, rove, set, setText, time, visible } from './dom.js';
import { boxAt, compare, fieldAt, OUTCOMES } from './data.js';

const HEX_COLUMNS = 16, HEX_MAX = 2048, CAUSES_MAX = 16;

export class PacketView {
	constructor(run, actions) {
		this.run = run;
		this.actions = actions; /* {nextHop(by), goTo(step)} */
		this.pinned = 0; /* frame to compare with; 0: none */
		this.showsAll = false;
		this.title = el('h2', { id: 'packet-title' });
		this.sides = el('div', { class: 'sides' });
		this.way = el('div', { class: 'way' });
		this.causes = el('div', { class: 'causes' });
		this.hex = new HexView(run, (field) => this.#chooseField(field));
		this.pinButton = el('button', { type: 'button', 'aria-pressed': 'false', onclick: () => this.#pin() },
			'Pin this frame');
		this.allButton = el('button', { type: 'button', 'aria-pressed': 'false', onclick: () => {
			this.showsAll = !this.showsAll;
			set(this.allButton, { 'aria-pressed': this.showsAll });
			this.#draw();
		} }, 'All fields');
		this.element = el('div', { class: 'packet' },
			el('div', { class: 'bar' }, this.title, el('span', { class: 'stretch' }), this.allButton, this.pinButton,
				el('button', { type: 'button', 'aria-label': 'Previous hop of this packet', onclick: () => actions.nextHop(-1) }, '◂ hop'),
				el('button', { type: 'button', 'aria-label': 'Next hop of this packet', onclick: () => actions.nextHop(1) }, 'hop ▸')),
			this.sides, this.hex.element, this.way, this.causes);
	}

	show(step) {
		this.step = step;
		this.#draw();
		this.#drawCauses();
	}

	/* What led here, the last cause first: up to what a user did. */
	#drawCauses() {
		const { events } = this.run;
		const chain = [];
		for (let e = this.step < 0 ? -1 : events.cause[this.run.steps.event[this.step]] - 1; e >= 0; e = events.cause[e] - 1)
			chain.push(e);
		const cut = chain.length > CAUSES_MAX ? chain.splice(CAUSES_MAX / 2, chain.length - CAUSES_MAX).length : 0;
		replace(this.causes, ...(chain.length === 0 ? [] : [el('h3', {}, 'Why this happens'), el('ol', {}, ...chain.map((e, i) =>
			el('li', { value: i < CAUSES_MAX / 2 ? i + 1 : i + 1 + cut }, el('span', { class: `tag ${this.run.colour(events.layer[e])}` }, this.run.layerName(events.layer[e])), ' ',
				el('button', { type: 'button', class: 'plain', onclick: () => this.actions.goTo(this.run.stepOfEvent[e]) }, visible(this.run.title_(e))),
				el('span', { class: 'soft' }, ` ${this.run.nodeName(events.node[e])}, ${time(events.time[e])}`))))]));
	}

	#pin() {
		const shown = this.hop >= 0 ? this.run.hops.sent[this.hop] || this.run.hops.received[this.hop] : 0;
		this.pinned = this.pinned === 0 ? shown : 0;
		set(this.pinButton, { 'aria-pressed': this.pinned !== 0 });
		setText(this.pinButton, this.pinned === 0 ? 'Pin this frame' : 'Unpin');
		this.#draw();
	}

	#draw() {
		const run = this.run;
		this.hop = this.step < 0 ? -1 : run.steps.hop[this.step];
		if (this.hop < 0) {
			this.#drawEvent();
			return;
		}
		const received = run.hops.received[this.hop], sent = run.hops.sent[this.hop];
		const node = run.nodeName(run.hops.node[this.hop]);
		setText(this.title, `At ${node}`);
		this.pinButton.disabled = this.pinned === 0 && !received && !sent;
		const [left, right] = this.#frames(received, sent);
		const changed = left.frame && right.frame ? compare(left.boxes, right.boxes) : new Map();
		this.fields = new Map();
		replace(this.sides, this.#side(left, changed), el('div', { class: 'arrow', 'aria-hidden': 'true' }, '→'),
			this.#side(right, changed));
		this.hex.show(sent || received, changed);
		this.#drawWay();
	}

	#drawEvent() {
		const event = this.step < 0 ? -1 : this.run.steps.event[this.step];
		setText(this.title, event < 0 ? 'Nothing happens' : `At ${this.run.nodeName(this.run.events.node[event])}`);
		this.pinButton.disabled = this.pinned === 0;
		replace(this.sides, el('p', { class: 'soft' }, event < 0 ? 'This run has no steps.'
			: 'Nothing is on a wire here: this happens inside the machine. The right arrow key goes on, space plays, ? lists all keys.'));
		this.hex.show(0, new Map());
		replace(this.way);
	}

	/* What stands on the left and on the right. A sender has only what its programs hand down, and so on. */
	#frames(received, sent) {
		const run = this.run;
		if (this.pinned !== 0)
			return [{ title: 'Pinned', frame: this.pinned, boxes: run.boxes(this.pinned) },
				{ title: 'This frame', frame: sent || received, boxes: run.boxes(sent || received) }];
		const marks = new Map(run.ledger(this.hop).map((part) => [part.sign + part.layer, part]));
		const inside = (frame, sign) => run.boxes(frame).filter((box) => !marks.has(sign + box.layer)
			&& box.headerBytes > 0 && box.name !== 'padding');
		const outcome = OUTCOMES[run.hops.outcome[this.hop]];
		const left = received ? { title: 'Came in', frame: received, boxes: run.boxes(received), marks, sign: '-' }
			: { title: 'To be sent', frame: 0, boxes: inside(sent, '+'), marks };
		const right = sent ? { title: outcome === 'dropped' ? 'Would go out' : 'Goes out', frame: sent, boxes: run.boxes(sent), marks, sign: '+' }
			: { title: outcome === 'delivered' ? 'Taken' : 'What is left', frame: 0,
				boxes: outcome === 'delivered' ? inside(received, '-') : [], marks, outcome };
		return [left, right];
	}

	#side(side, changed) {
		const size = side.frame ? bytes(this.run.frameLength(side.frame))
			: side.boxes.length ? bytes(side.boxes.reduce((most, box) => Math.max(most, box.totalBytes), 0)) : '';
		const content = side.boxes.length > 0 ? this.#nest(side, 0, changed)
			: el('p', { class: 'nothing' }, side.outcome === 'dropped' ? 'Lost here.'
				: side.outcome === 'ignored' ? 'It ends here.' : side.outcome === 'waiting' ? 'It waits here.' : 'No payload.');
		return el('div', { class: side.frame ? 'side' : 'side bare' }, el('h3', {}, side.title, ' ', el('span', { class: 'soft' }, size)), content);
	}

	#nest(side, i, changed) {
		const box = side.boxes[i];
		const mark = side.sign && side.marks.get(side.sign + box.layer);
		const fields = box.fields.filter((field) => this.showsAll || field.isMain || changed.has(field));
		const lines = box.lines.filter((line) => !fields.some((field) => field.value === line));
		const isTaken = mark && side.sign === '-' ? ' taken' : '';
		return el('div', { class: `box ${this.run.colour(box.layer)}${isTaken}${box.isEncrypted ? ' encrypted' : ''}` },
			el('div', { class: 'box-head' }, el('b', {}, box.name), ' ', el('span', { class: 'size' }, bytes(box.headerBytes)),
				mark ? el('span', { class: `badge ${side.sign === '+' ? 'good' : 'off'}` }, side.sign === '+' ? '+ put on' : '− taken off') : null,
				box.isEncrypted ? lockBadge('encrypted on the wire') : null,
				box.complaint ? el('span', { class: 'badge bad' }, box.complaint) : null),
			box.summary && !lines.includes(box.summary) && !fields.some((field) => field.value === box.summary) ? el('div', { class: 'summary' }, visible(box.summary)) : null,
			this.#fieldList(fields, changed),
			...lines.slice(0, 12).map((line) => el('div', { class: 'line' }, visible(line))),
			lines.length > 12 ? el('div', { class: 'soft' }, `and ${lines.length - 12} more`) : null,
			i + 1 < side.boxes.length ? this.#nest(side, i + 1, changed) : null);
	}

	/* Fields are buttons of which one takes part in the order of the Tab key; arrows move on. */
	#fieldList(fields, changed) {
		if (fields.length === 0)
			return null;
		return rove(el('div', { class: 'fields', role: 'group', 'aria-label': `Fields of ${fields[0].box.name}` },
		...fields.map((field, i) => {
			const other = changed.get(field);
			const button = el('button', { type: 'button', class: `field${changed.has(field) ? ' changed' : ''}`,
				tabindex: i === 0 ? '0' : '-1', title: field.purpose,
				onclick: () => this.#chooseField(field) },
			el('span', { class: 'name' }, field.name), ' ',
			el('span', { class: 'value' }, visible(field.value), field.who ? el('span', { class: 'who' }, ` ${field.who}`) : null,
				other ? el('span', { class: 'sr' }, `, changed: ${other.value} on the other side`) : null));
			this.fields.set(field, button);
			return button;
		})), '.field');
	}

	#chooseField(field) {
		for (const [other, button] of this.fields ?? [])
			button.classList.toggle('chosen', field !== null && other.name === field.name && other.box.name === field.box.name
				&& other.startBit - 8 * other.box.start === field.startBit - 8 * field.box.start);
		this.hex.chooseField(field);
	}

	/* What changes from hop to hop on this packet's way: "TTL 64, 63, 62". */
	#drawWay() {
		const run = this.run;
		const hops = [...run.hopsOf(run.hops.packet[this.hop])].filter((hop) => run.hops.sent[hop] > 0).slice(0, 12);
		const rows = new Map();
		hops.forEach((hop, column) => {
			for (const box of run.boxes(run.hops.sent[hop]))
				for (const field of box.fields) {
					const key = `${box.name} ${field.name} ${field.startBit - 8 * box.start}`;
					if (!rows.has(key))
						rows.set(key, { box, field, values: new Array(hops.length).fill(null) });
					rows.get(key).values[column] ??= field;
				}
		});
		const moving = [...rows.values()].filter((row) => new Set(row.values.map((f) => f?.value)).size > 1).slice(0, 24);
		if (hops.length < 2 || moving.length === 0) {
			replace(this.way);
			return;
		}
		const table = el('table', {}, el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'field'),
			...hops.map((hop) => el('th', { scope: 'col', class: hop === this.hop ? 'here' : null },
				`behind ${run.nodeName(run.hops.node[hop])}`)))),
		el('tbody', {}, ...moving.map((row) => el('tr', { class: run.colour(row.box.layer) },
			el('th', { scope: 'row' }, `${row.box.name} ${row.field.name}`),
			...row.values.map((field, i) => el('td', { class: i > 0 && field?.value !== row.values[i - 1]?.value ? 'changed' : null },
				field === null ? '–' : field.who ? `${field.value} ${field.who}` : field.value))))));
		replace(this.way, el('h3', {}, 'What changes on its way'),
			el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'What changes on its way' }, table));
	}
}

/* The bytes of a frame, in the colours of its boxes. */
class HexView {
	constructor(run, onfield) {
		this.run = run;
		this.onfield = onfield;
		this.title = el('h3', {});
		this.grid = el('div', { class: 'hex', role: 'application', tabindex: '0',
			'aria-label': 'Bytes of the frame: arrow keys move', 'aria-describedby': 'field-text',
			onclick: (event) => this.#click(event), onkeydown: (event) => this.#key(event) });
		this.about = el('p', { class: 'field-text', id: 'field-text', 'aria-live': 'polite' });
		this.element = el('section', { class: 'bytes', 'aria-label': 'Bytes' }, this.title, this.grid, this.about);
		this.frame = -1;
	}

	show(frame, changed) {
		this.changed = changed;
		this.element.hidden = frame === 0;
		if (frame === 0 || frame === this.frame) {
			this.chooseField(null);
			return;
		}
		this.frame = frame;
		this.boxes = this.run.boxes(frame);
		const all = this.run.bytes(frame);
		const length = this.run.frameLength(frame);
		const shown = all.subarray(0, HEX_MAX);
		setText(this.title, `Frame of ${bytes(length)}${shown.length < length ? `, the first ${shown.length} shown` : ''}`);
		this.cells = [];
		const rows = [];
		for (let start = 0; start < shown.length; start += HEX_COLUMNS)
			rows.push(this.#row(shown, start));
		replace(this.grid, ...rows);
		this.chooseField(null);
	}

	#row(shown, start) {
		const row = el('div', { class: 'hex-row' }, el('span', { class: 'offset' }, start.toString(16).padStart(4, '0')));
		const letters = el('span', { class: 'letters' });
		for (let i = start; i < Math.min(start + HEX_COLUMNS, shown.length); i++) {
			const colour = this.run.colour(boxAt(this.boxes, i)?.layer ?? 0);
			const cell = el('i', { class: colour }, shown[i].toString(16).padStart(2, '0'));
			cell.byte = i;
			this.cells.push(cell);
			row.append(cell);
			letters.append(shown[i] >= 32 && shown[i] < 127 ? String.fromCharCode(shown[i]) : '·');
		}
		row.append(letters);
		return row;
	}

	/* Marks the bytes of a field, and says what it is. */
	chooseField(field) {
		this.field = field;
		const own = field === null ? null : this.boxes?.find((box) => box.name === field.box.name);
		const shift = own ? 8 * (own.start - field.box.start) : 0;
		const from = field === null ? 0 : (field.startBit + shift) >> 3;
		const to = field === null ? 0 : (field.startBit + shift + Math.max(field.bits, 1) + 7) >> 3;
		this.cells?.forEach((cell, i) => cell.classList.toggle('chosen', field !== null && i >= from && i < to));
		if (field === null) {
			replace(this.about, el('span', { class: 'soft' }, 'Choose a field or a byte to see what it is for.'));
			return;
		}
		const other = this.changed?.get(field);
		replace(this.about, 
			el('b', { class: this.run.colour(field.box.layer) }, `${field.box.name} · ${field.name} = ${visible(field.value)}${field.who ? ` (${field.who})` : ''}`),
			field.purpose ? ` ${field.purpose}` : '', field.reference ? el('span', { class: 'soft' }, ` ${field.reference}.`) : '',
			other ? el('span', { class: 'changed' }, ` On the other side: ${other.value}.`) : '');
	}

	#chooseByte(byte) {
		this.byte = byte;
		const field = fieldAt(this.boxes, byte);
		if (field !== null) {
			this.onfield(field);
			return;
		}
		const box = boxAt(this.boxes, byte);
		this.onfield(null);
		this.cells[byte]?.classList.add('chosen');
		if (box !== null)
			replace(this.about, el('b', { class: this.run.colour(box.layer) }, box.name), ` ${visible(box.summary)}`);
	}

	#click(event) {
		if (event.target.byte !== undefined)
			this.#chooseByte(event.target.byte);
	}

	#key(event) {
		const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: HEX_COLUMNS, ArrowUp: -HEX_COLUMNS }[event.key];
		if (by === undefined || event.ctrlKey || event.metaKey || event.altKey)
			return;
		event.preventDefault();
		event.stopPropagation();
		this.#chooseByte(Math.max(0, Math.min(this.cells.length - 1, (this.byte ?? -1) + by)));
	}
}
