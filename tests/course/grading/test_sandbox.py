"""The sandboxed kernel: what it can't see, what it can't take, and that nothing of it is left."""
from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from course.grading import sandbox
from course.grading.launcher import children, descendants, nameless
from course.building.units import ROOT

SMALL = sandbox.Allowed(memory=2**30, file=2**24, disk=2**25, processes=32)
NEEDS_BWRAP = pytest.mark.skipif(sandbox.why_not_isolated() is not None, reason=str(sandbox.why_not_isolated()))
FORKED = "forked"
WALLED = [pytest.param(True, id="isolated"), pytest.param(FORKED, id="forked")]
MODES = [pytest.param(True, marks=NEEDS_BWRAP, id="isolated"), pytest.param(FORKED, marks=NEEDS_BWRAP, id="forked"),
         pytest.param(False, id="limits only")]


@contextlib.contextmanager
def kernel(isolated: bool | str, allowed: sandbox.Allowed = SMALL):
    """A function that runs code in a sandboxed kernel and returns what it printed or raised, the manager, and the
    kernel's folder."""
    folder = Path(tempfile.mkdtemp(prefix="gs-"))
    manager = sandbox.start_forked(folder, allowed) if isolated == FORKED else sandbox.start(folder, isolated, allowed)
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)

    def run(code: str, seconds: float = 30) -> str:
        said = []

        def hear(message: dict) -> None:
            content = message["content"]
            said.append(content.get("text") or (f"{content['ename']}: {content['evalue']}" if "ename" in content else ""))
        client.execute_interactive(code, output_hook=hear, timeout=seconds, allow_stdin=False)
        return "".join(said)

    try:
        yield run, manager, folder
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
        client.context.destroy()
        sandbox.discard(folder)


@pytest.fixture(scope="module", params=WALLED)
def isolated(request):
    with kernel(request.param) as (run, *_):
        yield run


@NEEDS_BWRAP
@pytest.mark.parametrize(
    "code",
    [
        "open(r'{root}/README.md')",
        "open(r'{root}/solutions/x')",
        "open('/etc/passwd')",
        "open(os.path.expanduser('~root/.bashrc'))",
        "open('/x', 'w')",
        "open('/usr/x', 'w')",
        "open('/dev/x', 'w')",
        "open(r'{package}/x', 'w')",
        "open('/proc/sys/kernel/core_pattern', 'w')",
        "os.setuid(0)",
        "os.mknod('n', 0o60600, os.makedev(8, 0))",
        "__import__('socket').create_connection(('127.0.0.1', 22), 1)",
        "__import__('socket').getaddrinfo('example.org', 80)",
    ],
)
def test_the_isolated_kernel_can_not(code, isolated):
    code = code.format(root=ROOT, package=sandbox.gan_scratch.__path__[0])
    assert isolated(f"import os\ntry: {code}\nexcept OSError as e: print('stopped')\nelse: print('done')") == "stopped\n"


@NEEDS_BWRAP
def test_killing_its_parent_changes_nothing_for_the_isolated_kernel(isolated):
    isolated("import os\ntry: os.kill(os.getppid(), 9)\nexcept OSError: pass")
    assert isolated("print(os.getppid(), os.path.exists('/proc/1'))") == "1 True\n"


@NEEDS_BWRAP
def test_the_isolated_kernel_sees_only_what_it_needs(isolated):
    look = f"sorted(os.listdir({str(ROOT)!r})) if os.path.isdir({str(ROOT)!r}) else []"
    shown = isolated(f"import os, gan_scratch.classroom.session\nprint({look})")
    inside = [Path(sandbox.gan_scratch.__file__).resolve().parent, Path(sys.prefix).resolve()]  # the package, and this Python
    assert shown == f"{sorted({path.relative_to(ROOT).parts[0] for path in inside if path.is_relative_to(ROOT)})}\n"
    assert int(isolated("print(len([p for p in os.listdir('/proc') if p.isdigit()]))")) < 6
    assert isolated("print(open('/proc/self/status').read().split('CapEff:')[1].split()[0])") == "0" * 16 + "\n"


@pytest.mark.parametrize("mode", MODES)
def test_it_works_like_a_kernel_without_the_callers_environment(mode, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "48151623")
    with kernel(mode) as (run, manager, folder):
        assert run("import gan_scratch, os\nprint(1 + 1)") == "2\n"
        assert run("print([k for k, v in os.environ.items() if '48151623' in v])") == "[]\n"
        assert run("print(os.getcwd() == os.path.realpath(os.environ['HOME']), os.environ['OMP_NUM_THREADS'])") == "True 1\n"
        assert run("open('mine', 'w').write('x'); print(open('mine').read())") == "x\n" and (folder / "mine").read_text() == "x"


@pytest.mark.parametrize("mode", MODES)
def test_an_interrupt_reaches_the_code(mode):
    with kernel(mode) as (run, manager, _):
        with pytest.raises(TimeoutError):
            run("while True: sum(range(99))", seconds=1)
        manager.interrupt_kernel()
        wait_until(lambda: run("print('goes on')") == "goes on\n")  # a kernel drops what was asked of it while it was interrupted


@pytest.mark.parametrize("mode", MODES)
def test_memory_and_files_have_limits(mode):
    with kernel(mode) as (run, manager, _):
        assert run("x = bytearray(2**31)").startswith("MemoryError")
        assert run("open('big', 'wb').write(bytes(2**25))").startswith("OSError: [Errno 27]")
        assert run("print('alive')") == "alive\n"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "code",
    [
        "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
        "import os, time\nfor i in range(8):\n    if os.fork() == 0:\n        x = b'x' * 2**28\n        time.sleep(60)\n"
        "time.sleep(60)",
        "for i in range(9): open(f'f{i}', 'wb').write(bytes(2**23))\nimport time\ntime.sleep(60)",
    ],
    ids=["fork bomb", "memory in children", "many files"],
)
def test_what_takes_too_much_in_all_is_ended_and_nothing_is_left(mode, code):
    with kernel(mode) as (run, manager, folder):
        guard = manager.provisioner.process.pid
        with pytest.raises((TimeoutError, RuntimeError)):
            run(code, seconds=1)
            for _ in range(200):
                if not manager.is_alive():
                    raise RuntimeError("it was ended")
                time.sleep(0.1)
        wait_until(lambda: not manager.is_alive())
        assert guard not in children(os.getpid())
        assert nobody_works_in(folder)


@pytest.mark.parametrize("mode", MODES)
def test_shutdown_leaves_no_process(mode):
    with kernel(mode) as (run, manager, folder):
        run("import os, subprocess\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        os.closerange(0, 99)\n"
            "        while True: __import__('time').sleep(1)\n    os._exit(0)")
        run("p = subprocess.Popen(['sleep', '1000'], start_new_session=True)")
        family = descendants(manager.provisioner.process.pid)
        assert len(family) >= 4
    assert not any(os.path.exists(f"/proc/{process}") for process in family)
    assert not folder.exists()


def test_a_kernel_that_kills_its_parent_harms_only_itself():
    with kernel(False) as (run, manager, folder):
        run("import subprocess\np = subprocess.Popen(['sleep', '1000'], start_new_session=True)")
        with contextlib.suppress(TimeoutError, RuntimeError):
            run("import os\nos.kill(os.getppid(), 9)", seconds=1)
        wait_until(lambda: not manager.is_alive())
        assert nobody_works_in(folder)


@pytest.mark.parametrize("mode", MODES)
def test_a_grader_that_is_killed_leaves_no_kernel(mode, tmp_path):
    code = (
        "import sys, time, tempfile; from pathlib import Path; from course.grading import sandbox; folder = "
        "Path(tempfile.mkdtemp(prefix='gs-'));"
        f"{'sandbox.start_forked(folder)' if mode == FORKED else f'sandbox.start(folder, {mode})'}; print(folder, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT) as grader:
        folder = Path(grader.stdout.readline().strip())
        wait_until(lambda: len(descendants(grader.pid)) >= 3)
        family = descendants(grader.pid)
        grader.kill()
    wait_until(lambda: not any(os.path.exists(f"/proc/{process}") for process in family))
    sandbox.discard(folder)


@NEEDS_BWRAP
def test_forked_kernels_share_nothing():
    """Neither files, nor processes, nor what one put into a library's memory, nor random numbers."""
    with kernel(FORKED) as (run, *_), kernel(FORKED) as (other, *_):
        run("import numpy as np, tempfile; np.pi = 3; open('/tmp/mine', 'w').write('x'); open('/dev/shm/mine', 'w').write('x')")
        run("import socket; s = socket.socket(socket.AF_UNIX); s.bind(chr(0) + 'mine'); s.listen()")
        look = "import os, numpy as np, socket\nprint(np.pi > 3, [n for n in os.listdir('/tmp') if n == 'mine'], os.listdir('/dev/shm'))"
        assert other(look) == "True [] []\n"
        assert "refused" in other("socket.socket(socket.AF_UNIX).connect(chr(0) + 'mine')")
        assert other("print(sorted(int(p) for p in os.listdir('/proc') if p.isdigit())[:2])") == "[1, 2]\n"
        draw = "import numpy, random; print(numpy.random.rand(), random.random())"
        mine, theirs = run(draw).split(), other(draw).split()
        assert not set(mine) & set(theirs)
        assert run("import sys; print([n for n in sys.modules if n.startswith('course') and n.split('.')[-1] not in "
                   "('course', 'grading', 'nursery', 'launcher', '__main__')])") == "[]\n"


@NEEDS_BWRAP
def test_a_nursery_that_died_is_replaced():
    with kernel(FORKED):
        first = sandbox.nursery()._process
    first.kill()
    first.wait()
    with kernel(FORKED) as (run, *_):
        assert run("print(1 + 1)") == "2\n" and sandbox.nursery()._process is not first


def test_a_folder_that_is_hard_to_remove_is_removed():
    folder = Path(tempfile.mkdtemp(prefix="gs-"))
    subprocess.run(
        [sys.executable, "-c", "import os\nfor i in range(1500):\n    os.mkdir('d'); os.chdir('d')\nos.chmod('.', 0)"],
        cwd=folder,
        check=True,
    )
    sandbox.discard(folder)
    assert not folder.exists()


def test_a_path_that_is_too_long_for_sockets_is_said(tmp_path):
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    with pytest.raises(OSError, match="set TMPDIR to a shorter one"):
        sandbox.start(deep)


def wait_until(true) -> None:
    """Give the system some seconds."""
    until = time.monotonic() + 20
    while not true():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.05)


def nobody_works_in(folder: Path) -> bool:
    """Whether no process has this folder as its working directory."""
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if os.readlink(link).startswith(str(folder)):
                return False
    return True


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="without /proc open files can't be counted")
def test_files_without_a_name_are_counted(tmp_path):
    before = nameless(os.getpid())
    with open(tmp_path / "x", "wb") as file:
        os.unlink(tmp_path / "x")
        file.write(bytes(range(256)) * 4096)
        file.flush()
        os.fsync(file.fileno())
        assert nameless(os.getpid()) - before >= 2**20
    assert nameless(os.getpid()) == before
