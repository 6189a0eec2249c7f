/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights.pickle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.dsvlm.testing.PickleFiles.RESOURCES;
import static org.dsvlm.testing.PickleFiles.dictionary;
import static org.dsvlm.testing.PickleFiles.littleEndian;
import static org.dsvlm.testing.PickleFiles.number;
import static org.dsvlm.testing.PickleFiles.pickle;
import static org.dsvlm.testing.PickleFiles.tensor;
import static org.dsvlm.testing.PickleFiles.text;
import static org.dsvlm.testing.PickleFiles.zip;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import org.assertj.core.api.AbstractThrowableAssert;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.NativeObjects;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.files.WeightFile;
import org.dsvlm.weights.safetensors.Safetensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PickledWeightsTest {
  private static final int[] SIX = {6};
  private static final int[] ONE = {1};

  @TempDir Path folder;

  private Path write(byte[] content) throws IOException {
    return Files.write(folder.resolve("hostile.bin"), content);
  }

  private AbstractThrowableAssert<?, ? extends Throwable> refused(byte[] content)
      throws IOException {
    Path file = write(content);
    return assertThatThrownBy(() -> PickledWeights.open(file).close())
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith(file.toString());
  }

  /** With a storage of six numbers beside it. */
  private AbstractThrowableAssert<?, ? extends Throwable> refused(String instructions)
      throws IOException {
    return refused(zip(pickle(instructions), 24));
  }

  @ParameterizedTest
  @ValueSource(strings = {"zip.bin", "legacy.bin", "protocol4.bin"})
  void readsWhatPyTorchWrites(String name) {
    try (PointerScope scope = new PointerScope();
        PickledWeights weights = PickledWeights.open(RESOURCES.resolve(name))) {
      assertThat(weights.names())
          .containsExactly(
              "float64",
              "float32",
              "float16",
              "bfloat16",
              "int64",
              "int32",
              "int16",
              "int8",
              "uint8",
              "bool",
              "scalar",
              "empty",
              "transposed",
              "column",
              "tied",
              "parameter");
      holds(weights, "float64", "float64 [2, 3]", 0, 0.25, 0.5, 0.75, 1, 1.25);
      holds(weights, "float32", "float32 [2, 3]", 0, 1, 2, 3, 4, 5);
      holds(weights, "float16", "float16 [2, 3]", 0, 0.5, 1, 1.5, 2, 2.5);
      holds(weights, "bfloat16", "bfloat16 [2, 3]", 0, 100, 200, 300, 400, 500);
      for (String type : new String[] {"int64", "int32", "int16", "int8"}) {
        holds(weights, type, type + " [2, 3]", -3, -2, -1, 0, 1, 2);
      }
      holds(weights, "uint8", "uint8 [2, 3]", 250, 251, 252, 253, 254, 255);
      holds(weights, "bool", "bool [2, 3]", 0, 0, 0, 1, 1, 1);
      holds(weights, "scalar", "float32 []", 1.5);
      holds(weights, "empty", "float32 [0, 4]");
      holds(weights, "transposed", "float32 [3, 2]", 0, 3, 1, 4, 2, 5);
      holds(weights, "column", "float32 [2]", 1, 4);
      holds(weights, "tied", "float32 [2, 3]", 0, 1, 2, 3, 4, 5);
      holds(weights, "parameter", "float32 [2, 3]", 0, 1, 2, 3, 4, 5);
      assertThat(weights.shape("transposed")).containsExactly(3, 2);
      assertThat(weights.dtype("bfloat16")).isEqualTo(ScalarType.BFloat16);
      assertThat(weights.read("transposed").is_contiguous()).isTrue();
    }
  }

  private static void holds(
      WeightSource weights, String name, String description, double... values) {
    assertThat(Torch.describe(weights.read(name))).isEqualTo(description);
    assertThat(Torch.doubles(weights.read(name))).as(name).containsExactly(values);
  }

  @Test
  void readsAModulesStateWithItsVersions() {
    try (WeightSource weights = WeightFile.open(RESOURCES.resolve("module.pth"))) {
      assertThat(weights.names()).containsExactly("weight", "bias");
      assertThat(weights.shape("weight")).containsExactly(2, 3);
    }
  }

  @Test
  void readsStoragesThatHaveNoType() {
    try (PointerScope scope = new PointerScope();
        WeightSource weights = WeightFile.open(RESOURCES.resolve("untyped.pt"))) {
      assertThat(weights.dtype("half_byte")).isEqualTo(ScalarType.Float8_e4m3fn);
      assertThat(Torch.floats(weights.read("half_byte"))).containsExactly(1, 2);
    }
  }

  @Test
  void findsTheStateDictOfATrainingCheckpoint() {
    try (WeightSource weights = WeightFile.open(RESOURCES.resolve("checkpoint.bin"))) {
      assertThat(weights.names()).containsExactly("a");
    }
  }

  /** The name of a file says less than its first bytes. */
  @Test
  void isToldFromSafetensorsByItsContent() throws IOException {
    for (String name : new String[] {"zip.bin", "legacy.bin"}) {
      Path disguised = folder.resolve(name + ".safetensors");
      Files.copy(RESOURCES.resolve(name), disguised);
      try (WeightSource weights = WeightFile.open(disguised)) {
        assertThat(weights.shape("float32")).containsExactly(2, 3);
      }
    }
  }

  @Test
  void closingFreesTheMapping() {
    PickledWeights.open(RESOURCES.resolve("zip.bin")).close();
    long before = NativeObjects.settledCount();
    PickledWeights weights = PickledWeights.open(RESOURCES.resolve("zip.bin"));
    try (PointerScope scope = new PointerScope()) {
      weights.read("transposed");
    }
    weights.close();
    assertThat(NativeObjects.settledCount()).isEqualTo(before);
    assertThatThrownBy(() -> weights.read("float32")).hasMessageContaining("was closed");
  }

  @Test
  void runsNothing() throws IOException {
    Path proof = folder.resolve("proof");
    refused("cos\nsystem\n(" + text("touch " + proof) + "tR")
        .hasMessageContaining("hostile.bin: x/data.pkl, byte 13: names Python's 'os.system'")
        .hasMessageContaining("take its tensors with Python: import pickle, torch");
    refused("\u008c\u0002nt\u008c\u0006system\u0093").hasMessageContaining("'nt.system'");
    refused("cbuiltins\neval\n").hasMessageContaining("'builtins.eval'");
    refused("ctorch\nload\n").hasMessageContaining("'torch.load'");
    refused("ctorch.storage\n_load_from_bytes\n").hasMessageContaining("_load_from_bytes");
    refused("N)R").hasMessageContaining("calls what is no function");
    refused("i" + "os\nsystem\n").hasMessageContaining("instruction 0x69");
    refused("(cos\nsystem\no").hasMessageContaining("os.system");
    assertThat(proof).doesNotExist();
    assertThatThrownBy(() -> PickledWeights.open(RESOURCES.resolve("object.bin")))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("'__main__.Greeting'");
    assertThatThrownBy(() -> PickledWeights.open(RESOURCES.resolve("script.pt")))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("TorchScript");
  }

  @Test
  void hugeSizesTakeNoMemory() throws IOException {
    refused("X\u00ff\u00ff\u00ff\u00ff").hasMessageContaining("asks for 4294967295 bytes");
    refused("\u008d" + "\u00ff".repeat(8)).hasMessageContaining("bytes where 1 are left");
    refused("\u008a\u00ff").hasMessageContaining("whole number of 255 bytes");
    refused(dictionary(tensor(6, 0, new int[] {1 << 30, 1 << 30, 1 << 30}, new int[] {0, 0, 0})))
        .hasMessageContaining("overflows");
    refused(dictionary(tensor(6, 0, new int[] {1 << 30}, new int[] {0})))
        .hasMessageContaining("unfolds 6 numbers to 1073741824");
    refused(dictionary(tensor(1 << 30, 0, SIX, ONE)))
        .hasMessageContaining("storage '0' is to have 4294967296 bytes, but has 24");
    refused("K\u0001".repeat(2_000_000) + "0".repeat(2_000_001))
        .hasMessageContaining("more than 4000000 instructions");
    assertThatThrownBy(() -> PickledWeights.open(RESOURCES.resolve("unfolded.bin")))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("unfolds 1 numbers to 1000");
  }

  @Test
  void tensorsStayWithinTheirStorage() throws IOException {
    refused(dictionary(tensor(6, 1, SIX, ONE))).hasMessageContaining("reaches number 6");
    refused(dictionary(tensor(6, -1, SIX, ONE))).hasMessageContaining("begins at -1");
    refused(dictionary(tensor(6, 0, SIX, new int[] {-1}))).hasMessageContaining("stride -1");
    refused(dictionary(tensor(6, 0, new int[] {-6}, ONE))).hasMessageContaining("size -6");
    refused(dictionary(tensor(6, 0, SIX, new int[] {1, 1})))
        .hasMessageContaining("1 sizes and 2 strides");
    refused(dictionary(tensor(6, 0, new int[40], new int[40])))
        .hasMessageContaining("not a few whole numbers");
    refused(dictionary(tensor(-6, 0, SIX, ONE))).hasMessageContaining("storage of -6 numbers");
    refused(dictionary(tensor(6, 0, SIX, ONE).replace("FloatStorage", "UntypedStorage")))
        .hasMessageContaining("type is not that of its numbers");
  }

  @Test
  void objectsThatHoldThemselvesEnd() throws IOException {
    Path file =
        write(
            zip(
                pickle(
                    "}q\u0000"
                        + text("me")
                        + "h\u0000s"
                        + text("a")
                        + tensor(6, 0, SIX, ONE)
                        + "s"),
                24));
    try (WeightSource weights = PickledWeights.open(file)) {
      assertThat(weights.names()).containsExactly("a");
    }
    refused("}q\u0000" + text("state_dict") + "h\u0000s").hasMessageContaining("no dictionary");
    refused("}q\u0000" + text("state_dict") + "}" + text("state_dict") + "h\u0000ss")
        .hasMessageContaining("no dictionary of tensors");
    refused("]q\u0000h\u0000a").hasMessageContaining("no dictionary of tensors");
    refused("}]q\u0000h\u0000ah\u0000s").hasMessageContaining("neither text nor number");
    refused("h\u0007").hasMessageContaining("object 7, which was not there");
  }

  @Test
  void damagedPicklesAreRefused() throws IOException {
    refused("").hasMessageContaining("empty stack");
    refused("t").hasMessageContaining("group that did not begin");
    refused("NNa").hasMessageContaining("no list");
    refused("NNNs").hasMessageContaining("no dictionary");
    refused("NNb").hasMessageContaining("sets the state");
    refused("NQ").hasMessageContaining("no storage");
    refused("}(" + text("a") + "u").hasMessageContaining("no dictionary");
    refused("X" + littleEndian(1) + "\u00ff").hasMessageContaining("not UTF-8");
    refused("c" + "x".repeat(300) + "\n").hasMessageContaining("line of more than 256");
    refused("ccollections\nOrderedDict\n]" + "R").hasMessageContaining("no dictionary of");
    refused("ctorch._utils\n_rebuild_tensor_v2\n(" + number(1) + "tR")
        .hasMessageContaining("something else than a PickledStorage in place 0");
    refused("\u0080\u0009N").hasMessageContaining("protocol 9");
    refused("N").hasMessageContaining("no dictionary of tensors");
    refused("}" + text("a") + "Ns").hasMessageContaining("no dictionary of tensors");
  }

  @Test
  @BadInput(
      number = 16,
      value = "a truncated file of torch.save",
      then = "an error that names the file")
  void aTruncatedPickle() throws IOException {
    for (String name : new String[] {"zip.bin", "legacy.bin"}) {
      byte[] whole = Files.readAllBytes(RESOURCES.resolve(name));
      for (int length = 0; length < whole.length; length += 37) {
        refused(Arrays.copyOf(whole, length));
      }
    }
    refused(new byte[0]).hasMessageContaining("it is empty");
  }

  @Test
  @BadInput(
      number = 21,
      value = "a Git LFS pointer in place of weights",
      then = "an error that advises git lfs pull")
  void aGitLfsPointerInPlaceOfAPickle() throws IOException {
    refused("version https://git-lfs.github.com/spec/v1\n".getBytes(StandardCharsets.US_ASCII))
        .hasMessageContaining("git lfs pull");
  }

  @Test
  void zipFilesOfAnotherKindAreRefused() throws IOException {
    byte[] sound = pickle(dictionary(tensor(6, 0, SIX, ONE)));
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put("x/data.pkl", sound);
    entries.put("x/data/0", new byte[24]);
    // A bomb is never unpacked, so what it would become does not matter.
    refused(zip(entries, ZipEntry.DEFLATED)).hasMessageContaining("'x/data.pkl' is compressed");
    entries.put("../evil", new byte[1]);
    refused(zip(entries, ZipEntry.STORED)).hasMessageContaining("'../evil' is named like a file");
    entries.remove("../evil");
    entries.put("y/data.pkl", sound);
    refused(zip(entries, ZipEntry.STORED)).hasMessageContaining("with 2 data.pkl");
    entries.remove("y/data.pkl");
    entries.put("x/byteorder", "big".getBytes(StandardCharsets.US_ASCII));
    refused(zip(entries, ZipEntry.STORED)).hasMessageContaining("big-endian");
    entries.remove("x/byteorder");
    entries.remove("x/data/0");
    refused(zip(entries, ZipEntry.STORED)).hasMessageContaining("'0' is to have 24 bytes, but is");
    // A key is a name inside the ZIP file and nothing else.
    refused(zip(pickle(dictionary(tensor(6, 0, SIX, ONE).replace(text("0"), text("../0")))), 24))
        .hasMessageContaining("storage '../0' is to have 24 bytes, but is missing");
    byte[] twice = zip(sound, 24);
    for (int i = 0; i + 10 < twice.length; i++) {
      if (new String(twice, i, 8, StandardCharsets.ISO_8859_1).equals("x/data/0")) {
        System.arraycopy("x/data".getBytes(StandardCharsets.US_ASCII), 0, twice, i, 6);
        twice[i + 6] = '.';
        twice[i + 7] = 'x';
      }
    }
    refused(twice).hasMessageContaining("is missing");
  }

  /** The advice that is printed, followed: Python code that is cut out of the message and run. */
  @ParameterizedTest
  @ValueSource(strings = {"lightning.ckpt", "numpy.ckpt", "namespace.pth"})
  void theAdviceWorks(String name) throws Exception {
    Path file = RESOURCES.resolve(name);
    String message =
        catchThrowableOfType(DsVlmException.class, () -> PickledWeights.open(file)).getMessage();
    String marker = "take its tensors with Python: ";
    assertThat(message).contains(marker);
    String code =
        message
            .substring(message.indexOf(marker) + marker.length())
            .replace("FILE", file.toAbsolutePath().toString());
    assumeTrue(
        run("import torch, safetensors.torch") == 0,
        "python3 on the path has no torch with safetensors, by which the advice converts a file");
    assertThat(run(code)).isZero();
    try (Safetensors converted = Safetensors.open(folder.resolve("model.safetensors"))) {
      assertThat(converted.names()).contains("model.diffusion_model.input_blocks.0.0.weight");
    }
  }

  private int run(String code) throws IOException, InterruptedException {
    try {
      return new ProcessBuilder("python3", "-c", code)
          .directory(folder.toFile())
          .redirectErrorStream(true)
          .redirectOutput(folder.resolve("python.log").toFile())
          .start()
          .waitFor();
    } catch (IOException e) {
      return -1; // there is no python3
    }
  }
}
