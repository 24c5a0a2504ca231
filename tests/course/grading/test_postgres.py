"""A gradebook in PostgreSQL: the same results as in SQLite's file, and a sentence for what only a server can do."""
from __future__ import annotations

import contextlib
import itertools
import json
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from course.building.units import ROOT, CourseError
from course.grading import give_back, grade, gradebook, pages, table
from course.grading.cohort import Cohort
from tests.course.grading import hostile
from tests.course.grading.hostile import NAME, submitted
from tests.course.grading.test_grade import LIMITS, contents, hand_in, run
from tests.course.grading.test_grade import table as rows_of

psycopg = pytest.importorskip("psycopg", reason="psycopg isn't installed (the extra [postgres])")
PROGRAMS = os.pathsep.join([os.environ.get("PATH", ""), *map(str, Path("/usr/lib/postgresql").glob("*/bin"))])
INITDB, PG_CTL = shutil.which("initdb", path=PROGRAMS), shutil.which("pg_ctl", path=PROGRAMS)
pytestmark = pytest.mark.skipif(not (INITDB and PG_CTL), reason="PostgreSQL isn't installed (Debian: postgresql)")
PASSWORD = "secret-4815"
LONG = "x" * 129


class Server:
    """A PostgreSQL of our own, which listens on a socket in a folder of its own."""

    def __init__(self):
        self.folder, self.names = Path(tempfile.mkdtemp(prefix="pg-")), (f"grades{i}" for i in itertools.count())
        (self.folder / "password").write_text(PASSWORD)
        self.user = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            known = {entry.pw_name: entry for entry in pwd.getpwall()}
            entry = known.get("postgres") or known["nobody"]
            self.user = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
            for path in (self.folder, self.folder / "password"):
                os.chown(path, entry.pw_uid, entry.pw_gid)
        self.call(INITDB, "--no-sync", "--no-locale", "-E", "UTF8", "-A", "scram-sha-256", "-U", "gan",
                  "--pwfile", self.folder / "password")
        self.start()

    def call(self, program: str, *arguments) -> None:
        with open(self.folder / "log", "a") as log:  # and no pipe, which the server would keep open
            done = subprocess.run([program, "-D", self.folder / "data", *arguments], stdout=log, stderr=log,
                                  cwd=self.folder, timeout=60, **self.user)
        assert done.returncode == 0, (self.folder / "log").read_text()

    def start(self) -> None:
        self.call(PG_CTL, "-w", "-o", f"-F -k {self.folder} -c listen_addresses=''", "start")

    def stop(self) -> None:
        """As if it had died."""
        self.call(PG_CTL, "-w", "-m", "immediate", "stop")

    def url(self, database: str, password: str = PASSWORD) -> str:
        return f"postgresql+psycopg://gan:{password}@/{database}?host={self.folder}"

    def database(self) -> str:
        """The URL of a new and empty one."""
        name = next(self.names)
        about = {"user": "gan", "password": PASSWORD, "host": str(self.folder), "dbname": "postgres"}
        with psycopg.connect(**about, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)


@pytest.fixture(scope="module")
def server():
    server = Server()
    yield server
    with contextlib.suppress(AssertionError):  # it is stopped already
        server.stop()
    shutil.rmtree(server.folder)


def written(root: Path) -> Path:
    """A class of two."""
    hostile.write_class(root, [case for case in hostile.CASES if case.name == "one_wrong"])
    hand_in(root, "Zoë O'Neil", hostile.right())
    return root


def cohort(root: Path, database: str) -> Cohort:
    return Cohort(root, root / "course" / "class", NAME, root, False, database=database)


def read_answers(root: Path, database: str, score: float) -> None:
    """What a person does in the Formgrader."""
    with gradebook.opened(cohort(root, database)) as book:
        for submission in book.find_assignment(NAME).submissions:
            sheet, = submission.notebooks
            for each in sheet.grades:
                if each.name == "answer_why" and each.needs_manual_grade:
                    each.manual_score, each.needs_manual_grade = score, False
            for comment in sheet.comments:
                comment.manual_comment = "Well said." if comment.name == "answer_why" else None
        book.db.commit()


def left(root: Path) -> dict[str, bytes]:
    """All that grading left but the gradebook, what was said meanwhile, and keys made of the files' places."""
    folder = root / "course" / "class"
    found = {str(path.relative_to(folder)): text for path, text in contents(folder).items()}
    chance = re.compile(rb"Written [-0-9: ]+|\b[pm][0-9a-f]{10}\b")  # when, and identifiers in figures
    other = re.compile(r"(log|backup)/.*|\.grading|gradebook\.db|.*_state\.jsonl")
    return {path: chance.sub(b"", text) for path, text in found.items() if not other.fullmatch(path)}


def everything(root: Path, database: str) -> tuple:
    book = cohort(root, database)
    return left(root), gradebook.rows(book), gradebook.comments(book), gradebook.penalties(book)


def given_back(root: Path, database: str) -> tuple:
    """Everything, after all that touches the gradebook has run."""
    assert table.main(root=root, database=database) == 0
    assert give_back.main(NAME, root=root, database=database) == 0
    return everything(root, database)


@pytest.fixture(scope="module")
def graded(server, tmp_path_factory):
    """The same class twice: (folder, URL) of one with SQLite's file and one in PostgreSQL."""
    both = []
    for kind, database in (("sqlite", ""), ("postgres", server.database())):
        root = written(tmp_path_factory.mktemp(kind))
        run(root, database=database)
        both.append((root, database))
    return both


def test_the_same_as_with_sqlite(graded):
    """Table, report, notebooks and pages to the byte; the gradebook's rows; then what goes back, and all grades."""
    first, second = (everything(*where) for where in graded)
    assert f"feedback/Zoë O'Neil/{NAME}/{NAME}.html" in first[0] and f"{NAME}.csv" in first[0]
    assert first == second
    for where in graded:
        read_answers(*where, 3.5)
    first, second = (given_back(*where) for where in graded)
    assert "Zoë O'Neil,,,,5,3.5,0,8.5,9,graded" in first[0][f"return/{NAME}/grades.csv"].decode()
    assert {row["comment"] for row in first[2]} == {"Well said."}
    assert first == second


def test_a_second_run_changes_nothing(graded, capsys):
    root, database = graded[1]
    run(root, database=database)
    before = everything(root, database)
    capsys.readouterr()
    run(root, database=database)
    said = capsys.readouterr().out
    assert everything(root, database) == before and "(0 in " in said and " 2 unchanged)" in said


def test_grades_by_hand_survive_also_when_cells_come_or_go(server, tmp_path, capsys):
    root, database = written(tmp_path), server.database()
    shutil.rmtree(submitted(root, "Zoë O'Neil").parent)
    run(root, database=database)
    read_answers(root, database, 3.5)
    assert run(root, database=database, force=True)["one_wrong"]["manual_score"] == "3.5"
    for place in ("solutions", "exercises"):
        path = root / place / NAME / f"{NAME}.ipynb"
        notebook = json.loads(path.read_text())
        notebook["cells"] = [cell for cell in notebook["cells"] if "js" not in cell["id"]]
        path.write_text(json.dumps(notebook))
    rows = run(root, database=database)
    assert {"auto_score": "0", "auto_max": "2", "manual_score": "3.5", "manual_pending": "0"}.items() <= rows["one_wrong"].items()
    assert "everything is graded anew" in capsys.readouterr().out
    assert "Well said." in left(root)[f"feedback/one_wrong/{NAME}/{NAME}.html"].decode()
    backup, = (root / "course" / "class" / "backup").iterdir()
    assert {row["manual_score"] for row in json.loads(backup.read_text())["grades"]} == {None, 3.5}


def test_nbgraders_own_commands(graded):
    root, database = graded[1]
    shutil.copy(ROOT / "course" / "nbgrader_config.py", root / "course")
    with open(root / "course" / "nbgrader_config.py", "a") as config:
        config.write(f"c.CourseDirectory.db_url = {database!r}\n")
    environment = {**os.environ, "JUPYTER_CONFIG_PATH": str(root / "course"), "PYTHONPATH": str(ROOT),
                   "PYTHONWARNINGS": "ignore"}

    def nbgrader(*arguments: str) -> str:
        done = subprocess.run([sys.executable, "-m", "nbgrader", *arguments], env=environment, cwd=root, text=True,
                              capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr
    nbgrader("export", "--to", "export.csv")
    assert "Zoë O'Neil" in (root / "export.csv").read_text()
    assert "one_wrong" in nbgrader("db", "student", "list")
    page = root / "course" / "class" / "feedback" / "one_wrong" / NAME / f"{NAME}.html"
    page.unlink()
    nbgrader("generate_feedback", NAME, "--student", "one_wrong", "--force")
    assert page.is_file()


def test_an_exercise_that_nbgrader_releases_belongs_to_a_course(server, tmp_path):
    """Without a course_id nbgrader wrote exercises of a course that isn't there, which PostgreSQL refuses."""
    root, database = written(tmp_path), server.database()
    gradebook.register(cohort(root, database))
    with gradebook.opened(cohort(root, database)) as book:
        assert book.find_assignment(NAME).course_id == "default_course"


def test_what_the_formgrader_shows(graded):
    from nbgrader.apps.api import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory

    shown = []
    for where in graded:
        config = gradebook.configuration(cohort(*where))
        api = NbGraderAPI(CourseDirectory(config=config), config=config)
        lists = [*api.get_assignments(), *api.get_notebooks(NAME), *api.get_submissions(NAME), *api.get_students(),
                 *api.get_student_submissions("one_wrong"), *api.get_notebook_submissions(NAME, NAME)]
        texts = [{name: value for name, value in each.items() if name not in ("id", "index")} for each in lists]
        shown.append(sorted(map(repr, texts)))
    assert shown[0] == shown[1] and len(shown[0]) == 1 + 1 + 2 + 2 + 1 + 2


def test_a_server_that_dies_meanwhile(server, tmp_path):
    """The run ends with a sentence; what was graded is kept, and the next run does the rest."""
    root, database = tmp_path, server.database()
    hostile.write_class(root, [])
    for i in range(3):
        hand_in(root, f"s{i}", hostile.put(hostile.right(), "setup", "import time; time.sleep(0.3)"))
    code = ("import sys; from pathlib import Path; from course import __main__ as program; from course.grading import grade;"
            f"program.grade = lambda _: grade.main({NAME!r}, 1, root=Path({str(root)!r}), database={database!r});"
            "sys.exit(program.main(['grade', 'e']))")
    state = root / "course" / "class" / f"{NAME}_state.jsonl"
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        while not (state.exists() and '"failed": ""' in state.read_text()) and process.poll() is None:  # one is graded
            time.sleep(0.02)
        server.stop()
        out, err = process.communicate(timeout=60)
        server.start()
    assert process.returncode == 2 and "the gradebook postgresql+psycopg://gan:***@/grades" in err, err
    assert "Traceback" not in out + err and PASSWORD not in out + err
    there = {row["student"] for row in gradebook.rows(cohort(root, database)) if row["auto_score"] is not None}
    assert {path.parent.parent.name for path in (root / "course" / "class" / "autograded").glob("*/*/*")} == there
    assert 1 <= len(there) < 3
    rows = run(root, database=database)
    assert [(row["auto_score"], row["message"]) for row in rows.values()] == [("5", "")] * 3
    assert all(cohort(root, database).of("feedback", name).is_dir() for name in rows)


@pytest.mark.parametrize("module, name", [(gradebook, "record"), (gradebook, "forget"), (pages, "refresh")])
def test_a_server_that_dies_at_a_bad_moment(server, graded, monkeypatch, capfd, module, name):
    root, database = graded[1]
    run(root, database=database)
    before = everything(root, database)
    step = getattr(module, name)

    def dies(*arguments):
        server.stop()
        return step(*arguments)
    with monkeypatch.context() as patch:
        patch.setattr(module, name, dies)
        with pytest.raises(CourseError, match=r"^the gradebook postgresql\+psycopg://gan:\*\*\*@/grades") as said:
            grade.main(NAME, 1, root=root, database=database, force=name == "record", **LIMITS)
    server.start()
    assert "Traceback" not in "".join(capfd.readouterr())
    assert "\n" not in str(said.value) and PASSWORD not in str(said.value)
    assert everything(root, database) == before
    run(root, database=database)
    assert everything(root, database) == before


WRONG = {
    "password": (lambda server: server.url("postgres", "wrong"), "password authentication failed .*; see that"),
    "database": (lambda server: server.url("nothing"), 'database "nothing" does not exist; see that its server runs'),
    "host": (lambda server: "postgresql+psycopg://gan:secret-4815@127.0.0.1:9/x", r"gan:\*\*\*@127.0.0.1:9/x .*refus"),
    "socket": (lambda server: f"{server.url('x')}/nowhere&password={PASSWORD}", "No such file"),
    "driver": (lambda server: "postgresql+no_driver://gan:secret-4815@/x", "its kind isn't known"),
    "kind": (lambda server: "postgres://gan:secret-4815@/x", r"write sqlite:////.* or postgresql\+psycopg://"),
    "address": (lambda server: "gan:secret-4815@db/x", "isn't one of a database"),
    "port": (lambda server: "postgresql+psycopg://gan:secret-4815@db:port/x", "isn't one of a database"),
    "at": (lambda server: "postgresql+psycopg://gan:a@secret-4815@db/x", "write %40 for @"),
}


@pytest.mark.parametrize("url, sentence", WRONG.values(), ids=WRONG)
def test_what_is_wrong_with_an_address_is_said(server, tmp_path, capfd, url, sentence):
    root, database = written(tmp_path), url(server)
    about = {"root": root, "database": database}
    for command in (lambda: grade.main(NAME, **about), lambda: table.main(**about), lambda: give_back.main(NAME, **about)):
        with pytest.raises(CourseError, match=sentence) as said:
            command()
        assert "\n" not in str(said.value) and PASSWORD not in str(said.value)
    assert "Traceback" not in "".join(capfd.readouterr())


def test_a_missing_driver_is_said(server, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(CourseError, match=r'needs the Python package psycopg, .* pip install "\.\[course,postgres\]"'):
        grade.main(NAME, root=written(tmp_path), database=server.url("postgres"))


def test_nothing_is_graded_yet(server, tmp_path):
    with pytest.raises(CourseError, match="nothing was graded yet"):
        table.main(root=written(tmp_path), database=server.database())


def test_names_that_are_too_long(server, tmp_path):
    """nbgrader's columns take 128 characters; SQLite takes more, and PostgreSQL refuses them."""
    hostile.write_class(tmp_path, [])
    for student in (LONG, LONG[1:]):
        hand_in(tmp_path, student, hostile.right())
    (tmp_path / "course" / "class" / "roster.csv").write_text(
        f"student,name,email\n{LONG},{LONG},\n{LONG[1:]},First {LONG},{LONG}@x.example\n")
    rows = run(tmp_path, database=server.database())
    assert "has 129 characters, and nbgrader allows 128; rename it" in rows[LONG]["message"]
    assert (rows[LONG]["status"], rows[LONG[1:]]["auto_score"]) == ("not gradable", "5")
