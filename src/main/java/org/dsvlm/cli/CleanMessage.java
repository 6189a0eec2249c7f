/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import ch.qos.logback.classic.pattern.ClassicConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;

/** A line of the log as {@link CleanWriter} writes messages. Logback makes it, by logback.xml. */
public final class CleanMessage extends ClassicConverter {
  @Override
  public String convert(ILoggingEvent event) {
    return CleanWriter.clean(event.getFormattedMessage());
  }
}
