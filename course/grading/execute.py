"""nbgrader preprocessors: what nbgrader_config.py puts into autograding and feedback."""
from __future__ import annotations

import functools
import os
import re
import shutil
import tempfile
from html import escape, unescape
from pathlib import Path

import bleach
import nbformat
from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.exporters.exporter import ResourcesDict
from nbconvert.filters.markdown_mistune import InvalidNotebook, IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Float, Integer, List
from traitlets.config import Config

from course.grading import formulas, sandbox
from course.grading.agree import refuse_two
from gan_scratch.classroom import session
from gan_scratch.classroom.notebooks import NotGradable, tidied
from gan_scratch.classroom.submission import rebuild

HARMLESS = frozenset("a abbr b blockquote br code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img kbd li ol p pre q s "
                     "small span strong sub summary sup table tbody td th thead tr u ul".split())
ATTRIBUTES = {"*": ("class", "id", "title", "align", "colspan", "rowspan", "start"),
              "a": ("href",), "img": ("src", "alt", "width")}
LONGEST = 20_000  # characters of a cell that may be the course's own, and is kept for the next submission
REMOTE = re.compile(r"\s*([a-z][a-z0-9+.-]*:)?[/\\]{2}", re.I)
TEX = re.compile(r'<code class="tex( display)?">([^<]*)</code>')
HIDDEN = re.compile(r"^[^\n]*BEGIN HIDDEN TESTS.*?END HIDDEN TESTS[^\n]*\n?", re.S | re.M)


class Mend(NbGraderPreprocessor):
    """Rebuilds a submitted notebook from the released one, as submission.py does before `python -m course grade`."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        about, folders = resources["nbgrader"], CourseDirectory(config=self.config)
        folder = submission(self.config, resources)
        if any(path.is_symlink() for path in (folder / f"{about['notebook']}.ipynb", folder, folder.parent)):
            raise NotGradable("the notebook is, or lies behind, a symbolic link")
        released = Path(folders.format_path(folders.release_directory, ".", about["assignment"]), f"{about['notebook']}.ipynb")
        if not released.is_file():
            raise NotGradable(f"{released} isn't there; make it with: python -m course build")
        mended, said = rebuild(tidied(nb.cells), nbformat.read(released, as_version=4))
        for sentence in said:
            self.log.warning("%s: %s", about["student"], sentence)
        return mended, resources


class RunInSandbox(NbGraderPreprocessor):
    """Runs and judges a notebook; takes the place of nbgrader's Execute."""

    cell_seconds = Float(60, help="for one ordinary cell").tag(config=True)
    call_seconds = Float(10, help="for one call of a student's function by a check").tag(config=True)
    total_seconds = Float(240, help="for the notebook").tag(config=True)
    memory = Integer(sandbox.Allowed.memory, help="bytes that a student's kernel may take").tag(config=True)
    isolated = Bool(None, allow_none=True, help="under bubblewrap; None: where that works").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        refuse_two()
        isolated = sandbox.why_not_isolated() is None if self.isolated is None else self.isolated
        if not isolated:
            self.log.warning(sandbox.WARNING.format(reason=sandbox.why_not_isolated() or "it is switched off"))
        start = functools.partial(sandbox.start, isolated=isolated, allowed=sandbox.Allowed(memory=self.memory))
        limits = session.Limits(cell=self.cell_seconds, call=self.call_seconds, total=self.total_seconds)
        folder = Path(tempfile.mkdtemp(prefix="gs-"))
        try:
            copy_files(Path(resources["metadata"]["path"]), folder, submission(self.config, resources))
            session.run(nb, start, limits, folder)
        finally:
            sandbox.discard(folder)
        return nb, resources


class ForPages(NbGraderPreprocessor):
    """What prepares a notebook for a page."""

    display_data_priority = List(config=True)  # the HTML exporter sets it everywhere, and warns where it isn't there


class CutHiddenTests(ForPages):
    """Takes the hidden tests out of sources and of tracebacks that quote them."""

    def preprocess_cell(self, cell: NotebookNode, resources: ResourcesDict, index: int) -> tuple[NotebookNode, ResourcesDict]:
        cell.source = HIDDEN.sub("", cell.source)
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                output.traceback = [HIDDEN.sub("", part) for part in output.traceback]
            elif output.output_type == "stream":
                output.text = HIDDEN.sub("", output.text)
        return cell, resources


class CutInstructorCells(ForPages):
    """Takes out the cells that only instructors see, in the Formgrader: rubrics and the like."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        nb.cells = [cell for cell in nb.cells if not for_instructors(cell)]
        return nb, resources


def for_instructors(cell: NotebookNode) -> bool:
    about = cell.metadata.get("gan_scratch")
    return isinstance(about, dict) and about.get("instructor") is True


class Markdown(IPythonRenderer):
    """Renders formulas as <code class="tex">, for `safe_markdown`, and loads no pictures from the network."""

    def inline_math(self, body: str) -> str:
        return f'<code class="tex">{escape(body)}</code>'

    def block_math(self, body: str) -> str:
        return f'<code class="tex display">{escape(body)}</code>'

    def latex_environment(self, name: str, body: str) -> str:
        return self.block_math(rf"\begin{{{name}}}{body}\end{{{name}}}")

    def image(self, text: str, url: str, title: str | None = None) -> str:
        if REMOTE.match(url):
            return self.link(text or escape(url), url, title)
        try:
            return super().image(text, url, title)
        except InvalidNotebook:  # an attachment that was lost when cells were copied
            return f"[{text or escape(url)}]"


@pass_context
def safe_markdown(context: Context, source: str) -> str:
    """Markdown as HTML, without what a student's text could run or load in the browser (Formgrader, feedback).

    Formulas become MathML. The sanitiser sees only their TeX, so that nothing has to be allowed for them.
    """
    attachments = context.get("cell", {}).get("attachments", {})
    return rendered(source) if len(source) <= LONGEST and not attachments else render(source, attachments)


def render(source: str, attachments: dict) -> str:
    html = MarkdownWithMath(renderer=Markdown(escape=False, attachments=attachments)).render(source)
    return TEX.sub(draw, safe_html(html))


@functools.lru_cache(1024)  # the course's own text is the same in all submissions
def rendered(source: str) -> str:
    return render(source, {})


def safe_html(html: str) -> str:
    """HTML without what could run or load anything in the reader's browser."""
    return bleach.clean(html, tags=HARMLESS, attributes=harmless, protocols=["http", "https", "mailto", "data"])


def draw(code: re.Match) -> str:
    """A formula's MathML in place of its TeX; the TeX where it can't be drawn. After bleach, < is always a tag's."""
    return formulas.drawn(unescape(code[2]), display=bool(code[1])) or code[0]


def harmless(tag: str, name: str, value: str) -> bool:
    """Whether an attribute may stay."""
    if value.strip().lower().startswith("data:") and not (tag == "img" and name == "src"):
        return False
    if tag == "img" and name == "src" and REMOTE.match(value):
        return False
    return name in ATTRIBUTES.get(tag, ()) or name in ATTRIBUTES["*"]


def submission(config: Config, resources: ResourcesDict) -> Path:
    """The folder in which a student submitted what is being graded."""
    folders, about = CourseDirectory(config=config), resources["nbgrader"]
    return Path(folders.format_path(folders.submitted_directory, about["student"], about["assignment"]))


def copy_files(source: Path, target: Path, submitted: Path) -> None:
    """The files beside a notebook; no notebooks, and nothing that was submitted as a link: nbgrader has followed it."""
    for path, _, names in os.walk(source):
        for file in (Path(path, name) for name in names):
            inside = file.relative_to(source)
            if file.suffix != ".ipynb" and file.is_file() and not file.is_symlink() and not (submitted / inside).is_symlink():
                (target / inside).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target / inside)
