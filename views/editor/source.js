/*
 * The text of a scenario in a field of its own: a plain text area, so that everything that browsers and
 * screen readers do with text works. Its lines are drawn once more behind it, those in sight alone: with
 * colours, numbers, and what is wrong underlined.
 */
import { el, soon } from '../page/dom.js';

/* What a line of YAML is made of, as far as colours tell: [class, text]. */
function pieces(line) {
	const found = [];
	const parts = /(^|\s)(#.*$)|((?:^|[{,]|^\s*-|^)\s*)([A-Za-z0-9_@.*-]+)(:)(?=\s|$)|("(?:[^"\\]|\\.)*"|'[^']*')/g;
	let at = 0;
	const add = (name, text) => text && found.push([name, text]);
	for (let match = parts.exec(line); match !== null; match = parts.exec(line)) {
		add('', line.slice(at, match.index));
		if (match[2] !== undefined) {
			add('', match[1]);
			add('y-comment', match[2]);
		} else if (match[4] !== undefined) {
			add('', match[3]);
			add('y-key', match[4]);
			add('', match[5]);
		} else {
			add('y-text', match[6]);
		}
		at = match.index + match[0].length;
	}
	add('', line.slice(at));
	return found;
}

/* Cuts pieces where marks begin and end; columns count characters, not units of UTF-16. */
function marked(line, marks) {
	if (marks.length === 0)
		return pieces(line).map(([name, text]) => el('span', { class: name || null }, text));
	const units = [];
	let unit = 0;
	for (const character of line) {
		units.push(unit);
		unit += character.length;
	}
	units.push(unit);
	const place = (column) => units[Math.min(column - 1, units.length - 1)];
	const spans = marks.map((mark) => [place(mark.column), place(mark.column + mark.length), mark.kind]);
	const nodes = [];
	let at = 0;
	for (const [name, text] of pieces(line)) {
		const cuts = [at, ...spans.flat().filter((cut) => cut > at && cut < at + text.length), at + text.length].sort((a, b) => a - b);
		for (let i = 0; i + 1 < cuts.length; i++) {
			const kind = spans.find(([from, to]) => from <= cuts[i] && to >= cuts[i + 1] && to > from)?.[2];
			if (cuts[i + 1] > cuts[i])
				nodes.push(el('span', { class: `${name} ${kind ? `e-${kind}` : ''}`.trim() || null }, text.slice(cuts[i] - at, cuts[i + 1] - at)));
		}
		at += text.length;
	}
	if (spans.some(([from]) => from >= line.length))
		nodes.push(el('span', { class: `e-${spans.find(([from]) => from >= line.length)[2]}` }, ' '));
	return nodes;
}

export class Source {
	constructor(id) {
		this.field = el('textarea', { id, spellcheck: 'false', autocapitalize: 'off', autocomplete: 'off', wrap: 'off',
			'aria-describedby': 'source-keys' });
		this.numbers = el('div', { class: 'e-numbers' });
		this.drawn = el('div', { class: 'e-drawn' });
		this.element = el('div', { class: 'e-source' },
			el('div', { class: 'e-gutter', 'aria-hidden': 'true' }, this.numbers),
			el('div', { class: 'e-text' }, el('div', { class: 'e-behind', 'aria-hidden': 'true' }, this.drawn), this.field));
		this.lines = [''];
		this.marks = new Map();
		this.draw = soon(() => this.#draw());
		this.field.addEventListener('input', () => this.#changed(true));
		this.field.addEventListener('scroll', this.draw);
		this.field.addEventListener('keydown', (event) => this.#key(event));
		new ResizeObserver(this.draw).observe(this.field);
	}

	get value() {
		return this.field.value;
	}

	set value(text) {
		this.field.value = text;
		this.field.setSelectionRange(0, 0);
		this.#changed(false);
	}

	#changed(isByUser) {
		this.lines = this.field.value.split('\n');
		if (isByUser)
			this.onchange?.();
		this.draw();
	}

	/* The cursor: line and column from 1, in characters. */
	get place() {
		const before = this.field.value.slice(0, this.field.selectionStart).split('\n');
		return { line: before.length, column: [...before[before.length - 1]].length + 1 };
	}

	/* Where in the value a line and column are. */
	offset({ line, column }) {
		let at = 0;
		for (let i = 0; i + 1 < line && i < this.lines.length; i++)
			at += this.lines[i].length + 1;
		return at + [...(this.lines[line - 1] ?? '')].slice(0, column - 1).join('').length;
	}

	/* Where on the screen the cursor is, in pixels from the corner of the field. */
	get spot() {
		const { line } = this.place;
		const at = this.field.selectionStart - this.offset({ line, column: 1 });
		const cell = this.#cell();
		return { x: cell.pad + [...this.lines[line - 1].slice(0, at).replaceAll('\t', '        ')].length * cell.width - this.field.scrollLeft,
			y: cell.top + line * cell.height - this.field.scrollTop, height: cell.height };
	}

	goTo(place) {
		const from = this.offset(place);
		const to = place.length > 1 ? this.offset({ line: place.line, column: place.column + place.length }) : from;
		const cell = this.#cell();
		this.field.focus();
		this.field.setSelectionRange(from, to);
		this.field.scrollTop = Math.max(0, (place.line - 1) * cell.height - this.field.clientHeight / 3);
		this.draw();
	}

	/* Replaces a part, so that the browser can undo it. */
	replace(from, to, text) {
		this.field.focus();
		this.field.setSelectionRange(from, to);
		if (!document.execCommand('insertText', false, text)) {
			this.field.setRangeText(text, from, to, 'end');
			this.#changed(true);
		}
	}

	/* What is wrong, or came out so: [{line, column, length, kind}], by which it is underlined. */
	mark(list) {
		this.marks = new Map();
		for (const mark of list)
			if (mark.line > 0)
				this.marks.set(mark.line, [...this.marks.get(mark.line) ?? [], mark]);
		this.draw();
	}

	/* A new line begins where the one above does. */
	#key(event) {
		if (event.key !== 'Enter' || event.ctrlKey || event.metaKey || event.defaultPrevented || event.isComposing)
			return;
		const start = this.field.selectionStart;
		const line = this.field.value.slice(this.field.value.lastIndexOf('\n', start - 1) + 1, start);
		const indent = /^ */.exec(line)[0] + (/^\s*- +[^\s#{[]/.test(line) ? '  ' : '') + (/^[^#]*:\s*$/.test(line) ? '  ' : '');
		event.preventDefault();
		this.replace(start, this.field.selectionEnd, `\n${indent}`);
	}

	#cell() {
		const style = getComputedStyle(this.field);
		if (this.measured?.font !== style.font) {
			const probe = el('span', { class: 'e-probe' }, '0'.repeat(100));
			this.drawn.append(probe);
			this.measured = { font: style.font, width: probe.getBoundingClientRect().width / 100 };
			probe.remove();
		}
		return { width: this.measured.width, height: parseFloat(style.lineHeight), top: parseFloat(style.paddingTop), pad: parseFloat(style.paddingLeft) };
	}

	#draw() {
		const cell = this.#cell();
		const first = Math.max(0, Math.floor((this.field.scrollTop - cell.top) / cell.height));
		const last = Math.min(this.lines.length, first + Math.ceil(this.field.clientHeight / cell.height) + 2);
		const rows = [], numbers = [];
		for (let i = first; i < last; i++) {
			const marks = this.marks.get(i + 1) ?? [];
			const worst = ['bad', 'warned', 'unmet', 'met'].find((kind) => marks.some((mark) => mark.kind === kind));
			const long = this.lines[i].length > 2000;
			rows.push(el('div', { class: 'e-row' }, ...(long ? [this.lines[i]] : marked(this.lines[i], marks))));
			numbers.push(el('div', { class: worst ? `e-row n-${worst}` : 'e-row' }, String(i + 1)));
		}
		const top = cell.top + first * cell.height - this.field.scrollTop;
		this.drawn.replaceChildren(...rows);
		this.drawn.style.transform = `translate(${-this.field.scrollLeft}px, ${top}px)`;
		this.numbers.replaceChildren(...numbers);
		this.numbers.style.transform = `translateY(${top}px)`;
	}
}
