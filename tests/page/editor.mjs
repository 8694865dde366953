/* The editor of `mailwire serve`, used as people do: by keys, in light and dark, on a small screen. */
import { PHONE, assert, run, test, text, violations, visit } from './harness.mjs';

const address = process.argv[2];
const settled = () => document.querySelector('.e-verdict.e-good, .e-verdict.e-bad') !== null && !document.querySelector('.e-go').disabled;

/* A frame of no origin may not take the focus. */
const edit = (options) => visit(address, settled, { ignored: /Blocked autofocusing/, ...options });
const verdict = (page) => text(page, '.e-verdict');
const place = (page, line, column) => page.evaluate((to) => window.editor.source.goTo(to), { line, column });
const value = (page) => page.inputValue('#source');
const isSaid = (page, words) => page.waitForFunction((wanted) => document.querySelector('.e-verdict').textContent.includes(wanted), words, { polling: 20, timeout: 15000 })
	.catch(async () => assert.fail(`"${words}" is not said, but "${await verdict(page)}" of ${JSON.stringify((await value(page)).slice(0, 80))}`));

/* What makes the page wider than the screen, by tag and class; empty: it is not. */
const tooWide = () => document.documentElement.scrollWidth <= innerWidth ? []
	: [document.documentElement.scrollWidth, ...[...document.querySelectorAll('body *')].filter((element) => !element.parentElement.closest('.e-drawn')
		&& element.getBoundingClientRect().right > innerWidth).map((element) => `${element.tagName}.${element.className}`)];

/* Line and column of the first place where `words` stand. */
async function find(page, words) {
	const before = (await value(page)).split(words)[0].split('\n');
	return [before.length, before.at(-1).length + 1];
}

test('it opens with the run of the first file', async () => {
	const page = await edit();
	assert.equal(await verdict(page), '14 expectations: all met');
	assert.match(await value(page), /^# yaml-language-server/);
	const frame = page.frames()[1];
	await frame.waitForFunction(() => window.mailwire !== undefined);
	assert.match(await frame.evaluate(() => document.querySelector('h1').textContent), /An employee writes/);
	assert.equal(await frame.evaluate(() => self.origin), 'null');
	const reached = await frame.evaluate(async (url) => {
		try {
			return (await fetch(url)).status;
		} catch {
			return 'refused';
		}
	}, `${address}api/files`);
	assert.equal(reached, 'refused');
	page.troubles.length = 0; /* that the policy refuses it is said as an error */
	assert.match(await text(page, '.e-numbers'), /1 ?2 ?3/);
});

test('an error is shown at its line and column, and mended by the list of words', async () => {
	const page = await edit();
	const [line, column] = await find(page, 'root-server: root');
	await place(page, line, column + 'root-server: ro'.length);
	await page.keyboard.type('X');
	await isSaid(page, '1 error');
	assert.match(await text(page, '.e-message'), new RegExp(`^${line}:${column + 13}error there is no host called .roXot.`));
	assert.equal(await text(page, '.e-drawn .e-bad'), 'roXot');
	assert.equal(await text(page, '.e-numbers .n-bad'), String(line));
	await place(page, 1, 1);
	await page.keyboard.press('F8');
	assert.deepEqual(await page.evaluate(() => window.editor.source.place), { line, column: column + 13 });
	await page.keyboard.press('ArrowLeft');
	await page.keyboard.press('Control+ ');
	await page.waitForSelector('#words [aria-selected=true]');
	const words = await page.locator('#words b').allTextContents();
	assert.ok(words.includes('alice-pc') && words.includes('root'), words.join());
	while (await text(page, '#words [aria-selected=true] b') !== 'root')
		await page.keyboard.press('ArrowDown');
	const active = await page.getAttribute('#source', 'aria-activedescendant');
	assert.equal(await text(page, `#${active} b`), 'root');
	assert.deepEqual(await violations(page), []);
	await page.keyboard.press('Enter');
	await isSaid(page, 'No errors');
	assert.match(await value(page), /root-server: root\n/);
	await page.keyboard.press('Control+z');
	assert.match(await value(page), /root-server: roXot\n/);
});

test('words come while one writes, and keys get their colon', async () => {
	const page = await edit();
	const [line] = await find(page, 'root-server: root');
	await place(page, line, 99);
	await page.keyboard.press('Enter');
	await page.keyboard.type('capt');
	await page.waitForSelector('#words [aria-selected=true]');
	assert.equal(await text(page, '#words [aria-selected=true] b'), 'capture');
	await page.keyboard.press('Tab');
	assert.match(await value(page), /root-server: root\ncapture: \n/);
	await page.keyboard.type('{rec');
	await page.waitForFunction(() => document.querySelector('#words b')?.textContent === 'record');
	await page.keyboard.press('Escape');
	assert.equal(await page.locator('.e-words').isHidden(), true);
});

test('a change is run again, and what is not met is said at its line', async () => {
	const page = await edit();
	const first = await page.getAttribute('iframe', 'src');
	const [line] = await find(page, '  - {retransmissions: 0}');
	await page.evaluate(() => {
		const { source } = window.editor;
		const at = source.value.indexOf('{retransmissions: 0}');
		source.replace(at, at + 20, '{retransmissions: 5}');
	});
	await page.keyboard.press('Control+Enter');
	await isSaid(page, '1 of 14 expectations not met');
	assert.notEqual(await page.getAttribute('iframe', 'src'), first);
	assert.match(await text(page, '.e-message.e-unmet'), new RegExp(`^${line}:5not met`));
	await page.reload();
	await page.waitForFunction(settled);
	assert.match(await value(page), /retransmissions: 5/, 'what was written is not lost');
	await page.click('text=As on disk');
	await isSaid(page, 'all met');
	assert.match(await value(page), /retransmissions: 0/);
});

test('another file is opened; markup in it stays text', async () => {
	const page = await edit();
	await page.selectOption('select[aria-label=Scenario]', '1');
	await page.waitForFunction(() => document.title.includes('hello') && !document.querySelector('.e-go').disabled);
	await page.fill('#source', 'mailwire: 1\n<img src=x onerror=alert(1)>: {}\n');
	await isSaid(page, '1 error');
	assert.match(await text(page, '.e-message'), /<img src=x onerror=alert\(1\)>/);
	assert.equal(await page.locator('img').count(), 0);
});

test('the log of a live session grows', async () => {
	const page = await edit();
	await page.click('#tab-live');
	await page.click('text=Start');
	await page.waitForFunction(() => document.querySelector('.e-live [role=status]').textContent === 'It has ended.', null, { timeout: 10000 });
	assert.ok(await page.locator('.e-block').count() > 100);
	assert.ok(await page.locator('.e-block.l-smtp').count() > 10);
	await page.fill('.e-live input[type=search]', 'EHLO');
	const shown = await page.locator('.e-block:visible').allTextContents();
	assert.ok(shown.length > 0 && shown.every((block) => block.includes('EHLO')));
	await page.click('.e-live >> text=Page');
	const run = page.frameLocator('.e-live-page');
	await run.locator('.row.current').waitFor({ timeout: 10000 });
	assert.equal(await run.locator('.node[data-name="mail"]').count(), 1);
	assert.match(await run.locator('.controls .place').textContent(), /^([\d,]+) \/ \1$/, 'its last step, as one follows');
	assert.deepEqual(await violations(page), []);
	await page.route('**/api/live/page', () => { /* never answered */ });
	await page.selectOption('.e-live select', '0.1');
	await page.click('.e-live >> text=Start');
	await page.waitForFunction(() => document.querySelector('.e-live [role=status]').textContent.includes(' runs'), null, { timeout: 10000 });
	await page.click('.e-live >> text=Stop');
	await page.waitForFunction(() => document.querySelector('.e-live [role=status]').textContent === 'It has ended.', null, { timeout: 10000 })
		.catch(() => assert.fail('Stop waits for a page that does not come'));
});

for (const [scheme, size] of [['light', undefined], ['dark', undefined], ['dark', PHONE]])
	test(`axe finds nothing: ${scheme}${size ? ', phone' : ''}`, async () => {
		const page = await edit({ scheme, size });
		await page.locator('#source').focus();
		await page.evaluate(() => window.editor.source.replace(0, 0, 'nonsense: 1\n'));
		await isSaid(page, 'error');
		assert.deepEqual(await violations(page), []);
		if (size !== undefined)
			assert.deepEqual(await page.evaluate(tooWide), [], 'nothing is wider than the screen');
	});

await run();
