"""Run a notebook as the grader does: the student's cells in a kernel, the test cells outside it.

A test cell's source runs in this process, where no code of the student ever runs. The names in it that aren't defined here, the
student's functions, are bound to proxies which send arguments to the kernel and read numbers back. Whatever a student's code does
to NumPy, to the checks, to IPython or to its own process, it can't change how its answers are compared, and the hidden tests never
enter the kernel. A cell that kills the kernel or doesn't end is left out and everything else runs again.
"""
from __future__ import annotations

import ast
import builtins
import contextlib
import io
import queue
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Callable

from jupyter_client import KernelManager
from nbformat.v4 import new_output

from gan_scratch.classroom.check import Checks
from gan_scratch.classroom.remote import Remote


@dataclass(frozen=True)
class Limits:
    """Seconds for one cell of the student's, for one call of a function by a check, and for the notebook; lines kept of what a cell prints."""

    cell: float = 60
    call: float = 10
    total: float = 240
    lines: int = 500


@dataclass
class Task:
    """One graded task: what it scored, what the student reads, and a sentence for each fault."""

    name: str
    score: float
    points: float
    text: str
    diagnoses: list[str]


@dataclass
class Result:
    """All tasks in the notebook's order, and sentences about what went wrong in running it."""

    tasks: list[Task] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def score(self) -> float:
        return sum(task.score for task in self.tasks)

    @property
    def points(self) -> float:
        return sum(task.points for task in self.tasks)


UNFINISHED = "this test could not be finished"  # a defect of the exercise rather than of the answer: it is said aloud
MOST_SHOWN = 5_000_000  # characters that are kept of what a cell shows
SHOWN = ("text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/jpeg", "image/svg+xml")  # other kinds are dropped


class Stuck(RuntimeError):
    """The kernel died, or didn't answer and was killed."""


class Died(Stuck):
    """The kernel died."""


Start = Callable[[Path], KernelManager]


def start(folder: Path) -> KernelManager:
    """An ordinary kernel of this Python, working in `folder`."""
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return manager


def savable(text: str) -> str:
    """Text that can be written as UTF-8: a lone surrogate becomes a question mark."""
    return text.encode(errors="replace").decode()


class Kernel:
    """A kernel that is started when first needed, with time limits on everything that is asked of it."""

    def __init__(self, start: Start, folder: Path, limits: Limits):
        self._start, self._folder, self._limits = start, folder, limits
        self._manager = self._client = None
        self._deadline = time.monotonic() + limits.total

    def __enter__(self) -> "Kernel":
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def stop(self) -> None:
        """End the kernel at once; the next execute starts a fresh one."""
        client, manager, self._client, self._manager = self._client, self._manager, None, None
        if client is not None:
            client.stop_channels()
        if manager is not None:
            with contextlib.suppress(Exception):  # it may be dead already
                manager.shutdown_kernel(now=True)
            with contextlib.suppress(Exception):
                manager.cleanup_resources()

    @property
    def running(self) -> bool:
        return self._client is not None

    def begin(self) -> None:
        """Start a fresh kernel. Raises Stuck when it doesn't answer."""
        self.stop()
        self._manager = self._start(self._folder)
        self._client = self._manager.client()
        self._client.start_channels()
        try:
            self._client.wait_for_ready(timeout=60)
        except RuntimeError as error:
            self.stop()
            raise Stuck(f"no kernel could be started: {error}") from None

    @property
    def left(self) -> float:
        """Seconds that are left for the notebook."""
        return self._deadline - time.monotonic()

    def execute(self, source: str, seconds: float, expression: str | None = None) -> tuple[list[dict], str | None]:
        """Run source; returns its outputs and the text of `expression` afterwards. Raises Stuck."""
        seconds = min(seconds, max(self.left, 1))
        expressions = {"answer": expression} if expression else {}
        request = self._client.execute(source, silent=False, store_history=False, user_expressions=expressions, allow_stdin=False)
        try:
            outputs = self._outputs(request, time.monotonic() + seconds, seconds)
            reply = self._reply(request)
            return outputs, reply["content"].get("user_expressions", {}).get("answer") if expression else None
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):  # forged, unsigned or broken messages
            raise Stuck("it disturbed the kernel's messages") from None

    def _outputs(self, request: str, until: float, seconds: float) -> list[dict]:
        """Read what the kernel says until it is idle again; interrupt it at the time limit, and kill it when that doesn't help."""
        outputs, lines, size, errors, interrupted = [], 0, 0, 0, False
        while True:
            try:
                message = self._client.get_iopub_msg(timeout=0.5)
            except queue.Empty:
                message = None
            if message is None and not self._manager.is_alive():
                raise Died("it ended the kernel")
            if time.monotonic() > until:
                if interrupted:
                    raise Stuck(f"it didn't end within {seconds:.0f} s and ignored the interrupt")
                self._manager.interrupt_kernel()
                interrupted, until = True, time.monotonic() + 3
            if message is None or message["parent_header"].get("msg_id") != request:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                if interrupted:
                    outputs.append(new_output("stream", name="stderr", text=f"Stopped after {seconds:.0f} s.\n"))
                return outputs
            if kind == "stream":
                kept = savable(content["text"]).splitlines(keepends=True)[:max(0, self._limits.lines - lines)]
                lines += content["text"].count("\n") + 1
                size += sum(map(len, kept))
                if kept and size < MOST_SHOWN:
                    name = "stderr" if content["name"] == "stderr" else "stdout"
                    outputs.append(new_output("stream", name=name, text="".join(kept)[:100_000]))
                    if lines > self._limits.lines:
                        outputs.append(new_output("stream", name=name, text="… (more was printed)\n"))
            elif kind in ("display_data", "execute_result"):
                data = {mime: savable(value) for mime, value in content["data"].items() if mime in SHOWN and isinstance(value, str)}
                size += sum(map(len, data.values()))
                if data and size < MOST_SHOWN and len(outputs) < self._limits.lines:
                    outputs.append(new_output("display_data", data=data))
            elif kind == "error" and (errors := errors + 1) <= 5:
                outputs.append(new_output("error", ename=savable(content["ename"])[:200], evalue=savable(content["evalue"])[:2000],
                                          traceback=[savable(part)[:4000] for part in content["traceback"][-12:]]))

    def _reply(self, request: str) -> dict:
        until = time.monotonic() + 5
        while time.monotonic() < until:
            try:
                reply = self._client.get_shell_msg(timeout=1)
            except queue.Empty:
                if not self._manager.is_alive():
                    break
                continue
            if reply["parent_header"].get("msg_id") == request:
                return reply
        raise Died("it ended the kernel")


class Session:
    """One notebook in one kernel after another: after a death everything but the deadly cells runs again."""

    def __init__(self, kernel: Kernel, limits: Limits, problems: list[str]):
        self.kernel, self.limits, self.problems = kernel, limits, problems
        self._done: list[str] = []  # sources that ran well, in order
        self._late = False  # no time is left for cells
        self._patience = limits.cell  # halved by each cell that uses all of it, so that the others have their turn

    def run(self, source: str, what: str) -> list[dict]:
        """Run one cell; returns its outputs. A cell that kills the kernel is left out from now on, and said."""
        if self.kernel.left < self.limits.total / 4:
            if not self._late:
                self.problems.append(f"{what} and the student's cells after it were not run: the time was used up before; what is left is for the tests")
            self._late = True
            return []
        began = time.monotonic()
        try:
            outputs, _ = self._execute(source, self._patience)
        except Stuck as error:
            self._lost(f"{what}: {error}; it was left out, and everything else ran again")
            return [new_output("stream", name="stderr", text=f"This cell was left out: {error}.\n")]
        finally:
            if time.monotonic() - began >= self._patience:
                self._patience /= 2
        self._done.append(source)
        return outputs

    def evaluate(self, expression: str) -> str:
        """What the kernel shows for an expression. Raises RuntimeError with a sentence when the kernel doesn't survive it."""
        if self.kernel.left < 0:
            raise RuntimeError("it wasn't called: the time for the whole notebook was used up")
        try:
            outputs, answer = self._execute("", self.limits.call + 5, expression)
        except Stuck as error:
            self._lost("")
            raise RuntimeError(f"calling it failed: {error}") from None
        if answer is None or answer.get("status") != "ok":
            raise RuntimeError(f"calling it failed: {str((answer or {}).get('evalue', 'no answer'))[:300]}")
        return str(answer.get("data", {}).get("text/plain", ""))

    def _execute(self, *what) -> tuple[list[dict], Any]:
        """kernel.execute, once more in a fresh kernel when it dies: an earlier cell's threads or children may have killed it."""
        try:
            self._ready()
            return self.kernel.execute(*what)
        except Died:
            self.kernel.stop()
        self._ready()
        return self.kernel.execute(*what)

    def _lost(self, problem: str) -> None:
        if problem:
            self.problems.append(problem)
        self.kernel.stop()

    def _ready(self) -> None:
        """A kernel in which every harmless cell so far has run; what does harm the second time is left out, too."""
        while not self.kernel.running:
            self.kernel.begin()
            self.kernel.execute("import gan_scratch.classroom.remote", self.limits.cell)
            for source in list(self._done):
                try:
                    self.kernel.execute(source, self._patience)
                except Stuck as error:
                    self._done.remove(source)
                    self._lost(f"a cell that ran well once: the second time {error}; it was left out")
                    break


def run(nb, start: Start = start, limits: Limits = Limits(), folder: Path | None = None) -> Result:
    """Run and judge a notebook, and write the outputs into its cells.

    Args:
        nb: a notebook (nbformat 4) with nbgrader's metadata, whose test and given cells are the released ones.
        start: starts a kernel that works in a folder.
        limits: see Limits. folder: where the kernel works; a temporary one unless given.

    Returns: the Result; it is also in nb.metadata["gan_scratch"], as plain dicts. Raises Stuck when no kernel can be started.
    """
    with contextlib.ExitStack() as stack:
        folder = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        kernel = stack.enter_context(Kernel(start, folder, limits))
        result = Result()
        session = Session(kernel, limits, result.problems)
        kernel.begin()
        kernel.execute("import gan_scratch.classroom.remote", limits.cell)
        names: dict[str, Any] = {}
        failed: dict[str, str] = {}  # grade_id, which is the function's name -> how its cell ended
        for number, cell in enumerate(nb.cells, 1):
            if cell.cell_type != "code":
                continue
            cell.outputs, cell.execution_count = [], None
            about = cell.metadata.get("nbgrader", {})
            if about.get("grade") and not about.get("solution"):
                task = judge(cell.source, about, names, lambda name: Remote(name, session.evaluate, limits.call, failed.get(name, "")))
                result.tasks.append(task)
                result.problems += [f"{task.name}: {sentence}" for sentence in task.diagnoses if sentence.startswith(UNFINISHED)]
                cell.outputs = [new_output("stream", name="stdout", text=task.text),
                                new_output("execute_result", data={"text/plain": repr(task.score)}, execution_count=None)]
            elif "experiment" not in cell.metadata.get("tags", []) and cell.source.strip():
                if about.get("locked"):
                    with contextlib.redirect_stdout(io.StringIO()):
                        exec(compile(cell.source, about["grade_id"], "exec"), names)
                cell.outputs = session.run(cell.source, f"cell {number}")
                ended = [how_it_ended(number, o, limits) for o in cell.outputs if o.output_type == "error"]
                result.problems += ended
                failed |= {about.get("grade_id", ""): sentence for sentence in ended}
        nb.metadata["gan_scratch"] = {**nb.metadata.get("gan_scratch", {}), "tasks": [asdict(t) for t in result.tasks],
                                      "problems": result.problems}
        return result


def how_it_ended(number: int, error, limits: Limits) -> str:
    """A sentence about a cell of the student's that raised an exception."""
    if error.ename == "KeyboardInterrupt":
        return f"cell {number}: it didn't end within {limits.cell:g} s and was stopped"
    return f"cell {number} ended with {error.ename}: {error.evalue[:200]}"


def judge(source: str, about: dict, names: dict[str, Any], lookup: Callable[[str], Any]) -> Task:
    """Run a test cell here. Names that `names` lacks come from lookup; the value of the last line is the score."""
    points, printed = float(about["points"]), io.StringIO()
    local = {**names, **{name: lookup(name) for name in unknown_names(source, names)}}
    checks = next((value for value in names.values() if isinstance(value, Checks)), None)
    seen = len(checks.log) if checks else 0
    unfinished = []
    try:
        with contextlib.redirect_stdout(printed):
            score = float(last_value(source, local))
    except Exception as error:  # the cell is ours, but what it gets from the student's functions isn't
        score, unfinished = 0.0, [f"{UNFINISHED}: {type(error).__name__}: {error}"]
        print(f"✗ {unfinished[0]}", file=printed)
    diagnoses = [f"{name}: {fault}" for name, faults in (checks.log[seen:] if checks else []) for fault in faults] + unfinished
    return Task(about["grade_id"], min(max(score, 0.0), points), points, printed.getvalue(), diagnoses)


def last_value(source: str, names: dict[str, Any]) -> Any:
    """Run source with these names and return the value of its last line, as a notebook cell does."""
    tree = ast.parse(source)
    last = tree.body.pop()
    exec(compile(tree, "<test>", "exec"), names)
    return eval(compile(ast.Expression(last.value), "<test>", "eval"), names)


def unknown_names(source: str, names: dict[str, Any]) -> set[str]:
    """Names that a test cell reads but nobody here has defined: the student's."""
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)]
    stored = {node.id for node in nodes if isinstance(node.ctx, ast.Store)}
    return {node.id for node in nodes} - stored - names.keys() - set(dir(builtins))
