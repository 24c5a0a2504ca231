import pytest

from course.building import build
from tests.course.building.small import course


@pytest.fixture
def root(tmp_path):
    """A small course."""
    return course(tmp_path)


@pytest.fixture
def built(root, capsys):
    """A small course whose notebooks are built."""
    assert build.build([], root) == 0
    capsys.readouterr()
    return root
