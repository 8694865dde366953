/* How fast the page of a large trace opens and plays. Usage: tests/page/test_page.sh --speed */
import { open, playFor, run, testAlone, watchFrames } from './harness.mjs';

testAlone('speed', async () => {
	const began = performance.now();
	const page = await open(process.argv[2], '', { calm: false, prepare: watchFrames });
	const { hops, events, moments } = await page.evaluate(() => ({ hops: window.mailwire.run.hops.count,
		events: window.mailwire.run.events.count, moments: window.mailwire.run.moments }));
	console.log(`${moments} records, ${events} events, ${hops} hops: open after ${Math.round(performance.now() - began)} ms`);
	await page.evaluate(() => window.mailwire.player.goTo(window.mailwire.player.length >> 1));
	for (const view of ['packet', 'ladder', 'plot', 'mailboxes', 'tables', 'ledger'])
		for (const speed of [4, 30, 1000]) {
			const { count, median, worst } = await playFor(page, view, speed, 2000);
			console.log(`${view.padEnd(10)} ${String(speed).padStart(4)} steps/s: ${count} frames, script per frame: median ${median.toFixed(2)} ms, worst ${worst.toFixed(2)} ms`);
		}
});
await run();
