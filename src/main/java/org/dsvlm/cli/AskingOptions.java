/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.dsvlm.distributed.ProcessGroup;
import org.dsvlm.eval.Questions;
import org.dsvlm.eval.answer.Answering;
import org.dsvlm.eval.answer.AskedText;
import org.dsvlm.eval.answer.Fingerprint;
import org.dsvlm.models.llama.GenerationSettings;
import org.dsvlm.models.llava.LlavaChat;
import org.dsvlm.models.llava.LlavaChatOptions;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.text.ConversationTemplate;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Which model is asked questions, and how. */
final class AskingOptions {
  /** As the leaderboard's tool lets LLaVA answer. */
  private static final int MAX_NEW_TOKENS = 2048;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Folder of a LLaVA, or of a finished run, that answers.")
  private Path model;

  @Option(
      names = "--adapter",
      paramLabel = "DIR",
      description = "PEFT folder of a LoRA adapter to answer with.")
  private Path adapter;

  @Option(
      names = "--template",
      paramLabel = "NAME",
      description =
          "Conversation template that the model was trained on. Default: what its folder says.")
  private String template;

  @Option(
      names = "--pad-to-square",
      negatable = true,
      description =
          "Pads pictures to squares before they are resized, or not. Default: what the model's"
              + " folder says.")
  private Boolean padToSquare;

  @Option(
      names = "--dtype",
      paramLabel = "NAME",
      defaultValue = "float32",
      description = "Type to compute in. Default: ${DEFAULT-VALUE}.")
  private String dtype;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "16",
      description =
          "Questions that are answered at a time; changes no answer. Default: ${DEFAULT-VALUE}.")
  private int batch;

  @Option(
      names = "--max-new-tokens",
      paramLabel = "N",
      defaultValue = "" + MAX_NEW_TOKENS,
      description = "Longest answer. Default: ${DEFAULT-VALUE}, as the leaderboard has it.")
  private int maxNewTokens;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      defaultValue = "0",
      description = "Above 0, draws each token at random; 0 takes the likeliest. Default: 0.")
  private double temperature;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Seed of the draws. Default: 0.")
  private long seed;

  @Mixin private DeviceOption device;

  /** Whether a model is named. */
  boolean isPresent() {
    return model != null;
  }

  /**
   * Looks at what can be told before a model is read.
   *
   * @throws ParameterException for an option that makes no sense
   */
  void check() {
    if (batch < 1) {
      throw new ParameterException(spec.commandLine(), "--batch has to be above 0, not " + batch);
    }
    if (maxNewTokens < 1) {
      throw new ParameterException(
          spec.commandLine(), "--max-new-tokens has to be above 0, not " + maxNewTokens);
    }
  }

  /** Opens the model; on a machine with several GPUs each process takes its own. */
  LlavaChat open(ProcessGroup group) {
    String place = device.device();
    boolean shared = group.launch().localSize() > 1 && place.equals("cuda");
    return LlavaChat.open(
        ModelArgument.folder(model),
        LlavaChatOptions.DEFAULTS
            .withTemplate(template == null ? null : ConversationTemplate.named(template))
            .withDtype(DTypes.parse(dtype))
            .withDevice(shared ? "cuda:" + group.launch().localRank() : place)
            .withAdapter(adapter)
            .withPadToSquare(padToSquare));
  }

  /** The model's name, as results give it. */
  String name() {
    Path folder = model.toAbsolutePath().normalize();
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
        chat.settings()
            .withMaxNewTokens(maxNewTokens)
            .withRepetitionPenalty(1)
            .withSampling(temperature, 0, 1, seed);
    Map<String, String> identity = new LinkedHashMap<>();
    identity.put("model", name());
    identity.put("model_fingerprint", Fingerprint.ofFolder(ModelArgument.folder(model)));
    identity.put("adapter_fingerprint", adapter == null ? "" : Fingerprint.ofFolder(adapter));
    identity.put("data", data.getFileName().toString());
    identity.put("data_fingerprint", Fingerprint.of(List.of(data)));
    identity.put("template", chat.template().key());
    identity.put("pad_to_square", padToSquare == null ? "" : padToSquare.toString());
    identity.put("dtype", dtype);
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
          "%d of %d rows could not be asked and count as wrong; the first, %s: %s%n",
          outcome.failures().size(), outcome.replies().size(), first.getKey(), first.getValue());
    }
  }
}
