"""README's film of the playground, docs/playground.webp: weights dragged around, then the ghosts.

    python book/playground/film.py          needs Playwright and Chromium
"""

import io
import shutil
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
FILM = HERE.parents[1] / "docs" / "playground.webp"
CORNERS = np.eye(3)
MIDDLE = np.full(3, 1 / 3)
ROUND = (MIDDLE, CORNERS[0], CORNERS[1], CORNERS[2], MIDDLE)      # CNN, RNN, templates, and back
STEPS = 7                       # frames from one place to the next
FRAME, STAY = 120, 1200         # milliseconds


def weights_on_the_way():
    for start, end in zip(ROUND, ROUND[1:]):
        yield from (start + (end - start) * k / STEPS for k in range(STEPS))
    yield MIDDLE


def film():
    """All pictures and the milliseconds that each stays."""
    pictures, times = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1000, "height": 760}, color_scheme="light")
        page.goto((HERE / "index.html").as_uri())

        page.add_style_tag(content="#line { visibility: hidden }")      # its milliseconds depend on the machine

        def take(milliseconds):
            page.wait_for_timeout(400)                                  # until all twelve are drawn
            shot = page.locator("section").first.screenshot()
            pictures.append(Image.open(io.BytesIO(shot)).convert("RGB").crop((0, 40, 928, 390)))
            times.append(milliseconds)

        corners = page.evaluate("""() => { const box = document.getElementById("triangle").getBoundingClientRect();
            return [[0.095, 0.87], [0.905, 0.87], [0.5, 0.085]].map(([x, y]) => [box.x + x * box.width, box.y + y * box.height]); }""")
        page.mouse.move(*(MIDDLE @ np.array(corners)))
        page.mouse.down()
        for weights in weights_on_the_way():
            page.mouse.move(*(weights @ np.array(corners)))
            take(FRAME if weights.max() < 1 else STAY // 2)
        page.mouse.up()
        for label in ("average of finished images", "linear pool"):
            page.get_by_text(label, exact=True).click()
            take(STAY)
        browser.close()
    return pictures, times


if __name__ == "__main__":
    pictures, times = film()
    small = [picture.resize((696, 262), Image.Resampling.LANCZOS) for picture in pictures]
    small[0].save(FILM, save_all=True, append_images=small[1:], duration=times, loop=0, quality=80, method=6)
    print(f"{len(small)} pictures, {FILM.stat().st_size // 1000} kB: {FILM.name}")
