"""Templates: draw one of K prototypes, then each pixel from its own distribution."""

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import logsumexp, softmax

from ..checks import check_count, check_image_shape, check_number, check_whole
from ..data.pixels import check_levels, check_pixels, to_images, to_pixels
from .base import Learner, PixelGenerator, PixelReader, check_known, draw_values, pieces

AT_ONCE = 1024              # images whose pixels are spread out into levels at one time


class TemplateMixture(PixelGenerator):
    """A mixture of K templates: p(x) = Σ_k w_k Π_i p_k(x_i), an exact likelihood.

    template_probabilities: (K, H, W, C, levels), each last axis sums to 1. weights: (K,) summing
    to 1, or None for equal ones. Given a template the pixels are independent, so any part of an
    image may be given, and reading in raster order only moves the templates' posterior along.
    """

    def __init__(self, template_probabilities, weights=None):
        probabilities = np.asarray(template_probabilities, np.float32)
        if probabilities.ndim != 5 or not probabilities.size or not (
                np.allclose(probabilities.sum(-1), 1, atol=1e-4) and probabilities.min() >= 0):
            raise ValueError(
                "template_probabilities must have shape (K, H, W, C, levels), none negative, every "
                f"last axis summing to 1; these have shape {probabilities.shape}."
            )
        count, *shape, self.levels = probabilities.shape
        self.image_shape = tuple(shape)
        weights = np.full(count, 1 / count) if weights is None else np.asarray(weights, float)
        if weights.shape != (count,) or not (weights >= 0).all() or not np.isclose(
                weights.sum(), 1, atol=1e-4):
            raise ValueError(f"weights must be {count} numbers, none negative, that sum to 1, not of "
                             f"shape {weights.shape} with sum {weights.sum():.6g}.")
        self.weights = weights / weights.sum()
        probabilities = probabilities.reshape(count, -1, self.levels)           # (K, pixels, levels)
        self.probabilities = probabilities / probabilities.sum(axis=-1, keepdims=True)
        self.log_probabilities = np.log(np.maximum(self.probabilities, np.finfo(np.float32).tiny))

    def log_joint(self, pixels, known=None):
        """log w_k + Σ_known log p_k(x_i) of every template: (N, K) nats."""
        pixels = check_pixels(pixels, self.image_shape, self.levels)
        known = None if known is None else check_known(known, pixels.shape)
        flat = self.log_probabilities.reshape(len(self.weights), -1)
        sums = [one_hot(pixels[some], self.levels, None if known is None else known[some]) @ flat.T
                for some in pieces(len(pixels), AT_ONCE)]
        with np.errstate(divide="ignore"):                   # a template of weight 0 is left out
            return np.log(self.weights) + np.concatenate(sums)

    @property
    def bytes_per_image(self):
        return 16 * len(self.weights) + super().bytes_per_image     # a reader keeps a posterior

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
        chosen, drawn = draw_values(posterior, generator.random(len(pixels))), []
        for some in pieces(len(pixels), AT_ONCE):
            probabilities = self.probabilities[chosen[some]].reshape(-1, self.levels)
            drawn.append(draw_values(probabilities, generator.random(len(probabilities))))
        drawn = np.concatenate(drawn).reshape(pixels.shape)
        return to_images(np.where(known, pixels, drawn), self.levels)


class TemplateReader(PixelReader):
    """Walks images in raster order; keeps each template's log posterior given what was read."""

    def __init__(self, mixture, count):
        self.mixture, self.position = mixture, 0
        with np.errstate(divide="ignore"):
            self.log_posterior = np.tile(np.log(mixture.weights), (count, 1))

    def probabilities(self):
        posterior = np.exp(self.log_posterior - self.log_posterior.max(axis=1, keepdims=True))
        posterior = posterior.astype(np.float32)        # sums of logarithms need more digits than this
        mixed = posterior @ self.mixture.probabilities[:, self.position]
        return mixed / mixed.sum(axis=1, keepdims=True)

    def write(self, values):
        self.log_posterior += self.mixture.log_probabilities[:, self.position, values].T
        self.position += 1


class MixtureLearner(Learner, PixelGenerator):
    """A learner whose result is a TemplateMixture, ``mixture``, which does all the work after."""

    mixture = None

    def keep(self, mixture):
        self.mixture, self.trained = mixture, True

    def count_params(self):
        """Free parameters: probabilities that sum to 1 are one fewer than they are many."""
        self.check_trained()
        templates, pixels, levels = self.mixture.probabilities.shape
        return templates * pixels * (levels - 1) + templates - 1

    @property
    def bytes_per_image(self):
        return self.mixture.bytes_per_image

    def learnt(self):
        self.check_trained()
        probabilities = self.mixture.probabilities.reshape(-1, *self.image_shape, self.levels)
        return {"probabilities": probabilities, "weights": self.mixture.weights}

    def restore(self, arrays):
        probabilities, weights = (np.asarray(arrays[name], float)
                                  for name in ("probabilities", "weights"))
        wanted = (len(weights), *self.image_shape, self.levels)
        if probabilities.shape != wanted:
            raise ValueError(f"probabilities must have shape {wanted}, not {probabilities.shape}.")
        # Stored in half precision they sum to 1 only nearly.
        self.keep(TemplateMixture(probabilities / probabilities.sum(axis=-1, keepdims=True),
                                  weights / weights.sum()))

    def log_likelihood(self, pixels, known=None):
        self.check_trained()
        return self.mixture.log_likelihood(pixels, known)

    def pixel_probabilities(self, pixels):
        self.check_trained()
        return self.mixture.pixel_probabilities(pixels)

    def reader(self, count):
        self.check_trained()
        return self.mixture.reader(count)

    def generate(self, count, seed=None):
        self.check_trained()
        return self.mixture.generate(count, seed)

    def complete(self, images, known, seed=None):
        """As in LikelihoodGenerator; any part of the images may be known."""
        self.check_trained()
        return self.mixture.complete(images, known, seed)


class Templates(MixtureLearner):
    """K templates learnt from images by expectation maximisation: p(x) = Σ_k w_k Π_i p_k(x_i).

    Each round asks which template each image probably came from, and then makes each template from
    the histograms of its images; a template with few images leans on the histograms of all.

    image_shape: (H, W, C). levels: values a pixel can take. templates: K. smoothing: how many
    images the histograms of all count for in each template. rounds: of expectation maximisation.
    seed: of the images that the templates begin with.

    Source: Dempster, Laird and Rubin 1977, doi 10.1111/j.2517-6161.1977.tb01600.x. Lesson 02.
    """

    def __init__(self, image_shape, levels, templates=64, smoothing=12.0, rounds=40, seed=0):
        self.image_shape = check_image_shape(image_shape)
        levels = check_levels(levels)
        # With smoothing 0, a level that was never seen would be impossible.
        self.levels, self.seed = levels, seed
        self.smoothing = check_number(smoothing, "smoothing", above=0)
        self.templates = check_whole(templates, "templates")
        self.rounds = check_whole(rounds, "rounds")

    def learn(self, images):
        pixels = check_pixels(images.train, self.image_shape, self.levels)
        prior = self.smoothing * smoothed_histograms(pixels, self.levels)
        responsibilities = self.nearest(pixels)
        for _ in range(self.rounds):
            mixture = maximise(pixels, responsibilities, prior)
            responsibilities = softmax(mixture.log_joint(pixels), axis=1)
        self.keep(mixture)

    def nearest(self, pixels):
        """A first guess: every image belongs to the nearest of K random ones; (N, K) of 0 and 1."""
        if self.templates > len(pixels):
            raise ValueError(f"templates must be at most {len(pixels)}, the number of images to "
                             f"learn from, not {self.templates}.")
        random = np.random.default_rng(self.seed)
        chosen = random.choice(len(pixels), self.templates, replace=False)
        flat = pixels.reshape(len(pixels), -1)
        return np.eye(self.templates)[cdist(flat, flat[chosen], "sqeuclidean").argmin(axis=1)]


def maximise(pixels, responsibilities, prior):
    """The mixture that fits ``pixels`` (N, H, W, C) best, if image i came from k with r_ik.

    responsibilities: (N, K), rows sum to 1. prior: (H, W, C, levels) counts that every template
    has before it sees an image; every weight has 1.
    """
    levels = prior.shape[-1]
    counts = sum(responsibilities[some].T @ one_hot(pixels[some], levels)
                 for some in pieces(len(pixels), AT_ONCE))
    counts = counts.reshape(-1, *prior.shape) + prior
    weights = responsibilities.sum(axis=0) + 1
    return TemplateMixture(counts / counts.sum(axis=-1, keepdims=True), weights / weights.sum())


def smoothed_histograms(pixels, levels, smoothing=0.5):
    """Each pixel's own histogram: (N, H, W, C) -> (H, W, C, levels), each last axis sums to 1.

    smoothing: what is added to every count, so that no level is impossible (Laplace's rule: 1).
    """
    counts = sum(one_hot(pixels[some], levels).sum(axis=0, dtype=float)
                 for some in pieces(len(pixels), AT_ONCE))
    counts = counts.reshape(*pixels.shape[1:], levels) + smoothing
    return counts / counts.sum(axis=-1, keepdims=True)


def one_hot(pixels, levels, known=None):
    """A 1 for each pixel's level, and none where it is not known: (N, pixels · levels) float32."""
    spread = np.eye(levels, dtype=np.float32)[pixels.reshape(len(pixels), -1)]
    if known is not None:
        spread *= known.reshape(len(pixels), -1, 1)
    return spread.reshape(len(pixels), -1)
