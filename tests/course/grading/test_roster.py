"""Who is in the class is read from what platforms export, and nobody gets two ids or is lost without a word."""
import csv
import unicodedata

import pytest

from course.building.units import CourseError
from course.grading import collect, grade, roster
from gan_scratch.classroom import released as releases
from tests.course.grading.test_collect import archive, notebook

E02 = releases.full_name("e02")
PARTICIPANTS = ("First name,Last name,ID number,Email address,Groups\n"
                "Ada,Lovelace,11,ada@uni.example,Monday\nBlaise,Pascal,12,blaise@uni.example,No groups\n")
WORKSHEET = ("Identifier,Full name,Email address,Status,Grade,Maximum Grade,Last modified (grade)\n"
             "Participant 1234567,Ada Lovelace,ada@uni.example,,,26,-\n"
             "Participant 1234568,Blaise Pascal,blaise@uni.example,,,26,-\n")
CANVAS = ("Student,ID,SIS User ID,SIS Login ID,Section,Exercise 2 (4711)\n    Points Possible,,,,,26\n"
          '"Lovelace, Ada",71,11,ada,Monday,\n"Pascal, Blaise",72,12,blaise,Tuesday,\n"Student, Test",99,,,Monday,\n')
BLACKBOARD = ("Last Name\tFirst Name\tUsername\tStudent ID\n"
              "Lovelace\tAda\talovelace\t11\nPascal\tBlaise\tbpascal\t12\n")
GERMAN = "Vorname;Nachname;Matrikelnummer;E-Mail-Adresse;Gruppen\nAda;Lovelace;11;ada@uni.example;Übung Montag\n"


@pytest.fixture
def run(tmp_path, capsys):
    """Read rosters given as texts or bytes; returns what was printed, and the roster by student."""
    folder = tmp_path / "class"

    def read(*contents):
        files = []
        for n, content in enumerate(contents):
            files.append(tmp_path / f"file{n}.csv")
            files[-1].write_bytes(content if isinstance(content, bytes) else content.encode())
        capsys.readouterr()
        assert roster.main(files, folder) == 0
        return capsys.readouterr().out, {row["student"]: row for row in roster.members(folder)}

    read.folder = folder
    return read


def hand_in(run, tmp_path, *names):
    """Collect the small notebook under these names; returns the exit status and the ids of all who handed in."""
    (tmp_path / "export.zip").write_bytes(archive({name: notebook(E02, mark=name) for name in names}))
    status = collect.main([tmp_path / "export.zip"], folder=run.folder)
    return status, {path.parent.parent.name for path in (run.folder / "submitted").glob("*/*/*.ipynb")}


@pytest.mark.parametrize("content, told", [
    (PARTICIPANTS, {"email": "ada@uni.example", "group": "Monday", "id_number": "11"}),
    (WORKSHEET, {"email": "ada@uni.example", "moodle": "1234567"}),
    (WORKSHEET.replace("Identifier", "Kennung").replace("Participant", "Teilnehmer/in"), {"moodle": "1234567"}),
    (CANVAS, {"canvas": "71", "sis_id": "11", "sort_name": "Lovelace, Ada", "sis_login": "ada", "section": "Monday",
              "group": "Monday"}),
    (BLACKBOARD, {"username": "alovelace", "id_number": "11", "sort_name": "Lovelace, Ada"}),
    (BLACKBOARD.encode("utf-16"), {"username": "alovelace"}),
    (GERMAN.encode("utf-8-sig"), {"group": "Übung Montag", "id_number": "11"}),
    (GERMAN.encode("cp1252"), {"group": "Übung Montag"}),
    (GERMAN.replace("Nachname", "Name").encode("utf-16-le"), {"group": "Übung Montag"}),
    ('group,email,name\nMonday,ada@uni.example,"Lovelace, Ada"\n', {"email": "ada@uni.example", "group": "Monday"})])
def test_what_platforms_export(run, content, told):
    text, found = run(content)
    ada = found["Ada_Lovelace"]
    assert ada["name"] == "Ada Lovelace" and told.items() <= ada.items()
    assert set(found) <= {"Ada_Lovelace", "Blaise_Pascal"} and all(row["name"] for row in found.values())
    assert found.get("Blaise_Pascal", {"group": ""})["group"] in ("", "Tuesday")
    assert ("left out Test Student" in text) == (content == CANVAS)


def test_own_ids_and_teachers(run):
    text, found = run("student,name,role\nada,Ada Lovelace,Student\nbert,Bert Brecht,Non-editing teacher\n")
    assert list(found) == ["ada"] and "left out Bert Brecht" in text


MOODLE, OTHERS = "Ada Lovelace_1234567_assignsubmission_file_/e02.ipynb", [
    "lovelaceada_71_9_e02.ipynb", "Ex_alovelace_attempt_2026-11-02-14-05-09_e02.ipynb", "Ada_Lovelace/e02.ipynb",
    f"ada+{E02}+2026-11-02 14:05:09 UTC+x/e02.ipynb"]


@pytest.mark.parametrize("first", ["roster", "collect"])
def test_a_person_has_one_id_in_any_order(run, tmp_path, first):
    if first == "collect":
        assert hand_in(run, tmp_path, MOODLE) == (0, {"Ada_Lovelace"})
    _, found = run(CANVAS, BLACKBOARD, PARTICIPANTS)
    assert list(found) == ["Ada_Lovelace", "Blaise_Pascal"]
    assert found["Ada_Lovelace"]["canvas"] == "71" and found["Ada_Lovelace"]["username"] == "alovelace"
    for name in [MOODLE, *OTHERS]:
        assert hand_in(run, tmp_path, name) == (0, {"Ada_Lovelace"})
    text, again = run(CANVAS, BLACKBOARD, PARTICIPANTS)
    assert again == found and text.count("\n") == 2  # and the test student


@pytest.mark.parametrize("name, platform", [("lovelaceada_71_9_e02.ipynb", CANVAS), ("11/e02.ipynb", PARTICIPANTS),
                                            ("lovelaceada_555_9_e02.ipynb", PARTICIPANTS)])
def test_ids_that_collect_gave_are_kept(run, tmp_path, name, platform):
    _, ids = hand_in(run, tmp_path, name)
    _, found = run(platform)
    assert ids < set(found)
    assert hand_in(run, tmp_path, MOODLE) == (0, ids)


def test_who_came_under_a_name_that_nobody_has_is_named(run, tmp_path):
    hand_in(run, tmp_path, "somebody/e02.ipynb")
    text, found = run(PARTICIPANTS)
    assert "not in the class: somebody; if one of them" in text and "somebody" not in found


def test_reading_again_says_what_changed_and_drops_nobody(run):
    assert roster.students(run.folder) == []
    text, _ = run(PARTICIPANTS)
    assert "new: Ada Lovelace (Ada_Lovelace), Blaise Pascal (Blaise_Pascal)" in text
    text, found = run("First name,Last name,Email address,Groups\nAda,Byron,ada@uni.example,Tuesday\n"
                      "Emmy,Noether,emmy@uni.example,Monday\n")
    for said in ("new: Emmy Noether (Emmy_Noether)\n", "Ada_Lovelace: group Monday → Tuesday",
                 "Ada_Lovelace: name Ada Lovelace → Ada Byron", "marked as left: Blaise_Pascal"):
        assert said in text
    assert found["Ada_Lovelace"]["id_number"] == "11" and found["Blaise_Pascal"]["left"] == "left"
    assert roster.students(run.folder) == ["Ada_Lovelace", "Emmy_Noether"]
    text, _ = run(PARTICIPANTS)
    assert "Blaise_Pascal is back" in text and "marked as left: Emmy_Noether" in text


TWO = PARTICIPANTS + "Ada,Lovelace,13,ada2@uni.example,Tuesday\n"


def test_two_people_of_one_name(run, tmp_path):
    text, found = run(TWO)
    assert [found[f"Ada_Lovelace{end}"]["email"] for end in ("", "-2")] == ["ada@uni.example", "ada2@uni.example"]
    assert "several people are called Ada Lovelace: this one is ada2@uni.example" in text
    assert run(TWO)[1] == found
    assert hand_in(run, tmp_path, MOODLE) == (1, set())
    renamed = MOODLE.replace("Ada Lovelace", "Ada Lovelace-2")
    assert hand_in(run, tmp_path, renamed) == (0, {"Ada_Lovelace-2"})
    run(TWO, WORKSHEET + "Participant 1234569,Ada Lovelace,ada2@uni.example,,,26,-\n")
    assert hand_in(run, tmp_path, MOODLE, MOODLE.replace("67", "69")) == (0, {"Ada_Lovelace", "Ada_Lovelace-2"})
    with pytest.raises(CourseError, match="ada lovelace is there twice, without an e-mail"):
        run("name,group\nAda Lovelace,1\nAda Lovelace,2\n")


def test_one_id_is_not_guessed_for_namesakes(run, tmp_path):
    hand_in(run, tmp_path, MOODLE)
    text, found = run(TWO)
    assert set(found) == {"Ada_Lovelace-2", "Ada_Lovelace-3", "Blaise_Pascal"}
    assert "one of them was Ada_Lovelace so far" in text and "not in the class: Ada_Lovelace;" in text


def test_a_formula_is_none_in_the_roster(run):
    _, found = run('name,email\n"=1+1",x@uni.example\n')
    assert [row["name"] for row in found.values()] == ["=1+1"]
    with open(run.folder / "roster.csv", newline="", encoding="utf-8") as file:
        assert [row["name"] for row in csv.DictReader(file)] == ["'=1+1"]


@pytest.mark.parametrize("content, said", [
    ("a,b,c\n1,2,3\n", "found the columns a, b, c; expected First name, Last name"), ("", "an empty file"),
    (b"PK\x03\x04", "save the table as CSV"), ("student\n../ada\n", "../ada can't be the name of a folder")])
def test_what_is_no_roster(run, content, said):
    with pytest.raises(CourseError, match=said):
        run(content)
    assert not run.folder.exists()
    with pytest.raises(CourseError, match="no such file"):
        roster.main([run.folder / "nothing.csv"], run.folder)


def test_a_name_from_a_mac_is_the_same_name(run, tmp_path):
    run("name\nJürgen Groß\n")
    name = unicodedata.normalize("NFD", "Jürgen Groß_5_assignsubmission_file_/e02.ipynb")
    assert hand_in(run, tmp_path, name) == (0, {"Jürgen_Groß"})


def test_the_worksheet_of_the_next_assignment_has_other_numbers(run):
    sheet = "Identifier,Full name,Grade\nParticipant 5,Ada Lovelace,\nParticipant 6,Blaise Pascal,\n"
    run(sheet)
    text, found = run(sheet.replace("Participant 5", "Participant 77").replace("Participant 6", "Participant 78"))
    assert {name: row["moodle"] for name, row in found.items()} == {"Ada_Lovelace": "77", "Blaise_Pascal": "78"}
    assert "new" not in text and not [row for row in found.values() if row["left"]]
    assert "Participant 77" in (run.folder / "worksheet.csv").read_text()


def test_who_gives_a_name_for_an_id_is_told_the_id(tmp_path):
    (tmp_path / "p.csv").write_text("student,name\nada_l,Ada Lovelace\n")
    roster.main([tmp_path / "p.csv"], folder=tmp_path)
    assert grade.meant(["ada lovelace", "Nobody"], tmp_path) == "; ada lovelace is ada_l"
    assert grade.meant(["Nobody"], tmp_path) == ""
