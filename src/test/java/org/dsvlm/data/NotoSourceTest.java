/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;
import org.dsvlm.data.NotoArchive.Look;
import org.dsvlm.data.NotoSource.Split;
import org.dsvlm.image.Picture;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.RandomState;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs on an archive drawn here: cells of different colours with a clear left edge. */
class NotoSourceTest {
  private static final int DIFFERENT_STRIPS = 3;

  @TempDir static Path folder;
  private static NotoArchive archive;

  @BeforeAll
  static void drawArchive() throws IOException {
    byte[][] strips = new byte[DIFFERENT_STRIPS][];
    for (int i = 0; i < DIFFERENT_STRIPS; i++) {
      strips[i] = strip(i);
    }
    Path file = folder.resolve("noto.zip");
    try (OutputStream stream = Files.newOutputStream(file);
        ZipOutputStream zip = new ZipOutputStream(stream)) {
      for (int sheet : NotoEmoji.all().stream().mapToInt(NotoEmoji::sheet).distinct().toArray()) {
        zip.putNextEntry(
            new ZipEntry("res/drawable-nodpi-v4/emoji_google_sheet_" + sheet + ".png"));
        zip.write(strips[sheet % DIFFERENT_STRIPS]);
        zip.closeEntry();
      }
    }
    archive = NotoArchive.open(file);
  }

  private static byte[] strip(int number) throws IOException {
    BufferedImage image = new BufferedImage(66, 66 * 62, BufferedImage.TYPE_INT_ARGB);
    Graphics2D graphics = image.createGraphics();
    for (int row = 0; row < 62; row++) {
      graphics.setColor(new Color(colour(number, row)));
      graphics.fillRect(1 + 8, 1 + 66 * row, 56, 64);
      // Half clear, to be mixed with what is behind.
      image.setRGB(1, 1 + 66 * row, 0x80000000);
    }
    graphics.dispose();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(image, "png", bytes);
    return bytes.toByteArray();
  }

  private static int colour(int sheet, int row) {
    return 80 * (sheet % DIFFERENT_STRIPS) << 16 | 4 * row << 8 | 0x11;
  }

  private static int colour(NotoEmoji emoji) {
    return colour(emoji.sheet(), emoji.row());
  }

  @Test
  void picturesLieInTheirCellsOnWhite() {
    for (NotoEmoji emoji : archive.emoji()) {
      Picture picture = archive.picture(emoji);
      assertThat(picture.width()).isEqualTo(64);
      assertThat(picture.height()).isEqualTo(64);
      assertThat(pixel(picture, 7, 30)).as("left edge").isEqualTo(0xFFFFFF);
      assertThat(pixel(picture, 8, 0)).as(emoji.code()).isEqualTo(colour(emoji));
      assertThat(pixel(picture, 63, 63)).as(emoji.code()).isEqualTo(colour(emoji));
      assertThat(pixel(picture, 0, 0)).as("half clear black").isEqualTo(0x7F7F7F);
    }
  }

  @Test
  void aLookMovesMirrorsAndColours() {
    NotoEmoji emoji = archive.emoji().get(5);
    Picture picture = archive.picture(emoji, new Look(3, -2, false, 0xC0D0E0));
    assertThat(pixel(picture, 10, 30)).isEqualTo(0xC0D0E0);
    assertThat(pixel(picture, 11, 30)).isEqualTo(colour(emoji));
    assertThat(pixel(picture, 30, 61)).isEqualTo(colour(emoji));
    assertThat(pixel(picture, 30, 62)).isEqualTo(0xC0D0E0);
    Picture mirrored = archive.picture(emoji, new Look(0, 0, true, 0xFFFFFF));
    assertThat(pixel(mirrored, 55, 30)).isEqualTo(colour(emoji));
    assertThat(pixel(mirrored, 56, 30)).isEqualTo(0xFFFFFF);
  }

  @Test
  void theSplitIsFixedAndDisjoint() {
    List<String> train = ids(NotoSource.captions(archive, Split.TRAIN, 1));
    List<String> heldOut = ids(NotoSource.captions(archive, Split.HELD_OUT, 1));
    assertThat(train).doesNotContainAnyElementsOf(heldOut);
    assertThat(train.size() + heldOut.size()).isEqualTo(1902);
    assertThat(heldOut).hasSizeBetween(150, 230);
    assertThat(ids(NotoSource.questions(archive, Split.HELD_OUT, 99)).stream().distinct())
        .containsExactlyElementsOf(heldOut);
  }

  @Test
  void captionsAndQuestionsAreRecordsOfOnePicture() {
    Map<String, NotoEmoji> byCode =
        archive.emoji().stream().collect(Collectors.toMap(NotoEmoji::code, Function.identity()));
    NotoSource captions = NotoSource.captions(archive, Split.TRAIN, 1);
    NotoSource questions = NotoSource.questions(archive, Split.TRAIN, 1);
    for (int i = 0; i < captions.size(); i++) {
      NotoEmoji emoji = byCode.get(captions.id(i));
      LlavaRecord caption = captions.get(i);
      assertThat(caption.hasPicture()).isTrue();
      assertThat(caption.turns()).hasSize(2);
      assertThat(caption.turns().get(0).text()).isEqualTo("<image>");
      assertThat(caption.turns().get(1).text()).startsWith(emoji.name() + ", ");
      for (int half = 0; half < 2; half++) {
        LlavaRecord asked = questions.get(2 * i + half);
        assertThat(asked.id()).isEqualTo(emoji.code());
        assertThat(asked.turns().get(0).text()).startsWith("<image>\n");
        assertThat(asked.turns().stream().skip(1))
            .noneMatch(turn -> turn.text().contains("<image>"));
      }
    }
    assertThat(questions.get(3)).isEqualTo(NotoSource.questions(archive, Split.TRAIN, 1).get(3));
  }

  @Test
  void questionsAboutHeldOutPicturesAreAFile() throws IOException {
    Path file = folder.resolve("nano.tsv");
    int count = NotoQuestionFile.write(file, archive);
    List<String[]> rows =
        Files.readAllLines(file).stream().map(line -> line.split("\t", -1)).toList();
    assertThat(rows.get(0))
        .containsExactly("\"index\"", "\"image\"", "\"question\"", "\"answer\"", "\"category\"");
    assertThat(rows).hasSize(count + 1);
    NotoSource heldOut = NotoSource.captions(archive, Split.HELD_OUT, 0);
    Map<String, List<String[]>> byCode =
        rows.stream()
            .skip(1)
            .collect(Collectors.groupingBy(row -> row[0].substring(1, row[0].indexOf('/'))));
    assertThat(byCode.keySet()).containsExactlyInAnyOrderElementsOf(ids(heldOut));
    for (int i = 0; i < heldOut.size(); i++) {
      List<String[]> own = byCode.get(heldOut.id(i));
      byte[] png = Base64.getDecoder().decode(own.get(0)[1].replace("\"", ""));
      assertThat(Picture.read(png, "cell").rgb()).isEqualTo(heldOut.pictures(i, 0).get(0).rgb());
      assertThat(own).hasSizeBetween(3, 4);
      assertThat(own.stream().skip(1)).allMatch(row -> row[1].equals(own.get(0)[0]));
      assertThat(own).extracting(row -> row[4]).doesNotContain("\"name\"");
    }
    Path again = folder.resolve("again.tsv");
    NotoQuestionFile.write(again, archive);
    assertThat(again).hasSameBinaryContentAs(file);
  }

  @Test
  void picturesVaryByRecordAndEpochAlone() {
    NotoSource train = NotoSource.captions(archive, Split.TRAIN, 1);
    assertThat(train.pictures(3, 5).get(0).rgb()).isEqualTo(train.pictures(3, 5).get(0).rgb());
    assertThat(train.pictures(3, 5).get(0).rgb()).isNotEqualTo(train.pictures(4, 5).get(0).rgb());
    assertThat(train.pictures(3, 5).get(0).rgb()).isNotEqualTo(train.pictures(3, 6).get(0).rgb());
    assertThat(train.pictures(3, 5).get(0).rgb())
        .isNotEqualTo(NotoSource.captions(archive, Split.TRAIN, 2).pictures(3, 5).get(0).rgb());
    NotoSource heldOut = NotoSource.captions(archive, Split.HELD_OUT, 1);
    assertThat(heldOut.pictures(3, 5).get(0).rgb()).isEqualTo(heldOut.pictures(3, 6).get(0).rgb());
  }

  @Test
  void onlyWhatStaysTrueIsMirrored() {
    Set<String> mirrored = new HashSet<>();
    for (NotoEmoji emoji : archive.emoji()) {
      for (long seed = 0; seed < 8; seed++) {
        Look look = NotoAugmentation.look(emoji, new RandomState(seed).fork(emoji.code()));
        assertThat(look.right()).isBetween(-4, 4);
        assertThat(look.down()).isBetween(-4, 4);
        assertThat(look.background() & 0xC0C0C0).isEqualTo(0xC0C0C0);
        if (look.flipped()) {
          mirrored.add(emoji.name());
        }
      }
    }
    assertThat(mirrored)
        .contains("hot pepper", "crocodile")
        .noneMatch(name -> name.contains("left") || name.contains("right"))
        .noneMatch(name -> name.startsWith("flag of") || name.startsWith("clock face"));
  }

  @Test
  void anArchiveThatIsMissingOrAnotherIsExplained() throws IOException {
    String before = System.getProperty(NotoArchive.PROPERTY);
    try {
      System.setProperty(NotoArchive.PROPERTY, folder.resolve("none.zip").toString());
      assertThatThrownBy(NotoArchive::locate)
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("none.zip")
          .hasMessageContaining("mvn process-resources");
      Path other = Files.write(folder.resolve("other.zip"), new byte[] {1, 2});
      System.setProperty(NotoArchive.PROPERTY, other.toString());
      assertThat(NotoArchive.locate()).isEqualTo(other);
      assertThatThrownBy(() -> NotoArchive.open(other))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("other.zip: cannot be read");
      Path empty = folder.resolve("empty.zip");
      try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(empty))) {
        zip.putNextEntry(new ZipEntry("x"));
      }
      assertThatThrownBy(() -> NotoArchive.open(empty))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("has no picture")
          .hasMessageContaining("0.23.0");
    } finally {
      if (before == null) {
        System.clearProperty(NotoArchive.PROPERTY);
      } else {
        System.setProperty(NotoArchive.PROPERTY, before);
      }
    }
  }

  private static List<String> ids(NotoSource source) {
    return IntStream.range(0, source.size()).mapToObj(source::id).toList();
  }

  private static int pixel(Picture picture, int x, int y) {
    byte[] rgb = Arrays.copyOfRange(picture.rgb(), 3 * (y * 64 + x), 3 * (y * 64 + x) + 3);
    return (rgb[0] & 255) << 16 | (rgb[1] & 255) << 8 | rgb[2] & 255;
  }
}
