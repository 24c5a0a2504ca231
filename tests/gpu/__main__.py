"""Everything that needs a GPU, in one command: parity with NumPy, times beside PyTorch on the same card, launches per step.

    python -m tests.gpu

Adds a dated entry to tests/gpu/LOG.md. Without a GPU it says why and changes nothing. Needs CuPy, pytest, hypothesis and, for the comparison, PyTorch's CUDA build.
"""
import importlib.util
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from gan_scratch import backend
from gan_scratch.bench.workloads import WORKLOADS
from tests.gpu.test_parity import why_not

LOG = Path(__file__).parent / "LOG.md"


def run(*arguments: str) -> str:
    """What a command of this Python prints, shown as it comes; with its exit status where that isn't 0."""
    print("$ python", *arguments, flush=True)
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = []
    for text in process.stdout:
        print(text, end="", flush=True)
        lines.append(text)
    status = process.wait()
    return f"$ python {' '.join(arguments)}\n{''.join(lines)}" + (f"(exit status {status})\n" if status else "")


def launches(name: str) -> str:
    """Kernels that one step starts, ours and PyTorch's, as PyTorch's profiler sees them on the card."""
    import torch
    from torch.profiler import ProfilerActivity, profile

    from gan_scratch.bench.twins import Twin

    work, back = WORKLOADS[name], backend.get("cuda")
    gan, x = work.build("cuda"), work.batch()
    twin = Twin(gan, x, "cuda")
    counts = []
    for step in (work.step(gan, back.asarray(x)), twin.step_D if work.critic_only else twin.train_step):
        for _ in range(3):
            step()
        back.synchronize()
        torch.cuda.synchronize()
        with profile(activities=[ProfilerActivity.CUDA]) as profiler:
            step()
            back.synchronize()
            torch.cuda.synchronize()
        counts.append(sum(event.count for event in profiler.key_averages() if not event.key.startswith(("cuda", "Memcpy", "Memset", "cu"))))
    return f"{WORKLOADS[name].title}: ours {counts[0]}, PyTorch {counts[1]}"


def main() -> int:
    if reason := why_not():
        print(reason)
        return 1
    parts = [run("-m", "pytest", "-q", "--durations=0", "tests/gpu")]
    if importlib.util.find_spec("torch"):
        for options in (["--against", "torch"], ["--against", "torch", "--tf32"], ["--against", "compile"],
                        *(["--against", "torch", "--batch", str(n)] for n in (64, 128, 512)), ["--layers", "--against", "torch"]):
            parts.append(run("-m", "gan_scratch", "bench", "--device", "cuda", "--rounds", "10", *options))
        parts.append("kernels started by one step\n" + "\n".join(map(launches, WORKLOADS)) + "\n")
        print(parts[-1])
    else:
        parts.append(run("-m", "gan_scratch", "bench", "--device", "cuda", "--rounds", "10") + "PyTorch isn't installed: no comparison\n")
    device = backend.get("cuda").xp.cuda.runtime.getDeviceProperties(0)["name"].decode()
    entry = f"\n## {time.strftime('%Y-%m-%d')}, {device}, NumPy {np.__version__}: `python -m tests.gpu`\n" + "".join(f"\n```\n{part}```\n" for part in parts)
    with LOG.open("a") as log:
        log.write(entry)
    print(f"added to {LOG}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
