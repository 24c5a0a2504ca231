"""Equation numbers: whatever a text or a checks module says of a lecture's equation, the lecture must have it."""
from __future__ import annotations

import re
from pathlib import Path

from course.building.checks import specs_of
from course.building.derive import graded
from course.building.text import Problem, Text, read

# An equation with a number; several in one display stand behind \quad.
OWN = re.compile(r"\\tag\{(\d+)\}|\\q?quad\s*\((\d+)\)")
LIST = r"\(?(\d+)\)?(?:(?:–|-|, | and | or )\(?(\d+)\)?)*"
THERE = [re.compile(rf"lecture (?P<lecture>\d\d),? (?:eq\.|equations?) (?P<list>{LIST})"),
         re.compile(rf"lecture (?P<lecture>\d\d),? (?P<list>\(\d+\)(?:(?:–|-|, | and | or )\(\d+\))*)"),
         re.compile(rf"(?P<list>\(\d+\)(?:(?:–|-|, | and | or )\(\d+\))*) (?:in|of) (?:lecture (?P<lecture>\d\d)|the lecture)")]


def check_equations(text: Text, kind: str, name: str, lectures: Path) -> list[Problem]:
    """References to equations that a lecture doesn't have."""
    own = "".join(re.findall(r"\d+", name)[:1])
    found = []
    for cell in text.cells:
        if cell.kind == "markdown":
            for n, line in enumerate(cell.source.split("\n"), cell.line):
                if kind == "exercise":
                    found += [(n, own, number) for pair in OWN.findall(line) for number in pair if number]
                found += [(n, lecture, number) for lecture, number in named(line, own)]
    specs = specs_of(text.cells) or {} if kind == "exercise" else {}
    for cell in text.cells:
        if (about := graded(cell)) and about.word == "solve" and about.name in specs:
            found += [(cell.tags_line, *each) for each in named(specs[about.name].equation, own)]
    return [Problem(line, wrong) for line, lecture, number in dict.fromkeys(found)
            if (wrong := missing(lecture, number, lectures))]


def named(words: str, own: str) -> list[tuple[str, str]]:
    """The equations that are named in words: ("02", "5") for 'lecture 02, eq. 5'; 5–7 are three."""
    found = []
    for match in (match for pattern in THERE for match in pattern.finditer(words)):
        for first, last in re.findall(r"(\d+)\)?(?:[–-]\(?(\d+))?", match["list"]):
            found += [(match["lecture"] or own, str(n)) for n in range(int(first), int(last or first) + 1)]
    return found


def missing(lecture: str, number: str, lectures: Path) -> str | None:
    """What is wrong with naming this equation of this lecture."""
    files = sorted(lectures.glob(f"{lecture}_*.md"))
    if not files:
        return (f"equation ({number}) of lecture {lecture}, which isn't written yet; write it first, or name the lecture "
                "without an equation")
    if number not in {n for pair in OWN.findall(read(files[0])) for n in pair}:
        return (f"lecture {lecture} has no equation ({number}); correct the number, or number the equation there with "
                f"\\tag{{{number}}}")
    return None
