"""A folder of your own pictures as an ImageSet."""

import os
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

from ..checks import check_whole
from ..machine.output import say
from .image_set import SPLITS, ImageSet
from .picture import read_picture

NO_FORMAT = "not in a picture format that Pillow reads"


def load_folder(folder, size, channels=1, levels=256, seed=0, report=say):
    """Load the pictures in a folder and its subfolders as an ImageSet named after the folder.

    Every format that Pillow reads by itself is read; what is transparent becomes white, and 16 bits
    are scaled down to 8. Where all pictures lie in subfolders, the names of these are the classes,
    sorted, and each picture has its subfolder's label, as in
    keras.utils.image_dataset_from_directory. Where some pictures lie outside, all are read and
    none has a label. Hidden files, links to folders, and what is not a picture are skipped.

    size: (H, W) in pixels; pictures may be of any size, as each is cut to this aspect around its
    centre and resized. channels: 1 for grey, 3 for colour. levels: 2 to 256. seed: of the order,
    sorted by name and then shuffled, which is cut into 80 % train, 10 % validation and 10 % test,
    at least one each. report: what to call with the one line that says how many pictures were
    read, how many occur in more than one split, and what was skipped.

    Raises FileNotFoundError or NotADirectoryError for the folder, ValueError for the other
    arguments, fewer than three pictures, and broken ones, which it names.
    """
    shape = _check_shape(size, channels)
    levels = check_whole(levels, "levels", 2, 256)
    seed = check_whole(seed, "seed", 0)
    folder = _check_folder(folder)
    files, skipped = _files_in(folder)
    pictures = _read_pictures(folder, files, shape, skipped)
    if len(pictures) < 3:
        raise ValueError(f"{folder} must hold at least 3 pictures, one each to train on, validate "
                         f"and test, and holds {len(pictures) or 'none'}{_count(skipped)}.")
    order = np.random.default_rng(seed).permutation(len(pictures))
    held_out = max(1, len(order) // 10)
    cuts = [-2 * held_out, -held_out]
    splits = np.split(np.stack([*pictures.values()])[order], cuts)
    classes, labels, note = _find_classes([path.relative_to(folder).parts for path in pictures])
    if labels is not None:
        splits += np.split(labels[order], cuts)
    splits = dict(zip([*SPLITS, *(f"{split}_labels" for split in SPLITS)], splits))
    images = ImageSet(folder.resolve().name, 256, classes=classes, **splits).with_levels(levels)
    report(f"{images.name}: {len(order):,} pictures read{note}{_twins(images)}{_count(skipped)}.")
    return images


def _check_shape(size, channels):
    sides = tuple(size) if np.iterable(size) else ()
    if len(sides) != 2:
        raise ValueError(f"size must be (height, width), not {size!r}.")
    height, width = (check_whole(side, f"{name} in size", most=4096)
                     for side, name in zip(sides, ("height", "width")))
    if (channels := check_whole(channels, "channels")) not in (1, 3):
        raise ValueError(f"channels must be 1 (grey) or 3 (colour), not {channels}.")
    return height, width, channels


def _check_folder(folder):
    folder = Path(folder).expanduser()
    if not folder.exists():
        raise FileNotFoundError(f"There is no folder {folder}.")
    if not folder.is_dir():
        raise NotADirectoryError(f"folder must be a folder of pictures, and {folder} is a file.")
    return folder


def _files_in(folder):
    """The regular files, sorted by folder and name; and what is skipped: reason -> paths."""
    files, skipped = [], defaultdict(list)

    def unreadable(error):
        skipped["unreadable"].append(Path(error.filename))

    for place, subfolders, names in os.walk(folder, onerror=unreadable):
        for path in (Path(place, name) for name in subfolders + names):
            if reason := _reason_to_skip(path):
                skipped[reason].append(path)
            elif path.is_file():
                files.append(path)
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
    return sorted(files, key=lambda path: path.relative_to(folder).parts), skipped


def _reason_to_skip(path):
    if path.name.startswith("."):
        return "hidden"
    if os.path.isdir(path):                  # a link may lead round in a circle
        return "only a link to a folder" if path.is_symlink() else None
    if not os.path.isfile(path):             # a pipe waits for somebody to write into it
        return "neither a file nor a folder"
    return None


def _read_pictures(folder, files, shape, skipped):
    """A dict path -> pixels (H, W, C); what is not a picture is added to ``skipped``."""
    from tqdm.auto import tqdm

    pictures, broken = {}, []
    seen = sys.stderr is not None and (sys.stderr.isatty() or "ipykernel" in sys.modules)
    for path in tqdm(files, "Reading pictures", delay=3, leave=False, disable=not seen):
        try:
            pixels = read_picture(path, *shape)
        except Exception as error:           # Pillow's readers raise all kinds for broken files
            broken.append(f"{path.relative_to(folder)} ({error})")
            continue
        if pixels is None:
            skipped[NO_FORMAT].append(path)
        else:
            pictures[path] = pixels
    if broken:
        more = f" and {len(broken) - 5} more" if len(broken) > 5 else ""
        raise ValueError(f"These files of {folder} cannot be read as pictures, so mend or remove "
                         f"them: {'; '.join(broken[:5])}{more}.")
    return pictures


def _find_classes(places):
    """Classes, labels (N,) and a note for the report, from each picture's folders and name."""
    outside = sum(len(parts) == 1 for parts in places)
    if outside:
        inside = outside < len(places)
        note = f" (no classes, as {outside:,} of them lie outside the subfolders)"
        return None, None, note * inside
    classes, labels = np.unique([parts[0] for parts in places], return_inverse=True)
    return classes.tolist(), labels, f" ({len(classes)} class{'es' * (len(classes) > 1)})"


def _twins(images):
    """For the report: how many pictures have the same pixels in two splits, if any."""
    train, validation, test = ({image.tobytes() for image in getattr(images, split)}
                               for split in SPLITS)
    twins = len(train & validation | train & test | validation & test)
    return f"; {twins:,} of them occur{'s' * (twins == 1)} in more than one split" if twins else ""


def _count(skipped):
    """For the report: how many files were skipped and why, if any."""
    if not skipped:
        return ""
    reasons = []
    for reason, paths in sorted(skipped.items()):
        names = sorted({(path.suffix if reason == NO_FORMAT else "") or path.name
                        for path in paths})
        reasons.append(f"{len(paths):,} {reason} ({', '.join(names[:5])}"
                       f"{', …' * (len(names) > 5)})")
    return f"; {sum(map(len, skipped.values())):,} skipped: {', '.join(reasons)}"
