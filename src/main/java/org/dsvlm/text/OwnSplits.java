/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.LongStream;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.StrictJson;
import org.jspecify.annotations.Nullable;

/**
 * The splits of a tokenizer.json that no published tokenizer has, done here with bounded work
 * instead of in the library. What comes before them in the library's order is done here too: added
 * tokens are found, the text between them is normalised. Each piece then goes through the rest.
 */
final class OwnSplits {
  /** Steps that see one piece at a time, so that they may follow in the library. */
  private static final Set<String> BY_PIECE = Set.of("ByteLevel", "Digits", "Split");

  private static final Set<String> FORMS = Set.of("NFC", "NFD", "NFKC", "NFKD");

  /** Every added token is looked for in the whole text. */
  private static final long MOST_LOOKED_AT = 4_000_000_000L;

  private final List<Normalizer.Form> forms;
  private final List<TextSplit> splits;
  private final List<String> tokens;
  private final List<String> normalisedTokens;

  private OwnSplits(
      List<Normalizer.Form> forms,
      List<TextSplit> splits,
      List<String> tokens,
      List<String> normalisedTokens) {
    this.forms = forms;
    this.splits = splits;
    this.tokens = tokens;
    this.normalisedTokens = normalisedTokens;
  }

  /**
   * Those of a file; nothing if the library can do all of it.
   *
   * @param normalizer the part of the file
   * @param preTokenizer likewise
   * @param added of each added token whether it is looked for in normalised text
   * @param plain whether no added token takes spaces around it, or stands as a whole word alone
   * @throws DsVlmException with the problem, if they go with something that is not done here
   */
  static @Nullable OwnSplits of(
      JsonNode normalizer, JsonNode preTokenizer, Map<String, Boolean> added, boolean plain) {
    List<JsonNode> steps = TokenizerWork.steps("pre_tokenizer", preTokenizer);
    int last = -1;
    for (int i = 0; i < steps.size(); i++) {
      JsonNode regex = steps.get(i).path("pattern").path("Regex");
      last = regex.isTextual() && !PublishedPatterns.splits(regex.asText()) ? i : last;
    }
    if (last < 0) {
      return null;
    }
    List<Normalizer.Form> forms = new ArrayList<>();
    for (JsonNode step : TokenizerWork.steps("normalizer", normalizer)) {
      String type = step.path("type").asText();
      expect(FORMS.contains(type), "a normalizer of type " + type);
      forms.add(Normalizer.Form.valueOf(type));
    }
    for (JsonNode step : steps) {
      String type = step.path("type").asText();
      expect(BY_PIECE.contains(type), "a step of type " + type);
    }
    expect(plain, "an added token with lstrip, rstrip or single_word");
    List<TextSplit> splits = new ArrayList<>();
    for (JsonNode step : steps.subList(0, last + 1)) {
      expect(step.path("type").asText().equals("Split"), "another step before it");
      String behavior = step.path("behavior").asText();
      expect(TextSplit.BEHAVIORS.contains(behavior), "the behavior '" + behavior + "'");
      splits.add(TextSplit.of(step));
    }
    return new OwnSplits(forms, splits, named(added, false), named(added, true));
  }

  private static List<String> named(Map<String, Boolean> added, boolean normalised) {
    return added.entrySet().stream()
        .filter(token -> token.getValue() == normalised)
        .map(Map.Entry::getKey)
        .toList();
  }

  private static void expect(boolean right, String what) {
    if (!right) {
      throw new DsVlmException(
          "splits by a regular expression of its own together with "
              + what
              + ", which is not supported");
    }
  }

  /** The file for the library: {@code json} without the steps that are done here. */
  byte[] rest(byte[] json) throws IOException {
    ObjectMapper mapper = StrictJson.json();
    ObjectNode tree = (ObjectNode) mapper.readTree(json);
    List<JsonNode> steps = TokenizerWork.steps("pre_tokenizer", tree.path("pre_tokenizer"));
    ObjectNode sequence = mapper.createObjectNode().put("type", TokenizerParts.SEQUENCE);
    ArrayNode kept = sequence.putArray(TokenizerParts.stepsKey("pre_tokenizer"));
    steps.subList(splits.size(), steps.size()).forEach(kept::add);
    tree.set("pre_tokenizer", kept.isEmpty() ? mapper.nullNode() : sequence);
    return mapper.writeValueAsBytes(tree);
  }

  /** Ids of {@code text}, of which {@code library} knows those of each piece. */
  long[] encode(String text, Function<String, long[]> library) {
    long lookedAt = (long) text.length() * (tokens.size() + normalisedTokens.size());
    expect(lookedAt <= MOST_LOOKED_AT, "so many added tokens in a text of " + text.length());
    LongStream.Builder ids = LongStream.builder();
    Function<String, Boolean> piece =
        part -> {
          for (long id : library.apply(part)) {
            ids.add(id);
          }
          return true;
        };
    between(
        tokens,
        text,
        piece,
        raw ->
            between(
                normalisedTokens,
                normalised(raw),
                piece,
                part -> split(part).forEach(piece::apply)));
    return ids.build().toArray();
  }

  private String normalised(String text) {
    String normalised = text;
    for (Normalizer.Form form : forms) {
      normalised = Normalizer.normalize(normalised, form);
    }
    return normalised;
  }

  private List<String> split(String text) {
    List<String> pieces = List.of(text);
    for (TextSplit split : splits) {
      List<String> finer = new ArrayList<>();
      pieces.forEach(piece -> finer.addAll(split.pieces(piece)));
      pieces = finer;
    }
    return pieces;
  }

  /** The first token in {@code text} is taken, of several at one place the longest. */
  private static void between(
      List<String> tokens, String text, Function<String, Boolean> token, Consumer<String> other) {
    int[] next = new int[tokens.size()];
    for (int i = 0; i < next.length; i++) {
      next[i] = text.indexOf(tokens.get(i));
    }
    int at = 0;
    while (true) {
      int best = -1;
      for (int i = 0; i < next.length; i++) {
        if (next[i] >= 0 && next[i] < at) {
          next[i] = text.indexOf(tokens.get(i), at);
        }
        boolean better =
            next[i] >= 0
                && (best < 0
                    || next[i] < next[best]
                    || (next[i] == next[best]
                        && tokens.get(i).length() > tokens.get(best).length()));
        best = better ? i : best;
      }
      int end = best < 0 ? text.length() : next[best];
      if (end > at) {
        other.accept(text.substring(at, end));
      }
      if (best < 0) {
        return;
      }
      token.apply(tokens.get(best));
      at = end + tokens.get(best).length();
    }
  }
}
