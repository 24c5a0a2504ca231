"""What a figure shows, in words, for those who don't see it: its panels' titles, axes and curves.

This is run in the kernel of a lecture, where it takes the place of plot.show; see lectures.py.
"""
from __future__ import annotations

import re

KIND = "text/x-described"  # of the output that carries the words
LONG = 700  # letters
GREEK = {"alpha": "α", "beta": "β", "gamma": "γ", "eta": "η", "theta": "θ", "lambda": "λ", "sigma": "σ", "psi": "ψ"}


def described(fig) -> str:
    """All panels of a matplotlib figure; those that say nothing about themselves are only counted."""
    head = fig.get_suptitle()
    panels = [panel(axis) for axis in fig.axes]
    said = [text for text in panels if text]
    count = f"{len(panels)} panels" if len(panels) > 1 else ""
    text = ". ".join(part for part in (head, count, *said) if part)
    return plain(text if len(text) <= LONG else text[:LONG].rsplit(". ", 1)[0] + ". And so on")


def panel(axis) -> str:
    """One panel: "its title: y over x, with the curves a, b"."""
    x, y, title = axis.get_xlabel(), axis.get_ylabel(), axis.get_title()
    curves = list(dict.fromkeys(label for label in axis.get_legend_handles_labels()[1] if label.strip()))
    axes = f"{y} over {x}" if x and y else x or y
    said = ", ".join(part for part in (axes, "showing " + "; ".join(curves) if curves else "") if part)
    return ": ".join(part for part in (title, said) if part)


def plain(text: str) -> str:
    """Without the signs of formulas and line breaks."""
    text = re.sub(r"\\(\w+)", lambda found: GREEK.get(found[1], found[1]), text)
    return " ".join(re.sub(r"[${}]", "", text).split())


def watch() -> None:
    """Let plot.show say what it shows."""
    from IPython.display import display

    from gan_scratch import plot

    show = plot.show

    def both(fig) -> None:
        display({KIND: described(fig)}, raw=True)
        show(fig)

    plot.show = both
