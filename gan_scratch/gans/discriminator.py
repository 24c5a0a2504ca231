"""A discriminator without a generator: it learns to tell two kinds of samples apart."""
from __future__ import annotations

from gan_scratch.backend import Array
from gan_scratch.layers import Layer
from gan_scratch.losses import Minimax


def tell_apart(D: Layer, opt_D, x_real: Array, x_fake: Array) -> float:
    """One step of D up its value V on two batches: line 1 of Algorithm 1 (Goodfellow et al. 2014) with fakes from anywhere.

    Args:
        D: maps samples to logits (N, 1). opt_D: the optimizer of its parameters.
        x_real: (N, …), x_fake: (M, …). Each batch has its own mean.

    Returns: V in nats on these batches before the step, at most 0.
    """
    l_real, tape_real = D.forward(x_real)
    l_fake, tape_fake = D.forward(x_fake)
    d_loss, dl_real, dl_fake = Minimax().discriminator(l_real, l_fake)
    D.backward(dl_real, tape_real, inputs=False)
    D.backward(dl_fake, tape_fake, inputs=False)
    opt_D.step()
    return -float(d_loss)
