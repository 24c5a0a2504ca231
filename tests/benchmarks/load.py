"""A step of each workload of `gan-scratch bench` on a machine that does other things too: beside 0, 1 and 3 busy processes.

    python -m tests.benchmarks.load [WORKLOAD …] [--busy 0 1 3] [--seconds 2] [--rounds 3]

Three ways, each in processes of its own, in turn:

    one       BLAS has one thread
    BLAS      each product on as many threads as BLAS likes, and nothing shared by us
    decided   as users get it: the library decides (gan_scratch/backend/threads.py)

Wall-clock and CPU milliseconds of a step are the medians of the rounds. The last columns say how much longer "decided" takes than the
better of the other two, and how much more CPU time than "one": the goals are 1.15 and 1.3.
"""
import argparse
import os
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager, nullcontext

from gan_scratch.backend import threads
from gan_scratch.bench.workloads import WORKLOADS

WAYS = ("one", "BLAS", "decided")
HEAD = "{:<12}{:>5}  |" + "{:>9}" * 3 + "{:>7}  |" + "{:>9}" * 3 + "{:>7}"
LINE = "{:<12}{:>5}  |" + "{:9.2f}" * 3 + "{:7.2f}  |" + "{:9.2f}" * 3 + "{:7.2f}"


def measure(name: str, way: str, seconds: float) -> tuple[float, float]:
    """Wall-clock and CPU milliseconds of a step, in this process."""
    if way == "BLAS":
        threads.ours = nullcontext
        threads.threads = lambda: 1
    workload = WORKLOADS[name]
    step = workload.step(workload.build("cpu"), workload.batch())
    for _ in range(3):
        step()
    steps, start, cpu = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - start < seconds:
        step()
        steps += 1
    return 1e3 * (time.perf_counter() - start) / steps, 1e3 * (time.process_time() - cpu) / steps


def elsewhere(name: str, way: str, seconds: float) -> tuple[float, ...]:
    """`measure` in a process of its own."""
    plain = {key: value for key, value in os.environ.items() if not key.endswith("_NUM_THREADS")}
    environment = plain | ({"OPENBLAS_NUM_THREADS": "1"} if way == "one" else {})
    command = [sys.executable, "-m", "tests.benchmarks.load", name, "--measure", way, "--seconds", str(seconds)]
    return tuple(map(float, subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()))


@contextmanager
def busy(count: int):
    """So many other processes that count without a pause."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workload", nargs="*", default=list(WORKLOADS), help=", ".join(WORKLOADS))
    parser.add_argument("--busy", type=int, nargs="+", default=[0, 1, 3], help="how many busy processes")
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", choices=WAYS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        print(*measure(args.workload[0], args.measure, args.seconds))
        return
    print("ms of a step:          |  wall-clock" + " " * 23 + " |  CPU")
    print(HEAD.format("", "busy", *WAYS, "÷ best", *WAYS, "÷ one"), flush=True)
    for name in args.workload:
        for count in args.busy:
            with busy(count):
                rounds = [[elsewhere(name, way, args.seconds) for way in WAYS] for _ in range(args.rounds)]
            wall, cpu = ([statistics.median(r[i][which] for r in rounds) for i in range(3)] for which in (0, 1))
            print(LINE.format(name, count, *wall, wall[2] / min(wall[:2]), *cpu, cpu[2] / cpu[0]), flush=True)


if __name__ == "__main__":
    main()
