/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.nn;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Excerpt;
import org.dsvlm.weights.RenamedWeights;
import org.dsvlm.weights.WeightSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Tensors of a folder that the model built from it has not asked for. Those that belong to the
 * model, such as a layer more than the configuration has, would change what it computes and are
 * refused; the others are named in the log. One rule for every kind of model.
 */
public final class UnusedTensors {
  private static final Logger LOG = LoggerFactory.getLogger(UnusedTensors.class);

  /** Rotary frequencies and position numbers. */
  private static final Pattern COMPUTED =
      Pattern.compile(".*(rotary_emb\\.inv_freq|embeddings\\.position_ids)");

  /**
   * The other half of a CLIP or SigLIP, and what ties the two: a folder as it is published holds
   * both, and an encoder is one of them.
   */
  private static final Pattern OTHER_HALF =
      Pattern.compile("(text_model|text_projection|visual_projection)\\..*|logit_(scale|bias)");

  private UnusedTensors() {}

  /**
   * Looks at what {@code store} has left over, its model being built.
   *
   * @param config what describes the model, for messages
   * @param ofModel whether a tensor of that name belongs to the model
   * @throws DsVlmException if tensors of the model are left over
   */
  public static void check(ParameterStore store, String config, Predicate<String> ofModel) {
    check(store.surplus(), store::where, config, ofModel);
  }

  /**
   * As above for {@code weights} that are not read into a store.
   *
   * @param model builds it on the parameters it is given
   */
  public static void check(
      WeightSource weights, Consumer<Parameters> model, String config, Predicate<String> ofModel) {
    Set<String> used = ParameterShapes.of(model, weights).keySet();
    List<String> surplus = weights.names().stream().filter(name -> !used.contains(name)).toList();
    check(surplus, weights::where, config, ofModel);
  }

  private static void check(
      List<String> surplus, UnaryOperator<String> where, String config, Predicate<String> ofModel) {
    List<String> refused = surplus.stream().filter(ofModel).toList();
    if (!refused.isEmpty()) {
      throw new DsVlmException(
          where.apply(refused.get(0))
              + ": holds "
              + count(refused)
              + " that the model of "
              + config
              + " does not have; check that both come from one model");
    }
    if (!surplus.isEmpty()) {
      LOG.warn("{}: not used: {}", where.apply(surplus.get(0)), count(surplus));
    }
  }

  /**
   * Names tensors of {@code source} that no part of the model stands for. The text half of a CLIP
   * is expected there, and is named at the level of information alone. Numbers that are computed
   * anew, as old files store them, are not worth a line.
   */
  public static void sayHidden(RenamedWeights source) {
    List<String> hidden =
        source.hidden().stream().filter(name -> !COMPUTED.matcher(name).matches()).toList();
    Map<Boolean, List<String>> expected =
        hidden.stream().collect(Collectors.partitioningBy(OTHER_HALF.asMatchPredicate()));
    say(Level.INFO, source, expected.getOrDefault(true, List.of()));
    say(Level.WARN, source, expected.getOrDefault(false, List.of()));
  }

  private static void say(Level level, RenamedWeights source, List<String> names) {
    if (!names.isEmpty()) {
      LOG.atLevel(level).log("{}: not used: {}", source.where(names.get(0)), count(names));
    }
  }

  private static String count(List<String> names) {
    return names.size() == 1
        ? "a tensor '" + Excerpt.of(names.get(0)) + "'"
        : names.size() + " tensors, such as '" + Excerpt.of(names.get(0)) + "',";
  }
}
