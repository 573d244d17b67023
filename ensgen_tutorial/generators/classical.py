"""Classical ensembles that draw: any scikit-learn classifier says what the next pixel may be."""

import warnings
from zipfile import ZIP_DEFLATED

import joblib
import numpy as np
import sklearn
import skops.io
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.kernel_approximation import Nystroem
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

from ..checks import check_count, check_image_shape, check_whole
from ..data.pixels import check_levels, check_pixels
from ..machine.threads import one_thread_each
from .base import Learner, PixelGenerator, PixelReader
from .windows import causal_features, level_questions, window_size, with_margin

PLACES = [-3, -2, -1]           # the last features: row, column, channel
LEAST_SMOOTHING = 1e-3
AT_ONCE = 2**14                 # rows of features


def places_and_levels():
    """For networks and support vectors: places as zeros and ones, pixels to variance 1."""
    places = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return make_column_transformer((places, PLACES), remainder=StandardScaler())


def random_forest():
    return RandomForestClassifier(100, min_samples_leaf=8, max_features=0.5)


def extra_trees():
    return ExtraTreesClassifier(100, min_samples_leaf=8, max_features=0.5)


def boosted_trees():
    return HistGradientBoostingClassifier(
        learning_rate=0.15, max_iter=60, max_leaf_nodes=20, min_samples_leaf=30,
        l2_regularization=30, max_features=0.3, early_stopping=False)


def support_vectors():
    """Linear machines on 200 kernel features: a true kernel machine costs the square of its rows."""
    machine = CalibratedClassifierCV(LinearSVC(C=0.3), cv=2, ensemble=False)
    kernel = Nystroem(gamma=0.05, n_components=200)
    bag = BaggingClassifier(make_pipeline(kernel, machine), 4, max_samples=0.05)
    return make_pipeline(places_and_levels(), bag)


def neural_networks():
    network = MLPClassifier(96, max_iter=10, batch_size=128, learning_rate_init=3e-3, alpha=1e-3)
    return make_pipeline(places_and_levels(), BaggingClassifier(network, 5, max_samples=0.5))


RECIPES = {"random forest": random_forest, "extra trees": extra_trees,
           "boosted trees": boosted_trees, "support vectors": support_vectors,
           "neural networks": neural_networks}
# What skops does not trust by itself of what scikit-learn's trees, bags and networks are made of.
TRUSTED = frozenset({
    "sklearn.calibration._CalibratedClassifier", "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer", "sklearn.tree._tree.Tree"})


class PixelClassifier(PixelGenerator, Learner):
    """Draws with a classifier: the class is the next pixel's level, the features what was read.

    The features are the pixels already read in a window of ``reach`` rows above and ``reach``
    columns to both sides, and the place. An exact likelihood needs every level to be possible, so

        p(x_i | before) = (1 − s) · classifier(x_i | window, place) + s · histogram_i(x_i),

    with the pixel's own histogram in the training split, half a count added to each level, and the
    share s chosen on the validation split, 0.001 at least. Both parts sum to 1, and so does p.

    To a classifier, level 7 is as far from 8 as from 0. With ``ordinal`` it is asked one yes-or-no
    question per level instead, "is it v, if it is v or more?", with v among the features: one
    classifier of two classes learns from all levels (Frank and Hall 2001 order classes likewise).

    image_shape: (H, W, C). levels: values a pixel can take. classifier: a name in ``RECIPES`` or a
    scikit-learn classifier with ``predict_proba``, which is copied. reach: in pixels. ordinal:
    whether to ask level by level. seed: of the classifier. Lesson 03.
    """

    def __init__(self, image_shape, levels, classifier="random forest", reach=2, ordinal=False,
                 seed=0):
        self.image_shape = check_image_shape(image_shape)
        levels = check_levels(levels)
        check_classifier(classifier)
        if not isinstance(ordinal, bool):
            raise TypeError(f"ordinal must be True or False, not {ordinal!r}.")
        self.levels, self.classifier = levels, classifier
        self.reach = check_whole(reach, "reach", of="of pixels")
        self.ordinal, self.seed = ordinal, seed
        self.fitted = self.smoothing = self.histograms = None

    @property
    def hyperparameters(self):
        """As for every generator; a classifier without a name becomes text, for the store."""
        values = super().hyperparameters
        if not isinstance(self.classifier, str):
            parameters = self.classifier.get_params().items()
            values["classifier"] = [type(self.classifier).__name__,
                                    *(f"{name}={value!r}" for name, value in sorted(parameters))]
        return values

    def learn(self, images):
        classifier = fresh(self.classifier, self.seed)
        features, answers = causal_features(images.train, self.reach), images.train.ravel()
        if self.ordinal:
            features, answers = level_questions(features, answers, self.levels)
        # Threads, not processes: nothing is copied, and prediction, outside, stays in one order.
        with joblib.parallel_config("threading", n_jobs=-1), one_thread_each():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)     # few epochs are meant
                classifier.fit(features, answers)
        self.fitted = classifier
        self.histograms = pixel_histograms(images.train, self.levels)
        self.smoothing = 0.0
        self.trained = True
        self.smoothing = self.choose_smoothing(images.validation)

    def choose_smoothing(self, pixels):
        """The share s with the best likelihood of ``pixels``, by expectation maximisation."""
        values = pixels.reshape(len(pixels), -1).astype(int)
        answers, histograms = self.parts(pixels)
        answers = np.take_along_axis(answers, values[..., None], axis=-1)[..., 0]
        histograms = histograms[np.arange(values.shape[1]), values]
        share = 0.5
        for _ in range(200):
            share = np.mean(share * histograms / ((1 - share) * answers + share * histograms))
        return max(float(share), LEAST_SMOOTHING)

    def parts(self, pixels):
        """The two parts of p, classifier's and histograms': (N, pixels, levels) each."""
        features = causal_features(pixels, self.reach)
        answers = np.concatenate([self.ask(features[i:i + AT_ONCE])
                                  for i in range(0, len(features), AT_ONCE)])
        return answers.reshape(len(pixels), -1, self.levels), self.histograms

    def ask(self, features):
        """The classifier's probabilities (rows, levels); 0 for levels that it never saw."""
        if not self.ordinal:
            return self.class_probabilities(features, self.levels)
        questions = np.tile(np.arange(self.levels - 1, dtype=np.float32), len(features))[:, None]
        features = np.hstack([questions, features.repeat(self.levels - 1, axis=0)])
        stops = self.class_probabilities(features, 2)[:, 1].reshape(-1, self.levels - 1)
        # p(v) = (1 − stop_0) ⋯ (1 − stop_{v−1}) · stop_v, and the last level gets what is left.
        reached = np.cumprod(1 - stops, axis=1)
        return np.hstack([stops[:, :1], reached[:, :-1] * stops[:, 1:], reached[:, -1:]])

    def class_probabilities(self, features, classes):
        probabilities = np.zeros((len(features), classes), np.float32)
        with one_thread_each():
            found = self.fitted.predict_proba(features)
        probabilities[:, self.fitted.classes_.astype(int)] = found
        return probabilities

    def smooth(self, answers, histograms):
        """(1 − s) · answers + s · histograms, summing to 1 to the last digit."""
        mixed = (1 - self.smoothing) * answers + self.smoothing * histograms
        return (mixed / mixed.sum(axis=-1, keepdims=True)).astype(np.float32)

    def pixel_probabilities(self, pixels):
        self.check_trained()
        pixels = check_pixels(pixels, self.image_shape, self.levels)
        return self.smooth(*self.parts(pixels)).reshape(*pixels.shape, self.levels)

    def reader(self, count):
        self.check_trained()
        return ClassifierReader(self, check_count(count))

    def learnt(self):
        """The classifier as skops writes it (no pickle), and the smoothing's numbers."""
        self.check_trained()
        content = skops.io.dumps(self.fitted, compression=ZIP_DEFLATED)
        return {"classifier": np.frombuffer(content, np.uint8),
                "scikit_learn": np.frombuffer(sklearn.__version__.encode(), np.uint8),
                "smoothing": np.array(self.smoothing), "histograms": self.histograms}

    def restore(self, arrays):
        """Take back what ``learnt`` gave.

        Raises ValueError where it is of another scikit-learn, holds types that are not
        scikit-learn's, or another classifier than this one.
        """
        version = arrays["scikit_learn"].tobytes().decode()
        if version != sklearn.__version__:
            raise ValueError(f"this classifier was learnt with scikit-learn {version}, and here is "
                             f"{sklearn.__version__}: let it learn again (retrain=True).")
        content = arrays["classifier"].tobytes()
        foreign = set(skops.io.get_untrusted_types(data=content)) - TRUSTED
        if foreign:
            raise ValueError(f"the stored classifier holds {', '.join(sorted(foreign))}, which "
                             "are not loaded: only what scikit-learn's classifiers are made of.")
        fitted = skops.io.loads(content, trusted=sorted(TRUSTED))
        wanted = type(fresh(self.classifier, self.seed))
        if type(fitted) is not wanted:
            raise ValueError(f"the stored classifier is a {type(fitted).__name__}, and this "
                             f"generator wants a {wanted.__name__}.")
        self.fitted, self.smoothing = fitted, float(arrays["smoothing"])
        self.histograms = np.asarray(arrays["histograms"], np.float32)
        self.trained = True


class ClassifierReader(PixelReader):
    """Walks all images in lockstep: one question to the classifier per pixel."""

    def __init__(self, generator, count):
        self.generator, self.position = generator, 0
        height, width, channels = generator.image_shape
        self.shape, self.channels = (height, width * channels), channels
        self.margin = with_margin(np.zeros((count, *self.shape)), generator.reach)

    def probabilities(self):
        generator, reach = self.generator, self.generator.reach
        row, column = divmod(self.position, self.shape[1])
        window = self.margin[:, row : row + reach + 1, column : column + 2 * reach + 1]
        features = np.empty((len(window), window_size(reach) + 3), np.float32)
        features[:, :-3] = window.reshape(len(window), -1)[:, : window_size(reach)]
        features[:, -3:] = row, column // self.channels, column % self.channels
        return generator.smooth(generator.ask(features), generator.histograms[self.position])

    def write(self, values):
        row, column = divmod(self.position, self.shape[1])
        reach = self.generator.reach
        self.margin[:, row + reach, column + reach] = values
        self.position += 1


def check_classifier(classifier):
    """A name in RECIPES or a scikit-learn classifier with probabilities, or a TypeError or ValueError."""
    if isinstance(classifier, str):
        if classifier not in RECIPES:
            raise ValueError(f"classifier must be one of {', '.join(RECIPES)}, or a scikit-learn "
                             f"classifier, not {classifier!r}.")
        return
    if not isinstance(classifier, BaseEstimator) or not is_classifier(classifier):
        raise TypeError(f"classifier must be a name or a scikit-learn classifier, not "
                        f"{classifier!r:.60}.")
    if not hasattr(classifier, "predict_proba"):
        raise TypeError(f"{type(classifier).__name__} gives no probabilities (predict_proba): put "
                        "it into a CalibratedClassifierCV.")


def fresh(classifier, seed):
    """An unfitted copy of a recipe's or a user's classifier, with all its seeds set."""
    copy = RECIPES[classifier]() if isinstance(classifier, str) else clone(classifier)
    set_seed(copy, seed)
    return copy


def set_seed(estimator, seed):
    """Set every random_state, also of the parts of a pipeline or a bag, to ``seed``."""
    names = [name for name in estimator.get_params() if name.split("__")[-1] == "random_state"]
    estimator.set_params(**dict.fromkeys(names, seed))


def pixel_histograms(pixels, levels):
    """How often each pixel has each level, half a count added: float32 (pixels, levels)."""
    flat = pixels.reshape(len(pixels), -1)
    counts = np.stack([np.bincount(values, minlength=levels) for values in flat.T]) + 0.5
    return (counts / counts.sum(axis=1, keepdims=True)).astype(np.float32)
