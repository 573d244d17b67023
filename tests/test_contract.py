"""What every generator promises, tested once for all kinds after a training of a moment."""

import copy
import gc
import itertools
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keras
import numpy as np
import pytest
from scipy.special import logsumexp
from sklearn.ensemble import ExtraTreesClassifier

from ensgen_tutorial import (
    GAN,
    VAE,
    Denoiser,
    ImageSet,
    IndependentPixels,
    PixelClassifier,
    PixelCNN,
    PixelRNN,
    PixelVAE,
    ProgressiveGAN,
    StackDenoiser,
    Templates,
    UniformNoise,
    train_generator,
)
from ensgen_tutorial.training.fingerprint import recipe_of
from ensgen_tutorial.generators.base import (Learner, LikelihoodGenerator, NotTrainedError,
                                             Trainable)

KINDS = {
    "UniformNoise": UniformNoise,
    "IndependentPixels": IndependentPixels,
    "Templates": lambda shape, levels: Templates(shape, levels, templates=3, rounds=5),
    "PixelClassifier": lambda shape, levels: PixelClassifier(
        shape, levels, ExtraTreesClassifier(5), reach=1),
    "PixelCNN": lambda shape, levels: PixelCNN(shape, levels, filters=6, blocks=1, first_size=3),
    "PixelRNN": lambda shape, levels: PixelRNN(shape, levels, units=5),
    "VAE": lambda shape, levels: VAE(shape, levels, latents=2, hidden=8, samples=5),
    "PixelVAE": lambda shape, levels: PixelVAE(shape, levels, latents=2, hidden=8, samples=5,
                                               filters=6, size=3),
    "GAN": lambda shape, levels: GAN(shape, levels, latents=4, filters=16),
    "ProgressiveGAN": lambda shape, levels: ProgressiveGAN(
        shape, levels, latents=4, filters=16, smallest=2),
    "Denoiser": lambda shape, levels: Denoiser(shape, levels, filters=(8,), steps=3),
    "StackDenoiser": lambda shape, levels: StackDenoiser(shape, levels, filters=(8, 8), steps=3),
}
KERAS = ["PixelCNN", "PixelRNN", "VAE", "PixelVAE", "GAN", "ProgressiveGAN", "Denoiser", "StackDenoiser"]
LEARNING = [kind for kind in KINDS if kind != "UniformNoise"]
EXACT = [kind for kind, make in KINDS.items() if getattr(make((2, 2, 1), 2), "exact", False)]
SOME = {"batch_size": 8, "progress": "quiet", "report": lambda line: None}


def train(generator, images, folder):
    epochs = None if isinstance(generator, Learner) else 2
    return train_generator(generator, images, epochs, folder=folder, **SOME)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("store")


TRAINED = {}


@pytest.fixture
def trained(kind, folder, tiny_images):
    """A trained generator, once a kind for all tests of this file."""
    if kind not in TRAINED:
        TRAINED[kind] = KINDS[kind]((4, 4, 1), 4)
        if isinstance(TRAINED[kind], Trainable):
            train(TRAINED[kind], tiny_images, folder)
    return TRAINED[kind]


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
def test_a_likelihood_is_finite_and_completes(trained, tiny_images):
    if not hasattr(trained, "log_likelihood"):
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


@pytest.mark.parametrize("kind", LEARNING)
def test_copies_pickles_and_saved_models_draw_the_same(kind, trained, tmp_path):
    ways = [copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))]
    if hasattr(trained, "save"):
        trained.save(tmp_path / "model.keras")
        ways.append(lambda each: keras.saving.load_model(tmp_path / "model.keras"))
    for way in ways:
        other = way(trained)
        assert other.trained and other is not trained
        np.testing.assert_array_equal(other.generate(3, seed=1), trained.generate(3, seed=1))


@pytest.mark.usefixtures("uncompiled")
@pytest.mark.parametrize("kind", KERAS)
def test_every_network_learns_and_draws_in_half_precision(kind, tiny_images, tmp_path):
    """As on a GPU after ``set_precision("bfloat16")``; a processor does the same, slowly."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        generator = KINDS[kind]((4, 4, 1), 4)
        assert np.isfinite(train(generator, tiny_images, tmp_path)["validation"])
    finally:
        keras.config.set_dtype_policy(policy)
    assert generator.generate(2, seed=0).dtype == np.float32
    recipes = [recipe_of(each, tiny_images, {"epochs": 2})[0]
               for each in (generator, KINDS[kind]((4, 4, 1), 4))]
    assert recipes[0] != recipes[1]                     # in the store they are two


def test_networks_built_in_threads_are_those_built_one_after_the_other():
    def build(seed):
        return PixelCNN((4, 4, 1), 4, filters=6, blocks=3, seed=seed).arrays()

    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(build, [0, 1] * 4))
    apart = [build(0), build(1)] * 4
    for one, other in zip(together, apart):
        for array, same in zip(one, other, strict=True):
            np.testing.assert_array_equal(array, same)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("kind", KINDS)
def test_drawing_again_and_again_takes_no_more_memory(trained):
    def pages():
        gc.collect()
        return int(Path("/proc/self/statm").read_text().split()[1])

    for _ in range(15):
        trained.generate(8, seed=0)
    before = pages()
    for _ in range(60):
        trained.generate(8, seed=0)
    # Two arrays of 8 images of floats a draw would be 60 KB; a graph kept a draw, many MB.
    assert (pages() - before) * 4096 < 2e6
