/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.dsvlm.distributed.Launch;
import org.dsvlm.distributed.ProcessGroup;
import org.dsvlm.eval.BenchmarkFile;
import org.dsvlm.eval.Judging;
import org.dsvlm.eval.answer.AskedText;
import org.dsvlm.eval.result.Evaluation;
import org.dsvlm.eval.result.ResultFolder;
import org.dsvlm.eval.result.ResultTable;
import org.dsvlm.eval.result.Summary;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.llava.LlavaChat;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Asks a model the questions of benchmarks, and scores the replies. */
@Command(
    name = "eval",
    description =
        "Asks a model the questions of the ten benchmarks, or scores what it has replied, as the"
            + " OpenVLM leaderboard does.",
    mixinStandardHelpOptions = true)
final class EvalCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--benchmark",
      paramLabel = "NAME",
      description =
          "mmbench, mmstar, mmmu, mathvista, ocrbench, ai2d, hallusionbench, llavabench, scienceqa,"
              + " mme, a name of the leaderboard's such as MMBench_DEV_EN, or all; exact for a file of"
              + " your own, whose replies have to equal the answers.")
  private @Nullable String benchmark;

  @Option(
      names = "--data",
      paramLabel = "FILE",
      description = "The benchmark's TSV file, or a folder of files with the leaderboard's names.")
  private @Nullable Path data;

  @Option(
      names = "--score",
      paramLabel = "FILE",
      description =
          "Predictions to score: a TSV file with the columns index and prediction, or a folder of"
              + " them. Without --data it must hold the benchmark's columns too.")
  private @Nullable Path predictions;

  @Option(
      names = "--checksum",
      paramLabel = "MD5",
      description = "Refuses a data file with another MD5.")
  private @Nullable String checksum;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Folder for the results; several benchmarks get a folder each in it.")
  private Path out;

  @Mixin private JudgeOptions judge;
  @Mixin private AskingOptions asking;
  @Mixin private OwnQuestions own;

  @Override
  public Integer call() {
    judge.check();
    asking.check();
    checkWords();
    if (!asking.isPresent()) {
      return score(
          EvalFiles.of(benchmark(), data, predictions),
          files -> Evaluation.replies(Objects.requireNonNull(files.predictions())));
    }
    return ProcessGroupCommand.run(
        Launch.of(System.getenv()),
        spec.commandLine().getErr(),
        "the same command goes on",
        this::ask);
  }

  private void checkWords() {
    if (asking.isPresent() == (predictions != null)) {
      throw new ParameterException(
          spec.commandLine(),
          "--model asks a model, --score scores predictions: one of them is needed");
    }
    if ((benchmark != null) == own.isPresent()) {
      throw new ParameterException(
          spec.commandLine(),
          "--benchmark names a benchmark, --questions a file of your own: one of them is needed");
    }
    if (own.isPresent() && !asking.isPresent()) {
      throw new ParameterException(spec.commandLine(), "--questions needs --model, which answers");
    }
    if (benchmark != null && asking.isPresent() && data == null) {
      throw new ParameterException(spec.commandLine(), "--model needs --data, the questions");
    }
  }

  private String benchmark() {
    return Objects.requireNonNull(benchmark);
  }

  private int ask(ProcessGroup group) {
    List<EvalFiles> files = own.isPresent() ? List.of() : EvalFiles.of(benchmark(), data, null);
    try (LlavaChat chat = asking.open(group)) {
      if (own.isPresent()) {
        own.answer(asking, chat, out, group);
        return 0;
      }
      Map<EvalFiles, Map<String, String>> replies = new HashMap<>();
      for (EvalFiles one : files) {
        try (BenchmarkFile questions = BenchmarkFile.open(one.benchmark(), one.questions())) {
          checkSum(questions);
          Path folder = folder(files, one);
          AskedText asked =
              one.benchmark().onLeaderboard() ? AskedText.LEADERBOARD : AskedText.LLAVA;
          replies.put(
              one, asking.answer(chat, questions, asked, one.questions(), folder, group).replies());
        }
      }
      return group.isFirst() ? score(files, one -> Objects.requireNonNull(replies.get(one))) : 0;
    }
  }

  private Path folder(List<EvalFiles> files, EvalFiles one) {
    return files.size() == 1 ? out : out.resolve(one.dataset());
  }

  private int score(List<EvalFiles> files, Function<EvalFiles, Map<String, String>> replies) {
    if (files.size() > 1) {
      judge.checkSeveral();
    }
    PrintWriter printer = spec.commandLine().getOut();
    List<Summary> summaries = new ArrayList<>();
    for (EvalFiles one : files) {
      if (files.size() > 1 && one.benchmark().needsJudge() && !judge.isPresent(one.dataset())) {
        printer.println(one.benchmark().title() + ": left out, since it needs --judge");
        continue;
      }
      ResultFolder folder = new ResultFolder(folder(files, one), one.dataset());
      summaries.add(evaluate(one, replies.apply(one), folder, printer));
    }
    if (summaries.isEmpty()) {
      throw new DsVlmException("nothing was scored: " + benchmark + " needs --judge");
    }
    ResultTable table = new ResultTable(summaries);
    AtomicFiles.text(out.resolve("table.txt"), table.text());
    AtomicFiles.text(out.resolve("table.csv"), table.csv());
    printer.print(table.text());
    printer.flush();
    return 0;
  }

  private Summary evaluate(
      EvalFiles files, Map<String, String> replies, ResultFolder folder, PrintWriter printer) {
    Judging judging = judge.judging(files.dataset(), folder.judgeReplies());
    try (BenchmarkFile file = BenchmarkFile.open(files.benchmark(), files.questions())) {
      checkSum(file);
      Evaluation.Outcome outcome =
          Evaluation.score(files.benchmark(), file, replies, judging, folder);
      outcome
          .scores()
          .notes()
          .forEach(note -> printer.println(files.benchmark().title() + ": " + note));
      return outcome.summary();
    } finally {
      if (judging.judge() != null) {
        judging.judge().close();
      }
    }
  }

  private void checkSum(BenchmarkFile file) {
    if (checksum != null && !checksum.toLowerCase(Locale.ROOT).equals(file.table().md5())) {
      throw new DsVlmException(
          String.format(
              Locale.ROOT,
              "%s: its MD5 is %s, not %s; download the file again, or leave --checksum out",
              file.table().file(),
              file.table().md5(),
              checksum));
    }
  }
}
