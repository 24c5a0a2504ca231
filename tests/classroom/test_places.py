"""Where a cell is, in words by which a student finds it."""
import pytest

from gan_scratch.classroom.places import places


def cells(*sources):
    return [{"cell_type": "markdown" if source.startswith("#") else "code", "source": source} for source in sources]


def test_a_cell_is_named_by_its_functions_and_by_its_task():
    assert places(cells("x = 1\ny = 2", "# Squares\n\ntext", "import os", "## Task 2: a square (4 points)", "def square(x):\n    return x",
                        "def f(:\n  x\ndef g():", "## Experiment: your GAN", "\n@f\ndef a(): 1\ndef b(): 1\ndef c(): 1\ndef d(): 1", "")) == [
        "the cell that begins with `x = 1`", 'the cell that begins with `# Squares` ("Squares")', 'the cell that begins with `import os` ("Squares")',
        "the cell that begins with `## Task 2: a square (4 points)` (task 2)", "the cell of square (task 2)", "the cell of f, g (task 2)",
        'the cell that begins with `## Experiment: your GAN` ("Experiment: your GAN")',
        'the cell of a, b, c and more ("Experiment: your GAN")', 'an empty cell ("Experiment: your GAN")']


@pytest.mark.parametrize("source, shown", [("x" * 60, "`" + "x" * 39 + "…`"), ("  %%time\x1b[31m", "`%%time [31m`")])
def test_what_is_quoted_is_one_short_line(source, shown):
    assert places(cells(source)) == [f"the cell that begins with {shown}"]
