"""Does a generated bar keep the rules by which the melodies were drawn, and does it go on from the bar before?"""
from __future__ import annotations

from pathlib import Path

import numpy as np

from gan_scratch import backend, plot
from gan_scratch.data.melodies import PITCHES, SCALE, STEPS
from gan_scratch.proofs.proof import Proof

N = 2000
ROWS = {"joint": "share whose first note is at most two degrees from the bar before", "scale": "share of notes in the scale",
        "steps": "share of steps of at most two degrees",
        "tonic": "share that end on the tonic", "intervals": "distance of the intervals' histogram from real ones (total variation)",
        "distinct": "distinct second bars, of 2 000", "tonics": "  most frequent last note's share (real: about a half)"}
DEGREE = np.full(PITCHES, -100)  # of a pitch; a note outside the scale is far from all
DEGREE[SCALE] = np.arange(len(SCALE))


def scores(bars: np.ndarray, data) -> dict[str, float]:
    """The rows for pairs of bars (n, 2, 16, 24), of which the second is judged."""
    pitches = bars.argmax(-1)  # (n, 2, 16)
    degrees, second = DEGREE[pitches], pitches[:, 1]
    near = lambda a, b: (np.abs(a - b) <= 2) & (a >= 0) & (b >= 0)  # noqa: E731
    last = np.bincount(second[:, -1], minlength=PITCHES) / len(second)
    return {"joint": float(near(degrees[:, 0, -1], degrees[:, 1, 0]).mean()), "scale": float((degrees[:, 1] >= 0).mean()),
            "steps": float(near(degrees[:, 1, :-1], degrees[:, 1, 1:]).mean()), "tonic": float((second[:, -1] % 12 == 0).mean()),
            "intervals": float(np.abs(intervals(second) - intervals(data.images[:, 1].argmax(-1))).sum() / 2),
            "distinct": len(np.unique(second, axis=0)), "tonics": float(last.max())}


def intervals(pitches: np.ndarray) -> np.ndarray:
    """The shares of the intervals −23 … 23 in bars (n, 16) of pitches."""
    return np.bincount((np.diff(pitches, axis=1) + PITCHES - 1).ravel(), minlength=2 * PITCHES - 1) / (len(pitches) * (STEPS - 1))


def measure(gan, data, seed: int) -> dict[str, float]:
    """The scores of N bars that continue held-out first bars."""
    return scores(backend.to_host(gan.sample(N, seed)), data)


def references(data, seed: int) -> dict[str, dict[str, float]]:
    """Real melodies; real second bars after other first bars; notes drawn one by one."""
    rng, real = np.random.default_rng(seed), np.concatenate([data.test_images, data.images])[:N]
    shuffled = np.stack([real[:, 0], rng.permutation(real[:, 1])], axis=1)
    alone = np.stack([real[:, 0], np.eye(PITCHES, dtype=np.float32)[rng.integers(PITCHES, size=(N, STEPS))]], axis=1)
    return {"real": scores(real, data), "real, shuffled": scores(shuffled, data), "random notes": scores(alone, data)}


def picture(path: Path, gan, baseline, data, seed: int) -> None:
    """Piano rolls: the first bar real, the second generated."""
    panels = {"first bar real, second generated": backend.to_host(gan.sample(12, seed))}
    if baseline is not None:
        panels["the baseline"] = backend.to_host(baseline.sample(12, seed))
    panels["real"] = data.images[:12]
    plot.grids(path, panels, 3, (7.5, 9), "time to the right, pitch upwards")


CONDITIONER = Proof("with the conditioner, a bar goes on from where the bar before it ended", ROWS, measure, references, picture,
                    baseline="midinet-without-conditioner", on=("melodies",))
HEARS = Proof("an LSTM that hears its own notes goes on from the note before",
              ROWS, measure, references, picture, baseline="rnn-gan-deaf", on=("melodies",))
