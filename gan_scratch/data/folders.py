"""Your own folder of pictures as a Dataset: classes, pairs, two styles, or just pictures. What it means,
survey.py decides.
"""

from __future__ import annotations

import warnings
from collections import Counter
from pathlib import Path, PurePosixPath

import numpy as np

from gan_scratch.data import pictures
from gan_scratch.data.images import Dataset, counted, listed, suspicious
from gan_scratch.data.labels import natural
from gan_scratch.data.survey import Found, Survey, survey

HELD_OUT = 10  # every tenth of what the user gives is kept for the numbers


def read_folder(path: Path, size: int | None = None, pairs: bool = False, background: str = "white") -> Dataset:
    """Every picture of a folder, in natural order of the names.

    Args:
        size: resize to size×size, the longer side being cropped first; needed where the pictures differ in size.
        pairs: the folders A and B are pairs, whatever stands beside them. background: shows through what is
            transparent.

    What isn't read, or was read on an assumption, is named in one warning. Raises ValueError with one sentence when
    nothing can be read or two meanings are possible.
    """
    found = survey(path, pairs)
    data = (
        _two_folders(found, size, pairs, background) if found.meaning == "styles" else _classes(found, size, background)
    )
    warn(path, [*found.remarks, *([f"not read: {found.unread()}"] if found.left else [])])
    return data


def warn(path: Path, remarks: list[str]) -> None:
    """All remarks in one warning."""
    if remarks:
        warnings.warn(f"{path}: {'; '.join(remarks)}", stacklevel=4)


def _read(found: Survey, chosen: list[Found], size: int | None, background: str) -> tuple[np.ndarray, list[Found]]:
    """The pictures that can be read, and which they are. What is to be said goes into the survey."""
    read = pictures.read([each.file for each in chosen], size, background, str(found.folder))
    kept = set(read.files)
    names = {each.file: each.name for each in chosen}
    for file, why in read.unread.items():
        found.leave(f"pictures that can't be read: {why}", names[file])
    chosen = [each for each in chosen if each.file in kept]
    found.remarks += read.remarks + suspicious(read.images, [each.name for each in chosen])
    return read.images, chosen


def _classes(found: Survey, size: int | None, background: str) -> Dataset:
    images, chosen = _read(found, found.found, size, background)
    test = np.array([each.part == "test" for each in chosen])
    if test.all():
        raise ValueError(f"{found.folder}: none of the pictures of the training part can be read; {found.unread()}")
    classes = sorted({each.group for each, tested in zip(chosen, test) if not tested}, key=natural)
    found.remarks += [
        f"no picture of the class {name} can be read, so it is left out"
        for name in found.classes
        if name not in classes
    ]
    named = len(classes) > 1
    if named and (strange := {each.group for each in chosen} - {*classes, ""}):
        raise ValueError(
            f"{found.folder}: of the class {listed(sorted(strange))} no picture of the training part can be read"
        )
    number = {name: i for i, name in enumerate(classes)}
    labels = np.array([number.get(each.group, -1) for each in chosen], np.int64)
    tested = labels[test] if named and (labels[test] >= 0).all() else None
    return Dataset(
        found.folder.resolve().name,
        images[~test],
        labels[~test] if named else None,
        images[test] if test.any() else None,
        tested if test.any() else None,
        classes=tuple(classes) if named else (),
    )


def _two_folders(found: Survey, size: int | None, strict: bool, background: str) -> Dataset:
    """Pictures of B as images, those of A as extra["input"].

    Where both have the same names (without the endings) they are pairs; of twenty and more without a test part every
    tenth is held out. Else they are two styles, and extra["alone"] are the names without a partner.
    """
    alone = partnerless(found)
    if alone and strict:
        raise ValueError(
            f"{found.folder}: {counted(len(alone), 'picture')} without just one partner of the same name in the other "
            f"folder, {listed(alone)}; add them or remove these"
        )
    if 0 < len(alone) < len(found.found):
        found.remarks.append(
            f"read as two styles without pairs, because {counted(len(alone), 'picture')} have not just one partner of "
            f"the same name in the other folder: {listed(alone)}"
        )
    sides, kept = {}, {}
    for side in "AB":
        chosen = [each for each in found.found if each.group == side]
        sides[side], kept[side] = _read(found, chosen, size, background)
        if not alone and len(kept[side]) < len(chosen):
            raise ValueError(
                f"{found.folder}: pictures that can't be read leave their partners alone; {found.unread()}; repair or "
                "remove them and what belongs to them"
            )
    a, b = sides["A"], sides["B"]
    if a.shape[1:3] != b.shape[1:3]:
        raise ValueError(
            f"{found.folder}: the pictures of A are {a.shape[1]}×{a.shape[2]}, those of B {b.shape[1]}×{b.shape[2]}; "
            "give one size for all (size=32, or --size 32)"
        )
    test_a, test_b = (np.array([each.part == "test" for each in kept[side]]) for side in "AB")
    if not alone and not test_b.any() and len(b) >= 2 * HELD_OUT:
        test_a = test_b = np.arange(len(b)) % HELD_OUT == 0
    for side, test in (("A", test_a), ("B", test_b)):
        if test.all():
            raise ValueError(f"{found.folder}: the training part has no pictures of {side} that can be read")
    tested = test_a.any() and test_b.any()
    if not tested:
        found.leave(
            "test part of one side only", *(each.name for side in "AB" for each in kept[side] if each.part == "test")
        )
    extra = {"input": a[~test_a]} | ({"test_input": a[test_a]} if tested else {})
    return Dataset(
        found.folder.resolve().name,
        b[~test_b],
        test_images=b[test_b] if tested else None,
        extra=extra | ({"alone": np.array(alone)} if alone else {}),
    )


def partnerless(found: Survey) -> list[str]:
    """The pictures of A and B that have none, or several, of the same name in the other folder."""
    keys = {each.name: (each.part, str(PurePosixPath(each.key[2:]).with_suffix(""))) for each in found.found}
    there = {side: Counter(keys[each.name] for each in found.found if each.group == side) for side in "AB"}
    return [name for name, key in keys.items() if there["A"][key] != 1 or there["B"][key] != 1]
