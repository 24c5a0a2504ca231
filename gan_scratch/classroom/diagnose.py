"""Why does an array differ from the right one? Each hypothesis is a computation that must explain the student's numbers.

Nothing here shows what the right numbers are: a sentence names the student's own numbers, shapes, and what would turn the one
into the other.
"""
from __future__ import annotations

import itertools
import math
from typing import Any, Callable, Iterator

import numpy as np

from gan_scratch.classroom.call import Other


def near(got: np.ndarray, want: np.ndarray, tolerance: float) -> bool:
    """Same shape, and equal up to `tolerance` times the largest number of `want`, everywhere. NaN and ∞ must be in the same places."""
    return got.shape == want.shape and bool(close(got, want, tolerance).all())


def close(got: np.ndarray, want: np.ndarray, tolerance: float) -> np.ndarray:
    """Entry by entry: equal up to `tolerance` times the scale of `want`, that is its largest finite number."""
    finite = np.abs(want[np.isfinite(want)])
    scale = float(finite.max()) if finite.size else 1.0
    scale = max(scale, 1e-2) if not want.ndim else scale  # a single number may be right and almost 0
    with np.errstate(invalid="ignore"):
        return (np.abs(got - want) <= tolerance * scale + 1e-12) | (got == want) | (np.isnan(got) & np.isnan(want))


def type_fault(got: Any, want: np.ndarray) -> str | None:
    """A sentence when `got` isn't an array of numbers at all."""
    if got is None:
        return "is None. Does the function end with a `return`?"
    if isinstance(got, Other):
        return f"is {got.what}, expected {described(want)}"
    if isinstance(got, (str, dict, bool)):
        return f"is of type {type(got).__name__}, expected {described(want)}"
    if isinstance(got, (tuple, list)):
        return f"is a {type(got).__name__} of length {len(got)}, expected {described(want)}"
    return None


def described(want: np.ndarray) -> str:
    return f"an array of shape {want.shape}" if want.ndim else "one number"


def shape_fault(got: np.ndarray, want: np.ndarray, tolerance: float) -> str | None:
    """A sentence about a wrong shape, with its cause where the numbers give it away."""
    if got.shape == want.shape:
        return None
    said = f"has shape {got.shape}, expected {want.shape}" if want.ndim else f"has shape {got.shape}, expected one number"
    if got.ndim > 4:
        return said
    if got.ndim == want.ndim == 2 and got.shape == want.shape[::-1]:
        return f"{said}: " + ("it is ours transposed" if near(got.T, want, tolerance) else "that is the shape of the transpose")
    if got.size == want.size and near(got.reshape(want.shape), want, tolerance):
        return f"{said}: the numbers are right, but an axis of length 1 is missing or too much (keepdims? reshape?)"
    for axes in subsets(got.ndim):
        for name, reduce in (("summed", np.sum), ("averaged", np.mean)):
            reduced = reduce(got, axis=axes)
            if near(reduced, want, tolerance):
                over = "the batch" if axes == (0,) else "everything" if len(axes) == got.ndim else f"axis {', '.join(map(str, axes))}"
                return f"{said}: it isn't {name} over {over}"
            if near(-reduced, want, tolerance):
                return f"{said}: it isn't {name} over {'the batch' if axes == (0,) else f'axis {axes}'}, and its sign is flipped"
    for axes in subsets(want.ndim):
        for name, reduce in (("summed", np.sum), ("averaged", np.mean)):
            for keep in (False, True):
                if near(got, reduce(want, axis=axes, keepdims=keep), tolerance):
                    return f"{said}: it is {name} over too much (axis {', '.join(map(str, axes))} should stay)"
    if got.ndim == 2 and got.shape[0] == got.shape[1] == want.size:
        return f"{said}: every entry was combined with every other one; shapes ({want.size},) and ({want.size}, 1) broadcast to a square"
    if got.ndim > want.ndim and want.ndim and got.shape[1:] == want.shape:
        return f"{said}: is it summed over the batch?"
    if want.ndim == 0:
        return f"{said}: is a mean or a sum missing?"
    return said


def subsets(n: int) -> list[tuple[int, ...]]:
    """All non-empty sets of axes, the small ones first."""
    return [c for k in range(1, n + 1) for c in itertools.combinations(range(n), k)]


def value_fault(got: np.ndarray, want: np.ndarray, args: dict[str, Any], mistakes: dict[str, Callable[[], Any]], tolerance: float) -> str | None:
    """A sentence about wrong numbers, or None when they are right.

    Args:
        got, want: the same shape.
        args: the inputs by name. mistakes: sentence -> what a typical mistake would give here.
    """
    if near(got, want, tolerance):
        return None
    for sentence, predict in mistakes.items():
        if explains(predict, got, want, tolerance):
            return sentence
    if not np.isfinite(got).all() and np.isfinite(want).all():
        return not_finite(got, args)
    if not np.isfinite(want).all():
        return "is finite, but here the right answer is infinite" if np.isfinite(got).all() else "is infinite, or NaN, in the wrong places"
    if got.dtype.kind in "iub" and near(got, np.trunc(want), tolerance):
        return "is made of integers: the digits after the point are cut off"
    return next(hypotheses(got.astype(np.float64), want.astype(np.float64), args, max(tolerance, 1e-5)), None) or unexplained(got, want, args, tolerance)


def explains(predict: Callable[[], Any], got: np.ndarray, want: np.ndarray, tolerance: float) -> bool:
    """Whether a mistake gives just these numbers, and not the right ones as well."""
    try:
        predicted = np.asarray(predict(), np.float64)
    except (ValueError, IndexError, ZeroDivisionError, TypeError):
        return False
    return (np.isfinite(predicted).any() and not np.isnan(predicted).any() and near(got.astype(np.float64), predicted, max(tolerance, 1e-5))
            and not near(predicted, want.astype(np.float64), tolerance))


def not_finite(got: np.ndarray, args: dict[str, Any]) -> str:
    bad = ~np.isfinite(got)
    kind = "NaN" if np.isnan(got).any() else "infinite"
    sentence = f"is {kind} in {int(bad.sum())} of {got.size} places" if got.ndim else f"is {kind}"
    large = {name: x for name, x in args.items() if isinstance(x, np.ndarray) and x.dtype.kind == "f" and np.abs(x).max(initial=0) > 50}
    if large and not any(x.shape == got.shape for x in large.values()):
        return f"{sentence}: where |{'| or |'.join(large)}| is large an exponential or a logarithm leaves the range of floating-point numbers"
    for name, x in large.items():
        if x.shape == got.shape:
            where = x[bad]
            return f"{sentence}, for example where {name} = {where[np.abs(where).argmax()]:.4g}: e^{name} or a logarithm leaves the range of floating-point numbers"
    return f"{sentence}: is there a division by 0, a log of 0, or an overflow?"


def hypotheses(got: np.ndarray, want: np.ndarray, args: dict[str, Any], tolerance: float) -> Iterator[str]:
    """Every simple relation of the student's numbers to the right ones that holds, in the order of how much it says."""
    scale = np.abs(want).max(initial=0)
    if not got.any():
        yield "is 0 everywhere"
    if near(-got, want, tolerance):
        yield "has its sign flipped on every entry" if got.ndim else "has its sign flipped"
    error = np.abs(got - want).max() / max(scale, 1e-300)
    if error < (3e-3 if got.ndim else 5e-4):
        yield f"is right to {error:.0e} only: a rounded constant, an eps in the formula, or a less stable way to compute it?"
    if got.ndim == 0:
        for size, words in CONSTANTS.items():
            if math.isclose(abs(got - want), size, rel_tol=1e-5):
                yield f"is too {'large' if got > want else 'small'} by {words}"
    factor = float((got * want).sum() / max((want * want).sum(), 1e-300))
    if factor and near(got, factor * want, tolerance * max(1, 1 / abs(factor))) and abs(factor - 1) > tolerance:
        named = factor_sentence(factor, args)
        if named or got.ndim:  # any two single numbers differ by some factor
            yield named or f"is off by the same factor, {factor:.4g}, in every entry"
    if got.ndim == 2 and near(got.T, want, tolerance):
        yield "is ours transposed"
    if got.ndim == 2 and near(-got.T, want, tolerance):
        yield "is ours transposed, with the sign flipped"
    if got.size > 1 and near(got, want + (got - want).mean(), tolerance):
        yield f"is too {'large' if (got - want).mean() > 0 else 'small'} by the same constant, {abs((got - want).mean()):.4g}, in every entry"
    for axes in subsets(got.ndim):
        if near(np.flip(got, axes), want, tolerance):
            yield f"is in reverse order along axis {', '.join(map(str, axes))}: was something flipped?"
    for axis in range(got.ndim if got.ndim > 1 else 0):
        for name, reduce in (("mean", np.mean), ("sum", np.sum)):
            if near(got, np.broadcast_to(reduce(want, axis=axis, keepdims=True), want.shape), tolerance):
                yield f"is the {name} over axis {axis}, repeated: that reduction is too much"
    for name, x in args.items():
        if not isinstance(x, np.ndarray) or x.dtype.kind != "f":
            continue
        for shape_ok, like in ((x.shape == got.shape, x), (x.ndim == 1 and got.ndim and x.shape == got.shape[-1:], x)):
            if shape_ok and near(got, np.broadcast_to(like, got.shape), tolerance):
                yield f"is just the input {name}"
            for sign, word in ((1, "missing"), (2, "subtracted instead of added"), (-1, "added twice"), (-2, "added though it should be subtracted")):
                if shape_ok and np.abs(like).max(initial=0) > 10 * tolerance * scale and near(got + sign * like, want, tolerance):
                    yield f"differs by the input {name}: it is {word}"
    yield from region(got, want, args, tolerance)
    if near(np.abs(got), np.abs(want), tolerance):
        yield sign_pattern(got, want)
    if got.size > 1 and near(np.sort(got.ravel()), np.sort(want.ravel()), tolerance):
        yield "holds the right numbers in another order"
    wrong = ~close(got, want, tolerance)
    if 0 < wrong.sum() <= wrong.size / 2:
        index = tuple(int(i) for i in np.argwhere(wrong)[0])
        yield f"is right in {int((~wrong).sum())} of {got.size} places; the first wrong one is {place(index, args, got)}"


CONSTANTS = {0.5: "½", 1.0: "1", math.log(2): "log 2", 2 * math.log(2): "2 log 2", math.log(2) / 2: "½ log 2"}


def combination(got: float, terms: dict[str, float], sizes: dict[str, int]) -> str | None:
    """The right answer is the sum of `terms`; does one of them with another factor, or two with the same one, give the student's number?"""
    want, factors = sum(terms.values()), {0: "is missing", -1: "has the wrong sign", 2: "counts twice", 0.5: "has a factor ½ too much"}
    factors |= {n: f"is multiplied with {n}, {what}: sum or mean?" for what, n in sizes.items() if n > 2}
    factors |= {n / m: f"is divided by {m}, {b}, instead of {n}" for a, n in sizes.items() for b, m in sizes.items() if n != m}
    factors |= {1 / math.log(2): "is in bits: log2", 1 / math.log(10): "has log10"}
    hits = [f"{name} {words}" for name, x in terms.items() for c, words in factors.items()
            if math.isclose(got, want + (c - 1) * x, rel_tol=1e-5, abs_tol=1e-7) and abs((c - 1) * x) > 1e-3 * abs(want)]
    return f"has a wrong term: {hits[0]}" if len(hits) == 1 else None


NAMED_FACTORS = {2.0: "2", 0.5: "1/2", 1 / math.log(2): "1/log 2: bits instead of nats?", math.log(2): "log 2: nats instead of bits?",
                 1 / math.log(10): "1/log 10: log10 instead of log?", 4.0: "4", 0.25: "1/4"}


def factor_sentence(factor: float, args: dict[str, Any]) -> str | None:
    """'is too large by the factor 64, the batch size' where the factor has a name."""
    arrays = {name: x for name, x in args.items() if isinstance(x, np.ndarray) and x.ndim}
    sign = " and its sign is flipped" if factor < 0 else ""
    batch = {len(x) for x in arrays.values()}
    size = abs(factor)
    for n in sorted(batch, reverse=True):
        if n > 1 and math.isclose(size, n, rel_tol=1e-3):
            return f"is too large by the factor {n}, the batch size{sign}: sum or mean?"
        if n > 1 and math.isclose(size, 1 / n, rel_tol=1e-3):
            return f"is too small by the factor {n}, the batch size{sign}: is it divided by N once too often?"
        if n > 2 and math.isclose(size, n / (n - 1), rel_tol=1e-4):
            return f"is too large by n/(n − 1) with n = {n}{sign}: n − 1 in place of n, as in the unbiased variance?"
        if n > 2 and math.isclose(size, (n - 1) / n, rel_tol=1e-4):
            return f"is too small by (n − 1)/n with n = {n}{sign}: n in place of n − 1?"
    for name, x in arrays.items():
        for n, what in [(x.size, f"the number of entries of {name}"), *((n, f"the length of axis {i} of {name}") for i, n in enumerate(x.shape))]:
            if n > 2 and math.isclose(size, n, rel_tol=1e-3):
                return f"is too large by the factor {n}, {what}{sign}: sum or mean?"
            if n > 2 and math.isclose(size, 1 / n, rel_tol=1e-3):
                return f"is too small by the factor {n}, {what}{sign}: sum or mean?"
    for name, x in args.items():
        if isinstance(x, (int, float)) and x not in (0, 1, -1) and math.isclose(size, abs(x), rel_tol=1e-3):
            return f"is too large by the factor {name} = {x:g}{sign}"
        if isinstance(x, (int, float)) and x not in (0, 1, -1) and math.isclose(size, 1 / abs(x), rel_tol=1e-3):
            return f"is too small by the factor {name} = {x:g}{sign}: is it missing?"
    for value, words in NAMED_FACTORS.items():
        if math.isclose(size, value, rel_tol=1e-4):
            return f"is off by the constant factor {words}{sign}"
    return None


def sign_pattern(got: np.ndarray, want: np.ndarray) -> str:
    if (got >= 0).all():
        return "has lost its signs: an absolute value or a square root of a square?"
    return f"has the wrong sign in {int((got * want < 0).sum())} of {got.size} places"


def region(got: np.ndarray, want: np.ndarray, args: dict[str, Any], tolerance: float) -> Iterator[str]:
    """Right in one part and wrong in another: which part, in terms of the inputs?"""
    wrong = ~close(got, want, tolerance)
    if got.ndim == 0:
        return
    for name, x in args.items():
        if isinstance(x, np.ndarray) and x.shape == got.shape and x.dtype.kind in "fi":
            for where, mask in (("> 0", x > 0), ("< 0", x < 0), ("= 0", x == 0), ("≥ 0", x >= 0), ("≤ 0", x <= 0)):
                if mask.any() and not mask.all() and (wrong == mask).all():
                    yield f"is wrong where {name} {where}, and right elsewhere{part(got[mask], want[mask], tolerance)}"
    k = int(wrong.ravel().argmax())  # the first wrong place
    if got.size > 2 and k and not got.ravel()[k:].any() and want.ravel()[k:].all():
        yield f"is right in the first {k} of {got.size} places and 0 from there on: does the loop end too early, or is the `return` inside it?"
    for axis in range(got.ndim):
        others = tuple(a for a in range(got.ndim) if a != axis)
        bad = wrong.any(axis=others) if others else wrong
        if got.shape[axis] > 2 and bad.sum() == 1 and wrong.sum() * got.shape[axis] == wrong.size:
            yield f"is wrong only at index {int(bad.argmax())} of axis {axis}"
        if got.shape[axis] > 2 and bad.sum() == got.shape[axis] - 1 and np.ptp(got, axis).max() == 0:
            yield f"is right only at index {int((~bad).argmax())} of axis {axis}: was one sample used for all?"


def part(got: np.ndarray, want: np.ndarray, tolerance: float) -> str:
    """What the wrong part looks like."""
    if not got.any():
        return " (yours is 0 there)"
    if near(-got, want, tolerance):
        return " (the sign is flipped there)"
    if want.any():
        factor = float((got * want).sum() / (want * want).sum())
        if factor and near(got, factor * want, tolerance):
            return f" (off by the factor {factor:.4g} there)"
    return ""


def unexplained(got: np.ndarray, want: np.ndarray, args: dict[str, Any], tolerance: float) -> str:
    wrong = ~close(got, want, tolerance)
    if got.ndim == 0:
        return f"is {got:.6g}, which isn't right"
    error = np.where(np.isfinite(got), np.abs(got - want), np.inf)
    index = tuple(int(i) for i in np.unravel_index(np.argmax(error), got.shape))
    return f"is wrong in {int(wrong.sum())} of {got.size} places, worst at {place(index, args, got)}"


def place(index: tuple, args: dict[str, Any], got: np.ndarray) -> str:
    """'[1, 2], where x is 0.3 and yours is 7': a place, the inputs there, and the student's number."""
    there = [f"{name} is {x[index]:.4g}" for name, x in args.items() if isinstance(x, np.ndarray) and x.shape == got.shape]
    return f"{list(index)}, where {', '.join(there)}{' and ' if there else ''}yours is {got[index]:.6g}"
