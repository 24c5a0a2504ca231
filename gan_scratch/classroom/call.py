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


MEANING = {  # part of Python's or NumPy's message -> what it comes from
    "truth value of an array": "`if`, `and`, `or`, `max(…)` ask for one truth value, and this is a whole array; np.where, np.maximum, & and | work entry by entry",
    "mismatch in its core dimension": "in a @ b the last axis of a and the first axis of b must be equally long; should one be transposed, or the order changed?",
    "not aligned": "in a @ b the last axis of a and the first axis of b must be equally long; should one be transposed, or the order changed?",
    "could not broadcast input array": "what stands to the right of = doesn't fit the part that it is put into; the second shape is that part's",
    "for ^:": "in Python `^` isn't a power but works on bits; a power is written with `**`",
    "cannot be interpreted as an integer": "a whole number is needed there; / gives a float always, // the whole part",
    "could not be broadcast": "two arrays whose shapes don't fit are combined entry by entry",
    "only length-1 arrays": "the functions of math take one number; those of NumPy take arrays",
    "only 0-dimensional arrays": "the functions of math take one number; those of NumPy take arrays",
    "can't multiply sequence by non-int": "a tuple or list is used as a number; does a function return several things, which must be unpacked?",
    "object is not subscriptable": "what stands before [ ] is no array",
    "is not defined": "is it misspelled, or defined in a cell that wasn't run yet, perhaps further down?",
    "bitwise_xor": "in Python `^` isn't a power but works on bits; a power is written with `**`",
    "bitwise_and": "`&` joins True and False, and it binds tighter than `==`: each comparison needs its own brackets",
    "bitwise_or'": "`|` joins True and False, and it binds tighter than `==`: each comparison needs its own brackets",
    "ellipsis": "an … of a skeleton still stands where something must be filled in",
    "have enough dimensions": "in a @ b both must be arrays; a single number stands there, or the … of a skeleton",
    "slice indices must be integers": "a number in [ : ] isn't whole; / gives such a float always, // the whole part",
    "arrays used as indices must be": "a number in [ ] isn't whole; / gives such a float always, // the whole part",
    "only integers, slices": "what stands in [ ] isn't a whole number; / gives a float always, // the whole part",
    "cannot unpack non-iterable": "there are several names on the left, and only one thing on the right",
    "not enough values to unpack": "more names stand on the left than things on the right; an array gives its rows",
    "too many values to unpack": "fewer names stand on the left than things on the right; an array gives its rows",
    "math range error": "the result is too large for a floating-point number",
    "too many indices": "an array of this shape takes fewer indices than stand in the brackets",
    "out of bounds for axis": "indices begin at 0 and end one below the length of their axis; are two axes exchanged?",
    "cannot reshape array": "that shape takes another number of entries than the array has; is it the right array?",
    "inhomogeneous shape": "things of different shapes make no array; are they several results to be unpacked?",
    "positional argument but": "the call hands over more things than the function takes",
    "positional arguments but": "the call hands over more things than the function takes",
}


def in_words(error: BaseException) -> str:
    """An exception, with what it comes from where that is known."""
    said = f"{type(error).__name__}: {error}"
    meaning = next((words for part, words in MEANING.items() if part in said), "")
    return f"{said}. {meaning[0].upper()}{meaning[1:]}" if meaning else said


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
