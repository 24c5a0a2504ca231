"""Checks for exercise notebooks: compare a student's function with a reference on fresh inputs, and say why it differs.

An exercise's module (e02.py, …) makes one `Checks` and adds a `Spec` for each function that students write:

    check = Checks()
    check.add(dense_forward, outputs="y", cases={...}, equation="y = x W + b (lecture 02, eq. 3)", mistakes={...})

A test cell of a notebook then reads

    check(dense_forward).points(2)

The verdict is the check's own: no assert statement and no function of numpy.testing takes part in it.
"""
from __future__ import annotations

import contextlib
import copy
import inspect
import itertools
import os
import sys
import time
import warnings
from dataclasses import dataclass, field
from typing import Any, Callable

import numpy as np

from gan_scratch.classroom import diagnose
from gan_scratch.classroom.call import NOT_WRITTEN, SECONDS, Other, Outcome, call, plain
from gan_scratch.layers.base import Layer

Make = Callable[[np.random.Generator], tuple]  # draws the arguments of one call
Ask = Callable[[tuple], Outcome]  # calls the student's function


@dataclass(frozen=True)
class Spec:
    """What a check knows about one function.

    Attributes:
        reference: the right function; its name and parameter names are the student's.
        outputs: the names of what it returns.
        cases: label -> arguments. The first is the ordinary case; the others are named when they alone fail.
        equation: what to read again.
        mistakes: sentence -> a function like the reference that makes this typical mistake. For several outputs it may return None
            for those which it doesn't speak of.
        updates: names of arguments that the function is meant to change (networks); all others must stay as they were.
        judge: for answers that aren't unique: (value, *arguments) -> a sentence about what is wrong, or None. Replaces the comparison.
        tolerance: relative to the largest number of the right answer.
        terms: the first output is the sum of these named numbers; one of them may be wrong.
        missteps: sentence -> a function like the reference that updates the networks wrongly in this way.
        rules: for True or False, sentence -> a wrong rule. A rule explains a function that gives its answers on all of `survey`, on which
            a right function is right everywhere.
        hidden: tuples of arguments, or functions that draw them, which only the grader tries.
        shares: the points of each output, where they count one by one.
    """

    reference: Callable
    outputs: tuple[str, ...]
    cases: dict[str, Make]
    equation: str
    mistakes: dict[str, Callable] = field(default_factory=dict)
    updates: tuple[str, ...] = ()
    judge: Callable[..., str | None] | None = None
    tolerance: float = 1e-4
    terms: Callable[..., dict[str, float]] | None = None
    missteps: dict[str, Callable] = field(default_factory=dict)
    rules: dict[str, Callable] = field(default_factory=dict)
    survey: tuple[tuple, ...] = ()
    hidden: tuple = ()
    shares: dict[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.reference.__name__

    @property
    def parameters(self) -> list[str]:
        return list(inspect.signature(self.reference).parameters)


@dataclass
class Verdict:
    """What a check found; true when everything is right. `points(n)` is then n, else 0.0."""

    name: str
    faults: list[str]

    def points(self, n: float) -> float:
        """The task's score, a plain float. It also prints the score."""
        score = float(n) if not self.faults else 0.0
        print(f"  {score:g} of {n:g} point{'s' if n != 1 else ''}")
        if self.faults and os.environ.get("NBGRADER_VALIDATING"):  # the Validate button shows stderr, else a misleading sentence of its own
            print("\n".join(f"✗ {self.name}: {fault}" for fault in self.faults), file=sys.stderr)
        return score

    def __and__(self, other: "Verdict") -> "Verdict":
        return Verdict(self.name, self.faults or other.faults)

    def __bool__(self) -> bool:
        return not self.faults

    def __repr__(self) -> str:
        return f"<{self.name}: {'right' if not self.faults else '; '.join(self.faults)}>"


class Checks:
    """The checks of one exercise. Calling it with a student's function prints what is wrong, and returns a Verdict."""

    def __init__(self):
        self.specs: dict[str, Spec] = {}
        self.rng = np.random.default_rng()  # fresh inputs each time
        self.log: list[tuple[str, list[str]]] = []  # (function, sentences) of each check so far

    def add(self, reference: Callable, outputs: str, cases: dict[str, Make], equation: str, **options) -> None:
        """Add the Spec of a function; outputs as in "dx, dW, db"."""
        self.specs[reference.__name__] = Spec(reference, tuple(outputs.split(", ")), cases, equation, **options)

    def __call__(self, function: Callable, on: tuple | None = None) -> Verdict:
        """Check a function on fresh inputs, or on the given arguments alone.

        Raises TypeError or ValueError, with one sentence, when it isn't one of this exercise's functions.
        """
        name = getattr(function, "__name__", None)
        if not callable(function) and not hasattr(function, "call_remotely"):
            raise TypeError(f"check expects a function, got {type(function).__name__}; write check(f), not check(f(x))")
        if name not in self.specs:
            raise ValueError(f"there is no check for {name!r} here; this exercise checks {', '.join(self.specs)}. Was a function renamed?")
        spec, deadline = self.specs[name], time.monotonic() + SECONDS
        ask = lambda args: call(function, args, max(deadline - time.monotonic(), 0.2))  # noqa: E731
        cases = spec.cases if on is None else {"": lambda rng: on}
        faults, remarks = [], []
        passed: list[str] = []
        for label, make in cases.items():
            args = make(self.rng)
            outcome = ask(args)
            remarks = remarks or said(outcome)
            with quiet():
                found = faults_of(spec, args, outcome) or (repeated(spec, ask, args) if not passed else [])
            if found:
                faults = found if found == [NOT_WRITTEN] else [where_found(label, passed) + fault + clipped(label, fault) for fault in found]
                if outcome.where:  # it raised: perhaps other inputs get farther and show what is wrong
                    faults += elsewhere(spec, ask, {name: other(self.rng) for name, other in cases.items() if name != label})
                break
            passed.append(label or "ordinary inputs")
        if spec.survey and faults != [NOT_WRITTEN]:
            faults = surveyed(spec, ask, faults)
        self._show(spec, faults, remarks)
        self.log.append((name, faults))
        return Verdict(name, faults)

    def hidden(self, function: Callable) -> Verdict:
        """Check a function on the hidden inputs of its Spec."""
        verdict = Verdict(function.__name__, [])
        for make in self.specs[function.__name__].hidden:
            verdict &= self(function, on=make(self.rng) if callable(make) else make)
        return verdict

    def _show(self, spec: Spec, faults: list[str], remarks: list[str]) -> None:
        if not faults:
            print(f"✓ {spec.name}: right")
        else:
            print(f"✗ {spec.name}")
            for fault in faults:
                print(f"  • {fault}")
        for remark in remarks:
            print(f"  {remark}")
        if faults and faults != [NOT_WRITTEN]:
            print(f"  To reread: {spec.equation}")


def where_found(label: str, passed: list[str]) -> str:
    """'right for ordinary inputs, but for one sample: ', the beginning of a fault's sentence."""
    if not label:
        return ""
    return f"right for {', '.join(passed)}, but for {label}: " if passed else f"for {label}: "


def clipped(label: str, fault: str) -> str:
    """What to suspect when a formula is right, but not at large inputs, and nothing overflows there."""
    suspect = label.startswith("large") and fault.endswith("which isn't right")
    return ": was a value clipped, or a small number added inside a logarithm?" if suspect else ""


@contextlib.contextmanager
def quiet():
    """No warnings: a wrong answer may hold anything, and predicting a mistake may divide by 0."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def elsewhere(spec: Spec, ask: Ask, cases: dict[str, tuple]) -> list[str]:
    """What is wrong with a function that raised an exception, from the first case in which it doesn't."""
    for label, args in cases.items():
        outcome = ask(args)
        with quiet():
            found = faults_of(spec, args, outcome)
        if found and not outcome.error:
            return [f"for {label or 'ordinary inputs'} it runs, but {fault}" for fault in found]
    return []


def said(outcome: Outcome) -> list[str]:
    """The student's own prints and warnings, in a readable way."""
    remarks = [f"It warned: {w}" for w in dict.fromkeys(outcome.warnings)][:3]
    if outcome.printed.strip():
        lines = outcome.printed.rstrip().splitlines()
        remarks += [f"It printed: {line}" for line in lines[:5]] + (["It printed more than that."] if len(lines) > 5 else [])
    return remarks


def faults_of(spec: Spec, args: tuple, outcome: Outcome) -> list[str]:
    """All that is wrong with one call."""
    if outcome.error:
        shapes = ", ".join(f"{name} {a.shape}" for name, a in zip(spec.parameters, args) if isinstance(a, np.ndarray))
        inputs = f"; it was called with {shapes}" if shapes else ""
        return [f"{outcome.error} ({outcome.where}{inputs})" if outcome.where else outcome.error]
    working = copy.deepcopy(args)
    right = spec.reference(*working) if spec.judge is None else None
    faults = changed(spec, args, outcome)
    if spec.judge is not None:
        sentence = spec.judge(outcome.value, *args)
        return faults + ([sentence] if sentence else [])
    if faults:
        return faults
    faults = compare(spec, args, outcome.value, right)
    after = dict(zip(spec.parameters, zip(outcome.args, (plain(a) for a in working))))
    for name in () if faults else spec.updates:
        faults += compare_state(name, *after[name], plain(args[spec.parameters.index(name)]))
    return misstep(spec, args, outcome) or faults if faults else []


def misstep(spec: Spec, args: tuple, outcome: Outcome) -> list[str]:
    """The wrong update that leads to just the student's networks."""
    for sentence, update in spec.missteps.items():
        working = copy.deepcopy(args)
        update(*working)
        places = [spec.parameters.index(name) for name in spec.updates]
        if not any(compare_state("", outcome.args[i], plain(working[i]), plain(args[i])) for i in places):
            return [sentence]
    return []


def surveyed(spec: Spec, ask: Ask, faults: list[str]) -> list[str]:
    """Ask for True or False on all of the survey: the wrong rule that gives all of these answers, else the faults found so far."""
    answers = [ask(args).value for args in spec.survey]
    if not all(isinstance(a, (bool, np.bool_)) for a in answers):
        return faults
    follows = lambda rule: all(a == rule(*args) for a, args in zip(answers, spec.survey))  # noqa: E731
    if follows(spec.reference):
        return faults
    wrong = next(i for i, (a, args) in enumerate(zip(answers, spec.survey)) if a != spec.reference(*args))
    rules = [sentence for sentence, rule in spec.rules.items() if follows(rule)]
    return rules[:1] or faults or [spec.judge(answers[wrong], *spec.survey[wrong])]


def changed(spec: Spec, args: tuple, outcome: Outcome) -> list[str]:
    """Sentences about arguments that the function changed though it shouldn't have."""
    faults = []
    for j, (name, before, after) in enumerate(zip(spec.parameters, args, outcome.args)):
        if name in spec.updates:
            continue
        if isinstance(before, Layer):
            faults += disturbed(name, plain(before), after)
        if not isinstance(before, np.ndarray):
            continue
        if not isinstance(after, np.ndarray) or after.shape != before.shape or not np.array_equal(before, after, equal_nan=before.dtype.kind in "fc"):
            alias = " and returns that very array: `a = b` makes no copy of b" if any(pair[1] == j for pair in outcome.same) else ""
            faults.append(f"it changes its input {name}{alias}; compute a new array (no +=, *= or a[…] = … on {name})")
    return faults


def disturbed(name: str, before: dict, after: Any) -> list[str]:
    """A sentence about a network that should have been left alone."""
    if not isinstance(after, dict) or after.keys() != before.keys():
        return [f"{name} is no longer the network that it was"]
    moved = [key for key in before if not np.array_equal(before[key], after[key], equal_nan=True)]
    if any(not key.endswith(".grad") for key in moved):
        return [f"it changes the parameters of {name}, which this step should leave alone"]
    if moved and not any(after[key].any() for key in moved):
        return [f"it clears the gradients of {name}, which aren't this step's business"]
    return [f"it leaves gradients behind in {name}, which the next step would add to its own; {name} isn't trained here: "
            f"if the gradient only passes through it, {name}.backward(…, weights=False) skips them"] if moved else []


def compare(spec: Spec, args: tuple, got: Any, right: Any) -> list[str]:
    """Compare what was returned, output by output."""
    names, wants = spec.outputs, [np.asarray(r) for r in (right if isinstance(right, tuple) else (right,))]
    if right is None:
        return []
    if len(names) == 1:
        gots = [got]
    elif got is None:
        return ["it returns None. Does it end with a `return`?"]
    elif not isinstance(got, (tuple, list)) or len(got) != len(names):
        what = f"{len(got)} things" if isinstance(got, (tuple, list)) else f"one array of shape {got.shape}" if isinstance(got, np.ndarray) else "one thing"
        return [f"it returns {what}, expected {len(names)}: {', '.join(names)}"]
    else:
        gots = list(got)
    faults = [(i, output_fault(spec, i, args, got, want)) for i, (got, want) in enumerate(zip(gots, wants))]
    faults = [(i, sentence) for i, sentence in faults if sentence]
    order = reordered(names, gots, wants, spec.tolerance) if faults and len(names) > 1 else None
    return [order] if order else [f"{names[i]} {sentence}" for i, sentence in faults]


def reordered(names: tuple, gots: list, wants: list, tolerance: float) -> str | None:
    """Right answers in the wrong order."""
    if any(diagnose.type_fault(g, w) for g, w in zip(gots, wants)):
        return None
    arrays = [np.asarray(g) for g in gots]
    for order in itertools.permutations(range(len(names))):
        if list(order) != sorted(order) and all(diagnose.near(arrays[i], wants[k], tolerance) for i, k in enumerate(order)):
            return f"it returns ({', '.join(names[k] for k in order)}), expected ({', '.join(names)}): right arrays in the wrong order"
    return None


def output_fault(spec: Spec, i: int, args: tuple, got: Any, want: np.ndarray) -> str | None:
    """What is wrong with the i-th output, or None."""
    sentence = diagnose.type_fault(got, want)
    if sentence:
        return sentence
    got = np.asarray(got)
    named = dict(zip(spec.parameters, args))
    mistakes = {text: predicted(f, args, i) for text, f in spec.mistakes.items()} | swapped(spec, args, i)
    for text, predict in mistakes.items():
        if got.shape != want.shape and diagnose.explains(predict, got, want, spec.tolerance):
            return text
    if got.dtype.kind not in "biuf":
        return f"holds {got.dtype} numbers, expected real ones"
    sentence = diagnose.shape_fault(got, want, spec.tolerance) or diagnose.value_fault(got, want, named, mistakes, spec.tolerance)
    if sentence and sentence.endswith("which isn't right") and spec.terms and i == 0:
        sizes = {f"the size of {name}": x.size for name, x in named.items() if isinstance(x, np.ndarray)}
        sentence = diagnose.combination(float(got), spec.terms(*copy.deepcopy(args)), sizes) or sentence
    return sentence or precision_fault(got, args)


def precision_fault(got: np.ndarray, args: tuple) -> str | None:
    """float32 in, float32 out: one float64 number doubles the time and the memory of everything after it."""
    floats = [a.dtype for a in args if isinstance(a, np.ndarray) and a.dtype.kind == "f"]
    if got.ndim and floats and set(floats) == {np.dtype(np.float32)} and got.dtype != np.float32:
        return (f"has the right numbers, but is {got.dtype} though the inputs are float32: an np.zeros without dtype, an np.where or a mask with "
                "two Python numbers, or a NumPy scalar does that")
    return None


def predicted(mistake: Callable, args: tuple, i: int) -> Callable[[], Any]:
    """What a mistake gives for the i-th output."""
    def predict():
        value = mistake(*copy.deepcopy(args))
        value = value[i] if isinstance(value, tuple) else value
        if value is None:
            raise ValueError("nothing to say about this output")
        return value
    return predict


def swapped(spec: Spec, args: tuple, i: int) -> dict[str, Callable[[], Any]]:
    """Two arguments exchanged: the same prediction for every function."""
    def exchange(a, b):
        order = list(args)
        order[a], order[b] = order[b], order[a]
        return predicted(spec.reference, tuple(order), i)

    arrays = [j for j, a in enumerate(args) if isinstance(a, (np.ndarray, float))]
    return {f"is what you get with {spec.parameters[a]} and {spec.parameters[b]} swapped": exchange(a, b)
            for a, b in itertools.combinations(arrays, 2) if np.shape(args[a]) == np.shape(args[b])}


def compare_state(name: str, got: Any, want: dict, before: dict) -> list[str]:
    """A network after the call: its parameters, its running statistics, and what is left in its gradients."""
    if isinstance(got, Other) or not isinstance(got, dict) or got.keys() != want.keys():
        return [f"{name} is no longer the network that it was"]
    for key, a in want.items():
        what = f"{name}: {'the gradient of ' if key.endswith('.grad') else ''}{key.removesuffix('.grad').split('.')[-1]} of its layer {key.split('.')[0]}"
        if not isinstance(got[key], np.ndarray) or got[key].shape != a.shape or got[key].dtype.kind != "f":
            return [f"{what} is no longer an array of shape {a.shape}"]  # an empty one would be equal to everything
        change, right = got[key].astype(np.float64) - before[key], a.astype(np.float64) - before[key]
        if diagnose.near(change, right, 1e-3) or np.abs(change - right).max(initial=0) < 1e-6 * np.abs(a).max(initial=0):
            continue
        factor = float((change * right).sum() / max((right * right).sum(), 1e-300))
        if key.endswith(".grad") and not a.any():
            return [f"{what} should be 0 after the call; something is left over (a backward pass too many, or after the step?)"]
        if key.endswith(".grad") and not change.any():
            return [f"{what} is still 0 after the call: backward has to add it (weights=False skips it)"]
        if key.endswith(".grad"):
            often = f": it is {factor:.3g} times what it should be (backward adds: call it once for each layer)" if diagnose.near(change, factor * right, 1e-2) else ""
            return [f"{what} isn't what it should be after the call{often}"]
        if not change.any():
            return [f"{what} didn't change. Does its backward pass run, with its weights' gradients, and then its optimizer's step()?"]
        if not right.any():
            return [f"{what} changed though it should stay as it is"]
        if diagnose.near(-change, right, 1e-2):
            return [f"{what} moved in the opposite direction: a sign"]
        if diagnose.near(change, factor * right, 1e-2):
            return [f"{what} moved in the right direction, but {factor:.3g} times as far as it should"]
        return [f"{what} changed, but to wrong numbers: did every backward pass run once, each with its own tape?"]
    return []


def repeated(spec: Spec, ask: Ask, args: tuple) -> list[str]:
    """The same call again must give the same answer: no memory, no random numbers."""
    if spec.updates:
        return []
    again = ask(args)
    if faults_of(spec, args, again):
        return ["a second call with the same inputs gives another answer: does it keep something from call to call, or draw random numbers?"]
    return []
