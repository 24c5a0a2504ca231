"""Endless batches that can be stopped and continued exactly."""
from __future__ import annotations

import numpy as np

from gan_scratch import backend
from gan_scratch.backend import Array


class Batches:
    """An iterator without end over batches of an array, every sample once in each round, in a new order each round.

    A batch may reach over the end of a round: its first part closes one round, its second opens the next.

    Args:
        data: an array (N, …), or an object with sample(n, rng), from which fresh points are drawn.
        size: samples in a batch.
        rng: numpy Generator or seed; it decides every order, and nothing else uses it.
        device: where the batches go, "cpu" or "cuda".

    Raises ValueError when a batch is larger than the data or smaller than one sample.
    """

    def __init__(self, data, size: int, rng=None, device: str = "cpu"):
        self.data, self.size, self.rng = data, size, np.random.default_rng(rng)
        self._place = backend.get(device)
        self._points = hasattr(data, "sample")
        if size < 1 or not self._points and size > len(data):
            raise ValueError(f"a batch of {size} can't be drawn from {'this data' if self._points else f'{len(data)} samples'}")
        self._order, self._next = np.empty(0, np.int64), 0

    def __iter__(self) -> "Batches":
        return self

    def __next__(self) -> Array:
        """(size, …) on the device."""
        if self._points:
            return self._place.asarray(self.data.sample(self.size, self.rng))
        rest = self._order[self._next:self._next + self.size]
        self._next += len(rest)
        if len(rest) < self.size:
            self._order, self._next = self.rng.permutation(len(self.data)), self.size - len(rest)
            rest = np.concatenate([rest, self._order[:self._next]])
        return self._place.asarray(self.data[rest])

    def state(self) -> dict:
        """Where the iterator stands: the generator's state, the order of this round, the place in it."""
        return {"rng": self.rng.bit_generator.state, "order": self._order.copy(), "next": self._next}

    def load_state(self, state: dict) -> None:
        """Write back what `state` returned."""
        self.rng.bit_generator.state = state["rng"]
        self._order, self._next = state["order"], int(state["next"])
