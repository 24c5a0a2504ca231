"""Calls that are watched, and what a check makes of them. (Each exercise's own checks: tests/course/test_exercises.py.)"""
import functools
import re
import sys
import threading
import time
import warnings

import numpy as np
import pytest

from gan_scratch.classroom import call, remote, updates
from gan_scratch.classroom.check import Checks
from gan_scratch.layers import Dense
from gan_scratch.optim import SGD, Adam


def double(x, scale):
    return 2 * x * scale


@pytest.fixture
def check():
    checks = Checks()
    checks.add(double, "y", {"": lambda rng: (rng.standard_normal((3, 2)).astype(np.float32), 3.0), "large x": lambda rng: (np.float32([1e6]), 1.0)},
               "y = 2 x s (lecture 00, eq. 1)")
    return checks


def named(f, name="double"):
    f.__name__ = name
    return f


def printed(check, f, capsys):
    verdict = check(named(f))
    return verdict, capsys.readouterr().out


def test_a_right_answer(check, capsys):
    verdict, text = printed(check, lambda x, scale: x * scale + x * scale, capsys)
    assert verdict and verdict.points(2) == 2.0 and repr(verdict.points(2)) == "2.0" and "✓ double" in text


def test_a_wrong_one_scores_nothing_and_names_equation_and_lecture(check, capsys):
    verdict, text = printed(check, lambda x, scale: 3 * x * scale, capsys)
    assert not verdict and verdict.points(2) == 0.0 and "y = 2 x s (lecture 00, eq. 1)" in text


def test_nbgraders_validate_button_gets_the_diagnosis(check, capsys, monkeypatch):
    monkeypatch.setenv("NBGRADER_VALIDATING", "1")  # it shows what a test cell writes to stderr
    check(named(lambda x, scale: -2 * x * scale)).points(2)
    assert capsys.readouterr().err == "✗ double: y has its sign flipped on every entry\n"


def test_prints_warnings_and_stderr_are_shown_and_cost_nothing(check, capsys):
    def loud(x, scale):
        print("hello")
        print("oops", file=sys.stderr)
        warnings.warn("careful")
        np.log(np.float32(0) * x)
        return 2 * x * scale

    verdict, text = printed(check, loud, capsys)
    assert verdict and "It printed: hello" in text and "oops" in text and "careful" in text
    assert re.search(r"divide by zero.*line \d+: `np.log", text)


def test_an_exception_shows_the_students_line_and_no_line_of_ours(check, capsys):
    def broken(x, scale):
        return x @ np.ones((7, 7), np.float32)

    verdict, text = printed(check, broken, capsys)
    assert not verdict and "ValueError" in text and "in broken, line" in text and "`return x @ np.ones" in text and "x (3, 2)" in text
    assert "check.py" not in text and "Traceback" not in text


@pytest.mark.parametrize("stop", [lambda: sys.exit(3), lambda: exec("raise GeneratorExit")])
def test_an_exit_is_caught(check, capsys, stop):
    verdict, text = printed(check, lambda x, scale: stop(), capsys)
    assert not verdict and ("SystemExit" in text or "GeneratorExit" in text)


def test_an_endless_loop_is_stopped_even_if_it_catches_exceptions():
    def endless(x):
        while True:
            try:
                time.sleep(0.01)
            except Exception:
                pass

    outcome, = call.call_all(endless, [(1,), (2,)], seconds=0.3)
    assert "stopped after" in outcome.error and "endless, line" in outcome.where


def test_without_a_main_thread_there_is_no_limit_but_an_answer():
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.extend(call.call_all(lambda x: x + 1, [(1,)])))
    thread.start()
    thread.join()
    assert outcomes[0].value == 2


@pytest.mark.parametrize("f, said", [
    (lambda x, scale: np.multiply(x, 2 * scale, out=x), "changes its input x and returns that very array"),
    (lambda x, scale: (x.fill(0), 2 * x * scale)[1], "changes its input x"),
    (lambda x, scale: 2 * x.astype(np.float64) * scale, "float64 though the inputs are float32"),
    (lambda x, scale: None, "return"), (lambda x, scale: [1, 2], "list of length 2"), (lambda x, scale: object(), "an object of type object"),
    (lambda x, scale: np.array(["a"]), "an array of <U1"), (lambda x, scale: 2j * x * scale, "complex"),
    (lambda x, scale: 2 * x * scale + np.random.default_rng().standard_normal(x.shape), "draw random numbers"),
    (lambda x: x, "TypeError"), (lambda x, scale: np.where(np.abs(x) < 1e5, 2 * x * scale, 0), "0 everywhere (for large x; right for ordinary inputs)")])
def test_faults(check, capsys, f, said):
    verdict, text = printed(check, f, capsys)
    assert not verdict and said in " ".join(text.split()), text


def test_memory_between_calls_is_noticed(check, capsys):
    calls = []

    def remembers(x, scale):
        calls.append(1)
        return 2 * x * scale if len(calls) == 1 else x

    verdict, text = printed(check, remembers, capsys)
    assert not verdict and "from call to call" in text


@pytest.mark.parametrize("wrong, said", [(3, "expects a function, got int"), (np.sum, "no check for 'sum'")])
def test_a_misuse_gets_one_sentence(check, wrong, said):
    with pytest.raises((TypeError, ValueError), match=said):
        check(wrong)


def test_patching_numpy_testing_changes_nothing(check, monkeypatch):
    monkeypatch.setattr(np.testing, "assert_allclose", lambda *a, **k: None)
    assert not check(named(lambda x, scale: x))


def test_outcomes_survive_the_pipe(rng):
    net = Dense(2, 3, rng=rng)

    def f(x, net):
        print("said")
        net.W.grad[...] = 1
        return (x * 2, {"a": np.int64(3), "b": [True, None, "text", 2.5]}, object())

    outcome = call.call_here(f, (np.float32([1, np.nan]), net))
    back, = remote.unpack(remote.pack([outcome]))
    assert np.array_equal(back.value[0], np.float32([2, np.nan]), equal_nan=True) and back.value[0].dtype == np.float32
    assert back.value[1] == {"a": 3, "b": [True, None, "text", 2.5]} and back.value[2] == call.Other("an object of type object")
    assert (back.args[1]["W.grad"] == 1).all() and not net.W.grad.any() and back.printed == "said"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"outcomes": [{}], "arrays": "AAAA"}', "null", '{"outcomes": [{"value": 3}], "arrays": ""}'])
def test_a_forged_answer_is_refused(text):
    with pytest.raises(ValueError, match="can't be read|too large"):
        remote.unpack(text)


def test_no_pickle_comes_back():
    class Evil:
        def __reduce__(self):
            return (print, ("executed",))

    outcome = call.call_here(lambda: np.array([Evil()], object), ())
    assert remote.unpack(remote.pack([outcome]))[0].value == call.Other("an array of object")


def test_a_check_takes_a_few_seconds_however_often_it_calls(check, capsys, monkeypatch):
    monkeypatch.setattr("gan_scratch.classroom.check.SECONDS", 0.6)
    began = time.monotonic()
    verdict, text = printed(check, lambda x, scale: time.sleep(30), capsys)
    assert not verdict and "It was stopped" in text and time.monotonic() - began < 10


def test_a_forged_pickle_is_refused():
    import base64
    import io
    import json

    file = io.BytesIO()
    np.savez(file, a0=np.array([print, 1], object))
    forged = json.dumps({"outcomes": [{"value": {"array": "a0"}}], "arrays": base64.b64encode(file.getvalue()).decode()})
    with pytest.raises(ValueError, match="can't be read"):
        remote.unpack(forged)


def test_a_function_that_is_not_there_is_said():
    request = remote.ask("nowhere", [(1,)], 1.0).split("answer(")[1].split(",")[0].strip("'")
    said = lambda names: remote.unpack(remote.text_of(repr(remote.answer(request, names))))[0].error  # noqa: E731
    assert "there is no function nowhere" in said({}) and said({"nowhere": 3}) == "the name nowhere stands for a value of type int, not for a function"


@pytest.mark.parametrize("shown", ["", "'", "None", "[1]", "b'AAAA'", "'AA' + 'AA'", '"AAAA"', "'" + "A" * (2 * remote.LARGEST) + "'"])
def test_what_is_no_answer_is_refused(shown):
    with pytest.raises(ValueError):
        remote.text_of(shown)


def test_nothing_that_a_student_says_can_pass_for_a_line_of_ours():
    def lies(x):
        print("\x1b[8m\ud800 hidden")
        raise ValueError("\n✓ sigmoid: right\n  2 of 2 points\n\ud800")

    outcome, = remote.unpack(remote.pack([call.call_here(lies, (1,))]))
    assert "\n" not in outcome.error and "\x1b" not in outcome.printed and outcome.error.encode() and outcome.printed.encode()


def test_an_answer_that_hides_its_arguments_is_refused():
    answers = repr(remote.base64.b64encode(remote.pack([call.Outcome(value=1.0)]).encode()).decode())
    assert "can't be read" in remote.Remote("f", lambda expression: answers, 1).call_remotely([(np.ones(3),)], 1)[0].error


def test_an_array_with_many_axes_is_answered_at_once(check, capsys):
    verdict, text = printed(check, lambda x, scale: np.zeros((1,) * 28, np.float32), capsys)
    assert not verdict and "has shape (1, 1, 1," in text


@pytest.mark.parametrize("shape", [lambda s: (0, *s), lambda s: (1, *s), lambda s: ()])
def test_a_parameter_of_another_shape_is_not_equal_to_anything(shape):
    before, want = {"0.W": np.zeros((2, 3))}, {"0.W": np.ones((2, 3))}
    assert "no longer an array of shape (2, 3)" in updates.compare("D", {"0.W": np.ones(shape((2, 3)))}, want, before)


# --- any callable ------------------------------------------------------------------------------------------------------

class Doubler:
    def __call__(self, x, scale):
        return 2 * x * scale


def elsewhere(x, scale, factor=2):
    return factor * x * scale


@pytest.mark.parametrize("f", [lambda x, scale: 2 * x * scale, functools.partial(elsewhere, factor=np.float32(2)), Doubler(), elsewhere])
def test_any_callable_is_known_by_the_name_that_it_is_bound_to(check, f):
    double = f
    assert check(double) and check.hidden(double)


def test_the_name_in_the_call_counts_where_one_object_has_two(check):
    check.add(triple, "y", check.specs["double"].cases, "y = 3 x s")
    double = triple  # a function bound to another one's name is judged as what it stands for
    assert not check(double) and check(triple)


def triple(x, scale):
    return 3 * x * scale


# --- a cause is named only if it explains everything --------------------------------------------------------------------

def mean_of(x, y):
    return x.sum() / len(x) + y.sum() / len(y)


@pytest.fixture
def means():
    checks = Checks()
    draw = lambda rng: tuple(rng.standard_normal(n) + 3 for n in rng.permutation(np.arange(3, 9))[:2])  # noqa: E731
    checks.add(mean_of, "m", {"": draw, "one sample each": lambda rng: (rng.standard_normal(1), rng.standard_normal(1))}, "m = …", tolerance=1e-9,
               mistakes={"is the sum": lambda x, y: x.sum() + y.sum(), "lacks the second mean": lambda x, y: x.sum() / len(x)},
               terms=lambda x, y: {"the mean of x": x.mean(), "the mean of y": y.mean()}, hidden=[(np.float64([1, 2]), np.float64([5]))])
    return checks


@pytest.mark.parametrize("f, said", [
    (lambda x, y: x.sum() + y.sum(), "m is the sum"),
    (lambda x, y: x.sum() / len(x), "m lacks the second mean"),
    (lambda x, y: x.mean() - y.mean(), "m has a wrong term: the mean of y has the wrong sign"),
    (lambda x, y: x.sum() / len(y) + y.mean(), "the mean of x is divided by the size of y instead of that of x"),
    (lambda x, y: np.log2(np.e) * mean_of(x, y), "bits instead of nats"),
    (lambda x, y: mean_of(x, y) + 0.5, "is too large by ½"),
    (lambda x, y: mean_of(x, y[:-1]) if len(y) > 1 else mean_of(x, y), "the last entry of y makes no difference to it"),
    (lambda x, y: x.mean() + 1.234, "it doesn't change when y does"),
    (lambda x, y: mean_of(x, y) * (1 + 1e-7), "is close, but not right: the relative error is 1.0e-07, and 1e-09 is allowed")])
def test_causes_of_single_numbers(means, capsys, f, said):
    mean_of = f
    assert not means(mean_of)
    assert said in " ".join(capsys.readouterr().out.split())


def test_a_mistake_that_explains_only_some_calls_is_not_named(means, capsys):
    for wrong in (lambda x, y: (x.sum() + y.sum() if len(x) > 1 else 7.0), lambda x, y: x.sum() + y.sum() + 1e-6):
        mean_of = wrong  # the sum for the ordinary inputs, something else for one sample, or nearly the sum
        assert not means(mean_of)
    first, second = capsys.readouterr().out.split("✗ mean_of")[1:]
    assert "is the sum" not in second and "isn't right" in second
    assert "is the sum (for ordinary inputs)" in " ".join(first.split())  # said of the case in which it explains everything


def larger(x, y):
    return bool(x > y)


def test_true_and_false_need_every_call(capsys):
    checks = Checks()
    draw = lambda low: lambda rng: (low + float(rng.uniform(0.1, 0.9)), 0.5)  # noqa: E731
    checks.add(larger, "", {"": draw(1), "a small x": draw(-1)}, "x > y", mistakes={"it always says False": lambda x, y: False})
    far = named(lambda x, y: x > 50 or x < -0.5, "larger")  # False for ordinary inputs, as the mistake; elsewhere not
    assert not checks(far) and "always says False" not in capsys.readouterr().out


def test_hidden_inputs_count(means, capsys):
    mean_of = lambda x, y: x.mean() + (5.0 if len(y) == 1 and y[0] == 5 else y.mean()) + (x.size == 2)  # noqa: E731
    assert not means.hidden(mean_of) and "on inputs that are kept for the grader" in capsys.readouterr().out


# --- stubs, aliases, scalar arguments ------------------------------------------------------------------------------------

def test_a_call_of_an_unwritten_function_names_that_function(check, capsys):
    def helper(x):
        """Twice x."""
        raise NotImplementedError()

    def double(x, scale):
        return helper(x) * scale

    assert not check(double) and "It calls helper, which isn't written yet" in capsys.readouterr().out


def test_a_raise_below_the_code_is_named(check, capsys):
    def double(x, scale):
        y = 2 * x * scale
        raise NotImplementedError()
        return y

    assert not check(double) and "still stands in it, line" in capsys.readouterr().out


def test_a_stub_is_not_written_yet(check, capsys):
    def double(x, scale):
        """y = 2 x s"""
        # YOUR CODE HERE
        raise NotImplementedError()

    assert not check(double) and capsys.readouterr().out == "✗ double\n  Not written yet\n"


def pair(x, scale):
    up, down = x, x
    up[...] *= 2
    return down * scale


def other_pair(x, scale):
    up = down = x.copy()
    up[...] *= 2
    return (up - down) * scale


def one_name(x, scale):
    up, down = x, x.copy()
    up[...] *= 2
    return down * scale


def view(x, scale):
    up = x[:]
    up[...] *= 2
    return x * scale


@pytest.mark.parametrize("f, names, line", [
    (pair, "`x` and `up` and `down`", "`up, down = x, x`"), (other_pair, "`up` and `down`", "`up = down = x.copy()`"),
    (one_name, "`x` and `up`", "`up, down = x, x.copy()`"), (view, "`x` and `up`", "`up = x[:]`")])
def test_two_names_of_one_array_are_named(check, capsys, f, names, line):
    double = f
    assert not check(double)
    said = " ".join(capsys.readouterr().out.split())
    assert f"{names} are one array (line {line})" in said


def harmless(x, scale):
    y, kept = x, []
    for factor in (2, scale):
        y, record = y * factor, factor
        kept.append(record)
    result = np.zeros_like(y)
    result[...] = y
    return result


def test_names_that_are_given_new_arrays_are_no_aliases(check):
    double = harmless
    assert check(double) and not call.call_here(harmless, (np.ones(3), 2.0)).aliases


def test_a_name_that_is_no_function_gets_a_verdict(check, capsys):
    double = 3
    verdict = check(double) & check.hidden(double)
    assert not verdict and verdict.points(2) == 0
    assert "The name double stands for a value of type int, not for a function" in capsys.readouterr().out


def test_numbers_are_called_right_only_where_they_are(capsys):
    checks = Checks()
    checks.add(triple, "y", {"": lambda rng: (rng.standard_normal(3), 2.0)}, "y = 3 x s", shares={"y": 1, "no warning": 1})

    def loud(x, scale):
        np.exp(np.float64(1000))
        return -3 * x * scale

    assert checks(named(loud, "triple")).points(2) == 0 and "numbers are right" not in capsys.readouterr().out


def test_a_case_is_called_right_only_where_it_is(capsys):
    checks = Checks()
    checks.add(transposed, "y", {"": lambda rng: (rng.standard_normal((2, 3)), rng.standard_normal((4, 3))),
                                 "a square W": lambda rng: (rng.standard_normal((2, 3)), rng.standard_normal((3, 3)))}, "y = x Wᵀ")
    assert not checks(named(lambda x, W: x @ W, "transposed"))
    assert "ValueError" in (said := capsys.readouterr().out) and "right for" not in said


def transposed(x, W):
    return x @ W.T


def test_an_exception_shows_scalar_arguments(check, capsys):
    def double(x, scale):
        return x[7, 7, 7]

    assert not check(double) and "scale = 3.0" in " ".join(capsys.readouterr().out.split())


def test_answers_kept_by_shape_are_noticed(check, capsys):
    kept = {}

    def double(x, scale):
        return kept.setdefault(x.shape, 2 * x * scale)

    assert not check(double) and "keep results from call to call" in " ".join(capsys.readouterr().out.split())


# --- points --------------------------------------------------------------------------------------------------------------

def both(x):
    return 2 * x, 3 * x


@pytest.mark.parametrize("f, points", [(both, 5.0), (lambda x: (2 * x, x), 2.0), (lambda x: (x, 3 * x), 3.0), (lambda x: (x, x), 0.0), (lambda x: 2 * x, 0.0)])
def test_each_output_has_its_own_points(f, points):
    checks = Checks()
    checks.add(both, "a, b", {"": lambda rng: (rng.standard_normal(4),)}, "a = 2x, b = 3x", shares={"a": 2, "b": 3})
    double = f
    both_ = {"both": double}["both"]
    both_.__name__ = "both"
    assert float(checks(both_).points(5)) == points
    both_.__name__ = getattr(f, "__name__", "both")


def test_shares_that_do_not_add_up_are_refused():
    checks = Checks()
    checks.add(both, "a, b", {"": lambda rng: (rng.standard_normal(4),)}, "a = 2x, b = 3x", shares={"a": 2, "b": 3})
    with pytest.raises(ValueError, match="add up to 5 points, but its test gives 4"):
        checks(both).points(4)


def test_a_warning_costs_its_share_only():
    checks = Checks()
    checks.add(triple, "y", {"": lambda rng: (rng.standard_normal(3), 2.0)}, "y = 3 x s", shares={"y": 1, "no warning": 1})

    def loud(x, scale):
        np.exp(np.float64(1000))
        return 3 * x * scale

    loud.__name__ = "triple"
    assert checks(triple).points(2) == 2.0 and checks(loud).points(2) == 1.0


# --- updates ---------------------------------------------------------------------------------------------------------------

def backward(net, x):
    y, ctx = net.forward(x)
    net.backward(np.ones_like(y), ctx)


def test_gradients_that_are_added_twice(capsys):
    checks = Checks()
    checks.add(backward, "", {"": lambda rng: (Dense(3, 2, rng=rng), rng.standard_normal((4, 3)).astype(np.float32))}, "…", updates=("net",))
    assert not checks(named(lambda net, x: (backward(net, x), backward(net, x))[2:], "backward"))
    assert "Every gradient is added twice" in capsys.readouterr().out


def step(net, optimizer, x):
    y, ctx = net.forward(x)
    net.backward(np.ones_like(y), ctx)
    optimizer.step()


def by_hand(net, optimizer, x):
    y, ctx = net.forward(x)
    net.backward(np.ones_like(y), ctx)
    for p in net.params:
        p.value -= np.float32(optimizer.lr) * p.grad
        p.grad[...] = 0


def backwards(net, optimizer, x):
    y, ctx = net.forward(x)
    net.backward(-np.ones_like(y), ctx)
    optimizer.step()


@pytest.mark.parametrize("f, said", [
    (lambda net, optimizer, x: (step(net, optimizer, x), step(net, optimizer, x))[2:], "the step is taken twice"), (by_hand, "moved by hand"),
    (backwards, "net moves in the opposite direction"), (lambda net, optimizer, x: None, "net doesn't change"),
    (lambda net, optimizer, x: step(net, SGD(net.params, 3 * optimizer.lr), x), "net: W of its layer")])
def test_what_is_said_of_an_update(f, said, capsys):
    def draw(optimizer):
        def make(rng):
            net = Dense(3, 2, rng=rng)
            return net, optimizer(net.params, lr=0.1), rng.standard_normal((4, 3)).astype(np.float32)
        return make

    checks = Checks()
    checks.add(step, "", {"": draw(SGD), "Adam": draw(Adam)}, "one step", updates=("net",))
    assert checks(step)
    capsys.readouterr()
    wrong = f
    wrong.__name__ = "step"
    verdict = checks({"step": wrong}["step"])
    wrong.__name__ = "wrong"
    assert not verdict and said in verdict.faults[0].sentence


def logistic(x):
    return (0.5 * (1 + np.tanh(x / 2))).astype(np.float32)


def logistic_check(**options):
    checks = Checks()
    checks.add(logistic, "y", {"": lambda rng: (np.float32([-1000, 0.5]),)}, "y = 1/(1 + exp(−x))", **options)
    return checks


def told_to_be_quiet(x):
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-x))


def set_to_be_quiet(x):
    before = np.seterr(all="ignore")
    y = 1 / (1 + np.exp(-x))
    np.seterr(**before)
    return y


@pytest.mark.parametrize("f", [told_to_be_quiet, set_to_be_quiet])
@pytest.mark.parametrize("remotely", [False, True])
def test_errstate_does_not_hide_an_overflow_where_there_is_a_share_for_none(capsys, f, remotely):
    errstate, seterr = np.errstate, np.seterr
    function = named(f, "logistic")
    if remotely:
        function = remote.Remote("logistic", lambda expression: repr(eval(expression, {"logistic": f})), 5)
    verdict = logistic_check(shares={"y": 1, "no warning": 1})(function)
    assert verdict.points(2) == 1 and "on the way something overflows: overflow encountered in exp" in " ".join(capsys.readouterr().out.split())
    assert (np.errstate, np.seterr) == (errstate, seterr)


@pytest.mark.parametrize("f", [told_to_be_quiet, set_to_be_quiet])
def test_errstate_works_where_there_is_no_such_share(capsys, f):
    assert logistic_check()(named(f, "logistic")) and "warned" not in capsys.readouterr().out


def test_errstate_of_a_library_works_though_the_students_does_not(monkeypatch, capsys):
    monkeypatch.setattr(call, "LIBRARIES", (*call.LIBRARIES, __file__))  # as if these functions were a library's
    assert logistic_check(shares={"y": 1, "no warning": 1})(named(told_to_be_quiet, "logistic")).points(2) == 2


def test_numbers_may_come_in_one_array(capsys):
    check = Checks()

    def both(a, b):
        return a + b, a * b

    check.add(both, "sum, product", {"": lambda rng: (float(rng.normal()), float(rng.normal()))}, "sum and product")
    assert check(named(lambda a, b: np.array([a + b, a * b]), "both")).points(2) == 2
    assert check(named(lambda a, b: np.array([a * b, a + b]), "both")).points(2) == 0
    assert check(named(lambda a, b: np.array([a + b, a * b, 0]), "both")).points(2) == 0


@pytest.mark.parametrize("answer", [lambda x: (x + 1, 0.0), lambda x: [x, [x]], lambda x: {"y": x}, lambda x: None, lambda x: "y"])
def test_an_answer_of_any_form_is_compared_with_a_planted_bug(answer, capsys):
    check = Checks()

    def more(x):
        return x + 1

    check.add(more, "y", {"": lambda rng: (rng.standard_normal(3),)}, "one more", planted=lambda x: x + 2)
    assert check(named(answer, "more")).points(2) == 0
    assert check(named(lambda x: x + 2, "more")).points(2) == 0
    assert "what the code that you were given does" in capsys.readouterr().out.replace("\n    ", " ")
    assert check(named(lambda x: x + 1, "more")).points(2) == 2
