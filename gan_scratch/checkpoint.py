"""Checkpoints: one .npz file with every array and, as JSON, everything else. No pickles, never half-written."""
from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from gan_scratch.data.images import open_npz
from gan_scratch.files import replacing
from gan_scratch.layers.base import Layer

FORMAT = 1


def save(path: Path, arrays: dict[str, np.ndarray], meta: dict) -> None:
    """Write the file in one go; its folder is made when it isn't there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, meta=np.array(json.dumps({"format": FORMAT, **meta})), **arrays)
        file.flush()
        os.fsync(file.fileno())


def load(path: Path) -> tuple[dict[str, np.ndarray], dict]:
    """arrays, meta. Raises FileNotFoundError or ValueError with one sentence for a missing, damaged or foreign file."""
    arrays = open_npz(path)
    try:
        meta = json.loads(str(arrays.pop("meta")))
        if meta["format"] != FORMAT:
            raise ValueError(f"{path}: a checkpoint of format {meta['format']}, but this version reads format {FORMAT}")
        missing = {"config", "step", "steps", "network_rngs"} - meta.keys()
    except (KeyError, TypeError, json.JSONDecodeError):
        raise ValueError(f"{path}: not a checkpoint of gan-scratch") from None
    if missing:
        raise ValueError(f"{path}: a damaged checkpoint, without {', '.join(sorted(missing))}")
    return arrays, meta


def gan_state(gan) -> tuple[dict[str, np.ndarray], dict]:
    """Everything in a GAN that training changes: what has state and load_state (networks, optimizers, averages, clocks), and the
    generators of Dropout (meta)."""
    arrays = {f"{name}/{key}": a for name, part in _parts(gan).items() for key, a in part.state().items()}
    return arrays, {name: rng.bit_generator.state for name, rng in generators(gan).items()}


def load_gan_state(gan, arrays: dict[str, np.ndarray], rng_states: dict) -> None:
    """Write back what `gan_state` returned. Raises ValueError when it belongs to a GAN of another make."""
    for name, part in _parts(gan).items():
        try:
            part.load_state({key.removeprefix(f"{name}/"): a for key, a in arrays.items() if key.startswith(f"{name}/")})
        except (ValueError, KeyError) as error:
            raise ValueError(f"the checkpoint doesn't fit: {name}: {error}") from None
    for name, rng in generators(gan).items():
        rng.bit_generator.state = rng_states[name]


def networks(gan) -> dict[str, Layer]:
    """The networks that are trained, by name: G, D, …"""
    return {name: part for name, part in vars(gan).items() if isinstance(part, Layer)}


def generators(gan) -> dict[str, np.random.Generator]:
    """The random generators inside the networks, by dotted name."""
    return {f"{name}/{prefix}rng": layer.rng for name, network in networks(gan).items() for prefix, layer in network.modules()
            if isinstance(getattr(layer, "rng", None), np.random.Generator)}


def _parts(gan) -> dict:
    return {name: part for name, part in vars(gan).items() if hasattr(part, "load_state")}
