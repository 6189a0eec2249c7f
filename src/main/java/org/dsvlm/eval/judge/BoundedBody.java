/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.eval.judge;

import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a service's answer, up to {@value #MOST}. A reply to a question has some kilobytes;
 * a service that sends without end would fill the memory.
 */
final class BoundedBody implements BodySubscriber<byte[]> {
  static final int MOST = 1 << 22;

  private final BodySubscriber<byte[]> whole = BodySubscribers.ofByteArray();
  private Flow.@Nullable Subscription subscription;
  private long taken;

  @Override
  public CompletionStage<byte[]> getBody() {
    return whole.getBody();
  }

  @Override
  public void onSubscribe(Flow.Subscription to) {
    subscription = to;
    whole.onSubscribe(to);
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    if (taken > MOST) {
      return; // What was under way when it was refused.
    }
    for (ByteBuffer buffer : buffers) {
      taken += buffer.remaining();
    }
    if (taken <= MOST) {
      whole.onNext(buffers);
      return;
    }
    if (subscription != null) {
      subscription.cancel();
    }
    whole.onError(new IOException("its answer is longer than " + MOST + " bytes"));
  }

  @Override
  public void onError(Throwable error) {
    whole.onError(error);
  }

  @Override
  public void onComplete() {
    if (taken <= MOST) {
      whole.onComplete();
    }
  }
}
