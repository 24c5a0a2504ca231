"""What page faults cost: a DCGAN step (28×28, width 16, batch 64) before and after backend.keep_freed_memory().

    python -m tests.benchmarks.memory
"""
import resource
import time

import numpy as np

from gan_scratch import backend
from gan_scratch.gans import DCGAN


def measure(gan, x, rng, steps=100):
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_minflt, time.perf_counter()
    for _ in range(steps):
        gan.train_step(x, rng)
    faults = (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / steps
    return f"{(time.perf_counter() - start) / steps * 1e3:.1f} ms, {faults:.0f} page faults a step"


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    gan, x = DCGAN(rng=0), rng.uniform(-1, 1, (64, 28, 28, 1)).astype(np.float32)
    measure(gan, x, rng, 5)
    print("as it comes:      ", measure(gan, x, rng))
    backend.keep_freed_memory()
    measure(gan, x, rng, 5)
    print("keep_freed_memory:", measure(gan, x, rng))
