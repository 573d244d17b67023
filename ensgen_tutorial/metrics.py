"""Numbers that say how good a generator is."""

import math


def bits_per_dimension(nats, image_shape):
    """Nats an image (a number or array, log-likelihood or its negative) in bits a pixel value."""
    return nats / (math.prod(image_shape) * math.log(2))
