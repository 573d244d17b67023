"""The site, built from the committed lessons, in a real browser: whole, by itself, and for everybody."""

import re
import shutil
import subprocess
import sys
import time
import urllib.parse
from pathlib import Path

import pytest
from conftest import watched_page

pytest.importorskip("myst_nb", reason="myst-nb is not part of the default install")
sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

ROOT = Path(__file__).parents[1]
LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
TEACHERS = ["teachers", *(f"teach_{path.stem}" for path in sorted((ROOT / "book" / "teachers").glob("[0-9]*.md")))]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "book"
    started = time.monotonic()
    done = subprocess.run([sys.executable, ROOT / "book" / "build.py", "--output", folder], capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "ERROR" not in done.stderr, done.stderr[-3000:]
    assert time.monotonic() - started < 240                 # 22 s on an idle machine
    return folder


def test_every_lesson_and_every_public_name_has_its_place(site):
    from ensgen_tutorial import __all__ as names

    pages = {path.stem for path in site.glob("*.html")}
    assert {"index", "reference", "search", *LESSONS, *TEACHERS} <= pages
    text = (site / "reference.html").read_text(encoding="utf-8")
    missing = [name for name in names if not re.search(rf'id="ensgen_tutorial\.[\w.]+\.{name}"', text)]
    assert missing == []
    assert (site / "playground" / "index.html").exists()


def pages_of(site):
    """All pages, in English and in Chinese."""
    return [*site.glob("*.html"), *(site / "zh").glob("*.html")]


def test_every_lesson_has_a_chinese_page_and_each_leads_to_the_other(site):
    for name in ("index", "search", *LESSONS):
        english, chinese = ((folder / f"{name}.html").read_text(encoding="utf-8") for folder in (site, site / "zh"))
        assert f'href="zh/{name}.html">中文<' in english and f'href="../{name}.html">English<' in chinese
        assert '<html lang="zh' in chinese.lower() and '<html lang="en' in english
    chinese = (site / "zh" / "10_weighted_sum.html").read_text(encoding="utf-8")
    assert "加权和" in chinese and "意见池" in chinese


def test_no_page_asks_for_anything_from_elsewhere(site):
    found = []
    for path in pages_of(site):
        for tag in re.findall(r"<(?:script|link|img|iframe|source)\b[^>]*>", path.read_text(encoding="utf-8")):
            if re.search(r"""(?:src|href)=["']?(?:https?:)?//""", tag) and "canonical" not in tag:
                found.append((path.name, tag))
    assert found == []


def test_no_link_inside_the_site_is_broken(site):
    broken = []
    for path in pages_of(site):
        text = path.read_text(encoding="utf-8")
        for target in re.findall(r"""<a\b[^>]*href=["']([^"']+)""", text):
            place, _, anchor = urllib.parse.unquote(target).partition("#")
            if re.match(r"\w+:", place):
                continue
            file = path if not place else (path.parent / place)
            if not file.exists():
                broken.append((path.name, target))
            elif anchor and file.suffix == ".html" and not re.search(
                    rf"""id=["']{re.escape(anchor)}["']""", file.read_text(encoding="utf-8")):
                broken.append((path.name, target))
    assert broken == []


def unusable(browser, site):
    """What axe-core calls a serious fault (WCAG 2.1 AA) of some pages of each kind, by day and by night."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for scheme in ("light", "dark"):
        page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme=scheme,
                                reduced_motion="reduce")
        for name in ("index", "search", "teach_10", "10_weighted_sum", "zh/10_weighted_sum", "playground/index"):
            page.goto((site / f"{name}.html").as_uri())
            page.wait_for_load_state()
            page.wait_for_timeout(500)                       # colours still change while a page turns dark
            found = axe.run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]})
            yield from ((scheme, name, fault["id"], fault["nodes"][0]["html"][:200])
                        for fault in found.response["violations"] if fault["impact"] in ("serious", "critical"))


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_every_page_in_a_browser(site):
    """No request leaves, no error, formulas drawn, pictures described, readable on a telephone."""
    faults = []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = watched_page(browser, faults, viewport={"width": 390, "height": 800})
        for name in ("index", "reference", *LESSONS, *TEACHERS, "zh/index", *(f"zh/{lesson}" for lesson in LESSONS)):
            page.goto((site / f"{name}.html").as_uri())
            page.wait_for_load_state()
            if page.evaluate("document.documentElement.scrollWidth") > 391:
                faults.append((name, "wider than a telephone"))
            faults += [(name, f"no alt: {each}") for each in page.evaluate(
                "[...document.querySelectorAll('.bd-article img')].filter(i => !i.alt.trim()).map(i => i.src)")]
            faults += [(name, f"a formula of no size: {each}") for each in page.evaluate(
                "[...document.querySelectorAll('.bd-article math')].filter(m => m.getBoundingClientRect().width < 2)"
                ".map(m => m.textContent)")]
            left = page.evaluate(r"""[...document.querySelectorAll('.bd-article p, .bd-article li, .bd-article td')]
                .filter(e => /\$[^$]*\\[a-z]+|\\(?:frac|sum|mathrm)\b/.test(e.innerText)).map(e => e.innerText.slice(0, 80))""")
            faults += [(name, f"a formula is left as text: {each}") for each in left]
            if name.rpartition("/")[2][:2] in ("00", "10"):
                page.locator("iframe.playground").scroll_into_view_if_needed()
                page.frame_locator("iframe.playground").get_by_text("Twelve digits").wait_for()
        faults += unusable(browser, site)
        formulas = page.goto((site / "10_weighted_sum.html").as_uri()) and page.locator("math").count()
        browser.close()
    assert faults == [] and formulas > 20
