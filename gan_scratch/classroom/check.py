"""Checks for exercise notebooks: compare a student's function with a reference on fresh inputs, and say why it differs.

An exercise's module (gan_scratch/checks/e02.py, …) makes one `Checks` and adds a `Spec` for each function that students write:

    check = Checks()
    check.add(dense_forward, outputs="y", cases={...}, equation="y = x W + b (lecture 02, eq. 3)", mistakes={...})

A test cell of a notebook then reads

    verdict = check(dense_forward)
    verdict.points(2)

The verdict is the check's own: no assert statement and no function of numpy.testing takes part in it.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import inspect
import itertools
import linecache
import math
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from gan_scratch.classroom import diagnose, show, updates
from gan_scratch.classroom.call import NOT_WRITTEN, SECONDS, Outcome, call_all, plain
from gan_scratch.classroom.diagnose import Cause, Finding, Seen
from gan_scratch.layers.base import Layer

Make = Callable[[np.random.Generator], tuple]  # draws the arguments of one call
MORE = 7  # more draws of every case for functions of single numbers
FRESH = 3  # more draws of every case, made when something is wrong: a cause must explain them, too
QUIET = "no warning"  # the share of the points that a warning costs, where there is one


@dataclass(frozen=True)
class Spec:
    """What a check knows about one function.

    Attributes:
        reference: the right function; its name and parameter names are the student's.
        outputs: the names of what it returns; "" for an answer without a name, whose sentences then stand alone.
        cases: label -> arguments. The first is the ordinary case; the others are named when they alone fail.
        equation: what to read again.
        mistakes: sentence -> a function like the reference that makes this typical mistake. For several outputs it may return None
            for those which it doesn't speak of. The sentence goes on after the output's name: "is averaged over the batch".
        missteps: sentence -> a function like the reference that updates the networks wrongly in this way. The sentence stands alone.
        updates: names of arguments that the function is meant to change (networks); all others must stay as they were.
        hidden: arguments, or functions that draw them, on which the grader checks once more.
        shares: points for each output, each updated network, and "no warning"; without it a fault costs all points.
        judge: for answers that aren't unique: (value, *arguments) -> a sentence about what is wrong, or None. Replaces the comparison.
        tolerance: relative to the largest number of the right answer.
        terms: the first output is the sum of these named numbers; one of them may be wrong.
    """

    reference: Callable
    outputs: tuple[str, ...]
    cases: dict[str, Make]
    equation: str
    mistakes: dict[str, Callable] = field(default_factory=dict)
    missteps: dict[str, Callable] = field(default_factory=dict)
    updates: tuple[str, ...] = ()
    hidden: list[tuple | Make] = field(default_factory=list)
    shares: dict[str, float] = field(default_factory=dict)
    judge: Callable[..., str | None] | None = None
    tolerance: float = 1e-4
    terms: Callable[..., dict[str, float]] | None = None

    @property
    def name(self) -> str:
        return self.reference.__name__

    @property
    def parameters(self) -> list[str]:
        return list(inspect.signature(self.reference).parameters)

    def named(self, args: tuple) -> dict[str, Any]:
        return dict(zip(self.parameters, args))


class Fault(NamedTuple):
    """What is wrong. `about` is an output, an updated network, or "no warning"; "" is the function as a whole."""

    about: str
    sentence: str


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


@dataclass
class Call:
    """One call of the student's function, and what the reference does with the same arguments.

    Attributes:
        label: of the case. kind: "first"; "other", with other numbers of the same shapes; "again", with the same numbers; "fresh".
        wants: the right outputs. before, after: the updated networks' arrays, before and as they should be after the call.
    """

    spec: Spec
    label: str
    kind: str
    args: tuple
    outcome: Outcome
    wants: list[np.ndarray] = field(default_factory=list)
    before: dict[str, dict] = field(default_factory=dict)
    after: dict[str, dict] = field(default_factory=dict)

    def __post_init__(self):
        if self.spec.judge is not None:
            return
        working = copy.deepcopy(self.args)
        right = self.spec.reference(*working)
        self.wants = [] if right is None else [np.asarray(r) for r in (right if isinstance(right, tuple) else (right,))]
        self.before = {name: plain(self.spec.named(self.args)[name]) for name in self.spec.updates}
        self.after = {name: plain(self.spec.named(working)[name]) for name in self.spec.updates}

    @property
    def ran(self) -> bool:
        return not self.outcome.error

    @property
    def gots(self) -> list[Any] | None:
        """What came, output by output; None when it isn't as many things as it should be."""
        value = self.outcome.value
        if len(self.spec.outputs) == 1:
            return [value]
        return list(value) if isinstance(value, (tuple, list)) and len(value) == len(self.spec.outputs) else None

    def got_after(self, name: str) -> Any:
        return self.outcome.args[self.spec.parameters.index(name)]

    def seen(self, i: int) -> Seen:
        return Seen(self.label, self.spec.named(self.args), self.gots[i], self.wants[i])

    def is_right(self) -> bool:
        """Whether nothing at all is wrong with this call."""
        return not any(itertools.islice(wrong_in(self), 1))


class Checks:
    """The checks of one exercise. Calling it with a student's function shows what is wrong, and returns a Verdict."""

    def __init__(self):
        self.specs: dict[str, Spec] = {}
        self.rng = np.random.default_rng()  # fresh inputs each time
        self.log: list[tuple[str, list[str]]] = []  # (function, sentences) of each check so far

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
    outcomes = call_all(function, [args for *_, args in plan], max(deadline - time.monotonic(), 0.2), needed)
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


# --- all that is wrong -------------------------------------------------------------------------------------------------


def wrong_in(call: Call) -> Iterator[Fault]:
    """Every fault of one call, without looking for reasons."""
    if not call.ran:
        yield Fault("", call.outcome.error)
        return
    yield from changed(call)
    if call.spec.judge is not None:
        if sentence := call.spec.judge(call.outcome.value, *call.args):
            yield Fault("", sentence)
        return
    if call.wants and call.gots is None:
        yield Fault("", "")
        return
    for i, _ in enumerate(call.wants):
        if not diagnose.right(call.seen(i), call.spec.tolerance) or precision_fault(call.seen(i)):
            yield Fault(call.spec.outputs[i], "")
    for name in call.spec.updates:
        if updates.compare(name, call.got_after(name), call.after[name], call.before[name]):
            yield Fault(name, "")


def faults_of(
    spec: Spec, calls: list[Call], ask: Callable[[list[tuple]], list[Outcome]], reasons: bool = True
) -> list[Fault]:
    """Everything that is wrong with a function, as sentences, with causes if `reasons`. `ask` calls it once more, for probes."""
    raised = [call for call in calls if not call.ran]
    ran = [call for call in calls if call.ran]
    if not ran:
        return [Fault("", raising(raised[0]))]
    faults = [Fault("", with_case(raising(raised[0]), raised[0].label, calls, Call.is_right))] if raised else []
    for look in (mutation, judged, counted, memory, ordered):
        if found := look(ran):
            return faults + [Fault("", found)]
    if spec.judge is None:
        faults += [
            fault
            for i in range(len(spec.outputs) if ran[0].wants else 0)
            if (fault := output_fault(spec, i, ran, raised, ask, reasons))
        ]
        faults += [Fault(name, sentence) for name, sentence in updates.find(ran, reasons)]
        faults += [] if faults else warned(spec, ran)  # it speaks of right numbers
    return faults


def with_case(sentence: str, label: str | None, calls: list[Call], passes: Callable[[Call], bool]) -> str:
    """The sentence with the case that it is about, and one case that is right, if there are such."""
    if label is None:
        return sentence
    fine = [
        other
        for other in dict.fromkeys(call.label for call in calls)
        if all(passes(call) for call in calls if call.label == other)
    ]
    beside = next((f"; right for {other or 'ordinary inputs'}" for other in fine if other != label), "")
    return f"{sentence} (for {label or 'ordinary inputs'}{beside})"


def raising(call: Call) -> str:
    """An exception, the student's line, and what the function was called with."""
    shapes = [
        f"{name} {x.shape}" if isinstance(x, np.ndarray) else f"{name} = {x}"
        for name, x in call.spec.named(call.args).items()
        if isinstance(x, (np.ndarray, int, float, str, tuple))
    ]
    inputs = f"; it was called with {', '.join(shapes)}" if shapes else ""
    return f"{call.outcome.error} ({call.outcome.where}{inputs})" if call.outcome.where else call.outcome.error


def mutation(calls: list[Call]) -> str:
    """A sentence about the first change of an input, with the assignment that made a second name of it, where there is one."""
    return next((fault.sentence for call in calls for fault in changed(call)), "")


def changed(call: Call) -> Iterator[Fault]:
    """Sentences about arguments that the function changed though it shouldn't have."""
    for j, (name, before, after) in enumerate(zip(call.spec.parameters, call.args, call.outcome.args)):
        if name in call.spec.updates:
            continue
        if isinstance(before, Layer):
            yield from (Fault("", sentence) for sentence in updates.disturbed(name, plain(before), after))
        if not isinstance(before, np.ndarray):
            continue
        if (
            not isinstance(after, np.ndarray)
            or after.shape != before.shape
            or not np.array_equal(before, after, equal_nan=before.dtype.kind in "fc")
        ):
            returned = " and returns that very array" if any(pair[1] == j for pair in call.outcome.same) else ""
            alias = next((alias for alias in call.outcome.aliases if f"`{name}`" in alias), "")
            remedy = f": {alias}" if alias else f"; compute a new array (no +=, *= or a[…] = … on {name})"
            yield Fault("", f"it changes its input {name}{returned}{remedy}")


def judged(calls: list[Call]) -> str:
    """What the spec's own judge says of the first wrong answer."""
    judge = calls[0].spec.judge
    for call in calls if judge else []:
        if sentence := judge(call.outcome.value, *call.args):
            return with_case(sentence, call.label, calls, lambda call: not judge(call.outcome.value, *call.args))
    return ""


def counted(calls: list[Call]) -> str:
    """A sentence when it isn't as many things as it should be that come back."""
    for call in calls:
        if call.wants and call.gots is None:
            names, value = call.spec.outputs, call.outcome.value
            what = (
                f"{len(value)} things"
                if isinstance(value, (tuple, list))
                else f"one array of shape {value.shape}"
                if isinstance(value, np.ndarray)
                else "one thing"
            )
            return (
                "it returns None. Does it end with a `return`?"
                if value is None
                else f"it returns {what}, expected {len(names)}: {', '.join(names)}"
            )
    return ""


def memory(calls: list[Call]) -> str:
    """A sentence when the function answers the same question differently, or another one with an answer that it gave before."""
    kinds = {(call.label, call.kind): call for call in calls}
    if all(call.is_right() for call in calls):
        return ""
    pairs = lambda kind: [
        (call, kinds[label, kind])
        for (label, first), call in kinds.items()
        if first == "first" and (label, kind) in kinds
    ]  # noqa: E731
    if not all(alike(call, again) for call, again in pairs("again")):
        return "a second call with the same inputs gives another answer: does it keep something from call to call, or draw random numbers?"
    repeats = [
        call for call, other in pairs("other") if call.is_right() and not other.is_right() and alike(call, other)
    ]
    if (
        repeats
        and all(call.is_right() for call, _ in pairs("other"))
        and not any(isinstance(call.outcome.value, (bool, np.bool_)) for call in calls)
    ):
        return "it gives the answer of an earlier call for other inputs of the same shape: does it keep results from call to call?"
    return ""


def alike(one: Call, other: Call) -> bool:
    """Whether two calls gave the same answers, and left the same networks."""
    a, b = ([call.outcome.value, *(call.got_after(name) for name in call.spec.updates)] for call in (one, other))
    return all(equal(x, y) for x, y in zip(a, b))


def equal(a: Any, b: Any) -> bool:
    if isinstance(a, (tuple, list)) and isinstance(b, (tuple, list)):
        return len(a) == len(b) and all(map(equal, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
    if isinstance(a, (np.ndarray, np.generic, int, float)) and isinstance(b, (np.ndarray, np.generic, int, float)):
        return diagnose.near(np.asarray(a), np.asarray(b), 1e-7)
    return a == b


def ordered(calls: list[Call]) -> str:
    """Right answers in the wrong order, in every call."""
    names = calls[0].spec.outputs
    if len(names) == 1 or all(call.is_right() for call in calls):
        return ""
    for order in itertools.permutations(range(len(names))):
        if list(order) != sorted(order) and all(permuted(call, order) for call in calls):
            return f"it returns ({', '.join(names[k] for k in order)}), expected ({', '.join(names)}): right arrays in the wrong order"
    return ""


def permuted(call: Call, order: tuple[int, ...]) -> bool:
    seen = [Seen("", {}, call.gots[i], call.wants[k]) for i, k in enumerate(order)]
    return all(diagnose.right(s, call.spec.tolerance) for s in seen)


def output_fault(
    spec: Spec,
    i: int,
    calls: list[Call],
    raised: list[Call],
    ask: Callable[[list[tuple]], list[Outcome]],
    reasons: bool,
) -> Fault | None:
    """What is wrong with the i-th output, over all calls; a cause must raise an exception wherever the function did."""
    views = [call.seen(i) for call in calls]
    failed = [Seen(call.label, spec.named(call.args), None, call.wants[i]) for call in raised[:3]]
    causes = [
        (text, predict)
        for text, predict in causes_of(spec, i, views)
        if all(diagnose.fails(predict, seen) for seen in failed)
    ]
    found = diagnose.find(views, causes, spec.tolerance, reasons)
    if found is None:
        sentence = next(filter(None, map(precision_fault, views)), None)
        found = Finding(sentence, None) if sentence else None
    elif reasons and found.by != "cause":
        more = next((alias for call in calls for alias in call.outcome.aliases), "")
        more = more or (ignored(spec, i, calls, ask) if found.by == "facts" else "")
        found = Finding(f"{found.sentence}; {more}", found.label) if more else found
    if found is None:
        return None
    label = found.label if reasons else None
    sentence = with_case(found.sentence, label, calls, lambda call: diagnose.right(call.seen(i), spec.tolerance))
    return Fault(spec.outputs[i], f"{spec.outputs[i]} {sentence}" if spec.outputs[i] else sentence)


def causes_of(spec: Spec, i: int, views: list[Seen]) -> list[Cause]:
    """Everything that predicts numbers: the listed mistakes, two arguments exchanged, one term of a sum wrong."""
    causes = [(text, prediction(mistake, i)) for text, mistake in spec.mistakes.items()]
    arrays = [name for name, x in views[0].args.items() if isinstance(x, (np.ndarray, float))]
    causes += [
        (f"is what you get with {a} and {b} exchanged", exchange(spec, a, b, i))
        for a, b in itertools.combinations(arrays, 2)
    ]
    if spec.terms and i == 0:
        causes += [
            (
                f"has a wrong term: {name} {words}",
                lambda seen, name=name, c=c: seen.want + (c(seen) - 1) * terms_of(spec, seen)[name],
            )
            for name in terms_of(spec, views[0])
            for words, c in term_factors(views[0])
        ]
    return causes


def prediction(mistake: Callable, i: int) -> Callable[[Seen], Any]:
    """What a mistake gives for the i-th output."""

    def predict(seen: Seen) -> Any:
        value = mistake(*copy.deepcopy(tuple(seen.args.values())))
        return value[i] if isinstance(value, tuple) else value

    return predict


def exchange(spec: Spec, a: str, b: str, i: int) -> Callable[[Seen], Any]:
    def predict(seen: Seen) -> Any:
        args = {**seen.args, a: seen.args[b], b: seen.args[a]}
        return prediction(spec.reference, i)(seen._replace(args=args))

    return predict


def terms_of(spec: Spec, seen: Seen) -> dict[str, float]:
    return spec.terms(*copy.deepcopy(tuple(seen.args.values())))


def term_factors(first: Seen) -> Iterator[tuple[str, Callable[[Seen], float]]]:
    """What people do to one term of a sum."""
    constants = {
        0: "is missing",
        -1: "has the wrong sign",
        2: "counts twice",
        0.5: "has a factor ½ too much",
        1 / math.log(2): "is in bits: log2",
        1 / math.log(10): "has log10",
    }
    yield from ((words, lambda seen, c=c: c) for c, words in constants.items())
    arrays = [name for name, x in first.args.items() if isinstance(x, np.ndarray)]
    for name in arrays:
        yield f"is multiplied by the size of {name}: sum or mean?", lambda seen, name=name: seen.args[name].size
    for a, b in itertools.permutations(arrays, 2):
        yield (
            f"is divided by the size of {b} instead of that of {a}",
            lambda seen, a=a, b=b: seen.args[a].size / seen.args[b].size,
        )


def ignored(spec: Spec, i: int, calls: list[Call], ask: Callable[[list[tuple]], list[Outcome]]) -> str:
    """Something that makes no difference to the answer though it should: an argument, its last entry, its first one."""
    call = next(call for call in calls if not diagnose.right(call.seen(i), spec.tolerance))
    if call.wants[i].dtype == bool:
        return ""
    numbers = [
        name
        for name, x in spec.named(call.args).items()
        if isinstance(x, float) or isinstance(x, np.ndarray) and x.dtype.kind == "f"
    ]
    arrays = [name for name in numbers if np.size(spec.named(call.args)[name]) > 1]
    probes = [(f"it doesn't change when {name} does", name, ...) for name in numbers]
    probes += [
        (f"the {words} of {name} makes no difference to it", name, index)
        for words, index in (("last entry", -1), ("first entry", 0))
        for name in arrays
    ]
    inputs = [
        tuple(
            shrunk(x, index) if name == parameter else x
            for parameter, x in spec.named(copy.deepcopy(call.args)).items()
        )
        for _, name, index in probes
    ]
    for (sentence, *_), args, outcome in zip(probes, inputs, ask(inputs)):
        probe = Call(spec, "", "probe", args, outcome)
        if probe.ran and probe.gots and equal(probe.gots[i], call.gots[i]) and not equal(probe.wants[i], call.wants[i]):
            return sentence
    return ""


def shrunk(x: Any, index: Any) -> Any:
    """A number or an array, a tenth smaller at that index of its first axis; probabilities stay such."""
    if isinstance(x, float):
        return 0.9 * x + 0.01
    x = x.copy()
    x[index] *= x.dtype.type(0.9)
    return x


def precision_fault(seen: Seen) -> str | None:
    """float32 in, float32 out: one float64 number doubles the time and the memory of everything after it."""
    floats = [x.dtype for x in seen.args.values() if isinstance(x, np.ndarray) and x.dtype.kind == "f"]
    got = np.asarray(seen.got)
    if (
        got.ndim
        and floats
        and set(floats) == {np.dtype(np.float32)}
        and got.dtype.kind == "f"
        and got.dtype != np.float32
    ):
        return (
            f"has the right numbers, but is {got.dtype} though the inputs are float32: an .astype(np.float64), an np.zeros without dtype, an np.where or a mask with "
            "two Python numbers, or a NumPy scalar does that"
        )
    return None


def warned(spec: Spec, calls: list[Call]) -> list[Fault]:
    """A fault for a warning about numbers, where the spec gives points for its absence."""
    said = [w for call in calls for w in call.outcome.warnings if w.startswith("RuntimeWarning")]
    return (
        [
            Fault(
                QUIET,
                f"the numbers are right, but on the way something overflows: {said[0].removeprefix('RuntimeWarning: ')}",
            )
        ]
        if said and QUIET in spec.shares
        else []
    )
