/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data.nano;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.dsvlm.data.NotoArchive;
import org.dsvlm.data.nano.Question.Type;
import org.dsvlm.data.nano.Scene.Placed;
import org.dsvlm.image.Picture;
import org.dsvlm.tensor.RandomState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is said about a scene, against its pixels and places. */
class SceneTruthTest {
  private static final int SIDE = 64;
  private static final int SCENES = 300;

  private final NotoArchive archive = NanoArchive.get();
  private final Concepts concepts = Concepts.of(archive);
  private final ScenePainter painter = new ScenePainter(one -> archive.argb(one.emoji()));
  private final SceneQuestions questions =
      new SceneQuestions(concepts.part(false), concepts.categories());

  private List<Scene> scenes(boolean heldOut) {
    SceneMaker maker = new SceneMaker(concepts.part(heldOut), heldOut, SIDE);
    List<Scene> scenes = new ArrayList<>();
    for (int i = 0; i < SCENES; i++) {
      scenes.add(maker.draw(new RandomState(7).fork(i)));
    }
    return scenes;
  }

  private static int pixel(Picture picture, int x, int y) {
    int at = 3 * (y * SIDE + x);
    return (picture.rgb()[at] & 255) << 16
        | (picture.rgb()[at + 1] & 255) << 8
        | picture.rgb()[at + 2] & 255;
  }

  /** So many things as are counted can be found in the pixels, each alone in its square. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void pixelsDifferFromTheGroundWithinTheThingsAlone(boolean heldOut) {
    for (Scene scene : scenes(heldOut)) {
      Picture picture = painter.paint(scene);
      int[] owner = new int[SIDE * SIDE];
      for (int i = 0; i < scene.things().size(); i++) {
        Placed thing = scene.things().get(i);
        claim(owner, thing.x(), thing.y(), thing.size(), thing.size(), i + 1);
      }
      Scene.Writing writing = scene.writing();
      if (writing != null) {
        claim(owner, writing.x(), writing.y(), writing.width(), writing.height(), -1);
      }
      int[] changed = new int[scene.things().size() + 1];
      for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
          boolean differs = pixel(picture, x, y) != scene.ground().rgb(x, y, SIDE);
          int own = owner[y * SIDE + x];
          assertThat(differs && own == 0).as(scene.key()).isFalse();
          changed[Math.max(0, own)] += differs ? 1 : 0;
        }
      }
      for (int i = 0; i < scene.things().size(); i++) {
        int area = scene.things().get(i).size() * scene.things().get(i).size();
        assertThat(changed[i + 1]).as(SceneWords.caption(scene)).isGreaterThan(area / 12);
      }
    }
  }

  private static void claim(int[] owner, int left, int top, int width, int height, int by) {
    for (int y = top; y < top + height; y++) {
      for (int x = left; x < left + width; x++) {
        assertThat(owner[y * SIDE + x]).isZero();
        owner[y * SIDE + x] = by;
      }
    }
  }

  @Test
  void theTextCanBeReadFromThePixels() {
    int texts = 0;
    for (Scene scene : scenes(true)) {
      Scene.Writing writing = scene.writing();
      if (writing == null) {
        continue;
      }
      texts++;
      Picture picture = painter.paint(scene);
      StringBuilder read = new StringBuilder();
      for (int i = 0; i < writing.text().length(); i++) {
        int left = writing.x() + 6 * i * writing.dot();
        for (String character : Glyphs.characters()) {
          if (matches(scene, picture, left, writing, character)) {
            read.append(character);
          }
        }
      }
      assertThat(read.toString()).isEqualTo(scene.text());
    }
    assertThat(texts).isGreaterThan(10);
  }

  private static boolean matches(
      Scene scene, Picture picture, int left, Scene.Writing writing, String character) {
    for (int row = 0; row < Glyphs.HEIGHT; row++) {
      for (int column = 0; column < 5; column++) {
        int x = left + column * writing.dot();
        int y = writing.y() + row * writing.dot();
        boolean inked = pixel(picture, x, y) != scene.ground().rgb(x, y, SIDE);
        if (inked != Glyphs.inked(character, column, row)) {
          return false;
        }
      }
    }
    return true;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void answersFollowFromThePlaces(boolean heldOut) {
    Set<Type> asked = new HashSet<>();
    for (Scene scene : scenes(heldOut)) {
      for (Question question :
          questions.about(scene, new Dice(new RandomState(1).fork(scene.key())))) {
        asked.add(question.type());
        assertThat(question.wrong())
            .as(question.toString())
            .isNotEmpty()
            .doesNotContain(question.answer());
        if (question.type() == Type.COUNT && question.text().equals("How many things are there?")) {
          assertThat(SceneWords.numbers().indexOf(question.answer()) + 1)
              .isEqualTo(scene.things().size());
        }
        if (question.type() == Type.PLACE && question.text().startsWith("Where is the text")) {
          int middle = scene.writing().y() + scene.writing().height() / 2;
          Placed thing = scene.things().get(0);
          boolean above = middle < thing.y() + thing.size() / 2;
          assertThat(question.answer()).isEqualTo(above ? "above" : "below");
        } else if (question.type() == Type.PLACE && question.text().startsWith("Where is")) {
          checkPlace(scene, question);
        }
        if (question.type() == Type.SIZE) {
          checkSize(scene, question);
        }
        if (question.type() == Type.PRESENT) {
          String mention = question.text().replace("Can you see the ", "").replace("?", "");
          boolean there =
              scene.things().stream()
                  .map(Placed::concept)
                  .anyMatch(one -> one.name().equals(mention) || one.category().equals(mention));
          assertThat(question.answer()).as(question.text()).isEqualTo(there ? "yes" : "no");
        }
      }
    }
    assertThat(asked)
        .contains(Type.CATEGORY, Type.COLOUR, Type.COUNT, Type.PLACE, Type.PRESENT)
        .contains(Type.SIZE, Type.TEXT, Type.ODD);
    assertThat(asked.contains(Type.WHAT)).as("names of things never shown").isEqualTo(!heldOut);
  }

  private static Placed mentioned(Scene scene, String mention) {
    return scene.things().stream()
        .filter(
            thing ->
                mention.equals("the " + thing.concept().name())
                    || mention.equals("the " + thing.concept().category()))
        .findFirst()
        .orElseThrow(() -> new AssertionError(mention + " is not in " + SceneWords.caption(scene)));
  }

  private static void checkPlace(Scene scene, Question question) {
    String[] two = question.text().replace("Where is ", "").replace("?", "").split(", seen from ");
    Placed a = mentioned(scene, two[0]);
    Placed b = mentioned(scene, two[1]);
    int right = 2 * a.x() + a.size() - 2 * b.x() - b.size();
    int down = 2 * a.y() + a.size() - 2 * b.y() - b.size();
    String direction =
        Math.abs(right) > Math.abs(down)
            ? right < 0 ? "left" : "right"
            : down < 0 ? "above" : "below";
    assertThat(question.answer()).as(question.text()).isEqualTo(direction);
  }

  private static void checkSize(Scene scene, Question question) {
    boolean larger = question.text().contains("larger");
    Placed answer = mentioned(scene, question.answer());
    Placed other = mentioned(scene, question.wrong().get(0));
    assertThat(answer.size() > other.size()).as(question.text()).isEqualTo(larger);
  }

  @Test
  void trainAndTestShareNoSceneAndNoText() {
    Set<String> train = new HashSet<>();
    SceneMaker maker = new SceneMaker(concepts.part(false), false, SIDE);
    SceneMaker test = new SceneMaker(concepts.part(false), true, SIDE);
    Set<String> texts = new HashSet<>();
    for (int i = 0; i < 4 * SCENES; i++) {
      Scene scene = maker.draw(new RandomState(3).fork(i));
      train.add(scene.key());
      texts.add(scene.text());
    }
    for (int i = 0; i < SCENES; i++) {
      Scene scene = test.draw(new RandomState(4).fork(i));
      assertThat(train).doesNotContain(scene.key());
    }
    assertThat(texts).noneMatch(Scene::heldOutText);
  }
}
