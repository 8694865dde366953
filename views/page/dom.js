/* Making elements. Text only ever becomes text: nothing here or elsewhere writes HTML. */

/* A padlock around the origin, 10 wide and 12 high. */
export const LOCK = 'M-4 -1v-2.5a4 4 0 0 1 8 0v2.5h1v6h-10v-6zM-2.2 -1h4.4v-2.5a2.2 2.2 0 0 0-4.4 0z';

const SVG = 'http://www.w3.org/2000/svg';

function fill(node, properties, children) {
	for (const [key, value] of Object.entries(properties ?? {})) {
		if (value === null || value === undefined || value === false)
			continue;
		if (key.startsWith('on'))
			node.addEventListener(key.slice(2), value);
		else if (key === 'text')
			node.textContent = value;
		else
			node.setAttribute(key, value === true ? '' : value);
	}
	node.append(...present(children));
	return node;
}

function present(children) {
	return children.filter((child) => child !== null && child !== undefined && child !== '');
}

/* Puts these children in place of those that are there; null ones are left out. */
export function replace(node, ...children) {
	node.replaceChildren(...present(children));
}

/* el('button', {class: 'x', onclick: f}, 'text', otherElement); null children are left out. */
export function el(tag, properties, ...children) {
	return fill(document.createElement(tag), properties, children);
}

export function svg(tag, properties, ...children) {
	return fill(document.createElementNS(SVG, tag), properties, children);
}

/* Sets attributes that differ, so that the browser has nothing to do where nothing changed. */
export function set(node, attributes) {
	for (const [key, value] of Object.entries(attributes)) {
		const text = String(value);
		if (node.getAttribute(key) !== text)
			node.setAttribute(key, text);
	}
}

export function setText(node, text) {
	if (node.textContent !== text)
		node.textContent = text;
}

/* A choice of one among several, as buttons. `choices` are [value, label]. */
export function segmented(label, choices, value, onchange) {
	const buttons = choices.map(([key, text]) => el('button', {
		type: 'button', class: 'segment', 'aria-pressed': String(key === value),
		onclick: () => {
			choose(key);
			onchange(key);
		},
	}, text));
	const choose = (key) => buttons.forEach((button, i) =>
		button.setAttribute('aria-pressed', String(choices[i][0] === key)));
	const group = el('div', { class: 'segments', role: 'group', 'aria-label': label }, ...buttons);
	return { group, choose };
}

/* A drop-down list. `choices` are [value, label]. */
export function dropdown(label, choices, value, onchange) {
	const select = el('select', { 'aria-label': label, onchange: () => onchange(select.value) },
		...choices.map(([key, text]) => el('option', { value: key }, text)));
	select.value = value;
	return select;
}

/* What marks something that is encrypted on the wire. */
export function lockBadge(text) {
	return el('span', { class: 'badge lock-badge' },
		svg('svg', { viewBox: '-6 -8 12 14', width: 10, height: 12, 'aria-hidden': 'true' }, svg('path', { d: LOCK })), ` ${text}`);
}

/* Control characters as their pictures, so that what a text holds can be seen. */
export function visible(text) {
	return text.replaceAll('\r\n', '\n').replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
		(c) => c < ' ' ? String.fromCharCode(0x2400 + c.charCodeAt(0)) : '\ufffd');
}

/* "1.004 835 s" from nanoseconds. */
export function time(ns) {
	const micro = Math.round(ns / 1000);
	const whole = Math.floor(micro / 1e6);
	const rest = String(micro - whole * 1e6).padStart(6, '0');
	return `${whole}.${rest.slice(0, 3)}\u202f${rest.slice(3)} s`;
}

/* A span of time in the unit that suits it. */
export function span(ns) {
	for (const [unit, size] of [['s', 1e9], ['ms', 1e6], ['µs', 1e3]])
		if (Math.abs(ns) >= size)
			return `${trim(ns / size)} ${unit}`;
	return `${ns} ns`;
}

function trim(number) {
	return String(Number(number.toPrecision(4)));
}

export function count(number, one, many) {
	return `${number.toLocaleString('en')} ${number === 1 ? one : many ?? one + 's'}`;
}

export function bytes(number) {
	return `${number.toLocaleString('en')} B`;
}

/* Calls `f` at the next frame, once however often it is asked for. */
export function soon(f) {
	let asked = 0;
	return () => {
		if (asked === 0)
			asked = requestAnimationFrame(() => {
				asked = 0;
				f();
			});
	};
}

/*
 * Of the `selector` elements in a container one takes part in the order of the Tab key; arrows move on to
 * the others. Those that come later begin with tabindex -1, but the first.
 */
export function rove(container, selector) {
	container.addEventListener('keydown', (event) => {
		const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
		const items = [...container.querySelectorAll(selector)];
		const to = items[items.indexOf(document.activeElement) + by];
		if (by === undefined || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey)
			return;
		event.preventDefault();
		event.stopPropagation();
		if (to === undefined)
			return;
		items.forEach((item) => set(item, { tabindex: item === to ? 0 : -1 }));
		to.focus();
	});
	return container;
}
