"""One gan_scratch: the copy that students have installed and the one beside the exercises must be the same."""
from __future__ import annotations

import json
import sys
from importlib.machinery import PathFinder
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from course.building.units import ROOT, CourseError

COMPARED = ("*.py", "*.ipynb", "*.md", "*.npz", "*.cu")


def refuse_two(root: Path = ROOT) -> None:
    """Raises CourseError when another gan_scratch is installed, and differs from the one in `root`."""
    ours, theirs = root / "gan_scratch", installed(root)
    if theirs is None:
        return
    found, expected = contents(theirs), contents(ours)
    differing = sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))
    if differing:
        more = f" and {len(differing) - 1} more" if len(differing) > 1 else ""
        raise CourseError(f"there are two versions of gan_scratch: {theirs} is installed, and {ours} lies beside the exercises. They "
                          f"differ in {differing[0]}{more}, so that grader and students would not get the same. Install the "
                          f'one that is here: pip install ".[course]"')


def installed(root: Path) -> Path | None:
    """The folder of the installed package, unless it is the one in `root`, or a developer's own (pip install -e)."""
    if editable():
        return None
    here = {root.resolve(), (root / "course").resolve(), Path.cwd()}
    spec = PathFinder.find_spec("gan_scratch", [path for path in sys.path if Path(path or ".").resolve() not in here])
    folder = Path(spec.origin).resolve().parent if spec and spec.origin else None
    return None if folder == (root / "gan_scratch").resolve() else folder


def editable() -> bool:
    """Whether the package is installed as a link to somebody's checkout."""
    try:
        about = distribution("gan-scratch").read_text("direct_url.json")
        return bool(json.loads(about or "{}").get("dir_info", {}).get("editable"))
    except (PackageNotFoundError, ValueError):
        return False


def contents(folder: Path) -> dict[str, bytes]:
    """The package's files by name."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for pattern in COMPARED for path in folder.rglob(pattern)
            if "__pycache__" not in path.parts and ".ipynb_checkpoints" not in path.parts}
