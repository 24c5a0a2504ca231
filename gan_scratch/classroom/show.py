"""How a verdict looks: a coloured note where the front end shows HTML, wrapped lines of text elsewhere."""

from __future__ import annotations

import html
import sys
import textwrap
from typing import TYPE_CHECKING

from gan_scratch.classroom.call import NOT_WRITTEN

if TYPE_CHECKING:
    from gan_scratch.classroom.check import Score
    from gan_scratch.classroom.faults import Fault
    from gan_scratch.classroom.spec import Spec

WIDTH = 100
NOTHING_TO_READ = (NOT_WRITTEN, "isn't written yet", "still stands in it", "it isn't there", "there is no function", "not for a function")
RIGHT, WRONG = "#1b7f3b", "#c62828"  # apart also for colour-blind readers, as one is much darker; ✓ and ✗ say the same
NOTE = "border-left: 5px solid {colour}; padding: 2px 0 2px 10px; margin: 2px 0; overflow-wrap: break-word;"


def verdict(spec: "Spec", faults: list["Fault"], remarks: list[str], where: str = "") -> None:
    """Show what a check found; `where` says on which inputs, if these aren't the usual ones."""
    lines = [capital(fault) for fault in faults] + remarks
    reread = faults and not any(part in fault.sentence for fault in faults for part in NOTHING_TO_READ)
    lines += [f"Read again: {spec.equation}"] if reread else []
    head = f"✗ {spec.name}{where}{parts(spec, faults)}" if faults else f"✓ {spec.name} is right"
    display(head, lines, not faults)


def parts(spec: "Spec", faults: list["Fault"]) -> str:
    """Which of several outputs are wrong and which are right: ' (dW wrong; dx, db right)'."""
    names = [name for name in (*spec.outputs, *spec.updates) if name]
    wrong = [name for name in names if any(fault.about == name for fault in faults)]
    if not wrong or len(names) == 1 or any(not fault.about for fault in faults):
        return ""
    fine = [name for name in names if name not in wrong]
    return " (" + ", ".join(wrong) + " wrong" + ("; " + ", ".join(fine) + " right" if fine else "") + ")"


def capital(fault: "Fault") -> str:
    """The sentence as a line: with a capital, unless it begins with the name of an output or of a network."""
    sentence = fault.sentence
    return sentence if fault.about and sentence.startswith(fault.about) else sentence[:1].upper() + sentence[1:]


def display(head: str, lines: list[str], good: bool) -> None:
    text = "\n".join([
        head,
        *(
            textwrap.fill(
                line,
                WIDTH,
                initial_indent="  ",
                subsequent_indent="    ",
                break_long_words=False,
                break_on_hyphens=False,
            )
            for line in lines
        ),
    ])
    if not in_notebook():
        print(text)
        return
    from IPython.display import display as show

    body = "".join(f"<div>{html.escape(line)}</div>" for line in lines)
    colour = RIGHT if good else WRONG
    note = f'<div style="{NOTE.format(colour=colour)}"><b style="color: {colour}">{html.escape(head)}</b>{body}</div>'
    show({"text/plain": text, "text/html": note}, raw=True)


def score(points: "Score") -> None:
    """Say the points, unless the cell's own result says them."""
    if not in_notebook():
        print(f"  {points}")


def score_html(text: str, full: bool) -> str:
    return f'<span style="color: {RIGHT if full else WRONG}">{html.escape(text)}</span>'


def in_notebook() -> bool:
    """Whether this process is a notebook's kernel, whose front end shows HTML."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return type(shell).__name__ == "ZMQInteractiveShell"
