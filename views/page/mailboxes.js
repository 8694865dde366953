/* The mailboxes of all devices as they are at a moment. */
import { bytes, count, el, replace, visible } from './dom.js';
import { above } from './data.js';

const SHOWN = 60; /* messages of a mailbox */

export class Mailboxes {
	constructor(run, onmail) {
		this.run = run;
		this.onmail = onmail;
		this.element = el('div', { class: 'mailboxes' });
		this.until = -1;
		this.reader = el('dialog', { class: 'reader', 'aria-label': 'Message' });
	}

	show(now) {
		const until = above(this.run.changes.time, now);
		if (until === this.until)
			return;
		this.until = until;
		this.#draw(this.#fold(until));
	}

	/* Each mailbox with its messages after `until` changes; what was gone before may be there again. */
	#fold(until) {
		const { changes } = this.run;
		const boxes = this.run.mailboxes.map(([node, owner]) => ({ node, owner: this.run.text(owner), name: '', isThere: false, messages: new Map() }));
		for (let i = 0; i < until; i++) {
			const box = boxes[changes.mailbox[i]];
			if (changes.uid[i] === 0) {
				box.isThere = changes.message[i] > 0;
				box.name = box.isThere ? this.run.text(changes.flags[i]) : box.name;
				if (!box.isThere)
					box.messages.clear();
			} else if (changes.message[i] === 0) {
				box.messages.delete(changes.uid[i]);
			} else {
				box.messages.set(changes.uid[i], { message: changes.message[i], flags: this.run.text(changes.flags[i]),
					isNew: i === until - 1 });
			}
		}
		return boxes.filter((box) => box.isThere || box.messages.size > 0);
	}

	#draw(boxes) {
		const nodes = [...new Set(boxes.map((box) => box.node))];
		replace(this.element, ...(boxes.length === 0 ? [el('p', { class: 'soft' }, 'There are no mailboxes yet.')] : []),
			...nodes.map((node) => el('section', { class: 'device' }, el('h2', {}, this.run.nodeName(node)),
				...boxes.filter((box) => box.node === node).map((box) => this.#box(box)))));
		this.element.append(this.reader);
	}

	#box(box) {
		const messages = [...box.messages].sort((a, b) => a[0] - b[0]);
		return el('div', { class: 'mailbox' },
			el('h3', {}, box.name, ' ', el('span', { class: 'soft' }, `of ${visible(box.owner)}, ${count(messages.length, 'message')}`)),
			messages.length === 0 ? null : el('ul', {}, ...messages.slice(-SHOWN).map(([uid, entry]) => this.#message(uid, entry))),
			messages.length > SHOWN ? el('p', { class: 'soft' }, `and ${count(messages.length - SHOWN, 'message')} before these`) : null);
	}

	#message(uid, entry) {
		const [subject, from, size, , mail] = this.run.messages[entry.message - 1];
		return el('li', { class: entry.isNew ? 'fresh' : null }, el('button', { type: 'button', class: 'plain', onclick: () => this.#read(entry.message) },
			el('b', {}, visible(this.run.text(subject)) || '(no subject)'), ' ', el('span', { class: 'soft' }, visible(this.run.text(from)))),
		el('span', { class: 'soft' }, `UID ${uid} · ${bytes(size)}${entry.flags ? ` · ${entry.flags}` : ''}${mail ? ` · mail ${mail}` : ''}`));
	}

	/* The message as its bytes say. */
	#read(number) {
		const [subject, , size, , mail, text] = this.run.messages[number - 1];
		const content = this.run.text(text);
		replace(this.reader, el('div', { class: 'bar' }, el('h2', {}, visible(this.run.text(subject)) || '(no subject)'), el('span', { class: 'stretch' }),
			mail ? el('button', { type: 'button', onclick: () => {
				this.reader.close();
				this.onmail(mail);
			} }, `Follow mail ${mail}`) : null,
			el('button', { type: 'button', autofocus: true, onclick: () => this.reader.close() }, 'Close')),
		el('pre', { tabindex: '0' }, visible(content)),
		content.length < size ? el('p', { class: 'soft' }, `The page holds ${bytes(content.length)} of ${bytes(size)}.`) : null);
		this.reader.showModal();
	}
}
