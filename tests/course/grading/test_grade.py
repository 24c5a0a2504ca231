"""Grading a class: the hostile set, and what happens to gradebook, feedback, table and report."""
from __future__ import annotations

import contextlib
import csv
import errno
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import OperationalError

from course.grading import cohort, collect, grade, gradebook, sandbox, sheets
from course.building.units import ROOT, CourseError
from gan_scratch import cli
from gan_scratch.classroom import released
from tests.course.grading import hostile
from tests.course.grading.hostile import CASES, FULL, NAME, find, submitted

LIMITS = {"cell": 2, "call": 1, "total": 60, "memory": 2**30}
NEEDS_BWRAP = pytest.mark.skipif(sandbox.why_not_isolated() is not None, reason=str(sandbox.why_not_isolated()))
SCORES = """SELECT submitted_assignment.student_id, SUM(auto_score)
    FROM grade JOIN submitted_notebook ON grade.notebook_id = submitted_notebook.id
    JOIN submitted_assignment ON submitted_notebook.assignment_id = submitted_assignment.id GROUP BY 1"""
ODD_NAMES = {
    "Zoë Müller": FULL,
    "иван": FULL,
    "a[1]": None,
    "=1+1": None,
    "quo'te": FULL,
    " space": None,
    "two\nlines": None,
    "esc\x1b[31m": None,
}


def run(root: Path, status: int = 0, **options) -> dict[str, dict]:
    """Grade with short limits, which ends with this exit status; returns the table by student."""
    assert grade.main(NAME, jobs=2, root=root, **{**LIMITS, **options}) == status
    return table(root)


def table(root: Path) -> dict[str, dict]:
    with open(root / "course" / "class" / f"{NAME}.csv", newline="", encoding="utf-8") as file:
        return {row["student_id"]: row for row in csv.DictReader(file)}


def hand_in(root: Path, student: str, notebook: dict) -> None:
    submitted(root, student).mkdir(parents=True, exist_ok=True)
    (submitted(root, student) / f"{NAME}.ipynb").write_text(json.dumps(notebook))


def book(root: Path, query: str, *values) -> list[tuple]:
    connection = sqlite3.connect(root / "course" / "class" / "gradebook.db")
    try:
        rows = connection.execute(query, values).fetchall()
        connection.commit()
        return rows
    finally:
        connection.close()


def graded_notebook(root: Path, student: str) -> dict:
    return json.loads((root / "course" / "class" / "autograded" / student / NAME / f"{NAME}.ipynb").read_text())


def printed(notebook: dict) -> str:
    return "".join("".join(output.get("text", "")) for cell in notebook["cells"] for output in cell.get("outputs", []))


def contents(folder: Path) -> dict:
    return {
        path: os.readlink(path) if path.is_symlink() else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


def check_cases(cases: list, rows: dict[str, dict]) -> None:
    """All differences at once."""
    wrong = [
        f"{case.name}: {rows[case.name]}"
        for case in cases
        if (rows[case.name]["auto_score"], rows[case.name]["status"])
        != ("" if case.score is None else f"{case.score:g}", case.status)
        or case.message not in rows[case.name]["message"]
    ]
    assert not wrong, "\n".join(wrong)


@pytest.fixture(scope="module")
def hostile_class(tmp_path_factory):
    """The whole hostile set and some odd names, graded in one run: the course's folder, the table, what was
    submitted.
    """
    root = tmp_path_factory.mktemp("hostile")
    hostile.write_class(root, hostile.RUN)
    for name in ODD_NAMES:
        hand_in(root, name, hostile.right())
    (root / "course" / "class" / "submitted" / "absent").mkdir()
    with contextlib.suppress(OSError):  # not every file system has such names
        hand_in(root, os.fsdecode(b"caf\xe9"), hostile.right())
    book_text = root / "course" / "class" / "gradebook.db.backup"
    book_text.write_text(hostile.BOOK_SECRET)
    hand_in(root, "another", hostile.put(hostile.right(), "setup", f"# {hostile.OTHER_SECRET}"))
    before = contents(root / "course" / "class" / "submitted") | contents(root / "exercises") | contents(root / "solutions")
    rows = run(root)
    return root, rows, before


@NEEDS_BWRAP
def test_the_hostile_set_in_one_run(hostile_class):
    root, rows, before = hostile_class
    check_cases(hostile.RUN, rows)
    after = contents(root / "course" / "class" / "submitted") | contents(root / "exercises") | contents(root / "solutions")
    assert after == before, "what was submitted, released or solved was changed"
    assert not os.path.exists("/tmp/pwned-48151623")


SAME_POINTS = ["one_wrong", "untouched", "asks_to_exit", "sys_exit_in_a_cell", "all_in_one_cell_at_the_end",
               "two_answers_in_the_first_cell", "in_an_archive", "files_that_shadow_modules", "edited_test_cell_for_a_wrong_answer"]


@NEEDS_BWRAP
def test_check_gives_the_points_of_the_grader(hostile_class, monkeypatch, capsys):
    root, rows, _ = hostile_class
    monkeypatch.setattr(released, "RELEASED", root / "exercises" / NAME)
    for name in SAME_POINTS:
        file, = (found for found in submitted(root, name).glob("*") if NAME in found.name or found.suffix == ".zip")
        status = cli.main(["check", str(file)])
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        if file.suffix == ".zip":
            assert status == 2 and "a ZIP archive" in said.err
            continue
        total = said.out.splitlines()[-1]
        assert total == f"{rows[name]['auto_score']} of 5 points by tests; 4 more for a question in words", name
        assert status in ((0, 1) if rows[name]["auto_score"] == "5" else (1,))


@NEEDS_BWRAP
def test_a_spy_finds_nothing(hostile_class):
    said = printed(graded_notebook(hostile_class[0], "spies"))
    assert "found: []" in said and not [line for line in said.splitlines() if line.startswith("wrote") and line != "wrote /tmp"]


@NEEDS_BWRAP
def test_names_of_folders(hostile_class):
    root, rows, _ = hostile_class
    for name, score in ODD_NAMES.items():
        row = rows[f"'{name}" if name[0] == "=" else name]  # no spreadsheet shall take it for a formula
        assert row["auto_score"] == ("" if score is None else f"{score:g}"), row
    assert "rename it" in rows[" space"]["message"] and "rename it" in rows["two\nlines"]["message"]
    assert all(row["status"] == "not gradable" for name, row in rows.items() if name.startswith("caf"))
    assert rows["absent"]["status"] == "absent" and rows["absent"]["message"] == ""


@NEEDS_BWRAP
def test_what_could_not_be_graded_is_not_in_the_gradebook_as_zero(hostile_class):
    root, rows, _ = hostile_class
    students = {student for student, in book(root, "SELECT student_id FROM submitted_assignment")}
    assert students == {name for name, row in rows.items() if row["status"] not in ("not gradable", "absent")}
    scores = dict(book(root, SCORES))
    assert {name: f"{score:g}" for name, score in scores.items()} == {name: rows[name]["auto_score"] for name in students}


@NEEDS_BWRAP
def test_feedback_is_there_for_everybody_graded_and_shows_no_hidden_test(hostile_class):
    root, rows, _ = hostile_class
    pages = {name: root / "course" / "class" / "feedback" / name / NAME / f"{NAME}.html" for name in rows}
    for name, row in rows.items():
        assert pages[name].is_file() == (row["status"] in ("graded", "repaired")), name
    shown = [name for name, page in pages.items() if page.is_file() and hostile.HIDDEN_SECRET in page.read_text()]
    assert shown == []
    assert hostile.HIDDEN_SECRET in json.dumps(graded_notebook(root, "all_right")), "the hidden tests were not run"


@NEEDS_BWRAP
def test_the_report_holds_everything_and_escapes_it(hostile_class):
    page = (hostile_class[0] / "course" / "class" / f"{NAME}_report.html").read_text()
    assert page.count("<svg") == 2 and "<script" not in page and "\x1b" not in page
    for text in (
        "KL is KL(q‖p): p and q are exchanged",
        "bad JSON",
        "claimed 100 points",
        "ran in a sandbox",
        "doesn&#x27;t",
        "answer_why",
        "esc�[31m",
    ):
        assert text in page, text


def test_the_hostile_set_with_resource_limits_only(tmp_path, capfd):
    cases = [case for case in CASES if case.system]
    hostile.write_class(tmp_path, cases)
    check_cases(cases, run(tmp_path, isolated=False))
    assert capfd.readouterr().err.count("runs without a sandbox") == 1
    assert "ran without a sandbox" in (tmp_path / "course" / "class" / f"{NAME}_report.html").read_text()


def test_a_submission_that_kills_the_grader_takes_only_itself(tmp_path):
    hostile.write_class(tmp_path, [case for case in CASES if case.name in ("kills_the_grader", "all_right", "one_wrong")])
    rows = run(tmp_path, status=1, isolated=False)  # it has to be looked at
    assert rows["kills_the_grader"]["status"] == "not gradable" and "its process died" in rows["kills_the_grader"]["message"]
    assert (rows["all_right"]["auto_score"], rows["one_wrong"]["auto_score"]) == ("5", "3")
    assert book(tmp_path, "SELECT student_id FROM submitted_assignment ORDER BY 1") == [("all_right",), ("one_wrong",)]


@pytest.fixture(scope="module")
def graded_once(tmp_path_factory):
    """Two students, graded."""
    root = tmp_path_factory.mktemp("small")
    hostile.write_class(root, [])
    hand_in(root, "anna", hostile.right())
    hand_in(root, "ben", hostile.released())
    run(root)
    return root


@pytest.fixture
def small_class(graded_once, tmp_path):
    """Two students, graded: a copy that each test may change."""
    shutil.copytree(graded_once, tmp_path, symlinks=True, dirs_exist_ok=True)
    return tmp_path


def test_the_table(small_class):
    lines = (small_class / "course" / "class" / f"{NAME}.csv").read_text().splitlines()
    assert lines == ["student_id,status,auto_score,auto_max,manual_score,manual_pending,received,late_penalty,message",
                     "anna,graded,5,5,,1,,,", "ben,graded,0,5,,0,,,"]


def test_only_what_changed_is_graded_again(small_class, capsys):
    def fresh(**options) -> int:
        run(small_class, **options)
        return int(capsys.readouterr().out.split(" absent (")[1].split()[0])
    assert fresh() == 0
    hand_in(small_class, "ben", hostile.right())
    assert fresh() == 1 and table(small_class)["ben"]["auto_score"] == "5"
    assert fresh(force=True) == 2
    solution = small_class / "solutions" / NAME / f"{NAME}.ipynb"
    solution.write_text(solution.read_text().replace("## Task 1", "## Task one"))
    assert fresh() == 2
    shutil.rmtree(small_class / "course" / "class" / "autograded" / "ben")
    (small_class / "course" / "class" / "gradebook.db").unlink()
    assert fresh() == 2 and table(small_class)["ben"]["auto_score"] == "5"


def test_some_students_only(small_class):
    hand_in(small_class, "ben", hostile.right())
    hand_in(small_class, "carl", hostile.right())
    rows = run(small_class, only=["carl"])
    assert (rows["anna"]["auto_score"], rows["ben"]["auto_score"], rows["carl"]["auto_score"]) == ("5", "0", "5")
    hand_in(small_class, "dora", hostile.right())
    rows = run(small_class, only=["ben"])
    assert rows["ben"]["auto_score"] == "5" and "not graded yet" in rows["dora"]["message"]
    assert run(small_class)["dora"]["auto_score"] == "5"
    with pytest.raises(CourseError, match="--student wants ids.*there is no emil"):
        run(small_class, only=["emil", "anna"])


def test_some_tasks_only(small_class):
    """After a test was mended: its points are new, those of the other tests stay, and a plain run makes all of them
    new.
    """
    hand_in(small_class, "ben", hostile.right())
    run(small_class)
    path = small_class / "solutions" / NAME / f"{NAME}.ipynb"
    solution = json.loads(path.read_text())
    for name in ("test_kl", "test_js"):
        cell = find(solution, name)
        cell["source"] = "".join(cell["source"]) + "\n0.5"
    path.write_text(json.dumps(solution))
    rows = run(small_class, tasks=["js"], only=["anna"])
    assert rows["anna"]["auto_score"] == "2.5" and rows["ben"]["auto_score"] == "5"
    assert [task["score"] for task in graded_notebook(small_class, "anna")["metadata"]["gan_scratch"]["tasks"]] == [2, 0.5]
    hand_in(small_class, "ben", hostile.put(hostile.right(), "setup", "x = 1"))
    assert run(small_class, tasks=["test_js"])["ben"]["auto_score"] == "1", "another submission: all of its tests are run"
    assert {row["auto_score"] for row in run(small_class).values()} == {"1"}
    with pytest.raises(CourseError, match="has no task jsd; its tasks are kl, js"):
        run(small_class, tasks=["jsd"])


def test_the_gradebook_may_be_elsewhere(small_class, tmp_path, capsys):
    elsewhere = tmp_path / "another place.db"
    rows = run(small_class, database=f"sqlite:///{elsewhere}", force=True)
    assert rows["anna"]["auto_score"] == "5" and "another place.db" in capsys.readouterr().out
    with contextlib.closing(sqlite3.connect(elsewhere)) as connection:
        assert dict(connection.execute(SCORES)) == {"anna": 5.0, "ben": 0.0}


def test_the_configuration_names_the_gradebook(monkeypatch, tmp_path):
    assert grade.configured(ROOT).endswith("course/class/gradebook.db") and grade.configured(tmp_path) == ""
    cohort = grade.Cohort(tmp_path, tmp_path, NAME, tmp_path, False, database="postgresql://gan:secret@db.example/grades")
    assert cohort.db_url.endswith("/grades")
    assert "secret" not in grade.shown_book(cohort) and "db.example" in grade.shown_book(cohort)


def test_two_graders_at_once(small_class):
    folder = small_class / "course" / "class"
    with grade.locked(folder), pytest.raises(CourseError, match="is being graded already .process "):
        run(small_class)
    assert run(small_class)["anna"]["auto_score"] == "5"


@pytest.mark.parametrize("step", ["autograded", "feedback"])
def test_a_class_whose_results_are_gone_is_graded_again(small_class, step):
    """A failed run had left the gradebook with grades and no notebooks, and each later one stopped with an error."""
    shutil.rmtree(small_class / "course" / "class" / step / "ben")
    assert run(small_class)["ben"]["auto_score"] == "0"
    assert (small_class / "course" / "class" / step / "ben" / NAME).is_dir()


@pytest.mark.parametrize("fault", ["disk", "database"])
def test_the_last_good_state_stays_when_a_result_cannot_be_written(small_class, monkeypatch, capsys, fault):
    """The reason is said, the exit status isn't 0, and the next run puts it right."""
    before = book(small_class, SCORES), graded_notebook(small_class, "ben")
    hand_in(small_class, "ben", hostile.right())

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device", "ben.ipynb")
    with monkeypatch.context() as patch:
        if fault == "disk":
            patch.setattr(grade.gradebook, "record", full)
        else:
            patch.setattr(gradebook, "determine_grade", lambda cell, log: locked(cell))
        rows = run(small_class, status=1)
    said = {"disk": "grading failed: No space left on device: ben.ipynb; the gradebook keeps the grade of an earlier version",
            "database": "is locked by another program for too long"}[fault]
    assert rows["ben"]["status"] == "not gradable" and said in rows["ben"]["message"]
    assert (book(small_class, SCORES), graded_notebook(small_class, "ben")) == before
    assert run(small_class)["ben"]["auto_score"] == "5"


def test_a_page_that_cannot_be_written_is_told(small_class, monkeypatch):
    monkeypatch.setattr(grade.pages, "refresh", lambda *_: {"ben": "the feedback page couldn't be written: why"})
    assert run(small_class, status=1)["ben"]["message"] == "the feedback page couldn't be written: why"


def locked(_):
    raise OperationalError("UPDATE grade", {}, sqlite3.OperationalError("database is locked"))


def test_an_answer_from_the_library_is_remarked_and_costs_nothing(tmp_path):
    hostile.write_class(tmp_path, [])
    notebook = hostile.right()
    cell = next(cell for cell in notebook["cells"] if "def kl" in "".join(cell["source"]))
    cell["source"] = "from gan_scratch.checks.e06 import kl"
    hand_in(tmp_path, "anna", hostile.right())
    hand_in(tmp_path, "ben", notebook)
    rows = run(tmp_path)
    assert rows["ben"]["auto_score"] == rows["anna"]["auto_score"] == "5" and not rows["anna"]["message"]
    assert "imports gan_scratch.checks.e06.kl, the references of the checks: look at it" in rows["ben"]["message"]


def test_late_work(small_class):
    """The collector's time counts; what lateness costs is in the table, the gradebook and the feedback, and an
    extension takes it away again."""
    folder = small_class / "course" / "class"
    for student, when in {"anna": "2026-11-10T12:00:00", "ben": "2026-11-09T17:59:00"}.items():
        kept = folder / "collected" / student / NAME
        kept.mkdir(parents=True)
        version = collect.digest((submitted(small_class, student) / f"{NAME}.ipynb").read_bytes())
        about = {"file": f"x_{version}.ipynb", "platform": "Moodle", "certain": "yes", "time": datetime.fromisoformat(when).astimezone().isoformat()}
        sheets.write(kept / "came.csv", collect.CAME, [[about.get(name, "") for name in collect.CAME]])
    hand_in(small_class, "carl", hostile.right())
    (submitted(small_class, "anna") / "timestamp.txt").write_text("2020-01-01 00:00:00 UTC")
    policy = f"penalty = 10\n[due]\n{NAME} = 2026-11-09T18:00:00\n"
    (folder / "policy.toml").write_text(policy)
    rows = run(small_class)
    assert {name: (row["received"], row["late_penalty"]) for name, row in rows.items()} == {
        "anna": ("2026-11-10 12:00", "0.9"), "ben": ("2026-11-09 17:59", ""), "carl": ("", "")}
    assert "1 day begun, 10 % of the points" in rows["anna"]["message"] and "isn't known" in rows["carl"]["message"]
    assert [row["autograded"] for row in shown_by_the_formgrader(small_class)] == [True, True, True]
    penalty = "SELECT late_submission_penalty FROM submitted_notebook WHERE late_submission_penalty IS NOT NULL"
    assert [round(value, 6) for value, in book(small_class, penalty)] == [0.9], "a tenth of 5 points by tests and 4 by hand"
    (folder / "policy.toml").write_text(policy + f"[extensions.anna]\n{NAME} = 2026-11-10T18:00:00\n")
    assert run(small_class)["anna"]["late_penalty"] == "" and book(small_class, penalty) == []


def shown_by_the_formgrader(root) -> list[dict]:
    """What its page of submissions lists."""
    config = gradebook.configuration(cohort.Cohort(root, root / "course" / "class", NAME, root, True))
    return NbGraderAPI(CourseDirectory(config=config), config=config).get_submissions(NAME)


def test_an_exercise_that_was_changed_after_it_was_handed_out_is_not_held_against_students(tmp_path, capsys):
    hostile.write_class(tmp_path, [])
    for student in ("anna", "ben", "carl"):
        old = hostile.right()
        find(old, "test_kl")["metadata"]["nbgrader"]["points"] = 1
        hand_in(tmp_path, student, old)
    rows = run(tmp_path)
    assert {(row["status"], row["message"]) for row in rows.values()} == {("graded", "")}
    assert "the same in up to 3 notebooks" in capsys.readouterr().out


def test_grades_given_by_hand_survive(small_class):
    book(small_class, """UPDATE grade SET manual_score = 3.5, needs_manual_grade = 0 WHERE cell_id IN
        (SELECT id FROM base_cell WHERE name = 'answer_why') AND auto_score IS NULL""")
    given = "SELECT manual_score, needs_manual_grade FROM grade WHERE manual_score IS NOT NULL"
    assert run(small_class, force=True)["anna"]["manual_pending"] == "0"
    assert book(small_class, given) == [(3.5, 0)]
    changed = hostile.right()
    find(changed, "answer_why")["source"] = "No, because of something else."
    hand_in(small_class, "anna", changed)
    assert run(small_class)["anna"]["manual_pending"] == "1", "a new answer must be looked at again"
    assert book(small_class, given) == [(3.5, 1)]


def test_of_equal_answers_in_words_one_is_read(tmp_path, capsys):
    """The others get its points and comment at the next run; the rubric stands beside the answer, and not in the
    feedback.
    """
    hostile.write_class(tmp_path, [])
    for student, answer in {"anna": "It is *not* symmetric.", "ben": "it is not symmetric", "carl": "Because of the logarithm."}.items():
        notebook = hostile.right()
        find(notebook, "answer_why")["source"] = answer
        hand_in(tmp_path, student, notebook)
    run(tmp_path)
    anna = """notebook_id IN (SELECT submitted_notebook.id FROM submitted_notebook JOIN submitted_assignment
        ON submitted_notebook.assignment_id = submitted_assignment.id WHERE student_id = 'anna')"""
    book(tmp_path, f"UPDATE grade SET manual_score = 2.5, needs_manual_grade = 0 WHERE {anna} AND auto_score IS NULL")
    book(tmp_path, f"""UPDATE comment SET manual_comment = 'Half of it.' WHERE {anna}
        AND cell_id IN (SELECT id FROM base_cell WHERE name = 'answer_why')""")
    rows = run(tmp_path)
    assert {name: (row["manual_score"], row["manual_pending"]) for name, row in rows.items()} == {
        "anna": ("2.5", "0"), "ben": ("2.5", "0"), "carl": ("", "1")}
    assert "answer_why: one answer is equal to one that was read" in capsys.readouterr().out
    folder = tmp_path / "course" / "class"
    assert "Half of it." in (folder / "feedback" / "ben" / NAME / f"{NAME}.html").read_text()
    report = (folder / f"{NAME}_report.html").read_text()
    assert "anna, ben" in report and "equal" in report
    rubric = [cell for cell in graded_notebook(tmp_path, "carl")["cells"] if cell["metadata"].get("gan_scratch", {}).get("instructor")]
    model = "".join(find(hostile.solution(), "answer_why")["source"]).splitlines()[0]
    assert model in "".join(rubric[0]["source"]) and len(rubric) == 1
    assert model not in (folder / "feedback" / "carl" / NAME / f"{NAME}.html").read_text()


def test_an_earlier_grade_is_kept_and_said_when_a_later_version_can_not_be_graded(small_class):
    (submitted(small_class, "anna") / f"{NAME}.ipynb").write_text("{")
    row = run(small_class)["anna"]
    assert (
        row["status"] == "not gradable" and row["auto_score"] == "" and "keeps the grade of an earlier version" in row["message"]
    )
    assert ("anna",) in book(small_class, "SELECT student_id FROM submitted_assignment")


def test_interrupted_and_continued(tmp_path):
    hostile.write_class(tmp_path, [])
    for i in range(6):
        hand_in(tmp_path, f"s{i}", hostile.put(hostile.right(), "setup", "import time; time.sleep(0.5)"))
    code = ("import sys; from pathlib import Path; from course.grading import grade;"
            f"sys.exit(grade.main({NAME!r}, jobs=2, root=Path({str(tmp_path)!r})))")
    state = tmp_path / "course" / "class" / f"{NAME}_state.jsonl"
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, start_new_session=True, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        until = time.monotonic() + 120
        while not (state.exists() and '"failed": ""' in state.read_text()) and time.monotonic() < until:
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "what was graded is kept" in err, (process.returncode, out, err)
    done = {name for name, row in table(tmp_path).items() if row["auto_score"] == "5"}
    assert 1 <= len(done) < 6
    assert all(row["auto_score"] == "5" for row in run(tmp_path).values())
    assert {student for student, in book(tmp_path, "SELECT student_id FROM submitted_assignment")} == set(table(tmp_path))


def test_wrong_use_is_said_in_one_sentence(tmp_path):
    hostile.write_class(tmp_path, [])
    with pytest.raises(CourseError, match="there is no unit 'nonsense'"):
        grade.main("nonsense", root=tmp_path)
    with pytest.raises(CourseError, match=f"nothing was submitted of {NAME}: expected .*/submitted/STUDENT/{NAME}/{NAME}.ipynb"):
        grade.main(NAME, root=tmp_path)
    (tmp_path / "course" / "class" / "submitted").mkdir(parents=True)
    (tmp_path / "course" / "class" / "submitted" / "anna.ipynb").write_text("{}")
    with pytest.raises(CourseError, match="not looked at, because they lie in no student's folder: anna.ipynb"):
        grade.main(NAME, root=tmp_path)
    hand_in(tmp_path, "anna", hostile.right())
    with pytest.raises(CourseError, match="there is no folder"):
        grade.main(NAME, csv=tmp_path / "no" / "such" / "x.csv", root=tmp_path)
    shutil.rmtree(tmp_path / "solutions")
    with pytest.raises(CourseError, match="python -m course build"):
        grade.main(NAME, root=tmp_path)


def test_cells_that_come_or_go_after_grading(small_class, capsys):
    """Everything is graded anew, what a person gave is carried over by grade id, and the gradebook as it was is
    kept.
    """
    book(small_class, """UPDATE grade SET manual_score = 3.5, needs_manual_grade = 0 WHERE cell_id IN
        (SELECT id FROM base_cell WHERE name = 'answer_why') AND auto_score IS NULL""")
    book(small_class, """UPDATE comment SET manual_comment = 'Well said.' WHERE cell_id IN
        (SELECT id FROM base_cell WHERE name = 'answer_why')""")
    notebook = hostile.solution()
    notebook["cells"] = [cell for cell in notebook["cells"] if "js" not in cell["id"]]
    for place in ("solutions", "exercises"):
        path = small_class / place / NAME / f"{NAME}.ipynb"
        cells = json.loads(path.read_text())["cells"]
        path.write_text(json.dumps({**notebook, "cells": [cell for cell in cells if "js" not in cell["id"]]}))
    rows = run(small_class, only=["anna"])
    said = capsys.readouterr().out
    assert "other graded cells than before" in said and "in the backup only" not in said
    assert {name: (row["auto_score"], row["auto_max"], row["manual_score"]) for name, row in rows.items()} == {
        "anna": ("2", "2", "3.5"), "ben": ("0", "2", "")}
    assert rows["anna"]["manual_pending"] == "0"
    page = small_class / "course" / "class" / "feedback" / "anna" / NAME / f"{NAME}.html"
    assert "Well said." in page.read_text()
    backup, = (small_class / "course" / "class" / "backup").glob("*.db")
    with contextlib.closing(sqlite3.connect(backup)) as connection:
        assert dict(connection.execute(SCORES)) == {"anna": 5.0, "ben": 0.0}
    assert not list((small_class / "course" / "class").glob("*_by_hand.json"))


def test_plain_nbgrader_commands_work_with_the_configuration(tmp_path):
    """In a copy of the course's folder, since the configuration finds everything from its own place."""
    hostile.write_class(
        tmp_path,
        [case for case in CASES if case.name in ("one_wrong", "duplicated_cell", "stripped_metadata", "link_to_the_solution")],
    )
    evil = hostile.right()
    find(evil, "answer_why")[
        "source"
    ] = "Because $a < b$ <img src=x onerror=alert(1)> <script>alert(2)</script>\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    hostile.put(evil, "setup", "from IPython.display import HTML\ndisplay(HTML('<script>alert(3)</script>'))")
    hand_in(tmp_path, "evil", evil)
    shutil.copy(ROOT / "course" / "nbgrader_config.py", tmp_path / "course")
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_PATH": str(tmp_path / "course"),
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
    }

    def nbgrader(*arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-m", "nbgrader", *arguments],
            env=environment,
            cwd=tmp_path,
            text=True,
            capture_output=True,
            timeout=120,
        )

    assert nbgrader("generate_assignment", NAME, "--force").returncode == 0
    released = json.loads((tmp_path / "exercises" / NAME / f"{NAME}.ipynb").read_text())
    assert {cell["id"]: "".join(cell["source"]) for cell in released["cells"]} == {
        c["id"]: c["source"] for c in hostile.released()["cells"]
    }
    graded = nbgrader("autograde", NAME)
    assert "symbolic link" in graded.stdout + graded.stderr
    made = nbgrader("generate_feedback", NAME)
    assert made.returncode == 0, graded.stdout + graded.stderr + made.stdout + made.stderr
    scores = dict(book(tmp_path, SCORES))
    assert scores == {"one_wrong": 3, "duplicated_cell": 5, "stripped_metadata": 5, "evil": 5, "link_to_the_solution": None}
    page = (tmp_path / "course" / "class" / "feedback" / "evil" / NAME / f"{NAME}.html").read_text()
    assert "<script>alert" not in page and "onerror" not in page and hostile.HIDDEN_SECRET not in page
    assert "<mi>a</mi>" in page and "$" not in page and "<th>a</th>" in page
    assert nbgrader("export").returncode == 0 and "one_wrong" in (tmp_path / "grades.csv").read_text()


def test_planted_code_that_was_left_does_not_come_back_over_the_answer_above_it(tmp_path):
    """nbgrader's own release of the solution has a stub where students got code with a planted bug."""
    handed_out = hostile.released()
    find(handed_out, "kl")["source"] = hostile.WRONG
    answered = hostile.put(hostile.right(), "setup", hostile.RIGHT["kl"])
    find(answered, "kl")["source"] = hostile.WRONG
    hostile.write_class(tmp_path, [])
    (tmp_path / "exercises" / NAME / f"{NAME}.ipynb").write_text(json.dumps(handed_out))
    hand_in(tmp_path, "mended_above", answered)
    hand_in(tmp_path, "as_handed_out", handed_out)
    rows = run(tmp_path)
    assert (rows["mended_above"]["auto_score"], rows["as_handed_out"]["auto_score"]) == ("5", "0")
    assert "cell kl was left untouched; the answer was found in the cell of kl (" in rows["mended_above"]["message"]
