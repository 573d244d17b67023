"""The variational autoencoder (Kingma and Welling 2014) with a categorical pixel likelihood."""

import math

import keras
import numpy as np
from keras import layers, ops
from scipy.special import logsumexp, softmax

from ..images import check_pixels, to_images
from .base import (
    KerasGenerator,
    LikelihoodGenerator,
    check_count,
    check_image_shape,
    draw_values,
    seeded,
)
from .raster import PositionBias, ScaledPixels
from .template import TemplateMixture


class VAE(LikelihoodGenerator, KerasGenerator):
    """Draws a latent z ~ N(0, I), decodes it, and draws each pixel from its own distribution.

    Trained on −ELBO_β = E_q[−log p(x|z)] + β·KL(q(z|x) ‖ N(0, I)), both summed over pixels and
    latents; β = 1 is the evidence lower bound. ``log_likelihood`` is the importance-weighted bound
    of Burda et al. 2016 with ``samples`` draws of z, so ``exact`` is False.

    image_shape: (H, W, C). levels: values a pixel can take. latents: length of z. hidden: width
    of the dense layers. dropout: share of features dropped in training. seed: of everything.

    Source: Kingma and Welling 2014, arXiv 1312.6114, eq. 3 and 10; Burda et al. 2016, arXiv
    1509.00519, eq. 8. Lesson 06.
    """

    exact = False

    def __init__(self, image_shape, levels, latents=8, hidden=128, dropout=0.3, beta=1.0,
                 samples=50, seed=0):
        super().__init__()
        self.image_shape = check_image_shape(image_shape)
        self.levels, self.latents, self.hidden = levels, latents, hidden
        self.dropout, self.beta, self.samples, self.seed = dropout, beta, samples, seed
        # Images are halved until their shorter side is about 4, 7 at most.
        halvings = max(0, round(math.log2(min(self.image_shape[:2]) / 5.5)))
        with seeded(seed):
            self.encoder = self.build_encoder(halvings)
            self.decoder = self.build_decoder(halvings)
            self.noise = keras.random.SeedGenerator(seed)
        self.built = True

    def build_encoder(self, halvings):
        pixels = keras.Input(self.image_shape, dtype="int32")
        x = ScaledPixels(self.levels)(pixels)
        x = layers.Conv2D(32, 3, padding="same", activation="silu")(x)
        for _ in range(halvings):
            x = layers.Conv2D(64, 3, strides=2, padding="same", activation="silu")(x)
        x = layers.Dropout(self.dropout)(layers.Flatten()(x))
        x = layers.Dense(self.hidden, activation="silu")(x)
        x = layers.Dense(2 * self.latents)(layers.Dropout(self.dropout)(x))
        return keras.Model(pixels, x)

    def build_decoder(self, halvings):
        height, width, channels = self.image_shape
        small = (math.ceil(height / 2**halvings), math.ceil(width / 2**halvings), 64)
        z = keras.Input((self.latents,))
        x = layers.Dense(self.hidden, activation="silu")(z)
        x = layers.Dropout(self.dropout)(x)
        x = layers.Reshape(small)(layers.Dense(math.prod(small), activation="silu")(x))
        for _ in range(halvings):
            x = layers.Conv2DTranspose(48, 4, strides=2, padding="same", activation="silu")(x)
        x = layers.Cropping2D(((0, x.shape[1] - height), (0, x.shape[2] - width)))(x)
        x = layers.Conv2D(48, 3, padding="same", activation="silu")(PositionBias()(x))
        x = layers.Conv2D(channels * self.levels, 1, dtype="float32")(x)
        return keras.Model(z, layers.Reshape((*self.image_shape, self.levels))(x))

    def image_losses(self, pixels, training=False):
        """−ELBO_β with one draw of z an image, in nats: (batch,)."""
        pixels = ops.cast(pixels, "int32")
        means, log_variances = self.encode(pixels, training=training)
        noise = keras.random.normal(ops.shape(means), seed=self.noise)
        z = means + ops.exp(log_variances / 2) * noise          # z ~ q(z|x), differentiable
        logits = self.decoder(z, training=training)
        losses = keras.losses.sparse_categorical_crossentropy(pixels, logits, from_logits=True)
        return ops.sum(losses, axis=(1, 2, 3)) + self.beta * kl_divergence(means, log_variances)

    def encode(self, pixels, training=False):
        """Means and log-variances of q(z|x), each (batch, latents)."""
        encoded = ops.cast(self.encoder(pixels, training=training), "float32")
        return ops.split(encoded, 2, axis=-1)

    def decode(self, z):
        """p(x_i = v | z) of every pixel and value: (N, latents) -> (N, H, W, C, levels)."""
        logits = self.decoder.predict(np.asarray(z, np.float32), batch_size=1024, verbose=0)
        return softmax(logits, axis=-1)

    def generate(self, count, seed=None):
        self.check_trained()
        generator = np.random.default_rng(seed)
        probabilities = self.decode(generator.standard_normal((check_count(count), self.latents)))
        flat = probabilities.reshape(-1, self.levels)
        pixels = draw_values(flat, generator.random(len(flat)))
        return to_images(pixels.reshape(-1, *self.image_shape), self.levels)

    def log_likelihood(self, pixels, known=None):
        """The bound log 1/k Σ_k p(x, z_k)/q(z_k|x) ≤ log p(x), k = ``samples``: (N,) nats.

        With ``known``, the encoder cannot be asked, and z comes from ``templates()``.
        """
        self.check_trained()
        pixels = check_pixels(pixels, self.image_shape, self.levels)
        if known is not None:
            return self.templates().log_likelihood(pixels, known)
        encoded = self.encoder.predict(pixels.astype(np.int32), batch_size=256, verbose=0)
        means, log_variances = np.split(encoded, 2, axis=-1)
        generator = np.random.default_rng(self.seed)
        log_weights = np.empty((self.samples, len(pixels)))
        together = max(1, 8192 // len(pixels))              # draws a pass: bounds the memory
        for first in range(0, self.samples, together):
            count = min(together, self.samples - first)
            noise = generator.standard_normal((count, *means.shape)).astype(np.float32)
            z = means + np.exp(log_variances / 2) * noise
            log_ratio = 0.5 * (noise**2 - z**2 + log_variances).sum(axis=-1)   # log p(z)/q(z|x)
            probabilities = self.decode(z.reshape(-1, self.latents))
            chosen = np.broadcast_to(pixels, (count, *pixels.shape)).reshape(-1, *pixels.shape[1:])
            picked = np.take_along_axis(probabilities, chosen[..., None].astype(np.int64), axis=-1)
            log_pixels = np.log(np.maximum(picked, np.finfo(np.float32).tiny))
            log_weights[first : first + count] = log_ratio + log_pixels.reshape(
                count, len(pixels), -1
            ).sum(axis=-1)
        return logsumexp(log_weights, axis=0) - math.log(self.samples)

    def complete(self, images, known, seed=None):
        return self.templates().complete(images, known, seed)

    def templates(self, count=4096, seed=0):
        """The VAE with z from ``count`` fixed draws of its prior: a TemplateMixture.

        Its likelihood is exact, and it reads pixels in raster order: so a VAE can join a pool.
        """
        self.check_trained()
        z = np.random.default_rng(seed).standard_normal((check_count(count), self.latents))
        return TemplateMixture(self.decode(z))


def kl_divergence(means, log_variances):
    """KL(N(means, exp(log_variances)) ‖ N(0, I)), summed over latents: (N, D) -> (N,) nats.

    Source: Kingma and Welling 2014, arXiv 1312.6114, appendix B.
    """
    return 0.5 * ops.sum(ops.exp(log_variances) + means**2 - 1 - log_variances, axis=-1)
