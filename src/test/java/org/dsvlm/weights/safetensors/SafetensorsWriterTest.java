/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.tensor.Torch;
import org.dsvlm.weights.StoredType;
import org.dsvlm.weights.WeightFilter;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.files.WeightFolder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden");

  @TempDir Path folder;

  /** The golden cases' weights were written by the safetensors library. */
  @Test
  void writesTheSameBytesAsTheLibrary() throws IOException {
    for (String name : List.of("llama/model", "clip_vision/model", "perceptual/vgg")) {
      Path original = GOLDEN.resolve(name + ".safetensors");
      Path copy = folder.resolve("copy.safetensors");
      try (PointerScope scope = new PointerScope();
          Safetensors source = Safetensors.open(original)) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        source.names().forEach(tensor -> tensors.put(tensor, source.read(tensor)));
        SafetensorsWriter.write(copy, tensors, source.metadata());
      }
      assertThat(copy).as(name).hasSameBinaryContentAs(original);
    }
  }

  @Test
  void everyNumberFormatComesBackBitForBit() {
    Path file = folder.resolve("all.safetensors");
    try (PointerScope scope = new PointerScope()) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      for (StoredType type : StoredType.values()) {
        Tensor counted = Torch.of(new float[] {0, 1, 2, 1, 0, 1}, 3, 2);
        tensors.put(type.name(), counted.to(type.scalarType()));
      }
      SafetensorsWriter.write(file, tensors);
      try (Safetensors source = Safetensors.open(file)) {
        assertThat(source.metadata()).containsExactly(Map.entry("format", "pt"));
        assertThat(source.names()).first().isEqualTo("U64");
        tensors.forEach(
            (name, tensor) -> {
              assertThat(source.dtype(name)).isEqualTo(tensor.scalar_type().intern());
              assertThat(Torch.longs(source.read(name).flatten().view(ScalarType.Byte)))
                  .as(name)
                  .containsExactly(Torch.longs(tensor.flatten().view(ScalarType.Byte)));
            });
      }
    }
  }

  @Test
  void viewsAreWrittenAsTheyRead() {
    Path file = folder.resolve("views.safetensors");
    try (PointerScope scope = new PointerScope()) {
      Tensor matrix = Torch.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
      SafetensorsWriter.write(
          file,
          Map.of(
              "transposed", matrix.t().set_requires_grad(false),
              "column", matrix.select(1, 1),
              "scalar", matrix.sum(),
              "none", matrix.narrow(0, 0, 0)));
      try (Safetensors source = Safetensors.open(file)) {
        assertThat(source.shape("transposed")).containsExactly(3, 2);
        assertThat(Torch.floats(source.read("transposed"))).containsExactly(1, 4, 2, 5, 3, 6);
        assertThat(Torch.floats(source.read("column"))).containsExactly(2, 5);
        assertThat(source.shape("scalar")).isEmpty();
        assertThat(source.shape("none")).containsExactly(0, 3);
      }
    }
  }

  @Test
  void shardsAtTheSizeThatIsAskedFor() throws IOException {
    try (PointerScope scope = new PointerScope()) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      for (int i = 0; i < 5; i++) {
        tensors.put("layer." + i, Torch.of(new float[] {i, i}, 2));
      }
      SafetensorsWriter.writeFolder(folder, "model", tensors, 16);
      assertThat(names())
          .containsExactly(
              "model-00001-of-00003.safetensors",
              "model-00002-of-00003.safetensors",
              "model-00003-of-00003.safetensors",
              "model.safetensors.index.json");
      assertThat(folder.resolve("model.safetensors.index.json"))
          .content()
          .contains("\"total_size\" : 40")
          .contains("\"layer.4\" : \"model-00003-of-00003.safetensors\"");
      try (WeightSource source = WeightFolder.open(folder)) {
        assertThat(source.names()).containsExactlyElementsOf(tensors.keySet());
        assertThat(Torch.floats(source.read("layer.3"))).containsExactly(3, 3);
      }
    }
  }

  @Test
  void aTensorLargerThanAShardHasItsOwn() throws IOException {
    try (PointerScope scope = new PointerScope()) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      tensors.put("large", Torch.of(new float[100], 100));
      tensors.put("small", Torch.of(new float[1], 1));
      SafetensorsWriter.writeFolder(folder, "model", tensors, 16);
      assertThat(names()).hasSize(3);
    }
  }

  @Test
  void aSourceIsWrittenAsItsTensorsAre() throws IOException {
    Path original = GOLDEN.resolve("llama/model.safetensors");
    try (PointerScope scope = new PointerScope();
        Safetensors source = Safetensors.open(original)) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      source.names().forEach(tensor -> tensors.put(tensor, source.read(tensor)));
      for (long shardBytes : new long[] {20_000, 1L << 30}) {
        Path whole = Files.createDirectory(folder.resolve("whole" + shardBytes));
        Path oneByOne = Files.createDirectory(folder.resolve("one-by-one" + shardBytes));
        SafetensorsWriter.writeFolder(whole, "model", tensors, shardBytes);
        SafetensorsWriter.writeFolder(oneByOne, "model", source, shardBytes);
        try (Stream<Path> files = Files.list(whole)) {
          List<Path> wanted = files.toList();
          assertThat(wanted.size() > 1).isEqualTo(shardBytes == 20_000);
          for (Path file : wanted) {
            assertThat(oneByOne.resolve(file.getFileName())).hasSameBinaryContentAs(file);
          }
        }
      }
    }
  }

  @Test
  void aSourceThatAnnouncesAnotherShapeIsRefused() throws IOException {
    Path original = GOLDEN.resolve("llama/model.safetensors");
    try (Safetensors source = Safetensors.open(original)) {
      WeightSource lying = new AnnouncingShape(source, 1);
      assertThatThrownBy(() -> SafetensorsWriter.writeFolder(folder, "model", lying, 1L << 30))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("announced");
    }
    assertThat(folder).isEmptyDirectory();
  }

  /** Says that each tensor has one shape, whatever it has. */
  private static final class AnnouncingShape extends WeightFilter {
    private final long[] shape;

    AnnouncingShape(WeightSource source, long... shape) {
      super(source);
      this.shape = shape;
    }

    @Override
    public long[] shape(String name) {
      return shape;
    }
  }

  @Test
  void oneShardNeedsNoIndex() throws IOException {
    try (PointerScope scope = new PointerScope()) {
      SafetensorsWriter.writeFolder(
          folder, "diffusion_pytorch_model", Map.of("a", Torch.of(new float[4], 4)), 16);
      assertThat(names()).containsExactly("diffusion_pytorch_model.safetensors");
    }
  }

  @Test
  void aFailedSaveLeavesTheOldFile() throws IOException {
    Path file = folder.resolve("model.safetensors");
    try (PointerScope scope = new PointerScope()) {
      SafetensorsWriter.write(file, Map.of("a", Torch.of(new float[] {1}, 1)));
      byte[] before = Files.readAllBytes(file);
      Tensor closed = Torch.of(new float[] {2}, 1);
      closed.close();
      assertThatThrownBy(() -> SafetensorsWriter.write(file, Map.of("a", closed)))
          .isInstanceOf(RuntimeException.class);
      assertThat(file).hasBinaryContent(before);
      assertThat(names()).containsExactly("model.safetensors");
    }
  }

  @Test
  void theMetadatasNameIsRefused() {
    try (PointerScope scope = new PointerScope()) {
      Path file = folder.resolve("model.safetensors");
      Map<String, Tensor> tensors = Map.of("__metadata__", Torch.of(new float[] {1}, 1));
      assertThatThrownBy(() -> SafetensorsWriter.write(file, tensors))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("no tensor can be called __metadata__");
    }
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }
}
