"""A count of steps for GANs that change while they are trained."""
from __future__ import annotations

import numpy as np


class Clock:
    """The number of steps so far, which a checkpoint keeps; a Python number, so that nothing waits for the device.

    Attributes:
        t: steps.
    """

    def __init__(self):
        self.t = 0

    def state(self) -> dict[str, np.ndarray]:
        """The count, as what `load_state` takes."""
        return {"t": np.array(self.t)}

    def load_state(self, state: dict[str, np.ndarray]) -> None:
        """Write back what `state` returned."""
        self.t = int(state["t"])
