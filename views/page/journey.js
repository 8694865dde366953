/* The way of one message: the stations it has reached, and those to come. */
import { el, rove, set, time } from './dom.js';

export class Journey {
	constructor(run, ongo) {
		this.run = run;
		this.ongo = ongo;
		this.mail = 0;
		this.list = rove(el('ol', { class: 'stations' }), 'button');
		this.element = el('nav', { class: 'journey', 'aria-label': 'Way of the message' }, this.list);
		this.chips = [];
		this.reached = -2;
	}

	/* Shows message `mail` (from 1). */
	choose(mail) {
		if (mail === this.mail)
			return;
		this.mail = mail;
		this.reached = -2;
		const { stations } = this.run;
		const indices = mail > 0 && mail <= this.run.mails.length ? [...this.run.stationsOf(mail)] : [];
		this.chips = indices.map((i, place) => {
			const step = this.run.stepNames[stations.step[i]];
			const who = this.run.actors[stations.actor[i]];
			const button = el('button', { type: 'button', tabindex: place === 0 ? '0' : '-1', title: `${time(stations.time[i])}: ${this.run.text(stations.text[i])}`,
				onclick: () => this.ongo(i) },
			el('span', { class: 'name' }, step || this.run.text(stations.name[i])),
			el('span', { class: 'place' }, this.run.nodeName(stations.node[i]), who ? ` ${who}` : ''));
			return { time: stations.time[i], button, item: el('li', {}, button) };
		});
		this.list.replaceChildren(...this.chips.map((chip) => chip.item));
		const about = this.run.mails[mail - 1];
		set(this.element, { 'aria-label': about ? `Way of mail ${mail}: ${about.subject}` : 'Way of the message' });
	}

	draw(now) {
		let reached = -1;
		while (reached + 1 < this.chips.length && this.chips[reached + 1].time <= now)
			reached++;
		if (reached === this.reached)
			return;
		this.reached = reached;
		this.chips.forEach((chip, i) => {
			set(chip.item, { class: i < reached ? 'done' : i === reached ? 'now' : 'later' });
			if (i === reached)
				set(chip.button, { 'aria-current': 'step' });
			else
				chip.button.removeAttribute('aria-current');
		});
		const chip = this.chips[Math.max(reached, 0)];
		if (chip !== undefined)
			this.list.scrollLeft = chip.item.offsetLeft - this.list.clientWidth / 2;
	}
}
