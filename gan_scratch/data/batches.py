"""Endless batches that can be stopped and continued exactly."""
from __future__ import annotations

import numpy as np

from gan_scratch import backend
from gan_scratch.backend import Array


class Batches:
    """An iterator without end over batches of an array or of several, every sample once in each round, in a new order each round.

    A batch may reach over the end of a round: its first part closes one round, its second opens the next.

    Args:
        data: an array (N, …), a tuple of arrays (N, …), (N, …), …, whose rows belong together, or an object with sample(n, rng), from which
            fresh points are drawn, or rows of several arrays that don't belong together (see Unpaired).
        size: samples in a batch.
        rng: numpy Generator or seed; it decides every order, and nothing else uses it.
        device: where the batches go, "cpu" or "cuda".

    Raises ValueError when a batch is larger than the data or smaller than one sample, or when arrays differ in length.
    """

    def __init__(self, data, size: int, rng=None, device: str = "cpu"):
        self.data, self.size, self.rng = data, size, np.random.default_rng(rng)
        self._place = backend.get(device)
        self._points, self._several = hasattr(data, "sample"), isinstance(data, tuple)
        lengths = {len(a) for a in data} if self._several else {size} if self._points else {len(data)}
        if len(lengths) != 1:
            raise ValueError(f"arrays whose rows belong together must be equally long, got lengths {sorted(lengths)}")
        self._count, = lengths
        if size < 1 or size > self._count:
            raise ValueError(f"a batch of {size} can't be drawn from {'this data' if self._points else f'{self._count} samples'}")
        self._order, self._next = np.empty(0, np.int64), 0

    def __iter__(self) -> "Batches":
        return self

    def __next__(self) -> Array | tuple[Array, ...]:
        """(size, …) on the device; of several arrays a tuple."""
        if self._points:
            drawn = self.data.sample(self.size, self.rng)
            return tuple(map(self._place.asarray, drawn)) if isinstance(drawn, tuple) else self._place.asarray(drawn)
        rest = self._order[self._next:self._next + self.size]
        self._next += len(rest)
        if len(rest) < self.size:
            self._order, self._next = self.rng.permutation(self._count), self.size - len(rest)
            rest = np.concatenate([rest, self._order[:self._next]])
        if self._several:
            return tuple(self._place.asarray(a[rest]) for a in self.data)
        return self._place.asarray(self.data[rest])

    def state(self) -> dict:
        """Where the iterator stands: the generator's state, the order of this round, the place in it."""
        return {"rng": self.rng.bit_generator.state, "order": self._order.copy(), "next": self._next}

    def load_state(self, state: dict) -> None:
        """Write back what `state` returned."""
        self.rng.bit_generator.state = state["rng"]
        self._order, self._next = state["order"], int(state["next"])


class Unpaired:
    """Arrays whose rows don't belong together, and need not be equally many: each is drawn by itself.

    Args:
        arrays: (N₁, …), (N₂, …), …
    """

    def __init__(self, *arrays: np.ndarray):
        self.arrays = arrays

    def sample(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """n rows of each, drawn with replacement."""
        return tuple(a[rng.integers(len(a), size=n)] for a in self.arrays)
