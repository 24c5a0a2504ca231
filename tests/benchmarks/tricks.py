"""What the small tricks of the backend bring: the plain way against ours, one after the other, medians of 50.

    OPENBLAS_NUM_THREADS=1 python -m tests.benchmarks.tricks
"""
import time

import numpy as np

from gan_scratch.backend import CPU, keep_freed_memory, output_size
from gan_scratch.layers.activation import leaky_relu_backward


def median(call, times=50):
    call()
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return np.median(seconds) * 1e3


def row(name, plain, ours):
    a, b = median(plain), median(ours)
    print(f"{name:52}{a:8.3f} ms{b:8.3f} ms{a / b:7.1f}×")


def windows(channels, add, size=(14, 14), kernel=(4, 4), stride=(2, 2)):
    """An addition of columns into (64, 16, 16, C), as col2im does."""
    out = [output_size(s, k, t, 1) for s, k, t in zip(size, kernel, stride)]
    cols = np.ones((64, *out, *kernel, channels), np.float32)
    padded = np.zeros((64, *(s + 2 for s in size), channels), np.float32)
    return lambda: add(padded, cols, out, kernel, stride)


if __name__ == "__main__":
    keep_freed_memory()
    rng = np.random.default_rng(0)
    y, dy = rng.standard_normal((2, 12544, 32), np.float32)
    print(f"{'float32':52}{'plain':>8}   {'ours':>8}")
    row("LeakyReLU backward (12544, 32): where / product", lambda: np.where(y > 0, dy, np.float32(0.2) * dy),
        lambda: leaky_relu_backward(dy, y, 0.2, 0.8))
    row("column sums (12544, 32): sum(0) / ones @", lambda: y.sum(0), lambda: CPU.column_sums(y))
    for channels in (1, 8, 16, 32, 64):
        row(f"col2im k4 s2, 14×14, {channels} channels: places / runs", windows(channels, CPU._add_offsets), windows(channels, CPU._add_runs))
