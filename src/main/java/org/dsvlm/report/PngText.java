/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.report;

import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import org.dsvlm.io.DsVlmException;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** The texts in a PNG file. */
final class PngText {
  private PngText() {}

  /**
   * The text {@code Description} of {@code file}; nothing if it has none.
   *
   * @throws DsVlmException if the file cannot be read
   */
  static String description(Path file) {
    ImageReader reader = ImageIO.getImageReadersByFormatName("png").next();
    try (ImageInputStream stream = ImageIO.createImageInputStream(file.toFile())) {
      reader.setInput(stream);
      Element root = (Element) reader.getImageMetadata(0).getAsTree("javax_imageio_png_1.0");
      NodeList entries = root.getElementsByTagName("tEXtEntry");
      for (int i = 0; i < entries.getLength(); i++) {
        Element entry = (Element) entries.item(i);
        if (entry.getAttribute("keyword").equals("Description")) {
          return entry.getAttribute("value");
        }
      }
      return "";
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be read: " + e.getMessage(), e);
    } finally {
      reader.dispose();
    }
  }
}
