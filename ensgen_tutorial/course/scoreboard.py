"""The running table: one line per generator, computed where a lesson ends, kept for later lessons."""

import html
import json
import time
import warnings

from ..data.image_set import ImageSet
from ..machine.store import set_aside, store_folder, write_whole
from ..measures.distances import frechet_distance, kernel_distance, real_against_real
from ..measures.scoring import count_parameters, mean_nats
from ..zoo.box import load_classifier, member_record

DRAWN = 500                 # images drawn for the distances; digits have 447 test images
TIMED = 64                  # images drawn for the drawing time
REAL = "real images"
COLUMNS = ("generator", "parameters", "training, s", "test nats/image", "Fréchet distance",
           "kernel distance", f"drawing {TIMED}, s")


class Table:
    """Lines of generators over one data set; shows itself as a table in a notebook or as text."""

    def __init__(self, images, lines):
        self.images, self.lines = images, lines

    def rows(self):
        """The cells in words: a list of lists, as wide as COLUMNS; the best nats come first."""
        lines = sorted(self.lines.items(), key=lambda item: order(*item))
        return [[name, *cells(line)] for name, line in lines]

    def notes(self):
        """What the dashes and the signs mean: a list of sentences."""
        notes = [f"Distances between features of the {self.images.name} classifier, "
                f"{DRAWN} drawn images against all test images; for {REAL}, half of the test "
                "images against the other half."]
        if any(line["bound"] for line in self.lines.values()):
            notes.append("≤: a bound, the likelihood itself is better or equal.")
        silent = [name for name, line in self.lines.items() if line["nats"] is None and name != REAL]
        return notes + ([f"No nats, since they do not say how probable a picture is: {', '.join(silent)}."]
                        if silent else [])

    def __repr__(self):
        rows = [list(COLUMNS), *self.rows()]
        widths = [max(map(len, column)) for column in zip(*rows)]
        lines = ["  ".join(cell.ljust(w) if i == 0 else cell.rjust(w)
                           for i, (cell, w) in enumerate(zip(row, widths))) for row in rows]
        return "\n".join([*lines, *self.notes()])

    def _repr_html_(self):
        def line(cells, tag):
            return "<tr>" + "".join(
                f"<{tag} style='text-align:{'left' if i == 0 else 'right'}'>{html.escape(cell)}"
                f"</{tag}>" for i, cell in enumerate(cells)) + "</tr>"

        body = "".join(line(row, "td") for row in self.rows())
        notes = "<br>".join(map(html.escape, self.notes()))
        return (f"<table><thead>{line(COLUMNS, 'th')}</thead><tbody>{body}</tbody></table>"
                f"<p><small>{notes}</small></p>")


def add_to_table(name, generator, images, seconds):
    """Measure a generator and write its line into the running table of its data set.

    name: of the line; the same name again replaces it. generator: a trained Generator. images: the
    ImageSet whose test split counts. seconds: what its training took. Returns the whole Table.

    Measured are: parameters, test nats/image, Fréchet distance (Heusel et al. 2017) and kernel
    distance (Bińkowski et al. 2018) between classifier features of 500 drawn and all test images,
    and the seconds to draw 64 images (median of three).
    """
    if not isinstance(images, ImageSet):
        raise TypeError(f"images must be an ImageSet, not a {type(images).__name__}.")
    if generator.image_shape != images.image_shape:
        raise ValueError(f"{name} draws images of {generator.image_shape}, and {images.name} has "
                         f"{images.image_shape}.")
    classifier = load_classifier(images.name)
    real = classifier.features(images.test)
    # Other images or another classifier: other distances, another table.
    measured_by = images.digest[:8] + member_record(f"{images.name}/classifier")["sha256"][:8]
    path = store_folder() / f"table-{images.name}-{measured_by}.json"
    lines = read(path)
    lines[REAL] = empty() | {
        "frechet": real_against_real(real, frechet_distance, seed=0),
        "kernel": real_against_real(real, kernel_distance, seed=0),
    }
    drawn = classifier.features(images.to_pixels(generator.generate(DRAWN, seed=0)))
    scores = hasattr(generator, "log_likelihood")
    lines[name] = empty() | {
        "nats": mean_nats(generator, images.test) if scores else None,
        "bound": scores and not generator.exact,
        "parameters": count_parameters(generator), "seconds": seconds,
        "frechet": frechet_distance(real, drawn), "kernel": kernel_distance(real, drawn),
        "drawing": drawing_seconds(generator),
    }
    write(path, lines)
    return Table(images, lines)


def empty():
    return dict.fromkeys(("parameters", "seconds", "nats", "frechet", "kernel", "drawing"),
                         None) | {"bound": False}


def drawing_seconds(generator):
    """Seconds to draw 64 images: the shortest of three times, since other work can only add to them."""
    times = []
    for seed in range(3):
        started = time.perf_counter()
        generator.generate(TIMED, seed=seed)
        times.append(time.perf_counter() - started)
    return min(times)


def order(name, line):
    """Real images first, then by nats, and after them by Fréchet distance."""
    return (name != REAL, line["nats"] is None, line["nats"] or line["frechet"])


def cells(line):
    """One line's numbers in words."""
    sign = "≤ " if line["bound"] else ""
    return [text(line["parameters"], ","), text(line["seconds"], ".0f"),
            sign + text(line["nats"], ".2f"), text(line["frechet"], ".2f"),
            text(line["kernel"], ".3f"), text(line["drawing"], ".3f")]


def text(value, form):
    return "–" if value is None else format(value, form)


def read(path):
    """The lines that are kept: a dict name -> dict; a damaged file is set aside."""
    try:
        lines = json.loads(path.read_text(encoding="utf-8"))
        if all(line.keys() == empty().keys() for line in lines.values()):
            return lines
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (ValueError, AttributeError):
        pass
    set_aside(path)
    return {}


def write(path, lines):
    """Keep the lines, or say in a warning why not."""
    try:
        write_whole(path, lambda file: file.write(json.dumps(lines, indent=1).encode()))
    except OSError as error:
        warnings.warn(f"The running table could not be kept ({error.strerror or error}): set "
                      "ENSGEN_STORE to a folder that can be written.", stacklevel=3)
