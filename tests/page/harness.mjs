/* What the tests of the page share: a browser, pages in it, cases and their sum. */
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.cwd(), 'here.js')); /* where npm installed it */
const { chromium } = require('playwright-core');
export const axeSource = require('axe-core').source;
export { assert };

export const LAPTOP = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };

const cases = [];

/* A case: a statement, and what shows it. */
export function test(name, body) {
	cases.push({ name, body, isAlone: false });
}

/* One that measures time: nothing else runs beside it. */
export function testAlone(name, body) {
	cases.push({ name, body, isAlone: true });
}

let browser;

/*
 * Opens an address; errors and requests to elsewhere are kept, and the case fails by them. `prepare` runs in it
 * before its own script does, `isReady` tells when that has; errors like `ignored` are none.
 */
export async function visit(address, isReady, { size = LAPTOP, scheme = 'light', calm = true, prepare, ignored } = {}) {
	const context = await browser.newContext({ viewport: size, colorScheme: scheme, reducedMotion: calm ? 'reduce' : 'no-preference' });
	const page = await context.newPage();
	const { protocol, host } = new URL(address);
	const isOwn = (request) => protocol === 'file:' ? request.url().startsWith('file:') && request.isNavigationRequest() : new URL(request.url()).host === host;
	page.troubles = [];
	page.on('pageerror', (error) => page.troubles.push(error.stack));
	page.on('console', (message) => message.type() === 'error' && !ignored?.test(message.text()) && page.troubles.push(message.text()));
	page.on('request', (request) => isOwn(request) || page.troubles.push(`asks for ${request.url()}`));
	if (prepare !== undefined)
		await page.addInitScript(prepare);
	await page.goto(address);
	await page.waitForFunction(isReady, null, { polling: 20 });
	opened.getStore().push(page);
	return page;
}

/* Opens a page that mailwire html wrote. */
export function open(file, hash = '', options = {}) {
	return visit(`file://${file}${hash}`, () => window.mailwire !== undefined, options);
}

const opened = new AsyncLocalStorage(); /* pages of the case that runs */
const SIDE_BY_SIDE = 2;

async function closeAll() {
	const pages = opened.getStore().splice(0);
	const troubles = pages.flatMap((page) => page.troubles);
	await Promise.all(pages.map((page) => page.context().close()));
	assert.deepEqual(troubles, []);
}

/* Runs a case; whether it failed. */
async function runCase({ name, body }) {
	const began = performance.now();
	let failed = false;
	try {
		await body();
		await closeAll();
	} catch (error) {
		failed = true;
		console.log(`FAILED ${name}\n${error.stack.slice(0, 3000)}`);
		await closeAll().catch(() => {});
	}
	if (process.env.VERBOSE)
		console.log(`${name}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
	return failed;
}

async function work(queue) {
	let failed = 0;
	for (let next = queue.shift(); next !== undefined; next = queue.shift())
		failed += await opened.run([], () => runCase(next));
	return failed;
}

export async function run() {
	browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] });
	const wanted = cases.filter((c) => !process.env.CASE || c.name.includes(process.env.CASE));
	const queue = wanted.filter((c) => !c.isAlone);
	const sums = await Promise.all(Array.from({ length: SIDE_BY_SIDE }, () => work(queue)));
	sums.push(await work(wanted.filter((c) => c.isAlone)));
	const failed = sums.reduce((sum, n) => sum + n, 0);
	await browser.close();
	console.log(`${Math.floor(100 * (wanted.length - failed) / wanted.length)}%: Checks: ${wanted.length}, Failures: ${failed}, Errors: 0`);
	process.exit(failed > 0 ? 1 : 0);
}

/* Text of the first element that matches; without runs of white space. */
export async function text(page, selector) {
	return (await page.locator(selector).first().textContent()).replace(/\s+/g, ' ').trim();
}

export const step = (page) => page.evaluate(() => window.mailwire.player.step);

/* The first step of the first event whose title contains `words`, from 1; it is gone to. */
export async function goTo(page, words) {
	const found = await page.evaluate((wanted) => {
		const { run } = window.mailwire;
		for (let e = 0; e < run.events.count; e++)
			if (run.title_(e).includes(wanted)) {
				window.mailwire.goTo(run.stepOfEvent[e]);
				return run.stepOfEvent[e];
			}
		return -1;
	}, words);
	assert.notEqual(found, -1, `no event is called ${words}`);
	return found;
}

export const WCAG = { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice'] };
export const COLOURS = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] };

/* What axe finds wrong at WCAG 2.2 AA, or by other rules: a line for each. */
export async function violations(page, rules = WCAG) {
	await page.evaluate(axeSource);
	return page.evaluate(async (runOnly) => {
		const result = await window.axe.run(document, { runOnly, resultTypes: ['violations'] });
		return result.violations.flatMap((v) => v.nodes.slice(0, 3).map((node) => `${v.id}: ${node.html.slice(0, 160)}: ${node.failureSummary.split('\n')[1]}`));
	}, rules);
}

/* Notes how long the script takes at each frame, in window.frameTimes. */
export function watchFrames() {
	const ask = window.requestAnimationFrame.bind(window);
	let last = null;
	window.frameTimes = [];
	window.requestAnimationFrame = (f) => ask((now) => {
		const began = performance.now();
		f(now);
		const took = performance.now() - began;
		if (last === now)
			window.frameTimes[window.frameTimes.length - 1] += took;
		else
			window.frameTimes.push(took);
		last = now;
	});
}

/* Plays at a speed for a while; {median, worst, count} in ms of script per frame. */
export async function playFor(page, view, speed, ms) {
	await page.evaluate(([name, rate]) => {
		window.mailwire.tabs.choose(name);
		window.mailwire.player.setSpeed(rate);
		window.frameTimes.length = 0;
		window.mailwire.player.play();
	}, [view, speed]);
	await page.waitForTimeout(ms);
	const times = await page.evaluate(() => {
		window.mailwire.player.pause();
		return window.frameTimes.slice().sort((a, b) => a - b);
	});
	return { count: times.length, median: times[times.length >> 1], worst: times[times.length - 1] };
}
