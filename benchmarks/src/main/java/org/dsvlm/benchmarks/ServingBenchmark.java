/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks;

import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.dsvlm.chat.ChatMessage;
import org.dsvlm.chat.ChatModel;
import org.dsvlm.chat.ChatRequest;
import org.dsvlm.image.Picture;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Clients that ask about a picture each, one question after the other: the same questions by one
 * client and by eight, whose answers are made together. Greedy, answers of equal length. The time
 * is that of one answer, and each is compared with the one that was made alone. It has no peer and
 * is run by JMH alone.
 */
public class ServingBenchmark extends SuiteBenchmark {
  /** Questions of one call. */
  static final int QUESTIONS = 24;

  private static final int SIDE = 96;

  /** Name of the model. */
  @Param({"nano", "34m"})
  public String shape;

  @Param("float32")
  public String dtype;

  /** Clients. */
  @Param({"1", "8"})
  public int inFlight;

  /** Tokens of an answer. */
  @Param({"32", "128"})
  public int tokens;

  private ChatModel model;
  private ExecutorService clients;
  private List<ChatRequest> requests;
  private List<String> alone;

  @Setup
  public void open() {
    model = ChatModel.open(BenchmarkModels.llava(shape), BenchmarkModels.options(dtype));
    clients = Executors.newFixedThreadPool(inFlight);
    requests = IntStream.range(0, QUESTIONS).mapToObj(this::request).toList();
    alone = requests.stream().map(request -> model.ask(request).text()).toList();
  }

  private ChatRequest request(int question) {
    BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < SIDE; y++) {
      for (int x = 0; x < SIDE; x++) {
        image.setRGB(x, y, x * 37 + y * 11 * question);
      }
    }
    String text = "What is this? " + "Is it red? ".repeat(question % 7);
    return ChatRequest.builder()
        .message(ChatMessage.user(Picture.of(image), text))
        .settings(model.settings().withMaxNewTokens(tokens).withStopTokens(Set.of()))
        .build();
  }

  @TearDown
  public void close() {
    clients.shutdown();
    model.close();
  }

  @Benchmark
  @OperationsPerInvocation(QUESTIONS)
  public void answer() throws InterruptedException, ExecutionException {
    AtomicInteger next = new AtomicInteger();
    List<Future<?>> running =
        IntStream.range(0, inFlight)
            .<Future<?>>mapToObj(client -> clients.submit(() -> ask(next)))
            .toList();
    for (Future<?> one : running) {
      one.get();
    }
  }

  private void ask(AtomicInteger next) {
    for (int i = next.getAndIncrement(); i < QUESTIONS; i = next.getAndIncrement()) {
      if (!model.ask(requests.get(i)).text().equals(alone.get(i))) {
        throw new IllegalStateException("answer " + i + " is another one among others");
      }
    }
  }

  /** No one to compare with. */
  @Override
  public double[] check(String mode) {
    return new double[0];
  }
}
