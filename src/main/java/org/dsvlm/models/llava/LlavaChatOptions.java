/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import java.nio.file.Path;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.text.ConversationTemplate;
import org.jspecify.annotations.Nullable;

/**
 * Options for opening a model for conversations.
 *
 * @param template that the model was trained on; null for what the folder says (see {@link
 *     TrainedTemplate})
 * @param dtype to compute in; null for the type of the folder's weights
 * @param device "cpu", "cuda", …
 * @param adapter folder of a PEFT adapter to apply; null for none
 * @param padToSquare whether pictures are padded to squares; null for what the folder says
 */
public record LlavaChatOptions(
    @Nullable ConversationTemplate template,
    @Nullable ScalarType dtype,
    String device,
    @Nullable Path adapter,
    @Nullable Boolean padToSquare) {
  /** On the CPU, and otherwise what the folder says. */
  public static final LlavaChatOptions DEFAULTS =
      new LlavaChatOptions(null, null, "cpu", null, null);

  public LlavaChatOptions withTemplate(@Nullable ConversationTemplate conversation) {
    return new LlavaChatOptions(conversation, dtype, device, adapter, padToSquare);
  }

  public LlavaChatOptions withDtype(@Nullable ScalarType type) {
    return new LlavaChatOptions(template, type, device, adapter, padToSquare);
  }

  public LlavaChatOptions withDevice(String name) {
    return new LlavaChatOptions(template, dtype, name, adapter, padToSquare);
  }

  public LlavaChatOptions withAdapter(@Nullable Path folder) {
    return new LlavaChatOptions(template, dtype, device, folder, padToSquare);
  }

  public LlavaChatOptions withPadToSquare(@Nullable Boolean pads) {
    return new LlavaChatOptions(template, dtype, device, adapter, pads);
  }
}
