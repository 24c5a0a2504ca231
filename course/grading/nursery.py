"""Kernels that are born with everything imported: a copy of this process, put into a sandbox of its own.

    python -P -m course.grading.nursery          # started by `Nursery`; it answers on the socket that is its standard
    input

A kernel takes most of a second to import IPython, NumPy and Matplotlib. Here one process has done so, before it has
seen anything of a student; it runs none of their code. For each kernel it forks a launcher (launcher.py), whose
program enters the namespaces of a new, empty sandbox that bubblewrap has just made, gives up all rights, and only
then reads the first message. So each kernel has the sandbox that it would have had, to itself, and nothing in memory
but libraries.
"""
from __future__ import annotations

import contextlib
import ctypes
import fcntl
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Callable

from course.grading import launcher

NAMESPACES = ("mnt", "net", "ipc", "uts", "cgroup", "pid")
OWNER = 0xB701  # NS_GET_USERNS: the user namespace that a namespace belongs to
HOLDER = ("/bin/sh", "-c", "echo; exec sleep 1000000")  # keeps a sandbox open, and says when it is made
LONGEST = 2**16  # bytes of a request
DUMPABLE, NO_NEW_PRIVILEGES, DROP_FROM_BOUNDS = 4, 38, 24  # of prctl


# --- the process with everything imported -----------------------------------------------------------------------------


def main() -> None:
    """Import, then fork a launcher for each request until the socket ends."""
    prepare()
    ours = socket.socket(fileno=os.dup(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the business of the process in charge
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the launchers, so that they don't stay as zombies
    ours.send(b"{}")
    while True:
        text, held, *_ = socket.recv_fds(ours, LONGEST, 1)
        if not text:
            return
        request = json.loads(text)
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            ours.close()
            with open(os.devnull) as nothing:
                os.dup2(nothing.fileno(), 0)
            os._exit(launcher.main(request["allowed"], functools.partial(enter, request)))
        for descriptor in held:  # the end that tells when all of the launcher is gone
            os.close(descriptor)
        ours.send(json.dumps({"process": child}).encode())


def prepare() -> None:
    """Import what exercises use. One thread only: others wouldn't be there in a copy."""
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"  # as a kernel sets it
    import ipykernel.ipkernel  # noqa: F401
    import ipykernel.kernelapp  # noqa: F401
    import matplotlib.pyplot  # noqa: F401
    import matplotlib_inline.backend_inline  # noqa: F401
    import numpy.linalg  # noqa: F401

    import gan_scratch.classroom.remote  # noqa: F401
    import gan_scratch.data  # noqa: F401
    import gan_scratch.plot  # noqa: F401
    if len(os.listdir("/proc/self/task")) != 1:
        raise RuntimeError("a library has started threads")


# --- the way into a sandbox -------------------------------------------------------------------------------------------


def enter(request: dict) -> None:
    """Become a kernel in a new sandbox. Runs in the launcher's program process, and ends it when the kernel ends."""
    first = made(request["wrapper"])
    family = os.open(f"/proc/{first}/task/{first}/children", os.O_RDONLY)  # in there, this /proc can't be seen any more
    libc = ctypes.CDLL(None, use_errno=True)
    for namespace in doors(first):
        if libc.setns(namespace, 0):
            raise OSError(ctypes.get_errno(), "setns")
    between = os.fork()
    if between == 0:  # its child becomes one of the sandbox's first process, for which it has no name that it may use
        try:
            if os.fork() == 0:
                live(libc, request)
        finally:
            os._exit(0)
    os.waitpid(between, 0)
    kernel = max(map(int, os.read(family, 4096).split()))
    with contextlib.suppress(ProcessLookupError):
        select.select([os.pidfd_open(kernel)], [], [])
    os._exit(0)


def made(wrapper: list[str]) -> int:
    """Make an empty sandbox; returns the id of its first process, as it is seen from here."""
    reading, writing = os.pipe()
    holder = subprocess.Popen([wrapper[0], "--info-fd", str(writing), *wrapper[1:], "--", *HOLDER], stdout=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=(writing,))
    os.close(writing)
    with holder.stdout as says, open(reading, encoding="utf-8") as about:
        if says.read(1) != b"\n":
            raise RuntimeError("bubblewrap made no sandbox")
        holder.returncode = 0  # else the object would live on in the kernel, and close a descriptor that isn't its own
        return json.load(about)["child-pid"]


def doors(process: int) -> list[int]:
    """Descriptors of a process's namespaces that aren't ours, in the order in which they can be entered: the user
    namespace that owns them first, which gives the right to enter them; at last the process's own, which is inside of
    that one."""
    spaces = [os.open(f"/proc/{process}/ns/{name}", os.O_RDONLY) for name in NAMESPACES]
    last = os.open(f"/proc/{process}/ns/user", os.O_RDONLY)
    been = {os.stat(f"/proc/self/ns/{name}").st_ino for name in (*NAMESPACES, "user")}
    found = []
    for space in (fcntl.ioctl(spaces[0], OWNER), *spaces, last):
        if (number := os.fstat(space).st_ino) not in been:
            been.add(number)
            found.append(space)
    return found


def live(libc: ctypes.CDLL, request: dict) -> None:
    """Give up everything, and be a kernel."""
    os.setsid()
    os.chdir(request["folder"])
    give_up_rights(libc, request["user"])
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)
    os.closerange(3, 512)  # RLIMIT_NOFILE
    os.environ.clear()
    os.environ.update(request["environment"])
    import numpy
    from ipykernel.kernelapp import IPKernelApp

    numpy.random.seed()  # else all kernels would draw the same numbers
    sys.path[:] = [path for path in sys.path if os.path.exists(path)]
    sys.argv[:] = ["ipykernel_launcher", "-f", request["connection"]]
    IPKernelApp.launch_instance(["-f", request["connection"], "--InteractiveShellApp.ignore_cwd=True",
                                 "--HistoryManager.hist_file=:memory:"])


def give_up_rights(libc: ctypes.CDLL, user: int | None) -> None:
    """Become `user` (None: stay who we are), without capabilities, and without a way to gain any. Raises OSError."""
    for capability in range(64):
        libc.prctl(DROP_FROM_BOUNDS, capability, 0, 0, 0)  # fails for numbers that there aren't
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    if libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs")
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # capset, version 3, of this process
    if libc.capset(header, (ctypes.c_uint32 * 6)()):
        raise OSError(ctypes.get_errno(), "capset")
    libc.prctl(DUMPABLE, 1, 0, 0, 0)  # as after an exec, so that it may read about itself


# --- in the worker ----------------------------------------------------------------------------------------------------


class Forked:
    """A launcher that the nursery has forked, with what jupyter_client needs of a subprocess.Popen."""

    stdin = stdout = stderr = None
    returncode = None

    def __init__(self, process: int):
        self.pid = process
        self._alive = os.pidfd_open(process)

    def poll(self) -> int | None:
        """None while it runs, else 0: its status is nobody's business."""
        if self.returncode is None and select.select([self._alive], [], [], 0)[0]:
            self.returncode = 0
            os.close(self._alive)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises subprocess.TimeoutExpired."""
        if self.returncode is None and not select.select([self._alive], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("launcher", timeout)
        return self.poll()

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._alive, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Nursery:
    """The process with everything imported; it is started when first needed, and again when it has died.

    Args:
        environment: makes the process's environment, given a folder to call its home.
    """

    def __init__(self, environment: Callable[[Path], dict[str, str]]):
        self._home = tempfile.TemporaryDirectory(prefix="gs-", ignore_cleanup_errors=True)
        self._environment = environment(Path(self._home.name))
        self._process: subprocess.Popen | None = None
        self._socket: socket.socket | None = None

    def bear(self, request: dict, held: int) -> Forked:
        """Start a kernel.

        Args:
            request: allowed (sandbox.Allowed), wrapper (bubblewrap's command line up to the program), folder,
            connection (files), environment, user (an id, or None). held: a descriptor that only the launcher and its
            processes keep open.

        Raises OSError.
        """
        for again in (False, True):
            if self._socket is None:
                self._begin()
            try:
                socket.send_fds(self._socket, [json.dumps(request).encode()], [held])
                return Forked(json.loads(self._socket.recv(LONGEST))["process"])
            except (OSError, ValueError):
                self.stop()
                if again:
                    raise OSError("the process that forks kernels has died twice") from None

    def _begin(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process = subprocess.Popen([sys.executable, "-P", "-m", "course.grading.nursery"], stdin=theirs,
                                         stdout=subprocess.DEVNULL, env=self._environment)
        theirs.close()
        if not self._socket.recv(LONGEST):
            self.stop()
            raise OSError("the process that forks kernels couldn't be started")

    def stop(self) -> None:
        """End the process, and with it all kernels of it."""
        if self._socket is not None:
            self._socket.close()
            self._process.wait()
            self._socket = self._process = None


if __name__ == "__main__":
    main()
