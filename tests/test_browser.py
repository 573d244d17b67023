"""A lesson in a real browser: JupyterLab on loopback, headless Chromium, a slider that moves."""

import contextlib
import json
import os
import secrets
import shutil
import site
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import numpy as np
import psutil
import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
                None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
TOKEN = secrets.token_hex()
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"]
SETTINGS = {
    # All cells are in the page, also those out of sight: an error in any of them is seen.
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
RUNS = 300_000                                           # milliseconds that a lesson may take
# Until the kernel is connected the menu does nothing, and says nothing either.
READY = """() => {
    const name = document.querySelector(".jp-NotebookPanel .jp-KernelName");
    const light = document.querySelector(".jp-Notebook-ExecutionIndicator");
    return name && light && name.textContent !== "No Kernel" && light.dataset.status === "idle";
}"""
ERRORS = ("[data-mime-type='application/vnd.jupyter.stderr'], "
          "[data-mime-type='application/vnd.jupyter.error']")


def own_environment(home):
    """The environment without the user's settings: everything is written below ``home``."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("JUPYTER", "IPYTHON", "MPLCONFIG", "XDG_"))}
    settings = home / "settings"
    for name, values in SETTINGS.items():
        file = settings / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    return {**kept, "HOME": str(home), "PYTHONUSERBASE": site.getuserbase(),
            "JUPYTER_CONFIG_DIR": str(home / "config"), "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTERLAB_SETTINGS_DIR": str(settings)}


@contextlib.contextmanager
def jupyterlab(folder, environment):
    """JupyterLab's address on loopback, serving ``folder``; stopped in any case."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with open(folder / "jupyterlab.log", "w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
             "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
             f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={folder}"],
            cwd=folder, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(address, server, folder / "jupyterlab.log")
        yield address
    finally:
        server.terminate()                               # which stops its kernels too
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def wait_for(address, server, log):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert server.poll() is None, f"JupyterLab stopped:\n{log.read_text()[-2000:]}"
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(f"{address}/api?token={TOKEN}", timeout=5)
            return
        time.sleep(0.3)
    raise AssertionError(f"JupyterLab did not answer in a minute:\n{log.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory):
    """One JupyterLab and one Chromium for all tests of this file: (folder, address, browser)."""
    folder = tmp_path_factory.mktemp("laboratory")
    (folder / "notebooks").mkdir()
    (folder / "benchmarks").symlink_to(NOTEBOOKS.parent / "benchmarks")      # lessons quote its results
    environment = own_environment(folder / "home")
    with jupyterlab(folder, environment) as address, sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET, env=environment)
        try:
            yield folder, address, browser
        finally:
            browser.close()


@contextlib.contextmanager
def open_lesson(path, laboratory, widget="eg.slide(", needs=("",)):
    """A page with a copy of the notebook, all of whose cells have run without error; afterwards its
    kernel is gone.

    The copy holds no outputs, so whatever the page shows comes from this run. It ends with the first
    cell that calls ``widget``; of those before it stays what holds one of the texts ``needs`` ("": all).
    """
    book = nbformat.read(path, as_version=4)
    widgets = [i for i, cell in enumerate(book.cells)
               if cell.cell_type == "code" and widget in cell.source]
    assert widgets, f"{path} does not call {widget})"
    book.cells = [cell for cell in book.cells[:widgets[0]] if any(text in cell.source for text in needs)] + [
        book.cells[widgets[0]]]
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    book.metadata.pop("widgets", None)
    folder, address, browser = laboratory
    nbformat.write(book, folder / "notebooks" / Path(path).name)
    page = browser.new_page(viewport={"width": 1400, "height": 1000})        # of a profile of its own
    try:
        # In a workspace of its own: JupyterLab would open the lessons of earlier tests again.
        page.goto(f"{address}/lab/workspaces/{Path(path).stem}/tree/notebooks/{Path(path).name}?token={TOKEN}",
                  timeout=90_000)
        page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=90_000)
        page.wait_for_function(READY, timeout=90_000)
        page.get_by_text("Run", exact=True).first.click()
        page.get_by_text("Restart Kernel and Run All Cells…").click()
        page.get_by_role("button", name="Confirm Kernel Restart").click()
        wait_until_run(page)
        yield page
    finally:
        page.close()
        stop_kernels(address)


def stop_kernels(address):
    def ask(path, method="GET"):
        asked = urllib.request.Request(f"{address}/api/{path}", method=method,
                                       headers={"Authorization": f"token {TOKEN}"})
        return urllib.request.urlopen(asked, timeout=30).read()

    for session in json.loads(ask("sessions")):
        ask(f"sessions/{session['id']}", "DELETE")


def wait_until_run(page):
    """Return when every code cell has its number; fail at the first error, with what is shown."""
    try:
        page.wait_for_function("""errors => {
            const prompts = [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")];
            return document.querySelector(errors)
                || prompts.length && prompts.every(each => /\\d/.test(each.textContent));
        }""", arg=ERRORS, timeout=RUNS)
    except sync_api.TimeoutError:
        pytest.fail(f"the lesson did not finish; its outputs end with\n{shown(page)}")
    assert page.locator(ERRORS).count() == 0, f"the lesson shows an error:\n{shown(page)}"


def shown(page):
    return "\n".join(page.locator(".jp-OutputArea-output").all_inner_texts())[-3000:]


def find_slider(page):
    """The first slider that stands in one box with a picture, and that picture."""
    box = (page.locator(".jp-OutputArea .widget-vbox")
           .filter(has=page.locator(".noUi-handle")).filter(has=page.locator("img.widget-image"))
           .first)
    try:
        box.wait_for(timeout=30_000)
    except sync_api.TimeoutError:
        pytest.fail(f"no box holds a slider and a picture; the outputs end with\n{shown(page)}")
    return box.locator(".noUi-handle").first, box.locator("img.widget-image").first


def picture_bytes(picture):
    """The PNG that the picture shows, or None while it is being replaced."""
    numbers = picture.evaluate("""async image => {
        try { return Array.from(new Uint8Array(await (await fetch(image.src)).arrayBuffer())); }
        catch { return null; }
    }""")
    return numbers and bytes(numbers)


@pytest.mark.parametrize("name, needs", [
    ("01_loss_formula.ipynb", ["import ensgen_tutorial", "white = (", "def loss(", "def gradient(", "def descend("]),
    ("11_choosing_weights.ipynb", ["import ensgen_tutorial", "members = {", "three = [", "pixel_logs = "])])
def test_the_slider_of_a_lesson_redraws_its_picture(name, needs, laboratory):
    with open_lesson(NOTEBOOKS / name, laboratory, needs=needs) as page:
        assert_slider_redraws(page)
        if place := os.environ.get("ENSGEN_SCREENSHOT"):     # to look at the page oneself
            page.screenshot(path=place)


def assert_slider_redraws(page):
    """The picture follows the slider at each of three stops.

    One would not do: what a slider's callback raises is shown nowhere in the page.
    """
    slider, picture = find_slider(page)
    slider.scroll_into_view_if_needed()
    before = picture_bytes(picture)
    assert before and before.startswith(b"\x89PNG"), "the picture is not there"
    slider.focus()
    for _ in range(3):
        stood = slider.get_attribute("aria-valuenow")
        for _ in range(2):
            page.keyboard.press("ArrowRight")
        assert slider.get_attribute("aria-valuenow") != stood, "the slider did not move"
        before = next_picture(page, picture, before)
    assert picture.evaluate("image => image.complete && image.naturalWidth > 0")
    assert page.locator(ERRORS).count() == 0, f"the slider shows an error:\n{shown(page)}"


def next_picture(page, picture, before):
    """The picture after ``before``, once it has stayed the same for a second."""
    deadline, last = time.monotonic() + 30, before
    while True:
        page.wait_for_timeout(1000)
        now = picture_bytes(picture)
        if now == last and now not in (before, None):
            return now
        assert time.monotonic() < deadline, "the slider moved, and the picture stayed"
        last = now


@pytest.mark.parametrize("name, widget, canvas, needs", [
    ("15_interpretability.ipynb", "eg.click(", ".ensgen-click canvas", [""]),
    ("17_image_translation.ipynb", "eg.pad(", ".ensgen-pad canvas", ["import ensgen_tutorial", "translators = ["])])
def test_a_click_is_answered_at_once(name, widget, canvas, needs, laboratory):
    """A click costs the kernel one chart. Beside the other tests' work the page's clock measures them too,
    so what counts is the quickest of several clicks, in the kernel's processor time."""
    with open_lesson(NOTEBOOKS / name, laboratory, widget, needs) as page:
        place = page.locator(canvas).first
        place.wait_for(timeout=30_000)
        for button in page.get_by_role("button", name="empty", exact=True).all():
            button.click()                                # a stroke along what is there changes nothing
        seconds, clock = [], [kernel_seconds()]
        for pixel in range(1, 8):
            seconds.append(seconds_to_answer(page, place, (pixel + 0.5) / 8))
            clock.append(kernel_seconds())
        used = np.diff(clock)
        if place_of_shot := os.environ.get("ENSGEN_SCREENSHOT"):
            page.screenshot(path=place_of_shot)
        assert page.locator(ERRORS).count() == 0, f"the click shows an error:\n{shown(page)}"
        assert min(used) < 0.5, f"each of {len(used)} clicks takes {min(used):.2f} s of processor time or more"
        assert min(seconds) < 3, f"the quickest of {len(seconds)} clicks takes {min(seconds):.2f} s"


def kernel_seconds():
    """Processor time that this test's notebook kernel has used so far."""
    times = [each.cpu_times() for each in psutil.Process().children(recursive=True)
             if "ipykernel_launcher" in " ".join(each.cmdline())]
    assert len(times) == 1, f"{len(times)} kernels are running"
    return times[0].user + times[0].system


def seconds_to_answer(page, canvas, share):
    """From a stroke that begins ``share`` of the way across and down to the new picture, seconds."""
    page.wait_for_timeout(1000)                          # until what came before is answered
    box = canvas.bounding_box()
    canvas.hover(position={"x": share * box["width"], "y": share * box["height"]})   # once it stands still
    canvas.evaluate("""canvas => {
        const images = [...canvas.closest(".ensgen-click, .ensgen-pad").querySelectorAll("img")];
        const before = images.map(image => image.src);
        window.answered = new Promise(resolve => canvas.addEventListener("pointerdown", () => {
            const started = performance.now();
            const look = () => images.some((image, i) => image.src !== before[i])
                ? resolve((performance.now() - started) / 1000) : requestAnimationFrame(look);
            look();
        }, { once: true, capture: true }));
    }""")
    box = canvas.bounding_box()
    page.mouse.down()
    page.mouse.move(box["x"] + share * box["width"], box["y"] + 0.9 * box["height"], steps=3)
    page.mouse.up()
    return page.evaluate("Promise.race([window.answered, "
                         "new Promise((_, fail) => setTimeout(() => fail('no answer'), 20000))])")
