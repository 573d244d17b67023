"""The lower part of an image predicted from the upper part, by a classical regression."""

import joblib
import numpy as np
from sklearn.base import BaseEstimator, clone, is_regressor
from sklearn.ensemble import ExtraTreesRegressor

from ..generators.classical import set_seed


class Completer:
    """Predicts the lower part of images from the upper part: one regression with many outputs.

    One answer, not a draw: with squared error it is the mean of what could be there.

    regressor: a scikit-learn regressor that predicts several numbers at once; None for extra
    trees. known: share of the rows that is given, rounded up. seed: of the regressor. Lesson 03.
    """

    def __init__(self, regressor=None, known=0.5, seed=0):
        regressor = ExtraTreesRegressor(100, max_features="sqrt") if regressor is None else regressor
        if not isinstance(regressor, BaseEstimator) or not is_regressor(regressor):
            raise TypeError(f"regressor must be a scikit-learn regressor, not {regressor!r:.60}.")
        if not 0 < known < 1:
            raise ValueError(f"known must be a share of the rows between 0 and 1, not {known!r}.")
        self.regressor, self.known, self.seed = regressor, known, seed
        self.fitted = None

    def fit(self, images):
        """Learn from whole ``images`` (N, H, W, C) in [0, 1]; returns itself."""
        upper, lower = self.halves(images)
        self.image_shape = np.shape(images)[1:]
        self.fitted = clone(self.regressor)
        set_seed(self.fitted, self.seed)
        with joblib.parallel_config("threading", n_jobs=-1):
            self.fitted.fit(upper, lower)
        return self

    def complete(self, images):
        """The same images with their lower part predicted: float32 (N, H, W, C) in [0, 1]."""
        if self.fitted is None:
            raise RuntimeError("this Completer has learnt nothing yet: call fit(images) first.")
        upper, _ = self.halves(images)
        if np.shape(images)[1:] != self.image_shape:
            raise ValueError(f"images must have shape (N, {', '.join(map(str, self.image_shape))}),"
                             f" as in fit, not {np.shape(images)}.")
        lower = np.clip(self.fitted.predict(upper), 0, 1)
        whole = np.concatenate([upper, lower.reshape(len(upper), -1)], axis=1)
        return whole.reshape(np.shape(images)).astype(np.float32)

    def halves(self, images):
        """Images (N, H, W, C) as two matrices of numbers, the rows above and those below."""
        images = np.asarray(images)
        if images.dtype.kind != "f" or images.ndim != 4 or images.shape[1] < 2 or not len(images):
            raise ValueError("images must be floats (N, H, W, C) with two rows or more, not "
                             f"{images.dtype} of shape {images.shape}.")
        rows = min(int(np.ceil(images.shape[1] * self.known)), images.shape[1] - 1)
        return (images[:, :rows].reshape(len(images), -1),
                images[:, rows:].reshape(len(images), -1))
