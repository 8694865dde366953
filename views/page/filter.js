/* Which steps are gone through: of a mail, of a layer, at a host, with a word in their title. */
import { dropdown, el, setText } from './dom.js';
import { KINDS } from './data.js';

const CHANGE = KINDS.indexOf('change');

export class Filter {
	constructor(run, onchange) {
		this.run = run;
		this.onchange = onchange;
		this.mail = 0;
		this.layer = '';
		this.node = 0;
		this.text = '';
		this.hasChanges = false;
		const change = () => onchange();
		this.mailSelect = dropdown('Follow', [['0', 'All mails'], ...run.mails.map((mail) =>
			[String(mail.number), `Mail ${mail.number}: ${mail.subject.slice(0, 40)}`])], '0', (value) => {
			this.mail = Number(value);
			change();
		});
		const used = [...new Set(run.events.layer)].sort((a, b) => b - a);
		this.layerSelect = dropdown('Layer', [['', 'All layers'], ...used.map((layer) => [String(layer), run.layerName(layer)])], '', (value) => {
			this.layer = value;
			change();
		});
		this.nodeSelect = dropdown('Host', [['0', 'All hosts'], ...run.nodes.flatMap((node, i) => node ? [[String(i), node.name]] : [])], '0', (value) => {
			this.node = Number(value);
			change();
		});
		let asked = 0;
		this.search = el('input', { type: 'search', placeholder: 'Search steps', 'aria-label': 'Search steps', oninput: () => {
			clearTimeout(asked);
			asked = setTimeout(() => {
				this.text = this.search.value.trim().toLowerCase();
				change();
			}, 150);
		} });
		this.changesBox = el('input', { type: 'checkbox', onchange: () => this.showChanges(this.changesBox.checked) });
		this.found = el('span', { class: 'soft found', 'aria-live': 'polite' });
		this.element = el('div', { class: 'filters' }, this.mailSelect, this.layerSelect, this.nodeSelect, this.search,
			el('label', {}, this.changesBox, ' states'), this.found);
	}

	chooseNode(node) {
		this.node = this.node === node ? 0 : node;
		this.nodeSelect.value = String(this.node);
		this.onchange();
	}

	chooseMail(mail) {
		this.mail = mail;
		this.mailSelect.value = String(mail);
		this.onchange();
	}

	showChanges(hasChanges) {
		this.hasChanges = this.changesBox.checked = hasChanges;
		this.onchange();
	}

	/* Steps in the order in which an address counts them: of the mail and kinds that it can tell, whatever else is chosen. */
	numbered() {
		const { events, steps } = this.run;
		const key = `${this.mail} ${this.hasChanges}`;
		if (this.numberedKey !== key) {
			this.numberedKey = key;
			this.numberedSteps = Int32Array.from(steps.event.keys()).filter((i) => this.#isOfMail(steps.event[i], events));
		}
		return this.numberedSteps;
	}

	#isOfMail(e, events) {
		return (this.hasChanges || events.kind[e] !== CHANGE) && (this.mail === 0 || events.mail[e] === this.mail);
	}

	#wantsEvent(e) {
		const { events } = this.run;
		return this.#isOfMail(e, events)
			&& (this.layer === '' || events.layer[e] === Number(this.layer))
			&& (this.text === '' || this.run.title_(e).toLowerCase().includes(this.text));
	}

	/* {order: steps, events}, both in order. */
	apply() {
		const { run } = this;
		const wanted = new Uint8Array(run.events.count);
		for (let e = 0; e < run.events.count; e++)
			wanted[e] = this.#wantsEvent(e);
		const seen = new Uint8Array(run.events.count);
		const order = new Int32Array(run.steps.count);
		let count = 0;
		for (let i = 0; i < run.steps.count; i++) {
			const event = run.steps.event[i], hop = run.steps.hop[i];
			if (!wanted[event] || (this.node !== 0 && this.node !== (hop >= 0 ? run.hops.node[hop] : run.events.node[event])))
				continue;
			seen[event] = 1;
			order[count++] = i;
		}
		const events = Int32Array.from(Array.from(seen.keys()).filter((e) => seen[e]));
		setText(this.found, this.text !== '' || this.node !== 0 ? `${events.length.toLocaleString('en')} found` : '');
		return { order: order.slice(0, count), events };
	}
}
