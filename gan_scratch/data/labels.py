"""Labels as users have them, as 0 … K−1 with the names kept."""

from __future__ import annotations

import re
import unicodedata
import warnings

import numpy as np

Numbered = tuple["np.ndarray | None", "np.ndarray | None", tuple[str, ...]]


def natural(name: str) -> tuple:
    """A key for sorting that puts 2 before 10, and a before B."""
    plain = unicodedata.normalize("NFC", name).casefold()
    return [
        (0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", plain) if part
    ], name


def numbered(labels: np.ndarray | None, test_labels: np.ndarray | None, source: str) -> Numbered:
    """Give each of K different labels a number 0 … K−1, in natural order.

    Args:
        labels, test_labels: (N,), (M,) whole numbers of any size, floating-point ones that are whole, strings, truth
            values; or None. source: what messages name.

    Returns: labels, test_labels as int64, and the names of 0 … K−1, none where the labels were 0 … K−1 before.
    Raises ValueError for labels that can't be told apart, a −1 that may mean "no label", and test labels of unknown
    classes.
    """
    if labels is None:
        return None, None, ()
    known = _checked(labels, source)
    classes = sorted(set(known.tolist()), key=natural) if known.dtype.kind == "U" else np.unique(known).tolist()
    number = {value: i for i, value in enumerate(classes)}
    tested = None
    if test_labels is not None:
        tested = _checked(test_labels, f"{source}, test_labels").tolist()
        if strange := set(tested) - number.keys():
            raise ValueError(f"{source}: test_labels have {_listed(strange)}, which labels haven't")
    if len(classes) == len(known) >= 20:
        warnings.warn(
            f"{source}: each of the {len(known)} images has a label of its own ({_listed(classes)}), so labels say "
            "nothing about kinds of images",
            stacklevel=4,
        )
    names = () if classes == list(range(len(classes))) else tuple(map(str, classes))
    return _numbers(known.tolist(), number), None if tested is None else _numbers(tested, number), names


def _numbers(values: list, number: dict) -> np.ndarray:
    return np.array([number[value] for value in values], np.int64)


def _checked(labels: np.ndarray, source: str) -> np.ndarray:
    """Whole numbers or strings."""
    if labels.dtype.kind == "f":
        whole = np.isfinite(labels) & (labels == np.rint(labels))
        if not whole.all():
            raise ValueError(f"{source}: labels must be whole numbers or names, but there is {_listed(labels[~whole])}")
        if np.abs(labels).max(initial=0) > 2**53:
            raise ValueError(
                f"{source}: labels as large as {labels.max():g} can't be told apart in {labels.dtype}; save them as "
                "integers"
            )
        labels = labels.astype(np.int64)
    if labels.dtype.kind == "S":
        try:
            labels = np.char.decode(labels, "utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{source}: labels must be whole numbers or names in UTF-8, but there is {error.object!r}"
            ) from None
    if labels.dtype.kind == "U":
        labels = np.array([unicodedata.normalize("NFC", text.strip()) for text in labels.tolist()], str)
        if (labels == "").any():
            raise ValueError(f"{source}: {np.count_nonzero(labels == '')} labels are empty")
        if not all(re.fullmatch(r"0|-?[1-9]\d{0,17}", text) for text in labels.tolist()):
            return labels
        labels = labels.astype(np.int64)  # numbers in a table
    if labels.dtype.kind not in "iub":
        raise ValueError(f"{source}: labels must be whole numbers or names, got {labels.dtype}")
    labels = labels.astype(np.int64) if labels.dtype.kind == "b" else labels
    if (
        labels.size
        and labels.min() == -1
        and sorted(set(labels.tolist())) not in ([-1], [-1, 1])
        and not (labels < -1).any()
    ):
        raise ValueError(
            f"{source}: {np.count_nonzero(labels == -1)} labels are -1 beside 0, 1, …, which often means that there is "
            "no label; leave these images out, or give them a label of their own"
        )
    return labels


def _listed(values) -> str:
    given = [str(value) for value in values]
    return ", ".join(given[:3]) + (" …" if len(given) > 3 else "")
