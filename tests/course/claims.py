"""`python -m tests.course.claims [NN …]`: each claim of a lecture broken once; its assertion must fail.

The false claims stand in course/lectures/NN_name.broken.toml, as pairs [find, replace] in the lecture's code. A cell with a false
claim runs in the place of the true one, with everything that ran before it. It takes as long as the lectures do.
"""
from __future__ import annotations

import contextlib
import copy
import io
import re
import sys
import tomllib
from pathlib import Path
from typing import Iterator

from course.building.leaks import code
from course.building.units import ROOT
from gan_scratch import plot

LECTURES = ROOT / "course/lectures"


def broken_claims(lecture: Path) -> list[tuple[str, str]]:
    """(find, replace) for a lecture; [] when it has no file of false claims."""
    file = lecture.with_suffix(".broken.toml")
    return [tuple(pair) for pair in tomllib.loads(file.read_text(encoding="utf-8"))["broken"]] if file.exists() else []


def cells(lecture: Path) -> list[str]:
    """The lecture's code cells without their tags."""
    return [re.sub(r"\A:.*", "", source) for _, source in code(lecture)]


def survivors(lecture: Path) -> Iterator[str]:
    """The false claims that pass."""
    here: dict = {}
    for source in cells(lecture):
        for find, replace in broken_claims(lecture):
            if find in source and not fails(source.replace(find, replace), here):
                yield find
        with quiet():
            exec(compile(source, str(lecture), "exec"), here)


def fails(source: str, before: dict) -> bool:
    """Whether an assertion of the cell fails where these names are known; they stay as they are. Another exception isn't one."""
    names = {name: copy.deepcopy(value) if name == "rng" else value for name, value in before.items()}
    try:
        with quiet():
            exec(compile(source, "a false claim", "exec"), names)
    except AssertionError:
        return True
    except Exception as error:
        print(f"no assertion fails, but {type(error).__name__}: {error}")
    return False


@contextlib.contextmanager
def quiet():
    """Without output and figures."""
    show, plot.show = plot.show, lambda fig: None
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        plot.show = show


def main(names: list[str]) -> int:
    """Print what survives in each lecture; returns 1 if anything does."""
    found = 0
    for lecture in sorted(LECTURES.glob("*.md")):
        if names and lecture.stem[:2] not in names:
            continue
        alive = list(survivors(lecture))
        print(f"{lecture.stem}: {len(broken_claims(lecture))} false claims, "
              + (f"of which these pass: {alive}" if alive else "all of them fail"), flush=True)
        found += len(alive)
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
