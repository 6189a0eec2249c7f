/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.io.DsVlmException;
import org.jspecify.annotations.Nullable;

/**
 * How many threads LibTorch computes with: the one place that decides it, for the command line,
 * training runs, plans and benchmarks.
 *
 * <p>LibTorch by itself takes one thread a core. Where a core has two hardware threads, as on many
 * rented machines, that is half of the processors. {@link #choice} takes them all. The number holds
 * for the whole process, so the library leaves it alone until someone calls {@link #use}; a
 * training run and a plan set theirs and restore what was there.
 */
public final class Threads {
  /** The environment variable that OpenMP and LibTorch read. */
  public static final String VARIABLE = "OMP_NUM_THREADS";

  private static @Nullable Choice asked;

  /** LibTorch's own number; 0 while it is not loaded. */
  private static int own;

  private Threads() {}

  /**
   * A number of threads.
   *
   * @param count 1 or more
   * @param reason why this number, in words
   */
  public record Choice(int count, String reason) {
    /** Checks the number. */
    public Choice {
      if (count < 1) {
        throw new IllegalArgumentException(count + " threads");
      }
    }

    /** The part of it that each of {@code processes} on this machine takes. */
    public Choice sharedBy(int processes) {
      return processes == 1 || reason.equals(VARIABLE)
          ? this
          : new Choice(
              Math.max(1, count / processes), reason + ", shared by " + processes + " processes");
    }
  }

  /**
   * The number to take: that of {@code OMP_NUM_THREADS}, else all processors that this process may
   * use. The latter heeds the affinity mask, the container's quota and {@code
   * -XX:ActiveProcessorCount}.
   *
   * @throws DsVlmException if {@code OMP_NUM_THREADS} is no number
   */
  public static Choice choice() {
    return choice(System.getenv(), Runtime.getRuntime().availableProcessors());
  }

  static Choice choice(Map<String, String> environment, int processors) {
    String wanted = environment.getOrDefault(VARIABLE, "");
    if (wanted.isEmpty()) {
      return new Choice(processors, "all processors that this process may use");
    }
    // OpenMP's form is a list with a number for each level of nesting.
    String outermost = wanted.split(",", 2)[0].strip();
    if (!outermost.matches("[1-9]\\d{0,3}")) {
      throw new DsVlmException(
          VARIABLE
              + " is '"
              + wanted
              + "', not a number of threads; unset it or set it to 1 to 9999");
    }
    return new Choice(Integer.parseInt(outermost), VARIABLE);
  }

  /** Has LibTorch compute with {@code choice} from now on, in the whole process. */
  public static synchronized void use(Choice choice) {
    asked = choice;
    if (own > 0) {
      torch.set_num_threads(choice.count());
    }
  }

  /** The number that {@link #use} was given; without it {@link #choice}. */
  public static synchronized Choice wanted() {
    return asked == null ? choice() : asked;
  }

  /** The number that LibTorch would take by itself. Loads LibTorch. */
  public static int ofLibTorch() {
    Torch.load();
    synchronized (Threads.class) {
      return own;
    }
  }

  /** Torch calls this when it has loaded LibTorch. */
  static synchronized void loaded() {
    own = torch.get_num_threads();
    if (asked != null) {
      torch.set_num_threads(asked.count());
    }
  }

  /** Has LibTorch compute with {@code count} threads until the result is closed. */
  public static Held hold(int count) {
    Torch.load();
    int before = torch.get_num_threads();
    torch.set_num_threads(count);
    AtomicBoolean held = new AtomicBoolean(true);
    return () -> {
      // A second time it would end what others hold by then.
      if (held.getAndSet(false)) {
        torch.set_num_threads(before);
      }
    };
  }

  /** A number of threads that holds for a while. */
  public interface Held extends AutoCloseable {
    @Override
    void close();
  }
}
