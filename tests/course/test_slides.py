"""Slides fit the screen of a lecture room, can be read in it, and fetch nothing from the network.

Needs Chromium, playwright and the extra [slides].
"""
import re
import shutil
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="needs `pip install playwright`")
if find_spec("sphinx_revealjs") is None:
    pytest.skip('needs the extra [slides]: pip install -e ".[slides]"', allow_module_level=True)

from course.building import slides  # noqa: E402
from course.building.units import CourseError  # noqa: E402

ROOT = Path(__file__).parents[2]
LECTURES = sorted(path.stem for path in ROOT.glob("lectures/*.ipynb"))
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
THEORY = "06_optimal_discriminator"
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
SIZES = """() => Reveal.getSlides().map(slide => {
  const {h, v} = Reveal.getIndices(slide);
  Reveal.slide(h, v, 99);  // with all fragments
  return [slide.textContent.trim().slice(0, 60), slide.scrollWidth, slide.scrollHeight];
})"""
CUT = """() => Reveal.getSlides().flatMap(slide => {
  const {h, v} = Reveal.getIndices(slide), width = node => node.getBoundingClientRect().width;
  Reveal.slide(h, v, 99);
  const formulas = [...slide.querySelectorAll("mjx-container[display] > svg")]
    .filter(svg => width(svg) > width(svg.closest("p, li")) + 1);
  const code = [...slide.querySelectorAll(".jp-InputArea pre")].filter(pre => pre.scrollWidth > pre.clientWidth + 1);
  return [...formulas.map(svg => svg.parentNode), ...code].map(node => node.textContent.slice(0, 60));
})"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The file of a lecture's slides, made once."""
    files = {}

    def made(lecture: str) -> Path:
        if lecture not in files:
            folder = tmp_path_factory.mktemp("slides")
            slides.make(lecture, folder)
            files[lecture] = folder / f"{lecture}.html"
        return files[lecture]

    return made


@pytest.fixture
def browser():
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def opened(browser, address: str, **events):
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    for event, told in events.items():
        page.on(event, told)
    page.goto(address)
    page.wait_for_function("window.Reveal && Reveal.isReady()", timeout=60_000)
    return page


@needs_chromium
@pytest.mark.parametrize("lecture", LECTURES)
def test_the_slides_fit_the_screen_and_need_no_network(lecture, made, browser):
    file, fetched = made(lecture), []
    page = opened(browser, file.as_uri(), request=lambda request: fetched.append(request.url))
    sizes = page.evaluate(SIZES)
    formulas = page.locator("mjx-container").count()
    bare = page.evaluate("Reveal.getSlides().filter(slide => blocks(slide).every(isHeading)).length")
    nameless = page.evaluate("Reveal.getSlides().filter(slide => !slide.querySelector('h1, h2, h3')).length")
    assert len(sizes) > 10 and formulas > 5 and not bare and not nameless
    assert not [size for size in sizes if size[1] > 1280 or size[2] > 720]
    assert not page.evaluate(CUT)
    assert [url for url in fetched if not url.startswith(("data:", "blob:"))] == [file.as_uri()]
    assert [path.name for path in file.parent.iterdir()] == [file.name]


@needs_chromium
def test_type_is_large_enough_for_the_back_row(made, browser):
    page = opened(browser, made(THEORY).as_uri())
    size = """selector => Math.min(...[...document.querySelectorAll(selector)]
      .map(element => parseFloat(getComputedStyle(element).fontSize)))"""
    assert page.evaluate(size, ".slides section:not(.notes) > .jp-Cell .jp-RenderedMarkdown > p") >= 24
    assert page.evaluate(size, ".slides .jp-InputArea pre") >= 15
    pictures = page.locator(".jp-OutputArea img")
    heights = pictures.evaluate_all("all => all.map(image => parseFloat(image.style.maxHeight))")
    assert len(heights) > 5 and min(heights) >= 390


@needs_chromium
def test_an_answer_stays_with_its_question_and_the_slide_has_room_for_it(made, browser):
    page = opened(browser, made(THEORY).as_uri())
    assert page.evaluate("document.querySelectorAll('.slides details:not(.notes details)[open]').length") == 0
    page.evaluate("document.querySelectorAll('.slides details').forEach(details => details.open = true)")
    assert max(height for _, _, height in page.evaluate(SIZES)) <= 720
    assert page.evaluate("""Reveal.getSlides()
      .filter(slide => blocks(slide).find(block => !isHeading(block)).matches("details")).length""") == 0


@needs_chromium
def test_printing_gives_a_page_for_each_slide(made, browser):
    file = made(THEORY)
    slide_count = opened(browser, file.as_uri()).evaluate("Reveal.getTotalSlides()")
    page = opened(browser, file.as_uri() + "?print-pdf")
    page.wait_for_function("document.querySelectorAll('.pdf-page').length > 0")
    assert page.locator(".slides details:not([open])").count() == 0  # paper can't be clicked
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == slide_count
    blank = page.evaluate("""[...document.querySelectorAll(".pdf-page")]
      .filter(paper => !paper.innerText.trim() && !paper.querySelector("img, svg")).length""")
    assert blank == 0 and len(pdf) > 500_000  # with the figures


@needs_chromium
def test_the_speakers_view_shows_the_notes_of_a_file_without_a_server(made, browser):
    page = opened(browser, made(THEORY).as_uri())
    with page.expect_popup() as popup:
        page.keyboard.press("s")
    notes = popup.value.locator(".speaker-controls-notes .value")
    notes.filter(has_text="This is the theory of the 2014 paper").wait_for(timeout=60_000)
    page.keyboard.press("ArrowRight")
    notes.filter(has_text="Where would you bet on p").wait_for(timeout=60_000)


def cell(source: str, *outputs) -> nbformat.NotebookNode:
    return nbformat.v4.new_code_cell(source, outputs=list(outputs))


def test_imports_progress_bars_and_warnings_are_not_shown():
    bar = nbformat.v4.new_output("stream", name="stderr", text="\rtraining:  10%|█ | 1/10 [00:01<00:09]\rtraining: 100%|██| 10/10 [00:10<00:00]\n")
    line = nbformat.v4.new_output("stream", name="stdout", text=bar.text)
    said = nbformat.v4.new_output("stream", name="stdout", text="begun\n" + bar.text + "50% | half 1/2\n")
    widget = nbformat.v4.new_output("display_data", {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "training"})
    source = "import numpy as np\nfrom a import (b,\n               c)\n\nx = 1\nimport late"
    (part,) = slides.in_parts(cell(source, bar, line, widget, said))
    assert part.source == "x = 1" and [output.text for output in part.outputs] == ["begun\n50% | half 1/2\n"]
    assert slides.in_parts(cell("import numpy as np")) == []
    (magic,) = slides.in_parts(cell("%time x = 1\nimport numpy"))
    assert magic.source == "%time x = 1\nimport numpy"


def test_an_exercise_has_no_slides(tmp_path):
    with pytest.raises(CourseError, match="e02_backprop is an exercise"):
        slides.make("e02", tmp_path)
    assert not list(tmp_path.iterdir())
