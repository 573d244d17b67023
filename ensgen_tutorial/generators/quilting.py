"""Image quilting: a texture sewn from patches of one photograph along their least visible seams."""

import numpy as np

from ..checks import check_count, check_image_shape, check_number, check_whole
from .base import Generator


class Quilting(Generator):
    """Draws textures that look like a photograph, and learns nothing: it copies patches.

    Row by row, each new patch is searched in the photograph such that it agrees with what is
    already there where they overlap; then both are cut along the path of least squared difference.

    photograph: (H, W, C) floats in [0, 1]. image_shape: (H, W, C) to draw, of any size. block:
    side of a patch in pixels, larger than the texture's pieces. overlap: pixels that neighbouring
    patches share. tolerance: patches up to so much worse than the best may be chosen, 0.1 is 10 %.
    apart: pixels that a patch must lie away from where its neighbour would just go on; with 0 the
    best patch is always the photograph's own continuation, and whole regions are copied.

    Source: Efros and Freeman 2001, "Image quilting for texture synthesis and transfer",
    doi 10.1145/383259.383296; ``apart`` is ours. Lesson 02.
    """

    def __init__(self, photograph, image_shape, block=48, overlap=12, tolerance=0.1, apart=24):
        self.image_shape = check_image_shape(image_shape)
        self.photograph = check_photograph(photograph, self.image_shape[2])
        self.block = check_whole(block, "block", 2)
        self.overlap = check_whole(overlap, "overlap", 1)
        self.apart = check_whole(apart, "apart", 0)
        self.tolerance = check_number(tolerance, "tolerance", 0)
        if self.overlap > self.block // 2:
            raise ValueError(f"overlap must be at most half the block, {self.block // 2}, not "
                             f"{overlap}.")
        height, width = (side - self.block + 1 for side in self.photograph.shape[:2])
        if min(height, width) < 1 or height * width <= 2 * (2 * self.apart) ** 2:
            raise ValueError(f"block {block} and apart {apart} leave no patch to choose in a "
                             f"photograph of {self.photograph.shape[:2]}: make them smaller.")

    def generate(self, count, seed=None):
        random = np.random.default_rng(seed)
        height, width, _ = self.image_shape
        drawn = []
        for _ in range(check_count(count)):
            for canvas in self.growing(random):
                pass
            drawn.append(canvas[:height, :width])
        return np.array(drawn, np.float32)

    def growing(self, seed=None):
        """The canvas (H', W', C) after each patch, the same array every time; NaN: still empty."""
        random = np.random.default_rng(seed)
        step, block = self.block - self.overlap, self.block
        rows, columns = (max(1, -(-(side - self.overlap) // step))
                         for side in self.image_shape[:2])
        sides = rows * step + self.overlap, columns * step + self.overlap
        canvas = np.full((*sides, self.image_shape[2]), np.nan)
        spectra = [np.fft.rfft2(part, axes=(0, 1))
                   for part in (self.photograph, self.photograph**2)]
        places = {}                                        # where each patch was taken from
        for i, j in np.ndindex(rows, columns):
            there = canvas[i * step:i * step + block, j * step:j * step + block]
            errors = self.errors(spectra, there)
            for row, column in ((i - 1, j), (i, j - 1)):
                if self.apart and (row, column) in places:
                    y, x = places[row, column]
                    forbid(errors, y + (i - row) * step, x + (j - column) * step, self.apart)
            y, x = places[i, j] = self.choose(errors, random)
            patch = self.photograph[y:y + block, x:x + block]
            new = self.cut(there, patch, above=i > 0, left=j > 0)
            there[new] = patch[new]
            yield canvas

    def errors(self, spectra, there):
        """Σ (photograph − there)² over what is there, for a patch at every place: (H'', W'')."""
        known = ~np.isnan(there)
        wanted = np.where(known, there, 0.0)
        # (a − b)² = a² − 2ab + b², and a sum over a moving window is a product of spectra.
        products = [spectrum * np.conj(np.fft.rfft2(part, self.photograph.shape[:2], axes=(0, 1)))
                    for spectrum, part in zip(spectra, (-2 * wanted, known))]
        sums = np.fft.irfft2(sum(products).sum(axis=2), self.photograph.shape[:2])
        height, width = (side - self.block + 1 for side in self.photograph.shape[:2])
        return np.maximum(sums[:height, :width] + (wanted**2).sum(), 0)

    def choose(self, errors, random):
        """A random place among those whose error is at most (1 + tolerance) times the least."""
        # Rounding leaves 1e-10 of an error 0; without anything there, every place is as good.
        good = np.argwhere(errors <= (1 + self.tolerance) * errors.min() + 1e-8)
        return tuple(good[random.integers(len(good))])

    def cut(self, there, patch, above, left):
        """Which pixels of a patch are pasted: (block, block) booleans, True beyond the seams."""
        new = np.ones((self.block, self.block), bool)
        squares = ((there - patch) ** 2).sum(axis=2)
        along = np.arange(self.overlap)
        if left:
            new[:, :self.overlap] &= along >= seam(squares[:, :self.overlap])[:, None]
        if above:
            new[:self.overlap] &= (along >= seam(squares[:self.overlap].T)[:, None]).T
        return new


def seam(errors):
    """The cheapest path from the first row to the last: its column in each row, (rows,).

    errors: (rows, columns), the cost of each place. From row to row the path moves by at most one
    column. Dynamic programming: the cheapest way to a place goes on from the cheapest of the three
    places above it.
    """
    costs = np.array(errors, float)
    for row in range(1, len(costs)):
        costs[row] += three_above(costs[row - 1]).min(axis=0)
    path = [int(costs[-1].argmin())]
    for row in range(len(costs) - 2, -1, -1):
        move = three_above(costs[row])[:, path[-1]].argmin() - 1
        path.append(path[-1] + int(move))
    return np.array(path[::-1])


def three_above(costs):
    """Each place's neighbours above: left, straight, right; (3, columns), infinite outside."""
    padded = np.pad(costs, 1, constant_values=np.inf)
    return np.stack([padded[:-2], padded[1:-1], padded[2:]])


def forbid(errors, y, x, apart):
    """Make every place nearer than ``apart`` to (y, x) infinitely bad."""
    errors[max(0, y - apart + 1):max(0, y + apart), max(0, x - apart + 1):max(0, x + apart)] = np.inf


def check_photograph(photograph, channels):
    photograph = np.asarray(photograph)
    if photograph.dtype.kind != "f":
        raise TypeError(f"photograph must be floats in [0, 1], not {photograph.dtype}: divide whole "
                        "numbers by 255.")
    if photograph.ndim != 3 or photograph.shape[2] != channels:
        raise ValueError(f"photograph must have shape (H, W, {channels}), like the images to draw, "
                         f"not {photograph.shape}.")
    if not ((photograph >= 0) & (photograph <= 1)).all():
        raise ValueError("photograph must lie in [0, 1], and this one does not.")
    return photograph.astype(float)
