"""What a folder of pictures means: one function, one table.

    what is there                                                  what it means
    -------------------------------------------------------------  ---------------------------------------------------
    folders train and test (or val), and nothing else              a training and a test part; in each, the same again
    (also training_set, seg_train, … ; a folder around all of it doesn't count)
    folders trainA, trainB, testA, testB, and nothing else         two styles with a test part
    folders A and B, and nothing else (or asked for with pairs)    inputs A and what they become B, or two styles
    pictures in folders                                            classes: each folder that holds pictures is one
    pictures                                                       pictures without labels

Skipped: hidden and system folders and files, directories of runs, folders that a link leads to a second time.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from gan_scratch.data.images import counted, listed
from gan_scratch.data.labels import natural
from gan_scratch.data.pictures import endings

SYSTEM = {
    "@eadir",
    "@recycle",
    "@recently-snapshot",
    "@tmp",
    "#recycle",
    "#snapshot",
    "$recycle.bin",
    "__macosx",
    "__pycache__",
    "desktop.ini",
    "ehthumbs.db",
    "lost+found",
    "system volume information",
    "thumbs.db",
}
PARTS = {
    "train": "train",
    "training": "train",
    "test": "test",
    "testing": "test",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "eval": "val",
    "evaluation": "val",
}
# train, training_set, seg_train; and trainA, testB, the folders of CycleGAN's data sets
PART = re.compile(
    rf"(?:seg[_-])?({'|'.join(sorted(PARTS, key=len, reverse=True))})(?:[_-]?(?:set|data|images)|[_-]?([AB]))?",
    re.IGNORECASE,
)
RUN = ("checkpoint.npz", "sweep.json")  # what a directory of a run or of several runs holds
WORDS = {
    "pictures": "pictures without labels",
    "classes": "classes, a folder each",
    "styles": "inputs A and what they become B, or two styles",
}


@dataclass(frozen=True)
class Found:
    """A picture file.

    Attributes:
        file: its path. name: the path from the folder on. key: the name without its part. part: train, test or val.
        group: its side (A or B), its class, or "".
    """

    file: Path
    name: str
    key: str
    part: str = "train"
    group: str = ""


@dataclass
class Survey:
    """What is in a folder.

    Attributes:
        folder: as given. meaning: a key of WORDS. found: its pictures, in natural order. classes: names in natural
            order.
        left: reason -> names of what isn't read. hidden: names of hidden and system things. remarks: sentences about
            what is read otherwise than it might be meant.
    """

    folder: Path
    meaning: str = "pictures"
    found: list[Found] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    left: dict[str, list[str]] = field(default_factory=dict)
    hidden: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def leave(self, reason: str, *names: str) -> None:
        """Note what isn't read, and why."""
        if names:
            self.left.setdefault(reason, []).extend(names)

    def of(self, part: str, group: str | None = None) -> list[Found]:
        """The pictures of a part, of one group or all."""
        return [each for each in self.found if each.part == part and group in (None, each.group)]

    def unread(self) -> str:
        """What isn't read and why, or ""."""
        return "; ".join(f"{reason} ({len(names)}): {listed(names)}" for reason, names in self.left.items())

    def table(self) -> str:
        """What the folder means and what is in it, for people."""
        counts = Counter((each.group, each.part) for each in self.found)
        parts = [part for part in ("train", "test") if any(p == part for _, p in counts)]
        groups = self.classes or sorted({group for group, _ in counts})
        width = max(len(group) for group in [*groups, "pictures"]) + 2
        lines = [f"{self.folder}: {WORDS[self.meaning]}", f"  {'':{width}}" + "".join(f"{part:>8}" for part in parts)]
        lines += [
            f"  {group or 'pictures':{width}}" + "".join(f"{counts[group, part]:8}" for part in parts)
            for group in groups
        ]
        lines += ["not read:"] if self.left else []
        lines += [f"  {reason} ({len(names)}): {listed(names, 5)}" for reason, names in self.left.items()]
        return "\n".join(
            lines + ([f"hidden or the system's ({len(self.hidden)}): {listed(self.hidden)}"] if self.hidden else [])
        )


def survey(folder: Path, pairs: bool = False) -> Survey:
    """Look through a folder and decide what it means, by the table above.

    Args:
        pairs: read the folders A and B, whatever stands beside them.

    Raises ValueError with one sentence where nothing is there to be read, or where two meanings are possible.
    """
    result = Survey(folder)
    if is_run(folder):
        raise ValueError(f"{folder}: the directory of a run; its figures are no data")
    files, empty = _walk(folder, result)
    found = _split(files, result)
    sides = {each.key.split("/")[0] if "/" in each.key else "" for each in found}
    if pairs:
        beside = [each for each in found if not each.key.startswith(("A/", "B/"))]
        result.leave("beside A and B", *(each.name for each in beside))
        found, sides = [each for each in found if each not in beside], sides & {"A", "B"}
    if sides and sides < {"A", "B"} and (pairs or {"A", "B"} - sides <= empty):
        raise ValueError(
            f"{folder / ({'A', 'B'} - sides).pop()}: no pictures in this folder, but in the other of A and B"
        )
    if not found:
        asked = "no folders A and B with pictures in them" if pairs else "no pictures in this folder"
        more = f"; not read: {result.unread()}" if result.left else ""
        raise ValueError(f"{folder}: {asked} (.png, .jpg, .webp, .tif and whatever else Pillow opens are read){more}")
    _refuse_parts_inside(found, folder)
    if sides == {"A", "B"}:
        result.meaning, result.found = "styles", [replace(each, group=each.key[0]) for each in found]
    else:
        _name_classes(found, result)
    result.leave("folders without pictures", *sorted(empty, key=natural))
    return result


def is_run(folder: Path) -> bool:
    """Whether this is the directory of a run, or of several, whose figures are no data."""
    return any((folder / name).is_file() for name in RUN)


def _walk(folder: Path, result: Survey) -> tuple[dict[str, Path], set[str]]:
    """Every picture below a folder, name from the folder on -> path; and the folders without any.

    Real files and folders come first, then what links lead to; each is read once.
    """
    found: dict[str, Path] = {}
    folders, runs, seen, waiting, links = set(), [], {os.path.realpath(folder)}, [(folder, "")], []

    def take(path: Path, name: str) -> None:
        real = os.path.realpath(path)
        if real in seen:
            result.leave("links to what is read already", name)
        elif path.is_dir() and is_run(path):
            runs.append(name)
        elif path.is_dir():
            waiting.append((path, f"{name}/"))
            folders.add(name)
        elif path.is_file() and path.suffix.lower() in endings():
            found[name] = path
        else:
            result.leave(f"files ending in {path.suffix}" if path.suffix else "files without an ending", name)
        seen.add(real)

    while waiting or links:
        if not waiting:
            path, name = links.pop(0)
            if path.exists():
                take(path, name)
            else:
                result.leave("links that lead nowhere", name)
            continue
        where, before = waiting.pop(0)
        for path in _entries(where, before, result):
            name = before + path.name
            if path.name.startswith(".") or path.name.lower() in SYSTEM:
                result.hidden.append(name)
            elif path.is_symlink():
                links.append((path, name))
            else:
                take(path, name)
    filled = {str(parent) for name in [*found, *runs] for parent in PurePosixPath(name).parents}
    return {name: found[name] for name in sorted(found, key=natural)}, folders - filled


def _entries(folder: Path, name: str, result: Survey) -> list[Path]:
    try:
        return sorted(folder.iterdir(), key=lambda path: natural(path.name))
    except OSError as error:
        result.leave("folders that can't be opened", f"{name or folder} ({error.strerror})")
        return []


def _split(files: dict[str, Path], result: Survey) -> list[Found]:
    """Tell the training part from the test part. A folder around everything doesn't count."""
    keys = _unwrapped({name: unicodedata.normalize("NFC", name) for name in files})
    tops = {key.split("/")[0] for key in keys.values() if "/" in key}
    loose = {key for key in keys.values() if "/" not in key}
    parts, others = _parts(tops), sorted(loose | tops - _parts(tops).keys(), key=natural)
    named = {part for part, _ in parts.values()}
    deep = any(key.count("/") > 1 and key.split("/")[0] in parts for key in keys.values())
    if others and "train" in named and (len(parts) > 1 or deep):
        raise ValueError(
            f"{result.folder}: {' and '.join(sorted(parts))} {'looks' if len(parts) == 1 else 'look'} like the parts "
            f"of one set, but {listed(others)} {'stands' if len(others) == 1 else 'stand'} beside them; move that "
            "elsewhere"
        )
    if others or "train" not in named or len(set(parts.values())) < len(parts):
        return [Found(path, name, keys[name]) for name, path in files.items()]
    found = [
        Found(path, name, parts[keys[name].split("/")[0]][1] + _inside(keys[name]), parts[keys[name].split("/")[0]][0])
        for name, path in files.items()
    ]
    if sides := {side for part, side in parts.values() if side and part == "train"}:
        if sides != {"A/", "B/"}:
            raise ValueError(
                f"{result.folder}: has {' and '.join(sorted(parts))}, but no "
                f"train{({'A', 'B'} - {s[0] for s in sides}).pop()}"
            )
    return _without_validation(found, result)


def _unwrapped(keys: dict[str, str]) -> dict[str, str]:
    """Without folders that hold everything else in folders of their own."""
    while len({key.split("/")[0] for key in keys.values()}) == 1 and all(key.count("/") > 1 for key in keys.values()):
        if _part(next(iter(keys.values())).split("/")[0]):
            break
        keys = {name: key.split("/", 1)[1] for name, key in keys.items()}
    return keys


def _part(folder: str) -> tuple[str, str] | None:
    """Which part a folder's name means, and "A/" or "B/" where it also names a side; None where it means none."""
    if match := PART.fullmatch(folder):
        return PARTS[match[1].lower()], f"{match[2].upper()}/" if match[2] else ""
    return None


def _parts(folders: set[str]) -> dict[str, tuple[str, str]]:
    return {folder: part for folder in folders if (part := _part(folder))}


def _inside(key: str) -> str:
    """A name without the folder of its part, which some sets have twice: seg_train/seg_train/…"""
    part, rest = key.split("/", 1)
    return rest.split("/", 1)[1] if rest.startswith(f"{part}/") else rest


def _refuse_parts_inside(found: list[Found], folder: Path) -> None:
    """Parts inside of classes or sides would be read as classes, or a test part as training data."""
    inside = {name: part[0] for each in found for name in _folder(each).split("/") if (part := _part(name))}
    if "train" in inside.values() and len(set(inside.values())) > 1:
        raise ValueError(
            f"{folder}: {' and '.join(sorted(inside))} look like parts, but stand inside of other folders; parts come "
            "first, as in train/cat and test/cat"
        )


def _without_validation(found: list[Found], result: Survey) -> list[Found]:
    """A validation part serves as the test part where there is none; else it isn't read."""
    if not any(each.part == "test" for each in found):
        return [replace(each, part="test") if each.part == "val" else each for each in found]
    result.leave("validation part, not needed beside a test part", *(each.name for each in found if each.part == "val"))
    return [each for each in found if each.part != "val"]


def _name_classes(found: list[Found], result: Survey) -> None:
    """Each folder that holds pictures is a class, if there are several and no pictures beside them."""
    result.found = found
    folders = sorted({_folder(each) for each in found if each.part == "train"}, key=natural)
    if "" in folders and len(folders) > 1:
        n = sum(_folder(each) == "" for each in found)
        result.remarks.append(
            f"{counted(n, 'picture')} beside the folders of pictures ({listed(folders[1:])}) can't have a class, so "
            "all are read without labels"
        )
    elif len(folders) > 1:
        leaves = [folder.split("/")[-1] for folder in folders]
        names = dict(zip(folders, leaves if len(set(leaves)) == len(leaves) else folders))
        tested = {_folder(each) for each in found if each.part == "test"}
        if unknown := sorted(tested - names.keys() if tested != {""} else (), key=natural):
            raise ValueError(f"{result.folder}: the test part has {listed(unknown)}, which the training part hasn't")
        if inner := [each for each in folders if any(each.startswith(f"{other}/") for other in folders)]:
            result.remarks.append(f"classes inside of other classes count as classes of their own: {listed(inner)}")
        result.meaning, result.classes = "classes", sorted(names.values(), key=natural)
        result.found = [replace(each, group=names.get(_folder(each), "")) for each in found]


def _folder(each: Found) -> str:
    return each.key.rpartition("/")[0]
