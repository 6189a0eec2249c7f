/*
 * Copyright 2026 The DS-VLM for the JVM Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package org.dsvlm.models.diffusion;

import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.dsvlm.io.DsVlmException;
import org.dsvlm.io.OpenState;
import org.dsvlm.nn.ParameterStore;
import org.dsvlm.tensor.RandomState;

/**
 * A latent diffusion model (Rombach et al. 2022): the autoencoder, the denoising network that works
 * on its latents, and their noise schedule. It owns the parameters of both networks.
 */
public final class StableDiffusion implements AutoCloseable {
  private final UNet unet;
  private final Vae vae;
  private final NoiseSchedule schedule;
  private final ParameterStore unetStore;
  private final ParameterStore vaeStore;
  private final Map<String, Tensor> unetTensors;
  private final Map<String, Tensor> vaeTensors;
  private final OpenState open = new OpenState("the diffusion model");

  private StableDiffusion(
      UNetConfig unetConfig,
      ParameterStore unetStore,
      VaeConfig vaeConfig,
      ParameterStore vaeStore,
      NoiseSchedule schedule) {
    if (unetConfig.inChannels() != vaeConfig.latentChannels()) {
      throw new DsVlmException(
          "the denoising network reads "
              + unetConfig.inChannels()
              + " channels (in_channels), but the autoencoder's latents have "
              + vaeConfig.latentChannels()
              + " (latent_channels)");
    }
    this.unetStore = unetStore;
    this.vaeStore = vaeStore;
    this.unet = new UNet(unetStore.root(), unetConfig);
    this.vae = new Vae(vaeStore.root(), vaeConfig);
    this.schedule = schedule;
    this.unetTensors = new LinkedHashMap<>(unetStore.tensors());
    this.vaeTensors = new LinkedHashMap<>(vaeStore.tensors());
  }

  /**
   * Builds both networks from their stores, which the result owns; if that fails they are closed.
   *
   * @throws DsVlmException if a parameter is missing or the networks do not fit together
   */
  static StableDiffusion of(
      UNetConfig unetConfig,
      ParameterStore unetStore,
      VaeConfig vaeConfig,
      ParameterStore vaeStore,
      NoiseSchedule schedule) {
    try {
      return new StableDiffusion(unetConfig, unetStore, vaeConfig, vaeStore, schedule);
    } catch (RuntimeException e) {
      unetStore.close();
      vaeStore.close();
      throw e;
    }
  }

  /**
   * A model that starts at random, to be trained from scratch.
   *
   * @throws DsVlmException if the networks do not fit together
   */
  public static StableDiffusion random(
      UNetConfig unetConfig,
      VaeConfig vaeConfig,
      NoiseSchedule schedule,
      RandomState random,
      ScalarType dtype,
      String device) {
    return of(
        unetConfig,
        ParameterStore.random(random.fork("unet"), dtype, device),
        vaeConfig,
        ParameterStore.random(random.fork("vae"), dtype, device),
        schedule);
  }

  /**
   * The same networks with latents scaled by {@code factor}, for an autoencoder that was just
   * fitted. The result owns the parameters and replaces this object.
   */
  public StableDiffusion withScalingFactor(double factor) {
    open.require();
    return new StableDiffusion(
        unet.config(), unetStore, vae.config().withScalingFactor(factor), vaeStore, schedule);
  }

  /**
   * The denoising network.
   *
   * @throws DsVlmException if this is closed
   */
  public UNet unet() {
    open.require();
    return unet;
  }

  /**
   * The autoencoder.
   *
   * @throws DsVlmException if this is closed
   */
  public Vae vae() {
    open.require();
    return vae;
  }

  public NoiseSchedule schedule() {
    return schedule;
  }

  /** The denoising network's parameters. */
  public ParameterStore unetStore() {
    return unetStore;
  }

  /** The autoencoder's parameters. */
  public ParameterStore vaeStore() {
    return vaeStore;
  }

  /** The denoising network's own parameters, without what was added to its store afterwards. */
  Map<String, Tensor> unetTensors() {
    open.require();
    return unetTensors;
  }

  /** The autoencoder's own parameters. */
  Map<String, Tensor> vaeTensors() {
    open.require();
    return vaeTensors;
  }

  @Override
  public void close() {
    open.close();
    unetStore.close();
    vaeStore.close();
  }
}
