"""What a check knows about one function: the right answer, the inputs, the mistakes that people make."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Make = Callable[[np.random.Generator], tuple]  # draws the arguments of one call
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
        planted: the function with the bug that the exercise plants. An answer that does just the same is told no cause.
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
    planted: Callable | None = None
    terms: Callable[..., dict[str, float]] | None = None

    @property
    def name(self) -> str:
        return self.reference.__name__

    @property
    def parameters(self) -> list[str]:
        return list(inspect.signature(self.reference).parameters)

    def named(self, args: tuple) -> dict[str, Any]:
        return dict(zip(self.parameters, args))
