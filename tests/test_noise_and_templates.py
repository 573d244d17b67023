"""Noise, independent pixels and templates as distributions; seams as the cheapest paths."""

import itertools

import numpy as np
import pytest
from scipy.special import logsumexp, softmax
from skimage import data

from ensgen_tutorial import ImageSet, PixelPool, load_images, train_generator
from ensgen_tutorial.generators.base import NotTrainedError
from ensgen_tutorial.generators.noise import IndependentPixels, UniformNoise
from ensgen_tutorial.generators.quilting import Quilting, seam
from ensgen_tutorial.generators.template import Templates, maximise, smoothed_histograms

LEARNERS = {
    "IndependentPixels": lambda shape, levels: IndependentPixels(shape, levels),
    "Templates": lambda shape, levels: Templates(shape, levels, templates=3, rounds=5),
}
KINDS = {"UniformNoise": UniformNoise, **LEARNERS}


def ready(kind, shape=(4, 4, 1), levels=4):
    """A generator that has learnt from 30 random images, in which pixels hang together."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, levels, (30, *shape)).astype(np.uint8)
    pixels[::2] = pixels[::2].min(axis=(1, 2), keepdims=True)
    generator = KINDS[kind](shape, levels)
    if kind in LEARNERS:
        generator.learn(ImageSet("random", levels, pixels, pixels[:5], pixels[:5]))
        generator.trained = True
    return generator


def every_image(shape, levels):
    values = itertools.product(range(levels), repeat=int(np.prod(shape)))
    return np.array(list(values), np.uint8).reshape(-1, *shape)


@pytest.mark.parametrize("shape", [(2, 2, 1), (1, 2, 3)])
@pytest.mark.parametrize("kind", KINDS)
def test_probabilities_of_all_images_sum_to_1(kind, shape):
    generator, pixels = ready(kind, shape, 2), every_image(shape, 2)
    likelihood = generator.log_likelihood(pixels)
    assert generator.exact and logsumexp(likelihood) == pytest.approx(0, abs=1e-5)
    by_pixel = generator.log_pixel_likelihoods(pixels).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(by_pixel, likelihood, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_draws_follow_the_seed_and_any_part_can_be_given(kind):
    generator = ready(kind)
    images = generator.generate(50, seed=1)
    assert images.shape == (50, 4, 4, 1) and images.dtype == np.float32
    assert set(np.unique((3 * images).round(5))) <= {0, 1, 2, 3}
    np.testing.assert_array_equal(images, generator.generate(50, seed=1))
    assert (images != generator.generate(50, seed=2)).any()
    known = np.zeros((4, 4, 1), bool)
    known[2:] = True                                       # the lower half: no prefix at all
    completed = generator.complete(images, known, seed=3)
    np.testing.assert_array_equal(completed[:, 2:], images[:, 2:])
    assert (completed[:, :2] != images[:, :2]).any()


@pytest.mark.parametrize("kind", LEARNERS)
@pytest.mark.parametrize("precision", [np.float32, np.float16])
def test_what_was_learnt_can_be_put_back(kind, precision):
    first, second = ready(kind), KINDS[kind]((4, 4, 1), 4)
    second.restore({name: array.astype(precision) for name, array in first.learnt().items()})
    pixels = np.random.default_rng(0).integers(0, 4, (9, 4, 4, 1)).astype(np.uint8)
    tolerance = 1e-5 if precision == np.float32 else 0.05
    np.testing.assert_allclose(second.log_likelihood(pixels), first.log_likelihood(pixels),
                               atol=tolerance)
    np.testing.assert_allclose(second.pixel_probabilities(pixels).sum(axis=-1), 1, atol=1e-6)
    if precision == np.float32:
        np.testing.assert_array_equal(second.generate(9, seed=0), first.generate(9, seed=0))
    with pytest.raises(ValueError, match="shape"):
        KINDS[kind]((2, 4, 1), 4).restore(first.learnt())


@pytest.mark.parametrize("kind", LEARNERS)
def test_the_store_keeps_what_was_learnt(kind, tiny_images, tmp_path):
    lines = []
    drawn = []
    for _ in range(2):
        generator = LEARNERS[kind]((4, 4, 1), 4)
        train_generator(generator, tiny_images, folder=tmp_path, report=lines.append)
        drawn.append(generator.generate(8, seed=0))
    assert "trained" in lines[0] and "from the store" in lines[1]
    np.testing.assert_array_equal(*drawn)


def test_noise_costs_the_logarithm_of_levels_a_pixel():
    pixels = np.random.default_rng(0).integers(0, 17, (5, 8, 8, 1))
    expected = np.full(5, -64 * np.log(17))
    np.testing.assert_allclose(UniformNoise((8, 8, 1), 17).log_likelihood(pixels), expected,
                               rtol=1e-6)


def test_independent_pixels_are_the_smoothed_counts():
    pixels = np.array([0, 0, 1, 2], np.uint8).reshape(4, 1, 1, 1)
    generator = IndependentPixels((1, 1, 1), 4, smoothing=1.0)
    generator.learn(ImageSet("four", 4, pixels, pixels, pixels))
    np.testing.assert_allclose(generator.pixel_probabilities(pixels)[0, 0, 0, 0],
                               [3 / 8, 2 / 8, 2 / 8, 1 / 8])


def test_free_parameters_are_counted():
    assert [ready(kind, (2, 2, 1), 4).count_params() for kind in KINDS] == [0, 12, 3 * 12 + 2]


def test_more_knowledge_gives_more_likelihood():
    images = load_images("digits")
    generators = [UniformNoise((8, 8, 1), 17), IndependentPixels((8, 8, 1), 17),
                  Templates((8, 8, 1), 17, templates=16, rounds=8)]
    for generator in generators[1:]:
        generator.learn(images)
    noise, independent, templates = (g.log_likelihood(images.test).mean() for g in generators)
    assert noise < independent - 50 < templates - 50


def test_no_round_of_expectation_maximisation_makes_it_worse(tiny_images):
    pixels = np.repeat(tiny_images.train, 60, axis=0)      # more than are spread out at one time
    random = np.random.default_rng(0)
    prior = 0.5 * smoothed_histograms(pixels, 4)
    responsibilities = random.dirichlet(np.ones(5), size=len(pixels))
    reached = []
    for _ in range(25):
        mixture = maximise(pixels, responsibilities, prior)
        joint = mixture.log_joint(pixels)
        logarithms = np.log(mixture.probabilities.reshape(5, *prior.shape))
        reached.append(logsumexp(joint, axis=1).sum() + np.log(mixture.weights).sum()
                       + (prior * logarithms).sum())
        responsibilities = softmax(joint, axis=1)
    assert reached[-1] > reached[0] + 100
    assert (np.diff(reached) > -1e-6 * abs(reached[0])).all()


def test_parts_of_the_images_add_up_to_all(tiny_images):
    pixels = np.repeat(tiny_images.train, 50, axis=0)
    generator = ready("Templates")
    whole = generator.log_likelihood(pixels)
    each = np.concatenate([generator.log_likelihood(part) for part in np.split(pixels, 4)])
    np.testing.assert_allclose(whole, each, atol=1e-4)
    known = np.zeros((4, 4, 1), bool)
    known[1] = True
    each = [generator.log_likelihood(part, known) for part in np.split(pixels, 4)]
    np.testing.assert_allclose(generator.log_likelihood(pixels, known), np.concatenate(each),
                               atol=1e-4)


def test_they_join_a_pool():
    pool = PixelPool([ready(kind, (2, 2, 1), 2) for kind in KINDS])
    assert logsumexp(pool.log_likelihood(every_image((2, 2, 1), 2))) == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("kind", LEARNERS)
def test_bad_input_gets_a_sentence(kind, tiny_images):
    fresh = LEARNERS[kind]((4, 4, 1), 4)
    for asked in (lambda: fresh.generate(1), fresh.learnt, lambda: fresh.reader(1),
                  lambda: fresh.log_likelihood(tiny_images.test)):
        with pytest.raises(NotTrainedError, match="train_generator"):
            asked()
    with pytest.raises(ValueError, match="count"):
        ready(kind).generate(0)
    with pytest.raises(ValueError, match="image_shape"):
        LEARNERS[kind]((4, 4), 4)
    with pytest.raises((TypeError, ValueError), match="levels"):
        LEARNERS[kind]((4, 4, 1), 1)
    for smoothing in (0, -1, "much", float("nan"), True):
        with pytest.raises(ValueError, match="smoothing must be a number above 0"):
            type(fresh)((4, 4, 1), 4, smoothing=smoothing)
    with pytest.raises(ValueError, match=r"\(N, 5, 4, 1\)"):
        LEARNERS[kind]((5, 4, 1), 4).learn(tiny_images)


def test_templates_need_images_to_begin_with(tiny_images):
    with pytest.raises(ValueError, match="at most 24"):
        Templates((4, 4, 1), 4, templates=25).learn(tiny_images)
    for name in ("templates", "rounds"):
        with pytest.raises(ValueError, match=name):
            Templates((4, 4, 1), 4, **{name: 0})


def cheapest_by_counting(errors):
    rows, columns = errors.shape
    paths = itertools.product(range(columns), repeat=rows)
    return min(errors[np.arange(rows), path].sum() for path in map(list, paths)
               if np.abs(np.diff(path)).max(initial=0) <= 1)


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (5, 1), (4, 4), (6, 3)])
def test_no_path_is_cheaper_than_the_seam(shape):
    for seed in range(10):
        errors = np.random.default_rng(seed).random(shape)
        path = seam(errors)
        assert path.shape == shape[:1] and np.abs(np.diff(path)).max(initial=0) <= 1
        assert errors[np.arange(shape[0]), path].sum() == pytest.approx(
            cheapest_by_counting(errors))


def small_photograph(channels=1):
    random = np.random.default_rng(0)
    return random.random((40, 50, channels))


def test_patch_errors_are_sums_of_squares():
    photograph = small_photograph(3)
    quilting = Quilting(photograph, (30, 30, 3), block=10, overlap=4, apart=3)
    there = np.full((10, 10, 3), np.nan)
    there[:, :4] = photograph[5:15, 7:11]
    spectra = [np.fft.rfft2(part, axes=(0, 1)) for part in (photograph, photograph**2)]
    errors = quilting.errors(spectra, there)
    assert errors.shape == (31, 41) and errors[5, 7] == pytest.approx(0, abs=1e-9)
    for y, x in ((0, 0), (30, 40), (11, 2)):
        patch = photograph[y:y + 10, x:x + 10]
        assert errors[y, x] == pytest.approx(np.nansum((patch - there) ** 2))


@pytest.mark.parametrize("image_shape", [(33, 47, 1), (10, 10, 1), (3, 26, 1), (26, 26, 3)])
def test_a_quilt_is_made_of_the_photographs_pixels(image_shape):
    photograph = small_photograph(image_shape[2])
    quilting = Quilting(photograph, image_shape, block=10, overlap=4, apart=3)
    images = quilting.generate(2, seed=0)
    assert images.shape == (2, *image_shape) and images.dtype == np.float32
    assert np.isin(images, photograph.astype(np.float32)).all()
    assert (images[0] != images[1]).any()
    np.testing.assert_array_equal(images, quilting.generate(2, seed=0))


def test_patches_lie_apart_from_their_neighbours_continuation():
    """With ``apart`` = 0 the photograph is copied; else no two patches continue one another."""
    photograph = small_photograph()
    copied = Quilting(photograph, (10, 22, 1), block=10, overlap=4, tolerance=0, apart=0)
    image = copied.generate(1, seed=3)[0]
    places = {tuple(np.argwhere(photograph[..., 0].astype(np.float32) == value)[0])
              for value in image[0, [0, 6], 0]}
    (y, x), (other_y, other_x) = sorted(places)
    assert (other_y - y, other_x - x) == (0, 6)
    sewn = Quilting(photograph, (10, 22, 1), block=10, overlap=4, tolerance=0, apart=3)
    assert (sewn.generate(1, seed=3) != image).any()


def test_a_real_texture_is_drawn_with_small_seams():
    """Across the seams neighbours differ hardly more than in the photograph itself."""
    photograph = data.gravel()[:256, :256, None] / 255
    image = Quilting(photograph, (128, 128, 1)).generate(1, seed=0)[0]

    def roughness(picture):
        return np.abs(np.diff(picture, axis=1)).mean()

    assert roughness(image) == pytest.approx(roughness(photograph), rel=0.15)


def test_quilting_says_what_it_cannot_do():
    photograph, shape = small_photograph(), (30, 30, 1)
    with pytest.raises(TypeError, match="floats"):
        Quilting((255 * photograph).astype(np.uint8), shape)
    with pytest.raises(ValueError, match=r"\(H, W, 1\)"):
        Quilting(photograph[..., 0], shape)
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        Quilting(photograph * 255, shape, block=10, overlap=4)
    for options in ({"block": 1}, {"overlap": 0}, {"apart": -1}, {"block": 10.5},
                    {"tolerance": -0.1}, {"tolerance": "10 %"}, {"block": 10, "overlap": 6},
                    {"block": 41, "overlap": 4}, {"block": 30, "overlap": 4, "apart": 10}):
        with pytest.raises(ValueError, match=next(iter(options))):
            Quilting(photograph, shape, **{"block": 10, "overlap": 4, "apart": 3, **options})
    with pytest.raises(ValueError, match="count"):
        Quilting(photograph, shape, block=10, overlap=4, apart=3).generate(0)
