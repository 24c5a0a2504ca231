"""Slides of a lecture as one file that needs nothing else: pictures, formulas, and what shows them lie inside.

reveal.js and MathJax come in Python packages, the extra [slides].
"""
from __future__ import annotations

import ast
import importlib.util
import re
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert.exporters import SlidesExporter
from nbformat import NotebookNode
from tqdm import tqdm
from traitlets.config import Config

from course.building.units import ROOT, CourseError, find
from gan_scratch.files import replacing

FOLDER = ROOT / "runs" / "slides"
PROGRAMS = {"reveal": ("sphinx_revealjs", "_static/revealjs"), "mathjax": ("sphinx-mathjax-offline", "static/mathjax")}
LINKED = re.compile(r'<link[^>]*href="((?:reveal|mathjax)/[^"]+)"[^>]*>|'
                    r'<script src="((?:reveal|mathjax)/[^"]+)"></script>')
LINES = 21  # of code on a slide
BAR = re.compile(r"^[^\n]*\d+%\|[^\n]*\| \d+/\d+ \[[^\n]*(\n|\Z)", re.M)  # tqdm's, with all its states in one line
WIDGET = "application/vnd.jupyter.widget-view+json"
LARGE_TYPE = Path(__file__).parent / "slides" / "large_type.py"


def make(given: str, folder: Path = FOLDER) -> int:
    """Run a lecture, write its slides into `folder` as one file, and say where it is. Raises CourseError."""
    unit = find(given)
    if unit.kind != "lecture":
        raise CourseError(f"{unit.name} is an exercise; slides are made of lectures, as in: python -m course slides 02")
    programs = {name: program(name) for name in PROGRAMS}
    notebook = nbformat.read(ROOT / unit.notebooks[0], 4)
    execute(notebook, unit.name, before=LARGE_TYPE.read_text(encoding="utf-8"))  # figures with large type
    page = folder / f"{unit.name}.html"
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(page) as temporary:
        temporary.write_text(self_contained(shown(notebook, unit.name), programs), encoding="utf-8")
    print(f"Open {page} in a browser. S opens the speaker's view, F fills the screen.")
    return 0


def program(name: str) -> Path:
    """Where the files of reveal.js or MathJax are. Raises CourseError if they aren't installed."""
    package, inside = PROGRAMS[name]
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise CourseError(f'{package} isn\'t installed; install what the slides need with: pip install -e ".[slides]"')
    return Path(spec.submodule_search_locations[0]) / inside


def self_contained(page: str, programs: dict[str, Path]) -> str:
    """The page with the scripts and styles that it refers to inside it."""
    def inside(found: re.Match) -> str:
        name = found[1] or found[2]
        text = (programs[name.split("/")[0]] / name.split("/", 1)[1]).read_text(encoding="utf-8")
        if found[1]:  # a theme asks for a font of its own, in whose place the system's does
            return "<style>\n" + re.sub(r"@import url\(\./[^)]*\);", "", text) + "\n</style>"
        return "<script>\n" + re.sub(r"</(script)", r"<\\/\1", text, flags=re.I) + "\n</script>"

    return LINKED.sub(inside, page)


def execute(notebook: NotebookNode, name: str, before: str) -> None:
    """Run all cells, after the code `before`, and keep their outputs. Raises CourseError if one fails."""
    notebook.cells.insert(0, nbformat.v4.new_code_cell(before))
    count = sum(cell.cell_type == "code" for cell in notebook.cells)
    with tempfile.TemporaryDirectory() as empty, tqdm(total=count, desc=name, unit="cell") as bar:
        client = NotebookClient(notebook, timeout=None, kernel_name="python3", resources={"metadata": {"path": empty}},
                                extra_arguments=["--log-level=ERROR"],
                                store_widget_state=False,  # a page that has it asks the network for what shows it
                                on_cell_complete=lambda **_: bar.update())
        try:
            client.execute()
        except CellExecutionError as error:
            raise CourseError(f"{name} doesn't run: {error.ename}: {error.evalue}") from error
    del notebook.cells[0]


def shown(notebook: NotebookNode, name: str) -> str:
    """The slides as a page; the template `slides` beside this file says how it differs from nbconvert's own."""
    cells = [part for cell in notebook.cells for part in in_parts(cell)]
    exporter = SlidesExporter(
        template_name="slides", extra_template_basedirs=[str(Path(__file__).parent)],
        reveal_url_prefix="reveal", reveal_theme="white", reveal_width="1280", reveal_height="720",
        config=Config(TagRemovePreprocessor={"enabled": True, "remove_input_tags": {"figure"}},
                      CoalesceStreamsPreprocessor={"enabled": True}))
    page, _ = exporter.from_notebook_node(NotebookNode(notebook, cells=cells), {"metadata": {"name": name}})
    return page


def in_parts(cell: NotebookNode) -> list[NotebookNode]:
    """A cell as it is shown: without imports, progress bars and warnings, and as several, broken at empty lines, if its
    code is too long for a slide. The outputs come below the last part."""
    if cell.cell_type != "code":
        return [cell]
    parts: list[str] = []
    for block in re.split(r"\n{2,}", without_imports(cell.source)):
        together = f"{parts[-1]}\n\n{block}" if parts else block
        if parts and together.count("\n") < LINES:
            parts[-1] = together
        else:
            parts.append(block)
    cells = [NotebookNode(cell, source=part, outputs=[], id=f"{cell.id}-{i}") for i, part in enumerate(parts)]
    for later in cells[1:]:
        later.metadata = NotebookNode(tags=cell.metadata.get("tags", []))  # it doesn't begin a slide
    cells[-1].outputs = without_bars(cell.outputs)
    return [part for part in cells if part.source or part.outputs or "slideshow" in part.metadata]


def without_bars(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Outputs without progress bars, be they text or widgets, and without warnings."""
    kept = []
    for output in outputs:
        if output.output_type == "stream" and output.name == "stdout":
            output = NotebookNode(output, text=BAR.sub("", output.text))
        if output.get("name") != "stderr" and output.get("text") != "" and WIDGET not in output.get("data", {}):
            kept.append(output)
    return kept


def without_imports(source: str) -> str:
    """Code without the imports at its top level; every lecture's first slide would else show nothing but them."""
    try:
        imports = [node for node in ast.parse(source).body if isinstance(node, (ast.Import, ast.ImportFrom))]
    except SyntaxError:  # a line for IPython
        return source
    lines = source.split("\n")
    for node in imports:
        lines[node.lineno - 1:node.end_lineno] = [None] * (node.end_lineno - node.lineno + 1)
    return "\n".join(line for line in lines if line is not None).strip("\n")
