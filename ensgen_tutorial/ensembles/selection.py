"""Which members? Greedy selection, what each one brings, and how much they differ.

All functions take scores that were computed once, so a hundred ensembles cost seconds:
``score_members`` for the log-likelihoods of a linear pool's or a mixture's rows.
"""

from dataclasses import dataclass

import numpy as np

from ..checks import check_whole
from ..measures.scoring import check_scores, ensemble_nats
from .objectives import LogScore
from .solvers import expectation_maximisation


def best_weights(scores, tolerance=1e-3):
    """The weights of a pool or mixture with the lowest mean −log p, by EM: (N, rows, M) -> (M,)."""
    scores = check_scores(scores)
    goal = LogScore(scores.reshape(-1, scores.shape[-1]), scores.shape[1])
    return expectation_maximisation(goal, tolerance)[-1]


@dataclass(frozen=True)
class Selection:
    """What greedy selection took.

    chosen: (size,) members in the order they came, some more than once. losses: (size,) mean −log p
    in nats per image after each. weights: (M,) how often each was taken, as a share.
    """

    chosen: np.ndarray
    losses: np.ndarray
    weights: np.ndarray


def greedy_selection(scores, size):
    """Add, ``size`` times, the member that helps the equal-weight ensemble most, with replacement.

    scores: (N, rows, M) of held-out images. A member that is taken twice counts twice.

    Source: Caruana, Niculescu-Mizil, Crew, Ksikes 2004, "Ensemble selection from libraries of
    models", ICML, §2.2.
    """
    scores = check_scores(scores)
    check_whole(size, "size", of="of members")
    largest = scores.max(axis=-1)
    ratios = np.exp(scores - largest[..., None])
    offset = largest.sum(axis=1).mean()
    total, chosen, losses = np.zeros(largest.shape), [], []
    for count in range(1, size + 1):
        after = [-(np.log((total + ratios[..., j]) / count).sum(axis=1).mean() + offset)
                 for j in range(scores.shape[-1])]
        chosen.append(int(np.argmin(after)))
        losses.append(min(after))
        total = total + ratios[..., chosen[-1]]
    weights = np.bincount(chosen, minlength=scores.shape[-1]) / size
    return Selection(np.array(chosen), np.array(losses), weights)


def leave_one_out(scores, held_out, tolerance=1e-3, by_image=False):
    """What each member brings: nats per image that are lost without it, weights fitted again.

    scores: (N, rows, M) that weights are fitted to; held_out: (K, rows, M) that they are judged by.
    Returns (M,), or (K, M) with ``by_image``; below 0 where the others do better alone.
    """
    scores, held_out = check_scores(scores), check_scores(held_out)
    members = range(scores.shape[-1])
    if len(members) < 2:
        raise ValueError("leaving one out needs two members or more.")
    whole = ensemble_nats(held_out, best_weights(scores, tolerance))
    lost = []
    for j in members:
        others = [k for k in members if k != j]
        weights = best_weights(scores[..., others], tolerance)
        lost.append(ensemble_nats(held_out[..., others], weights) - whole)
    lost = np.stack(lost, axis=-1)
    return lost if by_image else lost.mean(axis=0)


def ambiguity(scores, weights):
    """How much better the ensemble is than its members on average: a float ≥ 0, nats per image.

    Σ_j w_j NLL_j − NLL of Σ_j w_j p_j, for scores (N, rows, M); 0 if all members agree.
    """
    scores = check_scores(scores)
    members = -scores.sum(axis=1).mean(axis=0)
    return float(members @ np.asarray(weights, float) - ensemble_nats(scores, weights).mean())


def error_correlation(errors):
    """Pearson correlation of members' errors ŷ_j − y: (M, N) -> (M, M), 1 on the diagonal.

    The lower, the more an average gains: the mean of M errors of variance σ² that correlate by ρ
    has variance σ²(ρ + (1 − ρ)/M).
    """
    errors = np.asarray(errors, float)
    if errors.ndim != 2 or errors.shape[1] < 2:
        raise ValueError(f"errors must have shape (members, answers), not {errors.shape}.")
    return np.corrcoef(errors)


def pixel_errors(member, pixels):
    """What a pixel generator expects of each pixel, less what was there: (N·H·W·C,), in [-1, 1]."""
    values = np.arange(member.levels) / (member.levels - 1)
    return (member.pixel_probabilities(pixels) @ values - pixels / (member.levels - 1)).ravel()
