"""A notebook's cells in one kernel after another: when a kernel dies, the cell that killed it is found and left out, and everything
else runs again.

A kernel may die of a cell long after the cell has ended: of its threads, timers, alarms or children. So when it dies, all cells that
ran before are run again in a fresh kernel, which is then given as much time as the death took. If it outlives that, whatever was
running is to blame; else the guilty cell is found by halving. Who is blamed doesn't depend on how fast the machine is.
"""
from __future__ import annotations

import time
from dataclasses import dataclass

from nbformat.v4 import new_output

from gan_scratch.classroom.kernel import Died, Kernel, Limits, Said, Stuck
from gan_scratch.classroom.source import harmless_part

MARGIN = 1.5  # seconds more than a death took: the sandbox looks at disks once a second
MOST_GUILTY = 6  # cells of one notebook; then whatever is running is blamed


@dataclass(eq=False)
class Done:
    """A cell that ran well: its source, its name for messages, when it ended in the present kernel, and how long after that the
    last kernel died."""

    source: str
    what: str
    ended: float
    delay: float = 0.0


class Replay:
    """One notebook's cells; `problems` gets a sentence for each cell that was left out."""

    def __init__(self, kernel: Kernel, limits: Limits, problems: list[str]):
        self.kernel, self.limits, self.problems = kernel, limits, problems
        self._done: list[Done] = []  # in order
        self._guilty = 0
        self._late = False  # no time is left for cells
        self._patience = limits.cell  # halved by each cell that uses all of it, so that the others have their turn

    def run(self, source: str, what: str) -> tuple[list[dict], bool]:
        """Run one cell; returns its outputs, and whether it was left out, with a sentence that is the last of the problems: because
        it kills the kernel, or for lack of time."""
        if self.kernel.left < self.limits.total / 4:
            if not self._late:
                self.problems.append(f"{what} and the student's cells after it were not run: the time was used up before; what is left is for the tests")
            self._late = True
            return [], True
        began = time.monotonic()
        try:
            said = self._execute(source, self._patience)
        except Stuck as error:
            self._lost(f"{what}: {error}; it was left out, and everything else ran again")
            return [left_out(error)], True
        finally:
            if time.monotonic() - began >= self._patience:
                self._patience /= 2
        if said.exits:
            self.problems.append(f"{what}: exit() and quit() end the kernel, so they were ignored: remove them")
        self._done.append(Done(source, what, time.monotonic()))
        return said.outputs, False

    def evaluate(self, expression: str) -> str:
        """What the kernel shows for an expression. Raises RuntimeError with a sentence when the kernel doesn't survive it."""
        if self.kernel.left < 0:
            raise RuntimeError("it wasn't called: the time for the whole notebook was used up")
        try:
            answer = self._execute("", self.limits.call + 5, expression).answer
        except Stuck as error:
            self._lost("")
            raise RuntimeError(f"calling it failed: {error}") from None
        if answer is None or answer.get("status") != "ok":
            raise RuntimeError(f"calling it failed: {str((answer or {}).get('evalue', 'no answer'))[:300]}")
        return str(answer.get("data", {}).get("text/plain", ""))

    def _lost(self, problem: str) -> None:
        if problem:
            self.problems.append(problem)
        self.kernel.stop()

    def _execute(self, *what) -> Said:
        """kernel.execute, again and again until no earlier cell kills the kernel. Raises Died when `what` itself did."""
        while self._guilty < MOST_GUILTY:
            try:
                if not self.kernel.running:
                    self._begin(self._done)
                return self.kernel.execute(*what)
            except Died:
                if self._all_innocent(time.monotonic()):
                    break
        if not self.kernel.running:
            self._begin(self._done)
        return self.kernel.execute(*what)

    def _all_innocent(self, died: float) -> bool:
        """Whether a fresh kernel outlives all earlier cells; it is ready then. Else one of them is found and left out."""
        for cell in self._done:
            cell.delay = max(died - cell.ended, 0.0)
        if self._outlives(self._done):
            return True
        innocent, guilty = 0, len(self._done)  # so many of the first cells are
        while guilty - innocent > 1:
            middle = (innocent + guilty) // 2
            innocent, guilty = (middle, guilty) if self._outlives(self._done[:middle]) else (innocent, middle)
        self.kernel.stop()
        if guilty:
            self._disarm(self._done[guilty - 1])
        self._guilty += 1
        return False

    def _outlives(self, cells: list[Done]) -> bool:
        """Run these cells in a fresh kernel; whether it then lives for as long as the last one did after each of them."""
        try:
            self._begin(cells)
        except Died:
            return False
        until = max((cell.ended + cell.delay + MARGIN for cell in cells), default=0.0)
        while self.kernel.alive and time.monotonic() < min(until, time.monotonic() + self.kernel.left):
            time.sleep(0.05)
        return self.kernel.alive

    def _begin(self, cells: list[Done]) -> None:
        """A fresh kernel in which these cells have run; one that now doesn't end is left out. Raises Died."""
        self.kernel.begin()
        for cell in [cell for cell in cells if cell in self._done]:
            cell.ended = time.monotonic()
            try:
                self.kernel.execute(cell.source, self._patience)
            except Died:
                raise
            except Stuck as error:
                self._done.remove(cell)
                self._lost(f"{cell.what}: it ran well once, but the second time {error}; it was left out")
                return self._begin(cells)
            cell.ended = time.monotonic()

    def _disarm(self, cell: Done) -> None:
        """Of a cell that kills the kernel after it has ended, only the functions are kept; points must not depend on when it does."""
        kept = harmless_part(cell.source)
        if kept in ("", cell.source):
            self._done.remove(cell)
        said = "it was left out" if cell not in self._done else "only the functions and imports in it were kept"
        self.problems.append(f"{cell.what}: it ended the kernel a moment later; {said}, and everything else ran again")
        cell.source = kept


def left_out(error: Exception) -> dict:
    """What a cell shows that was left out."""
    return new_output("stream", name="stderr", text=f"This cell was left out: {error}.\n")
