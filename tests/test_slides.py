"""The decks: one for each lesson, whole, by themselves, and legible on a projector."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from conftest import watched_page

pytest.importorskip("sphinx_revealjs", reason="sphinx-revealjs is not part of the default install")
sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ROOT = Path(__file__).parents[1]
LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module", params=["en", "zh"])
def slides(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("slides") / request.param
    done = subprocess.run([sys.executable, ROOT / "book" / "slides.py", "--output", folder, "--language", request.param],
                          capture_output=True, text=True)
    assert done.returncode == 0 and "WARNING" not in done.stderr, done.stderr[-2000:]
    return folder


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_every_slide_fits_and_asks_for_nothing_from_elsewhere(slides):
    faults = []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = watched_page(browser, faults, viewport={"width": 1280, "height": 720})
        for name in LESSONS:
            page.goto((slides / f"{name}.html").as_uri())
            page.wait_for_function("typeof Reveal !== 'undefined' && Reveal.isReady()")
            heights = page.evaluate("""() => { const found = [];
                for (let k = 0; k < Reveal.getTotalSlides(); k++) {
                    Reveal.slide(k); found.push(Reveal.getCurrentSlide().scrollHeight); }
                return found; }""")
            faults += [(name, k, height) for k, height in enumerate(heights) if height > 720]
            faults += [(name, "few slides")] if len(heights) < 6 else []
            faults += [(name, f"no alt: {each}") for each in page.evaluate(
                "[...document.images].filter(i => !i.alt.trim()).map(i => i.src)")]
        browser.close()
    assert faults == []


def test_a_deck_holds_what_is_looked_at_and_leaves_out_what_is_marked(tmp_path):
    spec = importlib.util.spec_from_file_location("slides", ROOT / "book" / "slides.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    picture = nbformat.v4.new_output("display_data", {"image/png": "QUJD"}, metadata={"image/png": {"alt": "a digit"}})
    cells = [nbformat.v4.new_markdown_cell("# 99 · Title\n\n**The question: why?**\n\n- this"),
             nbformat.v4.new_markdown_cell("## Section\n\nWords.\n\n$$x$$"),
             nbformat.v4.new_code_cell("1", outputs=[picture, picture]),
             nbformat.v4.new_code_cell("2", outputs=[picture], metadata={"tags": ["no-slide"]}),
             nbformat.v4.new_markdown_cell("## Exercises\n\n$$y$$")]
    titles = {"# 99 · Title": "99 · Title", "## Section": "Section", "## Exercises": "Exercises"}
    text = made.deck(nbformat.v4.new_notebook(cells=cells), "99_title", tmp_path, titles)
    assert text.split("\n\n") == ["# 99 · Title", "The question: why?", "## Title", "- this", "## Section", "$$x$$",
                                  "## Section", "![a digit](99_title_2_0.png)",
                                  "## Section", "![a digit](99_title_2_1.png)\n"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["99_title_2_0.png", "99_title_2_1.png"]
