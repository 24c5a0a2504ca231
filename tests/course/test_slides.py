"""Slides fit the screen of a lecture room and fetch nothing from the network. Needs Chromium, playwright and the extra [slides]."""
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="needs `pip install playwright`")
if find_spec("sphinx_revealjs") is None:
    pytest.skip('needs the extra [slides]: pip install -e ".[slides]"', allow_module_level=True)

from course.building import slides  # noqa: E402
from course.building.units import CourseError  # noqa: E402

ROOT = Path(__file__).parents[2]
LECTURES = sorted(path.stem for path in ROOT.glob("lectures/*.ipynb"))
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SIZES = """() => Reveal.getSlides().map(slide => {
  const {h, v} = Reveal.getIndices(slide);
  Reveal.slide(h, v, 99);  // with all fragments
  return [slide.textContent.trim().slice(0, 60), slide.scrollWidth, slide.scrollHeight];
})"""


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
@pytest.mark.parametrize("lecture", LECTURES)
def test_the_slides_fit_the_screen_and_need_no_network(lecture, tmp_path):
    slides.make(lecture, tmp_path)
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        fetched = []
        page.on("request", lambda request: fetched.append(request.url))
        page.goto((tmp_path / f"{lecture}.html").as_uri())
        page.wait_for_function("window.Reveal && Reveal.isReady()")
        sizes = page.evaluate(SIZES)
        formulas = page.locator("mjx-container").count()
        bare = page.evaluate("Reveal.getSlides().filter(slide => blocks(slide).every(isHeading)).length")
        browser.close()
    assert len(sizes) > 10 and formulas > 5 and not bare
    assert not [size for size in sizes if size[1] > 1280 or size[2] > 720]
    assert [url for url in fetched if not url.startswith(("data:", "blob:"))] == [(tmp_path / f"{lecture}.html").as_uri()]
    assert [path.name for path in tmp_path.iterdir()] == [f"{lecture}.html"]


def test_an_exercise_has_no_slides(tmp_path):
    with pytest.raises(CourseError, match="e02_backprop is an exercise"):
        slides.make("e02", tmp_path)
    assert not list(tmp_path.iterdir())
