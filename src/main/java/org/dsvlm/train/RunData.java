/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.dsvlm.data.Batch;
import org.dsvlm.data.BatchLength;
import org.dsvlm.data.BatchMaker;
import org.dsvlm.data.Collator;
import org.dsvlm.data.HeldOutShare;
import org.dsvlm.data.LlavaJson;
import org.dsvlm.data.NotoArchive;
import org.dsvlm.data.NotoSource;
import org.dsvlm.data.Prefetcher;
import org.dsvlm.data.ReconstructionTarget;
import org.dsvlm.data.RecordLedger;
import org.dsvlm.data.RecordSource;
import org.dsvlm.data.SampleOrder;
import org.dsvlm.distributed.Launch;
import org.dsvlm.image.ImageProcessor;
import org.dsvlm.io.AtomicFiles;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.FilePath;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.io.Sha256;
import org.dsvlm.models.llava.LlavaConfig;
import org.dsvlm.models.llava.LlavaPictures;
import org.dsvlm.models.llava.ModelFiles;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.text.ConversationTemplate;
import org.dsvlm.text.Tokenizer;
import org.dsvlm.text.TokenizerSource;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.train.recipe.RecipeModels;
import org.dsvlm.train.run.RunFolder;
import org.jspecify.annotations.Nullable;

/** The sources of a run's batches: its tokenizer, its picture processing and its records. */
public final class RunData implements AutoCloseable {
  /** Names the tokenizer that comes with the library. */
  static final String BUILT_IN = "nano";

  /** Records that are tried before a run begins. */
  private static final int TRIED = 16;

  private static final String TOKENIZER = "tokenizer.json";
  static final String TOKENIZER_CONFIG = "tokenizer_config.json";
  private static final int STEPS_AHEAD = 2;

  private final Launch launch;
  private final Recipe recipe;
  private final RunFolder folder;
  private final RandomState random;
  private final Path tokenizerFolder;
  private final Tokenizer tokenizer;
  private final ImageProcessor processor;
  private final Map<Integer, boolean[]> heldOut = new HashMap<>();
  private @Nullable NotoArchive noto;

  /** In one process. */
  public RunData(Recipe recipe, RunFolder folder, RandomState random) {
    this(recipe, folder, random, Launch.ALONE);
  }

  /** In that one of several which {@code launch} tells. */
  public RunData(Recipe recipe, RunFolder folder, RandomState random, Launch launch) {
    this.launch = launch;
    this.recipe = recipe;
    this.folder = folder;
    this.random = random;
    this.tokenizerFolder = tokenizerFolder();
    this.processor = processor(recipe.model());
    this.tokenizer = Tokenizer.open(tokenizerFolder);
  }

  private Path tokenizerFolder() {
    Recipe.Model model = recipe.model();
    if (model.tokenizer().equals(BUILT_IN)) {
      copyBuiltIn(TOKENIZER);
      copyBuiltIn(TOKENIZER_CONFIG);
      return folder.tokenizer();
    }
    return namedTokenizer(model);
  }

  /**
   * The folder of the tokenizer that is not built in.
   *
   * @throws DsVlmException if the recipe names none
   */
  static Path namedTokenizer(Recipe.Model model) {
    Map<String, String> named = new LinkedHashMap<>();
    named.put("model.tokenizer", model.tokenizer());
    named.put("model.language.path", model.language().path());
    named.put("model.llava", model.llava());
    for (Map.Entry<String, String> path : named.entrySet()) {
      if (!path.getValue().isEmpty()) {
        return FilePath.model("recipe: " + path.getKey(), path.getValue());
      }
    }
    throw new DsVlmException(
        "recipe: model.tokenizer is empty, and no language model is named whose own it could be");
  }

  private void copyBuiltIn(String file) {
    String resource = "/org/dsvlm/recipes/" + BUILT_IN + "/" + file;
    Path own = folder.tokenizer().resolve(file);
    if (Files.exists(own)) {
      // A run keeps its first one, and only its first process writes.
      return;
    }
    AtomicFiles.file(
        own,
        target -> {
          try (InputStream stream = RunData.class.getResourceAsStream(resource)) {
            if (stream == null) {
              throw new IOException(resource + " is missing from this build");
            }
            Files.copy(stream, target);
          }
        });
  }

  private static ImageProcessor processor(Recipe.Model model) {
    ObjectNode described = RecipeModels.of(model).preprocessor();
    if (!model.vision().preprocessor().isEmpty()
        || model.vision().path().isEmpty() && model.llava().isEmpty()) {
      return ImageProcessor.parse(described, "recipe: model.vision.preprocessor");
    }
    return model.llava().isEmpty()
        ? ImageProcessor.ofFolder(
            FilePath.model("recipe: model.vision.path", model.vision().path()))
        : LlavaPictures.read(FilePath.model("recipe: model.llava", model.llava()));
  }

  /** The tokenizer of the run. */
  Tokenizer tokenizer() {
    return tokenizer;
  }

  /** Id that stands for one vector of a picture: the tokenizer's, or the first one beyond it. */
  long imageToken() {
    long[] ids = tokenizer.encode(ConversationTemplate.IMAGE, false);
    return ids.length == 1 ? ids[0] : tokenizer.size();
  }

  /**
   * The exported model's files beside config and weights. Its pictures and conversations are those
   * of the last stage of the run.
   */
  ModelFiles modelFiles() {
    return new ModelFiles(
        TokenizerSource.json(tokenizerFolder),
        object(tokenizerFolder.resolve(TOKENIZER_CONFIG)),
        processor.paddedToSquare(recipe.lastStage().padToSquare()).toJson(),
        null,
        ConversationTemplate.named(recipe.lastStage().template()));
  }

  private static ObjectNode object(Path file) {
    return (ObjectNode) JsonConfig.read(file).json();
  }

  /**
   * The records that stage 1 or 2 trains on; of neither, stage 0's: those of the run's first stage.
   */
  RecordSource records(int stage) {
    RecordSource all = allRecords(stage);
    return recipe.data().validationShare() > 0 ? parts(stage, all).training() : all;
  }

  private HeldOutShare parts(int stage, RecordSource all) {
    boolean[] held =
        heldOut.computeIfAbsent(
            stage,
            number -> HeldOutShare.choose(all, recipe.data().validationShare(), recipe.seed()));
    return HeldOutShare.of(all, held);
  }

  /**
   * The records that are evaluated while {@code stage} trains: the share of its own that is not
   * trained on; or the file of the recipe, in the run's last stage. Null if there are none.
   */
  @Nullable RecordSource validation(int stage) {
    Recipe.Data data = recipe.data();
    if (data.validationShare() > 0) {
      return parts(stage, allRecords(stage)).heldOut();
    }
    boolean last = recipe.stage(stage) == recipe.lastStage();
    return data.hasValidationFile() && last ? RecipeRecords.validation(recipe) : null;
  }

  private RecordSource allRecords(int stage) {
    return RecipeRecords.open(recipe, stage, this::notoArchive);
  }

  /** SHA-256 of what {@link #records} reads, in hexadecimal digits. */
  public String sha256(int stage) {
    try (RecordSource records = allRecords(stage)) {
      return records instanceof LlavaJson json ? json.sha256() : Sha256.hex(NotoArchive.locate());
    } catch (IOException e) {
      throw new DsVlmException(NotoArchive.locate() + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** SHA-256 of the file of validation records; empty without one. */
  public String validationSha256() {
    if (!recipe.data().hasValidationFile()) {
      return "";
    }
    try (LlavaJson records = RecipeRecords.validation(recipe)) {
      return records.sha256();
    }
  }

  /**
   * Pictures of {@code source} as the autoencoder is fitted on them. The next record with a sound
   * picture replaces one without; stages 1 and 2 note the bad records.
   */
  AutoencoderTrainer.Pictures pictures(RecordSource source) {
    ReconstructionTarget target = target();
    return (wanted, epoch) -> {
      String first = "";
      for (int step = 0; step < source.size(); step++) {
        int index = (int) ((wanted + (long) step) % source.size());
        try {
          if (source.pictured(index)) {
            return target.of(processor.resized(source.pictures(index, epoch).get(0)));
          }
        } catch (DsVlmException e) {
          first = first.isEmpty() ? e.getMessage() : first;
        }
      }
      throw new DsVlmException(
          "none of "
              + source.size()
              + " records has a picture to fit the autoencoder on"
              + (first.isEmpty()
                  ? "; all are text alone"
                  : ". The first that was rejected: " + first));
    };
  }

  /** The pictures that the instruments look at. */
  InstrumentPictures instrumentPictures() {
    return new InstrumentPictures(recipe, random, processor);
  }

  /** Records of which something may be known, and that no stage trains on; null without any. */
  @Nullable RecordSource heldOut(int stage) {
    if (recipe.data().source().equals("noto")) {
      return NotoSource.captions(notoArchive(), NotoSource.Split.HELD_OUT, recipe.seed());
    }
    return recipe.data().hasValidationFile() ? RecipeRecords.validation(recipe) : validation(stage);
  }

  private NotoArchive notoArchive() {
    if (noto == null) {
      noto = NotoArchive.open(NotoArchive.locate());
    }
    return noto;
  }

  private ReconstructionTarget target() {
    return new ReconstructionTarget(recipe.supervisionConfig().pictureSize());
  }

  /** One step's micro batches. */
  record Step(List<Batch> microBatches) implements AutoCloseable {
    @Override
    public void close() {
      microBatches.forEach(Batch::close);
    }
  }

  /** Bad records of {@code stage}, which the first process of a run writes down for all. */
  RecordLedger ledger(int stage, RecordSource source) {
    return launch.rank() == 0
        ? new RecordLedger(folder.ledger(stage), source.size(), recipe.data().badRecords())
        : RecordLedger.unwritten(folder.ledger(stage), source.size());
  }

  /** As below, with a ledger of its own. */
  Prefetcher<Step> steps(int stage, RecordSource source, LlavaConfig config, long first, long end) {
    return steps(stage, source, ledger(stage, source), config, first, end);
  }

  /**
   * The steps of {@code stage} from {@code first} to {@code end}, made ahead of time. Of each step,
   * a group of n processes gives this one every n-th micro batch.
   */
  Prefetcher<Step> steps(
      int stage,
      RecordSource source,
      RecordLedger ledger,
      LlavaConfig config,
      long first,
      long end) {
    Recipe.Stage settings = recipe.stage(stage);
    BatchMaker maker =
        new BatchMaker(source, order(stage, source), collator(settings, config), ledger);
    return new Prefetcher<>(
        step -> step(maker, settings, step), first, end, recipe.data().threads(), STEPS_AHEAD);
  }

  private Collator collator(Recipe.Stage settings, LlavaConfig config) {
    return new Collator(
        ConversationTemplate.named(settings.template()),
        tokenizer,
        processor.paddedToSquare(settings.padToSquare()),
        target(),
        new Collator.Layout(
            config.imageToken(),
            config.imageTokens(),
            0,
            recipe.data().maxLength(),
            BatchLength.on(recipe.device(), config.text().maxPositions())));
  }

  /** Makes batches of {@code source}, always in the same order, as {@code stage} trains on them. */
  BatchMaker validationBatches(int stage, RecordSource source, LlavaConfig config) {
    Path bad = folder.validationLedger(stage);
    RecordLedger ledger =
        launch.rank() == 0
            ? new RecordLedger(bad, source.size(), recipe.data().badRecords())
            : RecordLedger.unwritten(bad, source.size());
    SampleOrder order =
        SampleOrder.shuffled(random.fork("validation").fork(stage).seed(), source.size());
    return new BatchMaker(source, order, collator(recipe.stage(stage), config), ledger);
  }

  /**
   * Makes a batch of a stage's records, and of those that it evaluates, so that a file that does
   * not fit is refused before the run's first step.
   *
   * @throws DsVlmException if too many of them are bad
   */
  void requireUsable(int stage, LlavaConfig config) {
    try (RecordSource records = records(stage);
        RecordSource evaluated = validation(stage)) {
      new BatchMaker(
              records,
              SampleOrder.shuffled(recipe.seed(), records.size()),
              collator(recipe.stage(stage), config),
              ledger(stage, records))
          .make(0, Math.min(TRIED, records.size()))
          .close();
      if (evaluated != null) {
        validationBatches(stage, evaluated, config)
            .make(0, Math.min(TRIED, evaluated.size()))
            .close();
      }
    }
  }

  private SampleOrder order(int stage, RecordSource source) {
    Recipe.Stage settings = recipe.stage(stage);
    long seed = random.fork("stage " + stage).seed();
    return settings.groupByModalityLength()
        ? SampleOrder.grouped(seed, source, settings.batchSize(), settings.microBatchSize())
        : SampleOrder.shuffled(seed, source.size());
  }

  private Step step(BatchMaker maker, Recipe.Stage settings, long step) {
    List<Batch> microBatches = new ArrayList<>();
    try {
      long begin = step * settings.batchSize();
      int stride = launch.size() * settings.microBatchSize();
      for (int done = launch.rank() * settings.microBatchSize();
          done < settings.batchSize();
          done += stride) {
        int count = Math.min(settings.microBatchSize(), settings.batchSize() - done);
        microBatches.add(maker.make(begin + done, count));
      }
      return new Step(List.copyOf(microBatches));
    } catch (RuntimeException e) {
      microBatches.forEach(Batch::close);
      throw e;
    }
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
