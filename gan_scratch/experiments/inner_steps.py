"""How long may the inner steps of the unrolled GAN on the small ring be? 2/λ, λ the largest curvature of D's loss.

    python -m gan_scratch.experiments.inner_steps

trains with inner steps of 0.003, 0.01 and 0.03 and prints, at five moments, 2/λ and D's loss before and after five
inner steps (e09b, a minute). λ is found by power iteration, V ← H V/‖H V‖, with the products that unrolling needs
anyway.
"""
from __future__ import annotations

import numpy as np

from gan_scratch.checks.e09b import second_derivatives, step_of_D
from gan_scratch.experiments import small_ring
from gan_scratch.gans.unrolled import UnrolledGAN
from gan_scratch.losses import NonSaturating

MOMENTS = (50, 200, 400, 800, 1200)


def largest_curvature(D, real: np.ndarray, fake: np.ndarray, rounds: int = 40) -> float:
    """The largest |eigenvalue| of the Hessian of D's loss in all its weights."""
    rng = np.random.default_rng(0)
    V = [rng.standard_normal(p.value.shape).astype(p.value.dtype) for p in D.params]
    _, record = step_of_D(D, real, fake, 0.0)
    for _ in range(rounds):
        length = norm(V)
        V, _ = second_derivatives(record, [v / length for v in V])
    return norm(V)


def norm(V: list[np.ndarray]) -> float:
    """‖V‖ of all arrays together."""
    return float(np.sqrt(sum((v * v).sum() for v in V)))


def loss_ahead(D, real: np.ndarray, fake: np.ndarray, e: float, K: int) -> float:
    """D's loss after K inner steps."""
    for _ in range(K):
        D, _ = step_of_D(D, real, fake, e)
    return float(NonSaturating().discriminator(D(real), D(fake))[0])


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
