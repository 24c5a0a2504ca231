"""Call a student's function and see everything that happens: what it returns, prints, warns of, raises, and changes."""

from __future__ import annotations

import contextlib
import copy
import io
import linecache
import os
import signal
import sys
import sysconfig
import threading
import time
import traceback
import warnings
from dataclasses import dataclass, field
from typing import Any, Callable

import numpy as np

from gan_scratch.classroom import syntax
from gan_scratch.classroom.messages import in_words
from gan_scratch.layers.base import Layer

SECONDS = 5.0  # for all calls of a check: its arrays are small
PRINTED = 2000  # characters that are kept of what a function prints
NOT_WRITTEN = "not written yet"
STOPPED = "it was stopped"
LIBRARIES = (os.path.dirname(os.path.dirname(__file__)), *(sysconfig.get_paths()[key] for key in ("purelib", "stdlib")))


class TooSlow(BaseException):
    """Raised inside a function that doesn't end; not an Exception, so that `except Exception` doesn't swallow it."""


@dataclass
class Outcome:
    """What one call did.

    Attributes:
        value: what was returned; networks in it are replaced by dicts of their arrays, see `plain`.
        args: the arguments after the call, likewise.
        same: pairs (output, argument) of positions where the function returned the very array that it was given.
        printed, warnings: what it said. error, where: the exception's type and message, and the student's line; "" for none.
        aliases: sentences about two names of one array that the function changes in place, see syntax.py.
    """

    value: Any = None
    args: tuple = ()
    same: list[tuple[int, int]] = field(default_factory=list)
    printed: str = ""
    warnings: list[str] = field(default_factory=list)
    error: str = ""
    where: str = ""
    aliases: list[str] = field(default_factory=list)


def call_all(
    f: Callable, inputs: list[tuple], seconds: float = SECONDS, needed: int = 1, aloud: bool = False
) -> list[Outcome]:
    """Call f on copies of each of these arguments, here, or where f lives when it is a session's proxy of a function in a kernel.

    Args:
        seconds: for one call. When so much time has passed in all, no more than the first `needed` calls are made.
        aloud: what f says to NumPy about warnings doesn't count, see `warning_aloud`.

    Returns: the outcomes, fewer than there are inputs when time was short.
    """
    remote = getattr(f, "call_remotely", None)
    return remote(inputs, seconds, needed, aloud) if remote else call_all_here(f, inputs, seconds, needed, aloud)


def call_all_here(
    f: Callable, inputs: list[tuple], seconds: float, needed: int = 1, aloud: bool = False
) -> list[Outcome]:
    """The same in this process. The needed calls together have twice the time of one."""
    outcomes, began = [], time.monotonic()
    for args in inputs:
        passed = time.monotonic() - began
        if len(outcomes) >= needed and passed > seconds:
            break
        with warning_aloud() if aloud else contextlib.nullcontext():
            outcomes.append(call_here(f, args, max(min(seconds, 2 * seconds - passed), 0.1)))
        if outcomes[-1].error.startswith(STOPPED):
            break
    return outcomes


@contextlib.contextmanager
def warning_aloud():
    """In this block NumPy warns of an overflow whatever a student's code says: there np.errstate and np.seterr do nothing,
    while those of libraries work."""
    errstate, seterr = np.errstate, np.seterr

    def by_library() -> bool:
        return sys._getframe(2).f_code.co_filename.startswith(LIBRARIES)

    np.errstate = lambda **said: errstate(**said) if by_library() else errstate()
    np.seterr = lambda **said: seterr(**said) if by_library() else np.geterr()
    try:
        with errstate(all="warn", under="ignore"):
            yield
    finally:
        np.errstate, np.seterr = errstate, seterr


def call_here(f: Callable, args: tuple, seconds: float = SECONDS) -> Outcome:
    """Call f(*copy of args) with prints, warnings and every exception caught."""
    args, outcome, printed = copy.deepcopy(args), Outcome(), Limited()
    with (
        warnings.catch_warnings(record=True) as caught,
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
    ):
        warnings.simplefilter("always")
        try:
            with at_most(seconds):
                value = f(*args)
            outcome.value, outcome.args = plain(value), plain(args)
            outcome.same = [
                (i, j)
                for i, y in enumerate(value if isinstance(value, tuple) else (value,))
                for j, x in enumerate(args)
                if y is x and isinstance(y, np.ndarray)
            ]
        except TooSlow as error:
            outcome.error = f"{STOPPED} after {seconds:.1f} s: is there a loop that never ends, or far too much work?"
            outcome.where = student_line(error)
        except (Exception, SystemExit, GeneratorExit) as error:
            outcome.error = not_written(error, f) or in_words(error)
            outcome.where = "" if not_written(error, f) else student_line(error)
    outcome.printed, outcome.aliases = printed.getvalue(), syntax.aliases(f)
    outcome.warnings = [f"{w.category.__name__}: {w.message}" + quoted(w.filename, w.lineno) for w in caught]
    return outcome


class Limited(io.StringIO):
    """Keeps the beginning of what is written to it, and loses no time with the rest."""

    left = PRINTED

    def write(self, text: str) -> int:
        if self.left > 0:
            super().write(text[: self.left])
            self.left -= len(text)
        return len(text)


@contextlib.contextmanager
def at_most(seconds: float):
    """Raise TooSlow in the block after so many seconds. (Without SIGALRM, that is on Windows or in a thread, there is no limit.)"""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_):
        raise TooSlow

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def not_written(error: BaseException, f: Callable) -> str:
    """What a stub's `raise NotImplementedError()` says: which function isn't written, or that the line was left in; "" for others."""
    frames = list(traceback.walk_tb(error.__traceback__))
    own = [(frame.f_code, line) for frame, line in frames if not frame.f_code.co_filename.startswith(LIBRARIES)]
    if not isinstance(error, NotImplementedError) or not own or own[-1][0] is not frames[-1][0].f_code:
        return ""  # a library's own, with words of its own
    code, line = own[-1]
    if code is not own[0][0]:
        return f"it calls {code.co_name}, which isn't written yet"
    if syntax.has_work(code):
        return f"`raise NotImplementedError()` still stands in it{quoted(code.co_filename, line).partition(':')[0]}: remove that line"
    return NOT_WRITTEN



def student_line(error: BaseException) -> str:
    """Where in the student's own code an exception arose: the last frame that isn't a library's."""
    own = [
        (f.filename, f.lineno, f.name)
        for f in traceback.extract_tb(error.__traceback__)
        if not f.filename.startswith(LIBRARIES)
    ]
    if not own:
        return ""
    filename, line, name = own[-1]
    return f"in {name}" + quoted(filename, line)


def quoted(filename: str, line: int) -> str:
    """', line 3: `y = np.exp(x)`' for a line of the student's code, '' for a library's."""
    source = linecache.getline(filename, line).strip()
    if filename.startswith(LIBRARIES):
        return ""
    return f", line {line}" + (f": `{source}`" if source else "")


def plain(value: Any) -> Any:
    """The same value made of tuples, lists, dicts, numbers, strings and arrays; a network becomes a dict of copies of its
    arrays, anything else an Other, so that a value means the same here and behind a pipe."""
    if isinstance(value, Layer):
        return {**value.state(), **{f"{name}.grad": np.array(p.grad) for name, p in value.named_params().items()}}
    if value is None or isinstance(value, (bool, int, float, str, np.generic)):
        return value
    if isinstance(value, np.ndarray):
        return np.array(value, subok=False) if value.dtype.kind in "biufc" else Other(f"an array of {value.dtype}")
    if isinstance(value, (tuple, list)):
        return type(value)(plain(v) for v in value) if type(value) in (tuple, list) else tuple(plain(v) for v in value)
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    return Other(f"an object of type {type(value).__name__}")


@dataclass(frozen=True)
class Other:
    """Something that isn't made of numbers."""

    what: str
