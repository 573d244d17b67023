"""One's own picture, enlarged: from a file or an array, in grey or colour, and from the command line."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import ensgen_tutorial as eg
from ensgen_tutorial.__main__ import main


def photograph(height=60, width=90):
    return eg.load_photographs("test")["flower"][100:100 + height, 200:200 + width]


@pytest.mark.parametrize("scale", [2, 4])
def test_an_enlarged_picture_is_nearer_to_the_truth_than_bicubic(scale):
    truth = photograph(120, 160)
    small = eg.resized(truth, 1 / scale)
    found = eg.super_resolve(small, scale, progress="quiet")
    assert found.shape == truth.shape and found.dtype == np.uint8
    assert eg.psnr(truth / 255, found / 255) > eg.psnr(truth / 255, eg.resized(small, scale) / 255) + 0.3


def test_grey_pictures_stay_grey(tmp_path):
    grey = eg.luminance(photograph())
    found = eg.super_resolve(grey[..., 0], progress="quiet")
    assert found.shape == (120, 180, 1)
    np.testing.assert_array_equal(found, eg.super_resolve(grey, progress="quiet"))


def test_a_file_is_written_beside_or_where_one_says(tmp_path, capsys):
    Image.fromarray(photograph()).save(tmp_path / "my.png")
    assert main(["super-resolve", str(tmp_path / "my.png")]) == 0
    assert "my-x2.png: 180×120 pixels" in capsys.readouterr().out
    with Image.open(tmp_path / "my-x2.png") as written:
        found = np.asarray(written)
    np.testing.assert_array_equal(found, eg.super_resolve(photograph(), progress="quiet"))
    assert main(["super-resolve", str(tmp_path / "my.png"), "--output", str(tmp_path / "o.jpg"), "--scale", "4"]) == 0
    assert Image.open(tmp_path / "o.jpg").size == (360, 240)


def test_what_cannot_be_enlarged_is_told(tmp_path, capsys):
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "notes.txt").write_text("no picture")
    for path, message in (("text.png", "cannot identify"), ("notes.txt", "not a picture"), ("missing.png", "No such file")):
        assert main(["super-resolve", str(tmp_path / path)]) == 2
        assert message in capsys.readouterr().err
    assert main(["super-resolve", str(tmp_path / "text.png"), "--scale", "3"]) == 2
    assert "scale must be one of 2, 4" in capsys.readouterr().err
    for wrong in (np.zeros((4, 4, 3)), np.zeros((4, 4, 4), np.uint8), np.zeros((2, 4, 4, 3), np.uint8)):
        with pytest.raises(ValueError, match="uint8"):
            eg.super_resolve(wrong)


CODE = """
import resource, numpy as np, ensgen_tutorial as eg
eg.super_resolve(np.zeros((64, 64, 3), np.uint8), progress="quiet")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
picture = np.kron(np.random.default_rng(0).integers(0, 256, (75, 100, 3)), np.ones((8, 8, 1))).astype(np.uint8)
eg.super_resolve(picture, progress="quiet")
print(before / 2**20, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss has other units elsewhere")
def test_memory_grows_with_the_result_only():
    """Half a megapixel becomes two, in tiles."""
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    before, after = map(float, done.stdout.split())
    assert after - before < 0.2                                             # GiB
