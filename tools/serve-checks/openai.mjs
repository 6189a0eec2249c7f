// Copyright 2026 The DS-VLM for the JVM Authors
// SPDX-License-Identifier: Apache-2.0

// Asks a server by OpenAI's client: node openai.mjs URL NARROW KEY PICTURE GROUND MODULES
// NARROW is a second server, which takes one request at a time. PICTURE is a PNG on the plain ground GROUND.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Checks } from './check.mjs';

const [url, narrowUrl, apiKey, picture, ground, modules] = process.argv.slice(2);
const OpenAI = createRequire(path.join(modules, 'package.json'))('openai');

const clientOf = (server, key = apiKey) => new OpenAI({ baseURL: `${server}v1`, apiKey: key, maxRetries: 0 });
const client = clientOf(url);
const model = (await client.models.list()).data[0].id;
const checks = new Checks();

const dataUrl = `data:image/png;base64,${fs.readFileSync(picture, 'base64')}`;
const shown = (address) => ({ type: 'image_url', image_url: { url: address } });
const asked = (question, ...addresses) => ({
  role: 'user',
  content: [...addresses.map(shown), { type: 'text', text: question }],
});
const BACKGROUND = [asked('What colour is the background?', dataUrl)];
const SCENE = [asked('What do you see?', dataUrl)];

const complete = (request, options) => client.chat.completions.create({ model, messages: SCENE, ...request }, options);

async function refused(attempt, type, mentions) {
  const failure = await attempt.then(
    () => assert.fail('it was answered'),
    (error) => error,
  );
  assert.ok(failure instanceof type, String(failure.stack));
  assert.match(failure.message, mentions);
  return failure;
}

/** The pieces of a stream together. */
async function streamed(request) {
  const whole = { text: '', finish: null, usage: null, pieces: 0 };
  for await (const chunk of await complete({ ...request, stream: true, stream_options: { include_usage: true } })) {
    assert.equal(chunk.object, 'chat.completion.chunk');
    const choice = chunk.choices[0];
    whole.text += choice?.delta?.content ?? '';
    whole.pieces += choice?.delta?.content ? 1 : 0;
    whole.finish = choice?.finish_reason ?? whole.finish;
    whole.usage = chunk.usage ?? whole.usage;
  }
  return whole;
}

await checks.that('the model is listed, and found by its name', async () => {
  assert.equal((await client.models.retrieve(model)).id, model);
  return model;
});

await checks.that('text alone', async () => {
  const answer = await complete({ messages: [{ role: 'user', content: 'What colour is the background?' }] });
  assert.equal(answer.object, 'chat.completion');
  assert.equal(answer.model, model);
  assert.equal(answer.choices.length, 1);
  assert.equal(answer.choices[0].message.role, 'assistant');
  assert.equal(answer.choices[0].finish_reason, 'stop');
  assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
  return JSON.stringify(answer.choices[0].message.content);
});

await checks.that('a picture', async () => {
  const answer = await complete({ messages: BACKGROUND });
  assert.equal(answer.choices[0].message.content, ground);
  return ground;
});

await checks.that('several pictures', async () => {
  const one = await complete({ messages: BACKGROUND });
  const two = await complete({ messages: [asked('What colour is the background?', dataUrl, dataUrl)] });
  assert.ok(two.usage.prompt_tokens > one.usage.prompt_tokens);
  return `${one.usage.prompt_tokens} and ${two.usage.prompt_tokens} tokens of prompt`;
});

await checks.that('several turns', async () => {
  const first = await complete({ messages: BACKGROUND });
  const answer = await complete({
    messages: [...BACKGROUND, first.choices[0].message, { role: 'user', content: 'What do you see?' }],
  });
  assert.notEqual(answer.choices[0].message.content, '');
  assert.ok(answer.usage.prompt_tokens > first.usage.total_tokens);
  return `${first.choices[0].message.content}, then ${answer.choices[0].message.content}`;
});

await checks.that('a system message is read', async () => {
  const tokens = async (content) =>
    (await complete({ messages: [{ role: 'system', content }, ...BACKGROUND] })).usage.prompt_tokens;
  const [short, long] = [await tokens('Be brief.'), await tokens('Be brief. Be brief. Be brief.')];
  assert.ok(long > short);
  return `${short} and ${long} tokens of prompt`;
});

await checks.that('a stream gives the same text and the same usage', async () => {
  const whole = await complete({});
  const stream = await streamed({});
  assert.equal(stream.text, whole.choices[0].message.content);
  assert.equal(stream.finish, whole.choices[0].finish_reason);
  assert.deepEqual(stream.usage, whole.usage);
  return `${JSON.stringify(stream.text)} in ${stream.pieces} pieces`;
});

await checks.that('logprobs: the tokens make up the answer, and each is the likeliest', async () => {
  const { message, logprobs } = (await complete({ logprobs: true, top_logprobs: 3, temperature: 0 })).choices[0];
  const tokens = logprobs.content;
  const bytes = Buffer.from(tokens.flatMap((token) => token.bytes ?? []));
  assert.equal(bytes.toString('utf8').trim(), message.content.trim());
  for (const { token, logprob, top_logprobs: top } of tokens) {
    assert.equal(top.length, 3);
    assert.equal(top[0].token, token);
    assert.equal(top[0].logprob, logprob);
    assert.ok(logprob <= 0 && top[0].logprob >= top[1].logprob && top[1].logprob >= top[2].logprob);
    assert.ok(top.reduce((sum, other) => sum + Math.exp(other.logprob), 0) <= 1 + 1e-6);
  }
  return tokens.map(({ token, logprob }) => `${JSON.stringify(token)} ${logprob.toFixed(3)}`).join(', ');
});

await checks.that('stop: the answer ends before the text, and so does a stream', async () => {
  const whole = (await complete({})).choices[0].message.content;
  const stop = whole.slice(-2);
  const expected = whole.slice(0, whole.indexOf(stop));
  const { message, finish_reason: finish } = (await complete({ stop: [stop] })).choices[0];
  assert.equal(message.content.trimEnd(), expected.trimEnd());
  assert.equal(finish, 'stop');
  assert.equal((await streamed({ stop })).text, message.content);
  return `${JSON.stringify(whole)} became ${JSON.stringify(message.content)}`;
});

await checks.that('max_tokens and max_completion_tokens: the answer ends at the limit', async () => {
  for (const limit of [{ max_tokens: 1 }, { max_completion_tokens: 1 }]) {
    const answer = await complete(limit);
    assert.equal(answer.usage.completion_tokens, 1);
    assert.equal(answer.choices[0].finish_reason, 'length');
  }
});

await checks.that('seed: the same draws the same, others draw others', async () => {
  const draw = async (seed) => (await complete({ temperature: 2, seed, max_tokens: 12 })).choices[0].message.content;
  assert.equal(await draw(7), await draw(7));
  const others = new Set();
  for (let seed = 0; seed < 8; seed++) {
    others.add(await draw(seed));
  }
  assert.ok(others.size > 1);
  return `${others.size} answers of 8 seeds`;
});

await checks.that('eight at a time are answered as one by one', async () => {
  const alone = (await complete({})).choices[0].message.content;
  const together = await Promise.all(Array.from({ length: 8 }, () => complete({})));
  assert.deepEqual(new Set(together.map((answer) => answer.choices[0].message.content)), new Set([alone]));
});

for (const [name, request, mentions] of [
  ['n = 2', { n: 2 }, /\bn\b/],
  ['tools', { tools: [{ type: 'function', function: { name: 'look' } }] }, /tools/],
  ['a picture by http', { messages: [asked('What?', 'http://127.0.0.1:1/cat.png')] }, /data:/],
  ['a picture by file', { messages: [asked('What?', 'file:///etc/passwd')] }, /data:/],
  ['a damaged picture', { messages: [asked('What?', 'data:image/png;base64,iVBORw0KGgo=')] }, /messages\[0\]/],
  ['a temperature below 0', { temperature: -1 }, /temperature/],
  ['no message', { messages: [] }, /messages/],
  ['an answer beyond the limit', { max_tokens: 10_000_000 }, /max_tokens/],
]) {
  await checks.that(`refused with 400: ${name}`, async () => {
    const failure = await refused(complete(request), OpenAI.BadRequestError, mentions);
    assert.equal(failure.type, 'invalid_request_error');
    return failure.message;
  });
}

await checks.that('refused with 400: what a stream cannot do, before it begins', async () => {
  return (await refused(complete({ stream: true, n: 2 }), OpenAI.BadRequestError, /\bn\b/)).message;
});

await checks.that('refused with 401: another key', async () => {
  const stranger = clientOf(url, 'another-key-than-the-right-one');
  const failure = await refused(
    stranger.chat.completions.create({ model, messages: SCENE }),
    OpenAI.AuthenticationError,
    /key/,
  );
  assert.ok(!failure.message.includes(apiKey));
  await refused(stranger.models.list(), OpenAI.AuthenticationError, /key/);
  return failure.message;
});

await checks.that('refused with 404: another model', async () => {
  const failure = await refused(complete({ model: 'gpt-4o' }), OpenAI.NotFoundError, /gpt-4o/);
  assert.equal(failure.code, 'model_not_found');
  return failure.message;
});

await checks.that('refused with 429 and Retry-After: more than the queue holds', async () => {
  const narrow = clientOf(narrowUrl);
  const outcomes = await Promise.allSettled(
    Array.from({ length: 24 }, () => narrow.chat.completions.create({ model, messages: SCENE })),
  );
  const failures = outcomes.filter((outcome) => outcome.status === 'rejected').map((outcome) => outcome.reason);
  assert.ok(failures.length > 0 && failures.length < 24, `${failures.length} of 24 were refused`);
  for (const failure of failures) {
    assert.ok(failure instanceof OpenAI.RateLimitError, String(failure));
    assert.match(failure.headers.get('retry-after'), /^\d+$/);
  }
  return `${failures.length} of 24; ${failures[0].message}`;
});

await checks.that('a client that retries gets through the full queue', async () => {
  const patient = new OpenAI({ baseURL: `${narrowUrl}v1`, apiKey, maxRetries: 10 });
  const answers = await Promise.all(
    Array.from({ length: 6 }, () => patient.chat.completions.create({ model, messages: BACKGROUND })),
  );
  assert.deepEqual(new Set(answers.map((answer) => answer.choices[0].message.content)), new Set([ground]));
});

await checks.that('given up in the middle: the server forgets the answer, and answers the next', async () => {
  const controller = new AbortController();
  let pieces = 0;
  const stream = await complete(
    { stream: true, temperature: 2, max_tokens: 256, messages: SCENE },
    { signal: controller.signal },
  );
  for await (const chunk of stream) {
    pieces += chunk.choices.length;
    controller.abort();
  }
  assert.ok(pieces > 0);
  const begun = performance.now();
  while ((await inFlight()) > 0) {
    assert.ok(performance.now() - begun < 10_000, 'the answer is still being made after 10 s');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.equal((await complete({ messages: BACKGROUND })).choices[0].message.content, ground);
});

async function inFlight() {
  const metrics = await (await fetch(`${url}metrics`, { headers: { Authorization: `Bearer ${apiKey}` } })).text();
  const [, value] = /^dsvlm_requests_in_flight(?:\{[^}]*\})? (\S+)$/m.exec(metrics) ?? assert.fail('no such metric');
  return Number(value);
}

checks.end();
