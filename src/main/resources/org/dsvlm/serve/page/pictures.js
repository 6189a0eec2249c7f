// Copyright 2026 The DS-VLM for the JVM Authors
// SPDX-License-Identifier: Apache-2.0

import { orientation } from './orientation.js';

/** What the server decodes; anything else that the browser can show is sent as PNG. */
const TAKEN = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/bmp', 'image/webp']);

/**
 * A picture as it is sent: `{name, url, width, height, note}`, with a data URL. The file's own bytes, unless the
 * server does not take them: then `note` says what was done.
 *
 * @param limits of the server: `picture_pixels` and `request_bytes`, each perhaps absent
 * @throws Error with a message for the person at the page
 */
export async function pictureOf(file, limits) {
  const name = file.name || 'pasted picture';
  const image = await decoded(file, name);
  const [width, height] = [image.naturalWidth, image.naturalHeight];
  const pixels = limits.picture_pixels ?? Infinity;
  const characters = charactersOf(limits);
  const scale = Math.min(1, Math.sqrt(pixels / (width * height)));
  const done = [];
  if (scale < 1) {
    done.push('made smaller, as the server takes fewer pixels');
  }
  if (file.type === 'image/jpeg' && orientation(await file.arrayBuffer()) > 1) {
    done.push('turned upright');
  }
  if (!TAKEN.has(file.type)) {
    done.push('converted to PNG');
  }
  if (done.length === 0) {
    const url = await dataUrl(file);
    if (url.length <= characters) {
      return { name, url, width, height, note: '' };
    }
    done.push('made smaller, as the server takes fewer bytes');
  }
  return { name, ...redrawn(image, scale, characters, file.type), note: `${name}: ${done.join(', ')}.` };
}

/** The length that the data URL of one picture may have, so that as many as the server takes fit into a request. */
function charactersOf(limits) {
  return limits.request_bytes ? (0.9 * limits.request_bytes) / (limits.pictures ?? 4) : Infinity;
}

async function decoded(file, name) {
  const image = new Image();
  const url = URL.createObjectURL(file);
  image.src = url;
  try {
    await image.decode();
  } catch {
    throw new Error(`${name} is no picture that this browser can read. PNG, JPEG, WebP, GIF and BMP are.`);
  } finally {
    URL.revokeObjectURL(url);
  }
  if (image.naturalWidth === 0) {
    throw new Error(`${name} has no size of its own. Save it as PNG first.`);
  }
  return image;
}

/** The picture drawn anew, smaller and smaller until it fits. */
function redrawn(image, scale, characters, type) {
  const canvas = document.createElement('canvas');
  for (let factor = scale; ; factor *= 0.7) {
    canvas.width = Math.max(1, Math.floor(image.naturalWidth * factor));
    canvas.height = Math.max(1, Math.floor(image.naturalHeight * factor));
    canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
    const url = type === 'image/jpeg' ? canvas.toDataURL('image/jpeg', 0.92) : canvas.toDataURL('image/png');
    // A canvas that is too large for the browser has the URL "data:,".
    const drawn = url.startsWith('data:image/');
    if ((drawn && url.length <= characters) || canvas.width * canvas.height === 1) {
      return { url, width: canvas.width, height: canvas.height };
    }
  }
}

function dataUrl(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(new Error(`${file.name} cannot be read. Is it still there?`));
    reader.readAsDataURL(file);
  });
}
