"""The playground in a real browser, from a folder: the same pixels as in Python, quick, and for everybody."""

import json
import re
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

import ensgen_tutorial as eg

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")

FOLDER = Path(__file__).parents[1] / "book" / "playground"
NAMES = ["pixel_cnn", "pixel_rnn", "templates"]
WEIGHTS = [0.4, 0.35, 0.25]
DRAW = """([count, weights, kind, temperature, uniforms, given]) => {
    const readers = Members.readersOf(box, NAMES, count);
    const made = Members.draw(readers, weights, { kind, temperature, uniforms: Float64Array.from(uniforms),
        given: given && Int16Array.from(given), keep: true });
    return { pixels: Array.from(made.pixels), nats: Array.from(made.nats),
             last: Array.from(made.kept[63].pooled), answers: made.kept[40].answers.map((each) => Array.from(each)) };
}"""


@pytest.fixture(scope="module")
def page():
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1000, "height": 1400})
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("console", lambda line: line.type == "error" and page.faults.append(line.text))
        page.on("request", lambda asked: asked.url.startswith("file:") or page.faults.append(asked.url))
        page.goto((FOLDER / "index.html").as_uri())
        page.wait_for_function("document.body.dataset.milliseconds")
        yield page
        browser.close()


@pytest.fixture(scope="module")
def members():
    return [eg.load_member(f"digits/{name}") for name in NAMES]


def drawn_there(page, count, kind, uniforms, given=None, temperature=1.0):
    found = page.evaluate(DRAW, [count, WEIGHTS, kind, temperature, uniforms.ravel().tolist(),
                                 None if given is None else given.ravel().tolist()])
    return {key: np.array(value) for key, value in found.items()}


@pytest.mark.parametrize("kind", ["linear", "log"])
def test_the_same_numbers_give_the_same_pixels_as_in_python(page, members, kind):
    pool = eg.PixelPool(members, WEIGHTS, kind=kind)
    random = np.random.default_rng(5)
    uniforms = random.random((500, 64))
    wanted = pool.read(np.zeros((500, 64), int), np.zeros((500, 64), bool), uniforms)
    found = drawn_there(page, 500, kind, uniforms)
    same = (found["pixels"].reshape(500, 64) == wanted).all(axis=1)
    # A uniform number within rounding of a border may choose the next value: rarely, and never twice.
    assert same.sum() >= 499
    pixels = wanted[same].reshape(-1, 8, 8, 1)
    nats = -pool.log_likelihood(pixels)
    np.testing.assert_allclose(found["nats"][same], nats, atol=2e-3)
    probabilities = pool.pixel_probabilities(pixels)
    np.testing.assert_allclose(found["last"].reshape(500, 17)[same], probabilities[:, 7, 7, 0], atol=1e-5)
    for member, answer in zip(members, found["answers"]):
        np.testing.assert_allclose(answer.reshape(500, 17)[same], member.pixel_probabilities(pixels)[:, 5, 0, 0],
                                   atol=1e-5)


def test_a_temperature_sharpens_as_in_python(page, members):
    sharp = eg.Sharpened(eg.PixelPool(members, WEIGHTS), 0.7)
    uniforms = np.random.default_rng(6).random((100, 64))
    wanted = sharp.read(np.zeros((100, 64), int), np.zeros((100, 64), bool), uniforms)
    found = drawn_there(page, 100, "linear", uniforms, temperature=0.7)["pixels"].reshape(100, 64)
    assert (found == wanted).all(axis=1).sum() >= 99


def test_a_given_half_is_completed_as_in_python(page, members):
    digits = eg.load_images("digits").test[:50].reshape(50, 64).astype(int)
    known = np.arange(64) < 32
    uniforms = np.random.default_rng(7).random((50, 64))
    wanted = eg.PixelPool(members, WEIGHTS).read(digits, np.tile(known, (50, 1)), uniforms)
    found = drawn_there(page, 50, "linear", uniforms, np.where(known, digits, -1))["pixels"].reshape(50, 64)
    assert (found[:, :32] == digits[:, :32]).all() and (found == wanted).all(axis=1).sum() >= 49


def test_twelve_digits_are_drawn_about_as_quickly_as_in_python(page, members):
    """On a laptop 100 ms; here as a ratio, since machines differ."""
    pool = eg.PixelPool(members, WEIGHTS)
    there, here = [], []
    for _ in range(5):
        page.get_by_role("button", name="other digits").click()
        there.append(float(page.evaluate("document.body.dataset.milliseconds")) / 1000)
        started = time.perf_counter()
        pool.generate(12, seed=0)
        here.append(time.perf_counter() - started)
    assert min(there) < 12 * min(here)


def test_weights_kind_and_seed_can_be_linked_to(page):
    page.get_by_label("mixture").check()
    page.wait_for_function("location.hash.includes('kind=mixture')")
    page.locator("#w0").fill("0.9")
    page.wait_for_function("location.hash.includes('w=0.90')")
    address = page.evaluate("location.href")
    before = page.evaluate("Array.from(shown.greys)")
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_function("document.body.dataset.milliseconds")
    assert page.evaluate("Array.from(shown.greys)") == before
    assert page.get_by_label("mixture").is_checked()
    page.get_by_label("linear pool").check()


def test_keyboard_and_screen_readers_get_everything(page):
    digits = page.locator("#digits")
    digits.focus()
    before = page.locator("#responsible").inner_text()
    page.keyboard.press("ArrowRight")
    after = page.locator("#responsible").inner_text()
    assert before != after and re.search(r"PixelCNN \d+ %, PixelRNN \d+ %, templates \d+ %", after)
    assert page.locator("#opinions").get_attribute("aria-label").startswith("PixelCNN gives this grey")
    score = page.locator("#score").inner_text()
    page.locator("#pad").focus()
    page.keyboard.press("Space")
    assert page.locator("#score").inner_text() != score and "ensemble" in score
    for field in page.locator("input, button, canvas[tabindex]").all():
        assert field.evaluate("node => node.labels?.length || node.ariaLabel || node.textContent.trim()")


def test_it_is_readable_on_a_narrow_and_a_dark_screen(page):
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.emulate_media(color_scheme="dark")
    ink, ground = (page.evaluate(f"getComputedStyle(document.body).{each}") for each in ("color", "backgroundColor"))
    bright = [sum(map(int, re.findall(r"\d+", each)[:3])) for each in (ink, ground)]
    assert bright[0] > 600 > 150 > bright[1]
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1000, "height": 1400})


def test_nothing_left_the_machine_and_nothing_failed(page):
    assert page.faults == []


def test_the_exported_arrays_are_those_of_the_box_and_small(members):
    text = (FOLDER / "weights.js").read_text()
    assert len(text) < 1e6
    found = json.loads(text.removeprefix("const WEIGHTS = ").removesuffix(";\n"))
    for name, member in zip(NAMES, members):
        assert found["members"][name]["shapes"] == [list(array.shape) for array in member.learnt().values()]
    import base64

    halves = np.frombuffer(base64.b64decode(found["half"]), "<f2")
    wanted = np.concatenate([array.ravel() for member in members for array in member.learnt().values()])
    np.testing.assert_array_equal(halves, wanted.astype("<f2"))
