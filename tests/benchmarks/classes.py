"""python -m tests.benchmarks.classes [N] [EXERCISE]: grade a class of N on one and two processes, here and by Dask.

Prints for each the seconds, the most memory that all processes had together (proportional set size), and whether all
that was made is the same to the byte. 1000 submissions of e02 take about half an hour on two cores.
"""
from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Iterator

import psutil

from course.building import units
from course.building.units import ROOT
from course.grading import grade, gradebook
from course.grading.cohort import Cohort


def main() -> None:
    n, name = int((sys.argv[1:] or ["1000"])[0]), units.find((sys.argv[2:] or ["e02"])[0]).name
    first = None
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "class"
        for where, count in (("here", 1), ("here", 2), ("Dask", 1), ("Dask", 2)):
            make(folder, name, n)
            with contextlib.ExitStack() as stack:
                address = stack.enter_context(cluster(count)) if where == "Dask" else ""
                memory = stack.enter_context(most_memory())
                began = time.monotonic()
                status = grade.main(name, count, folder=folder, scheduler=address)
                seconds = time.monotonic() - began
            made = outcome(folder, name)
            first = first or made
            print(f"{where}, {count}: status {status}, {seconds:.0f} s, {seconds / n:.3f} s each, at most {memory[0] / 2**20:.0f} MB; "
                  f"{len(made)} files and rows, {'the same' if made == first else 'OTHERS'}", flush=True)


def make(folder: Path, name: str, n: int) -> None:
    """A class of which every second one wrote nothing for the last task."""
    shutil.rmtree(folder, ignore_errors=True)
    for i in range(n):
        (folder / "submitted" / f"s{i:04}" / name).mkdir(parents=True)
        source = "solutions" if i % 2 else "exercises"
        shutil.copy(ROOT / source / name / f"{name}.ipynb", folder / "submitted" / f"s{i:04}" / name)


@contextlib.contextmanager
def cluster(workers: int) -> Iterator[str]:
    """The address of a scheduler on this machine with so many workers, as the guide starts them."""
    environment = os.environ | {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}
    dask, quiet = [sys.executable, "-m", "distributed.cli.dask_scheduler"], {"stderr": subprocess.DEVNULL, "cwd": ROOT}
    address = "tcp://127.0.0.1:18786"
    with contextlib.ExitStack() as stack:
        for command in ([*dask, "--host", "127.0.0.1", "--port", "18786", "--no-dashboard"],
                        [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nworkers", str(workers), "--nthreads", "1",
                         "--no-dashboard"]):
            process = stack.enter_context(subprocess.Popen(command, env=environment, **quiet))
            stack.callback(process.terminate)
        yield address


@contextlib.contextmanager
def most_memory() -> Iterator[list[int]]:
    """Bytes that this process and all that descend from it have together, at most; looked at every second."""
    most, done = [0], threading.Event()

    def look() -> None:
        while not done.wait(1.0):
            now = 0
            for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
                with contextlib.suppress(psutil.Error):
                    now += process.memory_full_info().pss
            most[0] = max(most[0], now)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield most
    finally:
        done.set()
        thread.join()


def outcome(folder: Path, name: str) -> dict[str, str]:
    """A digest of each file that grading made for students and instructors, and the gradebook's rows."""
    made = [*folder.glob("autograded/*/*/*"), *folder.glob("feedback/*/*/*"), folder / f"{name}.csv"]
    found = {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in made}
    rows = gradebook.rows(Cohort(ROOT, folder, name, folder, None))
    return found | {f"{row['student']} {row['cell']}": repr(row) for row in rows}


if __name__ == "__main__":
    main()
