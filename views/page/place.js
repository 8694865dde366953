/*
 * The moment in the address: #step=120&view=ladder&mail=1, or #t=1.5 for a time in seconds. Whoever gets
 * the address sees the same. The step's number is the one that the page shows for it, with this mail (and
 * states) and nothing else chosen.
 */
import { above } from './data.js';

export class Place {
	constructor(page) {
		this.page = page;
		this.asked = 0;
		addEventListener('hashchange', () => {
			if (location.hash !== this.written)
				this.read();
		});
	}

	/* Goes where the address says; false: it says nothing. */
	read() {
		const { page } = this;
		const words = new URLSearchParams(location.hash.slice(1));
		const mail = Number(words.get('mail') ?? 0);
		if (words.size > 0 && mail >= 0 && mail <= page.run.mails.length && mail !== page.filter.mail)
			page.filter.chooseMail(mail);
		if (words.size > 0 && words.has('states') !== page.filter.hasChanges)
			page.filter.showChanges(words.has('states'));
		if (words.has('view'))
			page.tabs.choose(words.get('view'));
		const step = Number(words.get('step')), time = Number(words.get('t'));
		const numbered = words.has('step') ? page.filter.numbered() : [];
		if (step >= 1 && step <= numbered.length)
			page.goTo(numbered[Math.floor(step) - 1]);
		else if (words.has('t') && time >= 0)
			page.goTo(page.run.stepAt(Math.round(time * 1e9)));
		else
			return false;
		return true;
	}

	/* Writes it a little later: browsers refuse what comes too often. */
	write() {
		clearTimeout(this.asked);
		this.asked = setTimeout(() => this.#write(), 250);
	}

	#write() {
		const { page } = this;
		if (page.player.step < 0)
			return;
		const words = new URLSearchParams({ step: Math.max(1, above(page.filter.numbered(), page.player.step)) });
		if (page.tabs.current !== 'packet')
			words.set('view', page.tabs.current);
		if (page.filter.mail > 0)
			words.set('mail', page.filter.mail);
		if (page.filter.hasChanges)
			words.set('states', 1);
		this.written = `#${words}`;
		history.replaceState(null, '', this.written);
	}
}
