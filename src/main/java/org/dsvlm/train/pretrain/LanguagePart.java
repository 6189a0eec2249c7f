/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train.pretrain;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.llama.CausalLm;
import org.dsvlm.models.llama.LlamaConfig;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.dsvlm.text.ConversationTemplate;
import org.dsvlm.text.TokenizedConversation;
import org.dsvlm.text.Tokenizer;
import org.dsvlm.text.Turn;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.files.WeightFolder;

/**
 * A language model of the Llama family on the world's text: conversations in the template that it
 * is to be trained in later, a caption where later the picture stands. So it learns to answer from
 * what it is told; to see is left for later.
 */
final class LanguagePart implements Pretrainable {
  private static final String CONFIG = "config.json";

  /** A wrong answer shows in its own tokens, which are few among the words of a conversation. */
  private static final double ANSWERS_WEIGHT = 1.0;

  @Override
  public String name() {
    return "language";
  }

  @Override
  public String title() {
    return "language model of the Llama family";
  }

  @Override
  public List<String> needs() {
    return List.of("tokenizer");
  }

  /**
   * A text of all conversations, one after the other.
   *
   * @param starts where each conversation begins
   */
  private record Stream(long[] ids, long[] labels, int[] starts) {}

  private static TokenizedConversation document(WorldPart part, int index, Tokenizer tokenizer) {
    List<Turn> turns = new ArrayList<>();
    for (Turn turn : part.conversations().get(index).turns()) {
      String text = turn.text().replace(ConversationTemplate.IMAGE, part.caption(index));
      turns.add(new Turn(turn.fromHuman(), text));
    }
    return ConversationTemplate.VICUNA_V1.tokenize(turns, tokenizer);
  }

  private static Stream stream(WorldPart part, Tokenizer tokenizer) {
    List<TokenizedConversation> documents = new ArrayList<>();
    int length = 0;
    for (int i = 0; i < part.size(); i++) {
      documents.add(document(part, i, tokenizer));
      length += documents.get(i).ids().length;
    }
    long[] ids = new long[length];
    long[] labels = new long[length];
    int[] starts = new int[documents.size()];
    int at = 0;
    for (int i = 0; i < starts.length; i++) {
      TokenizedConversation document = documents.get(i);
      starts[i] = at;
      System.arraycopy(document.ids(), 0, ids, at, document.ids().length);
      System.arraycopy(document.labels(), 0, labels, at, document.labels().length);
      at += document.ids().length;
    }
    return new Stream(ids, labels, starts);
  }

  @Override
  public PartTraining start(Workshop workshop) {
    try (Tokenizer tokenizer = Tokenizer.open(workshop.part("tokenizer"))) {
      ObjectNode model = workshop.section("model").deepCopy();
      model.put("vocab_size", tokenizer.size());
      LlamaConfig config = LlamaConfig.parse(model, "language.model");
      return new Training(workshop, stream(workshop.data("train"), tokenizer), config);
    }
  }

  private final class Training implements PartTraining {
    private final Stream stream;
    private final LlamaConfig config;
    private final ParameterStore store;
    private final CausalLm model;
    private final RandomState random;
    private final int batch;
    private final int length;
    private final Path tokenizer;

    Training(Workshop workshop, Stream stream, LlamaConfig config) {
      this.stream = stream;
      this.config = config;
      this.random = workshop.random(name());
      this.batch = workshop.config().size("batch_size");
      this.length = workshop.config().size("length");
      this.tokenizer = workshop.part("tokenizer");
      store = ParameterStore.random(random, ScalarType.Float, "cpu");
      model = new CausalLm(store.root(), config);
      store.setTrainable(parameter -> true);
    }

    @Override
    public Map<String, Tensor> parameters() {
      return store.tensors();
    }

    /**
     * A window begins with a conversation: an answer whose caption is cut off teaches the model to
     * guess.
     */
    @Override
    public Loss loss(long step) {
      long[] ids = new long[batch * length];
      long[] labels = new long[batch * length];
      for (int i = 0; i < batch; i++) {
        RandomState own = random.fork("window").fork(step * batch + i);
        int start = stream.starts[(int) own.below(stream.starts.length)];
        int from = Math.min(start, stream.ids.length - length);
        System.arraycopy(stream.ids, from, ids, i * length, length);
        System.arraycopy(stream.labels, from, labels, i * length, length);
      }
      Tensor inputs = Torch.of(ids, batch, length);
      Tensor states = model.model().forward(model.model().embed(inputs), null);
      Tensor all = model.loss(states, inputs);
      Tensor answers = model.loss(states, Torch.of(labels, batch, length));
      return new Loss(
          all.add(answers.mul(Torch.scalar(ANSWERS_WEIGHT))),
          Map.of("text", all, "answers", answers),
          batch);
    }

    @Override
    public void write(Path folder) throws IOException {
      Bfloat16Files.write(folder, "model", store.tensors());
      Files.writeString(folder.resolve(CONFIG), config.toJson().toPrettyString() + "\n");
      for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
        Files.copy(tokenizer.resolve(file), folder.resolve(file));
      }
    }

    @Override
    public void close() {
      store.close();
    }
  }

  @Override
  public Map<String, Double> figures(Workshop workshop) {
    Path folder = workshop.part(folder());
    Map<String, Double> figures = new LinkedHashMap<>();
    try (WeightSource stored = WeightFolder.open(folder);
        ParameterStore store = ParameterStore.from(stored, ScalarType.Float, "cpu");
        Tokenizer tokenizer = Tokenizer.open(folder)) {
      LlamaConfig config = LlamaConfig.parse(JsonConfig.read(folder.resolve(CONFIG)));
      CausalLm model = new CausalLm(store.root(), config);
      for (String name : List.of("new-scenes", "new-concepts")) {
        Answers all = new Answers();
        WorldPart part = workshop.data(name);
        for (int i = 0; i < part.size(); i++) {
          measure(model, document(part, i, tokenizer), tokenizer, all);
        }
        figures.put("answers_right " + name, (double) all.right / all.count);
        figures.put("letters_right " + name, (double) all.lettersRight / all.letters);
        figures.put("loss_a_token " + name, all.loss / part.size());
      }
    }
    return figures;
  }

  private static final class Answers {
    private int count;
    private int right;
    private int letters;
    private int lettersRight;
    private double loss;
  }

  /** An answer is right if each of its tokens is the likeliest after those before it. */
  private static void measure(
      CausalLm model, TokenizedConversation document, Tokenizer tokenizer, Answers all) {
    try (PointerScope scope = new PointerScope()) {
      Tensor ids = Torch.of(document.ids(), 1, document.ids().length);
      Tensor states =
          Torch.withoutGradient(() -> model.model().forward(model.model().embed(ids), null));
      all.loss += Torch.item(Torch.withoutGradient(() -> model.loss(states, ids)));
      long[] likeliest =
          Torch.longs(
              Torch.withoutGradient(() -> model.logits(states).argmax(new LongOptional(2), false)));
      long[] labels = document.labels();
      boolean right = true;
      List<Long> answer = new ArrayList<>();
      for (int i = 1; i < labels.length; i++) {
        if (labels[i] != TokenizedConversation.IGNORED) {
          right &= likeliest[i - 1] == labels[i];
          answer.add(labels[i]);
        }
        boolean last = i + 1 == labels.length || labels[i + 1] == TokenizedConversation.IGNORED;
        if (last && !answer.isEmpty()) {
          long[] tokens = answer.stream().mapToLong(Long::longValue).toArray();
          boolean letter = tokenizer.decode(tokens, true).strip().matches("[A-D]");
          all.count++;
          all.right += right ? 1 : 0;
          all.letters += letter ? 1 : 0;
          all.lettersRight += letter && right ? 1 : 0;
          right = true;
          answer.clear();
        }
      }
    }
  }
}
