"""Whatever happens to a run, the last good state stays, the reason is told, and the next run makes everything as it
should be.
"""
from __future__ import annotations

import contextlib
import io
import json
import os
import random
import shutil
import sqlite3
import subprocess
from collections import namedtuple
from pathlib import Path

import pytest

from course.building.units import CourseError
from course.grading import cohort, gradebook, judge, pages, sandbox
from course.grading.run import load_state
from tests.benchmarks import kills
from tests.course.grading import faults, hostile
from tests.course.grading.hostile import NAME

STUDENTS = ("all_right", "one_wrong", "untouched")
CHANGES = {"again": kills.hand_in_again, "anew": kills.change_exercise}


def said_by(root: Path, **options) -> tuple[int, str]:
    """Exit status and what was said, as the command does it."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            status = faults.run(root, **options)
        except (CourseError, OSError) as error:
            print(error)
            status = 2
    return status, said.getvalue()


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A class that is graded, with two grades by hand."""
    root = tmp_path_factory.mktemp("faults") / "class"
    hostile.write_class(root, [case for case in hostile.CASES if case.name in STUDENTS])
    status, said = said_by(root)
    assert status == 0, said
    kills.give_by_hand(root)
    return root


@pytest.fixture(scope="module")
def undisturbed():
    """What a run makes of a change, and in how many steps."""
    return {}


@pytest.fixture
def changed(graded, undisturbed, request):
    """The class after a change, its path always the same since fingerprints hold it; (root, put back, what must come
    out, steps)."""
    store = graded.with_name(request.param)
    root = graded.with_name("at-work")

    def put_back() -> None:
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(store, root)

    if request.param not in undisturbed:
        shutil.copytree(graded, store)
        CHANGES[request.param](store)
        put_back()
        steps = faults.steps(root)
        undisturbed[request.param] = kills.outcome(root), steps
    put_back()
    return root, put_back, *undisturbed[request.param]


def in_the_end(root: Path, expected: dict) -> None:
    """A plain run makes everything right."""
    status, said = said_by(root)
    assert status == 0, said
    assert kills.differences(kills.outcome(root), expected) == []


@pytest.mark.parametrize("changed", CHANGES, indirect=True)
def test_killed_at_any_step(changed):
    root, put_back, expected, steps = changed
    for n in random.Random(1).sample(range(1, steps + 1), 2):
        put_back()
        assert faults.killed_at(root, n) == faults.KILLED
        in_the_end(root, expected)


@pytest.mark.parametrize("changed", ["anew"], indirect=True)
def test_killed_while_the_last_submission_is_taken_out(changed, monkeypatch):
    """nbgrader does it in two transactions; from between them the next run made "list index out of range"."""
    root, _, expected, _ = changed

    def killed(book, name):
        for student in ("all_right", "one_wrong"):
            book.remove_submission(name, student)
        book.remove_submission_notebook(NAME, name, "untouched")

    with monkeypatch.context() as patch:
        patch.setattr(gradebook.Gradebook, "remove_assignment", killed)
        gradebook.begin_anew(cohort.Cohort(root, root / "course" / "class", NAME, root, True))
    in_the_end(root, expected)


@pytest.mark.parametrize("changed", CHANGES, indirect=True)
def test_a_disk_that_is_full_from_any_step_on(changed):
    root, put_back, expected, steps = changed
    for n in random.Random(2).sample(range(1, steps + 1), 2):
        put_back()
        with faults.at_steps(root / "course" / "class", faults.full_from(n)):
            status, said = said_by(root)
        assert status and "No space left on device" in said, (n, said)
        assert not list((root / "course" / "class").rglob("*.tmp"))
        in_the_end(root, expected)


def given_by_hand(root: Path) -> dict:
    with contextlib.closing(sqlite3.connect(root / "course" / "class" / "gradebook.db")) as book:
        rows = book.execute(gradebook.ROWS, {"exercise": NAME}).fetchall()
    return {row[0]: row[3] for row in rows if row[3] is not None}


@pytest.mark.parametrize("changed", ["anew"], indirect=True)
def test_hand_grades_survive_two_changes_and_a_run_over_one_student(changed):
    """Each of the two had lost what wasn't in the gradebook again yet."""
    root, *_ = changed
    said_by(root, only=["untouched"])  # grades all, since the exercise has changed
    kept = root / "course" / "class" / f"{NAME}_by_hand.json"
    about = kills.GIVEN["all_right"]
    with contextlib.closing(sqlite3.connect(root / "course" / "class" / "gradebook.db")) as book:  # as if interrupted
        book.execute("""DELETE FROM grade WHERE notebook_id IN (SELECT submitted_notebook.id FROM submitted_notebook JOIN
            submitted_assignment ON submitted_notebook.assignment_id = submitted_assignment.id WHERE student_id = 'all_right')""")
        book.commit()
    kept.write_text(json.dumps({"all_right": {"answer_why": {"manual_score": about, "extra_credit": None,
                                                             "needs_manual_grade": False, "comment": "Read."}}}))
    left = cohort.Cohort(root, root / "course" / "class", NAME, root, True)
    by_hand, _ = gradebook.begin_anew(left)
    assert {student: cells["answer_why"]["manual_score"] for student, cells in by_hand.items()} == kills.GIVEN
    assert said_by(root, only=["one_wrong"])[0] == 0
    assert list(json.loads(kept.read_text())) == ["all_right"]
    status, said = said_by(root)
    assert status == 0, said
    assert given_by_hand(root) == kills.GIVEN and not kept.exists()


def test_a_gradebook_is_made_whole_or_not_at_all(tmp_path, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt
    monkeypatch.setattr("nbgrader.api.get_alembic_version", killed)
    with pytest.raises(KeyboardInterrupt):
        gradebook.create(cohort.Cohort(tmp_path, tmp_path, NAME, tmp_path, True))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("changed", ["again"], indirect=True)
def test_a_locked_gradebook(changed):
    root, _, expected, _ = changed
    file = root / "course" / "class" / "gradebook.db"
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as book:
        book.execute("BEGIN EXCLUSIVE")
        status, said = said_by(root, database=f"sqlite:///{file}?timeout=0.1")
    assert status == 2 and said.count("\n") == 1 and "is locked by another program for too long" in said
    in_the_end(root, expected)


@pytest.mark.parametrize("changed", ["again"], indirect=True)
def test_a_gradebook_of_garbage(changed, capfd):
    root, _, expected, _ = changed
    file = root / "course" / "class" / "gradebook.db"
    whole = file.read_bytes()
    file.write_bytes(random.Random(0).randbytes(len(whole)))
    status, said = said_by(root)
    assert status == 2 and said.count("\n") == 1 and "file is not a database" in said
    assert capfd.readouterr().err == ""
    file.write_bytes(whole)
    in_the_end(root, expected)


@pytest.mark.parametrize("changed", ["again"], indirect=True)
@pytest.mark.parametrize("spoil", [lambda text: text[:len(text) // 2], lambda text: random.Random(0).randbytes(3000),
                                   lambda text: b'{}\n[]\n3\n{"key": 1}\n{"graded": {"student": ["a"]}}\n'
                                                b'{"graded": {"student": "all_right"}}\n'], ids=["half", "noise", "others"])
def test_a_spoiled_state_file(changed, spoil):
    root, _, expected, _ = changed
    state = root / "course" / "class" / f"{NAME}_state.jsonl"
    state.write_bytes(spoil(state.read_bytes()))
    in_the_end(root, expected)


def test_half_a_line_spoils_no_other(tmp_path):
    line = json.dumps({"key": "k", "answers": "a", "graded": {"student": "anna"}})
    (tmp_path / "state").write_text(f'{line[:20]}\n{line.replace("anna", "ben")}\n{line}')
    assert set(load_state(tmp_path / "state")) == {"anna", "ben"}


@pytest.mark.parametrize("changed", ["again"], indirect=True)
def test_a_page_that_cannot_be_written_is_a_failure(changed, monkeypatch):
    root, _, expected, _ = changed
    with monkeypatch.context() as patch:
        patch.setattr(pages, "draw", lambda *_: OSError(28, "No space left on device", "page.html"))
        status, said = said_by(root)
    assert status == 1 and "the feedback page couldn't be written: No space left on device" in said
    in_the_end(root, expected)


def test_nothing_is_judged_on_a_full_disk(monkeypatch, tmp_path):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(judge.shutil, "disk_usage", lambda _: usage(2**20))
    with pytest.raises(CourseError, match="only 1 MB are free in .* set TMPDIR"):
        judge.refuse_full(tmp_path, sandbox.Allowed())


@pytest.mark.parametrize("changed", ["again"], indirect=True)
@pytest.mark.parametrize("free", [0, 40])
def test_a_full_file_system(changed, tmp_path, free):
    """free: KiB that are left."""
    root, _, expected, _ = changed
    folder = root / "course" / "class"
    there = shutil.copytree(folder, tmp_path / "class")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        shutil.copytree(there, folder, dirs_exist_ok=True)
        space = os.statvfs(folder)
        (folder / "filler").write_bytes(bytes(space.f_bavail * space.f_frsize - free * 1024))
        status, said = said_by(root)
        assert status and "Traceback" not in said and ("No space left" in said or "is full" in said), said
        assert not list(folder.rglob("*.tmp"))
        (folder / "filler").unlink()
        in_the_end(root, expected)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
