/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.text;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.LongStream;
import org.dsvlm.io.Arguments;
import org.dsvlm.io.Calls;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.io.LibraryLoading;
import org.dsvlm.io.LibraryLogs;
import org.jspecify.annotations.Nullable;

/**
 * A checkpoint's own tokenizer, as the tokenizers library of Hugging Face reads its tokenizer.json.
 * Nothing is ever fetched: the library's native part comes with its jar, which unpacks it to the
 * folder that the environment variable or property {@code ENGINE_CACHE_DIR} or {@code
 * DJL_CACHE_DIR} names, by default {@code .djl.ai} in the home folder.
 */
public final class Tokenizer implements AutoCloseable {
  static {
    LibraryLogs.onlyErrors("ai.djl");
  }

  private static final String OFFLINE = "ai.djl.offline";
  private static final Object PROPERTIES = new Object();

  private static final Map<String, String> NEITHER_CUT_NOR_FILLED =
      Map.of("truncation", "false", "padding", "false");

  /** The library ends the process on some ten million spaces in a row. */
  private static final int LONGEST_TEXT = 4_000_000;

  private static final String ADD_BEGINNING = "add_bos_token";

  private static final long LONGEST_DECODED = 1L << 28;

  private static final String LLAMA_CLASS = "LlamaTokenizer";
  private static final String LLAMA_BEGINNING = "<s>";

  private final Calls calls;
  private final Path file;
  private final TokenizerFile tokens;
  private final HuggingFaceTokenizer library;
  private final OptionalLong beginning;
  private final Set<Long> byteIds;
  private @Nullable TokenBytes tokenBytes;

  private Tokenizer(
      Path file, TokenizerFile tokens, HuggingFaceTokenizer library, OptionalLong beginning) {
    this.file = file;
    this.tokens = tokens;
    this.library = library;
    this.beginning = beginning;
    this.byteIds = tokens.byteIds();
    this.calls = new Calls(file + ": the tokenizer", library::close);
  }

  /**
   * Reads {@code path}: a tokenizer.json, a sentencepiece tokenizer.model, or the folder that holds
   * one of them, the former before the latter. {@code add_bos_token} in a tokenizer_config.json
   * beside it says whether prompts begin with a token of their own; without that key they do if the
   * post-processing in tokenizer.json adds Llama 2's {@code <s>} and, where nothing is
   * post-processed, for Llama's class. A tokenizer.model gives the ids that sentencepiece gives;
   * how its special tokens are treated stands in tokenizer_config.json, added_tokens.json and
   * special_tokens_map.json.
   *
   * @throws DsVlmException if there is none, or it is unsound, naming the file and the merge, piece
   *     or token at fault
   */
  public static Tokenizer open(Path path) {
    TokenizerSource source = TokenizerSource.read(path);
    Path file = source.file();
    TokenizerFile tokens = TokenizerFile.read(file, source.json());
    try {
      OwnSplits splits = tokens.ownSplits();
      byte[] json = splits == null ? source.json() : splits.rest(source.json());
      HuggingFaceTokenizer library = offline(json);
      try {
        return new Tokenizer(file, tokens, library, beginning(file, tokens, library));
      } catch (RuntimeException e) {
        library.close();
        throw e;
      }
    } catch (DsVlmException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw LibraryLoading.failure(e)
          .orElseGet(() -> new DsVlmException(file + ": is no tokenizer: " + e.getMessage(), e));
    }
  }

  /**
   * The library looks for a build of itself for the machine's GPU, and reports its use, unless it
   * is told that there is no network. It reads that from a property, whenever a tokenizer opens;
   * the process has it for that long.
   */
  private static HuggingFaceTokenizer offline(byte[] json) throws IOException {
    synchronized (PROPERTIES) {
      String before = System.setProperty(OFFLINE, "true");
      try {
        return HuggingFaceTokenizer.newInstance(
            new ByteArrayInputStream(json), NEITHER_CUT_NOR_FILLED);
      } finally {
        if (before == null) {
          System.clearProperty(OFFLINE);
        } else {
          System.setProperty(OFFLINE, before);
        }
      }
    }
  }

  private static OptionalLong beginning(
      Path file, TokenizerFile tokens, HuggingFaceTokenizer library) {
    Path configFile = file.resolveSibling("tokenizer_config.json");
    JsonConfig config =
        Files.exists(configFile)
            ? JsonConfig.read(configFile)
            : JsonConfig.of(JsonNodeFactory.instance.objectNode(), configFile.toString());
    if (!config.has(ADD_BEGINNING) && (tokens.postProcesses() || !Files.exists(configFile))) {
      long[] added = library.encode("", true, false).getIds();
      Long llama = tokens.id(LLAMA_BEGINNING);
      return llama != null && added.length > 0 && added[0] == llama
          ? OptionalLong.of(llama)
          : OptionalLong.empty();
    }
    boolean llama = config.text("tokenizer_class", "").startsWith(LLAMA_CLASS);
    if (!config.flag(ADD_BEGINNING, llama)) {
      return OptionalLong.empty();
    }
    JsonNode token = config.json().path("bos_token");
    String content =
        token.isMissingNode() && llama
            ? LLAMA_BEGINNING
            : (token.isObject() ? token.path("content") : token).asText();
    Long id = tokens.id(content);
    if (id == null) {
      throw config.error(
          "bos_token", "is '" + content + "', which is no token of " + file.getFileName());
    }
    return OptionalLong.of(id);
  }

  /**
   * Ids of {@code text}; of any text: half a surrogate pair counts as U+FFFD.
   *
   * @param addSpecialTokens whether to add what the tokenizer's own post-processing puts around a
   *     text
   * @throws DsVlmException for a text of over four million characters, before or after the
   *     tokenizer's replacements, one that takes a regular expression of the file too long, or a
   *     tokenizer that is closed
   */
  public long[] encode(String text, boolean addSpecialTokens) {
    long characters = Arguments.given(text, "text").length() * tokens.growth();
    if (characters > LONGEST_TEXT) {
      throw new DsVlmException(
          "a text of "
              + text.length()
              + " characters"
              + (tokens.growth() == 1 ? "" : ", which the tokenizer may make " + characters)
              + "; at most "
              + LONGEST_TEXT
              + " can be split into tokens at a time");
    }
    return calls.run(() -> ids(text, addSpecialTokens));
  }

  private long[] ids(String text, boolean addSpecialTokens) {
    try {
      // The library takes a text with half a surrogate pair for another one altogether.
      String whole = Surrogates.replaceLone(text);
      OwnSplits splits = tokens.ownSplits();
      if (splits == null) {
        return library.encode(whole, addSpecialTokens, false).getIds();
      }
      long[] ids = splits.encode(whole, piece -> library.encode(piece, false, false).getIds());
      return addSpecialTokens ? withSpecialTokens(ids) : ids;
    } catch (RuntimeException e) {
      throw new DsVlmException(file + ": cannot split a text: " + e.getMessage(), e);
    }
  }

  /** Puts around {@code ids} what the library puts around one token. */
  private long[] withSpecialTokens(long[] ids) {
    String any = "a";
    long[] bare = library.encode(any, false, false).getIds();
    long[] dressed = library.encode(any, true, false).getIds();
    int before = 0;
    while (!Arrays.equals(dressed, before, before + bare.length, bare, 0, bare.length)) {
      before++;
    }
    LongStream start = Arrays.stream(dressed, 0, before);
    LongStream end = Arrays.stream(dressed, before + bare.length, dressed.length);
    return LongStream.concat(LongStream.concat(start, Arrays.stream(ids)), end).toArray();
  }

  /**
   * Text of {@code ids}.
   *
   * @param skipSpecial whether to leave out special tokens such as the end of a text
   * @throws DsVlmException if the text may have over 256 million characters, or the tokenizer is
   *     closed
   */
  public String decode(long[] ids, boolean skipSpecial) {
    long characters = Arguments.given(ids, "ids").length * tokens.longestDecoded();
    if (characters > LONGEST_DECODED) {
      throw new DsVlmException(
          file
              + ": "
              + ids.length
              + " tokens may become "
              + characters
              + " characters; at most "
              + LONGEST_DECODED
              + " are decoded at a time");
    }
    return calls.run(
        () -> {
          try {
            return library.decode(ids, skipSpecial);
          } catch (RuntimeException e) {
            throw new DsVlmException(file + ": cannot decode its tokens: " + e.getMessage(), e);
          }
        });
  }

  /** Whether {@code id} is that of a special token, which decoding can leave out. */
  public boolean isSpecial(long id) {
    return tokens.specialIds().contains(id);
  }

  /** Id of the special token that reads {@code token}, if there is one. */
  OptionalLong special(String token) {
    Long id = tokens.id(token);
    return id != null && isSpecial(id) ? OptionalLong.of(id) : OptionalLong.empty();
  }

  /**
   * Id of a token that a JSON file names, by its text or by an object with its {@code content}, if
   * there is such a token.
   */
  public OptionalLong token(JsonNode named) {
    Long id = tokens.id((named.isObject() ? named.path("content") : named).asText());
    return id == null ? OptionalLong.empty() : OptionalLong.of(id);
  }

  /** Whether {@code id} stands for one byte of a character. */
  public boolean isByte(long id) {
    return byteIds.contains(id);
  }

  /**
   * The text of one token in UTF-8, as it stands within a text: a beginning space stays, and what
   * is a part of a character has the bytes of that part.
   *
   * @throws DsVlmException if there is no such token
   */
  public byte[] bytes(long id) {
    byte[] bytes = tokenBytes().of(id);
    if (bytes == null) {
      throw new DsVlmException(file + ": has no token of id " + id);
    }
    return bytes;
  }

  /** Made when they are asked for: few programs do. */
  private synchronized TokenBytes tokenBytes() {
    if (tokenBytes == null) {
      tokenBytes = tokens.tokenBytes();
    }
    return tokenBytes;
  }

  /** One more than the largest id. */
  public long size() {
    return tokens.size();
  }

  /** The token that prompts begin with, if the tokenizer asks for one. */
  public OptionalLong beginning() {
    return beginning;
  }

  /**
   * Id of the token that reads {@code token}, such as {@code <image>}.
   *
   * @throws DsVlmException if there is none
   */
  public long id(String token) {
    Long id = tokens.id(token);
    if (id == null) {
      throw new DsVlmException(file + ": has no token '" + token + "'");
    }
    return id;
  }

  /**
   * Demands that a model has a row for every token.
   *
   * @param embeddingRows rows of the model's embedding table
   * @throws DsVlmException naming the added token, or the size, that goes beyond them
   */
  public void checkFits(int embeddingRows) {
    tokens
        .addedTokens()
        .forEach(
            (token, id) -> {
              if (id >= embeddingRows) {
                throw new DsVlmException(
                    file
                        + ": added token '"
                        + token
                        + "' has id "
                        + id
                        + ", but the model has only "
                        + embeddingRows
                        + " embedding rows; tokenizer and weights do not belong together");
              }
            });
    if (size() > embeddingRows) {
      throw new DsVlmException(
          file
              + ": has "
              + size()
              + " tokens, but the model has only "
              + embeddingRows
              + " embedding rows; tokenizer and weights do not belong together");
    }
  }

  /** Closes the tokenizer when the calls in flight have ended; later ones are refused. */
  @Override
  public void close() {
    calls.close();
  }
}
