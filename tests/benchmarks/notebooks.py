"""How much CPU time each lecture and each solution takes, and which of its cells take longest.

    python -m tests.benchmarks.notebooks [NAME …] [--least 3]

Each runs alone, in plain Python, on one thread. CPU time hardly depends on what else the machine does. A name may be the
beginning of one: 05, e07.
"""
import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

from course.building.units import ROOT
from gan_scratch import plot


def measure(path: Path, least: float) -> None:
    """Run one here, and print its CPU seconds and those of its cells that take at least so many."""
    plot.show = lambda figure: figure.canvas.draw()
    names, cells, begin = {"__name__": "__main__"}, [], time.process_time()
    for number, cell in enumerate(nbformat.read(path, as_version=4).cells, 1):
        if cell.cell_type == "code":
            start = time.process_time()
            exec(compile(cell.source, f"cell {number}", "exec"), names)
            cells.append((time.process_time() - start, number, cell.source.strip().split("\n")[0]))
    print(f"{path.stem:40}{time.process_time() - begin:7.1f} s", file=sys.stderr)
    for seconds, number, line in sorted(cells, reverse=True):
        if seconds >= least:
            print(f"    cell {number:<4}{seconds:7.1f} s  {line[:70]}", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=[""])
    parser.add_argument("--least", type=float, default=3, help="CPU seconds from which on a cell is shown")
    parser.add_argument("--here", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.here:
        measure(args.here, args.least)
        return
    notebooks = [*sorted(ROOT.glob("lectures/*.ipynb")), *sorted(ROOT.glob("solutions/*/*.ipynb"))]
    for path in (path for path in notebooks if path.stem.startswith(tuple(args.names))):
        command = [sys.executable, "-m", "tests.benchmarks.notebooks", "--here", str(path), "--least", str(args.least)]
        with tempfile.TemporaryDirectory() as empty:
            subprocess.run(command, cwd=empty, stdout=subprocess.DEVNULL, check=True,
                           env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)})


if __name__ == "__main__":
    main()
