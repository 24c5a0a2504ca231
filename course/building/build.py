"""From texts to notebooks: `build` writes them, `check` says which aren't what their texts give."""
from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from course.building import notebook, solved
from course.building.check import load
from course.building.derive import derived, graded, released
from course.building.leaks import leaks
from course.building.release import plant, release
from course.building.tasks import tasks
from course.building.text import Text
from course.building.units import ROOT, CourseError, Unit, every, find
from gan_scratch.files import replacing

Files = dict[Path, bytes | None]  # by path; None for a file that must not be there
NO_TEXT = "belongs to no text: remove it, or write its text"


def make(units: Iterable[Unit]) -> dict[Unit, Files]:
    """What each unit's text gives: the files by their paths, the notebooks first.

    Raises CourseError with a line for every mistake in every text, and for every lecture that gives an answer away.
    """
    texts, mistakes, roots = {}, [], set()
    for unit in units:
        roots.add(unit.root)
        try:
            texts[unit] = load(unit)
        except CourseError as error:
            mistakes.append(str(error))
    mistakes += [str(leak) for root in roots for leak in leaks(root)]
    if mistakes:
        raise CourseError("\n".join(mistakes))
    return make_of(texts)


def make_of(texts: dict[Unit, Text]) -> dict[Unit, Files]:
    """The same for texts already read."""
    planted = {unit: released(text) for unit, text in texts.items()}
    texts = {unit: derived(text, unit.name) for unit, text in texts.items()}
    made: dict[Unit, Files] = {unit: {unit.notebooks[0]: notebook.recorded(notebook.from_text(text), unit.text)}
                               for unit, text in texts.items()}
    exercises = {unit.name: unit for unit in texts if unit.kind == "exercise"}
    for name, data in release({name: made[unit][unit.notebooks[0]] for name, unit in exercises.items()}).items():
        unit = exercises[name]
        handed_out = notebook.read(data, unit.notebooks[1])
        plant(handed_out, planted[unit])
        notebooks = dict.fromkeys((unit.notebooks[1], unit.packaged[0]), notebook.recorded(handed_out, unit.text))
        made[unit] |= {**notebooks, unit.packaged[1]: model_answers(texts[unit])}
    return made


def model_answers(text: Text) -> bytes | None:
    """The model answers to the questions in words, for those who have no instructor; None when none shall be given."""
    answers = [f"{task.cells[0].source.splitlines()[0]}\n\n{cell.source}\n" for task in tasks(text.cells)
               for cell in task.cells if (about := graded(cell)) and about.word == "answer"]
    given = answers and text.front.get("answers", True)
    return "\n".join([f"# {text.front['title']}\n", *answers]).encode() if given else None


def build(names: list[str], root: Path = ROOT, force: bool = False) -> int:
    """Write the notebooks of these units, or of all, and print a line for each unit. Returns the exit status.

    Raises CourseError before anything is written when a text is wrong, and at the end when units were passed over
    because their notebooks were edited by hand, or a test doesn't pass on the solution.
    """
    made, refused = make(chosen(names, root)), []
    for unit, files in made.items():
        changed = {path: data for path, data in files.items() if on_disk(root, path) != data}
        edits = [] if force else [f"{path.as_posix()} {why}" for path, data in changed.items()
                                  if (why := edited(unit, path, data))]
        edits += solved.faults(unit, files[unit.notebooks[0]]) if not edits and unit.notebooks[0] in changed and unit.kind == "exercise" else []
        refused += edits
        if not edits:
            write(root, changed)
        print(f"{unit.name}: " + ("not built" if edits else f"written: {listed(changed)}" if changed else "unchanged"))
    for path in [] if names else left_over(made, root):
        print(f"{path.as_posix()} {NO_TEXT}")
    if refused:
        raise CourseError("\n".join(refused))
    return 0


def check(names: list[str], root: Path = ROOT) -> int:
    """Build without writing; print what differs from the files on disk and why. Returns 1 when something does.

    Raises CourseError when a text is wrong.
    """
    made = make(chosen(names, root))
    differing = [(path, why) for unit, files in made.items() for path, data in files.items()
                 if (why := difference(unit, path, data))]
    differing += [(path, NO_TEXT) for path in ([] if names else left_over(made, root))]
    for path, why in differing:
        print(f"{path.as_posix()} {why}")
    if not differing:
        print(f"{len(made)} unit{'s' * (len(made) != 1)}: every notebook is what its text gives")
    return 1 if differing else 0


def chosen(names: list[str], root: Path) -> list[Unit]:
    """The units named, each once, or all. Raises CourseError when there are none."""
    units = list(dict.fromkeys(find(name, root) for name in names)) if names else every(root)
    if not units:
        raise CourseError("there are no texts in course/lectures and course/exercises; write one, as CONTRIBUTING.md says")
    return units


def on_disk(root: Path, path: Path) -> bytes | None:
    return (root / path).read_bytes() if (root / path).is_file() else None


def edited(unit: Unit, path: Path, new: bytes | None) -> str | None:
    """Why the file there may not be replaced by `new`: somebody has changed it since it was built. None when it may."""
    old = on_disk(unit.root, path)
    if old is None or path.suffix != ".ipynb":
        return None
    again = f"python -m course build {unit.name} --force"
    try:
        there = notebook.read(old, path)
    except CourseError:
        return f"can't be read as a notebook (damaged, or in the middle of a merge): replace it with \"{again}\""
    now, record = notebook.fingerprint(there["cells"]), notebook.record(there)
    if now == notebook.fingerprint(notebook.read(new, path)["cells"]) or record and now == record["sha256"]:
        return None
    if record is None:
        return f"wasn't made by \"python -m course build\" (it has no record): move it elsewhere, or replace it with \"{again}\""
    keep = f"bring the edits into the text with \"python -m course import {path.as_posix()}\"" if path == unit.notebooks[0] else \
        f"write the edits into {unit.text.as_posix()}"
    return f"was edited by hand: {keep}, or discard them with \"{again}\""


def difference(unit: Unit, path: Path, new: bytes | None) -> str | None:
    """Why the file there isn't what the text gives; None when it is."""
    old, again = on_disk(unit.root, path), f"run \"python -m course build {unit.name}\""
    if old == new:
        return None
    if old is None:
        return f"is missing: {again}"
    if new is None:
        return f"must not be there, as {unit.text.as_posix()} gives no model answers: {again}"
    if why := edited(unit, path, new):
        return why
    older = f"is older than {unit.text.as_posix()}: {again}"
    if path.suffix != ".ipynb":
        return older
    there = notebook.read(old, path)
    if notebook.has_outputs(there):
        return f"has outputs inside, it was run and saved: {again}"
    same = notebook.fingerprint(there["cells"]) == notebook.fingerprint(notebook.read(new, path)["cells"])
    return f"was saved by another program: {again}" if same else older


def left_over(made: dict[Unit, Files], root: Path) -> list[Path]:
    """Files in the places where `build` writes that no text gives."""
    patterns = ("lectures/*.ipynb", "solutions/*/*.ipynb", "exercises/*/*.ipynb", "gan_scratch/checks/released/*.ipynb",
                "gan_scratch/checks/answers/*.md")
    found = [path.relative_to(root) for pattern in patterns for path in sorted(root.glob(pattern))]
    wanted = {path for files in made.values() for path in files}
    return [path for path in found if path not in wanted and not any(part.startswith(".") for part in path.parts)]


def write(root: Path, files: Files) -> None:
    """Write files, each in one go, and remove those that must not be there."""
    for path, data in files.items():
        if data is None:
            (root / path).unlink()
            continue
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        with replacing(root / path) as temporary:
            temporary.write_bytes(data)


def listed(paths: Iterable[Path]) -> str:
    return ", ".join(path.as_posix() for path in paths)
