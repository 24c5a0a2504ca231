"""Feedback and grades go back as each platform takes them, and only what is graded."""
from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path

import pytest

from course.building.units import CourseError
from course.grading import collect, give_back, roster
from course.grading.cohort import Cohort
from gan_scratch.classroom import released as releases
from tests.course.grading import hostile
from tests.course.grading.test_collect import archive, notebook
from tests.course.grading.test_table import UNREAD, book, grade, read

E02 = releases.full_name("e02")
CAME = {
    "Ada_Lovelace": "Ada Lovelace_1234567_assignsubmission_file_/sub/e02.ipynb",
    "Jürgen_Groß": "Jürgen Groß_1234568_assignsubmission_file_e02.ipynb",
    "pascalblaise": "pascalblaise_LATE_72_9002_e02-1.ipynb.json",
    "noetheremmy": "noetheremmy_73_9003_link.ipynb",
    "alovelace": "Exercise 2_alovelace_attempt_2026-11-02-14-05-09_e02.ipynb",
    "folder": "folder/e02.ipynb",
}
POINTS = {"Ada_Lovelace": (2, 3, 4), "Jürgen_Groß": (0, 0, 0), "pascalblaise": (2, 0, UNREAD),
          "noetheremmy": (1, 0, 1.5), "alovelace": (2, 3, 0), "folder": (2, 3, 1), "by_hand": (2, 0, 0)}
BACK = {"feedback_moodle.zip": {"Ada_Lovelace": f"Ada Lovelace_1234567_assignsubmission_file_/{E02}.html",
                                "Jürgen_Groß": f"Jürgen Groß_1234568_assignsubmission_file_/{E02}.html"},
        "feedback_canvas.zip": {"noetheremmy": f"noetheremmy_73_9003_{E02}.html"},
        "feedback_blackboard.zip": {"alovelace": "Exercise 2_alovelace_attempt_2026-11-02-14-05-09_e02.html"},
        "feedback_folders.zip": {"folder": f"folder/{E02}.html", "by_hand": f"by_hand/{E02}.html"}}
WORKSHEET = ("Kennung,Vollständiger Name,E-Mail-Adresse,Status,Bewertung,Bestwertung,Zuletzt geändert (Bewertung),"
             "Feedback als Kommentar\nTeilnehmer/in 99,Ada Lovelace,ada@uni.example,Abgegeben,,\"9,00\",-,gut\n")
CANVAS = ('Student,ID,SIS User ID,SIS Login ID,Section,Exercise 1 (4)\n    Points Possible,,,,,10\n'
          '"Noether, Emmy",73,S3,emmy,Monday,\n"Pascal, Blaise",72,S2,blaise,Tuesday,\n'
          '"Curie, Marie",74,S4,marie,,\n')


@pytest.fixture
def folder(tmp_path):
    """A class that handed in through all platforms, and was graded; without a roster."""
    folder = tmp_path / "class"
    files = {name: notebook(E02, mark=name) for name in CAME.values()}
    (tmp_path / "export.zip").write_bytes(archive(files))
    assert collect.main([tmp_path / "export.zip"], folder=folder) == 0
    grade(folder, E02, POINTS, {"Ada_Lovelace": 1.5, "Jürgen_Groß": 2}, {"marie": "absent", "odd": "not gradable"})
    return folder


def pages(cohort: Cohort, students: list[str]) -> dict[str, str]:
    for student in students:
        page = cohort.of("feedback", student) / f"{cohort.exercise}.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(f"<p>{student}</p>")
    return {}


def run(folder: Path, **options) -> Path:
    assert give_back.main("e02", folder=folder, refresh=pages, **options) == 0
    return folder / "return" / E02


def contents(file: Path) -> dict[str, str]:
    with zipfile.ZipFile(file) as opened:
        return {name: opened.read(name).decode() for name in opened.namelist()}


def test_feedback_goes_back_under_the_platforms_names(folder, capsys):
    out = run(folder)
    for file, names in BACK.items():
        assert contents(out / file) == {name: f"<p>{student}</p>" for student, name in names.items()}, file
    said = capsys.readouterr().out
    assert "answers in words aren't read yet (--unread gives back all the same): pascalblaise" in said
    assert "absent: marie" in said and "not gradable: odd" in said
    with zipfile.ZipFile(out / "feedback_moodle.zip") as opened:
        assert [info.flag_bits & 0x800 for info in opened.infolist()] == [0, 0x800]  # UTF-8
    run(folder, unread=True)
    assert contents(out / "feedback_canvas.zip")["pascalblaise_LATE_72_9002_e02-1.html"] == "<p>pascalblaise</p>"


def test_the_same_pages_give_the_same_archive_and_old_ones_go(folder):
    out = run(folder)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    run(folder)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    (folder / "submitted" / "alovelace" / E02 / f"{E02}.ipynb").write_bytes(notebook(E02, 5))  # by hand, from nowhere
    run(folder)
    assert not (out / "feedback_blackboard.zip").exists()
    assert f"alovelace/{E02}.html" in contents(out / "feedback_folders.zip")


def test_the_plain_table(folder):
    rows = read(run(folder) / "grades.csv")
    assert [rows["Ada_Lovelace"][name] for name in ("automatic", "by hand", "late", "total", "maximum")] == [
        "5", "4", "-1.5", "7.5", "9"]
    totals = {name: row["total"] for name, row in rows.items()}
    assert totals == {"Ada_Lovelace": "7.5", "Jürgen_Groß": "0", "alovelace": "5", "by_hand": "2", "folder": "6",
                      "marie": "", "noetheremmy": "2.5", "odd": "", "pascalblaise": ""}
    assert read(run(folder, unread=True) / "grades.csv")["pascalblaise"]["total"] == "2"


def lines(file: Path) -> list[list[str]]:
    with open(file, newline="", encoding="utf-8") as opened:
        return list(csv.reader(opened))


def test_moodles_worksheet(folder, tmp_path):
    head, *rows = lines(run(folder) / "grades_moodle.csv")
    assert head == give_back.WORKSHEET and rows == [
        ["Participant 1234567", "", "", "", "7.5", "9", "Yes", "-", ""],
        ["Participant 1234568", "", "", "", "0", "9", "Yes", "-", ""]]


def test_moodles_worksheet_keeps_its_columns_and_language(folder, tmp_path):
    (tmp_path / "w.csv").write_text(WORKSHEET, encoding="utf-8-sig")
    roster.main([tmp_path / "w.csv"], folder)
    head, *rows = lines(run(folder) / "grades_moodle.csv")
    assert ",".join(head) == WORKSHEET.split("\n")[0]
    ada = ["Teilnehmer/in 1234567", "Ada Lovelace", "ada@uni.example", "Abgegeben", "7.5", "9,00", "-", "gut"]
    assert rows == [ada, ["Teilnehmer/in 1234568", "", "", "", "0", "", "", ""]]


def test_canvas_gradebook(folder, tmp_path, capsys):
    (tmp_path / "c.csv").write_text(CANVAS)
    roster.main([tmp_path / "c.csv"], folder)
    head, *rows = lines(run(folder, column="Exercise 2 (4711)") / "grades_canvas.csv")
    assert head == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Exercise 2 (4711)"]
    assert rows == [["    Points Possible", "", "", "", "", "9"],
                    ["Noether, Emmy", "73", "S3", "emmy", "Monday", "2.5"],
                    ["Pascal, Blaise", "72", "S2", "blaise", "Tuesday", ""],
                    ["Curie, Marie", "74", "S4", "marie", "", ""]]
    assert "--column" not in capsys.readouterr().out
    assert lines(run(folder) / "grades_canvas.csv")[0][-1] == E02 and "--column" in capsys.readouterr().out


def test_no_cell_is_a_formula(folder, tmp_path):
    (tmp_path / "r.csv").write_text('student,name,canvas,moodle\nfolder,"=cmd()",99,55\n')
    roster.main([tmp_path / "r.csv"], folder)
    out = run(folder, column="=1+1")
    for name in ("grades.csv", "grades_moodle.csv", "grades_canvas.csv"):
        cells = [cell for line in lines(out / name) for cell in line]
        assert "'=cmd()" in cells
        assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]


def test_a_page_that_could_not_be_written_is_told(folder, capsys):
    def some(cohort, students):
        pages(cohort, [student for student in students if student != "folder"])
        return {"by_hand": "disk full"}
    assert give_back.main("e02", folder=folder, refresh=some) == 1
    said = capsys.readouterr().out
    assert "no feedback page of by_hand: disk full" in said and "no feedback page of folder: it isn't there" in said
    assert not (folder / "return" / E02 / "feedback_folders.zip").exists()


def test_wrong_use(folder, tmp_path):
    with pytest.raises(CourseError, match="e06_.* isn't graded yet"):
        give_back.main("e06", folder=folder, refresh=pages)
    with pytest.raises(CourseError, match="e99"):
        give_back.main("e99", folder=folder, refresh=pages)


def test_pages_are_written_anew_with_the_comments(tmp_path):
    """Of a notebook and a gradebook as autograding leaves them."""
    hostile.write_class(tmp_path, [])
    folder = tmp_path / "course" / "class"
    cohort = Cohort(tmp_path, folder, hostile.NAME, tmp_path, False)
    grade(folder, hostile.NAME, {"anna": (2, 3, UNREAD)})
    done = hostile.solution()
    done["metadata"]["gan_scratch"] = {"tasks": [], "problems": []}
    cohort.graded_notebook("anna").parent.mkdir(parents=True)
    cohort.graded_notebook("anna").write_text(json.dumps(done))
    with book(folder) as add:
        for cell, said in {"answer_why": "Well put!", "kl": None, "js": None}.items():
            add("base_cell", id=cell, name=cell, notebook_id=hostile.NAME, type="SolutionCell")
            add("solution_cells", id=cell)
            add("comment", id=cell, notebook_id=f"{hostile.NAME} anna", cell_id=cell, manual_comment=said)
    assert give_back.refresh(cohort, ["anna"]) == {}
    page = (cohort.of("feedback", "anna") / f"{hostile.NAME}.html").read_text()
    assert "Well put!" in page and hostile.HIDDEN_SECRET not in page
    assert list(give_back.refresh(cohort, ["nobody"])) == ["nobody"]
