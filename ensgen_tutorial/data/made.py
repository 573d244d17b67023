"""Data sets that are made here, with a seed, from what the libraries bring along (lesson 19)."""

import string

import numpy as np

from .image_set import SPLITS, ImageSet
from .photographs import load_photographs, luminance

# Fonts that come with matplotlib. The last group is kept for the question "another font".
FONTS = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono", "DejaVuSerif", "DejaVuSerif-Bold",
         "STIXGeneral", "STIXGeneralBol", "DejaVuSans-Oblique")
OTHER_FONTS = ("cmr10", "cmtt10", "cmss10")
LETTERS = string.ascii_uppercase
COUNTS = (3000, 600, 600)                   # images of a split


def draw_glyphs(fonts=FONTS, count=600, side=12, seed=0):
    """Capital letters in some of matplotlib's fonts: whole numbers 0 … 16 (count, side, side, 1), and
    their labels 0 … 25 (count,).

    Each is drawn 8 times finer, at a random size, a little turned and moved, then averaged.
    """
    from matplotlib import get_data_path
    from PIL import Image, ImageDraw, ImageFont

    random, fine = np.random.default_rng(seed), 8 * side
    labels, pixels = random.integers(len(LETTERS), size=count), np.empty((count, side, side, 1), int)
    for picture, label in zip(pixels, labels):
        font, size = random.choice(fonts), round(fine * random.uniform(0.62, 0.8))
        face = ImageFont.truetype(f"{get_data_path()}/fonts/ttf/{font}.ttf", size)
        canvas = Image.new("L", (fine, fine))
        place = tuple(fine / 2 + fine * random.uniform(-0.06, 0.06, 2))
        ImageDraw.Draw(canvas).text(place, LETTERS[label], fill=255, font=face, anchor="mm")
        canvas = canvas.rotate(random.uniform(-10, 10), Image.Resampling.BICUBIC)
        averaged = np.asarray(canvas, float).reshape(side, 8, side, 8).mean(axis=(1, 3))
        picture[..., 0] = np.rint(averaged / 255 * 16)
    return pixels, labels


def make_glyphs():
    """26 capital letters in eight fonts, 12×12 in 17 levels: an ImageSet."""
    drawn = {split: draw_glyphs(count=count, seed=seed)
             for seed, (split, count) in enumerate(zip(SPLITS, COUNTS))}
    return ImageSet("glyphs", 17, *(pixels for pixels, _ in drawn.values()),
                    *(labels for _, labels in drawn.values()), tuple(LETTERS))


def make_patches(colour=False, side=8, seed=0):
    """Patches of photographs, 8×8 in 16 levels, grey or in colour, split by photograph: an ImageSet."""
    splits = []
    for k, (split, count) in enumerate(zip(SPLITS, COUNTS)):
        random = np.random.default_rng([seed, k])
        photographs = list(load_photographs(split).values())
        photographs = ([each for each in photographs if each.shape[-1] == 3] if colour
                       else [luminance(each) for each in photographs])
        patches = []
        for chosen in random.integers(len(photographs), size=count):
            photograph = photographs[chosen]
            # Of every second pixel: patches then hold more than one smooth colour.
            row, column = (random.integers(n - 2 * side + 1) for n in photograph.shape[:2])
            patches.append(photograph[row:row + 2 * side:2, column:column + 2 * side:2] // 16)
        splits.append(np.array(patches))
    return ImageSet("colour_patches" if colour else "patches", 16, *splits)
