"""The workflows in course/examples: their shell lines on notebooks, with the installation left out."""
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.classroom.test_session import notebook

yaml = pytest.importorskip("yaml")
BASH = shutil.which("bash")
EXAMPLES = Path(__file__).parents[2] / "course/examples"
FILES = {"github": "github-classroom.yml", "gitlab": "gitlab-ci.yml"}


def workflow(where: str) -> dict:
    return yaml.safe_load((EXAMPLES / FILES[where]).read_text(encoding="utf-8"))


def job(where: str) -> tuple[dict, list[str]]:
    """The variables at the top of a workflow, and the scripts that its job runs one after the other."""
    found = workflow(where)
    if where == "github":
        return found["env"], [step["run"] for step in found["jobs"]["check"]["steps"] if "run" in step]
    return found["variables"], [*found["check"]["before_script"], *found["check"]["script"]]


@pytest.fixture
def in_repository(tmp_path):
    """Runs a workflow's scripts in a student's repository; gan-scratch is this Python's, or what is given."""
    def run(where, notebooks=None, gan_scratch=f'exec "{sys.executable}" -m gan_scratch "$@"'):
        if BASH is None:
            pytest.skip("there is no bash")
        for name, content in (notebooks or {}).items():
            path = tmp_path / "exercises" / name / f"{name} one.ipynb"
            path.parent.mkdir(parents=True)
            nbformat.write(content, path)
        program = tmp_path / "bin" / "gan-scratch"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n{gan_scratch}\n")
        program.chmod(0o755)
        variables, (_, *scripts) = job(where)
        environment = os.environ | {name: str(value) for name, value in variables.items()}
        environment["PATH"] = os.pathsep.join([str(program.parent), os.environ["PATH"]])
        environment["PYTHONPATH"] = os.pathsep.join(sys.path)
        environment["GITHUB_STEP_SUMMARY"] = str(tmp_path / "summary.md")
        command = [BASH, "--noprofile", "--norc", "-eo", "pipefail", "-c", "\n".join(scripts)]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8")
    return run


@pytest.mark.parametrize("where", FILES)
def test_a_right_and_a_wrong_notebook(where, in_repository, tmp_path):
    ended = in_repository(where, {"right": notebook(), "wrong": notebook(kl="def kl(p, q):\n    return 0.0")})
    report = (tmp_path / "report.txt").read_text(encoding="utf-8")
    assert ended.returncode == 1 and ended.stderr == "" and ended.stdout.startswith(report)
    assert report.splitlines()[-3:] == [
        "✓ exercises/right/right one.ipynb  3 of 3", "✗ exercises/wrong/wrong one.ipynb  2 of 3",
        "5 of 6 points by tests"]
    if where == "github":
        summary = (tmp_path / "summary.md").read_text(encoding="utf-8")
        assert summary.splitlines() == [f"    {line}" for line in report.splitlines()]


@pytest.mark.parametrize("where", FILES)
@pytest.mark.parametrize("status, said", [(0, "Everything is right"), (1, "still wrong"), (2, "couldn't be checked"),
                                          (137, "couldn't be checked")])
def test_the_exit_status_is_passed_on_and_said(where, status, said, in_repository):
    ended = in_repository(where, gan_scratch=f"echo said >&2; exit {status}")
    said_last = ended.stdout.splitlines()[-1]
    assert ended.returncode == status and said in said_last and said_last.startswith("::error::") == (
        where == "github" and status > 0)


@pytest.mark.parametrize("where", FILES)
def test_a_pattern_that_finds_nothing_is_reported(where, in_repository):
    ended = in_repository(where)
    assert ended.returncode == 2 and "there is no file exercises/*/*.ipynb" in ended.stdout


@pytest.mark.parametrize("where", FILES)
def test_the_package_comes_from_the_variable_at_the_top(where):
    variables, (install, *others) = job(where)
    assert install == 'pip install "$GAN_SCRATCH"' and variables["GAN_SCRATCH"].startswith("gan-scratch[course]")
    assert not any("pip" in script for script in others)


@pytest.mark.parametrize("where", FILES)
def test_it_is_said_to_be_feedback_and_not_the_grade(where):
    assert "It is feedback, not the grade" in (EXAMPLES / FILES[where]).read_text(encoding="utf-8")


def test_the_report_is_kept_whatever_the_check_says():
    steps = workflow("github")["jobs"]["check"]["steps"]
    check = next(i for i, step in enumerate(steps) if step.get("id") == "check")
    assert all(step["if"] == "${{ !cancelled() }}" for step in steps[check + 1:])
    assert steps[check + 1]["with"]["path"] == "report.txt"
    assert steps[-1]["with"]["runners"] == steps[-2]["id"] == "points" and "POINTS_RESULTS" in steps[-1]["env"]
    artifacts = workflow("gitlab")["check"]["artifacts"]
    assert artifacts["when"] == "always" and artifacts["paths"] == ["report.txt"]
