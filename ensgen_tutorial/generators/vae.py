"""The variational autoencoder (Kingma and Welling 2014) with a categorical pixel likelihood."""

import math

import keras
import numpy as np
from keras import layers, ops
from scipy.special import logsumexp, ndtri, softmax

from ..checks import check_count, check_image_shape, check_number, check_whole
from ..data.pixels import check_levels, check_pixels, to_images, to_pixels
from .base import MEMORY, LikelihoodGenerator, draw_values, pieces
from .keras_model import KerasGenerator, answers, seeded
from .layers import PositionBias, ScaledPixels
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
        levels = check_levels(levels)
        self.levels, self.seed = levels, seed
        self.latents, self.hidden = check_whole(latents, "latents"), check_whole(hidden, "hidden")
        self.dropout = check_number(dropout, "dropout", 0, below=1)
        self.beta, self.samples = check_number(beta, "beta", 0), check_whole(samples, "samples")
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
        return keras.Model(z, self.build_answer(x))

    def build_answer(self, x):
        """The decoder's last layer, of features x: logits (H, W, C, levels)."""
        x = layers.Conv2D(self.image_shape[2] * self.levels, 1, dtype="float32")(x)
        return layers.Reshape((*self.image_shape, self.levels), dtype="float32")(x)

    def image_losses(self, pixels, training=False):
        """−ELBO_β with one draw of z per image, in nats: (batch,)."""
        pixels = ops.cast(pixels, "int32")
        means, log_variances = self.encode(pixels, training=training)
        noise = keras.random.normal(ops.shape(means), seed=self.noise)
        z = means + ops.exp(log_variances / 2) * noise          # z ~ q(z|x), differentiable
        logits = self.pixel_logits(z, pixels, training=training)
        losses = keras.losses.sparse_categorical_crossentropy(pixels, logits, from_logits=True)
        return ops.sum(losses, axis=(1, 2, 3)) + self.beta * kl_divergence(means, log_variances)

    def pixel_logits(self, z, pixels, training=False):
        """log p(x_i = v | z), up to a constant: (batch, H, W, C, levels). Here z decides alone."""
        return self.decoder(z, training=training)

    def encode(self, pixels, training=False):
        """Means and log-variances of q(z|x), each (batch, latents)."""
        encoded = ops.cast(self.encoder(pixels, training=training), "float32")
        return ops.split(encoded, 2, axis=-1)

    def decode(self, z):
        """p(x_i = v | z) of every pixel and value: (N, latents) -> (N, H, W, C, levels)."""
        return softmax(answers(self.decoder, np.asarray(z, np.float32), batch_size=1024), axis=-1)

    def generate(self, count, seed=None):
        self.check_trained()
        generator = np.random.default_rng(seed)
        drawn = []
        for z in self.pieces(generator.standard_normal((check_count(count), self.latents))):
            flat = self.decode(z).reshape(-1, self.levels)
            drawn.append(draw_values(flat, generator.random(len(flat))))
        return to_images(np.concatenate(drawn).reshape(-1, *self.image_shape), self.levels)

    def pieces(self, z):
        """Latents (N, latents), cut so that the probabilities of each piece fit into memory."""
        most = MEMORY // (32 * math.prod(self.image_shape) * self.levels)
        return [z[some] for some in pieces(len(z), most)]

    def decode_images(self, z):
        """The mean picture Σ_v v·p(x_i = v | z) of each latent: (N, latents) -> (N, H, W, C).

        Float32 in [0, 1]. Nothing is drawn: it shows what z decides, without the pixels' noise.
        Raises ValueError for other shapes, NaN and infinity.
        """
        self.check_trained()
        z = check_latents(z, self.latents)
        values = np.arange(self.levels, dtype=np.float32) / (self.levels - 1)
        means = np.concatenate([self.decode(some) @ values for some in self.pieces(z)])
        return np.clip(means, 0, 1).astype(np.float32)

    def posterior(self, pixels):
        """Means and log-variances of q(z|x) in NumPy: (N, H, W, C) -> each (N, latents)."""
        self.check_trained()
        pixels = check_pixels(pixels, self.image_shape, self.levels)
        return np.split(answers(self.encoder, pixels.astype(np.int32)), 2, axis=-1)

    def reconstruct(self, images):
        """What is left of ``images`` (N, H, W, C in [0, 1]) after q(z|x)'s mean: the same shape."""
        means, _ = self.posterior(to_pixels(images, self.levels))
        return self.decode_images(means)

    def interpolate(self, first, second, steps=9):
        """Pictures on the straight line between two images' latents: (steps, H, W, C).

        first, second: (H, W, C) in [0, 1]. The two ends are their reconstructions.
        """
        check_whole(steps, "steps", 2)          # both ends belong to the line
        pixels = to_pixels(np.stack([first, second]), self.levels)
        ends, _ = self.posterior(pixels)
        shares = np.linspace(0, 1, steps, dtype=np.float32)[:, None]
        return self.decode_images((1 - shares) * ends[0] + shares * ends[1])

    def latent_plane(self, side=12):
        """Pictures over the plane of a 2-dimensional latent, row by row: (side², H, W, C).

        Every cell of the ``side`` × ``side`` grid is equally probable under the prior, and shows
        its middle. The first latent grows to the right, the second upwards. Raises ValueError
        unless ``latents`` is 2. Source: Kingma and Welling 2014, arXiv 1312.6114, appendix A.
        """
        if self.latents != 2:
            raise ValueError(f"a latent plane needs latents = 2, and this VAE has {self.latents}.")
        middles = ndtri((np.arange(check_whole(side, "side")) + 0.5) / side)
        across, up = np.meshgrid(middles, middles[::-1])
        return self.decode_images(np.stack([across.ravel(), up.ravel()], axis=-1))

    def log_likelihood(self, pixels, known=None):
        """The bound log 1/k Σ_k p(x, z_k)/q(z_k|x) ≤ log p(x), k = ``samples``: (N,) nats.

        With ``known``, the encoder cannot be asked, and z comes from ``templates()``.
        """
        self.check_trained()
        pixels = check_pixels(pixels, self.image_shape, self.levels)
        if known is not None:
            return self.templates().log_likelihood(pixels, known)
        return self.bound(pixels, self.samples)

    def bound(self, pixels, samples, seed=None):
        """The importance-weighted bound with k = ``samples`` draws of z: (N,) nats; k = 1: the ELBO.

        seed: of the draws, or None for the generator's own. Source: Burda et al. 2016, eq. 8.
        """
        return logsumexp(self.log_weights(pixels, samples, seed), axis=0) - math.log(samples)

    def log_weights(self, pixels, samples, seed=None):
        """log p(x, z_k)/q(z_k|x) for k draws z_k ~ q(z|x): (samples, N) nats. Their mean over k
        estimates the ELBO."""
        means, log_variances = self.posterior(pixels)
        generator = np.random.default_rng(self.seed if seed is None else seed)
        log_weights = np.empty((check_whole(samples, "samples"), len(means)))
        together = max(1, 8192 // len(means))               # draws a pass: bounds the memory
        for first in range(0, samples, together):
            count = min(together, samples - first)
            noise = generator.standard_normal((count, *means.shape)).astype(np.float32)
            z = means + np.exp(log_variances / 2) * noise
            log_ratio = 0.5 * (noise**2 - z**2 + log_variances).sum(axis=-1)   # log p(z)/q(z|x)
            repeated = np.broadcast_to(pixels, (count, *np.shape(pixels)))
            log_pixels = self.log_decoded(z.reshape(-1, self.latents),
                                          repeated.reshape(-1, *self.image_shape))
            log_weights[first : first + count] = log_ratio + log_pixels.reshape(count, -1)
        return log_weights

    def log_decoded(self, z, pixels):
        """log p(x|z) of each latent (N, latents) with its image (N, H, W, C): (N,) nats."""
        log_pixels, first = np.empty(len(z), np.float32), 0
        for piece in self.pieces(z):
            some = slice(first, first := first + len(piece))
            chosen = pixels[some, ..., None].astype(np.int64)
            picked = np.take_along_axis(self.decode(piece), chosen, axis=-1)
            logs = np.log(np.maximum(picked, np.finfo(np.float32).tiny))
            log_pixels[some] = logs.reshape(len(logs), -1).sum(axis=-1)
        return log_pixels

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


def check_latents(z, latents):
    """Finite float32 latents (N, latents), or a ValueError."""
    z = np.asarray(z, np.float32)
    if z.ndim != 2 or z.shape[1] != latents or not len(z):
        raise ValueError(f"z must have shape (N, {latents}), not {z.shape}.")
    if not np.isfinite(z).all():
        raise ValueError("z must be finite, and it holds NaN or infinity.")
    return z
