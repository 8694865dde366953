/* The page: reads the run, puts the views together, and keeps them at the same step. */
import { el, lockBadge, replace, set, setText } from './dom.js';
import { Run } from './data.js';
import { Player, SPEEDS } from './player.js';
import { NetworkMap } from './map.js';
import { StepList } from './list.js';
import { PacketView } from './packet.js';
import { Journey } from './journey.js';
import { Ladder } from './ladder.js';
import { Plot } from './plot.js';
import { Ledger } from './ledger.js';
import { Mailboxes } from './mailboxes.js';
import { Tables } from './tables.js';
import { Predict } from './predict.js';
import { Controls } from './controls.js';
import { Filter } from './filter.js';
import { Help } from './help.js';
import { Tabs } from './tabs.js';
import { Place } from './place.js';

const FAST = 8; /* steps a second from which not everything is drawn at each */
const PAUSE_MS = 160; /* between two drawings then */

class Page {
	constructor(run) {
		this.run = run;
		this.player = new Player(run);
		this.map = new NetworkMap(run, (node) => this.filter.chooseNode(node));
		this.list = new StepList(run, (step) => this.goTo(step));
		this.journey = new Journey(run, (station) => this.goToTime(run.stations.time[station], run.stations.event[station] - 1));
		this.filter = new Filter(run, () => this.applyFilter());
		this.controls = new Controls(run, this.player);
		this.help = new Help(run);
		this.caption = el('p', { class: 'caption', role: 'status' });
		this.#makeTabs();
		this.#join();
		this.place = new Place(this);
		this.drawn = 0;
		this.applyFilter(true);
		this.place.read() || this.goTo(this.#firstStep());
		this.map.redraw = () => this.#tick();
	}

	#makeTabs() {
		const { run } = this;
		const goTo = (step) => this.goTo(step);
		this.packet = new PacketView(run, { nextHop: (by) => this.nextHop(by), goTo });
		this.ladder = new Ladder(run, goTo);
		this.plot = new Plot(run, goTo);
		this.ledger = new Ledger(run, goTo);
		this.mailboxes = new Mailboxes(run, (mail) => this.filter.chooseMail(mail));
		this.tables = new Tables(run);
		this.predict = new Predict(run, this.player);
		this.predict.onmode = (isOn) => {
			this.player.pause();
			this.player.onblocked = isOn ? () => this.#ask() : null;
			this.#showStep(true);
		};
		this.tabs = new Tabs([['packet', 'Packet', this.packet], ['ladder', 'Ladder', this.ladder], ['plot', 'TCP', this.plot],
			['mailboxes', 'Mailboxes', this.mailboxes], ['tables', 'Tables', this.tables], ['ledger', 'Ledger', this.ledger], ['predict', 'Predict', this.predict]],
		() => {
			this.#showDetail();
			this.place?.write();
		});
	}

	#join() {
		const { run, player } = this;
		const about = `${run.file} · seed ${run.seed}`;
		this.themeButton = el('button', { type: 'button', 'aria-label': 'Dark or light', title: 'Dark or light (d)', onclick: () => this.changeTheme() }, '◐');
		document.body.append(
			el('header', {}, el('h1', {}, run.title || run.file), el('p', { class: 'soft about' }, about), el('span', { class: 'stretch' }),
				run.omitted ? el('button', { type: 'button', class: 'warn', onclick: () => this.help.toggle() }, 'Not all is here') : null,
				this.themeButton, el('button', { type: 'button', 'aria-label': 'Keys and colours', title: 'Keys and colours (?)', onclick: () => this.help.toggle() }, '?')),
			el('main', {}, el('section', { class: 'stage', 'aria-label': 'Network' }, this.map.element, this.caption, this.journey.element),
				el('section', { class: 'steps', 'aria-label': 'Steps of the run' }, this.filter.element, this.list.element),
				el('section', { class: 'detail', 'aria-label': 'Details' }, this.tabs.element)),
			this.controls.element, this.help.element);
		player.onstep = () => this.#showStep(false);
		player.ontick = () => this.#tick();
		player.onstate = () => {
			this.controls.showState();
			set(this.caption, { 'aria-live': player.isPlaying ? 'off' : 'polite' });
			if (!player.isPlaying)
				this.#showStep(true);
		};
		document.addEventListener('keydown', (event) => this.#key(event));
	}

	/* Where the first user acts, behind all that is set up. */
	#firstStep() {
		const { events, stepOfEvent } = this.run;
		for (let e = 0; e < events.count; e++)
			if (events.kind[e] === 0)
				return stepOfEvent[e];
		return 0;
	}

	applyFilter(isFirst = false) {
		const { order, events } = this.filter.apply();
		this.list.choose(events);
		this.player.choose(order);
		this.controls.rebuild();
		if (!isFirst)
			this.place.write();
	}

	goTo(step) {
		if (this.predict.isOn && step > this.player.step) {
			this.tabs.choose('predict');
			return;
		}
		this.player.pause();
		this.player.goToStep(step);
	}

	goToTime(time, event) {
		this.goTo(event >= 0 && this.run.stepOfEvent[event] >= 0 ? this.run.stepOfEvent[event] : this.run.stepAt(time));
	}

	#ask() {
		if (!this.predict.blocks())
			return false;
		this.player.pause();
		this.tabs.choose('predict');
		return true;
	}

	/* The same packet, one hop on or back. */
	nextHop(by) {
		const { run, player } = this;
		const hop = player.step < 0 ? -1 : run.steps.hop[player.step];
		if (hop < 0)
			return;
		const hops = run.hopsOf(run.hops.packet[hop]);
		const next = hops[hops.indexOf(hop) + by];
		if (next !== undefined)
			this.goTo(run.stepOfHop[next]);
	}

	nextEvent(by) {
		const { run, player } = this;
		const here = player.step < 0 ? -1 : run.steps.event[player.step];
		if (by > 0 && player.onblocked?.())
			return;
		player.pause();
		player.seek(by, (step) => run.steps.event[step] !== here && run.stepOfEvent[run.steps.event[step]] === step);
	}

	/* To what caused this step. */
	why() {
		const { run, player } = this;
		const cause = player.step < 0 ? 0 : run.events.cause[run.steps.event[player.step]];
		if (cause > 0)
			this.goTo(run.stepOfEvent[cause - 1]);
	}

	#showStep(isFinal) {
		const { player } = this;
		if (player.isPlaying && this.predict.isOn && this.#ask())
			return;
		const now = performance.now();
		if (!isFinal && player.isPlaying && player.speed >= FAST && now - this.drawn < PAUSE_MS) {
			this.#tick();
			return;
		}
		this.drawn = now;
		this.list.hidden = this.predict.isOn ? player.step : Infinity;
		this.list.show(player.step);
		this.controls.show();
		this.#drawCaption();
		this.#showDetail();
		this.#tick();
		if (!player.isPlaying)
			this.place?.write();
	}

	#tick() {
		const { player } = this;
		const time = player.time;
		this.map.draw(time, player.step);
		this.controls.tick();
		this.journey.draw(player.step < 0 ? 0 : this.run.steps.time[player.step]);
		if (this.tabs.current === 'plot')
			this.plot.tick(time);
	}

	#showDetail() {
		const { player, run } = this;
		const step = player.step;
		const now = step < 0 ? 0 : run.steps.time[step];
		const view = { packet: this.packet, ladder: this.ladder, ledger: this.ledger, tables: this.tables }[this.tabs.current];
		if (view !== undefined)
			view.show(step);
		else if (this.tabs.current === 'plot')
			this.plot.show(step, now);
		else if (this.tabs.current === 'mailboxes')
			this.mailboxes.show(now);
		else
			this.predict.show();
		this.journey.choose(this.#mailAt(step, now));
	}

	/* The message that the way is shown of: followed, of this step, or the last that was written. */
	#mailAt(step, now) {
		const { run } = this;
		if (this.filter.mail > 0)
			return this.filter.mail;
		if (step >= 0 && run.events.mail[run.steps.event[step]] > 0)
			return run.events.mail[run.steps.event[step]];
		return this.journey.mail || (run.mails.findLast((mail) => mail.composed <= now) ?? run.mails[0])?.number || 0;
	}

	#drawCaption() {
		const { run, player } = this;
		if (player.step < 0) {
			setText(this.caption, run.steps.count === 0 ? 'Nothing happens in this run.' : 'No step is as you wish: change what is shown on the left.');
			return;
		}
		const event = run.steps.event[player.step], hop = run.steps.hop[player.step];
		const why = run.text(hop >= 0 ? run.hops.why[hop] : run.events.why[event]);
		const cause = run.events.cause[event];
		replace(this.caption, el('span', { class: `tag ${run.colour(run.events.layer[event])}` }, run.layerName(run.events.layer[event])), ' ',
			el('b', {}, shorten(run.title_(event))),
			run.events.encrypted[event] ? lockBadge('encrypted on the wire') : null,
			el('span', { class: 'why' }, why === run.title_(event) ? '' : ` ${why}`),
			cause > 0 ? el('button', { type: 'button', class: 'plain why-button', title: `Caused by: ${run.title_(cause - 1)} (w)`, onclick: () => this.why() }, 'Why?') : null);
	}

	changeTheme() {
		const root = document.documentElement;
		const isDark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
		root.dataset.theme = isDark ? 'light' : 'dark';
		this.controls.paint();
	}

	#key(event) {
		const tag = event.target.tagName;
		const isField = (tag === 'INPUT' && event.target.type !== 'checkbox') || tag === 'SELECT';
		if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.target.closest('dialog')
			|| (isField && event.key !== 'Escape'))
			return;
		if (event.key === ' ' && tag === 'BUTTON')
			return;
		if (this.#act(event))
			event.preventDefault();
	}

	#act(event) {
		const { player } = this;
		const isArrow = event.key.startsWith('Arrow');
		const isScrolled = event.target.matches('.panel, .scroll, pre') && (event.key === 'ArrowUp' || event.key === 'ArrowDown');
		if (isScrolled || isArrow && event.target.getAttribute('role') === 'tab')
			return false;
		if (!isArrow && event.key.length === 1 && !this.help.hasKeys)
			return false;
		const hand = (f) => () => {
			player.pause();
			f();
		};
		const actions = {
			' ': () => player.toggle(), ArrowRight: hand(() => event.shiftKey ? this.nextHop(1) : player.move(1)),
			ArrowLeft: hand(() => event.shiftKey ? this.nextHop(-1) : player.move(-1)),
			ArrowDown: () => this.nextEvent(1), ArrowUp: () => this.nextEvent(-1),
			Home: () => player.goTo(0), End: () => this.goTo(this.run.steps.count - 1),
			'+': () => this.changeSpeed(1), '=': () => this.changeSpeed(1), '-': () => this.changeSpeed(-1),
			f: () => this.filter.chooseMail(this.filter.mail > 0 ? 0 : this.journey.mail), w: () => this.why(),
			p: () => {
				this.predict.setMode(!this.predict.isOn);
				this.tabs.choose('predict');
			},
			'/': () => this.filter.search.focus(), d: () => this.changeTheme(), '?': () => this.help.toggle(),
		};
		const tab = Number(event.key);
		if (tab >= 1 && tab <= this.tabs.keys.length)
			this.tabs.choose(this.tabs.keys[tab - 1]);
		else if (actions[event.key] !== undefined)
			actions[event.key]();
		else
			return false;
		return true;
	}

	changeSpeed(by) {
		const i = SPEEDS.indexOf(this.player.speed) + by;
		if (SPEEDS[i] !== undefined)
			this.player.setSpeed(SPEEDS[i]);
	}
}

/* Long ones are cut: the list and the boxes have all of it. */
function shorten(text) {
	return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}

const data = document.getElementById('data');
window.mailwire = new Page(new Run(JSON.parse(data.textContent)));
data.remove();
