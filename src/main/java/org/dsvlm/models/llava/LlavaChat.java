/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.image.ImageProcessor;
import org.dsvlm.image.Picture;
import org.dsvlm.io.Arguments;
import org.dsvlm.io.Calls;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.FilePath;
import org.dsvlm.models.llama.Answer;
import org.dsvlm.models.llama.AnswerGroup;
import org.dsvlm.models.llama.Generation;
import org.dsvlm.models.llama.GenerationSettings;
import org.dsvlm.models.llama.StreamedText;
import org.dsvlm.models.llama.TextListener;
import org.dsvlm.nn.Lora;
import org.dsvlm.tensor.Devices;
import org.dsvlm.tensor.NativeErrors;
import org.dsvlm.tensor.SideBySide;
import org.dsvlm.tensor.Torch;
import org.dsvlm.text.ConversationTemplate;
import org.dsvlm.text.Tokenizer;
import org.dsvlm.text.Turn;
import org.jspecify.annotations.Nullable;

/**
 * A LLaVA with everything that a conversation needs: tokenizer, picture processor, conversation
 * template and the settings of its folder. Several threads may ask at once, and one may close it
 * meanwhile.
 *
 * <pre>{@code
 * try (LlavaChat chat = LlavaChat.open(folder, LlavaChatOptions.DEFAULTS)) {
 *   String answer = chat.answer(Picture.read(file), "What is this?");
 * }
 * }</pre>
 */
public final class LlavaChat implements AutoCloseable {
  /** Rows of a step on a GPU, where several are answered. */
  private static final int GPU_ROWS = 16;

  private final LlavaChatOptions options;
  private final LlavaSettings settings;
  private final LoadedLlava checkpoint;
  private final @Nullable Lora adapter;
  private final Tokenizer tokenizer;
  private final ConversationTemplate template;
  private final Calls calls;

  /** Read with the first picture: a conversation without any needs none. */
  private @Nullable ImageProcessor processor;

  private LlavaChat(Path path, LlavaChatOptions options) {
    this.options = options;
    Path folder = FilePath.model(path);
    LlavaFolder.refuseAdapter(folder);
    settings = LlavaSettings.open(folder, options.template());
    tokenizer = settings.tokenizer();
    template = settings.template();
    @Nullable LoadedLlava opened = null;
    try {
      opened = LoadedLlava.openMapped(folder, options.dtype(), options.device());
      tokenizer.checkFits(opened.config().text().vocabularySize());
      Path lora = options.adapter();
      adapter = lora == null ? null : LlavaLora.read(lora, opened.parameters());
      checkpoint = opened;
      calls = new Calls(folder + ": the model", this::free);
    } catch (RuntimeException e) {
      tokenizer.close();
      if (opened != null) {
        opened.close();
      }
      throw e;
    }
  }

  /**
   * Opens the model in {@code folder}, in any of LLaVA's layouts. Weights are copied into memory
   * unless their file is mapped, see {@link org.dsvlm.weights.MappedFile}.
   *
   * @throws DsVlmException if a file is missing or unsound, naming file and key
   */
  public static LlavaChat open(Path folder, LlavaChatOptions options) {
    Devices.require(Arguments.given(options, "options").device());
    return new LlavaChat(Arguments.given(folder, "folder"), options);
  }

  /**
   * The settings in the folder's {@code generation_config.json}; without it the likeliest token is
   * taken. Stop tokens that it leaves out are those of the other files, and the template's own end
   * always stops.
   */
  public GenerationSettings settings() {
    return settings.generation();
  }

  /**
   * Whether {@link #answers} goes faster with prompts of equal length, rather than any, together.
   */
  public boolean groupsByLength() {
    return !checkpoint.model().languageModel().device().is_cpu();
  }

  /** The most tokens that a prompt and its answer may have together. */
  public int contextLength() {
    return checkpoint.config().text().maxPositions();
  }

  /**
   * Tokens of a conversation, those of its pictures included.
   *
   * @param system what the model is told first; null for the template's own words
   * @throws DsVlmException as {@link #prepare} does
   */
  public int tokens(@Nullable String system, int pictures, List<Turn> turns) {
    return call(() -> ids(system, turns, pictures).length);
  }

  /** The template that conversations are put into. */
  public ConversationTemplate template() {
    return template;
  }

  /**
   * Answers one question.
   *
   * @param picture that the question is about; null for none
   * @throws DsVlmException if question and answer do not fit into the model's context
   */
  public String answer(@Nullable Picture picture, String question) {
    List<Picture> pictures = picture == null ? List.of() : List.of(picture);
    List<Turn> turns = List.of(Turn.human(Arguments.given(question, "question")));
    return answer(pictures, turns, settings(), (record, piece) -> {}).strip();
  }

  /**
   * Goes on with a conversation.
   *
   * @param pictures that the conversation is about, each where its {@code <image>} stands; where
   *     none stands, all are shown before the first turn
   * @param turns by human and assistant in turn, a human's last
   * @param listener hears of the answer while it is made
   * @return the whole answer
   * @throws DsVlmException if turns and answer do not fit into the model's context, or there are
   *     not as many {@code <image>} as pictures
   */
  public String answer(
      List<Picture> pictures,
      List<Turn> turns,
      GenerationSettings settings,
      TextListener listener) {
    Arguments.given(settings, "settings");
    Arguments.given(listener, "listener");
    return call(
        () -> {
          try (PointerScope scope = new PointerScope();
              NoGradGuard guard = new NoGradGuard();
              PreparedPrompt prompt = prepare(pictures, turns, 0)) {
            Generation.Prompt alone = merged(prompt, embeddings(prompt), settings.maxNewTokens());
            return generate(alone, settings, listener);
          }
        });
  }

  /**
   * Makes a conversation ready to be answered with others.
   *
   * @param draws names its random draws
   * @throws DsVlmException as {@link #answer(List, List, GenerationSettings, TextListener)} does,
   *     or if the context has no room for an answer
   */
  public PreparedPrompt prepare(List<Picture> pictures, List<Turn> turns, long draws) {
    return prepare(null, pictures, turns, draws);
  }

  /**
   * As {@link #prepare(List, List, long)}.
   *
   * @param system what the model is told first; null for the template's own words
   * @throws DsVlmException also if the template has no place for them
   */
  public PreparedPrompt prepare(
      @Nullable String system, List<Picture> pictures, List<Turn> turns, long draws) {
    Arguments.given(pictures, "pictures").forEach(one -> Arguments.given(one, "picture"));
    Arguments.given(turns, "turns").forEach(one -> Arguments.given(one, "turn"));
    return call(() -> prepared(system, pictures, turns, draws));
  }

  private PreparedPrompt prepared(
      @Nullable String system, List<Picture> pictures, List<Turn> turns, long draws) {
    long[] ids = ids(system, turns, pictures.size());
    int positions = checkpoint.config().text().maxPositions();
    if (ids.length >= positions) {
      throw new DsVlmException(
          "a prompt of "
              + ids.length
              + " tokens leaves no room for an answer in the model's context of "
              + positions
              + " tokens; shorten the prompt");
    }
    try (PointerScope scope = new PointerScope()) {
      Tensor pixels = pictures.isEmpty() ? null : Torch.keep(pixelValues(pictures));
      return new PreparedPrompt(ids, pixels, draws, positions - ids.length);
    }
  }

  /**
   * A group of this model's answers, which others may {@link #join}. It is for one thread, and to
   * be closed before the model is.
   */
  public AnswerGroup group() {
    return call(() -> new AnswerGroup(checkpoint.model().languageModel(), 1));
  }

  /**
   * Looks at the pictures of prompts, and begins their answers in a group with those that are being
   * made.
   *
   * @param prompts as many as the group has room for
   * @param answers to the prompts in turn, see {@link PreparedPrompt#answer}
   */
  public void join(AnswerGroup group, List<PreparedPrompt> prompts, List<Answer> answers) {
    call(
        () -> {
          try (PointerScope scope = new PointerScope();
              NoGradGuard guard = new NoGradGuard()) {
            group.join(answers, embeddings(prompts));
            return group;
          }
        });
  }

  /** The tokenizer of the model, which closes with it. */
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /**
   * Answers to conversations, made together. Each is the same whatever is answered with it. An
   * answer for whose longest there is no room in the context ends where that does.
   */
  public List<String> answers(List<PreparedPrompt> prompts, GenerationSettings settings) {
    Arguments.given(prompts, "prompts").forEach(one -> Arguments.given(one, "prompt"));
    Arguments.given(settings, "settings");
    return call(() -> answered(prompts, settings));
  }

  private List<String> answered(List<PreparedPrompt> prompts, GenerationSettings settings) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      List<Tensor> embeddings = embeddings(prompts);
      List<Generation.Prompt> merged =
          IntStream.range(0, prompts.size())
              .mapToObj(
                  i -> {
                    PreparedPrompt prompt = prompts.get(i);
                    int room = Math.min(settings.maxNewTokens(), prompt.room());
                    return merged(prompt, embeddings.get(i), room);
                  })
              .toList();
      // Products of a GPU round by the number of rows, so all batches have the same.
      int rows = checkpoint.model().languageModel().device().is_cpu() ? 1 : GPU_ROWS;
      List<long[]> answers =
          new Generation(checkpoint.model().languageModel(), settings, (record, id) -> {}, rows)
              .run(merged);
      return answers.stream().map(ids -> tokenizer.decode(ids, true)).toList();
    }
  }

  private String generate(
      Generation.Prompt prompt, GenerationSettings settings, TextListener listener) {
    StringBuilder answer = new StringBuilder();
    StreamedText text =
        new StreamedText(
            tokenizer,
            settings.stopTokens(),
            (record, piece) -> {
              answer.append(piece);
              listener.onText(record, piece);
            });
    new Generation(checkpoint.model().languageModel(), settings, text).run(List.of(prompt));
    text.finish();
    return answer.toString();
  }

  private static Generation.Prompt merged(
      PreparedPrompt prompt, Tensor embeddings, int maxNewTokens) {
    return new Generation.Prompt(embeddings, prompt.ids(), prompt.draws(), maxNewTokens);
  }

  /**
   * Pictures are looked at prompt by prompt: what is made of one does not hang on others. On the
   * CPU the prompts go side by side.
   */
  private List<Tensor> embeddings(List<PreparedPrompt> prompts) {
    return checkpoint.model().languageModel().device().is_cpu()
        ? SideBySide.map(
            prompts.size(),
            i -> prompts.get(i).ids().length * checkpoint.config().vision().multiplications(),
            i -> embeddings(prompts.get(i)))
        : prompts.stream().map(this::embeddings).toList();
  }

  /** Words and pictures of a prompt, [tokens, hidden]. */
  private Tensor embeddings(PreparedPrompt prompt) {
    Llava llava = checkpoint.model();
    return Torch.tidy(
        () -> {
          Tensor pixels = prompt.livePixels();
          return llava.embed(
              prompt.ids(), pixels == null ? null : llava.imageFeatures(onDevice(pixels)));
        });
  }

  /**
   * Writes what the model makes of one question, for {@code benchmarks/peers/check_export.py} and
   * {@code check_adapter.py} to compare with the transformers library; see {@link ExportCheck}.
   *
   * @param newTokens to make, always the likeliest
   */
  public void writeCheck(Path file, Picture picture, String question, int newTokens) {
    Arguments.given(file, "file");
    Arguments.given(picture, "picture");
    Arguments.given(question, "question");
    call(
        () -> {
          try (PointerScope scope = new PointerScope()) {
            long[] ids = ids(null, List.of(Turn.human(question)), 1);
            Tensor pixels = onDevice(pixelValues(List.of(picture)));
            ExportCheck.write(file, checkpoint.model(), ids, pixels, newTokens);
            return file;
          }
        });
  }

  /** Pixels [pictures, 3, height, width] as the vision tower takes them, on the CPU. */
  private Tensor pixelValues(List<Picture> pictures) {
    return Torch.stack(0, pictures.stream().map(processor()::pixelValues).toArray(Tensor[]::new));
  }

  private synchronized ImageProcessor processor() {
    if (processor == null) {
      ImageProcessor own = settings.pictures();
      Boolean pad = options.padToSquare();
      processor = pad == null ? own : own.paddedToSquare(pad);
    }
    return processor;
  }

  private Tensor onDevice(Tensor pixelValues) {
    ScalarType dtype = checkpoint.parameters().dtype();
    return pixelValues.to(checkpoint.model().languageModel().device(), dtype);
  }

  private long[] ids(@Nullable String system, List<Turn> turns, int pictures) {
    String prompt = template.generationPrompt(system, ShownTurns.of(turns, pictures));
    return ImageTokens.expand(
        template.tokenize(prompt, tokenizer),
        ConversationTemplate.IMAGE_MARKER,
        checkpoint.config().imageToken(),
        checkpoint.config().imageTokens());
  }

  private <T> T call(Supplier<T> work) {
    return calls.run(() -> NativeErrors.plain("the model", work));
  }

  /**
   * Closes the model. Answers under way are finished first, and what is asked later is refused with
   * a {@link DsVlmException}; from within an answer's listener it returns at once, and the model is
   * freed when that answer has ended.
   */
  @Override
  public void close() {
    calls.close();
  }

  private void free() {
    if (adapter != null) {
      adapter.close();
    }
    checkpoint.close();
    tokenizer.close();
  }
}
