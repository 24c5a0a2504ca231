"""A kernel of this Python, with time limits on everything that is asked of it."""
from __future__ import annotations

import contextlib
import queue
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, NamedTuple

from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpec
from nbformat.v4 import new_output

MOST_SHOWN = 5_000_000  # characters that are kept of what a cell shows
SHOWN = ("text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/jpeg", "image/svg+xml")  # other kinds are dropped
SETTLE = "__import__('gan_scratch.classroom.remote', fromlist=['settle_in']).settle_in()"


@dataclass(frozen=True)
class Limits:
    """Seconds for one cell of the student's, for one call of a function by a check, and for the notebook; lines kept
    of what a cell prints.
    """

    cell: float = 60
    call: float = 10
    total: float = 240
    lines: int = 500


class Stuck(RuntimeError):
    """The kernel died, or didn't answer and was killed."""


class Died(Stuck):
    """The kernel died."""


Start = Callable[[Path], KernelManager]


class Said(NamedTuple):
    """What came of an execution: outputs, the text of the expression that was asked for, whether exit() or quit() was
    called.
    """

    outputs: list[dict]
    answer: dict | None
    exits: bool


def command() -> list[str]:
    """What starts a kernel of this Python; the folder that it works in is not among those it loads modules from."""
    return [sys.executable, "-P", "-m", "ipykernel_launcher", "-f", "{connection_file}", "--InteractiveShellApp.ignore_cwd=True",
            "--HistoryManager.hist_file=:memory:"]


class OwnKernel(KernelManager):
    """An ordinary kernel of this Python, whatever kernels and profiles are set up on this computer."""

    def __init__(self):
        super().__init__()
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._kernel_spec = KernelSpec(argv=[*command(), f"--ipython-dir={self._profile.name}"], language="python")

    def cleanup_resources(self, restart: bool = False) -> None:
        super().cleanup_resources(restart)
        if not restart:
            self._profile.cleanup()


def start(folder: Path) -> KernelManager:
    """Start an ordinary kernel that works in `folder`."""
    manager = OwnKernel()
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
        """Whether a kernel was started; it may have died since."""
        return self._client is not None

    @property
    def alive(self) -> bool:
        return self.running and self._manager.is_alive()

    def begin(self) -> None:
        """Start a fresh kernel. Raises Stuck when it doesn't answer."""
        self.stop()
        self._manager = self._start(self._folder)
        self._client = self._manager.client()
        self._client.start_channels()
        if not self._answers(60):
            self.stop()
            raise Stuck("no kernel could be started: it doesn't answer")
        self.execute(SETTLE, self._limits.cell)

    def _answers(self, seconds: float) -> bool:
        """Wait until the kernel answers on both channels; wait_for_ready of jupyter_client takes 0.2 s more."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self._manager.is_alive():
            self._client.kernel_info()
            with contextlib.suppress(queue.Empty):
                self._client.get_shell_msg(timeout=1)
                self._client.get_iopub_msg(timeout=0.2)
                return True
        return False

    @property
    def left(self) -> float:
        """Seconds that are left for the notebook."""
        return self._deadline - time.monotonic()

    def execute(self, source: str, seconds: float, expression: str | None = None) -> Said:
        """Run source, then evaluate `expression`. Raises Stuck."""
        seconds = min(seconds, max(self.left, 1))
        expressions = {"answer": expression} if expression else {}
        request = self._client.execute(source, silent=False, store_history=False, user_expressions=expressions, allow_stdin=False)
        try:
            outputs = self._outputs(request, time.monotonic() + seconds, seconds)
            content = self._reply(request)["content"]
            answer = content.get("user_expressions", {}).get("answer") if expression else None
            return Said(outputs, answer, any(wish["source"] == "ask_exit" for wish in content.get("payload", [])))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):  # forged, unsigned or broken messages
            raise Stuck("it disturbed the kernel's messages") from None

    def _outputs(self, request: str, until: float, seconds: float) -> list[dict]:
        """Read what the kernel says until it is idle again; interrupt it at the time limit, and kill it when that
        doesn't help.
        """
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
