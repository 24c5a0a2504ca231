"""Whom course/grading/similarity.py remarks in artificial classes: of independent students, and of planted copies.

    python -m tests.benchmarks.similarity [STUDENTS] [CLASSES]       # 40 students, 20 classes for each exercise

A student of such a class draws, for each function, the solution, one of the other right answers or one of the wrong
ones of course/exercises/NAME.mutants.toml. Such a class is harder than a real one in that all answers derive from one
solution and two students draw the very same answer by chance.
"""
import ast
import copy
import random
import re
import sys
import time
import tomllib

import nbformat

from course.grading.similarity import alike
from tests.course.test_exercises import NAMES, ROOT, answered, cells, replaced

CHOSEN_ON = ("e02", "e05", "e09b")  # the thresholds were chosen on these; the others are the test
KINDS = {"exact": 0, "renamed": 0, "disguised": 0, "1 other": 1, "2 others": 2, "3 others": 3}  # functions rewritten


def choices(name):
    """All answers to each function: {function: [source, …]}."""
    solutions = {task: source for task, source, about in cells(name) if about["solution"]}
    found = {}
    for task, lists in tomllib.loads((ROOT / f"course/exercises/{name}.mutants.toml").read_text()).items():
        source = solutions[task]
        wrong = [(answered if len(change) == 2 else replaced)(source, *change[:-1]) for change in lists["wrong"]]
        found[task] = [source, *(answered(source, code) for code in lists["right"]), *wrong]
    return found


def renamed(source):
    """Every name that an answer binds inside of its function gets another; all else stays as it is written."""
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    inner = [node for function in functions for node in ast.walk(function)]
    names = {node.arg for node in inner if isinstance(node, ast.arg)}
    names |= {node.id for node in inner if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for i, name in enumerate(sorted(names)):
        source = re.sub(rf"(?<![\w.]){name}\b", f"my_{i}", source)
    return source


def disguised(source):
    """Renamed, with another docstring, comments, other brackets, spaces, indents and empty lines."""
    lines = re.sub(r'""".*?"""', '"""Mine."""', ast.unparse(ast.parse(renamed(source))), flags=re.S).splitlines()
    indented = [re.sub(r"^ +", lambda indent: indent[0][::2], line) for line in lines]
    return "\n\n".join(f"{line}  # here I go on".replace(", ", ",").replace("(", "( ") for line in indented)


def copied(answers, kind, options, rng):
    """Somebody's answers, handed in by another."""
    change = {"exact": str, "disguised": disguised}.get(kind, renamed)
    rewritten = rng.sample(sorted(answers), KINDS[kind])
    other = {task: rng.choice([source for source in options[task] if source != answers[task]]) for task in rewritten}
    return {task: change(source) for task, source in {**answers, **other}.items()}


def notebook(released, answers, order=None):
    made = copy.copy(released)
    made.cells = [copy.copy(cell) for cell in released.cells]
    for cell in made.cells:
        cell.source = answers.get(cell.metadata.get("nbgrader", {}).get("grade_id"), cell.source)
    if order:
        order.shuffle(made.cells)
    return made


def drawn(options, size, rng):
    return {f"s{i:03}": {task: rng.choice(sources) for task, sources in options.items()} for i in range(size)}


def notebooks(name):
    """The exercise as it is released, and its solution."""
    return [nbformat.read(ROOT / where / name / f"{name}.ipynb", 4) for where in ("exercises", "solutions")]


def remarked_alone(name, options, size, rng):
    """How many independent pairs and students of a class are remarked."""
    released, solution = notebooks(name)
    books = {student: notebook(released, answers) for student, answers in drawn(options, size, rng).items()}
    pairs = alike(released, books, solution)
    return len(pairs), len({student for pair in pairs for student in (pair.one, pair.other)})


def found_copies(name, options, size, rng):
    """Which kinds of copies are planted in a class, each of another student's answers, and whether each is found."""
    released, solution = notebooks(name)
    kinds = rng.sample(list(KINDS), min(len(KINDS), size // 4))
    class_ = drawn(options, size - len(kinds), rng)
    books = {student: notebook(released, answers) for student, answers in class_.items()}
    copies = dict(zip(kinds, zip(class_, [f"t{i}" for i in range(len(kinds))])))
    for kind, (original, copy_) in copies.items():
        order = rng if kind == "disguised" else None
        books[copy_] = notebook(released, copied(class_[original], kind, options, rng), order)
    remarked = {(pair.one, pair.other) for pair in alike(released, books, solution)}
    return {kind: pair in remarked for kind, pair in copies.items()}


def measure(name, size, classes):
    """Shares of independent pairs and students that are remarked, and of each kind of copies that are found."""
    options, rng = choices(name), random.Random(name)
    alone = [remarked_alone(name, options, size, rng) for _ in range(classes)]
    pairs, students = (sum(counts) for counts in zip(*alone))
    found = [found_copies(name, options, size, rng) for _ in range(classes)]
    hits = [[each[kind] for each in found if kind in each] for kind in KINDS]
    shares = [pairs / (classes * size * (size - 1) / 2), students / (classes * size)]
    return shares + [sum(hit) / len(hit) if hit else float("nan") for hit in hits]


def seconds(name, size):
    """How long a class takes in which no two cells are the same text."""
    released, solution = notebooks(name)
    class_ = drawn(choices(name), size, random.Random(0))
    books = {student: notebook(released, {task: f"{source}\n# {student}" for task, source in answers.items()})
             for student, answers in class_.items()}
    start = time.perf_counter()
    alike(released, books, solution)
    return time.perf_counter() - start


def line(what, functions, shares):
    pairs, students, *found = shares
    hits = "".join(f"{share:11.0%}" for share in found)
    print(f"{what:30}{functions:>5}{pairs:9.2%}{students:10.1%}{hits}", flush=True)


def mean(rows):
    return [sum(column) / len(rows) for column in zip(*rows)]


def main(size=40, classes=20):
    head = f"{classes} classes of {size}"
    print(f"{head:26}functions    pairs  students" + "".join(f"{kind:>11}" for kind in KINDS))
    rows = {}
    for name in NAMES:
        rows[name] = measure(name, size, classes)
        line(name, len(choices(name)), rows[name])
    chosen = [name for name in NAMES if name.split("_")[0] in CHOSEN_ON]
    line(f"mean of {', '.join(CHOSEN_ON)}", "", mean([rows[name] for name in chosen]))
    line("mean of the others", "", mean([rows[name] for name in NAMES if name not in chosen]))
    print(f"the slowest class of 200 takes {max(seconds(name, 200) for name in NAMES):.1f} s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
