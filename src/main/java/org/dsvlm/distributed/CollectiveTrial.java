/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.distributed;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.FileStore;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.Work;
import org.bytedeco.pytorch.global.torch_nccl;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.LibraryExtraction;

/** A group of this process alone, for which the device's library has to load and to start. */
public final class CollectiveTrial {
  private static final int MAJOR = 10_000;
  private static final int MINOR = 100;

  private CollectiveTrial() {}

  /**
   * Replaces {@code tensor} by its sum over the one process, which is itself, by Gloo on a
   * processor and by NCCL on a GPU.
   *
   * @throws DsVlmException if the library cannot be used
   */
  public static void allReduce(Tensor tensor) {
    Path file = file();
    try (PointerScope scope = new PointerScope();
        FileStore store = new FileStore(file.toString(), 1)) {
      Collectives collectives =
          new Collectives(store.clone(), 0, 1, InetAddress.getLoopbackAddress());
      try (Work work = collectives.sum(tensor)) {
        work._wait();
      } finally {
        collectives.close();
      }
    } finally {
      delete(file);
    }
  }

  /** NCCL's version. Loads its binding, which a build without CUDA does not have. */
  public static String ncclVersion() {
    LibraryExtraction.load(torch_nccl.class);
    int version = torch_nccl.getNcclVersionNumber();
    return version / MAJOR + "." + version / MINOR % MINOR + "." + version % MINOR;
  }

  private static Path file() {
    try {
      return Files.createTempFile("dsvlm", ".store");
    } catch (IOException e) {
      throw new DsVlmException(
          System.getProperty("java.io.tmpdir")
              + ": no file can be made: "
              + e.getMessage()
              + "; name another folder with -Djava.io.tmpdir=DIR",
          e);
    }
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      file.toFile().deleteOnExit();
    }
  }
}
