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
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
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
 * A language model of the Llama family on the world's conversations and captions, in the templates
 * that it is to be trained in later. Where later a picture's patches stand, it reads the words of
 * what each patch shows, as the mean of their embeddings. So it learns to answer from what it is
 * shown; to see is left for later.
 */
final class LanguagePart implements Pretrainable {
  static final String NAME = "language";

  private static final String CONFIG = "config.json";

  /** A wrong answer shows in its own tokens, which are few among the words of a conversation. */
  private static final double ANSWERS_WEIGHT = 1.0;

  /** LibTorch's number for a bag that is the mean of its embeddings. */
  private static final long MEAN = 1;

  @Override
  public String name() {
    return NAME;
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
   * Tokens, some of which stand for several at once.
   *
   * @param words of each position: one token, or those of what a patch shows
   * @param labels the token that each position trains, where it trains one
   * @param answers likewise, those of answers alone
   */
  private record Document(long[][] words, long[] labels, long[] answers) {}

  private static Document document(
      ConversationTemplate template, List<Turn> turns, long[][] patches, Tokenizer tokenizer) {
    TokenizedConversation text = template.tokenize(turns, tokenizer);
    List<long[]> words = new ArrayList<>();
    LongStream.Builder labels = LongStream.builder();
    LongStream.Builder answers = LongStream.builder();
    for (int i = 0; i < text.ids().length; i++) {
      long id = text.ids()[i];
      if (id == ConversationTemplate.IMAGE_MARKER) {
        for (long[] patch : patches) {
          words.add(patch);
          labels.add(TokenizedConversation.IGNORED);
          answers.add(TokenizedConversation.IGNORED);
        }
      } else {
        words.add(new long[] {id});
        labels.add(id);
        answers.add(text.labels()[i]);
      }
    }
    return new Document(
        words.toArray(long[][]::new), labels.build().toArray(), answers.build().toArray());
  }

  /** patches: the words of each patch of the scene. */
  private static Document conversation(
      WorldPart part, int index, long[][] patches, Tokenizer tokenizer) {
    List<Turn> turns = part.conversations().get(index).turns();
    return document(ConversationTemplate.VICUNA_V1, turns, patches, tokenizer);
  }

  private static Document caption(
      WorldPart part, int index, long[][] patches, Tokenizer tokenizer) {
    List<Turn> turns =
        List.of(Turn.human(ConversationTemplate.IMAGE), Turn.assistant(part.caption(index)));
    return document(ConversationTemplate.PLAIN, turns, patches, tokenizer);
  }

  /** Each scene's conversation and its caption. */
  private static List<Document> documents(WorldPart part, PatchWords words, Tokenizer tokenizer) {
    List<Document> documents = new ArrayList<>();
    for (int i = 0; i < part.size(); i++) {
      long[][] patches = words.of(part.labels().get(i));
      documents.add(conversation(part, i, patches, tokenizer));
      documents.add(caption(part, i, patches, tokenizer));
    }
    return documents;
  }

  /**
   * The embeddings of {@code words}, [rows, length, hidden]: of several words their mean.
   *
   * @param table [vocabulary, hidden]
   */
  static Tensor embeddings(Tensor table, long[][] words, int rows) {
    long[] ids = Arrays.stream(words).flatMapToLong(Arrays::stream).toArray();
    long[] offsets = new long[words.length];
    for (int i = 1; i < words.length; i++) {
      offsets[i] = offsets[i - 1] + words[i - 1].length;
    }
    return torch
        .embedding_bag(
            table,
            Torch.of(ids, ids.length),
            Torch.of(offsets, offsets.length),
            false,
            MEAN,
            false,
            Torch.none(),
            false)
        .get0()
        .view(rows, words.length / rows, table.size(1));
  }

  @Override
  public PartTraining start(Workshop workshop) {
    try (Tokenizer tokenizer = Tokenizer.open(workshop.part("tokenizer"))) {
      ObjectNode model = workshop.section("model").deepCopy();
      model.put("vocab_size", tokenizer.size());
      LlamaConfig config = LlamaConfig.parse(model, "language.model");
      WorldPart train = workshop.data("train");
      List<Document> documents =
          documents(train, patchWords(workshop, train, tokenizer), tokenizer);
      return new Training(workshop, documents, config);
    }
  }

  private static PatchWords patchWords(Workshop workshop, WorldPart part, Tokenizer tokenizer) {
    return new PatchWords(tokenizer, part.side(), workshop.config().size("patches"));
  }

  private final class Training implements PartTraining {
    private final List<Document> documents;
    private final LlamaConfig config;
    private final ParameterStore store;
    private final CausalLm model;
    private final RandomState random;
    private final int batch;
    private final int length;
    private final Path tokenizer;

    Training(Workshop workshop, List<Document> documents, LlamaConfig config) {
      this.documents = documents;
      this.config = config;
      this.random = workshop.random(name());
      this.batch = workshop.config().size("batch_size");
      this.length = workshop.config().size("length");
      this.tokenizer = workshop.part("tokenizer");
      Workshop.Started<CausalLm> started =
          workshop.started(random, parameters -> new CausalLm(parameters, config));
      store = started.store();
      model = started.model();
    }

    @Override
    public Map<String, Tensor> parameters() {
      return store.tensors();
    }

    /** A window begins with a document: an answer whose picture is cut off teaches to guess. */
    @Override
    public Loss loss(long step) {
      long[][] words = new long[batch * length][];
      long[] labels = new long[batch * length];
      long[] answers = new long[batch * length];
      for (int i = 0; i < batch; i++) {
        int document = (int) random.fork("window").fork(step * batch + i).below(documents.size());
        int filled = 0;
        while (filled < length) {
          Document one = documents.get(document);
          int count = Math.min(length - filled, one.words().length);
          int at = i * length + filled;
          System.arraycopy(one.words(), 0, words, at, count);
          System.arraycopy(one.labels(), 0, labels, at, count);
          System.arraycopy(one.answers(), 0, answers, at, count);
          filled += count;
          document = (document + 1) % documents.size();
        }
      }
      Tensor states =
          model.model().forward(embeddings(model.model().embeddingTable(), words, batch), null);
      Tensor all = model.loss(states, Torch.of(labels, batch, length));
      Tensor ofAnswers = model.loss(states, Torch.of(answers, batch, length));
      return new Loss(
          all.add(ofAnswers.mul(Torch.scalar(ANSWERS_WEIGHT))),
          Map.of("text", all, "answers", ofAnswers),
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
        PatchWords words = patchWords(workshop, part, tokenizer);
        for (int i = 0; i < part.size(); i++) {
          long[][] patches = words.of(part.labels().get(i));
          measure(model, conversation(part, i, patches, tokenizer), tokenizer, all);
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
  private static void measure(CausalLm model, Document document, Tokenizer tokenizer, Answers all) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      Tensor states =
          model
              .model()
              .forward(embeddings(model.model().embeddingTable(), document.words(), 1), null);
      long[] labels = document.answers();
      all.loss += Torch.item(model.loss(states, Torch.of(document.labels(), 1, labels.length)));
      long[] likeliest = Torch.longs(model.logits(states).argmax(new LongOptional(2), false));
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
