"""Data: bundled sets, points drawn from known densities, your own images, and batches of all of these.

    load("mnist")          a Dataset: images in [−1, 1], channels last, float32; labels int64
    load("ring")           a Mixture or another source that can be sampled without end
    load("path/to/images") a folder of pictures, or an .npz file
    Batches(data, 64, rng) endless batches, every sample once in each round
"""
from gan_scratch.data.batches import Batches
from gan_scratch.data.images import Dataset
from gan_scratch.data.load import NAMES, POINTS, describe, load
from gan_scratch.data.points import Mixture, SwissRoll, grid, mixture_1d, ring

__all__ = ["Batches", "Dataset", "Mixture", "NAMES", "POINTS", "SwissRoll", "describe", "grid", "load", "mixture_1d", "ring"]
