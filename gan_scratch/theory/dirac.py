"""The Dirac-GAN: the smallest GAN there is, and what each remedy does to it (Mescheder et al. 2018, arXiv 1801.04406).

The data is the point 0, G makes the point θ, D(x) = ψx. θ minimises and ψ maximises

    L(θ, ψ) = f(ψθ) + f(0),   f(t) = −log(1 + e^(−t)) = log σ(t),   f′ = σ(−t),   f″ = −σ(t)σ(−t):   f′(0) = ½, f″(0) = −¼
    v(θ, ψ) = (−ψ f′(ψθ), θ f′(ψθ)),   equilibrium (0, 0), Jacobian there f′(0) [[0, −1], [1, 0]]: eigenvalues ±i/2

In that paper's sign, which is kept here, D is large where it says *fake*: elsewhere in this library D's slope is −ψ.
The flow keeps θ² + ψ², as θθ′ + ψψ′ = 0; near the equilibrium simultaneous steps grow by √(1 + h²/4). What a variant needs is a real part: nearly all
damping here is a number γ in λ² + γλ + f′(0)² = 0. Some famous ones have none: in this toy they are the plain game again.

Two remedies have nothing to act on here: a 1 × 1 weight has no off-diagonal for an orthogonal penalty, and a G that makes one point
makes copies whatever minibatch discrimination says.

A variant is a function that returns its field v: (2, …) -> (2, …), w = (θ, ψ); its eigenvalues stand beside it.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from scipy.special import expit

from gan_scratch.theory import games
from gan_scratch.theory.games import Field, require

F1, F2 = 0.5, -0.25  # f′(0), f″(0)


def f1(t) -> np.ndarray:
    """f′(t) = σ(−t)."""
    return expit(-t)


def f2(t) -> np.ndarray:
    """f″(t) = −σ(t)σ(−t)."""
    return -expit(t) * expit(-t)


def damped(gamma: float, frequency: float = F1) -> np.ndarray:
    """The two roots of λ² + γλ + frequency² = 0, complex: −γ/2 ± √(γ²/4 − frequency²). Critical at γ = 2·frequency."""
    root = np.sqrt(complex(gamma**2 / 4 - frequency**2))
    return np.array([-gamma / 2 + root, -gamma / 2 - root])


def euler_modulus(eigenvalues, h: float) -> float:
    """The largest |1 + hλ|: the growth of a simultaneous step near the equilibrium; √(1 + h²/4) for λ = ±i/2."""
    return float(np.abs(1 + h * np.asarray(eigenvalues)).max())


# Losses

def dirac_gan() -> Field:
    """Minimax: v = (−ψ f′(ψθ), θ f′(ψθ)). Eigenvalues `damped(0)` = ±i/2."""
    def v(w):
        theta, psi = w
        return np.array([-psi, theta]) * f1(psi * theta)
    return v


def dirac_nonsaturating() -> Field:
    """G maximises f(−ψθ) instead: θ′ = −ψ f′(−ψθ). Eigenvalues `damped(0)` = ±i/2, as before, and yet the flow arrives.

    Key line: (r²)′ = 2ψθ [f′(ψθ) − f′(−ψθ)] = −2t tanh(t/2) ≈ −t² with t = ψθ = ½ r² sin 2φ; over a turn t² is r⁴/8 on
    average, so r² = 8/t in the long run: slower than any exponential. A simultaneous step adds h²r²/4, and both balance on
    the limit cycle r = √(2h).
    """
    def v(w):
        theta, psi = w
        return np.array([-psi * f1(-psi * theta), theta * f1(psi * theta)])
    return v


def dirac_wgan() -> Field:
    """f(t) = t: v = (−ψ, θ), the xy game. Eigenvalues `damped(0, 1)` = ±i. `games.clipped(c)` is the step with
    weight clipping: it keeps |ψ| ≤ c, and the path ends on an orbit of radius c (and up to 14 % more at h = 0.1)."""
    return games.xy_game


def dirac_least_squares(fake: float = 0.0, real: float = 1.0, goal: float = 1.0) -> Field:
    """LSGAN, labels a for fake and b for real, goal c; D(x) = m − ψx with m = (a + b)/2.

    D minimises ½(D(0) − b)² + ½(D(θ) − a)², G minimises ½(D(θ) − c)² (Mao et al. 2017, eq. 2).

    v = (−ψ(c − m + ψθ), θ(m − a − ψθ)). For 0, 1, 1 this is ±i/2 again with (r²)′ = −4t²: the flow goes like r² ~ 2/t, and
    simultaneous steps stop at r = √(h/2). For −1, 1, 0 G's goal is what D(0) already says: θ′ = −ψ²θ, every (0, ψ) is an
    equilibrium, and G arrives while D keeps a slope ψ that it found on the way.
    """
    require("dirac_least_squares", fake=fake, real=real, goal=goal, least=-np.inf)
    m = (fake + real) / 2

    def v(w):
        theta, psi = w
        return np.array([-psi * (goal - m + psi * theta), theta * (m - fake - psi * theta)])
    return v


def least_squares_eigenvalues(fake: float = 0.0, real: float = 1.0, goal: float = 1.0) -> np.ndarray:
    """±i √((c − m)(m − a)): 0 twice for −1, 1, 0, and at its other equilibria (0, ψ) 0 and −ψ²."""
    m = (fake + real) / 2
    return np.array([1j, -1j]) * np.sqrt(complex((goal - m) * (m - fake)))


def dirac_hinge() -> Field:
    """D minimises max(0, 1 − D(0)) + max(0, 1 + D(θ)) with output −ψx, G minimises ψθ: v = (−ψ, θ [ψθ < 1]).

    Eigenvalues `damped(0, 1)` = ±i: near the equilibrium no hinge is reached, and it is the Wasserstein game.
    """
    def v(w):
        theta, psi = w
        return np.array([-psi, theta * (psi * theta < 1)])
    return v


def dirac_relativistic() -> Field:
    """D sees only l(real) − l(fake) = 0 − (−ψθ) = ψθ, and G its negative (Jolicoeur-Martineau 2018, RSGAN).

    D maximises log σ(ψθ) = f(ψθ) and G maximises f(−ψθ): term by term the non-saturating game. Eigenvalues `damped(0)`.
    """
    return dirac_nonsaturating()


def dirac_packed() -> Field:
    """D judges m samples at once by ψ·mean(x₁ … x_m) (PacGAN, Lin et al. 2018).

    All samples of G are θ and all data is 0, so the mean is θ, and the m gradients ψ f′(ψθ)/m to the samples add up to
    that of one: the plain game. Packing is a remedy against lost modes, and here is one mode. Eigenvalues `damped(0)`.
    """
    return dirac_gan()


def dirac_label_smoothing(fake_label: float = 0.0) -> Field:
    """Targets α for real and β for fake. v = (−ψ f′(ψθ), θ [(1 − β) f′(ψθ) − β f′(−ψθ)]).

    α isn't in it: on real data D's gradient is a multiple of x = 0, so one-sided smoothing changes nothing here. Smoothed
    fakes make D slower, eigenvalues ±i/2·√(1 − 2β), and damp only in second order: H = (½ − β)θ² + ½ψ² has H′ ≈ −½β(ψθ)²,
    so the flow arrives like H ~ 4(1 − 2β)/(βt), and simultaneous steps stop on the orbit H = (1 − 2β)²h/β.
    """
    if not 0 <= fake_label < 0.5:
        raise ValueError(f"dirac_label_smoothing expects a fake_label in [0, ½), got {fake_label}; at ½ D has no task")

    def v(w):
        theta, psi = w
        t = psi * theta
        return np.array([-psi * f1(t), theta * ((1 - fake_label) * f1(t) - fake_label * f1(-t))])
    return v


def label_smoothing_eigenvalues(fake_label: float) -> np.ndarray:
    """±i f′(0) √(1 − 2β)."""
    return damped(0, F1 * np.sqrt(1 - 2 * fake_label))


# Penalties, noise, unrolling: what has a real part

def dirac_r1(gamma: float) -> Field:
    """R1: D pays γ/2·‖∇D‖² = γ/2·ψ² on real data: ψ′ = θ f′(ψθ) − γψ (Mescheder et al. 2018, eq. 9)."""
    require("dirac_r1", gamma=gamma)
    plain = dirac_gan()

    def v(w):
        return plain(w) - np.array([0 * w[0], gamma * w[1]])
    return v


def dirac_r2(gamma: float) -> Field:
    """R2: the same penalty on fakes. ∇D = ψ at every x, so θ isn't in it, and R2 = R1 here."""
    return dirac_r1(gamma)


def r1_eigenvalues(gamma: float) -> np.ndarray:
    """−γ/2 ± √(γ²/4 − f′(0)²): the flow is damped for every γ > 0, fastest at `critical_gamma()`; steps of h need about hγ < 2."""
    return damped(gamma)


def critical_gamma() -> float:
    """2 |f′(0)| = 1: less spirals, more creeps, as the slower of two real eigenvalues goes like −f′(0)²/γ."""
    return 2 * abs(F1)


def dirac_wgan_gp(weight: float = 0.5, center: float = 1.0) -> Field:
    """D pays weight·(|ψ| − center)² (Gulrajani et al. 2017, eq. 3): v = (−ψ, θ − 2·weight·sign(ψ)(|ψ| − center)).

    With center > 0 the field jumps at ψ = 0, where it should have its equilibrium: no Jacobian, and the path is pushed away
    from both sides. Measured from (1, 1), 20 000 simultaneous steps of 0.1:
    weight ½ (the γ = 1 of Mescheder et al., who write γ/2) an orbit with |w| between 1.29 and 1.62;
    weight ≥ 1 no orbit but a false end at |θ| = 2·weight·center, ψ = 0, where the push away from 0 is as strong as θ's
    pull and D has no slope left to move G: |θ| = 20 for the usual weight 10.
    center = 0 is the R1 of this game with γ = 2·weight and converges: eigenvalues `damped(2·weight, 1)`.
    """
    require("dirac_wgan_gp", weight=weight, center=center)

    def v(w):
        theta, psi = w
        return np.array([-psi, theta - 2 * weight * np.sign(psi) * (np.abs(psi) - center)])
    return v


def dirac_dragan(weight: float = 0.5, center: float = 1.0) -> Field:
    """The same penalty near real points, on the logistic loss (Kodali et al. 2017).

    v = (−ψ f′(ψθ), θ f′(ψθ) − 2·weight·sign(ψ)(|ψ| − center)).
    ∇D = ψ everywhere, so where the points are drawn doesn't matter. Not smooth at ψ = 0 either. Its false end is at
    |θ| = γ·center/f′(0) with γ = 2·weight, and its side with ψ ≠ 0 is a node when γ + γ²·center² ≥ 1. With center 1 every
    start that was tried ends there for weight ≥ 0.4; at 0.35 some do and others orbit; at 0.3 all orbit.
    """
    require("dirac_dragan", weight=weight, center=center)
    plain = dirac_gan()

    def v(w):
        theta, psi = w
        return plain(w) - np.array([0 * theta, 2 * weight * np.sign(psi) * (np.abs(psi) - center)])
    return v


def dirac_instance_noise(sigma: float, nodes: int = 40) -> Field:
    """N(0, σ²) added to data and fakes (Sønderby et al. 2017): expectations over it by Gauss–Hermite quadrature.

    v = (−ψ E f′(ψ(θ + σz)), E (θ + σz) f′(ψ(θ + σz)) − E σz f′(−ψσz)).
    """
    require("dirac_instance_noise", sigma=sigma)
    z, weights = hermegauss(nodes)
    weights = weights / weights.sum()

    def v(w):
        theta, psi = w
        noise = sigma * z.reshape(-1, *[1] * np.ndim(theta))  # (nodes, …)
        mean = lambda a: np.tensordot(weights, a, 1)  # noqa: E731
        fake = f1(psi * (theta + noise))
        return np.array([-psi * mean(fake), mean((theta + noise) * fake) - mean(noise * f1(-psi * noise))])
    return v


def instance_noise_eigenvalues(sigma: float) -> np.ndarray:
    """f″(0)σ² ± √(f″(0)²σ⁴ − f′(0)²): γ = −2 f″(0)σ² = σ²/2, as at ψ = 0 ∂ψ′/∂ψ is f″(0) E[x²] summed over both laws."""
    return damped(-2 * F2 * sigma**2)


def dirac_unrolled(K: int, e: float) -> Field:
    """G foresees K ascent steps of size e of D and differentiates through them (Metz et al. 2017). D steps as always.

    ψ₀ = ψ, ψ_{k+1} = ψ_k + e θ f′(t_k) with t_k = ψ_kθ, and for s_k = dψ_k/dθ:
    s₀ = 0, s_{k+1} = s_k + e [f′(t_k) + θ f″(t_k)(ψ_k + θ s_k)].
    θ′ = −dL(θ, ψ_K)/dθ = −(ψ_K + θ s_K) f′(ψ_Kθ).
    """
    require("dirac_unrolled", K=K, e=e)

    def v(w):
        theta, psi = w
        k, s = psi, 0.0
        for _ in range(K):
            t = k * theta
            k, s = k + e * theta * f1(t), s + e * (f1(t) + theta * f2(t) * (k + theta * s))
        return np.array([-(k + theta * s) * f1(k * theta), theta * f1(psi * theta)])
    return v


def unrolled_gamma(K: int, e: float) -> float:
    """γ = 2 K e f′(0)²: to first order ψ_K = ψ + K e f′(0) θ, which enters θ′ twice, through ψ_K and through s_K."""
    return 2 * K * e * F1**2


def unrolled_eigenvalues(K: int, e: float) -> np.ndarray:
    """`damped(unrolled_gamma(K, e))`: R1's eigenvalues, although here θ is damped and there ψ is."""
    return damped(unrolled_gamma(K, e))


def dirac_consensus(weight: float) -> Field:
    """`games.consensus` of the plain game. Eigenvalues ±i/2 − weight/4."""
    return games.consensus(dirac_gan(), weight)


def consensus_eigenvalues(weight: float) -> np.ndarray:
    """±i f′(0) − weight·f′(0)²: J is antisymmetric at the equilibrium, so JᵀJ = f′(0)² I."""
    return damped(0) - weight * F1**2


# Spectral normalisation and time scales

def dirac_spectral_norm() -> Field:
    """D(x) = ψ/|ψ|·x, the slope divided by its only singular value: v = (−s f′(sθ), 0) with s = sign ψ.

    In one dimension nothing is left to learn: dD/dψ = 0, D never turns, and G runs past the data and on, at a speed of 1.
    """
    def v(w):
        theta, psi = w
        s = np.sign(psi)
        return np.array([-s * f1(s * theta), 0 * psi])
    return v


def dirac_spectral_norm_best() -> Field:
    """The same with D always at its best slope, sign θ: θ′ = −sign(θ) f′(|θ|), bang-bang. ψ isn't used.

    G comes to the data in finite time, and then jumps to and fro over it: |θ| stays below a step, h/2, and never settles.
    """
    def v(w):
        theta, psi = w
        return np.array([-np.sign(theta) * f1(np.abs(theta)), 0 * psi])
    return v


def ttur_multipliers(h_theta: float, h_psi: float) -> np.ndarray:
    """1 ± i f′(0) √(h_θ h_ψ): a simultaneous step's eigenvalues with two step sizes. Their modulus is above 1 for every
    ratio: two time scales alone damp nothing here, only their geometric mean matters."""
    return 1 + np.sqrt(h_theta * h_psi) * damped(0)


def historical_averaging_power(weight: float) -> float:
    """The a in |w̄| ~ t^(−a) of `games.historical_averaging`: f′(0)²/(4·weight² + f′(0)²).

    Small weights are faster, as long as a step damps the fast part at all: |1 + h(−2·weight ± i/2)| < 1.
    """
    return F1**2 / (4 * weight**2 + F1**2)


class Row(NamedTuple):
    """One line of `dirac_table`. theta: the largest |θ| over the last tenth of the path, how far G still is from 0."""

    name: str
    eigenvalues: np.ndarray | None  # of the field at (0, 0), None where it isn't smooth
    radius: float                   # |w| at the end
    theta: float
    converges: bool                 # theta < 0.01


def dirac_table(h: float = 0.1, steps: int = 20_000, w0=(1.0, 1.0)) -> list[Row]:
    """Every variant from w0, `steps` simultaneous steps of h unless the name says otherwise: eigenvalues and where it ends.

    Takes a few seconds. `python -m gan_scratch.theory` prints it.
    """
    run: Callable = lambda v, h=h, step=games.simultaneous: games.trajectory(v, w0, h, steps, step)  # noqa: E731
    plain = damped(0)
    paths = [
        ("minimax", plain, run(dirac_gan())),
        ("minimax, alternating", plain, run(dirac_gan(), step=games.alternating)),
        ("minimax, extragradient", plain, run(dirac_gan(), step=games.extragradient)),
        ("minimax, optimistic", plain, run(dirac_gan(), step=games.optimistic)),
        ("minimax, two time scales: h, 4h", plain, run(dirac_gan(), h=(h, 4 * h))),
        ("minimax, alternating, average 0.999", plain, games.average(run(dirac_gan(), step=games.alternating), 0.999)),
        ("minimax, historical averaging 0.1", plain, games.historical_averaging(dirac_gan(), w0, h, steps, 0.1)),
        ("non-saturating", plain, run(dirac_nonsaturating())),
        ("relativistic", plain, run(dirac_relativistic())),
        ("least squares 0, 1, 1", least_squares_eigenvalues(), run(dirac_least_squares())),
        ("least squares −1, 1, 0", least_squares_eigenvalues(-1, 1, 0), run(dirac_least_squares(-1, 1, 0))),
        ("hinge", damped(0, 1), run(dirac_hinge())),
        ("packed", plain, run(dirac_packed())),
        ("labels 0.9 for real", label_smoothing_eigenvalues(0), run(dirac_label_smoothing())),
        ("labels 0.9 and 0.1 for fake", label_smoothing_eigenvalues(0.1), run(dirac_label_smoothing(0.1))),
        ("Wasserstein", damped(0, 1), run(dirac_wgan())),
        ("Wasserstein, clipped at 1", damped(0, 1), run(dirac_wgan(), step=games.clipped(1.0))),
        ("Wasserstein, penalty ½ (|ψ| − 1)²", None, run(dirac_wgan_gp())),
        ("Wasserstein, penalty 10 (|ψ| − 1)²", None, run(dirac_wgan_gp(10.0))),
        ("Wasserstein, penalty ½ ψ²", damped(1, 1), run(dirac_wgan_gp(0.5, 0.0))),
        ("DRAGAN, penalty ½ (|ψ| − 1)²", None, run(dirac_dragan())),
        ("spectral norm", None, run(dirac_spectral_norm())),
        ("spectral norm, D at its best", None, run(dirac_spectral_norm_best())),
        ("R1, γ = 1", r1_eigenvalues(1.0), run(dirac_r1(1.0))),
        ("R2, γ = 1", r1_eigenvalues(1.0), run(dirac_r2(1.0))),
        ("instance noise, σ = 1", instance_noise_eigenvalues(1.0), run(dirac_instance_noise(1.0))),
        ("unrolled, K = 5, e = 0.1", unrolled_eigenvalues(5, 0.1), run(dirac_unrolled(5, 0.1))),
        ("consensus, weight 1", consensus_eigenvalues(1.0), run(dirac_consensus(1.0))),
    ]
    rows = []
    for name, eigenvalues, path in paths:
        theta = float(np.abs(path[-max(steps // 10, 1):, 0]).max())
        rows.append(Row(name, eigenvalues, float(np.hypot(*path[-1])), theta, theta < 0.01))
    return rows
