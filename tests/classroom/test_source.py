"""What the source of a cell says."""
import pytest

from gan_scratch.classroom.source import asked, defined, harmless_part, plain_python, without_unwritten, written

STUB = 'def f(x):\n    """x² of x."""\n    # YOUR CODE HERE\n    raise NotImplementedError()'


@pytest.mark.parametrize("source, names", [
    (STUB, set()), ("def f(x):\n    pass", set()), ("def f(x): ...", set()), ("# nothing", set()),
    ("def f(x):\n    '''Doc.'''\n    # mine\n    raise NotImplementedError", set()),
    ("def f(x):\n    y = x\n    raise NotImplementedError()", {"f"}),
    ("f = lambda x: x * x", {"f"}), ("from mine import g as f", {"f"}), ("if True:\n    def f(x): return x", {"f"}),
    ("%time f = max\n!ls", {"f"}), ("def f(x)\n    return x", {"f"}), ("def g(f): return [f for f in f]", {"g"}), ("f += 1", set()),
])
def test_what_counts_as_written(source, names):
    assert written(source, STUB) == names


def test_a_function_that_was_released_with_a_mistake_is_written_when_it_differs():
    planted = "def f(x):\n    return x * 3"
    assert written("def f(x):\n    # mine\n    return x*3", planted) == set()
    assert written("def f(x):\n    return x * x", planted) == {"f"}


def test_what_a_stub_asks_for():
    assert asked("SIZE = 3\n" + STUB) == {"f"} and asked("guess = None") == {"guess"}


@pytest.mark.parametrize("source, plain", [
    ("x = (7\n     % 2)", "x = (7\n     % 2)"), ("%%time\nx = 1", "pass\nx = 1"), ("if a:\n    !ls\n", "if a:\n    pass\n"),
    ("%time x = 1", "x = 1")])
def test_magics_are_taken_out(source, plain):
    assert plain_python(source) == plain


def test_parts_of_a_cell():
    source = "import os\n@cached\n" + STUB + "\nx = 1\ndef g():\n    return x"
    assert without_unwritten(source, STUB) == "import os\nx = 1\ndef g():\n    return x"
    assert without_unwritten(source, STUB + "\ndef g():\n    return  x  # as planted") == "import os\nx = 1"
    assert without_unwritten(source, STUB + "\ndef g():\n    return -x") == "import os\nx = 1\ndef g():\n    return x"
    assert harmless_part("import os\nx = 1\ndef g():\n    return x") == "import os\ndef g():\n    return x"
    assert harmless_part("def f(:") == "" and defined("def f(:") == {"f"}
