"""Answers that are nearly another student's: something that a person should look at. It costs no points.

    pairs = alike(released, {"ada": notebook, "ben": notebook}, solution)    # notebooks as triage rebuilds them
    remarks(pairs)["ada"]    # ["the answers to relu, loss are nearly those of ben after renaming (94 % …): …"]
    groups({"ada": "It *diverges*.", "ben": "it diverges"})                  # [["ada", "ben"]]

Measured by `python -m tests.benchmarks.similarity 40 60`, in artificial classes of 40 students. REMARKED was chosen
on three exercises so that about 2 % of those who worked alone are remarked; the seven others say what that does:

    students remarked, of those who worked alone     1.5–2.0 % (e02, e05, e09b)    1.6–3.0 % (the seven others)
    pairs remarked, of those who worked alone        0.04–0.05 %                   0.04–0.08 %
    copies found: exact; renamed; disguised          94 %; 96 %; 96 %              99 %; 98 %; 99 %
    copies found in which one function is rewritten  77 %                          85 %
    two; three functions (of six to ten)             44 %; 28 %                    53 %; 19 %

Such classes are harder than real ones in that all answers derive from one solution and two students draw the very
same answer to a function by chance. Who takes over two or three answers and writes the others isn't found. NEAR
hasn't been measured on real answers: of model answers in which 10 % of the words were replaced it found all, with
15 % four of five, with 20 % one of three, and no two model answers share more than 7 %.
"""
from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Collection, Sequence

import numpy as np
from nbformat import NotebookNode
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from course.grading.pieces import LENGTH, given_names, pieces_of
from gan_scratch.classroom.finding import listed
from gan_scratch.classroom.notebooks import UNANSWERED

REMARKED = 2.0  # the least evidence of a pair that is remarked, see Comparison
OTHERS = 10  # students imagined beside the class, who wrote otherwise: a small class says little about what is rare
AGREE = 0.5  # the least share of two answers that agree
MOST = 3  # sentences about a student
NEAR = 0.5  # the least share of near answers in words, see near
RUN = 3  # words that are compared at a time
MARKS = re.compile(r"^\s*(?:>|#+|[-*+]|\d+[.)])\s+", re.M)  # Markdown's quotations, headings and items


@dataclass(frozen=True)
class Pair:
    """Two students and the tasks in which they agree. share: how much (0 to 1) of one's code there, beyond what was
    given, is in the other's notebook, names aside."""

    one: str
    other: str
    share: float
    tasks: tuple[str, ...]


def alike(released: NotebookNode, notebooks: dict[str, NotebookNode],
          solution: NotebookNode | None = None) -> list[Pair]:
    """The pairs of students whose code has more in common than chance explains, the most alike first.

    Args:
        released: the exercise as students got it. notebooks: each student's, rebuilt from it. solution: what is in it
        is no sign of anything.
    """
    compared = Comparison(released, notebooks, solution)
    evidence = np.triu(compared.evidence, 1)
    found = [(i, j) for i, j in zip(*np.nonzero(evidence > REMARKED)) if compared.agree[:, i, j].any()]
    return [compared.pair(i, j) for i, j in sorted(found, key=lambda pair: -evidence[pair])]


def remarks(pairs: list[Pair]) -> dict[str, list[str]]:
    """A few sentences about each student of a pair, about those first who are most alike."""
    others = defaultdict(list)
    for pair in pairs:
        others[pair.one].append((pair.other, pair))
        others[pair.other].append((pair.one, pair))
    return {student: [sentence(other, pair) for other, pair in found[:MOST]] + more(len(found) - MOST)
            for student, found in sorted(others.items())}


def sentence(other: str, pair: Pair) -> str:
    answers = f"answers to {listed(list(pair.tasks))} are" if len(pair.tasks) > 1 else f"answer to {pair.tasks[0]} is"
    those = f"{'' if pair.share == 1 else ' nearly'} {'those' if len(pair.tasks) > 1 else 'that'}"
    return f"the {answers}{those} of {other} after renaming ({int(100 * pair.share)} % of the code): look at both"


def more(count: int) -> list[str]:
    people = "one more student has" if count == 1 else f"{count} more students have"
    return [f"{people} answers that are as much alike"] if count > 0 else []


class Comparison:
    """How much of each answer is in each other student's notebook.

    Answers are cut into pieces (see pieces.py), without those of the released notebook. Each task speaks for a pair
    by how much of one's answer the other has, where a piece counts log(students / those who have it), and one that is
    in the solution counts 0. It speaks against the pair by up to 1 where their answers differ. The sum, less the
    logarithm of the class's size (the most alike of many are more alike), is the evidence.

    Attributes:
        students, tasks: in order; the arrays' axes. share, agree: (tasks, students, students), symmetric: the share
        (0 to 1) of one's code that is in the other's; whether they agree in what isn't in the solution.
        evidence: (students, students), symmetric.
    """

    def __init__(self, released: NotebookNode, notebooks: dict[str, NotebookNode], solution: NotebookNode | None):
        given = given_names(released)
        stub = set().union(*pieces_of(released, given).values())
        model = set().union(*pieces_of(solution, given).values()) if solution else set()
        answers = {student: {task: found - stub for task, found in pieces_of(notebook, given).items()}
                   for student, notebook in sorted(notebooks.items())}
        self.students = list(answers)
        self.tasks = sorted({task for found in answers.values() for task in found} - {""})
        whole = [frozenset().union(*found.values()) for found in answers.values()]
        holders = Counter(piece for pieces in set(whole) for piece in pieces)  # equal notebooks count as one
        number = {piece: i for i, piece in enumerate(holders)}
        self._has = incidence(whole, number).T.tocsr()
        self._rows = incidence([found.get(task, ()) for task in self.tasks for found in answers.values()], number)
        self._measure(own=np.array([piece not in model for piece in holders], float),
                      rarity=np.log((len(set(whole)) + OTHERS) / np.array(list(holders.values()), float)))

    def _measure(self, own: np.ndarray, rarity: np.ndarray) -> None:
        """own: for each piece, 0 where it is in the solution, else 1."""
        self.share = self._shared(np.ones_like(own), least=1)
        own_share = self._shared(own, least=1)
        rare = self._shared(own * rarity, least=LENGTH)  # a change of one token makes so many pieces
        some = (self._rows @ own > 0).reshape(len(self.tasks), len(self.students))
        differ = some[:, :, None] | some[:, None, :]  # from the solution
        self.agree = differ & (own_share >= AGREE)
        self.evidence = (rare - differ * (1 - own_share)).sum(0) - np.log(max(1, len(self.students)))

    def _shared(self, weight: np.ndarray, least: int) -> np.ndarray:
        """(tasks, students, students): how much of one's answer the other has, each piece by its weight."""
        size = np.maximum(self._rows @ (weight > 0), least)
        found = (self._rows @ sparse.diags_array(weight) @ self._has).toarray() / size[:, None]
        found = found.reshape(len(self.tasks), len(self.students), len(self.students))
        return np.maximum(found, found.swapaxes(1, 2))

    def pair(self, i: int, j: int) -> Pair:
        tasks = np.flatnonzero(self.agree[:, i, j])
        share = float(self.share[tasks, i, j].mean())
        return Pair(self.students[i], self.students[j], share, tuple(self.tasks[task] for task in tasks))


def incidence(sets: Sequence[Collection], number: dict) -> sparse.csr_array:
    """A row for each set, with 1 in the column of each member."""
    rows = [i for i, members in enumerate(sets) for _ in members]
    columns = [number[member] for members in sets for member in members]
    return sparse.csr_array((np.ones(len(rows)), (rows, columns)), (len(sets), len(number)))


def same_words(answer: str) -> str:
    """An answer's words in small letters, without punctuation, Markdown's marks and the line that asks for an answer.

    Signs such as + < = ≤ stay, and the sign of a negative number.
    """
    text = MARKS.sub("", unicodedata.normalize("NFKC", answer.replace(UNANSWERED, " ")).replace("−", "-"))
    text = re.sub(r"(?<![\w-])-(?=\w)", "−", text).casefold()
    return " ".join("".join(map(kept, text)).split())


def kept(character: str) -> str:
    """What stays of a character in a text of which only words and the signs of formulas count."""
    kind = unicodedata.category(character)
    if kind == "Sm" and character not in "|~":
        return f" {character} "
    return character if character.isalnum() or kind in ("Mn", "Mc") else "" if kind == "Cf" or character in "'’" else " "


def groups(answers: dict[str, str]) -> list[list[str]]:
    """The students whose answers in words are the same (see same_words); those who didn't answer are in no group."""
    found = defaultdict(list)
    for student, answer in sorted(answers.items()):
        found[same_words(answer)].append(student)
    return sorted(students for words, students in found.items() if words and len(students) > 1)


def near(answers: dict[str, str]) -> list[list[str]]:
    """The students whose answers in words are nearly the same, and those who are linked by others.

    Two answers are near if they share at least NEAR of their runs of three words: twice the shared ones over the sum
    of both.
    """
    runs = {student: runs_of(same_words(answer).split()) for student, answer in sorted(answers.items())}
    runs = {student: found for student, found in runs.items() if found}
    number = {run: i for i, run in enumerate(set().union(*runs.values()))}
    has = incidence(list(runs.values()), number)
    size = has.sum(axis=1)
    linked = 2 * (has @ has.T).toarray() >= NEAR * (size[:, None] + size)
    found = defaultdict(list)
    for student, group in zip(runs, connected_components(linked)[1] if runs else ()):
        found[group].append(student)
    return sorted(students for students in found.values() if len(students) > 1)


def runs_of(words: list[str]) -> set[tuple[str, ...]]:
    """All runs of RUN words; of fewer words all of them."""
    return {tuple(words[i:i + RUN]) for i in range(max(len(words) - RUN + 1, len(words) > 0))}
