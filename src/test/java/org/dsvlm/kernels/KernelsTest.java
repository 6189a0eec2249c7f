/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelsTest {
  private static final DsVlmException ABSENT = new DsVlmException("they are not there");

  private static final NativeLibrary.Loaded LOADED =
      new NativeLibrary.Loaded(Path.of("/lib/libdsvlm_ops-1.so"), false);

  @TempDir Path folder;

  /** Main class of the forked JVMs: prints the status, or the error's message with exit code 3. */
  static final class Probe {
    private Probe() {}

    public static void main(String[] arguments) {
      try {
        System.out.println(Kernels.status());
      } catch (DsVlmException e) {
        System.out.println(e.getMessage());
        System.exit(3);
      }
    }
  }

  private record Output(int exitCode, String text) {}

  @Test
  void referenceLoadsNothing() {
    Kernels.Choice choice =
        Kernels.choose(
            "reference",
            () -> {
              throw new AssertionError("loaded");
            });
    assertThat(choice.usable().loaded()).isFalse();
    assertThat(choice.usable().status())
        .contains("reference implementations")
        .contains("dsvlm.kernels=reference");
  }

  @Test
  void autoTakesNativeCodeWhereItIs() {
    for (String property : new String[] {null, "auto", "native"}) {
      Kernels.Choice choice = Kernels.choose(property, () -> LOADED);
      assertThat(choice.usable().loaded()).isTrue();
      assertThat(choice.usable().status()).contains("/lib/libdsvlm_ops-1.so");
    }
  }

  @Test
  @BadInput(
      number = 77,
      value = "native operators that cannot be loaded",
      then = "dsvlm.kernels=auto runs without them and says why")
  void autoFallsBackAndSaysWhy() {
    Kernels.Choice choice =
        Kernels.choose(
            "auto",
            () -> {
              throw ABSENT;
            });
    assertThat(choice.usable().loaded()).isFalse();
    assertThat(choice.usable().status())
        .contains("reference implementations")
        .contains("they are not there");
  }

  @Test
  @BadInput(
      number = 77,
      value = "native operators that cannot be loaded, though demanded",
      then = "an error on every call that says why")
  void nativeFailsOnEveryCallAndSaysWhy() {
    Kernels.Choice choice =
        Kernels.choose(
            "native",
            () -> {
              throw ABSENT;
            });
    for (int call = 0; call < 2; call++) {
      assertThatThrownBy(choice::usable)
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("they are not there")
          .hasMessageContaining("dsvlm.kernels=native");
    }
  }

  @Test
  void anUnknownWordIsAnError() {
    assertThatThrownBy(() -> Kernels.choose("fast", () -> LOADED).usable())
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("'fast'")
        .hasMessageContaining("auto, native or reference");
  }

  @Test
  void whatThisBuildHoldsIsLoaded() {
    assumeBuilt();
    assumeTrue(System.getProperty(Kernels.PROPERTY) == null, "the caller has chosen");
    assertThat(Kernels.nativeLoaded()).as(Kernels.status()).isTrue();
  }

  @Test
  void twoJvmsStartInOneEmptyCache() throws Exception {
    assumeBuilt();
    Process first = fork(List.of(), "-Ddsvlm.kernels=native", cache(folder));
    Process second = fork(List.of(), "-Ddsvlm.kernels=native", cache(folder));
    for (Process process : List.of(first, second)) {
      Output output = output(process);
      assertThat(output.exitCode()).as(output.text()).isZero();
      assertThat(output.text()).contains("native operators (CPU, " + folder);
    }
    try (Stream<Path> files = Files.walk(folder)) {
      assertThat(files.map(Path::toString)).noneMatch(name -> name.endsWith(".part"));
    }
  }

  @Test
  @BadInput(
      number = 77,
      value = "folders for extraction that are mounted noexec",
      then = "an error that names the folder and the property to set")
  void aCacheMountedNoexecIsReportedWithTheProperty() throws Exception {
    assumeBuilt();
    List<String> mounted =
        List.of(
            "unshare",
            "-m",
            "sh",
            "-c",
            "mount -t tmpfs -o noexec none " + folder + " && exec \"$@\"",
            "sh");
    assumeTrue(canRun(mounted), "needs the right to mount: unshare -m, mount -t tmpfs -o noexec");
    Output output = output(fork(mounted, "-Ddsvlm.kernels=native", cache(folder)));
    assertThat(output.exitCode()).as(output.text()).isEqualTo(3);
    assertThat(output.text()).contains("-Ddsvlm.native.cache=DIR").contains("noexec");

    Output fallen = output(fork(mounted, "-Ddsvlm.kernels=auto", cache(folder)));
    assertThat(fallen.exitCode()).as(fallen.text()).isZero();
    assertThat(fallen.text())
        .contains("LibTorch reference implementations are used")
        .contains("noexec");
  }

  private static void assumeBuilt() {
    assumeTrue(
        NativeResources.ofJar(Loader.getPlatform()).arePresent(),
        "the native operators are not part of this build");
  }

  private static String cache(Path folder) {
    return "-D" + NativeLibrary.CACHE + "=" + folder;
  }

  private static boolean canRun(List<String> prefix) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(prefix);
    command.add("true");
    try {
      return new ProcessBuilder(command).start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  private static Process fork(List<String> prefix, String... options) throws IOException {
    List<String> command = new ArrayList<>(prefix);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(options));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Probe.class.getName()));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  private static Output output(Process process) throws IOException, InterruptedException {
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return new Output(process.exitValue(), text);
  }
}
