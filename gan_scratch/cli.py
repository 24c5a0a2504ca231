"""gan-scratch train | sample | evaluate | list | data | check | explore | bench"""
from __future__ import annotations

import argparse
import os
import shlex
import sys
import warnings
from pathlib import Path

import numpy as np
from tqdm import tqdm

from gan_scratch import checkpoint, explore, plot, runs, sweep
from gan_scratch.bench.report import bench
from gan_scratch.bench.workloads import WORKLOADS
from gan_scratch.data import NAMES, Dataset, describe, load
from gan_scratch.data.images import MOST_COLUMNS, by_class, listed, some
from gan_scratch.data.load import canonical
from gan_scratch.data.survey import is_run, survey
from gan_scratch.files import replacing
from gan_scratch.gans import VARIANTS, settings
from gan_scratch.metrics import nearest
from gan_scratch.training import Diverged


def main(argv: list[str] | None = None) -> int:
    """Run the command line; returns the exit status: 0 well, 1 training diverged or a check failed, 2 bad input, 130
    interrupted.
    """
    args = parser().parse_args(argv)
    said: set[str] = set()

    def say(message, *_, **__):
        if str(message) not in said:  # a run asks for its data several times
            said.add(str(message))
            tqdm.write(f"warning: {message}", file=sys.stderr)

    warnings.showwarning = say
    try:
        return args.command(args) or 0
    except BrokenPipeError:  # `gan-scratch list | head -1`: the reader has seen enough
        sys.stdout = open(os.devnull, "w")
        return 0
    except Diverged as error:
        print(f"gan-scratch: {error}", file=sys.stderr)
        return 1
    except (ValueError, RuntimeError, OSError) as error:
        print(f"gan-scratch: {error}", file=sys.stderr)
        return 2
    except MemoryError as error:
        print(f"gan-scratch: not enough memory ({error}); take a smaller --batch or --n", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("gan-scratch: interrupted", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    """The options of all commands."""
    top = argparse.ArgumentParser(prog="gan-scratch", description="Generative adversarial networks with hand-written gradients.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    p = commands.add_parser("train", help="train a variant, draw its samples, measure them")
    p.add_argument("variant", metavar="VARIANT", help="see gan-scratch list")
    p.add_argument("--data",
                   help="a name (see gan-scratch data), a folder of pictures (gan-scratch data FOLDER tells what it "
                        "means), a .csv with file and caption or label, or an .npz; default: the variant's. With "
                        "--resume: where its pictures are now")
    p.add_argument("--full", nargs="?", const=True, default=None, metavar="FOLDER",
                   help="the complete 60 000 of mnist or fashion_mnist: fetched once, or read from the IDX files in FOLDER")
    of_pictures(p)
    p.add_argument("--set", action="append", metavar="NAME=VALUE",
                   help="another value of a setting, as in --set lr=0.001; gan-scratch list VARIANT shows them")
    p.add_argument("--steps", type=positive, help="steps to train to (default: the variant's)")
    p.add_argument("--batch", type=positive, help="samples in a batch (default: the variant's)")
    p.add_argument("--seed", type=natural, help="decides everything random (default: 0)")
    p.add_argument("--device", choices=("cpu", "cuda"), help="where to compute (default: cpu)")
    p.add_argument("--out", type=Path, help="directory of the run (default: runs/VARIANT-DATA)")
    p.add_argument("--alone", action="store_true", help="don't train what the variant is compared with")
    p.add_argument("--resume", action="store_true", help="continue the run in that directory exactly where it stopped")
    p.add_argument("--log", choices=("tensorboard",),
                   help='also write an event file for TensorBoard into the directory (pip install ".[tensorboard]")')
    p.add_argument("--seeds", metavar="0-4", help="train with several seeds (0-4, or 0,3,7), each into a directory of "
                                                  "its own, and print the table")
    p.add_argument("--workers", type=positive,
                   help="with --seeds: so many at a time, each in a process of its own (default: 1)")
    p.add_argument("--scheduler", metavar="tcp://HOST:PORT",
                   help="with --seeds: on the workers of this Dask cluster, which must see the same folders "
                        '(pip install ".[cluster]")')
    p.set_defaults(command=train)

    p = commands.add_parser("sample", help="draw samples from a trained generator")
    p.add_argument("run", type=Path, help="directory of a run, or a checkpoint file")
    p.add_argument("--n", type=positive, default=100, help="how many (default: 100)")
    p.add_argument("--seed", type=natural, default=0)
    p.add_argument("--out", type=Path, default=Path("samples.png"), help="a .png picture, or an .npz file for the numbers")
    p.add_argument("--data", help="where the run's pictures are now, if they were moved")
    p.set_defaults(command=sample)

    p = commands.add_parser("evaluate", help="measure a trained generator")
    p.add_argument("run", type=Path, help="directory of a run, or a checkpoint file")
    p.add_argument("--n", type=positive, help="how many samples (default: 5000 where there is a judge, 2500 points, 500 other images)")
    p.add_argument("--seed", type=natural, default=1)
    p.add_argument("--data", help="where the run's pictures are now, if they were moved")
    p.add_argument("--json", type=Path, help="also write the numbers to this file")
    p.add_argument("--figure", type=Path, help="also draw them, beside samples and real data, into this .png")
    p.set_defaults(command=evaluate)

    p = commands.add_parser("list", help="the variants; with a name, what can be set about it")
    p.add_argument("variant", nargs="?")
    p.set_defaults(command=list_variants)

    p = commands.add_parser("data", help="the data sets; with a name, check one and draw it")
    p.add_argument("name", nargs="?", help="a name, a folder of pictures, or an .npz file")
    p.add_argument("--full", nargs="?", const=True, default=False, metavar="FOLDER")
    of_pictures(p)
    p.add_argument("--out", type=Path, help="draw the first samples into this .png")
    p.set_defaults(command=show_data)

    does = "run an exercise notebook as the grader does, and say what is wrong"
    says = (f"{does[0].upper()}{does[1:]}; the exit status is 0 when nothing is, 1 when something is, and 2 when a "
            "file can't be checked.")
    p = commands.add_parser("check", help=does, description=says)
    p.add_argument("notebooks", metavar="notebook", type=Path, nargs="*",
                   help="the .ipynb file, which isn't changed; or several of them, with a table at the end")
    p.add_argument("--watch", action="store_true",
                   help="check again each time the notebook is saved, and say first what has changed, until Ctrl-C; "
                        "the exit status is then 0 when everything was right at the last check, else 1")
    p.add_argument("--answers", metavar="EXERCISE_OR_FILE", help="instead: print the model answer to the exercise's question in words, and how "
                   "it is graded")
    p.set_defaults(command=check)

    p = commands.add_parser("explore", help="open a program to play with in the browser; it needs no network")
    p.add_argument("name", nargs="?", choices=list(explore.TITLES), help="default: the list of them")
    p.set_defaults(command=play)

    p = commands.add_parser("bench", help="time whole training steps and single layers, beside PyTorch if it is there")
    p.add_argument("workload", nargs="*", help=f"{', '.join(WORKLOADS)} (default: all)")
    p.add_argument("--layers", action="store_true", help="single layers instead: a forward and a backward pass")
    p.add_argument("--against", choices=("torch", "compile"), help="in turn with PyTorch eager, or with torch.compile")
    p.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    p.add_argument("--threads", type=positive, help="for NumPy and PyTorch (default: as many as BLAS has). With one, CPU time is measured")
    p.add_argument("--rounds", type=positive, default=15, help="turns of both sides; medians are printed (default: 15)")
    p.add_argument("--batch", type=positive, help="another number of samples in a batch")
    p.add_argument("--tf32", action="store_true", help="on a GPU: products in TF32, on both sides")
    p.set_defaults(command=time_steps)
    return top


def of_pictures(p: argparse.ArgumentParser) -> None:
    """How the pictures of a folder are read."""
    p.add_argument("--size", type=positive, help="resize the pictures of a folder to SIZE×SIZE")
    p.add_argument("--pairs", action="store_true", default=None,
                   help="the folders A and B are pairs, whatever stands beside them")
    p.add_argument("--background", metavar="COLOUR",
                   help="shows through transparent places of pictures (default: white)")


def positive(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return int(text)


def natural(text: str) -> int:
    """A whole number of at least 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 0, got {text!r}")
    return int(text)


def train(args) -> int:
    out = args.out or Path("runs") / f"{args.variant}-{data_name(args)}"
    if args.seeds is not None:
        return train_several(args, out)
    if args.workers or args.scheduler:
        raise ValueError("--workers and --scheduler are for several runs; say which with --seeds, as in --seeds 0-4")
    if args.resume:
        if (out / "sweep.json").is_file():
            raise ValueError(f"{out} has several runs; to continue them say which, as in --seeds 0-4")
        refuse_changes(args, out)
        trainer = runs.resumed(out, args.steps, args.device, args.data)
    else:
        trainer = runs.new(args.variant, out=out, seed=args.seed or 0, **wanted(args))
        if kept := keep_earlier_run(out):
            print(f"the earlier run is kept in {kept}")
        trainer.save()  # step 0: a directory that can't be written should be known before the training
    config = trainer.config
    print(f"{config['variant']} on {config['data']} {'×'.join(map(str, config['shape']))}: step {trainer.step} to {config['steps']}, "
          f"batch {config['batch']}, seed {config['seed']}, {config['device']}", flush=True)
    go_on = f"Continue with: gan-scratch train {args.variant} --out {shlex.quote(str(out))} --resume"
    try:
        result = runs.complete(trainer, out, args.alone, log=args.log)
    except KeyboardInterrupt:  # a second Ctrl-C, or one before the first step
        print(f"stopped at once; what was saved last is in {out}. {go_on}")
        return 130
    if result is None:
        print(go_on)
        return 130
    print(f"\n{runs.report(result)}\n\n{trainer.seconds:.0f} s of training. Look at {out / 'samples.png'}, over_time.png, over_time.gif "
          "and curves.png beside it" + (", and at mechanism.png" if "proof" in result else "")
          + "; the numbers are in metrics.json and history.csv.")
    return 0


def train_several(args, out: Path) -> int:
    """A run for each seed, and their table."""
    if args.seed is not None or args.log or args.scheduler and args.workers:
        raise ValueError("--seeds says which seeds, so --seed doesn't go with it, nor does --log; and --scheduler "
                         "brings its own workers")
    chosen, options = sweep.seeds(args.seeds), wanted(args)
    first = runs.new(args.variant, seed=chosen[0], **options)  # what is wrong should be said before anything begins
    plan = first.config | {"seed": None, "alone": args.alone}
    if not args.resume and (kept := keep_earlier_run(out)):
        print(f"the earlier runs are kept in {kept}")
    if args.resume and (found := runs.differences(sweep.begun(out), plan)):
        raise ValueError(f"{out}: these runs were begun with other options ({found}); choose another --out")
    out.mkdir(parents=True, exist_ok=True)
    runs.write_json(out / "sweep.json", plan)
    options["data"] = first.config["data"]  # which workers in other directories find, too
    jobs = [sweep.Job(out / f"seed-{seed}", args.variant, options | {"seed": seed}, args.alone) for seed in chosen]
    steps = first.config["steps"]
    print(f"{args.variant} on {first.config['data']}: {len(jobs)} runs of {steps} steps in {out}", flush=True)
    try:
        outcomes = sweep.sweep(jobs, steps, args.workers or 1, args.scheduler)
    except KeyboardInterrupt:
        print(f"interrupted; what was done is in {out}, and the same command with --resume continues", file=sys.stderr)
        return 130
    rows = {job.out.name: sweep.numbers(job.out) for job in jobs if not outcomes[job.out]}
    for folder, why in outcomes.items():
        if why:
            print(f"{folder.name}: {why}", file=sys.stderr)
    if rows:
        sweep.write_table(out / "table.csv", rows)
        print(f"\n{sweep.table(rows)}\n\nAlso in {out / 'table.csv'}; each run's pictures are in its own directory.")
    return int(any(outcomes.values()))


def wanted(args) -> dict:
    """What `runs.new` is told, besides the seed and the directory."""
    return {"data": args.data, "full": args.full or False, "size": args.size, "pairs": bool(args.pairs),
            "background": args.background or "white", "steps": args.steps, "batch": args.batch,
            "device": args.device or "cpu", "settings": settings.read(args.set or [])}


def data_name(args) -> str:
    usual = VARIANTS[args.variant].data if args.variant in VARIANTS else "data"
    name = Path(args.data).resolve().stem if args.data else usual
    return f"{name}_full" if args.full else name


def refuse_changes(args, out: Path) -> None:
    """A resumed run goes on as it began: only its length and its device may change."""
    config = checkpoint.load(out / "checkpoint.npz")[1]["config"]
    for key in ("variant", "full", "size", "pairs", "background", "batch", "seed"):
        value = getattr(args, key)
        value = canonical(value) if key == "full" and isinstance(value, str) else value
        if value is not None and value != config.get(key):
            raise ValueError(f"{out} was begun with {key} {config.get(key)!r}, it can't be resumed with {value!r}; "
                             "choose another --out")
    for name, text in settings.read(args.set or []).items():
        before = config.get("settings", {}).get(name)
        if before is None or not settings.agrees(before, text):
            raise ValueError(f"{out} was begun with {name} {'as the recipe has it' if before is None else before}, it "
                             f"can't be resumed with {text}; choose another --out")


def keep_earlier_run(out: Path) -> Path | None:
    """Move an earlier run that is in the way to the next free name; nothing is overwritten.

    Raises ValueError when something else is in the way.
    """
    if not out.exists() or out.is_dir() and not any(out.iterdir()):
        return None
    if not is_run(out):
        raise ValueError(f"{out} exists and is not an earlier run; choose another --out")
    number = 1
    while (kept := out.with_name(f"{out.name}.{number}")).exists():
        number += 1
    return out.rename(kept)


def sample(args) -> None:
    if args.out.suffix not in (".npz", ".png"):
        raise ValueError(f"--out must end in .png or .npz, got {args.out}")
    gan, config = runs.reopened(args.run, args.data)
    x = runs.draw(gan, args.n, args.seed)
    if args.out.suffix == ".npz":
        with replacing(args.out) as temporary, open(temporary, "wb") as file:
            np.savez_compressed(file, samples=x)
    else:
        title = f"{config['variant']} on {Path(config['data']).stem}, step {config['step']}, seed {args.seed}"
        plot.sheet(args.out, x, title, runs.names_of(config))
    print(f"{len(x)} samples of shape {x.shape[1:]} in {args.out}")


def evaluate(args) -> None:
    if args.figure and args.figure.suffix != ".png":
        raise ValueError(f"--figure must end in .png, got {args.figure}")
    for target in filter(None, (args.figure, args.json)):
        if target.is_dir() or not target.parent.is_dir():
            raise ValueError(f"{target} can't be written: it is a folder, or its folder doesn't exist")
    gan, config = runs.reopened(args.run, args.data)
    config = runs.moved(config, None)
    result = runs.evaluate(gan, config, args.n, args.seed)
    if proof := runs.prove(gan, runs.beside(args.run), config, args.seed):
        result["proof"] = proof
    print(f"{config['variant']} on {config['data']}, step {config['step']}: {runs.report(result)}")
    if args.json:
        runs.write_json(args.json, {"config": config, "evaluation": result})
    if args.figure:
        source = runs.data_of(config)
        if isinstance(source, Dataset):
            generated = runs.draw(gan, 32, args.seed)
            real = source.images[nearest(generated, source.images)[1][:, 0]]
        else:
            shown = min(2000, result["n"])
            generated, real = runs.draw(gan, shown, args.seed), source.sample(2000, np.random.default_rng([args.seed, 1]))
        title = f"{config['variant']} on {Path(config['data']).stem}, step {config['step']}: {result['n']} samples, seed {args.seed}"
        plot.evaluation(args.figure, generated, real, result, title)
        print(f"drawn in {args.figure}")


def list_variants(args) -> None:
    if args.variant:
        trainer = runs.new(args.variant)  # which knows the variants' names, and the shapes of its data
        recipe = VARIANTS[args.variant].suited_to(trainer.config["shape"])
        print("\n".join([f"{args.variant}: {recipe.idea}",
                         f"{recipe.paper}; data: {recipe.data}; {recipe.steps} steps of {recipe.batch}",
                         f"To be changed with gan-scratch train {args.variant} --set NAME=VALUE:",
                         *settings.table(recipe, trainer.config["shape"], trainer.config["conditions"])]))
        return
    for name, recipe in VARIANTS.items():
        both = f"{recipe.data}, {recipe.points.data}" if recipe.points else recipe.data
        print(f"{name}\n    {recipe.idea}\n    {recipe.paper}; data: {both}; {recipe.steps} steps of {recipe.batch}")


def show_data(args) -> None:
    if args.name is None:
        if args.full:
            raise ValueError("--full needs a name before it: gan-scratch data mnist --full")
        for name in NAMES:
            print(f"{name:16}{describe(name)}")
        return
    if args.out and args.out.suffix != ".png":
        raise ValueError(f"--out must end in .png, got {args.out}")
    if args.name not in NAMES and Path(args.name).is_dir():
        print(survey(Path(args.name), bool(args.pairs)).table())
    source = load(args.name, args.full, args.size, bool(args.pairs), args.background or "white")
    if args.name in NAMES:
        print(describe(args.name))
    if isinstance(source, Dataset):
        labels = "no labels" if source.labels is None else f"{len(np.unique(source.labels))} classes"
        test = "" if source.test_images is None else f", test part of {len(source.test_images)}"
        print(f"{len(source.images)} images of shape {source.shape}{test}, {labels}, values {source.images.min():.2f} to {source.images.max():.2f}")
        if source.extra:
            print("with " + ", ".join(f"{name} {array.shape}" for name, array in source.extra.items()))
        if source.classes:
            print(f"labels: {listed([f'{i} {name}' for i, name in enumerate(source.classes)], 20)}")
        x = some(source.images, 100)
    else:
        print(f"points with {source.shape[0]} coordinates")
        x = source.sample(2000, np.random.default_rng(0))
    if args.out:
        if isinstance(source, Dataset) and 0 < len(source.classes) <= MOST_COLUMNS:
            plot.sheet(args.out, by_class(source), args.name, source.classes)
        else:
            plot.sheet(args.out, x, args.name)
        print(f"drawn in {args.out}")


def check(args) -> int:
    if bool(args.notebooks) == (args.answers is not None):
        raise ValueError("check needs a notebook file, or --answers with an exercise")
    if args.watch and len(args.notebooks) != 1:
        raise ValueError(f"check --watch follows one notebook, but {len(args.notebooks)} were given")
    try:
        from gan_scratch.classroom import command, several, watch
    except ImportError as error:
        raise RuntimeError(f'{error.name} is missing; install what notebooks need: pip install "gan-scratch[course]"') from None
    if args.answers is not None:
        return command.show_answer(args.answers)
    if args.watch:
        return watch.watch(*args.notebooks)
    return command.check(*args.notebooks) if len(args.notebooks) == 1 else several.check(args.notebooks)


def play(args) -> int:
    """Open a program in the browser, or list them."""
    if args.name is None:
        for name, title in explore.TITLES.items():
            print(f"gan-scratch explore {name:<12} {title}")
        return 0
    opened = explore.open_in_browser(args.name)
    print(f"{'opened' if opened else 'no browser was found; open'} {explore.file(args.name)}")
    return int(not opened)


def time_steps(args) -> None:
    bench(args.workload, layers=args.layers, against=args.against, device=args.device, threads=args.threads, rounds=args.rounds, batch=args.batch,
          tf32=args.tf32)
