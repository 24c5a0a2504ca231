"""python -m course same OLD NEW: two ids are one person; all that was OLD's becomes NEW's.

A platform may write a name in another way than the roster, and then `collect` takes the two for different people.
"""
from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from course.building.units import ROOT, CourseError
from course.grading import collect, grade, gradebook, roster
from course.grading.cohort import Cohort
from course.grading.collect import BY_HAND, People, Version
from course.grading.report import printable
from gan_scratch.classroom import released
from gan_scratch.classroom.finding import listed


def main(old: str, new: str, *, folder: Path | None = None, root: Path = ROOT, database: str | None = None) -> int:
    """Make one person of two, and say what changed; returns 0. It may be repeated when it was interrupted.

    Args:
        old: the id that goes. new: the id that stays. folder: the class's (default: root/course/class). root: holds
        solutions/. database: the gradebook's URL (default: what course/nbgrader_config.py says).

    Raises CourseError when one of the two isn't known, or the class is being graded.
    """
    database = grade.configured(root) if database is None and folder is None else database or ""
    folder = Path(folder or root / "course" / "class").resolve()
    people, rows = People(folder / "people.csv"), roster.members(folder)
    refuse_unknown(old, new, known(folder, people, rows))
    said = []
    with grade.locked(folder), tempfile.TemporaryDirectory(prefix="gs-") as scratch:
        anything = Cohort(Path(root).resolve(), folder, released.names()[0], Path(scratch), False, database=database)
        gradebook.configuration(anything)
        gradebook.create(anything)
        for name in exercises(folder, old):
            cohort = replace(anything, exercise=name)
            said += hand_on(cohort, old, new)
            said += collect.settle(folder, new, name, versions(folder, old, name))
        with gradebook.opened(anything) as book, contextlib.suppress(gradebook.MissingEntry):
            book.remove_student(old)
        rename(people, rows, old, new, folder)
        clear(folder, old)
    print(f"same: what was {old}'s is {new}'s now; the next `grade` does the rest")
    for line in said + policy_speaks_of(folder, old):
        print(f"  {printable(line)}")
    return 0


def known(folder: Path, people: People, rows: list[dict]) -> set[str]:
    """All ids of the class."""
    there = {path.name for path in (folder / "submitted").glob("*") if path.is_dir()}
    return there | {student for student, _ in people.ids.values() if student} | {row["student"] for row in rows}


def refuse_unknown(old: str, new: str, ids: set[str]) -> None:
    """Raises CourseError."""
    if old == new:
        raise CourseError(f"{old} and {new} are the same id already; give the one that goes, then the one that stays")
    if unknown := [name for name in (old, new) if name not in ids]:
        raise CourseError(f"nobody in the class has the id {listed(unknown)}; the ids are {listed(sorted(ids), 40)}")


def exercises(folder: Path, student: str) -> list[str]:
    """Those of which something of a student's is there."""
    there = {path.name for step in ("submitted", "collected") for path in (folder / step / student).glob("*")}
    return sorted(there & set(released.names()))


def hand_on(cohort: Cohort, old: str, new: str) -> list[str]:
    """Keep what a person gave for OLD's answers, until NEW's submission is graded; returns what is to be said."""
    given = gradebook.given_by_hand(cohort).get(old)
    if not given:
        return []
    kept = gradebook.load_by_hand(cohort)
    kept[new] = given | kept.get(new, {})
    gradebook.save_by_hand(cohort, kept)
    return [f"{cohort.exercise}: what was given by hand for {listed(sorted(given))} goes to {new}, if {old}'s version is taken "
            "or nobody has read another"]


def versions(folder: Path, student: str, name: str) -> list[Version]:
    """All that a student ever handed in of an exercise."""
    kept, target = folder / "collected" / student / name, folder / "submitted" / student / name / f"{name}.ipynb"
    found = [Version(kept / row["file"], datetime.fromisoformat(row["time"]).timestamp(), row["file"].rsplit("_", 1)[1][:-6],
                     row["came"], row["platform"], row["source"], bool(row.get("certain")))
             for row in collect.arrived(kept) if (kept / row["file"]).is_file()]
    if target.is_file() and (lies := collect.digest(target.read_bytes())) not in {version.digest for version in found}:
        found.append(Version(target, target.stat().st_mtime, lies, f"what lay in submitted/{student}", BY_HAND))
    return found


def rename(people: People, rows: list[dict], old: str, new: str, folder: Path) -> None:
    """In people.csv and roster.csv; what only OLD's line has, as the key of another platform, goes to NEW's."""
    people.ids = {key: (new if student == old else student, name) for key, (student, name) in people.ids.items()}
    people.save()
    by_id = {row["student"]: row for row in rows}
    if old in by_id and new in by_id:
        by_id[new] |= {name: text for name, text in by_id[old].items() if text and not by_id[new][name] and name != roster.LEFT}
    elif old in by_id:
        by_id[new] = by_id[old] | {"student": new}
    if by_id.pop(old, None):
        roster.write(folder, by_id.values())


def clear(folder: Path, old: str) -> None:
    """Put OLD's submissions into backup/, and take away what is made from them."""
    if (folder / "submitted" / old).is_dir():
        (folder / "backup").mkdir(exist_ok=True)
        shutil.move(folder / "submitted" / old, folder / "backup" / f"{old}_{time.strftime('%Y-%m-%d_%H-%M-%S')}")
    for step in ("collected", "autograded", "feedback"):
        shutil.rmtree(folder / step / old, ignore_errors=True)


def policy_speaks_of(folder: Path, old: str) -> list[str]:
    """What the instructor has to change."""
    file = folder / "policy.toml"
    there = file.is_file() and f".{old}]" in file.read_text(encoding="utf-8-sig")
    return [f"{file.name} speaks of {old}; change it there"] if there else []
