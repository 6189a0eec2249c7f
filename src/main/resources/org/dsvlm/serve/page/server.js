// Copyright 2026 The DS-VLM for the JVM Authors
// SPDX-License-Identifier: Apache-2.0

import { EventStream } from './events.js';

/** What went wrong, in words for the person at the page. `keyWanted`: the server refused the API key. */
export class ServerError extends Error {
  constructor(message, keyWanted = false) {
    super(message);
    this.keyWanted = keyWanted;
  }
}

/** The server that the page came from, by OpenAI's chat completions. */
export class Server {
  #key = '';

  useKey(key) {
    this.#key = key;
  }

  /** The model that is served: `{id, limits}`. */
  async model() {
    const response = await this.#fetch('v1/models', {});
    const model = (await json(response))?.data?.[0];
    if (typeof model?.id !== 'string') {
      throw new ServerError('The server names no model. Is it the server that this page belongs to?');
    }
    return model;
  }

  /**
   * Asks, and calls `onText` with each piece of the answer as it arrives.
   *
   * @returns `{finish, usage}` once the answer is whole
   * @throws ServerError, or the AbortError of `signal`
   */
  async ask(request, signal, onText) {
    const response = await this.#fetch('v1/chat/completions', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ ...request, stream: true, stream_options: { include_usage: true } }),
      signal,
    });
    const result = { finish: '', usage: null };
    const events = new EventStream();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read().catch((failure) => {
        throw signal.aborted ? failure : new ServerError('The connection broke off before the answer was whole.');
      });
      if (done) {
        throw new ServerError('The server ended before the answer was whole.');
      }
      for (const data of events.push(value)) {
        if (data === '[DONE]') {
          return result;
        }
        take(JSON.parse(data), result, onText);
      }
    }
  }

  async #fetch(path, options) {
    const headers = { ...options.headers, ...(this.#key && { Authorization: `Bearer ${this.#key}` }) };
    let response;
    try {
      response = await fetch(path, { ...options, headers });
    } catch (failure) {
      throw options.signal?.aborted ? failure : new ServerError('The server does not answer. Is it still running?');
    }
    if (!response.ok) {
      const said = (await json(response))?.error?.message ?? '';
      throw new ServerError(words(response, said, this.#key !== ''), response.status === 401);
    }
    return response;
  }
}

function take(chunk, result, onText) {
  if (chunk.error) {
    throw new ServerError(`The server stopped the answer: ${chunk.error.message}`);
  }
  const choice = chunk.choices?.[0];
  if (choice?.delta?.content) {
    onText(choice.delta.content);
  }
  result.finish = choice?.finish_reason ?? result.finish;
  result.usage = chunk.usage ?? result.usage;
}

async function json(response) {
  try {
    return await response.json();
  } catch {
    return null;
  }
}

function words(response, said, keyGiven) {
  const reason = said === '' ? '' : ` It says: ${said}`;
  switch (response.status) {
    case 401:
      return keyGiven ? 'The server does not know this API key.' : 'The server asks for an API key.';
    case 408:
    case 504:
      return `The answer took longer than the server allows.${reason}`;
    case 413:
      return `The question and its pictures are larger than the server takes.${reason}`;
    case 429:
    case 503:
      return `The server is busy.${wait(response)}${reason}`;
    default:
      return response.status < 500
        ? `The server cannot answer this.${reason}`
        : `The server failed (status ${response.status}).${reason}`;
  }
}

function wait(response) {
  const seconds = Number.parseInt(response.headers.get('Retry-After') ?? '', 10);
  if (Number.isNaN(seconds)) {
    return ' Send the question again in a moment.';
  }
  return ` Send the question again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`;
}
