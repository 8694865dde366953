/*
 * One direction of a TCP connection over time: what is sent and acknowledged, how far the receiver's
 * window lets it go, and how much is on its way.
 */
import { bytes, count, dropdown, el, replace, segmented, set, svg, time } from './dom.js';
import { FLAG_SYN, REPEATED } from './data.js';
import { connectionChoices } from './ladder.js';

const LEFT = 74, RIGHT = 14, TOP = 14, MIDDLE = 26, BOTTOM = 30, HEIGHT_MIN = 250, HEIGHT_MAX = 620, POINTS_MAX = 6000;

export class Plot {
	constructor(run, ongo) {
		this.run = run;
		this.ongo = ongo;
		this.connection = run.connections.length > 0 ? 1 : 0;
		this.direction = 0;
		this.select = dropdown('Connection', connectionChoices(run), String(this.connection), (value) => {
			this.connection = Number(value);
			this.#fit();
		});
		this.directions = segmented('Direction', [[0, 'client → server'], [1, 'server → client']], 0, (direction) => {
			this.direction = direction;
			this.#fit();
		});
		this.svg = svg('svg', { class: 'plot', role: 'img', onclick: (event) => this.#click(event) });
		this.cursor = svg('line', { class: 'cursor', y1: TOP });
		this.summary = el('p', { class: 'soft', id: 'plot-summary' });
		const zoom = (label, text, by) => el('button', { type: 'button', 'aria-label': label, onclick: () => this.#zoom(by) }, text);
		this.element = el('div', { class: 'plot-view' }, el('div', { class: 'bar' }, this.select, this.directions.group,
			el('span', { class: 'stretch' }), zoom('Zoom in', '+', 0.5), zoom('Zoom out', '−', 2), zoom('Show all', 'all', 0)),
		this.svg, el('ul', { class: 'legend' }, ...[['sent', 'sent'], ['again', 'sent again'], ['acked', 'acknowledged'],
			['window', 'the receiver\'s window ends here'], ['flight', 'on its way'], ['cwnd', 'congestion window'], ['ssthresh', 'slow start threshold']].map(([key, text]) =>
			el('li', {}, svg('svg', { width: 22, height: 10, class: 'key', 'aria-hidden': 'true' }, svg('path', { class: key, d: 'M1 5H21' })), text))),
		this.summary);
		this.now = 0;
		new ResizeObserver(() => this.#draw()).observe(this.element);
	}

	show(step, now) {
		this.now = now;
		const connection = step < 0 ? 0 : this.run.events.connection[this.run.steps.event[step]];
		if (connection > 0 && connection !== this.connection) {
			this.connection = connection;
			this.select.value = String(connection);
			this.view = null;
		}
		if (!this.view)
			this.#chooseDirection();
		this.tick(now);
	}

	/* The direction in which more is said. */
	#chooseDirection() {
		const sent = [0, 0];
		const { segments } = this.run;
		for (let i = 0; i < segments.count; i++)
			if (segments.connection[i] === this.connection)
				sent[segments.direction[i]] += segments.length[i];
		this.direction = sent[1] > sent[0] ? 1 : 0;
		this.directions.choose(this.direction);
		this.#fit();
	}

	/* Reads the segments, and shows all of the time they take. */
	#fit() {
		this.data = this.#read();
		const { from, to } = this.data;
		const margin = (to - from || 1e6) * 0.02;
		this.view = { from: from - margin, to: to + margin };
		this.#draw();
	}

	#arrival(packet) {
		const hops = this.run.hopsOf(packet);
		return this.run.packets.flags[packet] & 2 ? null : this.run.hops.time[hops[hops.length - 1]];
	}

	#read() {
		const { segments, packets, hops } = this.run;
		const data = { sent: [], acked: [], flight: [], cwnd: [], ssthresh: [], from: Infinity, to: -Infinity, most: 0, mostFlight: 0, again: 0, reasons: new Map() };
		const changes = [];
		for (let i = 0; i < segments.count; i++) {
			if (segments.connection[i] !== this.connection)
				continue;
			const packet = segments.packet[i];
			const at = hops.time[this.run.hopsOf(packet)[0]];
			data.from = Math.min(data.from, at);
			data.to = Math.max(data.to, at);
			if (segments.direction[i] === this.direction) {
				const sequence = segments.sequence[i], length = segments.length[i];
				const isAgain = (packets.flags[packet] & REPEATED) !== 0;
				if (length > 0 || segments.flags[i] & FLAG_SYN)
					data.sent.push({ at, from: sequence, to: sequence + length, isAgain, packet });
				data.again += isAgain;
				if (isAgain)
					data.reasons.set(segments.why[i], (data.reasons.get(segments.why[i]) ?? 0) + 1);
				changes.push({ at, sent: sequence + length });
			} else if (segments.acknowledgment[i] >= 0) {
				const arrived = this.#arrival(packet);
				if (arrived === null)
					continue;
				const ack = segments.acknowledgment[i];
				data.acked.push({ at: arrived, value: ack, window: ack + segments.window[i] });
				changes.push({ at: arrived, acked: ack });
			}
		}
		data.acked.sort((a, b) => a.at - b.at);
		this.#addWindows(data);
		this.#addFlight(data, changes.sort((a, b) => a.at - b.at));
		for (const { to } of data.sent)
			data.most = Math.max(data.most, to);
		if (!Number.isFinite(data.from))
			data.from = data.to = 0;
		return data;
	}

	/* The congestion window of the side that sends, and why it changed. */
	#addWindows(data) {
		const { windows } = this.run;
		for (let i = 0; i < windows.count; i++) {
			if (windows.connection[i] !== this.connection || windows.direction[i] !== this.direction)
				continue;
			data.cwnd.push({ at: windows.time[i], value: windows.bytes[i], why: windows.why[i] });
			if (windows.threshold[i] >= 0)
				data.ssthresh.push({ at: windows.time[i], value: windows.threshold[i] });
		}
		for (const list of [data.cwnd, data.ssthresh])
			if (list.length > 0)
				list.push({ ...list[list.length - 1], at: data.to, why: 0 });
	}

	/* Sent and not acknowledged yet. */
	#addFlight(data, changes) {
		let sent = 0, acked = 0;
		for (const change of changes) {
			sent = Math.max(sent, change.sent ?? 0);
			acked = Math.max(acked, change.acked ?? 0);
			const value = Math.max(0, sent - acked);
			data.mostFlight = Math.max(data.mostFlight, value);
			data.flight.push({ at: change.at, value });
		}
	}

	#draw() {
		this.width = this.element.clientWidth;
		const around = this.element.parentElement?.clientHeight ?? 0;
		this.height = Math.max(HEIGHT_MIN, Math.min(HEIGHT_MAX, around - 165, this.width * 1.2));
		if (!this.data || this.width === 0)
			return;
		const { data, view } = this;
		const lower = (this.height - TOP - MIDDLE - BOTTOM) * 0.6 + TOP;
		const x = (t) => LEFT + (this.width - LEFT - RIGHT) * (t - view.from) / (view.to - view.from);
		const top = Math.max(1, data.most * 1.08);
		const y = (value) => lower - (lower - TOP) * Math.min(value, top) / top;
		const deepest = this.height - BOTTOM, least = lower + MIDDLE, topFlight = data.cwnd.reduce((most, p) => Math.max(most, p.value), Math.max(1, data.mostFlight)) * 1.1;
		const z = (value) => deepest - (deepest - least) * Math.min(value, topFlight) / topFlight;
		this.x = x;
		const inView = (list) => thin(list, view.from, view.to);
		const bars = (list) => list.map((s) => `M${x(s.at).toFixed(1)} ${y(s.from).toFixed(1)}V${(y(s.to) - (s.to === s.from ? 2 : 0)).toFixed(1)}`).join('');
		const stairs = (list, key, scale) => list.map((p, i) => i === 0 ? `M${x(p.at).toFixed(1)} ${scale(p[key]).toFixed(1)}`
			: `H${x(p.at).toFixed(1)}V${scale(p[key]).toFixed(1)}`).join('');
		const sent = inView(data.sent), acked = inView(data.acked), flight = inView(data.flight), cwnd = inView(data.cwnd), ssthresh = inView(data.ssthresh);
		set(this.cursor, { y2: this.height - BOTTOM });
		set(this.svg, { width: this.width, height: this.height, viewBox: `0 0 ${this.width} ${this.height}`,
			'aria-label': `Bytes over time of connection ${this.connection}`, 'aria-describedby': 'plot-summary' });
		const clip = svg('clipPath', { id: 'plot-clip' }, svg('rect', { x: LEFT, y: 0, width: Math.max(0, this.width - LEFT - RIGHT), height: this.height }));
		replace(this.svg, clip, ...this.#axes(x, y, top, lower, z, topFlight, deepest),
			svg('g', { 'clip-path': 'url(#plot-clip)' },
				svg('path', { class: 'window', d: stairs(acked, 'window', y) }), svg('path', { class: 'acked', d: stairs(acked, 'value', y) }),
				svg('path', { class: 'sent', d: bars(sent.filter((s) => !s.isAgain)) }), svg('path', { class: 'again', d: bars(sent.filter((s) => s.isAgain)) }),
				svg('path', { class: 'flight', d: stairs(flight, 'value', z) }), svg('path', { class: 'ssthresh', d: stairs(ssthresh, 'value', z) }),
				svg('path', { class: 'cwnd', d: stairs(cwnd, 'value', z) }), this.cursor));
		this.summary.textContent = this.#describe();
		this.tick(this.now);
	}

	/* Why segments were sent again: "fast retransmission: 2". */
	#reasons() {
		return [...this.data.reasons].map(([why, times]) => `${this.run.text(why) || 'not told why'}: ${times}`).join(', ');
	}

	#describe() {
		const { data } = this;
		const total = data.most;
		return `${count(data.sent.length, 'segment')} with ${bytes(Math.max(0, total))}, ${data.again === 0 ? 'none sent again' : `${data.again} sent again (${this.#reasons()})`}; `
			+ `at most ${bytes(data.mostFlight)} on the way at once.${this.#congestion()}`;
	}

	/* How the congestion window went. */
	#congestion() {
		const { cwnd, ssthresh } = this.data;
		if (cwnd.length === 0)
			return '';
		const values = cwnd.map((p) => p.value).reduce(([least, most], v) => [Math.min(least, v), Math.max(most, v)], [Infinity, 0]);
		const whys = [...new Set(cwnd.map((p) => this.run.text(p.why)))].filter((why) => why !== '');
		return ` Congestion window: ${values[0] === values[1] ? bytes(values[0]) : `${bytes(values[0])} to ${bytes(values[1])}`} (${whys.join(', ')})`
			+ `${ssthresh.length > 0 ? `; slow start threshold at last ${bytes(ssthresh[ssthresh.length - 1].value)}` : ', no threshold yet'}.`;
	}

	#axes(x, y, top, lower, z, topFlight, deepest) {
		const out = [svg('text', { class: 'axis-name', x: LEFT, y: TOP - 3 }, 'sequence number, bytes'),
			svg('text', { class: 'axis-name', x: LEFT, y: lower + MIDDLE - 6 }, 'bytes on their way, congestion window')];
		for (const value of ticks(0, top, 5))
			out.push(svg('line', { class: 'grid', x1: LEFT, x2: this.width - RIGHT, y1: y(value), y2: y(value) }),
				svg('text', { class: 'tick', x: LEFT - 6, y: y(value), dy: '.35em', 'text-anchor': 'end' }, value.toLocaleString('en')));
		for (const value of ticks(0, topFlight, 3))
			out.push(svg('line', { class: 'grid', x1: LEFT, x2: this.width - RIGHT, y1: z(value), y2: z(value) }),
				svg('text', { class: 'tick', x: LEFT - 6, y: z(value), dy: '.35em', 'text-anchor': 'end' }, value.toLocaleString('en')));
		for (const value of ticks(this.view.from, this.view.to, Math.max(2, Math.floor(this.width / 170))))
			out.push(svg('line', { class: 'grid', x1: x(value), x2: x(value), y1: TOP, y2: deepest }),
				svg('text', { class: 'tick', x: x(value), y: this.height - 10, 'text-anchor': 'middle' }, time(value)));
		return out;
	}

	tick(now) {
		this.now = now;
		if (this.x)
			set(this.cursor, { x1: this.x(now), x2: this.x(now) });
	}

	#zoom(by) {
		const { from, to } = this.view;
		const middle = this.now >= from && this.now <= to ? this.now : (from + to) / 2;
		if (by === 0) {
			this.#fit();
			return;
		}
		this.view = { from: middle - (middle - from) * by, to: middle + (to - middle) * by };
		this.#draw();
	}

	/* To the segment that was sent nearest to where the pointer is. */
	#click(event) {
		const at = event.clientX - this.svg.getBoundingClientRect().left;
		let best = null;
		for (const segment of this.data.sent)
			if (best === null || Math.abs(this.x(segment.at) - at) < Math.abs(this.x(best.at) - at))
				best = segment;
		if (best !== null)
			this.ongo(this.run.stepOfHop[this.run.hopsOf(best.packet)[0]]);
	}
}

/* Of the points between two times, and one on both sides, at most as many as can be drawn. */
function thin(list, from, to) {
	let first = list.findIndex((p) => p.at >= from);
	if (first < 0)
		first = list.length;
	let last = list.findLastIndex((p) => p.at <= to);
	const part = list.slice(Math.max(0, first - 1), last + 2);
	const stride = Math.ceil(part.length / POINTS_MAX);
	return stride <= 1 ? part : part.filter((_, i) => i % stride === 0 || i === part.length - 1);
}

function ticks(from, to, wanted) {
	const rough = (to - from) / wanted;
	const power = 10 ** Math.floor(Math.log10(rough || 1));
	const step = [1, 2, 5, 10].map((f) => f * power).find((s) => s >= rough) ?? power;
	const out = [];
	for (let value = Math.ceil(from / step) * step; value <= to; value += step)
		out.push(value);
	return out;
}
