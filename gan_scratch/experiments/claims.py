"""What lectures 07–12 claim about training, each as a function that computes it with the library.

    python -m gan_scratch.experiments.claims

runs them all and prints the numbers. Claims that need no network are in gan_scratch.theory, those about metrics in gan_scratch.metrics, and
whether a remedy cures collapse is measured by gan_scratch.experiments.collapse. Every function takes a seed; the tests assert the claims.
"""
from __future__ import annotations

import numpy as np

from gan_scratch import theory
from gan_scratch.data import ring
from gan_scratch.experiments.inner_steps import largest_curvature, loss_ahead
from gan_scratch.layers import BatchNorm, Dense, LayerNorm, LeakyReLU, MinibatchDiscrimination, Sequential, SpectralNorm, Tanh
from gan_scratch.losses import Minimax, NonSaturating, Wasserstein
from gan_scratch.metrics import w1_1d, w1_matched
from gan_scratch.optim import Adam
from gan_scratch.penalties import clip_weights, wgan_gp


def vanishing_gradient(looks: tuple = (0, 10, 50, 100, 200, 400, 800), seed: int = 0) -> dict[str, list[float]]:
    """G stands still far from the data while D learns: how large is G's gradient with respect to its samples?

    Data N(2, 0.2²), fakes N(−2, 0.2²): supports that hardly overlap. The better D gets, the smaller the minimax gradient; the non-saturating
    one doesn't vanish with it, nor does the slope of a critic with gradient penalty (Arjovsky & Bottou 2017; Arjovsky et al. 2017).

    Returns: steps, and the mean |∂loss/∂x| per sample as minimax, nonsaturating, wasserstein.
    """
    rng = np.random.default_rng(seed)
    D, critic = (Sequential(Dense(1, 32, rng=rng), Tanh(), Dense(32, 1, rng=rng)) for _ in range(2))
    opt_D, opt_critic = (Adam(net.params, 1e-2, (0.0, 0.99)) for net in (D, critic))
    found = {"steps": list(looks), "minimax": [], "nonsaturating": [], "wasserstein": []}
    for step in range(max(looks) + 1):
        real, fake = (mean + 0.2 * rng.standard_normal((128, 1), np.float32) for mean in (2, -2))
        if step in looks:
            for name, net, loss in (("minimax", D, Minimax()), ("nonsaturating", D, NonSaturating()), ("wasserstein", critic, Wasserstein())):
                l, tape = net.forward(fake)
                dx = net.backward(loss.generator(l)[1], tape, weights=False)
                found[name].append(float(np.abs(dx).sum()))  # the loss is a mean: the sum over samples is the mean per sample
        learn(D, opt_D, NonSaturating(), real, fake)
        wgan_gp(critic, real, fake, rng)
        learn(critic, opt_critic, Wasserstein(), real, fake)
    return found


def clipping(c: float = 0.1, steps: int = 1500, seed: int = 0) -> dict[str, dict[str, float]]:
    """Critics between the ring and the same ring blurred by N(0, 1): weights clipped to ±c, a gradient penalty, or spectral norm.

    Clipping pushes the weights to ±c and leaves a flat, simple critic; the penalty leaves weights of all sizes and finds more of the Wasserstein
    distance (Gulrajani et al. 2017, section 3 and figure 1).

    Returns for "clipped", "penalty", "spectral": at_limit, the share of weights within 1 % of the largest size; slope, the largest ‖∇D‖ at
        4 000 points; w1, (E D(real) − E D(fake))/slope, by duality a lower bound of W1 if no slope is larger; and under "programme" the w1 of
        500 points by the best matching.
    """
    rng = np.random.default_rng(seed)
    data, sizes = ring(), (2, 64, 64, 64, 1)

    def fakes(n):
        return data.sample(n, rng) + rng.standard_normal((n, 2), np.float32)

    critics = {}
    for name in ("clipped", "penalty", "spectral"):
        dense = [Dense(a, b, rng=rng) for a, b in zip(sizes, sizes[1:])]
        dense = [SpectralNorm(layer, rng=rng) for layer in dense] if name == "spectral" else dense
        critics[name] = Sequential(*(part for layer in dense[:-1] for part in (layer, LeakyReLU(0.2))), dense[-1])
    for name, D in critics.items():
        optimizer = Adam(D.params, 1e-3, (0.0, 0.99))
        for _ in range(steps):
            real, fake = data.sample(128, rng), fakes(128)
            if name == "penalty":
                wgan_gp(D, real, fake, rng)
            learn(D, optimizer, Wasserstein(), real, fake)
            if name == "clipped":
                clip_weights(D.params, c)
    real, fake = data.sample(4000, rng), fakes(4000)
    found = {"programme": {"w1": w1_matched(real[:500], fake[:500])}}
    for name, D in critics.items():
        W = np.abs(np.concatenate([p.value.ravel() for p in D.params if p.value.ndim > 1]))
        norms = slopes(D, np.concatenate([real[:2000], fake[:2000]]))
        found[name] = {"at_limit": float((W > 0.99 * W.max()).mean()), "slope": float(norms.max()),
                       "w1": float((D(real).mean() - D(fake).mean()) / norms.max())}
    return found


def critic_finds_w1(steps: int = 1500, seed: int = 0) -> dict[str, float]:
    """A critic with gradient penalty, on a line, beside W1 from sorted samples: N(0, 1) and N(3, 1), W1 = 3.

    It finds more than W1: a straight critic of slope s gains 3s and pays λ(s − 1)², so the best has s = 1 + 3/2λ = 1.15 with λ = 10, and the
    value is about 3·1.15: `predicted`. A penalty is no constraint.
    """
    rng = np.random.default_rng(seed)
    D = Sequential(Dense(1, 64, rng=rng), LeakyReLU(0.2), Dense(64, 64, rng=rng), LeakyReLU(0.2), Dense(64, 1, rng=rng))
    optimizer = Adam(D.params, 1e-3, (0.0, 0.99))
    draw = lambda n: (rng.standard_normal((n, 1), np.float32), 3 + rng.standard_normal((n, 1), np.float32))  # noqa: E731
    for _ in range(steps):
        real, fake = draw(128)
        wgan_gp(D, real, fake, rng)
        learn(D, optimizer, Wasserstein(), real, fake)
    real, fake = draw(4000)
    return {"critic": float(D(real).mean() - D(fake).mean()), "predicted": 3 * (1 + 3 / 20), "sorted": w1_1d(real[:, 0], fake[:, 0]), "exact": 3.0}


def batch_norm_couples(seed: int = 0) -> dict[str, float]:
    """|∂D(x₀)/∂x₁|, the influence of one sample on another's output: what a gradient penalty assumes to be 0 (Gulrajani et al. 2017, section 4).

    Returns: for a D with batch norm, with layer norm, without a norm.
    """
    rng, found = np.random.default_rng(seed), {}
    x = rng.standard_normal((4, 3), np.float32)
    for name, norm in (("batch norm", [BatchNorm(8)]), ("layer norm", [LayerNorm(8)]), ("none", [])):
        D = Sequential(Dense(3, 8, rng=rng), *norm, LeakyReLU(0.2), Dense(8, 1, rng=rng))
        y, tape = D.forward(x)
        dy = np.zeros_like(y)
        dy[0] = 1
        found[name] = float(np.abs(D.backward(dy, tape)[1]).max())
    return found


def minibatch_sees_collapse(seed: int = 0) -> dict[str, float]:
    """What an untrained layer of minibatch discrimination adds for a batch of the ring, for one of its modes, and for 64 copies.

    A D without it can't tell them apart by looking at one sample at a time, as every sample of a mode is a perfect one.

    Returns: the mean of o over batch and kernels, between 1 (all far apart) and 64 (all equal).
    """
    rng = np.random.default_rng(seed)
    layer, data = MinibatchDiscrimination(2, 16, 4, rng=rng), ring()
    one = (data.modes[:1] + data.std * rng.standard_normal((64, 2))).astype(np.float32)
    batches = {"ring": data.sample(64, rng), "one mode": one, "copies": np.repeat(one[:1], 64, axis=0)}
    return {name: float(layer(x)[:, 2:].mean()) for name, x in batches.items()}


def instance_noise_overlap(distance: float = 1.0, sigmas: tuple = (0.05, 0.2, 0.5, 1.0, 2.0)) -> dict[str, list[float]]:
    """Two points at a distance, blurred by N(0, σ²): JS and its slope in the distance. Without noise they are log 2 and 0.

    Little noise leaves JS flat, much noise makes everything alike: hence noise that falls during training (Sønderby et al. 2017).
    """
    js = [theory.js_gaussians(0, s**2, distance, s**2) for s in sigmas]
    h = 1e-3 * distance
    slope = [(theory.js_gaussians(0, s**2, distance + h, s**2) - theory.js_gaussians(0, s**2, distance - h, s**2)) / (2 * h) for s in sigmas]
    return {"sigma": list(sigmas), "js": js, "slope": slope}


def spectral_norm_bounds_the_slope(seed: int = 0) -> dict[str, float]:
    """The largest ‖∇D‖ found at 2 000 points of a random network, plain and with spectral norm: at most 1 with it."""
    sizes, points = (2, 64, 64, 64, 1), 3 * np.random.default_rng(seed).standard_normal((2000, 2), np.float32)
    found = {}
    for name, wrap in (("plain", lambda layer, rng: layer), ("spectral", lambda layer, rng: SpectralNorm(layer, 200, rng=rng))):
        rng = np.random.default_rng(seed)
        dense = [wrap(Dense(a, b, rng=rng), rng) for a, b in zip(sizes, sizes[1:])]
        D = Sequential(*(part for layer in dense[:-1] for part in (layer, LeakyReLU(0.2))), dense[-1])
        found[name] = float(slopes(D, points).max())
    return found


def unrolling_needs_small_steps(seed: int = 0) -> dict[str, float]:
    """How long may the inner steps of an unrolled GAN be? Below 2/λ, λ the largest curvature of D's loss in D's weights.

    D has learnt for 300 steps to tell the ring from the ring blurred by N(0, 1). λ is found by power iteration
    (`inner_steps.largest_curvature`).

    Returns: λ; limit, 2/λ; D's loss now, after 20 steps of a quarter of the limit, and after 20 of four times the limit.
    """
    rng, loss = np.random.default_rng(seed), NonSaturating()
    D = Sequential(Dense(2, 64, rng=rng), LeakyReLU(0.2), Dense(64, 64, rng=rng), LeakyReLU(0.2), Dense(64, 1, rng=rng))
    optimizer = Adam(D.params, 1e-3, (0.0, 0.99))
    draw = lambda: (ring().sample(256, rng), ring().sample(256, rng) + rng.standard_normal((256, 2), np.float32))  # noqa: E731
    for _ in range(300):
        learn(D, optimizer, loss, *draw())
    real, fake = draw()
    curvature = largest_curvature(D, real, fake)
    ahead = lambda e: loss_ahead(D, real, fake, e, 20)  # noqa: E731
    return {"λ": curvature, "limit": 2 / curvature, "now": ahead(0.0), "quarter": ahead(0.5 / curvature),
            "fourfold": ahead(8 / curvature)}


def learn(D: Sequential, optimizer, loss, real: np.ndarray, fake: np.ndarray) -> None:
    """One step of D, on top of gradients that penalties have added already."""
    (l_real, tape_real), (l_fake, tape_fake) = D.forward(real), D.forward(fake)
    _, dl_real, dl_fake = loss.discriminator(l_real, l_fake)
    D.backward(dl_real, tape_real, inputs=False)
    D.backward(dl_fake, tape_fake, inputs=False)
    optimizer.step()


def slopes(D: Sequential, x: np.ndarray) -> np.ndarray:
    """‖∇D(x)‖ of each sample: (N,)."""
    y, tape = D.forward(x)
    return np.linalg.norm(D.backward(np.ones_like(y), tape, weights=False).reshape(len(x), -1), axis=1)


CLAIMS = {
    "The minimax gradient vanishes as D gets better; the non-saturating one and a critic's don't": vanishing_gradient,
    "Clipping wastes capacity: weights at the limit, a lower W1": clipping,
    "A critic with gradient penalty finds W1, too large by the factor 1 + W1/(2λ)": critic_finds_w1,
    "Batch norm couples samples, so a penalty on each sample's slope is not what it says": batch_norm_couples,
    "Minibatch discrimination sees a collapsed batch": minibatch_sees_collapse,
    "Instance noise gives JS a slope": instance_noise_overlap,
    "Spectral norm bounds the slope by 1": spectral_norm_bounds_the_slope,
    "Steps longer than 2/λ, looked ahead at by unrolling, lead away from D's optimum": unrolling_needs_small_steps,
}


def rounded(found):
    """Numbers with three digits, for print."""
    if isinstance(found, dict):
        return {key: rounded(v) for key, v in found.items()}
    return [rounded(v) for v in found] if isinstance(found, list) else float(f"{found:.3g}")


if __name__ == "__main__":
    for claim, function in CLAIMS.items():
        print(claim)
        for key, numbers in rounded(function()).items():
            print(f"    {key:16}{numbers}")
