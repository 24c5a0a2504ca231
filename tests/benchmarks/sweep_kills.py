"""kill -9 at random moments of a sweep on a Dask cluster of two workers on this machine: is anything lost, does a number change?

    python -m tests.benchmarks.sweep_kills [--runs 12] [--steps 400] [--kills 20]

Both workers and, every fourth time, the process that hands out the runs are killed; the latter begins again with --resume.
"""
from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from distributed import LocalCluster

from tests.test_sweep import contents


def command(out: Path, args, *more: str) -> list[str]:
    begun = ["--resume"] if (out / "sweep.json").exists() else []
    return [sys.executable, "-m", "gan_scratch", "train", "mlp", "--data", "ring", "--alone", "--steps", str(args.steps), "--batch", "64",
            "--seeds", f"0-{args.runs - 1}", "--out", str(out), *begun, *more]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.sweep_kills")
    parser.add_argument("--runs", type=int, default=12)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--kills", type=int, default=20)
    args = parser.parse_args()
    folder, rng, counts = Path(tempfile.mkdtemp()), np.random.default_rng(0), {"worker": 0, "main": 0}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    start = time.monotonic()
    subprocess.run(command(folder / "undisturbed", args), check=True, **quiet)
    alone = time.monotonic() - start
    start = time.monotonic()
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster:
        def begin():
            return subprocess.Popen(command(folder / "disturbed", args, "--scheduler", cluster.scheduler_address), **quiet)

        process = begin()
        while process.poll() is None:
            time.sleep(rng.uniform(1, 2.5 * alone / args.kills))
            done = sum(counts.values())
            if done >= args.kills:
                continue
            if done % 4 == 3:
                process.kill()
                process.wait()
                counts["main"] += 1
                process = begin()
            elif pids := [nanny.pid for nanny in cluster.workers.values() if nanny.pid]:
                try:
                    pid = pids[rng.integers(len(pids))]
                    os.kill(pid, signal.SIGKILL)
                    counts["worker"] += 1
                except ProcessLookupError:  # it is being replaced
                    pass
            cluster.scale(2)  # a worker that is killed while it starts isn't started again by its nanny
        last = process.returncode
    same = contents(folder / "undisturbed") == contents(folder / "disturbed")
    print(f"{args.runs} runs of {args.steps} steps: undisturbed {alone:.0f} s, with {counts['worker']} workers and {counts['main']} main processes "
          f"killed {time.monotonic() - start:.0f} s; exit status {last}; {len(contents(folder / 'disturbed'))} runs there; all numbers equal: {same}")
    return int(not same or last != 0)


if __name__ == "__main__":
    sys.exit(main())
