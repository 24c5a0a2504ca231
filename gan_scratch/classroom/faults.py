"""Everything that is wrong with a function, from all the calls that a check has made of it."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from gan_scratch.classroom import diagnose, updates
from gan_scratch.classroom.call import Outcome, plain
from gan_scratch.classroom.causes import causes_of
from gan_scratch.classroom.diagnose import Finding, Seen
from gan_scratch.classroom.spec import QUIET, Spec
from gan_scratch.layers.base import Layer


class Fault(NamedTuple):
    """What is wrong. `about` is an output, an updated network, or "no warning"; "" is the function as a whole."""

    about: str
    sentence: str


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
        """What came, output by output; None when it isn't as many things as it should be. Numbers may come in one array."""
        value = self.outcome.value
        if len(self.spec.outputs) == 1:
            return [value]
        numbers = isinstance(value, np.ndarray) and value.ndim == 1 and not any(want.ndim for want in self.wants)
        return list(value) if (isinstance(value, (tuple, list)) or numbers) and len(value) == len(self.spec.outputs) else None

    def got_after(self, name: str) -> Any:
        return self.outcome.args[self.spec.parameters.index(name)]

    def seen(self, i: int) -> Seen:
        return Seen(self.label, self.spec.named(self.args), self.gots[i], self.wants[i])

    def is_right(self) -> bool:
        """Whether nothing at all is wrong with this call."""
        return not any(itertools.islice(wrong_in(self), 1))


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
    for look in (untouched, mutation, memory, judged, counted, ordered):
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


def untouched(calls: list[Call]) -> str:
    """A sentence when the planted bug is still there, and nothing else: whoever looks for it shall find it without a cause."""
    planted = calls[0].spec.planted
    if planted is None or not all(does_as(planted, call) for call in calls):
        return ""
    return ("it does what the code that you were given does, and that has a mistake; "
            "find it by thinking, by a test of your own, or with the hints")


def does_as(function: Callable, call: Call) -> bool:
    """Whether the function gives what the student's gave, and leaves its arguments as that did."""
    args = copy.deepcopy(call.args)
    value = plain(function(*args))
    kept = [(plain(a), b) for a, b in zip(args, call.outcome.args) if isinstance(a, (np.ndarray, Layer))]
    same = call.spec.tolerance / 10  # the same formula may be summed in another order
    return equal(value, call.outcome.value, same) and all(equal(a, b, same) for a, b in kept)


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
    truths = any(isinstance(v, bool) or getattr(v, "dtype", None) == bool for v in (call.outcome.value for call in calls))
    repeats = [
        call for call, other in pairs("other") if call.is_right() and not other.is_right() and alike(call, other)
    ]
    if (
        repeats
        and all(call.is_right() for call, _ in pairs("other"))
        and not truths  # a few of them may be equal by chance
    ):
        return "it gives the answer of an earlier call for other inputs of the same shape: does it keep results from call to call?"
    return ""


def alike(one: Call, other: Call) -> bool:
    """Whether two calls gave the same answers, and left the same networks."""
    a, b = ([call.outcome.value, *(call.got_after(name) for name in call.spec.updates)] for call in (one, other))
    return all(equal(x, y) for x, y in zip(a, b))


def equal(a: Any, b: Any, tolerance: float = 1e-7) -> bool:
    """Whether two values are the same, numbers up to rounding, whatever they are made of."""
    numbers = (np.ndarray, np.generic, int, float)
    if any(isinstance(a, kind) != isinstance(b, kind) for kind in ((tuple, list), dict, numbers)):
        return False
    if isinstance(a, (tuple, list)) and isinstance(b, (tuple, list)):
        return len(a) == len(b) and all(equal(x, y, tolerance) for x, y in zip(a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(equal(a[key], b[key], tolerance) for key in a)
    if isinstance(a, numbers):
        return diagnose.near(np.asarray(a), np.asarray(b), tolerance)
    return a == b


def ordered(calls: list[Call]) -> str:
    """Right answers in the wrong order, in every call."""
    names = calls[0].spec.outputs
    if len(names) == 1 or all(call.is_right() for call in calls):
        return ""
    if not any(want.ndim for want in calls[0].wants) and explained(calls):
        return ""  # one number was taken for another in the derivation
    counts = ", so that none of them counts" if calls[0].spec.shares else ""
    for order in itertools.permutations(range(len(names))):
        if list(order) != sorted(order) and all(permuted(call, order) for call in calls):
            return (f"it returns ({', '.join(names[k] for k in order)}), expected ({', '.join(names)}): the right ones "
                    f"in the wrong order{counts}")
    return ""


def explained(calls: list[Call]) -> bool:
    """Whether a listed mistake gives the first output."""
    views = [seen._replace(got=np.asarray(seen.got)) for seen in (call.seen(0) for call in calls)]
    listed = causes_of(calls[0].spec, 0, views)
    return any(diagnose.explains(predict, views, calls[0].spec.tolerance) for _, predict in listed)


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
    """float32 in, float32 out, since one float64 number doubles time and memory from there on; and whole numbers stay whole."""
    floats = {x.dtype for x in seen.args.values() if isinstance(x, np.ndarray) and x.dtype.kind == "f"}
    got = np.asarray(seen.got)
    if not got.ndim or got.dtype == seen.want.dtype:
        return None
    if seen.want.dtype.kind in "iu" and got.dtype.kind == "f":
        return f"has the right numbers, but is {got.dtype}; whole numbers are asked for, with which one can index (dtype=int)"
    if floats == {np.dtype(np.float32)} and got.dtype.kind == "f" and got.dtype != np.float32:
        return (
            f"has the right numbers, but is {got.dtype} though the inputs are float32: an .astype(np.float64), an "
            "np.zeros without dtype, an np.where or a mask with two Python numbers, or a NumPy scalar does that"
        )
    if np.float32 not in floats and seen.want.dtype == np.float32:
        return f"has the right numbers, but is {got.dtype}; float32 is asked for (.astype(np.float32) at the end)"
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
