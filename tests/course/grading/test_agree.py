"""The grader stops where the installed package isn't the one beside the exercises."""
from __future__ import annotations

import shutil
import sys

import pytest

from course.building.units import ROOT, CourseError
from course.grading import agree


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of the package that comes first on the path, as an installed one does when nbgrader runs elsewhere."""
    shutil.copytree(ROOT / "gan_scratch", tmp_path / "gan_scratch", ignore=shutil.ignore_patterns("__pycache__", "*.npz"))
    for file in (ROOT / "gan_scratch").rglob("*.npz"):
        (tmp_path / file.relative_to(ROOT)).symlink_to(file)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(agree, "editable", lambda: False)
    return tmp_path / "gan_scratch"


def test_the_same_code_elsewhere_is_fine(copy):
    assert agree.installed(ROOT) == copy
    agree.refuse_two()


@pytest.mark.parametrize("change", ["edited", "gone", "new"])
def test_other_code_is_refused_with_what_to_do(copy, change):
    file = copy / "checks" / ("e02.py" if change != "new" else "e99.py")
    if change == "gone":
        file.unlink()
    else:
        file.write_text("x = 1\n")
    with pytest.raises(CourseError, match=rf"two versions of gan_scratch: .*differ in checks/{file.name}, .*pip install"):
        agree.refuse_two()


def test_an_editable_install_is_the_one_beside_the_exercises(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(ROOT)])
    monkeypatch.setattr(agree, "editable", lambda: False)
    assert agree.installed(ROOT) is None
    agree.refuse_two()
