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

        terminalreporter.write_line("gpu: run by `python -m tests.gpu`, on all variants" if cupy.is_available() else "gpu: not run, CuPy finds no GPU here")
