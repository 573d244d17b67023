"""Exercises of lesson 04: another order's mask, how many blocks, a leak, and drawing."""

import math

import numpy as np

from . import Exercise, Wrong, call, expect_close


def check_mask(answer, random):
    for size in random.permutation([3, 5, 7]):
        check_mask_of(answer, int(size))


def check_mask_of(answer, size):
    found = [np.asarray(call(answer, size, itself), float) for itself in (False, True)]
    masks = [column_mask(size, itself) for itself in (False, True)]

    def is_made_by(way):
        return all(each.shape == mask.shape and np.array_equal(each, way(mask))
                   for each, mask in zip(found, masks))

    if is_made_by(np.rot90):
        raise Wrong("this is the lesson's mask, for a page read in rows.")
    if is_made_by(np.fliplr):
        raise Wrong("this page begins at its right edge: the columns already read are on the right.")
    if is_made_by(np.flipud):
        raise Wrong("within a column this reads upwards, and the page is read from top to bottom.")
    if is_made_by(np.flip):
        raise Wrong("this looks ahead, to the left and below: keep what is read before.")
    if is_made_by(lambda mask: 1 - mask):
        raise Wrong("1 and 0 the other way round: 1 lets a pixel through.")
    if all(np.array_equal(each, mask) for each, mask in zip(found, masks[::-1])):
        raise Wrong("the other way round at the centre: 1 there only if sees_itself.")
    if found[0].shape == found[1].shape and np.array_equal(*found):
        raise Wrong("both masks are the same: sees_itself must decide about the centre.")
    for each, mask in zip(found, masks):
        expect_close(each, mask, "write down in which order the pixels around the centre are read: those "
                     "before the centre are 1, those after it 0.")


def column_mask(size, sees_itself):
    mask, center = np.zeros((size, size)), size // 2
    mask[:, center + 1 :] = 1
    mask[: center + sees_itself, center] = 1
    return mask


def check_blocks(answer, random):
    networks = [some_network(random, exact) for exact in 3 * (True, False)]
    for network in [*networks, (9, 3, int(random.integers(12, 40))), (9, 5, int(random.integers(2, 4))), (9, 7, 21)]:
        found, wanted = call(answer, *network), blocks_needed(*network)
        if np.ndim(found) == 0 and float(found) != wanted:
            if float(found) < 0:
                raise Wrong("a network cannot have fewer than 0 blocks: the first layer may be enough.")
            if float(found) == a_row_more(*network):
                raise Wrong(f"the last of {network[-1]} rows has {network[-1] - 1} rows above it.")
            if float(found) == rounded_down(*network):
                raise Wrong("with that many blocks the first row is just out of sight: round up.")
            if float(found) == without_the_first(*network):
                raise Wrong("the first layer sees some rows too, before any block.")
            if float(found) == whole_sides(*network):
                raise Wrong("a kernel's side counts both directions and the centre; upwards it reaches "
                            "size // 2 rows.")
        expect_close(found, wanted, "follow one pixel of the last row upwards: how many rows does the "
                     "first layer add to its view, and how many each block?", 1e-12)


def some_network(random, exact):
    """first_size, size, rows for which typical mistakes differ; exact: the blocks end at the first row."""
    first, size = (int(each) for each in random.choice([(7, 5), (9, 5), (9, 7), (11, 7)]))
    blocks = int(random.integers(4, 15))
    return first, size, 1 + first // 2 + blocks * (size // 2) - (not exact)


def blocks_needed(first_size, size, rows):
    return max(0, math.ceil((rows - 1 - first_size // 2) / (size // 2)))


def a_row_more(first_size, size, rows):
    return blocks_needed(first_size, size, rows + 1)


def rounded_down(first_size, size, rows):
    return (rows - 1 - first_size // 2) // (size // 2)


def without_the_first(first_size, size, rows):
    return math.ceil((rows - 1) / (size // 2))


def whole_sides(first_size, size, rows):
    return max(0, math.ceil((rows - 1 - first_size) / size))


def check_leak(answer, random):
    count, height, width, levels = 2, 3, 4, 5
    places = height * width
    pixels = random.integers(0, levels, size=(count, height, width))
    before = np.tri(places, k=-1)
    # Each pair of pixels (place asked for, place changed) that may depend on each other.
    seen = random.random((places, places)) < 0.6
    i = int(random.integers(1, places - 2))
    pixels.reshape(count, -1)[:, i + 1] = 0                 # to set a pixel to 0 is not always a change
    networks = {
        "it reports a leak in a network that sees only what was read before.": before * seen,
        "it reports a leak in a network that sees nothing at all.": 0 * before,
        "it misses networks in which each pixel sees itself: j = i is a leak too.":
            before * seen + np.eye(places),
        "it misses a leak of one pair of neighbours: try every pixel, and look at every one before it.":
            before * seen + np.eye(places, k=1) * (np.arange(places) == i)[:, None],
        "it misses a leak from the very last pixel to the very first.":
            before + np.eye(places, k=places - 1),
        "it misses a tiny leak: ask whether the logits are equal, not whether they are close.":
            before * seen + 1e-9 * np.eye(places, k=1),
    }
    for message, allowed in networks.items():
        kernel = allowed[..., None] * random.uniform(0.5, 1.5, size=(places, places, levels))
        found = call(answer, network_of(kernel), pixels)
        if np.ndim(found) or found not in (True, False):
            raise Wrong(f"True or False is wanted, and this is {found!r:.60}.")
        if bool(found) != bool((allowed * (1 - before)).any()):
            raise Wrong(message)


def network_of(kernel):
    """A function of pixels (N, H, W) -> logits (N, H, W, levels), from (places, places, levels)."""
    def logits_of(pixels):
        pixels = np.asarray(pixels)
        sums = np.einsum("nj,ijl->nil", pixels.reshape(len(pixels), -1).astype(float), kernel)
        return np.tanh(sums / 40).reshape(*pixels.shape, -1)

    return logits_of


def looks_ahead(logits_of, pixels):
    for j in range(pixels[0].size):
        changed = pixels.copy()
        changed.reshape(len(pixels), -1)[:, j] += 1
        moved = (logits_of(changed) != logits_of(pixels)).any(axis=(0, 3)).ravel()
        if moved[: j + 1].any():
            return True
    return False


def misses_itself(logits_of, pixels):
    return leak(logits_of, pixels, range(pixels[0].size), itself=0)


def changes_the_last_only(logits_of, pixels):
    return leak(logits_of, pixels, [pixels[0].size - 1])


def leak(logits_of, pixels, places, itself=1):
    for j in places:
        changed = pixels.copy()
        changed.reshape(len(pixels), -1)[:, j] += 1
        moved = (logits_of(changed) != logits_of(pixels)).any(axis=(0, 3)).ravel()
        if moved[: j + itself].any():
            return True
    return False


def asks_whether_close(logits_of, pixels):
    return looks_ahead(lambda each: np.round(logits_of(each), 6), pixels)


def any_movement(logits_of, pixels):
    return bool((logits_of(pixels + 1) != logits_of(pixels)).any())


def check_draw(answer, random):
    levels, length = 5, 40
    table = random.dirichlet(np.ones(levels), size=(length + 4, levels))

    def next_probabilities(sequence):
        """Depends on how many values there are and on the last one."""
        return table[len(sequence), sequence[-1]].copy()

    start, uniforms = random.integers(levels, size=3).tolist(), random.random(length)
    wanted = draw(next_probabilities, start, uniforms)
    found = np.asarray(call(answer, next_probabilities, list(start), uniforms))
    if found.shape == (length,):
        raise Wrong("give back the start as well, then one new value for each uniform number.")
    if found.shape == (length + 3,):
        best = list(start)
        for _ in range(length):
            best.append(int(next_probabilities(best).argmax()))
        if np.array_equal(found, best) and not np.array_equal(best, wanted):
            raise Wrong("this takes the likeliest value every time: the same picture for ever. Use "
                        "the uniform numbers.")
        once = [*start, *((table[3, start[-1]].cumsum()[:-1] <= u).sum() for u in uniforms)]
        if np.array_equal(found, once) and not np.array_equal(once, wanted):
            raise Wrong("every value is drawn as if it were the first: ask next_probabilities again "
                        "after each new value.")
    expect_close(found, wanted, "the next value is the number of cumulative probabilities that are "
                 "not above the uniform number; append it, then ask again.", 1e-12)


def draw(next_probabilities, start, uniforms):
    sequence = list(start)
    for uniform in uniforms:
        cumulative = np.cumsum(next_probabilities(sequence))[:-1]
        sequence.append(int((cumulative <= uniform).sum()))
    return sequence


def likeliest(next_probabilities, start, uniforms):
    sequence = list(start)
    for _ in uniforms:
        sequence.append(int(np.argmax(next_probabilities(sequence))))
    return sequence


def never_asked_again(next_probabilities, start, uniforms):
    cumulative = np.cumsum(next_probabilities(start))[:-1]
    return [*start, *((cumulative <= uniform).sum() for uniform in uniforms)]


EXERCISES = (
    Exercise(
        "04.1", "the mask of another reading order", check_mask,
        ("Draw the kernel on paper and number its pixels in the order in which they are read.",
         "All columns to the right of the centre were read before it, and none to the left.",
         "In the centre's own column, the pixels above it were read; a boolean counts as 0 or 1."),
        column_mask,
        {"read in rows": lambda size, itself: np.rot90(column_mask(size, itself)),
         "at its right edge": lambda size, itself: np.fliplr(column_mask(size, itself)),
         "upwards": lambda size, itself: np.flipud(column_mask(size, itself)),
         "looks ahead": lambda size, itself: np.flip(column_mask(size, itself)),
         "lets a pixel through": lambda size, itself: 1 - column_mask(size, itself),
         "at the centre": lambda size, itself: column_mask(size, not itself),
         "must decide": lambda size, itself: column_mask(size, False)},
    ),
    Exercise(
        "04.2", "as many blocks as the first row needs", check_blocks,
        ("A kernel of side 7 reaches 3 rows up, and the next layer starts from there.",
         "With b blocks the view reaches first_size // 2 + b·(size // 2) rows up.",
         "How far is it from the last row to the first?"),
        blocks_needed,
        {"rows above it": a_row_more, "round up": rounded_down,
         "first layer sees": without_the_first, "both directions": whole_sides},
    ),
    Exercise(
        "04.3", "a test that finds every leak and accuses no honest network", check_leak,
        ("Change one pixel j in a copy of the images, and compare the logits before and after.",
         "Which logits may move? Only those of the pixels after j in reading order.",
         "Flatten the image: .reshape(len(pixels), -1). The logits at 0 … j must be equal, j included."),
        looks_ahead,
        {"sees itself": misses_itself,
         "one pair": changes_the_last_only,
         "a tiny leak": asks_whether_close,
         "sees only what was read": any_movement,
         "very last pixel": lambda logits_of, pixels: leak(logits_of, pixels, range(pixels[0].size - 1))},
    ),
    Exercise(
        "04.4", "drawing, one value after the other", check_draw,
        ("Ask next_probabilities(sequence) for the distribution of the next value.",
         "np.cumsum(probabilities)[:-1] cuts the interval from 0 to 1 into pieces, one per level: in "
         "which piece is the uniform number?",
         "(cumulative <= uniform).sum() counts the pieces before it. Append it to the sequence and "
         "go on."),
        draw,
        {"likeliest": likeliest,
         "as if it were the first": never_asked_again,
         "give back the start": lambda ask, start, u: draw(ask, start, u)[len(start):]},
    ),
)
