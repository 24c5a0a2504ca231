"""The solutions get full marks on the way that students and graders take: in a kernel, whose answers travel as text."""
import re

import pytest

from course.building.units import ROOT
from gan_scratch import cli

SOLUTIONS = sorted(path.stem for path in ROOT.glob("solutions/*/e*.ipynb"))


@pytest.mark.parametrize("name", SOLUTIONS)
def test_the_solution_gets_full_marks_in_a_kernel(name, capsys):
    cli.main(["check", str(ROOT / "solutions" / name / f"{name}.ipynb")])
    got, of = re.search(r"^(\d+) of (\d+) points by tests", capsys.readouterr().out, re.MULTILINE).groups()
    assert got == of
