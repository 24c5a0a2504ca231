"""What each trick of course/performance.md brings: the plain way against ours, in turn on one thread, medians.

    python -m tests.benchmarks.tricks
"""
import time

import numpy as np
import threadpoolctl

from gan_scratch import backend
from gan_scratch.backend import windows, winograd
from gan_scratch.backend import CPU
from gan_scratch.layers.activation import leaky_relu_backward
from gan_scratch.layers.norm import combine
from gan_scratch.optim import Adam
from gan_scratch.layers import Dense

TEXTBOOK = backend.Reference()
TEXTBOOK.xp = np
RNG = np.random.default_rng(0)
HALF = ((2, 2), (1, 1))  # stride, pad of a convolution that halves an image


def normal(*shape):
    return RNG.standard_normal(shape, np.float32)


def median(calls, rounds=25):
    """Milliseconds of each call, taken in turn."""
    seconds = []
    for _ in range(rounds + 2):
        row = []
        for call in calls:
            start = time.perf_counter()
            call()
            row.append(time.perf_counter() - start)
        seconds.append(row)
    return np.median(seconds[2:], 0) * 1e3


def row(name, plain, ours):
    a, b = median([plain, ours])
    print(f"{name:76}{a:8.2f}{b:8.2f}{a / b:7.1f}×", flush=True)


def faces(n, size, channels, c_out, way, other):
    """Forward pass, dx and dW of a 4×4 convolution with stride 2, in two ways."""
    x, W = normal(n, size, size, channels), normal(4, 4, channels, c_out)
    dy = CPU.correlate(x, W, *HALF)
    what = f"{size}×{size}×{channels} to {c_out}"
    row(f"  {what}: forward", lambda: other.correlate(x, W, *HALF), lambda: way.correlate(x, W, *HALF))
    row(f"  {what}: dx", lambda: other.correlate_adjoint(dy, W, x.shape, *HALF), lambda: way.correlate_adjoint(dy, W, x.shape, *HALF))
    row(f"  {what}: dW", lambda: other.correlate_wgrad(x, dy, (4, 4), *HALF), lambda: way.correlate_wgrad(x, dy, (4, 4), *HALF))


def plain_adam(optimizer):
    vectors = [optimizer.theta, optimizer.g, optimizer.m, optimizer.v]
    optimizer.t += 1
    optimizer._update(*vectors)


def main():
    print(f"{'milliseconds':76}{'plain':>8}{'ours':>8}")
    y, dy, xc, v = normal(12544, 32), normal(12544, 32), normal(1, 12544, 16), normal(1, 1, 16)
    row("LeakyReLU's dx, (12544, 32): where / a product with a mask", lambda: np.where(y > 0, dy, np.float32(0.2) * dy),
        lambda: leaky_relu_backward(dy, y, 0.2, 0.8))
    row("column sums, (12544, 32): sum(0) / a row of ones @", lambda: y.sum(0), lambda: CPU.column_sums(y))
    row("a row for all rows, (12544, 16): broadcast / repeated first", lambda: combine.__wrapped__(np, xc, v, xc, v, v), lambda: combine(xc, v, xc, v, v))
    adam = Adam(Dense(1400, 1000, rng=0).params)
    row("Adam, 1.4 million parameters: whole vectors / in pieces", lambda: plain_adam(adam), adam.step)
    for size, channels in ((28, 1), (14, 16), (32, 64)):
        x = normal(64, size, size, channels)
        row(f"im2col, {size}×{size}×{channels}: numbers / windows as elements", lambda: TEXTBOOK.im2col(x, (4, 4), *HALF),
            lambda: windows.im2col(x, (4, 4), *HALF))
    print("a convolution, batch 64: the textbook / a few samples at a time, blocks")
    for size, channels, c_out in ((28, 1, 16), (14, 16, 32), (32, 64, 128)):
        faces(64, size, channels, c_out, windows, TEXTBOOK)
    print("a convolution, batch 64: a few samples at a time / fewer multiplications")
    for size, channels, c_out in ((16, 16, 32), (16, 64, 128), (32, 64, 128)):
        faces(64, size, channels, c_out, winograd, windows)


if __name__ == "__main__":
    with threadpoolctl.threadpool_limits(1, user_api="blas"):
        main()
