/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import java.nio.file.Path;
import java.util.Objects;
import org.dsvlm.distributed.ProcessGroup;
import org.dsvlm.eval.answer.Answering;
import org.dsvlm.eval.answer.AskedText;
import org.dsvlm.eval.answer.LlavaQuestions;
import org.dsvlm.models.llava.LlavaChat;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Questions of the user's own, in LLaVA's form. */
final class OwnQuestions {
  private static final String ANSWERS = "predictions.jsonl";

  @Option(
      names = "--questions",
      paramLabel = "FILE",
      description =
          "Questions of your own: LLaVA's JSON lines of question_id, image and text. The answers go"
              + " to predictions.jsonl, in LLaVA's form too.")
  private @Nullable Path file;

  @Option(
      names = "--images",
      paramLabel = "DIR",
      description = "Folder that the images of --questions start from. Default: that of the file.")
  private @Nullable Path images;

  /** Whether such a file is named. */
  boolean isPresent() {
    return file != null;
  }

  /** Has the model answer; the first process writes the answers. */
  void answer(AskingOptions asking, LlavaChat chat, Path out, ProcessGroup group) {
    Path own = Objects.requireNonNull(file);
    Path folder = images == null ? own.toAbsolutePath().resolveSibling("") : images;
    try (LlavaQuestions questions = LlavaQuestions.open(own, folder)) {
      Answering.Outcome outcome = asking.answer(chat, questions, AskedText.LLAVA, own, out, group);
      if (group.isFirst()) {
        questions.writeAnswers(out.resolve(ANSWERS), asking.name(), outcome.replies());
      }
    }
  }
}
