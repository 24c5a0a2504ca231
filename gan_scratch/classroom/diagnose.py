"""Why does an answer differ from the right one?

A student's function was called several times. For each of its outputs there is a `Seen` per call: what came, what should have come,
and the inputs. A *cause* predicts what came from the inputs; it is named only if it predicts every one of these calls, those in
which the answer was right as well. A *relation* ("off by the factor 64, the batch size") is stated only if it holds in every call
of the cases that went wrong. Where neither is found, the sentence says where the numbers differ and how far, and names no cause:
a wrong cause is worse than none.

Nothing here shows what the right numbers are.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from gan_scratch.classroom.call import Other


class Seen(NamedTuple):
    """One output of one call."""

    label: str  # of the case; "" is the ordinary one
    args: dict[str, Any]
    got: Any
    want: np.ndarray


class Finding(NamedTuple):
    """What is wrong with an output, and for which case; `label` is None for what holds in all of them. `by`: a "cause", a "relation"
    of the numbers, or "facts"."""

    sentence: str
    label: str | None
    by: str = "cause"


Cause = tuple[
    str, Callable[[Seen], Any]
]  # a sentence, and what this mistake would give; None where it doesn't speak of it
Relation = tuple[str, Callable[[Seen], bool]]  # a sentence, and whether it is true of a call


def near(got: np.ndarray, want: np.ndarray, tolerance: float) -> bool:
    """Same shape, and equal up to `tolerance` times the largest number of `want`, everywhere. NaN and ∞ must be in the same places."""
    return got.shape == want.shape and bool(close(got, want, tolerance).all())


def close(got: np.ndarray, want: np.ndarray, tolerance: float) -> np.ndarray:
    """Entry by entry: equal up to `tolerance` times the scale of `want`, that is its largest finite number."""
    got, want = np.asarray(got, np.float64), np.asarray(want, np.float64)
    finite = np.abs(want[np.isfinite(want)])
    scale = float(finite.max()) if finite.size else 1.0
    scale = max(scale, 1e-2) if not want.ndim else scale  # a single number may be right and almost 0
    with np.errstate(invalid="ignore"):
        return (np.abs(got - want) <= tolerance * scale + 1e-12) | (got == want) | (np.isnan(got) & np.isnan(want))


def right(seen: Seen, tolerance: float) -> bool:
    """Whether an output is what it should be; its type included."""
    return type_fault(seen.got, seen.want) is None and near(np.asarray(seen.got), seen.want, tolerance)


# --- types -----------------------------------------------------------------------------------------------------------


def type_fault(got: Any, want: np.ndarray) -> str | None:
    """A sentence when `got` isn't made of numbers (or of True and False, where those are wanted) at all."""
    if got is None:
        return "is None. Does the function end with a `return`?"
    if isinstance(got, Other):
        return f"is {got.what}, expected {described(want)}"
    truth = isinstance(got, (bool, np.bool_)) or isinstance(got, np.ndarray) and got.dtype == bool
    if want.dtype == bool and want.ndim and isinstance(got, np.ndarray) and got.dtype != bool:
        return numbers_for_truths(got, want)
    if isinstance(got, (str, dict)) or truth != (want.dtype == bool):
        return f"is of type {type(got).__name__}, expected {described(want)}"
    if isinstance(got, (tuple, list)):
        return f"is a {type(got).__name__} of length {len(got)}, expected {described(want)}"
    if np.asarray(got).dtype.kind not in "biuf":
        return f"holds {np.asarray(got).dtype} numbers, expected real ones"
    return None


def numbers_for_truths(got: np.ndarray, want: np.ndarray) -> str:
    """What an array of numbers is, where True and False are wanted for each place."""
    if got.shape == want.shape and np.array_equal(got.astype(bool), want):
        return f"has the right answers as numbers ({got.dtype}); True and False are asked for"
    if np.array_equal(got, np.flatnonzero(want)):
        return f"has the indices; True or False is asked for in each of the {want.size} places"
    return f"is an array of {got.dtype} of shape {got.shape}; True or False is asked for in each of the {want.size} places"


def described(want: np.ndarray) -> str:
    return f"an array of shape {want.shape}" if want.ndim else "True or False" if want.dtype == bool else "one number"


# --- what is wrong with one output ---------------------------------------------------------------------------------------


def find(views: list[Seen], causes: list[Cause], tolerance: float, reasons: bool = True) -> Finding | None:
    """What is wrong with an output, from all calls that were seen; None if it is right in all of them. Without `reasons` only facts."""
    wrong = [seen for seen in views if not right(seen, tolerance)]
    if not wrong:
        return None
    for seen in wrong:
        if sentence := type_fault(seen.got, seen.want):
            return Finding(sentence, where(seen, views, wrong))
    views = [seen._replace(got=np.asarray(seen.got)) for seen in views]
    if all(seen.got.ndim and seen.got.shape == seen.want.shape and not seen.got.any() for seen in views):
        return Finding(f"is {'False' if wrong[0].got.dtype == bool else 0} everywhere", where(wrong[0], views, wrong), "relation")  # most likely not written yet
    finite = [seen for seen in views if is_finite(seen)]
    labels = {seen.label for seen in wrong}
    # An overflow, or another case that goes wrong, may be a second fault; the first one must explain what passes as well.
    first = [seen for seen in finite if seen.label not in labels - {wrong[0].label}]
    several = wrong[0].want.dtype != bool  # a wrong rule gives the right answer by chance in half of a few calls
    for some, label in ((views, None), (finite, None), (first, wrong[0].label))[: 3 if several else 1]:
        if reasons and (
            sentence := next((text for text, predict in causes if explains(predict, some, tolerance)), None)
        ):
            return Finding(sentence, label)
    concerned = [seen for seen in finite if seen.label in labels]
    faulty = [seen for seen in concerned if not right(seen, tolerance)]
    lost = [seen for seen in views if not is_finite(seen) and not right(seen, tolerance)]
    if len(lost) > len(faulty):  # what the few finite ones look like would only distract
        return Finding(not_finite(lost[0]), where(lost[0], views, wrong))
    place = where(faulty[0], views, wrong)
    for sentence, holds in relations(
        faulty[0], tolerance, several=len({seen.want.tobytes() for seen in concerned}) > 2
    ):
        if reasons and all(safely(holds, seen) for seen in concerned):
            return Finding(sentence, place, "relation")
    plainest = min(
        faulty, key=lambda seen: (seen.label != faulty[0].label, sum(np.size(x) for x in seen.args.values()))
    )
    return Finding(facts(plainest, tolerance), place, "facts")


def where(seen: Seen, views: list[Seen], wrong: list[Seen]) -> str | None:
    """The label of the case in which this happened; None if no case is right throughout."""
    return seen.label if {other.label for other in views} - {other.label for other in wrong} else None


def is_finite(seen: Seen) -> bool:
    return bool(np.isfinite(seen.got).all() or not np.isfinite(seen.want).all())


def explains(predict: Callable[[Seen], Any], views: list[Seen], tolerance: float) -> bool:
    """Whether a mistake gives what came in every call, and more than nine tenths of the error wherever there is one.

    A prediction that overflows where the student's function doesn't says nothing about that call.
    """
    silent, hits = 0, 0
    for seen in views:
        try:
            guess = predict(seen)
            guess = None if guess is None else np.asarray(guess, np.float64)
        except Exception:  # the mistake would have raised, and the student's function hasn't
            return False
        if guess is None or guess.shape != seen.got.shape:
            return False
        if not agrees(seen.got, guess, seen.want, tolerance):
            if np.isfinite(guess).all() or np.isfinite(guess[~np.isfinite(seen.got)]).any():
                return False
            silent += 1
        elif not right(seen, tolerance):
            if near(guess, seen.want, tolerance) or error(seen.got, guess) > 0.1 * error(seen.got, seen.want):
                return False
            hits += not guess.size or not np.isnan(guess).all()
    return hits > 0 and silent <= len(views) / 2


def agrees(got: np.ndarray, guess: np.ndarray, want: np.ndarray, tolerance: float) -> bool:
    """Whether a prediction gives these numbers, up to the rounding that the check allows for numbers of the size of the right ones."""
    finite = [np.abs(a[np.isfinite(a)]).max(initial=0) for a in (guess, want)]
    return near(got, guess, tolerance) or error(got, guess) <= tolerance * max(finite)


def fails(predict: Callable[[Seen], Any], seen: Seen) -> bool:
    """Whether a mistake raises an exception for these inputs."""
    try:
        predict(seen)
    except Exception:
        return True
    return False


def error(got: np.ndarray, want: np.ndarray) -> float:
    """The largest difference of two finite numbers in the same place; ∞ for other shapes, or where NaN, ∞ and −∞ aren't the same."""
    got, want = np.asarray(got, np.float64), np.asarray(want, np.float64)
    if got.shape != want.shape:
        return math.inf
    finite = np.isfinite(got) & np.isfinite(want)
    if not np.array_equal(got[~finite], want[~finite], equal_nan=True):
        return math.inf
    return float(np.abs(got[finite] - want[finite]).max(initial=0))


def safely(holds: Callable[[Seen], bool], seen: Seen) -> bool:
    try:
        return bool(holds(seen))
    except (
        ValueError,
        IndexError,
        TypeError,
        KeyError,
        ZeroDivisionError,
        OverflowError,
    ):  # of other shapes in this call
        return False


def not_finite(seen: Seen) -> str:
    bad = ~np.isfinite(seen.got)
    if not bad.any():
        return "is finite, but here the right answer is infinite"
    if not np.isfinite(seen.want).all():
        return "is infinite, or NaN, in the wrong places"
    kind = "NaN" if np.isnan(seen.got).any() else "infinite"
    sentence = f"is {kind} in {int(bad.sum())} of {seen.got.size} places" if seen.got.ndim else f"is {kind}"
    large = {
        name: x
        for name, x in seen.args.items()
        if isinstance(x, np.ndarray) and x.dtype.kind == "f" and np.abs(x).max(initial=0) > 50
    }
    for name, x in large.items():
        if x.shape == bad.shape:
            there = x[bad]
            return f"{sentence}, for example where {name} = {there[np.abs(there).argmax()]:.4g}: something leaves the range of floating-point numbers"
    if large:
        return (
            f"{sentence}: where |{'| or |'.join(large)}| is large something leaves the range of floating-point numbers"
        )
    return f"{sentence}: is there a division by 0, a logarithm of 0 or of a negative number, or an overflow?"


# --- relations of the numbers that came to the right ones ----------------------------------------------------------------


def relations(first: Seen, tolerance: float, several: bool = True) -> Iterator[Relation]:
    """Simple relations, made from the first wrong call, in the order of how much they say. `several`: there are other calls that test
    them; any single number is some factor times another one."""
    if first.got.shape != first.want.shape:
        yield from of_shapes(first, tolerance)
        return
    if first.want.dtype == bool:
        return
    yield "is 0 everywhere" if first.got.ndim else "is 0", lambda s: not s.got.any()
    yield (
        "has its sign flipped" + (" on every entry" if first.got.ndim else ""),
        lambda s: near(-s.got, s.want, tolerance),
    )
    yield (
        "is made of integers: the digits after the point are cut off",
        lambda s: s.got.dtype.kind in "iu" and near(s.got, np.trunc(s.want), tolerance),
    )
    yield "is ours transposed", lambda s: s.got.ndim == 2 and near(s.got.T, s.want, tolerance)
    yield "is ours transposed, with the sign flipped", lambda s: s.got.ndim == 2 and near(-s.got.T, s.want, tolerance)
    for words, factor in factors(first) if first.got.ndim or several else ():
        yield (
            words,
            lambda s, factor=factor: near(s.got, factor(s) * s.want, tolerance) and not near(s.got, s.want, tolerance),
        )
    yield from shifts(first, tolerance) if first.got.ndim or several else ()
    yield from of_inputs(first, tolerance)
    for axes in subsets(first.got.ndim):
        yield (
            f"is in reverse order along axis {', '.join(map(str, axes))}: was something flipped?",
            lambda s, axes=axes: near(np.flip(s.got, axes), s.want, tolerance),
        )
    for axis, (name, reduce) in itertools.product(
        range(first.got.ndim if first.got.ndim > 1 else 0), (("mean", np.mean), ("sum", np.sum))
    ):
        yield (
            f"is the {name} over axis {axis}, repeated: that reduction is too much",
            lambda s, axis=axis, reduce=reduce: near(
                s.got, np.broadcast_to(reduce(s.want, axis=axis, keepdims=True), s.want.shape), tolerance
            ),
        )
    yield from of_regions(first, tolerance)
    yield (
        "has lost its signs: an absolute value or a square root of a square?",
        lambda s: near(s.got, np.abs(s.want), tolerance),
    )
    yield (
        "holds the right numbers in another order",
        lambda s: (
            s.got.size > 1
            and near(np.sort(s.got.ravel()), np.sort(s.want.ravel()), tolerance)
            and not near(s.got, s.want, tolerance)
        ),
    )


def of_shapes(first: Seen, tolerance: float) -> Iterator[Relation]:
    """What happened to the axes, where the numbers give it away."""
    got, want = first.got, first.want
    said = (
        f"has shape {got.shape}, expected {want.shape}" if want.ndim else f"has shape {got.shape}, expected one number"
    )
    if got.ndim > 4:
        return
    yield f"{said}: it is ours transposed", lambda s: s.got.ndim == 2 and near(s.got.T, s.want, tolerance)
    only_ones = got.squeeze().shape == want.squeeze().shape
    what = "an axis of length 1 is missing or superfluous (keepdims? reshape?)" if only_ones else "in an array of another shape"
    yield (
        f"{said}: the numbers are right, but {what}",
        lambda s: s.got.size == s.want.size and near(s.got.reshape(s.want.shape), s.want, tolerance),
    )
    for axes, (name, reduce) in itertools.product(subsets(got.ndim), (("summed", np.sum), ("averaged", np.mean))):
        over = (
            "the batch"
            if axes == (0,)
            else "everything"
            if len(axes) == got.ndim
            else f"axis {', '.join(map(str, axes))}"
        )
        yield (
            f"{said}: it isn't {name} over {over}",
            lambda s, a=axes, r=reduce: near(r(s.got, axis=a), s.want, tolerance),
        )
        yield (
            f"{said}: it isn't {name} over {over}, and its sign is flipped",
            lambda s, a=axes, r=reduce: near(-r(s.got, axis=a), s.want, tolerance),
        )
    for axes, (name, reduce), keep in itertools.product(
        subsets(want.ndim), (("summed", np.sum), ("averaged", np.mean)), (False, True)
    ):
        yield (
            f"{said}: it is {name} over too much (axis {', '.join(map(str, axes))} should stay)",
            lambda s, a=axes, r=reduce, k=keep: near(s.got, np.asarray(r(s.want, axis=a, keepdims=k)), tolerance),
        )
    for name, reduce in (("summed", np.sum), ("averaged", np.mean)):
        yield (
            f"{said}: it is {name} over everything, and each entry should stay",
            lambda s, r=reduce: not s.got.ndim and near(s.got, np.asarray(r(s.want)), tolerance),
        )
    yield (
        f"{said}: every entry was combined with every other one; shapes ({want.size},) and ({want.size}, 1) broadcast to a square",
        lambda s: (
            s.got.shape == (s.want.size,) * 2 and s.want.ndim < 3 and max(s.want.shape, default=1) == s.want.size > 1
        ),
    )


def subsets(n: int) -> list[tuple[int, ...]]:
    """All non-empty sets of axes, the small ones first."""
    return [c for k in range(1, n + 1) for c in itertools.combinations(range(n), k)]


CONSTANTS = {
    2.0: "2",
    0.5: "1/2",
    1 / math.log(2): "1/log 2: bits instead of nats?",
    math.log(2): "log 2: nats instead of bits?",
    1 / math.log(10): "1/log 10: log10 instead of log?",
    4.0: "4",
    0.25: "1/4",
}


def factors(first: Seen) -> Iterator[tuple[str, Callable[[Seen], float]]]:
    """Factors that have a name, with both signs; as functions of a call, so that another batch size tells 5 samples from 5 features."""
    for sign, also in ((1, ""), (-1, " and its sign is flipped")):
        for what, size in sizes(first):
            n = size(first)
            if n > 1:
                yield (
                    f"is too large by the factor {n}, {what}{also}: sum or mean?",
                    lambda s, size=size, c=sign: c * size(s),
                )
                yield (
                    f"is too small by the factor {n}, {what}{also}: is it divided by that once too often?",
                    lambda s, size=size, c=sign: c / size(s),
                )
            if n > 2:
                yield (
                    f"is too large by n/(n − 1) with n = {n}, {what}{also}: n − 1 in place of n, as in the unbiased variance?",
                    lambda s, size=size, c=sign: c * size(s) / (size(s) - 1),
                )
                yield (
                    f"is too small by (n − 1)/n with n = {n}, {what}{also}: n in place of n − 1?",
                    lambda s, size=size, c=sign: c * (size(s) - 1) / size(s),
                )
        for name, x in first.args.items():
            if isinstance(x, (int, float)) and abs(x) not in (0, 1):
                yield (
                    f"is too large by the factor {name} = {x:g}{also}",
                    lambda s, name=name, c=sign: c * abs(s.args[name]),
                )
                yield (
                    f"is too small by the factor {name} = {x:g}{also}: is it missing?",
                    lambda s, name=name, c=sign: c / abs(s.args[name]),
                )
        for value, words in CONSTANTS.items():
            yield f"is off by the constant factor {words}{also}", lambda s, value=value, c=sign: c * value
    with np.errstate(all="ignore"):
        factor = float((first.got * first.want).sum() / (first.want * first.want).sum())
    if math.isfinite(factor) and factor and abs(factor - 1) > 3e-3:
        yield (
            f"is off by the same factor, {factor:.4g}{', in every entry' if first.got.ndim else ', every time'}",
            lambda s: factor,
        )


def sizes(first: Seen) -> Iterator[tuple[str, Callable[[Seen], int]]]:
    """Numbers that a sum may be divided by: the batch size, the entries of an input, the lengths of its other axes."""
    arrays = {name: x for name, x in first.args.items() if isinstance(x, np.ndarray) and x.ndim}
    lengths = [len(x) for x in arrays.values()]
    for name, x in arrays.items():
        shared = lengths.count(len(x)) > 1 or len(arrays) == 1
        yield "the batch size" if shared else f"the length of {name}", lambda s, name=name: len(s.args[name])
    for name, x in arrays.items():
        if x.ndim > 1:
            yield f"the number of entries of {name}", lambda s, name=name: s.args[name].size
        for axis in range(1, x.ndim):
            yield f"the length of axis {axis} of {name}", lambda s, name=name, axis=axis: s.args[name].shape[axis]


def shifts(first: Seen, tolerance: float) -> Iterator[Relation]:
    """The same number added everywhere, every time."""
    with np.errstate(invalid="ignore"):
        shift = float(np.mean(np.asarray(first.got, np.float64) - first.want))
    named = {0.5: "½", 1.0: "1", math.log(2): "log 2", 2 * math.log(2): "2 log 2", math.log(2) / 2: "½ log 2"}
    words = next(
        (words for value, words in named.items() if math.isclose(abs(shift), value, rel_tol=1e-4)),
        f"the same constant, {abs(shift):.4g}",
    )
    if math.isfinite(shift) and abs(shift) > 10 * tolerance:
        yield (
            f"is too {'large' if shift > 0 else 'small'} by {words}{', in every entry' if first.got.ndim else ''}",
            lambda s: near(s.got, s.want + shift, tolerance),
        )


def of_inputs(first: Seen, tolerance: float) -> Iterator[Relation]:
    """The answer is one of the inputs, or differs from the right one by just that."""
    for name, x in first.args.items():
        if (
            not isinstance(x, np.ndarray)
            or x.dtype.kind != "f"
            or not first.got.ndim
            or np.abs(x).max(initial=0) < 1e-6
        ):
            continue
        if x.shape == first.got.shape or x.shape == first.got.shape[-1:]:
            yield (
                f"is just the input {name}",
                lambda s, name=name: near(s.got, np.broadcast_to(s.args[name], s.got.shape), tolerance),
            )
            for c, words in (
                (-1, f"is too small by just the input {name}: is it missing?"),
                (1, f"is too large by just the input {name}"),
                (-2, f"is too small by twice the input {name}: is it subtracted where it should be added?"),
                (2, f"is too large by twice the input {name}: is it added where it should be subtracted?"),
            ):
                yield words, lambda s, name=name, c=c: near(s.got, s.want + c * s.args[name], tolerance)


def of_regions(first: Seen, tolerance: float) -> Iterator[Relation]:
    """Right in one part and wrong in another, told by the inputs or by the place."""
    wrong = lambda s: ~close(s.got, s.want, tolerance)  # noqa: E731
    if not first.got.ndim:
        return
    conditions = {"> 0": np.greater, "< 0": np.less, "= 0": np.equal, "≥ 0": np.greater_equal, "≤ 0": np.less_equal}
    for name, x in first.args.items():
        if isinstance(x, np.ndarray) and x.shape == first.got.shape and x.dtype.kind in "fi":
            for words, holds in conditions.items():
                mask = holds(x, 0)
                if mask.any() and not mask.all():
                    how = next((f" ({text} there)" for text, same in part(first, mask, tolerance)), "")
                    yield (
                        f"is wrong where {name} {words}, and right elsewhere{how}",
                        lambda s, name=name, holds=holds: (wrong(s) == holds(s.args[name], 0)).all(),
                    )
    k = int(wrong(first).ravel().argmax())
    if first.got.size > 2 and k:
        yield (
            f"is right in the first {k} of {first.got.size} places and 0 from there on: does the loop end too early, or is the `return` inside it?",
            lambda s: stops(s, wrong(s)),
        )
    for axis in range(first.got.ndim):
        if first.got.shape[axis] > 2:
            for index, words in ((0, "first"), (-1, "last")):
                yield (
                    f"is wrong only at the {words} index of axis {axis}",
                    lambda s, a=axis, i=index: only_at(wrong(s), a, i),
                )
            yield (
                f"is right only at index 0 of axis {axis}, and the same at the others",
                lambda s, a=axis: spread(s, wrong(s), a),
            )


def part(seen: Seen, mask: np.ndarray, tolerance: float) -> Iterator[tuple[str, bool]]:
    """What the wrong part looks like."""
    got, want = seen.got[mask], seen.want[mask]
    if not got.any():
        yield "yours is 0", True
    if near(-got, want, tolerance):
        yield "the sign is flipped", True
    if (
        want.any()
        and (factor := float((got * want).sum() / (want * want).sum()))
        and near(got, factor * want, tolerance)
    ):
        yield f"off by the factor {factor:.4g}", True


def stops(s: Seen, wrong: np.ndarray) -> bool:
    """Right up to some place, and 0 from there on."""
    k = int(wrong.ravel().argmax())
    return bool(wrong.any() and k and not s.got.ravel()[k:].any())


def only_at(wrong: np.ndarray, axis: int, index: int) -> bool:
    there = np.zeros_like(wrong)
    np.moveaxis(there, axis, 0)[index] = True
    return bool(wrong.any() and not wrong[~there].any())


def spread(s: Seen, wrong: np.ndarray, axis: int) -> bool:
    """One entry along the axis stands in all places."""
    at = np.moveaxis(wrong, axis, 0)
    return bool(np.ptp(s.got, axis).max() == 0 and not at[0].any() and at[1:].any())


# --- facts, where nothing is explained -----------------------------------------------------------------------------------


def facts(seen: Seen, tolerance: float) -> str:
    """Where the numbers differ and how far; no cause."""
    got, want = seen.got, seen.want
    if got.shape != want.shape:
        said = (
            f"has shape {got.shape}, expected {want.shape}"
            if want.ndim
            else f"has shape {got.shape}, expected one number"
        )
        return (
            f"{said}: that is the shape of the transpose"
            if got.ndim == 2 and got.shape == want.shape[::-1] and want.ndim == 2
            else said
        )
    if want.dtype == bool and want.ndim:
        return truths(got, want)
    if want.dtype == bool:
        inputs = ", ".join(f"{name} = {written(x)}" for name, x in seen.args.items())
        return f"it says {bool(got)} for {inputs}; that is wrong"
    if not np.isfinite(want).all() and np.isfinite(got).all():
        return "is finite, but here the right answer is infinite" + (f"; yours is {got:.6g}" if not got.ndim else "")
    wrong = ~close(got, want, tolerance)
    relative = error(got, want) / max(np.abs(want[np.isfinite(want)]).max(initial=0), 1e-300)
    if relative < 3e-3:
        return f"is close, but not right: the relative error is {relative:.1e}, and {tolerance:.0e} is allowed{single(seen)}"
    if got.ndim == 0:
        numbers = [f"{name} = {x:g}" for name, x in seen.args.items() if isinstance(x, (int, float))]
        given = f" for {', '.join(numbers)}" if len(numbers) == len(seen.args) else ""
        return f"is {got:.6g}{given}, which isn't right"
    index = worst(got, want)
    if 0 < wrong.sum() <= wrong.size / 2:
        index = tuple(int(i) for i in np.argwhere(wrong)[0])
        return f"is right in {int((~wrong).sum())} of {got.size} places; the first wrong one is {place(index, seen)}"
    return f"is wrong in {int(wrong.sum())} of {got.size} places, worst at {place(index, seen)}"


def truths(got: np.ndarray, want: np.ndarray) -> str:
    """How often an array says True or False wrongly, and where first."""
    missed, alarms = int((want & ~got).sum()), int((got & ~want).sum())
    said = [f"False in {missed} of {int(want.sum())} places where True is right"] if missed else []
    said += [f"True in {alarms} of {int((~want).sum())} places where False is right"] if alarms else []
    first = ", ".join(str(int(i)) for i in np.argwhere(got != want)[0])
    return f"is {' and '.join(said)}; the first wrong one is [{first}]"


def single(seen: Seen) -> str:
    """A remark on float32 where the inputs are float64."""
    inputs = {x.dtype for x in seen.args.values() if isinstance(x, np.ndarray) and x.dtype.kind == "f"}
    return (
        "; it is float32, which holds seven digits"
        if seen.got.dtype == np.float32 and inputs == {np.dtype(np.float64)}
        else ""
    )


def worst(got: np.ndarray, want: np.ndarray) -> tuple[int, ...]:
    with np.errstate(invalid="ignore"):
        difference = np.where(np.isfinite(got), np.abs(got - want), np.inf)
    return tuple(int(i) for i in np.unravel_index(np.argmax(difference), got.shape))


def place(index: tuple, seen: Seen) -> str:
    """'[1, 2], where x is 0.3 and yours is 7': a place, the inputs there, and the student's number."""
    there = [
        f"{name} is {x[index]:.4g}"
        for name, x in seen.args.items()
        if isinstance(x, np.ndarray) and x.shape == seen.got.shape
    ]
    return f"{list(index)}, where {', '.join(there)}{' and ' if there else ''}yours is {seen.got[index]:.6g}"


def written(x: Any) -> str:
    """An input as a student would write it, if it is short."""
    return (
        str(x.tolist())
        if isinstance(x, np.ndarray) and x.size <= 16
        else f"an array of shape {x.shape}"
        if isinstance(x, np.ndarray)
        else f"{x}"
    )
