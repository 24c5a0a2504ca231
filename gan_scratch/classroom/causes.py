"""What predicts a student's numbers: the mistakes that the spec lists, two arguments exchanged, one term of a sum wrong."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gan_scratch.classroom.diagnose import Cause, Seen
from gan_scratch.classroom.spec import Spec


def causes_of(spec: Spec, i: int, views: list[Seen]) -> list[Cause]:
    """Everything that predicts numbers: the listed mistakes, two arguments exchanged, one term of a sum wrong."""
    causes = [(text, prediction(mistake, i)) for text, mistake in spec.mistakes.items()]
    arrays = [name for name, x in views[0].args.items() if isinstance(x, (np.ndarray, float))]
    causes += [
        (f"is what you get with {a} and {b} exchanged", exchange(spec, a, b, i))
        for a, b in itertools.combinations(arrays, 2)
    ]
    causes += stepped(spec, i, views)
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


def stepped(spec: Spec, i: int, views: list[Seen]) -> list[Cause]:
    """A parameter itself, moved by its gradient, where the gradient is asked for: dW is W − 0.1 dW."""
    name, first = spec.outputs[i][1:], views[0]
    x, got = first.args.get(name), first.got
    numbers = (float, np.generic, np.ndarray)
    if spec.outputs[i][:1] != "d" or not isinstance(x, numbers) or not isinstance(got, numbers):
        return []
    if not np.shape(x) == np.shape(got) == first.want.shape or not np.isfinite(got).all():
        return []
    want = first.want.astype(np.float64)
    rate = float(((got - x) * want).sum() / max((want * want).sum(), 1e-300))
    if not 1e-6 < abs(rate) < 1e3:
        return []
    words = f"is {name} after a move by {abs(rate):.3g} times the gradient; the gradient itself is asked for"
    return [(words, lambda seen: seen.args[name] + rate * seen.want)]


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
