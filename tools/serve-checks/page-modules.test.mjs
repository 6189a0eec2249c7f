// Copyright 2026 The DS-VLM for the JVM Authors
// SPDX-License-Identifier: Apache-2.0

// The parts of the page that need no browser.

import assert from 'node:assert/strict';
import { test } from 'node:test';

const page = '../../src/main/resources/org/dsvlm/serve/page';
const { EventStream } = await import(`${page}/events.js`);
const { orientation } = await import(`${page}/orientation.js`);
const { Conversation } = await import(`${page}/conversation.js`);

const STREAM = ': warm\ndata: one\r\n\r\nevent: x\ndata:two\ndata:  three\n\rdata\n\ndata: {"a":"b: c"}\n\nid: 7\n\ndata: cut';
const EVENTS = ['one', 'two\n three', '', '{"a":"b: c"}'];

test('a stream in one piece', () => {
  assert.deepEqual(new EventStream().push(STREAM), EVENTS);
});

test('a stream cut anywhere gives the same events', () => {
  for (let first = 0; first <= STREAM.length; first++) {
    for (let second = first; second <= STREAM.length; second++) {
      const stream = new EventStream();
      const pieces = [STREAM.slice(0, first), STREAM.slice(first, second), STREAM.slice(second)];
      assert.deepEqual(pieces.flatMap((piece) => stream.push(piece)), EVENTS, `cut at ${first} and ${second}`);
    }
  }
});

test('a byte order mark at the beginning is no part of a name', () => {
  const stream = new EventStream();
  assert.deepEqual([...stream.push(''), ...stream.push('\uFEFF'), ...stream.push('data: a\n\n')], ['a']);
});

/** A JPEG's beginning whose EXIF directory states `value`, after another segment and another entry. */
function jpeg(value, little) {
  const view = new DataView(new ArrayBuffer(70));
  view.setUint16(0, 0xffd8);
  view.setUint32(2, 0xffe00006); // APP0, which EXIF may follow
  view.setUint32(10, 0xffe10030);
  view.setUint32(14, 0x45786966);
  const tiff = new DataView(view.buffer, 20);
  tiff.setUint16(0, little ? 0x4949 : 0x4d4d);
  tiff.setUint16(2, 42, little);
  tiff.setUint32(4, 8, little);
  tiff.setUint16(8, 2, little);
  tiff.setUint16(10, 0x0100, little);
  tiff.setUint16(22, 0x0112, little);
  tiff.setUint16(24, 3, little);
  tiff.setUint32(26, 1, little);
  tiff.setUint16(30, value, little);
  return view.buffer;
}

test('the EXIF orientation in both byte orders', () => {
  for (const little of [true, false]) {
    for (let value = 1; value <= 8; value++) {
      assert.equal(orientation(jpeg(value, little)), value);
    }
    assert.equal(orientation(jpeg(9, little)), 1);
  }
});

test('a JPEG cut anywhere, and what is no JPEG, states none', () => {
  const whole = jpeg(6, true);
  for (let length = 0; length < 52; length++) {
    assert.equal(orientation(whole.slice(0, length)), 1, `cut at ${length}`);
  }
  assert.equal(orientation(new TextEncoder().encode('GIF89a and more').buffer), 1);
});

test('a request has pictures before the text, and every answer but the one to come', () => {
  const conversation = new Conversation();
  const first = conversation.begin('What?', [{ url: 'data:image/png;base64,AA' }]);
  first.answer = 'A cat';
  const failed = conversation.begin('Lost', []);
  conversation.drop(failed);
  conversation.begin('Why?', []);
  assert.deepEqual(conversation.messages(), [
    {
      role: 'user',
      content: [
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } },
        { type: 'text', text: 'What?' },
      ],
    },
    { role: 'assistant', content: 'A cat' },
    { role: 'user', content: 'Why?' },
  ]);
});
