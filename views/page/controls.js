/* The bar below: playing, and the line of all steps in the colours of their layers. */
import { el, set, setText, soon, time } from './dom.js';
import { SPEEDS } from './player.js';

export class Controls {
	constructor(run, player) {
		this.run = run;
		this.player = player;
		const button = (label, text, key, onclick) => el('button', { type: 'button', 'aria-label': label, title: `${label} (${key})`, onclick }, text);
		this.playButton = button('Play', '▶', 'space', () => player.toggle());
		this.playButton.classList.add('play');
		this.speed = el('select', { 'aria-label': 'Speed', onchange: () => player.setSpeed(Number(this.speed.value)) },
			...SPEEDS.map((speed) => el('option', { value: speed }, `${speed} step${speed === 1 ? '' : 's'}/s`)));
		this.speed.value = String(player.speed);
		this.now = el('output', { class: 'clock', 'aria-label': 'Simulated time' });
		this.place = el('span', { class: 'place' });
		this.canvas = el('canvas', { 'aria-hidden': 'true' });
		this.range = el('input', { type: 'range', min: '0', 'aria-label': 'Place in the run',
			oninput: () => player.goTo(Number(this.range.value)) });
		this.track = el('div', { class: 'track' }, this.canvas, this.range);
		this.element = el('section', { class: 'controls', 'aria-label': 'Player' },
			el('div', { class: 'buttons' },
				button('To the start', '|◀', 'Home', () => player.goTo(0)), button('Step back', '◀', '←', () => player.move(-1)),
				this.playButton, button('Step on', '▶|', '→', () => player.move(1))),
			this.speed, this.now, this.track, this.place);
		this.swatches = run.layers.map((_, layer) => el('i', { class: run.colour(layer), 'aria-hidden': 'true' }));
		this.element.append(el('span', { class: 'swatches', hidden: true }, ...this.swatches));
		this.paint = soon(() => this.#paint());
		new ResizeObserver(this.paint).observe(this.track);
		matchMedia('(prefers-color-scheme: dark)').addEventListener('change', this.paint);
	}

	/* Other steps are gone through now. */
	rebuild() {
		set(this.range, { max: Math.max(0, this.player.length - 1) });
		this.paint();
		this.show();
	}

	#paint() {
		const { width, height } = this.track.getBoundingClientRect();
		const scale = devicePixelRatio || 1;
		this.canvas.width = Math.max(1, Math.round(width * scale));
		this.canvas.height = Math.max(1, Math.round(height * scale));
		const context = this.canvas.getContext('2d');
		const colours = this.swatches.map((swatch) => getComputedStyle(swatch).color);
		const { order } = this.player;
		const { events, steps } = this.run;
		for (let x = 0, last = -1, from = 0; x <= this.canvas.width; x++) {
			const place = Math.floor(x / this.canvas.width * order.length);
			const layer = x < this.canvas.width && order.length > 0 ? events.layer[steps.event[order[place]]] : -1;
			if (layer === last)
				continue;
			if (last >= 0) {
				context.fillStyle = colours[last];
				context.fillRect(from, 0, x - from, this.canvas.height);
			}
			last = layer;
			from = x;
		}
	}

	show() {
		const { player } = this;
		this.range.value = String(player.at);
		setText(this.place, player.length === 0 ? 'no steps' : `${(player.at + 1).toLocaleString('en')} / ${player.length.toLocaleString('en')}`);
		const event = player.step < 0 ? -1 : this.run.steps.event[player.step];
		set(this.range, { 'aria-valuetext': event < 0 ? 'no steps'
			: `step ${player.at + 1} of ${player.length}, ${time(this.run.steps.time[player.step])}, ${this.run.title_(event)}` });
		this.tick();
	}

	tick() {
		setText(this.now, time(this.player.time));
	}

	showState() {
		const { isPlaying, speed } = this.player;
		setText(this.playButton, isPlaying ? '❚❚' : '▶');
		set(this.playButton, { 'aria-label': isPlaying ? 'Pause' : 'Play' });
		this.speed.value = String(speed);
	}
}
