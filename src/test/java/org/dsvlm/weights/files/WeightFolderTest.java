/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.weights.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.AbstractThrowableAssert;
import org.bytedeco.javacpp.PointerScope;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.StoredModel;
import org.dsvlm.tensor.Torch;
import org.dsvlm.testing.Closed;
import org.dsvlm.testing.Closes;
import org.dsvlm.testing.PickleFiles;
import org.dsvlm.weights.JoinedWeights;
import org.dsvlm.weights.MappedFile;
import org.dsvlm.weights.RenamedWeights;
import org.dsvlm.weights.StoredType;
import org.dsvlm.weights.WeightSource;
import org.dsvlm.weights.pickle.PickledWeights;
import org.dsvlm.weights.safetensors.Safetensors;
import org.dsvlm.weights.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WeightFolderTest {
  @TempDir Path parent;
  private Path folder;

  @BeforeEach
  void makeShards() throws IOException {
    folder = Files.createDirectory(parent.resolve("model"));
    shard("one.safetensors", "a");
    shard("two.safetensors", "b");
  }

  private void shard(String file, String tensor) {
    try (PointerScope scope = new PointerScope()) {
      SafetensorsWriter.write(
          folder.resolve(file), Map.of(tensor, Torch.of(new float[] {1, 2}, 2)));
    }
  }

  private void index(String weightMap) throws IOException {
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        "{\"metadata\": {\"total_size\": 16}, \"weight_map\": " + weightMap + "}");
  }

  @Test
  void readsShardsThroughTheIndex() throws IOException {
    index("{\"b\": \"two.safetensors\", \"a\": \"one.safetensors\"}");
    try (PointerScope scope = new PointerScope();
        WeightSource source = WeightFolder.open(folder)) {
      assertThat(source.names()).containsExactly("b", "a");
      assertThat(source.where("a")).endsWith("one.safetensors");
      assertThat(Torch.floats(source.read("b"))).containsExactly(1, 2);
      assertThatThrownBy(() -> source.read("c"))
          .isInstanceOf(DsVlmException.class)
          .hasMessageContaining("no tensor 'c'");
    }
  }

  @Test
  void readsASingleFileOfEitherName() throws IOException {
    for (String name : new String[] {"model.safetensors", "diffusion_pytorch_model.safetensors"}) {
      Path single = Files.createDirectory(parent.resolve("single " + name));
      assertThat(WeightFolder.present(single)).isFalse();
      Files.copy(folder.resolve("one.safetensors"), single.resolve(name));
      assertThat(WeightFolder.present(single)).isTrue();
      try (WeightSource source = WeightFolder.open(single)) {
        assertThat(source.names()).containsExactly("a");
      }
    }
  }

  @Test
  void readsPickledShardsWhereThereAreNoOthers() throws IOException {
    Path old = Files.createDirectory(parent.resolve("old"));
    try (PointerScope scope = new PointerScope()) {
      PickleFiles.save(old.resolve("one.bin"), Map.of("a", Torch.of(new float[] {3, 4}, 2)));
      PickleFiles.save(old.resolve("two.bin"), Map.of("b", Torch.of(new float[] {5}, 1)));
    }
    Path index = old.resolve("pytorch_model.bin.index.json");
    Files.writeString(index, "{\"weight_map\": {\"a\": \"one.bin\", \"b\": \"two.bin\"}}");
    try (PointerScope scope = new PointerScope();
        WeightSource source = WeightFolder.open(old)) {
      assertThat(source.names()).containsExactly("a", "b");
      assertThat(source.where("b")).endsWith("two.bin");
      assertThat(Torch.floats(source.read("a"))).containsExactly(3, 4);
    }
    Files.writeString(index, "{\"weight_map\": {\"a\": \"../old/../one.bin\"}}");
    assertThatThrownBy(() -> WeightFolder.open(old)).hasMessageContaining("outside the folder");
    Files.writeString(index, "{\"weight_map\": {\"a\": \"three.bin\"}}");
    assertThatThrownBy(() -> WeightFolder.open(old))
        .hasMessageContaining("'three.bin', which is missing");
    Files.writeString(index, "{\"weight_map\": {\"a\": \"one.bin\", \"c\": \"one.bin\"}}");
    assertThatThrownBy(() -> WeightFolder.open(old))
        .hasMessageContaining("'c' is in one.bin, but it is not");
    Files.copy(folder.resolve("one.safetensors"), old.resolve("model.safetensors"));
    try (WeightSource source = WeightFolder.open(old)) {
      assertThat(source.where("a")).as("what is read first").endsWith("model.safetensors");
    }
  }

  @Test
  void saysWhatAFolderWithoutWeightsHolds() throws IOException {
    Path other = Files.createDirectory(parent.resolve("pickles"));
    Files.writeString(other.resolve("consolidated.pth"), "x");
    Files.writeString(other.resolve("tf_model.h5"), "x");
    assertThatThrownBy(() -> WeightFolder.open(other))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("model.safetensors")
        .hasMessageContaining("there is consolidated.pth, tf_model.h5");
    assertThatThrownBy(() -> WeightFolder.open(parent.resolve("nowhere")))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("no such folder");
  }

  @Test
  @BadInput(
      number = 22,
      value = "an index that names a shard that is missing",
      then = "an error that names tensor and shard")
  void anIndexThatNamesAMissingShard() throws IOException {
    index("{\"a\": \"one.safetensors\", \"b\": \"three.safetensors\"}");
    refused()
        .hasMessageContaining("'b'")
        .hasMessageContaining("'three.safetensors', which is missing");
  }

  @Test
  @BadInput(
      number = 23,
      value = "an index that leaves its folder: .., an absolute path, or a link",
      then = "an error that names tensor and path")
  void anIndexThatLeavesItsFolder() throws IOException {
    Files.copy(folder.resolve("one.safetensors"), parent.resolve("outside.safetensors"));
    index("{\"a\": \"../outside.safetensors\"}");
    refused().hasMessageContaining("'a'").hasMessageContaining("outside the folder");
    index("{\"a\": \"" + parent.resolve("outside.safetensors") + "\"}");
    refused().hasMessageContaining("outside the folder");
    index("{\"a\": \"" + folder.resolve("one.safetensors") + "\"}");
    refused().hasMessageContaining("outside the folder");
    index("{\"a\": \"..\\\\outside.safetensors\"}");
    refused().hasMessageContaining("outside the folder");
    index("{\"a\": \"x/../../outside.safetensors\"}");
    refused().hasMessageContaining("outside the folder");
    index("{\"a\": \"\"}");
    refused().hasMessageContaining("outside the folder");
    index("{\"a\": \"one\\u0000.safetensors\"}");
    refused().hasMessageContaining("which is no path");
  }

  @Test
  @BadInput(
      number = 23,
      value = "an index that leaves its folder: .., an absolute path, or a link",
      then = "an error that names tensor and path")
  void aShardThatIsALinkOutOfItsFolder() throws IOException {
    Files.copy(folder.resolve("one.safetensors"), parent.resolve("outside.safetensors"));
    Files.createSymbolicLink(folder.resolve("link.safetensors"), Path.of("../outside.safetensors"));
    index("{\"a\": \"link.safetensors\"}");
    refused().hasMessageContaining("'a'").hasMessageContaining("a link to");
  }

  @Test
  void linksWithinTheHubsCacheAreFollowed() throws IOException {
    Path repository = Files.createDirectories(parent.resolve("models--x--y"));
    Path blobs = Files.createDirectory(repository.resolve("blobs"));
    Path snapshot = Files.createDirectories(repository.resolve("snapshots/0123abc"));
    Files.copy(folder.resolve("one.safetensors"), blobs.resolve("beef"));
    Files.createSymbolicLink(snapshot.resolve("one.safetensors"), Path.of("../../blobs/beef"));
    Files.writeString(
        snapshot.resolve("model.safetensors.index.json"),
        "{\"weight_map\": {\"a\": \"one.safetensors\"}}");
    try (WeightSource source = WeightFolder.open(snapshot)) {
      assertThat(source.names()).containsExactly("a");
    }
  }

  @Test
  @BadInput(
      number = 24,
      value = "a key of the index that its shard lacks",
      then = "an error that names key and shard")
  void aKeyOfTheIndexThatItsShardLacks() throws IOException {
    index("{\"a\": \"one.safetensors\", \"b\": \"one.safetensors\"}");
    refused().hasMessageContaining("'b' is in one.safetensors, but it is not");
  }

  @Test
  void keyInAShardUnlikeTheIndex() throws IOException {
    shard("two.safetensors", "a");
    index("{\"a\": \"one.safetensors\"}");
    try (WeightSource source = WeightFolder.open(folder)) {
      assertThat(source.names()).as("a file that the index does not name").containsExactly("a");
    }
    shard("two.safetensors", "b");
    try (PointerScope scope = new PointerScope()) {
      SafetensorsWriter.write(
          folder.resolve("two.safetensors"),
          Map.of("a", Torch.of(new float[1], 1), "b", Torch.of(new float[1], 1)));
    }
    index("{\"a\": \"one.safetensors\", \"b\": \"two.safetensors\"}");
    assertThatThrownBy(() -> WeightFolder.open(folder).close())
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("two.safetensors: holds 'a'")
        .hasMessageContaining("places in another shard");
    index("{\"b\": \"two.safetensors\"}");
    assertThatThrownBy(() -> WeightFolder.open(folder).close())
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("holds 'a', which model.safetensors.index.json lacks");
  }

  @Test
  void aDamagedIndexIsNamed() throws IOException {
    index("{\"a\": 3}");
    refused().hasMessageContaining("'a' is not a file name");
    index("{}");
    refused().hasMessageContaining("weight_map names no tensor");
    index("[]");
    refused().hasMessageContaining("no object 'weight_map'");
    index("{\"a\": \"one.safetensors\", \"a\": \"one.safetensors\"}");
    refused().hasMessageContaining("Duplicate");
    index("{\"a\": \"one.safeten");
    refused().hasMessageContaining("cannot be read");
    index("{\"a\": " + "[".repeat(100_000));
    refused().hasMessageContaining("'a' is not a file name");
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        "{\"weight_map\": {\"a\": \"one.safetensors\"}} {}");
    refused().hasMessageContaining("something follows the JSON object");
    Files.writeString(folder.resolve("model.safetensors.index.json"), "[1]");
    refused().hasMessageContaining("not a JSON object");
  }

  private AbstractThrowableAssert<?, ? extends Throwable> refused() {
    return assertThatThrownBy(() -> WeightFolder.open(folder).close())
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining(folder.resolve("model.safetensors.index.json").toString());
  }

  /** A part of a model lies one folder below its snapshot, its shards further above. */
  @Test
  void linksWithinTheHubsCacheAreFollowedFromSubfolders() throws IOException {
    Path repository = Files.createDirectories(parent.resolve("models--x--sd"));
    Path blobs = Files.createDirectory(repository.resolve("blobs"));
    Path unet = Files.createDirectories(repository.resolve("snapshots/0123abc/unet"));
    Files.copy(folder.resolve("one.safetensors"), blobs.resolve("beef"));
    Files.createSymbolicLink(unet.resolve("one.safetensors"), Path.of("../../../blobs/beef"));
    Files.writeString(
        unet.resolve("diffusion_pytorch_model.safetensors.index.json"),
        "{\"weight_map\": {\"a\": \"one.safetensors\"}}");
    try (WeightSource source = WeightFolder.open(unet)) {
      assertThat(source.names()).containsExactly("a");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "diffusion_pytorch_model.fp16.safetensors",
        "model.bf16.safetensors",
        "pytorch_model.fp16.bin"
      })
  void theOnlyVariantIsRead(String name) throws IOException {
    Path single = Files.createDirectory(parent.resolve("variant"));
    Files.copy(folder.resolve("one.safetensors"), single.resolve("other"));
    if (name.endsWith(".bin")) {
      try (PointerScope scope = new PointerScope()) {
        PickleFiles.save(single.resolve(name), Map.of("a", Torch.of(new float[] {3, 4}, 2)));
      }
    } else {
      Files.move(single.resolve("other"), single.resolve(name));
    }
    try (WeightSource source = WeightFolder.open(single)) {
      assertThat(source.names()).containsExactly("a");
    }
    assertThat(WeightFolder.unread(single)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model.safetensors.index.fp16.json",
        "diffusion_pytorch_model.fp16.safetensors.index.json"
      })
  void theOnlyVariantInShardsIsRead(String index) throws IOException {
    Files.writeString(
        folder.resolve(index),
        "{\"weight_map\": {\"a\": \"one.safetensors\", \"b\": \"two.safetensors\"}}");
    try (WeightSource source = WeightFolder.open(folder)) {
      assertThat(source.names()).containsExactly("a", "b");
    }
  }

  @Test
  @BadInput(
      number = 22,
      value = "a folder with several variants of its weights (fp16, non_ema) and none without",
      then = "an error that says which name the wanted one needs")
  void severalVariantsAreRefused() throws IOException {
    for (String variant : new String[] {"fp16", "non_ema"}) {
      Files.copy(
          folder.resolve("one.safetensors"),
          folder.resolve("diffusion_pytorch_model." + variant + ".safetensors"));
    }
    assertThatThrownBy(() -> WeightFolder.open(folder))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("diffusion_pytorch_model.fp16.safetensors and")
        .hasMessageContaining(
            "rename the one that is meant to diffusion_pytorch_model.safetensors");
  }

  @Test
  void filesThatAreNotReadAreKnown() throws IOException {
    index("{\"a\": \"one.safetensors\"}");
    Files.writeString(folder.resolve("pytorch_model.bin"), "x");
    Files.writeString(folder.resolve("training_args.bin"), "x");
    Files.writeString(folder.resolve("rng_state_0.pth"), "x");
    Files.writeString(folder.resolve("mm_projector.bin"), "x");
    WeightFolder.open(folder).close();
    assertThat(WeightFolder.unread(folder))
        .containsExactly("mm_projector.bin", "pytorch_model.bin", "two.safetensors");
  }

  @Test
  @BadInput(
      number = 22,
      value = "an adapter beside the weights of a model",
      then = "an error that asks for a folder of its own")
  void anAdapterBesideAModelIsRefused() throws IOException {
    index("{\"a\": \"one.safetensors\"}");
    shard("adapter_model.safetensors", "x");
    assertThatThrownBy(() -> WeightFolder.open(folder))
        .isInstanceOf(DsVlmException.class)
        .hasMessageContaining("adapter_model.safetensors: an adapter beside the weights");
  }

  @Test
  @Closes({
    Safetensors.class,
    PickledWeights.class,
    MappedFile.class,
    RenamedWeights.class,
    JoinedWeights.class,
    StoredModel.class
  })
  void closedFilesSaySo() throws IOException {
    Path own = folder.resolve("closed.safetensors");
    SafetensorsWriter.write(own, Map.of("a", Torch.of(new float[] {1}, 1)));
    Safetensors stored = Safetensors.open(own);
    RenamedWeights renamed = new RenamedWeights(stored, name -> "b");
    JoinedWeights joined = new JoinedWeights("a test", List.of(renamed));
    StoredModel model = new StoredModel("a test", root -> {}, name -> name, joined);
    Closed.saysSo(
        model,
        () -> model.weights().read("b"),
        () -> joined.read("b"),
        () -> renamed.read("b"),
        () -> stored.read("a"));
    Path pickle = folder.resolve("closed.bin");
    PickleFiles.save(pickle, Map.of("a", Torch.of(new float[] {1}, 1)));
    PickledWeights pickled = PickledWeights.open(pickle);
    Closed.saysSo(pickled, () -> pickled.read("a"));
    MappedFile mapped = MappedFile.open(own, channel -> new MappedFile(own, channel));
    Closed.saysSo(mapped, () -> mapped.numbers("a", 8, StoredType.values()[0], 1));
  }
}
