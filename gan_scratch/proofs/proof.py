"""What a proof consists of."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import numpy as np

from gan_scratch import backend


@dataclass(frozen=True)
class Proof:
    """How to see that a variant's mechanism works.

    Attributes:
        claim: one sentence, what the numbers should show.
        rows: what is measured, key -> text with its unit or range.
        measure: (gan, data, seed) -> {key: number}; `data` is the Dataset that the GAN was trained on.
        references: (data, seed) -> {column: {key: number or None}}, what real data or chance give.
        picture: (path, gan, baseline or None, data, seed) draws the mechanism into a .png.
        baseline: the variant without the mechanism that is trained beside it, or None where `references` are enough.
        on: names of the data that it can be measured on; () for all that the variant takes.
        share: how many steps the baseline gets for each step of the variant; not 1 where they take equal time instead.
    """

    claim: str
    rows: dict[str, str]
    measure: Callable
    references: Callable
    picture: Callable[..., None]
    baseline: str | None = None
    share: float = 1.0
    on: tuple[str, ...] = ()

    def suits(self, config: dict) -> bool:
        """Whether a run of this configuration can be measured: its data is known well enough."""
        return not self.on or config["data"] in self.on and not config["full"]


def draw(gan, n: int, seed: int, part: int = 500, **options) -> np.ndarray:
    """n samples in host memory, drawn in parts that divide n; options go to `sample`."""
    return np.concatenate([backend.to_host(gan.sample(part, rng, **options)) for rng in np.random.default_rng(seed).spawn(n // part)])


def table(claim: str, rows: dict[str, str], columns: dict[str, dict]) -> list[str]:
    """The numbers as lines of text: one line a row, one column for each of `columns`."""
    def show(value) -> str:
        return "" if value is None else f"{value:.3g}"

    wide, first = [max(12, len(name) + 2) for name in columns], max(map(len, rows.values()))
    head = " " * first + "".join(f"{name:>{w}}" for name, w in zip(columns, wide))
    return [claim, head, *(f"{text:{first}}" + "".join(f"{show(numbers.get(key)):>{w}}" for numbers, w in zip(columns.values(), wide))
                           for key, text in rows.items())]

