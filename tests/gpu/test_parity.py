"""On a GPU: CuPy computes what NumPy computes, in every layer, loss, optimizer and variant, and no step waits for the host.

The tests of test_backend.py, which elsewhere run on a stand-in, with the real CuPy.
"""
from contextlib import contextmanager

import numpy as np
import pytest

from gan_scratch import backend
from tests.backend.test_backend import (  # noqa: F401
    same_numbers, test_a_whole_step_on_both_sides_without_waiting, test_device_noise_follows_the_host_generator,
    test_every_layer_computes_the_same_on_both_sides, test_kernels_agree_with_the_reference, test_labels_on_both_sides, test_losses_on_both_sides,
    test_mixing_host_and_device_is_refused, test_optimizers_on_both_sides, test_other_losses_on_both_sides, test_the_zoo_steps_on_both_sides_without_waiting)


def why_not() -> str | None:
    """Why the GPU's tests can't run here; None where they can."""
    try:
        backend.get("cuda")
    except RuntimeError as error:
        return f"gpu: not run: {error}"
    return None


pytestmark = pytest.mark.skipif(why_not() is not None, reason=str(why_not()))


@pytest.fixture
def cupy():
    """The real one, where tests/backend/test_backend.py has a stand-in."""
    return backend.get("cuda").xp


@pytest.fixture
def quick_kernels():
    """Here the kernels are quick."""


@pytest.fixture
def no_waiting():
    """CuPy raises an error when the host waits."""
    import cupyx

    @contextmanager
    def watch():
        with cupyx.allow_synchronize(False):
            yield

    return watch


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size, channels, c_out", [((28, 28), 1, 16), ((14, 14), 16, 32), ((32, 32), 64, 128), ((8, 8, 8), 32, 64)])
def test_large_convolutions_agree_with_the_reference(size, channels, c_out, dtype, cupy, rng):
    axes = len(size)
    stride, pad = (2,) * axes, (1,) * axes
    x, W = rng.standard_normal((8, *size, channels)).astype(dtype), rng.standard_normal((*(4,) * axes, channels, c_out)).astype(dtype)
    cuda, tolerance = backend.get("cuda"), 1e-3 if dtype == np.float32 else 1e-9
    y = backend.CPU.correlate(x, W, stride, pad)
    X, V, Y = map(cupy.asarray, (x, W, y))
    for theirs, ours in ((cuda.correlate(X, V, stride, pad), y),
                         (cuda.correlate_wgrad(X, Y, (4,) * axes, stride, pad), backend.CPU.correlate_wgrad(x, y, (4,) * axes, stride, pad)),
                         (cuda.correlate_adjoint(Y, V, x.shape, stride, pad), backend.CPU.correlate_adjoint(y, W, x.shape, stride, pad))):
        np.testing.assert_allclose(theirs.get(), ours, atol=tolerance * np.abs(ours).max())


def test_training_twice_gives_the_same_bits():
    """No atomics in the kernels: sums are taken in a fixed order."""
    from gan_scratch.gans import DCGAN

    states = []
    for _ in range(2):
        gan = DCGAN(rng=0, device="cuda")
        x = backend.get("cuda").asarray(np.random.default_rng(0).uniform(-1, 1, (64, 28, 28, 1)).astype(np.float32))
        rng = np.random.default_rng(1)
        for _ in range(3):
            gan.train_step(x, rng)
        states.append(gan.G.state())
    assert all((states[0][key] == states[1][key]).all() for key in states[0])
