/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.distributed;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.dsvlm.io.DsVlmException;

/**
 * A process's place among those of a run, as torchrun's variables tell it. Under SLURM, Kubernetes
 * and mpirun the same variables can be set.
 *
 * @param rank from 0 to {@code size} − 1; rank 0 writes the run's files
 * @param size processes of the run ({@code WORLD_SIZE})
 * @param localRank rank among the processes of this machine
 * @param localSize processes on this machine
 * @param masterAddress the machine of rank 0
 * @param masterPort port of the store by which the processes find one another
 * @param agentStore whether the launcher itself serves that store, as torchrun does, so that no
 *     process is to
 */
public record Launch(
    int rank,
    int size,
    int localRank,
    int localSize,
    String masterAddress,
    int masterPort,
    boolean agentStore) {
  /** One process, started by hand. */
  public static final Launch ALONE = new Launch(0, 1, 0, 1, "", 0, false);

  private static final List<String> NEEDED =
      List.of("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT");
  private static final List<String> LOCAL = List.of("LOCAL_RANK", "LOCAL_WORLD_SIZE");
  private static final int LAST_PORT = 65535;

  /**
   * Reads torchrun's variables. Without any of {@code RANK}, {@code WORLD_SIZE}, {@code
   * MASTER_ADDR} and {@code MASTER_PORT} the process is alone; without {@code LOCAL_RANK} and
   * {@code LOCAL_WORLD_SIZE} it is the only one of its machine.
   *
   * @throws DsVlmException if some are missing, or their values do not fit together
   */
  public static Launch of(Map<String, String> environment) {
    List<String> missing = missing(NEEDED, environment);
    if (missing.size() == NEEDED.size()) {
      return ALONE;
    }
    List<String> localMissing = missing(LOCAL, environment);
    if (localMissing.size() < LOCAL.size()) {
      missing.addAll(localMissing);
    }
    if (!missing.isEmpty()) {
      throw new DsVlmException(
          "launch: of torchrun's variables "
              + String.join(", ", missing)
              + (missing.size() == 1 ? " is" : " are")
              + " not set, others are; set all of "
              + String.join(", ", NEEDED)
              + ", or unset them to train in one process");
    }
    int size = number("WORLD_SIZE", environment, 1, Integer.MAX_VALUE);
    int rank = number("RANK", environment, 0, size - 1);
    boolean local = localMissing.isEmpty();
    int localSize = local ? number("LOCAL_WORLD_SIZE", environment, 1, size) : 1;
    int localRank = local ? number("LOCAL_RANK", environment, 0, localSize - 1) : 0;
    return new Launch(
        rank,
        size,
        localRank,
        localSize,
        environment.getOrDefault("MASTER_ADDR", "").strip(),
        number("MASTER_PORT", environment, 1, LAST_PORT),
        environment.getOrDefault("TORCHELASTIC_USE_AGENT_STORE", "").equals("True"));
  }

  private static List<String> missing(List<String> names, Map<String, String> environment) {
    List<String> missing = new ArrayList<>(names);
    missing.removeIf(name -> !environment.getOrDefault(name, "").isBlank());
    return missing;
  }

  private static int number(String name, Map<String, String> environment, int least, int most) {
    String text = environment.getOrDefault(name, "").strip();
    try {
      int value = Integer.parseInt(text);
      if (value >= least && value <= most) {
        return value;
      }
    } catch (NumberFormatException e) {
      // the message below fits
    }
    throw new DsVlmException(
        "launch: "
            + name
            + " is '"
            + text
            + "', but has to be a whole number "
            + (most == Integer.MAX_VALUE
                ? "of at least " + least
                : "from " + least + " to " + most));
  }
}
