/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.tensor.Torch;
import org.dsvlm.text.Tokenizer;

/** Texts as CLIP's text tower takes them: beginning, text, end, and fill up to one length. */
final class ClipTexts {
  static final String END = "</s>";
  static final String FILL = "<pad>";

  private final long[] ids;
  private final int texts;
  private final int length;

  /** {@code texts} of {@code length} tokens; what is longer is cut. */
  ClipTexts(Tokenizer tokenizer, List<String> texts, int length) {
    this.texts = texts.size();
    this.length = length;
    this.ids = new long[texts.size() * length];
    Arrays.fill(ids, tokenizer.id(FILL));
    long end = tokenizer.id(END);
    for (int i = 0; i < texts.size(); i++) {
      long[] own = tokenizer.encode(texts.get(i), true);
      int count = Math.min(own.length, length - 1);
      System.arraycopy(own, 0, ids, i * length, count);
      ids[i * length + count] = end;
    }
  }

  /** int64 [rows, length]. */
  Tensor rows(long... rows) {
    long[] chosen = new long[rows.length * length];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(ids, (int) rows[i] * length, chosen, i * length, length);
    }
    return Torch.of(chosen, rows.length, length);
  }

  int size() {
    return texts;
  }

  /** The captions of {@code part}. */
  static ClipTexts captions(Tokenizer tokenizer, WorldPart part, int length) {
    List<String> captions = IntStream.range(0, part.size()).mapToObj(part::caption).toList();
    return new ClipTexts(tokenizer, captions, length);
  }
}
