"""What travels between a checker and a kernel."""
import numpy as np

from gan_scratch.classroom import remote


def called(f, *inputs):
    """The outcomes of a function that lives elsewhere, and the length of the text in which they came."""
    texts, there = [], {"f": f}

    def evaluate(expression):
        texts.append(repr(eval(expression, there)))
        return texts[-1]

    return remote.Remote("f", evaluate, 5).call_remotely(list(inputs), 5), len(texts[-1])


def test_inputs_that_stay_as_they_were_are_not_sent_back():
    x = np.zeros((1000, 1000))
    outcomes, length = called(lambda x: x.sum(), (x,), (x + 1,))
    assert length < 10_000 and [outcome.value for outcome in outcomes] == [0, 1e6]
    assert np.array_equal(outcomes[1].args[0], x + 1)


def test_inputs_that_were_changed_come_back_as_they_are_now():
    def f(x, y):
        x[0] = np.nan
        return y

    (outcome,), _ = called(f, (np.arange(3.0), np.array([np.nan])))
    assert np.array_equal(outcome.args[0], [np.nan, 1, 2], equal_nan=True) and np.isnan(outcome.args[1]).all()


def test_an_answer_that_is_too_large_is_refused_in_one_sentence():
    (outcome,), _ = called(lambda: np.zeros(4_000_000), ())
    assert "too large" in outcome.error
