"""The README's promises that can be run quickly."""
import re
from pathlib import Path

import numpy as np
import pytest

from gan_scratch.data import ring
from gan_scratch.metrics import mode_coverage

README = Path(__file__).parents[1] / "README.md"


def blocks():
    return re.findall(r"^```(\w*)\n(.*?)^```", README.read_text(), re.M | re.S)


def test_the_first_two_blocks_are_one_command_line_each():
    (_, first), (_, second) = blocks()[:2]
    assert first.count("\n") == second.count("\n") == 1 and "-m course tour" in first and "pytest" in second


def test_the_gan_step_of_the_readme_works():
    (code,) = [text for language, text in blocks() if language == "python"]
    names = {}
    exec(code, names)
    x = names["G"](np.random.default_rng(1).standard_normal((2500, 2), np.float32))
    assert mode_coverage(x, ring())["modes"] >= 5 and abs(np.median(np.linalg.norm(x, axis=1)) - 2) < 0.2


@pytest.mark.parametrize("path", re.findall(r"\]\(([^)h][^)]*)\)", README.read_text()))
def test_links_lead_somewhere(path):
    assert (README.parent / path).exists()
