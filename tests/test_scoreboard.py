"""The running table: measured, kept, sorted, and safe against damage."""

import numpy as np
import pytest

from ensgen_tutorial import (
    Generator,
    Mixture,
    add_to_table,
    frechet_distance,
    kernel_distance,
    load_classifier,
    load_images,
    load_member,
)
from ensgen_tutorial.course.scoreboard import DRAWN, REAL


class RealImages(Generator):
    """Draws real images, which is as good as it gets."""

    image_shape, levels = (8, 8, 1), 17

    def generate(self, count, seed=None):
        images = load_images("digits")
        chosen = np.random.default_rng(seed).integers(0, len(images.train), count)
        return images.to_images(images.train[chosen])


@pytest.fixture(autouse=True)
def own_store(tmp_path, monkeypatch):
    monkeypatch.setenv("ENSGEN_STORE", str(tmp_path))
    return tmp_path


def test_a_line_holds_what_was_measured_and_stays_for_the_next_one(own_store):
    digits, rnn = load_images("digits"), load_member("digits/pixel_rnn")
    add_to_table("looked up", RealImages(), digits, seconds=0)
    table = add_to_table("PixelRNN", rnn, digits, seconds=22)
    line = table.lines["PixelRNN"]
    assert line["parameters"] == rnn.count_params() and line["seconds"] == 22
    assert line["nats"] == pytest.approx(-rnn.log_likelihood(digits.test).mean())
    classifier = load_classifier("digits")
    features = [classifier.features(pixels) for pixels in (
        digits.test, digits.to_pixels(rnn.generate(DRAWN, seed=0)))]
    assert line["frechet"] == pytest.approx(frechet_distance(*features))
    assert line["kernel"] == pytest.approx(kernel_distance(*features))
    assert 0 < line["drawing"] < 5
    assert table.lines["looked up"]["nats"] is None

    text = repr(table)
    assert [row[0] for row in table.rows()] == [REAL, "PixelRNN", "looked up"]
    assert "22" in text and "do not say how probable a picture is: looked up." in text
    assert "<td style='text-align:left'>PixelRNN</td>" in table._repr_html_()
    assert len(list(own_store.glob("table-digits-*.json"))) == 1


def test_the_same_name_again_replaces_its_line_and_damage_is_set_aside(own_store):
    digits = load_images("digits")
    add_to_table("looked up", RealImages(), digits, seconds=1)
    again = add_to_table("looked up", RealImages(), digits, seconds=2)
    assert len(again.lines) == 2 and again.lines["looked up"]["seconds"] == 2
    path, = own_store.glob("table-*.json")
    for damage in ("{", "[1]", '{"a": {"b": 1}}'):
        path.write_text(damage)
        assert set(add_to_table("new", RealImages(), digits, 0).lines) == {REAL, "new"}
    assert len(list(own_store.glob("*.set-aside-*"))) == 3


def test_an_ensemble_has_its_members_parameters_and_nats_if_they_have(own_store):
    digits, rnn = load_images("digits"), load_member("digits/pixel_rnn")
    table = add_to_table("one", Mixture([rnn, rnn]), digits, seconds=1)
    table = add_to_table("none", Mixture([rnn, RealImages()]), digits, seconds=1)
    assert table.lines["one"]["parameters"] == rnn.count_params()
    assert table.lines["one"]["nats"] == pytest.approx(-rnn.log_likelihood(digits.test).mean())
    assert table.lines["none"]["parameters"] is table.lines["none"]["nats"] is None


def test_a_store_that_cannot_be_written_costs_a_warning(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ENSGEN_STORE", str(tmp_path / "file"))
    with pytest.warns(UserWarning, match="running table could not be kept.*ENSGEN_STORE"):
        table = add_to_table("looked up", RealImages(), load_images("digits"), seconds=1)
    assert set(table.lines) == {REAL, "looked up"}


def test_other_images_are_refused():
    with pytest.raises(ValueError, match="fashion|28"):
        add_to_table("looked up", load_member("fashion_mnist/gan"), load_images("digits"), 0)
    with pytest.raises(TypeError, match="ImageSet"):
        add_to_table("looked up", RealImages(), np.zeros((2, 8, 8, 1)), 0)
