// Copyright 2026 The DS-VLM for the JVM Authors
// SPDX-License-Identifier: Apache-2.0

import { copyOf, element } from './dom.js';

/** Pictures narrower than this are shown at this width. */
const SMALL = 128;

/** Shows a turn and returns its view, whose answer is still empty. */
export function show(turn) {
  const { root, parts } = copyOf('turn');
  parts.question.textContent = turn.question;
  parts.pictures.hidden = turn.pictures.length === 0;
  parts.pictures.append(...turn.pictures.map(shown));
  parts.reply.setAttribute('aria-busy', 'true');
  element('turns').append(root);
  follow(true);
  return new TurnView(root, parts);
}

export function clear() {
  element('turns').replaceChildren();
}

class TurnView {
  #root;
  #parts;

  constructor(root, parts) {
    this.#root = root;
    this.#parts = parts;
  }

  append(piece) {
    const atEnd = nearEnd();
    this.#parts.answer.append(piece);
    follow(atEnd);
  }

  /** Ends the answer; `facts` is the small line below it. */
  finish(facts) {
    const atEnd = nearEnd();
    this.#parts.reply.removeAttribute('aria-busy');
    this.#parts.facts.textContent = facts;
    follow(atEnd);
  }

  remove() {
    this.#root.remove();
  }
}

function shown(picture) {
  const image = document.createElement('img');
  image.src = picture.url;
  image.alt = picture.name;
  image.width = Math.max(picture.width, SMALL);
  image.height = Math.round((image.width * picture.height) / picture.width);
  image.classList.toggle('small', picture.width < SMALL);
  const item = document.createElement('li');
  item.append(image);
  return item;
}

/** Whether the reader is at the end, and so wants to see what comes. */
function nearEnd() {
  const page = document.scrollingElement;
  return page.scrollHeight - page.scrollTop - page.clientHeight < 80;
}

function follow(atEnd) {
  if (atEnd) {
    document.scrollingElement.scrollTop = document.scrollingElement.scrollHeight;
  }
}
