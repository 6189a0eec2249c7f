// Copyright 2026 The DS-VLM for the JVM Authors
// SPDX-License-Identifier: Apache-2.0

/** The element with this id. */
export function element(id) {
  return document.getElementById(id);
}

/** A copy of a template's one element, and its parts by name. */
export function copyOf(id) {
  const root = element(id).content.firstElementChild.cloneNode(true);
  const parts = {};
  for (const part of root.querySelectorAll('[data-part]')) {
    parts[part.dataset.part] = part;
  }
  return { root, parts };
}
