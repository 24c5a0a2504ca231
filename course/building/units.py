"""The units of the course: lectures and exercises, where their files are, and how one is found."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class CourseError(Exception):
    """Mistakes of the user, one sentence a line. The command line prints them without a traceback and exits with 2."""


@dataclass(frozen=True)
class Unit:
    """A lecture or an exercise. All paths but `root` are relative to `root`."""
    root: Path
    kind: str  # "lecture" or "exercise"
    name: str

    @property
    def text(self) -> Path:
        return Path("course", f"{self.kind}s", f"{self.name}.md")

    @property
    def notebooks(self) -> tuple[Path, ...]:
        """What is built: the lecture, or the solution and the released exercise (in this order)."""
        file = f"{self.name}.ipynb"
        if self.kind == "lecture":
            return (Path("lectures", file),)
        return (Path("solutions", self.name, file), Path("exercises", self.name, file))

    @property
    def packaged(self) -> tuple[Path, ...]:
        """What of an exercise travels in the package: the released notebook, and the model answers to its questions
        in words.
        """
        if self.kind == "lecture":
            return ()
        checks = Path("gan_scratch", "checks")
        return checks / "released" / f"{self.name}.ipynb", checks / "answers" / f"{self.name}.md"

    def owns(self, path: Path) -> bool:
        """Whether `path` (absolute) is one of the unit's files or folders."""
        folders = {(self.root / notebook).parent for notebook in self.notebooks if self.kind == "exercise"}
        files = {self.root / file for file in (self.text, *self.notebooks, *self.packaged)}
        return path in files or not folders.isdisjoint((path, *path.parents))


def every(root: Path = ROOT) -> list[Unit]:
    """All units that have a text, lectures first."""
    return [Unit(root, kind, text.stem) for kind in ("lecture", "exercise")
            for text in sorted((root / "course" / f"{kind}s").glob("*.md"))]


def find(given: str | Path, root: Path = ROOT) -> Unit:
    """The unit that is meant by its name, the beginning of its name, or the path of one of its files.

    Raises CourseError when there is none, or more than one.
    """
    units, given = every(root), str(given)
    for base in (Path.cwd(), root):
        if owners := [unit for unit in units if unit.owns((base / given).resolve())]:
            return owners[0]
    found = [unit for unit in units if unit.name == given] or [unit for unit in units if given and unit.name.startswith(given)]
    shortest = min(found, key=lambda unit: len(unit.name), default=None)
    if found and all(unit.name.startswith(shortest.name) for unit in found):  # e02_backprop, and its translation e02_backprop_de
        return shortest
    if found:
        raise CourseError(f"{given!r} may mean {' or '.join(unit.name for unit in found)}; write more of the name")
    raise CourseError(f"there is no unit {given!r} in course/lectures or course/exercises; "
                      f"there are: {', '.join(unit.name for unit in units) or 'none'}")
