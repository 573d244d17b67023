"""What likelihoods come to: nats per image, bits per dimension, scores of members; and parameters."""

import math

import numpy as np

from ..machine.workers import on_cluster


def mean_nats(generator, pixels):
    """Mean −log p of ``pixels`` (N, H, W, C whole numbers): a float, in nats per image."""
    return -float(np.mean(generator.log_likelihood(pixels)))


def bits_per_dimension(nats, image_shape):
    """Nats per image (a number or array, log-likelihood or its negative) in bits per pixel value."""
    return nats / (math.prod(image_shape) * math.log(2))


def score_members(members, pixels, by="pixel", known=None, cluster=None):
    """log p_j of held-out images: (N, H·W·C, M) nats by pixel, for pools; (N, 1, M) by image, for
    mixtures. Each member is asked once.

    members: a dict name -> generator, or a sequence. pixels: (N, H, W, C) whole numbers. known: by
    image only, a mask of the pixels that count, as in ``log_likelihood``. cluster: a Dask client whose
    workers are asked, a member each, or None.

    Raises TypeError where a member has no such likelihood, ValueError where one is not finite.
    """
    if by not in ("pixel", "image"):
        raise ValueError(f"by must be 'pixel' or 'image', not {by!r}.")
    method = "log_pixel_likelihoods" if by == "pixel" else "log_likelihood"
    pairs = list(members.items() if isinstance(members, dict) else enumerate(members))
    for _, member in pairs:
        if not hasattr(member, method):
            raise TypeError(f"{type(member).__name__} has no likelihood by {by}.")
    options = {} if known is None else {"known": known}
    if cluster is None:
        answers = (getattr(member, method)(pixels, **options) for _, member in pairs)
    else:
        there = on_cluster(cluster, pixels)
        futures = [cluster.submit(ask, member, method, there, options, pure=False) for _, member in pairs]
        answers = (future.result() for future in futures)
    return np.stack([check_finite(answer, name, member).reshape(len(pixels), -1).astype(float)
                     for (name, member), answer in zip(pairs, answers)], axis=-1)


def ask(member, method, pixels, options):
    """One member's scores; what a cluster's worker does."""
    return getattr(member, method)(pixels, **options)


def ensemble_nats(scores, weights):
    """−log p of every image under Σ_j w_j p_j: (N, rows, M), (M,) -> (N,) nats."""
    largest = scores.max(axis=-1)
    mixed = np.exp(scores - largest[..., None]) @ np.asarray(weights, float)
    return -(np.log(mixed) + largest).sum(axis=1)


def check_scores(scores):
    """Scores as finite floats (N, rows, M), or a ValueError."""
    scores = np.asarray(scores, float)
    if scores.ndim != 3 or not np.isfinite(scores).all():
        raise ValueError("scores must be finite and have shape (images, rows, members), as from "
                         f"score_members, not {scores.shape}.")
    return scores


def check_finite(answers, name, member):
    """A member's answers as an array, or a ValueError that names it. name: its key or position."""
    answers = np.asarray(answers)
    if not np.isfinite(answers).all():
        raise ValueError(f"members[{name!r}], {type(member).__name__}, answers with NaN or infinity "
                         f"{answers.size - np.isfinite(answers).sum():,} times of {answers.size:,}: "
                         "train it again, or leave it out.")
    return answers


def count_parameters(generator):
    """How many numbers a generator has learnt, an int; None where one of its parts does not say.

    An ensemble has its members' parameters, each member's once, and a wrapper those of its member.
    """
    counts = [part.count_params() if hasattr(part, "count_params") else None
              for part in {id(part): part for part in parts_of(generator)}.values()]
    return None if None in counts else int(sum(counts))


def parts_of(generator):
    """The generators at the bottom of an ensemble of ensembles, one by one."""
    if hasattr(generator, "count_params") or not (
            hasattr(generator, "members") or hasattr(generator, "member")):
        yield generator
        return
    for member in getattr(generator, "members", None) or [generator.member]:
        yield from parts_of(member)
