"""What every generator promises, tested once for all kinds after a training of a moment."""

import gc
import itertools
from pathlib import Path

import numpy as np
import pytest
from scipy.special import logsumexp
from sklearn.ensemble import ExtraTreesClassifier

from ensgen_tutorial import (
    GAN,
    VAE,
    Denoiser,
    ImageSet,
    PixelCNN,
    PixelRNN,
    StackDenoiser,
    train_generator,
)
from ensgen_tutorial.generators.base import Learner, LikelihoodGenerator, NotTrainedError, Trainable
from ensgen_tutorial.generators.classical import PixelClassifier
from ensgen_tutorial.generators.noise import IndependentPixels, UniformNoise
from ensgen_tutorial.generators.progressive_gan import ProgressiveGAN
from ensgen_tutorial.generators.template import Templates

KINDS = {
    "UniformNoise": UniformNoise,
    "IndependentPixels": IndependentPixels,
    "Templates": lambda shape, levels: Templates(shape, levels, templates=3, rounds=5),
    "PixelClassifier": lambda shape, levels: PixelClassifier(
        shape, levels, ExtraTreesClassifier(5), reach=1),
    "PixelCNN": lambda shape, levels: PixelCNN(shape, levels, filters=6, blocks=1, first_size=3),
    "PixelRNN": lambda shape, levels: PixelRNN(shape, levels, units=5),
    "VAE": lambda shape, levels: VAE(shape, levels, latents=2, hidden=8, samples=5),
    "GAN": lambda shape, levels: GAN(shape, levels, latents=4, filters=16),
    "ProgressiveGAN": lambda shape, levels: ProgressiveGAN(
        shape, levels, latents=4, filters=16, smallest=2),
    "Denoiser": lambda shape, levels: Denoiser(shape, levels, filters=(8,), steps=3),
    "StackDenoiser": lambda shape, levels: StackDenoiser(shape, levels, filters=(8, 8), steps=3),
}
LEARNING = [kind for kind in KINDS if kind != "UniformNoise"]
EXACT = [kind for kind, make in KINDS.items() if getattr(make((2, 2, 1), 2), "exact", False)]
SOME = {"batch_size": 8, "progress": "quiet", "report": lambda line: None}


def train(generator, images, folder):
    epochs = None if isinstance(generator, Learner) else 2
    return train_generator(generator, images, epochs, folder=folder, **SOME)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("store")


@pytest.fixture
def trained(kind, folder, tiny_images):
    """A trained generator; the first time it learns, then it comes from the store."""
    generator = KINDS[kind]((4, 4, 1), 4)
    if isinstance(generator, Trainable):
        train(generator, tiny_images, folder)
    return generator


@pytest.mark.parametrize("kind", KINDS)
def test_draws_have_shape_range_levels_and_follow_the_seed(trained):
    images = trained.generate(5, seed=1)
    assert images.shape == (5, 4, 4, 1) and images.dtype == np.float32
    np.testing.assert_allclose(images * 3, np.rint(images * 3), atol=1e-6)
    assert images.min() >= 0 and images.max() <= 1
    np.testing.assert_array_equal(images, trained.generate(5, seed=1))
    assert (images != trained.generate(5, seed=2)).any()
    assert trained.generate(1).shape == (1, 4, 4, 1)


@pytest.mark.parametrize("kind", LEARNING)
def test_what_was_learnt_comes_back_from_the_store(kind, trained, folder, tiny_images):
    other = KINDS[kind]((4, 4, 1), 4)
    assert train(other, tiny_images, folder)["loaded"]
    np.testing.assert_array_equal(trained.generate(20, seed=0), other.generate(20, seed=0))
    if isinstance(other, LikelihoodGenerator):
        np.testing.assert_allclose(trained.log_likelihood(tiny_images.test),
                                   other.log_likelihood(tiny_images.test), rtol=1e-5)


@pytest.mark.parametrize("kind", EXACT)
def test_after_training_the_probabilities_of_all_images_sum_to_1(kind, tmp_path):
    every = np.array(list(itertools.product(range(2), repeat=4)), np.uint8).reshape(-1, 2, 2, 1)
    images = ImageSet("two by two", 2, every[[0, 3, 3, 5, 9, 15]], every[[3, 6]], every[[3, 7]])
    generator = KINDS[kind]((2, 2, 1), 2)
    if isinstance(generator, Trainable):
        train(generator, images, tmp_path)
    assert logsumexp(generator.log_likelihood(every)) == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_likelihood_or_the_reason_why_there_is_none(trained, tiny_images):
    if not isinstance(trained, LikelihoodGenerator):
        assert trained.no_likelihood and not hasattr(trained, "log_likelihood")
        return
    scores = trained.log_likelihood(tiny_images.test)
    assert scores.shape == (8,) and (scores < 0).all()
    images = tiny_images.to_images(tiny_images.test)
    known = np.zeros((4, 4, 1), bool)
    known[:2] = True
    completed = trained.complete(images, known, seed=0)
    np.testing.assert_array_equal(completed[:, :2], images[:, :2])
    np.testing.assert_array_equal(completed, trained.complete(images, known, seed=0))


@pytest.mark.parametrize("kind", KINDS)
def test_bad_input_gets_a_sentence(kind, trained):
    for count in (0, -1, 2.5, True):
        with pytest.raises(ValueError, match="count"):
            trained.generate(count)
    with pytest.raises(ValueError, match="image_shape"):
        KINDS[kind]((4, 4), 4)
    with pytest.raises((ValueError, TypeError), match="levels"):
        KINDS[kind]((4, 4, 1), 1)
    fresh = KINDS[kind]((4, 4, 1), 4)
    if isinstance(fresh, Trainable):
        with pytest.raises(NotTrainedError, match="train_generator"):
            fresh.generate(1)
    if isinstance(trained, LikelihoodGenerator):
        for pixels in (np.zeros((2, 4, 5, 1), np.uint8), np.full((2, 4, 4, 1), 4, np.uint8)):
            with pytest.raises(ValueError):
                trained.log_likelihood(pixels)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("kind", KINDS)
def test_drawing_again_and_again_takes_no_more_memory(trained):
    def pages():
        gc.collect()
        return int(Path("/proc/self/statm").read_text().split()[1])

    for _ in range(10):
        trained.generate(8, seed=0)
    before = pages()
    for _ in range(60):
        trained.generate(8, seed=0)
    assert (pages() - before) * 4096 < 12e6
