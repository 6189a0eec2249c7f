// Copyright 2026 The DS-VLM for the JVM Authors
// SPDX-License-Identifier: Apache-2.0

const ORIENTATION = 0x0112;

/**
 * The EXIF orientation of a JPEG file, 1 to 8, or 1 where none is stated: the server, as Pillow does, leaves the
 * pixels as they are stored, and browsers turn them.
 *
 * @param bytes an ArrayBuffer with the file's beginning
 */
export function orientation(bytes) {
  try {
    const exif = exifOf(new DataView(bytes));
    return exif === null ? 1 : stated(exif);
  } catch (failure) {
    if (failure instanceof RangeError) {
      return 1; // cut short
    }
    throw failure;
  }
}

/** The TIFF part of the segment APP1 "Exif", or null. */
function exifOf(view) {
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) {
    return null;
  }
  for (let at = 2; view.getUint8(at) === 0xff && view.getUint8(at + 1) !== 0xda; ) {
    const length = view.getUint16(at + 2);
    if (view.getUint8(at + 1) === 0xe1 && view.getUint32(at + 4) === 0x45786966) {
      return new DataView(view.buffer, view.byteOffset + at + 10);
    }
    at += 2 + length;
  }
  return null;
}

function stated(tiff) {
  const little = tiff.getUint16(0) === 0x4949;
  const directory = tiff.getUint32(4, little);
  const entries = tiff.getUint16(directory, little);
  for (let entry = 0; entry < entries; entry++) {
    const at = directory + 2 + 12 * entry;
    if (tiff.getUint16(at, little) === ORIENTATION) {
      const value = tiff.getUint16(at + 8, little);
      return value >= 1 && value <= 8 ? value : 1;
    }
  }
  return 1;
}
