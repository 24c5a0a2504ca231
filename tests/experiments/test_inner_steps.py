"""The curvature that limits inner steps, on a D whose Hessian can be written down."""
import numpy as np
import pytest

from gan_scratch.experiments import inner_steps
from gan_scratch.layers import Dense
from gan_scratch.layers.activation import sigmoid


@pytest.fixture
def game():
    """A linear D with its gradients in use, and samples."""
    rng = np.random.default_rng(0)
    D = Dense(2, 1, rng=rng).astype(np.float64)
    for p in D.params:
        p.grad[...] = 7.0
    return D, rng.normal(1, 1, (30, 2)), rng.normal(-1, 1, (40, 2))


def test_the_largest_curvature_is_the_hessians_largest_eigenvalue(game):
    D, real, fake = game
    H = 0
    for x in (real, fake):
        rows, l = np.column_stack([x, np.ones(len(x))]), D(x)[:, 0]
        H = H + (rows * (sigmoid(l) * sigmoid(-l))[:, None]).T @ rows / len(x)
    assert inner_steps.largest_curvature(D, real, fake) == pytest.approx(np.linalg.eigvalsh(H)[-1], rel=1e-9)
    assert all((p.grad == 7.0).all() for p in D.params)


def test_steps_below_the_limit_go_down_and_leave_d_as_it_is(game):
    D, real, fake = game
    limit = 2 / inner_steps.largest_curvature(D, real, fake)
    now, later, much_later = (inner_steps.loss_ahead(D, real, fake, 0.5 * limit, K) for K in (0, 1, 20))
    assert much_later < later < now == inner_steps.loss_ahead(D, real, fake, 0.0, 3)
    assert all((p.grad == 7.0).all() for p in D.params)
