/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.kernels;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.OpenState;
import org.dsvlm.tensor.Torch;

/**
 * A decoder of the Llama family, one token of each record at a time: from ids to the logits of the
 * next tokens in one native call, which reads each weight once and where it lies. A record's logits
 * are the same bit for bit alone and among others.
 *
 * <p>For generation on the CPU alone; nothing here records gradients. Its reference implementation
 * is the model itself, layer by layer: callers ask {@link #runsOn} and take that where the answer
 * is no.
 */
public final class LlamaDecode implements AutoCloseable {
  /** Records that are answered together at most; with more, matrix products are faster. */
  public static final int MOST_RECORDS = 16;

  private static final OperatorCall CALL = new OperatorCall("dsvlm::llama_decode");

  private final TensorVector weights;
  private final TensorVector biases;
  private final TensorVector cache;
  private final Tensor cos;
  private final Tensor sin;
  private final long heads;
  private final double eps;
  private final OpenState open = new OpenState("the decoder");

  /**
   * References to a decoder's tensors, which must all be contiguous and of one type.
   *
   * @param weights the embedding table [vocabulary, width]; of each layer the input norm, the
   *     projections q, k, v and o, the norm after attention, gate, up and down; the last norm, the
   *     head [vocabulary, width]
   * @param biases none, or of each layer those of q, k, v, o, gate, up and down, without elements
   *     where there is none
   * @param cache of each layer keys and values, [batch, keyValueHeads, capacity, headDim]
   * @param cos of the angles of all positions, [positions, headDim]
   * @param sin like {@code cos}
   */
  public LlamaDecode(
      List<Tensor> weights,
      List<Tensor> biases,
      List<Tensor> cache,
      Tensor cos,
      Tensor sin,
      long heads,
      double eps) {
    CALL.requireOpen("weights", weights);
    CALL.requireOpen("biases", biases);
    CALL.requireOpen("cache", cache);
    CALL.requireOpen("cos", cos);
    CALL.requireOpen("sin", sin);
    try (PointerScope scope = new PointerScope()) {
      this.weights = vector(weights);
      this.biases = vector(biases);
      this.cache = vector(cache);
      this.cos = Torch.keep(new Tensor(cos));
      this.sin = Torch.keep(new Tensor(sin));
    }
    this.heads = heads;
    this.eps = eps;
  }

  private static TensorVector vector(List<Tensor> tensors) {
    TensorVector vector = new TensorVector(tensors.toArray(Tensor[]::new));
    vector.retainReference();
    return vector;
  }

  /** Whether a model with such a weight can be run so. */
  public static boolean runsOn(Tensor weight) {
    return weight.is_cpu()
        && weight.scalar_type().intern() != ScalarType.Half
        && Kernels.nativeLoaded();
  }

  /**
   * Logits of the tokens that follow {@code ids}, whose keys and values are added to the cache.
   *
   * @param ids int64 [batch]
   * @param starts int64 [batch], the first token in the cache of each record; before it is padding
   * @param length tokens in the cache
   * @return [batch, vocabulary], float32 for bfloat16 weights
   * @throws org.dsvlm.io.DsVlmException if shapes, types, ids or numbers of tokens do not fit
   */
  public Tensor logits(Tensor ids, Tensor starts, long length) {
    open.require();
    CALL.requireOpen("ids", ids);
    CALL.requireOpen("starts", starts);
    return CALL.run(
        () ->
            NativeOps.llama_decode(
                ids, weights, biases, cache, cos, sin, starts, length, heads, eps));
  }

  @Override
  public void close() {
    open.close();
    weights.close();
    biases.close();
    cache.close();
    cos.close();
    sin.close();
  }
}
