"""Several cores for NumPy: BLAS splits a matrix product over threads, NumPy's own loops run on one.

`share` cuts a piece of work along one axis and does the parts at once, each on its own thread: NumPy lets go of the interpreter's lock
inside its loops. It uses as many threads as BLAS does, so one setting decides for both (OPENBLAS_NUM_THREADS, or
threadpoolctl.threadpool_limits); meanwhile each part's matrix products run on one.

The threads of BLAS wait for their next product by spinning, and so take a core from ours for a while: either they or ours. Inside a network
with large convolutions, whose products and copies take milliseconds, `ours` keeps BLAS at one thread. Multilayer perceptrons and small
convolutional networks leave it alone: BLAS wakes its threads more quickly than Python does.
"""
from __future__ import annotations

import contextvars
import functools
import os
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Callable, Iterator

import threadpoolctl

CACHE = 2**18  # numbers of float32 that fill a core's cache of 1 MB: work is done in pieces of that size
GRAIN = 2.5e5  # ns of work that are worth another thread: waking it takes 50 000, and both wait for the interpreter's lock between operations


@functools.cache
def _blas() -> list:
    return threadpoolctl.ThreadpoolController().select(user_api="blas").lib_controllers


@functools.cache
def _pool(task: str) -> ThreadPoolExecutor:
    """One for each kind of task: what `both` started may wait for what `share` starts, never the other way round."""
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix=f"gan_scratch.{task}")


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_pool.cache_clear)  # threads don't survive a fork


_team: contextvars.ContextVar[int] = contextvars.ContextVar("team", default=0)


def threads() -> int:
    """How many threads BLAS uses, or would without `ours`; 1 where threadpoolctl doesn't know the BLAS."""
    return _team.get() or min((library.num_threads for library in _blas()), default=1)


@contextmanager
def ours() -> Iterator[None]:
    """For the time of a `with` block matrix products run on one thread, and `share` has all of them."""
    count = threads()
    if _team.get() or count == 1:
        yield
        return
    token, before = _team.set(count), [library.num_threads for library in _blas()]
    try:
        for library in _blas():
            library.set_num_threads(1)
        yield
    finally:
        for library, its_own in zip(_blas(), before):
            library.set_num_threads(its_own)
        _team.reset(token)


def share(work: Callable[[slice], None], n: int, cost: float) -> None:
    """Call work(part) for slices that together are range(n), one for each thread; on this thread alone when there is little to do.

    Args:
        work: writes its results somewhere; parts must not overlap there.
        cost: about how many nanoseconds all of it takes on one thread.
    """
    parts = min(threads(), n, int(cost // (GRAIN if _team.get() else 4 * GRAIN)))  # outside of `ours` the threads of BLAS may be in the way
    if parts < 2:
        work(slice(0, n))
        return
    first, *rest = [slice(n * i // parts, n * (i + 1) // parts) for i in range(parts)]
    with ours():
        futures = [_pool("share").submit(_with_team(1, work), part) for part in rest]
        try:
            work(first)
        finally:
            wait(futures)
    for future in futures:
        future.result()


def both(first: Callable, second: Callable, cost: float) -> tuple:
    """(first(), second()), inside `ours` at once, each with half of the threads, where each takes so many nanoseconds or more.

    Two operations at once wait for each other once; one after the other, each shared in two, they would wait twice. And longer operations
    of NumPy need the interpreter's lock less often.
    """
    half, odd = divmod(_team.get(), 2)
    if not half or odd or cost < 2 * GRAIN:
        return first(), second()
    future = _pool("both").submit(_with_team(half, first))
    try:
        mine = _with_team(half, second)()
    finally:
        wait([future])
    return future.result(), mine


def _with_team(count: int, work: Callable) -> Callable:
    """work with so many threads, and this thread's np.errstate on whatever thread it will run."""
    def there(*args):
        _team.set(count)
        return work(*args)

    return functools.partial(contextvars.copy_context().run, there)


def cut(part: slice, size: int) -> Iterator[slice]:
    """The part in pieces of at most `size`, equally long, give or take one."""
    n = part.stop - part.start
    pieces = -(-n // size)
    for i in range(pieces):
        yield slice(part.start + n * i // pieces, part.start + n * (i + 1) // pieces)
