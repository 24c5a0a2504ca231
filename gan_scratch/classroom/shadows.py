"""Files of a student's that have the name of a module: numpy.py beside a notebook is what `import numpy` would find."""
from __future__ import annotations

import sys
import sysconfig
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Iterable

INSTALLED = list({sysconfig.get_path(name) for name in ("purelib", "platlib")})


def shadowing(files: Iterable[Path]) -> list[str]:
    """The names, at the top of a folder, that Python would take for one of its own or an installed module.

    Args:
        files: all files below the folder, relative to it.
    """
    modules = {path.parts[0]: path.stem.split(".")[0] for path in files if len(path.parts) == 1 and path.suffix in (".py", ".pyc", ".so")}
    packages = {path.parts[0]: path.parts[0] for path in files if len(path.parts) == 2 and path.name == "__init__.py"}
    return sorted(shown for shown, module in (modules | packages).items() if is_module(module))


def is_module(name: str) -> bool:
    """Whether there is a module of this name without the student's files."""
    return name in sys.stdlib_module_names or name == "gan_scratch" or PathFinder.find_spec(name, INSTALLED) is not None


def ignored(shadows: list[str]) -> list[str]:
    """What is said about them."""
    if not shadows:
        return []
    one = len(shadows) == 1
    names = "the name of a module" if one else "names of modules"
    return [f"{', '.join(shadows)} {'has' if one else 'have'} {names} that Python has already, and {'was' if one else 'were'} ignored: rename "
            + ("it" if one else "them")]
