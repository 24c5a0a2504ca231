"""Is the face of the age that was asked for, and is it still the same person? Faces are drawn, so the truth at every age is known."""
from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from gan_scratch import backend, plot
from gan_scratch.data import load
from gan_scratch.data.faces import BOUNDS, GROUPS, draw, persons
from gan_scratch.data.pairs import held_out
from gan_scratch.proofs.proof import Proof
from gan_scratch.proofs.scorer import classifier

N = 100  # persons who were not in the training part
WAYS = {"random": "z drawn", "encoder": "z from the encoder", "pixel": "then optimised for pixels", "identity": "then for identity"}
ROWS = {"age": "samples in the age group asked for", "aged": "unseen persons aged (z for identity): in the age group asked for",
        **{f"who_{way}": f"unseen person recognised among 100 after ageing: {text}" for way, text in WAYS.items()},
        **{f"far_{way}": f"what was optimised, FR's distance from the person: {text}" for way, text in WAYS.items()},
        **{f"true_{way}": f"|difference| from the true aged face: {text}" for way, text in WAYS.items()}}


@lru_cache(maxsize=1)
def judge():
    """A classifier of age groups."""
    data = load("faces")
    return classifier(data.images, data.labels, steps=500)


@lru_cache(maxsize=1)
def readers() -> list[np.ndarray]:
    """For each age group the weights (1025, 6) that read off a face who it is: ridge regression on 3 000 persons drawn for this purpose.

    An FR that z was optimised for would be partial: what recognises persons here has nothing to do with it.
    """
    who = persons(3000, np.random.default_rng(11))
    weights = []
    for low, high in zip(BOUNDS, BOUNDS[1:]):
        X = with_one(draw(who, np.random.default_rng(12).uniform(low, high, len(who))))
        weights.append(np.linalg.solve(X.T @ X + 3.0 * np.eye(X.shape[1]), X.T @ who))
    return weights


def with_one(faces: np.ndarray) -> np.ndarray:
    """(n, 1025): the pixels and a 1."""
    return np.column_stack([faces.reshape(len(faces), -1), np.ones(len(faces))]).astype(np.float64)


def recognised(faces: np.ndarray, group: int, person: np.ndarray) -> np.ndarray:
    """Whether of persons (n, 6) each one's face (n, 32, 32, 1) at this age group looks most like its own."""
    read = with_one(faces) @ readers()[group]
    return ((read[:, None] - person) ** 2).sum(-1).argmin(1) == np.arange(len(person))


def one_hot(groups: np.ndarray) -> np.ndarray:
    return np.eye(len(GROUPS), dtype=np.float32)[groups]


def rows_of_fr(gan, x: np.ndarray) -> np.ndarray:
    """The recogniser's rows (n, 32), of length 1."""
    return backend.to_host(gan.FR(backend.of(gan.G.params[0].value).asarray(x))) / 32**0.5


def codes(gan, x: np.ndarray, groups: np.ndarray, seed: int) -> dict:
    """z (n, 16) of faces (n, 32, 32, 1) in each of the WAYS."""
    place = backend.of(gan.G.params[0].value)
    x, y = place.asarray(x), place.asarray(one_hot(groups))
    z0 = gan.encode(x, y)
    return {"random": gan.noise(len(x), np.random.default_rng(seed)), "encoder": z0, "pixel": gan.optimise(z0, x, y, identity=False),
            "identity": gan.optimise(z0, x, y)}


def at(gan, z, group: int) -> np.ndarray:
    """Everybody in one age group."""
    y = backend.of(z).asarray(one_hot(np.full(len(z), group)))
    return backend.to_host(gan.aged(z, y))


def measure(gan, data, seed: int) -> dict[str, float]:
    """The rows: samples, and N unseen persons brought to each of the four age groups."""
    asked = np.arange(1000) % 4
    result = {"age": float((judge()(backend.to_host(gan.sample(1000, seed))).argmax(1) == asked).mean())}
    test = held_out(data)
    x, groups, person = test.images[:N], test.labels[:N], test.extra["person"][:N]
    own = rows_of_fr(gan, x)
    middle = np.add(BOUNDS[:-1], BOUNDS[1:]) / 2
    for way, z in codes(gan, x, groups, seed).items():
        again = backend.to_host(gan.aged(z, backend.of(z).asarray(one_hot(groups))))
        result[f"far_{way}"] = float(np.linalg.norm(rows_of_fr(gan, again) - own, axis=1).mean())
        aged = [at(gan, z, k) for k in range(4)]
        other = [groups != k for k in range(4)]
        found = [recognised(faces, k, person) for k, faces in enumerate(aged)]
        result[f"who_{way}"] = float(np.concatenate([f[o] for f, o in zip(found, other)]).mean())
        result[f"true_{way}"] = float(np.mean([np.abs(faces - draw(person, np.full(N, middle[k])))[other[k]].mean() for k, faces in enumerate(aged)]))
        if way == "identity":
            result["aged"] = float(np.concatenate([(judge()(faces).argmax(1) == k)[o] for k, (faces, o) in enumerate(zip(aged, other))]).mean())
    return result


def references(data, seed: int) -> dict[str, dict[str, float]]:
    """Classifier and recogniser on true faces; the face left as it is; each age group's mean face."""
    test = held_out(data)
    person, groups, middle = test.extra["person"][:N], test.labels[:N], np.add(BOUNDS[:-1], BOUNDS[1:]) / 2
    true = [draw(person, np.full(N, m)) for m in middle]
    gap = lambda faces: float(np.mean([np.abs(faces[k] - true[k])[groups != k].mean() for k in range(4)]))  # noqa: E731
    means = [np.broadcast_to(data.images[data.labels == k].mean(0), true[0].shape) for k in range(4)]
    who = float(np.mean([recognised(true[k], k, person)[groups != k].mean() for k in range(4)]))
    return {"true faces": {"age": float((judge()(test.images).argmax(1) == test.labels).mean()), "who_identity": who},
            "unchanged": {"true_identity": gap([test.images[:N]] * 4)}, "mean face": {"true_identity": gap(means)}, "chance": {"who_random": 1 / N}}


def picture(path: Path, gan, baseline, data, seed: int) -> None:
    """For eight unseen persons: the face, then child to old as G ages it, and below it the truth."""
    test = held_out(data)
    x, groups, person = test.images[:8], test.labels[:8], test.extra["person"][:8]
    z, middle = codes(gan, x, groups, seed)["identity"], np.add(BOUNDS[:-1], BOUNDS[1:]) / 2
    made = np.stack([x, *(at(gan, z, k) for k in range(4))], 1)
    true = np.stack([x, *(draw(person, np.full(8, m)) for m in middle)], 1)
    fig, axes = plot.figure(12, 10.5, 1, 2)
    for axis, faces, title in ((axes[0], made, "aged by G"), (axes[1], true, "the truth")):
        plot.show_grid(axis, faces.reshape(-1, 32, 32, 1), 5, f"{title}\ngiven, {', '.join(GROUPS)}")
    plot.save(fig, path)


PROOF = Proof("a z that was optimised for identity stays the same person at another age, but in pixels it is no nearer",
              ROWS, measure, references, picture, on=("faces",))
