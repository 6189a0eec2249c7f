/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.dsvlm.distributed.ProcessGroup;
import org.dsvlm.eval.Benchmark;
import org.dsvlm.eval.BenchmarkFile;
import org.dsvlm.eval.Benchmarks;
import org.dsvlm.eval.ClosedAnswer;
import org.dsvlm.eval.Judging;
import org.dsvlm.eval.answer.AnswerListener;
import org.dsvlm.eval.answer.Answering;
import org.dsvlm.eval.answer.AskedText;
import org.dsvlm.eval.answer.Fingerprint;
import org.dsvlm.eval.result.Evaluation;
import org.dsvlm.eval.result.ResultFolder;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Excerpt;
import org.dsvlm.io.FilePath;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.llava.LlavaChat;
import org.dsvlm.models.llava.LlavaChatOptions;
import org.dsvlm.train.recipe.EvaluationKeys;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.train.run.RunFolder;

/**
 * Asks the model that a run has trained the held-out questions of its recipe. Replies are kept as
 * they come, so an evaluation that was killed goes on where it was.
 */
public final class RunEvaluation {
  private final Recipe recipe;
  private final RunFolder run;
  private final EvaluationKeys settings;

  private RunEvaluation(Recipe recipe, RunFolder run) {
    this.recipe = recipe;
    this.run = run;
    this.settings = recipe.evaluation();
  }

  /**
   * Looks at what the recipe asks for, before anything is trained.
   *
   * @throws DsVlmException if it names an unknown benchmark, one with open questions, or a file
   *     that is not there
   */
  public static void check(Recipe recipe) {
    files(recipe).forEach((benchmark, file) -> requireFile(benchmark, file));
  }

  private static void requireFile(Benchmark benchmark, Path file) {
    if (!Files.isRegularFile(file)) {
      throw new DsVlmException(
          String.format(
              Locale.ROOT,
              "recipe: evaluation.questions.%s: %s: no such file",
              benchmark.key(),
              file));
    }
  }

  private static Map<Benchmark, Path> files(Recipe recipe) {
    Map<Benchmark, Path> files = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : recipe.evaluation().questions().properties()) {
      String key = "recipe: evaluation.questions." + entry.getKey();
      if (!entry.getValue().isTextual()) {
        throw new DsVlmException(
            key + ": takes the path of a TSV file, not " + Excerpt.of(entry.getValue()));
      }
      files.put(Benchmarks.named(entry.getKey()), FilePath.of(key, entry.getValue().textValue()));
    }
    return files;
  }

  /**
   * Evaluates a finished run, where its recipe has questions. A run that has its result already is
   * left as it is.
   *
   * @param group all processes of the run call this; the first one writes
   * @return the result as lines of text, in the first process; empty without questions
   * @throws DsVlmException if the questions or the model cannot be read
   */
  public static String run(
      ProcessGroup group, Recipe recipe, RunFolder run, AnswerListener listener) {
    Map<Benchmark, Path> files = files(recipe);
    if (files.isEmpty()) {
      return "";
    }
    String done = group.onFirst(() -> Boolean.toString(Files.exists(run.evaluation())));
    if (!Boolean.parseBoolean(done)) {
      new RunEvaluation(recipe, run).evaluate(group, files, listener);
    }
    return group.isFirst() ? HeldOutScore.text(JsonConfig.read(run.evaluation()).json()) : "";
  }

  private void evaluate(ProcessGroup group, Map<Benchmark, Path> files, AnswerListener listener) {
    List<ClosedAnswer> answers = new ArrayList<>();
    List<ObjectNode> benchmarks = new ArrayList<>();
    try (LlavaChat chat =
        LlavaChat.open(run.export(), LlavaChatOptions.DEFAULTS.withDevice(recipe.device()))) {
      for (Map.Entry<Benchmark, Path> one : files.entrySet()) {
        try (BenchmarkFile file = BenchmarkFile.open(one.getKey(), one.getValue())) {
          AskedFile questions = new AskedFile(one.getKey(), file, settings.form());
          Path folder = run.answers().resolve(one.getKey().key());
          Map<String, String> replies = ask(chat, file, questions, folder, group, listener);
          if (group.isFirst()) {
            answers.addAll(questions.answers(replies));
            benchmarks.add(described(one.getKey(), file, questions, replies, folder));
          }
        }
      }
    }
    if (group.isFirst()) {
      HeldOutStrip.write(recipe, run, files);
      ObjectNode json = HeldOutScore.json(answers).put("form", settings.form());
      ArrayNode list = json.putArray("benchmarks");
      benchmarks.forEach(list::add);
      AtomicFiles.text(run.evaluation(), json.toPrettyString() + "\n");
    }
  }

  private Map<String, String> ask(
      LlavaChat chat,
      BenchmarkFile file,
      AskedFile questions,
      Path folder,
      ProcessGroup group,
      AnswerListener listener) {
    Map<String, String> asked = new LinkedHashMap<>();
    asked.put("model_fingerprint", Fingerprint.ofFolder(run.export()));
    asked.put("data", file.table().file().getFileName().toString());
    asked.put("data_md5", file.table().md5());
    asked.put("template", chat.template().key());
    asked.put("form", settings.form());
    // As the records of the training are shown, not as the leaderboard's tool does.
    Answering.Options options =
        new Answering.Options(
            chat.settings()
                .withMaxNewTokens(settings.maxNewTokens())
                .withRepetitionPenalty(1)
                .withSampling(0, 0, 1, 0),
            settings.batchSize(),
            AskedText.LLAVA);
    return new Answering(folder, asked, options, group).run(chat, questions, listener).replies();
  }

  /** What was asked, and in the leaderboard's form its own score, with its files in the folder. */
  private static ObjectNode described(
      Benchmark benchmark,
      BenchmarkFile file,
      AskedFile questions,
      Map<String, String> replies,
      Path folder) {
    String name = file.table().file().getFileName().toString();
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("benchmark", benchmark.key())
            .put("data", name)
            .put("data_md5", file.table().md5());
    if (!questions.isOpen()) {
      ResultFolder results = new ResultFolder(folder, name.replaceFirst("\\.tsv$", ""));
      Evaluation.Outcome outcome =
          Evaluation.score(benchmark, file, replies, Judging.NONE, results);
      json.put("headline", outcome.scores().headline());
    }
    return json;
  }
}
