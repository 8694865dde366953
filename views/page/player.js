/*
 * Where the page is in the run: a place in a list of steps, and how far on the way to the next. Going
 * back costs what going on costs: nothing is run again.
 */
import { above } from './data.js';

export const SPEEDS = [0.25, 0.5, 1, 2, 4, 10, 30, 100, 1000]; /* steps a second */
const GLIDE_MS = 420; /* that one step takes by hand */

export class Player {
	constructor(run) {
		this.run = run;
		this.order = Int32Array.from({ length: run.steps.count }, (_, i) => i);
		this.at = 0; /* place in the order */
		this.fraction = 0;
		this.isPlaying = false;
		this.speed = 2;
		this.glide = null;
		this.isCalm = matchMedia('(prefers-reduced-motion: reduce)');
		this.onstep = () => {}; /* another step */
		this.ontick = () => {}; /* another moment */
		this.onstate = () => {}; /* plays or not, another speed */
		this.onblocked = null; /* asked before each step forward; true: not now */
		this.frame = (now) => this.#frame(now);
	}

	get step() {
		return this.order.length === 0 ? -1 : this.order[this.at];
	}

	get length() {
		return this.order.length;
	}

	#timeAt(place) {
		return this.run.steps.time[this.order[place]];
	}

	/* The simulated time that is shown. */
	get time() {
		if (this.order.length === 0)
			return 0;
		if (this.glide !== null) {
			const { from, to, part } = this.glide;
			return from + (to - from) * part;
		}
		const here = this.#timeAt(this.at);
		if (this.fraction === 0 || this.at + 1 >= this.order.length)
			return here;
		return here + (this.#timeAt(this.at + 1) - here) * this.fraction;
	}

	/* Only these steps from now on, in order; stays as near as can be. */
	choose(order) {
		const step = this.step;
		this.order = order;
		this.at = Math.max(0, above(order, step) - 1);
		this.fraction = 0;
		this.glide = null;
		this.onstep();
	}

	goTo(place, glides = false) {
		place = Math.max(0, Math.min(this.order.length - 1, place));
		const from = this.time;
		this.at = place;
		this.fraction = 0;
		this.glide = null;
		if (glides && !this.isPlaying && !this.isCalm.matches) {
			this.glide = { from, to: this.time, part: 0, began: 0 };
			requestAnimationFrame(this.frame);
		}
		this.onstep();
	}

	/* To a step of the run, or the last before it that is in the order. */
	goToStep(step) {
		this.goTo(above(this.order, step) - 1);
	}

	move(by) {
		if (by > 0 && this.onblocked?.())
			return;
		this.goTo(this.at + by, Math.abs(by) === 1);
	}

	/* On by `by` until a step for which `isWanted`; false: there is none. */
	seek(by, isWanted) {
		for (let place = this.at + by; place >= 0 && place < this.order.length; place += by)
			if (isWanted(this.order[place])) {
				this.goTo(place, true);
				return true;
			}
		return false;
	}

	play() {
		if (this.isPlaying || this.onblocked?.())
			return;
		if (this.at + 1 >= this.order.length)
			this.goTo(0);
		this.isPlaying = true;
		this.glide = null;
		this.before = 0;
		this.onstate();
		requestAnimationFrame(this.frame);
	}

	pause() {
		if (!this.isPlaying)
			return;
		this.isPlaying = false;
		this.fraction = 0;
		this.onstate();
		this.ontick();
	}

	toggle() {
		if (this.isPlaying)
			this.pause();
		else
			this.play();
	}

	setSpeed(speed) {
		this.speed = speed;
		this.onstate();
	}

	#frame(now) {
		if (this.isPlaying)
			this.#advance(now);
		else if (this.glide !== null)
			this.#glideOn(now);
		else
			return;
		if (this.isPlaying || this.glide !== null)
			requestAnimationFrame(this.frame);
	}

	#advance(now) {
		const passed = this.before === 0 ? 0 : Math.min(now - this.before, 200) / 1000;
		this.before = now;
		const place = this.at + this.fraction + passed * this.speed;
		const whole = Math.min(Math.floor(place), this.order.length - 1);
		this.fraction = whole + 1 >= this.order.length || this.isCalm.matches && this.speed < 10
			? place - Math.floor(place) : place - whole;
		if (whole + 1 >= this.order.length)
			this.fraction = 0;
		const isOther = whole !== this.at;
		this.at = whole;
		if (isOther)
			this.onstep();
		else
			this.ontick();
		if (whole + 1 >= this.order.length)
			this.pause();
	}

	#glideOn(now) {
		const glide = this.glide;
		if (glide.began === 0)
			glide.began = now;
		const part = Math.min(1, (now - glide.began) / GLIDE_MS);
		glide.part = part * part * (3 - 2 * part);
		if (part === 1)
			this.glide = null;
		this.ontick();
	}
}
