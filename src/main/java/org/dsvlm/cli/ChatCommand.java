/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.dsvlm.chat.ChatModel;
import org.dsvlm.image.Picture;
import org.dsvlm.models.llama.GenerationSettings;
import org.dsvlm.models.llava.LlavaChat;
import org.dsvlm.models.llava.LlavaChatOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Answers one prompt, or one after the other. */
@Command(
    name = "chat",
    description = "Answers a prompt, about a picture if one is given, or questions line by line.",
    mixinStandardHelpOptions = true)
final class ChatCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR",
      description =
          "Folder of a LLaVA, or of a finished run; or nano, the small model that is shipped.")
  private Path model;

  @Option(
      names = "--image",
      paramLabel = "FILE",
      description =
          "A picture; may be repeated. Each stands where the prompt has <image>, or all before it.")
  private List<Path> images = List.of();

  @Option(
      names = "--prompt",
      paramLabel = "TEXT",
      description =
          "The question. Without it questions are read line by line from standard input; /picture"
              + " FILE shows a picture, /clear begins anew.")
  private @Nullable String prompt;

  @Mixin private SamplingOptions sampling;
  @Mixin private ModelOptions options;

  @Option(
      names = "--check",
      paramLabel = "FILE",
      description =
          "Also writes ids, pixels, logits and likeliest tokens to a safetensors file, for"
              + " benchmarks/peers/check_export.py and check_adapter.py.")
  private @Nullable Path check;

  @Override
  public Integer call() {
    sampling.check(spec.commandLine());
    if (check != null && (images.size() != 1 || prompt == null)) {
      throw new ParameterException(spec.commandLine(), "--check needs one --image and a --prompt");
    }
    Path folder = ModelArgument.folder(model);
    LlavaChatOptions toOpen = options.toOpen(ModelOptions.AUTO);
    List<Picture> pictures = images.stream().map(Picture::read).toList();
    String question = prompt;
    if (check != null && question != null) {
      try (LlavaChat chat = LlavaChat.open(folder, toOpen)) {
        int newTokens = sampling.settings(chat.settings()).maxNewTokens();
        chat.writeCheck(check, pictures.get(0), question, newTokens);
      }
    }
    try (ChatModel chat = ChatModel.open(folder, toOpen)) {
      GenerationSettings settings = sampling.settings(chat.settings());
      Conversation conversation = new Conversation(chat, settings, pictures, spec.commandLine());
      if (prompt == null) {
        conversation.hold(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      } else {
        conversation.answer(prompt);
      }
    }
    return 0;
  }
}
