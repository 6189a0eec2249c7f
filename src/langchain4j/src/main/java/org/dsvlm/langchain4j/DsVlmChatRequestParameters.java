/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.langchain4j;

import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.DefaultChatRequestParameters;
import java.util.Objects;

/**
 * LangChain4j's common parameters and those that only these models have. Parameters of another
 * provider are refused, as what only that provider knows would be lost.
 */
public final class DsVlmChatRequestParameters extends DefaultChatRequestParameters {
  /** Nothing set. */
  public static final DsVlmChatRequestParameters EMPTY = builder().build();

  private final Long seed;
  private final Double repetitionPenalty;

  private DsVlmChatRequestParameters(Builder builder) {
    super(builder);
    seed = builder.seed;
    repetitionPenalty = builder.repetitionPenalty;
  }

  /** Seed of the draws where the temperature is above 0; null for the model's own. */
  public Long seed() {
    return seed;
  }

  /** Above 1 makes tokens that are already there less likely; null for the model's own. */
  public Double repetitionPenalty() {
    return repetitionPenalty;
  }

  /** Parameters to be filled in. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * These parameters, with those of {@code that} in their place where it sets them.
   *
   * @throws UnsupportedFeatureException for parameters of another provider
   */
  @Override
  public DsVlmChatRequestParameters overrideWith(ChatRequestParameters that) {
    return builder().overrideWith(this).overrideWith(that).build();
  }

  @Override
  public DsVlmChatRequestParameters defaultedBy(ChatRequestParameters that) {
    return builder().overrideWith(that).overrideWith(this).build();
  }

  @Override
  public boolean equals(Object other) {
    return super.equals(other)
        && other instanceof DsVlmChatRequestParameters that
        && Objects.equals(seed, that.seed)
        && Objects.equals(repetitionPenalty, that.repetitionPenalty);
  }

  @Override
  public int hashCode() {
    return Objects.hash(super.hashCode(), seed, repetitionPenalty);
  }

  @Override
  public String toString() {
    return super.toString() + " and seed=" + seed + ", repetitionPenalty=" + repetitionPenalty;
  }

  /** Fills in parameters. For one thread. */
  public static final class Builder extends DefaultChatRequestParameters.Builder<Builder> {
    private Long seed;
    private Double repetitionPenalty;

    private Builder() {}

    /** Takes over what {@code parameters} sets. */
    @Override
    public Builder overrideWith(ChatRequestParameters parameters) {
      if (parameters instanceof DsVlmChatRequestParameters own) {
        seed = own.seed == null ? seed : own.seed;
        repetitionPenalty =
            own.repetitionPenalty == null ? repetitionPenalty : own.repetitionPenalty;
      } else if (parameters.getClass() != DefaultChatRequestParameters.class) {
        throw new UnsupportedFeatureException(
            "parameters of the type "
                + parameters.getClass().getName()
                + " are another provider's; use DsVlmChatRequestParameters");
      }
      return super.overrideWith(parameters);
    }

    /** Seed of the draws. */
    public Builder seed(Long seed) {
      this.seed = seed;
      return this;
    }

    /** Above 1 makes tokens that are already there less likely. */
    public Builder repetitionPenalty(Double repetitionPenalty) {
      this.repetitionPenalty = repetitionPenalty;
      return this;
    }

    @Override
    public DsVlmChatRequestParameters build() {
      return new DsVlmChatRequestParameters(this);
    }
  }
}
