"""References, inputs and typical mistakes for exercise e02, backprop by hand."""
from __future__ import annotations

import numpy as np

from gan_scratch.classroom.check import Checks
from gan_scratch.layers import Dense, LeakyReLU, Sequential, Tanh
from gan_scratch.layers import activation
from gan_scratch.losses import bce_with_logits as library_bce

check = Checks()


def normal(rng, *shape):
    return rng.standard_normal(shape).astype(np.float32)


def sizes(rng, n=0):
    """Three sizes that can't be mistaken for one another, and are others in each draw."""
    n_any, n_in, n_out = map(int, rng.permutation(np.arange(2, 9))[:3])
    return n or n_any, n_in, n_out


# --- Dense -----------------------------------------------------------------------------------------------------------

def dense_forward(x, W, b):
    return x @ W + b


def dense_inputs(rng, n=0, square=False):
    n, n_in, n_out = sizes(rng, n)
    n_out = n_in if square else n_out
    return normal(rng, n, n_in), normal(rng, n_in, n_out), normal(rng, n_out)


check.add(dense_forward, "y", {"": dense_inputs, "a square W": lambda rng: dense_inputs(rng, square=True), "one sample": lambda rng: dense_inputs(rng, 1)},
          "y = x W + b (lecture 02, eq. 3)", tolerance=1e-5,
          hidden=[(np.float32([[1, 2]]), np.float32([[1, 0, 3], [0, 5, 0]]), np.float32([10, 20, 30]))], mistakes={
              "lacks the bias b": lambda x, W, b: x @ W,
              "has b subtracted instead of added": lambda x, W, b: x @ W - b,
              "is what W transposed gives: x Wᵀ + b": lambda x, W, b: x @ W.T + b,
              "is x W + b transposed: one sample is a row": lambda x, W, b: (x @ W + b).T,
              "has b added for every input feature: b belongs outside the sum": lambda x, W, b: x @ W + W.shape[0] * b,
              "is x (W + b): add b after the product": lambda x, W, b: x @ (W + b),
              "has b added N times": lambda x, W, b: x @ W + len(x) * b,
              "is divided by N: there is no mean over the batch in y": lambda x, W, b: x @ W / len(x) + b,
              "has the same bias b[0] added to every output": lambda x, W, b: x @ W + b[0],
              "lacks the last input feature: does a loop end too early?": lambda x, W, b: x[:, :-1] @ W[:-1] + b,
              "holds the last input feature only: = in place of +=?": lambda x, W, b: np.outer(x[:, -1], W[-1]) + b,
              "is averaged over the input features; the sum over them has no factor": lambda x, W, b: x @ W / W.shape[0] + b,
              "is the same for all samples: only the first row of x was used": lambda x, W, b: np.repeat(x[:1] @ W + b, len(x), 0)})


def dense_backward(dy, x, W):
    return dy @ W.T, x.T @ dy, dy.sum(0)


def dense_backward_inputs(rng, n=0, square=False):
    n, n_in, n_out = sizes(rng, n)
    n_out = n_in if square else n_out
    return normal(rng, n, n_out), normal(rng, n, n_in), normal(rng, n_in, n_out)


check.add(dense_backward, "dx, dW, db", {"": dense_backward_inputs, "a square W": lambda rng: dense_backward_inputs(rng, square=True),
                                         "one sample": lambda rng: dense_backward_inputs(rng, 1)},
          "dx = dy Wᵀ, dW = xᵀ dy, db = Σₙ dyₙ (lecture 02, eq. 5–7)", tolerance=1e-5, shares={"dx": 2, "dW": 2, "db": 1},
          hidden=[lambda rng: (normal(rng, 7, 7), normal(rng, 7, 7), normal(rng, 7, 7))], mistakes={
              "is what reshaping gives where a transpose is needed: reshape keeps the order in memory, .T exchanges the axes":
                  lambda dy, x, W: (dy @ W.reshape(W.shape[::-1]), x.reshape(x.shape[::-1]) @ dy, None),
              "lacks x: dW is made of x and dy": lambda dy, x, W: (None, np.tile(dy.sum(0), (W.shape[0], 1)), None),
              "lacks dy: dx is made of dy and W": lambda dy, x, W: (np.tile(W.sum(1), (len(dy), 1)), None, None),
              "is what W without the transpose gives: dy W": lambda dy, x, W: (dy @ W, None, None),
              "is dyᵀ x, our xᵀ dy transposed": lambda dy, x, W: (None, dy.T @ x, None),
              "is averaged over the batch; the loss already holds the mean, so here the samples are summed":
                  lambda dy, x, W: (dy @ W.T / len(x), x.T @ dy / len(x), dy.mean(0)),
              "isn't summed over the batch": lambda dy, x, W: (None, None, dy),
              "is summed over the features (axis 1), not over the batch (axis 0)": lambda dy, x, W: (None, None, dy.sum(1)),
              "is summed over the whole array; each output has its own bias": lambda dy, x, W: (None, None, dy.sum()),
              "uses the last sample only: = in place of +=?": lambda dy, x, W: (None, np.outer(x[-1], dy[-1]), dy[-1]),
              "lacks the last sample: does a loop end too early?": lambda dy, x, W: (None, x[:-1].T @ dy[:-1], dy[:-1].sum(0)),
              "uses the first sample only": lambda dy, x, W: (None, np.outer(x[0], dy[0]), dy[0]),
              "is 1: db still has to be multiplied with dy": lambda dy, x, W: (None, None, np.ones(dy.shape[1])),
              "is N: db still has to be multiplied with dy": lambda dy, x, W: (None, None, np.full(dy.shape[1], len(dy)))})


# --- activations -----------------------------------------------------------------------------------------------------

def around_zero(rng, *shape):
    """Both signs, away from 0; the last entry is negative."""
    x = normal(rng, *shape)
    x += np.sign(x) * np.float32(0.1)
    x.ravel()[:4] = 1.5, -1.5, 0.12, 0.03
    x.ravel()[-1] = -0.7
    return x


def plane(rng):
    """A shape of two axes."""
    return int(rng.integers(3, 7)), int(rng.integers(2, 6))


def slope(rng):
    return float(rng.choice([0.1, 0.15, 0.25, 0.3]))


def leaky_relu(x, slope):
    return np.maximum(x, 0) + np.float32(slope) * np.minimum(x, 0)


check.add(leaky_relu, "y", {"": lambda rng: (around_zero(rng, *plane(rng)), slope(rng)), "slope 0": lambda rng: (around_zero(rng, *plane(rng)), 0.0),
                            "large |x|": lambda rng: (around_zero(rng, *plane(rng)) * np.float32(90), slope(rng)),
                            "inputs with more axes": lambda rng: (around_zero(rng, 2, 3, 4), slope(rng))},
          "y = x where x > 0, slope·x elsewhere (lecture 02, eq. 9)", tolerance=1e-6,
          hidden=[(np.float32([-3, -0.5, 0, 0.5, 3]), 0.01)], mistakes={
              "has slope·x added where x > 0, too; there it is x alone": lambda x, s: np.maximum(x, 0) + s * x,
              "is x/slope where x < 0; there it is slope·x": lambda x, s: np.where(x > 0, x, x / s),
              "has 1 − slope in place of slope": lambda x, s: np.where(x > 0, x, (1 - s) * x),
              "is slope·(e^x − 1) where x < 0: that is ELU; there it is slope·x": lambda x, s: np.where(x > 0, x, s * (np.exp(np.minimum(x, 0)) - 1)),
              "is 0 where x < 0: that is ReLU; the slope is missing": lambda x, s: np.maximum(x, 0),
              "is the slope itself where x < 0, not slope·x": lambda x, s: np.where(x > 0, x, s),
              "is −slope·x where x < 0: a sign": lambda x, s: np.where(x > 0, x, -s * x),
              "is slope·x where x > 0, and x elsewhere: the wrong way round (min in place of max?)": lambda x, s: np.where(x > 0, s * x, x),
              "is slope·x everywhere": lambda x, s: s * x,
              "is max(x, slope): slope·x is meant": lambda x, s: np.maximum(x, s),
              "is max(0, slope·x)": lambda x, s: np.maximum(0, s * x),
              "is the derivative φ′": lambda x, s: np.where(x > 0, 1, s),
              "is x − slope where x < 0; there it is slope·x": lambda x, s: np.where(x > 0, x, x - s),
              "is x + slope where x < 0; there it is slope·x": lambda x, s: np.where(x > 0, x, x + s),
              "doesn't use the slope that it is given": lambda x, s: np.where(x > 0, x, 0.2 * x),
              "doesn't use the slope that it is given (0.01?)": lambda x, s: np.where(x > 0, x, 0.01 * x),
              "is |x| where it should be slope·x": lambda x, s: np.abs(x)})


def leaky_relu_backward(dy, x, slope):
    return np.where(x > 0, dy, np.float32(slope) * dy)


def dy_and_x(rng, *shape):
    shape = shape or plane(rng)
    return normal(rng, *shape), around_zero(rng, *shape)


check.add(leaky_relu_backward, "dx", {"": lambda rng: (*dy_and_x(rng), slope(rng)), "slope 0": lambda rng: (*dy_and_x(rng), 0.0),
                                      "inputs with more axes": lambda rng: (*dy_and_x(rng, 2, 3, 4), slope(rng))},
          "dx = dy where x > 0, slope·dy elsewhere (lecture 02, eq. 10)", tolerance=1e-6,
          hidden=[(np.float32([1, -2, 3, -4]), np.float32([-1, -1, 1, 1]), 0.5)], mistakes={
              "doesn't use the slope that it is given": lambda dy, x, s: np.where(x > 0, dy, 0.2 * dy),
              "doesn't use the slope that it is given (0.01?)": lambda dy, x, s: np.where(x > 0, dy, 0.01 * dy),
              "is x·dy where x > 0; there φ′ is 1": lambda dy, x, s: np.where(x > 0, x * dy, s * dy),
              "has 1 − slope in place of slope": lambda dy, x, s: np.where(x > 0, dy, (1 - s) * dy),
              "is φ′(x) alone: multiply it with dy": lambda dy, x, s: np.where(x > 0, 1, s),
              "is LeakyReLU of dy: what counts is the sign of x, not that of dy": lambda dy, x, s: np.where(dy > 0, dy, s * dy),
              "doesn't use dy at all: it is φ(x), the forward pass": lambda dy, x, s: np.where(x > 0, x, s * x),
              "is φ(x)·dy: the derivative φ′ is needed, not φ": lambda dy, x, s: np.where(x > 0, x, s * x) * dy,
              "is 0 where x < 0: that is ReLU; there it is slope·dy": lambda dy, x, s: np.where(x > 0, dy, 0),
              "is slope where x < 0; there it is slope·dy": lambda dy, x, s: np.where(x > 0, dy, s),
              "is slope·x where x < 0; there it is slope·dy": lambda dy, x, s: np.where(x > 0, dy, s * x),
              "is −slope·dy where x < 0: a sign": lambda dy, x, s: np.where(x > 0, dy, -s * dy),
              "is dy everywhere: the slope is missing": lambda dy, x, s: dy,
              "is the wrong way round: slope·dy where x > 0, dy elsewhere": lambda dy, x, s: np.where(x > 0, s * dy, dy)})


def sigmoid(x):
    return activation.sigmoid(x)


FAR = np.float32([-1000, -100, -30, 0, 30, 100, 1000])


def wide(rng):
    return (np.sort(rng.uniform(-12, 12, int(rng.integers(30, 40)))).astype(np.float32),)


def far(rng):
    return (rng.permutation(FAR),)


check.add(sigmoid, "y", {"": lambda rng: (normal(rng, *plane(rng)) * 3,), "x from −12 to 12": wide, "large |x|": far},
          "σ(x) = 1/(1 + e^(−x)); which form of it is harmless for which x? (lecture 02)", tolerance=2e-6, shares={"y": 1, "no warning": 1},
          hidden=[(np.float32([-88, -50, -1, 0, 1, 50, 88]),)], mistakes={
              "is σ(|x|); the two forms are for x ≥ 0 and for x < 0": lambda x: 1 / (1 + np.exp(-np.abs(x))),
              "lacks the denominator where x < 0: e^x/(1 + e^x)": lambda x: np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x))),
              **{f"is right near 0 only; was x clipped to ±{c}?": (lambda x, c=c: 1 / (1 + np.exp(-np.clip(x, -c, c)))) for c in (5, 6, 8, 10)},
              "is right but where x is exactly 0": lambda x: np.where(x == 0, 0, 1 / (1 + np.exp(-x))),
              "is σ(−x) = 1 − σ(x): a sign in the exponent, or the two cases exchanged": lambda x: 1 - 1 / (1 + np.exp(-x)),
              "is tanh(x)": np.tanh,
              "is (1 + tanh x)/2, which is σ(2x)": lambda x: (1 + np.tanh(x)) / 2,
              "is log σ(x)": lambda x: -np.logaddexp(0, -x),
              "is a softmax over the entries; σ looks at one entry alone": lambda x: np.exp(x - x.max()) / np.exp(x - x.max()).sum(),
              "is a step, 0 or 1": lambda x: (x > 0) * 1.0,
              "is the derivative σ(1 − σ)": lambda x: 1 / (1 + np.exp(-x)) * (1 - 1 / (1 + np.exp(-x))),
              "is 1/(1 − e^(−x)): a sign in the denominator": lambda x: 1 / (1 - np.exp(-x)),
              "is 1/e^(−x): the 1 + in the denominator is missing": lambda x: np.exp(x),
              "is 1 + e^(−x): its inverse is needed": lambda x: 1 + np.exp(-x),
              "is right near 0 only; was x clipped?": lambda x: 1 / (1 + np.exp(-np.clip(x, -1, 1)))})


def softplus(x):
    return activation.softplus(x)


check.add(softplus, "y", {"": lambda rng: (normal(rng, *plane(rng)) * 3,), "x from −12 to 12": wide, "large |x|": far},
          "log(1 + e^x) = max(x, 0) + log(1 + e^(−|x|)) (lecture 02, eq. 14)", tolerance=2e-6, shares={"y": 1, "no warning": 1},
          hidden=[(np.float32([-500, -89, -1, 0, 1, 89, 500]),)], mistakes={
              "is log(1 + e^(−x)): the sign of x": lambda x: np.log1p(np.exp(-x)),
              "has x in place of max(x, 0)": lambda x: x + np.log1p(np.exp(-np.abs(x))),
              "has the largest entry of x in place of max(x, 0): np.max looks at the whole array, np.maximum at each entry": lambda x: np.max(x) + np.log1p(np.exp(-np.abs(x))),
              "has log(2 + e^(−|x|)): log1p(u) adds the 1 itself": lambda x: np.maximum(x, 0) + np.log1p(1 + np.exp(-np.abs(x))),
              "is max(x, 0) alone: log(1 + e^(−|x|)) is missing": lambda x: np.maximum(x, 0),
              "is log(1 + e^(−|x|)) alone: max(x, 0) is missing": lambda x: np.log1p(np.exp(-np.abs(x))),
              "is its derivative, σ(x)": lambda x: 1 / (1 + np.exp(-x)),
              "is in bits: log2 in place of the natural logarithm": lambda x: np.log2(1 + np.exp(x)),
              "is log10 in place of the natural logarithm": lambda x: np.log10(1 + np.exp(x)),
              "is −log(1 + e^x): a sign": lambda x: -np.log1p(np.exp(x)),
              "is max(x, 0) + log(1 + e^(|x|)): the sign in the exponent": lambda x: np.maximum(x, 0) + np.log1p(np.exp(np.abs(x))),
              "has log2 in its second part": lambda x: np.maximum(x, 0) + np.log2(1 + np.exp(-np.abs(x))),
              "has its second part subtracted: max(x, 0) + log(1 + e^(−|x|))": lambda x: np.maximum(x, 0) - np.log1p(np.exp(-np.abs(x))),
              "is max(x, 0) + e^(−|x|): log(1 + …) is missing": lambda x: np.maximum(x, 0) + np.exp(-np.abs(x)),
              "has log(e^(−|x|)) in place of log(1 + e^(−|x|))": lambda x: np.maximum(x, 0) - np.abs(x),
              "has min(x, 0) in place of max(x, 0)": lambda x: np.minimum(x, 0) + np.log1p(np.exp(-np.abs(x))),
              "is cut off: was x clipped from above?": lambda x: np.logaddexp(0, np.minimum(x, 20)),
              "is |x| + log(1 + e^(−|x|)), and so is max(x, 0) + log(1 + e^(−x)): max(x, 0) belongs to e^(−|x|)": lambda x: np.abs(x) + np.log1p(np.exp(-np.abs(x)))})


def tanh_backward(dy, y):
    return dy * (1 - y * y)


def dy_and_y(rng, spread=1):
    shape = plane(rng)
    return normal(rng, *shape), np.tanh(spread * normal(rng, *shape))


check.add(tanh_backward, "dx", {"": dy_and_y, "y near −1 and 1": lambda rng: (lambda dy, y: (dy, np.sign(y) * np.float32(0.99) + y / 128))(*dy_and_y(rng))},
          "dx = (1 − y²)·dy with y = tanh x (lecture 02, eq. 13)", tolerance=1e-5,
          hidden=[(np.float32([2, 2, 2]), np.float32([-1, 0, 0.5]))], mistakes={
              "lacks the 1 − tanh²: it is dy·tanh(y)": lambda dy, y: dy * np.tanh(y),
              "is −2y(1 − y²)·dy: the second derivative": lambda dy, y: -2 * y * (1 - y * y) * dy,
              "uses tanh(y): y is tanh(x) already": lambda dy, y: dy * (1 - np.tanh(y)**2),
              "is dy·y(1 − y), the derivative of the sigmoid": lambda dy, y: dy * y * (1 - y),
              "is φ′ alone: multiply it with dy": lambda dy, y: 1 - y * y,
              "is dy·(1 − y): the square is missing": lambda dy, y: dy * (1 - y),
              "is dy − y²: dy belongs before a bracket, dy·(1 − y²)": lambda dy, y: dy - y * y,
              "is dy·(1 − 2y): the derivative of y² isn't needed": lambda dy, y: dy * (1 - 2 * y),
              "is dy·√(1 − y²): no root": lambda dy, y: dy * np.sqrt(1 - y * y),
              "is dy/(1 − y²): multiply": lambda dy, y: dy / (1 - y * y),
              "is dy·(1 − y)²: the square belongs to y alone": lambda dy, y: dy * (1 - y)**2,
              "is dy·(1 + y²): a sign": lambda dy, y: dy * (1 + y * y),
              "is dy·(y² − 1): the sign is flipped": lambda dy, y: dy * (y * y - 1),
              "is 1 − dy·y²: dy belongs outside the bracket": lambda dy, y: 1 - dy * y * y,
              "is dy·y²: the 1 − is missing": lambda dy, y: dy * y * y,
              "is dy·y: φ itself in place of φ′": lambda dy, y: dy * y})


# --- the loss --------------------------------------------------------------------------------------------------------

def bce_with_logits(logits, targets):
    loss, dlogits = library_bce(logits, targets)
    return loss, dlogits


def binary(rng, *shape):
    t = rng.integers(0, 2, shape).astype(np.float32)
    t.ravel()[:2] = 0, 1
    return t


def logits_and_targets(rng, shape):
    return normal(rng, *shape) * 2, binary(rng, *shape)


def _sum_bce(l, t):
    return t * activation.softplus(-l) + (1 - t) * activation.softplus(l)


def _sigma(l):
    return activation.sigmoid(l)


check.add(bce_with_logits, "loss, dlogits", {
    "": lambda rng: logits_and_targets(rng, (int(rng.integers(4, 9)), 1)),
    "several logits per sample": lambda rng: logits_and_targets(rng, plane(rng)),
    "soft targets": lambda rng: (lambda l, t: (l, (0.1 + 0.8 * rng.random(t.shape)).astype(np.float32)))(*logits_and_targets(rng, (int(rng.integers(4, 9)), 1))),
    "large |logits|": lambda rng: (lambda k: (np.float32([[-200], [-100], [100], [200]])[k], np.float32([[1], [0], [1], [0]])[k]))(rng.permutation(4))},
    "loss = mean of t·softplus(−l) + (1 − t)·softplus(l), dl = (σ(l) − t)/(number of logits) (lecture 02, eq. 15, 16)", terms=lambda l, t: {"the mean of t·softplus(−l)": (t * activation.softplus(-l)).mean(), "the mean of (1 − t)·softplus(l)": ((1 - t) * activation.softplus(l)).mean()}, shares={"loss": 3, "dlogits": 2},
    hidden=[(np.float32([[-8, 110], [0, -110]]), np.float32([[1, 0], [0.5, 1]]))], mistakes={
        "is summed, not averaged: the factor 1/M is missing, M being the number of entries": lambda l, t: (_sum_bce(l, t).sum(), (_sigma(l) - t)),
        "is divided by N = len(logits); (16) divides by M = logits.size, which is N·K": lambda l, t: (_sum_bce(l, t).sum() / len(l), (_sigma(l) - t) / len(l)),
        **{f"has {eps:g} added inside the logarithms; write it with softplus":
           (lambda l, t, eps=eps: (-(t * np.log(_sigma(l) + eps) + (1 - t) * np.log(1 - _sigma(l) + eps)).mean(), None)) for eps in (1e-12, 1e-10, 1e-8, 1e-7)},
        "isn't averaged: one number per logit": lambda l, t: (_sum_bce(l, t), None),
        "has its sign flipped": lambda l, t: (-_sum_bce(l, t).mean(), (t - _sigma(l)) / l.size),
        "is t − σ(l), summed: sign and mean": lambda l, t: (None, t - _sigma(l)),
        "has t and 1 − t exchanged": lambda l, t: (_sum_bce(l, 1 - t).mean(), (_sigma(l) - (1 - t)) / l.size),
        "lacks the term of the targets 0, (1 − t)·softplus(l)": lambda l, t: ((t * activation.softplus(-l)).mean(), None),
        "lacks the term of the targets 1, t·softplus(−l)": lambda l, t: (((1 - t) * activation.softplus(l)).mean(), None),
        "is l − t: the sigmoid is missing": lambda l, t: (None, (l - t) / l.size),
        "is σ(l)/size: − t is missing": lambda l, t: (None, _sigma(l) / l.size),
        "is multiplied with σ(1 − σ) once too often: with logits that factor cancels":
            lambda l, t: (None, (_sigma(l) - t) * _sigma(l) * (1 - _sigma(l)) / l.size),
        "applies the sigmoid twice: the logits go in as they are": lambda l, t: (_sum_bce(_sigma(l), t).mean(), (_sigma(_sigma(l)) - t) / l.size),
        "is in bits: log2 in place of the natural logarithm": lambda l, t: (_sum_bce(l, t).mean() / np.log(2), None),
        "is the cross-entropy of rounded targets; they may lie between 0 and 1": lambda l, t: (_sum_bce(l, (t > 0.5) * 1.0).mean(), (_sigma(l) - (t > 0.5)) / l.size),
        "has + l·t in place of − l·t": lambda l, t: ((activation.softplus(l) + l * t).mean(), (_sigma(l) + t) / l.size),
        "lacks log(1 + e^(−|l|)): softplus isn't max(l, 0)": lambda l, t: ((np.maximum(l, 0) - l * t).mean(), None),
        "is multiplied with the logits": lambda l, t: (None, (_sigma(l) - t) * l / l.size),
        "lacks brackets: (σ(l) − t)/M, not σ(l) − t/M": lambda l, t: (None, _sigma(l) - t / l.size),
        "is a squared error (σ(l) − t)²; the cross-entropy is meant": lambda l, t: (((_sigma(l) - t)**2).mean(), None),
        "is that of a softmax over the logits; each logit here is a question of its own": lambda l, t: (None, (np.exp(l) / np.exp(l).sum(1, keepdims=True) - t) / l.size),
        "is the gradient with respect to the probability; with respect to the logit it is much simpler":
            lambda l, t: (None, (_sigma(l) - t) / (_sigma(l) * (1 - _sigma(l))) / l.size)})


# --- checking a gradient ---------------------------------------------------------------------------------------------

def cubic(a):
    """Σ a³/3 + Σ i·a: its derivative is a² + i, and one-sided differences are off by h·a."""
    return float((a**3).sum() / 3 + (np.arange(a.size).reshape(a.shape) * a).sum())


def waves(a):
    return float(np.sin(a).sum() * np.cos(a.ravel()[0]))


def _by_entry(f, x, move, slope):
    """slope(f(up), f(down)) for each entry, with that entry v of x moved to `up, down = move(v)`."""
    d = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index], down[index] = move(x[index])
        d[index] = slope(f(up), f(down))
    return d


def central_difference(f, x, h):
    return _by_entry(f, x, lambda v: (v + h, v - h), lambda up, down: (up - down) / (2 * h))


def _difference(scale, up=1, down=1):
    return lambda f, x, h: _by_entry(f, x, lambda v: (v + up * h, v - down * h), lambda a, b: (a - b) / (scale * h))


def _without_brackets(f, x, h):
    return _by_entry(f, x, lambda v: (v + h, v - h), lambda up, down: up - down / (2 * h))


def _relative(f, x, h):
    return _by_entry(f, x, lambda v: (v * (1 + h), v * (1 - h)), lambda up, down: (up - down) / (2 * h))


def _rows_at_once(f, x, h):
    d = np.zeros_like(x)
    for i in range(len(x)):
        up, down = x.copy(), x.copy()
        up[i] += h
        down[i] -= h
        d[i] = (f(up) - f(down)) / (2 * h)
    return d


def _not_undone(f, x, h):
    d, up, down = np.zeros_like(x), x.copy(), x.copy()
    for index in np.ndindex(x.shape):
        up[index] += h
        down[index] -= h
        d[index] = (f(up) - f(down)) / (2 * h)
    return d


def _all_at_once(f, x, h):
    return np.full_like(x, (f(x + h) - f(x - h)) / (2 * h))


def step_size(rng, size):
    return float(size * rng.uniform(1, 2))


check.add(central_difference, "d", {"": lambda rng: (cubic, rng.standard_normal(plane(rng)), step_size(rng, 1e-2)),
                                    "another function": lambda rng: (waves, rng.standard_normal(int(rng.integers(3, 7))), step_size(rng, 1e-3)),
                                    "an x with three axes": lambda rng: (cubic, rng.standard_normal((2, 3, 2)), step_size(rng, 1e-2)),
                                    "an x that is the transpose of another array": lambda rng: (cubic, rng.standard_normal(plane(rng)).T, step_size(rng, 1e-2))},
          "∂f/∂xᵢ ≈ (f(x + h eᵢ) − f(x − h eᵢ))/2h (lecture 02, eq. 17)", tolerance=1e-8,
          hidden=[(np.linalg.norm, np.float64([[3, 4], [0, 12]]), 1e-4)], mistakes={
              "puts h itself in place of the entry: x[i] + h is meant": lambda f, x, h: _by_entry(f, x, lambda v: (h, -h), lambda up, down: (up - down) / (2 * h)),
              "has the same number everywhere, that of the last entry: d = … in place of d[index] = …": lambda f, x, h: np.full_like(x, _difference(2)(f, x, h).ravel()[-1]),
              "is the one-sided difference (f(x + h) − f(x))/h: its error is of order h, not h²": _difference(1, 1, 0),
              "is the one-sided difference (f(x) − f(x − h))/h: its error is of order h, not h²": _difference(1, 0, 1),
              "is divided by h; the two points are 2h apart": _difference(1),
              "is (f(x + h) − f(x))/2h: the points are only h apart": _difference(2, 1, 0),
              "is multiplied with h instead of divided by 2h": lambda f, x, h: _difference(2)(f, x, h) * 2 * h * h,
              "is multiplied with h: `/ 2 * h` means (… / 2)·h; put brackets, `/ (2 * h)`": lambda f, x, h: _difference(2)(f, x, h) * h * h,
              "is one number: all entries of x moved at once; move one entry at a time": lambda f, x, h: (f(x + h) - f(x - h)) / (2 * h),
              "is what moving a whole row at once gives; visit every single entry": _rows_at_once,
              "is right for the first entry only: is each step undone before the next one?": _not_undone,
              "lacks brackets: (f(up) − f(down))/2h, not f(up) − f(down)/2h": _without_brackets,
              "moves by h/2 to each side but divides by 2h": _difference(2, 0.5, 0.5),
              "is a sum; the difference f(x + h eᵢ) − f(x − h eᵢ) is needed": lambda f, x, h: (2 * f(x) / (2 * h)) + 0 * x,
              "moves x by a factor 1 ± h; the step is h itself": _relative,
              **{f"doesn't use the h that it is given, but {own:g}": (lambda f, x, h, own=own: _difference(2)(f, x, own)) for own in (0.1, 1e-2, 1e-3)},
              "doesn't use the h that it is given, but a much smaller one": lambda f, x, h: _difference(2)(f, x, 1e-5),
              "is the difference alone: divide by 2h": lambda f, x, h: _difference(2)(f, x, h) * 2 * h,
              "is the same everywhere: all entries of x moved at once; move one at a time": _all_at_once,
              "has its sign flipped: f(x + h) − f(x − h) is meant": lambda f, x, h: -_difference(2)(f, x, h)})


# --- a network -------------------------------------------------------------------------------------------------------

def network_gradients(net, x, t):
    logits, tape = net.forward(x)
    loss, dlogits = library_bce(logits, t)
    return loss, net.backward(dlogits, tape)


def _double_sigmoid(net, x, t):
    y, tape = net.forward(x)
    p = _sigma(y)
    loss, d = library_bce(p, t)
    return loss, net.backward(d, tape)


def _exchanged(net, x, t):
    y, tape = net.forward(x)
    loss, d = library_bce(t, y)
    return loss, net.backward(d, tape)


def network_inputs(rng, activation=LeakyReLU):
    n, n_in, n_out = sizes(rng)
    net = Sequential(Dense(n_in, 5, rng=rng), activation(), Dense(5, 3, rng=rng), activation(), Dense(3, n_out, rng=rng))
    for p in net.params:
        p.value[...] = normal(rng, *p.value.shape)
    return net, normal(rng, n, n_in), binary(rng, n, n_out)


def small_network(rng):
    return Sequential(Dense(3, 2, rng=rng), LeakyReLU(0.5), Dense(2, 1, rng=rng)), normal(rng, 4, 3), np.float32([[0], [1], [1], [0]])


check.add(network_gradients, "loss, dx", {"": network_inputs, "a network with tanh": lambda rng: network_inputs(rng, Tanh)},
          "forward through every layer, keep each ctx; then backward in reverse order (lecture 02, eq. 8)", updates=("net",), shares={"loss": 1, "dx": 1, "net": 1},
          hidden=[small_network], mistakes={
              "is the gradient with respect to the logits; carry it down through all layers": lambda net, x, t: (None, library_bce(net.forward(x)[0], t)[1]),
              "has a sigmoid before the loss, which already contains one": _double_sigmoid,
              "has logits and targets exchanged": _exchanged,
              "starts from logits − targets: the sigmoid and the mean belong to the loss's gradient": lambda net, x, t: (None, (lambda y, tape: net.backward(y - t, tape))(*net.forward(x))),
              "starts from ones: the loss's gradient goes in at the top": lambda net, x, t: (None, (lambda y, tape: net.backward(np.ones_like(y), tape))(*net.forward(x))),
              "starts from the logits instead of the loss's gradient": lambda net, x, t: (None, (lambda y, tape: net.backward(y, tape))(*net.forward(x))),
              "is the sum over the samples, not the mean":
                  lambda net, x, t: (library_bce(net.forward(x)[0], t)[0] * t.size, (lambda y, tape: net.backward(library_bce(y, t)[1] * t.size, tape))(*net.forward(x)))})
