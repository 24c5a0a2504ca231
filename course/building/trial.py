"""`python -m course try NAME`: everything that must hold for one unit, on one page."""
from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from course.building import build
from course.building.check import load
from course.building.leaks import leaks
from course.building.units import ROOT, CourseError, Unit, find

TESTS = ("tests/course/test_exercises.py", "tests/course/test_notebooks.py", "tests/course/building/test_text.py",
         "tests/course/building/test_derive.py")


def trial(name: str, root: Path = ROOT) -> int:
    """Check the text, build it and run the unit's tests; print a line for each. Returns 1 when something is wrong."""
    unit = find(name, root)
    print(f"{unit.name}\n")
    if not told("the text: its tags, hints, points, equations and checks module", text_faults(unit)):
        return 1
    right = told("no lecture gives an answer away", leaking(unit))
    right &= told("the notebooks are built", build_faults(unit))
    right &= tested(unit)
    print("\n" + ("everything is right" if right else "something is wrong: see ✗ above"))
    return 0 if right else 1


def told(what: str, faults: list[str]) -> bool:
    """Print what was looked at and what is wrong with it; whether it is right."""
    print("\n".join([f"{'✗' if faults else '✓'} {what}", *(f"    {fault}" for fault in faults)]), flush=True)
    return not faults


def text_faults(unit: Unit) -> list[str]:
    try:
        load(unit)
    except CourseError as error:
        return str(error).split("\n")
    return []


def leaking(unit: Unit) -> list[str]:
    """Answers in lectures: of this exercise, or in this lecture."""
    return [str(leak) for leak in leaks(unit.root) if unit.name in (leak.exercise.stem, leak.lecture.stem)]


def build_faults(unit: Unit) -> list[str]:
    try:
        build.build([unit.name], unit.root)
    except CourseError as error:
        return str(error).split("\n")
    return []


def tested(unit: Unit) -> bool:
    """Run the unit's tests in this process; whether all passed."""
    import pytest

    page = Page()
    only = ["-k", unit.name if unit.kind == "lecture" else f"{unit.name} or {unit.name.split('_')[0]}-"]
    files = [str(unit.root / file) for file in TESTS]
    quiet = ["-o", "addopts=", "-p", "no:terminal", "-p", "no:cacheprovider", "--capture=sys",
             "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    status = pytest.main([*quiet, *only, *files], plugins=[page])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        told("the tests can be run", [page.problem or f"pytest ended with {status!r}"])
    return status == pytest.ExitCode.OK


class Page:
    """A pytest plugin: a line for each test function when all its tests are done, and a counter in a terminal."""

    def __init__(self):
        self.out, self.problem, self.done, self.total = sys.stdout, "", 0, 0
        self.waiting: Counter[str] = Counter()
        self.faults: dict[str, list[str]] = {}

    def pytest_collection_finish(self, session):
        self.total = len(session.items)
        self.waiting.update(item.originalname for item in session.items)

    def pytest_collectreport(self, report):
        if report.failed:
            self.problem = str(report.longrepr)

    def pytest_runtest_logreport(self, report):
        function, _, case = report.head_line.removeprefix("test_").partition("[")
        faults = self.faults.setdefault(function, [])
        if report.failed:
            said = getattr(getattr(report.longrepr, "reprcrash", None), "message", str(report.longrepr))
            lines = [line.strip() for line in said.removeprefix("AssertionError: ").splitlines()[:6]]
            words = " ".join(line for line in lines if not line.startswith(("assert ", "Read again")))
            faults.append(f"{case.removesuffix(']')}: {words[:400]}")
        if report.when == "teardown":
            self.done += 1
            self.waiting[f"test_{function}"] -= 1
            if not self.waiting[f"test_{function}"]:
                self.say(function.replace("_", " "), faults)
            elif self.out.isatty():
                self.out.write(f"\r  {self.done} of {self.total} tests")
                self.out.flush()

    def say(self, what: str, faults: list[str]) -> None:
        if self.out.isatty():
            self.out.write("\r" + " " * 30 + "\r")
        lines = [f"{'✗' if faults else '✓'} {what}", *(f"    {fault}" for fault in faults[:10])]
        lines += [f"    … and {len(faults) - 10} more"] * (len(faults) > 10)
        self.out.write("\n".join(lines) + "\n")
        self.out.flush()
