/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Vision-language models trained with diffusion supervision, on LibTorch.
 *
 * <p>What is exported is the API; all other packages may change from one version to the next. The
 * natives are modules that nothing requires by name: a program on the module path adds them by
 * {@code --add-modules ALL-MODULE-PATH}.
 */
module org.dsvlm {
  requires ai.djl.tokenizers;
  requires com.fasterxml.jackson.dataformat.yaml;
  requires java.logging;
  requires java.management;
  requires java.net.http;
  requires jdk.management;
  requires org.bytedeco.leptonica;
  requires org.slf4j;
  requires transitive com.fasterxml.jackson.databind;
  requires transitive java.desktop;
  requires transitive org.bytedeco.pytorch;

  // The application's, and annotations: a program that embeds the library goes without.
  requires static ch.qos.logback.classic;
  requires static info.picocli;
  requires static me.tongfei.progressbar;
  requires static micrometer.core;
  requires static micrometer.registry.prometheus;
  requires static org.eclipse.jetty.server;
  requires static org.jspecify;

  exports org.dsvlm.catalogue;
  exports org.dsvlm.chat;
  exports org.dsvlm.data;
  exports org.dsvlm.distributed;
  exports org.dsvlm.image;
  exports org.dsvlm.io;
  exports org.dsvlm.kernels;
  exports org.dsvlm.models;
  exports org.dsvlm.models.diffusion;
  exports org.dsvlm.models.llama;
  exports org.dsvlm.models.llava;
  exports org.dsvlm.models.vgg;
  exports org.dsvlm.models.vit;
  exports org.dsvlm.nn;
  exports org.dsvlm.nn.cost;
  exports org.dsvlm.supervision;
  exports org.dsvlm.tensor;
  exports org.dsvlm.text;
  exports org.dsvlm.train;
  exports org.dsvlm.train.optim;
  exports org.dsvlm.train.parallel;
  exports org.dsvlm.train.recipe;
  exports org.dsvlm.train.run;
  exports org.dsvlm.weights;
  exports org.dsvlm.weights.files;
  exports org.dsvlm.weights.safetensors;

  // Recipes are read into records, commands into options, by reflection.
  opens org.dsvlm.cli to
      info.picocli;
  opens org.dsvlm.eval to
      com.fasterxml.jackson.databind;
  opens org.dsvlm.kernels to
      org.bytedeco.javacpp;
  opens org.dsvlm.supervision to
      com.fasterxml.jackson.databind;
  opens org.dsvlm.train.optim to
      com.fasterxml.jackson.databind;
  opens org.dsvlm.train.recipe to
      com.fasterxml.jackson.databind;

  // Families of models and losses, this library's and others; META-INF/services says the same to
  // the class path.
  uses org.dsvlm.models.ModelFamily;
  uses org.dsvlm.supervision.NamedAdapter;
  uses org.dsvlm.supervision.NamedLoss;

  provides org.dsvlm.models.ModelFamily with
      org.dsvlm.models.llava.LlavaFamily,
      org.dsvlm.models.llama.LlamaFamily,
      org.dsvlm.models.llama.Qwen2Family,
      org.dsvlm.models.vit.ClipFamily,
      org.dsvlm.models.vit.SiglipFamily,
      org.dsvlm.models.diffusion.StableDiffusionFamily,
      org.dsvlm.models.diffusion.UNetFamily,
      org.dsvlm.models.diffusion.VaeFamily;
}
