import importlib.util
import os
import signal

for library in ("OPENBLAS", "OMP", "MKL"):  # read when NumPy is loaded, also by processes that tests start: two of these tests share two cores
    os.environ[f"{library}_NUM_THREADS"] = "1"

import numpy as np  # noqa: E402
import pytest  # noqa: E402

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started in the background of a script: children inherit it, and the tests of Ctrl-C send it
    signal.signal(signal.SIGINT, signal.default_int_handler)


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
