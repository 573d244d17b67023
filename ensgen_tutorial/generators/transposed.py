"""The same generators, reading columns instead of rows."""

import numpy as np

from .base import LikelihoodGenerator, PixelGenerator, check_known


class Transposed(LikelihoodGenerator):
    """A pixel generator that learnt transposed images: it reads column by column, top to bottom.

    Its likelihood of whole images is as good as any. But its next-pixel probabilities answer other
    questions than those of a generator that reads rows, so a pool refuses it; a mixture does not.

    member: a PixelGenerator trained on ``images.transposed()``. Lesson 10.
    """

    order = "columns"

    def __init__(self, member):
        if not isinstance(member, PixelGenerator):
            raise TypeError(f"member must be a PixelGenerator, not {type(member).__name__}.")
        self.member, self.levels, self.exact = member, member.levels, member.exact
        height, width, channels = member.image_shape
        self.image_shape = (width, height, channels)

    def count_params(self):
        return self.member.count_params()

    def generate(self, count, seed=None):
        return turned(self.member.generate(count, seed=seed))

    def log_likelihood(self, pixels, known=None):
        if known is not None:
            known = turned(check_known(known, np.shape(pixels)))
        return self.member.log_likelihood(turned(pixels), known)

    def complete(self, images, known, seed=None):
        """As in :class:`LikelihoodGenerator`; what is known must come first, column by column."""
        known = turned(check_known(known, np.shape(images)))
        return turned(self.member.complete(turned(images), known, seed=seed))


def turned(images):
    """Rows become columns: (N, H, W, C) -> (N, W, H, C)."""
    return np.swapaxes(np.asarray(images), 1, 2)
