/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.llava;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.BadInput;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.models.llama.GenerationSettings;
import org.dsvlm.models.llama.TokenListener;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.RandomState;
import org.dsvlm.tensor.Torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LlavaTest {
  private final PointerScope scope = new PointerScope();
  private final ParameterStore store =
      ParameterStore.random(new RandomState(3), ScalarType.Double, "cpu");
  private final Llava llava = new Llava(store.root(), TinyLlava.parsed());

  @AfterEach
  void free() {
    store.close();
    scope.close();
  }

  private Features pictures(long count) {
    Tensor pixels = new RandomState(5).normal(count, 3, 56, 56);
    return llava.encode(pixels.to(ScalarType.Double));
  }

  /** Ids 5, 6, …, the given places image tokens. */
  private static long[] ids(int length, int pictureBegin, int pictureEnd) {
    long[] ids = new long[length];
    for (int i = 0; i < length; i++) {
      ids[i] = i >= pictureBegin && i < pictureEnd ? TinyLlava.IMAGE_TOKEN : 5 + i;
    }
    return ids;
  }

  private static Tensor batch(long[]... rows) {
    long[] all = Arrays.stream(rows).flatMapToLong(Arrays::stream).toArray();
    return Torch.of(all, rows.length, rows[0].length);
  }

  @Test
  void picturesGoToTheRecordsThatHaveOne() {
    Features two = pictures(2);
    long[] first = ids(20, 2, 18);
    long[] words = ids(20, 0, 0);
    long[] last = ids(20, 1, 17);
    double[] together = Torch.doubles(llava.logits(batch(first, words, last), null, two));
    Features second = new Features(List.of(), two.imageFeatures().narrow(0, 1, 1));
    double[] alone = Torch.doubles(llava.logits(batch(last), null, second));
    double[] wordsAlone = Torch.doubles(llava.logits(batch(words), null, null));
    for (int i = 0; i < alone.length; i++) {
      assertThat(together[alone.length + i]).isCloseTo(wordsAlone[i], within(1e-9));
      assertThat(together[2 * alone.length + i]).isCloseTo(alone[i], within(1e-9));
    }
  }

  @Test
  void theLanguageLossReachesEveryPart() {
    store.setTrainable(name -> true);
    Tensor batch = batch(ids(20, 2, 18));
    llava.loss(batch, null, batch(ids(20, 0, 0)), pictures(1)).backward();
    List<String> without =
        store.tensors().entrySet().stream()
            .filter(entry -> entry.getValue().grad().isNull() || !entry.getValue().grad().defined())
            .map(Map.Entry::getKey)
            .toList();
    // Hidden state -2 feeds the connector: the last layer and what follows it see no gradient.
    assertThat(without)
        .isNotEmpty()
        .allMatch(name -> name.contains("encoder.layers.3.") || name.contains("post_layernorm"));
  }

  /** As batches on a GPU are. */
  @Test
  void paddingToALengthChangesNeitherLossNorGradients() {
    store.setTrainable(name -> true);
    long[] ids = ids(20, 2, 18);
    long[] labels = ids(20, 0, 0);
    double plain = backward(batch(ids), null, batch(labels));
    List<double[]> expected = gradients();
    long[] unlabelled = Arrays.copyOf(labels, 64);
    Arrays.fill(unlabelled, 20, 64, -100);
    long[] mask = new long[64];
    Arrays.fill(mask, 0, 20, 1);
    assertThat(backward(batch(Arrays.copyOf(ids, 64)), batch(mask), batch(unlabelled)))
        .isCloseTo(plain, within(1e-12));
    List<double[]> padded = gradients();
    assertThat(padded).hasSameSizeAs(expected).isNotEmpty();
    for (int i = 0; i < padded.size(); i++) {
      assertThat(padded.get(i)).containsExactly(expected.get(i), within(1e-12));
    }
  }

  private double backward(Tensor ids, Tensor mask, Tensor labels) {
    Tensor loss = llava.loss(ids, mask, labels, pictures(1));
    loss.backward();
    return Torch.item(loss);
  }

  /** Of all parameters that have one, which are then without. */
  private List<double[]> gradients() {
    return store.tensors().values().stream()
        .filter(tensor -> tensor.grad().defined())
        .map(
            tensor -> {
              double[] values = Torch.doubles(tensor.grad());
              tensor.grad().zero_();
              return values;
            })
        .toList();
  }

  @Test
  void picturesAndImageTokensHaveToMatch() {
    Features one = pictures(1);
    Tensor cut = batch(ids(20, 0, 0), ids(20, 2, 17));
    assertThatThrownBy(() -> llava.merge(cut, one))
        .isInstanceOf(DsVlmException.class)
        .hasMessage("record 1 of the batch has 15 image tokens, but a picture takes 16");
    Tensor two = batch(ids(20, 2, 18), ids(20, 2, 18));
    assertThatThrownBy(() -> llava.merge(two, one))
        .hasMessage("the batch has image tokens for 2 pictures, but 1 were given");
    assertThatThrownBy(() -> llava.merge(two, null))
        .hasMessage("record 0 of the batch has 16 image tokens, but no picture was given");
    GenerationSettings greedy = GenerationSettings.greedy(1, Set.of());
    List<long[]> prompts = List.of(ids(20, 2, 18), ids(20, 2, 18));
    assertThatThrownBy(() -> llava.generate(prompts, one, greedy, TokenListener.NONE))
        .hasMessage("the prompts have image tokens for more than the 1 pictures given");
    List<long[]> wordsAlone = List.of(ids(20, 0, 0));
    assertThatThrownBy(() -> llava.generate(wordsAlone, one, greedy, TokenListener.NONE))
        .hasMessage("the prompts have image tokens for 0 pictures, but 1 were given");
  }

  @Test
  @BadInput(
      number = 30,
      value = "a token id beyond the embedding rows",
      then = "an error with record, position and id")
  void aTokenBeyondTheEmbeddingRows() {
    long[] ids = ids(20, 0, 0);
    ids[4] = 336;
    assertThatThrownBy(() -> llava.merge(batch(ids(20, 0, 0), ids), null))
        .isInstanceOf(DsVlmException.class)
        .hasMessageStartingWith(
            "record 1 of the batch, token 4: id 336 is outside the model's 336");
  }
}
