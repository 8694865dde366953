/* Sockets, tables and queues as they are at a moment. */
import { count, dropdown, el, replace, time, visible } from './dom.js';
import { above } from './data.js';

const HERE = '0', ALL = '-1', ROWS_MAX = 200;

export class Tables {
	constructor(run) {
		this.run = run;
		const nodes = run.nodes.flatMap((node, i) => node ? [[String(i), node.name]] : []);
		this.choice = HERE;
		this.select = dropdown('Node', [[HERE, 'where this happens'], [ALL, 'all nodes'], ...nodes], HERE, (value) => {
			this.choice = value;
			this.#draw();
		});
		this.list = el('div', { class: 'tables' });
		this.element = el('div', {}, el('div', { class: 'bar' }, this.select), this.list);
		this.last = new Int32Array(run.rows.length);
		this.step = -1;
	}

	show(step) {
		this.step = step;
		this.#draw();
	}

	/* Which change each row is at after `until` of them, from 1; 0: it has not come yet. */
	#fold(until) {
		const { row } = this.run.rowChanges;
		this.last.fill(0);
		for (let i = 0; i < until; i++)
			this.last[row[i]] = i + 1;
	}

	#draw() {
		const { run } = this;
		if (this.step < 0)
			return;
		const hop = run.steps.hop[this.step], event = run.steps.event[this.step];
		const now = run.steps.time[this.step];
		const moment = hop >= 0 ? run.hops.moment[hop] : run.events.moment[event];
		const here = hop >= 0 ? run.hops.node[hop] : run.events.node[event];
		this.#fold(above(run.rowChanges.moment, moment));
		const nodes = this.choice === ALL ? run.nodes.flatMap((node, i) => node ? [i] : []) : [this.choice === HERE ? here : Number(this.choice)];
		const shown = nodes.map((node) => this.#node(node, now)).filter((element) => element !== null);
		replace(this.list, ...(shown.length > 0 ? shown : [el('p', { class: 'soft' }, 'It keeps no tables.')]));
	}

	#node(node, now) {
		const { run } = this;
		const sections = run.sections.map(() => []);
		run.rows.forEach(([of, section], i) => {
			if (of === node && this.last[i] > 0)
				this.#put(sections[section], this.last[i] - 1, now);
		});
		if (!sections.some((rows) => rows.length > 0))
			return null;
		return el('section', { class: 'device' }, el('h2', {}, run.nodeName(node)), ...sections.flatMap((rows, i) => rows.length === 0 ? [] : [
			el('h3', {}, run.sections[i], ' ', el('span', { class: 'soft' }, count(rows.length, 'row'))),
			el('ul', { class: 'rows', tabindex: '0', 'aria-label': `${run.sections[i]} of ${run.nodeName(node)}` }, ...rows.slice(-ROWS_MAX)),
			rows.length > ROWS_MAX ? el('p', { class: 'soft' }, `and ${rows.length - ROWS_MAX} before these`) : null]));
	}

	#put(rows, change, now) {
		const { rowChanges } = this.run;
		const until = rowChanges.until[change];
		if (rowChanges.text[change] === 0 || until >= 0 && until <= now)
			return;
		const since = rowChanges.time[change];
		rows.push(el('li', { class: since === now ? 'fresh' : null }, visible(this.run.text(rowChanges.text[change])),
			el('span', { class: 'soft' }, until >= 0 ? `  for ${Math.round((until - now) / 1e9).toLocaleString('en')} s more` : since > 0 ? `  since ${time(since)}` : '')));
	}
}
