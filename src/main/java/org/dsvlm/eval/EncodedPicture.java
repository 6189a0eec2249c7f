/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval;

import org.dsvlm.image.Picture;
import org.dsvlm.io.DsVlmException;

/** A picture of a question, read from its file when it is asked for. */
public interface EncodedPicture {
  /**
   * The bytes of a picture file (JPEG, PNG, …).
   *
   * @throws DsVlmException naming row and column, if they cannot be read or are no base64
   */
  byte[] bytes();

  /** File, row and column, for messages. */
  String where();

  /**
   * The decoded picture.
   *
   * @throws DsVlmException as {@link #bytes} does, and if the bytes are no picture
   */
  default Picture picture() {
    return Picture.read(bytes(), where());
  }
}
