"""The short tags of a cell and the notebook metadata they stand for, both ways."""
from __future__ import annotations

import re
from dataclasses import dataclass

SLIDES = ("slide", "subslide", "fragment", "skip", "notes")
MARKS = ("experiment", "figure")  # kept as cell tags
GO_ON = "raises-exception"  # Jupyter's tag: "Run All" on an unsolved notebook doesn't stop at an experiment
FORMS = {"given": "given NAME", "solve": "solve NAME POINTS", "test": "test NAME POINTS", "answer": "answer NAME POINTS"}
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,49}")  # a cell id may have 64 characters


class TagError(ValueError):
    """A tag that is unknown or malformed; the message is one sentence without the place."""


@dataclass(frozen=True)
class Grading:
    """What nbgrader does with a cell."""
    word: str  # given, solve, test or answer
    name: str
    points: float | None = None  # of a solve cell: those of the test cell that the build derives from it

    @property
    def graded(self) -> bool:
        return self.word in ("test", "answer")

    @property
    def grade_id(self) -> str:
        return f"{self.word}_{self.name}" if self.graded else self.name

    @property
    def metadata(self) -> dict:
        """nbgrader's metadata, as its formgrader and its validator know it."""
        graded = {"points": self.points} if self.graded else {}
        return {"grade": self.graded, "grade_id": self.grade_id, "locked": self.word in ("given", "test"), "schema_version": 3,
                "solution": self.word in ("solve", "answer"), "task": False, **graded}

    def __str__(self) -> str:
        return f"{self.word} {self.name}" + (f" {shown(self.points)}" if self.points is not None else "")


def grading(tag: str) -> Grading | None:
    """What a tag says about grading; None for a tag about something else.

    Raises TagError for an unknown or malformed tag.
    """
    word, *rest = tag.split() or [""]
    if tag in SLIDES or tag in MARKS:
        return None
    if word not in FORMS:
        known = [*map(repr, FORMS.values()), *MARKS, *SLIDES]
        raise TagError(f"unknown tag {tag!r}: use {', '.join(known[:-1])} or {known[-1]}")
    if len(rest) != FORMS[word].count(" ") and (word, len(rest)) != ("solve", 1):
        raise TagError(f"the tag {tag!r} is malformed: write {FORMS[word]!r}")
    if not NAME.fullmatch(rest[0]):
        raise TagError(f"the tag {tag!r} is malformed: a name begins with a letter and has at most 50 letters, digits and _")
    return Grading(word, rest[0], points(tag, rest[1]) if rest[1:] else None)


def points(tag: str, text: str) -> float:
    """A positive number, as int where it is whole."""
    if not re.fullmatch(r"\d{1,6}(\.\d{1,6})?", text) or float(text) == 0:
        raise TagError(f"the points in the tag {tag!r} must be a positive number, got {text!r}")
    return int(float(text)) if float(text).is_integer() else float(text)


def metadata(tags: tuple[str, ...]) -> dict:
    """The metadata of a notebook cell with these (valid) tags."""
    slide = next((tag for tag in tags if tag in SLIDES), "-")
    made: dict = {"slideshow": {"slide_type": slide}}
    if marks := [tag for tag in tags if tag in MARKS]:
        made["tags"] = [*marks, GO_ON] if "experiment" in marks else marks
    if "figure" in marks:
        made["jupyter"] = {"source_hidden": True}
    for tag in tags:
        if about := grading(tag):
            made["nbgrader"] = about.metadata
    return made


def from_metadata(metadata: dict) -> tuple[str, ...]:
    """The tags that give this metadata, in canonical order: grading, marks, slide; what no tag can say is given as it is."""
    graded = from_nbgrader(metadata.get("nbgrader") or {})
    slide = (metadata.get("slideshow") or {}).get("slide_type") or "-"
    return (*graded, *canonical(tag for tag in metadata.get("tags") or () if tag != GO_ON), *(() if slide == "-" else (slide,)))


def from_nbgrader(metadata: dict) -> tuple[str, ...]:
    """`("test dense 4",)` for nbgrader's metadata of such a cell; () for a cell that is nothing to nbgrader."""
    grade, solution, locked = (bool(metadata.get(key)) for key in ("grade", "solution", "locked"))
    if not (grade or solution or locked):
        return ()
    word = {(True, True): "answer", (True, False): "test", (False, True): "solve", (False, False): "given"}[grade, solution]
    name = str(metadata.get("grade_id", ""))
    if not grade:
        return (f"{word} {name}",)
    return (f"{word} {name.removeprefix(f'{word}_')} {shown(metadata.get('points'))}",)


def shown(points: float | None) -> str:
    """4 for 4.0, 2.5 for 2.5."""
    return str(int(points)) if isinstance(points, float) and points.is_integer() else str(points)


def canonical(tags) -> tuple[str, ...]:
    """The same tags in the order in which they are written: grading, marks, slide, anything else."""
    def rank(tag: str) -> int:
        return next((i for i, group in enumerate((FORMS, MARKS, SLIDES)) if str(tag).split(" ")[0] in group), 3)
    return tuple(sorted(tags, key=lambda tag: (rank(tag), str(tag))))
