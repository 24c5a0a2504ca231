"""The pages of the course: what the texts name becomes links that lead somewhere, and no page asks the network for anything.

What needs Sphinx, Chromium or npm says so where it is skipped.
"""
from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urldefrag

import nbformat
import numpy as np
import pytest

from course.building import website
from course.building.units import ROOT, CourseError
from course.building.website import beside, described, docstrings, lectures, links, pages
from course.building.website.links import Known
from gan_scratch import plot

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
KNOWN = Known(lectures={"01": "lectures/01_a.html", "02": "lectures/02_b.html"}, exercises={"e02": "exercises/e02_b.html"},
              equations={"01": {"5"}, "02": {"1", "11"}}, sections={"01": {"3"}, "02": {"4"}},
              terms={"generator": ("term-generator", "Makes \"x\" of z."), "mode collapse": ("term-mc", "…")},
              works={"Lin 1991": "ref-lin1991", "Goodfellow et al. 2014": "ref-gan"})


# --- links ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text, made", [
    ("see lecture 01, (5).", 'see <a href="../lectures/01_a.html">lecture 01</a>, <a href="../lectures/01_a.html#eq-5">(5)</a>.'),
    ("see lecture 01, (6).", "see lecture 01, (6)."),
    ("in lecture 02, (11)", 'in lecture 02, <a href="#eq-11">(11)</a>'),
    ("by (1) and (11), not (2)", 'by <a href="#eq-1">(1)</a> and <a href="#eq-11">(11)</a>, not (2)'),
    ("f(1) and (1)x", "f(1) and (1)x"),
    ("Section 4, not section 5", '<a href="#section-4">Section 4</a>, not section 5'),
    ("Lin 1991, section 4; section 4.1", "Lin 1991, section 4; section 4.1"),
    ("(lecture 01, section 3)", '(<a href="../lectures/01_a.html">lecture 01</a>, <a href="../lectures/01_a.html#section-3">section 3</a>)'),
    ("it may circle (01), and not (09)", 'it may circle (<a href="../lectures/01_a.html" title="lecture 01">01</a>), and not (09)'),
    ("Lecture 01 and lecture 09", '<a href="../lectures/01_a.html">Lecture 01</a> and lecture 09'),
    ("exercise e02, not e03", 'exercise <a href="../exercises/e02_b.html">e02</a>, not e03'),
    ("`e02` $e02 (1)$ [e02](x) # e02", "`e02` $e02 (1)$ [e02](x) # <a href=\"../exercises/e02_b.html\">e02</a>"),
    ("# About e02\n\ne02", '# About e02\n\n<a href="../exercises/e02_b.html">e02</a>'),
    ("```\ne02 (1)\n```", "```\ne02 (1)\n```"),
])
def test_what_is_named_becomes_a_link(text, made):
    assert links.linked(text, KNOWN, "../", "02") == made


def test_equations_get_a_place():
    text = "We find\n\n$$a = b, \\tag{1}$$\n\n$$c$$\n\n$$\n\\begin{aligned} d \\end{aligned} \\tag{11}\n$$"
    made = links.anchored(text)
    assert re.findall(r'<a id="(eq-\d+)" class="equation"></a>\n\n\$\$', made) == ["eq-1", "eq-11"] and links.numbers(text) == ["1", "11"]
    two = links.anchored("$$a \\quad (5) \\qquad b \\quad (6)$$\n\n$$f(7)$$")
    assert re.findall(r'id="(eq-\d+)"', two) == ["eq-5", "eq-6"]
    assert links.anchored("## 3. Games\n\nText") == '## 3. Games\n\n<a id="section-3"></a>\n\n\nText'


def test_a_term_is_linked_where_it_is_used_first():
    used: set[str] = set()
    made = links.explained("`generator`: the Generator and the generator, mode collapse", KNOWN, "../", used)
    link = '<a class="term" href="../glossary.html#term-generator" title="Makes &quot;x&quot; of z.">Generator</a>'
    assert made.startswith(f"`generator`: the {link} and the generator, <a") and used == {"term-generator", "term-mc"}
    assert links.explained("a generator", KNOWN, "../", used) == "a generator"


def test_works_are_linked():
    made = links.cited("Lin 1991, Lin (1991), Goodfellow et al. (2014), Linder 1991", KNOWN, "")
    assert made.count("#ref-lin1991") == 2 and made.count("#ref-gan") == 1 and made.endswith(", Linder 1991")


def test_the_courses_own_names():
    pytest.importorskip("pybtex", reason='needs the extra [site]: pip install -e ".[site]"')
    known = links.known_of_course()
    assert known.lectures["06"] == "lectures/06_optimal_discriminator.html" and "11" in known.equations["01"]
    assert known.terms["mode collapse"][0].startswith("term-") and known.works["Goodfellow et al. 2014"].startswith("ref-goodfellow2014")
    glossary = pages.page("glossary", known)
    assert all(f'id="{anchor}"' in glossary for anchor, _ in known.terms.values())


# --- code beside words, docstrings --------------------------------------------------------------------------------------


SOURCE = '''"""A thing.

    y = x_1 < 2     (1)

And so on.
"""
import a


class Thing(a.B):
    """Does it.

    Args:
        x: first. y, z: others.
    """

    def go(self, x):
        """Go."""
        y = 1

        # Why this is
        # done so.
        return x + y
'''


def test_code_stands_beside_its_words():
    found = beside.rows(SOURCE)
    assert [row.words.split("\n")[0] for row in found] == ["A thing.", "Does it.", "Go.", "Why this is done so."]
    code = ["\n".join(row.code).strip() for row in found]
    assert code[0] == "import a" and code[1] == "class Thing(a.B):" and code[2].splitlines() == ["def go(self, x):", "        y = 1"]
    assert code[3] == "return x + y"
    decorated = beside.rows('def f(a,\n      b):\n    """F."""\n    return a\n\n\n@cached\ndef g():\n    """G."""\n    return 1\n')
    assert [(row.words, row.code[0].strip()) for row in decorated] == [("F.", "def f(a,"), ("G.", "@cached")]
    page = beside.shown(found[0])
    assert '<pre class="formula" tabindex="0">y = x_1 &lt; 2     (1)</pre>' in page
    assert "<li><code>y, z</code>: others.</li>" in beside.shown(found[1])


@pytest.mark.parametrize("path", sorted((ROOT / "gan_scratch" / "gans").glob("*.py")), ids=lambda path: path.stem)
def test_nothing_of_a_file_is_lost(path):
    """All words and all code, in their order."""
    found, source = beside.rows(path.read_text(encoding="utf-8")), path.read_text(encoding="utf-8")
    words = re.compile(r"\w+")
    assert sorted(words.findall(" ".join(part for row in found for part in [row.words, *row.code]))) == sorted(words.findall(source))


def test_docstrings_are_texts():
    lines = ["A *star_ and |bars| `code`.", "", "    a_1 * b", "", "Args:", "    x: (N, *S). y: other.", "", "Raises ValueError when x is wrong."]
    docstrings.as_text(None, "function", "f", None, None, lines)
    assert lines == [r"A \*star\_ and \|bars\| ``code``.", "", "::", "", "        a_1 * b", "", "**Args**", "", r"- ``x``: (N, \*S).", "- ``y``: other.", "",
                     "**Raises** ValueError when x is wrong.", ""]


# --- figures ------------------------------------------------------------------------------------------------------------


def test_a_figure_is_described():
    fig, (left, right) = plot.figure(8, 4, 1, 2)
    plot.curves(left, np.arange(3.0), {"$\\beta$ = 0": np.zeros(3), "data": np.ones(3)})
    plot.name(left, "two\ncurves", "step", "loss")
    plot.name(right, "samples")
    assert described.described(fig) == "2 panels. two curves: loss over step, showing β = 0; data. samples"


def test_words_for_a_figure_become_its_alternative_text():
    words = nbformat.v4.new_output("display_data", data={described.KIND: "2 panels"})
    picture = nbformat.v4.new_output("display_data", data={"image/png": ""})
    cell = nbformat.v4.new_code_cell("diagrams.graph(axis)\nplot.show(fig)", outputs=[words, picture])
    lectures.name_figures(cell)
    assert cell.outputs == [picture] and cell.metadata["mystnb"]["image"]["alt"].startswith("The computational graph of")
    assert cell.metadata["mystnb"]["image"]["alt"].endswith(". 2 panels")


def test_long_lectures_begin_first(monkeypatch):
    assert [path.stem for path in sorted(map(Path, ("02.ipynb", "05.ipynb", "01.ipynb", "09.ipynb")), key=lectures.turn)] == ["09", "05", "01", "02"]
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "8")
    monkeypatch.setenv("MKL_NUM_THREADS", "8")
    lectures.one_thread()
    assert os.environ["OPENBLAS_NUM_THREADS"] == "1"


def test_what_only_the_grader_calls_has_no_page():
    assert "gan_scratch.classroom" in pages.modules() and not [name for name in pages.modules() if name.startswith("gan_scratch.classroom.")]


# --- the whole site -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """All pages; of the lectures only 01 is run."""
    if missing := [name for name in website.NEEDED if not website.installed(name)]:
        pytest.skip(f'needs the extra [site]: pip install -e ".[site]" ({", ".join(missing)})')
    place = tmp_path_factory.mktemp("site")
    code = f"import sys; from pathlib import Path; from course.building import website; here = Path({str(place)!r}); " \
           "sys.exit(website.make(site=here / 'site', work=here / 'work', only=('01',)))"
    made = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)  # Sphinx warns of itself
    assert made.returncode == 0 and "WARNING" not in made.stderr, made.stderr
    return place / "site"


class Page(HTMLParser):
    """What a page links to, and where it can be linked to."""

    def __init__(self, path: Path):
        super().__init__()
        self.links, self.ids, self.without_alt = [], set(), []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list) -> None:
        about = dict(attributes)
        self.ids |= {about[name] for name in ("id", "name") if about.get(name)}
        self.links += [about[name] for name in ("href", "src") if about.get(name)]
        alt = about.get("alt", "")
        if tag == "img" and (len(alt.split()) < 3 or alt == about.get("src")):
            self.without_alt.append(about.get("src"))


def test_every_link_leads_somewhere(site):
    read = {path: Page(path) for path in site.rglob("*.html") if "_static" not in path.parts}
    broken, outside = [], set()
    for path, page in read.items():
        for link in page.links:
            where, anchor = urldefrag(link)
            where = where.split("?")[0]
            if re.match(r"[a-z]+:|//", where):
                outside.add(where)
                continue
            target = (path.parent / unquote(where)).resolve() if where else path
            target = target / "index.html" if target.is_dir() else target
            if not target.exists() or anchor and target in read and unquote(anchor) not in read[target].ids:
                broken.append((str(path.relative_to(site)), link))
    assert not broken, broken[:20]
    assert len(read) > 100 and not [url for url in outside if not url.startswith(("https://", "http://", "data:", "mailto:"))]


def test_pictures_say_what_they_show(site):
    shown = [path for path in site.rglob("*.html") if not {"_static", "_modules"} & set(path.parts) and path.name != "py-modindex.html"]
    assert {path.name: without for path in shown if (without := Page(path).without_alt)} == {}


def test_what_is_on_it_and_what_is_not(site):
    text = {path.stem: path.read_text(encoding="utf-8") for path in site.rglob("*.html")}
    assert "(11)" in text["01_adversarial_game"] and 'id="eq-11"' in text["01_adversarial_game"] and "data:image/png" not in text["01_adversarial_game"]
    assert "Speaker note" not in text["01_adversarial_game"] and list(site.glob("_images/*.png"))
    assert not list(site.rglob("*solution*")) and not (site / "solutions").exists()
    answer = (ROOT / "solutions" / "e02_backprop" / "e02_backprop.ipynb").read_text(encoding="utf-8")
    hidden = re.search(r"BEGIN HIDDEN TESTS\\n(.{30,60}?)\\n", answer)
    assert hidden is None or all(hidden[1] not in page for page in text.values())
    assert (site / "_static" / "notebooks" / "e02_backprop.ipynb").read_bytes() == (ROOT / "exercises/e02_backprop/e02_backprop.ipynb").read_bytes()
    assert "Measured: wgan" not in text["wgan"] and "Measured: sagan" in text["sagan"] and 'class="beside"' in text["wgan_gp"]
    assert "gradient_penalty" in text["gan_scratch.penalties"] and 'href="../results.html"' in text["wgan"]


@pytest.fixture(scope="module")
def chromium():
    if CHROMIUM is None or find_spec("playwright") is None:
        pytest.skip("needs Chromium and `pip install playwright`")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


LOOKED_AT = ("index.html", "lectures/01_adversarial_game.html", "exercises/e02_backprop.html", "explore/gan.html", "gans/wgan_gp.html",
             "glossary.html", "references.html", "api/gan_scratch.penalties.html", "zoo.html", "search.html")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_pages_ask_for_nothing_and_fit(site, chromium, width, scheme):
    for name in (*LOOKED_AT, "instructor_guide.html", "syllabus.html"):
        page, asked, errors = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme), [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("requestfailed", lambda request: errors.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto((site / name).as_uri())
        page.wait_for_load_state("load")
        assert not [url for url in asked if not url.startswith(("file:", "data:", "blob:"))], name
        assert errors == [] and page.evaluate("document.documentElement.scrollWidth") <= width, name
        dark = page.evaluate("document.documentElement.dataset.theme")
        assert dark == scheme, (name, dark)
        page.close()


def test_the_keyboard_reaches_everything_and_shows_where_it_is(site, chromium):
    page, reached = chromium.new_page(viewport={"width": 1280, "height": 900}), []
    page.goto((site / "lectures/01_adversarial_game.html").as_uri())
    page.add_style_tag(content="* { transition: none !important; }")
    for _ in range(70):
        page.keyboard.press("Tab")
        name, outline, shadow = page.evaluate("""() => {
            const at = document.activeElement, style = getComputedStyle(at);
            return [at.getAttribute("aria-label") || at.textContent.trim(), style.outlineStyle, style.boxShadow]; }""")
        reached.append(name)
        assert outline != "none" or shadow != "none", name
    for wanted in ("Skip to main content", "Search", "Show the pages below this one", "Color mode", "this lecture as a notebook"):
        assert any(name.startswith(wanted) for name in reached), (wanted, reached)
    page.close()


def test_a_narrow_page_breaks_no_code_into_letters(site, chromium):
    page = chromium.new_page(viewport={"width": 390, "height": 900})
    page.goto((site / "results.html").as_uri())
    assert page.evaluate("Math.min(...[...document.querySelectorAll('table code')].map(e => e.getBoundingClientRect().width))") > 30
    page.close()


def test_formulas_are_typeset_and_the_search_finds(site, chromium):
    page = chromium.new_page(viewport={"width": 390, "height": 900})
    for path in sorted([*site.glob("lectures/*.html"), *site.glob("exercises/*.html")]):
        page.goto(path.as_uri())
        page.evaluate("globalThis.MathJax?.startup.promise")  # a page without formulas has none
        assert not page.locator("mjx-merror").count(), (path.name, page.locator("mjx-merror").first.text_content())
        # What is wider than the page can be scrolled to, on the left as well.
        assert page.evaluate("[...document.querySelectorAll('mjx-container[display]')].every(e => e.getBoundingClientRect().left"
                             " >= e.parentElement.getBoundingClientRect().left - 1)"), path.name
    page.goto((site / "lectures/01_adversarial_game.html").as_uri() + "#eq-11")
    page.wait_for_function("document.querySelectorAll('mjx-container').length > 100")
    page.goto((site / "search.html").as_uri() + "?q=saddle")
    page.wait_for_function("document.querySelectorAll('#search-results li').length > 0")
    page.close()


@pytest.fixture(scope="module")
def axe(tmp_path_factory):
    """The text of axe-core, from npm."""
    if shutil.which("npm") is None:
        pytest.skip("needs npm, which brings axe-core")
    folder = tmp_path_factory.mktemp("axe")
    made = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), "axe-core"], capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"axe-core can't be had from npm: {made.stderr.strip().splitlines()[-1:]}")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", LOOKED_AT)
def test_no_serious_fault_of_accessibility(site, chromium, axe, name, scheme):
    page = chromium.new_page(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    page.goto((site / name).as_uri())
    page.evaluate(axe)
    found = page.evaluate("axe.run({iframes: true}).then(r => r.violations.filter(v => ['serious', 'critical'].includes(v.impact)))")
    page.close()
    assert not found, json.dumps([(v["id"], v["help"], [node["html"][:150] for node in v["nodes"][:4]]) for v in found], indent=1)


def test_what_is_missing_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(website, "NEEDED", ("a_package_that_nobody_has",))
    with pytest.raises(CourseError, match=r'a_package_that_nobody_has isn\'t installed; install what the site needs with: pip install -e "\.\[site\]"'):
        website.make(site=tmp_path / "site", work=tmp_path / "work")
    assert list(tmp_path.iterdir()) == []
