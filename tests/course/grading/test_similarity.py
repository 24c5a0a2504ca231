"""Which answers are remarked as nearly another student's, and which aren't."""
import random

import nbformat
import pytest

from course.grading import similarity
from course.grading.pieces import given_names, pieces
from course.grading.similarity import Pair, alike, groups, near, remarks, same_words
from gan_scratch.classroom.notebooks import UNANSWERED
from tests.benchmarks import similarity as artificial

NAME = "e02_backprop"
MEAN = '''def mean(x, axis):
    """The mean."""
    total, count = 0, len(x)
    for value in x:  # each of them
        total += value * np.ones(count, axis=axis)
    return total / count
'''


def equal(one, other):
    return pieces(one, frozenset({"np", "len"})) == pieces(other, frozenset({"np", "len"}))


@pytest.mark.parametrize("other", [
    MEAN.replace("total", "s").replace("count", "n").replace("value", "v"),
    MEAN.replace("(x, axis)", "(data, axis)").replace("in x", "in data").replace("len(x)", "len(data)"),
    MEAN.replace("  # each of them", "").replace('"""The mean."""', '"""Mine."""'),
    MEAN.replace("    ", "  ").replace(", ", ",").replace("\n    return", "\n\n    return"),
    MEAN.replace("return total / count", "return (total / count)"),
    MEAN.replace("0, len(x)", "0, len(\n        x)").replace("count\n", "count;\n")])
def test_names_comments_docstrings_and_layout_make_no_difference(other):
    assert other != MEAN and equal(MEAN, other)


@pytest.mark.parametrize("old, new", [("total / count", "total * count"), ("np.ones", "np.zeros"),
                                      ("axis=axis", "shape=axis"), ("total / count", "count / total"), ("= 0", "= 1")])
def test_what_the_code_does_makes_a_difference(old, new):
    assert not equal(MEAN, MEAN.replace(old, new))


@pytest.mark.parametrize("source", ["def f(:\n  x = (1,\n 'abc", "\0", "if 1:\n    a\n  b", "x = '''abc\ny",
                                    "(" * 300, "a)))[", "%time f(x)\n!ls", "x = " + "+".join(["1"] * 2500), "f'{chr(10)!r}\\n' + \"'\"", "", "\\"])
def test_whatever_is_in_a_cell_is_cut_into_pieces(source):
    assert all(isinstance(piece, str) for piece in pieces(source, frozenset()))


def test_a_broken_line_costs_the_pieces_around_it_only():
    assert len(pieces(MEAN, frozenset()) & pieces(MEAN + "return (\n", frozenset())) > 20


def test_what_the_exercise_imports_and_defines_keeps_its_name():
    sources = "import numpy as np\nfrom a import B\nx = 1\ndef f(y): pass", "def broken(:"
    released = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, sources)))
    assert {"np", "B", "f", "len"} <= given_names(released) and not {"x", "y", "a"} & given_names(released)


@pytest.fixture(scope="module")
def exercise():
    """The released notebook, the solution, all answers to each function, the notebooks of an artificial class."""
    released, solution = artificial.notebooks(NAME)
    options = artificial.choices(NAME)
    class_ = artificial.drawn(options, 20, random.Random(2))
    books = {student: artificial.notebook(released, answers) for student, answers in class_.items()}
    return released, solution, options, books


def written(exercise, number):
    """A notebook with the answer `number` to each function."""
    released, _, options, _ = exercise
    return artificial.notebook(released, {task: sources[number] for task, sources in options.items()})


def changed(book, change):
    """A notebook, its answers rewritten by `change`."""
    answers = {about["grade_id"]: change(cell.source) for cell in book.cells
               if (about := cell.metadata.get("nbgrader", {})).get("solution") and cell.cell_type == "code"}
    return artificial.notebook(book, answers)


def students(pairs):
    return [(pair.one, pair.other) for pair in pairs]


def test_nobody_is_remarked_who_worked_alone(exercise):
    released, solution, _, class_ = exercise
    assert alike(released, class_, solution) == []


@pytest.mark.parametrize("change", [str, artificial.renamed, artificial.disguised])
def test_copies_are_found_whatever_names_and_layout(exercise, change):
    released, solution, options, class_ = exercise
    (pair,) = alike(released, class_ | {"zoe": changed(class_["s007"], change)}, solution)
    assert (pair.one, pair.other, pair.share) == ("s007", "zoe", 1) and set(pair.tasks) < options.keys()


def test_tasks_and_share_are_those_that_are_alike(exercise):
    released, solution, options, class_ = exercise
    long = [task for task in options if task not in ("sigmoid", "softplus")]
    ada = artificial.notebook(released, {task: sources[2] for task, sources in options.items()})
    eve = artificial.notebook(released, {task: options[task][2 if task in long else 1] for task in options})
    (pair,) = alike(released, class_ | {"ada": ada, "eve": eve}, solution)
    assert pair == Pair("ada", "eve", 1.0, tuple(sorted(long)))
    longer = options["gate_backward"][2].replace("return", "x = x + 1\n    return")
    more = artificial.notebook(eve, {"gate_backward": longer})
    (pair,) = alike(released, class_ | {"ada": ada, "eve": more}, solution)
    assert pair.tasks == tuple(sorted(long)) and 0.9 < pair.share < 1


def test_a_broken_cell_hides_nothing(exercise):
    released, solution, _, class_ = exercise
    broken = changed(class_["s007"], lambda source: source + "\n    return (")
    assert students(alike(released, class_ | {"zoe": broken}, solution)) == [("s007", "zoe")]


def test_answers_that_were_moved_to_a_cell_of_ones_own_are_found(exercise):
    released, solution, options, class_ = exercise
    ada = written(exercise, 2)
    moved = changed(ada, lambda source: "from my_cells import *")
    own = "\n\n".join(artificial.renamed(sources[2]) for sources in options.values())
    moved.cells.append(nbformat.v4.new_code_cell(own))
    assert students(alike(released, class_ | {"ada": ada, "zoe": moved}, solution)) == [("ada", "zoe")]


def test_what_is_released_or_in_the_solution_is_no_sign(exercise):
    released, solution, _, class_ = exercise
    nothing = class_ | {"ada": released, "ben": released}
    assert alike(released, nothing, solution) == []
    ours = class_ | {"ada": written(exercise, 0), "ben": written(exercise, 0)}
    assert alike(released, ours, solution) == [] and ("ada", "ben") in students(alike(released, ours))


def test_what_many_have_is_no_sign(exercise):
    """Two notebooks with three equal answers stand out if nobody else has these, and not if half of the class has."""
    released, solution, options, class_ = exercise
    tasks = ["bce_with_logits", "central_difference", "gate_backward"]
    equal = {task: options[task][2] for task in tasks}
    alone = {task: "" for task in options if task not in tasks}
    two = {student: artificial.notebook(released, {**alone, **equal}) for student in ("ada", "ben")}
    others = {student: changed(book, str) for student, book in class_.items()}
    assert ("ada", "ben") in students(alike(released, others | two, solution))
    for student in list(others)[:12]:
        others[student] = artificial.notebook(others[student], equal)
    assert ("ada", "ben") not in students(alike(released, others | two, solution))


def test_notebooks_that_most_of_a_class_handed_in_are_found(exercise):
    released, solution, _, class_ = exercise
    same = {f"z{i}": written(exercise, 2) for i in range(30)}
    assert len(alike(released, class_ | same, solution)) == 30 * 29 / 2


def test_two_students_are_enough_for_a_class_and_fewer_are_none(exercise):
    released, solution, _, class_ = exercise
    two = {"ben": written(exercise, 2), "ada": written(exercise, 2)}
    assert students(alike(released, two, solution)) == [("ada", "ben")]
    assert alike(released, {"ada": class_["s001"]}, solution) == alike(released, {}, solution) == []


def test_the_most_alike_come_first(exercise):
    released, solution, options, class_ = exercise
    less = artificial.notebook(class_["s007"], {"sigmoid": ""})
    found = alike(released, class_ | {"y": less, "z": written(exercise, 2), "zz": written(exercise, 2)}, solution)
    assert students(found)[0] == ("z", "zz") and ("s007", "y") in students(found)


def test_remarks_name_the_tasks_the_other_and_the_share_and_blame_nobody():
    pairs = [Pair("ada", "ben", 0.948, ("dense", "relu")), Pair("ada", "eve", 1.0, ("relu",))]
    assert remarks(pairs) == {
        "ada": ["the answers to dense, relu are nearly those of ben after renaming (94 % of the code): look at both",
                "the answer to relu is that of eve after renaming (100 % of the code): look at both"],
        "ben": ["the answers to dense, relu are nearly those of ada after renaming (94 % of the code): look at both"],
        "eve": ["the answer to relu is that of ada after renaming (100 % of the code): look at both"]}


def test_remarks_are_few():
    pairs = [Pair("ada", f"s{i}", 1.0, ("relu",)) for i in range(similarity.MOST + 2)]
    assert len(remarks(pairs)["ada"]) == similarity.MOST + 1
    assert remarks(pairs)["ada"][-1] == "2 more students have answers that are as much alike"
    assert remarks(pairs[:-1])["ada"][-1] == "one more student has answers that are as much alike"
    assert len(remarks(pairs[:-2])["ada"]) == similarity.MOST and remarks([]) == {}


@pytest.mark.parametrize("answer", ["It **diverges**, since $x$ < −1; don't!", "# It diverges\n\n- since `x` < -1\n- Don’t",
                                    f"{UNANSWERED}\n\n> it  _diverges_ \u200bsince\nx<-1 DON'T.",
                                    "1. it diverges: since x < -1 (dont)"])
def test_marks_case_spaces_and_punctuation_make_no_difference_to_words(answer):
    assert same_words(answer) == "it diverges since x < − 1 dont"


@pytest.mark.parametrize("one, other", [("x < 1", "x > 1"), ("it is -1", "it is 1"), ("a + b", "a b"),
                                        ("it converges", "it diverges")])
def test_what_words_say_makes_a_difference(one, other):
    assert same_words(one) != same_words(other)


def test_groups_are_in_order_and_without_those_who_did_not_answer():
    answers = {"zoe": "It diverges.", "eve": "no", "ben": "**No!**", "ada": "it diverges", "x": UNANSWERED, "y": UNANSWERED + "\n",
               "v": "", "w": " \n", "u": "alone", "t": "…"}
    assert groups(answers) == near(answers) == [["ada", "zoe"], ["ben", "eve"]]
    assert groups({}) == near({}) == near({"x": UNANSWERED, "y": ""}) == []


def test_near_answers_share_most_of_their_runs_of_words():
    text = ("The curvature falls by a factor of one hundred when h falls by ten until rounding takes over "
            "and it rises again").split()
    edited = [*text[:8], "thousand", *text[9:]]
    half = [*text[:10], *"but nobody knows what happens after this point of h".split()]
    answers = {"zoe": " ".join(text), "ben": " ".join(edited), "eve": " ".join(half), "x": UNANSWERED, "y": UNANSWERED}
    assert near(answers) == [["ben", "zoe"]] and groups(answers) == []


def test_near_answers_are_linked_by_others():
    words = [f"w{i}" for i in range(60)]
    answers = {name: " ".join(words[i:i + 30]) for name, i in (("c", 0), ("a", 10), ("b", 20))}
    assert near({name: answers[name] for name in "bc"}) == [] and near(answers) == [["a", "b", "c"]]
