/* The encapsulation ledger: what each node takes off, rewrites and puts on. */
import { el, replace, segmented } from './dom.js';
import { OUTCOMES } from './data.js';
import { ledgerText } from './list.js';

export class Ledger {
	constructor(run, ongo) {
		this.run = run;
		this.ongo = ongo;
		this.scope = 'packet';
		this.scopes = segmented('What is added up', [['packet', 'This packet'], ['event', 'This command'], ['mail', 'This mail']], 'packet', (scope) => {
			this.scope = scope;
			this.show(this.step);
		});
		this.table = el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Encapsulation ledger' });
		this.element = el('div', { class: 'ledger' }, el('div', { class: 'bar' }, this.scopes.group), this.table);
	}

	show(step) {
		this.step = step;
		const run = this.run;
		const event = step < 0 ? -1 : run.steps.event[step];
		const hop = step < 0 ? -1 : run.steps.hop[step];
		const mail = event < 0 ? 0 : run.events.mail[event];
		const key = this.scope === 'packet' ? `p${hop < 0 ? -1 : run.hops.packet[hop]}` : this.scope === 'event' ? `e${event}` : `m${mail}`;
		if (key === this.key) {
			this.#mark(hop);
			return;
		}
		this.key = key;
		if (this.scope === 'packet')
			this.#drawPacket(hop);
		else
			this.#drawSum(this.scope === 'event' ? [event] : this.#eventsOf(mail), mail);
		this.#mark(hop);
	}

	#eventsOf(mail) {
		const out = [];
		for (let e = 0; mail > 0 && e < this.run.events.count; e++)
			if (this.run.events.mail[e] === mail)
				out.push(e);
		return out;
	}

	/* Bytes in, removed, rewritten, added, out; null where it ends without being taken. */
	#row(hop) {
		const run = this.run;
		const sum = (sign) => run.ledger(hop).reduce((total, part) => total + (part.sign === sign ? part.bytes : 0), 0);
		const received = run.hops.received[hop], sent = run.hops.sent[hop];
		const removed = sum('-'), added = sum('+');
		const left = run.frameLength(received), right = run.frameLength(sent);
		const row = { hop, removed, added, rewritten: received && sent && received !== sent ? this.#rewritten(hop, received, sent) : 0 };
		row.in = received ? left : right - added;
		row.out = sent ? right : left - removed;
		return row;
	}

	/* Bytes that differ in what is neither taken off nor put on. */
	#rewritten(hop, received, sent) {
		const run = this.run;
		const layers = new Set(run.ledger(hop).map((part) => part.layer));
		const first = run.boxes(sent).find((box) => !layers.has(box.layer))?.start ?? 0;
		const a = run.bytes(received), b = run.bytes(sent);
		let differ = 0;
		for (let i = first; i < Math.min(a.length, b.length); i++)
			differ += a[i] !== b[i];
		return differ;
	}

	#cells(row) {
		return [row.in, row.removed, row.rewritten, row.added, row.out].map((value) => el('td', {}, value.toLocaleString('en')));
	}

	#head(first) {
		return el('thead', {}, el('tr', {}, ...[...first, 'in', 'removed', 'rewritten', 'added', 'out'].map((text, i) =>
			el('th', { scope: 'col', class: i >= first.length ? 'number' : null }, text))));
	}

	#drawPacket(hop) {
		const run = this.run;
		if (hop < 0) {
			replace(this.table, el('p', { class: 'soft' }, 'Nothing is on a wire at this step.'));
			return;
		}
		const hops = [...run.hopsOf(run.hops.packet[hop])];
		replace(this.table, el('table', {}, el('caption', {}, 'Bytes of this packet, node by node'),
			this.#head(['node', 'what it does']),
			el('tbody', {}, ...hops.map((h) => {
				const row = el('tr', {}, el('th', { scope: 'row' }, el('button', { type: 'button', class: 'plain',
					onclick: () => this.ongo(run.stepOfHop[h]) }, run.nodeName(run.hops.node[h]))),
				el('td', { class: 'text' }, `${OUTCOMES[run.hops.outcome[h]]}${ledgerText(run, h) ? `: ${ledgerText(run, h)}` : ''}`),
				...this.#cells(this.#row(h)));
				row.hop = h;
				return row;
			}))));
	}

	/* Each node in each role, added up. */
	#drawSum(events, mail) {
		const run = this.run;
		const sums = new Map();
		for (const event of events)
			for (const packet of run.packetsOf(event))
				for (const hop of run.hopsOf(packet)) {
					const outcome = OUTCOMES[run.hops.outcome[hop]];
					if (outcome === 'dropped' || outcome === 'ignored' || outcome === 'waiting')
						continue;
					this.#add(sums, `${run.hops.node[hop]} ${outcome}`, hop, outcome);
				}
		const rows = [...sums.values()];
		if (rows.length === 0) {
			replace(this.table, el('p', { class: 'soft' }, this.scope === 'mail' && mail === 0
				? 'This step belongs to no mail.' : 'Nothing of this was on a wire.'));
			return;
		}
		replace(this.table, el('table', {}, el('caption', {}, this.scope === 'mail' ? `All bytes that mail ${mail} cost, node by node` : 'All bytes of this command, node by node'),
			this.#head(['node', 'what it does', 'frames']), el('tbody', {}, ...rows.map((row) => el('tr', {},
				el('th', { scope: 'row' }, run.nodeName(row.node)), el('td', { class: 'text' }, row.outcome), el('td', {}, row.frames.toLocaleString('en')),
				...this.#cells(row))))));
	}

	#add(sums, key, hop, outcome) {
		const row = this.#row(hop);
		const sum = sums.get(key) ?? { node: this.run.hops.node[hop], outcome, frames: 0, in: 0, removed: 0, rewritten: 0, added: 0, out: 0 };
		sum.frames++;
		for (const name of ['in', 'removed', 'rewritten', 'added', 'out'])
			sum[name] += row[name];
		sums.set(key, sum);
	}

	#mark(hop) {
		for (const row of this.table.querySelectorAll('tbody tr'))
			row.classList.toggle('here', row.hop === hop);
	}
}
