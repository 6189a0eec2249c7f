/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.data;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.dsvlm.data.NotoQuestions.Question;
import org.dsvlm.image.Picture;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.text.ConversationTemplate;
import org.dsvlm.text.Turn;

/**
 * The Noto pictures as training data: captions for the first stage, questions for the second.
 * Nothing is drawn when a record is read: equal seeds give equal records, and a picture's variation
 * depends on the seed, the record and the epoch alone.
 *
 * <p>Every name occurs once, so held-out pictures test groups, colours and yes-or-no questions, not
 * naming.
 */
public final class NotoSource implements RecordSource {
  /** Which part of the pictures. */
  public enum Split {
    /** Nine in ten, varied in every epoch. */
    TRAIN,
    /** One in ten, by a hash of the code that no setting changes; shown as they are. */
    HELD_OUT;

    private static final long HELD_OUT_SHARE = 10;
    private static final RandomState HASH = new RandomState(0).fork("noto split");

    boolean holds(NotoEmoji emoji) {
      boolean heldOut = HASH.fork(emoji.code()).below(HELD_OUT_SHARE) == 0;
      return heldOut == (this == HELD_OUT);
    }
  }

  private final NotoArchive archive;
  private final List<NotoEmoji> emoji;
  private final List<LlavaRecord> records;
  private final Split split;
  private final RandomState augmentation;

  private NotoSource(
      NotoArchive archive,
      List<NotoEmoji> emoji,
      List<LlavaRecord> records,
      Split split,
      long seed) {
    this.archive = archive;
    this.emoji = emoji;
    this.records = records;
    this.split = split;
    this.augmentation = new RandomState(seed).fork("noto augmentation");
  }

  /** One record a picture: its name and group as the caption ("hot pepper, food and drink"). */
  public static NotoSource captions(NotoArchive archive, Split split, long seed) {
    List<NotoEmoji> chosen = archive.emoji().stream().filter(split::holds).toList();
    List<LlavaRecord> records =
        chosen.stream()
            .map(
                one -> {
                  String caption = one.name() + ", " + NotoQuestions.spoken(one.group());
                  return record(
                      one,
                      List.of(Turn.human(ConversationTemplate.IMAGE), Turn.assistant(caption)));
                })
            .toList();
    return new NotoSource(archive, chosen, records, split, seed);
  }

  /** Two records a picture: conversations of two or three questions (see {@link NotoQuestions}). */
  public static NotoSource questions(NotoArchive archive, Split split, long seed) {
    NotoQuestions questions = new NotoQuestions(archive.emoji());
    RandomState random = new RandomState(seed).fork("noto questions");
    List<NotoEmoji> shown = new ArrayList<>();
    List<LlavaRecord> records = new ArrayList<>();
    for (NotoEmoji one : archive.emoji()) {
      if (split.holds(one)) {
        for (List<Question> conversation : questions.about(one, random.fork(one.code()))) {
          shown.add(one);
          records.add(record(one, turns(conversation)));
        }
      }
    }
    return new NotoSource(archive, shown, records, split, seed);
  }

  private static List<Turn> turns(List<Question> questions) {
    List<Turn> turns = new ArrayList<>();
    for (Question question : questions) {
      String picture = turns.isEmpty() ? ConversationTemplate.IMAGE + "\n" : "";
      turns.add(Turn.human(picture + question.question()));
      turns.add(Turn.assistant(question.answer()));
    }
    return turns;
  }

  private static LlavaRecord record(NotoEmoji emoji, List<Turn> turns) {
    return new LlavaRecord(emoji.code(), List.of(emoji.code()), turns);
  }

  @Override
  public int size() {
    return records.size();
  }

  @Override
  public LlavaRecord get(int index) {
    return records.get(index);
  }

  @Override
  public List<Picture> pictures(int index, long epoch) {
    NotoEmoji shown = emoji.get(index);
    if (split == Split.HELD_OUT) {
      return List.of(archive.picture(shown));
    }
    RandomState random = augmentation.fork(index).fork(epoch);
    return List.of(archive.picture(shown, NotoAugmentation.look(shown, random)));
  }

  /** Its group, and its colour where it has one. */
  @Override
  public Map<String, String> labels(int index) {
    NotoEmoji shown = emoji.get(index);
    Map<String, String> labels = new LinkedHashMap<>();
    labels.put("group", shown.group());
    shown.colour().ifPresent(colour -> labels.put("colour", colour));
    return labels;
  }

  @Override
  public String id(int index) {
    return records.get(index).id();
  }

  /** Nothing is held open. */
  @Override
  public void close() {}
}
