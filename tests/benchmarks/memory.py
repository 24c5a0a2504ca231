"""The memory of a DCGAN step, 64×64×3, width 64, batch 32: what the process takes at its peak beyond networks, optimizers and data; and page faults.

    python -m tests.benchmarks.memory

Each side runs in a process of its own (Linux). With PyTorch installed, PyTorch beside ours.
"""
import importlib.util
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

from gan_scratch.bench.workloads import WORKLOADS


def status(field):
    """A line of /proc/self/status, in MB."""
    return int(re.search(rf"{field}:\s*(\d+)", Path("/proc/self/status").read_text())[1]) / 1024


def measure(side, name):
    work = WORKLOADS[name]
    gan, x = work.build("cpu"), work.batch()
    step = work.step(gan, x)
    if side == "PyTorch":
        from gan_scratch.bench.twins import Twin

        step = Twin(gan, x).train_step
        del gan
    before = status("VmRSS")
    for _ in range(3):
        step()
    peak = status("VmHWM") - before
    faults, start, times = resource.getrusage(resource.RUSAGE_SELF).ru_minflt, time.perf_counter(), 5
    for _ in range(times):
        step()
    faults = (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults) / times
    print(f"{work.title:40}{side:14}{peak:6.0f} MB more at the peak,{faults:8.0f} page faults and {(time.perf_counter() - start) / times * 1e3:5.0f} ms a step", flush=True)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        measure(*sys.argv[1:])
    else:
        for name in ("dcgan", "dcgan-64", "3d"):
            for side in ("ours", *(["PyTorch"] if importlib.util.find_spec("torch") else [])):
                subprocess.run([sys.executable, "-m", "tests.benchmarks.memory", side, name], check=True)
