"""`python -m course new` and `try`: a new unit builds at once, and a page says what is wrong with a unit."""
import sys

import pytest

import gan_scratch.checks
from course.building import build, trial
from course.building.new import new
from tests.course.building.small import EXERCISE_TEXT, edit, everything, refusal


@pytest.fixture
def importable(root, monkeypatch):
    """The checks modules of the small course can be imported."""
    monkeypatch.setattr(gan_scratch.checks, "__path__", [*gan_scratch.checks.__path__, str(root / "gan_scratch/checks")])
    yield root
    sys.modules.pop("gan_scratch.checks.e97a", None)


def test_a_new_exercise_and_a_new_lecture_build_at_once(importable, capsys):
    root = importable
    assert new("e97a", "Batch norm, Adam", root) == 0 and new("97", "Normalisation", root) == 0
    assert 'try it with "python -m course try e97a"' in capsys.readouterr().out
    files = everything(root)
    assert "course/exercises/e97a_batch_norm_adam.md" in files and "course/exercises/e97a_batch_norm_adam.mutants.toml" in files
    assert "gan_scratch/checks/e97a.py" in files and "course/lectures/97_normalisation.md" in files
    assert build.build(["e97a", "97"], root) == 0
    text = (root / "course/exercises/e97a_batch_norm_adam.md").read_text(encoding="utf-8")
    assert "# Exercise 97a: Batch norm, Adam" in text and "Lecture 97 " in text


def test_a_new_unit_overwrites_nothing(root):
    assert "e01_squares.md is there already" in refusal(new, "e01", "Cubes", root)
    assert "such as e04 or e09a; got 'e1'" in refusal(new, "e1", "Cubes", root)
    assert "must have letters" in refusal(new, "e02", "…", root)
    (root / "gan_scratch/checks").mkdir(parents=True)
    (root / "gan_scratch/checks/e02.py").write_text("mine")
    assert "gan_scratch/checks/e02.py is there already" in refusal(new, "e02", "Cubes", root)


def test_the_page_says_what_is_right_and_wrong(root, monkeypatch, capsys):
    monkeypatch.setattr(trial, "tested", lambda unit: True)
    assert trial.trial("e01", root) == 0
    said = capsys.readouterr().out
    assert said.count("✓") == 3 and "✗" not in said and said.endswith("everything is right\n")
    edit(root, EXERCISE_TEXT, "Hint 3", "Hint 4")
    assert trial.trial("e01", root) == 1
    said = capsys.readouterr().out
    assert said.count("✗") == 1 and f"    {EXERCISE_TEXT}:" in said and "has hints 1, 2, 4" in said


def test_the_page_counts_tests_and_names_those_that_fail(tmp_path, capsys):
    file = tmp_path / "test_some.py"
    file.write_text("import pytest\n\n@pytest.mark.parametrize('x', [1, 2], ids=['one', 'two'])\n"
                    "def test_all_are_one(x):\n    assert x == 1, 'not one'\n\ndef test_it_runs():\n    pass\n")
    page = trial.Page()
    assert pytest.main(["-o", "addopts=", "-p", "no:terminal", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(file)],
                       plugins=[page]) == 1
    assert capsys.readouterr().out == "✗ all are one\n    two: not one\n✓ it runs\n"
