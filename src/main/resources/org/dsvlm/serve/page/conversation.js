// Copyright 2026 The DS-VLM for the JVM Authors
// SPDX-License-Identifier: Apache-2.0

/** The turns so far, and the request that the next question makes of them. */
export class Conversation {
  #turns = [];

  get empty() {
    return this.#turns.length === 0;
  }

  /** Begins a turn: `{question, pictures, answer}`. Its answer grows as it arrives. */
  begin(question, pictures) {
    const turn = { question, pictures, answer: '' };
    this.#turns.push(turn);
    return turn;
  }

  /** Takes back a turn that has no answer. */
  drop(turn) {
    this.#turns = this.#turns.filter((other) => other !== turn);
  }

  clear() {
    this.#turns = [];
  }

  /** The messages of a chat completion, which ends in the last turn's question. */
  messages() {
    const last = this.#turns.at(-1);
    return this.#turns.flatMap((turn) => [
      { role: 'user', content: contentOf(turn) },
      ...(turn === last ? [] : [{ role: 'assistant', content: turn.answer }]),
    ]);
  }
}

function contentOf(turn) {
  if (turn.pictures.length === 0) {
    return turn.question;
  }
  return [
    ...turn.pictures.map((picture) => ({ type: 'image_url', image_url: { url: picture.url } })),
    { type: 'text', text: turn.question },
  ];
}
