/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data.nano;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.dsvlm.data.nano.Question.Type;
import org.dsvlm.data.nano.Scene.Placed;

/** Everything that can be asked about a scene and has one right answer. */
final class SceneQuestions {
  private static final List<String> DIRECTIONS = List.of("left", "right", "above", "below");
  private static final int WRONG_NAMES = 8;

  private final List<Concept> known;
  private final List<String> categories;

  /**
   * @param known concepts whose names may be asked for: those that training shows
   * @param categories all there are
   */
  SceneQuestions(List<Concept> known, List<String> categories) {
    this.known = known;
    this.categories = categories;
  }

  /** The questions, in an order that does not depend on {@code dice}, which draws their wording. */
  List<Question> about(Scene scene, Dice dice) {
    List<Question> all = new ArrayList<>();
    switch (scene.kind()) {
      case SINGLE -> single(scene, dice, all);
      case PAIR -> pair(scene, dice, all);
      case SEVERAL -> several(scene, dice, all);
      case ODD -> odd(scene, dice, all);
      case TEXT -> text(scene, dice, all);
      default -> throw new IllegalStateException("a scene of the kind " + scene.kind());
    }
    if (!scene.things().isEmpty()) {
      present(scene, dice, all);
    }
    return all;
  }

  /** Whether names mean something here: those of held-out concepts were never learned. */
  private boolean named(Placed thing) {
    return !thing.concept().heldOut();
  }

  /** The thing by its name or, where that is not known and now and then, by its category. */
  private String mention(Placed thing, Dice dice) {
    boolean byName = dice.chance(0.6) && named(thing);
    return "the " + (byName ? thing.concept().name() : thing.concept().category());
  }

  private void single(Scene scene, Dice dice, List<Question> all) {
    Placed thing = scene.things().get(0);
    if (named(thing)) {
      String text = dice.pick(List.of("What is this?", "What do you see?"));
      all.add(new Question(Type.WHAT, text, thing.concept().name(), otherNames(scene, dice)));
    }
    all.add(
        category(dice.pick(List.of("What kind of thing is this?", "Which category fits?")), thing));
    thing
        .concept()
        .colour()
        .ifPresent(
            colour -> all.add(colour("What colour is " + mention(thing, dice) + "?", colour)));
    if (scene.ground().plain()) {
      all.add(colour("What colour is the background?", scene.ground().first()));
    }
  }

  private Question category(String text, Placed thing) {
    return new Question(
        Type.CATEGORY,
        text,
        thing.concept().category(),
        others(categories, Set.of(thing.concept().category())));
  }

  private static Question colour(String text, String colour) {
    return new Question(
        Type.COLOUR,
        text,
        colour,
        others(
            Stream.concat(Ground.colours().stream(), Stream.of("red", "brown")).toList(),
            Set.of(colour)));
  }

  private static List<String> others(List<String> all, Set<String> without) {
    return all.stream().filter(one -> !without.contains(one)).toList();
  }

  /** Names of things that are not there, of other subgroups than those that are. */
  private List<String> otherNames(Scene scene, Dice dice) {
    Set<String> subgroups =
        scene.things().stream()
            .map(thing -> thing.concept().emoji().subgroup())
            .collect(Collectors.toSet());
    Set<String> names = new TreeSet<>();
    while (names.size() < WRONG_NAMES) {
      Concept other = dice.pick(known);
      if (!subgroups.contains(other.emoji().subgroup())) {
        names.add(other.name());
      }
    }
    return List.copyOf(names);
  }

  private void pair(Scene scene, Dice dice, List<Question> all) {
    int asked = dice.below(2);
    Placed a = scene.things().get(asked);
    Placed b = scene.things().get(1 - asked);
    String direction = SceneWords.direction(a, b);
    boolean sideways = direction.equals("left") || direction.equals("right");
    String where = sideways ? "on the " + direction : direction;
    if (named(a)) {
      all.add(
          new Question(
              Type.WHAT, "What is " + where + "?", a.concept().name(), otherNames(scene, dice)));
    }
    all.add(category("What kind of thing is " + where + "?", a));
    a.concept()
        .colour()
        .ifPresent(colour -> all.add(colour("What colour is " + mention(a, dice) + "?", colour)));
    all.add(
        new Question(
            Type.PLACE,
            "Where is " + mention(a, dice) + ", seen from " + mention(b, dice) + "?",
            direction,
            others(DIRECTIONS, Set.of(direction))));
    all.add(isThere(a, b, dice.chance(0.5) ? direction : dice.pick(DIRECTIONS), dice));
    if (SceneWords.differ(a, b)) {
      String first = mention(a, dice);
      String second = mention(b, dice);
      boolean larger = dice.chance(0.5);
      boolean answerIsFirst = a.size() > b.size() == larger;
      all.add(
          new Question(
              Type.SIZE,
              "Which is " + (larger ? "larger" : "smaller") + ", " + first + " or " + second + "?",
              answerIsFirst ? first : second,
              List.of(answerIsFirst ? second : first)));
    }
  }

  /** "Is the lemon left of the cat?" */
  private Question isThere(Placed a, Placed b, String claimed, Dice dice) {
    boolean sideways = claimed.equals("left") || claimed.equals("right");
    boolean right = claimed.equals(SceneWords.direction(a, b));
    String text =
        "Is "
            + mention(a, dice)
            + " "
            + claimed
            + (sideways ? " of " : " ")
            + mention(b, dice)
            + "?";
    return yesOrNo(Type.PLACE, text, right);
  }

  private static Question yesOrNo(Type type, String text, boolean yes) {
    return new Question(type, text, yes ? "yes" : "no", List.of(yes ? "no" : "yes"));
  }

  private void several(Scene scene, Dice dice, List<Question> all) {
    SceneWords.counts(scene)
        .forEach(
            (shown, count) ->
                all.add(count("How many times do you see " + mention(shown, dice) + "?", count)));
    all.add(count("How many things are there?", scene.things().size()));
    Placed first = scene.things().get(0);
    if (SceneWords.counts(scene).size() == 1) {
      all.add(category("What kind of thing is this?", first));
    }
  }

  private static Question count(String text, int count) {
    String word = SceneWords.number(count);
    return new Question(Type.COUNT, text, word, others(SceneWords.numbers(), Set.of(word)));
  }

  private void odd(Scene scene, Dice dice, List<Question> all) {
    Placed odd = scene.things().get(scene.things().size() - 1);
    String category = odd.concept().category();
    String usual = scene.things().get(0).concept().category();
    List<String> wrong = new ArrayList<>(List.of(usual));
    wrong.addAll(dice.shuffled(others(categories, Set.of(category, usual))).subList(0, 2));
    String text =
        dice.pick(
            List.of(
                "What kind of thing is the odd one out?", "Which category is there only once?"));
    all.add(new Question(Type.ODD, text, category, wrong));
  }

  private void text(Scene scene, Dice dice, List<Question> all) {
    String text = scene.text();
    all.add(
        new Question(
            Type.TEXT,
            dice.pick(List.of("Which text do you see?", "What is written?")),
            text,
            otherTexts(text, dice)));
    if (!scene.things().isEmpty()) {
      Placed thing = scene.things().get(0);
      String direction = SceneWords.textDirection(scene);
      all.add(category("What kind of thing is in the picture?", thing));
      all.add(
          new Question(
              Type.PLACE,
              "Where is the text, seen from " + mention(thing, dice) + "?",
              direction,
              List.of(direction.equals("above") ? "below" : "above")));
    }
  }

  /** Texts as long, each with one character changed. */
  private static List<String> otherTexts(String text, Dice dice) {
    Set<String> wrong = new TreeSet<>();
    while (wrong.size() < 3) {
      int at = dice.below(text.length());
      String other =
          text.substring(0, at) + dice.pick(Glyphs.characters()) + text.substring(at + 1);
      if (!other.equals(text)) {
        wrong.add(other);
      }
    }
    return List.copyOf(wrong);
  }

  /** One thing that is there and one that is not: a pair, the first of them right. */
  private void present(Scene scene, Dice dice, List<Question> all) {
    Placed thing = scene.things().get(dice.below(scene.things().size()));
    String there = mention(thing, dice);
    boolean byCategory = there.equals("the " + thing.concept().category());
    Set<String> shown =
        scene.things().stream().map(one -> one.concept().category()).collect(Collectors.toSet());
    String absent =
        "the "
            + (byCategory
                ? dice.pick(others(categories, shown))
                : dice.pick(otherNames(scene, dice)));
    all.add(yesOrNo(Type.PRESENT, "Can you see " + there + "?", true));
    all.add(yesOrNo(Type.PRESENT, "Can you see " + absent + "?", false));
  }
}
