"""What a stored result depends on: a change anywhere is seen, and what cannot be followed is named."""

import subprocess
import sys
import textwrap
import types

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

import ensgen_tutorial as eg
from ensgen_tutorial.training.fingerprint import Watched, own_text, recipe_of

STUDENT = '''
import functools
import math
import numpy as np
import helpers
from ensgen_tutorial.generators.keras_model import KerasGenerator

SCALE, TABLE, NAMES = 2.0, np.arange(3), {"a": (1, 2)}


def cached(function):
    @functools.wraps(function)
    def inner(x):
        return function(x)
    return inner


@cached
def square(x):
    return SCALE * x ** 2


def twice(x):
    return square(x) + square(x)


def shifted(by):
    return lambda x: x + by


later = shifted(3)


class Base(KerasGenerator):
    power = 2

    def losses(self, x):
        return later(twice(x)) ** self.power


class Mine(Base):
    """A generator."""

    def __init__(self, image_shape, rate=helpers.RATE):
        super().__init__()
        self.image_shape, self.rate = image_shape, rate

    @property
    def table(self):
        return TABLE + len(NAMES)

    @staticmethod
    def root(x):
        return math.sqrt(x)

    def image_losses(self, pixels, training=False):
        """ℓ"""
        total = sum(self.losses(each) for each in pixels)   # a comment
        return helpers.scaled(total) + self.root(2)
'''
HELPERS = '''
RATE, OTHER = 0.5, object()


def scaled(x):
    return 10 * x


def unused(x):
    return x
'''


@pytest.fixture
def student(monkeypatch):
    """A student's modules, from text with replacements: (name, text) pairs -> class Mine."""
    def make(old="", new=""):
        for name, text in (("helpers", HELPERS), ("student", STUDENT)):
            assert not old or old in HELPERS + STUDENT
            module = types.ModuleType(name)
            module.__file__ = f"/somewhere/{name}.py"
            monkeypatch.setitem(sys.modules, name, module)
            exec(compile(text.replace(old, new) if old else text, name, "exec"), vars(module))
        return module.Mine

    return make


@pytest.mark.parametrize("old, new", [
    ("SCALE, TABLE, NAMES = 2.0", "SCALE, TABLE, NAMES = 3.0"),
    ("np.arange(3)", "np.arange(4)"), ('"a": (1, 2)', '"a": (1, 3)'),
    ("x ** 2", "x ** 3"), ("square(x) + square(x)", "square(x) - square(x)"),
    ("x + by", "x - by"), ("shifted(3)", "shifted(4)"), ("power = 2", "power = 4"), ("later(twice(x))", "twice(x)"),
    ("math.sqrt", "math.exp"), ("10 * x", "11 * x"), ("RATE, OTHER = 0.5", "RATE, OTHER = 0.6"),
    ("len(NAMES)", "len(TABLE)"), ("self.root(2)", "self.root(3)"),
    ("return function(x)", "return -function(x)"),
])
def test_a_change_anywhere_is_seen(student, old, new):
    before, after = Watched(student()), Watched(student(old, new))
    assert before.doubts == after.doubts == []
    assert before.digest != after.digest


@pytest.mark.parametrize("old, new", [
    ("", ""), ("   # a comment", ""), ("def unused(x):\n    return x", "def unused(x):\n    return 2"),
    ("object()", "object"), ("\n\n\ndef twice", "\n\n\n\n\ndef twice")])
def test_what_changes_no_result_is_not(student, old, new):
    assert Watched(student()).digest == Watched(student(old, new)).digest


def test_it_names_what_it_watched_and_nothing_of_libraries(student):
    watched = Watched(student())
    assert {"Mine", "Base", "twice", "square", "SCALE", "TABLE", "NAMES", "later"} <= set(watched.own)
    assert not {"math", "np", "KerasGenerator", "len", "sum", "unused"} & set(watched.own)


@pytest.mark.parametrize("old, new, named", [
    ("np.arange(3)", "object()", "TABLE (object)"),
    ("np.arange(3)", "np.random.default_rng(0)", "TABLE (Generator)"),
    ('"a": (1, 2)', '"a": np.array([object()])', "NAMES['a'] (ndarray)")])
def test_what_cannot_be_followed_is_named(student, old, new, named):
    assert Watched(student(old, new)).doubts == [named]


@pytest.mark.parametrize("kind", [
    eg.PixelCNN, eg.PixelRNN, eg.VAE, eg.GAN, eg.ProgressiveGAN, eg.Denoiser, eg.StackDenoiser,
    eg.Templates, eg.IndependentPixels, eg.PixelClassifier], ids=lambda kind: kind.__name__)
def test_the_package_s_own_generators_can_be_followed(kind):
    watched = Watched(kind)
    assert watched.doubts == [] and watched.own == [] and len(watched.pieces) > 10
    assert watched.digest == Watched(kind).digest


def test_own_text_has_no_comments_and_no_docstrings():
    text = own_text(eg.PixelCNN.build_network)
    assert "MaskedConv2D(" in text and "#" not in text and '"""' not in text
    assert "raster order" not in own_text(eg.PixelCNN.complete)


def test_values_of_all_kinds_count():
    same = [1, 1.5, "a", b"a", None, (1, [2]), {"a": {1, 2}}, np.arange(3), np.float32(1), len, np.sin]
    for value in same:
        assert Watched(value).digest == Watched(value).digest and not Watched(value).doubts
    assert Watched((1, 2)).digest != Watched([1, 2]).digest
    assert Watched(np.arange(3)).digest != Watched(np.arange(3.0)).digest
    loop = []
    loop.append(loop)
    assert Watched(loop).doubts == []


class Guess(DummyClassifier):
    def predict_proba(self, X):
        return SHARE * super().predict_proba(X)


SHARE = 1.0


def test_a_classifier_of_one_s_own_is_followed_with_its_parameters(monkeypatch, tiny_images):
    def found(*arguments):
        generator = eg.PixelClassifier((4, 4, 1), 4, *arguments)
        recipe, watched = recipe_of(generator, tiny_images, {})
        assert watched.doubts == []
        return recipe["code"]

    before = found(Guess())
    assert found(Guess()) == before
    assert len({before, found(Guess(strategy="uniform")), found("random forest")}) == 3
    monkeypatch.setitem(globals(), "SHARE", 0.5)
    assert found(Guess()) != before


PROMPT = textwrap.dedent("""
    import ensgen_tutorial as eg
    import keras, numpy as np, pathlib
    from ensgen_tutorial.generators.keras_model import KerasGenerator
    SIZE = {size}
    class Constant(KerasGenerator):
        def __init__(self, image_shape):
            super().__init__()
            self.image_shape = image_shape
            self.level = self.add_weight(shape=(), name="level")
        def image_losses(self, pixels, training=False):
            return SIZE * keras.ops.mean((keras.ops.cast(pixels, "float32") - self.level) ** 2,
                                         axis=(1, 2, 3))

    pixels = np.zeros((6, 2, 2, 1), np.uint8)
    images = eg.ImageSet("tiny", 2, pixels, pixels, pixels)
    record = eg.train_generator(Constant((2, 2, 1)), images, 1, folder=pathlib.Path({folder!r}))
    print(record["loaded"])
""")


def test_a_class_at_a_prompt_is_kept_and_trained_again_when_a_constant_changes(tmp_path):
    code = "".join(PROMPT.format(size=size, folder=str(tmp_path)) for size in (1, 1, 2))
    done = subprocess.run([sys.executable, "-"], input=code, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert all("watched for changes: Constant, SIZE" in message for message in lines[::2])
    assert lines[1::2] == ["False", "True", "False"]


def test_packages_of_another_folder_are_libraries(tmp_path, monkeypatch):
    """A virtual environment may borrow packages, and PYTHONPATH may name a folder of some."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    (folder / "borrowed.py").write_text("import numpy as np\nMASKED = np.ma.masked\n\n\ndef answer():\n    return MASKED\n")
    monkeypatch.syspath_prepend(str(folder))
    import borrowed

    watched = Watched(borrowed.answer)
    assert watched.own == [] and watched.doubts == []
