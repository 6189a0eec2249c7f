/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import java.util.function.Supplier;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the operators run in native code or as reference implementations in plain LibTorch. The
 * system property {@value #PROPERTY} decides: {@code auto} (default) takes native code where it can
 * be loaded and says in one line of the log where it cannot; {@code native} makes that an error;
 * {@code reference} does not load it.
 */
public final class Kernels {
  /** System property: {@code auto}, {@code native} or {@code reference}. */
  public static final String PROPERTY = "dsvlm.kernels";

  private static final Logger LOG = LoggerFactory.getLogger(Kernels.class);

  private static final Gpus GPUS = new Gpus(Gpu::ask, System.getProperty(PROPERTY));

  private Kernels() {}

  /**
   * True if the operators run in native code, false if their reference implementations do.
   *
   * @throws DsVlmException if {@value #PROPERTY} demands native code that cannot be loaded, or is
   *     none of the three words
   */
  public static boolean nativeLoaded() {
    return Holder.CHOICE.usable().loaded();
  }

  /**
   * True if an operator on {@code tensor} runs in native code: on the CPU where the operators are
   * loaded, on a GPU where their CUDA kernels are too and the GPU can run them. Throws like {@link
   * #nativeLoaded}.
   */
  static boolean areNativeFor(Tensor tensor) {
    Choice choice = Holder.CHOICE.usable();
    if (!choice.loaded() || !tensor.is_cuda()) {
      return choice.loaded();
    }
    return choice.cuda() && GPUS.of(tensor).runsKernels();
  }

  /** The same for attention, whose tiles grow with the heads: query [.., heads, headDim]. */
  static boolean areNativeForHeads(Tensor query) {
    return areNativeFor(query)
        && (!query.is_cuda()
            || query.scalar_type().intern() != ScalarType.Double
            || GPUS.of(query).takesDoubleHeads(query.size(-1)));
  }

  /** One line for people: which of the two runs, and why. Throws like {@link #nativeLoaded}. */
  public static String status() {
    return Holder.CHOICE.usable().status();
  }

  /** The decision, made once; an error is kept, so that every call gets it and none loads again. */
  record Choice(boolean loaded, boolean cuda, String status, @Nullable DsVlmException error) {
    Choice usable() {
      if (error != null) {
        throw new DsVlmException(String.valueOf(error.getMessage()), error);
      }
      return this;
    }
  }

  /** Decides by the property's value; {@code load} loads and says what. */
  static Choice choose(@Nullable String property, Supplier<NativeLibrary.Loaded> load) {
    String wanted = property == null ? "auto" : property;
    switch (wanted) {
      case "reference":
        return new Choice(
            false, false, "LibTorch reference implementations (" + PROPERTY + "=reference)", null);
      case "auto":
      case "native":
        break;
      default:
        return new Choice(
            false,
            false,
            "",
            new DsVlmException(
                PROPERTY + " is '" + wanted + "', but must be auto, native or reference"));
    }
    try {
      NativeLibrary.Loaded loaded = load.get();
      return new Choice(
          true,
          loaded.cuda(),
          "native operators ("
              + (loaded.cuda() ? "CPU and CUDA, " : "CPU, ")
              + loaded.operators()
              + ")",
          null);
    } catch (DsVlmException e) {
      String reason = "native operators not loaded: " + e.getMessage();
      if (wanted.equals("native")) {
        return new Choice(
            false, false, "", new DsVlmException(reason + " (" + PROPERTY + "=native)", e));
      }
      LOG.warn("{}; LibTorch reference implementations are used", reason);
      return new Choice(false, false, "LibTorch reference implementations (" + reason + ")", null);
    }
  }

  private static NativeLibrary.Loaded load() {
    Torch.load();
    NativeLibrary library =
        new NativeLibrary(
            System.getProperty(NativeLibrary.PATH),
            NativeResources.ofJar(Loader.getPlatform()),
            ExtractionFolder.searched(System.getProperties(), System.getenv()),
            file -> System.load(file.toString()),
            torch.cuda_is_available());
    return library.load();
  }

  private static final class Holder {
    private static final Choice CHOICE = choose(System.getProperty(PROPERTY), Kernels::load);
  }
}
