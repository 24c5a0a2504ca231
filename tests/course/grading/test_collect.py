"""What learning platforms export ends up in the right student's folder, in the right version, and nothing is lost."""
import csv
import io
import json
import os
import tracemalloc
import zipfile
from datetime import datetime, timezone

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
    kept = {path.read_bytes() for path in (run.folder / "collected" / "ada" / E02).glob("*.ipynb")}
    assert kept == {old, new}


def test_an_older_version_that_the_instructor_put_there_stays_until_something_new_comes(run):
    first, second, third = (notebook(E02, n, "Ada") for n in (1, 2, 3))
    both = archive({"Ada/e02.ipynb": first, "Ada/e02-2.ipynb": second}, {"Ada/e02-2.ipynb": (2026, 11, 3, 12, 0, 0)})
    assert run(both)[2] == {f"Ada/{E02}": second}
    (run.folder / "submitted" / "Ada" / E02 / f"{E02}.ipynb").write_bytes(first)
    assert run(both)[2] == {f"Ada/{E02}": first}
    assert run(archive({"Ada/e02.ipynb": third}, {"Ada/e02.ipynb": (2026, 11, 4, 12, 0, 0)}))[2] == {f"Ada/{E02}": third}


def test_the_same_file_again_is_the_newest_once_more(run):
    first, second = notebook(E02, 1, "Ada"), notebook(E02, 2, "Ada")
    for day, data in ((2, first), (3, second), (4, first)):
        there = run(archive({"Ada/e02.ipynb": data}, {"Ada/e02.ipynb": (2026, 11, day, 12, 0, 0)}))[2]
        assert there == {f"Ada/{E02}": data}


def test_a_killed_collection_begins_again(run, monkeypatch):
    first, second = (archive({"Ada/e02.ipynb": notebook(E02, n, "Ada")}, {"Ada/e02.ipynb": (2026, 11, n, 12, 0, 0)}) for n in (2, 3))
    run(first)
    with monkeypatch.context() as patch:
        patch.setattr(collect, "submit", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run(second)
    assert run(second)[2] == {f"Ada/{E02}": notebook(E02, 3, "Ada")}


def test_who_handed_in_another_exercise_than_the_others_is_named(run):
    files = {f"s{i}/e02.ipynb": notebook(E02, 1, str(i)) for i in range(5)} | {"s5/mine.ipynb": notebook(E06, 1)}
    said, status, there = run(archive(files))
    assert status == 0 and f"s5 handed in {E06}, not {E02} (s5/mine.ipynb)" in said and f"s5/{E06}" in there
    assert "a handed in" not in run(archive({"a/e02.ipynb": notebook(E02, 1), "a/e06.ipynb": notebook(E06, 1)}))[0]


def test_of_equally_old_ones_the_one_with_more_work_counts(run):
    little, much, names = notebook(E02, 1), notebook(E02, 3), ("ada/e02.ipynb", "ada/e02 (1).ipynb")
    for first, second in ((little, much), (much, little)):
        text, _, there = run(archive(dict(zip(names, (first, second)))))
        assert there == {f"ada/{E02}": much}
    later = {names[0]: (2026, 11, 3, 8, 0, 0)}
    _, _, there = run(archive(dict(zip(names, (little, much))), later))
    assert there == {f"ada/{E02}": little}


def test_when_the_version_that_counts_was_handed_in(run):
    names, data = ("ada/e02.ipynb", "ada/second/e02.ipynb"), (notebook(E02, 1), notebook(E02, 2))
    times = dict(zip(names, ((2026, 11, 1, 8, 0, 0), (2026, 11, 3, 9, 30, 0))))
    run(archive(dict(zip(names, data)), times))
    assert collect.received(run.folder, "ada", E02) == datetime(2026, 11, 3, 9, 30).astimezone()
    run(archive({names[0]: data[1]}, {names[0]: (2026, 11, 9, 0, 0, 0)}))  # the same once more, a week later
    assert collect.received(run.folder, "ada", E02) == datetime(2026, 11, 3, 9, 30).astimezone()
    (run.folder / "submitted" / "ada" / E02 / f"{E02}.ipynb").write_bytes(notebook(E02, 3))  # by hand
    assert collect.received(run.folder, "ada", E02) is None
    assert collect.received(run.folder, "nobody", E02) is None
    run(archive({"ben/e02.ipynb": data[0]}, {"ben/e02.ipynb": (1980, 1, 1, 0, 0, 0)}))
    assert collect.received(run.folder, "ben", E02) is None


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
    assert by_hand in [path.read_bytes() for path in (run.folder / "collected" / "ada" / E02).glob("*.ipynb")]


def test_an_exercise_is_told_by_its_cells_and_not_by_its_name(run):
    text, status, there = run(archive({"ada/e02_backprop.ipynb": notebook(E06, 1)}))
    assert status == 0 and list(there) == [f"ada/{E06}"]
    text, status, there = run(archive({"blaise/e02_backprop.ipynb": notebook(E06, 1)}), "e02")
    assert status == 1 and f"it is {E06}, and {E02} is collected" in text and list(there) == [f"ada/{E06}"]


def test_what_cannot_be_placed_is_listed(run):
    text, status, there = run(archive({
        "ada/e02.ipynb": notebook(E02), "ada/notes.pdf": b"%PDF", "\x1b[31m.ipynb": b"{", "own.ipynb": b'{"cells": []}',
        "lost.ipynb": notebook(E02), "carl/broken.ipynb": b"{", "dora/e02_backprop.ipynb": b"{",
        "ada/.ipynb_checkpoints/e02.ipynb": b"{", "__MACOSX/ada/._e02.ipynb": b"x",
        "eve/e02.zip": b"PK\x03\x04 no archive"}))
    assert status == 1 and set(there) == {f"ada/{E02}", f"dora/{E02}"}  # the grader says what is wrong with dora's
    assert "other files, which were left where they are: ada/notes.pdf" in text
    for shown in ("own.ipynb: whose is it?", "lost.ipynb: whose is it?",
                  "carl/broken.ipynb: ",
                  "eve/e02.zip: an archive that can't be unpacked"):
        assert f"not placed: {shown}" in text
    assert "checkpoints" not in text and "MACOSX" not in text and "\x1b" not in text


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


def test_times_of_one_moment_are_those_of_the_download(run):
    """Canvas writes it into all entries, and so do many versions of Moodle: it must cost nobody points."""
    files = {f"{name}_{i}_assignsubmission_file_/e02.ipynb": notebook(E02, i) for i, name in enumerate(("Ada", "Ben", "Cy"), 1)}
    text, _, _ = run(archive(files))
    assert collect.received(run.folder, "Ada", E02) is None and "nobody knows when this was handed in" in text
    text, _, _ = run(archive(files, {name: (2026, 11, day, 9, 0, 0) for day, name in enumerate(files, 1)}))
    assert collect.received(run.folder, "Cy", E02) == datetime(2026, 11, 3, 9).astimezone() and "nobody knows" not in text
    canvas = {f"{name}_{i}_9_e02.ipynb": notebook(E02, i) for i, name in enumerate(("dora", "emil"), 4)}
    text, _, _ = run(archive(canvas, {name: (2026, 11, day, 9, 0, 0) for day, name in enumerate(canvas, 1)}))
    assert collect.received(run.folder, "dora", E02) is None and "or Canvas's" in text


def test_as_what_each_version_came_is_kept(run):
    first = "Ada Lovelace_123_assignsubmission_file_/e02.ipynb"
    run(archive({first: notebook(E02, 1)}))
    run(archive({"adalovelace_77_1_e02.ipynb": notebook(E02, 2)}))
    assert [{**row, "file": ""} for row in collect.came(run.folder, "Ada_Lovelace", E02)] == [
        {"file": "", "platform": "Moodle", "came": first, "source": "export.zip", "certain": "",
         "time": datetime(2026, 11, 2, 12).astimezone().isoformat()}]
    row, = collect.came(run.folder, "Ada_Lovelace", E02)
    assert (run.folder / "collected" / "Ada_Lovelace" / E02 / row["file"]).read_bytes() == notebook(E02, 1)
    again = {"Ada Lovelace_123_assignsubmission_file_/a/e02.ipynb": notebook(E02, 1)}
    run(archive(again, dict.fromkeys(again, (2026, 11, 5, 0, 0, 0))))
    run(archive({first: notebook(E02, 1)}))  # nothing new
    assert [row["came"] for row in collect.came(run.folder, "Ada_Lovelace", E02)] == [first, *again]
    assert collect.came(run.folder, "adalovelace", E02)[0]["platform"] == "Canvas"


NAMESAKES = [f"Ada Lovelace_{number}_assignsubmission_file_/e02.ipynb" for number in (123, 456)]


def test_two_people_of_one_name_in_moodle_are_not_one(run):
    export = {NAMESAKES[0]: notebook(E02, 1), NAMESAKES[1]: notebook(E02, 2),
              "Blaise Pascal_7_assignsubmission_file_/e02.ipynb": notebook(E02)}
    text, status, there = run(archive(export))
    assert status == 1 and set(there) == {f"Blaise_Pascal/{E02}"}
    for name, number in zip(NAMESAKES, (123, 456)):
        assert f"not placed: {name}: several people are called Ada Lovelace" in text
        assert f'name: "Ada Lovelace (Physics)_{number}_assignsubmission_file_"' in text
    text, status, there = run(archive({NAMESAKES[0]: notebook(E02)}))  # one of them alone, later
    assert status == 1 and "several people" in text and set(there) == {f"Blaise_Pascal/{E02}"}
    with open(run.folder / "people.csv", "a", encoding="utf-8") as file:
        file.write("Ada_2,Moodle,456,Ada Lovelace\n")
    renamed = NAMESAKES[0].replace("Lovelace", "Lovelace (Physics)")
    text, status, there = run(archive({renamed: notebook(E02, 1), NAMESAKES[1]: notebook(E02, 2)}))
    assert status == 0 and there[f"Ada_Lovelace_Physics/{E02}"] == notebook(E02, 1)
    assert there[f"Ada_2/{E02}"] == notebook(E02, 2)


def test_one_person_has_another_number_in_each_assignment_of_moodle(run):
    e06 = NAMESAKES[1].replace("e02", "e06")
    _, status, there = run(archive({NAMESAKES[0]: notebook(E02), e06: notebook(E06)}))
    assert status == 0 and set(there) == {f"Ada_Lovelace/{E02}", f"Ada_Lovelace/{E06}"}
    twice = {"first/" + NAMESAKES[0]: notebook(E02, 1), "again/" + NAMESAKES[1]: notebook(E02, 2)}
    _, status, there = run(archive(twice))
    assert status == 0 and len(there) == 2


def test_somebody_who_had_an_id_is_named_when_a_namesake_comes(run):
    run(archive({NAMESAKES[0]: notebook(E02)}))
    text, status, _ = run(archive(dict.fromkeys(NAMESAKES, notebook(E02, 1))))
    assert status == 1 and "one of them was Ada_Lovelace so far" in text
    text, _, there = run(archive({"Ada_Lovelace/e02.ipynb": notebook(E02, 2)}))
    assert list(there) == [f"Ada_Lovelace/{E02}"]  # that id is still hers, and nobody else's


def test_the_inbound_folder_of_an_exchange(run):
    times = {"2026-11-02 14:05:09 UTC": 1, "2026-11-03 08:00:00.123456 UTC+x7Kq": 2, "2026-11-01 08:00:00 UTC+q": 3}
    for time, tasks in times.items():
        lies = f"ada+{E02}+{time}"
        files = {f"{lies}/{E02}.ipynb": notebook(E02, tasks), f"{lies}/timestamp.txt": b"2020-01-01"}
        _, status, there = run(archive(files))
    assert status == 0 and there == {f"ada/{E02}": notebook(E02, 2)}
    assert collect.received(run.folder, "ada", E02) == datetime(2026, 11, 3, 8, tzinfo=timezone.utc)
    time = datetime(2026, 12, 2, 12, 0)
    nowhere = f"ada+{E02}+2026-11-02 14:05:09 Nowhere+x/e02.ipynb"
    run(archive({nowhere: notebook(E02, 4)}, {nowhere: time.timetuple()[:6]}))
    assert collect.received(run.folder, "ada", E02) == time.astimezone()


def test_an_export_is_not_kept_in_memory(run, tmp_path):
    size, files = 1_000_000, 12
    export = {f"s{n}/e02.ipynb": notebook(E02, mark=str(n)) + b" " * size for n in range(files)}
    (tmp_path / "large.zip").write_bytes(archive(export))
    del export
    tracemalloc.start()
    try:
        status = collect.main([tmp_path / "large.zip"], folder=run.folder)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert status == 0 and peak < size * files / 2
    assert not [path for path in run.folder.iterdir() if path.name.startswith(".collecting")]
