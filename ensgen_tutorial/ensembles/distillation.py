"""An ensemble taught to one network: the student learns the teacher's distributions (lesson 14)."""

import numpy as np
from keras import ops

from ..checks import check_whole
from ..data.image_set import SPLITS
from ..data.pairs import PairSet
from ..data.pixels import to_images, to_pixels
from ..generators.base import pieces
from ..generators.pixel_cnn import PixelCNN


class Student(PixelCNN):
    """A PixelCNN that learns a teacher's next-pixel distributions; it draws and scores as every one.

    ℓ = Σ_pixels −Σ_v q(v) log p(v), q the teacher's answer; without the teacher's entropy that is
    KL(q ‖ p). ``train_generator`` wants the PairSet of ``lessons_of``. Arguments as for PixelCNN.

    Source: Hinton, Vinyals and Dean 2015, arXiv 1503.02531. Lesson 14.
    """

    takes_pairs = True

    def call(self, pairs, training=False):
        pictures, wanted = pairs
        rows = ops.cast(ops.round(pictures * (self.levels - 1)), "int32")
        rows = ops.reshape(rows, (-1, *self.rows_shape))
        logits = ops.cast(self.network(rows, training=training), "float32")
        return -ops.sum(wanted * ops.log_softmax(logits), axis=(1, 2, 3))


def lessons_of(teacher, images, drawn=0, shifted=0, seed=0):
    """What a teacher says about pictures, as pairs picture → distributions: a PairSet for a Student.

    The pictures are ``images``' training split, ``shifted`` of them moved by one pixel, and ``drawn``
    by the teacher itself; validation and test are ``images``' own. The teacher never sees a label or a
    truth besides: its answers are all that the student learns from.

    teacher: a PixelGenerator. Returns inputs (N, H, W, C) in [0, 1] and targets (N, H, W·C, levels).
    """
    check_whole(drawn, "drawn", 0), check_whole(shifted, "shifted", 0)
    random = np.random.default_rng(seed)
    pictures = [images.train]
    if shifted:
        some = images.train[random.integers(len(images.train), size=shifted)]
        down, right = random.integers(-1, 2, (2, shifted))
        pictures.append(np.array([moved(*each) for each in zip(some, down, right)]))
    if drawn:
        pictures.append(to_pixels(teacher.generate(drawn, seed=seed), images.levels))
    splits = {"train": np.concatenate(pictures), "validation": images.validation, "test": images.test}

    def answers(pixels):
        return np.concatenate([teacher.pixel_probabilities(pixels[some]) for some in pieces(len(pixels), 500)])

    height, width, channels = images.image_shape
    return PairSet(f"{images.name}, as the teacher sees them", **{
        split: (to_images(splits[split], images.levels),
                answers(splits[split]).reshape(-1, height, width * channels, images.levels).clip(0, 1))
        for split in SPLITS})


def moved(picture, down, right):
    """A picture moved by whole pixels; the rim that is left is 0."""
    height, width = picture.shape[:2]
    whole = np.pad(picture, ((1, 1), (1, 1), (0, 0)))
    return whole[1 - down:1 - down + height, 1 - right:1 - right + width]
