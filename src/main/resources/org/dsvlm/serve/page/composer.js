// Copyright 2026 The DS-VLM for the JVM Authors
// SPDX-License-Identifier: Apache-2.0

import { copyOf, element } from './dom.js';
import { pictureOf } from './pictures.js';

/** The question that is being written: its text and its pictures, which are dropped, pasted or chosen. */
export class Composer {
  #pictures = [];
  #adding = Promise.resolve();
  #limits;
  #say;
  #problem;

  /**
   * @param limits returns the server's limits
   * @param say speaks a sentence to screen readers
   * @param problem shows what went wrong
   */
  constructor(limits, say, problem) {
    this.#limits = limits;
    this.#say = say;
    this.#problem = problem;
    const file = element('file');
    for (const button of ['choose', 'attach']) {
      element(button).addEventListener('click', () => file.click());
    }
    file.addEventListener('change', () => {
      this.#add([...file.files]);
      file.value = ''; // so that the same file can be chosen again
    });
    for (const example of element('examples').querySelectorAll('button')) {
      example.addEventListener('click', () => this.write(example.textContent));
    }
    element('question').addEventListener('input', grow);
    document.addEventListener('paste', (event) => this.#paste(event));
    this.#receiveDrops();
  }

  /** Takes what was written, once all pictures are read, and leaves the composer empty. */
  async take() {
    await this.#adding;
    const taken = { question: element('question').value.trim(), pictures: this.#pictures };
    if (taken.question !== '') {
      this.clear();
    }
    return taken;
  }

  /** Puts back what was taken, before what has been written since. */
  restore({ question, pictures }) {
    this.#pictures = [...pictures, ...this.#pictures];
    this.#list();
    this.write([question, element('question').value].filter((text) => text !== '').join('\n'));
  }

  write(text) {
    element('question').value = text;
    grow();
    element('question').focus();
  }

  clear() {
    this.#pictures = [];
    this.#list();
    element('question').value = '';
    grow();
  }

  /** Pictures are read one after the other, so that they stand in the order in which they came. */
  #add(files) {
    for (const file of files) {
      this.#adding = this.#adding.then(() => this.#read(file));
    }
    this.#adding = this.#adding.then(() => element('question').focus());
  }

  async #read(file) {
    try {
      const picture = await pictureOf(file, this.#limits());
      this.#pictures.push(picture);
      this.#problem('');
      this.#list();
      this.#say(`Picture added: ${picture.name}. ${picture.note}`);
    } catch (failure) {
      this.#problem(failure.message);
    }
  }

  #list() {
    element('pictures').replaceChildren(...this.#pictures.map((picture) => this.#item(picture)));
    const notes = this.#pictures.map((picture) => picture.note).filter((note) => note !== '');
    element('notes').replaceChildren(...notes.map(paragraph));
  }

  #item(picture) {
    const { root, parts } = copyOf('picture');
    parts.thumbnail.src = picture.url;
    parts.name.textContent = picture.name;
    parts.remove.setAttribute('aria-label', `Remove ${picture.name}`);
    parts.remove.addEventListener('click', () => this.#remove(picture));
    return root;
  }

  #remove(picture) {
    const index = this.#pictures.indexOf(picture);
    this.#pictures.splice(index, 1);
    this.#list();
    this.#say(`Picture removed: ${picture.name}`);
    const buttons = element('pictures').querySelectorAll('button');
    (buttons[Math.min(index, buttons.length - 1)] ?? element('question')).focus();
  }

  #paste(event) {
    if (event.clipboardData.files.length > 0) {
      event.preventDefault();
      this.#add([...event.clipboardData.files]);
    }
  }

  #receiveDrops() {
    const target = element('drop');
    document.addEventListener('dragover', (event) => {
      if (draggedInto(event)) {
        return;
      }
      event.preventDefault();
      target.hidden = !event.dataTransfer.types.includes('Files');
    });
    document.addEventListener('dragleave', (event) => {
      target.hidden = target.hidden || event.relatedTarget === null;
    });
    document.addEventListener('drop', (event) => {
      target.hidden = true;
      if (draggedInto(event)) {
        return;
      }
      event.preventDefault(); // else the browser leaves the page for the file
      const files = [...event.dataTransfer.files];
      if (files.length === 0) {
        this.#problem('That is no file. Save the picture first, or copy the picture itself and paste it.');
      }
      this.#add(files);
    });
  }
}

/** Text that is dragged into a field is the browser's own matter. */
function draggedInto(event) {
  return !event.dataTransfer.types.includes('Files') && event.target.matches?.('textarea, input');
}

function paragraph(text) {
  const element = document.createElement('p');
  element.textContent = text;
  return element;
}

/** Makes the field as high as its text, up to what the style sheet allows. */
function grow() {
  const field = element('question');
  field.style.height = 'auto';
  field.style.height = `${field.scrollHeight}px`;
}
