"""Penalties on D: what its loss gains beside the adversarial part, differentiated by hand.

A gradient penalty P = weight · mean (‖g‖ − center)², g = ∇ₓD(x), needs the derivative of a derivative. In three passes:

    1. forward and backward with dy = 1: g, one row for each sample (in ctx stay each layer's x and δ);
    2. v = ∂P/∂g is now a constant array, so ∇_θP is the gradient of ⟨v, ∇ₓD⟩, the slope of D along v. `backward2` carries v
       upwards through the network and adds wgrad(v, δ) at each layer;
    3. where layers are curved (tanh, batch norm, not LeakyReLU), an ordinary backward pass carries c = φ″·δ·v down.

Every penalty with the arguments (D, x_real, x_fake, rng) can be given to a GAN: GAN(…, penalties=[partial(r1, gamma=1.0)]). It adds its
gradient to D's parameters and returns its value, a 0-d array on D's device.
"""
from __future__ import annotations

import numpy as np

from gan_scratch import backend
from gan_scratch.backend import Array
from gan_scratch.layers.base import Layer, Parameter


def gradient_penalty(D: Layer, x: Array, weight: float = 10.0, center: float = 1.0) -> Array:
    """weight · mean over the samples of (‖∇ₓD(x)‖ − center)²; its gradient is added to D's parameters.

    D is run in training mode. Where it gives a sample several outputs (a PatchGAN), D(x) is their sum. Where a gradient is exactly 0 its norm has
    no derivative unless center is 0; the subgradient 0 is taken, as for |t| at 0, so nothing becomes NaN.

    Args:
        x: (N, …). weight: in the unit of the loss. center: the norm that costs nothing, 1 for WGAN-GP, 0 for R1.

    Raises ValueError for an empty x, NotImplementedError when a layer of D has no backward2.
    """
    if not len(x):
        raise ValueError("gradient_penalty got an empty batch; give it at least one sample")
    xp = backend.of(x).xp
    y, tape = D.forward(x)
    g = D.backward(xp.ones_like(y), tape, weights=False)  # (N, …): the slope of D at each sample
    norm = xp.sqrt((g * g).reshape(len(g), -1).sum(1))  # (N,)
    value = weight * ((norm - center) ** 2).mean()
    unit = g / _each_sample(xp.where(norm > 0, norm, 1), g)
    v = unit * _each_sample((2 * weight / len(g)) * (norm - center), g)  # ∂P/∂g
    D.backward2(v, tape)
    return value


def wgan_gp(D: Layer, x_real: Array, x_fake: Array, rng: np.random.Generator, weight: float = 10.0) -> Array:
    """WGAN-GP: slopes of length 1 on segments between real and fake (Gulrajani et al. 2017, eq. 3).

    x̂ = ε·x_real + (1 − ε)·x_fake with ε ~ U(0, 1), one for each pair; real and fake have the same shape.
    """
    if x_real.shape != x_fake.shape:
        raise ValueError(f"wgan_gp pairs each real sample with a fake one, but got {x_real.shape} and {x_fake.shape}")
    epsilon = _each_sample(backend.of(x_real).uniform(rng, (len(x_real),), x_real.dtype), x_real)
    return gradient_penalty(D, epsilon * x_real + (1 - epsilon) * x_fake, weight, center=1.0)


def r1(D: Layer, x_real: Array, x_fake: Array, rng: np.random.Generator, gamma: float = 10.0) -> Array:
    """R1 = γ/2 · E‖∇D(x)‖² on real samples (Mescheder et al. 2018, eq. 9): with it training converges locally."""
    return gradient_penalty(D, x_real, gamma / 2, center=0.0)


def r2(D: Layer, x_real: Array, x_fake: Array, rng: np.random.Generator, gamma: float = 10.0) -> Array:
    """R2 = γ/2 · E‖∇D(x)‖² on generated samples (Mescheder et al. 2018, eq. 10)."""
    return gradient_penalty(D, x_fake, gamma / 2, center=0.0)


def dragan(D: Layer, x_real: Array, x_fake: Array, rng: np.random.Generator, weight: float = 10.0, noise: float = 0.5) -> Array:
    """DRAGAN: slopes of length 1 around the data, λ·E(‖∇D(x + δ)‖ − 1)² (Kodali et al. 2017, arXiv 1705.07215, section 2.3).

    Args:
        noise: δ ~ N(0, (noise·s)² I), s the standard deviation of the batch over all its numbers. D here is the logit.
    """
    back = backend.of(x_real)
    delta = noise * x_real.std() * back.normal(rng, x_real.shape, x_real.dtype)
    return gradient_penalty(D, x_real + delta, weight, center=1.0)


def clip_weights(params: list[Parameter], c: float = 0.01) -> None:
    """Clip every number of the parameters into [−c, c] (WGAN; Arjovsky et al. 2017, Algorithm 1). It counts as an update.

    Raises ValueError unless c > 0.
    """
    if not c > 0:
        raise ValueError(f"clip_weights needs c > 0, got {c}")
    for p in params:
        backend.of(p.value).xp.clip(p.value, -c, c, out=p.value)
        p.version += 1


def orthogonal_penalty(network: Layer, weight: float = 1e-4) -> Array:
    """weight · Σ ‖WᵀW ⊙ (1 − I)‖²_F over all weights with two or more axes (Brock et al. 2019, eq. 3); adds its gradient.

    Each W is the matrix (all other axes, last axis); off-diagonal entries of its smaller Gram matrix are inner products of
    filters, so filters are pushed to be orthogonal while their lengths stay free. With M = W Wᵀ or WᵀW without its diagonal the
    gradient is 4·weight·M W or 4·weight·W M.
    """
    total = 0.0
    for p in network.params:
        if p.value.ndim > 1:
            W, dW = (a.reshape(-1, a.shape[-1]) for a in (p.value, p.grad))  # views
            wide = W.shape[0] < W.shape[1]
            M = _without_diagonal(W @ W.T if wide else W.T @ W)
            total = total + weight * (M * M).sum()
            dW += 4 * weight * (M @ W if wide else W @ M)
    return total


def _without_diagonal(M: Array) -> Array:
    return M * (1 - backend.of(M).xp.eye(len(M), dtype=M.dtype))


def _each_sample(a: Array, like: Array) -> Array:
    """(N,) -> (N, 1, …, 1), to be multiplied with an array of like's shape."""
    return a.reshape(-1, *(1,) * (like.ndim - 1))
