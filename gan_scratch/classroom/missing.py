"""In a notebook: one sentence instead of a traceback where a cell needs a function that isn't written yet, or a cell that hasn't run."""
from __future__ import annotations

import sys
import traceback

from gan_scratch.classroom.call import LIBRARIES
from gan_scratch.classroom.places import last_heading
from gan_scratch.classroom.source import defined


def watch(exercise: str) -> None:
    """From now on, say it in this kernel in words; `exercise` is the beginning of its name, as in "e02". Elsewhere nothing is done."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None:
        return

    def say(shell, kind, error, trace, tb_offset=None):
        sentence = missing(error, exercise)
        if sentence:
            print(sentence)
        else:
            shell.showtraceback((kind, error, trace), tb_offset=tb_offset)

    shell.set_custom_exc((NotImplementedError, NameError), say)


def missing(error: BaseException, exercise: str) -> str:
    """What a cell needs that isn't there; "" for an error of another kind."""
    if isinstance(error, NameError):
        name, why = error.name or "", "from a cell that hasn't run to its end; run that first"
    else:
        name, why = stub_in(error), "which isn't written yet"
    headings = headings_of(exercise)
    return f"This cell needs {name} ({headings[name]}), {why}." if name in headings else ""


def stub_in(error: BaseException) -> str:
    """The function in whose stub the error was raised; "" when it was raised by a library."""
    frames = [frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__)]
    return "" if frames[-1].co_filename.startswith(LIBRARIES) else frames[-1].co_name


def headings_of(exercise: str) -> dict[str, str]:
    """Under which heading of the released exercise each name is first defined."""
    from gan_scratch.classroom import released  # which reads notebooks: not needed unless something is missing

    found, heading = {}, ""
    try:
        cells = released.released(released.full_name(exercise)).cells
    except ValueError:  # an exercise that isn't in this package
        return {}
    for cell in cells:
        if cell.cell_type == "markdown":
            heading = last_heading(cell.source) or heading
        else:
            found = {name: heading for name in defined(cell.source)} | found
    return found
