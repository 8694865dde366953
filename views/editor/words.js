/* The list of words that may stand at the cursor. The field keeps the focus; arrows choose. */
import { el } from '../page/dom.js';
import { offer } from './api.js';

const WAIT_MS = 120;
const SHOWN = 200;

export class Words {
	constructor(source, file) {
		this.source = source;
		this.file = file;
		this.list = el('ul', { id: 'words', role: 'listbox', 'aria-label': 'What may stand here' });
		this.hint = el('p', { class: 'e-hint' });
		this.element = el('div', { class: 'e-words', hidden: true }, this.list, this.hint);
		this.said = el('p', { class: 'sr', role: 'status' });
		const field = source.field;
		field.setAttribute('aria-autocomplete', 'list');
		field.setAttribute('aria-haspopup', 'listbox');
		field.addEventListener('keydown', (event) => this.#key(event), true);
		field.addEventListener('input', (event) => this.#typed(event));
		field.addEventListener('blur', () => this.close());
		field.addEventListener('scroll', () => this.close());
		field.addEventListener('pointerdown', () => this.close());
		this.chosen = -1;
		this.shown = [];
	}

	get isOpen() {
		return !this.element.hidden;
	}

	close() {
		clearTimeout(this.asked);
		this.abort?.abort();
		this.element.hidden = true;
		this.source.field.removeAttribute('aria-activedescendant');
		this.source.field.removeAttribute('aria-controls');
	}

	#typed(event) {
		clearTimeout(this.asked);
		const isWord = event.inputType === 'insertText' && /^[\w@.-]$/.test(event.data ?? '');
		if (isWord || (this.isOpen && event.inputType.startsWith('delete')))
			this.asked = setTimeout(() => this.ask(false), WAIT_MS);
		else
			this.close();
	}

	/* Asks what may stand at the cursor. By hand, it says so when there is nothing. */
	async ask(isByHand) {
		const { source } = this;
		this.abort?.abort();
		this.abort = new AbortController();
		try {
			const { offers } = await offer(this.file(), source.value, source.place, this.abort.signal);
			this.#show(offers, isByHand);
		} catch (error) {
			if (error.name === 'AbortError')
				return;
			this.close();
			if (isByHand)
				this.said.textContent = error.message;
		}
	}

	#show(offers, isByHand) {
		const { source } = this;
		const place = source.place;
		const line = [...source.lines[place.line - 1]];
		const typed = line.slice(offers.column - 1, place.column - 1).join('');
		const lower = typed.toLowerCase();
		const begins = (offer) => offer.word.toLowerCase().startsWith(lower);
		let fits = offers.words.filter((offer) => offer.word.toLowerCase().includes(lower));
		if (fits.length === 0 && isByHand)
			fits = offers.words; /* what stands there is misspelt */
		const words = [...fits.filter(begins), ...fits.filter((offer) => !begins(offer))].slice(0, SHOWN);
		const isDone = words.length === 1 && words[0].word === typed;
		if ((words.length === 0 || isDone) && !(isByHand && offers.hint)) {
			this.close();
			if (isByHand)
				this.said.textContent = isDone ? 'The word is whole.' : 'Nothing is known that may stand here.';
			return;
		}
		this.offers = offers;
		this.line = place.line;
		this.hasColon = line[offers.column - 1 + offers.length] === ':';
		this.shown = words;
		this.list.replaceChildren(...words.map((offer, i) => el('li', { id: `word-${i}`, role: 'option', 'aria-selected': 'false',
			onpointerdown: (event) => {
				event.preventDefault();
				this.#take(i);
			} }, el('b', {}, offer.word), ' ', el('span', { class: 'soft' }, offer.meaning ?? ''))));
		this.list.hidden = words.length === 0;
		this.hint.textContent = offers.hint ?? '';
		this.hint.hidden = !offers.hint;
		this.element.hidden = false;
		this.#put();
		if (words.length > 0)
			this.source.field.setAttribute('aria-controls', 'words');
		this.#choose(words.length > 0 ? 0 : -1);
		this.said.textContent = words.length > 0 ? `${words.length} words may stand here.` : offers.hint;
	}

	#put() {
		const { x, y, height } = this.source.spot;
		const box = this.source.field.getBoundingClientRect();
		const own = this.element.getBoundingClientRect();
		const left = Math.max(4, Math.min(box.left + x, innerWidth - own.width - 8));
		const below = box.top + y + 2;
		const top = below + own.height < innerHeight ? below : Math.max(4, below - height - own.height - 4);
		this.element.style.left = `${left}px`;
		this.element.style.top = `${top}px`;
	}

	#choose(index) {
		this.list.children[this.chosen]?.setAttribute('aria-selected', 'false');
		this.chosen = index;
		const option = this.list.children[index];
		if (option === undefined)
			return;
		option.setAttribute('aria-selected', 'true');
		option.scrollIntoView({ block: 'nearest' });
		this.source.field.setAttribute('aria-activedescendant', option.id);
	}

	#take(index) {
		const word = this.shown[index];
		const { source, offers } = this;
		if (word === undefined)
			return;
		const from = source.offset({ line: this.line, column: offers.column });
		const to = source.offset({ line: this.line, column: offers.column + offers.length });
		this.close();
		source.replace(from, to, word.key && !this.hasColon ? `${word.word}: ` : word.word);
		this.close();
	}

	#key(event) {
		if (event.key === ' ' && event.ctrlKey) {
			event.preventDefault();
			this.ask(true);
			return;
		}
		if (!this.isOpen || event.ctrlKey || event.metaKey || event.altKey)
			return;
		const count = this.shown.length;
		const actions = {
			ArrowDown: () => this.#choose((this.chosen + 1) % count), ArrowUp: () => this.#choose((this.chosen + count - 1) % count),
			PageDown: () => this.#choose(Math.min(this.chosen + 8, count - 1)), PageUp: () => this.#choose(Math.max(this.chosen - 8, 0)),
			Enter: () => this.#take(this.chosen), Tab: () => this.#take(this.chosen),
		};
		if (event.key === 'Escape' || (count > 0 && !event.shiftKey && actions[event.key] !== undefined)) {
			event.preventDefault();
			event.stopPropagation();
			if (event.key === 'Escape')
				this.close();
			else
				actions[event.key]();
		}
	}
}
