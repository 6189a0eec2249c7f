/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.dsvlm.distributed.Together;

/** The command line in a process of its own, which a test may send signals to. */
final class ChildProcess implements AutoCloseable {
  /** A process that hangs is killed, so that whoever waits for it sees it end. */
  private static final int LIMIT_SECONDS = 120;

  private static final int POLL_MILLIS = 2;

  /** It ends before the optimizing compiler and a concurrent collector would have paid. */
  private static final List<String> SHORT_LIVED =
      List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");

  private final Process process;
  private final Path log;

  private ChildProcess(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  /** Starts {@code dsvlm} with {@code arguments}; what it prints goes to {@code log}. */
  static ChildProcess start(Path log, String... arguments) throws IOException {
    return start(List.of(), log, arguments);
  }

  /** The same by a command that runs what follows it, {@code prefix}. */
  static ChildProcess start(List<String> prefix, Path log, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(prefix);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Dorg.bytedeco.javacpp.maxphysicalbytes=0");
    command.addAll(SHORT_LIVED);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(List.of(arguments));
    Files.deleteIfExists(log);
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    CompletableFuture.delayedExecutor(LIMIT_SECONDS, TimeUnit.SECONDS)
        .execute(process::destroyForcibly);
    return new ChildProcess(process, log);
  }

  /**
   * Starts {@code size} processes as torchrun does; what each prints goes to a log in {@code
   * folder}. One alone is started as by hand.
   */
  static List<ChildProcess> startTogether(int size, Path folder, String... arguments)
      throws IOException {
    if (size == 1) {
      return List.of(start(folder.resolve("log0"), arguments));
    }
    int port = Together.freePort();
    List<ChildProcess> processes = new ArrayList<>();
    for (int rank = 0; rank < size; rank++) {
      List<String> environment =
          List.of(
              "env",
              "RANK=" + rank,
              "WORLD_SIZE=" + size,
              "LOCAL_RANK=" + rank,
              "LOCAL_WORLD_SIZE=" + size,
              "MASTER_ADDR=127.0.0.1",
              "MASTER_PORT=" + port);
      processes.add(start(environment, folder.resolve("log" + rank), arguments));
    }
    return processes;
  }

  /** Where what it prints goes. */
  Path log() {
    return log;
  }

  /** The output so far. */
  String output() throws IOException {
    return Files.readString(log);
  }

  /** Waits until {@code file} has {@code lines} lines; fails if the process ends before. */
  void awaitLines(Path file, int lines) throws IOException, InterruptedException {
    while (!Files.exists(file) || Files.readString(file).lines().count() < lines) {
      assertThat(process.isAlive()).as(output()).isTrue();
      Thread.sleep(POLL_MILLIS);
    }
  }

  /** Sends the signal {@code name}, say TERM, unless the process has ended. */
  void signal(String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-s", name, Long.toString(process.pid())).start().waitFor();
  }

  /** Waits at most {@code millis} for its end. */
  boolean endsWithin(long millis) throws InterruptedException {
    return process.waitFor(millis, TimeUnit.MILLISECONDS);
  }

  /** Waits for its end. */
  int exitCode() throws InterruptedException {
    return process.waitFor();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
