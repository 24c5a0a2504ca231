"""Make the pictures that stand where no HTML runs: python -m tests.explore.pictures NAME …

Each is a screenshot of a program's <main>, 900 pixels wide and light, without what PICTURES hides.
"""
from __future__ import annotations

import io
import sys

from PIL import Image
from playwright.sync_api import sync_playwright

from gan_scratch import explore
from tests.explore.conftest import CHROMIUM

PICTURES = {  # name -> (settings in the address, what is left out)
    "divergences": ("q_place=4&whole=true", "#said, #why, #push, #pull, #controls"),
    "games": ("game=minimax&penalty=r1&gamma=0.1&x=1&y=1&steps=200", "#none"),
    "gan": ("width=64", ".controls, #walk"),
}
FIRST = {"gan": "document.querySelector('main').style.gridTemplateColumns = '5fr 4fr';"
                "for (let t = 0; t < 900; t++) { training.step(); if (t % 20 === 0) training.measure(); } dirty = true;"}


def picture(page, name: str) -> Image.Image:
    settings, hidden = PICTURES[name]
    page.goto(f"{explore.file(name).as_uri()}#{settings}&theme=light&paused")
    page.add_style_tag(content=f"{hidden} {{ display: none !important; }} main {{ padding: 6px 0; }}")
    page.evaluate(FIRST.get(name, ""))
    page.wait_for_timeout(2000)
    return Image.open(io.BytesIO(page.locator("main").screenshot()))


def main(names: list[str]) -> None:
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 932, "height": 900})  # 900 without the margins of the body
        for name in names or PICTURES:
            path = explore.HERE / f"{name}.png"
            picture(page, name).convert("RGB").save(path, optimize=True)
            print(f"{path}: {path.stat().st_size / 1000:.0f} kB")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
