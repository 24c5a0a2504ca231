"""Train the zoo with several seeds and write the table of its proofs into course/zoo.md.

    python -m tests.zoo [--only NAME …] [--seeds 3] [--jobs 2 | --scheduler tcp://…] [--out runs/zoo]

Each run is a directory as `gan-scratch train` leaves it; finished runs aren't repeated, so the command can be interrupted and continued.
"""
from __future__ import annotations

import argparse
import json
import re
import textwrap
from pathlib import Path

import numpy as np
from PIL import Image

from gan_scratch import sweep
from gan_scratch.files import replacing
from gan_scratch.gans import VARIANTS
from gan_scratch.parallel import spread
from gan_scratch.proofs import PROOFS

PAGE = Path(__file__).parents[1] / "course/zoo.md"
HEAD = """# The zoo

Each variant trains from hand-written gradients on one CPU core, and for each there are numbers that show whether its
mechanism works. Beside them stands what they must be compared with: the same network without the mechanism, real data,
or chance. A cell holds the values for seeds {seeds}, or a single value where the column needs no training.

`python -m tests.zoo` trains everything and writes this page. `gan-scratch train NAME --seed 0` makes one of the runs.
The seconds are those of training on one thread of {where}, with two or three runs at a time.
"""


# Where a number doesn't beat what it is compared with by more than the spread over seeds: what is the matter, and what was tried.
NOTES: dict[str, str] = {
    "acgan": "cGAN already makes digits that are named as surely as real ones, so the classifier can't gain more than the "
             "spread over seeds. What it costs is visible, because recall is lower for every seed.",
    "infogan": "The two numbers of the code show in the images just as surely (they can be read back), but not as ink, slant "
               "or width. By those measures the comparison is as good.",
    "inpainting": "The nearest training picture beats both, because it has the whole shape. L1 alone is nearer in pixels, as "
                  "it must be, and its pictures are blurred.",
    "cyclegan": "What the cycle alone brings is the difference from `cyclegan-identity-only` below. It is small in pixels, and "
                "larger in how well a face returns.",
    "lapgan": "The Fréchet distance is that of the single net, or worse, because the net for 7×7 loses some kinds of clothes, "
              "as recall shows. With test pictures as input the details are nearly perfect. With Adam's β₁ = 0.5 all "
              "distances were larger (27 against 23, seed 0).",
    "progressive": "Growing is made for sizes at which a step at full size is expensive. Here only the last two levels cost "
                   "anything, and the shapes in the pictures show first at 16×16. We also tried the learning rates 0.002 (4210 "
                   "against 2790, seed 0) and 0.008, with and without restarting Adam at each level (2120 and 2500 against "
                   "1410). Single colours are as frequent in both (0.82).",
    "stackgan": "Augmentation gives variety within a caption, but no reliable help with unseen pairs.",
    "3d-gan": "A dense G with twelve times the weights overlaps real pieces more and is smoother. At 16³ and with so few kinds "
              "of pieces, convolutions win only against voxels alone. With a further 3-D convolution at 16³ a step took eight "
              "times as long, and it was given up.",
    "rnn-gan": "The melodies are walks, so that the note before says everything that a memory could keep. A plain recurrent "
               "network (`rnn-gan-simple`: 0.81, 0.89, 0.72 in the first row) does as well as an LSTM.",
    "stylegan": "The seeds differ more than one would like.",
}


def finished(folder: Path) -> dict | None:
    """What a complete run left, or None."""
    try:
        return json.loads((folder / "metrics.json").read_text())
    except (OSError, ValueError):
        return None


def train(run: tuple[str, int, Path]) -> None:
    """One run as a user would do it; goes on where an earlier one stopped."""
    name, seed, folder = run
    if finished(folder):
        return
    if why := sweep.train(sweep.Job(folder, name, {"seed": seed})):
        raise RuntimeError(f"{name}, seed {seed}: {why}")


def in_a_cell(text: str) -> str:
    """A text for a cell of a Markdown table, where | would end the cell."""
    return text.strip().replace("|", r"\|")


def introduction(name: str, data: str, steps: int, batch: int, seconds: list[int]) -> str:
    """What stands above a variant's table: the claim, the paper, the command and how long it took."""
    proof = PROOFS[name]
    *first, last = map(str, seconds)
    took = f"{', '.join(first)} and {last}" if first else last
    text = (f"{proof.claim[0].upper() + proof.claim[1:]} ({VARIANTS[name].paper}). `gan-scratch train {name}` makes {steps} steps with "
            f"batches of {batch} on `{data}`, which took {took} s.")
    if proof.baseline:
        text += f" Beside it stands `{proof.baseline}` with {round(steps * proof.share)} steps."
    text = re.sub(r"`[^`]*`|\d+ s\.", lambda kept: kept[0].replace(" ", "\0"), f"{text} {NOTES.get(name, '')}".strip())
    return textwrap.fill(text, 118, break_long_words=False, break_on_hyphens=False).replace("\0", " ")


def section(name: str, runs: list[dict]) -> str:
    """A variant's heading, claim and table."""
    config, proofs = runs[0]["config"], [run["evaluation"]["proof"] for run in runs]
    columns = list(proofs[0]["columns"])
    trained = [column for column in columns if column in VARIANTS]
    seconds = [round(run["training_seconds"]) for run in runs]
    lines = [f"## {name}", "", introduction(name, config["data"], config["steps"], config["batch"], seconds), "",
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
    parser.add_argument("--scheduler", metavar="tcp://HOST:PORT", help="of a Dask cluster whose workers see the same folders, instead of --jobs")
    parser.add_argument("--out", type=Path, default=Path("runs/zoo"))
    args = parser.parse_args(argv)
    todo = [(name, seed, args.out.resolve() / f"{name}-{seed}") for name in args.only for seed in range(args.seeds)]
    for (name, seed, _), _ in spread(train, todo, args.jobs, args.scheduler):
        print(f"{name}, seed {seed}: done", flush=True)
    where = f"an {processor()} with NumPy {np.__version__}"
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
