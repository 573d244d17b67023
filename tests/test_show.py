"""Figures: every one has alternative text, shows once, and paints the numbers it was given."""

import io
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from ensgen_tutorial.show import curves
from ensgen_tutorial.show.curves import show_bars, show_curves, show_points
from ensgen_tutorial.show.intervals import show_intervals
from ensgen_tutorial.show.style import AltFigure
from ensgen_tutorial.show.surfaces import show_heatmap, show_simplex, show_surface
from ensgen_tutorial.show.tiles import show_images

GREY = np.linspace(0.1, 0.9, 6 * 4).reshape(6, 2, 2, 1)
COLOUR = np.linspace(0.1, 0.9, 6 * 12).reshape(6, 2, 2, 3)
LINE = np.linspace(-1, 1, 5)
WAY = np.array([[1, 1, 1], [0.9, 1.2, 0.9], [0.6, 1.5, 0.9]]) / 3
FIGURES = {
    "images": lambda **text: show_images(GREY, **text),
    "rows": lambda **text: show_images({"CNN": GREY[:2], "the ensemble": GREY}, **text),
    "curves": lambda **text: show_curves({"loss": [3.0, 1.0], "other": ([1, 5], [2, 2])}, **text),
    "bars": lambda **text: show_bars({"CNN": 81.5, "RNN": -3.25}, "nats", **text),
    "intervals": lambda **text: show_intervals({"pool": (2, 1.5, 2.5), "sum": (-1, -3, 1)}, "gain", **text),
    "heatmap": lambda **text: show_heatmap(np.eye(3), **text),
    "points": lambda **text: show_points({"CNN": (1.0, 5.0), "pairs": ([1, 2], [3, 4])}, **text),
    "simplex": lambda **text: show_simplex(bowl, ["CNN", "RNN", "VAE"], {"a path": WAY}, **text),
    "surface": lambda **text: show_surface(LINE, LINE, np.outer(LINE, LINE),
                                           {"a path": (LINE, -LINE)}, **text),
}
kinds = pytest.mark.parametrize("kind", FIGURES)


def bowl(weights):
    """Lowest in the middle of the simplex."""
    return float((weights**2).sum())


def painted(figure):
    """The figure's colours as an array (height, width, 3) of 0 … 255."""
    return np.asarray(Image.open(io.BytesIO(figure.to_png())).convert("RGB"))


def texts(figure):
    figure.canvas.draw()
    return " ".join(text.get_text() for text in figure.findobj(mpl.text.Text))


@kinds
def test_every_figure_has_alternative_text(kind):
    figure = FIGURES[kind](title="What to see")
    assert isinstance(figure, AltFigure) and figure.alt.startswith("What to see. ")
    assert figure.alt.endswith(".") and "\n" not in figure.alt
    assert len(FIGURES[kind]().alt) > 20
    assert FIGURES[kind](alt="Mine.").alt == "Mine."


@pytest.mark.parametrize("kind, says", [
    ("images", "1 row of 6 grey images of 2×2 pixels"),
    ("rows", "2 rows of 2 to 6 grey images of 2×2 pixels; rows: CNN, the ensemble"),
    ("curves", "loss from 3 at 0 to 1 at 1; other from 2 at 1 to 2 at 5"),
    ("bars", "nats: CNN 81.50, RNN −3.25"), ("heatmap", "3 rows by 3 columns, from 0 to 1"),
    ("intervals", "gain: pool 2.00 [1.50, 2.50], sum −1.00 [−3.00, 1.00]"),
    ("points", "CNN at (1, 5); pairs, 2 points from (1, 3) to (2, 4)"),
    ("surface", "path a path from (-1, 1) to (1, -1)"),
    ("simplex", "weights of CNN, RNN, VAE, from 0.3333 to 1; path a path from (0.33, 0.33, 0.33) to "
                "(0.20, 0.50, 0.30)"),
])
def test_the_alternative_text_tells_the_numbers(kind, says):
    assert says in FIGURES[kind]().alt


@kinds
def test_a_cell_s_last_line_shows_the_picture_once(kind):
    from IPython.core.displaypub import CapturingDisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell

    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(display_pub_class=CapturingDisplayPublisher)
    try:
        shell.user_ns["figure"] = figure = FIGURES[kind](title="Once")
        assert shell.run_cell("figure").success
        (shown,) = shell.display_pub.outputs
    finally:
        InteractiveShell.clear_instance()
    assert shown["metadata"] == {"image/png": {"alt": figure.alt}}
    assert shown["data"]["text/plain"] == figure.alt
    assert shown["data"]["image/png"] == figure.to_png()


@kinds
def test_a_saved_file_is_the_picture(kind, tmp_path):
    figure = FIGURES[kind](title="Kept")
    figure.savefig(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes() == figure.to_png()
    assert 300 < painted(figure).shape[1] <= 8 * 144


@kinds
def test_a_user_s_own_style_stays_and_does_not_interfere(kind):
    plain = FIGURES[kind]().to_png()
    with mpl.rc_context({"text.usetex": True, "font.family": "serif", "axes.spines.top": True,
                         "axes.unicode_minus": False, "lines.marker": "x", "axes.xmargin": 0.4,
                         "image.origin": "lower", "legend.loc": "best", "savefig.bbox": "tight",
                         "path.sketch": (1, 100, 2), "figure.facecolor": "black", "axes.facecolor": "black", "font.size": 30,
                         "xtick.labelsize": 30, "text.color": "white", "image.cmap": "jet",
                         "axes.grid": False, "savefig.dpi": 30}):
        before = dict(mpl.rcParams)
        assert FIGURES[kind]().to_png() == plain
        assert dict(mpl.rcParams) == before


def test_no_window_and_no_pyplot():
    code = """import sys, ensgen_tutorial as eg
eg.show_curves({"a": [1, 2]}).to_png()
print("matplotlib.pyplot" in sys.modules)"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          cwd=Path(curves.__file__).parents[2])
    assert done.stdout == "False\n", done.stderr


@pytest.mark.parametrize("scale", [1, 7, 20])
def test_every_pixel_is_painted_equally_large_in_its_own_grey(scale):
    picture = painted(show_images(GREY, scale=scale))
    assert (picture == picture[..., :1]).all()
    wanted = np.rint(GREY.ravel() * 255)
    for value in wanted:
        count = (np.abs(picture[..., 0] - value) <= 1).sum()
        assert count == scale**2, value


def test_colour_is_painted_as_it_is():
    picture = painted(show_images(COLOUR[:1], scale=9)).reshape(-1, 3)
    for colour in np.rint(COLOUR[0].reshape(-1, 3) * 255):
        assert (np.abs(picture - colour).max(axis=1) <= 1).sum() == 81


def test_the_grey_scale_is_the_same_everywhere():
    """A dim image stays dim, alone or beside a bright one."""
    dim = np.full((1, 2, 2, 1), 0.2)
    for images in (dim, {"dim": dim, "bright": np.ones((1, 2, 2, 1))}):
        assert (painted(show_images(images, scale=10))[..., 0] == 51).sum() >= 400


def test_gaps_lie_between_tiles():
    picture = painted(show_images(np.zeros((6, 2, 2, 1)), columns=3, scale=20))[..., 0]
    for line, tiles in ((picture[:, 12], 2), (picture[12], 3)):
        dark = np.flatnonzero(line == 0)
        runs = np.split(dark, np.flatnonzero(np.diff(dark) > 3) + 1)
        assert [len(run) for run in runs] == [40] * tiles


def test_smaller_images_are_drawn_as_large_as_the_others():
    small, large = np.full((1, 2, 2, 1), 0.2), np.full((1, 4, 4, 1), 0.6)
    picture = painted(show_images({"": small, " ": large}, scale=10))[..., 0]
    assert (picture == 51).sum() == (picture == 153).sum() == 1600
    with pytest.raises(ValueError, match="divide the largest, 4×4, and these have 3×3"):
        show_images({"a": np.zeros((1, 3, 3, 1)), "b": large})


@pytest.mark.parametrize("count", [1, 5, 12, 13, 36, 64, 100])
def test_many_images_get_several_rows(count):
    figure = show_images(np.zeros((count, 2, 2, 1)))
    (axes,) = figure.axes
    assert len(axes.images) == count
    assert painted(figure).shape[1] <= 8 * 144


def test_titles_and_row_labels_are_written():
    shown = texts(show_images(GREY, titles=list("abcdef"), columns=3, title="Six"))
    assert all(letter in shown for letter in "abcdef") and "Six" in shown
    shown = texts(show_images(GREY, titles=["x", "y", "z"], columns=3, row_labels=["top", "low"]))
    assert all(word in shown for word in ("x", "y", "z", "top", "low"))


def test_titles_do_not_overlap():
    figure = show_images(np.zeros((20, 2, 2, 1)), titles=["a quite extraordinary garment"] * 20)
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts if text.get_text()]
    assert len(boxes) == 20
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_large_photographs_fit_a_slide():
    assert painted(show_images(np.zeros((3, 300, 900, 3)))).shape[1] <= 8 * 144


@pytest.mark.parametrize("options, error, says", [
    ({"images": GREY[0]}, ValueError, r"shape \(N, H, W, 1\).*\(2, 2, 1\)"),
    ({"images": GREY[:0]}, ValueError, "shape"),
    ({"images": np.zeros((1, 2, 2, 2))}, ValueError, "not \\(1, 2, 2, 2\\)"),
    ({"images": GREY * np.nan}, ValueError, "NaN"),
    ({"images": GREY * 17}, ValueError, "to 15.3"),
    ({"images": GREY - 1}, ValueError, "from -0.9"),
    ({"images": (GREY * 16).astype(np.uint8)}, TypeError, "to_images"),
    ({"images": {}}, ValueError, "at least one row"),
    ({"images": {"mine": GREY * 17}}, ValueError, "'mine' must lie"),
    ({"images": {"mine": GREY}, "columns": 2}, ValueError, "left out"),
    ({"titles": ["a"]}, ValueError, "titles must be 6 texts, not 1"),
    ({"row_labels": ["a", "b"]}, ValueError, "row_labels must be 1 texts, not 2"),
    ({"columns": 0}, ValueError, "columns"), ({"columns": 2.0}, ValueError, "columns"),
    ({"scale": 0}, ValueError, "scale"), ({"scale": "big"}, ValueError, "scale"),
])
def test_show_images_refuses(options, error, says):
    with pytest.raises(error, match=says):
        show_images(**{"images": GREY, **options})


def test_curves_can_be_told_apart_without_colour():
    (axes,) = show_curves({f"{i}": [i, i + 1.0] for i in range(7)}).axes
    lines = axes.get_lines()
    assert len({str(line._unscaled_dash_pattern) for line in lines}) == 7
    assert len({line.get_marker() for line in lines}) == 7
    greys = [np.dot(to_rgb(line.get_color()), (0.3, 0.59, 0.11)) for line in lines]
    assert max(greys) < 0.75                     # all stand out from white


def test_the_legend_follows_the_curves_ends():
    (axes,) = show_curves({"low": [9, 1], "high": [2, 5], "middle": [0, 3]}).axes
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["high", "middle", "low"]


def test_curves_hold_the_numbers_given():
    (axes,) = show_curves({"a": (range(1, 4), [3, 2, 1]), "b": np.array([5.0, 6.0])}, "epoch",
                          "loss", log_y=True).axes
    first, second = axes.get_lines()
    assert first.get_xydata().tolist() == [[1, 3], [2, 2], [3, 1]]
    assert second.get_xydata().tolist() == [[0, 5], [1, 6]]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "loss")
    assert (axes.get_xscale(), axes.get_yscale()) == ("linear", "log")


def test_a_curve_of_one_point_is_seen():
    (axes,) = show_curves({"a": [3.0]}, markers=False).axes
    assert axes.get_lines()[0].get_marker() == "o"


@pytest.mark.parametrize("curves, options, error, says", [
    ([1, 2], {}, TypeError, "curves must be a dict"), ({}, {}, TypeError, "curves"),
    ({"a": [1, np.nan]}, {}, ValueError, "'a' must be finite"),
    ({"a": []}, {}, ValueError, "at least one"), ({"a": [[1, 2]]}, {}, ValueError, "shape"),
    ({"a": ["x"]}, {}, TypeError, "must be numbers"),
    ({"a": ([1, 2, 3], [1, 2])}, {}, ValueError, "as many x as y, not 3 and 2"),
    ({"a": [1, 0]}, {"log_y": True}, ValueError, "above 0"),
    ({"a": [1, 2]}, {"log_x": True}, ValueError, "the x of curve 'a'"),
])
def test_show_curves_refuses(curves, options, error, says):
    with pytest.raises(error, match=says):
        show_curves(curves, **options)


def test_bars_begin_at_zero_and_say_their_values():
    figure = show_bars({"a": 2, "b": -1}, errors={"a": 0.5}, digits=1, highlight="b")
    (axes,) = figure.axes
    assert [bar.get_width() for bar in axes.patches] == [2, -1]
    assert [bar.get_x() for bar in axes.patches] == [0, 0]
    assert len({bar.get_hatch() for bar in axes.patches}) == 2       # seen without colour
    assert axes.get_ylim()[0] > axes.get_ylim()[1]                   # the first on top
    assert "2.0 ± 0.5" in texts(figure) and "−1.0" in texts(figure)


def test_values_beside_bars_stay_inside():
    figure = show_bars({"a long label": 1234.5678, "b": -8.25}, errors={"a long label": 100})
    figure.canvas.draw()
    (axes,) = figure.axes
    for text in axes.texts:
        box = text.get_window_extent()
        assert axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1 + 1


def test_a_long_axis_label_is_broken_and_stays_inside():
    figure = show_bars({"a rather long label of a bar": 1, "b": 2}, "a label that is longer than the axis " * 2)
    figure.to_png()
    label = figure.axes[0].xaxis.label
    box = label.get_window_extent()
    assert "\n" in label.get_text() and box.x0 >= 0 and box.x1 <= figure.bbox.width and box.y0 >= 0
    figure = show_curves({"a": [1, 2]}, "x", "a label that is longer than the axis " * 2)
    figure.to_png()
    box = figure.axes[0].yaxis.label.get_window_extent()
    assert "\n" in figure.axes[0].get_ylabel() and box.y0 >= 0 and box.y1 <= figure.bbox.height and box.x0 >= 0
    short = show_bars({"a": 1}, "nats")
    short.to_png()
    assert short.axes[0].get_xlabel() == "nats"


def test_an_axis_that_does_not_begin_at_zero_has_no_bars():
    (axes,) = show_bars({"a": 82, "b": 79}, start=78).axes
    assert not axes.patches and axes.get_xlim()[0] == 78


@pytest.mark.parametrize("values, options, error, says", [
    ({}, {}, TypeError, "at least one label"), ([1], {}, TypeError, "dict"),
    ({"a": np.inf}, {}, ValueError, "infinity"), ({"a": None}, {}, (TypeError, ValueError), "num"),
    ({"a": 1}, {"highlight": "b"}, ValueError, "'b' is not one"),
    ({"a": 1}, {"errors": {"c": 1}}, ValueError, "'c' is not one"),
    ({"a": 1}, {"errors": {"a": -1}}, ValueError, "0 or more"),
    ({"a": 1}, {"start": 2}, ValueError, "start"),
])
def test_show_bars_refuses(values, options, error, says):
    with pytest.raises(error, match=says):
        show_bars(values, **options)


def test_an_interval_s_mark_says_which_side_of_the_line_it_is_on():
    figure = show_intervals({"above": (2, 1, 3), "below": (-2, -3, -1), "neither": (0.5, -1, 2)})
    marks = {int(line.get_ydata()[0]): line.get_marker() for line in figure.axes[0].get_lines()
             if len(line.get_xdata()) == 1}
    assert marks == {0: "o", 1: "X", 2: "s"}
    moved = show_intervals({"above": (2, 1, 3)}, line=5).axes[0].get_lines()
    assert "X" in [line.get_marker() for line in moved]
    with pytest.raises(ValueError, match="low ≤ value ≤ high"):
        show_intervals({"a": (1, 2, 3)})
    with pytest.raises(ValueError, match="finite"):
        show_intervals({"a": (1, 0, np.inf)})


def test_a_small_heat_map_has_its_numbers_and_names():
    figure = show_heatmap([[0.25, -1], [3, 4]], ticks=["CNN", "RNN"], label="gain", digits=1)
    shown = texts(figure)
    assert all(word in shown for word in ("0.2", "−1.0", "3.0", "4.0", "CNN", "RNN", "gain"))
    assert figure.axes[0].images[0].get_cmap().name == "viridis"
    assert not show_heatmap(np.zeros((28, 28))).axes[0].texts
    blank = show_heatmap([[0, -5], [3, -5]], blank=-5)
    assert len(blank.axes[0].texts) == 2 and blank.axes[0].images[0].norm.vmin == 0


@pytest.mark.parametrize("matrix, options, says", [
    ([1, 2], {}, "2 axes.*\\(2,\\)"), ([[np.nan]], {}, "NaN"), (np.zeros((0, 2)), {}, "at least"),
    (np.eye(2), {"x_ticks": ["a"]}, "x_ticks must be 2 names, not 1"),
    (np.zeros((2, 3)), {"ticks": ["a", "b"]}, "x_ticks must be 3"),
])
def test_show_heatmap_refuses(matrix, options, says):
    with pytest.raises(ValueError, match=says):
        show_heatmap(matrix, **options)


def test_points_hold_the_numbers_given_and_their_names():
    figure = show_points({"CNN": (1, 5), "RNN": (2, 6), "pairs": ([1, 2], [3, 4]), "threes": ([1, 2], [4, 5])},
                         "own", "gain", errors={"CNN": (0.1, 0.2)})
    (axes,) = figure.axes
    drawn = {line.get_label(): line.get_xydata().tolist() for line in axes.get_lines()}
    assert drawn["CNN"] == [[1, 5]] and drawn["pairs"] == [[1, 3], [2, 4]]
    assert [text.get_text() for text in axes.texts] == ["CNN", "RNN"]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["pairs", "threes"]
    assert show_points({"CNN": (1, 5), "pairs": ([1, 2], [3, 4])}).axes[0].get_legend() is None
    assert len({line.get_marker() for line in axes.get_lines() if len(line.get_xdata())}) >= 3
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("own", "gain")


def test_names_of_near_points_do_not_overlap_and_stay_inside():
    near = {f"member {j}": (80 + 0.02 * j, 1.0) for j in range(4)} | {"far away": (84, 1.2)}
    figure = show_points(near)
    figure.canvas.draw()
    (axes,) = figure.axes
    boxes = [mpl.text.Text.get_window_extent(text) for text in axes.texts]     # without lines
    assert len(boxes) == 5
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert all(axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1 for box in boxes)


@pytest.mark.parametrize("points, options, error, says", [
    ([1, 2], {}, TypeError, "points must be a dict"), ({"a": 3}, {}, TypeError, "a pair"),
    ({"a": (1, [2, 3])}, {}, ValueError, "two numbers or two arrays"),
    ({"a": ([1], [2, 3])}, {}, ValueError, "points 'a' must have as many x as y, not 1 and 2"),
    ({"a": (1, np.nan)}, {}, ValueError, "finite"),
    ({"a": (0, 1)}, {"log_x": True}, ValueError, "above 0"),
    ({"a": (1, 1)}, {"errors": {"b": (1, 1)}}, ValueError, "'b' is not one"),
])
def test_show_points_refuses(points, options, error, says):
    with pytest.raises(error, match=says):
        show_points(points, **options)


def test_a_path_that_diverges_is_cut_off_outside():
    steps = 1.5 * (-1.5) ** np.arange(500)
    figure = show_surface(LINE, LINE, np.outer(LINE, LINE), {"too fast": (steps * 0, steps)})
    line = figure.axes[0].get_lines()[0]
    assert len(line.get_xdata()) < 5
    assert figure.axes[0].get_ylim() == (-1, 1)
    assert not any(line.get_marker() == "*" for line in figure.axes[0].get_lines()
                   if np.abs(line.get_ydata()).max() < 1)
    assert len(figure.to_png()) > 1000


def test_paths_hold_the_points_given():
    line = FIGURES["surface"]().axes[0].get_lines()[0]
    assert np.array_equal(line.get_xydata(), np.stack([LINE, -LINE], axis=1))


@pytest.mark.parametrize("z, options, says", [
    (np.zeros((5, 4)), {}, r"\(5, 5\).*not \(5, 4\)"), (np.full((5, 5), np.nan), {}, "NaN"),
    (np.eye(5), {"x": LINE[::-1]}, "increase"),
    (np.eye(5), {"paths": {"p": ([1, 2], [1])}}, "path 'p'.*2 and 1"),
    (np.eye(5), {"paths": {"p": ([1], [np.inf])}}, "path 'p' must be finite"),
    (np.eye(5), {"paths": {"p": ([1], [1], [1])}}, "a pair"),
])
def test_show_surface_refuses(z, options, says):
    with pytest.raises(ValueError, match=says):
        show_surface(**{"x": LINE, "y": LINE, "z": z, **options})


def test_a_flat_surface_can_be_drawn():
    assert len(show_surface(LINE, LINE, np.zeros((5, 5))).to_png()) > 1000


def test_a_simplex_has_a_member_at_each_corner_with_its_own_loss():
    figure = show_simplex(lambda weights: weights @ [1.0, 2.0, 4.5], ["CNN", "RNN", "VAE"],
                          {"corners": np.eye(3), "middle": np.full((1, 3), 1 / 3)})
    assert all(text in texts(figure) for text in ("CNN\n1.00", "RNN\n2.00", "VAE\n4.50"))
    (corners, *_), axes = figure.axes[0].get_lines(), figure.axes[0]
    np.testing.assert_allclose(corners.get_xydata(), [[0, 0], [1, 0], [0.5, 0.75**0.5]])
    middle = next(line for line in axes.get_lines() if line.get_label() == "middle")
    np.testing.assert_allclose(middle.get_xydata(), corners.get_xydata().mean(axis=0)[None])
    assert axes.get_aspect() == 1                        # all three sides equally long


@pytest.mark.parametrize("options, says", [
    ({"corners": ["a", "b"]}, "three names, not 2"), ({"paths": {"p": np.eye(4)}}, "path 'p'.*three"),
    ({"paths": {"p": np.ones((2, 3))}}, "path 'p'.*sum to 1"), ({"loss": lambda w: np.inf}, "finite"),
    ({"paths": {"p": [[2, -1, 0]]}}, "path 'p'"),
])
def test_show_simplex_refuses(options, says):
    with pytest.raises(ValueError, match=says):
        show_simplex(**{"loss": bowl, "corners": "abc", **options})
