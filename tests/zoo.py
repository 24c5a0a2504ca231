"""Train the zoo with several seeds and write the table of its proofs into course/zoo.md.

    python -m tests.zoo [--only NAME …] [--seeds 3] [--jobs 2] [--out runs/zoo]

Each run is a directory as `gan-scratch train` leaves it; finished runs aren't repeated, so the command can be interrupted and continued.
"""
from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from gan_scratch.files import replacing
from gan_scratch.gans import VARIANTS
from gan_scratch.proofs import PROOFS

PAGE = Path(__file__).parents[1] / "course/zoo.md"
HEAD = """# The zoo

Each variant trains from hand-written gradients, on one CPU core, and each has numbers that show whether its mechanism works, beside what they
must be compared with: the same network without the mechanism, real data, chance. Cells hold the values of seeds {seeds}; where a column needs no
training, one value. The page is written by `python -m tests.zoo`, which trains everything; one run is `gan-scratch train NAME --seed 0`. Seconds are
those of training on one thread, two or three runs at a time, of {where}.
"""


# Where a number doesn't beat what it is compared with by more than the spread over seeds: what is the matter, and what was tried.
NOTES: dict[str, str] = {
    "acgan": "cGAN already makes digits that are named as surely as real ones, so the classifier can't gain beyond the spread; what it costs shows: recall falls with "
             "each seed.",
    "infogan": "The code's two numbers show as surely (they are read back), but not as ink, slant or width: there the comparison is as good.",
    "inpainting": "The nearest training picture beats both: it has the whole shape. L1 alone is nearer in pixels, as it must be, and blurred.",
    "cyclegan": "What the cycle alone brings is the difference to cyclegan-identity-only below: little in pixels, more in what returns.",
    "lapgan": "The Fréchet distance is that of the single net, or worse: the net for 7×7 loses some kinds of clothes, as recall says. With its input from test "
              "pictures the details are nearly perfect. With Adam's β₁ = 0.5 all distances were larger (27 against 23, seed 0).",
    "progressive": "Growing is made for sizes at which a step at full size is dear; here only the last two levels cost anything, and the pictures' shapes show first at 16×16. Tried: learning "
                   "rates 0.002 (4210 against 2790, seed 0) and 0.008, with and without restarting Adam at each level (2120 and 2500 against 1410). Single colours are as frequent in both (0.82).",
    "stackgan": "Augmentation gives variety within a caption, and no sure help with unseen pairs.",
    "3d-gan": "A dense G with twelve times the weights overlaps real pieces more and is smoother: at 16³ and with so few kinds of pieces convolutions win only against "
              "voxels alone. A further 3-D convolution at 16³ took eight times as long a step and was given up.",
    "rnn-gan": "The melodies are walks, so that the note before says all that a memory could keep: a plain recurrent network (`rnn-gan-simple`: 0.81, 0.89, 0.72 in the first row) does as well as an LSTM.",
    "stylegan": "Seeds differ more than one would like.",
}


def finished(folder: Path) -> dict | None:
    """What a complete run left, or None."""
    try:
        return json.loads((folder / "metrics.json").read_text())
    except (OSError, ValueError):
        return None


def train(name: str, seed: int, folder: Path) -> None:
    """One run as a user would do it; goes on where an earlier one stopped."""
    if finished(folder):
        return
    begun = ["--resume"] if (folder / "checkpoint.npz").exists() else ["--seed", str(seed)]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    run = subprocess.run([sys.executable, "-m", "gan_scratch", "train", name, "--out", str(folder), *begun], env=environment, capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(f"{name}, seed {seed}: {run.stderr[-500:]}")
    print(f"{name}, seed {seed}: done", flush=True)


def in_a_cell(text: str) -> str:
    """A text for a cell of a Markdown table, where | would end the cell."""
    return text.strip().replace("|", r"\|")


def section(name: str, runs: list[dict]) -> str:
    """A variant's heading, claim and table."""
    recipe, claim, proofs = VARIANTS[name], PROOFS[name].claim, [run["evaluation"]["proof"] for run in runs]
    columns = list(proofs[0]["columns"])
    beside = f" Beside it {PROOFS[name].baseline}, {round(runs[0]['config']['steps'] * PROOFS[name].share)} steps." if PROOFS[name].baseline else ""
    trained = [column for column in columns if column in VARIANTS]
    lines = [f"## {name}", "", f"{recipe.paper}. {claim[0].upper() + claim[1:]}. `gan-scratch train {name}`: {runs[0]['config']['data']}, "
             f"{runs[0]['config']['steps']} steps of {runs[0]['config']['batch']}, {', '.join(str(round(run['training_seconds'])) for run in runs)} s.{beside}{' ' + NOTES[name] if name in NOTES else ''}", "",
             f"![{name}](figures/zoo_{name}.png)", "",
             f"| | {' | '.join(columns)} |", "|---" * (1 + len(columns)) + "|"]
    for key, text in PROOFS[name].rows.items():
        cells = []
        for column in columns:
            values = [proof["columns"][column].get(key) for proof in proofs]
            values = values if column in trained else values[:1]
            cells.append("" if values[0] is None else ", ".join(f"{v:.3g}" for v in values))
        lines.append(f"| {in_a_cell(text)} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.zoo", description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", choices=list(PROOFS), default=list(PROOFS), metavar="NAME")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("runs/zoo"))
    args = parser.parse_args(argv)
    todo = [(name, seed, args.out / f"{name}-{seed}") for name in args.only for seed in range(args.seeds)]
    with ThreadPoolExecutor(args.jobs) as pool:
        list(pool.map(lambda run: train(*run), todo))
    where = f"an {processor()}, NumPy {np.__version__}"
    text = "\n".join([HEAD.format(seeds=", ".join(map(str, range(args.seeds))), where=where),
                      *(section(name, [finished(folder) for n, _, folder in todo if n == name]) for name in args.only)])
    for name in args.only:
        keep_picture(args.out / f"{name}-0/mechanism.png", PAGE.parent / f"figures/zoo_{name}.png")
    if args.only == list(PROOFS):
        with replacing(PAGE) as temporary:
            temporary.write_text(text)
    print(text)


def keep_picture(source: Path, target: Path) -> None:
    """The picture of seed 0 with 256 colours and at most 1 600 pixels wide, which shows the same and takes a fraction of the space."""
    with Image.open(source) as picture, replacing(target) as temporary:
        picture = picture.convert("RGB")
        width = min(1600, picture.width)
        small = picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)
        small.quantize(256).save(temporary, "PNG", optimize=True)


def processor() -> str:
    """The CPU's name, as far as Linux tells."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown CPU")


if __name__ == "__main__":
    main()
