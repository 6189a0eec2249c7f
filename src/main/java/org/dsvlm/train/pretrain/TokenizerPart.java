/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.dsvlm.text.ConversationTemplate;
import org.dsvlm.text.Tokenizer;
import org.dsvlm.text.Turn;

/**
 * Byte-level BPE (Sennrich et al. 2016), its merges learned from the world's captions and talks.
 */
final class TokenizerPart implements Pretrainable {
  @Override
  public String name() {
    return "tokenizer";
  }

  @Override
  public String title() {
    return "byte-level BPE tokenizer";
  }

  @Override
  public List<String> needs() {
    return List.of();
  }

  @Override
  public PartTraining start(Workshop workshop) {
    int vocabulary = workshop.config().size("vocabulary");
    int context = workshop.config().size("context");
    WorldPart train = workshop.data("train");
    return new PartWithoutSteps() {
      @Override
      public void write(Path folder) {
        BytePairs.learn(corpus(train), vocabulary).write(folder, context);
      }
    };
  }

  /**
   * Captions and conversations in the template that they are trained in. Scenes with writing are
   * left out: no two of their characters should become one token.
   */
  private static List<String> corpus(WorldPart part) {
    List<String> corpus = new ArrayList<>();
    for (int i = 0; i < part.size(); i++) {
      JsonNode label = part.labels().get(i);
      if (label.path("text").asText().isEmpty()) {
        corpus.add(part.caption(i));
        List<Turn> turns = part.conversations().get(i).turns();
        corpus.add(
            ConversationTemplate.VICUNA_V1
                .prompt(turns)
                .replace(ConversationTemplate.IMAGE, "")
                .replace("</s>", "\n"));
      }
    }
    return corpus;
  }

  @Override
  public Map<String, Double> figures(Workshop workshop) {
    Map<String, Double> figures = new LinkedHashMap<>();
    try (Tokenizer tokenizer = Tokenizer.open(workshop.part(folder()))) {
      figures.put("vocabulary", (double) tokenizer.size());
      for (String name : List.of("new-scenes", "new-concepts")) {
        WorldPart part = workshop.data(name);
        long tokens = 0;
        long words = 0;
        long whole = 0;
        for (int i = 0; i < part.size(); i++) {
          String caption = part.caption(i);
          long[] ids = tokenizer.encode(caption, false);
          tokens += ids.length;
          words += caption.split(" ").length;
          whole += tokenizer.decode(ids, false).equals(caption) ? 1 : 0;
        }
        figures.put("tokens_a_word " + name, (double) tokens / words);
        figures.put("captions_kept " + name, (double) whole / part.size());
      }
    }
    return figures;
  }
}
