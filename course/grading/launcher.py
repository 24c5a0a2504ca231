"""Starts a program that isn't trusted, watches over it, and leaves none of its processes behind. Run as a script by
sandbox.py.

    python -I -S launcher.py '{"memory": …, "processes": …, "file": …, "cpu": …, "folder": …, "disk": …}' PROGRAM
    ARGUMENT…

Three processes: the guard, which the grader sees; the watcher; and the program, which runs with resource limits in a
session of its own. When the program ends, or takes more than it is allowed, the watcher kills everything that
descends from it. Guard and watcher each notice the other's end and then do the same, so neither a `kill` of the
program's parent nor one by the grader leaves a process. It imports the standard library alone, and as little of it as
possible: it is started for every submission.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import stat
import subprocess
import sys
import time

if False:  # for the type hints alone: importing typing takes time
    from typing import Callable

PAUSE = 0.05  # seconds between two looks
ORPHANS_COME_HERE = 36  # PR_SET_CHILD_SUBREAPER


def main(allowed: dict, program: Callable[[], None]) -> int:
    """Run the program, which becomes another one and doesn't return, within its limits; returns its exit status, or
    128 + the signal that ended it."""
    adopt_orphans()
    grader = os.getppid()
    watcher_lives, held_by_watcher = os.pipe()  # reading ends when nobody holds the other end any more
    guard_lives, held_by_guard = os.pipe()
    watcher = os.fork()
    if watcher == 0:
        os.close(watcher_lives)
        os.close(held_by_guard)
        os.setsid()
        os._exit(watch(allowed, program, guard_lives))
    os.close(held_by_watcher)
    wake_up, woken = os.pipe()
    signal.signal(signal.SIGTERM, lambda *_: os.write(woken, b"!"))
    while os.getppid() == grader and not select.select([watcher_lives, wake_up], [], [], PAUSE)[0]:
        pass
    os.close(held_by_guard)  # so that the watcher ends as well
    status = os.waitstatus_to_exitcode(os.waitpid(watcher, 0)[1])
    end_descendants()
    return status if status >= 0 else 128 - status


def watch(allowed: dict, program: Callable[[], None], guard_lives: int) -> int:
    """Start the program and look after it until it ends, breaks a limit, or the guard is gone; returns what `main`
    does.
    """
    adopt_orphans()
    process = start(allowed, program)
    status = looks = 0
    while not select.select([guard_lives], [], [], PAUSE)[0]:
        ended, status = os.waitpid(process, os.WNOHANG)
        looks += 1
        if ended or looks % 4 == 0 and breaks_limits(allowed, slow=looks % 20 == 0):
            break
    end_descendants()
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def start(allowed: dict, program: Callable[[], None]) -> int:
    """Fork, set the limits, run the program in a session of its own; returns its process id."""
    tasks = count_tasks()
    tasks = tasks and tasks + 4 * allowed["processes"]  # RLIMIT_NPROC counts all threads of a user
    process = os.fork()
    if process:
        return process
    try:
        os.setsid()
        for name, most in (("RLIMIT_AS", allowed["memory"]), ("RLIMIT_FSIZE", allowed["file"]), ("RLIMIT_CPU", allowed["cpu"]),
                           ("RLIMIT_CORE", 0), ("RLIMIT_NPROC", tasks), ("RLIMIT_NOFILE", 512)):
            limit(getattr(resource, name, None), most)
        os.environ.pop("JPY_PARENT_PID", None)  # a kernel ends when this isn't its parent
        program()
    finally:
        os._exit(127)


def limit(which: int | None, most: int | None) -> None:
    """Lower one limit, where the system knows it (None: it doesn't) and hasn't a lower one already."""
    try:
        hard = resource.getrlimit(which)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (most, most))
    except (TypeError, ValueError, OSError):  # RLIMIT_AS doesn't work on macOS
        pass


def breaks_limits(allowed: dict, slow: bool) -> bool:
    """Whether all processes together hold too much memory or are too many, or (looked at more rarely) fill the disk,
    also with files that have no name any more, and memory that looks like one (memfd)."""
    family = descendants(os.getpid())
    if len(family) > allowed["processes"] or sum(map(resident, family)) > allowed["memory"]:
        return True
    return slow and size(allowed["folder"], allowed["disk"]) + sum(map(nameless, family)) > allowed["disk"]


def adopt_orphans() -> None:
    """Become the parent of descendants whose parent ends, so that none gets away (Linux)."""
    if sys.platform == "linux":
        import ctypes
        ctypes.CDLL(None).prctl(ORPHANS_COME_HERE, 1, 0, 0, 0)


def end_descendants() -> None:
    """Kill until none is left; a process that can't be killed within five seconds (a hanging disk) is given up."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        family = descendants(os.getpid())
        for process in family:
            try:
                os.kill(process, signal.SIGKILL)
            except OSError:
                pass
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.005)


def descendants(process: int) -> list[int]:
    """Ids of all processes below this one."""
    found, waiting = [], [process]
    while waiting:
        new = children(waiting.pop())
        found += new
        waiting += new
    return found


def children(process: int) -> list[int]:
    """Ids of a process's children, from /proc where the kernel lists them there, else from ps."""
    folder = f"/proc/{process}/task"
    if os.path.exists(f"/proc/self/task/{os.getpid()}/children"):
        found = []
        try:
            for task in os.listdir(folder):
                with open(f"{folder}/{task}/children") as file:
                    found += map(int, file.read().split())
        except OSError:  # it has just ended
            pass
        return found
    table = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True).stdout.split()
    return [int(child) for child, parent in zip(table[::2], table[1::2]) if int(parent) == process]


def resident(process: int) -> int:
    """Bytes of memory that a process holds; 0 where /proc doesn't say."""
    try:
        with open(f"/proc/{process}/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except (OSError, IndexError):
        return 0


def nameless(process: int) -> int:
    """Bytes of the files that a process holds open but nobody can find; 0 where /proc doesn't say."""
    total = 0
    try:
        for entry in os.listdir(f"/proc/{process}/fd"):
            about = os.stat(f"/proc/{process}/fd/{entry}")
            if stat.S_ISREG(about.st_mode) and about.st_nlink == 0:
                total += about.st_blocks * 512
    except OSError:  # closed or ended in the meantime, or another user's
        pass
    return total


def size(folder: str, enough: int) -> int:
    """Bytes that a folder's files take on the disk, at least 4096 each; stops counting above `enough`."""
    total, waiting = 0, [folder]
    while waiting and total <= enough:
        try:
            for entry in os.scandir(waiting.pop()):
                total += max(entry.stat(follow_symlinks=False).st_blocks * 512, 4096)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
        except OSError:  # removed in the meantime
            continue
    return total


def count_tasks() -> int | None:
    """Threads of this user on this machine; None where /proc doesn't say."""
    if not os.path.isdir("/proc/self/task"):
        return None
    total = 0
    for entry in os.scandir("/proc"):
        try:
            if entry.name.isdecimal() and entry.stat().st_uid == os.getuid():
                total += len(os.listdir(f"/proc/{entry.name}/task"))
        except OSError:
            continue
    return total


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1]), lambda: os.execv(sys.argv[2], sys.argv[2:])))
