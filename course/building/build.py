"""From texts to notebooks: `build` writes them, `check` says which aren't what their texts give."""
from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from course.building import notebook
from course.building.check import load
from course.building.release import release
from course.building.units import ROOT, CourseError, Unit, every, find
from gan_scratch.files import replacing


def make(units: Iterable[Unit]) -> dict[Unit, dict[Path, bytes]]:
    """What each unit's text gives: the files by their paths, the notebooks first.

    Raises CourseError with a line for every mistake in every text.
    """
    texts, mistakes = {}, []
    for unit in units:
        try:
            texts[unit] = load(unit)
        except CourseError as error:
            mistakes.append(str(error))
    if mistakes:
        raise CourseError("\n".join(mistakes))
    return make_of(texts)


def make_of(texts: dict) -> dict[Unit, dict[Path, bytes]]:
    """The same for texts already read."""
    made: dict[Unit, dict[Path, bytes]] = {}
    files = {unit: {name: (unit.root / unit.text.parent / name).read_bytes() for name in text.front.get("files", [])}
             for unit, text in texts.items()}
    for unit, text in texts.items():
        made[unit] = {unit.notebooks[0]: notebook.recorded(notebook.from_text(text), unit.text, files[unit])}
    exercises = {unit.name: unit for unit in texts if unit.kind == "exercise"}
    for name, data in release({name: made[unit][unit.notebooks[0]] for name, unit in exercises.items()}).items():
        unit = exercises[name]
        made[unit][unit.notebooks[1]] = notebook.recorded(notebook.read(data, unit.notebooks[1]), unit.text, files[unit])
    for unit in texts:
        made[unit] |= {path.parent / name: data for path in unit.notebooks for name, data in files[unit].items()}
    return made


def build(names: list[str], root: Path = ROOT, force: bool = False) -> int:
    """Write the notebooks of these units, or of all, and print a line for each unit. Returns the exit status.

    Raises CourseError before anything is written when a text is wrong, and at the end when units were passed over because their
    notebooks were edited by hand.
    """
    made, known, refused = make(chosen(names, root)), copies(root), []
    for unit, files in made.items():
        changed = {path: data for path, data in files.items() if on_disk(root, path) != data}
        edits = [] if force else [f"{path.as_posix()} {why}" for path, data in changed.items()
                                  if (why := edited(unit, path, data, known))]
        refused += edits
        if not edits:
            write(root, changed)
        print(f"{unit.name}: " + ("not built" if edits else f"written: {listed(changed)}" if changed else "unchanged"))
    for path, why in left_over(made, known, root, everything=not names):
        if why is None or why.startswith("was edited") and force:
            remove(root, path)
        print(f"{path.as_posix()} " + ("removed: no text gives it any more" if not (root / path).exists() else why))
    if refused:
        raise CourseError("\n".join(refused))
    return 0


def check(names: list[str], root: Path = ROOT) -> int:
    """Build without writing; print what differs from the files on disk and why. Returns 1 when something does.

    Raises CourseError when a text is wrong.
    """
    made, known = make(chosen(names, root)), copies(root)
    differing = [(path, why) for unit, files in made.items() for path, data in files.items()
                 if (why := difference(unit, path, data, known))]
    gone = [(path, why or "belongs to no text any more: run \"python -m course build\"")
            for path, why in left_over(made, known, root, everything=not names)]
    for path, why in differing + gone:
        print(f"{path.as_posix()} {why}")
    if not differing and not gone:
        print(f"{len(made)} unit{'s' * (len(made) != 1)}: every notebook is what its text gives")
    return 1 if differing or gone else 0


def chosen(names: list[str], root: Path) -> list[Unit]:
    """The units named, each once, or all. Raises CourseError when there are none."""
    units = list(dict.fromkeys(find(name, root) for name in names)) if names else every(root)
    if not units:
        raise CourseError("there are no texts in course/lectures and course/exercises; write one, as CONTRIBUTING.md says")
    return units


def on_disk(root: Path, path: Path) -> bytes | None:
    return (root / path).read_bytes() if (root / path).is_file() else None


def edited(unit: Unit, path: Path, new: bytes, known: dict[Path, set[str]]) -> str | None:
    """Why the file there may not be replaced by `new`: somebody has changed it since it was built. None when it may."""
    old = on_disk(unit.root, path)
    if old is None:
        return None
    again = f"python -m course build {unit.name} --force"
    if path not in unit.notebooks:
        return None if notebook.digest(old) in known.get(path, ()) else \
            f"was edited by hand: put the change into {unit.text.parent.as_posix()}, or discard it with \"{again}\""
    try:
        there = notebook.read(old, path)
    except CourseError:
        return f"can't be read as a notebook (damaged, or in the middle of a merge): replace it with \"{again}\""
    now, record = notebook.fingerprint(there["cells"]), notebook.record(there)
    if now == notebook.fingerprint(notebook.read(new, path)["cells"]) or record and now == record["sha256"]:
        return None
    if record is None:
        return f"wasn't made by \"python -m course build\" (it has no record): move it elsewhere, or replace it with \"{again}\""
    return (f"was edited by hand: bring the edits into the text with \"python -m course import {path.as_posix()}\", "
            f"or discard them with \"{again}\"")


def difference(unit: Unit, path: Path, new: bytes, known: dict[Path, set[str]]) -> str | None:
    """Why the file there isn't what the text gives; None when it is."""
    old, again = on_disk(unit.root, path), f"run \"python -m course build {unit.name}\""
    if old == new:
        return None
    if old is None:
        return f"is missing: {again}"
    if why := edited(unit, path, new, known):
        return why
    if path not in unit.notebooks:
        return f"is older than {(unit.text.parent / path.name).as_posix()}: {again}"
    there = notebook.read(old, path)
    if notebook.has_outputs(there):
        return f"has outputs inside, it was run and saved: {again}"
    same = notebook.fingerprint(there["cells"]) == notebook.fingerprint(notebook.read(new, path)["cells"])
    return f"was saved by another program: {again}" if same else f"is older than {unit.text.as_posix()}: {again}"


def generated(root: Path) -> list[Path]:
    """The notebooks in the places where `build` writes."""
    patterns = ("lectures/*.ipynb", "solutions/*/*.ipynb", "exercises/*/*.ipynb")
    found = [path.relative_to(root) for pattern in patterns for path in sorted(root.glob(pattern))]
    return [path for path in found if not any(part.startswith(".") for part in path.parts)]


def copies(root: Path) -> dict[Path, set[str]]:
    """The files that travelled beside notebooks, with the hashes that the notebooks on disk have recorded for them."""
    found: dict[Path, set[str]] = {}
    for path in generated(root):
        try:
            record = notebook.record(notebook.read((root / path).read_bytes(), path))
        except CourseError:
            continue
        for name, digest in (record["files"] if record else {}).items():
            found.setdefault(path.parent / name, set()).add(digest)
    return found


def left_over(made: dict[Unit, dict[Path, bytes]], known: dict[Path, set[str]], root: Path,
              everything: bool) -> list[tuple[Path, str | None]]:
    """What was built once and has no text now, or is no longer among a text's files; with the reason why it can't be removed."""
    wanted, left = {path for files in made.values() for path in files}, []
    for path in sorted(known.keys() - wanted):
        data = on_disk(root, path)
        if data is not None and (everything or any(unit.owns(root / path) for unit in made)):
            unedited = notebook.digest(data) in known[path]
            left.append((path, None if unedited else "was edited by hand, and no text names it now: remove it yourself"))
    return left + [(path, orphan(root, path)) for path in generated(root) if everything and path not in wanted]


def orphan(root: Path, path: Path) -> str | None:
    """Why a notebook without a text can't be removed; None when its text is gone and nobody has edited it."""
    try:
        there = notebook.read((root / path).read_bytes(), path)
    except CourseError:
        return "can't be read as a notebook, and no text gives it: remove it yourself"
    record = notebook.record(there)
    if record is None or (root / record["text"]).is_file():
        return "is given by no text: move it elsewhere, or write its text"
    if record["sha256"] != notebook.fingerprint(there["cells"]):
        return (f"was edited by hand, and its text {record['text']} is gone: remove it yourself, "
                "or with \"python -m course build --force\"")
    return None


def write(root: Path, files: dict[Path, bytes]) -> None:
    for path, data in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        with replacing(root / path) as temporary:
            temporary.write_bytes(data)


def remove(root: Path, path: Path) -> None:
    """Remove a file, and its folder when that is empty then."""
    (root / path).unlink()
    folder = (root / path).parent
    while folder != root and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def listed(paths: Iterable[Path]) -> str:
    return ", ".join(path.as_posix() for path in paths)
