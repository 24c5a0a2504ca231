"""Several runs of one variant, one after the other, in processes, or on a Dask cluster: the same numbers to the bit.

    OUT/sweep.json      what is to be trained
    OUT/seed-0/ …       a run each, as gan-scratch train leaves it
    OUT/table.csv       their numbers

A run goes on from its checkpoint and is done when its metrics.json is of its last step, so whatever was stopped or
killed continues with the same command.
"""

from __future__ import annotations

import csv
import json
import re
import statistics
import warnings
from dataclasses import dataclass
from pathlib import Path

from threadpoolctl import threadpool_limits
from tqdm import tqdm

from gan_scratch import runs
from gan_scratch.files import replacing
from gan_scratch.parallel import spread
from gan_scratch.training import Diverged, TrainingWarning

INTERRUPTED = "interrupted"
MOST_SEEDS = 1000


@dataclass(frozen=True)
class Job:
    """One run: where it goes, what is trained, and the keyword arguments of `runs.new`."""

    out: Path
    variant: str
    options: dict
    alone: bool = False  # without what the variant is compared with

    @property
    def step(self) -> int | None:
        """The step at which it is done, as far as its own file tells; None before it has begun."""
        try:
            return json.loads((self.out / "metrics.json").read_text())["step"]
        except (OSError, ValueError, KeyError):
            return None


def train(job: Job) -> str:
    """Train one run to its end, from where it stands; returns "" or why it couldn't be done.

    With one thread: the sums of several threads differ in their last bits.
    """
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", TrainingWarning)  # they stand in its metrics.json
        try:
            trainer = runs.new(job.variant, out=job.out, **job.options)
            if (job.out / "checkpoint.npz").exists():
                runs.refuse_another(job.out, trainer.config)
                trainer.resume()
            done = runs.complete(trainer, job.out, job.alone, progress=False)
            return "" if done else INTERRUPTED
        except (Diverged, ValueError, OSError, MemoryError) as error:  # the other runs go on
            return f"{type(error).__name__}: {error}" if isinstance(error, MemoryError) else str(error)


def sweep(
    jobs: list[Job], steps: int, workers: int = 1, scheduler: str | None = None, progress: bool = True
) -> dict[Path, str]:
    """Train what isn't done yet.

    Args:
        steps: of each run. workers, scheduler: see `spread`.

    Returns: for each run's directory "" or why it couldn't be done. Raises RuntimeError when workers keep dying, or
    don't see the same folders, and KeyboardInterrupt after Ctrl-C, when every run has saved where it stands.
    """
    todo = [job for job in jobs if job.step != steps]
    outcomes = {job.out: "" for job in jobs}
    with tqdm(
        total=len(jobs), initial=len(jobs) - len(todo), unit="run", disable=not progress, dynamic_ncols=True
    ) as bar:
        for job, outcome in spread(train, todo, workers, scheduler):
            if outcome == INTERRUPTED:
                raise KeyboardInterrupt
            if not outcome and job.step != steps:
                raise RuntimeError(
                    f"{job.out}: the run is done, but its files aren't here; the workers must see the same folders as "
                    "this process"
                )
            outcomes[job.out] = outcome
            bar.update()
    return outcomes


# --- seeds and their table --------------------------------------------------------------------------------------------


def seeds(text: str) -> list[int]:
    """0-4 or 0,3,7 or both. Raises ValueError."""
    found: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d+)(?:-(\d+))?\s*", part)
        if not match or match[2] and int(match[2]) < int(match[1]):
            raise ValueError(f"--seeds expects whole numbers, as 0-4 or 0,3,7, got {text!r}")
        part = range(int(match[1]), int(match[2] or match[1]) + 1)
        if len(found) + len(part) > MOST_SEEDS:
            raise ValueError(f"--seeds {text}: at most {MOST_SEEDS} runs at a time")
        found += part
    if len(set(found)) < len(found):
        raise ValueError(f"--seeds {text}: a seed is there twice")
    return found


def numbers(out: Path) -> dict[str, float]:
    """What a run's metrics.json says, as one row."""
    content = json.loads((out / "metrics.json").read_text())
    result = content["evaluation"]
    judge, coverage, points = (result.get(key) or {} for key in ("judge", "coverage", "points"))
    row = {
        "fid": judge.get("fid"),
        "classes": judge.get("classes"),
        "modes": coverage.get("modes"),
        "modes_20": coverage.get("modes_20"),
        "high_quality": coverage.get("high_quality"),
        "w1": points.get("generated", {}).get("w1"),
        "js": points.get("generated", {}).get("js"),
        "nearest": (result.get("images") or {}).get("generated", {}).get("nearest"),
        "spread": result.get("spread"),
        "seconds": content["training_seconds"],
    }
    return {name: value for name, value in row.items() if value is not None}


def table(rows: dict[str, dict[str, float]]) -> str:
    """A line for each run, and the mean and standard deviation of each number over those that are there."""
    columns = {name: [row[name] for row in rows.values() if name in row] for name in names_in(rows)}
    lines = [f"{'':12}" + "".join(f"{name:>14}" for name in columns)]
    lines += [
        f"{run:12}" + "".join(f"{row[name]:14.4g}" if name in row else f"{'–':>14}" for name in columns)
        for run, row in rows.items()
    ]
    lines.append(f"{'mean':12}" + "".join(f"{statistics.mean(values):14.4g}" for values in columns.values()))
    if len(rows) > 1:
        lines.append(
            f"{'std':12}"
            + "".join(f"{statistics.stdev(values) if len(values) > 1 else 0:14.2g}" for values in columns.values())
        )
    return "\n".join(lines)


def names_in(rows: dict[str, dict[str, float]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows.values() for name in row))


def write_table(path: Path, rows: dict[str, dict[str, float]]) -> None:
    """The same as a .csv file."""
    with replacing(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["run", *names_in(rows)], lineterminator="\n")
        writer.writeheader()
        writer.writerows({"run": run, **row} for run, row in rows.items())


def begun(out: Path) -> dict:
    """What sweep.json says. Raises FileNotFoundError or ValueError."""
    path = out / "sweep.json"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such file, so no runs that could be continued")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise ValueError(f"{path}: damaged; choose another --out") from None
