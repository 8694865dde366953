/* What the server is asked for. Each throws an Error whose message is for people. */

const BUSY = 429, TRIES = 20, PAUSE_MS = 500;
const pause = () => new Promise((resolve) => { setTimeout(resolve, PAUSE_MS); });

/* A busy server is asked again for a while, unless nobody waits for the answer any more. */
async function ask(path, options) {
	let answer;
	try {
		answer = await fetch(path, options);
		for (let tries = 1; answer.status === BUSY && tries < TRIES; tries++) {
			await pause();
			answer = await fetch(path, options);
		}
	} catch (error) {
		if (error.name === 'AbortError')
			throw error;
		throw new Error('The server does not answer: has it ended?');
	}
	if (!answer.ok)
		throw new Error((await answer.text()).trim());
	return answer;
}

function post(path, query, text, signal) {
	return ask(`${path}?${new URLSearchParams(query)}`,
		{ method: 'POST', headers: { 'Content-Type': 'application/yaml' }, body: text, signal });
}

export const files = async () => (await ask('/api/files')).json();
export const fileText = async (file) => (await ask(`/api/file?file=${file}`)).text();
export const check = async (file, text, signal) => (await post('/api/check', { file }, text, signal)).json();
export const run = async (file, text) => (await post('/api/run', { file }, text)).json();
export const offer = async (file, text, place, signal) =>
	(await post('/api/offer', { file, line: place.line, column: place.column }, text, signal)).json();
export const startLive = (file, speed) => post('/api/live', { file, speed }, '');
export const livePage = async () => (await post('/api/live/page', {}, '')).json();
export const stopLive = () => post('/api/live', {}, '');
