"""Classical ensembles: any classifier draws, with a likelihood that is one, and comes back whole."""

import itertools

import numpy as np
import pytest
import skops.io
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from ensgen_tutorial import ImageSet, train_generator
from ensgen_tutorial.generators import windows
from ensgen_tutorial.generators.base import NotTrainedError
from ensgen_tutorial.generators.classical import PixelClassifier, RECIPES
from ensgen_tutorial.predictors.completer import Completer


def tree():
    return DecisionTreeClassifier(min_samples_leaf=2)


@pytest.fixture
def bars(tiny_images):
    """The tiny pictures twelve times over: enough of each level for calibration in folds."""
    again = {split: np.tile(getattr(tiny_images, split), (12, 1, 1, 1))
             for split in ("train", "validation", "test")}
    return ImageSet("bars", 4, **again)


@pytest.fixture
def learnt(bars):
    generator = PixelClassifier(bars.image_shape, bars.levels, tree(), reach=2)
    generator.learn(bars)
    return generator


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_draws_scores_and_comes_back(recipe, bars, recwarn):
    first, second = (PixelClassifier(bars.image_shape, bars.levels, recipe, reach=2)
                     for _ in range(2))
    first.learn(bars)
    probabilities = first.pixel_probabilities(bars.test)
    assert probabilities.shape == (*bars.test.shape, 4) and probabilities.dtype == np.float32
    assert np.allclose(probabilities.sum(-1), 1, atol=1e-6) and probabilities.min() > 0
    drawn = first.generate(3, seed=1)
    assert drawn.shape == (3, *bars.image_shape) and 0 <= drawn.min() <= drawn.max() <= 1
    second.restore(first.learnt())
    assert np.array_equal(second.generate(3, seed=1), drawn)
    assert np.array_equal(second.pixel_probabilities(bars.test), probabilities)
    assert -first.log_likelihood(bars.test).mean() < 16 * np.log(4)       # better than noise
    assert not recwarn.list


def test_the_same_seed_learns_and_draws_the_same(bars):
    def drawn(seed):
        generator = PixelClassifier(bars.image_shape, 4, ExtraTreesClassifier(5), seed=seed)
        generator.learn(bars)
        return generator.generate(4, seed=2)

    assert np.array_equal(drawn(0), drawn(0)) and not np.array_equal(drawn(0), drawn(1))


@pytest.mark.parametrize("classifier", [tree(), GaussianNB(), DummyClassifier()])
@pytest.mark.parametrize("shape", [(2, 2, 1), (1, 1, 3)])
@pytest.mark.parametrize("ordinal", [False, True])
def test_the_likelihood_sums_to_1_over_all_tiny_images(classifier, shape, ordinal):
    every = np.array(list(itertools.product(range(2), repeat=int(np.prod(shape)))), np.uint8).reshape(
        -1, *shape)
    some = np.concatenate([every[2:8], every[2:8]])
    generator = PixelClassifier(shape, 2, classifier, 1, ordinal)
    generator.learn(ImageSet("all", 2, some, every[4:7], every[:2]))
    assert np.isclose(np.exp(generator.log_likelihood(every)).sum(), 1, atol=1e-5)


def test_levels_never_seen_keep_an_honest_probability(bars):
    more = ImageSet("more", 7, bars.train, bars.validation, bars.test)
    generator = PixelClassifier(more.image_shape, 7, tree())
    generator.learn(more)
    probabilities = generator.pixel_probabilities(np.full((1, 4, 4, 1), 6))
    assert probabilities.min() > 0 and np.allclose(probabilities.sum(-1), 1, atol=1e-6)
    # Half a count among all, times the smoothing's share.
    wanted = generator.smoothing * 0.5 / (len(bars.train) + 3.5)
    assert np.allclose(probabilities[..., 4:], wanted, rtol=1e-4)


def test_the_share_of_smoothing_is_the_best_on_validation(learnt, bars):
    best = learnt.smoothing
    scores = {}
    for share in (best, 0.7 * best, 1.4 * best):
        learnt.smoothing = share
        scores[share] = learnt.log_likelihood(bars.validation).mean()
    assert max(scores, key=scores.get) == best


def test_a_reader_sees_what_the_whole_image_shows(bars):
    """Step by step = all at once, in colour too; so no pixel is told what comes after it."""
    colour = np.concatenate([bars.train, bars.train[:, ::-1]], axis=-1)[..., [0, 1, 0]]
    images = ImageSet("colour", 4, colour, colour[:8], colour[:8])
    generator = PixelClassifier((4, 4, 3), 4, RandomForestClassifier(3), reach=4)
    generator.learn(images)
    pixels = images.test
    reader, steps = generator.reader(len(pixels)), []
    for values in pixels.reshape(len(pixels), -1).T:
        steps.append(reader.probabilities())
        reader.write(values)
    together = generator.pixel_probabilities(pixels).reshape(len(pixels), -1, 4)
    assert np.array_equal(np.stack(steps, axis=1), together)


def test_features_hold_only_what_was_read():
    pixels = np.arange(1, 10).reshape(1, 3, 3, 1)
    features = windows.causal_features(pixels, reach=1)
    assert features[4].tolist() == [1, 2, 3, 4, 1, 1, 0]          # above, left, then the place
    assert features[0].tolist() == [-1, -1, -1, -1, 0, 0, 0]
    later = pixels.copy()
    later[0, 1, 1:] = later[0, 2] = 0
    assert np.array_equal(windows.causal_features(later, 1)[:5], features[:5])


def test_level_by_level_is_the_same_distribution_taken_apart(bars):
    """Where features say nothing, both ways learn the histogram of all pixels."""
    wanted = np.bincount(bars.train.ravel(), minlength=4) / bars.train.size
    for ordinal in (False, True):
        tree = DecisionTreeClassifier(max_leaf_nodes=4 if ordinal else 2)
        generator = PixelClassifier(bars.image_shape, 4, tree, ordinal=ordinal)
        generator.fitted = tree
        features, answers = np.zeros((bars.train.size, 5)), bars.train.ravel()
        tree.fit(*(windows.level_questions(features, answers, 4) if ordinal
                   else (features, answers)))
        assert np.allclose(generator.ask(np.zeros((2, 5), np.float32)), wanted, atol=1e-6)


def test_level_by_level_reads_step_by_step_and_comes_back(bars):
    first, second = (PixelClassifier(bars.image_shape, 4, tree(), ordinal=True) for _ in range(2))
    first.learn(bars)
    second.restore(first.learnt())
    assert np.allclose(first.pixel_probabilities(bars.test).sum(-1), 1, atol=1e-6)
    assert np.array_equal(first.generate(4, seed=3), second.generate(4, seed=3))


def test_completing_keeps_what_is_known(learnt, bars):
    images = bars.to_images(bars.test)
    known = np.zeros((4, 4, 1), bool)
    known[:2] = True
    whole = learnt.complete(images, known, seed=0)
    assert np.array_equal(whole[:, :2], images[:, :2]) and not np.array_equal(whole, images)


def test_the_store_keeps_what_was_learnt(bars, tmp_path):
    lines = []
    for loaded in (False, True):
        generator = PixelClassifier(bars.image_shape, 4, RandomForestClassifier(3))
        record = train_generator(generator, bars, folder=tmp_path, report=lines.append)
        assert record["loaded"] is loaded and generator.trained
    other = PixelClassifier(bars.image_shape, 4, RandomForestClassifier(4))
    assert not train_generator(other, bars, folder=tmp_path, report=lines.append)["loaded"]


def test_only_scikit_learn_is_loaded(learnt):
    class Foreign(DecisionTreeClassifier):
        pass

    arrays = learnt.learnt()
    foreign = skops.io.dumps(Foreign())
    with pytest.raises(ValueError, match="Foreign.*not loaded"):
        learnt.restore({**arrays, "classifier": np.frombuffer(foreign, np.uint8)})
    other = skops.io.dumps(GaussianNB())
    with pytest.raises(ValueError, match="GaussianNB.*wants a DecisionTreeClassifier"):
        learnt.restore({**arrays, "classifier": np.frombuffer(other, np.uint8)})
    with pytest.raises(ValueError, match="scikit-learn 0.1.*again"):
        learnt.restore({**arrays, "scikit_learn": np.frombuffer(b"0.1", np.uint8)})


@pytest.mark.parametrize("arguments, error, match", [
    ({"classifier": "forest"}, ValueError, "one of random forest"),
    ({"classifier": 3}, TypeError, "scikit-learn classifier"),
    ({"classifier": RandomForestClassifier}, TypeError, "scikit-learn classifier"),
    ({"classifier": LinearRegression()}, TypeError, "scikit-learn classifier"),
    ({"classifier": LinearSVC()}, TypeError, "LinearSVC gives no probabilities"),
    ({"ordinal": 1}, TypeError, "ordinal"),
    ({"reach": 0}, ValueError, "reach must be"),
    ({"image_shape": (4, 4)}, ValueError, "image_shape"),
    ({"levels": 1}, ValueError, "levels"),
])
def test_doors(arguments, error, match):
    with pytest.raises(error, match=match):
        PixelClassifier(**{"image_shape": (4, 4, 1), "levels": 4, **arguments})


def test_an_unlearnt_classifier_says_so(bars):
    generator = PixelClassifier(bars.image_shape, 4)
    assert type(generator)(**generator.hyperparameters).classifier == "random forest"
    for ask in (lambda: generator.generate(1), generator.learnt,
                lambda: generator.log_likelihood(bars.test)):
        with pytest.raises(NotTrainedError):
            ask()


def test_a_completer_keeps_the_upper_half_and_finds_a_copy():
    images = np.random.default_rng(0).random((12, 5, 4, 1)).astype(np.float32)
    for regressor in (None, KNeighborsRegressor(1)):
        completer = Completer(regressor).fit(images)
        hidden = images.copy()
        hidden[:, 3:] = 0                                # three of five rows are known
        whole = completer.complete(hidden)
        assert np.array_equal(whole[:, :3], images[:, :3]) and 0 <= whole.min() <= whole.max() <= 1
        assert np.array_equal(whole, completer.complete(images))
        if regressor is not None:                        # the nearest image to itself is itself
            assert np.allclose(whole, images)


def test_a_completers_doors():
    images = np.zeros((3, 4, 4, 1))
    with pytest.raises(TypeError, match="regressor"):
        Completer(tree())
    with pytest.raises(ValueError, match="known"):
        Completer(known=1)
    with pytest.raises(RuntimeError, match="fit"):
        Completer().complete(images)
    with pytest.raises(ValueError, match="floats"):
        Completer().fit(images.astype(int))
    completer = Completer(KNeighborsRegressor(1)).fit(images)
    with pytest.raises(ValueError, match="as in fit"):
        completer.complete(np.zeros((1, 4, 5, 1)))
