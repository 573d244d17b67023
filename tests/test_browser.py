"""A lesson in a real browser: JupyterLab on loopback, headless Chromium, a slider that moves."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
                None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
TOKEN = "a-token-for-one-test"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@contextlib.contextmanager
def jupyterlab(folder):
    """JupyterLab's address, serving ``folder`` with no settings but its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = folder / ".jupyter"
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(own / "config"),
                   "JUPYTER_DATA_DIR": str(own / "data"), "JUPYTER_RUNTIME_DIR": str(own / "run"),
                   "JUPYTERLAB_SETTINGS_DIR": str(own / "settings"),
                   "JUPYTERLAB_WORKSPACES_DIR": str(own / "workspaces")}
    with open(folder / "jupyterlab.log", "w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
             "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
             f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={folder}",
             "--LabApp.news_url=", "--LabApp.check_for_updates_class="
             "jupyterlab.NeverCheckForUpdate"],
            cwd=folder, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(address, server, folder / "jupyterlab.log")
        yield address
    finally:
        server.terminate()
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.kill()


def wait_for(address, server, log):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert server.poll() is None, f"JupyterLab stopped:\n{log.read_text()[-2000:]}"
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(f"{address}/api?token={TOKEN}", timeout=5)
            return
        time.sleep(0.3)
    raise AssertionError(f"JupyterLab did not answer in a minute:\n{log.read_text()[-2000:]}")


@contextlib.contextmanager
def open_lesson(name, folder):
    """A page with a copy of the lesson, all of whose cells have run on a fresh kernel."""
    shutil.copy(NOTEBOOKS / name, folder)
    with jupyterlab(folder) as address, sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        try:
            page = browser.new_page(viewport={"width": 1400, "height": 1000})
            page.goto(f"{address}/lab/tree/{name}?token={TOKEN}", timeout=90_000)
            page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=90_000)
            page.get_by_text("Run", exact=True).first.click()
            page.get_by_text("Restart Kernel and Run All Cells…").click()
            page.get_by_role("button", name="Confirm Kernel Restart").click()
            yield page
        finally:
            browser.close()


def find_slider(page):
    """The first slider and the picture that belongs to it, once its cell has run."""
    # JupyterLab draws cells that come into view: scroll on until the widget's cell has.
    deadline = time.monotonic() + 180
    slider = page.locator(".jp-OutputArea .widget-vbox .noUi-handle").first
    while not slider.count():
        assert time.monotonic() < deadline, page.locator(".jp-Notebook").inner_text()[-3000:]
        page.locator(".jp-Notebook .jp-WindowedPanel-outer, .jp-Notebook").first.hover()
        page.mouse.wheel(0, 700)
        page.wait_for_timeout(400)
    slider.scroll_into_view_if_needed()
    picture = page.locator(".jp-OutputArea .widget-vbox img").first
    picture.wait_for(timeout=60_000)
    return slider, picture


BYTES = """async image => {
    const answer = await fetch(image.src);
    return Array.from(new Uint8Array(await answer.arrayBuffer())).join(" ");
}"""


def test_the_slider_of_lesson_01_redraws_its_picture(tmp_path):
    with open_lesson("01_loss_formula.ipynb", tmp_path) as page:
        slider, picture = find_slider(page)
        before = picture.evaluate(BYTES)
        assert len(before) > 1000
        slider.focus()
        for _ in range(6):
            page.keyboard.press("ArrowRight")
        deadline = time.monotonic() + 60
        while picture.evaluate(BYTES) == before:
            assert time.monotonic() < deadline, "the slider moved, and the picture stayed"
            page.wait_for_timeout(200)
        page.wait_for_timeout(1500)
        page.screenshot(path=tmp_path / "lesson.png")
        if place := os.environ.get("ENSGEN_SCREENSHOT"):     # to look at the page oneself
            shutil.copy(tmp_path / "lesson.png", place)
        assert page.locator("[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
        assert page.locator(".jp-OutputArea-output[data-mime-type*='error']").count() == 0
