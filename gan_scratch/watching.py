"""What can be looked at while a training runs: history.csv, samples.png and curves.png, an event file for TensorBoard.

A watcher is a function of the Trainer that is called after each reading of its losses.
"""

from __future__ import annotations

import csv
import time
from pathlib import Path

import numpy as np

from gan_scratch import backend, plot
from gan_scratch.files import naming, replacing

EVERY = 15.0  # seconds between two drawings


class History:
    """Writes history.csv: a line for each reading, the means since the last."""

    def __init__(self, out: Path):
        self.path, self._names, self._written = out / "history.csv", [], -1

    def __call__(self, trainer) -> None:
        names = list(dict.fromkeys(name for row in trainer.history for name in row))
        new = trainer.history[self._written :] if names == self._names and 0 <= self._written else None
        with naming(self.path):
            if new is None:  # at the beginning, after a resume, and when a new number comes in
                with replacing(self.path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
                    writer = csv.DictWriter(file, names)
                    writer.writeheader()
                    writer.writerows(trainer.history)
            else:
                with open(self.path, "a", newline="", encoding="utf-8") as file:
                    csv.DictWriter(file, names).writerows(new)
        self._names, self._written = names, len(trainer.history)


class Pictures:
    """Draws samples.png and curves.png anew, at most every EVERY seconds."""

    def __init__(self, out: Path, title: str):
        self.out, self.title, self._last = out, title, time.monotonic()

    def __call__(self, trainer) -> None:
        if time.monotonic() - self._last < EVERY or not trainer.frames:
            return
        step, samples = trainer.frames[-1]
        title = f"{self.title}: step {step} of {trainer.steps}, training goes on"
        plot.samples(self.out / "samples.png", samples.astype(np.float32), backend.to_host(trainer.some_real()), title)
        plot.losses(self.out / "curves.png", trainer.history)
        self._last = time.monotonic()


class TensorBoard:
    """Writes the readings, and the samples at each frame, into an event file in `out`.

    Raises RuntimeError when tensorboardX isn't installed.
    """

    def __init__(self, out: Path, step: int):
        try:
            from tensorboardX import SummaryWriter
        except ImportError:
            raise RuntimeError(
                'tensorboardX is missing; install it with: pip install "gan-scratch[tensorboard]"'
            ) from None
        self._writer = SummaryWriter(str(out), purge_step=step + 1 if step else None)
        self._step = step  # what a resumed run wrote before isn't written twice

    def __call__(self, trainer) -> None:
        for row in trainer.history:
            if row["step"] > self._step:
                for name in sorted(row.keys() - {"step"}):
                    self._writer.add_scalar(name, row[name], row["step"])
        for step, samples in trainer.frames:
            if step > self._step and samples.ndim == 4:
                self._writer.add_image(
                    "samples", plot.grid(samples[:64].astype(np.float32), 8), step, dataformats="HWC"
                )
        self._step = trainer.step
        self._writer.flush()
