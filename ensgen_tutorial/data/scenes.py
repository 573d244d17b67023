"""Scenes for matting whose α is exact: drawn 8 times finer, then averaged (lesson 18)."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from ..checks import check_whole
from .image_set import SPLITS
from .pairs import PairSet
from .photographs import load_photographs
from .pixels import to_images

FINER = 8                   # fine pixels per pixel and side
NOISE = 0.015               # standard deviation of a camera's noise, in pictures from 0 to 1


@dataclass(frozen=True)
class Scene:
    """A picture I = αF + (1 − α)B and all that it is made of, floats in [0, 1].

    name: the kind of shape. picture, foreground, background: (H, W, 3). alpha: (H, W), exact.
    trimap: (H, W), 0 outside, 1 inside, ½ where it is to be found out.
    """

    name: str
    picture: np.ndarray
    trimap: np.ndarray
    alpha: np.ndarray
    foreground: np.ndarray
    background: np.ndarray

    @property
    def unknown(self):
        """Where α is to be found out: boolean (H, W)."""
        return self.trimap == 0.5

    @property
    def given(self):
        """What a member of lesson 18 answers: the picture and the trimap, (H, W, 4)."""
        return np.concatenate([self.picture, self.trimap[..., None]], axis=-1)


def draw_scenes(count, split="test", side=128, seed=0):
    """``count`` scenes of a split over its own photographs, kinds in turn: a list of Scenes.

    Scenes of test are of other shapes than those of train and validation: fur and feathers instead
    of hair, a serif instead of a sans serif, woven instead of round lace, a bottle instead of a
    lens. side: of the picture, pixels. seed: of everything.
    """
    count, side = check_whole(count, "count"), check_whole(side, "side", 32)
    if split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(SPLITS)}, not {split!r}.")
    photographs = [to_images(photograph, 256) for photograph in load_photographs(split).values()
                   if min(photograph.shape[:2]) > side]
    kinds = TEST_SHAPES if split == "test" else SHAPES
    return [draw_scene(list(kinds)[k % len(kinds)], kinds, photographs, side,
                       np.random.default_rng([seed, SPLITS.index(split), k])) for k in range(count)]


def matting_pairs(counts=(600, 60, 60), side=64, seed=0):
    """Pairs (picture and trimap, α) of drawn scenes: a PairSet (N, side, side, 4) → (…, 1)."""
    pairs = {}
    for split, count in zip(SPLITS, counts):
        scenes = draw_scenes(count, split, side, seed)
        pairs[split] = (np.array([scene.given for scene in scenes], np.float32),
                        np.array([scene.alpha[..., None] for scene in scenes], np.float32))
    return PairSet("drawn scenes", **pairs)


def draw_scene(name, kinds, photographs, side, random):
    canvas = Image.new("L", (FINER * side,) * 2)
    kinds[name](ImageDraw.Draw(canvas), FINER * side, random)
    fine = np.asarray(canvas, np.float32) / 255
    alpha = fine.reshape(side, FINER, side, FINER).mean(axis=(1, 3))
    # The noise of a camera, before the two are mixed, so that the equation stays exact.
    foreground, background = (
        np.clip(layer + random.normal(0, NOISE, layer.shape), 0, 1).astype(np.float32)
        for layer in (texture(photographs, side, random), cut_out(photographs, side, random)))
    radius = int(random.integers(1, 2 + side // 32))
    mixed = ndimage.binary_dilation((alpha > 0) & (alpha < 1), iterations=radius)
    trimap = np.where(mixed, 0.5, np.round(alpha)).astype(np.float32)
    weight = alpha[..., None]
    return Scene(name, weight * foreground + (1 - weight) * background, trimap, alpha, foreground,
                 background)


def cut_out(photographs, side, random):
    """A random piece of a random photograph, in colour: (side, side, 3)."""
    photograph = photographs[random.integers(len(photographs))]
    row, column = (random.integers(n - side + 1) for n in photograph.shape[:2])
    piece = photograph[row:row + side, column:column + side]
    return np.broadcast_to(piece, (side, side, 3)).astype(np.float32)


def texture(photographs, side, random):
    """A foreground: a colour, shaded smoothly, over a photograph's structure."""
    colour, opposite = random.uniform(0, 1, (2, 3))
    rows, columns = np.mgrid[:side, :side] / side - 0.5
    shade = 0.3 * (random.normal() * rows + random.normal() * columns)
    piece = cut_out(photographs, side, random)
    light = piece.mean(axis=-1, keepdims=True)
    painted = light * colour + (1 - light) * opposite
    return np.clip(0.35 * colour + 0.65 * painted + shade[..., None], 0, 1).astype(np.float32)


def strand(draw, start, angle, length, bend, width, steps=24):
    """A curved strand that gets thinner towards its end."""
    x, y = start
    for step in range(steps):
        following = (x + length / steps * np.cos(angle), y + length / steps * np.sin(angle))
        draw.line([(x, y), following], fill=255, width=max(1, round(width * (1 - step / steps))))
        (x, y), angle = following, angle + bend / steps


def blob(draw, side, random, low, high):
    """A round body in the middle: its centre and its two radii."""
    centre = side * random.uniform(0.42, 0.58, 2)
    radii = side * random.uniform(low, high, 2)
    draw.ellipse([*(centre - radii), *(centre + radii)], fill=255)
    return centre, radii


def hair(draw, side, random):
    centre, radii = blob(draw, side, random, 0.16, 0.24)
    for angle in random.uniform(0, 2 * np.pi, 160):
        start = centre + 0.9 * radii * (np.cos(angle), np.sin(angle))
        strand(draw, start, angle + random.normal(0, 0.4), side * random.uniform(0.1, 0.32),
               random.normal(0, 1.2), FINER * random.uniform(0.3, 1.2))


def fur(draw, side, random):
    centre, radii = blob(draw, side, random, 0.2, 0.32)
    for angle in random.uniform(0, 2 * np.pi, 700):
        start = centre + 0.95 * radii * (np.cos(angle), np.sin(angle))
        strand(draw, start, angle + 0.6 + random.normal(0, 0.25), side * random.uniform(0.03, 0.1),
               random.normal(0, 0.4), FINER * random.uniform(0.3, 0.9), steps=6)


def feather(draw, side, random):
    """A solid vane around a shaft, with barbs that reach beyond it."""
    tilt, foot = random.uniform(-0.4, 0.4), side * np.array([random.uniform(0.3, 0.7), 0.92])
    way = np.array([np.sin(tilt), -np.cos(tilt)])
    across = np.array([-way[1], way[0]])
    draw.line([tuple(foot), tuple(foot + 0.8 * side * way)], fill=255, width=round(1.2 * FINER))
    alongs = np.linspace(0.15, 0.8, 90)
    reaches = side * 0.3 * np.sin(np.pi * (alongs - 0.1) / 0.75)
    solid = [foot + along * side * way + sign * 0.35 * reach * across
             for sign in (-1, 1) for along, reach in list(zip(alongs, reaches))[::sign]]
    draw.polygon([tuple(point) for point in solid], fill=255)
    for along, reach in zip(alongs, reaches):
        for sign in (-1, 1):
            angle = np.arctan2(way[1], way[0]) + sign * random.normal(0.9, 0.06)
            strand(draw, foot + along * side * way, angle, max(reach, 1), -sign * 0.5,
                   FINER * random.uniform(0.3, 0.9), 10)


def written(font):
    """Letters in one of the fonts that matplotlib brings along."""
    def letters(draw, side, random):
        from matplotlib import get_data_path

        face = ImageFont.truetype(f"{get_data_path()}/fonts/ttf/{font}.ttf",
                                  round(side * random.uniform(0.42, 0.55)))
        text = "".join(random.choice(list("ABDEGKMQRSWXaegkmqrsw&@"), 2))
        draw.text((side / 2, side / 2), text, fill=255, font=face, anchor="mm")
    return letters


def lace(draw, side, random):
    centre, radii = blob(draw, side, random, 0.34, 0.4)
    step = side * random.uniform(0.045, 0.07)
    for row in np.arange(0, side, step):
        for column in np.arange(0, side, step):
            x, y = column + step / 2 * (round(row / step) % 2), row
            if ((((x, y) - centre) / radii) ** 2).sum() < 0.9:
                r = step * random.uniform(0.28, 0.4)
                draw.ellipse([x - r, y - r, x + r, y + r], fill=0)


def weave(draw, side, random):
    left, top, right, bottom = side * np.array([0.14, 0.18, 0.86, 0.82])
    step, width = side * random.uniform(0.04, 0.06), FINER * random.uniform(0.8, 1.8)
    slope = random.uniform(0.7, 1.4)
    for shift in np.arange(left - side, right + side, step):
        for sign in (-1, 1):
            points = [(shift + sign * slope * (y - side / 2), y) for y in np.linspace(top, bottom, 40)]
            inside = [(x, y) for x, y in points if left < x < right]
            if len(inside) > 1:
                draw.line(inside, fill=255, width=round(width))
    draw.rectangle([left, top, right, bottom], outline=255, width=round(0.09 * side))


def lens(draw, side, random):
    """A magnifying glass: a clear body with a rim, and a handle."""
    centre, radii = side * random.uniform(0.4, 0.5, 2), side * random.uniform(0.22, 0.3, 2)
    draw.line([tuple(centre + 0.6 * radii), (0.92 * side, 0.92 * side)], fill=255, width=round(0.11 * side))
    draw.ellipse([*(centre - radii), *(centre + radii)], fill=255)
    for share, clear in zip(np.linspace(0.88, 0.2, 12), np.linspace(0.75, 0.25, 12)):
        draw.ellipse([*(centre - share * radii), *(centre + share * radii)], fill=int(255 * clear))


def bottle(draw, side, random):
    """A bottle: clear glass that gets thinner inwards, an opaque stopper, and an opaque label."""
    x, width = side * random.uniform(0.4, 0.6), side * random.uniform(0.15, 0.22)
    outer = np.array([x - width, 0.38 * side, x + width, 0.9 * side])
    draw.rectangle([x - 0.055 * side, 0.2 * side, x + 0.055 * side, 0.4 * side], fill=190)
    draw.rounded_rectangle([x - 0.08 * side, 0.08 * side, x + 0.08 * side, 0.22 * side],
                           radius=0.02 * side, fill=255)
    draw.rounded_rectangle(list(outer), radius=0.06 * side, fill=255)
    for inset, clear in zip(side * np.linspace(0.015, 0.09, 10), np.linspace(0.7, 0.3, 10)):
        draw.rounded_rectangle(list(outer + inset * np.array([1, 1, -1, -1])),
                               radius=0.05 * side, fill=int(255 * clear))
    draw.rectangle([x - 0.7 * width, 0.58 * side, x + 0.7 * width, 0.74 * side], fill=255)


SHAPES = {"hair": hair, "letters": written("DejaVuSans-Bold"), "lace": lace, "glass": lens}
TEST_SHAPES = {"fur": fur, "feather": feather, "serif": written("DejaVuSerif-Bold"), "weave": weave,
               "bottle": bottle}
