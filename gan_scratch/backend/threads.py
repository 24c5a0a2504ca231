"""Several cores for NumPy: how many threads a piece of work is worth is decided here, from its size.

BLAS splits every product of matrices over threads, however small, and its threads wait for the next product by spinning: on a machine
that does other things too they take the cores from those others, and then wait for each other. So inside a network
`ours` keeps BLAS at one thread, and gives its threads back afterwards.

`share` cuts a large piece of work along one axis and does the parts at once, each on its own thread: NumPy lets go of the interpreter's
lock inside its loops. It uses as many threads as BLAS would, so one setting decides for both (OPENBLAS_NUM_THREADS, or
threadpoolctl.threadpool_limits). Our threads sleep while they wait. A part that no thread has begun when the caller has done its own,
because the other cores are busy, is taken back and done by the caller: it never waits for a thread to wake up.
"""
from __future__ import annotations

import contextvars
import functools
import os
from concurrent.futures import Future, ThreadPoolExecutor, wait
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


class ours:
    """For the time of a `with` block matrix products run on one thread, and `share` has all of them."""

    def __enter__(self) -> None:  # (a generator with @contextmanager would cost a small layer a tenth of its time)
        self.outermost = not _team.get()
        if self.outermost:
            self.token = _team.set(threads())
            self.before = [(library, count) for library in _blas() if (count := library.num_threads) > 1]
            for library, _ in self.before:
                library.set_num_threads(1)

    def __exit__(self, *error) -> None:
        if self.outermost:
            for library, its_own in self.before:
                library.set_num_threads(its_own)
            _team.reset(self.token)


def worth_sharing(cost: float) -> bool:
    """Whether so many nanoseconds of work are worth a second thread."""
    return cost >= 2 * GRAIN


def share(work: Callable[[slice], None], n: int, cost: float) -> None:
    """Call work(part) for slices that together are range(n), one for each thread; on this thread alone when there is little to do.

    Args:
        work: writes its results somewhere; parts must not overlap there.
        cost: about how many nanoseconds all of it takes on one thread.
    """
    parts = min(threads(), n, int(cost // GRAIN)) if worth_sharing(cost) else 1
    if parts < 2:
        work(slice(0, n))
        return
    first, *rest = [slice(n * i // parts, n * (i + 1) // parts) for i in range(parts)]
    with ours():
        futures = [_pool("share").submit(_with_team(1, work), part) for part in rest]
        try:
            work(first)
            for future, part in zip(futures[::-1], rest[::-1]):
                if future.cancel():  # no thread has begun it
                    work(part)
        finally:
            _finish(futures)


def both(first: Callable, second: Callable, cost: float) -> tuple:
    """(first(), second()), inside `ours` at once, each with half of the threads, where each takes so many nanoseconds or more.

    Two operations at once wait for each other once; one after the other, each shared in two, they would wait twice. And longer operations
    of NumPy need the interpreter's lock less often.
    """
    half, odd = divmod(_team.get(), 2)
    if not half or odd or not worth_sharing(cost):
        return first(), second()
    future = _pool("both").submit(_with_team(half, first))
    try:
        mine = _with_team(half, second)()
        if future.cancel():
            return _with_team(half, first)(), mine
    finally:
        _finish([future])
    return future.result(), mine


def _finish(futures: list[Future]) -> None:
    """Wait for what has been begun, cancel the rest, and raise the first error."""
    begun = [future for future in futures if not future.cancel()]
    wait(begun)
    for future in begun:
        future.result()


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
