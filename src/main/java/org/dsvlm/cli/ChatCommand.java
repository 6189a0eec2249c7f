/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.dsvlm.image.Picture;
import org.dsvlm.models.llama.GenerationSettings;
import org.dsvlm.models.llava.LlavaChat;
import org.dsvlm.models.llava.LlavaChatOptions;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.text.ConversationTemplate;
import org.dsvlm.text.Turn;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Answers one prompt. */
@Command(
    name = "chat",
    description = "Answers a prompt, about a picture if one is given.",
    mixinStandardHelpOptions = true)
final class ChatCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR",
      description = "Folder of a LLaVA, or of a finished run.")
  private Path model;

  @Option(
      names = "--adapter",
      paramLabel = "DIR",
      description = "PEFT folder of a LoRA adapter to answer with.")
  private Path adapter;

  @Option(names = "--image", paramLabel = "FILE", description = "The picture.")
  private Path image;

  @Option(
      names = "--pad-to-square",
      negatable = true,
      description =
          "Pads the picture to a square before it is resized, or not. Default: what the model's"
              + " folder says.")
  private Boolean padToSquare;

  @Option(names = "--prompt", required = true, paramLabel = "TEXT", description = "The question.")
  private String prompt;

  @Mixin private SamplingOptions sampling;

  @Option(
      names = "--template",
      paramLabel = "NAME",
      defaultValue = "vicuna_v1",
      description =
          "Conversation template that the model was trained on. Default: ${DEFAULT-VALUE}.")
  private String template;

  @Option(
      names = "--dtype",
      paramLabel = "NAME",
      defaultValue = "float32",
      description = "Type to compute in. Default: ${DEFAULT-VALUE}.")
  private String dtype;

  @Mixin private DeviceOption device;

  @Option(
      names = "--check",
      paramLabel = "FILE",
      description =
          "Also writes ids, pixels, logits and likeliest tokens to a safetensors file, for"
              + " benchmarks/peers/check_export.py and check_adapter.py.")
  private Path check;

  @Override
  public Integer call() {
    sampling.check();
    if (check != null && image == null) {
      throw new ParameterException(spec.commandLine(), "--check needs --image");
    }
    Path folder = ModelArgument.folder(model);
    Picture picture = image == null ? null : Picture.read(image);
    try (LlavaChat chat = LlavaChat.open(folder, options())) {
      GenerationSettings settings = sampling.settings(chat.settings());
      if (check != null) {
        chat.writeCheck(check, picture, prompt, settings.maxNewTokens());
      }
      AnswerPrinter printer = new AnswerPrinter(spec.commandLine().getOut());
      chat.answer(
          picture, List.of(Turn.human(prompt)), settings, (record, piece) -> printer.print(piece));
      printer.end();
    }
    return 0;
  }

  private LlavaChatOptions options() {
    return LlavaChatOptions.DEFAULTS
        .withTemplate(ConversationTemplate.named(template))
        .withDtype(DTypes.parse(dtype))
        .withDevice(device.device())
        .withAdapter(adapter)
        .withPadToSquare(padToSquare);
  }
}
