"""The classifiers whose features the distances are measured in."""

import numpy as np
import pytest

from ensgen_tutorial import load_classifier, load_images
from ensgen_tutorial.measures.features import FeatureClassifier, WIDTH, train_classifier


@pytest.fixture(scope="module")
def digits():
    return load_images("digits").take(200, 100, 100)


@pytest.fixture(scope="module")
def trained(digits):
    classifier = FeatureClassifier(digits.image_shape, digits.levels, filters=8, warp=0.05)
    record = train_classifier(classifier, digits, epochs=12)
    assert record["seconds"] > 0
    return classifier


def test_it_learns_from_images_that_are_warped_and_is_scored_on_images_that_are_not(
        digits, trained):
    assert trained.accuracy(digits.test, digits.test_labels) > 0.6
    again = [trained.features(digits.test) for _ in range(2)]
    np.testing.assert_array_equal(*again)


def test_features_are_the_last_layer_but_one(digits, trained):
    features = trained.features(digits.test)
    assert features.shape == (100, WIDTH) and features.dtype == np.float64
    head, bias = (np.asarray(weight) for weight in trained.head.weights)
    logits = np.asarray(trained(digits.test))
    size = float(trained.size)
    np.testing.assert_allclose(features * size @ head + bias, logits, atol=1e-4)
    learnt = np.concatenate([digits.train, digits.validation])
    assert (trained.features(learnt) ** 2).mean() == pytest.approx(1, rel=1e-4)
    np.testing.assert_array_equal(logits.argmax(axis=1), trained.labels(digits.test))


def test_the_same_seed_learns_the_same(digits, trained):
    other = FeatureClassifier(digits.image_shape, digits.levels, filters=8, warp=0.05)
    train_classifier(other, digits, epochs=12)
    np.testing.assert_allclose(other.features(digits.test), trained.features(digits.test),
                               atol=1e-4)


def test_other_images_are_refused(digits):
    classifier = load_classifier("digits")
    with pytest.raises(ValueError, match="8, 8, 1"):
        classifier.features(np.zeros((2, 28, 28, 1), np.uint8))
    with pytest.raises(ValueError, match="levels|16"):
        classifier.features(np.full((2, 8, 8, 1), 200, np.uint8))
    with pytest.raises(ValueError, match="digits/classifier"):
        load_classifier("cats")
