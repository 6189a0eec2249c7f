/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.nio.file.Path;
import org.dsvlm.models.llava.LlavaChatOptions;
import org.dsvlm.tensor.DTypes;
import org.dsvlm.text.ConversationTemplate;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of opening a model that answers. */
final class ModelOptions {
  @Option(
      names = "--adapter",
      paramLabel = "DIR",
      description = "PEFT folder of a LoRA adapter to answer with.")
  private @Nullable Path adapter;

  @Option(
      names = "--template",
      paramLabel = "NAME",
      description =
          "Conversation template that the model was trained on. Default: what its folder says.")
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
      defaultValue = "float32",
      description = "Type to compute in. Default: ${DEFAULT-VALUE}.")
  private String dtype;

  @Mixin private DeviceOption device;

  LlavaChatOptions toOpen() {
    return LlavaChatOptions.DEFAULTS
        .withTemplate(template == null ? null : ConversationTemplate.named(template))
        .withDtype(DTypes.parse(dtype))
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

  String dtype() {
    return dtype;
  }
}
