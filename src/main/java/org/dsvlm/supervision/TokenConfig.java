/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.supervision;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.JsonConfig;
import org.dsvlm.models.vit.VisionTower;
import org.dsvlm.tensor.Torch;

/**
 * Which tokens of a feature the diffusion model sees.
 *
 * @param kind all patches, their means over a grid, or one token
 * @param grid side of that grid
 */
public record TokenConfig(Tokens kind, int grid) {
  /** The choices. */
  public enum Tokens {
    /** Every patch. */
    ALL,
    /** Means of the patches over a grid of {@code grid} × {@code grid} cells. */
    GRID,
    /**
     * The class token of an image feature, and the mean over the connector's output, which has
     * none.
     */
    CLASS
  }

  /** As {@code docs/choices.md} says. */
  static TokenConfig defaults() {
    return new TokenConfig(Tokens.ALL, 4);
  }

  /** Reads the section {@code tokens}. */
  static TokenConfig parse(JsonConfig fields, TokenConfig absent) {
    return new TokenConfig(
        TimestepConfig.constant(fields, "kind", Tokens.values(), absent.kind),
        fields.size("grid", absent.grid));
  }

  /** Tokens that are shown of {@code patches}. */
  public double count(double patches) {
    return switch (kind) {
      case ALL -> patches;
      case GRID -> (double) grid * grid;
      case CLASS -> 1;
    };
  }

  /**
   * Of a hidden state of {@code tower}, [pictures, tokens, width].
   *
   * @throws DsVlmException if the encoder has no class token, or fewer patches a side than the grid
   */
  Tensor ofImage(VisionTower tower, Tensor state) {
    if (kind != Tokens.CLASS) {
      return pooled(tower.patches(state));
    }
    if (tower.config().classTokens() == 0) {
      throw new DsVlmException(
          "supervision: tokens.kind is class, but this vision encoder has no class token; take all"
              + " or grid");
    }
    return state.narrow(1, 0, 1);
  }

  /** Of the connector's output, [pictures, patches, width]. */
  Tensor ofText(Tensor output) {
    return kind == Tokens.CLASS ? mean(output, 1) : pooled(output);
  }

  private Tensor pooled(Tensor patches) {
    return kind == Tokens.GRID ? mean(patches, grid) : patches;
  }

  /** patches: [pictures, side², width] in rows; [pictures, cells², width]. */
  private static Tensor mean(Tensor patches, int cells) {
    long side = Math.round(Math.sqrt(patches.size(1)));
    if (side * side != patches.size(1) || cells > side) {
      throw new DsVlmException(
          "supervision: tokens.grid is "
              + cells
              + ", but a picture has "
              + patches.size(1)
              + " patches, "
              + (side * side == patches.size(1) ? side + " a side" : "which is no square")
              + "; lower it");
    }
    return Torch.tidy(
        () -> {
          Tensor square = patches.transpose(1, 2).unflatten(2, side, side);
          return torch.adaptive_avg_pool2d(square, cells, cells).flatten(2, -1).transpose(1, 2);
        });
  }
}
