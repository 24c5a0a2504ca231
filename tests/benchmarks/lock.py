"""What two threads cost each other: the weight gradient of half the channels of a 3-D convolution, alone, beside the other half in another
process, and beside it in another thread, with so many samples at a time. All on one thread of BLAS each; needs two cores and fork.

    python -m tests.benchmarks.lock

Processes share the memory's bandwidth, threads also the interpreter's lock: the difference is the lock's.
"""
import os
import threading
import time
from functools import partial

import numpy as np
import threadpoolctl

from gan_scratch.backend import winograd

STRIDE, PAD = (2, 2, 2), (1, 1, 1)


def loop(work, seconds=1.5):
    """The median time of work() in milliseconds."""
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return np.median(times) * 1e3


def beside_process(work, other):
    child = os.fork()
    if not child:
        loop(other)
        os._exit(0)
    took = loop(work)
    os.wait()
    return took


def beside_thread(work, other):
    thread = threading.Thread(target=loop, args=(other,))
    thread.start()
    took = loop(work)
    thread.join()
    return took


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    x, dy = rng.standard_normal((32, 8, 8, 8, 32), np.float32), rng.standard_normal((32, 4, 4, 4, 64), np.float32)
    print("Conv3d(32, 64), 8×8×8, batch 32: dW of half the channels\nsamples at a time   alone   beside a process   beside a thread")
    with threadpoolctl.threadpool_limits(1):
        for few in (8, 16, 32):
            winograd._samples = lambda *_: few
            half, other = (partial(winograd.correlate_wgrad, channels, dy, (4, 4, 4), STRIDE, PAD) for channels in (x[..., :16], x[..., 16:]))
            print(f"{few:17}{loop(half):8.2f}{beside_process(half, other):19.2f}{beside_thread(half, other):18.2f} ms", flush=True)
