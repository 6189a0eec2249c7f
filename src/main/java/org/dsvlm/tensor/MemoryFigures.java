/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.javacpp.Pointer;

/**
 * The memory that this process occupies: Java's heap, LibTorch's tensors and the touched pages of
 * mapped files together.
 *
 * <p>On Linux the figures come from {@code /proc/self/status} ({@code VmRSS}, {@code VmHWM}).
 * Elsewhere the present size is JavaCPP's, and the peak is the largest size that was asked for.
 */
public final class MemoryFigures {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final AtomicLong LARGEST_SEEN = new AtomicLong();

  private MemoryFigures() {}

  /** Bytes now in physical memory. */
  public static long residentBytes() {
    long resident = field("VmRSS").orElseGet(Pointer::physicalBytes);
    LARGEST_SEEN.accumulateAndGet(resident, Math::max);
    return resident;
  }

  /** Most bytes that were ever in physical memory at once. */
  public static long peakResidentBytes() {
    residentBytes();
    // The kernel counts the peak lazily: it may lag behind a size that was already seen.
    return Math.max(LARGEST_SEEN.get(), field("VmHWM").orElse(0));
  }

  /** Bytes of physical memory that this machine has, or that its container allows. */
  public static long machineBytes() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
  }

  private static OptionalLong field(String name) {
    if (!Files.isReadable(STATUS)) {
      return OptionalLong.empty();
    }
    try {
      return field(name, Files.readAllLines(STATUS, StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }

  /** The field in bytes: lines read {@code VmRSS: 123456 kB}. */
  static OptionalLong field(String name, List<String> status) {
    return status.stream()
        .filter(line -> line.startsWith(name + ":"))
        .map(line -> line.substring(name.length() + 1).strip())
        .filter(value -> value.matches("\\d{1,15} kB"))
        .mapToLong(value -> 1024 * Long.parseLong(value.substring(0, value.indexOf(' '))))
        .findFirst();
  }
}
