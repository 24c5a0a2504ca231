"""The promises of README.md that can be run quickly, and the links of all pages."""
import re
from pathlib import Path

import numpy as np
import pytest

from gan_scratch.data import ring
from gan_scratch.metrics import mode_coverage

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = [README, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "course").glob("*.md"))]


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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    paths = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [path for path in paths if not (page.parent / path).exists()] == []
