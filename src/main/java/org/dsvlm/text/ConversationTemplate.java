/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Excerpt;
import org.dsvlm.text.TemplateWords.ChatMl;
import org.dsvlm.text.TemplateWords.Llama3;
import org.dsvlm.text.TemplateWords.Vicuna;
import org.jspecify.annotations.Nullable;

/**
 * How a conversation becomes one text, and which of its tokens are trained: the answers and what
 * ends them, unless the template says otherwise.
 */
public enum ConversationTemplate {
  /** Stage 1 of LLaVA: the picture and its caption, no words around them. */
  PLAIN("plain", "", "", "", "", "", "\n", ""),

  /** Vicuna 1.1 and later, LLaVA's stage 2. */
  VICUNA_V1("vicuna_v1", Vicuna.WORDS + " ", "USER: ", " ", "ASSISTANT:", " ", "</s>", ""),

  /** Llama 3, with the system message of DenseConnector. */
  LLAMA_3("llama_3", Llama3.OPENING, Llama3.USER, Llama3.END, Llama3.ASSISTANT, "", Llama3.END, ""),

  /** The same as DenseConnector published it: its answers stand under a system header. */
  LLAMA_3_DENSECONNECTOR(
      "llama_3_denseconnector",
      Llama3.OPENING,
      Llama3.USER,
      Llama3.END,
      Llama3.SYSTEM,
      "",
      Llama3.END,
      ""),

  /** LLaVA-NeXT's: header tokens and the assistant's whole header are trained too. */
  LLAMA_3_NEXT(
      "llama_3_next",
      Llama3.OPENING,
      Llama3.USER,
      Llama3.END,
      "",
      Llama3.ASSISTANT,
      Llama3.END,
      "",
      "<|begin_of_text|>",
      "<|start_header_id|>",
      "<|end_header_id|>",
      "<|eot_id|>"),

  /** Qwen2's ChatML; the line break after an answer is not trained. */
  QWEN2("qwen2", ChatMl.OPENING, ChatMl.USER, ChatMl.END, ChatMl.ASSISTANT, "", "<|im_end|>", "\n"),

  /** LLaVA-NeXT's: every start, end and line break, and the assistant's header are trained too. */
  QWEN2_NEXT(
      "qwen2_next",
      ChatMl.OPENING,
      ChatMl.USER,
      ChatMl.END,
      "",
      ChatMl.ASSISTANT,
      ChatMl.END,
      "",
      "<|im_start|>",
      "<|im_end|>",
      "\n");

  /** Stands for a picture in a text. */
  public static final String IMAGE = "<image>";

  /** Stands for a picture among ids, as in LLaVA's own code. */
  public static final long IMAGE_MARKER = -200;

  /** Special tokens, as templates write them. */
  private static final Pattern MARKER = Pattern.compile("<\\|\\w+\\|>|</s>");

  /** A conversation in which every marker of a template stands. */
  private static final List<Turn> MARKED = List.of(Turn.human(IMAGE), Turn.assistant(""));

  private final String key;
  private final String opening;
  private final String beforeQuestion;
  private final String afterQuestion;
  private final String beforeAnswer;
  private final String trainedBeforeAnswer;
  private final String trainedAfterAnswer;
  private final String afterAnswer;
  private final List<String> alwaysTrained;

  /** The special token in what ends an answer, or nothing. */
  private final String separator;

  ConversationTemplate(
      String key,
      String opening,
      String beforeQuestion,
      String afterQuestion,
      String beforeAnswer,
      String trainedBeforeAnswer,
      String trainedAfterAnswer,
      String afterAnswer,
      String... alwaysTrained) {
    this.key = key;
    this.opening = opening;
    this.beforeQuestion = beforeQuestion;
    this.afterQuestion = afterQuestion;
    this.beforeAnswer = beforeAnswer;
    this.trainedBeforeAnswer = trainedBeforeAnswer;
    this.trainedAfterAnswer = trainedAfterAnswer;
    this.afterAnswer = afterAnswer;
    this.alwaysTrained = List.of(alwaysTrained);
    this.separator = trainedAfterAnswer.strip();
  }

  /**
   * The template of that name ({@code plain}, {@code vicuna_v1}, …).
   *
   * @throws DsVlmException for a name that is none of them
   */
  public static ConversationTemplate named(String name) {
    return Arrays.stream(values())
        .filter(template -> template.key.equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new DsVlmException(
                    "unknown template '"
                        + Excerpt.of(name)
                        + "'; known: "
                        + Arrays.stream(values()).map(ConversationTemplate::key).toList()));
  }

  /** Its name in recipes. */
  public String key() {
    return key;
  }

  /** A stretch of the text that is trained, or is not. */
  private record Segment(String text, boolean trained) {}

  /** How many pictures have their place in {@code text}. */
  public static int images(String text) {
    int count = 0;
    for (int at = text.indexOf(IMAGE); at >= 0; at = text.indexOf(IMAGE, at + 1)) {
      count++;
    }
    return count;
  }

  /**
   * {@code text} with its picture in front, followed by a line break, as LLaVA trains on it. Text
   * without one is as it was, and so is one among whose words several stand.
   */
  public static String imageFirst(String text) {
    return images(text) == 1 ? (IMAGE + "\n" + text.replace(IMAGE, "").strip()).strip() : text;
  }

  /**
   * The whole conversation as one text.
   *
   * @param turns of which the assistant's may come first, which is left out
   * @throws DsVlmException unless human and assistant take turns, the assistant last
   */
  public String prompt(List<Turn> turns) {
    StringBuilder text = new StringBuilder();
    segments(turns).forEach(segment -> text.append(segment.text()));
    return text.toString();
  }

  /**
   * The text up to the assistant's next answer.
   *
   * @param turns as in {@link #prompt}, but the human last
   */
  public String generationPrompt(List<Turn> turns) {
    return generationPrompt(null, turns);
  }

  /**
   * As {@link #generationPrompt(List)}.
   *
   * @param system what the model is told first; null for the template's own words
   * @throws DsVlmException also if the template has no place for them
   */
  public String generationPrompt(@Nullable String system, List<Turn> turns) {
    StringBuilder text = new StringBuilder();
    List<Turn> answered = new ArrayList<>(turns);
    answered.add(Turn.assistant(""));
    List<Segment> segments = segments(system == null ? opening : opening(system), answered);
    // The last two stretches are the empty answer and what follows it.
    segments.subList(0, segments.size() - 2).forEach(segment -> text.append(segment.text()));
    return text + withoutSpace(trainedBeforeAnswer);
  }

  /**
   * The same template for other programs, in Jinja, as {@code chat_template.jinja} holds it. What
   * it makes of a conversation is {@link #prompt}, or {@link #generationPrompt} where the answer is
   * still to come.
   */
  public String jinja() {
    return ChatTemplate.of(
        opening,
        beforeQuestion,
        this == PLAIN ? ChatTemplate.quoted(IMAGE) : "words(message[\"content\"])",
        afterQuestion,
        beforeAnswer + trainedBeforeAnswer,
        trainedAfterAnswer + afterAnswer,
        beforeAnswer + withoutSpace(trainedBeforeAnswer));
  }

  /** A single space is left to the model: it is part of the answer's first token. */
  private static String withoutSpace(String beforeAnswer) {
    return beforeAnswer.isBlank() ? "" : beforeAnswer;
  }

  private String opening(String system) {
    return Stream.of(Vicuna.WORDS, Llama3.WORDS, ChatMl.WORDS)
        .filter(opening::contains)
        .map(words -> opening.replace(words, system))
        .findFirst()
        .orElseThrow(
            () ->
                new DsVlmException(
                    "the template '" + key + "' has no place for a system message; leave it out"));
  }

  private List<Segment> segments(List<Turn> all) {
    return segments(opening, all);
  }

  private List<Segment> segments(String opened, List<Turn> all) {
    List<Turn> turns = fromQuestion(all);
    checkOrder(turns);
    List<Segment> segments = new ArrayList<>();
    StringBuilder untrained = new StringBuilder(opened);
    for (Turn turn : turns) {
      if (turn.fromHuman()) {
        String question = this == PLAIN ? IMAGE : turn.text();
        untrained.append(beforeQuestion).append(question).append(afterQuestion);
      } else {
        segments.add(new Segment(untrained.append(beforeAnswer).toString(), false));
        segments.add(new Segment(trainedBeforeAnswer + turn.text() + trainedAfterAnswer, true));
        untrained = new StringBuilder(afterAnswer);
      }
    }
    segments.add(new Segment(untrained.toString(), false));
    return segments;
  }

  /**
   * {@code turns} from the human's first on: as in LLaVA, a turn of the assistant before it is left
   * out.
   */
  public static List<Turn> fromQuestion(List<Turn> turns) {
    return beginsWithAnswer(turns) ? turns.subList(1, turns.size()) : turns;
  }

  /** Whether the assistant has the first turn, which {@link #prompt} leaves out. */
  public static boolean beginsWithAnswer(List<Turn> turns) {
    return !turns.isEmpty() && !turns.get(0).fromHuman();
  }

  private void checkOrder(List<Turn> turns) {
    for (int i = 0; i < turns.size(); i++) {
      if (turns.get(i).fromHuman() != (i % 2 == 0)) {
        throw new DsVlmException(
            "turn "
                + i
                + " is the "
                + (i % 2 == 0 ? "assistant's" : "human's")
                + "; the human begins, then both take turns");
      }
    }
    if (turns.isEmpty() || turns.size() % 2 != 0) {
      throw new DsVlmException(
          "a conversation of " + turns.size() + " turns; every question needs its answer");
    }
    if (this == PLAIN && (turns.size() != 2 || !turns.get(0).text().contains(IMAGE))) {
      throw new DsVlmException(
          "the plain template takes one turn with "
              + IMAGE
              + " and its caption; this record has "
              + turns.size()
              + " turns");
    }
  }

  /**
   * Ids and labels of a conversation. The text is tokenized as a whole; where a tokenizer would
   * join the end of a question with the beginning of its answer into one token, both sides are
   * tokenized apart, as they are when the answer is generated.
   *
   * @throws DsVlmException as {@link #prompt} does
   */
  public TokenizedConversation tokenize(List<Turn> turns, Tokenizer tokenizer) {
    List<Segment> segments = segments(turns);
    long[] always = alwaysTrained.stream().mapToLong(token -> idOf(token, tokenizer)).toArray();
    TokenizedSegments tokenized = TokenizedSegments.of(texts(segments), separator, this, tokenizer);
    long[] ids = tokenized.ids();
    boolean[] trained = new boolean[ids.length];
    int begin = 0;
    for (int i = 0; i < segments.size(); i++) {
      int end = tokenized.ends()[i];
      Arrays.fill(trained, begin, end, segments.get(i).trained());
      begin = end;
    }
    long[] labels = new long[ids.length];
    for (int i = 0; i < ids.length; i++) {
      long id = ids[i];
      boolean counts =
          id != IMAGE_MARKER && (trained[i] || Arrays.stream(always).anyMatch(a -> a == id));
      labels[i] = counts ? id : TokenizedConversation.IGNORED;
    }
    return new TokenizedConversation(ids, labels);
  }

  private static List<String> texts(List<Segment> segments) {
    return segments.stream().map(Segment::text).toList();
  }

  /**
   * Demands that every marker of the template is one token.
   *
   * @throws DsVlmException naming the template and the marker that {@code tokenizer} would split
   */
  public void requireTokens(Tokenizer tokenizer) {
    Matcher marker = MARKER.matcher(prompt(MARKED));
    while (marker.find()) {
      idOf(marker.group(), tokenizer);
    }
  }

  /** The token that ends an answer, where it is a special one of {@code tokenizer}. */
  public OptionalLong endToken(Tokenizer tokenizer) {
    return tokenizer.special(separator);
  }

  private long idOf(String token, Tokenizer tokenizer) {
    long[] ids = tokenizer.encode(token, false);
    if (ids.length != 1) {
      throw new DsVlmException(
          "the template needs '"
              + token.replace("\n", "\\n")
              + "' as one token, which this tokenizer does not have: "
              + key
              + " is not the template of this model");
    }
    return ids[0];
  }

  /**
   * Ids of a text that this template made, each {@link #IMAGE} as one {@link #IMAGE_MARKER}. What
   * stands on either side of a picture is tokenized by itself, as LLaVA does.
   */
  public long[] tokenize(String prompt, Tokenizer tokenizer) {
    LongStream.Builder ids = LongStream.builder();
    // Llama 3's prompts hold their first token as text.
    if (!opening.startsWith("<|begin_of_text|>")) {
      tokenizer.beginning().ifPresent(ids);
    }
    String[] parts = prompt.split(IMAGE, -1);
    for (int i = 0; i < parts.length; i++) {
      if (i > 0) {
        ids.add(IMAGE_MARKER);
      }
      if (!parts[i].isEmpty()) {
        Arrays.stream(tokenizer.encode(parts[i], false)).forEach(ids);
      }
    }
    return ids.build().toArray();
  }
}
