/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.image;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.IOException;
import javax.imageio.ImageReader;
import javax.imageio.metadata.IIOMetadataNode;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * The first frame of a GIF on its canvas. A frame may cover a part of the canvas; what it leaves
 * free has the transparent colour or, without one, the first of the palette. Without any palette an
 * index is a grey level.
 */
final class GifDecoder {
  /** Flag in the screen descriptor: a palette for all frames follows. */
  private static final int GLOBAL_TABLE = 0x80;

  private GifDecoder() {}

  static Picture decode(byte[] data, String where, long most) throws IOException {
    byte[] first = GifBlocks.firstFrame(data, where);
    return PlainDecoder.withReader("gif", first, reader -> firstFrame(reader, first, where, most));
  }

  private static Picture firstFrame(ImageReader reader, byte[] data, String where, long most)
      throws IOException {
    IIOMetadataNode frame =
        (IIOMetadataNode) reader.getImageMetadata(0).getAsTree("javax_imageio_gif_image_1.0");
    Element place = child(frame, "ImageDescriptor");
    int left = number(place, "imageLeftPosition");
    int top = number(place, "imageTopPosition");
    long width = Math.max(littleEndian16(data, 6), left + (long) reader.getWidth(0));
    long height = Math.max(littleEndian16(data, 8), top + (long) reader.getHeight(0));
    Picture.requireSize(width, height, where, most);

    BufferedImage image = reader.read(0);
    IndexColorModel model = (IndexColorModel) image.getColorModel();
    boolean hasTable = (data[10] & GLOBAL_TABLE) != 0 || child(frame, "LocalColorTable") != null;
    PaletteColours palette = hasTable ? PaletteColours.of(model) : PaletteColours.greys();
    byte[] pixels = palette.rgb(image.getRaster());
    if (image.getWidth() == width && image.getHeight() == height) {
      return new Picture((int) width, (int) height, pixels);
    }
    byte[] canvas = new byte[(int) (3 * width * height)];
    for (int i = 0; i < width * height; i++) {
      palette.put(Math.max(0, model.getTransparentPixel()), canvas, i);
    }
    int rowBytes = 3 * image.getWidth();
    for (int y = 0; y < image.getHeight(); y++) {
      int start = (int) (3 * ((top + y) * width + left));
      System.arraycopy(pixels, y * rowBytes, canvas, start, rowBytes);
    }
    return new Picture((int) width, (int) height, canvas);
  }

  private static Element child(IIOMetadataNode node, String name) {
    NodeList found = node.getElementsByTagName(name);
    return (Element) found.item(0);
  }

  private static int number(Element element, String attribute) {
    return Integer.parseInt(element.getAttribute(attribute));
  }

  private static int littleEndian16(byte[] data, int at) {
    return (data[at] & 0xff) | (data[at + 1] & 0xff) << 8;
  }
}
