"""What may mend a pool's drawings: sharper answers, and a pool only where its members disagree.

Both are still exact: at each pixel the answer is a distribution that depends on the pixels before.
And guidance, for denoisers: weights that are not convex (lesson 13).
"""

import numpy as np

from ..checks import check_count, check_number, check_whole
from ..generators.base import Generator, PixelGenerator, PixelReader
from ..predictors.flow import draw_by_flow
from .pools import TINY
from .weighted_sum import check_members, check_weights, sum_up


class Sharpened(PixelGenerator):
    """A member whose every answer is raised to a power: p^{1/T} / Σ_v p(v)^{1/T}.

    Below T = 1 the probable becomes more probable and the improbable less; T = 1 changes nothing.

    member: a PixelGenerator. temperature: T > 0.
    """

    def __init__(self, member, temperature):
        (self.member,) = check_members([member], PixelGenerator)
        self.temperature = check_number(temperature, "temperature", above=0)
        self.image_shape, self.levels = member.image_shape, member.levels

    @property
    def bytes_per_image(self):
        return self.member.bytes_per_image

    def sharpen(self, probabilities):
        """(…, levels), each last axis sums to 1 -> the same, sharper."""
        largest = probabilities.max(axis=-1, keepdims=True)
        powers = (np.maximum(probabilities, TINY) / largest) ** np.float32(1 / self.temperature)
        return powers / powers.sum(axis=-1, keepdims=True)

    def pixel_probabilities(self, pixels):
        return self.sharpen(self.member.pixel_probabilities(pixels))

    def reader(self, count):
        return Changed(self.member.reader(count), self.sharpen)


class DisputedPool(PixelGenerator):
    """A linear pool where the members disagree, and the first member alone where they agree.

    Members disagree about a pixel by their generalised Jensen – Shannon divergence,
    H(Σ_j w_j p_j) − Σ_j w_j H(p_j) in nats: 0 if all say the same, log M at most.

    members: trained PixelGenerators, the best one first. weights: (M,) that sum to 1, or None for
    equal ones. threshold: in nats; at 0 it is the pool, beyond log M the first member.

    Source: Lin 1991, "Divergence measures based on the Shannon entropy", IEEE Transactions on
    Information Theory 37(1), eq. 5.1.
    """

    def __init__(self, members, weights=None, threshold=0.0):
        self.members = check_members(members, PixelGenerator)
        self.weights = check_weights(weights, len(self.members))
        self.threshold = check_number(threshold, "threshold", 0)
        self.image_shape, self.levels = self.members[0].image_shape, self.members[0].levels

    @property
    def bytes_per_image(self):
        return sum(member.bytes_per_image for member in self.members)

    def decide(self, answers):
        """Of M arrays (…, levels) the pool where they disagree, else the first."""
        pooled = sum_up(answers, self.weights.astype(np.float32))
        disputed = disagreement(answers, self.weights) >= self.threshold
        return np.where(disputed[..., None], pooled, answers[0])

    def pixel_probabilities(self, pixels):
        return self.decide([member.pixel_probabilities(pixels) for member in self.members])

    def reader(self, count):
        return Changed([member.reader(check_count(count)) for member in self.members], self.decide)


class Changed(PixelReader):
    """Walks images by another reader, or several in lockstep, and changes what they answer."""

    def __init__(self, reader, change):
        self.inner, self.change = reader, change

    def probabilities(self):
        if isinstance(self.inner, list):
            return self.change([reader.probabilities() for reader in self.inner])
        return self.change(self.inner.probabilities())

    def write(self, values):
        for reader in self.inner if isinstance(self.inner, list) else [self.inner]:
            reader.write(values)


def entropy(probabilities):
    """−Σ_v p(v) log p(v): (…, levels) -> (…) nats."""
    return -(probabilities * np.log(np.maximum(probabilities, TINY))).sum(axis=-1)


def disagreement(answers, weights=None):
    """H(Σ_j w_j p_j) − Σ_j w_j H(p_j) of M arrays (…, levels): (…) nats, 0 or more."""
    weights = check_weights(weights, len(answers))
    mean = sum_up(map(entropy, answers), weights)
    return np.maximum(entropy(sum_up(answers, weights)) - mean, 0)


class Guided(Generator):
    """A denoiser led away from a worse one: ŷ = w·ŷ_good + (1 − w)·ŷ_worse with w ≥ 1.

    For w > 1 the weights sum to 1 but are not convex, so no theorem promises that the squared error
    falls, and it does not: guidance gives up the expected picture for a more probable one.

    good, worse: with ``denoise(noisy, t)``, image_shape and levels; the worse one is smaller, or
    trained for less time. strength: w. steps: of drawing.

    Source: Karras et al. 2024, arXiv 2406.02507, eq. 3 (autoguidance).
    """

    def __init__(self, good, worse, strength, steps=16):
        self.good, self.worse = check_members([good, worse], "denoise")
        self.strength, self.steps = check_number(strength, "strength", 1), check_whole(steps, "steps")
        self.image_shape, self.levels = good.image_shape, good.levels

    def denoise(self, noisy, t):
        """What is expected behind ``noisy`` (N, H, W, C), led away from the worse one's answer."""
        good, worse = self.good.denoise(noisy, t), self.worse.denoise(noisy, t)
        return worse + self.strength * (good - worse)

    def generate(self, count, seed=None):
        return draw_by_flow(self, count, seed)
