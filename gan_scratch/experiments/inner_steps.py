"""How long may the inner steps of the unrolled GAN on the small ring be? 2/λ, λ the largest curvature of D's loss.

    python -m gan_scratch.experiments.inner_steps

trains with inner steps of 0.003, 0.01 and 0.03 and prints, at five moments, 2/λ and D's loss before and after five
inner steps (e09b, a minute). λ is found by power iteration, V ← H V/‖H V‖, with the products that unrolling needs
anyway.
"""
from __future__ import annotations

import copy

import numpy as np

from gan_scratch.experiments import small_ring
from gan_scratch.gans.unrolled import UnrolledGAN, descend, differentiate
from gan_scratch.layers import Layer
from gan_scratch.losses import NonSaturating

LOSS, MOMENTS = NonSaturating(), (50, 200, 400, 800, 1200)


def largest_curvature(D: Layer, real: np.ndarray, fake: np.ndarray, rounds: int = 50) -> float:
    """The largest |eigenvalue| of the Hessian of D's loss in all its weights; D stays as it is."""
    D, rng = cleared(D), np.random.default_rng(0)
    _, uses = descend(D, real, fake, LOSS, 0.0)
    V = [rng.standard_normal(p.value.shape).astype(p.value.dtype) for p in D.params]
    for _ in range(rounds):
        directions = {p: v / norm(V) for p, v in zip(D.params, V)}
        for p in D.params:
            p.grad[...] = 0
        for use in uses:
            differentiate(D, *use, directions)
        V = [p.grad.copy() for p in D.params]
    return norm(V)


def cleared(D: Layer) -> Layer:
    """A copy without gradients."""
    D = copy.deepcopy(D)
    for p in D.params:
        p.grad[...] = 0
    return D


def norm(V: list[np.ndarray]) -> float:
    """‖V‖ of all arrays together."""
    return float(np.sqrt(sum((v * v).sum() for v in V)))


def loss_ahead(D: Layer, real: np.ndarray, fake: np.ndarray, e: float, K: int) -> float:
    """D's loss after K steps of gradient descent; D stays as it is."""
    D = cleared(D)
    for _ in range(K):
        D, _ = descend(D, real, fake, LOSS, e)
    return float(LOSS.discriminator(D(real), D(fake))[0])


def main(steps: int = 1500) -> None:
    for e in (0.003, 0.01, 0.03):
        gan = small_ring.build(0, kind=UnrolledGAN, K=5, inner_lr=e)

        def look(step: int) -> None:
            if step in MOMENTS:
                rng = np.random.default_rng(step)
                real, fake = small_ring.DATA.sample(64, rng), gan.G(gan.noise(64, rng))
                limit = 2 / largest_curvature(gan.D, real, fake)
                now, then = (loss_ahead(gan.D, real, fake, e, K) for K in (0, 5))
                print(f"e = {e}, step {step:4}: 2/λ = {limit:.3f}, D's loss {now:.2f} → {then:.2f}", flush=True)

        small_ring.train(gan, 0, steps, look)


if __name__ == "__main__":
    main()
