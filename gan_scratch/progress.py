"""Where a loop stands, for whoever is watching: in JupyterLab, VS Code, Colab, a terminal."""
from __future__ import annotations

import importlib.util
import sys
from typing import Iterable, Iterator, TypeVar

from tqdm import tqdm  # not tqdm.auto, which warns where ipywidgets is missing

T = TypeVar("T")


def progress(items: Iterable[T], what: str) -> Iterator[T]:
    """Go through items and show how far it has come: in a notebook with ipywidgets as a bar, else as a line of text on
    stdout such as "training D: 40%". Nothing goes to stderr.

    Where nobody is watching (a file, a pipe, pytest) nothing is shown.
    """
    if in_notebook() and importlib.util.find_spec("ipywidgets"):
        from tqdm.notebook import tqdm as bar

        return iter(bar(items, desc=what, mininterval=0.5))
    return iter(tqdm(items, desc=what, file=sys.stdout, disable=not watched(), mininterval=0.5, ncols=80))


def watched() -> bool:
    """Whether stdout is a terminal or a notebook's."""
    return sys.stdout.isatty() or in_notebook()


def in_notebook() -> bool:
    """Whether stdout is that of a notebook's kernel."""
    return type(sys.stdout).__module__.startswith("ipykernel")


def duration(seconds: float) -> str:
    """How long that is, in words: "40 seconds", "12 minutes", "1.5 hours"."""
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
