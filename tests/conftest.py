import importlib.util

import numpy as np
import pytest


@pytest.fixture
def rng():
    return np.random.default_rng(20261121)


def pytest_terminal_summary(terminalreporter):
    """Say aloud what a green run doesn't cover."""
    if importlib.util.find_spec("cupy") is None:
        terminalreporter.write_line("gpu: not run, CuPy isn't installed")
    else:
        import cupy

        terminalreporter.write_line("gpu: not run, the GPU's own tests are not written yet" if cupy.is_available()
                                    else "gpu: not run, CuPy finds no GPU here")
