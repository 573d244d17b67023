"""One member as eight: its answers to a picture turned and mirrored, averaged (lesson 16)."""

import numpy as np

from ..predictors.base import Predictor
from .weighted_sum import check_members


class SelfEnsemble(Predictor):
    """The mean of a predictor's eight answers to an input turned by quarters and mirrored.

    Each answer is turned back before the mean. Its squared error is the mean of the eight less their
    variance, and it is exactly equivariant: a turned input gives the turned answer.

    member: anything with ``predict(inputs)``, (N, h, w, c) -> (N, H, W, C).

    Source: Lim et al. 2017, arXiv 1707.02921, §3.3 (geometric self-ensemble).
    """

    def __init__(self, member):
        self.member, = check_members([member], "predict")

    def predict(self, inputs):
        return np.mean([back(self.member.predict(turned(inputs, k)), k) for k in range(8)], axis=0)


def turned(pictures, k):
    """Pictures (N, H, W, C) by the k-th symmetry of a square: k mod 4 quarters, from 4 on mirrored."""
    return np.rot90(pictures[:, :, ::-1] if k >= 4 else pictures, k % 4, axes=(1, 2))


def back(pictures, k):
    """What ``turned`` did, undone."""
    pictures = np.rot90(pictures, -k % 4, axes=(1, 2))
    return pictures[:, :, ::-1] if k >= 4 else pictures
