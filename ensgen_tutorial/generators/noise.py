"""Random generation: levels by chance alone, and each pixel by its own histogram."""

import numpy as np

from ..checks import check_image_shape, check_number
from ..data.pixels import check_levels, check_pixels
from .template import MixtureLearner, TemplateMixture, smoothed_histograms


class UniformNoise(TemplateMixture):
    """Every level of every pixel is equally probable: log p(x) = −pixels · log(levels), always.

    It learns nothing, and is what every other generator must beat. image_shape: (H, W, C). levels:
    values a pixel can take. Lesson 02.
    """

    def __init__(self, image_shape, levels):
        shape = check_image_shape(image_shape)
        levels = check_levels(levels)
        super().__init__(np.full((1, *shape, levels), 1 / levels))

    def count_params(self):
        """Free parameters: none."""
        return 0


class IndependentPixels(MixtureLearner):
    """Each pixel has its own histogram and knows nothing of the others: p(x) = Π_i p_i(x_i).

    A mixture of one template. image_shape: (H, W, C). levels: values a pixel can take. smoothing:
    what is added to every count, so that no level is impossible; 0.5 is best on the digits'
    validation images. Lesson 02.
    """

    def __init__(self, image_shape, levels, smoothing=0.5):
        self.image_shape = check_image_shape(image_shape)
        levels = check_levels(levels)
        self.levels, self.smoothing = levels, check_number(smoothing, "smoothing", above=0)

    def learn(self, images):
        pixels = check_pixels(images.train, self.image_shape, self.levels)
        histograms = smoothed_histograms(pixels, self.levels, self.smoothing)
        self.keep(TemplateMixture(histograms[None]))
