/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.dsvlm.data.NotoSource;
import org.dsvlm.eval.answer.LlavaQuestions;
import org.dsvlm.eval.judge.RecordedReplies;
import org.dsvlm.nn.RandomWeights;
import org.dsvlm.testing.Closes;
import org.dsvlm.weights.HeldWeights;
import org.junit.jupiter.api.Test;

/** Native memory that is used after it was freed ends the process: nothing public may do so. */
class ClosingTest {
  /** Of these nothing is held that closing would free. */
  private static final List<Class<?>> HOLD_NOTHING =
      List.of(
          HeldWeights.class,
          RandomWeights.class,
          NotoSource.class,
          RecordedReplies.class,
          LlavaQuestions.class);

  @Test
  void everyPublicClassThatCanBeClosedHasATest() throws Exception {
    Set<String> closeable = new TreeSet<>();
    for (JavaClass type : ArchitectureTest.PRODUCTION) {
      if (type.isAssignableTo(AutoCloseable.class)
          && type.getModifiers().contains(JavaModifier.PUBLIC)
          && !type.getModifiers().contains(JavaModifier.ABSTRACT)
          && !type.getPackageName().endsWith(".cli")) {
        closeable.add(type.getName());
      }
    }
    Set<String> tested =
        Stream.concat(
                HOLD_NOTHING.stream(),
                BadInputsPageTest.testMethods().stream()
                    .filter(method -> method.isAnnotationPresent(Closes.class))
                    .flatMap(method -> Arrays.stream(method.getAnnotation(Closes.class).value())))
            .map(Class::getName)
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(tested).isEqualTo(closeable);
  }
}
