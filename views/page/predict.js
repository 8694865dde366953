/* Prediction: what comes next is hidden until it has been guessed. */
import { el, replace, setText } from './dom.js';
import { OUTCOMES } from './data.js';
import { ledgerText } from './list.js';

const CHOICES = 4;
const PREDICTED = { made: 'sends', switched: 'passes on, as it is,', routed: 'forwards', delivered: 'takes',
	dropped: 'loses', ignored: 'ignores', waiting: 'keeps' };

export class Predict {
	constructor(run, player) {
		this.run = run;
		this.player = player;
		this.isOn = false;
		this.right = this.asked = 0;
		this.question = el('p', { class: 'question' });
		this.choices = el('div', { class: 'choices', role: 'group', 'aria-label': 'What happens next?' });
		this.answer = el('p', { class: 'answer', 'aria-live': 'polite' });
		this.score = el('p', { class: 'score', 'aria-live': 'polite' });
		this.onmode = () => {};
		this.toggle = el('button', { type: 'button', 'aria-pressed': 'false', onclick: () => this.setMode(!this.isOn) }, 'Predict the next step');
		this.element = el('div', { class: 'predict' }, el('div', { class: 'bar' }, this.toggle, el('span', { class: 'stretch' }), this.score),
			this.answer, this.question, this.choices);
		this.show();
	}

	setMode(isOn) {
		this.isOn = isOn;
		this.toggle.setAttribute('aria-pressed', String(isOn));
		this.answered = isOn ? -1 : Infinity;
		setText(this.answer, '');
		this.onmode(isOn);
		this.show();
	}

	/* Whether the player must wait for an answer. */
	blocks() {
		return this.isOn && this.answered < this.player.at && this.player.at + 1 < this.player.length;
	}

	/* The step that comes after place `at`, in words. */
	#describe(place) {
		const run = this.run;
		const step = this.player.order[place];
		const hop = run.steps.hop[step], event = run.steps.event[step];
		const title = run.title_(event);
		if (hop < 0)
			return `${run.nodeName(run.events.node[event])}: ${title}`;
		const ledger = ledgerText(run, hop);
		return `${run.nodeName(run.hops.node[hop])} ${PREDICTED[OUTCOMES[run.hops.outcome[hop]]]} “${title}”${ledger ? ` (${ledger})` : ''}`;
	}

	show() {
		setText(this.score, this.asked === 0 ? '' : `${this.right} of ${this.asked} right`);
		const at = this.player.at;
		if (!this.isOn) {
			setText(this.question, 'The steps to come are hidden, and you say what the next one will be. Playing waits for your answer.');
			replace(this.choices);
			return;
		}
		if (at + 1 >= this.player.length) {
			setText(this.question, 'The run is over: nothing follows.');
			replace(this.choices);
			return;
		}
		if (this.asking === at && this.choices.childElementCount > 0)
			return;
		this.asking = at;
		setText(this.question, 'What happens next?');
		const texts = this.#options(at + 1);
		replace(this.choices, ...texts.map((text) => el('button', { type: 'button', onclick: (event) => this.#answer(event.currentTarget, text, at) }, text)));
	}

	/* The right one among others that happen in this run; in an order that depends on the place alone. */
	#options(place) {
		const right = this.#describe(place);
		const texts = new Set([right]);
		let state = (place * 2654435761 + 12345) >>> 0;
		const random = (limit) => {
			state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
			return Math.floor(state / 4294967296 * limit);
		};
		for (let tries = 0; tries < 80 && texts.size < CHOICES; tries++) {
			const near = tries < 40 ? place + 1 + random(30) : random(this.player.length);
			if (near < this.player.length)
				texts.add(this.#describe(near));
		}
		const list = [...texts];
		for (let i = list.length - 1; i > 0; i--) {
			const k = random(i + 1);
			[list[i], list[k]] = [list[k], list[i]];
		}
		return list;
	}

	#answer(button, text, at) {
		if (this.answered >= at)
			return;
		const right = this.#describe(at + 1);
		const isRight = text === right;
		this.answered = at;
		this.asked++;
		this.right += isRight;
		for (const other of this.choices.children)
			other.classList.toggle('right', other.textContent === right);
		button.classList.toggle('wrong', !isRight);
		const step = this.player.order[at + 1];
		const hop = this.run.steps.hop[step];
		const why = this.run.text(hop >= 0 ? this.run.hops.why[hop] : this.run.events.why[this.run.steps.event[step]]);
		setText(this.answer, `${isRight ? 'Right.' : `No: ${right}.`} ${why}`);
		setText(this.score, `${this.right} of ${this.asked} right`);
		this.player.move(1);
	}
}
