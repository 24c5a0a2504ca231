"""Each hypothesis must be named when its mistake is made, and none when the answer is right."""
import numpy as np
import pytest

from gan_scratch.classroom import diagnose

X = np.random.default_rng(0).standard_normal((6, 4))
SQUARE = np.random.default_rng(1).standard_normal((4, 4))
ARGS = {"x": X, "slope": 0.3}


def fault(got, want, args=ARGS, mistakes=None):
    seen = diagnose.Seen("", args, np.asarray(got), np.asarray(want))
    found = diagnose.find([seen], [(text, lambda seen, f=f: f()) for text, f in (mistakes or {}).items()], 1e-6)
    return found and found.sentence


W = np.random.default_rng(2).standard_normal((6, 4))  # what is right; not one of the inputs


@pytest.mark.parametrize("got, want, said", [
    (-W, W, "sign flipped"), (0 * W, W, "0 everywhere"), (6 * W, W, "factor 6, the batch size: sum or mean"),
    (W / 6, W, "the batch size: is it divided by that once too often"), (W / 24, W, "the number of entries of x"), (4 * W, W, "the length of axis 1 of x"),
    (-6 * W, W, "batch size and its sign is flipped"), (0.3 * W, W, "factor slope = 0.3"), (W / 0.3, W, "slope = 0.3: is it missing"),
    (W / np.log(2), W, "bits instead of nats"), (2 * W, W, "factor 2"), (1.7 * W, W, "the same factor, 1.7"),
    (W * 6 / 5, W, "unbiased variance"), (W * 5 / 6, W, "n in place of n − 1"), (W + 0.5, W, "too large by ½, in every entry"),
    (SQUARE.T, SQUARE, "ours transposed"), (-SQUARE.T, SQUARE, "transposed, with the sign flipped"), (W.T, W, "it is ours transposed"),
    (SQUARE[:, :3].T * 2, SQUARE[:, :3], "the shape of the transpose"), (W[::-1], W, "reverse order along axis 0"), (np.abs(W), W, "lost its signs"),
    (W.mean(0, keepdims=True) + 0 * W, W, "the mean over axis 0, repeated"), (W + X, W, "too large by just the input x"),
    (np.where(X > 0, W, -W), W, "wrong where x < 0, and right elsewhere (the sign is flipped there)"), (np.where(X > 0, W, 0), W, "(yours is 0 there)"),
    (np.repeat(W[:1], 6, 0), W, "right only at index 0 of axis 0"), (np.random.default_rng(3).permutation(W), W, "in another order"),
    (W * (1 + 1e-4 * np.sign(X)), W, "is close, but not right"), (np.where(np.arange(24).reshape(6, 4) == 7, np.nan, W), W, "NaN in 1 of 24"),
    (X, W, "just the input x"), (W[None, :, :].repeat(3, 0) / 3, W, "isn't summed over the batch"), (W, W.sum(0), "isn't summed over the batch"),
    (W, W.sum(1), "isn't summed over axis 1"), (W, W.sum(), "isn't summed over everything"), (W.sum(), W.sum(0), "summed over too much"),
    (W.sum(0, keepdims=True), W.sum(0), "an axis of length 1"), (W[:, 0] + W[:, :1], W[:, 0], "broadcast to a square"),
    (W.mean(0), W.sum(), "one number"), (np.where(np.isin(np.arange(24), (9, 18)).reshape(6, 4), 5.0, W), W, "the first wrong one is [2, 1], where x is"),
    (np.where(np.arange(6)[:, None] == 5, 7.0, W), W, "wrong only at the last index of axis 0")])
def test_hypotheses(got, want, said):
    assert said in fault(got, want), fault(got, want)


def test_right_answers_have_no_fault(rng):
    for want in (W, W.sum(), W[:, 0], np.float32(W), np.array([np.inf, 1.0])):
        assert fault(want * (1 + 1e-8), want) is None


def test_a_predicted_mistake_comes_before_the_general_ones():
    assert fault(2 * W, W, mistakes={"is doubled": lambda: 2 * W}) == "is doubled"
    assert "factor 2" in fault(2 * W, W, mistakes={"is tripled": lambda: 3 * W})


def test_a_prediction_that_is_right_as_well_explains_nothing():
    want = np.zeros(3)
    assert "flipped by me" not in fault(np.ones(3), want, mistakes={"flipped by me": lambda: -want})


def test_overflow_names_the_place():
    x = np.float64([-900, 1, 900])
    assert "x = 900" in fault(np.float64([0, 1, np.inf]), np.float64([0, 1, 900]), {"x": x})


def test_nothing_shows_the_right_numbers():
    want = np.float64([0.123456789, 7.654321, -3.1415])
    for got in (want + [0, 1, 0], want * [1, 2, 3], np.float64([1.0, 2.0, 3.0])):
        assert not any(digits in fault(got, want) for digits in ("0.1234", "7.654", "3.141"))


@pytest.mark.parametrize("got, said", [(None, "return"), ("text", "str"), ((1, 2), "tuple of length 2"), (True, "bool")])
def test_other_types(got, said):
    assert said in diagnose.type_fault(got, W)


def test_a_cause_explains_nine_tenths_of_the_error():
    """At a coarse tolerance a prediction may be near an answer that went wrong in another way."""
    causes = [("is 2 % too large", lambda seen: 1.02 * seen.want)]
    for factor, named in ((1.02, True), (1.0195, True), (1.012, False), (1.028, False)):
        found = diagnose.find([diagnose.Seen("", ARGS, factor * W, W)], causes, 1e-2)
        assert (found.sentence == "is 2 % too large") == named, factor
