"""Work in several processes, of which any may die: it takes only what it was doing with it."""
from __future__ import annotations

import contextlib
import importlib
import itertools
import multiprocessing
import signal
import time
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any, Iterable, Iterator

from course.building.units import CourseError

DIED = "its process died"
HUNG = "it did not end"


class Failed(Exception):
    """A function raised an exception, or its process died or hung. The message says which."""


class Workers:
    """Processes that call a module's functions; they are started when first needed, and ended by `stop` or at the end
    of `with`.

    Args:
        count: how many. module: its name; it is imported once for all of them, its function `begin` is called in each
        with `context`. seconds: for one call; a process that takes longer is killed.
    """

    def __init__(self, count: int, module: str, context: Any, seconds: float):
        self._count, self._module, self._context, self._seconds = count, module, context, seconds
        self._make = multiprocessing.get_context("forkserver")
        self._make.set_forkserver_preload([module])
        self._idle: list[tuple[Any, Connection]] = []
        self._busy: dict[Connection, tuple[Any, Any, float]] = {}  # -> process, item, until

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def stop(self) -> None:
        """Kill all processes, whatever they do. The next call starts new ones."""
        everything = [*self._idle, *((process, pipe) for pipe, (process, *_) in self._busy.items())]
        for process, pipe in everything:
            process.kill()
            pipe.close()
        for process, _ in everything:
            process.join()
        self._idle, self._busy = [], {}

    def call(self, function: str, *args) -> Any:
        """function(*args) in one of the processes. Raises Failed."""
        self._send(function, args, None)
        (_, result), = self._receive()
        if isinstance(result, Failed):
            raise result
        return result

    def map(self, function: str, items: Iterable) -> Iterator[tuple[Any, Any]]:
        """(item, function(item)) as they are finished; a Failed for a result. What a process died of is tried again,
        alone.

        Items are taken from their iterator when somebody is free.
        """
        suspects = []
        for item, result in self._each(function, iter(items), self._count):
            if isinstance(result, Failed) and str(result) == DIED:
                suspects.append(item)
            else:
                yield item, result
        yield from self._each(function, iter(suspects), 1)

    def _each(self, function: str, waiting: Iterator, count: int) -> Iterator[tuple[Any, Any]]:
        while True:
            for item in itertools.islice(waiting, count - len(self._busy)):
                self._send(function, (item,), item)
            if not self._busy:
                return
            yield from self._receive()

    def _send(self, function: str, args: tuple, item: Any) -> None:
        process, pipe = self._idle.pop() if self._idle else self._start()
        pipe.send((function, args))
        self._busy[pipe] = process, item, time.monotonic() + self._seconds

    def _start(self) -> tuple[Any, Connection]:
        ours, theirs = self._make.Pipe()
        process = self._make.Process(target=serve, args=(theirs, self._module, self._context), daemon=True)
        resource_tracker.ensure_running()  # by itself it would let interrupts through again
        with interrupts_wait():
            process.start()
        theirs.close()
        return process, ours

    def _receive(self) -> list[tuple[Any, Any]]:
        """Wait until something is finished, dead or overdue."""
        until = min(until for *_, until in self._busy.values())
        ready = wait(list(self._busy), max(until - time.monotonic(), 0))
        done = []
        for pipe in ready or [pipe for pipe, (*_, until) in self._busy.items() if until <= time.monotonic()]:
            process, item, _ = self._busy.pop(pipe)
            try:
                result = pipe.recv() if ready else Failed(HUNG)
            except (EOFError, OSError):
                result = Failed(DIED)
            if isinstance(result, Failed) and str(result) in (DIED, HUNG):
                process.kill()
                process.join()
                pipe.close()
            else:
                self._idle.append((process, pipe))
            done.append((item, result))
        return done


@contextlib.contextmanager
def interrupts_wait():
    """Ctrl-C waits for the end of this; in processes that are started here, until they ask for it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def serve(pipe: Connection, module: str, context: Any) -> None:
    """In a worker: answer calls until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the business of the process that is in charge
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    functions = importlib.import_module(module)
    functions.begin(context)
    while True:
        try:
            function, args = pipe.recv()
        except EOFError:
            return
        try:
            result = getattr(functions, function)(*args)
        except CourseError as error:
            result = Failed(str(error))
        except Exception as error:
            result = Failed(f"{type(error).__name__}: {error}")
        pipe.send(result)
