"""Checks for exercise notebooks: compare a student's function with a reference on fresh inputs, and say why it differs.

An exercise's module (gan_scratch/checks/e02.py, …) makes one `Checks` and adds a `Spec` for each function that students write:

    check = Checks()
    check.add(softplus, outputs="y", cases={...}, equation="softplus in two harmless parts (lecture 02, eq. 14)", mistakes={...})

A test cell of a notebook then reads

    verdict = check(softplus)
    verdict.points(2)

The verdict is the check's own: no assert statement and no function of numpy.testing takes part in it.
"""
from __future__ import annotations

import ast
import contextlib
import copy
import inspect
import linecache
import math
import os
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import numpy as np

from gan_scratch.classroom import missing, show
from gan_scratch.classroom.call import SECONDS, call_all
from gan_scratch.classroom.faults import Call, Fault, faults_of
from gan_scratch.classroom.spec import QUIET, Make, Spec

MORE = 7  # more draws of every case for functions of single numbers
FRESH = 3  # more draws of every case, made when something is wrong: a cause must explain them, too


@dataclass
class Verdict:
    """What a check found; true when everything is right. `points(n)` is then n; with shares a wrong output costs its own points only."""

    name: str
    faults: list[Fault]
    shares: dict[str, float] = field(default_factory=dict)

    def points(self, n: float) -> "Score":
        """The task's score, a float that a notebook shows as "2 of 5 points". It is also printed where no notebook shows it.

        Raises ValueError when the shares don't add up to n.
        """
        if self.shares and not math.isclose(sum(self.shares.values()), n):
            raise ValueError(
                f"the shares of {self.name} add up to {sum(self.shares.values()):g} points, but its test gives {n:g}"
            )
        score = Score(float(n) - self.lost(n), float(n))
        show.score(score)
        if self.faults and os.environ.get(
            "NBGRADER_VALIDATING"
        ):  # the Validate button shows stderr, else a misleading sentence of its own
            print("\n".join(f"✗ {self.name}: {fault.sentence}" for fault in self.faults), file=sys.stderr)
        return score

    def lost(self, n: float) -> float:
        """The points that the faults cost."""
        about = {fault.about for fault in self.faults}
        if not about:
            return 0.0
        about |= {QUIET} & self.shares.keys()  # a point for the way to the right numbers, not to wrong ones
        return (
            float(sum(self.shares[name] for name in about)) if self.shares and about <= self.shares.keys() else float(n)
        )

    def __and__(self, other: "Verdict") -> "Verdict":
        """Both together: right where both are."""
        return Verdict(self.name, self.faults + other.faults, self.shares)

    def __bool__(self) -> bool:
        return not self.faults

    def __repr__(self) -> str:
        return f"<{self.name}: {'right' if not self.faults else '; '.join(fault.sentence for fault in self.faults)}>"


class Score(float):
    """Points as a plain number for programs and as "2 of 5 points" for readers of a notebook."""

    def __new__(cls, points: float, of: float):
        score = super().__new__(cls, points)
        score.of = of
        return score

    def __reduce__(self):
        return float, (float(self),)

    def __str__(self) -> str:
        return f"{float(self):g} of {self.of:g} point{'s' if self.of != 1 else ''}"

    def __repr__(self) -> str:
        return repr(float(self))  # what nbgrader reads

    def _repr_html_(self) -> str:
        return show.score_html(str(self), self >= self.of)


class Checks:
    """The checks of one exercise. Calling it with a student's function shows what is wrong, and returns a Verdict."""

    def __init__(self):
        self.specs: dict[str, Spec] = {}
        self.rng = np.random.default_rng()  # fresh inputs each time
        self.log: list[tuple[str, list[str]]] = []  # (function, sentences) of each check so far
        missing.watch(sys._getframe(1).f_globals.get("__name__", "").rsplit(".")[-1])

    def add(self, reference: Callable, outputs: str, cases: dict[str, Make], equation: str, **options) -> None:
        """Add the Spec of a function; outputs as in "dx, dW, db"."""
        self.specs[reference.__name__] = Spec(reference, tuple(outputs.split(", ")), cases, equation, **options)

    def __call__(self, function: Callable) -> Verdict:
        """Check a function on fresh inputs. Any callable will do: a def, a lambda, a partial, an object with __call__.

        Raises TypeError or ValueError, with one sentence, when it isn't one of this exercise's functions.
        """
        called = name_in_call(sys._getframe(1))
        if called in self.specs and not callable(function) and not hasattr(function, "call_remotely"):
            return self._no_function(self.specs[called], function)
        spec = self._spec(function, sys._getframe(1))
        return self._judge(spec, function, spec.cases)

    def hidden(self, function: Callable) -> Verdict:
        """The same on the inputs that are kept for the grader. Says nothing unless something is wrong here alone; few inputs tell no causes."""
        if not callable(function) and not hasattr(function, "call_remotely"):
            return Verdict(name_in_call(sys._getframe(1)), [])  # the visible check has said so
        spec = self._spec(function, sys._getframe(1))
        cases = {
            f"one more input{f' ({n})' if n else ''}": (
                lambda rng, args=args: args(rng) if callable(args) else copy.deepcopy(args)
            )
            for n, args in enumerate(spec.hidden)
        }
        return self._judge(spec, function, cases, kept=True) if cases else Verdict(spec.name, [], spec.shares)

    def _spec(self, function: Callable, caller: FrameType) -> Spec:
        """The spec of the function that is meant: the name that stands in the call, else a name of the function."""
        if not callable(function) and not hasattr(function, "call_remotely"):
            raise TypeError(f"check expects a function, got {type(function).__name__}; write check(f), not check(f(x))")
        bound = [name for name, value in {**caller.f_globals, **caller.f_locals}.items() if value is function]
        names = [name_in_call(caller), getattr(function, "__name__", ""), *bound]
        for name in names:
            if name in self.specs:
                return self.specs[name]
        given = getattr(function, "__name__", "") or type(function).__name__
        raise ValueError(
            f"there is no check for {given!r} here; this exercise checks {', '.join(self.specs)}. Was a function renamed?"
        )

    def _no_function(self, spec: Spec, value: Any) -> Verdict:
        """The verdict on something else that has a function's name."""
        fault = Fault("", f"the name {spec.name} stands for a value of type {type(value).__name__}, not for a function: "
                          "is it given to something else further down in its cell, or in another one?")  # fmt: skip
        show.verdict(spec, [fault], [])
        self.log.append((spec.name, [fault.sentence]))
        return Verdict(spec.name, [fault], spec.shares)

    def _judge(self, spec: Spec, function: Callable, cases: dict[str, Make], kept: bool = False) -> Verdict:
        """Call, compare, show and log; `kept`: the inputs are those that are kept for the grader."""
        deadline = time.monotonic() + SECONDS
        calls = self._calls(spec, function, cases, deadline)
        with quiet():
            faults = faults_of(
                spec,
                calls,
                lambda inputs: call_all(function, inputs, max(deadline - time.monotonic(), 0.2)),
                reasons=not kept,
            )
        known = any(name == spec.name and said for name, said in self.log[-1:])
        if not kept or faults and not known:
            show.verdict(spec, faults, remarks(calls, faults), " on inputs that are kept for the grader" if kept else "")
            self.log.append((spec.name, [fault.sentence for fault in faults]))
        return Verdict(spec.name, faults, spec.shares)

    def _calls(self, spec: Spec, function: Callable, cases: dict[str, Make], deadline: float) -> list[Call]:
        """The function called on every case; on other numbers of the same shapes, and again; and, if it fails, on fresh draws."""
        drawn = [(label, make(self.rng)) for label, make in cases.items()]
        if not any(isinstance(a, np.ndarray) for _, args in drawn for a in args):  # one draw of a few whole numbers is little evidence
            drawn += [(label, make(self.rng)) for _ in range(MORE) for label, make in cases.items()]
        plan = [(label, "first", args) for label, args in drawn]
        plan += [(label, "other", turned(args)) for label, args in drawn] + [(label, "again", args) for label, args in drawn]
        calls = called(spec, function, plan, deadline)
        if (
            spec.judge is None
            and len(calls) == len(plan)
            and not all(call.is_right() for call in calls)
            and any(call.ran for call in calls)
        ):
            plan = [(label, "fresh", make(self.rng)) for _ in range(FRESH) for label, make in cases.items()]
            calls += called(spec, function, plan, deadline)
        return calls


def called(spec: Spec, function: Callable, plan: list[tuple[str, str, tuple]], deadline: float) -> list[Call]:
    """Make the calls of a plan, as many as there is time for."""
    needed = sum(kind == "first" for _, kind, _ in plan)
    outcomes = call_all(function, [args for *_, args in plan], max(deadline - time.monotonic(), 0.2), needed,
                        aloud=QUIET in spec.shares)
    with quiet():
        return [Call(spec, label, kind, args, outcome) for (label, kind, args), outcome in zip(plan, outcomes)]


def name_in_call(caller: FrameType) -> str:
    """The name that stands in the brackets of `check(name)` in the caller's source; "" when that isn't known."""
    at = inspect.getframeinfo(caller, context=0).positions
    if at is None or at.lineno is None or at.lineno != at.end_lineno:
        return ""
    line = (
        linecache
        .getline(caller.f_code.co_filename, at.lineno)
        .encode()[at.col_offset : at.end_col_offset]
        .decode(errors="replace")
    )
    with contextlib.suppress(SyntaxError, ValueError):
        for node in ast.walk(ast.parse(line)):
            if isinstance(node, ast.Call) and len(node.args) == 1 and isinstance(node.args[0], ast.Name):
                return node.args[0].id
    return ""


def turned(args: tuple) -> tuple:
    """Other numbers of the same shapes: every array backwards along its first axis."""
    return tuple(
        a[::-1].copy() if isinstance(a, np.ndarray) and a.ndim else a for a in copy.deepcopy(args)
    )  # an optimizer shares its network


@contextlib.contextmanager
def quiet():
    """No warnings: a wrong answer may hold anything, and predicting a mistake may divide by 0."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def remarks(calls: list[Call], faults: list[Fault]) -> list[str]:
    """The student's own prints and warnings, in a readable way; not those of which a fault speaks."""
    warned = dict.fromkeys(w for call in calls for w in call.outcome.warnings)
    lines = [] if any(fault.about == QUIET for fault in faults) else [f"It warned: {w}" for w in warned][:3]
    printed = next((call.outcome.printed.rstrip().splitlines() for call in calls if call.outcome.printed.strip()), [])
    lines += [f"It printed: {line}" for line in printed[:5]] + (
        ["It printed more than that."] if len(printed) > 5 else []
    )
    return lines
