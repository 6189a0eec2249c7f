// Copyright 2026 The DS-VLM for the JVM Authors
// SPDX-License-Identifier: Apache-2.0

import { Composer } from './composer.js';
import { Conversation } from './conversation.js';
import { element } from './dom.js';
import { Server } from './server.js';
import { settings } from './settings.js';
import * as transcript from './transcript.js';

/** Why an answer was stopped, where its question is not to come back. */
const BEGUN_ANEW = 'a new conversation was begun';

const server = new Server();
const conversation = new Conversation();
const composer = new Composer(() => model?.limits ?? {}, say, problem);
let model = null;
/** Stops the answer that is being made; null while there is none. */
let running = null;

function say(sentence) {
  element('spoken').textContent = sentence;
}

function problem(sentence) {
  element('problem').textContent = sentence;
}

/** Asks the server for its model, and the reader for an API key if the server wants one. */
async function loadModel() {
  try {
    model = await server.model();
  } catch (failure) {
    element('model').textContent = 'no model';
    fail(failure);
    return false;
  }
  element('model').textContent = model.id;
  document.title = `${model.id} · DS-VLM`;
  element('key-form').hidden = true;
  problem('');
  return true;
}

function fail(failure) {
  // That a key is wanted at all, the field for it says.
  problem(failure.keyWanted && element('key-form').hidden ? '' : failure.message);
  if (failure.keyWanted) {
    element('key-form').hidden = false;
    element('key').focus();
  }
}

async function send() {
  if (running !== null) {
    say('The last question is still being answered. Escape stops it.');
    return;
  }
  running = new AbortController();
  try {
    const given = settings();
    if (model === null && !(await loadModel())) {
      return;
    }
    const written = await composer.take();
    if (written.question === '') {
      problem('Type a question first.');
      element('question').focus();
      return;
    }
    problem('');
    await answer(conversation.begin(written.question, written.pictures), given);
  } catch (failure) {
    problem(failure.message);
  } finally {
    running = null;
    arrange();
  }
}

async function answer(turn, given) {
  const view = transcript.show(turn);
  const signal = running.signal;
  const begun = performance.now();
  arrange();
  say('Answering.');
  try {
    const request = { model: model.id, messages: conversation.messages(), ...given };
    const { finish, usage } = await server.ask(request, signal, (piece) => {
      turn.answer += piece;
      view.append(piece);
    });
    view.finish(facts(turn, finish, usage, performance.now() - begun));
    say(`Answer: ${turn.answer}`);
  } catch (failure) {
    if (signal.reason === BEGUN_ANEW) {
      return;
    }
    if (turn.answer === '') {
      conversation.drop(turn);
      view.remove();
      composer.restore(turn);
    } else {
      view.finish(signal.aborted ? 'stopped' : 'broken off');
    }
    if (signal.aborted) {
      say('Stopped.');
    } else {
      fail(failure);
    }
  }
}

function facts(turn, finish, usage, milliseconds) {
  const tokens = usage?.completion_tokens;
  return [
    turn.answer === '' ? 'the model answered nothing' : '',
    tokens === undefined ? '' : `${tokens} ${tokens === 1 ? 'token' : 'tokens'}`,
    `${(milliseconds / 1000).toFixed(1)} s`,
    finish === 'length' ? 'ended at the limit of tokens' : '',
  ]
    .filter((fact) => fact !== '')
    .join(' · ');
}

/** Shows what fits the moment: the welcome before the first turn, Stop while an answer is made. */
function arrange() {
  const busy = running !== null;
  const focused = document.activeElement;
  element('welcome').hidden = !conversation.empty;
  element('new').hidden = conversation.empty;
  element('send').hidden = busy;
  element('stop').hidden = !busy;
  if (focused?.hidden) {
    element('question').focus();
  }
}

function stop() {
  running?.abort();
}

element('ask').addEventListener('submit', (event) => {
  event.preventDefault();
  send();
});
element('question').addEventListener('keydown', (event) => {
  // While a word is being composed, Enter belongs to the input method.
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    send();
  }
});
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') {
    stop();
  }
});
element('stop').addEventListener('click', stop);
element('new').addEventListener('click', () => {
  running?.abort(BEGUN_ANEW);
  conversation.clear();
  transcript.clear();
  composer.clear();
  problem('');
  say('New conversation.');
  arrange();
  element('question').focus();
});
element('key-form').addEventListener('submit', async (event) => {
  event.preventDefault();
  server.useKey(element('key').value);
  if (await loadModel()) {
    element('question').focus();
  }
});

loadModel();
if (matchMedia('(pointer: fine)').matches) {
  // On a phone the keyboard would cover half of the page.
  element('question').focus();
}
