/* The editor: a scenario's text on one side, what comes of it on the other. */
import { dropdown, el } from '../page/dom.js';
import { check, files, fileText, run } from './api.js';
import { Live } from './live.js';
import { Messages } from './messages.js';
import { Source } from './source.js';
import { Words } from './words.js';

const CHECK_MS = 350; /* after the last key */

class Editor {
	constructor(known) {
		this.known = known;
		this.file = 0;
		this.source = new Source('source');
		this.words = new Words(this.source, () => this.file);
		this.messages = new Messages(this.source);
		this.frame = el('iframe', { title: 'The run', sandbox: 'allow-scripts', class: 'e-run' });
		this.empty = el('p', { class: 'e-empty soft' }, 'The run comes here.');
		this.live = known.live ? new Live(() => this.file, known.speed) : null;
		this.#header();
		document.body.append(this.header, el('main', { class: 'editor-main' }, this.#left(), this.#right()));
		this.source.onchange = () => this.#changed();
		document.addEventListener('keydown', (event) => this.#key(event));
	}

	#header() {
		const { files: names } = this.known;
		this.runButton = el('button', { type: 'button', class: 'e-go', title: 'Ctrl+Enter', onclick: () => this.run() }, 'Run');
		this.hideButton = el('button', { type: 'button', 'aria-expanded': 'true', 'aria-controls': 'left', title: 'Show or hide the text (F2)',
			onclick: () => this.#toggle() }, 'Text');
		this.header = el('header', {}, el('h1', {}, 'mailwire'),
			names.length > 1 ? dropdown('Scenario', names.map((name, i) => [String(i), name]), '0', (value) => this.open(Number(value))) : el('span', { class: 'soft about' }, names[0]),
			this.runButton, this.hideButton, el('span', { class: 'stretch' }),
			el('button', { type: 'button', onclick: () => this.#reset() }, 'As on disk'),
			el('button', { type: 'button', onclick: () => this.#download() }, 'Download'),
			el('button', { type: 'button', 'aria-label': 'Dark or light', title: 'Dark or light', onclick: () => this.#theme() }, '◐'));
	}

	#left() {
		this.left = el('section', { class: 'e-card', id: 'left', 'aria-label': 'Scenario' }, el('label', { class: 'sr', for: 'source' }, 'Text of the scenario'),
			el('p', { class: 'sr', id: 'source-keys' }, 'Control and space lists what may stand at the cursor, control and enter runs it, F8 goes to the next error.'),
			this.source.element, this.messages.element,
			el('p', { class: 'e-keys soft' }, el('kbd', {}, 'Ctrl+Space'), ' words  ', el('kbd', {}, 'Ctrl+Enter'), ' run  ', el('kbd', {}, 'F8'), ' next error'), this.words.element, this.words.said);
		return this.left;
	}

	#right() {
		if (this.live === null)
			return el('section', { class: 'e-card e-view', 'aria-label': 'Run' }, this.empty, this.frame);
		const panels = [el('div', { class: 'e-panel', id: 'panel-run', role: 'tabpanel', 'aria-labelledby': 'tab-run' }, this.empty, this.frame),
			el('div', { class: 'e-panel', id: 'panel-live', role: 'tabpanel', 'aria-labelledby': 'tab-live', hidden: true }, this.live.element)];
		const tabs = ['run', 'live'].map((name, i) => el('button', { type: 'button', role: 'tab', id: `tab-${name}`, 'aria-controls': `panel-${name}`,
			'aria-selected': String(i === 0), tabindex: i === 0 ? '0' : '-1', onclick: () => this.chooseTab(i),
			onkeydown: (event) => {
				if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
					this.chooseTab(1 - i);
					tabs[1 - i].focus();
				}
			} }, name === 'run' ? 'Run' : 'Live'));
		this.chooseTab = (chosen) => {
			tabs.forEach((tab, i) => {
				tab.setAttribute('aria-selected', String(i === chosen));
				tab.tabIndex = i === chosen ? 0 : -1;
				panels[i].hidden = i !== chosen;
			});
			if (chosen === 1)
				this.live.listen();
		};
		return el('section', { class: 'e-card e-view', 'aria-label': 'What comes of it' }, el('div', { class: 'e-tablist', role: 'tablist', 'aria-label': 'What comes of it' }, ...tabs), ...panels);
	}

	/* ---- The text ---- */

	get #draft() {
		return `draft ${this.known.files[this.file]}`;
	}

	async open(file) {
		this.file = file;
		this.words.close();
		try {
			this.onDisk = await fileText(file);
			if (this.file !== file)
				return;
			this.source.value = sessionStorage.getItem(this.#draft) ?? this.onDisk;
			document.title = `${this.known.files[file]} · mailwire`;
			await this.run();
		} catch (error) {
			this.messages.say(error.message, 'bad');
		}
	}

	#changed() {
		try {
			sessionStorage.setItem(this.#draft, this.source.value);
		} catch {
			/* No room: the text is in the field all the same. */
		}
		clearTimeout(this.asked);
		this.asked = setTimeout(() => this.check(), CHECK_MS);
	}

	async #reset() {
		sessionStorage.removeItem(this.#draft);
		await this.open(this.file);
	}

	#download() {
		const name = this.known.files[this.file].replace(/^.*\//, '').replace(/(\.yaml)?$/, '.yaml');
		const url = URL.createObjectURL(new Blob([this.source.value], { type: 'application/yaml' }));
		el('a', { href: url, download: name }).click();
		setTimeout(() => URL.revokeObjectURL(url), 10000);
	}

	/* ---- What the server says of it ---- */

	async check() {
		this.abort?.abort();
		this.abort = new AbortController();
		try {
			this.messages.show(await check(this.file, this.source.value, this.abort.signal));
		} catch (error) {
			if (error.name !== 'AbortError')
				this.messages.say(error.message, 'bad');
		}
	}

	async run() {
		if (this.runButton.disabled)
			return;
		clearTimeout(this.asked);
		this.abort?.abort();
		this.runButton.disabled = true;
		this.messages.say('It runs …');
		this.chooseTab?.(0);
		try {
			const text = this.source.value, result = await run(this.file, text);
			if (this.source.value === text)
				this.messages.show(result);
			else /* it was written on meanwhile: what is said is of the text as it is */
				this.check();
			if (result.page !== undefined) {
				this.frame.src = `/run/${result.page}`;
				this.empty.hidden = true;
			}
		} catch (error) {
			this.messages.say(error.message, 'bad');
		}
		this.runButton.disabled = false;
	}

	/* ---- The rest ---- */

	#toggle() {
		this.left.hidden = !this.left.hidden;
		this.hideButton.setAttribute('aria-expanded', String(!this.left.hidden));
		this.source.draw();
	}

	#theme() {
		const root = document.documentElement;
		const isDark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
		root.dataset.theme = isDark ? 'light' : 'dark';
	}

	#key(event) {
		const actions = { F8: () => this.messages.next(), F2: () => this.#toggle() };
		if (event.key === 'Enter' && (event.ctrlKey || event.metaKey))
			this.run();
		else if (actions[event.key] !== undefined && !event.ctrlKey && !event.altKey && !event.metaKey)
			actions[event.key]();
		else
			return;
		event.preventDefault();
	}
}

try {
	window.editor = new Editor(await files());
	await window.editor.open(0);
} catch (error) {
	document.body.append(el('p', { role: 'alert' }, error.message));
}
