"""What learning platforms export ends up in the right student's folder, in the right version, and nothing is lost."""
import csv
import io
import json
import os
import zipfile
from datetime import datetime

import pytest

from course.building.units import CourseError
from course.grading import collect
from gan_scratch.classroom import released as releases

E02, E06 = releases.full_name("e02"), releases.full_name("e06")


def notebook(name: str, answered: int = 0, mark: str = "") -> bytes:
    """A released notebook, as text, with so many tasks worked on."""
    made = json.loads(json.dumps(releases.released(name)))
    cells = [cell for cell in made["cells"]
             if cell["metadata"].get("nbgrader", {}).get("solution") and cell["cell_type"] == "code"]
    for cell in cells[:answered]:
        cell["source"] = cell["source"].replace("raise NotImplementedError()", f"return 1  # {mark}")
    made["cells"][0]["source"] += mark
    return json.dumps(made).encode()


def archive(files: dict, times: dict | None = None) -> bytes:
    """A ZIP archive; times are given by name."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as made:
        for name, content in files.items():
            made.writestr(zipfile.ZipInfo(name, (times or {}).get(name, (2026, 11, 2, 12, 0, 0))), content)
    return data.getvalue()


@pytest.fixture
def run(tmp_path, capsys):
    """Collect bytes (an archive) or a path; returns what was printed, the exit status, and what lies in submitted/."""
    folder = tmp_path / "a class"

    def collected(source, exercise=None):
        if isinstance(source, bytes):
            (tmp_path / "export.zip").write_bytes(source)
            source = tmp_path / "export.zip"
        status = collect.main([source], exercise, folder=folder)
        there = {path.parent.parent.name + "/" + path.parent.name: path.read_bytes()
                 for path in (folder / "submitted").glob("*/*/*.ipynb")}
        return capsys.readouterr().out, status, there

    collected.folder = folder
    return collected


def test_four_kinds_of_exports(run):
    a, b = notebook(E02, 1, "Ada"), notebook(E02, 2, "Blaise")
    exports = {
        "Moodle": archive({"Ada Lovelace_12345_assignsubmission_file_/e02_backprop.ipynb": a,
                           "Blaise Pascal_12346_assignsubmission_file_/my solution.IPYNB": b}),
        "Moodle, flat": archive({"Ada Lovelace_12345_assignsubmission_file_e02.ipynb": a,
                                 "Blaise Pascal_12346_assignsubmission_file_e02.ipynb.txt": b}),
        "Canvas": archive({"lovelaceada_123_9001_e02_backprop.ipynb": a,
                           "pascalblaise_LATE_124_9002_e02-1.ipynb.json": b}),
        "Blackboard": archive({"Exercise 2_alovelace_attempt_2026-11-02-14-05-09_e02.ipynb": a,
                               "Exercise 2_bpascal_attempt_2026-11-02-14-06-09_e02.ipynb": b}),
        "folders": archive({"ada/e02_backprop.ipynb": a, "blaise/e02/e02_backprop.ipynb": b}),
        "in one folder": archive({"all of them/ada/e02.ipynb": a, "all of them/blaise/e02.ipynb": b}),
        "flat": archive({"ada_e02.ipynb": a, "blaise-e02_backprop.ipynb": b}),
        "archives in an archive": archive({"Ada L_1_assignsubmission_file_/work.zip": archive({"e02.ipynb": a}),
                                           "Blaise P_2_assignsubmission_file_/b.zip": archive({"x/e02.ipynb": b})}),
    }
    for kind, data in exports.items():
        text, status, _ = run(data)
        assert status == 0 and f"2 of {E02}" in text, kind
    _, _, there = run(exports["Moodle"])
    expected = ["Ada_L", "Ada_Lovelace", "Blaise_P", "Blaise_Pascal", "ada", "alovelace", "blaise", "bpascal",
                "lovelaceada", "pascalblaise"]
    assert sorted(there) == [f"{name}/{E02}" for name in expected]
    assert all(data == (a if "da" in name or "love" in name else b) for name, data in there.items())


def test_a_folder_that_was_unpacked(run, tmp_path):
    lies = tmp_path / "unpacked" / "Ada Lovelace_12345_assignsubmission_file_"
    lies.mkdir(parents=True)
    (lies / "e02 (1).ipynb").write_bytes(notebook(E02, 1))
    text, status, there = run(tmp_path / "unpacked")
    assert status == 0 and list(there) == [f"Ada_Lovelace/{E02}"]


def test_the_newest_version_counts_by_the_platforms_time_and_the_rest_is_kept(run):
    old, new = notebook(E02, 5, "old"), notebook(E02, 1, "new")
    names = [f"Ex_ada_attempt_2026-11-0{day}-10-00-00_e02.ipynb" for day in (5, 2)]
    text, _, there = run(archive({names[0]: new, names[1]: old}))  # the archive's own times are equal
    assert there == {f"ada/{E02}": new} and "the newest" in text
    text, _, there = run(archive({names[1]: old}))  # the old one once more
    assert there == {f"ada/{E02}": new}
    kept = {path.read_bytes() for path in (run.folder / "collected" / "ada" / E02).iterdir()}
    assert kept == {old, new}


def test_of_equally_old_ones_the_one_with_more_work_counts(run):
    little, much, names = notebook(E02, 1), notebook(E02, 3), ("ada/e02.ipynb", "ada/e02 (1).ipynb")
    for first, second in ((little, much), (much, little)):
        text, _, there = run(archive(dict(zip(names, (first, second)))))
        assert there == {f"ada/{E02}": much}
    later = {names[0]: (2026, 11, 3, 8, 0, 0)}
    _, _, there = run(archive(dict(zip(names, (little, much))), later))
    assert there == {f"ada/{E02}": little}


def test_what_an_instructor_put_there_by_hand_is_a_version_too(run):
    target = run.folder / "submitted" / "ada" / E02 / f"{E02}.ipynb"
    target.parent.mkdir(parents=True)
    by_hand = notebook(E02, 2, "by hand")
    target.write_bytes(by_hand)
    os.utime(target, (datetime(2026, 11, 20).timestamp(),) * 2)
    _, _, there = run(archive({"ada/e02.ipynb": notebook(E02, 4)}))
    assert there == {f"ada/{E02}": by_hand}
    _, _, there = run(archive({"ada/e02.ipynb": notebook(E02, 4)}, {"ada/e02.ipynb": (2026, 11, 21, 0, 0, 0)}))
    assert there != {f"ada/{E02}": by_hand}
    assert by_hand in [path.read_bytes() for path in (run.folder / "collected" / "ada" / E02).iterdir()]


def test_an_exercise_is_told_by_its_cells_and_not_by_its_name(run):
    text, status, there = run(archive({"ada/e02_backprop.ipynb": notebook(E06, 1)}))
    assert status == 0 and list(there) == [f"ada/{E06}"]
    text, status, there = run(archive({"blaise/e02_backprop.ipynb": notebook(E06, 1)}), "e02")
    assert status == 1 and f"it is {E06}, and {E02} is collected" in text and list(there) == [f"ada/{E06}"]


def test_what_cannot_be_placed_is_listed(run):
    text, status, there = run(archive({
        "ada/e02.ipynb": notebook(E02), "ada/notes.pdf": b"%PDF", "own.ipynb": b'{"cells": []}',
        "lost.ipynb": notebook(E02), "carl/broken.ipynb": b"{", "dora/e02_backprop.ipynb": b"{",
        "ada/.ipynb_checkpoints/e02.ipynb": b"{", "__MACOSX/ada/._e02.ipynb": b"x",
        "eve/e02.zip": b"PK\x03\x04 no archive"}))
    assert status == 1 and set(there) == {f"ada/{E02}", f"dora/{E02}"}  # the grader says what is wrong with dora's
    assert "other files, which were left where they are: ada/notes.pdf" in text
    for shown in ("own.ipynb: whose is it?", "lost.ipynb: whose is it?",
                  "carl/broken.ipynb: ",
                  "eve/e02.zip: an archive that can't be unpacked"):
        assert f"not placed: {shown}" in text
    assert "checkpoints" not in text and "MACOSX" not in text


def test_archives_too_deep_inside_each_other_are_told(run):
    inner = archive({"e02.ipynb": notebook(E02)})
    for _ in range(2):
        inner = archive({"more.zip": inner})
    text, status, there = run(archive({"ada/deep.zip": inner, "ben/e02.ipynb": notebook(E02)}))
    assert status == 1 and "ada/deep.zip/more.zip/more.zip: an archive in" in text and set(there) == {f"ben/{E02}"}


def test_a_person_keeps_an_id_and_two_of_one_name_are_two(run):
    first = archive({"Ada Lovelace_1_assignsubmission_file_/e02.ipynb": notebook(E02)})
    text, _, there = run(first)
    text, _, there = run(archive({"adalovelace_77_1_e02.ipynb": notebook(E02),
                                  "adalovelace_78_2_e02.ipynb": notebook(E02, 1)}))
    assert set(there) == {f"{name}/{E02}" for name in ("Ada_Lovelace", "adalovelace", "adalovelace-2")}
    assert "is somebody else" in text
    _, _, again = run(archive({"adalovelace_78_9_e06.ipynb": notebook(E06)}))
    assert f"adalovelace-2/{E06}" in again
    with open(run.folder / "people.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {(row["student"], row["key"]) for row in rows} == {
        ("Ada_Lovelace", "ada lovelace"), ("adalovelace", "77"), ("adalovelace-2", "78")}


@pytest.mark.parametrize("name", ["Ada  de la Ŝipa", "../../etc", "=cmd", "-x", "Élodie O'Neil"])
def test_names_of_people_are_names_of_folders(run, name):
    _, status, there = run(archive({f"{name}_5_assignsubmission_file_e02.ipynb": notebook(E02)}))
    (where,) = there
    student = where.split("/")[0]
    assert not set(student) & set("/\\ =+'") and student[0] not in ".-"
    assert (run.folder / "submitted" / student).is_dir()


def test_wrong_use(run, tmp_path):
    with pytest.raises(CourseError, match="no such file"):
        run(tmp_path / "nothing")
    with pytest.raises(CourseError, match="e99"):
        run(archive({}), "e99")
