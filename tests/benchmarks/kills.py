"""Kill the grader at random moments, run the same command again, and compare what comes out with a run that nothing
disturbed.

    python -m tests.benchmarks.kills --times 50            # of each kind; --kinds main worker …, --seed 0

A trial grades a small class, or one that is graded already and whose students hand in again. At a random moment one
of the grader's processes is killed (kill -9), or Ctrl-C is pressed. Then the command runs once more, and everything
that instructors and students see must be as if nothing had happened: gradebook, table, report, feedback pages,
notebooks, and no file besides.
"""
from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from course.building.units import ROOT
from course.grading import gradebook
from course.grading.run import load_state
from course.grading.launcher import adopt_orphans, children, descendants
from tests.course.grading import hostile
from tests.course.grading.hostile import NAME, submitted

LIMITS = {"cell": 5, "call": 5, "total": 60, "memory": 2**30}
COMMAND = """
import importlib, sys
from pathlib import Path
from course import __main__ as command
def module(name): return importlib.import_module("course.grading." + name)
root = Path({root!r})
command.grade = lambda args: module("grade").main({name!r}, 2, root=root, **{limits})
command.give_back = lambda args: module("give_back").main({name!r}, root=root, unread=True)
command.grades = lambda args: module("table").main(root=root)
sys.exit(command.main(sys.argv[1:]))
"""
FIRST = ("all_right", "one_wrong", "untouched", "duplicated_cell", "asks_to_exit", "exit_in_a_cell")
GIVEN = {"all_right": 3.5, "one_wrong": 1.0}  # by hand, for the answer in words
PATIENCE = 120  # seconds for a run
SOON = 15  # seconds in which all processes must be gone


# --- a class ----------------------------------------------------------------------------------------------------------


def hand_in(root: Path, student: str, text: str) -> None:
    submitted(root, student).mkdir(parents=True, exist_ok=True)
    (submitted(root, student) / f"{NAME}.ipynb").write_text(text)


def write_class(root: Path) -> None:
    """Eight students: right, wrong and mended work, one that ends its kernel, and two that can't be graded."""
    hostile.write_class(root, [case for case in hostile.CASES if case.name in FIRST])
    hand_in(root, "broken", "{")
    (root / "course" / "class" / "submitted" / "away").mkdir()


def hand_in_again(root: Path) -> None:
    """Three students have changed their work."""
    hand_in(root, "untouched", json.dumps(hostile.right()))
    hand_in(root, "broken", json.dumps(hostile.put(hostile.right(), "setup", "import time; time.sleep(0.5)")))
    changed = hostile.released()
    hostile.find(changed, "answer_why")["source"] = "Another answer."
    hand_in(root, "one_wrong", json.dumps(changed))


def give_by_hand(root: Path) -> None:
    """Somebody has read two answers."""
    with closing(sqlite3.connect(root / "course" / "class" / "gradebook.db")) as book:
        for student, points in GIVEN.items():
            book.execute("""UPDATE grade SET manual_score = ?, needs_manual_grade = 0 WHERE auto_score IS NULL AND notebook_id IN
                (SELECT submitted_notebook.id FROM submitted_notebook JOIN submitted_assignment
                ON submitted_notebook.assignment_id = submitted_assignment.id WHERE student_id = ?)""", (points, student))
            book.execute("""UPDATE comment SET manual_comment = 'Read.' WHERE notebook_id IN
                (SELECT submitted_notebook.id FROM submitted_notebook JOIN submitted_assignment
                ON submitted_notebook.assignment_id = submitted_assignment.id WHERE student_id = ?)""", (student,))
        book.commit()


def change_exercise(root: Path) -> None:
    """The exercise loses its second task."""
    for place in ("solutions", "exercises"):
        path = root / place / NAME / f"{NAME}.ipynb"
        notebook = json.loads(path.read_text())
        notebook["cells"] = [cell for cell in notebook["cells"] if "js" not in cell["id"]]
        path.write_text(json.dumps(notebook))


def start(root: Path, *words: str) -> subprocess.Popen:
    """The command in a session of its own; temporary files go to the folder tmp beside the class."""
    (root / "tmp").mkdir(exist_ok=True)
    code = COMMAND.format(root=str(root), name=NAME, limits=LIMITS)
    environment = {**os.environ, "TMPDIR": str(root / "tmp"), "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-c", code, *words], cwd=ROOT, env=environment, start_new_session=True,
                            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def plain_run(root: Path, *words: str) -> tuple[int, str]:
    """Run the command to its end; returns the exit status, and what it printed."""
    process = start(root, *(words or ("grade", NAME)))
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out + err


# --- what came out ----------------------------------------------------------------------------------------------------


def outcome(root: Path) -> dict[str, object]:
    """Everything that grading leaves behind, without times and names that are drawn at random."""
    folder = root / "course" / "class"
    with closing(sqlite3.connect(folder / "gradebook.db")) as book:
        queries = (gradebook.ROWS, gradebook.COMMENTS, gradebook.PENALTIES)
        found: dict[str, object] = {f"gradebook {i}": sorted(map(repr, book.execute(query, {"exercise": NAME})))
                                    for i, query in enumerate(queries)}
        found["version"] = book.execute("SELECT COUNT(*) FROM sqlite_master WHERE name = 'alembic_version'").fetchall()
        found["of nobody"] = book.execute("PRAGMA foreign_key_check").fetchall()
    found["state"] = {student: known["graded"] for student, known in load_state(folder / f"{NAME}_state.jsonl").items()}
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_file() and inside.parts[0] not in ("submitted", "log", "backup", ".grading"):
            found[str(inside)] = readable(path, root)
    return found


def readable(path: Path, root: Path) -> str | None:
    """A file's text without what differs from run to run; None for files that are compared otherwise."""
    if path.suffix in (".db", ".jsonl", ".zip"):
        return None
    text = path.read_text(encoding="utf-8").replace(str(root), "ROOT")
    text = re.sub(r"Written [-\d: ]+\.|<!-- made from \w+ -->|\d{4}-\d\d-\d\d", "", text)
    return re.sub(r'(id="|url\(#|href="#)[a-z]\w+', r"\1", text) if "<svg" in text else text


def differences(found: dict, expected: dict) -> list[str]:
    return sorted(name for name in {*found, *expected} if found.get(name, "absent") != expected.get(name, "absent"))


# --- what is killed ---------------------------------------------------------------------------------------------------


def command_line(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def family(main: int) -> dict[str, list[int]]:
    """The grader's processes by what they are."""
    found = defaultdict(list, main=[main])
    for process in descendants(main):
        line, above = command_line(process), command_line(parent(process))
        if "course.grading.nursery" in line and "course.grading.nursery" not in above:
            found["nursery"].append(process)
        elif "multiprocessing.forkserver" in line:
            found["worker" if "multiprocessing.forkserver" in above else "forkserver"].append(process)
        elif "multiprocessing.resource_tracker" in line:
            found["tracker"].append(process)
        elif "course.grading.nursery" in line and not children(process):
            found["kernel"].append(process)
    return found


def parent(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0


def disturb(process: subprocess.Popen, kind: str, seconds: float, rng: random.Random) -> bool:
    """Wait, then kill one of these processes (the next one, if there is none now); whether there was one."""
    time.sleep(seconds)
    while process.poll() is None:
        if kind == "Ctrl-C":
            os.killpg(process.pid, signal.SIGINT)
            return True
        if there := family(process.pid)[kind]:
            try:
                os.kill(rng.choice(there), signal.SIGKILL)
                return True
            except ProcessLookupError:
                continue
        time.sleep(0.01)
    return False


# --- trials -----------------------------------------------------------------------------------------------------------


@dataclass
class Stage:
    """A class before the disturbed run: how it comes about, which command is disturbed, and what must come out."""

    folder: Path
    words: tuple[str, ...]
    expected: dict
    seconds: float


@dataclass
class Tally:
    """The trials of one kind."""

    hit: int = 0
    right: int = 0
    statuses: Counter = field(default_factory=Counter)
    tracebacks: int = 0
    processes: int = 0
    left: Counter = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def stages(folder: Path) -> dict[str, Stage]:
    """Classes to be copied for the trials, and what a run makes of them that nothing disturbs."""
    made, root = {}, folder / "class"  # always the same path, since fingerprints hold it

    def add(name: str, *words: str) -> None:
        shutil.copytree(root, folder / name)
        began = time.monotonic()
        status, said = plain_run(root, *words)
        assert status == 0, said
        made[name] = Stage(folder / name, words, outcome(root), time.monotonic() - began)

    write_class(root)
    add("first", "grade", NAME)
    give_by_hand(root)
    shutil.copytree(root, folder / "graded")
    for name, words, change in (("again", ("grade", NAME), hand_in_again), ("anew", ("grade", NAME), change_exercise),
                                ("return", ("return", NAME), None), ("grades", ("grades",), None)):
        shutil.rmtree(root)
        shutil.copytree(folder / "graded", root)
        if change:
            change(root)
        add(name, *words)
    shutil.rmtree(root)
    return made


def trial(stage: Stage, kind: str, root: Path, rng: random.Random, tally: Tally) -> None:
    """Disturb a run, run again, compare."""
    shutil.copytree(stage.folder, root)
    process = start(root, *stage.words)
    seconds = rng.uniform(0, stage.seconds)
    tally.hit += disturb(process, kind, seconds, rng)
    out, err = process.communicate(timeout=PATIENCE)
    tally.statuses[process.returncode] += 1
    tally.tracebacks += "Traceback" in out + err
    until = time.monotonic() + SOON
    while gone_not() and time.monotonic() < until:
        time.sleep(0.05)
    tally.processes += bool(descendants(os.getpid()))
    tally.left.update(re.sub(r"-.*", "", path.name) for path in (root / "tmp").iterdir())
    status, said = plain_run(root, *stage.words)
    wrong = differences(outcome(root), stage.expected)
    if status == 0 and not wrong and "Traceback" not in said:
        tally.right += 1
    else:
        tally.wrong.append(f"after {seconds:.2f} s: {wrong}; then {status}\n{err[-1500:]}\n{said[-1500:] * (status != 0)}")


def gone_not() -> bool:
    """Whether a process is left of those that the trials started; collects those that have ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return bool(descendants(os.getpid()))


KINDS: dict[str, tuple[str, str]] = {  # stage, and who is killed
    "main": ("first", "main"), "worker": ("first", "worker"), "forkserver": ("first", "forkserver"),
    "nursery": ("first", "nursery"), "kernel": ("first", "kernel"), "tracker": ("first", "tracker"),
    "Ctrl-C": ("first", "Ctrl-C"), "again: main": ("again", "main"), "again: worker": ("again", "worker"),
    "again: Ctrl-C": ("again", "Ctrl-C"), "anew: main": ("anew", "main"), "anew: Ctrl-C": ("anew", "Ctrl-C"),
    "return: main": ("return", "main"), "return: worker": ("return", "worker"), "return: Ctrl-C": ("return", "Ctrl-C"),
    "grades: main": ("grades", "main"), "grades: Ctrl-C": ("grades", "Ctrl-C")}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--times", type=int, default=10, help="trials of each kind (default: 10)")
    options.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS), metavar="KIND", help=f"{', '.join(KINDS)}")
    options.add_argument("--seed", type=int, default=0)
    args = options.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background processes ignore Ctrl-C
    adopt_orphans()
    with tempfile.TemporaryDirectory(prefix="k-") as folder:
        made = stages(Path(folder))
        for name, stage in made.items():
            print(f"undisturbed {name}: {stage.seconds:.1f} s, {len(stage.expected)} things to compare", flush=True)
        print(f"\n{'what':16}{'trials':>7}{'hit':>5}{'right':>7}{'processes left':>16}  exit statuses; temporary files left")
        for kind in args.kinds:
            tally, (stage, killed) = Tally(), KINDS[kind]
            for i in range(args.times):
                rng = random.Random(f"{args.seed} {kind} {i}")
                root = Path(folder, "class")
                trial(made[stage], killed, root, rng, tally)
                shutil.rmtree(root)
            told = ", ".join(f"{n} × {status}" for status, n in sorted(tally.statuses.items()))
            left = ", ".join(f"{n} {name}" for name, n in tally.left.items())
            print(f"{kind:16}{args.times:7}{tally.hit:5}{tally.right:7}{tally.processes:16}  {told}; {left or 'none'}"
                  + (f"; {tally.tracebacks} tracebacks" if tally.tracebacks else ""), flush=True)
            for each in tally.wrong:
                print("    " + each.strip().replace("\n", "\n    "), flush=True)


if __name__ == "__main__":
    main()
