"""The loop that every variant shares: progress bar, history, frames, checkpoints, exact resume, warnings.

A GAN has `train_step(batch, rng) -> {name: 0-d array}` and `sample(n, rng)`. Inside a step nothing waits for the device;
the values of the last steps are read together, every `read_every` steps, in `_read`.
"""
from __future__ import annotations

import signal
import threading
import time
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import Callable

import numpy as np
from scipy.spatial.distance import cdist
from tqdm import tqdm

from gan_scratch import backend, checkpoint, clinic
from gan_scratch.data.batches import Batches, Unpaired
from gan_scratch.data.images import some
from gan_scratch.progress import duration

FRAME_SEED = 0  # every frame shows the same z, so that a strip of frames shows one sample's way


LABELS = {"minus_elbo": "−ELBO", "kl": "KL", "d_loss": "loss D", "g_loss": "loss G", "g_gap": "feature gap", "d_real": "D(x)", "d_fake": "D(G(z))",
          "l_real": "D(x)", "l_fake": "D(G(z))"}


class Diverged(RuntimeError):
    """A loss or a network stopped being finite."""


class TrainingWarning(UserWarning):
    """Training goes on, but probably not where it should."""


class Trainer:
    """Trains a GAN to a number of steps, and can be stopped and continued exactly.

    Args:
        gan: networks, optimizers, train_step, sample.
        batches: endless real samples.
        steps: the step to train to (a resumed run counts on).
        rng: Generator or seed for the noise of the steps.
        out: directory of the checkpoint; None keeps nothing.
        config: what the caller wants to find in the checkpoint again (JSON).
        decay: the last share of the steps, 0 … 1, in which the learning rates fall linearly to 0.
        frames: how many times to draw the fixed-noise samples. frame_size: how many samples.

    Attributes:
        step: steps done. history: one dict per reading, the means since the last. frames: [(step, samples)].
        seconds: time spent in steps, over all sittings. interrupted: True after Ctrl-C.
        watchers: functions of the trainer that are called after each reading (see watching.py).
    """

    read_every = 20

    def __init__(self, gan, batches: Batches, steps: int, *, rng=None, out: Path | None = None, config: dict | None = None,
                 decay: float = 0.0, checkpoint_every: int = 500, frames: int = 10, frame_size: int = 100):
        if steps < 1:
            raise ValueError(f"steps must be at least 1, got {steps}")
        self.gan, self.batches, self.steps = gan, batches, steps
        self.rng = np.random.default_rng(rng)
        self.path = None if out is None else Path(out) / "checkpoint.npz"
        self.config, self.decay, self.checkpoint_every = config or {}, decay, checkpoint_every
        self.frame_steps = {0, steps} | {int(s) for s in np.geomspace(min(20, steps), steps, frames - 1)}
        self.frame_size = frame_size
        self.step, self.seconds, self.interrupted = 0, 0.0, False
        self.history: list[dict[str, float]] = []
        self.frames: list[tuple[int, np.ndarray]] = []
        self.warnings: dict[str, str] = {}  # what was said, by kind
        self.watchers: list[Callable] = []
        self._unread: list[dict] = []
        self._optimizers = {name: part for name, part in vars(gan).items() if name.startswith("opt_")}
        self._lr = {name: opt.lr for name, opt in self._optimizers.items()}

    def run(self, progress: bool = True) -> None:
        """Train up to `steps`. Ctrl-C finishes the step, saves the checkpoint and returns with `interrupted` set.

        Raises Diverged, and keeps the last good checkpoint, when a loss is no longer finite.
        """
        bar = tqdm(total=self.steps, initial=self.step, disable=not progress, unit="step", dynamic_ncols=True)
        with bar, graceful_interrupt() as stop:
            if self.step == 0:
                self._frame()
            first, warm = self.step, self.seconds
            while self.step < self.steps and not stop.is_set():
                self._train_one()
                at_frame = self.step in self.frame_steps
                if at_frame or self.step % self.read_every == 0 or self.step == self.steps:
                    self._read(bar)
                if at_frame:
                    self._frame()
                if not self._unread:  # a reading was made
                    self._watched()
                if self.step % self.checkpoint_every == 0:
                    self.save()
                bar.update()
                if self.step == first + 1:  # it also fills caches
                    warm = self.seconds
                if self.step == first + 10 and progress:
                    self._estimate((self.seconds - warm) / 9)
        self.interrupted = self.step < self.steps
        self.save()

    def _estimate(self, step: float) -> None:
        """Say how long the rest will take at so many seconds a step, where that is long enough to be worth a line."""
        if (rest := (self.steps - self.step) * step) > 5:
            tqdm.write(f"at {1e3 * step:.3g} ms a step the other {self.steps - self.step} steps take about {duration(rest)}")

    def _watched(self) -> None:
        for watcher in self.watchers:
            watcher(self)

    def _train_one(self) -> None:
        for name, optimizer in self._optimizers.items():
            optimizer.lr = self._lr[name] * self._lr_factor()
        start = time.perf_counter()
        self._unread.append(self.gan.train_step(next(self.batches), self.rng))
        self.seconds += time.perf_counter() - start
        self.step += 1

    def _lr_factor(self) -> float:
        left = 1 - self.step / self.steps
        return min(1.0, left / self.decay) if self.decay else 1.0

    def _read(self, bar) -> None:
        """Fetch the values of the unread steps, check them, put their means into the history."""
        if not self._unread:
            return
        values = self._unread_values()
        self._check_finite(values)
        self._unread.clear()
        means = {name: float(v.mean()) for name, v in values.items()}
        self.history.append({"step": self.step, **means})
        rate = self.step * self.batches.size / max(self.seconds, 1e-9)
        shown = ", ".join(f"{LABELS.get(name, name)} {mean:.3f}" for name, mean in means.items())
        bar.set_postfix_str(f"{shown}, {rate:.0f} samples/s", refresh=False)
        self._warn_of_signs()

    def _unread_values(self) -> dict[str, np.ndarray]:
        return {name: np.array([float(row[name]) for row in self._unread]) for name in self._unread[0]} if self._unread else {}

    def _check_finite(self, values: dict[str, np.ndarray]) -> None:
        bad = {name: ~np.isfinite(v) for name, v in values.items()}
        broken_rows = np.any(list(bad.values()), axis=0) if bad else np.zeros(0, bool)
        if not broken_rows.any():
            return
        row = int(broken_rows.argmax())
        step = self.step - len(broken_rows) + row + 1
        names = [name for name in bad if bad[name][row]]
        kept = f"the last good checkpoint is kept in {self.path}" if self.path and self.path.exists() else "no checkpoint was saved yet"
        raise Diverged(f"training stopped: in step {step}, {' and '.join(names)} stopped being finite; the trouble began in "
                       f"{blame(names)}. Try a smaller learning rate; {kept}.")

    def _warn_of_signs(self) -> None:
        """Say what the last 200 steps show, in the words of the clinic (lecture 07), where D's outputs are probabilities."""
        rows = self.history[-200 // self.read_every:]
        if len(rows) < 10 or not {"d_loss", "g_loss", "d_real", "d_fake"} <= rows[-1].keys():
            return
        sign = clinic.sign_of(clinic.course({key: [row[key] for row in rows] for key in rows[-1]}, last=1.0))
        if sign is not None and self.step >= clinic.WARNED.get(sign.name, np.inf):
            self._warn(sign.name, f"step {self.step}: {sign.advice()}{as_settings(sign)}")

    def _warn_if_collapsed(self, samples: np.ndarray) -> None:
        spread, real = pairwise_distance(samples), pairwise_distance(backend.to_host(self.some_real()))
        if self.step >= max(200, self.steps // 4) and spread < clinic.ALIKE * real:
            self._warn("collapse", f"step {self.step}: {clinic.COLLAPSE.advice()} (Their mean pairwise distance is {spread:.3g}, that of "
                       f"real data {real:.3g}.){as_settings(clinic.COLLAPSE)}")

    def some_real(self) -> np.ndarray:
        data = self.batches.data[0] if isinstance(self.batches.data, tuple) else self.batches.data  # the first is what G makes
        if isinstance(data, Unpaired):
            data = data.arrays[0]
        return data.sample(self.frame_size, np.random.default_rng(0)) if hasattr(data, "sample") else some(data, self.frame_size)

    def _warn(self, kind: str, message: str) -> None:
        if kind not in self.warnings:  # once in a run
            self.warnings[kind] = message
            warnings.warn(message, TrainingWarning, stacklevel=2)

    def _frame(self) -> None:
        if not any(step == self.step for step, _ in self.frames):
            samples = backend.to_host(self.gan.sample(self.frame_size, FRAME_SEED))
            self.frames.append((self.step, samples.astype(np.float16)))
            self._warn_if_collapsed(samples)

    def save(self) -> None:
        """Write the checkpoint, unless a network has numbers that aren't finite: then the last good one stays.

        Raises Diverged when a loss since the last reading isn't finite.
        """
        if self.path is None:
            return
        unread = self._unread_values()
        self._check_finite(unread)
        arrays, rng_states = checkpoint.gan_state(self.gan)
        if not all(np.isfinite(a).all() for a in arrays.values()):
            return
        batches = self.batches.state()
        arrays |= {"trainer/order": batches.pop("order"), "trainer/frame_steps": np.array([step for step, _ in self.frames]),
                   "trainer/frames": np.array([samples for _, samples in self.frames])}
        checkpoint.save(self.path, arrays, {
            "config": self.config, "step": self.step, "steps": self.steps, "seconds": self.seconds, "lr": self._lr,
            "history": self.history, "unread": {name: values.tolist() for name, values in unread.items()}, "warnings": self.warnings,
            "noise_rng": self.rng.bit_generator.state, "network_rngs": rng_states, "batches": batches})

    def resume(self, path: Path | None = None) -> None:
        """Continue from a checkpoint, bit for bit as if there had been no stop (with the same steps and device).

        Raises FileNotFoundError or ValueError with one sentence when there is none, or it doesn't fit.
        """
        path = path or self.path
        arrays, meta = checkpoint.load(path)
        checkpoint.load_gan_state(self.gan, arrays, meta["network_rngs"])
        self.batches.load_state(meta["batches"] | {"order": arrays["trainer/order"]})
        self.rng.bit_generator.state = meta["noise_rng"]
        self.step, self.seconds, self.history, self.warnings = meta["step"], meta["seconds"], meta["history"], meta["warnings"]
        self._lr = meta["lr"]
        self._unread = [dict(zip(meta["unread"], row)) for row in zip(*meta["unread"].values())]
        self.frames = list(zip(map(int, arrays["trainer/frame_steps"]), arrays["trainer/frames"]))


def as_settings(sign: clinic.Sign) -> str:
    """What of a sign's advice `gan-scratch train` can do."""
    if not sign.settings:
        return ""
    return f" With gan-scratch train that is {sign.settings}; gan-scratch list VARIANT shows what else can be set."


def blame(names: list[str]) -> str:
    """Which network broke first, from the values of the first broken step: D(x) is computed before any update of the step,
    then D's loss on fakes, then, after D's update, G's loss."""
    if "d_real" in names or "l_real" in names:
        return "D, whose output on real data is not finite"
    if "d_loss" in names:
        return "G, whose samples are not finite"
    return "D, whose update made its output not finite" if "g_loss" in names else f"the networks behind {' and '.join(names)}"


def pairwise_distance(x: np.ndarray) -> float:
    """Mean Euclidean distance between the first half of the samples and the second half; 0 for a single sample."""
    x = x.reshape(len(x), -1)
    half = len(x) // 2
    return float(cdist(x[:half], x[half:2 * half]).mean()) if half else 0.0


@contextmanager
def graceful_interrupt():
    """Yields an event that the first Ctrl-C (or SIGTERM) sets; a second Ctrl-C interrupts at once."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop  # only the main thread may handle signals
        return

    def on_signal(number, frame):
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        tqdm.write("stopping after this step, press Ctrl-C again to stop at once …")

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
