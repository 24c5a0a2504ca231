"""Two ids of one person: what was the one's becomes the other's, and nothing is lost."""
import json

import pytest

from course.building.units import CourseError
from course.grading import cohort, collect, grade, gradebook, roster, same
from course.grading.collect import People, Person
from tests.course.grading.test_collect import E02, archive, notebook

ROSTER = "student,name,email\nNguyen_Thi_Mai,Nguyen Thi Mai,mai@x.example\nada,Ada Lovelace,ada@x.example\n"
NOON, LATER = (2026, 11, 2, 12, 0, 0), (2026, 11, 3, 12, 0, 0)


def answered(text: str) -> bytes:
    made = json.loads(notebook(E02, 1, text))
    cell = next(cell for cell in made["cells"] if cell["cell_type"] == "markdown"
                and cell["metadata"].get("nbgrader", {}).get("solution"))
    cell["source"] = text
    return json.dumps(made).encode()


@pytest.fixture
def folder(tmp_path):
    """A class in which Mai handed in twice, once under a name that Canvas writes in its own way."""
    (tmp_path / "roster.csv").write_text(ROSTER)
    (tmp_path / "policy.toml").write_text("[due]\ne02 = 2026-11-09\n[extensions.mainguyenthi]\ne02 = 2026-11-12\n")
    files = {"Nguyen_Thi_Mai/e02.ipynb": answered("older"), "mainguyenthi/e02.ipynb": answered("newer"),
             "ada/e02.ipynb": answered("Ada's")}
    times = dict.fromkeys(files, LATER) | {"Nguyen_Thi_Mai/e02.ipynb": NOON}
    (tmp_path / "came.zip").write_bytes(archive(files, times))
    folder = tmp_path / "class"
    folder.mkdir()
    (tmp_path / "policy.toml").rename(folder / "policy.toml")
    roster.main([tmp_path / "roster.csv"], folder=folder)
    assert collect.main([tmp_path / "came.zip"], folder=folder) == 0
    return folder


def about(folder):
    return cohort.Cohort(grade.ROOT, folder, E02, folder, False)


def hand_grades(folder):
    return {student: {cell: (given["manual_score"], given["comment"]) for cell, given in cells.items()}
            for student, cells in gradebook.given_by_hand(about(folder)).items()}


def give(folder, student, points):
    with gradebook.opened(about(folder)) as book:
        grades = [grade for grade in book.find_submission_notebook(E02, E02, student).grades if grade.needs_manual_grade]
        for each in grades:
            each.manual_score, each.needs_manual_grade = points, False
            book.find_comment(each.name, E02, E02, student).manual_comment = f"read: {points}"
        book.db.commit()


def test_what_was_graded_under_the_other_id_stays(folder, capsys):
    assert grade.main("e02", 2, folder=folder) == 0
    said = capsys.readouterr().out
    assert "handed in, but not in roster.csv: mainguyenthi; if one of them is in the class" in said
    assert "python -m course same OLD NEW" in said
    for student, points in (("mainguyenthi", 2.0), ("ada", 1.0)):
        give(folder, student, points)
    before = hand_grades(folder)
    assert same.main("mainguyenthi", "Nguyen_Thi_Mai", folder=folder) == 0
    said = capsys.readouterr().out
    assert "policy.toml speaks of mainguyenthi" in said and "was taken, the newest" in said
    assert grade.main("e02", 2, folder=folder) == 0
    assert "not in roster.csv" not in capsys.readouterr().out
    assert hand_grades(folder) == {"Nguyen_Thi_Mai": before["mainguyenthi"], "ada": before["ada"]}
    assert {row["student"] for row in gradebook.rows(about(folder))} == {"Nguyen_Thi_Mai", "ada"}
    for step in ("submitted", "collected", "autograded", "feedback"):
        assert {path.name for path in (folder / step).iterdir()} == {"Nguyen_Thi_Mai", "ada"}
    lies = folder / "submitted" / "Nguyen_Thi_Mai" / E02 / f"{E02}.ipynb"
    assert b"newer" in lies.read_bytes() and len(list((folder / "collected" / "Nguyen_Thi_Mai" / E02).glob("*.ipynb"))) == 2
    assert collect.received(folder, "Nguyen_Thi_Mai", E02).day == 3
    assert [path.name.startswith("mainguyenthi_") for path in (folder / "backup").iterdir()] == [True]
    assert People(folder / "people.csv").id(Person("folder", "mainguyenthi", "mainguyenthi")) == "Nguyen_Thi_Mai"


def test_nothing_newer_changes_what_is_there(folder, capsys):
    """The other way round: the version of the id that goes is the older one, and its points go with it."""
    assert grade.main("e02", 2, folder=folder) == 0
    give(folder, "Nguyen_Thi_Mai", 1.0), give(folder, "mainguyenthi", 2.0)
    before = hand_grades(folder)
    assert same.main("Nguyen_Thi_Mai", "mainguyenthi", folder=folder) == 0
    assert grade.main("e02", 2, folder=folder) == 0
    assert hand_grades(folder) == {"mainguyenthi": before["mainguyenthi"]}
    assert [row["email"] for row in roster.members(folder)] == ["ada@x.example", "mai@x.example"]


@pytest.mark.parametrize("old, new, why", [("nobody", "ada", "nobody in the class has the id nobody; the ids are Nguyen"),
                                           ("ada", "ada", "are the same id already")])
def test_refused(folder, old, new, why):
    with pytest.raises(CourseError, match=why):
        same.main(old, new, folder=folder)
    assert (folder / "submitted" / "ada").is_dir()
