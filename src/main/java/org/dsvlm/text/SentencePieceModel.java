/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.text;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.dsvlm.io.DsVlmException;

/**
 * The contents of a sentencepiece tokenizer.model: its pieces in the order of their ids, and how
 * text is prepared for them. Only the kind that the Llama family uses is read (byte pair encoding,
 * text left as it is but for its spaces); every other setting that changes ids is refused.
 *
 * @param addDummyPrefix whether a space is put before a text
 * @param byteFallback whether what no piece covers is spelled in bytes
 */
record SentencePieceModel(List<Piece> pieces, boolean addDummyPrefix, boolean byteFallback) {
  /** Sentencepiece's own default is 16; longer ones would make the search for merges slow. */
  private static final int LONGEST_PIECE = 256;

  private static final int BYTE_PIECES = 256;
  private static final String[] MODEL_TYPES = {"none", "unigram", "BPE", "word", "char"};
  private static final String LFS_POINTER = "version https://git-lfs";

  /** Kinds of pieces, numbered as in sentencepiece's format. */
  enum PieceType {
    NORMAL,
    UNKNOWN,
    CONTROL,
    USER_DEFINED,
    UNUSED,
    BYTE
  }

  /** One token: its text, spaces as U+2581, and how early it is merged: the higher, the earlier. */
  record Piece(String text, float score, PieceType kind) {}

  /**
   * Reads the bytes of a file.
   *
   * @param where the file, for messages
   * @throws DsVlmException naming the file, the piece or setting at fault, and what to do
   */
  static SentencePieceModel parse(byte[] bytes, String where) {
    try {
      return new Reader().read(bytes);
    } catch (DsVlmException e) {
      throw new DsVlmException(where + ": " + e.getMessage(), e);
    }
  }

  /** The piece that stands for what no other covers. */
  Piece unknown() {
    return pieces.stream()
        .filter(piece -> piece.kind() == PieceType.UNKNOWN)
        .findFirst()
        .orElseThrow();
  }

  /** Id of each piece, in the order of the ids. */
  Map<String, Long> vocabulary() {
    Map<String, Long> ids = new LinkedHashMap<>();
    pieces.forEach(piece -> ids.put(piece.text(), (long) ids.size()));
    return ids;
  }

  /** Collects pieces and settings while the messages are read. */
  private static final class Reader {
    private final List<Piece> pieces = new ArrayList<>();
    private final Set<String> texts = new HashSet<>();
    private final int[] ofType = new int[PieceType.values().length];
    private boolean addDummyPrefix = true;
    private boolean removeExtraSpaces = true;
    private boolean escapeSpaces = true;
    private boolean spaceAsSuffix;
    private boolean charactersMapped;
    private boolean byteFallback;
    private long modelType = 1;

    SentencePieceModel read(byte[] bytes) {
      if (bytes.length == 0) {
        throw new DsVlmException("is empty; fetch it again");
      }
      if (new String(bytes, 0, Math.min(bytes.length, 40), StandardCharsets.UTF_8)
          .startsWith(LFS_POINTER)) {
        throw new DsVlmException(
            "is a pointer of Git LFS in place of the file; fetch it with 'git lfs pull'");
      }
      try {
        readModel(new ProtobufReader(ByteBuffer.wrap(bytes)));
      } catch (DsVlmException e) {
        throw new DsVlmException(
            "is no sentencepiece model: "
                + e.getMessage()
                + (pieces.isEmpty() ? "" : " after piece " + (pieces.size() - 1))
                + "; fetch it again");
      }
      checkSettings();
      checkPieces();
      return new SentencePieceModel(List.copyOf(pieces), addDummyPrefix, byteFallback);
    }

    private void readModel(ProtobufReader model) {
      while (model.next()) {
        switch (model.field()) {
          case 1 -> readPiece(new ProtobufReader(model.bytes()));
          case 2 -> readTrainer(new ProtobufReader(model.bytes()));
          case 3 -> readNormalizer(new ProtobufReader(model.bytes()));
          default -> model.skip();
        }
      }
      if (pieces.isEmpty()) {
        throw new DsVlmException("holds no pieces");
      }
    }

    private void readPiece(ProtobufReader message) {
      String text = "";
      float score = 0;
      long kind = 1;
      while (message.next()) {
        switch (message.field()) {
          case 1 -> text = message.text();
          case 2 -> score = message.decimal();
          case 3 -> kind = message.number();
          default -> message.skip();
        }
      }
      String shown = "holds piece '" + (text.length() > 40 ? text.substring(0, 40) : text) + "'";
      if (text.isEmpty() || text.length() > LONGEST_PIECE) {
        throw new DsVlmException(shown + " of " + text.length() + " characters");
      }
      if (!Float.isFinite(score)) {
        throw new DsVlmException(shown + " with score " + score);
      }
      if (kind < 1 || kind > PieceType.values().length) {
        throw new DsVlmException(shown + " of unknown kind " + kind);
      }
      if (kind == PieceType.BYTE.ordinal() + 1 && !text.matches("<0x[0-9A-F]{2}>")) {
        throw new DsVlmException(shown + " as a byte");
      }
      if (!texts.add(text)) {
        throw new DsVlmException(shown + " twice");
      }
      ofType[(int) kind - 1]++;
      pieces.add(new Piece(text, score, PieceType.values()[(int) kind - 1]));
    }

    private void readTrainer(ProtobufReader message) {
      while (message.next()) {
        switch (message.field()) {
          case 3 -> modelType = message.number();
          case 24 -> spaceAsSuffix = message.flag();
          case 35 -> byteFallback = message.flag();
          default -> message.skip();
        }
      }
    }

    private void readNormalizer(ProtobufReader message) {
      while (message.next()) {
        switch (message.field()) {
          case 2 -> charactersMapped = message.bytes().hasRemaining();
          case 3 -> addDummyPrefix = message.flag();
          case 4 -> removeExtraSpaces = message.flag();
          case 5 -> escapeSpaces = message.flag();
          default -> message.skip();
        }
      }
    }

    private void checkSettings() {
      if (modelType != 2) {
        boolean known = modelType > 0 && modelType < MODEL_TYPES.length;
        String type = known ? MODEL_TYPES[(int) modelType] : "unknown type " + modelType;
        unsupported("is a model of type " + type + ", not BPE");
      }
      if (charactersMapped) {
        unsupported("maps characters before it splits a text (precompiled_charsmap)");
      }
      if (removeExtraSpaces || !escapeSpaces || spaceAsSuffix) {
        unsupported(
            "treats spaces unlike the Llama family (remove_extra_whitespaces "
                + removeExtraSpaces
                + ", escape_whitespaces "
                + escapeSpaces
                + ", treat_whitespace_as_suffix "
                + spaceAsSuffix
                + ")");
      }
    }

    private static void unsupported(String what) {
      throw new DsVlmException(
          what + ", which is not supported; put a tokenizer.json for it into the folder");
    }

    private void checkPieces() {
      if (ofType[PieceType.UNKNOWN.ordinal()] != 1) {
        throw new DsVlmException(
            "has "
                + ofType[PieceType.UNKNOWN.ordinal()]
                + " pieces for the unknown, where one is needed; fetch it again");
      }
      for (PieceType kind : new PieceType[] {PieceType.USER_DEFINED, PieceType.UNUSED}) {
        if (ofType[kind.ordinal()] > 0) {
          unsupported("has " + ofType[kind.ordinal()] + " pieces of kind " + kind);
        }
      }
      if (ofType[PieceType.BYTE.ordinal()] != (byteFallback ? BYTE_PIECES : 0)) {
        throw new DsVlmException(
            "has " + ofType[PieceType.BYTE.ordinal()] + " pieces for bytes; fetch it again");
      }
    }
  }
}
