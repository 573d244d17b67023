"""A VAE whose pixels see their neighbours: the latent says what is drawn, the window how."""

import math

import keras
import numpy as np
from keras import layers, ops
from scipy.special import log_softmax, logsumexp, softmax

from ..checks import check_count, check_whole
from ..data.pixels import check_pixels, to_images, to_pixels
from .base import MEMORY, check_prefix, draw_values, pieces
from .keras_model import answers
from .layers import PositionBias, ScaledPixels, scaled, silu
from .pixel_cnn import MaskedConv2D, RowMemory, check_odd
from .vae import VAE, check_latents

CANDIDATES = 512            # draws of z that explain the known part of an image


class PixelVAE(VAE):
    """Draws a latent z ~ N(0, I), decodes it to features, and draws pixels one after the other.

    Each pixel sees z's features at its place and, of the pixels already read, those in a small
    window. A VAE draws its pixels apart, which looks like salt and pepper; here neighbours agree.
    The window is small so that the picture as a whole stays z's to decide. Loss and bound are VAE's.

    filters: features of the window's network. size: side of the window, odd; what comes after the
    pixel is masked. All other arguments as for VAE.

    Source: Gulrajani et al. 2017, arXiv 1611.05013, §3. Lesson 06.
    """

    def __init__(self, image_shape, levels, latents=8, hidden=128, dropout=0.3, beta=1.0,
                 samples=50, seed=0, filters=48, size=5):
        # VAE's constructor builds the networks, and these need both.
        self.filters, self.size = check_whole(filters, "filters"), check_odd(size, "size")
        super().__init__(image_shape, levels, latents, hidden, dropout, beta, samples, seed)

    def build_answer(self, x):
        """The decoder's last layer, of features x: what the window's network adds to its own."""
        height, width, channels = self.image_shape
        self.rows_shape = (height, width * channels, 1)
        self.window = self.build_window()
        x = layers.Conv2D(channels * self.filters, 1, dtype="float32")(x)
        return layers.Reshape((height, width * channels, self.filters), dtype="float32")(x)

    def build_window(self):
        """Pixels (H, W·C, 1) and z's features (H, W·C, filters) -> logits (H, W·C, levels)."""
        pixels = keras.Input(self.rows_shape, dtype="int32")
        features = keras.Input((*self.rows_shape[:2], self.filters))
        x = MaskedConv2D(self.filters, self.size, center=False)(ScaledPixels(self.levels)(pixels))
        x = layers.Add()([PositionBias()(x), features])
        y = layers.Conv2D(self.filters, 1)(layers.Activation("silu")(x))
        x = layers.Activation("silu")(layers.Add()([x, y]))
        x = layers.Conv2D(self.levels, 1, dtype="float32")(x)
        return keras.Model([pixels, features], x)

    def pixel_logits(self, z, pixels, training=False):
        rows = ops.reshape(pixels, (-1, *self.rows_shape))
        logits = self.window([rows, self.decoder(z, training=training)], training=training)
        return ops.reshape(logits, (-1, *self.image_shape, self.levels))

    @property
    def decode(self):
        raise AttributeError("a PixelVAE's pixels depend on their neighbours: z alone gives features, "
                             "and decode_images draws")

    @property
    def templates(self):
        raise AttributeError("a PixelVAE is not a mixture of templates: its pixels depend on their "
                             "neighbours")

    def features(self, z):
        """What z says at each place: (N, latents) -> (N, H, W·C, filters)."""
        return answers(self.decoder, np.asarray(z, np.float32))

    def log_decoded(self, z, pixels):
        """log p(x|z) of each latent (N, latents) with its image (N, H, W, C): (N,) nats."""
        return self.log_pixels(self.features(z), pixels).sum(axis=1)

    def log_pixels(self, features, pixels):
        """log p(x_i | z, window) of the pixels that are there: (N, H·W·C) nats."""
        rows = pixels.reshape(-1, *self.rows_shape).astype(np.int32)
        logs = log_softmax(answers(self.window, [rows, features]), axis=-1)
        return np.take_along_axis(logs, rows.astype(np.int64), axis=-1).reshape(len(rows), -1)

    def decode_images(self, z):
        """A picture of each latent in which every pixel takes its median, given those before it:
        (N, latents) -> float32 (N, H, W, C) in [0, 1]. Nothing is drawn."""
        self.check_trained()
        z = check_latents(z, self.latents)
        size = math.prod(self.image_shape)
        return self.walk(z, np.zeros((len(z), size), bool), np.zeros((len(z), size), int),
                         np.full((len(z), size), 0.5))

    def generate(self, count, seed=None):
        self.check_trained()
        random = np.random.default_rng(seed)
        z = random.standard_normal((check_count(count), self.latents))
        size = (count, math.prod(self.image_shape))
        return self.walk(z, np.zeros(size, bool), np.zeros(size, int), random.random(size))

    def walk(self, z, known, given, uniforms):
        """Draw pixel by pixel what is not known, by uniform numbers; all (N, H·W·C)."""
        drawn = np.array(given)
        for some in pieces(len(z), MEMORY // (16 * self.filters * given.shape[1])):
            reader = WindowReader(self, self.features(z[some]))
            for i in range(given.shape[1]):
                values = draw_values(reader.probabilities(), uniforms[some, i])
                drawn[some, i] = np.where(known[some, i], given[some, i], values)
                reader.write(drawn[some, i])
        return to_images(drawn.reshape(-1, *self.image_shape), self.levels)

    def log_likelihood(self, pixels, known=None):
        """VAE's bound. With ``known``, a prefix in raster order, z is not the encoder's but one of
        512 fixed draws of the prior."""
        if known is None:
            return super().log_likelihood(pixels)
        pixels = check_pixels(pixels, self.image_shape, self.levels)
        logs = self.candidate_logs(pixels, check_prefix(known, pixels.shape))
        return logsumexp(logs, axis=1) - math.log(CANDIDATES)

    def complete(self, images, known, seed=None):
        """As in LikelihoodGenerator; what is known must come first in raster order. z is drawn from
        512 draws of the prior, each with the probability that it gives to the known part."""
        pixels = check_pixels(to_pixels(images, self.levels), self.image_shape, self.levels)
        known = check_prefix(known, pixels.shape)
        random = np.random.default_rng(seed)
        posterior = softmax(self.candidate_logs(pixels, known), axis=1)
        z = self.candidates[draw_values(posterior, random.random(len(pixels)))]
        flat = (len(pixels), -1)
        return self.walk(z, known.reshape(flat), pixels.reshape(flat),
                         random.random((len(pixels), pixels[0].size)))

    @property
    def candidates(self):
        return np.random.default_rng(self.seed).standard_normal((CANDIDATES, self.latents))

    def candidate_logs(self, pixels, known):
        """log p(known part | z) of every image and candidate: (N, CANDIDATES) nats."""
        self.check_trained()
        features = self.features(self.candidates)
        return np.array([
            self.log_pixels(features, np.repeat(image[None], CANDIDATES, axis=0))
            @ which.ravel().astype(float) for image, which in zip(pixels, known)])


class WindowReader:
    """Walks images in raster order under z's features (N, H, W·C, filters)."""

    def __init__(self, generator, features):
        self.levels = generator.levels
        height, self.width, _ = generator.rows_shape
        kernel, bias, position_bias, *rest = (
            np.asarray(ops.convert_to_numpy(weight), np.float32) for weight in generator.window.weights)
        self.window = RowMemory(kernel, bias, generator.size // 2, False, len(features), height,
                                self.width)
        self.features = features + position_bias
        (self.hidden, self.output) = [(each.reshape(-1, each.shape[-1]), offset)
                                      for each, offset in zip(rest[::2], rest[1::2])]
        self.row = self.column = 0

    def probabilities(self):
        if self.column == 0:
            self.window.begin_row(self.row)
        x = self.window.output(self.column) + self.features[:, self.row, self.column]
        x = x + silu(x) @ self.hidden[0] + self.hidden[1]
        return softmax(silu(x) @ self.output[0] + self.output[1], axis=-1)

    def write(self, values):
        self.window.store(self.column, scaled(values, self.levels))
        self.column += 1
        if self.column == self.width:
            self.row, self.column = self.row + 1, 0
