import importlib.util
import os
import re
import signal

for library in ("OPENBLAS", "OMP", "MKL"):  # read when NumPy is loaded, also by processes that tests start: two of these tests share two cores
    os.environ[f"{library}_NUM_THREADS"] = "1"

import numpy as np  # noqa: E402
import pytest  # noqa: E402

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started in the background of a script: children inherit it, and the tests of Ctrl-C send it
    signal.signal(signal.SIGINT, signal.default_int_handler)


TOGETHER = {  # what shares something that takes long to make: a graded class, a browser, a sandbox, trained classifiers
    "class": r"^tests/course/grading/test_grade\.py",
    "browser": r"^tests/course/test_jupyterlab\.py",
    "sandbox": r"^tests/course/grading/test_sandbox\.py",
    "classifiers": r"^tests/test_proofs\.py|leaves_the_proof\[(controlgan|progressive|stackgan|stylegan)\]",
}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """`-n 2`: each worker takes the next test, or the next group of TOGETHER; those come first.

    In place of `--dist loadgroup`, whose marks pytest 9.2 ignores with xdist 3.8 (pytest-xdist issue 1386).
    """
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return next((group for group, pattern in TOGETHER.items() if re.search(pattern, nodeid)), nodeid)

    return Scheduling(config, log)


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
