/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;

/**
 * Marks a test that pins how the program takes a bad or unusual input. {@code docs/bad-inputs.md}
 * is generated from these annotations, see {@link BadInputsPageTest}; {@code -Dgroups=bad-input}
 * runs the tests that carry one.
 */
@Documented
@Tag("bad-input")
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface BadInput {
  /** Numbers of the input, which stay as they are: other lists refer to them. */
  int[] number();

  /** The fault or peculiarity, in one line. */
  String value();

  /** The program's answer: an error and what it names, or how the work goes on. */
  String then();
}
