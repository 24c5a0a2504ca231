"""A line that shows how far a loop has come, where somebody is watching: in JupyterLab, VS Code, Colab, a terminal."""
from __future__ import annotations

import sys
from typing import Iterable, Iterator, TypeVar

from tqdm import tqdm  # not tqdm.auto, which warns where ipywidgets is missing

T = TypeVar("T")


def progress(items: Iterable[T], what: str) -> Iterator[T]:
    """Go through items, and keep a line such as "training D: 40%" up to date on stdout; nothing goes to stderr.

    Where nobody is watching (a file, a pipe, pytest) nothing is printed.
    """
    return iter(tqdm(items, desc=what, file=sys.stdout, disable=not watched(), mininterval=0.5, ncols=80))


def watched() -> bool:
    """Whether stdout is a terminal or a notebook's."""
    return sys.stdout.isatty() or type(sys.stdout).__module__.startswith("ipykernel")
