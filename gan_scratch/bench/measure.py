"""Timing two things in turn, what a step does with its time, and how near it comes to the machine's best."""
from __future__ import annotations

import cProfile
import pstats
import time
from pathlib import Path
from typing import Callable

import numpy as np

from gan_scratch import backend
from gan_scratch.layers import Layer
from gan_scratch.layers.bilinear import Bilinear
from gan_scratch.layers.conv import _ConvTranspose

FACES = ("apply", "adjoint", "wgrad")

TURN = 0.15  # seconds that one side runs before the other's turn
REST = 0.08  # seconds in which waiting threads of the other side go to sleep

KINDS = {  # file, or file and function: what a profile counts under one name
    "matrix products": {("windows.py", "product"), ("bilinear.py", "apply"), ("bilinear.py", "adjoint"), ("bilinear.py", "wgrad")},
    "windows, blocks": {("windows.py", None)},
    "sums of minimal filtering": {("winograd.py", None)},
    "elementwise formulas": {("elementwise.py", None), ("activation.py", None), ("losses.py", None), ("norm.py", "centre"), ("norm.py", "combine"), ("norm.py", "scale_and_shift")},
    "sums over columns": {("__init__.py", "column_sums"), ("__init__.py", "column_dots"), ("elementwise.py", "column_dots"), ("norm.py", None)},
    "optimizers, average": {("optim.py", None)},
    "random numbers": {("__init__.py", "normal"), ("__init__.py", "uniform")},
}


def seconds(step: Callable[[], object], times: int, clock: Callable[[], float], wait: Callable[[], object] = lambda: None) -> float:
    """The mean time of a step, after a rest and one step that isn't counted."""
    time.sleep(REST)
    step()
    wait()
    start = clock()
    for _ in range(times):
        step()
    wait()
    return (clock() - start) / times


def in_turn(sides: list[Callable[[], object]], rounds: int, clock=time.perf_counter, wait=lambda: None) -> np.ndarray:
    """Seconds per step of each side, (rounds, sides), one after the other in each round."""
    for step in sides:
        step()
        step()
    times = [max(1, int(TURN / seconds(step, 1, time.perf_counter, wait))) for step in sides]
    return np.array([[seconds(step, n, clock, wait) for step, n in zip(sides, times)] for _ in range(rounds)])


def peak(back: backend.Reference, clock=time.perf_counter, wait=lambda: None) -> float:
    """Multiplications and additions a second in the best of ten products of two 2048×2048 matrices, float32."""
    a = back.asarray(np.random.default_rng(0).standard_normal((2048, 2048), np.float32))
    return 2 * 2048**3 / min(seconds(lambda: a @ a, 3, clock, wait) for _ in range(10))


def operations(networks: list[Layer], step: Callable[[], object]) -> int:
    """The multiplications and additions in the matrix products of a step, by the textbook's formulas, however a backend does them."""
    counts, wrapped = [], []

    def counting(layer, face, original):
        def count(a, b, ctx):
            result = original(a, b, ctx)
            x, y = {"apply": (a, result), "adjoint": (result, a), "wgrad": (a, b)}[face]
            narrow = x if isinstance(layer, _ConvTranspose) else y  # the side where windows don't overlap: a row for each place
            counts.append(2 * layer.W.value.size * (narrow.size // narrow.shape[-1]))
            return result
        return count

    for network in networks:
        for _, layer in network.modules():
            if isinstance(layer, Bilinear):
                wrapped.append(layer)
                for face in FACES:
                    setattr(layer, face, counting(layer, face, getattr(layer, face)))
    step()
    for layer in wrapped:
        for face in FACES:
            delattr(layer, face)
    return sum(counts)


def shares(step: Callable[[], object], times: int) -> dict[str, float]:
    """What share of the time of a step goes into operations of each kind, by cProfile, on this thread; Python itself is the rest."""
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(times):
        step()
    profile.disable()
    total: dict[str, float] = {}
    stats = pstats.Stats(profile).stats
    for (file, _, name), (_, _, own, _, callers) in stats.items():
        if file == "~" or "numpy" in file:  # a C function, or NumPy's Python: counts for who called it
            for (by, _, who), (_, _, part, _) in callers.items():
                total[_kind(by, who)] = total.get(_kind(by, who), 0) + part
        else:
            total[_kind(file, name)] = total.get(_kind(file, name), 0) + own
    everything = sum(total.values())
    return {kind: t / everything for kind, t in sorted(total.items(), key=lambda item: -item[1])}


def _kind(file: str, name: str) -> str:
    file = Path(file).name
    exact = [kind for kind, members in KINDS.items() if (file, name) in members]
    return (exact or [kind for kind, members in KINDS.items() if (file, None) in members] or ["Python, checks"])[0]
