"""A function that lives in a kernel, called from a process that trusts nothing which comes back.

Arguments travel as a pickle, from the trusted side to the other. Results travel as JSON and an .npz without pickles: a student's
code can answer with wrong numbers, but can't make the grader run anything.
"""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import pickle
import re
import sys
import zipfile
from typing import Any, Callable

import numpy as np

from gan_scratch.classroom.call import Other, Outcome, call_all_here, plain

LARGEST = 16 * 2**20  # characters of an answer that is read
UNCHANGED = object()  # stands for an array that came back as it was given: it isn't sent again
MISSING = "there is no function {}; was its cell run, and does it keep the name?"


def settle_in() -> None:
    """In the kernel, before anything of the student's runs: exit() and quit(), which would end the kernel a moment later in the midst of
    another cell, only say that they were called; and modules beside the notebook come after all others, so that none of them
    takes the place of NumPy."""
    shell = sys.modules["IPython"].get_ipython()
    shell.ask_exit = lambda: shell.payload_manager.write_payload({"source": "ask_exit", "keepkernel": True})
    shell.set_custom_exc = lambda *_: None  # an error must stay one: see missing.py
    sys.path.append("")


def ask(name: str, inputs: list[tuple], seconds: float, needed: int = 1, aloud: bool = False) -> str:
    """The expression that the kernel evaluates: it calls the function on each of the inputs and gives back the outcomes as text."""
    request = base64.b64encode(pickle.dumps((name, inputs, seconds, needed, aloud))).decode()
    return f"__import__('gan_scratch.classroom.remote', fromlist=['answer']).answer({request!r}, globals())"


def answer(request: str, names: dict) -> str:
    """In the kernel: call the student's function and write down the outcomes."""
    name, inputs, seconds, needed, aloud = pickle.loads(base64.b64decode(request))
    f = names.get(name)
    if f is None:
        outcomes = [Outcome(error=MISSING.format(name))]
    elif not callable(f):
        outcomes = [Outcome(error=f"the name {name} stands for a value of type {type(f).__name__}, not for a function")]
    else:
        outcomes = call_all_here(f, inputs, seconds, needed, aloud)
    for outcome, args in zip(outcomes, inputs):
        outcome.args = tuple(UNCHANGED if as_given(a, b) else a for a, b in zip(outcome.args, args))
    return base64.b64encode(pack(outcomes).encode()).decode()


def as_given(a: Any, b: Any) -> bool:
    """Whether an array is still what was given, bit by bit."""
    arrays = isinstance(a, np.ndarray) and isinstance(b, np.ndarray)
    return arrays and a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def text_of(shown: str) -> str:
    """The text behind the repr of what `answer` returned, without parsing any Python. Raises ValueError."""
    if len(shown) > 2 * LARGEST:
        raise ValueError("the answer is too large")
    if not re.fullmatch(r"'[A-Za-z0-9+/]*={0,2}'", shown):
        raise ValueError("the answer can't be read")
    return base64.b64decode(shown[1:-1]).decode()


def pack(outcomes: list[Outcome]) -> str:
    """Outcomes as text: a JSON tree whose arrays are numbers into an .npz."""
    arrays: dict[str, np.ndarray] = {}

    def tree(value: Any) -> Any:
        if value is UNCHANGED:
            return {"unchanged": True}
        if isinstance(value, (np.ndarray, np.generic)):
            arrays[f"a{len(arrays)}"] = np.asarray(value)
            return {"scalar" if isinstance(value, np.generic) else "array": f"a{len(arrays) - 1}"}
        if isinstance(value, (tuple, list)):
            return {type(value).__name__: [tree(v) for v in value]}
        if isinstance(value, dict):
            return {"dict": {k: tree(v) for k, v in value.items()}}
        if isinstance(value, Other):
            return {"other": value.what}
        return {"value": int(value) if isinstance(value, int) and not isinstance(value, bool) else value}

    outcomes = [{f.name: tree(getattr(outcome, f.name)) for f in dataclasses.fields(outcome)} for outcome in outcomes]
    file = io.BytesIO()
    np.savez(file, **arrays)
    return json.dumps({"outcomes": outcomes, "arrays": base64.b64encode(file.getvalue()).decode()})


def unpack(text: str) -> list[Outcome]:
    """Read what `pack` wrote. Raises ValueError for anything else."""
    if len(text) > LARGEST:
        raise ValueError("the answer is too large")
    try:
        message = json.loads(text)
        archive = io.BytesIO(base64.b64decode(message["arrays"]))
        if sum(entry.file_size for entry in zipfile.ZipFile(archive).infolist()) > 4 * LARGEST:
            raise ValueError("the answer is too large")
        with np.load(archive, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        if any(a.ndim > 8 or a.dtype.kind not in "biufc" for a in arrays.values()):
            raise ValueError("the answer holds odd arrays")

        def value(node: dict) -> Any:
            ((kind, content),) = node.items()
            if kind in ("array", "scalar"):
                return arrays[content] if kind == "array" else arrays[content][()]
            if kind in ("tuple", "list"):
                return {"tuple": tuple, "list": list}[kind](map(value, content))
            if kind == "unchanged":
                return UNCHANGED
            if kind == "dict":
                return {k: value(v) for k, v in content.items()}
            return (
                Other(one_line(content))
                if kind == "other"
                else one_line(content)
                if isinstance(content, str)
                else content
            )

        return [
            checked(Outcome(**{name: value(node) for name, node in fields.items()}), fields["printed"]["value"])
            for fields in message["outcomes"]
        ]
    except Exception as error:  # zipfile, numpy and json each have a dozen kinds for what isn't theirs
        raise ValueError(f"the answer can't be read ({type(error).__name__})") from None


def checked(outcome: Outcome, printed: str) -> Outcome:
    """An outcome whose texts and numbers are of the kind that they should be. Raises an exception where they aren't."""
    outcome.error, outcome.where = one_line(outcome.error), one_line(outcome.where)
    outcome.printed = "\n".join(map(one_line, printed[:4000].splitlines()))
    outcome.warnings, outcome.aliases = (
        [one_line(text) for text in texts[:20]] for texts in (outcome.warnings, outcome.aliases)
    )
    outcome.same = [(int(i), int(j)) for i, j in outcome.same]
    outcome.args = tuple(outcome.args)
    return outcome


def one_line(text: Any) -> str:
    """Text from a kernel as one line that can be printed and saved: no line of it can pass for one of ours."""
    return "".join(c if c.isprintable() else " " for c in str(text)[:1000])


def explained(error: str, below: dict[str, str]) -> str:
    """A NameError, with the place where the name is defined when that is further down."""
    found = re.search(r"NameError: name '(\w+)' is not defined", error)
    where = below.get(found[1]) if found else None
    if not where:
        return error
    return f"{error[: found.end()]}; it is defined further down, in {where}, and that must be run first"


class Remote:
    """Stands for the function `name` of a kernel. `evaluate(expression) -> str` runs there; `seconds` limits one call.
    `failed` says what became of a cell that should have defined it, "" if nothing happened; `below` where the names are
    defined that aren't there yet."""

    def __init__(self, name: str, evaluate: Callable[[str], str], seconds: float, failed: str = "",
                 below: dict[str, str] | None = None):
        self.__name__, self._evaluate, self._seconds, self._failed = name, evaluate, seconds, failed
        self._dead, self._below = "", dict(below or {})

    def call_remotely(self, inputs: list[tuple], seconds: float, needed: int = 1, aloud: bool = False) -> list[Outcome]:
        """One call for each of the inputs; whatever goes wrong with the kernel becomes an error of the outcome."""
        if self._dead:
            return [Outcome(error=self._dead)]
        request = ask(self.__name__, inputs, min(seconds, self._seconds), needed, aloud)
        try:
            outcomes = unpack(text_of(self._evaluate(request)))
        except ValueError as error:
            return [Outcome(error=one_line(error))]
        except RuntimeError as error:  # another call would end the kernel again, which takes seconds
            self._dead = one_line(error)
            return [Outcome(error=self._dead)]
        if self._failed and outcomes and outcomes[0].error == MISSING.format(self.__name__):
            return [Outcome(error=f"it isn't there, because {self._failed}")]
        for outcome in outcomes:
            outcome.error = explained(outcome.error, self._below)
        forged = not 0 < len(outcomes) <= len(inputs) or any(
            len(outcome.args) != len(args) for outcome, args in zip(outcomes, inputs) if not outcome.error
        )
        for outcome, args in zip(outcomes, inputs):
            outcome.args = tuple(plain(b) if a is UNCHANGED else a for a, b in zip(outcome.args, args))
        return [Outcome(error="the answer can't be read")] if forged else outcomes
