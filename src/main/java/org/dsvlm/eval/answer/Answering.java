/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.answer;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.dsvlm.distributed.ProcessGroup;
import org.dsvlm.eval.Questions;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.llama.GenerationSettings;
import org.dsvlm.models.llava.LlavaChat;

/**
 * The answering of one file of questions, by one process or several. Replies go to {@code
 * answers.jsonl} of a folder as they come, those of further processes to {@code answers-N.jsonl}
 * beside it. Whatever was killed meanwhile and however many processes there were, the file ends the
 * same byte for byte.
 */
public final class Answering {
  /** The log of replies in a folder of results. */
  public static final String FILE = "answers.jsonl";

  /**
   * How to ask.
   *
   * @param generation how tokens are chosen, and the most new ones
   * @param together the most questions that are answered at a time
   * @param asked how a question becomes a text
   */
  public record Options(GenerationSettings generation, int together, AskedText asked) {}

  /**
   * The result of an answering.
   *
   * @param replies by index, in the order of the questions; empty where a row could not be asked
   * @param failures why not, by index
   */
  public record Outcome(Map<String, String> replies, Map<String, String> failures) {}

  private final Path folder;
  private final ObjectNode asked;
  private final Options options;
  private final ProcessGroup group;

  /**
   * An answering.
   *
   * @param folder for the log of replies
   * @param asked what tells this evaluation from others: model, data and whatever else changes
   *     replies beside the options
   */
  public Answering(Path folder, Map<String, String> asked, Options options, ProcessGroup group) {
    this.folder = folder;
    this.options = options;
    this.group = group;
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    asked.forEach(json::put);
    GenerationSettings generation = options.generation();
    json.put("max_new_tokens", generation.maxNewTokens())
        .put("temperature", generation.temperature())
        .put("top_k", generation.topK())
        .put("top_p", generation.topP())
        .put("repetition_penalty", generation.repetitionPenalty())
        .put("seed", generation.seed());
    this.asked = json;
  }

  /**
   * Answers all questions that have no reply yet; the first process gives the outcome, the others
   * an empty one.
   *
   * @throws DsVlmException if the folder holds replies of another evaluation, or cannot be written
   */
  public Outcome run(LlavaChat chat, Questions questions, AnswerListener listener) {
    List<String> indices = IntStream.range(0, questions.size()).mapToObj(questions::index).toList();
    // One process says what is open: another might see replies that are not there yet for all.
    int[] open = positions(group.onFirst(() -> open(indices)));
    List<Integer> own =
        IntStream.range(0, open.length)
            .filter(i -> i % group.size() == group.rank())
            .mapToObj(i -> open[i])
            .toList();
    try (AnswerLog log = AnswerLog.open(file(group.rank()), asked)) {
      new ModelAnswerer(chat, options.generation(), options.together(), options.asked(), listener)
          .answer(questions, own, log);
    }
    group.report(() -> "done");
    return group.isFirst() ? outcome(indices) : new Outcome(Map.of(), Map.of());
  }

  /** Positions of the questions that have no reply, written one after the other. */
  private String open(List<String> indices) {
    try (AnswerLog log = gather()) {
      return IntStream.range(0, indices.size())
          .filter(position -> log.get(indices.get(position)).isEmpty())
          .mapToObj(Integer::toString)
          .collect(Collectors.joining(" "));
    }
  }

  private static int[] positions(String text) {
    return text.isEmpty()
        ? new int[0]
        : Arrays.stream(text.split(" ")).mapToInt(Integer::parseInt).toArray();
  }

  private Outcome outcome(List<String> indices) {
    try (AnswerLog log = gather()) {
      log.arrange(asked, indices);
      Map<String, String> replies = new LinkedHashMap<>();
      indices.forEach(index -> replies.put(index, log.get(index).orElseThrow()));
      return new Outcome(replies, log.failures());
    }
  }

  private Path file(int rank) {
    return folder.resolve(rank == 0 ? FILE : "answers-" + rank + ".jsonl");
  }

  /** The first log, with what lies in those of other processes; these are deleted. */
  private AnswerLog gather() {
    AnswerLog log = AnswerLog.open(file(0), asked);
    try {
      for (Path part : parts()) {
        try (AnswerLog other = AnswerLog.open(part, asked)) {
          log.addAll(other);
        }
      }
      log.sync();
      for (Path part : parts()) {
        Files.delete(part);
      }
      return log;
    } catch (IOException e) {
      log.close();
      throw new DsVlmException(folder + ": cannot be read: " + AtomicFiles.reason(e), e);
    } catch (RuntimeException e) {
      log.close();
      throw e;
    }
  }

  private List<Path> parts() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.getFileName().toString().matches("answers-\\d+\\.jsonl"))
          .sorted()
          .toList();
    }
  }
}
