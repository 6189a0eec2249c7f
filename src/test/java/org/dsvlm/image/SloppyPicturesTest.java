/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Files whose pixels are sound though something else is not; and files that are made to be work.
 */
class SloppyPicturesTest {
  private static final Path PICTURES = Path.of("src/test/resources/pictures");

  private static byte[] bytes(String name) throws IOException {
    return Files.readAllBytes(PICTURES.resolve(name));
  }

  private static byte[] chunk(String type, byte[] content) {
    byte[] name = type.getBytes(StandardCharsets.ISO_8859_1);
    CRC32 checksum = new CRC32();
    checksum.update(name);
    checksum.update(content);
    return ByteBuffer.allocate(12 + content.length)
        .putInt(content.length)
        .put(name)
        .put(content)
        .putInt((int) checksum.getValue())
        .array();
  }

  private static byte[] joined(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  /** {@code png} with {@code more} behind its header. */
  private static byte[] with(byte[] png, byte[] more) {
    return joined(Arrays.copyOf(png, 33), more, Arrays.copyOfRange(png, 33, png.length));
  }

  private static byte[] deflated(byte[] bytes) {
    Deflater deflater = new Deflater();
    deflater.setInput(bytes);
    deflater.finish();
    byte[] out = new byte[bytes.length + 100];
    return Arrays.copyOf(out, deflater.deflate(out));
  }

  /** One row of samples, as they stand in the file. */
  private static byte[] row(int width, int depth, int colourType, byte[] samples, byte[]... more) {
    byte[] header =
        ByteBuffer.allocate(13)
            .putInt(width)
            .putInt(1)
            .put((byte) depth)
            .put((byte) colourType)
            .array();
    return joined(
        HexFormat.of().parseHex("89504e470d0a1a0a"),
        chunk("IHDR", header),
        joined(more),
        chunk("IDAT", deflated(joined(new byte[1], samples))),
        chunk("IEND", new byte[0]));
  }

  private static void showsSame(byte[] png, String pixels) throws IOException {
    Picture picture = Picture.read(png, "sloppy.png");
    assertThat(picture.rgb()).isEqualTo(PortablePixmap.read(PICTURES.resolve(pixels)).rgb());
  }

  @ParameterizedTest
  @CsvSource({
    "tEXt, ''",
    "tEXt, 6e6f7468696e6720656c7365",
    "tEXt, 000000",
    "zTXt, 6b00ff",
    "zTXt, 6b0000ffffffff",
    "zTXt, ''",
    "iTXt, 6b0001",
    "iTXt, 6b00010000000000",
    "iTXt, ff",
    "iCCP, 6b0000ffff",
    "cHRM, 0000",
    "gAMA, 00",
    "sRGB, ''",
    "tIME, 07e8",
    "sBIT, 08",
    "hIST, 0001",
    "bKGD, 00",
    "sPLT, 6b00",
    "pHYs, 00",
    "eXIf, 00",
    "PLTE, 01020304",
    "tRNS, 000000000000",
    "tRNS, 00",
    "acTL, 00",
    "fcTL, 00",
    "fdAT, 00000000ff",
    "prIv, 00"
  })
  @BadInput(
      number = 85,
      value = "a PNG with sound pixels and an ancillary chunk that is not",
      then = "accepted, with the pixels of Pillow")
  void anAncillaryChunkThatIsNotSound(String type, String content) throws IOException {
    byte[] chunk = chunk(type, HexFormat.of().parseHex(content));
    for (String name : new String[] {"rgb.png", "gray.png", "alpha.png", "palette_4bit.png"}) {
      byte[] png = bytes(name);
      if (!(type.equals("PLTE") && name.startsWith("palette"))) {
        showsSame(with(png, chunk), name + ".ppm");
      }
      byte[] keyword =
          chunk("tEXt", ("k".repeat(300) + "\0text").getBytes(StandardCharsets.US_ASCII));
      showsSame(with(png, joined(keyword, chunk("tEXt", new byte[0]))), name + ".ppm");
    }
  }

  @Test
  @BadInput(
      number = 85,
      value = "a PNG that ends behind its pixels, or with a wrong checksum there",
      then = "accepted, with the pixels of Pillow")
  void aPngWithoutItsEnd() throws IOException {
    byte[] png = bytes("rgb.png");
    showsSame(Arrays.copyOf(png, png.length - 12), "rgb.png.ppm");
    showsSame(Arrays.copyOf(png, png.length - 14), "rgb.png.ppm");
    byte[] changed = png.clone();
    changed[png.length - 13] ^= 1;
    showsSame(changed, "rgb.png.ppm");
    showsSame(joined(png, "<html>".getBytes(StandardCharsets.US_ASCII)), "rgb.png.ppm");
  }

  /** What Pillow 12.3 gives for the same bytes. */
  @Test
  @BadInput(
      number = 85,
      value = "a 16-bit grey PNG with a transparent grey",
      then = "accepted, with the pixels of Pillow: greys above 255 are white")
  void greysOf16BitsWithATransparentOne() throws IOException {
    byte[] transparent = chunk("tRNS", new byte[] {0, 7});
    assertThat(Picture.read(row(2, 16, 0, new byte[] {0, 7, 1, 0}, transparent), "p").rgb())
        .containsExactly(7, 7, 7, 255, 255, 255);
    showsSame(with(bytes("gray_16bit.png"), transparent), "gray_16bit.png.ppm");
    showsSame(with(bytes("gray_1bit.png"), chunk("tRNS", new byte[] {0, 1})), "gray_1bit.png.ppm");
    assertThat(Picture.read(row(1, 16, 4, new byte[] {1, 9, 0, 0}), "p").rgb())
        .containsExactly(1, 1, 1);
  }

  /** What Pillow 12.3 gives for the same bytes. */
  @Test
  @BadInput(
      number = 85,
      value = "an index past the end of a palette, or no palette",
      then = "accepted: it is black, as in Pillow")
  void indexesPastThePalette() {
    byte[] two = {10, 20, 30, 40, 50, 60};
    byte[] samples = {0, 1, 2, (byte) 200};
    byte[] shown = {10, 20, 30, 40, 50, 60, 0, 0, 0, 0, 0, 0};
    assertThat(Picture.read(row(4, 8, 3, samples, chunk("PLTE", two)), "p").rgb()).isEqualTo(shown);
    assertThat(Picture.read(row(4, 2, 3, new byte[] {0b00011011}, chunk("PLTE", two)), "p").rgb())
        .isEqualTo(shown);
    byte[] transparent = chunk("tRNS", new byte[] {(byte) 0x80, 0x40});
    assertThat(Picture.read(row(4, 8, 3, samples, chunk("PLTE", two), transparent), "p").rgb())
        .isEqualTo(shown);
    assertThat(Picture.read(row(4, 8, 3, samples, transparent, chunk("PLTE", two)), "p").rgb())
        .isEqualTo(shown);
    assertThat(Picture.read(row(4, 8, 3, samples), "p").rgb()).containsOnly(0);
    byte[] five = Arrays.copyOf(two, 5);
    assertThat(Picture.read(row(4, 8, 3, samples, chunk("PLTE", five)), "p").rgb())
        .containsExactly(10, 20, 30, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    assertThatThrownBy(
            () -> Picture.read(row(4, 8, 3, samples, chunk("PLTE", new byte[1024])), "p"))
        .isInstanceOf(DsVlmException.class)
        .hasMessage("p: the PNG has a palette of 1024 bytes; download it again");
  }

  /** Only what holds pixels is handed to a decoder, however long the rest is. */
  @Test
  @BadInput(
      number = 87,
      value = "a PNG or GIF with megabytes of text, packed or not",
      then = "accepted; the text is passed over, and not a byte of it reaches a decoder")
  void textIsPassedOver() throws IOException {
    byte[] packed = deflated(new byte[1 << 20]);
    byte[] text = chunk("zTXt", joined(new byte[] {'k', 0, 0}, packed));
    byte[] png = bytes("rgb.png");
    byte[] many = with(png, joined(text, chunk("tEXt", new byte[1 << 22])));
    assertThat(PngChunks.read(many, "p").pixels()).hasSizeLessThanOrEqualTo(png.length);
    showsSame(many, "rgb.png.ppm");

    byte[] gif = bytes("partial.gif");
    int table = 13 + ((gif[10] & 0x80) == 0 ? 0 : 3 * (2 << (gif[10] & 7)));
    ByteArrayOutputStream comment = new ByteArrayOutputStream();
    comment.write(0x21);
    comment.write(0xfe);
    for (int block = 0; block < 80_000; block++) {
      comment.write(255);
      comment.writeBytes(new byte[255]);
    }
    comment.write(0);
    byte[] long20 =
        joined(
            Arrays.copyOf(gif, table),
            comment.toByteArray(),
            Arrays.copyOfRange(gif, table, gif.length));
    assertThat(long20).hasSizeGreaterThan(20_000_000);
    assertThat(GifBlocks.firstFrame(long20, "g")).isEqualTo(GifBlocks.firstFrame(gif, "g"));
    assertThat(GifBlocks.firstFrame(gif, "g")).hasSizeLessThanOrEqualTo(gif.length + 1);
    assertThat(Picture.read(long20, "g").rgb())
        .isEqualTo(PortablePixmap.read(PICTURES.resolve("partial.gif.ppm")).rgb());
  }

  @Test
  void gifsWithoutAPictureAreRefused() {
    byte[] screen = HexFormat.of().parseHex("47494638396101000100000000");
    assertThatThrownBy(() -> Picture.read(joined(screen, new byte[] {0x3b}), "g"))
        .hasMessage("g: the GIF holds no picture; download it again");
    assertThatThrownBy(() -> Picture.read(joined(screen, new byte[] {0x21, (byte) 0xfe, 9}), "g"))
        .hasMessage("g: the GIF is cut short after 16 bytes; download it again");
  }

  /** The bytes of a progressive JPEG with its last scan {@code times} more, and of another size. */
  private static byte[] manyScans(int times, int side) throws IOException {
    byte[] jpeg = bytes("progressive.jpg");
    int last = jpeg.length - 2;
    while (!(jpeg[last] == (byte) 0xff && jpeg[last + 1] == (byte) 0xda)) {
      last--;
    }
    byte[] scan = Arrays.copyOfRange(jpeg, last, jpeg.length - 2);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(jpeg, 0, jpeg.length - 2);
    for (int i = 0; i < times; i++) {
      out.writeBytes(scan);
    }
    out.write(jpeg, jpeg.length - 2, 2);
    byte[] many = out.toByteArray();
    for (int at = 2; side > 0; at += 2 + ((many[at + 2] & 0xff) << 8 | many[at + 3] & 0xff)) {
      if (many[at + 1] == (byte) 0xc2) {
        ByteBuffer.wrap(many).putShort(at + 5, (short) side).putShort(at + 7, (short) side);
        break;
      }
    }
    return many;
  }

  @Test
  @BadInput(
      number = 87,
      value = "a JPEG of thousands of scans over millions of pixels",
      then = "an error with the size and the number of scans, before any is decoded")
  void aJpegOfThousandsOfScans() throws IOException {
    byte[] bomb = manyScans(3000, 13_000);
    int scans = JpegMarkers.read(bomb, "j").scans();
    assertThat(scans).isGreaterThan(3000);
    assertThatThrownBy(() -> Picture.read(bomb, "j"))
        .isInstanceOf(DsVlmException.class)
        .hasMessage(
            "j: the JPEG passes over its 13000 x 13000 pixels " + scans + " times; save it anew");
    Picture few = Picture.read(manyScans(0, 0), "j");
    assertThat(few.width()).isPositive();
  }

  @Test
  void aSecondFrameHeaderIsRefused() throws IOException {
    byte[] jpeg = bytes("rgb.jpg");
    int at = 2;
    while (jpeg[at + 1] != (byte) 0xc0) {
      at += 2 + ((jpeg[at + 2] & 0xff) << 8 | jpeg[at + 3] & 0xff);
    }
    int end = at + 2 + ((jpeg[at + 2] & 0xff) << 8 | jpeg[at + 3] & 0xff);
    byte[] twice =
        joined(
            Arrays.copyOf(jpeg, end),
            Arrays.copyOfRange(jpeg, at, end),
            Arrays.copyOfRange(jpeg, end, jpeg.length));
    assertThatThrownBy(() -> Picture.read(twice, "j"))
        .hasMessage("j: the JPEG has two frame headers; download it again");
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 5})
  void aBmpThatHoldsAnotherPictureIsRefused(int compression) throws IOException {
    byte[] bmp = bytes("rgb.bmp");
    bmp[30] = (byte) compression;
    assertThatThrownBy(() -> Picture.read(bmp, "b"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith("b: a BMP that holds a " + (compression == 4 ? "JPEG" : "PNG"));
  }

  @Test
  @BadInput(
      number = 87,
      value = "a picture of few bytes whose pixels would fill the JVM's heap",
      then = "an error that names the heap, before any pixel is allocated")
  void pixelsThatFillTheHeap() {
    long side = 1;
    while (3 * side * side <= Runtime.getRuntime().maxMemory() / 2) {
      side++;
    }
    long large = side;
    if (large * large <= Picture.MAX_PIXELS) {
      assertThatThrownBy(() -> Picture.requireSize(large, large, "g", Picture.MAX_PIXELS))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("pixels take more than half of the JVM's")
          .hasMessageContaining("-Xmx");
    }
    long sound = Math.min(side / 2, (long) Math.sqrt(Picture.MAX_PIXELS));
    Picture.requireSize(sound, sound, "g", Picture.MAX_PIXELS);
  }

  /** As in Pillow 12.3, which looks at the checksums of these two chunks alone. */
  @Test
  @BadInput(
      number = 85,
      value = "a PNG with a wrong checksum of its header, its palette or its pixels",
      then = "header and palette: an error; pixels: accepted, and the ledger names the file")
  void checksumsOfAPng() throws IOException {
    byte[] rgb = bytes("rgb.png");
    byte[] header = rgb.clone();
    header[29] ^= 1;
    assertThatThrownBy(() -> Picture.read(header, "p"))
        .isInstanceOf(DsVlmException.class)
        .hasMessage("p: the PNG's IHDR has another checksum than it says; download it again");
    byte[] palette = bytes("palette_4bit.png");
    int at = 33;
    while (!new String(palette, at + 4, 4, StandardCharsets.US_ASCII).equals("PLTE")) {
      at += 12 + ByteBuffer.wrap(palette).getInt(at);
    }
    palette[at + 8 + ByteBuffer.wrap(palette).getInt(at)] ^= 1;
    assertThatThrownBy(() -> Picture.read(palette, "p"))
        .hasMessageStartingWith("p: the PNG's PLTE has another checksum");
    byte[] pixels = rgb.clone();
    pixels[pixels.length - 13] ^= 1;
    assertThat(Picture.read(pixels, "p").warning())
        .isEqualTo("the PNG is damaged (1 wrong checksums); parts of it may be wrong");
    assertThat(Picture.read(rgb, "p").warning()).isEmpty();
  }

  /** {@code bmp}, which has the oldest usual header, with the newest one. */
  private static byte[] newest(byte[] bmp, String space, byte[] profile) {
    int pixels = ByteBuffer.wrap(bmp).order(ByteOrder.LITTLE_ENDIAN).getInt(10);
    byte[] more = new byte[124 - 40];
    byte[] all =
        joined(Arrays.copyOf(bmp, 54), more, Arrays.copyOfRange(bmp, 54, bmp.length), profile);
    ByteBuffer header = ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN);
    header.putInt(2, all.length).putInt(10, pixels + more.length).putInt(14, 124);
    header.putInt(70, ByteBuffer.wrap(space.getBytes(StandardCharsets.US_ASCII)).getInt());
    header.putInt(126, bmp.length + more.length - 14).putInt(130, profile.length);
    return all;
  }

  /** MBED and LINK stand for an embedded profile, and for one in a file that is named. */
  @ParameterizedTest
  @CsvSource({"MBED, no profile", "LINK, /etc/hostname", "MBED, ''", "sRGB, ''", "none, x"})
  @BadInput(
      number = 85,
      value = "a BMP with a broken colour profile, or with the name of a file that holds one",
      then = "accepted, with the pixels of Pillow; the file that is named is not opened")
  void theColourProfileOfABmp(String space, String profile) throws IOException {
    byte[] text = profile.getBytes(StandardCharsets.US_ASCII);
    for (String name : new String[] {"rgb.bmp", "palette.bmp", "black_white.bmp"}) {
      showsSame(newest(bytes(name), space, text), name + ".ppm");
    }
  }

  @Test
  void aBmpWhosePixelsWouldBeginBehindItsEnd() throws IOException {
    byte[] bmp = bytes("palette.bmp");
    ByteBuffer.wrap(bmp).order(ByteOrder.LITTLE_ENDIAN).putInt(10, Integer.MAX_VALUE);
    assertThatThrownBy(() -> Picture.read(bmp, "b"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith("b: the BMP's pixels would begin at byte 2147483647");
  }
}
