// Checks a server with OpenAI's own Node package.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import OpenAI from 'openai';

const client = new OpenAI({ baseURL: process.argv[2], apiKey: 'none', maxRetries: 0 });

const models = [];
for await (const model of client.models.list()) models.push(model.id);
assert(models.includes('syrinx'));

const whole = await client.audio.speech.create({ model: 'tts-1', voice: 'ann', input: 'Yes. No.', response_format: 'wav' });
const bytes = Buffer.from(await whole.arrayBuffer());
assert.equal(bytes.subarray(0, 4).toString(), 'RIFF');
assert.equal(bytes.readUInt32LE(40), bytes.length - 44);

const streamed = await client.audio.speech.create({ model: 'tts-1', voice: 'ann', input: 'Yes. No. Yes.', response_format: 'pcm' });
const file = fs.createWriteStream('streamed.pcm');
for await (const chunk of streamed.body) file.write(chunk);
await new Promise(done => file.end(done));
assert(fs.statSync('streamed.pcm').size > 2000);

const talk = () => fs.createReadStream('talk.wav');
for (const response_format of ['json', 'text', 'srt', 'vtt', 'verbose_json']) {
  const answer = await client.audio.transcriptions.create({ model: 'whisper-1', file: talk(), response_format });
  const text = typeof answer === 'string' ? answer : answer.text;
  assert.equal(typeof text, 'string');
}
const verbose = await client.audio.transcriptions.create({
  model: 'whisper-1', file: talk(), response_format: 'verbose_json', timestamp_granularities: ['word', 'segment'],
});
assert(Math.abs(verbose.duration - 1.5) < 0.01 && Array.isArray(verbose.words) && Array.isArray(verbose.segments));
const events = [];
const stream = await client.audio.transcriptions.create({ model: 'gpt-4o-transcribe', file: talk(), stream: true });
for await (const event of stream) events.push(event.type);
assert.equal(events.at(-1), 'transcript.text.done');

const refused = (kind, work) => assert.rejects(work, error => error instanceof kind && Boolean(error.error.message));
const speak = fields => client.audio.speech.create({ model: 'tts-1', voice: 'ann', input: 'Yes.', ...fields });
await refused(OpenAI.BadRequestError, () => speak({ voice: 'nobody' }));
await refused(OpenAI.BadRequestError, () => speak({ input: '' }));
await refused(OpenAI.NotFoundError, () => speak({ model: 'gpt-9' }));
console.log('all checks passed');
