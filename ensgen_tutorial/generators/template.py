"""Templates: draw one of K prototypes, then each pixel from its own distribution."""

import numpy as np
from scipy.special import logsumexp, softmax

from ..images import check_pixels, to_images, to_pixels
from .base import PixelGenerator, PixelReader, check_count, check_known, draw_values


class TemplateMixture(PixelGenerator):
    """A mixture of K templates: p(x) = Σ_k w_k Π_i p_k(x_i), an exact likelihood.

    template_probabilities: (K, H, W, C, levels), each last axis sums to 1. weights: (K,) summing
    to 1, or None for equal ones. Given a template the pixels are independent, so any part of an
    image may be given, and reading in raster order only moves the templates' posterior along.
    """

    def __init__(self, template_probabilities, weights=None):
        probabilities = np.asarray(template_probabilities, np.float32)
        if probabilities.ndim != 5 or not np.allclose(probabilities.sum(-1), 1, atol=1e-4):
            raise ValueError(
                "template_probabilities must have shape (K, H, W, C, levels) with every last axis "
                f"summing to 1; these have shape {probabilities.shape}."
            )
        count, *shape, self.levels = probabilities.shape
        self.image_shape = tuple(shape)
        self.weights = np.full(count, 1 / count) if weights is None else np.asarray(weights, float)
        self.probabilities = probabilities.reshape(count, -1, self.levels)      # (K, pixels, levels)
        self.log_probabilities = np.log(np.maximum(self.probabilities, np.finfo(np.float32).tiny))

    def log_joint(self, pixels, known=None):
        """log w_k + Σ_known log p_k(x_i) of every template: (N, K) nats."""
        pixels = check_pixels(pixels, self.image_shape, self.levels)
        chosen = np.eye(self.levels, dtype=np.float32)[pixels.reshape(len(pixels), -1)]
        if known is not None:
            chosen *= check_known(known, pixels.shape).reshape(len(pixels), -1, 1)
        flat = self.log_probabilities.reshape(len(self.weights), -1)
        return np.log(self.weights) + chosen.reshape(len(pixels), -1) @ flat.T

    def log_likelihood(self, pixels, known=None):
        return logsumexp(self.log_joint(pixels, known), axis=1)

    def pixel_probabilities(self, pixels):
        pixels = check_pixels(pixels, self.image_shape, self.levels)
        reader = self.reader(len(pixels))
        flat = pixels.reshape(len(pixels), -1)
        every = np.empty((*flat.shape, self.levels), np.float32)
        for i in range(flat.shape[1]):
            every[:, i] = reader.probabilities()
            reader.write(flat[:, i])
        return every.reshape(*pixels.shape, self.levels)

    def reader(self, count):
        return TemplateReader(self, check_count(count))

    def generate(self, count, seed=None):
        nothing = np.zeros((check_count(count), *self.image_shape), np.float32)
        return self.complete(nothing, known=False, seed=seed)

    def complete(self, images, known, seed=None):
        pixels = check_pixels(to_pixels(images, self.levels), self.image_shape, self.levels)
        known = check_known(known, pixels.shape)
        generator = np.random.default_rng(seed)
        posterior = softmax(self.log_joint(pixels, known), axis=1)
        chosen = draw_values(posterior, generator.random(len(pixels)))
        probabilities = self.probabilities[chosen].reshape(-1, self.levels)
        drawn = draw_values(probabilities, generator.random(len(probabilities)))
        return to_images(np.where(known, pixels, drawn.reshape(pixels.shape)), self.levels)


class TemplateReader(PixelReader):
    """Walks images in raster order; keeps each template's log posterior given what was read."""

    def __init__(self, mixture, count):
        self.mixture, self.position = mixture, 0
        self.log_posterior = np.tile(np.log(mixture.weights).astype(np.float32), (count, 1))

    def probabilities(self):
        posterior = np.exp(self.log_posterior - self.log_posterior.max(axis=1, keepdims=True))
        mixed = posterior @ self.mixture.probabilities[:, self.position]
        return mixed / mixed.sum(axis=1, keepdims=True)

    def write(self, values):
        self.log_posterior += self.mixture.log_probabilities[:, self.position, values].T
        self.position += 1
