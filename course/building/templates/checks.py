"""References, inputs and typical mistakes for exercise SHORT, TITLE."""
from __future__ import annotations

import numpy as np

from gan_scratch.classroom.check import Checks

check = Checks()


def normal(rng, *shape):
    return rng.standard_normal(shape).astype(np.float32)


def example(x):
    return x * x


check.add(example, "y", {"": lambda rng: (normal(rng, 5, 4),), "one number": lambda rng: (normal(rng, 1),)},
          "y = x² (lecture LECTURE)", hidden=[(np.float32([-3, 0, 2]),)], mistakes={
              "is x itself: the square is missing": lambda x: x,
              "is 2x: a square is meant, not a double": lambda x: 2 * x,
              "is the sum of the squares; each number has its own": lambda x: (x * x).sum()})
