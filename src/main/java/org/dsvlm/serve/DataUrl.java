/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.serve;

import java.util.Base64;
import java.util.Locale;
import org.dsvlm.io.Excerpt;

/** Pictures within a request, as RFC 2397 has it. */
final class DataUrl {
  private static final String SCHEME = "data:";
  private static final String BASE64 = ";base64";

  private DataUrl() {}

  /**
   * The bytes of a picture.
   *
   * @throws org.dsvlm.io.DsVlmException for any other kind of address: none is ever opened
   */
  static byte[] picture(RequestValue value) {
    String url = value.text();
    if (!url.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      throw value.wrong(
          "is "
              + Excerpt.of(url)
              + "; this server opens no address of the network and no file, so send the picture"
              + " itself, as data:image/png;base64,…");
    }
    int comma = url.indexOf(',');
    String head = comma < 0 ? "" : url.substring(SCHEME.length(), comma).toLowerCase(Locale.ROOT);
    if (!head.startsWith("image/") || !head.endsWith(BASE64)) {
      throw value.wrong(
          "is no picture in base64; it has to begin with data:image/…;base64, where … is jpeg,"
              + " png, gif, bmp or webp");
    }
    try {
      return Base64.getDecoder().decode(url.substring(comma + 1));
    } catch (IllegalArgumentException e) {
      throw value.wrong(
          "is no base64 after its comma: " + Excerpt.of(String.valueOf(e.getMessage())));
    }
  }
}
