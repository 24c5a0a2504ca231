"""One table over all exercises: what isn't graded is blank, and tasks are told by what they say about students."""
from __future__ import annotations

import contextlib
import csv
import sqlite3
import warnings
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from course.building.units import CourseError
from course.grading import roster, table
from course.grading.table import Result, Results

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from nbgrader.api import Base

TASKS = {"test_kl": 2, "test_js": 3, "answer_why": 4}
UNREAD = None


def grade(folder: Path, exercise: str, points: dict[str, tuple], penalty: dict[str, float] | None = None,
          states: dict[str, str] | None = None, tasks: dict[str, float] = TASKS) -> None:
    """Put an exercise into the class's gradebook and write its table, as grading does.

    points: of each student those of the tasks, where answers are read by hand, or UNREAD. states: of the others.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with book(folder) as add:
        add("assignment", id=exercise, name=exercise, course_id="default_course")
        add("notebook", id=exercise, name=exercise, assignment_id=exercise)
        for task, most in tasks.items():
            kind = "markdown" if task.startswith("answer") else "code"
            add("base_cell", id=f"{exercise} {task}", name=task, notebook_id=exercise, type="GradeCell")
            add("grade_cells", id=f"{exercise} {task}", max_score=most, cell_type=kind)
        for student, scores in points.items():
            both, late = f"{exercise} {student}", (penalty or {}).get(student)
            add("student", id=student)
            add("submitted_assignment", id=both, assignment_id=exercise, student_id=student)
            add("submitted_notebook", id=both, assignment_id=both, notebook_id=exercise, late_submission_penalty=late)
            for task, score in zip(tasks, scores):
                by = "manual_score" if task.startswith("answer") else "auto_score"
                add("grade", id=f"{both} {task}", notebook_id=both, cell_id=f"{exercise} {task}", **{by: score},
                    needs_manual_grade=score is UNREAD)
    rows = dict.fromkeys(points, "graded") | (states or {})
    lines = [f"{student},{state},,{sum(tasks.values())},0," for student, state in sorted(rows.items())]
    head = "student_id,status,auto_score,auto_max,manual_pending,message"
    (folder / f"{exercise}.csv").write_text("\n".join([head, *lines]))


@contextlib.contextmanager
def book(folder: Path):
    """Yields a function that adds a row to a table of the class's gradebook."""
    engine = create_engine(f"sqlite:///{folder / 'gradebook.db'}")
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        tables = Base.metadata.tables
        yield lambda table, **values: connection.execute(tables[table].insert().prefix_with("OR IGNORE").values(values))
    engine.dispose()


def read(file: Path) -> dict[str, dict[str, str]]:
    with open(file, newline="", encoding="utf-8") as lines:
        return {row["student"]: row for row in csv.DictReader(lines)}


@pytest.fixture
def folder(tmp_path):
    """Two exercises, and a roster with somebody who never came."""
    folder = tmp_path / "class"
    folder.mkdir()
    (tmp_path / "r.csv").write_text("student,name,email,group\nben,Ben <b>,ben@x.example,Monday\n"
                                    "anna,=Anna,anna@x.example,\nzoe,Zoë Zander,,\n")
    roster.main([tmp_path / "r.csv"], folder)
    grade(folder, "e01", {"anna": (2, 3, 4), "ben": (0, 0, 0), "carl": (2, 0, UNREAD)},
          states={"dora": "not gradable", "emil": "absent"})
    grade(folder, "e02", {"anna": (2, 1.5, 0.25), "ben": (1, 0, 0)}, {"anna": 0.5, "ben": 3}, {"carl": "absent"})
    (folder / "submitted" / "dora" / "e02").mkdir(parents=True)
    return folder


def part(row: dict[str, str], exercise: str) -> list[str]:
    return [row[f"{exercise} {name}"] for name in ("automatic", "by hand", "late", "total", "maximum", "state")]


def test_what_is_not_graded_is_blank_and_a_zero_is_a_zero(folder, capsys):
    assert table.main(folder=folder) == 0
    said = "6 students, 2 exercises; 5 absent, 4 graded, 1 unread, 1 not gradable, 1 not graded yet"
    assert said in capsys.readouterr().out
    rows = read(folder / "grades.csv")
    assert list(rows) == ["ben", "anna", "zoe", "carl", "dora", "emil"]
    assert part(rows["anna"], "e01") == ["5", "4", "0", "9", "9", "graded"]
    assert part(rows["ben"], "e01") == ["0", "0", "0", "0", "9", "graded"]
    assert part(rows["carl"], "e01") == ["2", "", "0", "", "9", "unread"]
    assert part(rows["dora"], "e01") == ["", "", "", "", "9", "not gradable"]
    assert part(rows["dora"], "e02") == ["", "", "", "", "9", "not graded yet"]
    assert part(rows["zoe"], "e01") == part(rows["emil"], "e01") == ["", "", "", "", "9", "absent"]
    assert part(rows["anna"], "e02") == ["3.5", "0.25", "-0.5", "3.25", "9", "graded"]
    assert part(rows["ben"], "e02") == ["1", "0", "-3", "0", "9", "graded"]
    assert [rows[name]["sum"] for name in rows] == ["0", "12.25", "", "", "", ""]
    assert [rows[name]["of"] for name in rows] == ["18", "18", "", "", "", ""]
    assert rows["anna"]["name"] == "'=Anna" and rows["ben"]["group"] == "Monday"


def test_points_given_by_hand_to_a_test_count(folder):
    with contextlib.closing(sqlite3.connect(folder / "gradebook.db")) as connection:
        connection.execute("UPDATE grade SET manual_score = 1, extra_credit = 0.5 WHERE id = 'e01 anna test_js'")
        connection.commit()
    anna = table.results(folder, f"sqlite:///{folder / 'gradebook.db'}").of["e01"]["anna"]
    assert (anna.automatic, anna.by_hand, anna.total, anna.scores["test_js"]) == (5, 2.5, 7.5, 1.5)


def test_the_page(folder):
    table.main(folder=folder)
    page = (folder / "grades.html").read_text(encoding="utf-8")
    assert "Ben &lt;b&gt;" in page and "<b>" not in page and "<script" not in page and "http" not in page
    assert "<td>3.25 <small>3.5 + 0.25 − 0.5 late</small></td>" in page
    assert "<td> <small>2 + 0 + unread</small></td>" in page and "<small>not gradable</small>" in page


def made(**exercises) -> Results:
    """Results with the points of tasks in rows of students."""
    tasks = {name: {f"test_{i}": 2.0 for i in range(len(rows[0]))} for name, rows in exercises.items()}
    of = {name: {f"s{n}": Result("graded", 0.0, 0.0, 0.0, dict(zip(tasks[name], row))) for n, row in enumerate(rows)}
          for name, rows in exercises.items()}
    return Results(tasks, of)


def test_reliability_is_cronbachs_alpha():
    assert table.alpha(made(e=[(2, 2), (1, 1), (0, 0)]), "e") == "1.00"
    # variances 1 and 1/3, of the sums 7/3: 2 · (1 − (4/3) / (7/3)) = 6/7
    assert table.alpha(made(e=[(2, 1), (1, 0), (0, 0)]), "e") == "0.86"
    assert table.alpha(made(e=[(2, 0), (1, 1), (0, 2)]), "e") == "–"
    assert table.alpha(made(e=[(2, 1), (1, 0)]), "e") == table.alpha(made(e=[(2,), (1,), (0,)]), "e") == "–"
    assert table.alpha(made(e=[(2, 2, None), (1, 1, 2), (0, 0, 1)]), "e") == "1.00"


def test_a_task_is_told_by_all_exercises_and_the_hardest_comes_first():
    found = made(e1=[(2, 0), (1, 0), (0, 1)], e2=[(2, 2), (1, 1), (0, 0)])
    page = table.by_task(found)
    rows = [line.split("</td>")[:-1] for line in page.split("<tr>")[2:]]
    cells = [[cell.rsplit(">", 1)[1] for cell in row] for row in rows]
    assert cells[0] == ["e1", "1", "2", "3", "17 %", "0 %", "-0.87"]  # of (0, 0, 1) with (6, 3, 0) / 6
    assert cells[1] == ["e1", "0", "2", "3", "50 %", "33 %", "0.98"]  # of (2, 1, 0) with (4, 2, 1) / 6
    few = table.by_task(made(e1=[(2, 0), (1, 0)]))
    assert few.count("<td class=n>–</td>") == 2
    assert table.correlation([2, 3, 1], [1 / 3, 1 / 3, 1 / 3 + 1e-16]) == "–"


def test_what_was_not_handed_in_does_not_count_as_wrong():
    """The share of what is graded tells about a student, and not how often somebody came."""
    found = made(e1=[(2, 2), (1, 1), (0, 0)], e2=[(2, 2), (1, 1), (0, 0)])
    found.of["e2"]["s0"] = Result("absent")
    assert table.by_task(found).count(">1.00<") == 2 and "<td class=n>2</td>" in table.by_task(found)


def test_nothing_graded(tmp_path):
    with pytest.raises(CourseError, match="there is no gradebook"):
        table.main(folder=tmp_path)
    assert not list(tmp_path.iterdir())
    (tmp_path / "gradebook.db").write_bytes(b"no database " * 100)
    with pytest.raises(CourseError, match="can't be used: file is not a database"):
        table.main(folder=tmp_path)
    (tmp_path / "gradebook.db").unlink()
    grade(tmp_path, "e01", {})
    with pytest.raises(CourseError, match="nothing was graded yet"):
        table.main(folder=tmp_path)
