"""Processes that are interrupted while they start."""
import subprocess
import sys

from course.building.units import ROOT


def test_ctrl_c_while_a_worker_imports_is_not_its_business():
    """It had ended the process that forks the workers, with a traceback on the terminal."""
    code = ("from course.grading.workers import Workers\n"
            "if __name__ == '__main__':\n"
            "    with Workers(1, 'tests.course.grading.slow_start', 'Hello', 60) as workers:\n"
            "        print(workers.call('greet', 'Ada'))\n")
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "Hello Ada\n", "")
