/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;

class LibTorchVersionTest {
  @Test
  @BadInput(
      number = 66,
      value = "LibTorch of another version on the class path",
      then = "an error with both versions")
  void anotherLibTorch() {
    assertThatThrownBy(() -> LibTorchVersion.require("2.10.0-1.5.13"))
        .isInstanceOf(DsVlmException.class)
        .hasMessage(
            "the class path holds org.bytedeco:pytorch 2.10.0-1.5.13, but this is built for"
                + " LibTorch 2.13.0; set the dependency to version 2.13.0-*");
  }

  @Test
  void theOneOfTheBuildIsTheRightOne() {
    assertThatCode(LibTorchVersion::require).doesNotThrowAnyException();
    assertThatCode(() -> LibTorchVersion.require("2.13.0-1.5.15")).doesNotThrowAnyException();
    assertThatCode(() -> LibTorchVersion.require(null)).doesNotThrowAnyException();
  }
}
