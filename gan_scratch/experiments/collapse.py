"""Which remedies cure mode collapse? One command trains each of gans/remedies.py on ring and grid with several seeds and prints a table.

    python -m gan_scratch.experiments.collapse [--data ring grid] [--seeds 3] [--jobs 2 | --scheduler tcp://…]
                                               [--only NAME …] [--out runs/collapse]

Every run is a file in the output directory; runs that are there already aren't repeated, so the command can be interrupted and continued.
Beside the table it leaves table.txt, table.json and a picture of the samples for each data set.
"""
from __future__ import annotations

import argparse
import json
import sys
import warnings
from functools import partial
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from gan_scratch import plot, runs
from gan_scratch.data import load
from gan_scratch.files import replacing
from gan_scratch.gans.remedies import REMEDIES
from gan_scratch.metrics import mode_coverage
from gan_scratch.parallel import spread
from gan_scratch.training import TrainingWarning, pairwise_distance

PUBLISHED = {"ring": """\
VEEGAN paper (arXiv 1705.07761): GAN 1 mode, 99.3 %; ALI 2.8, 0.13 %; Unrolled GAN 7.6, 35.6 %; VEEGAN 8, 52.9 %
PacGAN paper (arXiv 1712.04086): GAN 6.3 ± 0.5, 98.2 %; PacGAN2 7.9 ± 0.1, 95.6 %; PacGAN4 7.8 ± 0.1, 95.9 %""", "grid": """\
VEEGAN paper (arXiv 1705.07761): GAN 3.3 modes, 0.5 %; ALI 15.8, 1.6 %; Unrolled GAN 23.6, 16 %; VEEGAN 24.6, 40 %
PacGAN paper (arXiv 1712.04086): GAN 17.3 ± 0.8, 94.8 %; PacGAN2 23.8 ± 0.7, 91.3 %; PacGAN4 24.8 ± 0.2, 93.6 %"""}
Run = tuple[str, str, int]  # name of the remedy, data, seed


def train(run: Run, steps: int | None = None) -> tuple[dict, np.ndarray]:
    """Train one configuration; returns its numbers (see metrics.mode_coverage) and 2 500 samples."""
    name, data, seed = run
    trainer = runs.new(name, data, steps=steps, seed=seed)
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", TrainingWarning)  # collapse is what is expected here
        trainer.run(progress=False)
    if trainer.interrupted:
        raise KeyboardInterrupt  # half a run must not be kept as a whole one
    samples, source = runs.draw(trainer.gan, 2500, seed=1), load(data)
    spread = pairwise_distance(samples[:500]) / pairwise_distance(source.sample(500, np.random.default_rng(1)))
    return mode_coverage(samples, source) | {"spread": spread, "steps": trainer.steps, "seconds": round(trainer.seconds, 1)}, samples


def train_and_keep(run: Run, folder: Path, steps: int | None) -> None:
    """One process's work: train, then write the run's file in one go."""
    numbers, samples = train(run, steps)
    with replacing(path_of(run, folder)) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, samples=samples.astype(np.float32), numbers=np.array(json.dumps(numbers)))


def path_of(run: Run, folder: Path) -> Path:
    return folder / "{}-{}-{}.npz".format(*run)


def read(run: Run, folder: Path, steps: int | None = None) -> tuple[dict, np.ndarray] | None:
    """What the run's file holds; None when it isn't there, is damaged, or was trained for another number of steps."""
    try:
        with np.load(path_of(run, folder)) as arrays:
            numbers, samples = json.loads(str(arrays["numbers"])), arrays["samples"]
    except (OSError, ValueError, KeyError):
        return None
    return (numbers, samples) if numbers["steps"] == (steps or REMEDIES[run[0]].steps) else None


def train_all(todo: list[Run], folder: Path, steps: int | None, jobs: int, scheduler: str | None = None) -> None:
    """Train in `jobs` processes or on a Dask cluster, with a bar that counts runs."""
    work = partial(train_and_keep, folder=folder.resolve(), steps=steps)
    for _ in tqdm(spread(work, todo, jobs, scheduler), total=len(todo), unit="run", dynamic_ncols=True):
        pass


def row(name: str, data: str, results: list[dict]) -> str:
    """One line: each number for every seed."""
    each = lambda key, form: " ".join(f"{form(r[key]):>4}" for r in results)  # noqa: E731
    return (f"{name:30}{each('modes', str)}  {each('modes_20', str)}  {each('high_quality', lambda v: f'{100 * v:.0f}')}  "
            f"{each('reverse_kl', lambda v: f'{v:.2f}')}  {each('spread', lambda v: f'{v:.2f}')}  {results[0]['seconds']:6.0f}")


def table(data: str, results: dict[str, list[dict]]) -> str:
    """The table of one data set, with the published rows below."""
    seeds = len(next(iter(results.values())))
    width = 5 * seeds - 1
    modes = len(load(data).modes)
    head = f"{'':30}{'modes':>{width}}  {'20 %':>{width}}  {'quality':>{width}}  {'rev. KL':>{width}}  {'spread':>{width}}  {'sec.':>6}"
    return "\n".join([f"{data}: {modes} modes, 2 500 samples, {seeds} seeds", head, *(row(name, data, r) for name, r in results.items()), "",
                      "published (modes, high-quality samples), with other networks and settings:", PUBLISHED.get(data, ""), ""])


LEGEND = f"""modes: with at least one sample within 3 standard deviations; 20 %: with at least a fifth of their fair share; quality: per cent of the samples
within 3 standard deviations of a mode; rev. KL: of the modes' shares from even ones, nats; spread: mean pairwise distance relative to the data's."""


def picture(path: Path, data: str, samples: dict[str, np.ndarray], numbers: dict[str, dict]) -> None:
    """The samples of the first seed, one panel for each configuration."""
    columns, source = 6, load(data)
    rows = -(-len(samples) // columns)
    fig, axes = plot.figure(3.6 * columns, 4.1 * rows, rows, columns, squeeze=False)
    limits = plot.point_limits(source.modes)
    for axis, (name, x) in zip(axes.flat, samples.items()):
        plot.show_points(axis, source.modes, "", limits, plot.GREY)
        good = numbers[name]["modes_20"] >= 0.75 * len(source.modes)
        axis.scatter(*x.T, s=4, color=plot.BLUE if good else plot.ORANGE, alpha=0.4, linewidths=0)
        label = name.replace("collapsing+", "+ ")
        axis.set_title(f"{label}\n{numbers[name]['modes_20']} of {len(source.modes)} modes, {numbers[name]['high_quality']:.0%}", fontsize=14)
        axis.set(xlim=limits, ylim=limits, xlabel="", ylabel="", xticks=[], yticks=[])
    for axis in axes.flat[len(samples):]:
        axis.axis("off")
    fig.suptitle(f"{data}: 2 500 samples (colour) and the modes (grey), seed 0; blue where at least ¾ of the modes have a fifth of their share", fontsize=plot.TITLE)
    plot.save(fig, path)


def keep(path: Path, results: dict[Run, tuple[dict, np.ndarray]]) -> None:
    """For lecture 09: 500 samples of each run, the number of modes with a fifth of their share, and the share of high quality."""
    kept = {}
    for (name, data, seed), (numbers, samples) in results.items():
        kept[f"{name}/{data}/{seed}/samples"] = samples[:500].astype(np.float16)
        kept[f"{name}/{data}/{seed}/numbers"] = np.array([numbers["modes_20"], numbers["high_quality"]])
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **kept)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m gan_scratch.experiments.collapse", description=__doc__.split("\n")[0])
    parser.add_argument("--data", nargs="+", default=["ring", "grid"], choices=("ring", "grid"))
    parser.add_argument("--seeds", type=int, default=3, help="how many (default: 3)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--scheduler", metavar="tcp://HOST:PORT", help="of a Dask cluster whose workers see the same "
                                                                       "folders, instead of --jobs")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=list(REMEDIES), help="some of the configurations (default: all)")
    parser.add_argument("--steps", type=int, help="train for fewer or more steps than the recipes say")
    parser.add_argument("--out", type=Path, default=Path("runs/collapse"))
    parser.add_argument("--keep", type=Path, metavar="FILE", help="also write samples and numbers of all runs into one .npz")
    args = parser.parse_args(argv)
    if min(args.seeds, args.jobs, args.steps or 1) < 1:
        parser.error("--seeds, --jobs and --steps must be at least 1")
    args.out.mkdir(parents=True, exist_ok=True)
    names = args.only or list(REMEDIES)
    everything = [(name, data, seed) for data in args.data for name in names for seed in range(args.seeds)]
    todo = [run for run in everything if read(run, args.out, args.steps) is None]
    try:
        if todo:
            train_all(todo, args.out, args.steps, args.jobs, args.scheduler)
    except KeyboardInterrupt:
        print(f"interrupted; finished runs are in {args.out}, the same command continues", file=sys.stderr)
        return 130
    results = {run: read(run, args.out, args.steps) for run in everything}
    if args.keep:
        keep(args.keep, results)
    text, numbers = [], {}
    for data in args.data:
        numbers[data] = {name: [results[name, data, seed][0] for seed in range(args.seeds)] for name in names}
        text.append(table(data, numbers[data]))
        picture(args.out / f"{data}.png", data, {name: results[name, data, 0][1] for name in names},
                {name: results[name, data, 0][0] for name in names})
    text = "\n".join([*text, LEGEND])
    with replacing(args.out / "table.txt") as temporary:
        temporary.write_text(text + "\n")
    runs.write_json(args.out / "table.json", numbers)
    print(text, f"\nAlso in {args.out / 'table.txt'}, table.json; pictures beside it.", sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
