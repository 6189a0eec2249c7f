/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.FilePath;
import org.dsvlm.io.InputFiles;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.io.StrictJson;

/**
 * A tokenizer's file, and its content in the form of tokenizer.json.
 *
 * @param file a tokenizer.json, or a sentencepiece tokenizer.model
 * @param json the content of tokenizer.json, read or converted
 */
public record TokenizerSource(Path file, byte[] json) {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String MODEL = ".model";

  /** Llama 3's, the largest of the family, has 17 MB. */
  private static final long LARGEST = 1L << 28;

  /**
   * Reads {@code path}: one of the two files, or a folder, whose tokenizer.json is taken before its
   * tokenizer.model. How a tokenizer.model is used stands in tokenizer_config.json,
   * special_tokens_map.json and added_tokens.json beside it, any of which may be absent.
   *
   * @throws DsVlmException if there is none, or a tokenizer.model is broken
   */
  static TokenizerSource read(Path path) {
    Path file = find(FilePath.model(path));
    byte[] content = bytes(file);
    try {
      if (!isSentencePiece(file)) {
        return new TokenizerSource(file, withAdditions(file, content));
      }
      return new TokenizerSource(file, MAPPER.writeValueAsBytes(converted(file, content)));
    } catch (JsonProcessingException e) {
      throw new DsVlmException(file + ": cannot be converted: " + StrictJson.problem(e), e);
    }
  }

  /**
   * The contents of the folder's tokenizer.json; where there is only a tokenizer.model, the
   * tokenizer.json made from it.
   *
   * @throws DsVlmException as {@link Tokenizer#open} does
   */
  public static ObjectNode json(Path folder) {
    Path file = find(FilePath.model(folder));
    if (isSentencePiece(file)) {
      return converted(file, bytes(file));
    }
    ObjectNode json = (ObjectNode) JsonConfig.read(file).json();
    TokenizerFile tokens = TokenizerFile.read(file, bytes(file));
    TokenizerAdditions.of(file.toAbsolutePath().resolveSibling("")).addTo(json, tokens);
    return json;
  }

  /** The content of tokenizer.json with the tokens that other files of its folder add. */
  private static byte[] withAdditions(Path file, byte[] content) throws JsonProcessingException {
    TokenizerAdditions additions = TokenizerAdditions.of(file.toAbsolutePath().resolveSibling(""));
    TokenizerFile tokens = TokenizerFile.read(file, content);
    if (!additions.changes(tokens)) {
      return content;
    }
    ObjectNode json = (ObjectNode) JsonConfig.read(file).json();
    additions.addTo(json, tokens);
    return MAPPER.writeValueAsBytes(json);
  }

  /** Whether {@code file} is a tokenizer.model. */
  static boolean isSentencePiece(Path file) {
    return file.toString().endsWith(MODEL);
  }

  private static ObjectNode converted(Path file, byte[] content) {
    SentencePieceModel model = SentencePieceModel.parse(content, file.toString());
    Path folder = file.toAbsolutePath().resolveSibling("");
    return SentencePieceConversion.tokenizerJson(model, SentencePieceSettings.read(folder, model));
  }

  private static Path find(Path path) {
    if (!Files.isDirectory(path)) {
      if (!Files.isRegularFile(InputFiles.regular(path))) {
        throw new DsVlmException(path + ": no such file; a model folder needs its tokenizer.json");
      }
      return path;
    }
    for (String name : new String[] {"tokenizer.json", "tokenizer" + MODEL}) {
      if (Files.isRegularFile(path.resolve(name))) {
        return path.resolve(name);
      }
    }
    throw new DsVlmException(
        path
            + ": holds neither tokenizer.json nor tokenizer.model; copy the one that belongs to the"
            + " model into it");
  }

  private static byte[] bytes(Path file) {
    try {
      long size = Files.size(file);
      if (size > LARGEST) {
        throw new DsVlmException(
            file + ": has " + size + " bytes, more than any tokenizer; fetch it again");
      }
      return InputFiles.bytes(file);
    } catch (IOException e) {
      throw new DsVlmException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }
}
