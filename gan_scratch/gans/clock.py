"""A count of steps for GANs that change while they are trained."""
from __future__ import annotations

import numpy as np

from gan_scratch.layers import Layer


class Clock(Layer):
    """The number of steps, which a checkpoint keeps."""

    buffers = ("t",)

    def __init__(self):
        self.t = np.array(0.0, np.float32)
