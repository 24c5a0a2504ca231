"""The same work for many items: one after the other, in processes, or on a Dask cluster.

`work(item)` must leave what it has done in files, and go on from them when it is called again: a worker may be killed
at any moment, and its item is then given to another.
"""

from __future__ import annotations

import os
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Callable, Iterable, Iterator, TypeVar

Item, Result = TypeVar("Item"), TypeVar("Result")
PATIENCE = 10  # how often workers may die without one item getting done between


def spread(
    work: Callable[[Item], Result], items: Iterable[Item], workers: int = 1, scheduler: str | None = None
) -> Iterator[tuple[Item, Result]]:
    """(item, work(item)) for every item, in the order in which they get done.

    Args:
        work: a function that can be pickled. workers: processes; 1 means this one. scheduler: address of a Dask
            scheduler.

    Raises RuntimeError when workers keep dying or no scheduler answers, and whatever `work` raises.
    """
    if scheduler:
        return _on_cluster(work, list(items), scheduler)
    return _in_processes(work, list(items), workers) if workers > 1 else ((item, work(item)) for item in items)


def _in_processes(work: Callable, left: list, workers: int) -> Iterator[tuple]:
    """A pool breaks when one of its processes is killed; what isn't done goes into a new one."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when a new process imports NumPy
    deaths = 0
    while left:
        pool, waiting, running = (
            ProcessPoolExecutor(min(workers, len(left)), mp_context=get_context("spawn")),
            list(left),
            {},
        )
        try:
            while waiting or running:
                while waiting and len(running) < workers:  # no more, or the pool would begin another after Ctrl-C
                    item = waiting.pop(0)
                    running[pool.submit(work, item)] = item
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    item, result = running.pop(future), future.result()
                    left.remove(item)
                    deaths = 0
                    yield item, result
        except BrokenProcessPool:
            deaths += 1
            if deaths > PATIENCE:
                raise RuntimeError(
                    f"processes died {deaths} times without anything getting done; is there enough memory?"
                ) from None
        finally:
            pool.shutdown(
                wait=True, cancel_futures=True
            )  # after Ctrl-C, which reaches the processes too, they save and end


def _on_cluster(work: Callable, left: list, scheduler: str) -> Iterator[tuple]:
    """Dask gives a dead worker's items to others. Those that lost their worker too often for Dask's taste are
    handed in again."""
    try:
        from distributed import Client, KilledWorker
        from distributed import as_completed as as_they_come
    except ImportError:
        raise RuntimeError(
            'distributed is missing; install what a cluster needs: pip install "gan-scratch[cluster]"'
        ) from None
    try:
        client = Client(scheduler, timeout=20)
    except (OSError, ValueError) as error:
        raise RuntimeError(f"no Dask scheduler answers at {scheduler} ({error or type(error).__name__})") from None
    deaths = 0
    with client:
        while left:
            futures = {client.submit(work, item, pure=False): item for item in left}
            for future in as_they_come(list(futures)):
                try:
                    result = future.result()
                except KilledWorker:
                    deaths += 1
                    if deaths > PATIENCE:
                        raise RuntimeError(
                            f"workers died again and again without anything getting done ({deaths} items lost); is "
                            "there enough memory?"
                        ) from None
                    continue
                left.remove(futures[future])
                deaths = 0
                yield futures[future], result
