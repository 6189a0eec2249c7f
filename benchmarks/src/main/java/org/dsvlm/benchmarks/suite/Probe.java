/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.benchmarks.suite;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.dsvlm.benchmarks.SuiteBenchmark;
import org.dsvlm.kernels.Kernels;
import org.dsvlm.tensor.MemoryFigures;
import org.openjdk.jmh.infra.Blackhole;

/**
 * Runs one case a few times in a process of its own, to say how much memory it needs and what it
 * computes: a row of JSON on the standard output.
 *
 * <p>The process is started with an allocator that gives freed memory back at once, so that the
 * resident set is what is in use; the peak is the kernel's.
 */
final class Probe {
  /**
   * Of the processes that are probed: blocks that are freed go back to the system, by small pages.
   */
  static final Map<String, String> ENVIRONMENT =
      Map.of(
          "MALLOC_MMAP_THRESHOLD_", "65536",
          "MALLOC_TRIM_THRESHOLD_", "65536",
          "GLIBC_TUNABLES", "");

  private static final Path PEAK = Path.of("/proc/self/clear_refs");
  private static final String FROM_HERE = "5";
  private static final int CALLS = 5;

  /** Of the processes that are probed: the heap is all there from the beginning. */
  static final List<String> JVM_ARGUMENTS =
      List.of("-XX:+UseSerialGC", "-Xms1g", "-XX:+AlwaysPreTouch");

  /** How JMH asks that nobody makes one by accident. */
  private static final String PASSWORD =
      "Today's password is swordfish. I understand instantiating Blackholes directly is dangerous.";

  private Probe() {}

  /** Arguments: the benchmark's class, its method, shape and type. */
  public static void main(String[] arguments) throws ReflectiveOperationException, IOException {
    PrintStream out = System.out;
    System.setOut(System.err);
    Class<?> type = Class.forName(arguments[0]);
    String mode = arguments[1];
    SuiteBenchmark benchmark = (SuiteBenchmark) type.getDeclaredConstructor().newInstance();
    type.getField("shape").set(benchmark, arguments[2]);
    type.getField("dtype").set(benchmark, arguments[3]);
    type.getMethod("open").invoke(benchmark);
    ObjectNode row = new ObjectMapper().createObjectNode();
    ArrayNode check = row.putArray("check");
    for (double number : benchmark.check(mode)) {
      check.add(number);
    }
    row.put("kernels", Kernels.status());
    row.put("extra_bytes", extraBytes(benchmark, type.getMethod(mode, Blackhole.class)));
    type.getMethod("close").invoke(benchmark);
    out.println(row);
  }

  /** Memory at the peak of a call beyond what it leaves, and what was there before. */
  private static long extraBytes(SuiteBenchmark benchmark, Method method)
      throws ReflectiveOperationException, IOException {
    long kept = benchmark.keptBytes(method.getName());
    Blackhole hole = new Blackhole(PASSWORD);
    call(method, benchmark, hole); // what is made once, such as classes and threads
    call(method, benchmark, hole);
    System.gc();
    // The JVM's compiler takes and gives memory meanwhile: some calls see that, most do not.
    long[] extra = new long[CALLS];
    for (int i = 0; i < CALLS; i++) {
      long before = MemoryFigures.residentBytes();
      Files.writeString(PEAK, FROM_HERE);
      call(method, benchmark, hole);
      extra[i] = MemoryFigures.peakResidentBytes() - before - kept;
    }
    Arrays.sort(extra);
    return Math.max(0, extra[CALLS / 2]);
  }

  private static void call(Method method, SuiteBenchmark benchmark, Blackhole hole)
      throws ReflectiveOperationException {
    try {
      method.invoke(benchmark, hole);
    } catch (InvocationTargetException e) {
      throw new IllegalStateException(String.valueOf(e.getCause().getMessage()), e.getCause());
    }
  }
}
