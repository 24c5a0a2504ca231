"""The page that a student gets back: it loads nothing, says what was reached, draws formulas, and does no harm."""
from __future__ import annotations

import json
import re
import sqlite3
import xml.etree.ElementTree as xml
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import nbgrader.server_extensions.formgrader as formgrader
import pytest
from nbconvert import HTMLExporter

from course.building.units import ROOT
from course.grading import execute, feedback, formulas, grade, gradebook, pages
from course.grading.cohort import Cohort
from tests.course.grading import hostile
from tests.course.grading.hostile import NAME, find

FETCHED = ("src", "srcset", "data", "poster", "background", "action", "formaction", "ping", "manifest")
REMOTE, RUN = re.compile(r"(?i)\s*(https?:|ftp:|//)"), re.compile(r"(?i)\s*(javascript|vbscript):")
SOLVED = sorted(ROOT.glob("solutions/*/*.ipynb"))


class Page(HTMLParser):
    """A page's elements, with their attributes, and its text."""

    def __init__(self, html: str):
        super().__init__()
        self.html, self.elements, self.text = html, [], ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data

    def tags(self) -> set[str]:
        return {tag for tag, _ in self.elements}

    def harm(self) -> list:
        """What runs something, or loads it from the network."""
        wrong = [tag for tag in self.tags() & {"script", "link", "iframe", "object", "embed", "base"}]
        for tag, attributes in self.elements:
            for name, value in attributes.items():
                loads = name in FETCHED and REMOTE.match(value or "") or name == "style" and "url" in value
                if name.startswith("on") or loads or RUN.match(value or ""):
                    wrong.append((tag, name, value))
        styles = "".join(re.findall(r"<style>(.*?)</style>", self.html, re.S))
        return wrong + re.findall(r"@import|url\(", styles)


EVIL = r"""Because $a_1 < b_2$, $\text{<script>alert(1)</script>}$, $\href{javascript:alert(2)}{x}$ and $\unknown{x}$.
<img src=x onerror=alert(3)> <math><mi onclick="alert(4)" style="x:url(http://e.example)">q</mi></math>
![gone](http://e.example/x.png) ![" onerror=alert(5) $\text{" onerror=alert(6)}$](x.png) ![lost](attachment:x.png)
<div title="

$x$" onclick=alert(7)>
<code class="tex">\text{</code></math><script>alert(8)</script>}</code>
"""


DRAWING = """
from IPython.display import display, HTML, SVG
print('<script>alert(11)</script>')
display(SVG('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(12)"/>'))
display(HTML('<script>alert(9)</script><b onclick=alert(10)><img src=http://e.example/x.png>bold</b>'))
1 / 0
"""


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A class of two, graded: ben hasn't all points, evil has, and tries to get something into the page."""
    root = tmp_path_factory.mktemp("feedback")
    hostile.write_class(root, [])
    ben, evil = hostile.right(), hostile.right()
    find(ben, "kl")["source"] = hostile.WRONG
    find(evil, "answer_why")["source"] = EVIL
    hostile.put(evil, "setup", DRAWING)
    for student, notebook in {"ben": ben, "evil": evil}.items():
        hostile.submitted(root, student).mkdir(parents=True)
        (hostile.submitted(root, student) / f"{NAME}.ipynb").write_text(json.dumps(notebook))
    assert grade.main(NAME, jobs=2, root=root, cell=5, call=2, total=60) == 0
    return root


def page(root: Path, student: str) -> Page:
    return Page((root / "course" / "class" / "feedback" / student / NAME / f"{NAME}.html").read_text())


def cohort(root: Path) -> Cohort:
    return Cohort(root, root / "course" / "class", NAME, root, False)


def again(root: Path, student: str) -> Page:
    """The page, drawn once more."""
    return Page(pages.draw(cohort(root), student))


def change(root: Path, query: str) -> None:
    connection = sqlite3.connect(root / "course" / "class" / "gradebook.db")
    with connection:
        assert connection.execute(query).rowcount > 0
    connection.close()


def lines(html: str) -> list[str]:
    """The rows of a page's tables, as text."""
    rows = re.findall(r"<tr.*?</tr>", html, re.S)
    return [" ".join(re.sub(r"<[^>]*>", " ", row).split()) for row in rows]


def test_a_page_names_the_tasks_and_their_points(graded):
    ben, evil = page(graded, "ben"), page(graded, "evil")
    assert lines(ben.html)[:6] == ["By tests 3 of 5", "Read by a person not read yet", "Points so far 3 of 9",
                                   "✗ kl 0 of 2", "✓ js 3 of 3", "… why not read yet, of 4"]
    assert lines(evil.html)[0] == "By tests 5 of 5" and lines(evil.html)[3] == "✓ kl 2 of 2"
    assert "A tiny exercise" in ben.text and "Feedback for ben" in ben.text and "Test cell" not in ben.text
    ids = {attributes.get("id") for _, attributes in ben.elements}
    links = {attributes["href"][1:] for tag, attributes in ben.elements if tag == "a"}
    assert {"test_kl", "test_js", "answer_why", "top"} <= links & ids
    head = ben.html.split('id="test_kl"')[1].split("</header>")[0]
    assert 'class="mark none"' in head and "<strong>kl</strong>" in head and "0 of 2 points" in head


@pytest.mark.parametrize("student", ["ben", "evil"])
def test_a_page_loads_nothing_and_runs_nothing(graded, student):
    assert page(graded, student).harm() == []


def test_the_parser_of_these_tests_sees_harm():
    for html in ("<script>", "<link>", "<img src='http://x'>", "<a href='javascript:x'>", "<style>@import x</style>",
                 "<b onclick=x>", "<p style='background: url(x)'>"):
        assert Page(html).harm(), html


def test_hostile_text_is_read_and_harmless(graded):
    evil = page(graded, "evil")
    assert evil.text.count("<script>alert") >= 3, "it is shown as text"
    assert '<img src="data:image/svg+xml;base64,' in evil.html
    assert "bold" in evil.text and "ZeroDivisionError" in evil.text
    assert r'<code class="tex">\unknown{x}</code>' in evil.html
    assert '<a href="http://e.example/x.png">gone</a>' in evil.html and "[lost]" in evil.text
    assert {"math", "mi", "msub"} <= evil.tags()


def test_hidden_tests_stay_hidden(graded):
    assert hostile.HIDDEN_SECRET not in page(graded, "ben").html and "HIDDEN" not in page(graded, "ben").html


def test_what_the_check_said_keeps_its_lines(graded):
    assert re.search(r"<pre>✗ kl[^<]*\n[^<]*\n *0 of 2 points", page(graded, "ben").html)


def test_a_comment_and_points_by_hand_and_a_late_penalty(graded):
    where = " WHERE cell_id IN (SELECT id FROM base_cell WHERE name = '{}')"
    change(graded, "UPDATE grade SET manual_score = 2.5, needs_manual_grade = 0" + where.format("answer_why"))
    comment = r"Say $\sigma$ <script>alert(1)</script>"
    change(graded, f"UPDATE comment SET manual_comment = '{comment}'" + where.format("answer_why"))
    change(graded, "UPDATE comment SET manual_comment = 'A nice loop.'" + where.format("kl"))
    change(graded, "UPDATE submitted_notebook SET late_submission_penalty = 1.5")
    ben = again(graded, "ben")
    by_tests, by_hand, late, total, *tasks = lines(ben.html)
    assert (by_tests, by_hand) == ("By tests 3 of 5", "Read by a person 2.5 of 4")
    assert (late, total) == ("Handed in late −1.5", "Points 4 of 9")
    assert tasks[:3] == ["✗ kl comment 0 of 2", "✓ js 3 of 3", "◐ why comment 2.5 of 4"]
    assert "Say σ <script>" in ben.text and "A nice loop." in ben.text and ben.harm() == []
    ids = {attributes.get("id") for _, attributes in ben.elements}
    assert {"comment-kl", "comment-answer_why"} <= ids


def test_cells_for_instructors_never_appear(graded):
    file = graded / "course" / "class" / "autograded" / "ben" / NAME / f"{NAME}.ipynb"
    notebook = json.loads(file.read_text())
    file.chmod(0o644)
    hostile.put(notebook, "task3", "# Rubric: secret-rubric", "markdown", gan_scratch={"instructor": True})
    hostile.put(notebook, "task3", "print('secret-code')", gan_scratch={"instructor": True})
    hostile.put(notebook, "task3", "plain-cell", "markdown", gan_scratch="nonsense",
                feedback={"reached": "all", "name": "forged", "score": 9, "points": 9})
    file.write_text(json.dumps(notebook))
    ben = again(graded, "ben")
    assert "secret" not in ben.html and "plain-cell" in ben.html and "forged" not in ben.html


def test_the_formgrader_draws_formulas_and_stays_safe(graded):
    config = gradebook.configuration(cohort(graded))
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [str(Path(formgrader.__file__).with_name("templates"))]
    nb = nbformat.read(graded / "course" / "class" / "autograded" / "evil" / NAME / f"{NAME}.ipynb", as_version=4)
    resources = {"base_url": "", "index": 0, "total": 1, "notebook_id": NAME, "assignment_id": NAME}
    html, _ = HTMLExporter(config=config).from_notebook_node(nb, resources)
    shown = Page(html[html.index('id="notebook-container"'):])
    assert "<msub><mi>a</mi><mn>1</mn></msub>" in html and 'class="comment tabbable"' in html
    assert "<script>alert" not in html
    assert not [name for _, attributes in shown.elements for name in attributes if name in ("onerror", "onload")]


# --- formulas -----------------------------------------------------------------------------------------------------

def formulas_of(file: Path) -> list[tuple[str, bool]]:
    """TeX, and whether it stands in a line of its own, of all text cells."""
    found = []

    class Finder(execute.Markdown):
        def inline_math(self, body):
            found.append((body, False))
            return ""

        def block_math(self, body):
            found.append((body, True))
            return ""

    for cell in nbformat.read(file, as_version=4).cells:
        if cell.cell_type == "markdown":
            execute.MarkdownWithMath(renderer=Finder(escape=False)).render(cell.source)
    return found


@pytest.mark.parametrize("file", SOLVED, ids=lambda file: file.stem)
def test_all_formulas_of_the_exercises_are_drawn(file):
    """None is left as TeX, none has a command or an alignment sign left, and all words are there."""
    for tex, display in formulas_of(file):
        html = formulas.drawn(tex, display)
        assert html, tex
        text = "".join(xml.fromstring(html).itertext())
        assert not re.search(r"[\\&{}]|\$", text.replace(r"\{", "")), (tex, text)
        for word in re.findall(r"\\(?:text|operatorname)\{([^}]*)\}", tex):
            assert word.replace(r"\_", "_").strip() in text.replace("\xa0", " "), (tex, text)


def test_there_are_formulas_to_draw():
    assert len(SOLVED) >= 10 and sum(len(formulas_of(file)) for file in SOLVED) > 300


def atoms(tex: str, display: bool = False) -> list[tuple[str, str, str]]:
    """The operators of a formula, with the spaces to their left and right."""
    root = xml.fromstring(formulas.drawn(tex, display))
    return [(mo.text, mo.get("lspace"), mo.get("rspace")) for mo in root.iter("mo")]


MEDIUM, THIN, THICK = formulas.MEDIUM, formulas.THIN, formulas.THICK


@pytest.mark.parametrize("tex, operators", [
    ("a - b", [("−", MEDIUM, MEDIUM)]),
    ("= -b", [("=", "0", THICK), ("−", "0", "0")]),
    (r"\pm b", [("±", "0", "0")]),
    (r"a \pm b", [("±", MEDIUM, MEDIUM)]),
    (r"x \sim p", [("∼", THICK, THICK)]),
    (r"E_{x \sim p}", [("∼", "0", "0")]),
    (r"2\log 2", [("log", THIN, THIN)]),
    (r"\operatorname{mean}(x)", [("mean", "0", "0"), ("(", "0", "0"), (")", "0", "0")]),
    (r"\partial L/\partial y", [("/", "0", "0")]),
    (r"p\|q", [("‖", "0", "0")]),
    (r"P(a \mid b)", [("(", "0", "0"), ("∣", THICK, THICK), (")", "0", "0")]),
    (r"\langle a, b\rangle", [("⟨", "0", "0"), (",", "0", THIN), ("⟩", "0", "0")]),
])
def test_operators_have_the_spaces_that_tex_gives_them(tex, operators):
    assert atoms(tex) == operators


@pytest.mark.parametrize("tex, part", [
    (r"\mathcal N", "<mi>𝒩</mi>"), (r"\mathbb E", "<mi>𝔼</mi>"), (r"\mathbb R", "<mi>ℝ</mi>"),
    (r"\mathsf T", "<mi>𝖳</mi>"),
    (r"\mathbf x", "<mi>𝐱</mi>"), (r"\mathbf{\alpha}", "<mi>𝛂</mi>"), (r"\mathfrak C", "<mi>ℭ</mi>"),
    (r"\Delta", '<mi mathvariant="normal">Δ</mi>'), (r"\infty", '<mi mathvariant="normal">∞</mi>'),
    (r"f'", '<mi>f</mi></mrow><mo stretchy="false" lspace="0" rspace="0">′</mo>'),
    (r"\text{a\_b}", "<mtext>a_b</mtext>"), (r"\text{if $x > 0$}", "<mi>x</mi>"),
    (r"\hat x", 'accent="true"'), (r"\tilde x", 'accent="true"'), (r"\big\| x", ">‖<"),
    (r"\begin{aligned}a &= b\end{aligned}", "text-align: right; padding-right: 0"),
    (r"\boxed{x}", 'style="border: 1px solid'),
    (r"\arg\min_x", ">arg<"), (r"\operatorname*{arg\,max}_x", "arg\u2009max")])
def test_what_browsers_would_not_draw_is_mended(tex, part):
    assert part in formulas.drawn(tex, False)


def test_limits_stand_below_in_a_line_of_its_own_and_the_number_beside_it():
    html = formulas.drawn(r"\max_D V \tag{1<}", True)
    assert "<munder>" in html and html.endswith('<span class="number">(1&lt;)</span></span>')


@pytest.mark.parametrize("tex", [
    r"\unknown", r"a & b", r"\frac", "{" * 900, "x" * 3000, r"\def\a{\a\a}\a", r"\newcommand{\b}{x}\b", r"a \\ b",
    r"\begin{nothing}x", r"\cancel{x}", r"\text{&#xd800;}"])
def test_what_can_not_be_drawn_stays_tex(tex):
    assert formulas.drawn(tex, False) is None
    assert "<math" not in execute.rendered(f"so ${tex}$")


@pytest.mark.parametrize("tex", [
    r"\text{<script>alert(1)</script>}", r"\text{&#x3c;script&#x3e;}", r"\unicode{x3c}script\unicode{x3e}",
    r"\href{javascript:alert(1)}{x}", r"\style{background:url(http://e.example)}{x}", r"\class{a\" onclick=\"x}{y}",
    r"\color{red\" onclick=\"alert(1)}{x}",
    r"\operatorname{a}<img src=x onerror=alert(1)>", r"\fcolorbox{red}{\"onclick=x}{y}", r"\rule{9999em}{9999em}"])
def test_hostile_tex_is_harmless(tex):
    html = formulas.drawn(tex, True)
    if html is not None:
        drawn = Page(html)
        assert drawn.tags() <= formulas.ELEMENTS | {"span"} and drawn.harm() == []
        names = {name for _, attributes in drawn.elements for name in attributes}
        assert names <= formulas.ATTRIBUTES | {"class"} and '="9' not in html


def test_markdown_leaves_formulas_alone():
    display = "$$\\frac{1}{2}\n\n+ 1$$\n\n\\begin{align}a &= b\\end{align}"
    html = execute.rendered("$x_1 * y_2 * z_3$ and *this* and $a<b$\n\n" + display)
    assert html.count("<em>") == 1 and html.count("<math") == 4 and "&lt;" in html


def test_points_that_wait_are_not_counted():
    def task(score: float, by_hand: bool, waits: bool) -> feedback.Task:
        return feedback.Task("a", "a", score, 4, by_hand, waits, "")

    sums = feedback.sums([task(3, False, False), task(2, True, True), task(1, True, False)], 0.5)
    assert sums == {"automatic": (3, 4), "by_hand": (1, 8), "penalty": 0.5, "total": (3.5, 12), "unread": 4}
    assert [task(score, False, False).reached for score in (0, 1, 4)] == ["none", "some", "all"]
    assert task(4, True, True).reached == "waiting"
