/* The views on the right, one at a time. */
import { el, set } from './dom.js';

export class Tabs {
	/* `tabs` are [key, name, {element}]; `onchange` when another is chosen. */
	constructor(tabs, onchange) {
		this.keys = tabs.map(([key]) => key);
		this.onchange = onchange;
		this.buttons = tabs.map(([key, name]) => el('button', { type: 'button', role: 'tab', id: `tab-${key}`,
			'aria-controls': `panel-${key}`, onclick: () => this.choose(key) }, name));
		this.panels = tabs.map(([key, , view]) => el('div', { role: 'tabpanel', id: `panel-${key}`,
			class: 'panel', 'aria-labelledby': `tab-${key}`, tabindex: '0' }, view.element));
		this.element = el('div', { class: 'tabs' },
			el('div', { role: 'tablist', 'aria-label': 'Views', onkeydown: (event) => this.#key(event) }, ...this.buttons), ...this.panels);
		this.#mark(this.keys[0]);
	}

	#mark(key) {
		this.current = key;
		this.keys.forEach((other, i) => {
			set(this.buttons[i], { 'aria-selected': other === key, tabindex: other === key ? 0 : -1 });
			this.panels[i].hidden = other !== key;
		});
	}

	/* Where there are more than fit, the chosen one is seen. */
	#reveal() {
		const list = this.element.firstChild, button = this.buttons[this.keys.indexOf(this.current)];
		if (button.offsetLeft < list.scrollLeft || button.offsetLeft + button.offsetWidth > list.scrollLeft + list.clientWidth)
			list.scrollLeft = button.offsetLeft - (list.clientWidth - button.offsetWidth) / 2;
	}

	choose(key) {
		if (key === this.current || !this.keys.includes(key))
			return;
		this.#mark(key);
		this.#reveal();
		this.onchange();
	}

	#key(event) {
		const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
		if (by === undefined)
			return;
		event.preventDefault();
		const i = (this.keys.indexOf(this.current) + by + this.keys.length) % this.keys.length;
		this.choose(this.keys[i]);
		this.buttons[i].focus();
	}
}
