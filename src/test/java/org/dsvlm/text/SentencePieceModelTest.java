/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.text.SentencePieceModel.PieceType;
import org.junit.jupiter.api.Test;

class SentencePieceModelTest {
  private static final Path SOUND =
      Path.of("src/test/resources/golden/tokenization/small_sp/tokenizer.model");

  /** Trainer: BPE. Normalizer: no extra spaces are removed. */
  private static final byte[] SETTINGS = join(message(2, number(3, 2)), message(3, number(4, 0)));

  private static final byte[] UNKNOWN = piece("<unk>", 0, 2);

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream joined = new ByteArrayOutputStream();
    Arrays.stream(parts).forEach(joined::writeBytes);
    return joined.toByteArray();
  }

  private static byte[] number(int field, int value) {
    return new byte[] {(byte) (field << 3), (byte) value};
  }

  private static byte[] message(int field, byte[] content) {
    return join(new byte[] {(byte) (field << 3 | 2), (byte) content.length}, content);
  }

  private static byte[] piece(String text, float score, int kind) {
    int bits = Float.floatToIntBits(score);
    byte[] decimal = {
      2 << 3 | 5, (byte) bits, (byte) (bits >> 8), (byte) (bits >> 16), (byte) (bits >> 24)
    };
    byte[] content = text.getBytes(StandardCharsets.UTF_8);
    return message(1, join(message(1, content), decimal, number(3, kind)));
  }

  private static void refused(String problem, byte[]... parts) {
    assertThatThrownBy(() -> SentencePieceModel.parse(join(parts), "a.model"))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith("a.model: " + problem);
  }

  @Test
  void readsPiecesAndSettings() throws IOException {
    SentencePieceModel model = SentencePieceModel.parse(Files.readAllBytes(SOUND), "x");
    assertThat(model.pieces()).hasSize(1400);
    assertThat(model.pieces().get(2).text()).isEqualTo("</s>");
    assertThat(model.pieces().get(2).kind()).isEqualTo(PieceType.CONTROL);
    assertThat(model.pieces().get(3 + 'A').text()).isEqualTo("<0x41>");
    assertThat(model.pieces().get(3 + 'A').kind()).isEqualTo(PieceType.BYTE);
    assertThat(model.unknown().text()).isEqualTo("<unk>");
    assertThat(model.addDummyPrefix()).isTrue();
    assertThat(model.byteFallback()).isTrue();
    assertThat(model.vocabulary()).hasSize(1400).containsEntry("<s>", 1L);
  }

  @Test
  void readsTheSmallestModel() {
    SentencePieceModel model =
        SentencePieceModel.parse(join(UNKNOWN, piece("a", -1.5f, 1), SETTINGS), "x");
    assertThat(model.pieces().get(1))
        .isEqualTo(new SentencePieceModel.Piece("a", -1.5f, PieceType.NORMAL));
    assertThat(model.byteFallback()).isFalse();
  }

  @Test
  void whatIsNoModelIsNamed() throws IOException {
    refused("is empty; fetch it again");
    refused(
        "is a pointer of Git LFS in place of the file",
        "version https://git-lfs.github.com/spec/v1\noid".getBytes(StandardCharsets.UTF_8));
    refused("is no sentencepiece model: holds", "{\"a\": 1}".getBytes(StandardCharsets.UTF_8));
    refused("is no sentencepiece model: holds no pieces", SETTINGS);
    byte[] sound = Files.readAllBytes(SOUND);
    refused(
        "is no sentencepiece model: holds a value that is longer than what is left of the file"
            + " after piece",
        Arrays.copyOf(sound, 5000));
    refused(
        "is no sentencepiece model: holds a value that is longer than what is left of the file",
        new byte[] {1 << 3 | 2, -1, -1, -1, -1, 7});
    refused(
        "is no sentencepiece model: holds a number of more than 64 bits",
        new byte[] {8 << 3, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 1});
    refused("is no sentencepiece model: holds a value of unknown kind 3", new byte[] {8 << 3 | 3});
    refused("is no sentencepiece model: holds a field numbered 0", new byte[] {0, 1});
    refused("is no sentencepiece model: holds field 1, which is not bytes", number(1, 1));
    refused(
        "is no sentencepiece model: holds text that is not UTF-8 after piece 0",
        UNKNOWN,
        message(1, message(1, new byte[] {(byte) 0xC3})));
  }

  @Test
  void unsoundPiecesAreNamed() {
    refused("is no sentencepiece model: holds piece '' of 0", message(1, new byte[0]));
    refused("is no sentencepiece model: holds piece 'a' twice", piece("a", 0, 1), piece("a", 1, 1));
    refused("is no sentencepiece model: holds piece 'a' with score NaN", piece("a", Float.NaN, 1));
    refused("is no sentencepiece model: holds piece 'a' of unknown kind 9", piece("a", 0, 9));
    refused("is no sentencepiece model: holds piece '<0xfg>' as a byte", piece("<0xfg>", 0, 6));
    refused("has 0 pieces for the unknown", piece("a", 0, 1), SETTINGS);
    refused("has 1 pieces for bytes", UNKNOWN, piece("<0x00>", 0, 6), SETTINGS);
    refused(
        "has 0 pieces for bytes",
        UNKNOWN,
        message(2, join(number(3, 2), new byte[] {(byte) (35 << 3 & 0x7f | 0x80), 35 >> 4, 1})),
        message(3, number(4, 0)));
    refused("has 1 pieces of kind USER_DEFINED", UNKNOWN, piece("a", 0, 4), SETTINGS);
  }

  @Test
  void settingsThatWouldGiveOtherIdsAreNamed() {
    refused("is a model of type unigram, not BPE", UNKNOWN, message(3, number(4, 0)));
    refused("is a model of type unknown type 77", UNKNOWN, message(2, number(3, 77)));
    refused(
        "treats spaces unlike the Llama family (remove_extra_whitespaces true,",
        UNKNOWN,
        message(2, number(3, 2)));
    refused(
        "maps characters before it splits a text",
        UNKNOWN,
        SETTINGS,
        message(3, message(2, new byte[] {1})));
  }
}
