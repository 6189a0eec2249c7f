/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.dsvlm.distributed.ProcessGroup;
import org.dsvlm.eval.Questions;
import org.dsvlm.eval.answer.Answering;
import org.dsvlm.eval.answer.AskedText;
import org.dsvlm.eval.answer.Fingerprint;
import org.dsvlm.models.llama.GenerationSettings;
import org.dsvlm.models.llava.LlavaChat;
import org.dsvlm.models.llava.LlavaChatOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The model that is asked questions, and how it answers. */
final class AskingOptions {
  /** As the leaderboard's tool lets LLaVA answer. */
  private static final int MAX_NEW_TOKENS = 2048;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Folder of a LLaVA, or of a finished run, that answers.")
  private @Nullable Path model;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "16",
      description =
          "Questions that are answered at a time; changes no answer. Default: ${DEFAULT-VALUE}.")
  private int batch;

  @Mixin private ModelOptions options;
  @Mixin private SamplingOptions sampling;

  /** Whether a model is named. */
  boolean isPresent() {
    return model != null;
  }

  /**
   * Checks the options before a model is read.
   *
   * @throws ParameterException for an option that makes no sense
   */
  void check() {
    if (batch < 1) {
      throw new ParameterException(spec.commandLine(), "--batch has to be above 0, not " + batch);
    }
    sampling.check(spec.commandLine());
  }

  /** Opens the model; on a machine with several GPUs each process takes its own. */
  LlavaChat open(ProcessGroup group) {
    LlavaChatOptions toOpen = options.toOpen("float32");
    boolean shared = group.launch().localSize() > 1 && toOpen.device().equals("cuda");
    return LlavaChat.open(
        ModelArgument.folder(model()),
        shared ? toOpen.withDevice("cuda:" + group.launch().localRank()) : toOpen);
  }

  private Path model() {
    return Objects.requireNonNull(model);
  }

  /** The model's name, as results give it. */
  String name() {
    Path folder = model().toAbsolutePath().normalize();
    return folder.getFileName().toString();
  }

  /**
   * Answers the questions of a file, going on where a run before has stopped. Other processes than
   * the first get an empty outcome.
   *
   * @param data the file
   * @param folder for the replies
   */
  Answering.Outcome answer(
      LlavaChat chat,
      Questions questions,
      AskedText asked,
      Path data,
      Path folder,
      ProcessGroup group) {
    PrintWriter err = spec.commandLine().getErr();
    GenerationSettings settings =
        sampling.settings(
            chat.settings().withMaxNewTokens(MAX_NEW_TOKENS).withRepetitionPenalty(1));
    Map<String, String> identity = new LinkedHashMap<>();
    identity.put("model", name());
    identity.put("model_fingerprint", Fingerprint.ofFolder(ModelArgument.folder(model())));
    Path adapter = options.adapter();
    identity.put("adapter_fingerprint", adapter == null ? "" : Fingerprint.ofFolder(adapter));
    identity.put("data", data.getFileName().toString());
    identity.put("data_fingerprint", Fingerprint.of(List.of(data)));
    identity.put("template", chat.template().key());
    identity.put("pad_to_square", Objects.toString(options.padToSquare(), ""));
    identity.put("dtype", options.dtype("float32"));
    Answering answering =
        new Answering(folder, identity, new Answering.Options(settings, batch, asked), group);
    boolean bar = group.isFirst() && Terminal.standardErrorIsTerminal();
    try (AnsweringProgress progress =
        new AnsweringProgress(bar, err, data.getFileName().toString())) {
      Answering.Outcome outcome = answering.run(chat, questions, progress);
      report(outcome, err);
      return outcome;
    }
  }

  private static void report(Answering.Outcome outcome, PrintWriter err) {
    if (!outcome.failures().isEmpty()) {
      Map.Entry<String, String> first = outcome.failures().entrySet().iterator().next();
      err.printf(
          Locale.ROOT,
          "%d of %d rows could not be asked and count as wrong; the first, %s: %s%n",
          outcome.failures().size(),
          outcome.replies().size(),
          first.getKey(),
          first.getValue());
    }
  }
}
