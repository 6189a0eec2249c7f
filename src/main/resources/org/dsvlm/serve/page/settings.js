// Copyright 2026 The DS-VLM for the JVM Authors
// SPDX-License-Identifier: Apache-2.0

import { element } from './dom.js';

const FIELDS = { temperature: 'temperature', 'max-tokens': 'max_tokens', seed: 'seed' };

/**
 * The settings that are given, under the names of a chat completion.
 *
 * @throws Error that names the field whose value makes no sense; the field then has the focus
 */
export function settings() {
  const given = {};
  for (const [id, name] of Object.entries(FIELDS)) {
    const field = element(id);
    const valid = field.checkValidity();
    field.setAttribute('aria-invalid', String(!valid));
    if (!valid) {
      element('settings').open = true;
      field.focus();
      throw new Error(`${field.labels[0].firstChild.textContent.trim()}: ${field.validationMessage}`);
    }
    if (field.value !== '') {
      given[name] = field.valueAsNumber;
    }
  }
  return given;
}
