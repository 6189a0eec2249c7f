/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.io;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Logger;
import org.slf4j.ILoggerFactory;
import org.slf4j.LoggerFactory;

/**
 * Keeps the routine lines of the libraries below out of the log: on every start they tell of
 * versions, of files found and of devices not found.
 *
 * <p>SLF4J cannot set a level, so each backend needs its own call. Logback and {@code
 * java.util.logging} have one here; under another backend the host sets the levels of {@code
 * ai.djl} and {@code org.bytedeco.javacpp} itself.
 */
public final class LibraryLogs {
  private static final String LOGBACK = "ch.qos.logback.classic.LoggerContext";
  private static final String JUL = "org.slf4j.jul.JDK14LoggerFactory";

  private LibraryLogs() {}

  /**
   * Lets only errors of the logger {@code name} and those below it pass. A level that the host has
   * set for one of them stays.
   */
  public static void onlyErrors(String name) {
    ILoggerFactory backend = LoggerFactory.getILoggerFactory();
    switch (backend.getClass().getName()) {
      case LOGBACK -> Logback.onlyErrors(backend, name);
      case JUL -> Jul.onlyErrors(name);
      default -> {}
    }
  }

  /** Loaded only where Logback is there. */
  private static final class Logback {
    static void onlyErrors(ILoggerFactory backend, String name) {
      LoggerContext context = (LoggerContext) backend;
      for (String above = name; !above.isEmpty(); above = parent(above)) {
        if (context.getLogger(above).getLevel() != null) {
          return;
        }
      }
      context.getLogger(name).setLevel(Level.ERROR);
    }
  }

  /** Loaded only where SLF4J writes to {@code java.util.logging}. */
  private static final class Jul {
    private static final Map<String, Logger> KEPT = new ConcurrentHashMap<>();

    static void onlyErrors(String name) {
      for (String above = name; !above.isEmpty(); above = parent(above)) {
        if (Logger.getLogger(above).getLevel() != null) {
          return;
        }
      }
      // A logger that nobody holds is collected, and its level with it.
      KEPT.computeIfAbsent(name, Logger::getLogger).setLevel(java.util.logging.Level.SEVERE);
    }
  }

  private static String parent(String name) {
    return name.substring(0, Math.max(0, name.lastIndexOf('.')));
  }
}
