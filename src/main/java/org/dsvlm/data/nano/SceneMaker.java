/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data.nano;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.dsvlm.data.nano.Scene.Arrangement;
import org.dsvlm.data.nano.Scene.Placed;
import org.dsvlm.data.nano.Scene.Writing;
import org.dsvlm.tensor.RandomState;
import org.jspecify.annotations.Nullable;

/** Draws scenes from a pool of concepts, of one side of the split. */
final class SceneMaker {
  /** One entry for each share of all scenes. */
  private static final List<Arrangement> KINDS =
      List.of(
          Arrangement.SINGLE,
          Arrangement.SINGLE,
          Arrangement.PAIR,
          Arrangement.PAIR,
          Arrangement.PAIR,
          Arrangement.SEVERAL,
          Arrangement.SEVERAL,
          Arrangement.ODD,
          Arrangement.TEXT);

  private static final int MOST_THINGS = 5;
  private static final int LONGEST_TEXT = 3;

  private final List<Concept> pool;
  private final List<String> categories;
  private final boolean heldOut;
  private final int side;

  /**
   * A maker of scenes of {@code side} pixels a side.
   *
   * @param heldOut whether the scenes are those that training may not show
   */
  SceneMaker(List<Concept> pool, boolean heldOut, int side) {
    this.pool = pool;
    this.categories = pool.stream().map(Concept::category).distinct().sorted().toList();
    this.heldOut = heldOut;
    this.side = side;
  }

  /** The scene that {@code random} draws. */
  Scene draw(RandomState random) {
    Arrangement kind = new Dice(random.fork("kind")).pick(KINDS);
    for (long attempt = 0; ; attempt++) {
      Scene scene = draw(kind, new Dice(random.fork(attempt)));
      if (scene.heldOut() == heldOut) {
        return scene;
      }
    }
  }

  /** A scene of {@code kind}, of either side of the split. */
  private Scene draw(Arrangement kind, Dice dice) {
    return switch (kind) {
      case SINGLE -> single(dice);
      case PAIR -> pair(dice);
      case SEVERAL -> several(dice);
      case ODD -> odd(dice);
      case TEXT -> text(dice);
    };
  }

  private Scene scene(Arrangement kind, Dice dice, List<Placed> things, @Nullable Writing writing) {
    Ground ground = Ground.draw(dice);
    // A thing of the ground's own colour would be hard to see.
    while (clashes(ground, things)) {
      ground = Ground.draw(dice);
    }
    return new Scene(kind, ground, things, writing, side);
  }

  private static boolean clashes(Ground ground, List<Placed> things) {
    return things.stream()
        .flatMap(thing -> thing.concept().colour().stream())
        .anyMatch(colour -> colour.equals(ground.first()) || colour.equals(ground.second()));
  }

  private Scene single(Dice dice) {
    return scene(
        Arrangement.SINGLE,
        dice,
        List.of(anywhere(concept(category(dice), dice), dice, 0.5, 0.9)),
        null);
  }

  private Placed anywhere(Concept concept, Dice dice, double smallest, double largest) {
    int size = dice.between(pixels(smallest), pixels(largest));
    return new Placed(concept, dice.between(0, side - size), dice.between(0, side - size), size);
  }

  private Scene pair(Dice dice) {
    List<String> two = dice.shuffled(categories).subList(0, 2);
    boolean alike = dice.chance(0.5);
    int first = alike ? size(dice, 0.36, 0.46) : size(dice, 0.46, 0.56);
    int second = alike ? Math.min(side / 2, first + dice.between(-1, 1)) : size(dice, 0.25, 0.3);
    boolean swapped = dice.chance(0.5);
    int leading = swapped ? second : first;
    int following = swapped ? first : second;
    // Along the line of both, then across it.
    int slack = side - leading - following;
    int before = dice.between(0, slack);
    int between = dice.between(0, slack - before);
    int across = dice.between(0, side - Math.max(leading, following));
    int middle = across + Math.max(leading, following) / 2;
    Concept one = concept(two.get(0), dice);
    Concept other = concept(two.get(1), dice);
    boolean sideBySide = dice.chance(0.5);
    Placed a = placed(one, leading, before, middle, sideBySide);
    Placed b = placed(other, following, before + leading + between, middle, sideBySide);
    return scene(Arrangement.PAIR, dice, List.of(a, b), null);
  }

  private static Placed placed(
      Concept concept, int size, int along, int middle, boolean sideBySide) {
    int across = middle - size / 2;
    return sideBySide
        ? new Placed(concept, along, across, size)
        : new Placed(concept, across, along, size);
  }

  private Scene several(Dice dice) {
    List<String> two = dice.shuffled(categories).subList(0, 2);
    int copies = dice.between(1, MOST_THINGS);
    int others = dice.chance(0.5) ? dice.between(0, MOST_THINGS - copies) : 0;
    Concept one = concept(two.get(0), dice);
    Concept other = concept(two.get(1), dice);
    List<Concept> shown = new ArrayList<>();
    IntStream.range(0, copies).forEach(i -> shown.add(one));
    IntStream.range(0, others).forEach(i -> shown.add(other));
    return scene(Arrangement.SEVERAL, dice, inCells(shown, 3, dice, 0.24, 0.32), null);
  }

  private Scene odd(Dice dice) {
    List<String> two = dice.shuffled(categories).subList(0, 2);
    List<Concept> shown = new ArrayList<>();
    IntStream.range(0, 3).forEach(i -> shown.add(concept(two.get(0), dice)));
    shown.add(concept(two.get(1), dice));
    return scene(Arrangement.ODD, dice, inCells(shown, 2, dice, 0.36, 0.48), null);
  }

  /** Each in a cell of its own of {@code across} · {@code across}, moved within it by chance. */
  private List<Placed> inCells(
      List<Concept> shown, int across, Dice dice, double smallest, double largest) {
    List<Integer> cells = dice.shuffled(IntStream.range(0, across * across).boxed().toList());
    int cell = side / across;
    List<Placed> things = new ArrayList<>();
    for (int i = 0; i < shown.size(); i++) {
      int size = Math.min(cell, size(dice, smallest, largest));
      int x = cells.get(i) % across * cell + dice.between(0, cell - size);
      int y = cells.get(i) / across * cell + dice.between(0, cell - size);
      things.add(new Placed(shown.get(i), x, y, size));
    }
    return things;
  }

  private Scene text(Dice dice) {
    StringBuilder text = new StringBuilder();
    int length = dice.between(1, LONGEST_TEXT);
    IntStream.range(0, length).forEach(i -> text.append(dice.pick(Glyphs.characters())));
    boolean alone = dice.chance(0.5);
    int dot = Math.max(1, side * 3 / 64 + (alone && length < LONGEST_TEXT ? side / 64 : 0));
    int height = Glyphs.HEIGHT * dot;
    int x = dice.between(0, side - Glyphs.width(text.toString()) * dot);
    if (alone) {
      Writing writing = new Writing(text.toString(), x, dice.between(0, side - height), dot);
      return scene(Arrangement.TEXT, dice, List.of(), writing);
    }
    int size = size(dice, 0.4, 0.6);
    boolean onTop = dice.chance(0.5);
    int slack = dice.between(0, side - height - size);
    Writing writing =
        new Writing(text.toString(), x, onTop ? slack / 2 : side - height - slack / 2, dot);
    int top = onTop ? side - size : 0;
    Placed thing =
        new Placed(concept(category(dice), dice), dice.between(0, side - size), top, size);
    return scene(Arrangement.TEXT, dice, List.of(thing), writing);
  }

  private int pixels(double share) {
    return (int) Math.round(share * side);
  }

  private int size(Dice dice, double smallest, double largest) {
    return dice.between(pixels(smallest), pixels(largest));
  }

  private String category(Dice dice) {
    return dice.pick(categories);
  }

  private Concept concept(String category, Dice dice) {
    return dice.pick(pool.stream().filter(one -> one.category().equals(category)).toList());
  }
}
