/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.vision;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Set;
import org.dsvlm.tensor.JsonConfig;

/**
 * The check that no key of a configuration goes by unseen. One that nothing here computes is passed
 * over only where it is known to have no effect or says that something is switched off; anything
 * else would silently give other numbers.
 */
final class KnownKeys {
  private KnownKeys() {}

  static void refuseOthers(JsonConfig config, Set<String> known, Set<String> withoutEffect) {
    for (var field : config.json().properties()) {
      String key = field.getKey();
      if (!known.contains(key)
          && !withoutEffect.contains(key)
          && !key.startsWith("_")
          && !switchedOff(field.getValue())) {
        throw config.error(
            key,
            "is "
                + field.getValue()
                + ", a setting that is not computed here; remove it if it has no effect on the model "
                + "at hand");
      }
    }
  }

  private static boolean switchedOff(JsonNode value) {
    return value.isNull()
        || (value.isBoolean() && !value.booleanValue())
        || (value.isNumber() && value.doubleValue() == 0)
        || (value.isContainerNode() && value.isEmpty());
  }
}
