"""A sweep on a Dask cluster of two workers: the same numbers to the bit, also when workers are killed."""
import os
import signal
import threading
import time

import numpy as np
import pytest

from gan_scratch import sweep
from tests.test_sweep import contents, jobs

distributed = pytest.importorskip("distributed", reason="distributed isn't installed (the extra [cluster])")


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster:
        yield cluster


def kill(cluster, times: int, rng: np.random.Generator, until: threading.Event) -> int:
    """kill -9 of a worker at random moments; its nanny starts another. Returns how many were hit."""
    hit = 0
    while hit < times and not until.wait(rng.uniform(0.3, 1.5)):
        nannies = list(cluster.workers.values())
        pid = nannies[rng.integers(len(nannies))].pid
        if pid:
            try:
                os.kill(pid, signal.SIGKILL)
                hit += 1
            except ProcessLookupError:  # it is being replaced
                pass
    return hit


@pytest.mark.filterwarnings("ignore")
def test_the_same_on_a_cluster_whose_workers_are_killed(cluster, tmp_path):
    sweep.sweep(jobs(tmp_path / "here", range(4)), 40, progress=False)
    over, hits = threading.Event(), []
    killer = threading.Thread(target=lambda: hits.append(kill(cluster, 3, np.random.default_rng(0), over)))
    killer.start()
    outcomes = sweep.sweep(jobs(tmp_path / "there", range(4)), 40, scheduler=cluster.scheduler_address, progress=False)
    over.set()
    killer.join()
    assert set(outcomes.values()) == {""} and hits[0] >= 1
    assert contents(tmp_path / "there") == contents(tmp_path / "here")


def test_no_scheduler_there(tmp_path):
    start = time.monotonic()
    with pytest.raises(RuntimeError, match="no Dask scheduler answers at tcp://127.0.0.1:9"):
        sweep.sweep(jobs(tmp_path, range(1)), 40, scheduler="tcp://127.0.0.1:9", progress=False)
    assert time.monotonic() - start < 120
