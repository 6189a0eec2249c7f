/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.concurrent.TimeUnit;
import java.util.function.ToIntFunction;
import org.dsvlm.distributed.Launch;
import org.dsvlm.distributed.ProcessGroup;
import org.dsvlm.io.DsVlmException;

/** A command that several processes run as one. */
final class ProcessGroupCommand {
  /** Another process was lost: sysexits.h's "remote error in protocol". */
  static final int LOST_EXIT_CODE = 76;

  /** A lost process aborts collectives; a thread outside any collective gets this long. */
  private static final long GRACE_SECONDS = 8;

  private ProcessGroupCommand() {}

  /**
   * Runs {@code body} once all processes of {@code launch} are there; gives its exit code.
   *
   * @param goOn how the user goes on after a loss
   */
  static int run(Launch launch, PrintWriter err, String goOn, ToIntFunction<ProcessGroup> body) {
    try (ProcessGroup group = ProcessGroup.join(launch)) {
      group.onLoss(how -> end(how, goOn, err));
      try {
        return body.applyAsInt(group);
      } catch (RuntimeException | Error e) {
        if (group.loss().isPresent()) {
          report(group.loss().get(), goOn, err);
          return LOST_EXIT_CODE;
        }
        group.failed(e);
        throw e;
      }
    }
  }

  private static void report(String how, String goOn, PrintWriter err) {
    err.println("dsvlm: " + how + "; this process stops too. " + goOn);
    err.flush();
  }

  /** Ends a process that is still there some time after another was lost. */
  private static void end(String how, String goOn, PrintWriter err) {
    try {
      TimeUnit.SECONDS.sleep(GRACE_SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    report(how, goOn, err);
    Runtime.getRuntime().halt(LOST_EXIT_CODE);
  }

  /** {@code recipe} with the GPU of this process where it says {@code cuda}. */
  static ObjectNode onOwnDevice(ObjectNode recipe, Launch launch) {
    String device = recipe.path("device").asText();
    if (launch.localSize() > 1 && device.startsWith("cuda:")) {
      throw new DsVlmException(
          "recipe: device is "
              + device
              + ", one GPU, but "
              + launch.localSize()
              + " processes run on this machine; write cuda, and each takes its own");
    }
    if (launch.size() == 1 || !device.equals("cuda")) {
      return recipe;
    }
    return recipe.deepCopy().put("device", "cuda:" + launch.localRank());
  }
}
