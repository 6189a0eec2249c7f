/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.tensor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.io.DsVlmException;
import org.jspecify.annotations.Nullable;

/** The devices that LibTorch can compute on here, and why not on more. */
public final class Devices {
  private static final Pattern NAME = Pattern.compile("cpu|cuda(?::(\\d{1,4}))?");

  /** What is mapped into this process, libraries among it. */
  private static final Path LOADED = Path.of("/proc/self/maps");

  /** Where Linux's driver says what it is. */
  private static final Path DRIVER = Path.of("/proc/driver/nvidia/version");

  private static final Pattern DRIVER_VERSION =
      Pattern.compile("NVRM version:.*?\\s(\\d{3,})\\.(\\d+)");

  /** Those that were found to be there. */
  private static final Set<String> USABLE = ConcurrentHashMap.newKeySet();

  /** The first driver that knows CUDA 13. */
  private static final int OLDEST_DRIVER = 580;

  private Devices() {}

  /**
   * The facts that decide.
   *
   * @param cudaJar whether LibTorch's JAR for CUDA is there
   * @param cuda whether its CUDA part is loaded
   * @param gpus how many GPUs it sees
   * @param driver what the driver says of itself; empty without one
   */
  record Machine(boolean cudaJar, boolean cuda, int gpus, String driver) {
    static Machine present() {
      Torch.load();
      String library = Loader.getPlatform() + "-gpu/libtorch_cuda.so";
      boolean jar = torch.class.getResource("/org/bytedeco/pytorch/" + library) != null;
      return new Machine(jar, torch.hasCUDA() || isLoaded(), torch.cuda_device_count(), ofDriver());
    }

    /** LibTorch says that it has no CUDA where it has it and sees no GPU. */
    private static boolean isLoaded() {
      return loadedFiles().contains("/libtorch_cuda.so");
    }

    private static String ofDriver() {
      try {
        return Files.readString(DRIVER, StandardCharsets.UTF_8);
      } catch (IOException e) {
        return "";
      }
    }

    /** Why there is no GPU to compute on, if there is none. */
    private @Nullable String obstacle() {
      if (!cuda && cudaJar) {
        // JavaCPP goes on without a library that does not load.
        return "LibTorch's CUDA part is there but did not load: have cuBLAS, cuDNN, cuSOLVER,"
            + " cuSPARSE and NCCL of CUDA 13 on LD_LIBRARY_PATH, see README, GPU";
      }
      if (!cuda) {
        return "this build of LibTorch has no CUDA (Maven profile gpu brings it)";
      }
      if (gpus > 0) {
        return null;
      }
      Matcher version = DRIVER_VERSION.matcher(driver);
      if (version.find() && Integer.parseInt(version.group(1)) < OLDEST_DRIVER) {
        return "the NVIDIA driver "
            + version.group(1)
            + "."
            + version.group(2)
            + " is older than this build's CUDA 13 takes; install "
            + OLDEST_DRIVER
            + " or newer";
      }
      return "CUDA is built in, but no GPU or driver is found";
    }

    String summary() {
      String obstacle = obstacle();
      return obstacle == null ? "cpu, cuda × " + gpus : "cpu; " + obstacle;
    }

    /** The processor and each GPU that can be used. */
    List<String> usable() {
      int count = obstacle() == null ? gpus : 0;
      return Stream.concat(
              Stream.of("cpu"), IntStream.range(0, count).mapToObj(index -> "cuda:" + index))
          .toList();
    }

    String require(String device) {
      Matcher name = NAME.matcher(device);
      if (!name.matches()) {
        throw new DsVlmException("device '" + device + "' is unknown: cpu, cuda or cuda:N");
      }
      if (device.startsWith("cuda")) {
        String obstacle = obstacle();
        if (obstacle != null) {
          throw new DsVlmException(
              "device '" + device + "' cannot be used: " + obstacle + ". Else choose cpu");
        }
        if (name.group(1) != null && Integer.parseInt(name.group(1)) >= gpus) {
          throw new DsVlmException(
              "device '" + device + "' is not there: " + gpus + " GPUs, counted from cuda:0");
        }
      }
      return device;
    }
  }

  /** One line for people: the devices, and the reason why no GPU can be used. */
  public static String summary() {
    return Machine.present().summary();
  }

  /**
   * Paths of the files that are mapped into this process, among other words of Linux on them; empty
   * elsewhere. A library's path is that of its file, without symbolic links.
   */
  public static String loadedFiles() {
    try {
      return Files.readString(LOADED, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }

  /** Names of the devices that can be used, the processor's first. */
  public static List<String> usable() {
    return Machine.present().usable();
  }

  /**
   * {@code device}, which must be {@code cpu}, {@code cuda} or {@code cuda:N} and be there.
   *
   * @throws DsVlmException saying why it is not
   */
  public static String require(String device) {
    if (device.equals("cpu") || USABLE.contains(device)) {
      return device;
    }
    USABLE.add(Machine.present().require(device));
    return device;
  }

  /**
   * The device called {@code name}, in the caller's scope. LibTorch's own message about another
   * name is a trace of C++ calls.
   *
   * @throws DsVlmException as {@link #require} does
   */
  public static Device of(String name) {
    return new Device(require(name));
  }
}
