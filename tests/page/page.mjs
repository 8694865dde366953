/* Every function of the page, in a headless browser. Usage: tests/page/test_page.sh */
import { statSync, readFileSync } from 'node:fs';
import { assert, COLOURS, goTo, LAPTOP, open, PHONE, playFor, run, step, test, testAlone, text, violations, watchFrames, WCAG } from './harness.mjs';

const folder = process.argv[2];
const OFFICE = `${folder}/office.html`, HOSTILE = `${folder}/hostile.html`, TLS = `${folder}/tls.html`;
const tabs = ['packet', 'ladder', 'plot', 'mailboxes', 'tables', 'ledger', 'predict'];
const tab = (page, name) => page.locator(`#tab-${name}`).click();

test('the page of the office is one file of less than 2 MB that names no other', async () => {
	assert.ok(statSync(OFFICE).size < 2e6);
	const html = readFileSync(OFFICE, 'utf8');
	assert.match(html, /default-src 'none'/);
	assert.ok(!/ (src|href)=|@import|url\(/.test(html.replace(/<script.*?<\/script>/gs, '')));
});

test('it opens where the first user acts, with every node on the map', async () => {
	const page = await open(OFFICE);
	assert.match(await text(page, '.caption'), /alice sends "Quarterly report"/);
	for (const name of ['alice-pc', 'gw', 'mail', 'remote-lan', 'bob-pc'])
		assert.equal(await page.locator(`.node[data-name="${name}"]`).count(), 1);
	assert.match(await page.locator('.node.here').getAttribute('aria-label'), /^host alice-pc, eth0 192\.0\.2\.10\/26 .* on client-lan$/);
	await page.locator('.node[data-name="gw"]').hover();
	assert.match(await page.locator('.tip').textContent(), /router gw\neth0 192\.0\.2\.1\/26/);
});

test('steps go on and back by buttons and by keys', async () => {
	const page = await open(OFFICE);
	const first = await step(page);
	await page.getByRole('button', { name: 'Step on' }).click();
	const second = await step(page);
	assert.ok(second > first);
	await page.locator('body').press('ArrowRight');
	assert.ok(await step(page) > second);
	await page.getByRole('button', { name: 'Step back' }).click();
	assert.equal(await step(page), second);
	await page.locator('body').press('ArrowLeft');
	assert.equal(await step(page), first);
	await page.locator('body').press('End');
	const last = await step(page);
	await page.locator('body').press('Home');
	assert.ok(await step(page) <= first && last > second);
});

test('it plays, pauses, and changes speed', async () => {
	const page = await open(OFFICE, '', { calm: false });
	const first = await step(page);
	await page.getByLabel('Speed').selectOption('30');
	await page.locator('body').press(' ');
	await page.getByRole('button', { name: 'Pause' }).waitFor();
	await page.waitForFunction((s) => window.mailwire.player.step > s + 10, first);
	await page.locator('body').press(' ');
	const stopped = await step(page);
	await page.waitForTimeout(150);
	assert.equal(await step(page), stopped);
	await page.locator('body').press('+');
	assert.equal(await page.getByLabel('Speed').inputValue(), '100');
});

test('frames move along cables while it plays', async () => {
	const page = await open(OFFICE, '', { calm: false });
	await goTo(page, 'MAIL FROM');
	await page.evaluate(() => window.mailwire.player.setSpeed(1));
	await page.getByRole('button', { name: 'Play' }).click();
	const places = new Set();
	for (let i = 0; i < 12; i++) {
		places.add(await page.locator('.frame.current').getAttribute('transform'));
		await page.waitForTimeout(60);
	}
	assert.ok(places.size > 6, [...places].join());
	await page.locator('.cable.passed').first().waitFor({ state: 'attached' });
});

test('the line of all steps is a slider that says where it is', async () => {
	const page = await open(OFFICE);
	const range = page.getByRole('slider', { name: 'Place in the run' });
	await range.fill('500');
	assert.equal(await page.evaluate(() => window.mailwire.player.at), 500);
	assert.match(await range.getAttribute('aria-valuetext'), /^step 501 of \d+, \d+\.\d{3}\s\d{3} s, \S/);
	await range.press('ArrowRight');
	assert.equal(await page.evaluate(() => window.mailwire.player.at), 501);
});

test('a router: what came in, what goes out, and what changed', async () => {
	const page = await open(OFFICE);
	const first = await goTo(page, 'EHLO alice-pc');
	await page.locator('body').press('Shift+ArrowRight');
	await page.locator('body').press('Shift+ArrowRight');
	assert.ok(await step(page) > first);
	assert.equal(await text(page, '#packet-title'), 'At gw');
	assert.deepEqual(await page.locator('.side h3').allTextContents(), ['Came in 96 B', 'Goes out 96 B']);
	const boxes = page.locator('.side').nth(1).locator('.box-head b');
	assert.deepEqual(await boxes.allTextContents(), ['Ethernet', 'IPv4', 'TCP', 'SMTP']);
	const changed = await page.locator('.side').nth(1).locator('.field.changed .name').allTextContents();
	assert.ok(changed.includes('Time to Live') && changed.includes('Header Checksum') && changed.includes('Source Address'), changed.join());
	assert.ok(!changed.includes('Source Port'));
	const ttl = page.locator('.field.changed', { hasText: 'Time to Live' }).locator('.value');
	assert.deepEqual((await ttl.allTextContents()).map((t) => t.slice(0, 2)), ['64', '63']);
	assert.match(await text(page, '.side:first-child .badge'), /taken off/);
	assert.match(await text(page, '.caption .why'), /\w+ gw|gw \w+/);
});

test('what changes on a packet\'s way stands in one table', async () => {
	const page = await open(OFFICE);
	await goTo(page, 'EHLO alice-pc');
	const row = page.locator('.way tr', { hasText: 'Time to Live' });
	assert.deepEqual(await row.locator('td').allTextContents(), ['64', '64', '63', '63']);
	assert.equal(await row.locator('td.changed').count(), 1);
});

test('sender and receiver: what is inside, and what is put around it', async () => {
	const page = await open(OFFICE);
	await goTo(page, 'EHLO alice-pc');
	assert.deepEqual(await page.locator('.side').nth(0).locator('.box-head b').allTextContents(), ['SMTP']);
	assert.deepEqual(await page.locator('.side').nth(1).locator('.badge').allTextContents(), ['+ put on', '+ put on', '+ put on']);
	await page.evaluate(() => [1, 2, 3, 4].forEach(() => window.mailwire.nextHop(1)));
	assert.equal(await text(page, '#packet-title'), 'At mail');
	assert.equal(await page.locator('.field.changed').count(), 0);
	assert.deepEqual(await page.locator('.side').nth(1).locator('.box-head b').allTextContents(), ['SMTP']);
});

test('a field shows its bytes, a byte shows its field, with what it is for', async () => {
	const page = await open(OFFICE);
	await goTo(page, 'EHLO alice-pc');
	await page.locator('.side').nth(1).locator('.field', { hasText: 'Time to Live' }).click();
	assert.deepEqual(await page.locator('.hex i.chosen').allTextContents(), ['40']);
	assert.match(await text(page, '.field-text'), /IPv4 · Time to Live = 64.*RFC 791/);
	await page.locator('.hex i').nth(12).click();
	assert.match(await text(page, '.field-text'), /Ethernet/);
	assert.deepEqual(await page.locator('.hex i.chosen').allTextContents(), ['08', '00']);
	await page.locator('.hex').focus();
	await page.locator('.hex').press('ArrowDown');
	assert.match(await text(page, '.field-text'), /IPv4/);
	await page.getByRole('button', { name: 'All fields' }).click();
	assert.ok(await page.locator('.side').nth(1).locator('.field').count() > 20);
});

test('a frame that is pinned is compared with any other', async () => {
	const page = await open(OFFICE);
	await goTo(page, 'EHLO alice-pc');
	await page.getByRole('button', { name: 'Pin this frame' }).click();
	await goTo(page, 'MAIL FROM');
	assert.match(await text(page, '.side h3'), /^Pinned/);
	const changed = await page.locator('.side').nth(1).locator('.field.changed .name').allTextContents();
	assert.ok(changed.includes('Sequence Number'), changed.join());
	await page.getByRole('button', { name: 'Unpin' }).click();
	assert.match(await text(page, '.side h3'), /^To be sent/);
});

test('the list opens events to packets and hops, by mouse and by keys', async () => {
	const page = await open(OFFICE);
	await goTo(page, 'EHLO alice-pc');
	const list = page.getByRole('tree', { name: 'Steps' });
	assert.equal(await list.locator('[aria-expanded=true]').count(), 1);
	assert.ok(await list.locator('[aria-level="3"]').count() >= 5);
	await list.focus();
	const before = await step(page);
	await list.press('ArrowDown');
	assert.ok(await step(page) > before);
	assert.equal(await list.getAttribute('aria-activedescendant'), await list.locator('[aria-selected=true]').getAttribute('id'));
	await list.locator('[aria-level="3"]', { hasText: /^mail\s*takes/ }).first().click();
	assert.equal(await text(page, '#packet-title'), 'At mail');
	await list.press('Enter');
	assert.ok((await list.locator('.row').count()) < 80);
});

test('only the steps of a mail, a layer, a host or a word', async () => {
	const page = await open(OFFICE);
	const all = await page.evaluate(() => window.mailwire.player.length);
	await page.getByLabel('Follow').selectOption('2');
	const ofMail = await page.evaluate(() => [...window.mailwire.player.order].every((s) => window.mailwire.run.events.mail[window.mailwire.run.steps.event[s]] === 2));
	assert.ok(ofMail && await page.evaluate(() => window.mailwire.player.length) < all);
	await page.getByLabel('Follow').selectOption('0');
	await page.getByLabel('Layer', { exact: true }).selectOption({ label: 'ARP' });
	assert.ok(await page.locator('.list .row.level-1 .tag').allTextContents().then((tags) => tags.length > 0 && tags.every((t) => t === 'ARP')));
	await page.getByLabel('Layer', { exact: true }).selectOption('');
	await page.locator('.node[data-name="gw"]').click();
	assert.equal(await page.getByLabel('Host', { exact: true }).inputValue(), await page.evaluate(() => String(window.mailwire.run.nodes.findIndex((n) => n?.name === 'gw'))));
	await page.locator('.node[data-name="gw"]').click();
	await page.locator('body').press('/');
	await page.keyboard.type('rcpt to');
	await page.waitForFunction(() => /found/.test(document.querySelector('.found').textContent));
	assert.match(await text(page, '.list .row.level-1 .what'), /RCPT TO/);
	await page.getByLabel('Search steps').fill('nothing is called so');
	await page.waitForFunction(() => window.mailwire.player.length === 0);
	assert.match(await text(page, '.caption'), /No step/);
});

test('states that change are steps when they are asked for', async () => {
	const page = await open(OFFICE);
	const before = await page.evaluate(() => window.mailwire.player.length);
	await page.getByLabel('states').check();
	assert.ok(await page.evaluate(() => window.mailwire.player.length) > before + 50);
});

test('why? leads back to what the user did', async () => {
	const page = await open(OFFICE);
	await goTo(page, 'MAIL FROM');
	for (let i = 0; i < 40 && await page.locator('.why-button').count() > 0; i++)
		await page.locator('body').press('w');
	assert.match(await text(page, '.caption'), /alice sends "Quarterly report"/);
});

test('the causes of a step are listed, up to what the user did', async () => {
	const page = await open(OFFICE);
	await goTo(page, 'MAIL FROM');
	const causes = page.locator('.causes li button');
	assert.match(await causes.last().textContent(), /alice sends "Quarterly report"/);
	await causes.last().click();
	assert.match(await text(page, '.caption'), /alice sends/);
	assert.equal(await causes.count(), 0);
});

test('the way of a message: what is done, where it is, what follows', async () => {
	const page = await open(OFFICE);
	await goTo(page, 'MAIL FROM');
	assert.match(await text(page, '.stations .now'), /connect|submit/);
	assert.ok(await page.locator('.stations .later').count() > 5);
	await page.locator('.stations button', { hasText: 'deliver' }).first().click();
	assert.match(await text(page, '.stations .now'), /deliver|hand over/);
	assert.equal(await page.locator('.stations [aria-current=step]').count(), 1);
});

test('the ladder at the level of mail, TCP and frames', async () => {
	const page = await open(OFFICE);
	await goTo(page, 'EHLO alice-pc');
	await tab(page, 'ladder');
	const rungs = page.locator('.rung');
	assert.deepEqual(await page.locator('.ladder-head span').allTextContents(), ['alice-pc', 'mail']);
	assert.match(await text(page, '.rung[aria-selected=true]'), /alice-pc to mail: EHLO/);
	const mail = await page.evaluate(() => window.mailwire.ladder.rungs.length);
	await page.getByRole('button', { name: 'TCP', exact: true }).click();
	const tcp = await page.evaluate(() => window.mailwire.ladder.rungs.length);
	assert.ok(tcp > mail);
	await page.getByRole('button', { name: 'Frames' }).click();
	assert.deepEqual(await page.locator('.ladder-head span').allTextContents(), ['alice-pc', 'client-lan', 'gw', 'server-lan', 'mail']);
	assert.equal(await page.evaluate(() => window.mailwire.ladder.rungs.length), 4 * tcp);
	const before = await step(page);
	await rungs.last().click();
	assert.notEqual(await step(page), before);
	await page.getByLabel('Conversation').selectOption('3');
	assert.match(await text(page, '.ladder-head'), /bob-pc/);
});

test('the plot of a connection: sent, acknowledged, window, on the way', async () => {
	const page = await open(HOSTILE);
	await goTo(page, 'A large one');
	const own = await page.evaluate(() => window.mailwire.run.connections.findIndex((c) => c.protocol === 'SMTP' && c.client.name === 'alice-pc'));
	await tab(page, 'plot');
	await page.getByLabel('Connection', { exact: true }).selectOption(String((await page.evaluate(() => {
		const { run } = window.mailwire;
		const sums = new Map();
		for (let i = 0; i < run.segments.count; i++)
			sums.set(run.segments.connection[i], (sums.get(run.segments.connection[i]) ?? 0) + run.segments.length[i] * (1 - run.segments.direction[i]));
		return [...sums].sort((a, b) => b[1] - a[1])[0][0];
	}))));
	assert.ok(own >= 0);
	await page.getByRole('button', { name: 'client → server' }).click();
	for (const name of ['sent', 'again', 'acked', 'window', 'flight', 'cwnd', 'ssthresh'])
		assert.ok((await page.locator(`.plot path.${name}`).getAttribute('d')).length > 10, name);
	assert.match(await text(page, '#plot-summary'), /\d+ segments with \d+[\d,]* B, \d+ sent again \(.*: \d+\); at most [\d,]+ B on the way at once. Congestion window: [\d,]+ B to [\d,]+ B \(initial window, .*slow start.*\); slow start threshold at last [\d,]+ B/);
	const all = await page.locator('.plot path.sent').getAttribute('d');
	await page.getByRole('button', { name: 'Zoom in' }).click();
	assert.notEqual(await page.locator('.plot path.sent').getAttribute('d'), all);
	await page.getByRole('button', { name: 'Show all' }).click();
	assert.equal(await page.locator('.plot path.sent').getAttribute('d'), all);
	const before = await step(page);
	await page.locator('.plot').click({ position: { x: 300, y: 100 } });
	assert.notEqual(await step(page), before);
});

test('sockets, tables and queues as they are at the time, forwards and backwards', async () => {
	const page = await open(OFFICE, '#view=tables');
	await goTo(page, 'EHLO alice-pc');
	const row = (words) => page.locator('.tables .rows li', { hasText: words });
	assert.match(await row('ESTABLISHED').textContent(), /192\.0\.2\.10:\d+ - 192\.0\.2\.74:587 {2}MUA with mail \(MSA\) {2}since 1\.000/);
	assert.match(await row('02:00:00:01:00:01').textContent(), /192\.0\.2\.1 .*reachable/);
	await page.getByLabel('Node').selectOption('-1');
	assert.match(await row('mail.remote.example').count().then(String), /^0$/);
	await page.evaluate(() => window.mailwire.goToTime(1.5e9, -1));
	assert.match(await row('132F8512001').textContent(), /for bob@remote\.example {2}since 1\.078/);
	assert.match(await row('MX ').first().textContent(), /remote\.example .*records .*10 mail\.remote\.example {2}for [\d,]+ s more/);
	await page.evaluate(() => window.mailwire.goToTime(0, -1));
	assert.equal(await row('132F8512001').count() + await row('MX ').count() + await row('ESTABLISHED').count(), 0);
	await page.evaluate(() => window.mailwire.goTo(window.mailwire.run.steps.count - 1));
	assert.equal(await row('132F8512001').count(), 0);
});

test('mailboxes as they are at the time, forwards and backwards', async () => {
	const page = await open(OFFICE, '#t=5&view=mailboxes');
	const remote = page.locator('.device', { hasText: 'remote-mail' });
	assert.match(await remote.textContent(), /Quarterly report/);
	await page.evaluate(() => window.mailwire.goToTime(1e9, -1));
	assert.doesNotMatch(await remote.textContent(), /Quarterly report/);
	await page.evaluate(() => window.mailwire.goToTime(12e9, -1));
	assert.doesNotMatch(await remote.textContent(), /Quarterly report/);
	const own = page.locator('.device').filter({ has: page.locator('h2', { hasText: /^bob-pc$/ }) });
	await own.getByRole('button', { name: /Quarterly report/ }).click();
	assert.match(await page.locator('.reader pre').textContent(), /Received: from[^]*Dear Bob/);
	await page.getByRole('button', { name: 'Follow mail 1' }).click();
	assert.equal(await page.getByLabel('Follow').inputValue(), '1');
});

test('the ledger adds up: in − removed + added = out', async () => {
	const page = await open(OFFICE, '#view=ledger');
	await goTo(page, 'EHLO alice-pc');
	const rows = async () => (await page.locator('.ledger tbody tr').all()).length && page.locator('.ledger tbody tr').evaluateAll((all) =>
		all.map((row) => [...row.cells].slice(-5).map((cell) => Number(cell.textContent.replaceAll(',', '')))));
	assert.deepEqual(await rows(), [[30, 0, 0, 66, 96], [96, 0, 0, 0, 96], [96, 14, 2, 14, 96], [96, 0, 0, 0, 96], [96, 66, 0, 0, 30]]);
	for (const scope of ['This command', 'This mail']) {
		await page.getByRole('button', { name: scope }).click();
		const sums = await rows();
		assert.ok(sums.length >= 5);
		for (const [into, removed, , added, out] of sums)
			assert.equal(into - removed + added, out);
	}
});

test('prediction hides what comes, asks, explains and counts', async () => {
	const page = await open(OFFICE);
	await goTo(page, 'EHLO alice-pc');
	await page.locator('body').press('p');
	assert.ok((await page.locator('.row .what').allTextContents()).includes('What will happen?'));
	const before = await step(page);
	await page.locator('h1').click();
	await page.locator('body').press('ArrowRight');
	await page.getByRole('button', { name: 'Play' }).click();
	assert.equal(await step(page), before);
	assert.equal(await page.locator('.choices button').count(), 4);
	const right = page.locator('.choices button', { hasText: /^client-lan passes on/ });
	await right.first().click();
	assert.equal(await text(page, '.score'), '1 of 1 right');
	assert.match(await text(page, '.answer'), /^Right\./);
	assert.ok(await step(page) > before);
	const wrong = page.locator('.choices button', { hasNotText: /^gw forwards/ });
	await wrong.first().click();
	assert.equal(await text(page, '.score'), '1 of 2 right');
	assert.match(await text(page, '.answer'), /^No: gw forwards/);
	await page.getByRole('button', { name: 'Predict the next step' }).click();
	await page.locator('h1').click();
	await page.locator('body').press('ArrowRight');
	assert.ok(!(await page.locator('.row .what').allTextContents()).includes('What will happen?'));
});

test('the address leads to the moment, and tells it', async () => {
	const page = await open(OFFICE, '#step=22&view=ladder&mail=1');
	assert.match(await text(page, '.controls .place'), /^22 \/ /);
	assert.equal(await page.locator('[role=tab][aria-selected=true]').textContent(), 'Ladder');
	assert.equal(await page.getByLabel('Follow').inputValue(), '1');
	await page.locator('body').press('ArrowRight');
	await page.waitForFunction(() => location.hash.includes('step=23'));
	const hash = await page.evaluate(() => location.hash);
	const other = await open(OFFICE, hash);
	assert.equal(await step(other), await step(page));
	assert.match(await text(other, '.controls .place'), /^23 \/ /);
	assert.match(await text(await open(OFFICE, '#step=22'), '.controls .place'), /^22 \/ /);
	assert.match(await text(await open(OFFICE, '#step=22&states=1'), '.controls .place'), /^22 \/ /);
	await other.evaluate(() => {
		location.hash = '#t=40.2';
	});
	await other.waitForFunction(() => window.mailwire.player.time > 39e9);
	for (const odd of ['#step=999999999', '#t=-1', '#step=x&view=none&mail=77', '#%']) {
		const page2 = await open(OFFICE, odd);
		assert.ok(await step(page2) >= 0);
	}
});

test('dark and light: as the system says, or as the user says', async () => {
	const paper = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
	const dark = await open(OFFICE, '', { scheme: 'dark' });
	const light = await open(OFFICE);
	assert.notEqual(await paper(dark), await paper(light));
	await light.getByRole('button', { name: 'Dark or light' }).click();
	assert.equal(await paper(light), await paper(dark));
	await light.locator('body').press('d');
	assert.notEqual(await paper(light), await paper(dark));
});

test('the keys are listed, and can be switched off', async () => {
	const page = await open(OFFICE);
	await page.locator('body').press('?');
	const dialog = page.getByRole('dialog', { name: 'Keys and colours' });
	await dialog.getByLabel('Single keys do something').uncheck();
	await page.keyboard.press('Escape');
	await page.locator('body').press('3');
	assert.equal(await page.locator('[role=tab][aria-selected=true]').textContent(), 'Packet');
	await page.evaluate(() => {
		window.mailwire.help.hasKeys = true;
	});
	await page.locator('body').press('3');
	assert.equal(await page.locator('[role=tab][aria-selected=true]').textContent(), 'TCP');
});

test('all of it can be reached by the Tab key, and tabs by arrows', async () => {
	const page = await open(OFFICE);
	await goTo(page, 'EHLO alice-pc');
	const reached = new Set();
	for (let i = 0; i < 60; i++) {
		await page.keyboard.press('Tab');
		reached.add(await page.evaluate(() => document.activeElement.closest('.list, .hex, .fields, .stations, .filters, .controls, [role=tablist], .network, header')?.className.baseVal
			?? document.activeElement.closest('.list, .hex, .fields, .stations, .filters, .controls, [role=tablist], .network, header')?.className));
	}
	for (const part of ['list', 'hex', 'fields', 'stations', 'filters', 'controls', 'network'])
		assert.ok(reached.has(part), `${part} is not among ${[...reached]}`);
	await page.locator('.node').first().focus();
	await page.keyboard.press('ArrowRight');
	assert.equal(await page.evaluate(() => document.activeElement.dataset.name), await page.locator('.node').nth(1).getAttribute('data-name'));
	await page.keyboard.press('Enter');
	assert.match(await text(page, '.found'), /found/);
	await page.locator('#tab-packet').focus();
	await page.keyboard.press('ArrowRight');
	assert.equal(await page.locator('[role=tab][aria-selected=true]').textContent(), 'Ladder');
});

test('mail cannot be more than text', async () => {
	const page = await open(HOSTILE);
	assert.match(await page.title(), /^<\/title><script>window.stolen = 1<\/script> & "quotes"/);
	for (const view of tabs) {
		await tab(page, view);
		await goTo(page, 'DATA');
		await goTo(page, 'stolen = 2');
	}
	await page.evaluate(() => window.mailwire.goTo(window.mailwire.run.steps.count - 1));
	await tab(page, 'mailboxes');
	await page.locator('.mailboxes button', { hasText: 'stolen = 2' }).first().click();
	assert.match(await page.locator('.reader h2').textContent(), /^<\/script><script>window.stolen = 2<\/script><img src=x onerror=/);
	await page.keyboard.press('Escape');
	await page.locator('.mailboxes button', { hasText: 'Ünïcödé ✉' }).first().waitFor();
	assert.equal(await page.evaluate(() => window.stolen), undefined);
	assert.equal(await page.locator('img, iframe, object, svg[onload]').count(), 0);
	assert.equal(await page.locator('script').count(), 1);
});

test('what is encrypted on the wire is marked, on the map, in the list, in boxes and ladder', async () => {
	const page = await open(TLS);
	await page.evaluate(() => {
		const { run } = window.mailwire;
		window.mailwire.goTo(run.stepOfEvent[run.events.encrypted.findIndex((e, i) => e === 1 && run.packetsOf(i).length > 0)]);
	});
	assert.equal(await page.locator('.frame.current .lock').getAttribute('visibility'), 'inherit');
	assert.ok(await page.locator('.row .lock-badge').count() > 0);
	assert.match(await text(page, '.caption .lock-badge'), /encrypted on the wire/);
	assert.ok(await page.locator('.box.encrypted').count() > 0);
	await tab(page, 'ladder');
	assert.ok(await page.locator('.rung .lock-badge').count() > 0);
});

test('what was lost and what was sent again is marked', async () => {
	const page = await open(HOSTILE);
	await page.evaluate(() => {
		const { run } = window.mailwire;
		const hop = run.hops.outcome.findIndex((o) => o === 4);
		window.mailwire.goTo(run.stepOfHop[hop]);
	});
	assert.equal(await page.locator('.frame.current.dropped').count(), 1);
	assert.ok(await page.locator('.row .badge.bad', { hasText: 'lost' }).count() > 0);
	await page.evaluate(() => {
		const { run } = window.mailwire;
		window.mailwire.goTo(run.stepOfHop[run.hopsOf(run.packets.flags.findIndex((f) => f & 1))[0]]);
	});
	assert.ok(await page.locator('.row .badge.bad', { hasText: 'sent again' }).count() > 0);
});

test('a run without a step opens too', async () => {
	const page = await open(`${folder}/empty.html`);
	for (const view of tabs)
		await tab(page, view);
	await page.locator('body').press('ArrowRight');
	await page.locator('body').press(' ');
	assert.ok((await text(page, '.caption')).length > 0);
});

test('printed, the page shows the step and no controls', async () => {
	const page = await open(OFFICE);
	await goTo(page, 'EHLO alice-pc');
	await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
	assert.equal(await page.locator('.controls').isVisible(), false);
	assert.equal(await page.locator('.side').first().isVisible(), true);
	assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(255, 255, 255)');
});

test('TLS is put on at the sender and taken off at the receiver', async () => {
	const page = await open(TLS);
	await goTo(page, 'EHLO alice-pc');
	const badges = () => page.locator('.side .box').evaluateAll((boxes) => boxes.map((box) => box.querySelector('.box-head').textContent).filter((head) => /TLS|TCP/.test(head)));
	assert.match(await text(page, '.side'), /^To be sent 30 BSMTP 30 B/);
	assert.match((await badges()).join(), /^TCP 32 B\+ put on,TLS 22 B\+ put on/);
	await tab(page, 'ledger');
	assert.match(await text(page, '.ledger tbody'), /\+ TLS \+ TCP \+ IPv4 \+ Ethernet.*− Ethernet − IPv4 − TCP − TLS/s);
	assert.match(await text(page, '.ledger tbody'), /30.*88.*118/s);
});

test('a laptop shows the map, a command with its headers, and all of the plot at once', async () => {
	const page = await open(OFFICE, '', { size: { width: 1366, height: 768 } });
	await goTo(page, 'EHLO alice-pc');
	const bottom = (selector) => page.locator(selector).last().evaluate((element) => element.getBoundingClientRect().bottom);
	assert.ok(await page.locator('.map').isVisible());
	assert.ok(await bottom('.side .line, .side .value') < await bottom('.panel:not([hidden])'));
	await tab(page, 'plot');
	assert.ok(await bottom('svg.plot') < await bottom('.panel:not([hidden])'));
	assert.ok(await bottom('.panel:not([hidden])') <= 768);
});

/* What is wider or higher than the window scrolls inside it: else controls and content leave the screen. */
for (const [name, size] of [['laptop', LAPTOP], ['phone', PHONE]])
	test(`the document itself never scrolls: ${name}`, async () => {
		const page = await open(OFFICE, '', { size });
		await goTo(page, 'EHLO alice-pc');
		await page.evaluate(() => [1, 1].forEach((by) => window.mailwire.nextHop(by)));
		await page.locator('.field.changed .sr').first().waitFor({ state: 'attached' });
		for (const view of tabs) {
			await tab(page, view);
			await page.evaluate(() => document.querySelector('main').scrollTo(0, 1e6));
			assert.deepEqual(await page.evaluate(() => {
				scrollTo(0, 1e6);
				return [scrollY, document.documentElement.scrollHeight - innerHeight];
			}), [0, 0], view);
		}
	});

/* Only colours are others in the dark. */
for (const [scheme, rules] of [['light', WCAG], ['dark', COLOURS]])
	for (const [name, size] of [['laptop', LAPTOP], ['phone', PHONE]])
		test(`axe finds nothing: ${scheme}, ${name}`, async () => {
			const page = await open(OFFICE, '', { scheme, size });
			await goTo(page, 'EHLO alice-pc');
			await page.evaluate(() => window.mailwire.nextHop(1) ?? window.mailwire.nextHop(1));
			for (const view of tabs) {
				await tab(page, view);
				if (view === 'predict')
					await page.getByRole('button', { name: 'Predict the next step' }).click();
				assert.deepEqual(await violations(page, rules), [], view);
			}
			const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
			assert.ok(overflow <= 0, `${overflow} pixels too wide`);
			await page.getByRole('button', { name: 'Keys and colours' }).click();
			assert.deepEqual(await violations(page, rules), [], 'help');
		});

test('axe finds nothing where mail is encrypted and frames are lost', async () => {
	const page = await open(HOSTILE);
	await page.evaluate(() => {
		const { run } = window.mailwire;
		window.mailwire.goTo(run.stepOfEvent[run.events.encrypted.findIndex((e, i) => e === 1 && run.packetsOf(i).length > 0)]);
	});
	assert.deepEqual(await violations(page), []);
	await tab(page, 'mailboxes');
	await page.evaluate(() => window.mailwire.goTo(window.mailwire.run.steps.count - 1));
	await page.locator('.mailboxes li button').first().click();
	assert.deepEqual(await violations(page), []);
});

/* Opens and plays the large trace; what that took. */
async function measure() {
	const began = performance.now();
	const page = await open(`${folder}/strain.html`, '', { calm: false, prepare: watchFrames });
	const took = performance.now() - began;
	assert.ok(await page.evaluate(() => window.mailwire.run.hops.count) > 100000);
	await page.evaluate(() => window.mailwire.player.goTo(window.mailwire.player.length >> 1));
	const { median, worst } = await playFor(page, 'packet', 30, 1500);
	assert.ok(await page.locator('.row').count() < 80);
	await page.context().close();
	return { took, median, worst };
}

/* On a machine that has other things to do the best of three counts. */
testAlone('100,000 hops open in less than 3 s and play smoothly', async () => {
	const tries = [];
	for (let i = 0; i < 3 && !tries.some((t) => t.took < 3000 && t.median < 8 && t.worst < 50); i++)
		tries.push(await measure());
	const best = (key) => Math.min(...tries.map((t) => t[key]));
	assert.ok(best('took') < 3000, `${best('took')} ms`);
	assert.ok(best('median') < 8 && best('worst') < 50, JSON.stringify(tries));
});

await run();
