"""References, inputs and typical mistakes for exercise e08, convergence."""
from __future__ import annotations

import numpy as np
from scipy.linalg import expm
from scipy.special import expit

from gan_scratch.classroom.check import Checks

check = Checks()

I, ZERO = np.eye(2), np.zeros((2, 2))
X, Y = np.diag([1.0, 0.0]), np.diag([0.0, 1.0])  # which player moves
TURN = np.array([[0.0, -1.0], [1.0, 0.0]])  # the field of f = xy


def fields(A=None):
    """A field's matrix and a step length."""
    return lambda rng: (rng.normal(0, 1, (2, 2)) if A is None else A.copy(), float(rng.uniform(0.2, 0.6)))


CASES = {"": fields(), "the game xy": fields(TURN)}


# --- one step as a matrix ---------------------------------------------------------------------------------------------


def simultaneous(A, h):
    return I + h * A


check.add(simultaneous, "M", CASES, "which matrix turns w into w + h v(w), if v(w) = A w (lecture 08, section 3)",
          hidden=[fields()], mistakes={
              "is the change of w only: w itself is missing, that is, the identity matrix": lambda A, h: h * A,
              "has the sign of the field exchanged": lambda A, h: I - h * A,
              "has h at the identity matrix as well": lambda A, h: h * (I + A),
              "has 1 added to all its entries; the identity matrix has ones on its diagonal only":
                  lambda A, h: 1 + h * A,
              "belongs to the implicit step, which solves for the new w": lambda A, h: np.linalg.inv(I - h * A),
              "belongs to the flow, not to a step": lambda A, h: expm(h * A),
              "has no h": lambda A, h: I + A,
              "has the field of f = xy; A may be any matrix": lambda A, h: I + h * TURN,
          })


def alternating(A, h):
    return (I + h * Y @ A) @ (I + h * X @ A)


def without_own_part(A, h):
    M = alternating(A, h)
    M[1, 0] = h * A[1, 0]
    return M


check.add(alternating, "M", CASES, "y sees the new x (lecture 08, section 3, eq. 7)", hidden=[fields()], mistakes={
    "is the simultaneous step: y has to see the new x": lambda A, h: I + h * A,
    "lets y move first": lambda A, h: (I + h * X @ A) @ (I + h * Y @ A),
    "is two simultaneous steps": lambda A, h: (I + h * A) @ (I + h * A),
    "forgets in y's row that the new x contains the old x's own part, 1 + h A₁₁": without_own_part,
    "forgets in y's row that the new x contains y as well": lambda A, h: np.array(
        [[1 + h * A[0, 0], h * A[0, 1]], [h * A[1, 0] * (1 + h * A[0, 0]), 1 + h * A[1, 1]]]),
    "lacks x's own entry, h A₁₁: x moves by itself, too": lambda A, h: (
        (I + h * Y @ A) @ (I + h * X @ (A - np.diag([A[0, 0], 0])))),
    "lacks y's own entry, h A₂₂: y moves by itself, too": lambda A, h: (
        (I + h * Y @ (A - np.diag([0, A[1, 1]]))) @ (I + h * X @ A)),
    "lacks h at A₂₁ in y's move": lambda A, h: (I + np.array([[0, 0], [A[1, 0], h * A[1, 1]]])) @ (I + h * X @ A),
    "lacks h at A₁₂ in x's move": lambda A, h: (I + h * Y @ A) @ (I + np.array([[h * A[0, 0], A[0, 1]], [0, 0]])),
    "loses x in y's move, which has to leave x as it is": lambda A, h: (Y + h * Y @ A) @ (I + h * X @ A),
    "comes from the transposed A": lambda A, h: alternating(A.T, h),
    "ignores the diagonal of A": lambda A, h: alternating(A - np.diag(np.diag(A)), h),
    "lacks a 1: a move adds to what was there": lambda A, h: (X + h * Y @ A) @ (Y + h * X @ A),
    "lacks a 1 in x's move, which adds to the old x": lambda A, h: (I + h * Y @ A) @ (Y + h * X @ A),
    "lacks a 1 in y's move, which adds to the old y": lambda A, h: (X + h * Y @ A) @ (I + h * X @ A),
    "is the one of f = xy; A may be any matrix": lambda A, h: np.array([[1, -h], [h, 1 - h**2]]),
    "is the sum of the two moves, not one after the other": lambda A, h: 2 * I + h * A,
    "lets y move for a whole step of both players": lambda A, h: (I + h * A) @ (I + h * X @ A),
    "multiplies entries, not matrices (* in place of @)": lambda A, h: (I + h * Y @ A) * (I + h * X @ A),
    "has the wrong sign in y's move": lambda A, h: (I - h * Y @ A) @ (I + h * X @ A),
    "has the wrong sign in x's move": lambda A, h: (I + h * Y @ A) @ (I - h * X @ A),
})


def extragradient(A, h):
    return I + h * A @ (I + h * A)


check.add(extragradient, "M", CASES,
          "the field at w + h v(w), and a step with it from w (lecture 08, section 3, eq. 5)",
          hidden=[fields()], mistakes={
              "is a simultaneous step: the field is taken where the trial step ends": lambda A, h: I + h * A,
              "is two simultaneous steps; the trial step is only for looking": lambda A, h: (I + h * A) @ (I + h * A),
              "has the wrong sign at h²A²": lambda A, h: I + h * A - h**2 * A @ A,
              "has AᵀA where A² belongs": lambda A, h: I + h * A + h**2 * A.T @ A,
              "lacks its part h A": lambda A, h: I + h**2 * A @ A,
              "has a trial step of half the length": lambda A, h: I + h * A @ (I + h / 2 * A),
              "has the entries of A squared; A² is a product of matrices": lambda A, h: I + h * A + h**2 * A * A,
              "has A² with h in place of h²": lambda A, h: I + h * A + h * A @ A,
              "lacks w itself, that is, the identity matrix": lambda A, h: h * A @ (I + h * A),
              "is the one of f = xy; A may be any matrix": lambda A, h: (1 - h**2) * I + h * TURN,
              "multiplies entries, not matrices (* in place of @)": lambda A, h: I + h * A * (I + h * A),
          })


def optimistic(A, h):
    return np.block([[I + 2 * h * A, -h * A], [I, ZERO]])


def blocks(now, before, below=(I, ZERO)):
    return lambda A, h: np.block([[now(h * A), before(h * A)], list(below)])


TWICE, BACK = (lambda B: I + 2 * B), (lambda B: -B)

check.add(optimistic, "M", CASES, "how w_{t+1} comes from w_t and w_{t−1}, and what w_t becomes (lecture 08, eq. 6)",
          hidden=[fields()], mistakes={
              "adds the old field; it is subtracted": blocks(TWICE, lambda B: B),
              "counts the present field once; it counts twice": blocks(lambda B: I + B, BACK),
              "is a simultaneous step: the old field is missing": blocks(lambda B: I + B, lambda B: ZERO),
              "subtracts the old field twice; it counts once": blocks(TWICE, lambda B: -2 * B),
              "has the sign of the field exchanged": blocks(lambda B: I - 2 * B, lambda B: B),
              "has ones everywhere where the identity matrix belongs": blocks(TWICE, BACK, (np.ones((2, 2)), ZERO)),
              "has 1 added to all entries at the upper left; the identity matrix has ones on its diagonal only":
                  blocks(lambda B: 1 + 2 * B, BACK),
              "lacks h at the old field": lambda A, h: np.block([[I + 2 * h * A, -A], [I, ZERO]]),
              "lacks h at the present field": lambda A, h: np.block([[I + 2 * A, -h * A], [I, ZERO]]),
              "lacks the old field": blocks(TWICE, lambda B: ZERO),
              "lacks w itself, that is, the identity matrix at the upper left": blocks(lambda B: 2 * B, BACK),
              "keeps the old w_{t−1} in its lower half; there w_t has to stand, which is the next w_{t−1}":
                  blocks(TWICE, BACK, (ZERO, I)),
              "is 0 in its lower half; there w_t has to become the next w_{t−1}": blocks(TWICE, BACK, (ZERO, ZERO)),
              "acts on (w_{t−1}, w_t); (w_t, w_{t−1}) is asked for":
                  lambda A, h: np.block([[ZERO, I], [-h * A, I + 2 * h * A]]),
              "subtracts from w_{t−1} as well": blocks(TWICE, lambda B: I - B),
              "has both halves exchanged": lambda A, h: np.roll(optimistic(A, h), 2, axis=0),
          })


# --- growth -----------------------------------------------------------------------------------------------------------


def growth(M):
    return np.abs(np.linalg.eigvals(M)).max()


def matrices(kind):
    return lambda rng: (kind(rng),)


def turned(rng):
    """A pair of complex eigenvalues."""
    a, b = rng.uniform(0.3, 0.9, 2)
    S = rng.normal(0, 1, (2, 2)) + 2 * I
    return S @ np.array([[a, -b], [b, a]]) @ np.linalg.inv(S)


def negative(rng):
    """The largest |eigenvalue| belongs to a negative one."""
    S = rng.normal(0, 1, (2, 2)) + 2 * I
    return S @ np.diag([rng.uniform(0.2, 0.5), -rng.uniform(0.8, 1.2)]) @ np.linalg.inv(S)


check.add(growth, "", {"": matrices(turned), "a negative eigenvalue": matrices(negative),
                       "a matrix of an optimistic step": lambda rng: (optimistic(*fields()(rng)),)},
          "the eigenvalue that is farthest from 0 (lecture 08, section 3)",
          hidden=[matrices(negative), matrices(turned)], mistakes={
              "is the largest real part": lambda M: np.linalg.eigvals(M).real.max(),
              "is the largest imaginary part": lambda M: np.linalg.eigvals(M).imag.max(),
              "is the largest modulus of real parts": lambda M: np.abs(np.linalg.eigvals(M).real).max(),
              "is the smallest modulus": lambda M: np.abs(np.linalg.eigvals(M)).min(),
              "is the mean modulus": lambda M: np.abs(np.linalg.eigvals(M)).mean(),
              "is the square of the modulus": lambda M: growth(M) ** 2,
              "is the largest singular value: by how much one step can stretch, not what stays in the long run":
                  lambda M: np.linalg.norm(M, 2),
              "is the determinant": np.linalg.det,
              "is |det M|; of two eigenvalues that is the product": lambda M: abs(np.linalg.det(M)),
              "is the root of |det M|, which is the modulus of a complex pair only":
                  lambda M: np.sqrt(abs(np.linalg.det(M))),
              "is the trace": np.trace,
              "is |trace M|": lambda M: abs(np.trace(M)),
              "is its logarithm": lambda M: np.log(growth(M)),
              "comes from eigvalsh, which is for symmetric matrices": lambda M: np.abs(np.linalg.eigvalsh(M)).max(),
              "is the largest entry": np.max,
              "is the Frobenius norm": np.linalg.norm,
          })


def measured_growth(path):
    before, after = path.T[:-1], path.T[1:]
    return growth(np.linalg.lstsq(before, after, rcond=None)[0])


def walk(M, w, steps):
    """(2, steps + 1): time along the second axis, so that the engine's other numbers, x and y exchanged, are a path."""
    path = [w]
    for _ in range(steps):
        path.append(M @ path[-1])
    return np.array(path).T


def spiral(rng):
    """A round spiral that shrinks or grows."""
    angle, r = rng.uniform(0.02, 0.2), 1 + rng.choice([-1, 1]) * rng.uniform(0.001, 0.006)
    M = r * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (walk(M, rng.normal(0, 1, 2) + 1, int(rng.integers(1800, 2400))),)


def oblong(rng):
    """An oblong one: alternating steps in a field that is damped a little."""
    A = TURN - np.diag([0, rng.uniform(0.002, 0.01)])
    return (walk(alternating(A, rng.uniform(0.3, 0.45)), rng.normal(0, 1, 2) + 1, int(rng.integers(1800, 2400))),)


def creep(rng):
    """Two real eigenvalues: nearly all of the start dies out at once, and the rest creeps."""
    S = np.array([[1.0, 0.6], [0.2, 1.0]])
    M = S @ np.diag([rng.uniform(0.96, 0.97), 1 - rng.uniform(2e-4, 5e-4)]) @ np.linalg.inv(S)
    return (walk(M, S @ [1.0, rng.uniform(1e-4, 1e-3)], int(rng.integers(1800, 2400))),)


def radii(path):
    return np.linalg.norm(path, axis=0)


def per_step(r):
    return (r[-1] / r[0]) ** (1 / (len(r) - 1))


check.add(measured_growth, "", {"": spiral, "an oblong spiral": oblong, "another oblong spiral": oblong,
                              "a third oblong spiral": oblong, "a path that first shrinks fast and then creeps": creep},
          "the factor per step in the long run (lecture 08, section 3)", tolerance=5e-4,
          hidden=[oblong, creep, spiral, oblong], mistakes={
              "is the growth over the whole path, not per step": lambda p: radii(p)[-1] / radii(p)[0],
              "is the growth over the last 1000 steps, not per step": lambda p: radii(p)[-1] / radii(p)[-1001],
              "is the growth over the last 100 steps, not per step": lambda p: radii(p)[-1] / radii(p)[-101],
              "is the growth over the second half, not per step": lambda p: radii(p)[-1] / radii(p)[p.shape[1] // 2],
              "comes from the whole path, and the beginning isn't the long run": lambda p: per_step(radii(p)),
              "comes from the first step, and the beginning isn't the long run": lambda p: radii(p)[1] / radii(p)[0],
              "is the mean of all steps' factors, the beginning's among them":
                  lambda p: (radii(p)[1:] / radii(p)[:-1]).mean(),
              "is its logarithm, or by how much it differs from 1; the factor itself is asked for":
                  lambda p: np.log(measured_growth(p)),
              "is the square: the squared radius grows by it": lambda p: measured_growth(p) ** 2,
              "has the root for the whole path, and the ratio of its second half": lambda p: (
                  radii(p)[-1] / radii(p)[p.shape[1] // 2]) ** (1 / (p.shape[1] - 1)),
              "comes from the norms of rows; a column is a point (axis=0)": lambda p: (
                  np.linalg.norm(p, axis=1)[1] / np.linalg.norm(p, axis=1)[0]),
              "has len(path) for the number of steps; that is 2, the number of rows": lambda p: (
                  radii(p)[-1] / radii(p)[0]) ** 0.5,
              "is the inverse: the later radius is divided by the earlier one": lambda p: 1 / measured_growth(p),
          })


# --- the Dirac-GAN with R1 --------------------------------------------------------------------------------------------


def r1_field(theta, psi, gamma):
    pull = expit(-psi @ theta)
    return gamma / 2 * (psi @ psi), -psi * pull, theta * pull - gamma * psi


def points(n, gamma=None):
    return lambda rng: (rng.normal(0, 1.5, n), rng.normal(0, 1.5, n),
                        float(rng.uniform(0.3, 2)) if gamma is None else gamma)


def play(penalty=None, v_theta=None, v_psi=None):
    """Other formulas of (θ, ψ, γ, pull) for some of the outputs."""
    def compute(theta, psi, gamma):
        pull = expit(-psi @ theta)
        return tuple(f(theta, psi, gamma, pull) if f else None for f in (penalty, v_theta, v_psi))

    return compute


check.add(
    r1_field, "penalty, v_theta, v_psi",
    {"": points(3), "one dimension": points(1), "no penalty": points(2, 0.0)},
    "θ goes down L and ψ goes up L minus the penalty (lecture 08, eq. 10)",
    shares={"penalty": 1, "v_theta": 1, "v_psi": 1}, hidden=[points(2), points(4)],
    mistakes={
        "lacks its ½": play(penalty=lambda t, p, g, f: g * (p @ p)),
        "is the square of the sum; the sum of the squares is asked for": play(
            penalty=lambda t, p, g, f: g / 2 * p.sum()**2),
        "is D(θ)², not the squared slope": play(penalty=lambda t, p, g, f: g / 2 * (p @ t)**2),
        "is the norm, not its square": play(penalty=lambda t, p, g, f: g / 2 * np.sqrt(p @ p)),
        "is one number for each entry; the sum is asked for": play(penalty=lambda t, p, g, f: g / 2 * p * p),
        "is taken of θ; D's slope is ψ": play(penalty=lambda t, p, g, f: g / 2 * (t @ t)),
        "has its sign exchanged; D pays it": play(penalty=lambda t, p, g, f: -g / 2 * (p @ p)),
        "has its sign exchanged": play(v_theta=lambda t, p, g, f: p * f, v_psi=lambda t, p, g, f: -t * f + g * p),
        "has f′(ψ·θ) with the wrong sign in σ (for θ that is the non-saturating loss)": play(
            v_theta=lambda t, p, g, f: -p * (1 - f), v_psi=lambda t, p, g, f: t * (1 - f) - g * p),
        "lacks f′(ψ·θ): that is the Wasserstein game": play(
            v_theta=lambda t, p, g, f: -p, v_psi=lambda t, p, g, f: t - g * p),
        "has f′ at each entry by itself; it belongs to the one number ψ·θ": play(
            v_theta=lambda t, p, g, f: -p * expit(-p * t), v_psi=lambda t, p, g, f: t * expit(-p * t) - g * p),
        "has f where f′ belongs": play(
            v_theta=lambda t, p, g, f: -p * np.log(f), v_psi=lambda t, p, g, f: t * np.log(f) - g * p),
        "has σ′ where f′ belongs": play(
            v_theta=lambda t, p, g, f: -p * f * (1 - f), v_psi=lambda t, p, g, f: t * f * (1 - f) - g * p),
        "has f′ = ½ everywhere; that is right at the equilibrium only": play(
            v_theta=lambda t, p, g, f: -p / 2, v_psi=lambda t, p, g, f: t / 2 - g * p),
        "contains the penalty, which is D's alone": play(v_theta=lambda t, p, g, f: -p * f - g * p),
        "is damped by −γθ; R1 doesn't touch θ": play(v_theta=lambda t, p, g, f: -p * f - g * t),
        "lacks the penalty's part": play(v_psi=lambda t, p, g, f: t * f),
        "goes up the penalty: D pays it": play(v_psi=lambda t, p, g, f: t * f + g * p),
        "has γ/2 ψ; the derivative of ½ψ² is ψ": play(v_psi=lambda t, p, g, f: t * f - g / 2 * p),
        "has 2γψ; the penalty has a ½": play(v_psi=lambda t, p, g, f: t * f - 2 * g * p),
        "has the penalty itself, not its gradient": play(v_psi=lambda t, p, g, f: t * f - g / 2 * (p @ p)),
        "has −γθ in place of −γψ": play(v_psi=lambda t, p, g, f: t * f - g * t),
        "has f′ at the penalty's part as well": play(v_psi=lambda t, p, g, f: (t - g * p) * f),
        "goes down L: ψ maximises it": play(v_psi=lambda t, p, g, f: -t * f - g * p),
    })


# --- its eigenvalues --------------------------------------------------------------------------------------------------


def pair(trace, det):
    """Real and imaginary parts of the roots of λ² − trace λ + det = 0, the upper or right one first."""
    root = np.sqrt(complex(trace**2 / 4 - det))
    found = np.array([trace / 2 + root, trace / 2 - root])
    return found.real, found.imag


def r1_eigenvalues(gamma, slope):
    return pair(-gamma, slope**2)


def strength(low, high):
    """γ between these multiples of f′(0)."""
    def draw(rng):
        slope = float(rng.uniform(0.3, 1.5))
        return float(rng.uniform(low, high)) * slope, slope

    return draw


WEAK, STRONG, NONE = strength(0.3, 1.7), strength(2.3, 5), strength(0, 0)


def swapped(gamma, slope):
    real, imag = r1_eigenvalues(gamma, slope)
    return real[::-1], imag[::-1]


def never_real(gamma, slope):
    root = np.sqrt(abs(gamma**2 / 4 - slope**2))
    return np.full(2, -gamma / 2), np.array([root, -root])


def always_real(gamma, slope):
    root = np.sqrt(abs(gamma**2 / 4 - slope**2))
    return np.array([-gamma / 2 + root, -gamma / 2 - root]), np.zeros(2)


check.add(
    r1_eigenvalues, "real, imag",
    {"": WEAK, "a large γ": STRONG, "no penalty": NONE},
    "the Jacobian of the field at (0, 0), entry by entry, and its characteristic polynomial (lecture 08, section 5)",
    shares={"real": 2, "imag": 2}, hidden=[strength(1, 1.9), strength(2.1, 3)],
    mistakes={
        "comes from a root that lacks a square at f′(0)": lambda g, s: pair(-g, s),
        "comes from a root that lacks a square at γ": lambda g, s: (lambda root: (
            (-g / 2 + np.array([1, -1]) * root).real, (np.array([1, -1]) * root).imag))(np.sqrt(complex(g / 4 - s**2))),
        "comes from γ² under the root, where γ²/4 belongs": lambda g, s: (lambda root: (
            (-g / 2 + np.array([1, -1]) * root).real, (np.array([1, -1]) * root).imag))(np.sqrt(complex(g**2 - s**2))),
        "comes from a damping of γ/2: the derivative of γψ is γ": lambda g, s: pair(-g / 2, s**2),
        "comes from a damping of 2γ: the derivative of γψ is γ": lambda g, s: pair(-2 * g, s**2),
        "is −γ: are both players damped, or is the ½ of the quadratic formula missing?": lambda g, s: (
            np.full(2, -g), None),
        "has the wrong sign: R1 damps": lambda g, s: pair(g, s**2),
        "is that without R1": lambda g, s: (np.zeros(2), np.array([s, -s])),
        "comes from the same sign of both mixed derivatives; in a game they are opposite": lambda g, s: pair(-g, -s**2),
        "is the first of the two exchanged with the second": swapped,
        "comes from a pair of complex eigenvalues for every γ; for a large γ both are real": never_real,
        "comes from two real eigenvalues for every γ; for a small γ they are complex": always_real,
        "lacks f′(0): it is that of the Wasserstein game": lambda g, s: pair(-g, 1.0),
        "has f′(0) = ½; here it is an argument": lambda g, s: pair(-g, 0.25),
        "comes from f′(0)²/4 under the root, where f′(0)² belongs": lambda g, s: pair(-g, s**2 / 4),
        "has γ multiplied by f′(0); the penalty doesn't contain f": lambda g, s: pair(-g * s, s**2),
    })


def longest_step(gamma, slope):
    real, imag = r1_eigenvalues(gamma, slope)
    return (-2 * real / (real**2 + imag**2)).min()


def root_of(gamma, slope):
    return np.sqrt(max(gamma**2 / 4 - slope**2, 0))


check.add(
    longest_step, "",
    {"": WEAK, "a large γ": STRONG, "no penalty": NONE},
    "the bound on h for each eigenvalue, and which of the two is the stricter one (lecture 08, eq. 13)",
    hidden=[strength(1, 1.9), strength(2.1, 3)],
    mistakes={
        "is γ/f′(0)² for every γ; with real eigenvalues it is another": lambda g, s: g / s**2,
        "has the border between its two cases at γ = f′(0); the eigenvalues are complex up to 2f′(0)": lambda g, s: (
            g / s**2 if g < s else 4 / (g + 2 * root_of(g, s))),
        "is the bound of the slower eigenvalue; the faster one is stricter": lambda g, s: (
            g / s**2 if g < 2 * s else 2 / (g / 2 - root_of(g, s))),
        "is 2/γ, as if D played alone": lambda g, s: 2 / g if g else 1.0,
        "is 4/γ, the bound of the real part −γ/2": lambda g, s: 4 / g if g else 1.0,
        "is 1/|Re λ| in place of 2/|λ| for real eigenvalues": lambda g, s: (
            g / s**2 if g < 2 * s else 1 / (g / 2 + root_of(g, s))),
        "is half of it: 2 Re λ is in (13)": lambda g, s: longest_step(g, s) / 2,
        "is twice as much": lambda g, s: 2 * longest_step(g, s),
        "lacks a square: |λ|² is the product of the eigenvalues": lambda g, s: (
            g / s if g < 2 * s else longest_step(g, s)),
        "has |λ| in place of |λ|²": lambda g, s: (lambda r, i: (-2 * r / np.hypot(r, i)).min())(*r1_eigenvalues(g, s)),
        "has f′(0) = ½; here it is an argument": lambda g, s: longest_step(g, 0.5),
        "is without a bound where there is no penalty; there no step is short enough": lambda g, s: (
            longest_step(g, s) if g else 1e9),
        "is 2/γ where both eigenvalues are real: the bound belongs to each of them, not to their sum": lambda g, s: (
            g / s**2 if g < 2 * s else 2 / g),
        "is 4/γ where both eigenvalues are real: the bound belongs to each of them, not to their mean": lambda g, s: (
            g / s**2 if g < 2 * s else 4 / g),
        "has its sign exchanged": lambda g, s: -longest_step(g, s),
        "is (13) with the sum of both bounds": lambda g, s: (
            lambda r, i: (-2 * r / (r**2 + i**2)).sum())(*r1_eigenvalues(g, s)),
    })


# --- the printed eigenvalue -------------------------------------------------------------------------------------------


def consensus_eigenvalues(weight, slope):
    return np.full(2, -weight * slope**2), np.array([slope, -slope])


def printed(real=lambda c, s: -c * s**2, imag=lambda c, s: s):
    return lambda weight, slope: (np.full(2, real(weight, slope)), np.array([1, -1]) * imag(weight, slope))


check.add(
    consensus_eigenvalues, "real, imag",
    {"": lambda rng: (float(rng.uniform(0.3, 2)), float(rng.uniform(0.2, 0.8))),
     "f′(0) = ½, as in the Dirac-GAN": lambda rng: (float(rng.uniform(0.3, 2)), 0.5)},
    "A − c AᵀA with the Jacobian A of the Dirac-GAN (lecture 08, eq. 11 and section 5)",
    shares={"real": 1, "imag": 1}, hidden=[(1.0, 0.7), (0.4, 1.5)], planted=printed(lambda c, s: -c * s),
    mistakes={
        "is half as large as it should be: the gradient of ½‖v‖² is AᵀA w": printed(lambda c, s: -c * s**2 / 2),
        "is twice as large as it should be: the gradient of ½‖v‖² is AᵀA w": printed(lambda c, s: -2 * c * s**2),
        "has the wrong sign: consensus damps (AᵀA isn't A²)": printed(lambda c, s: c * s**2),
        "has the square of the weight": printed(lambda c, s: -c**2 * s**2),
        "has the square of the weight; the square belongs elsewhere": printed(lambda c, s: -c**2 * s),
        "doesn't contain the weight": printed(lambda c, s: -s**2),
        "doesn't contain f′(0)": printed(lambda c, s: -c),
        "has a third power": printed(lambda c, s: -c * s**3),
        "has a square as well, where none belongs": printed(imag=lambda c, s: s**2),
        "contains the weight, as if consensus made the game slower": printed(imag=lambda c, s: s * (1 - c * s)),
        "has the first of the two exchanged with the second": printed(imag=lambda c, s: -s),
        "lacks its two signs: the eigenvalues are a pair": lambda c, s: (np.full(2, -c * s**2), np.full(2, s)),
    })
