/*
 * The moment in the address: #step=120&view=ladder&mail=1, or #t=1.5 for a time in seconds. Whoever gets
 * the address sees the same.
 */

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
		if (words.has('view'))
			page.tabs.choose(words.get('view'));
		const step = Number(words.get('step')), time = Number(words.get('t'));
		if (words.has('step') && step >= 1 && step <= page.run.steps.count)
			page.goTo(step - 1);
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
		const words = new URLSearchParams({ step: page.player.step + 1 });
		if (page.tabs.current !== 'packet')
			words.set('view', page.tabs.current);
		if (page.filter.mail > 0)
			words.set('mail', page.filter.mail);
		this.written = `#${words}`;
		history.replaceState(null, '', this.written);
	}
}
