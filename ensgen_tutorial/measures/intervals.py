"""How sure a mean is: intervals over images and training seeds, and verdicts on several claims."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import bootstrap, t

from ..checks import check_number


def bootstrap_interval(values, level=0.95, resamples=2000, seed=0):
    """A percentile bootstrap interval of the mean of ``values`` (N,): (low, high).

    values: one number per image; for two generators on the same images, their differences
    (paired). The interval is over images alone: of other trainings it says nothing, which
    ``estimate`` does. For fewer than about twenty values it is too narrow.

    Source: Efron 1979, The Annals of Statistics 7, 1 – 26.
    """
    values = np.asarray(values, float)
    if values.ndim != 1 or len(values) < 2 or not np.isfinite(values).all():
        raise ValueError("values must be finite numbers, at least two, one per image (N,); these "
                         f"have shape {values.shape}.")
    check_number(level, "level", above=0, below=1)
    found = bootstrap((values,), np.mean, confidence_level=level, n_resamples=resamples,
                      method="percentile", rng=np.random.default_rng(seed)).confidence_interval
    return float(found.low), float(found.high)


@dataclass(frozen=True)
class Estimate:
    """A mean gain, positive where it is good; its standard error, and the error's degrees of
    freedom, by Student's t."""

    mean: float
    error: float
    degrees: int

    def interval(self, level=0.95):
        """(low, high): it holds the true mean with this probability."""
        half = t.ppf((1 + check_number(level, "level", above=0, below=1)) / 2, self.degrees)
        return self.mean - half * self.error, self.mean + half * self.error

    @property
    def p(self):
        """How often luck alone would give a mean as far from 0: between 0 and 1."""
        if self.error == 0:
            return float(self.mean == 0)
        return float(2 * t.sf(abs(self.mean) / self.error, self.degrees))


def estimate(values):
    """The mean of gains, and how far other trainings (and other images) would move it: an Estimate.

    values: (S,), one number for each training seed; or (S, N), seeds × images, where all seeds
    scored the same N images. Then both are drawn again, crossed, and the standard error is that of
    Owen's "pigeonhole" bootstrap, in closed form: with row means r_s, column means c_i and all
    deviations from the mean,

        Σ_s r_s² / (S(S − 1)) + Σ_i c_i² / (N(N − 1)) + Σ_si d_si² / (SN)².

    It errs on the safe side: what belongs to a seed *and* an image is counted more than once.

    Source: Student 1908; Owen 2007, "The pigeonhole bootstrap", The Annals of Applied Statistics
    1(2), 386 – 411, §4. Lesson 13.
    """
    values = np.asarray(values, float)
    if values.ndim not in (1, 2) or min(values.shape) < 2 or not np.isfinite(values).all():
        raise ValueError("values must be finite, one for each of two training seeds or more (S,), or "
                         f"a row of images for each (S, N); these have shape {values.shape}.")
    seeds, mean = len(values), float(values.mean())
    square = ((values.reshape(seeds, -1).mean(axis=1) - mean) ** 2).sum() / (seeds * (seeds - 1))
    if values.ndim == 2:
        images = values.shape[1]
        square += ((values.mean(axis=0) - mean) ** 2).sum() / (images * (images - 1))
        square += ((values - mean) ** 2).sum() / values.size**2
    return Estimate(mean, math.sqrt(square), seeds - 1)


@dataclass(frozen=True)
class SpreadEstimate:
    """How much steadier a method is than its rival: ``mean`` is log(rival's spread / its own).

    correlation: of the two over seeds, which shares what both owe to one seed.
    """

    mean: float
    correlation: float
    degrees: int

    def interval(self, level=0.95):
        """(low, high) of the log ratio of spreads."""
        quantile = t.ppf((1 + check_number(level, "level", above=0, below=1)) / 2, self.degrees)
        k = 1 + 2 * (1 - self.correlation**2) * quantile**2 / self.degrees
        half = math.log(k + math.sqrt(k**2 - 1)) / 2
        return self.mean - half, self.mean + half

    @property
    def p(self):
        """How often luck alone would give a ratio as far from 1: between 0 and 1."""
        # The t statistic of Pitman and Morgan's test, by the ratio and the correlation.
        ratio = math.exp(2 * abs(self.mean))
        rest = 4 * (1 - self.correlation**2) * ratio / self.degrees
        return float(2 * t.sf((ratio - 1) / math.sqrt(rest), self.degrees)) if rest else float(ratio == 1)


def estimate_spreads(method, rival):
    """Whether a method's numbers vary less over training seeds than its rival's: a SpreadEstimate.

    method, rival: (S,), three seeds or more, paired by seed.

    Source: Pitman 1939 and Morgan 1939, both Biometrika 31 (variances of correlated normals).
    """
    pair = np.asarray([method, rival], float)
    if pair.ndim != 2 or pair.shape[1] < 3 or not np.isfinite(pair).all():
        raise ValueError("method and rival must be finite, one number for each of the same three "
                         f"training seeds or more; these have shape {pair.shape}.")
    own, other = pair.std(axis=1, ddof=1)
    if not own or not other:
        raise ValueError("numbers that do not vary at all have no spread to compare.")
    return SpreadEstimate(math.log(other / own), float(np.corrcoef(pair)[0, 1]), pair.shape[1] - 2)


@dataclass(frozen=True)
class Verdict:
    """``word``: "holds", "does not" or "not shown"; the interval that says so, and its level."""

    word: str
    low: float
    high: float
    level: float


def verdicts(estimates, alpha=0.05):
    """A verdict on each of a family of claims: a dict name -> Verdict.

    A claim holds if its gain is positive and its p value passes Holm's test: the smallest p must
    be at most alpha / m, the next one at most alpha / (m − 1), and so on until one fails; no claim
    after it passes. So the chance of one false verdict or more among all m is at most alpha.
    Each interval has the level at which its claim was tested; it excludes 0 where the claim passed.

    estimates: a dict name -> Estimate or SpreadEstimate.

    Source: Holm 1979, "A simple sequentially rejective multiple test procedure", Scandinavian
    Journal of Statistics 6(2), 65 – 70.
    """
    check_number(alpha, "alpha", above=0, below=1)
    found, passes = {}, True
    for rank, name in enumerate(sorted(estimates, key=lambda name: estimates[name].p)):
        each = estimates[name]
        if passes:
            share = alpha / (len(estimates) - rank)         # stays at the first that fails
        passes = passes and each.p <= share
        word = "not shown" if not passes else "holds" if each.mean > 0 else "does not"
        found[name] = Verdict(word, *each.interval(1 - share), 1 - share)
    return {name: found[name] for name in estimates}
