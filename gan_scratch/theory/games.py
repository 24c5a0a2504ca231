"""Two-player games as small dynamical systems, written w′ = v(w) for w = (x, y) (Mescheder et al. 2018).

v is the *game's* gradient field, both players at once: v = (−∂f/∂x, ∂f/∂y) when x minimises f and y maximises it. Its
integral curves are the flow, training in infinitely small steps; an optimiser is a way of stepping along it:

    simultaneous    w ← w + h v(w)                             both players look at the old w
    alternating     x ← x + h v₁(x, y), then y ← y + h v₂(x, y)      y sees the new x
    extragradient   w ← w + h v(w + h v(w))                    look one step ahead (Korpelevich 1976)
    optimistic      w ← w + 2h v(w) − h v(w before)            the same from memory (Daskalakis et al. 2018)
    implicit        w ← w + h v(the new w)                     for linear fields: a 2 × 2 system

h is a number, or a pair (h_x, h_y): two time scales (Heusel et al. 2017). A field takes w of shape (2,) or (2, …), a grid
of points for a plot, and returns the same shape. A step takes (v, w, h, before); only `optimistic` looks at `before`.

For f = xy, v = (−y, x), every step is a matrix, and the largest modulus of its eigenvalues says what happens in the long
run; the functions `xy_…` are these numbers in closed form.
"""
from __future__ import annotations

from collections.abc import Callable

import numpy as np

Field = Callable[[np.ndarray], np.ndarray]

X, Y = np.array([1.0, 0.0]), np.array([0.0, 1.0])  # which player moves


def xy_game(w: np.ndarray) -> np.ndarray:
    """v = (−y, x) of f(x, y) = xy: x minimises, y maximises. The flow is a rotation about the equilibrium (0, 0)."""
    x, y = w
    return np.array([-y, x])


def simultaneous(v: Field, w, h, before=None) -> np.ndarray:
    """w + h v(w)."""
    return w + h * v(w)


def alternating(v: Field, w, h, before=None) -> np.ndarray:
    """First x moves, then y, which sees the new x."""
    w = w + h * X * v(w)
    return w + h * Y * v(w)


def extragradient(v: Field, w, h, before=None) -> np.ndarray:
    """w + h v(w + h v(w))."""
    return w + h * v(w + h * v(w))


def optimistic(v: Field, w, h, before=None) -> np.ndarray:
    """w + 2h v(w) − h v(before): the last change of v is expected once more. The first step, without before, is plain."""
    now = v(w)
    return w + 2 * h * now - h * (now if before is None else v(before))


def implicit(v: Field, w, h, before=None) -> np.ndarray:
    """The w⁺ with w⁺ = w + h v(w⁺): for v(w) = A w the solution of (I − hA) w⁺ = w.

    Raises ValueError when v isn't linear.
    """
    A = np.column_stack([v(X), v(Y)])
    if not np.allclose(v(w), A @ w, rtol=1e-9, atol=1e-12):
        raise ValueError("implicit solves linear fields v(w) = A w only, and this field isn't linear")
    return np.linalg.solve(np.eye(2) - np.broadcast_to(h, 2)[:, None] * A, w)


def clipped(limit: float, step: Callable = simultaneous) -> Callable:
    """A step that puts the second player back into [−limit, limit]: WGAN's weight clipping (Arjovsky et al. 2017)."""
    if not limit > 0:
        raise ValueError(f"clipped expects a limit above 0, got {limit}")

    def clip(v, w, h, before=None):
        x, y = step(v, w, h, before)
        return np.array([x, np.clip(y, -limit, limit)])

    return clip


def trajectory(v: Field, w0, h, steps: int, step: Callable = simultaneous) -> np.ndarray:
    """(steps + 1, 2): w0 and where each step leads.

    Raises ValueError when w0 isn't two finite numbers, h isn't positive, or the path leaves the range of floating point.
    """
    w0, h = _start(w0, h, steps)
    path, before = np.empty((steps + 1, 2)), None
    path[0] = w0
    with np.errstate(over="ignore", invalid="ignore"):  # said aloud below, in words
        for t in range(steps):
            path[t + 1] = step(v, path[t], h, before)
            before = path[t]
    return _finite(path)


def historical_averaging(v: Field, w0, h, steps: int, weight: float) -> np.ndarray:
    """(steps + 1, 2): simultaneous steps where each player also pays weight·‖w − w̄‖², w̄ the mean of all iterates so far.

    (Salimans et al. 2016, section 3.3; w̄ counts as a constant in the gradient 2·weight·(w − w̄).) In a game with
    eigenvalues ±iω, w̄ follows m′ = (w − m)/t with (2·weight − A)(w − m) = A m: both shrink like t to the power
    −ω²/(4·weight² + ω²).
    """
    require("historical_averaging", weight=weight)
    w0, h = _start(w0, h, steps)
    path, mean = np.empty((steps + 1, 2)), w0
    path[0] = w0
    for t in range(steps):
        path[t + 1] = path[t] + h * (v(path[t]) - 2 * weight * (path[t] - mean))
        mean = mean + (path[t + 1] - mean) / (t + 2)
    return _finite(path)


def average(path: np.ndarray, decay: float) -> np.ndarray:
    """Exponential moving average of the iterates, same shape: a₀ = w₀, a ← decay·a + (1 − decay)·w. (Yazıcı et al. 2019)"""
    if not 0 <= decay < 1:
        raise ValueError(f"average expects a decay in [0, 1), got {decay}")
    result = np.array(path, np.float64)
    for t in range(1, len(result)):
        result[t] = decay * result[t - 1] + (1 - decay) * result[t]
    return result


def average_gain(angle: float, decay: float) -> float:
    """How much smaller an orbit that turns by `angle` each step is after `average`: (1 − β)/|1 − β e^(−i·angle)|.

    The average of e^(i·angle·t) is a geometric series. Never 0: an exponential average shrinks an orbit and stays on one;
    the plain mean of all iterates goes to the centre like 1/t.
    """
    return float((1 - decay) / abs(1 - decay * np.exp(-1j * angle)))


def running_mean(path: np.ndarray) -> np.ndarray:
    """The plain mean of all iterates so far, same shape."""
    return np.cumsum(path, axis=0) / np.arange(1, len(path) + 1)[:, None]


def jacobian(v: Field, w, eps: float = 1e-5) -> np.ndarray:
    """(2, 2): column j is ∂v/∂w_j by central differences in float64; right to about 1e-10 where v is smooth."""
    w = np.asarray(w, np.float64)
    return np.column_stack([(v(w + eps * e) - v(w - eps * e)) / (2 * eps) for e in (X, Y)])


def consensus(v: Field, weight: float) -> Field:
    """v − weight·∇½‖v‖² = v − weight·Jᵀ v: both players also want the field to be small (Mescheder et al. 2017)."""
    return lambda w: v(w) - weight * jacobian(v, w).T @ v(w)


def step_matrix(A, h, step: Callable = simultaneous) -> np.ndarray:
    """The matrix of one step in the linear field v(w) = A w: (2, 2), or (4, 4) on (w, before) when the step looks back.

    A step is linear in w and in before, so its columns are what it does to unit vectors.
    """
    A = np.asarray(A, np.float64)
    if A.shape != (2, 2) or not np.isfinite(A).all():
        raise ValueError(f"step_matrix expects a finite 2 × 2 matrix A, got shape {A.shape}")
    v, none = (lambda w: A @ w), np.zeros(2)
    now = np.column_stack([step(v, e, h, none) for e in (X, Y)])
    back = np.column_stack([step(v, none, h, e) for e in (X, Y)])
    return np.block([[now, back], [np.eye(2), np.zeros((2, 2))]]) if back.any() else now


def modulus(matrix) -> float:
    """The largest |eigenvalue|: a step's growth per step in the long run. Below 1 the game converges."""
    return float(np.abs(np.linalg.eigvals(matrix)).max())


# The xy game, step η = h: the largest modulus per step

def xy_simultaneous(eta: float) -> float:
    """|1 ± iη| = √(1 + η²): the radius grows at every step size."""
    require("xy_simultaneous", eta=eta)
    return float(np.sqrt(1 + eta**2))


def xy_alternating(eta: float) -> float:
    """1 for η ≤ 2: det = 1 and trace = 2 − η², for η < 2 a rotation along x² + y² − ηxy = const. Beyond, a real eigenvalue < −1; at 2 the path
    grows linearly."""
    require("xy_alternating", eta=eta)
    half_trace = abs(1 - eta**2 / 2)
    return float(half_trace + np.sqrt(half_trace**2 - 1)) if half_trace > 1 else 1.0


def xy_invariant(w, eta: float) -> np.ndarray:
    """x² + y² − ηxy of w (…, 2), which alternating steps keep exactly when x moves first (+ηxy when y does)."""
    x, y = np.moveaxis(np.asarray(w, np.float64), -1, 0)
    return x**2 + y**2 - eta * x * y


def xy_extragradient(eta: float) -> float:
    """|1 + iη(1 + iη)| = √((1 − η²)² + η²) = √(1 − η² + η⁴): below 1 for η < 1."""
    require("xy_extragradient", eta=eta)
    return float(np.sqrt(1 - eta**2 + eta**4))


def xy_implicit(eta: float) -> float:
    """1/|1 − iη| = 1/√(1 + η²): shrinks at every step size."""
    require("xy_implicit", eta=eta)
    return float(1 / np.sqrt(1 + eta**2))


def xy_optimistic(eta: float) -> float:
    """λ² = λ(1 + 2iη) − iη gives 2λ = 1 + 2iη ± √(1 − 4η²): |λ|² = (1 + √(1 − 4η²))/2 for η ≤ ½.

    For η > ½ the root is imaginary and |λ|² = (1 + (2η + √(4η² − 1))²)/4, which reaches 1 at η = 1/√3.
    """
    require("xy_optimistic", eta=eta)
    if eta <= 0.5:
        return float(np.sqrt((1 + np.sqrt(1 - 4 * eta**2)) / 2))
    return float(np.sqrt(1 + (2 * eta + np.sqrt(4 * eta**2 - 1)) ** 2) / 2)


def require(where: str, least: float = 0.0, **numbers: float) -> None:
    """ValueError, naming the function and the argument, unless every number is finite and at least `least`."""
    for name, number in numbers.items():
        if not (np.isfinite(number) and number >= least):
            bound = f" of at least {least:g}" if np.isfinite(least) else ""
            raise ValueError(f"{where} expects a finite {name}{bound}, got {number}")


def _start(w0, h, steps: int) -> tuple[np.ndarray, np.ndarray]:
    w0, h = np.asarray(w0, np.float64), np.asarray(h, np.float64)
    if w0.shape != (2,) or not np.isfinite(w0).all():
        raise ValueError(f"a game starts at two finite numbers (x, y), got {w0.tolist()}")
    if h.shape not in ((), (2,)) or not (np.isfinite(h) & (h > 0)).all():
        raise ValueError(f"the step size must be a positive number or a pair of them, got {h.tolist()}")
    if steps < 1:
        raise ValueError(f"a trajectory needs at least one step, got {steps}")
    return w0, h


def _finite(path: np.ndarray) -> np.ndarray:
    bad = ~np.isfinite(path).all(1)
    if bad.any():
        raise ValueError(f"the path left the range of floating point at step {bad.argmax()}; take smaller or fewer steps")
    return path
