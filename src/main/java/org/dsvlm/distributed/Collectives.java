/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.distributed;

import java.net.InetAddress;
import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.javacpp.chrono.Milliseconds;
import org.bytedeco.pytorch.Backend;
import org.bytedeco.pytorch.BroadcastOptions;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.ProcessGroupGloo;
import org.bytedeco.pytorch.Store;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.Work;
import org.bytedeco.pytorch.global.torch_gloo;
import org.bytedeco.pytorch.global.torch_nccl;
import org.bytedeco.pytorch.nccl.ProcessGroupNCCL;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.Excerpt;
import org.dsvlm.tensor.LibraryExtraction;
import org.jspecify.annotations.Nullable;

/** c10d's process groups: Gloo for tensors of the CPU, NCCL for those of a GPU. */
final class Collectives implements AutoCloseable {
  /** Timeout of a collective. The channel detects a dead process long before it. */
  private static final long TIMEOUT_MILLIS = TimeUnit.MINUTES.toMillis(30);

  private final Store store;
  private final int rank;
  private final int size;
  private final ProcessGroupGloo gloo;
  private @Nullable ProcessGroupNCCL nccl;

  /**
   * Connects all processes with one another.
   *
   * @param local address of this machine that the others can reach; {@code GLOO_SOCKET_IFNAME}
   *     names a network interface to use instead
   */
  Collectives(Store store, int rank, int size, InetAddress local) {
    this.store = store;
    this.rank = rank;
    this.size = size;
    LibraryExtraction.load(torch_gloo.class);
    String networkInterface = System.getenv("GLOO_SOCKET_IFNAME");
    try (PointerScope scope = new PointerScope()) {
      ProcessGroupGloo.Options options =
          ProcessGroupGloo.Options.create(new Milliseconds(TIMEOUT_MILLIS));
      options
          .devices()
          .push_back(
              networkInterface == null
                  ? ProcessGroupGloo.createDeviceForHostname(local.getHostAddress())
                  : ProcessGroupGloo.createDeviceForInterface(networkInterface));
      gloo = kept(new ProcessGroupGloo(store, rank, size, options));
    } catch (RuntimeException e) {
      throw new DsVlmException(
          "launch: rank " + rank + ": Gloo cannot connect the processes: " + Excerpt.firstLine(e),
          e);
    }
  }

  private static <T extends Pointer> T kept(T pointer) {
    pointer.retainReference();
    return pointer;
  }

  private Backend backend(Tensor tensor) {
    return tensor.is_cuda() ? nccl() : gloo;
  }

  /**
   * Connects the GPUs of all processes, of which {@code device} is this one's. Waits for the
   * others, which have to call it too.
   */
  void connect(Device device) {
    try {
      nccl().eagerConnectSingleDevice(device);
    } catch (RuntimeException e) {
      throw e instanceof DsVlmException
          ? e
          : new DsVlmException("NCCL cannot connect the GPUs: " + Excerpt.firstLine(e), e);
    }
  }

  private synchronized ProcessGroupNCCL nccl() {
    if (nccl == null) {
      try (PointerScope scope = new PointerScope()) {
        LibraryExtraction.load(torch_nccl.class);
        ProcessGroupNCCL.Options options = ProcessGroupNCCL.Options.create();
        options.timeout(new Milliseconds(TIMEOUT_MILLIS));
        nccl = kept(new ProcessGroupNCCL(store, rank, size, options));
      } catch (RuntimeException | LinkageError e) {
        throw new DsVlmException(
            "NCCL, which joins the GPUs of several processes, cannot be used: "
                + Excerpt.firstLine(e)
                + "; libnccl.so.2 has to be on LD_LIBRARY_PATH, and a GPU belong to one process"
                + " alone",
            e);
      }
    }
    return nccl;
  }

  /** Begins to replace {@code tensor} by its sum over all processes. */
  Work sum(Tensor tensor) {
    try (PointerScope scope = new PointerScope()) {
      return kept(backend(tensor).allreduce(new TensorVector(tensor)));
    }
  }

  /**
   * Begins to replace this process's part of {@code tensor}, one of {@code size} equal parts, by
   * its sum over all processes; the other parts are lost.
   */
  Work sumPart(Tensor tensor) {
    if (!tensor.is_cuda()) {
      // Gloo has no reduce-scatter of its own: c10d's is this, on a copy.
      return sum(tensor);
    }
    try (PointerScope scope = new PointerScope()) {
      return kept(backend(tensor)._reduce_scatter_base(part(tensor), tensor));
    }
  }

  /** Begins to fill {@code tensor} with every process's own part of it. */
  Work gatherParts(Tensor tensor) {
    try (PointerScope scope = new PointerScope()) {
      return kept(backend(tensor)._allgather_base(tensor, part(tensor).clone()));
    }
  }

  private Tensor part(Tensor tensor) {
    long length = tensor.numel() / size;
    return tensor.narrow(0, rank * length, length);
  }

  /** Begins to replace {@code tensor} by the first process's. */
  Work broadcast(Tensor tensor) {
    try (PointerScope scope = new PointerScope()) {
      BroadcastOptions options = new BroadcastOptions();
      options.rootRank(0);
      return kept(backend(tensor).broadcast(new TensorVector(tensor), options));
    }
  }

  Work send(Tensor tensor, int to) {
    try (PointerScope scope = new PointerScope()) {
      return kept(backend(tensor).send(new TensorVector(tensor), to, 0));
    }
  }

  Work receive(Tensor tensor, int from) {
    try (PointerScope scope = new PointerScope()) {
      return kept(backend(tensor).recv(new TensorVector(tensor), from, 0));
    }
  }

  @Override
  public void close() {
    if (nccl != null) {
      nccl.close();
    }
    gloo.close();
  }
}
