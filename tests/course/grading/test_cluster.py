"""Judging by a Dask cluster: the same results to the byte, whatever happens to its workers."""
from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from course.building.units import ROOT, CourseError
from course.grading import grade
from tests.course.grading import hostile
from tests.course.grading.hostile import NAME
from tests.course.grading.test_grade import LIMITS, NEEDS_BWRAP, check_cases, graded_notebook, hand_in, run, table

pytest.importorskip("distributed", reason="distributed isn't installed (the extra [cluster])")


class Dask:
    """A scheduler and workers, each a process of its own, on this machine's loopback."""

    def __init__(self, folder: Path):
        self.folder, self.processes = folder, []
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}
        scheduler = self.start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        self.address = self.said(scheduler, r"Scheduler at:\s+(tcp://127.0.0.1:\d+)")

    def start(self, kind: str, *options: str, where: Path = ROOT) -> subprocess.Popen:
        log = open(self.folder / f"{kind}{len(self.processes)}.log", "w")
        self.processes.append(subprocess.Popen([sys.executable, "-m", "distributed.cli.dask_" + kind, *options], stdout=log, stderr=log,
                                               env=self.environment, cwd=where, start_new_session=True))
        self.processes[-1].log = Path(log.name)
        log.close()
        return self.processes[-1]

    def worker(self, where: Path = ROOT) -> subprocess.Popen:
        """A worker without a nanny."""
        worker = self.start("worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory",
                            str(self.folder / f"w{len(self.processes)}"), where=where)
        self.said(worker, "(Registered to)")
        return worker

    @staticmethod
    def said(process: subprocess.Popen, pattern: str) -> str:
        until = time.monotonic() + 60
        while not (found := re.search(pattern, process.log.read_text())):
            assert time.monotonic() < until and process.poll() is None, process.log.read_text()
            time.sleep(0.05)
        return found[1]

    def end(self) -> None:
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def dask(tmp_path):
    folder = tmp_path / "dask"
    folder.mkdir()
    cluster = Dask(folder)
    yield cluster
    cluster.end()


def everything(root: Path) -> tuple:
    """What grading left: the table and the executed notebooks."""
    return table(root), {student: graded_notebook(root, student) for student in table(root)
                         if table(root)[student]["auto_score"]}


@NEEDS_BWRAP
def test_the_hostile_set_on_a_cluster(dask, tmp_path):
    dask.worker()
    dask.worker()
    hostile.write_class(tmp_path, hostile.RUN)
    check_cases(hostile.RUN, run(tmp_path, scheduler=dask.address))


@NEEDS_BWRAP
def test_a_worker_that_is_killed_loses_nothing(dask, tmp_path):
    hostile.write_class(tmp_path, [])
    for i in range(6):
        hand_in(tmp_path, f"s{i}", hostile.put(hostile.right(), "setup", "import time; time.sleep(1)"))
    run(tmp_path)
    quiet = everything(tmp_path)
    victim, _ = dask.worker(), dask.worker()
    code = ("import sys; from pathlib import Path; from course.grading import grade;"
            f"sys.exit(grade.main({NAME!r}, force=True, scheduler={dask.address!r}, root=Path({str(tmp_path)!r}), **{LIMITS}))")
    state = tmp_path / "course" / "class" / f"{NAME}_state.jsonl"
    before = len(state.read_text())
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while len(state.read_text()) <= before and process.poll() is None:
            time.sleep(0.02)
        os.killpg(victim.pid, signal.SIGKILL)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, (out, err)
    assert everything(tmp_path) == quiet


def test_a_submission_that_kills_every_worker_is_reported(dask, tmp_path):
    hostile.write_class(tmp_path, [case for case in hostile.CASES if case.name == "kills_the_grader"])
    hand_in(tmp_path, "right", hostile.right())
    for _ in range(3):
        dask.worker()
    rows = run(tmp_path, status=1, isolated=False, scheduler=dask.address)
    assert "its process died" in rows["kills_the_grader"]["message"] and rows["right"]["auto_score"] == "5"


def test_what_is_missing_is_said(dask, tmp_path, monkeypatch):
    hostile.write_class(tmp_path, [])
    hand_in(tmp_path, "right", hostile.right())
    monkeypatch.setattr("course.grading.cluster.PATIENCE", 1)
    with pytest.raises(CourseError, match="no Dask scheduler answers at tcp://127.0.0.1:9 .* start one with"):
        grade.main(NAME, root=tmp_path, scheduler="tcp://127.0.0.1:9")
    with pytest.raises(CourseError, match="has no workers; start one, in the repository's folder, with: dask worker tcp"):
        grade.main(NAME, root=tmp_path, scheduler=dask.address)


def test_workers_with_other_code_are_refused(dask, tmp_path, monkeypatch):
    hostile.write_class(tmp_path, [])
    hand_in(tmp_path, "right", hostile.right())
    dask.worker()
    monkeypatch.setattr("course.grading.cluster.code", changed)
    with pytest.raises(CourseError, match="the code of these workers isn't the code here: tcp://127.0.0.1:"):
        grade.main(NAME, root=tmp_path, scheduler=dask.address)


def changed() -> str:
    """Called here it differs from what a worker says, whose process is another one."""
    return str(os.getpid())
