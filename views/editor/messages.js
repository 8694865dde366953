/* What the checker and the run have to say, each leading to its place in the text. */
import { count, el } from '../page/dom.js';

const KIND = { error: 'bad', warning: 'warned' };

export class Messages {
	constructor(source) {
		this.source = source;
		this.list = el('ul', { class: 'e-messages', 'aria-label': 'What is wrong' });
		this.status = el('p', { class: 'e-verdict', role: 'status' });
		this.element = el('div', { class: 'e-said' }, this.status, this.list);
		this.places = [];
	}

	#item(place, name, label, text, hint) {
		const line = place.line > 0 ? el('span', { class: 'e-where' }, `${place.line}:${place.column}`) : null;
		return el('li', {}, el('button', { type: 'button', class: `e-message e-${name}`, onclick: () => place.line > 0 && this.source.goTo(place) },
			line, el('b', {}, label), ' ', text, hint ? el('span', { class: 'e-meant' }, ` ${hint}`) : null));
	}

	/* `result` is what the server says of a check or a run. */
	show(result) {
		const { messages, expect } = result;
		const errors = messages.filter((message) => message.severity === 'error');
		const unmet = (expect ?? []).filter((line) => !line.met);
		this.places = [...messages, ...unmet].filter((place) => place.line > 0);
		this.list.replaceChildren(...[
			...messages.map((message) => this.#item(message, KIND[message.severity], message.severity, message.text, message.hint)),
			result.notice ? el('li', {}, el('p', { class: 'e-message e-warned' }, el('b', {}, 'note'), ' ', result.notice)) : null,
			...unmet.map((line) => this.#item(line, 'unmet', 'not met', `${line.expected};`, line.found)),
			result.more ? el('li', { class: 'soft' }, `and ${result.more} more`) : null,
		].filter((item) => item !== null));
		this.source.mark([...messages.map((message) => ({ ...message, kind: KIND[message.severity] })),
			...(expect ?? []).map((line) => ({ ...line, length: line.met ? 0 : line.length, kind: line.met ? 'met' : 'unmet' }))]);
		this.say(this.#verdict(errors.length + (result.more ?? 0), messages.length - errors.length, expect, unmet.length),
			errors.length > 0 || unmet.length > 0 ? 'bad' : 'good');
	}

	#verdict(errors, warnings, expect, unmet) {
		const also = warnings > 0 ? `, ${count(warnings, 'warning')}` : '';
		if (errors > 0)
			return `${count(errors, 'error')}${also}`;
		if (expect === undefined)
			return `No errors${also}`;
		if (expect.length === 0)
			return `It ran${also}`;
		return unmet > 0 ? `${unmet} of ${count(expect.length, 'expectation')} not met${also}` : `${count(expect.length, 'expectation')}: all met${also}`;
	}

	say(text, name = '') {
		this.status.textContent = text;
		this.status.className = `e-verdict e-${name || 'none'}`;
	}

	/* To the next place behind the cursor, round and round. */
	next() {
		const here = this.source.place;
		const places = [...this.places].sort((a, b) => a.line - b.line || a.column - b.column);
		const next = places.find((place) => place.line > here.line || (place.line === here.line && place.column > here.column)) ?? places[0];
		if (next !== undefined)
			this.source.goTo(next);
	}
}
