/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.train;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.dsvlm.tensor.Torch;

/**
 * Pictures that the instruments look at throughout a stage, no two of them the same.
 *
 * @param pixelValues [pictures, 3, H, W]: what the encoder sees
 * @param picture [pictures, 3, S, S] in [−1, 1]: what the diffusion reconstructs
 * @param meanPicture [3, S, S]: the mean of more pictures of the same records
 * @param ids on which random draws depend
 */
public record FixedPictures(
    Tensor pixelValues, Tensor picture, Tensor meanPicture, List<String> ids)
    implements AutoCloseable {
  @Override
  public Tensor pixelValues() {
    return live(pixelValues);
  }

  @Override
  public Tensor picture() {
    return live(picture);
  }

  @Override
  public Tensor meanPicture() {
    return live(meanPicture);
  }

  private static Tensor live(Tensor tensor) {
    return Torch.live(tensor, "the instruments' pictures are closed; choose them again");
  }

  @Override
  public void close() {
    pixelValues.close();
    picture.close();
    meanPicture.close();
  }
}
