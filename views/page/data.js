/*
 * The run as the page holds it: columns of numbers as typed arrays, and one table of texts. What a frame
 * consists of is read when it is looked at.
 */

export const OUTCOMES = ['made', 'switched', 'routed', 'delivered', 'dropped', 'ignored', 'waiting'];
export const KINDS = ['action', 'unit', 'datagram', 'handshake', 'close', 'control', 'resolve', 'mail',
	'change', 'other'];
export const REPEATED = 1;
export const LOST = 2;
export const FLAG_FIN = 1, FLAG_SYN = 2, FLAG_RST = 4;

function sums(deltas) {
	const out = new Float64Array(deltas.length);
	let sum = 0;
	for (let i = 0; i < deltas.length; i++)
		out[i] = sum += deltas[i];
	return out;
}

/* An object of typed arrays from one of plain arrays; `deltas` names those to add up. */
function columns(object, deltas, wide = []) {
	const out = { count: Object.values(object)[0].length };
	for (const [key, values] of Object.entries(object))
		out[key] = deltas.includes(key) ? sums(values)
			: wide.includes(key) ? Float64Array.from(values) : Int32Array.from(values);
	return out;
}

/* Members of each group in order: those of group g are list[start[g]] to list[start[g + 1] - 1]. */
function group(groupOf, groups) {
	const start = new Int32Array(groups + 1);
	for (const g of groupOf)
		if (g >= 0 && g < groups)
			start[g + 1]++;
	for (let g = 0; g < groups; g++)
		start[g + 1] += start[g];
	const next = start.slice();
	const list = new Int32Array(start[groups]);
	for (let i = 0; i < groupOf.length; i++)
		if (groupOf[i] >= 0 && groupOf[i] < groups)
			list[next[groupOf[i]]++] = i;
	return { start, list };
}

function members(grouping, g) {
	return grouping.list.subarray(grouping.start[g], grouping.start[g + 1]);
}

/* First index in sorted `times` that is more than `value`. */
export function above(times, value, count = times.length) {
	let low = 0, high = count;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (times[middle] <= value)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

export class Run {
	constructor(json) {
		Object.assign(this, { title: json.title, file: json.file, seed: json.seed, end: json.end,
			moments: json.moments, omitted: json.omitted.trim(), layers: json.layers,
			layerKeys: json.layerKeys, actors: json.actors, nodes: json.nodes,
			connections: json.connections, stepNames: json.steps, texts: json.texts,
			fields: json.fields, shapes: json.shapes, messages: json.messages,
			mailboxes: json.mailboxes, sections: json.sections, rows: json.rows });
		this.events = columns(json.events, ['time', 'moment'], ['took']);
		this.packets = columns(json.packets, []);
		this.hops = columns(json.hops, ['time'], ['took', 'flight', 'moment']);
		this.segments = columns(json.segments, ['packet'],
			['sequence', 'length', 'acknowledgment', 'window']);
		this.stations = columns(json.stations, [], ['time', 'moment']);
		this.changes = columns(json.changes, ['moment', 'time']);
		this.rowChanges = columns(json.rowChanges, ['moment', 'time'], ['until']);
		this.windows = columns(json.windows, ['time'], ['bytes', 'threshold']);
		this.frames = { at: sums(json.frames.at), rows: Int32Array.from(json.frames.rows),
			bytesAt: sums(json.frames.bytesAt), length: Int32Array.from(json.frames.length),
			cut: json.frames.cut, bytes: json.frames.bytes };
		this.mails = json.mails.map(([from, to, subject, composed, size, node], i) => ({
			number: i + 1, from: this.text(from), to: this.text(to),
			subject: this.text(subject), composed, size, node }));
		this.packetHops = group(this.hops.packet, this.packets.count);
		this.eventPackets = group(this.packets.event, this.events.count);
		this.boxCache = new Map();
		this.#makeSteps();
		this.#makeStations();
	}

	text(number) {
		return this.texts[number];
	}

	hopsOf(packet) {
		return members(this.packetHops, packet);
	}

	packetsOf(event) {
		return members(this.eventPackets, event);
	}

	nodeName(node) {
		return this.nodes[node]?.name ?? '?';
	}

	title_(event) {
		return this.text(this.events.title[event]);
	}

	layerName(layer) {
		return this.layers[layer] || 'user';
	}

	/* The class that gives an element the colours of a layer. */
	colour(layer) {
		return `l-${this.layerKeys[layer] || 'user'}`;
	}

	/*
	 * Steps: every hop, and every event without a packet, in order of time. What the player goes
	 * through.
	 */
	#makeSteps() {
		const alone = [];
		for (let e = 0; e < this.events.count; e++)
			if (this.packetsOf(e).length === 0)
				alone.push(e);
		const count = this.hops.count + alone.length;
		this.steps = { count, hop: new Int32Array(count).fill(-1), event: new Int32Array(count),
			time: new Float64Array(count) };
		this.stepOfHop = new Int32Array(this.hops.count);
		this.stepOfEvent = new Int32Array(this.events.count).fill(-1);
		for (let i = 0, h = 0, a = 0; i < count; i++) {
			if (h < this.hops.count && (a >= alone.length || this.#isBefore(h, alone[a])))
				this.#addHop(i, h++);
			else
				this.#addStep(i, alone[a], this.events.time[alone[a++]]);
		}
	}

	#isBefore(hop, event) {
		const hopTime = this.hops.time[hop], eventTime = this.events.time[event];
		return hopTime < eventTime
			|| (hopTime === eventTime && this.hops.moment[hop] <= this.events.moment[event]);
	}

	#addHop(step, hop) {
		this.steps.hop[step] = hop;
		this.stepOfHop[hop] = step;
		this.#addStep(step, this.packets.event[this.hops.packet[hop]], this.hops.time[hop]);
	}

	#addStep(step, event, time) {
		this.steps.event[step] = event;
		this.steps.time[step] = time;
		if (event < this.events.count && this.stepOfEvent[event] < 0)
			this.stepOfEvent[event] = step;
	}

	#makeStations() {
		this.mailStations = group(this.stations.mail.map((mail) => mail - 1), this.mails.length);
	}

	/* Indices into `stations` of a message, in order of time. */
	stationsOf(mail) {
		return members(this.mailStations, mail - 1);
	}

	/* The last step at or before a time. */
	stepAt(time) {
		return Math.max(0, above(this.steps.time, time) - 1);
	}

	/* The bytes of frame `number` (from 1), or as many as the page holds. */
	bytes(number) {
		const i = number - 1;
		const { bytesAt, bytes, length, cut } = this.frames;
		const wanted = cut ? Math.min(cut, length[i]) : length[i];
		const text = atob(bytes.slice(bytesAt[i], bytesAt[i] + Math.ceil(wanted / 3) * 4));
		return Uint8Array.from({ length: wanted }, (_, k) => text.charCodeAt(k));
	}

	frameLength(number) {
		return number > 0 ? this.frames.length[number - 1] : 0;
	}

	/* The boxes of frame `number` (from 1), outermost first. The same objects as long as they are in use. */
	boxes(number) {
		if (number === 0)
			return [];
		let boxes = this.boxCache.get(number);
		if (boxes === undefined) {
			boxes = this.#readBoxes(number - 1);
			if (this.boxCache.size > 400)
				this.boxCache.clear();
			this.boxCache.set(number, boxes);
		}
		return boxes;
	}

	#readBoxes(index) {
		const { at, rows } = this.frames;
		const end = index + 1 < at.length ? at[index + 1] : rows.length;
		const boxes = [];
		for (let i = at[index]; i < end;) {
			const [name, layer, headerBytes, isEncrypted, ...shape] = this.shapes[rows[i]];
			const box = { name: this.text(name), layer, headerBytes, isEncrypted: isEncrypted === 1,
				start: rows[i + 1], totalBytes: rows[i + 2], summary: this.text(rows[i + 3]),
				complaint: this.text(rows[i + 4]), lines: [], fields: [] };
			const lines = rows[i + 5];
			i += 6;
			for (let k = 0; k < lines; k++)
				box.lines.push(this.text(rows[i++]));
			for (let k = 0; k < shape.length; k += 3)
				box.fields.push(this.#readField(box, shape, k, rows[i++]));
			boxes.push(box);
		}
		return boxes;
	}

	#readField(box, shape, k, valueText) {
		const [name, purpose, reference, isMain] = this.fields[shape[k]];
		const [value, who] = this.text(valueText).split('\t');
		return { box, name: this.text(name), purpose: this.text(purpose),
			reference: this.text(reference), isMain: isMain === 1, value, who: who ?? '',
			startBit: 8 * box.start + shape[k + 1], bits: shape[k + 2] };
	}

	/* What a hop put on and took off: [{sign: '+', layer, bytes}], in order. */
	ledger(hop) {
		const text = this.text(this.hops.ledger[hop]);
		return text === '' ? [] : text.split(',').map((part) => {
			const [layer, size] = part.slice(1).split(' ');
			return { sign: part[0], layer: Number(layer), bytes: Number(size) };
		});
	}
}

/* The innermost field that covers a byte of a frame. */
export function fieldAt(boxes, byte) {
	let found = null;
	for (const box of boxes)
		for (const field of box.fields)
			if (field.startBit < 8 * byte + 8 && field.startBit + field.bits > 8 * byte
					&& (found === null || field.bits <= found.bits || field.box !== found.box))
				found = field;
	return found;
}

export function boxAt(boxes, byte) {
	let found = null;
	for (const box of boxes)
		if (byte >= box.start && byte < box.start + Math.max(box.headerBytes, 1))
			found = box;
	return found ?? boxes[boxes.length - 1] ?? null;
}

/*
 * What differs between two frames: a map from fields of both to their counterpart (null: there is none).
 * Boxes are matched by name from the inside out, fields by name and place.
 */
export function compare(before, after) {
	const changed = new Map();
	if (before === after || before.length === 0 || after.length === 0)
		return changed;
	const rest = before.slice();
	for (let i = after.length - 1; i >= 0; i--) {
		const k = rest.findLastIndex((box) => box.name === after[i].name);
		compareBoxes(changed, k < 0 ? null : rest[k], after[i]);
		if (k >= 0)
			rest.length = k;
	}
	for (const box of before)
		if (!after.some((other) => other.name === box.name))
			box.fields.forEach((field) => changed.set(field, null));
	return changed;
}

function compareBoxes(changed, before, after) {
	const seen = new Map();
	for (const field of after.fields) {
		const place = seen.get(field.name) ?? 0;
		seen.set(field.name, place + 1);
		const other = before?.fields.filter((f) => f.name === field.name)[place] ?? null;
		if (other !== null && other.value === field.value)
			continue;
		changed.set(field, other);
		if (other !== null)
			changed.set(other, field);
	}
}
