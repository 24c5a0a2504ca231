"""A small exercise, a right submission of it, and broken and hostile submissions made from the right one.

Each `Case` makes one submission and says what grading must give. SECRETS are what a sandboxed kernel must not find.
"""
from __future__ import annotations

import copy
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course.building.regions import cut
from gan_scratch.classroom.notebooks import UNANSWERED
from gan_scratch.classroom.released import RELEASED as FOLDER

NAME = "t01_tiny"
HIDDEN_SECRET, BOOK_SECRET, OTHER_SECRET = "hidden-48151623", "book-48151623", "other-48151623"
FULL = 5.0  # kl 2, js 3
KL = "p[p > 0] @ np.log(p[p > 0] / q[p > 0]) if q[p > 0].all() else np.inf"
EXCHANGED = "q[q > 0] @ np.log(q[q > 0] / p[q > 0]) if p[q > 0].all() else np.inf"
RIGHT = {"kl": f"def kl(p, q):\n    return {KL}",
         "js": "def js(p, q):\n    return sum(a[a > 0] @ np.log(2 * a[a > 0] / (p + q)[a > 0]) for a in (p, q)) / 2"}
WRONG = f"def kl(p, q):\n    return {EXCHANGED}"  # leaves 3 points


def solution() -> dict:
    """The solution notebook, with hidden tests, as the build makes it."""
    def cell(source: str, name: str, **about):
        about = {
            "grade": False,
            "solution": False,
            "locked": False,
            "task": False,
            "schema_version": 3,
            "grade_id": name,
            **about,
        }
        new = new_markdown_cell if name.startswith("answer") else new_code_cell
        return new(source, id=name, metadata={"nbgrader": about})

    def solve(name: str):
        head, body = RIGHT[name].split("\n")
        return cell(f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION", name, solution=True)

    def test(name: str, points: int):
        source = (f"verdict = check({name})\n### BEGIN HIDDEN TESTS\nverdict = verdict and check({name})  # {HIDDEN_SECRET}\n"
                  f"### END HIDDEN TESTS\nverdict.points({points})")
        return cell(source, f"test_{name}", grade=True, locked=True, points=points)

    cells = [new_markdown_cell("# A tiny exercise", id="title"),
             cell("import numpy as np\nfrom gan_scratch.checks.e06 import check", "setup", locked=True),
             new_markdown_cell("## Task 1: KL", id="task1"), solve("kl"), test("kl", 2),
             new_markdown_cell("## Task 2: JS", id="task2"), solve("js"), test("js", 3),
             new_markdown_cell("## Task 3: say why", id="task3"),
             cell("The model answer.", "answer_why", grade=True, solution=True, points=4),
             new_code_cell("raise SystemExit('experiments are not run')", id="experiment", metadata={"tags": ["experiment"]})]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return json.loads(json.dumps(new_notebook(cells=cells, metadata={"kernelspec": kernel})))


def released() -> dict:
    """What students get."""
    notebook = solution()
    for cell in notebook["cells"]:
        cell["source"] = UNANSWERED if cell["id"] == "answer_why" else cut(cell["source"])
    return notebook


def right() -> dict:
    """A submission with everything right."""
    notebook = released()
    for name, source in {**RIGHT, "answer_why": "Because."}.items():
        find(notebook, name)["source"] = source
    return notebook


def find(notebook: dict, name: str) -> dict:
    return next(cell for cell in notebook["cells"] if cell["id"] == name)


def put(notebook: dict, after: str, source: str, kind: str = "code", **metadata) -> dict:
    """A new cell of the student's own, after the cell with that id; returns the notebook."""
    cell = {"cell_type": kind, "id": f"new{len(notebook['cells'])}", "metadata": metadata, "source": source}
    cell |= {"outputs": [], "execution_count": None} if kind == "code" else {}
    notebook["cells"].insert(1 + notebook["cells"].index(find(notebook, after)), cell)
    return notebook


@dataclass(frozen=True)
class Case:
    """One submission. `make(root, folder)` writes it into `folder`; root is the course's. `score` is None when it can't be
    graded."""

    name: str
    make: Callable[[Path, Path], None]
    score: float | None
    status: str = "graded"
    message: str = ""  # must be part of the message
    system: bool = False  # its code reaches for the system: must also be harmless with resource limits alone
    triage: bool = False  # triage alone decides: no kernel is needed to test it
    moved: bool = False  # the answers aren't in their own cells


CASES: list[Case] = []


def case(score: float | None, status: str = "graded", message: str = "", **options):
    """Makes a Case of a function from a right notebook to a hostile one, or of one (root, folder) -> None that writes files
    itself."""
    def decorate(f: Callable):
        def make(root: Path, folder: Path) -> None:
            if f.__code__.co_argcount == 2:
                return f(root, folder)
            (folder / f"{NAME}.ipynb").write_text(json.dumps(f(right())), encoding="utf-8")
        CASES.append(Case(f.__name__, make, score, status, message, **options))
        return f
    return decorate


def own_code(name: str, source: str, score: float = FULL, message: str = "", **options) -> None:
    """A right submission with one more cell before the first task."""
    def make(root: Path, folder: Path) -> None:
        text = source.replace("ROOT", str(root)).replace("FOLDER", str(folder))
        (folder / f"{NAME}.ipynb").write_text(json.dumps(put(right(), "setup", text)), encoding="utf-8")
    CASES.append(Case(name, make, score, message=message, **options))


def function(name: str, body: str, score: float = FULL - 2, message: str = "", **options) -> None:
    """A right submission but for kl, whose body is given."""
    def make(root: Path, folder: Path) -> None:
        notebook = right()
        lines = "\n".join(f"    {line}" for line in body.replace("ROOT", str(root)).splitlines())
        find(notebook, "kl")["source"] = f"def kl(p, q):\n{lines}"
        (folder / f"{NAME}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    CASES.append(Case(name, make, score, message=message, **options))


# --- nothing wrong, and honest mistakes --------------------------------------------------------------------------------------

@case(FULL)
def all_right(notebook):
    return notebook


@case(3.0)
def one_wrong(notebook):
    find(notebook, "kl")["source"] = WRONG
    return notebook


@case(0.0)
def untouched(notebook):
    return released()


# --- mangled notebooks -------------------------------------------------------------------------------------------------------

@case(FULL, "repaired", "cell kl was there 2 times", triage=True)
def duplicated_cell(notebook):
    notebook["cells"].insert(4, copy.deepcopy(find(notebook, "kl")))
    return notebook


@case(FULL, "repaired", "cell kl was there 2 times", triage=True)
def duplicated_by_its_stub(notebook):
    notebook["cells"].insert(4, copy.deepcopy(find(released(), "kl")))
    return notebook


@case(FULL, "repaired", "there 2 times", triage=True)
def copied_cell_rewritten_as_helper(notebook):
    helper = copy.deepcopy(find(notebook, "kl"))
    find(notebook, "kl")["source"] = "def kl(p, q):\n    return total(p[p > 0], q[p > 0])"
    helper["source"] = "def total(p, q):\n    return p @ np.log(p / q) if q.all() else np.inf"
    notebook["cells"].insert(4, helper)
    return notebook


@case(FULL, "repaired", "cell test_kl was there 2 times", triage=True)
def duplicated_test(notebook):
    notebook["cells"].append({**copy.deepcopy(find(notebook, "test_kl")), "id": "another"})
    return notebook


@case(FULL, "repaired", "test cell test_kl was deleted", triage=True)
def deleted_test_cell(notebook):
    notebook["cells"].remove(find(notebook, "test_kl"))
    return notebook


@case(3.0, "repaired", "cell kl was deleted", triage=True)
def deleted_answer_cell(notebook):
    notebook["cells"].remove(find(notebook, "kl"))
    return notebook


@case(FULL, "repaired", "metadata was gone", triage=True)
def stripped_metadata(notebook):
    for cell in notebook["cells"]:
        cell["metadata"] = {}
    return notebook


@case(FULL, "repaired", "metadata was gone", triage=True)
def stripped_metadata_and_ids(notebook):
    for cell in notebook["cells"]:
        cell["metadata"] = {}
        del cell["id"]
    return {**notebook, "nbformat_minor": 4, "metadata": {}}


@case(FULL, "repaired", "metadata was gone", triage=True)
def version_three(notebook):
    cells = [
        (
            {"cell_type": "code", "language": "python", "collapsed": False, "outputs": [], "input": c["source"], "metadata": {}}
            if c["cell_type"] == "code"
            else {"cell_type": "markdown", "metadata": {}, "source": c["source"]}
        )
        for c in notebook["cells"]
    ]
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"cells": cells, "metadata": {}}]}


@case(FULL, "repaired", "test cell test_js was edited", triage=True)
def edited_test_cell(notebook):
    find(notebook, "test_js")["source"] = "3.0"
    return notebook


@case(3.0, "repaired", "test cell test_kl was edited", triage=True)
def edited_test_cell_for_a_wrong_answer(notebook):
    find(notebook, "kl")["source"] = WRONG
    find(notebook, "test_kl")["source"] = "2.0"
    return notebook


@case(FULL, "repaired", "claimed 100 points; it has 2", triage=True)
def more_points_claimed(notebook):
    find(notebook, "test_kl")["metadata"]["nbgrader"]["points"] = 100
    return notebook


@case(3.0, "repaired", "given cell setup was edited", triage=True)
def given_cell_edited(notebook):
    find(notebook, "kl")["source"] = WRONG
    find(notebook, "setup")["source"] = "import numpy as np\nclass R:\n  def points(self, n): return n\ndef check(f): return R()"
    return notebook


@case(FULL, "repaired", "unknown grade ids were ignored: mine", triage=True)
def bogus_grade_id(notebook):
    return put(
        notebook,
        "setup",
        "1 + 1",
        nbgrader={
            "grade": True,
            "solution": False,
            "locked": True,
            "points": 50,
            "grade_id": "mine",
            "schema_version": 3,
            "task": False,
        },
    )


@case(FULL, "repaired", "had become a raw cell", triage=True)
def changed_cell_type(notebook):
    cell = find(notebook, "js")
    cell["cell_type"] = "raw"
    return notebook


@case(FULL, triage=True)
def cells_that_are_no_cells(notebook):
    notebook["cells"] += [None, 3, {"cell_type": "video"}, {"cell_type": "code", "source": [1, "x = 1"], "metadata": 7}]
    return notebook


@case(FULL, "repaired", "renamed: homework (1).ipynb", triage=True)
def renamed_file(root, folder):
    (folder / "homework (1).ipynb").write_text(json.dumps(right()))


@case(FULL, "repaired", "can't be used (bad JSON", triage=True)
def broken_beside_a_copy(root, folder):
    (folder / f"{NAME}.ipynb").write_text(json.dumps(right())[:-100])
    (folder / f"{NAME}-Copy1.ipynb").write_text(json.dumps(right()))


@case(FULL, "repaired", "timestamp.txt", triage=True)
def timestamp_of_nonsense(root, folder):
    (folder / f"{NAME}.ipynb").write_text(json.dumps(right()))
    (folder / "timestamp.txt").write_text("yesterday, I think")


# --- answers in other cells than theirs --------------------------------------------------------------------------------------

def without(notebook: dict, *names: str) -> dict:
    """The notebook without these cells."""
    for name in names:
        notebook["cells"].remove(find(notebook, name))
    return notebook


def emptied(notebook: dict, *names: str) -> dict:
    """The notebook with these cells as they were released."""
    for name in names:
        find(notebook, name)["source"] = find(released(), name)["source"]
    return notebook


BOTH = "\n\n".join(RIGHT.values())
MOVED = {"triage": True, "moved": True}


@case(FULL, "repaired", "cells kl, js were deleted; the answer was found in the cell of kl, js", **MOVED)
def all_in_one_cell(notebook):
    return without(put(notebook, "setup", BOTH), *RIGHT)


@case(FULL, "repaired", "cells kl, js were deleted; the answer was found in the cell of kl, js (task 3)", **MOVED)
def all_in_one_cell_at_the_end(notebook):
    return without(put(notebook, "experiment", BOTH), *RIGHT)


@case(FULL, "repaired", "cells kl, js were left untouched", **MOVED)
def all_in_one_cell_above_their_stubs(notebook):
    return emptied(put(notebook, "setup", BOTH), *RIGHT)


@case(FULL, "repaired", "cells kl, js were left untouched", **MOVED)
def all_in_one_cell_below_the_tests(notebook):
    return emptied(put(notebook, "answer_why", BOTH), *RIGHT)


@case(FULL, "repaired", "cell js was deleted; the answer was found in the cell of kl, js (task 1)", **MOVED)
def two_answers_in_the_first_cell(notebook):
    find(notebook, "kl")["source"] = BOTH
    return without(notebook, "js")


@case(FULL, "repaired", "cell kl was written over; the answer was found in the cell of kl (task 2)", **MOVED)
def answers_in_each_others_cells(notebook):
    one, other = find(notebook, "kl"), find(notebook, "js")
    one["source"], other["source"] = other["source"], one["source"]
    return notebook


@case(FULL, "repaired", "cell js was left untouched; the answer was found in the cell of js (task 2)", **MOVED)
def answer_in_the_test_cell(notebook):
    test = find(notebook, "test_js")
    test["source"] = RIGHT["js"] + "\n\n" + test["source"]
    return emptied(notebook, "js")


@case(FULL, "repaired", "the answer was found in the cell of js (task 3)", **MOVED)
def answer_in_the_experiment_cell(notebook):
    find(notebook, "experiment")["source"] += "\n" + RIGHT["js"]
    return emptied(notebook, "js")


@case(FULL, "repaired", "the cell of kl, js (\"A tiny exercise\") had become a markdown cell; it was run", **MOVED)
def answers_in_a_text_cell(notebook):
    return without(put(notebook, "setup", BOTH, "markdown"), *RIGHT)


@case(FULL, "repaired", "cell js was left untouched", **MOVED)
def answer_whose_stub_lost_only_its_comment(notebook):
    put(notebook, "setup", RIGHT["js"])
    find(notebook, "js")["source"] = "def js(p, q):\n    pass"
    return notebook


@case(FULL, "repaired", "cell js was written over", **MOVED)
def stub_left_below_in_a_cell_with_other_work(notebook):
    put(notebook, "setup", RIGHT["js"])
    find(notebook, "js")["source"] = find(released(), "js")["source"] + "\n\ncoins = [0.1, 0.9]"
    return notebook


@case(FULL, "repaired", "the cell of kl (task 1) was there once more, as it was handed out, and was left out", triage=True)
def stubs_pasted_below_the_answers(notebook):
    for name in RIGHT:
        put(notebook, name, find(released(), name)["source"])
    return notebook


@case(FULL, "repaired", "metadata was gone", **MOVED)
def stripped_and_all_in_one_cell(notebook):
    without(put(notebook, "setup", BOTH), *RIGHT)
    for cell in notebook["cells"]:
        cell["metadata"] = {}
        del cell["id"]
    return {**notebook, "nbformat_minor": 4, "metadata": {}}


@case(FULL, "repaired", "given cell setup was edited; the original was used, and yours runs as well", triage=True)
def helper_imported_in_the_given_cell(notebook):
    find(notebook, "setup")["source"] += "\nfrom numpy import log as ln"
    find(notebook, "js")["source"] = RIGHT["js"].replace("np.log", "ln")
    return notebook


@case(FULL, "repaired", "given cell setup was edited; the original was used", triage=True)
def magics_in_given_cells(notebook):
    for name, line in {"setup": "!pip install -q gan-scratch", "test_js": "%%time"}.items():
        find(notebook, name)["source"] = f"{line}\n" + find(notebook, name)["source"]
    return notebook


@case(FULL, "repaired", "answer answer_why had become a code cell", triage=True)
def text_cells_turned_into_code(notebook):
    for name in ("title", "task1", "answer_why"):
        find(notebook, name).update(cell_type="code", outputs=[], execution_count=None)
    return notebook


@case(FULL, "repaired", "had become a raw cell", triage=True)
def everything_turned_raw(notebook):
    for cell in notebook["cells"]:
        cell["cell_type"] = "raw"
    return notebook


@case(FULL, "repaired", "test cell test_kl claimed many points; it has 2", triage=True)
def nonsense_in_the_metadata(notebook):
    find(notebook, "test_kl")["metadata"]["nbgrader"].update(points="many", grade_id=7)
    find(notebook, "test_js")["metadata"]["nbgrader"] = None
    del find(notebook, "setup")["metadata"]["nbgrader"]["grade_id"]
    return notebook


# --- files under other names, in other places, in other encodings ------------------------------------------------------------

def text() -> str:
    return json.dumps(right())


@case(FULL, "repaired", "of 2 notebooks t01_tiny-Copy1.ipynb was graded, with 3 tasks answered (t01_tiny.ipynb: 0)", triage=True)
def work_beside_an_untouched_copy(root, folder):
    (folder / f"{NAME}.ipynb").write_text(json.dumps(released()))
    (folder / f"{NAME}-Copy1.ipynb").write_text(text())


@case(FULL, "repaired", "the newest of those with as many", triage=True)
def two_copies_with_work(root, folder):
    wrong = right()
    find(wrong, "kl")["source"] = WRONG
    (folder / f"{NAME} (2).ipynb").write_text(text())
    (folder / f"{NAME} (1).ipynb").write_text(json.dumps(wrong))


@case(FULL, "repaired", "work/t01_tiny.ipynb was graded", triage=True)
def work_in_a_folder_below(root, folder):
    (folder / "work").mkdir()
    (folder / f"{NAME}.ipynb").write_text(json.dumps(released()))
    (folder / "work" / f"{NAME}.ipynb").write_text(text())


for ending in (".ipynb.txt", ".ipynb.json", ".IPYNB", ".txt", ".json"):
    def renamed(root: Path, folder: Path, ending=ending) -> None:
        (folder / f"{NAME}{ending}").write_text(text())
    CASES.append(Case(f"named_{ending}", renamed, FULL, "repaired", f"renamed: {NAME}{ending} was graded", triage=True))


@case(FULL, "repaired", "work.zip/a/t01_tiny.ipynb", triage=True)
def in_an_archive(root, folder):
    with zipfile.ZipFile(folder / "work.zip", "w") as archive:
        archive.writestr(f"a/{NAME}.ipynb", text())
        archive.writestr(f"__MACOSX/a/._{NAME}.ipynb", "x")


@case(FULL, "repaired", "t01_tiny.ipynb lay outside the folder t01_tiny", triage=True)
def one_folder_too_high(root, folder):
    folder.rmdir()
    (folder.parent / f"{NAME}.ipynb").write_text(text())


@case(None, "not gradable", "only t01_tiny.py: hand in the file that Jupyter opens", triage=True)
def as_a_script(root, folder):
    (folder / f"{NAME}.py").write_text("x = 1")


@case(None, "not gradable", "not a notebook but a web page", triage=True)
def as_a_web_page(root, folder):
    (folder / f"{NAME}.ipynb").write_text("<!DOCTYPE html><html></html>")


for encoding in ("utf-8-sig", "utf-16", "utf-32"):
    def encoded(root: Path, folder: Path, encoding=encoding) -> None:
        (folder / f"{NAME}.ipynb").write_bytes(text().encode(encoding))
    CASES.append(Case(f"encoded_{encoding}", encoded, FULL, triage=True))


@case(FULL, "repaired", "read as Windows-1252", triage=True)
def encoded_latin_1(root, folder):
    notebook = put(right(), "setup", "# größer als")
    (folder / f"{NAME}.ipynb").write_bytes(json.dumps(notebook, ensure_ascii=False).encode("latin-1"))


@case(FULL, triage=True)
def full_of_pictures(root, folder):
    notebook = right()
    find(notebook, "experiment")["outputs"] = [{"output_type": "display_data", "metadata": {}, "data": {"image/png": "A" * (21 * 2**20)}}]
    (folder / f"{NAME}.ipynb").write_text(json.dumps(notebook))


@case(None, "not gradable", "bad JSON (a comma too many near line 1): open it in Jupyter and save it again", triage=True)
def comma_too_many(root, folder):
    (folder / f"{NAME}.ipynb").write_text(text()[:-1] + ",}")


@case(None, "not gradable", "bad JSON (other text follows", triage=True)
def text_after_the_end(root, folder):
    (folder / f"{NAME}.ipynb").write_text(text() + "\nsent from my phone")


@case(None, "not gradable", "bad JSON (two versions that git could not merge", triage=True)
def in_the_middle_of_a_merge(root, folder):
    (folder / f"{NAME}.ipynb").write_text('{"cells": [\n<<<<<<< HEAD\n=======\n>>>>>>> work\n]}')


@case(None, "not gradable", "is it another notebook?", triage=True)
def notebook_of_another_exercise(root, folder):
    (folder / f"{NAME}.ipynb").write_text((FOLDER / "e02_backprop.ipynb").read_text(encoding="utf-8"))


@case(FULL, "repaired", "gan_scratch.py, json, numpy.py, random.py, types.py have names of modules that Python has already, and were ignored")
def files_that_shadow_modules(root, folder):
    (folder / f"{NAME}.ipynb").write_text(json.dumps(put(right(), "setup", "import mine, random\nassert random.random() < mine.ONE")))
    for name in ("types", "numpy", "random", "gan_scratch", "mine"):
        (folder / f"{name}.py").write_text("ONE = 1" if name == "mine" else "raise RuntimeError")
    (folder / "json").mkdir()
    (folder / "json" / "__init__.py").write_text("raise RuntimeError")


# --- what can't be graded ----------------------------------------------------------------------------------------------------

@case(None, "not gradable", "bad JSON", triage=True)
def bad_json(root, folder):
    (folder / f"{NAME}.ipynb").write_text('{"cells": [')


@case(None, "not gradable", "bad JSON", triage=True)
def deep_json(root, folder):
    (folder / f"{NAME}.ipynb").write_text("[" * 100_000)


@case(None, "not gradable", "an empty file", triage=True)
def empty_file(root, folder):
    (folder / f"{NAME}.ipynb").write_text("")


@case(None, "not gradable", "no notebook", triage=True)
def nothing_at_all(root, folder):
    (folder / "readme.txt").write_text("Sorry.")


@case(None, "not gradable", "not a notebook", triage=True)
def not_a_notebook(root, folder):
    (folder / f"{NAME}.ipynb").write_text('{"cells": 3}')


@case(None, "not gradable", "is it another notebook?", triage=True)
def another_notebook(notebook):
    notebook["cells"] = [
        {"cell_type": "code", "id": "a", "metadata": {}, "source": "x = 1", "outputs": [], "execution_count": None}
    ]
    return notebook


@case(None, "not gradable", "too large", triage=True)
def giant_notebook(root, folder):
    (folder / f"{NAME}.ipynb").write_text(json.dumps(put(right(), "setup", "#" * (21 * 2**20))))


@case(None, "not gradable", "a symbolic link", triage=True)
def link_to_the_solution(root, folder):
    (folder / f"{NAME}.ipynb").symlink_to(root / "solutions" / NAME / f"{NAME}.ipynb")


# --- noise, death, and greed -------------------------------------------------------------------------------------------------

function(
    "warning_on_stderr",
    f"import sys, warnings\nprint('oh', file=sys.stderr)\nwarnings.warn('hm')\nnp.log(np.zeros(1))\nreturn {KL}",
    FULL,
)
function("exit_in_a_function", "import os\nos._exit(0)", system=True)
function("sys_exit_in_a_function", "import sys\nsys.exit(0)")
function("endless_function", "while True: pass")
function(
    "endless_function_that_swallows_everything",
    "while True:\n    try:\n        while True: sum(range(99))\n    except BaseException: pass",
)
function("function_prints_200000_lines", f"for i in range(200_000): print(i)\nreturn {KL}", FULL)
function("function_eats_memory", "y = []\nwhile True: y.append(np.ones(2**22))")
function("asks_for_input", "return float(input('the answer? '))")
function(
    "returns_a_chameleon",
    "class C(np.ndarray):\n    __eq__ = lambda s, o: True\n    __array__ = lambda s, *a, **k: np.zeros(1)\n"
    f"    shape = property(lambda s: ())\nreturn np.asarray({EXCHANGED}).view(C)",
)
function(
    "returns_what_agrees_with_all",
    "class C:\n    def __getattr__(s, n): return s\n    def __call__(s, *a, **k): return s\n    __eq__ = lambda s, o: True\n"
    "    __bool__ = lambda s: True\n    __float__ = lambda s: 0.0\nreturn C()",
)
function("raises_what_it_should_not", "class E(BaseException): pass\nraise E('x' * 10**6)")
function(
    "looks_for_its_caller",
    "import sys\nf = sys._getframe()\nwhile f: \n    for v in list(f.f_globals.values()) + list(f.f_locals.values()):\n"
    "        if hasattr(v, 'faults'): v.faults.clear()\n    f = f.f_back\n"
    f"return {EXCHANGED}",
)
own_code(
    "kills_the_grader",
    "import os, time\ndef parent(p): return int(open(f'/proc/{p}/stat').read().rpartition(')')[2].split()[1])\n"
    "try: os.kill(parent(parent(parent(os.getpid()))), 9)\nexcept (OSError, IndexError): pass\ntime.sleep(0.2)",
)
own_code("asks_to_exit", "exit()\nquit()", message="`exit()` (\"A tiny exercise\"): exit() and quit() end the kernel, so they were ignored")
own_code("sys_exit_in_a_cell", "import sys\nsys.exit()", message="`import sys` (\"A tiny exercise\") ended with SystemExit")
LATER = "import os, threading\nthreading.Timer(0.2, os._exit, (1,)).start()"


SLEEP = "import time\ntime.sleep(1)"


@case(FULL, message="(\"A tiny exercise\"): it ended the kernel a moment later; only the functions and imports in it were kept")
def dies_during_a_later_cell(notebook):
    return put(put(notebook, "setup", SLEEP), "setup", LATER)


@case(FULL, message="the cell of kl (task 1): it ended the kernel a moment later; only the functions and imports in it were kept")
def answer_that_dies_during_a_later_cell(notebook):
    find(notebook, "kl")["source"] += f"\n\n{LATER}"
    return put(notebook, "kl", SLEEP)


own_code("exit_in_a_cell", "import os\nos._exit(0)", message="ended the kernel")
own_code("kills_the_kernel", "import os\nos.kill(os.getpid(), 9)", message="ended the kernel", system=True)
own_code("kills_the_parent", "import os, time\nos.kill(os.getppid(), 9)\ntime.sleep(0.2)", system=True)
own_code("endless_cell", "while True: pass", message="was stopped")
own_code(
    "endless_cell_that_ignores_interrupts",
    "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
    message="ignored the interrupt",
    system=True,
)
own_code(
    "endless_cell_that_blocks_signals",
    "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\nwhile True: pass",
)
own_code("prints_200000_lines", "for i in range(200_000): print(i)")
own_code("shows_endless_pictures", "from IPython.display import display, HTML\nfor i in range(40): display(HTML('x' * 2**21))")
own_code("eats_memory", "hoard = []\nwhile True: hoard.append(bytearray(2**24))", system=True)
own_code("eats_memory_in_one_bite", "import numpy as np\nnp.ones(2**40)")
own_code(
    "eats_memory_in_children",
    "import os, time\nfor i in range(12):\n    if os.fork() == 0:\n        hoard = bytearray(2**28)\n"
    "        for k in range(0, 2**28, 4096): hoard[k] = 1\n        time.sleep(60)\ntime.sleep(2)",
    system=True,
)
own_code("fork_bomb", "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass", message="`import os` (\"A tiny exercise\")", system=True)
own_code("fills_the_disk", "with open('big', 'wb') as f:\n    while True: f.write(bytes(2**24))", system=True)
own_code(
    "daemon_that_stays",
    "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        while True: time.sleep(1)\n    "
    "os._exit(0)",
    system=True,
)
own_code(
    "threads_that_never_end",
    "import threading, time\nfor i in range(8):\n    "
    "threading.Thread(target=lambda: [time.sleep(0.05) for _ in iter(int, 1)]).start()",
)
own_code("closes_its_streams", "import os, sys\nsys.stdout.close(); sys.stderr.close(); os.close(1); os.close(2)", system=True)
own_code("silences_the_kernel", "get_ipython().kernel.iopub_socket.close()", message="was left out")
own_code("sets_an_alarm", "import signal\nsignal.alarm(1)\nsignal.signal(signal.SIGALRM, lambda *_: None)")
own_code(
    "raises_all_floating_point_errors", "import numpy as np, warnings\nwarnings.simplefilter('error')\nnp.seterr(all='raise')"
)
own_code(
    "shadows_modules",
    "for name in ('numpy', 'json', 'gan_scratch', 'base64'): open(name + '.py', 'w').write('raise RuntimeError')",
)
own_code(
    "deletes_its_home",
    "import os, shutil\nshutil.rmtree(os.environ['HOME'], ignore_errors=True)\nshutil.rmtree(os.getcwd(), ignore_errors=True)",
    system=True,
)
own_code("buries_its_folder", "import os\nfor i in range(1500):\n    os.mkdir('d'); os.chdir('d')\nos.chmod('.', 0)", system=True)

# --- cheating ----------------------------------------------------------------------------------------------------------------

CHEATS = {
    "patched_numpy_testing": "import numpy.testing as t\n"
                             "t.assert_allclose = t.assert_array_equal = t.assert_equal = lambda *a, **k: None\n"
    "np.allclose = np.array_equal = lambda *a, **k: True",
    "patched_checks": "import gan_scratch.classroom.check as c, gan_scratch.classroom.session as s\n"
                      "c.Verdict.points = lambda self, n: float(n)\n"
    "c.Checks.__call__ = lambda self, f, **k: c.Verdict('', [])\nc.faults_of = c.compare = lambda *a: []\ncheck = c.Checks('')",
    "transformer_that_drops_tests": "get_ipython().input_transformers_cleanup.append(lambda lines: [l for l in lines if "
                                    "'assert' not in l and 'check' not in l])",
    "transformer_that_returns_points": "get_ipython().ast_transformers.append(type('T', (), {'visit': lambda s, n: "
                                       "__import__('ast').parse('2.0')})())",
    "replaced_builtins": "import builtins\n"
                         "builtins.float = builtins.abs = builtins.max = builtins.all = builtins.len = lambda *a, **k: 2",
    "patched_arrays": "np.ndarray = type('A', (), {'__instancecheck__': lambda *a: True})\n"
                      "np.abs = np.max = np.isclose = lambda *a, **k: np.zeros(1)",
    "prints_a_verdict": "print('✓ kl: right\\n  2 of 2 points')\n2.0",
    "forged_answers": "import gan_scratch.classroom.remote as r\nr.answer = lambda *a: '[' * 10**5",
    "forged_deep_answers": "import gan_scratch.classroom.remote as r\nclass D(str):\n    "
                           "__repr__ = lambda s: '-' * 10**6 + '1'\nr.answer = lambda *a: D()",
    "forged_pickle": "import gan_scratch.classroom.remote as r, base64, io, json, numpy as np\nclass P:\n    "
                     "def __reduce__(s): return (open, ('/tmp/pwned-48151623', 'w'))\n"
    "def answer(*a):\n    f = io.BytesIO(); np.savez(f, a0=np.array([P()], dtype=object))\n"
    "    return json.dumps({'fields': {'value': {'array': 'a0'}}, 'arrays': base64.b64encode(f.getvalue()).decode()})\n"
    "r.answer = answer",
    "huge_answer": "import gan_scratch.classroom.remote as r\nr.answer = lambda *a: 'x' * (3 * 2**27)",
}
for name, source in CHEATS.items():
    def cheat(root: Path, folder: Path, source=source) -> None:
        notebook = put(right(), "setup", source)
        find(notebook, "kl")["source"] = WRONG
        (folder / f"{NAME}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    # what is patched in the student's own kernel may spoil the student's other answers, but never makes a wrong one right
    CASES.append(
        Case(
            name,
            cheat,
            0.0 if name.startswith(("forged", "huge")) or name in ("patched_arrays", "transformer_that_returns_points") else 3.0,
        )
    )

SPY = """
import os
found = []
for where in ("ROOT", "/proc/1/root", "/proc/self/cwd/..", "/tmp", "/home"):
    for path, folders, names in os.walk(where):
        folders[:] = folders[:40] if path.count("/") < 14 else []
        for name in names:
            if name.endswith((".ipynb", ".db", ".csv", ".json")) and "FOLDER" not in path:
                try:
                    text = open(os.path.join(path, name), "rb").read(2**20)
                    found += [f"{path}/{name}"] * any(s in text for s in (b"hidden-" + b"48151623", b"book-" + b"48151623",
                    b"other-" + b"48151623"))
                except OSError: pass
found += ["environment"] * any("book-" + "48151623" in value for value in os.environ.values())
try: found += ["network"] * (len(open("/proc/net/dev").readlines()) > 3)
except OSError: pass
print("found:", sorted(found))
for path in ("/", "/usr", "ROOT", "ROOT/solutions", os.path.dirname(os.path.dirname(os.getcwd()))):
    try: open(os.path.join(path, "written-48151623"), "w").close(); print("wrote", path)
    except OSError: pass
"""
own_code("spies", SPY)  # without a sandbox it finds everything


RUN_ANYWAY = ("more_points_claimed", "stripped_metadata", "work_beside_an_untouched_copy", "in_an_archive", "one_folder_too_high",
              "files_that_shadow_modules", "encoded_utf-16", "stubs_pasted_below_the_answers")
# what triage makes of the others is the right submission, so that running it shows nothing new
RUN = [case for case in CASES if not case.triage or case.moved or case.score != FULL or case.name in RUN_ANYWAY]


def write_class(root: Path, cases: list[Case] = CASES) -> None:
    """A course with the tiny exercise, and a class that handed in all cases."""
    for folder in ("course/exercises", f"solutions/{NAME}", f"exercises/{NAME}"):
        (root / folder).mkdir(parents=True)
    (root / "course" / "exercises" / f"{NAME}.md").write_text("")
    (root / "solutions" / NAME / f"{NAME}.ipynb").write_text(json.dumps(solution()))
    (root / "exercises" / NAME / f"{NAME}.ipynb").write_text(json.dumps(released()))
    for each in cases:
        folder = submitted(root, each.name)
        folder.mkdir(parents=True)
        each.make(root, folder)


def submitted(root: Path, student: str) -> Path:
    return root / "course" / "class" / "submitted" / student / NAME
