// Checks a server with OpenAI's own Node package.
// Usage: openai_client.mjs URL VOICE [WORD...]; the words must be recognized in the speech of the text.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import OpenAI from 'openai';

const [baseURL, voice, ...expected] = process.argv.slice(2);
const input = 'The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background.';
const client = new OpenAI({ baseURL, apiKey: 'none', maxRetries: 0 });

const models = [];
for await (const model of client.models.list()) models.push(model.id);
assert(models.includes('syrinx'));

const whole = await client.audio.speech.create({ model: 'tts-1', voice, input, response_format: 'wav' });
const bytes = Buffer.from(await whole.arrayBuffer());
assert.equal(bytes.subarray(0, 4).toString(), 'RIFF');
assert.equal(bytes.readUInt32LE(40), bytes.length - 44);
fs.writeFileSync('whole.wav', bytes);
const seconds = (bytes.length - 44) / 48000;

const streamed = await client.audio.speech.create({ model: 'tts-1', voice, input, response_format: 'pcm' });
const file = fs.createWriteStream('streamed.pcm');
for await (const chunk of streamed.body) file.write(chunk);
await new Promise(done => file.end(done));
assert(fs.readFileSync('streamed.pcm').equals(bytes.subarray(44)));
console.log(`speech: ${seconds.toFixed(2)} s as WAV, and the same samples streamed to a file`);

const sse = await client.audio.speech.create({ model: 'gpt-4o-mini-tts', voice, input, response_format: 'pcm', stream_format: 'sse' });
const lines = (await sse.text()).split('\n').filter(line => line.startsWith('data: '));
assert(lines.some(line => line.includes('speech.audio.delta')) && lines.at(-1).includes('speech.audio.done'));
console.log(`speech: ${lines.length} server-sent events`);

const talk = () => fs.createReadStream('whole.wav');
for (const response_format of ['json', 'text', 'srt', 'vtt', 'verbose_json']) {
  const answer = await client.audio.transcriptions.create({ model: 'whisper-1', file: talk(), response_format });
  const text = typeof answer === 'string' ? answer : answer.text;
  assert.equal(typeof text, 'string');
  for (const word of expected) assert(text.toLowerCase().includes(word), `${response_format}: ${word} in ${text}`);
  console.log(`transcription: ${response_format}`);
}
const verbose = await client.audio.transcriptions.create({
  model: 'whisper-1', file: talk(), response_format: 'verbose_json', timestamp_granularities: ['word', 'segment'],
});
assert(Math.abs(verbose.duration - seconds) < 0.01 && Array.isArray(verbose.words) && Array.isArray(verbose.segments));
const events = [];
const stream = await client.audio.transcriptions.create({ model: 'gpt-4o-transcribe', file: talk(), stream: true });
for await (const event of stream) events.push(event);
assert.equal(events.at(-1).type, 'transcript.text.done');
assert.equal(events.at(-1).text, verbose.text);
console.log(`transcription: ${events.length} server-sent events`);

const refused = (kind, work) => assert.rejects(work, error => error instanceof kind && Boolean(error.error.message));
const speak = fields => client.audio.speech.create({ model: 'tts-1', voice, input: 'Yes.', ...fields });
await refused(OpenAI.BadRequestError, () => speak({ voice: 'nobody' }));
await refused(OpenAI.BadRequestError, () => speak({ input: '' }));
await refused(OpenAI.NotFoundError, () => speak({ model: 'gpt-9' }));
const { version } = JSON.parse(fs.readFileSync('node_modules/openai/package.json', 'utf8'));
console.log(`all checks passed (openai ${version})`);
