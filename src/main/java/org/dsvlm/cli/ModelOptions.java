/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import org.dsvlm.models.llava.LlavaChatOptions;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.text.ConversationTemplate;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of opening a model that answers. */
final class ModelOptions {
  /** The type of the model's files. */
  static final String AUTO = "auto";

  @Option(
      names = "--adapter",
      paramLabel = "DIR",
      description = "PEFT folder of a LoRA adapter to answer with.")
  private @Nullable Path adapter;

  @Option(
      names = "--template",
      paramLabel = "NAME",
      description =
          "Conversation template that the model was trained on: ${COMPLETION-CANDIDATES}. Default:"
              + " what its folder says.",
      completionCandidates = TemplateNames.class)
  private @Nullable String template;

  @Option(
      names = "--pad-to-square",
      negatable = true,
      description =
          "Pads pictures to squares before they are resized, or not. Default: what the model's"
              + " folder says.")
  private @Nullable Boolean padToSquare;

  @Option(
      names = "--dtype",
      paramLabel = "NAME",
      description =
          "Type to compute in: bfloat16, float16, float32, float64, or auto for that of the model's"
              + " files. Default: auto in chat, float32 in eval.")
  private @Nullable String dtype;

  @Mixin private DeviceOption device;

  /**
   * The options to open the model with.
   *
   * @param unsaid the type to compute in where none is named
   */
  LlavaChatOptions toOpen(String unsaid) {
    String type = dtype(unsaid);
    return LlavaChatOptions.DEFAULTS
        .withTemplate(template == null ? null : ConversationTemplate.named(template))
        .withDtype(type.equals(AUTO) ? null : DTypes.parseComputed("--dtype", type))
        .withDevice(device.device())
        .withAdapter(adapter)
        .withPadToSquare(padToSquare);
  }

  /** Null without one. */
  @Nullable Path adapter() {
    return adapter;
  }

  /** Null where the model's folder decides. */
  @Nullable Boolean padToSquare() {
    return padToSquare;
  }

  String dtype(String unsaid) {
    return dtype == null ? unsaid : dtype;
  }

  /** The names that {@code --template} takes, for its help. */
  static final class TemplateNames implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Arrays.stream(ConversationTemplate.values()).map(ConversationTemplate::key).iterator();
    }
  }
}
