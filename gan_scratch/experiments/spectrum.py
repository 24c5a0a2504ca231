"""The eigenvalues of a small GAN's training: the Jacobian of the field v = (−∇L_G, −∇L_D) in all weights of both
networks.

`backward2` gives the derivative of S = ⟨V, ∇L⟩ in all weights for a fixed direction V. With V a unit vector that is
one row of the Jacobian, exact; D(G(z)) is one network for this purpose, Sequential(*G, *D). Only R1's part, the
second derivative of a penalty that contains a derivative itself, is taken by differences. G is 2-8-2, D 2-16-16-1,
both with tanh and in float64: 379 weights, a second.

    python -m gan_scratch.experiments.spectrum

prints the pairs that turn fastest, without and with R1, at the end of trainings with three seeds.
"""
from __future__ import annotations

import numpy as np

from gan_scratch.gans.unrolled import differentiate
from gan_scratch.layers import Dense, Sequential, Tanh
from gan_scratch.layers.activation import sigmoid
from gan_scratch.losses import NonSaturating
from gan_scratch.optim import SGD
from gan_scratch.penalties import r1

LOSS = NonSaturating()
TURN = np.array([[0.24, 0.18], [-0.054, 0.072]])  # the data: an oblong cloud, aslant


def data(n: int, rng: np.random.Generator) -> np.ndarray:
    """(n, 2) points of a Gaussian around (1.5, 0.5)."""
    return np.array([1.5, 0.5]) + rng.standard_normal((n, 2)) @ TURN


def networks(rng: np.random.Generator) -> tuple[Sequential, Sequential]:
    """G and D."""
    G = Sequential(Dense(2, 8, rng=rng), Tanh(), Dense(8, 2, rng=rng))
    D = Sequential(Dense(2, 16, rng=rng), Tanh(), Dense(16, 16, rng=rng), Tanh(), Dense(16, 1, rng=rng))
    return G.astype(np.float64), D.astype(np.float64)


def clear(params) -> None:
    """All gradients 0."""
    for p in params:
        p.grad[...] = 0


def gathered(params, sign: float = 1.0) -> np.ndarray:
    """(n,): all gradients, one after the other."""
    return sign * np.concatenate([p.grad.ravel() for p in params])


def play(G: Sequential, D: Sequential, x: np.ndarray, z: np.ndarray, gamma: float = 0.0) -> None:
    """Both players' gradients at the same weights."""
    fakes, tape_G = G.forward(z)
    (l_real, tape_real), (l_fake, tape_fake) = D.forward(x), D.forward(fakes)
    _, d_real, d_fake = LOSS.discriminator(l_real, l_fake)
    G.backward(D.backward(LOSS.generator(l_fake)[1], tape_fake, weights=False), tape_G, inputs=False)
    D.backward(d_real, tape_real, inputs=False)
    D.backward(d_fake, tape_fake, inputs=False)
    if gamma:
        r1(D, x, fakes, np.random.default_rng(0), gamma)


def train(gamma: float, seed: int = 0, h: float = 0.05, steps: int = 2000) -> tuple[Sequential, Sequential]:
    """G and D after so many simultaneous steps of plain gradient descent."""
    rng = np.random.default_rng(seed)
    G, D = networks(rng)
    optimizer = SGD(G.params + D.params, h)
    for _ in range(steps):
        play(G, D, data(128, rng), rng.standard_normal((128, 2)), gamma)
        optimizer.step()
    return G, D


def jacobian(G: Sequential, D: Sequential, x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """(n, n): row i is the derivative of v_i in all weights, G's first; at real samples x and noise z."""
    both = Sequential(*G, *D)
    (l_real, tape_real), (l_fake, tape_fake) = D.forward(x), both.forward(z)
    _, d_real, d_fake = LOSS.discriminator(l_real, l_fake)
    curvature_real, curvature_fake = LOSS.curvature(l_real, l_fake)
    uses_G = [(both, z, tape_fake, LOSS.generator(l_fake)[1], sigmoid(l_fake) * sigmoid(-l_fake) / len(z))]
    uses_D = [(D, x, tape_real, d_real, curvature_real), (both, z, tape_fake, d_fake, curvature_fake)]
    rows = [row(uses, net, i, both.params) for net, uses in ((G, uses_G), (D, uses_D)) for i in range(size(net))]
    clear(both.params)
    return np.array(rows)


def row(uses: list, net: Sequential, i: int, params: list) -> np.ndarray:
    """−∂⟨V, ∇L⟩ in all weights, V the unit vector of the i-th weight of net; L's uses of networks are given."""
    V = {p: np.zeros_like(p.value) for p in params}
    unit = np.eye(1, size(net), i)[0]
    for p, part in zip(net.params, np.split(unit, np.cumsum([p.value.size for p in net.params])[:-1])):
        V[p][...] = part.reshape(p.value.shape)
    for network, _, tape, dl, _ in uses:  # the passes that backward2 differentiates
        network.backward(dl, tape, inputs=False)
    clear(params)
    for network, x, tape, _, curvature in uses:
        differentiate(network, x, tape, curvature, V)
    return gathered(params, -1)


def size(net: Sequential) -> int:
    """How many weights."""
    return sum(p.value.size for p in net.params)


def with_r1(J: np.ndarray, D: Sequential, x: np.ndarray, gamma: float, eps: float = 1e-5) -> np.ndarray:
    """J with R1's part in D's rows and columns, by central differences of R1's gradient."""
    first = len(J) - size(D)
    J = J.copy()
    weights = [(p, i) for p in D.params for i in range(p.value.size)]
    for column, (p, i) in enumerate(weights):
        slopes = []
        for change in (eps, -2 * eps):
            p.value.flat[i] += change
            clear(D.params)
            r1(D, x, x, np.random.default_rng(0), gamma)
            slopes.append(gathered(D.params))
        p.value.flat[i] += eps
        J[first:, first + column] -= (slopes[0] - slopes[1]) / (2 * eps)
    clear(D.params)
    return J


def spectra(gamma: float = 0.15, seed: int = 0, n: int = 1024) -> tuple[np.ndarray, np.ndarray]:
    """The eigenvalues without and with R1's part, at the end of a training without it."""
    G, D = train(0.0, seed)
    rng = np.random.default_rng(seed + 100)
    x, z = data(n, rng), rng.standard_normal((n, 2))
    J = jacobian(G, D, x, z)
    return np.linalg.eigvals(J), np.linalg.eigvals(with_r1(J, D, x, gamma))


def turning(eigenvalues: np.ndarray, pairs: int = 3) -> np.ndarray:
    """The pairs that turn fastest, by |Im λ|, one of each."""
    above = eigenvalues[eigenvalues.imag > 0]
    return above[np.argsort(-above.imag)][:pairs]


if __name__ == "__main__":
    for seed in range(3):
        for name, found in zip(("without R1", "with γ = 0.15"), spectra(seed=seed)):
            print(f"seed {seed}, {name:12}:", *(f"{e:.3f}" for e in turning(found)),
                  f"  largest real part {found.real.max():.3f}")
