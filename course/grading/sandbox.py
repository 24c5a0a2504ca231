"""A Jupyter kernel for code that isn't trusted.

    manager = start(folder)                     # a started jupyter_client.KernelManager
    manager = start(folder, isolated=False)     # resource limits only

Only the kernel runs in the sandbox: nbgrader, the gradebook and the checks stay outside, in the process that calls
`start`.

With bubblewrap (Linux) the kernel sees nothing but this Python, the system's libraries (/usr, a few files of /etc, all
read-only), the package gan_scratch, and `folder`, which it may write. It has no network, no home, none of the caller's
environment, its own small /tmp and /dev/shm, its own process ids (it can't name, so can't signal, a process outside),
no capabilities, and no way to gain rights; when the caller is root, the kernel runs as the user nobody. Solutions,
hidden tests, the gradebook and other submissions are not forbidden but absent. launcher.py limits memory, files,
disk, processes and CPU time, and ends every process at shutdown.

What it doesn't stop: a flaw of the Linux kernel or of bubblewrap; reading what the installed Python has in its
folders and what is in /usr; messages over the kernel's own sockets, which the reader must not trust; using up to the
allowed CPU and memory.

Without bubblewrap only launcher.py's limits, the short environment and the foreign working directory remain: the code
runs as the caller's own user, and reads, changes and signals whatever that user may, the gradebook and the grader
included, if it sets out to.
"""

from __future__ import annotations

import functools
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import gan_scratch
import zmq
from jupyter_client import BlockingKernelClient, KernelManager
from jupyter_client.kernelspec import KernelSpec

from course.building.units import ROOT
from course.grading.nursery import Nursery
from gan_scratch.classroom.kernel import Kernel as Kernels
from gan_scratch.classroom.kernel import Limits, Stuck, command

LAUNCHER = Path(__file__).with_name("launcher.py")
NOTHING = {stream: subprocess.DEVNULL for stream in ("stdin", "stdout", "stderr")}
NOBODY = 65534
LONGEST_MESSAGE = 2**24  # bytes
LONGEST_SOCKET = 100  # characters of a path; the system's limit is 104 (macOS) or 108
READABLE = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store", "/etc/ld.so.cache", "/etc/ld.so.conf",
            "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/fonts", "/etc/localtime")
BECOME = ("import os, sys; user, folder, *command = sys.argv[1:]; os.setgroups([]); os.setgid(int(user)); os.setuid(int(user)); "
          "os.chdir(folder); os.execv(command[0], command)")


@dataclass(frozen=True)
class Allowed:
    """What one kernel with all its processes may take: bytes of memory, of one file, of its folder and of /tmp;
    processes; CPU seconds."""

    memory: int = 4 * 2**30
    file: int = 2**26
    disk: int = 2**29
    processes: int = 64
    cpu: int = 600


class Kernel(KernelManager):
    """A kernel manager whose shutdown returns when every process that the kernel started is gone."""

    _ended = None
    bear = None  # set, starts the launcher in place of jupyter_client; gets the pipe's writing end

    def start_kernel(self, **options) -> None:
        """Start the kernel; the pipe's writing end lives in the launcher and in nobody else."""
        self._ended, self._held = os.pipe()
        try:
            super().start_kernel(pass_fds=(self._held,), **options)
        finally:
            os.close(self._held)

    async def _async_launch_kernel(self, command: list[str], **options) -> None:
        if self.bear is None:
            return await super()._async_launch_kernel(command, **options)
        self.provisioner.process = launcher = self.bear(self._held)
        self.provisioner.pid = launcher.pid

    def shutdown_kernel(self, now: bool = False, restart: bool = False) -> None:
        """End the kernel and wait, six seconds at most, for the launcher to sweep up."""
        if now and self.has_kernel:
            guard = self.provisioner.process
            self.provisioner.process = None  # else the manager talks to the dead for a tenth of a second
            guard.terminate()
            try:
                guard.wait(10)
            except subprocess.TimeoutExpired:
                guard.kill()
                guard.wait()
        super().shutdown_kernel(now, restart)
        if self._ended is not None:
            select.select([self._ended], [], [], 6)
            os.close(self._ended)
            self._ended = None

    def client(self, **options) -> BlockingKernelClient:
        """A client that hangs up on a kernel which sends more than anybody wants to read."""
        client = super().client(**options)
        client.context.setsockopt(zmq.MAXMSGSIZE, LONGEST_MESSAGE)
        return client


def start(folder: Path, isolated: bool | None = None, allowed: Allowed = Allowed()) -> Kernel:
    """Start a kernel that works in `folder` and may write nowhere else.

    Args:
        folder: an existing folder of the kernel's own. isolated: under bubblewrap; by default, where that works.

    Raises OSError when the folder's path is too long for a socket.
    """
    manager, folder = furnished(folder, isolated := why_not_isolated() is None if isolated is None else isolated)
    manager._kernel_spec = spec(launched(folder, isolated, allowed))
    manager.start_kernel(cwd=str(folder), env=environment(folder), **NOTHING)
    return manager


def start_forked(folder: Path, allowed: Allowed = Allowed()) -> Kernel:
    """The same under bubblewrap, from a process that has imported everything already (nursery.py): seven times as fast.

    Raises OSError.
    """
    manager, folder = furnished(folder, isolated=True)
    request = {"allowed": {**asdict(allowed), "folder": str(folder)}, "folder": str(folder), "wrapper": walls(folder, allowed),
               "connection": manager.connection_file, "environment": environment(folder),
               "user": NOBODY if os.getuid() == 0 else None}
    manager._kernel_spec = spec([])
    manager.bear = functools.partial(nursery().bear, request)
    manager.start_kernel(**NOTHING)
    return manager


@functools.cache
def can_fork() -> bool:
    """Whether forked kernels can enter a sandbox here; not every system lets them."""
    folder = Path(tempfile.mkdtemp(prefix="gs-"))
    try:
        with Kernels(start_forked, folder, Limits(cell=20)) as kernel:
            kernel.begin()
        return True
    except (OSError, Stuck):
        return False
    finally:
        discard(folder)


@functools.cache
def nursery() -> Nursery:
    """This process's nursery, whose kernels know nothing of this process's environment."""
    return Nursery(lambda home: {**environment(home), "PYTHONPATH": f"{ROOT}:{package_folder()}"})


def spec(command: list[str]) -> KernelSpec:
    return KernelSpec(argv=command, interrupt_mode="message", language="python")


def furnished(folder: Path, isolated: bool) -> tuple[Kernel, Path]:
    """A manager whose kernel isn't started yet, and the kernel's folder with all that is in it."""
    folder = Path(folder).resolve()
    desk = Path(tempfile.mkdtemp(prefix="k", dir=folder))  # a new one each time: an earlier kernel may have left links in its own
    if len(os.fsencode(desk / "c-ipc-5")) > LONGEST_SOCKET:
        raise OSError(f"{folder}: the path is too long for a kernel's sockets; set TMPDIR to a shorter one")
    manager = Kernel(transport="ipc", connection_file=str(desk / "c.json"))
    manager.write_connection_file()
    made = [folder, desk, *desk.iterdir(), *furnish(folder)]
    if isolated and os.getuid() == 0:
        give_away(made)
    return manager, folder


def launched(folder: Path, isolated: bool, allowed: Allowed) -> list[str]:
    """The kernel's command line: launcher, bubblewrap if isolated, ipykernel."""
    limits = json.dumps({**asdict(allowed), "folder": str(folder)})
    wrapped = [*wrapper(folder, allowed), *command()] if isolated else command()
    return [sys.executable, "-I", "-S", str(LAUNCHER), limits, *wrapped]


def wrapper(folder: Path, allowed: Allowed) -> list[str]:
    """bubblewrap's part of the command line."""
    if os.getuid() == 0:  # no user namespace, so that nobody is a real user, to whom limits on processes apply
        become = [sys.executable, "-I", "-S", "-c", BECOME, str(NOBODY), str(folder)]
        rights = "--cap-add CAP_SETUID --cap-add CAP_SETGID --".split()
        return [*walls(folder, allowed), *rights, *become]
    return [*walls(folder, allowed), "--chdir", str(folder), "--"]


def walls(folder: Path, allowed: Allowed) -> list[str]:
    """bubblewrap's command line without the program, which is root in there when the caller is."""
    command = [shutil.which("bwrap"), *"--die-with-parent --new-session --unshare-pid --unshare-net --unshare-ipc".split(),
               *"--unshare-uts --hostname sandbox --unshare-cgroup-try --cap-drop ALL --proc /proc --dev /dev".split(),
               *small("/dev/shm", 2**26), *small("/tmp", allowed.file), *mounts(folder),
               *"--remount-ro /dev --remount-ro /".split()]
    own_user = [] if os.getuid() == 0 else ["--unshare-user", *offered("--disable-userns")]
    return [*command, *own_user]


def small(path: str, size: int) -> list[str]:
    """A folder in memory that anybody may write."""
    return ["--perms", "1777", *offered("--size", str(size)), "--tmpfs", path]


@functools.cache
def offered(*option: str) -> tuple[str, ...]:
    """The option where the installed bubblewrap knows it, else nothing: --size came with 0.7, --disable-userns with
    0.8.
    """
    return option if f"{option[0]} " in subprocess.run(["bwrap", "--help"], capture_output=True, text=True).stdout else ()


def mounts(folder: Path) -> list[str]:
    """What is visible. Short paths come first: the repository is hidden in a larger folder, and what is shown of it
    in it.
    """
    package = Path(gan_scratch.__file__).resolve().parent
    pythons = {Path(p).resolve() for p in (sys.prefix, sys.base_prefix)} | {Path(sys.prefix)}
    shown = {Path(p): "--ro-bind-try" for p in READABLE} | {p: "--ro-bind" for p in (*pythons, package)} | {folder: "--bind"}
    if any(p in ROOT.parents for p in shown):
        shown.setdefault(ROOT, "--tmpfs")
    above = {parent for path in shown for parent in path.parents} - {Path("/"), Path("/tmp"), *shown}
    # made here, since bubblewrap would make them so that nobody may enter
    options = [word for path in sorted(above) for word in ("--perms", "0755", "--dir", str(path))]
    for path in sorted(shown, key=lambda p: len(p.parts)):
        if path.is_symlink():
            options += ["--symlink", os.readlink(path), str(path)]
        else:
            options += [shown[path], str(path)] if shown[path] == "--tmpfs" else [shown[path], str(path), str(path)]
    return options


def environment(folder: Path) -> dict[str, str]:
    """All that the kernel gets to know of the caller's environment, and what keeps NumPy to one thread."""
    one = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM")}
    private = {"HOME": folder, "MPLCONFIGDIR": folder / ".matplotlib", "IPYTHONDIR": folder / ".ipython"}
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "USER": "student", "LOGNAME": "student",
            "PYTHONPATH": package_folder(), "PYTHONNOUSERSITE": "1", "PYTHONDONTWRITEBYTECODE": "1",
            "MALLOC_ARENA_MAX": "2",  # an arena takes 64 MiB of addresses
            **{name: str(path) for name, path in private.items()}, **one}


def package_folder() -> str:
    """Where gan_scratch lies."""
    return str(Path(gan_scratch.__file__).resolve().parents[1])


def furnish(folder: Path) -> list[Path]:
    """Matplotlib's list of fonts, which takes seconds to make; this import has made it. Returns what is new in the
    folder.
    """
    import matplotlib.font_manager
    target = folder / ".matplotlib"
    if os.path.lexists(target):  # from an earlier kernel, which may have made anything of it
        return []
    target.mkdir()
    return [target, *(Path(shutil.copy(file, target)) for file in Path(matplotlib.get_cachedir()).glob("fontlist-*.json"))]


def give_away(paths: list[Path]) -> None:
    """Make nobody the owner."""
    for path in paths:
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


def discard(folder: Path) -> None:
    """Remove a folder that a kernel wrote in: without read permission somewhere, or deeper than Python can walk."""
    for _ in range(2):
        subprocess.run(["rm", "-rf", "--", str(folder)], stderr=subprocess.DEVNULL)
        if not folder.exists():
            return
        subprocess.run(["chmod", "-R", "u+rwx", "--", str(folder)], stderr=subprocess.DEVNULL)


@functools.cache
def why_not_isolated() -> str | None:
    """None when kernels can run under bubblewrap here; else the reason, half a sentence."""
    if sys.platform != "linux":
        return "bubblewrap needs Linux"
    if shutil.which("bwrap") is None:
        return "bubblewrap (bwrap) isn't installed"
    folder = Path(tempfile.mkdtemp(prefix="sandbox-"))
    try:
        if os.getuid() == 0:
            give_away([folder])
        probe = [*wrapper(folder.resolve(), Allowed()), sys.executable, "-I", "-S", "-c", "open('written', 'w')"]
        done = subprocess.run(probe, capture_output=True, text=True, timeout=20)
        said = " ".join(done.stderr.split())[:200] or f"exit status {done.returncode}"
        return None if done.returncode == 0 else f"bubblewrap doesn't work here ({said})"
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap doesn't work here ({error})"
    finally:
        discard(folder)


WARNING = ("warning: the students' code runs without a sandbox, because {reason}. Time, memory and processes are limited, "
           "but it could read solutions, the gradebook and other submissions. On Linux, install bubblewrap.")
