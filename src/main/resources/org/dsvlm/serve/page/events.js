// Copyright 2026 The DS-VLM for the JVM Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Splits a text/event-stream into the data of its events, whatever pieces it arrives in. Follows
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream; names, ids and
 * retry times, which a chat completion does not use, are left out.
 */
export class EventStream {
  #rest = '';
  #data = [];
  #first = true;

  /** Takes the next piece and returns the data of the events that it completes. */
  push(piece) {
    let text = this.#rest + piece;
    if (this.#first && text !== '') {
      text = text.replace(/^\uFEFF/, '');
      this.#first = false;
    }
    // A carriage return at the end may be the first half of a line's end.
    const held = text.endsWith('\r') ? '\r' : '';
    const lines = text.slice(0, text.length - held.length).split(/\r\n|\r|\n/);
    this.#rest = lines.pop() + held;
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line) {
    if (line === '') {
      const complete = this.#data.length > 0 ? [this.#data.join('\n')] : [];
      this.#data = [];
      return complete;
    }
    const [, name, value] = /^([^:]*)(?:: ?(.*))?$/s.exec(line);
    if (name === 'data') {
      this.#data.push(value ?? '');
    }
    return [];
  }
}
