/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.dsvlm.data.Prefetcher;
import org.dsvlm.data.RecordLedger;
import org.dsvlm.data.RecordSource;
import org.dsvlm.distributed.ProcessGroup;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.llava.LlavaConfig;
import org.dsvlm.train.optim.AdamW;
import org.dsvlm.train.optim.CosineWithWarmup;
import org.dsvlm.train.optim.ParameterGroup;
import org.dsvlm.train.parallel.DataParallel;
import org.dsvlm.train.parallel.GradientExchange;
import org.dsvlm.train.recipe.Recipe;
import org.dsvlm.train.run.CheckpointFolder;
import org.dsvlm.train.run.MetricsLog;
import org.dsvlm.train.run.TrainingListener;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Stages 1 and 2 of a run, from its latest checkpoint on. */
final class Stages {
  private static final Logger LOG = LoggerFactory.getLogger(Stages.class);

  private static final int COUNT = 2;

  private final ProcessGroup group;
  private final Recipe recipe;
  private final RunData data;
  private final LlavaConfig config;
  private final TrainableParts parts;
  private final GradientAccumulation accumulation;
  private final CheckpointFolder checkpoints;
  private final SkippedSteps skipped;
  private final InstrumentBudget budget = new InstrumentBudget(System::nanoTime);
  private Path metrics = Path.of("");

  /** Stages in which {@code group} train {@code parts}, a model of {@code config}. */
  Stages(
      ProcessGroup group,
      Recipe recipe,
      RunData data,
      LlavaConfig config,
      TrainableParts parts,
      GradientAccumulation accumulation,
      CheckpointFolder checkpoints) {
    this.group = group;
    this.recipe = recipe;
    this.data = data;
    this.config = config;
    this.parts = parts;
    this.accumulation = accumulation;
    this.checkpoints = checkpoints;
    this.skipped = new SkippedSteps(recipe.maxSkippedInARow(), this::lastGood);
  }

  /**
   * Only a finite step after a checkpoint shows that its parameters are good, so the checkpoint
   * from which the skipped steps started does not count.
   */
  private String lastGood(long lastStep) {
    return checkpoints
        .lastBefore(lastStep)
        .map(path -> "The last good checkpoint is " + path)
        .orElse("There is no checkpoint before step " + lastStep + ", the last good one");
  }

  /**
   * Runs them, adding to the file {@code metricsFile}.
   *
   * @param stop asked after every step whether to stop; a checkpoint is saved then
   * @return whether they came to their end
   */
  boolean run(Path metricsFile, TrainingListener listener, BooleanSupplier stop) {
    for (int stage = 1; stage <= COUNT; stage++) {
      if (!recipe.stage(stage).leftOut()) {
        data.requireUsable(stage, config);
      }
    }
    Optional<CheckpointFolder.Position> latest = latest();
    latest.ifPresent(
        position -> {
          checkpoints.loadModel(position, parts.all());
          skipped.restore(position.skipped(), position.skippedInARow());
        });
    group.broadcast(parts.all().values());
    metrics = metricsFile;
    long done = latest.map(CheckpointFolder.Position::step).orElse(0L);
    long stepsBefore = 0;
    try (MetricsLog log =
        group.isFirst() ? MetricsLog.after(done, metricsFile) : MetricsLog.none()) {
      for (int stage = 1; stage <= COUNT; stage++) {
        if (recipe.stage(stage).leftOut()) {
          continue;
        }
        try (RecordSource records = data.records(stage)) {
          long total = recipe.stage(stage).steps(records.size());
          long first = Math.max(0, done - stepsBefore);
          Span span = new Span(stage, stepsBefore, first, total);
          if (first < total && !run(span, records, latest, log, listener, stop)) {
            return false;
          }
          stepsBefore += total;
        }
      }
    }
    if (group.isFirst() && skipped.inARow() > 0) {
      LOG.warn(
          "the last {} steps were skipped, their loss or gradient not being finite: the model that"
              + " is exported is the one before them. Look at metrics.jsonl before you use it",
          skipped.inARow());
    }
    return true;
  }

  /** The first process verifies the checkpoint, for all. */
  private Optional<CheckpointFolder.Position> latest() {
    String step =
        group.onFirst(
            () -> checkpoints.latest().map(latest -> Long.toString(latest.step())).orElse(""));
    return step.isEmpty() ? Optional.empty() : Optional.of(checkpoints.at(Long.parseLong(step)));
  }

  /**
   * The steps of a stage that are still to be done.
   *
   * @param stepsBefore steps of earlier stages
   * @param first steps of this one that are done already
   * @param total all its steps
   */
  private record Span(int stage, long stepsBefore, long first, long total) {}

  private boolean run(
      Span span,
      RecordSource records,
      Optional<CheckpointFolder.Position> latest,
      MetricsLog log,
      TrainingListener listener,
      BooleanSupplier stop) {
    Recipe.Stage settings = recipe.stage(span.stage());
    CosineWithWarmup schedule = CosineWithWarmup.ofRatio(settings.warmupRatio(), span.total());
    List<ParameterGroup> groups = parts.enter(span.stage());
    accumulation.enter(span.stage());
    long before = recipe.stepsBefore() + span.stepsBefore();
    RecordLedger ledger = data.ledger(span.stage(), records);
    if (group.isFirst()) {
      TeachingRecords.say(recipe, span.stage(), records);
    }
    try (GradientExchange exchange = exchange(groups, ledger);
        Instruments instruments = instruments(span, records, groups);
        Validation validation = validation(span, exchange);
        AdamW optimizer = recipe.optimizer().over(exchange.groups());
        Prefetcher<RunData.Step> steps =
            data.steps(span.stage(), records, ledger, config, span.first(), span.total())) {
      if (span.first() > 0) {
        checkpoints.loadOptimizer(latest.orElseThrow(), optimizer.state(), exchange::portion);
      }
      TrainingStep step =
          new TrainingStep(
              span.stage(),
              span.stepsBefore(),
              done -> {
                try (RunData.Step next = steps.next()) {
                  return accumulation.run(
                      next.microBatches(),
                      new GradientAccumulation.Position(span.stage(), done, span.total(), before),
                      exchange,
                      instruments.gradients(done, exchange));
                }
              },
              exchange,
              optimizer,
              schedule,
              settings.maxGradNorm(),
              skipped);
      restore(validation, span);
      boolean goOn =
          new StageLoop(step, skipped)
              .measuredBy(
                  done ->
                      validation == null
                          ? instruments.after(done)
                          : instruments
                              .after(done)
                              .and(validation.after(done, skipped.inARow() == 0)))
              .endedBy(() -> Validation.isExhausted(validation))
              .run(
                  span.first(),
                  log,
                  listener,
                  done -> {
                    boolean stopping = exchange.any(stop.getAsBoolean());
                    boolean best = validation != null && validation.improved();
                    if (best) {
                      checkpoints.protect(span.stepsBefore() + done);
                    }
                    if (stopping || best || isDue(span, done)) {
                      save(span, done, exchange, optimizer);
                    }
                    return !stopping;
                  });
      if (goOn && Validation.isExhausted(validation)) {
        long best = span.stepsBefore() + Objects.requireNonNull(validation).bestStep();
        checkpoints.loadModel(checkpoints.at(best), parts.all());
      }
      return goOn;
    } finally {
      if (group.isFirst() && ledger.lostFirst() > 0) {
        LOG.info(
            "stage {}: {} records began with a turn of the assistant, which was left out, as LLaVA"
                + " does",
            span.stage(),
            ledger.lostFirst());
      }
    }
  }

  private @Nullable Validation validation(Span span, GradientExchange exchange) {
    RecordSource records = data.validation(span.stage());
    return records == null
        ? null
        : new Validation(
            recipe,
            span.stage(),
            span.total(),
            records,
            data.validationBatches(span.stage(), records, config),
            accumulation,
            exchange,
            group.rank(),
            group.size());
  }

  /** Evaluations of the stage that a resumed run has behind it, from its metrics. */
  private void restore(@Nullable Validation validation, Span span) {
    if (validation == null || span.first() == 0) {
      return;
    }
    String evaluated =
        group.onFirst(
            () ->
                MetricsLog.valuesOfGoodSteps(metrics, Validation.LOSS).entrySet().stream()
                    .map(entry -> entry.getKey() + " " + entry.getValue())
                    .collect(Collectors.joining("\n")));
    for (String line : evaluated.lines().toList()) {
      String[] words = line.split(" ");
      long stageStep = Long.parseLong(words[0]) - span.stepsBefore();
      if (stageStep > 0 && stageStep <= span.first()) {
        validation.restore(stageStep, Double.parseDouble(words[1]));
      }
    }
    if (validation.bestStep() >= 0) {
      checkpoints.protect(span.stepsBefore() + validation.bestStep());
    }
  }

  private Instruments instruments(Span span, RecordSource records, List<ParameterGroup> groups) {
    return accumulation.instruments(
        InstrumentSchedule.of(recipe.instruments(), span.stepsBefore(), span.total()),
        budget,
        groups,
        count ->
            group.isFirst() ? data.instrumentPictures().fixed(span.stage(), records, count) : null,
        probe -> show(span.stage(), probe));
  }

  private void show(int stage, FeatureProbe probe) {
    try (RecordSource heldOut = group.isFirst() ? data.heldOut(stage) : null) {
      if (heldOut != null) {
        data.instrumentPictures().show(stage, heldOut, probe);
      }
    }
  }

  /**
   * Checks before any work that each process gets a micro batch of every step.
   *
   * @throws DsVlmException if not
   */
  static void check(Recipe recipe, int processes) {
    for (int stage = 1; stage <= COUNT; stage++) {
      Recipe.Stage settings = recipe.stage(stage);
      int microBatches =
          (settings.batchSize() + settings.microBatchSize() - 1) / settings.microBatchSize();
      if (!settings.leftOut() && microBatches < processes) {
        throw new DsVlmException(
            String.format(
                Locale.ROOT,
                "recipe: stage%d.batch_size %d with micro_batch_size %d makes %d micro batches a"
                    + " step, too few for %d processes; lower micro_batch_size, or start fewer"
                    + " processes",
                stage,
                settings.batchSize(),
                settings.microBatchSize(),
                microBatches,
                processes));
      }
    }
  }

  private GradientExchange exchange(List<ParameterGroup> groups, RecordLedger ledger) {
    if (group.size() == 1) {
      return GradientExchange.alone(groups);
    }
    return new DataParallel(
        group, recipe.distributed(), groups, parts.backwardOrder(groups), ledger);
  }

  /**
   * Whether a checkpoint is due: at the end of each stage, and every so many steps. None is due
   * while steps are skipped: their parameters may be the cause, and would push out good
   * checkpoints.
   */
  private boolean isDue(Span span, long done) {
    long every = recipe.checkpoint().everySteps();
    boolean often = every > 0 && (span.stepsBefore() + done) % every == 0;
    return skipped.inARow() == 0 && (often || done == span.total());
  }

  private void save(Span span, long done, GradientExchange exchange, AdamW optimizer) {
    CheckpointFolder.Position position =
        new CheckpointFolder.Position(
            span.stage(), done, span.stepsBefore() + done, skipped.total(), skipped.inARow());
    exchange.write(optimizer.state(), state -> checkpoints.save(position, parts.all(), state));
  }
}
