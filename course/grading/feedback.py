"""The page that a student gets back: one file without scripts, which loads nothing (see templates/feedback/)."""
from __future__ import annotations

import functools
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from jinja2 import Environment
from nbconvert import HTMLExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbconvert.filters.highlight import Highlight2HTML
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from pygments.formatters import HtmlFormatter

from course.grading.execute import LONGEST, ForPages

TEMPLATES = Path(__file__).with_name("templates")
READABLE = ("text/html", "text/markdown", "image/svg+xml", "image/png", "image/jpeg", "text/latex", "text/plain")
TITLE = re.compile(r"^# +(.+)", re.M)


@dataclass(frozen=True)
class Task:
    """What a student reads of one graded cell.

    Attributes:
        name: without "test_" or "answer_". id: the cell's grade id. score: what was reached, of how many points.
        by_hand: a person reads it. waits: nobody has yet, so that the score says nothing. comment: a person's, or "".
    """

    name: str
    id: str
    score: float
    points: float
    by_hand: bool
    waits: bool
    comment: str

    @property
    def reached(self) -> str:
        """All of the points, some, none, or nobody knows yet."""
        if self.waits:
            return "waiting"
        return "all" if self.score >= self.points else "some" if self.score > 0 else "none"


class Grades(ForPages):
    """Gives each graded cell its Task, each answer its comment, and the page the sums, all from the gradebook."""

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        about = resources["nbgrader"]
        with Gradebook(about["db_url"]) as book:
            submission = book.find_submission_notebook(about["notebook"], about["assignment"], about["student"])
            grades = {grade.name: grade for grade in submission.grades}
            comments = {comment.name: comment.comment or "" for comment in submission.comments}
            cells = {cell.metadata.nbgrader.grade_id: cell for cell in nb.cells if "nbgrader" in cell.metadata}
            tasks = [task(cells[name], grades[name], comments) for name in cells if name in grades]
            penalty = submission.late_submission_penalty or 0.0
        for cell in nb.cells:
            cell.metadata.pop("feedback", None)  # a student's own
        for each in tasks:
            cells[each.id].metadata["feedback"] = {**asdict(each), "reached": each.reached}
        for name, cell in cells.items():
            if cell.metadata.nbgrader.solution and name not in grades:
                cell.metadata["feedback"] = {"answer_to": name, "comment": comments.get(name, "")}
        resources["feedback"] = {"title": title(nb) or about["notebook"], "tasks": tasks, **sums(tasks, penalty),
                                 "colours": colours()}
        return nb, resources


def task(cell: NotebookNode, grade, comments: dict[str, str]) -> Task:
    """`comments` by grade id; one on the cell in which a student wrote a function belongs to the function's test."""
    name = re.sub("^(test|answer)_", "", grade.name)
    return Task(name=name, id=grade.name, score=grade.score, points=grade.max_score,
                by_hand=cell.metadata.nbgrader.solution, waits=grade.needs_manual_grade,
                comment=comments.get(grade.name) or comments.get(name, ""))


def sums(tasks: list[Task], penalty: float) -> dict:
    """Points reached, and of how many: by tests, by hand, and in all. Those that wait count in `unread` alone."""
    automatic = settled([task for task in tasks if not task.by_hand])
    by_hand = settled([task for task in tasks if task.by_hand])
    score, points = settled(tasks)
    return {"automatic": automatic, "by_hand": by_hand, "penalty": penalty, "total": (max(score - penalty, 0.0), points),
            "unread": sum(task.points for task in tasks if task.waits)}


def settled(tasks: list[Task]) -> tuple[float, float]:
    return sum(task.score for task in tasks if not task.waits), sum(task.points for task in tasks)


def title(nb: NotebookNode) -> str:
    """The notebook's first heading."""
    headings = (TITLE.search(cell.source) for cell in nb.cells if cell.cell_type == "markdown")
    return next((found[1].strip() for found in headings if found), "")


class FeedbackExporter(HTMLExporter):
    """nbconvert's exporter; one environment with its compiled templates serves all the pages that a process makes."""

    environments: dict[tuple, Environment] = {}

    def from_notebook_node(self, nb: NotebookNode, resources: dict | None = None, **kw) -> tuple[str, dict]:
        """Without HTMLExporter's second look at the page, for texts of pictures: it is slower than all the rest."""
        return super(HTMLExporter, self).from_notebook_node(nb, resources, **kw)

    def _create_environment(self) -> Environment:
        places = tuple(self.template_paths)
        if places not in self.environments:
            self.environments[places] = super()._create_environment()
        return self.environments[places]


def readable(data: dict) -> list[str]:
    """The best of an output's kinds for a page without scripts."""
    return [kind for kind in READABLE if kind in data][:1]


def highlighted(source: str) -> str:
    """Python as HTML with colours."""
    return of_the_course(source) if len(source) <= LONGEST else highlighter()(source)


@functools.lru_cache(1024)  # what is given, and the tests, are the same in all submissions
def of_the_course(source: str) -> str:
    return highlighter()(source)


@functools.cache
def colours() -> str:
    """The style of what `highlighted` returns; nbconvert's would bring along the reader's own custom.css."""
    return HtmlFormatter().get_style_defs(".highlight")


@functools.cache
def highlighter() -> Highlight2HTML:
    return Highlight2HTML(pygments_lexer="ipython3")
