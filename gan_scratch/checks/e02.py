"""References, inputs and typical mistakes for exercise e02, backprop by hand.

A sentence names the cause of a mistake and doesn't print what is right. What the lecture doesn't derive, the gate, has no formula.
"""
from __future__ import annotations

import numpy as np

from gan_scratch.classroom.check import Checks
from gan_scratch.layers import activation
from gan_scratch.losses import bce_with_logits as library_bce

check = Checks()


def normal(rng, *shape):
    return rng.standard_normal(shape).astype(np.float32)


def sizes(rng, count, n=0, square=False):
    """The batch size and some widths that can't be mistaken for one another, and are others in each draw."""
    first, *widths = map(int, rng.permutation(np.arange(3, 10))[:count])
    return n or first, *(widths[:1] * len(widths) if square else widths)


def plane(rng):
    """A shape of two axes."""
    return int(rng.integers(3, 7)), int(rng.integers(2, 6))


def sigma(x):
    return activation.sigmoid(x)


def derivative(x):
    return sigma(x) * sigma(-x)


# --- a dense layer ---------------------------------------------------------------------------------------------------


def dense_backward(dy, x, W):
    return dy @ W.T, x.T @ dy, dy.sum(0)


def dense_inputs(rng, **options):
    n, n_in, n_out = sizes(rng, 3, **options)
    return normal(rng, n, n_out), normal(rng, n, n_in), normal(rng, n_in, n_out)


def dense_of(rows):
    """The gradients of some of the samples only; dx stays unsaid."""
    return lambda dy, x, W: (None, *dense_backward(dy[rows], x[rows], W)[1:])


DENSE = {
    "is what reshaping gives where a transpose is needed: reshape keeps the order in memory, .T exchanges the axes":
        lambda dy, x, W: (dy @ W.reshape(W.shape[::-1]), x.reshape(x.shape[::-1]) @ dy, None),
    "lacks W: it is made of dy alone": lambda dy, x, W: (np.tile(dy.sum(1)[:, None], W.shape[0]), None, None),
    "lacks dy: it is made of W alone": lambda dy, x, W: (np.tile(W.sum(1), (len(dy), 1)), None, None),
    "lacks x: it is made of dy alone": lambda dy, x, W: (None, np.tile(dy.sum(0), (W.shape[0], 1)), None),
    "lacks dy: it is made of x alone": lambda dy, x, W: (None, np.tile(x.sum(0)[:, None], W.shape[1]), x.sum(0)),
    "is what W without the transpose gives": lambda dy, x, W: (dy @ W, None, None),
    "is W dyᵀ, which is transposed: one sample is a row": lambda dy, x, W: (W @ dy.T, None, None),
    "is the forward pass x W; the gradient is made of dy": lambda dy, x, W: (x @ W, None, None),
    "undoes the layer with an inverse of W; a gradient isn't the input that belongs to dy":
        lambda dy, x, W: (dy @ np.linalg.pinv(W), None, None),
    "is multiplied with x as well; y is linear in x": lambda dy, x, W: (dy @ W.T * x, None, None),
    "is the same for all samples: dy was summed over the batch before the product":
        lambda dy, x, W: (np.tile(dy.sum(0) @ W.T, (len(dy), 1)), None, None),
    "is dyᵀ x, which is transposed: look at the shape of W": lambda dy, x, W: (None, dy.T @ x, None),
    "is the product of two sums over the batch; each sample's x belongs to its own dy":
        lambda dy, x, W: (None, np.outer(x.sum(0), dy.sum(0)), None),
    "is the product of two means over the batch; each sample's x belongs to its own dy":
        lambda dy, x, W: (None, np.outer(x.mean(0), dy.mean(0)), None),
    "is multiplied with W as well; y is linear in W": lambda dy, x, W: (None, x.T @ dy * W, None),
    "isn't summed over the batch: one matrix per sample": lambda dy, x, W: (None, x[:, :, None] * dy[:, None], None),
    "is averaged over the batch; a mean in the loss has been taken care of in dy":
        lambda dy, x, W: (dy @ W.T / len(x), x.T @ dy / len(x), dy.mean(0)),
    "isn't summed over the batch": lambda dy, x, W: (None, None, dy),
    "is summed over the features (axis 1), not over the batch": lambda dy, x, W: (None, None, dy.sum(1)),
    "is summed over the whole array; each output has its own bias": lambda dy, x, W: (None, None, dy.sum()),
    "is averaged over the whole array; each output has its own bias": lambda dy, x, W: (None, None, dy.mean()),
    "has the sum over the whole array in every place; each output has its own bias":
        lambda dy, x, W: (None, None, np.full(dy.shape[1], dy.sum())),
    "uses the last sample only: = in place of +=?": dense_of(slice(-1, None)),
    "uses the first sample only: is the `return` inside a loop?": dense_of(slice(1)),
    "lacks the last sample: does a loop end too early?": dense_of(slice(-1)),
    "lacks the first sample: does a loop begin at 1?": dense_of(slice(1, None)),
    "is 1: it still has to be multiplied with dy": lambda dy, x, W: (None, None, np.ones(dy.shape[1])),
    "is N: it still has to be multiplied with dy": lambda dy, x, W: (None, None, np.full(dy.shape[1], len(dy))),
}

check.add(
    dense_backward,
    "dx, dW, db",
    {
        "": dense_inputs,
        "a square W": lambda rng: dense_inputs(rng, square=True),
        "one sample": lambda rng: dense_inputs(rng, n=1),
    },
    "the gradients of a dense layer (lecture 02, eq. 5–7)",
    tolerance=1e-5,
    shares={"dx": 1, "dW": 1, "db": 1},
    hidden=[lambda rng: (normal(rng, 7, 7), normal(rng, 7, 7), normal(rng, 7, 7))],
    mistakes=DENSE,
)


# --- sigmoid and softplus --------------------------------------------------------------------------------------------


def from_12_to_12(rng):
    """No gap is wider than 0.8, so that a change of form at some x can't hide."""
    x = np.linspace(-12, 12, int(rng.integers(50, 60)))
    return ((x + rng.uniform(-0.2, 0.2, x.size)).astype(np.float32),)


def between(low, high):
    return lambda rng: (rng.uniform(low, high, int(rng.integers(5, 9))).astype(np.float32),)


RANGES = {
    "": lambda rng: (normal(rng, *plane(rng)) * 3,),
    "x from −12 to 12": from_12_to_12,
    "x near −15": between(-16, -14),
    "x near −25": between(-27, -24),  # e^x isn't yet lost in the 1e-12 that any comparison allows
    "large |x|": lambda rng: (rng.permutation(np.float32([-1000, -100, -30, 0, 30, 100, 1000])),),
}
FAR = [(np.float32([-500, -89, -1, 0, 1, 89, 500]),), (np.float32([-24.5, -25.5]),)]
LOST = "loses the digits of small numbers: "


def sigmoid(x):
    return activation.sigmoid(x)


SIGMOID = {
    LOST + "beside 1 they are rounded away, and then 1 is subtracted":
        lambda x: np.float32(1) - 1 / (1 + np.exp(np.minimum(x, 88))),
    LOST + "tanh has −1 for them, and 1 is added": lambda x: (1 + np.tanh(x / 2)) / 2,
    "has −30 and less replaced by 0, or doesn't reach them: was x cut off?": lambda x: np.where(x < -13, 0, sigma(x)),
    **{f"is right for small |x| only: was x clipped to ±{c}?": lambda x, c=c: sigma(np.clip(x, -c, c))
       for c in (1, 5, 6, 8, 10, 12, 15, 16, 20)},
    "is σ(|x|): the form for positive x is used for all": lambda x: sigma(np.abs(x)),
    "is σ(−|x|): the form for negative x is used for all": lambda x: sigma(-np.abs(x)),
    "lacks its denominator where x < 0": lambda x: np.where(x >= 0, sigma(x), np.exp(-np.abs(x))),
    "is what e^(−x) in place of e^x gives where x < 0": lambda x: np.where(x >= 0, sigma(x), 1 / sigma(x) - 1),
    "is right except where x is exactly 0": lambda x: np.where(x == 0, 0, sigma(x)),
    "is 0 where x < 0: that part is missing": lambda x: np.where(x >= 0, sigma(x), 0),
    "is σ(−x): a sign in the exponent, or the two cases exchanged": lambda x: sigma(-x),
    "is tanh(x)": np.tanh,
    "is (1 + tanh x)/2, which is σ(2x)": lambda x: sigma(2 * x),
    "is σ(x/2)": lambda x: sigma(x / 2),
    "is log σ(x)": lambda x: -activation.softplus(-x),
    "is softplus(x)": lambda x: activation.softplus(x),
    "is a softmax over the entries; σ looks at one entry alone": lambda x: np.exp(x - x.max()) / np.exp(x - x.max()).sum(),
    "is a step, 0 or 1": lambda x: (x > 0) * 1.0,
    "is the derivative of σ": derivative,
    "has a minus in the denominator": lambda x: 1 / (1 - np.exp(-x)),
    "is e^x: the 1 in the denominator is missing": np.exp,
    "is the denominator; its inverse is needed": lambda x: 1 + np.exp(-x),
    "has 2 in place of e: 1/(1 + 2^(−x))": lambda x: sigma(x * np.log(2)),
}

check.add(
    sigmoid,
    "y",
    RANGES,
    "which form of σ is harmless for which x (lecture 02)",
    tolerance=2e-6,
    shares={"y": 1, "no warning": 1},
    hidden=FAR,
    mistakes=SIGMOID,
)


def softplus(x):
    return activation.softplus(x)


def with_tail(grows=lambda x: np.maximum(x, 0), tail=np.log1p):
    """Softplus from its two parts, one of them another one."""
    return lambda x: grows(x) + tail(np.exp(-np.abs(x)))


SOFTPLUS = {
    LOST + "1 + u rounds them away before the logarithm": with_tail(tail=lambda u: np.log(1 + u)),
    "is the formula as it stands: e^x is infinite where x is large, and 1 + e^x loses the digits of small numbers":
        lambda x: np.log(1 + np.exp(x)),
    "is the formula as it stands: e^x is infinite where x is large": lambda x: np.log1p(np.exp(x)),
    LOST + "it is made of σ near 1": lambda x: np.where(x > 15, x, -np.log(sigma(np.minimum(-x, 80)))),
    LOST + "they were replaced by 0": lambda x: np.where(x < -13, 0, activation.softplus(x)),
    **{f"is x itself from {c} on: there it hasn't come so close yet":
       lambda x, c=c: np.where(x > c, x, activation.softplus(x)) for c in (1, 5, 10)},
    **{f"is cut off at {c}: was x clipped from above?": lambda x, c=c: activation.softplus(np.minimum(x, c))
       for c in (10, 20, 30, 50, 80, 88)},
    **{f"is cut off: was x clipped to ±{c}?": lambda x, c=c: activation.softplus(np.clip(x, -c, c))
       for c in (10, 15, 20, 30, 50)},
    "has e^x, or log(1 + u), for the small numbers, but is log(1 + e^(−x))": lambda x: activation.softplus(-x),
    "has x for its growing part, where x < 0 too": with_tail(lambda x: x),
    "has |x| for its growing part; for negative x nothing grows": with_tail(np.abs),
    "has min(x, 0) for its growing part": with_tail(lambda x: np.minimum(x, 0)),
    "has the largest entry of x everywhere: np.max looks at the whole array, np.maximum at each entry": with_tail(np.max),
    "has log(2 + u): log1p adds the 1 itself": with_tail(tail=lambda u: np.log1p(1 + u)),
    "lacks the logarithm that dies away": lambda x: np.maximum(x, 0),
    "lacks the part that grows like x": with_tail(lambda x: 0),
    "has log2 in its second part": with_tail(tail=lambda u: np.log2(1 + u)),
    "has its second part subtracted": with_tail(tail=lambda u: -np.log1p(u)),
    "has e^(−|x|) in place of a logarithm": with_tail(tail=lambda u: u),
    "has the logarithm of e^(−|x|) alone: the 1 is missing": with_tail(tail=np.log),
    "has log(1 − u) in place of log(1 + u)": with_tail(tail=lambda u: np.log1p(-u)),
    "has a sign wrong in the exponent of its second part": lambda x: np.maximum(x, 0) + activation.softplus(np.abs(x)),
    "is its derivative, σ(x)": sigma,
    "is −softplus(x): a sign": lambda x: -activation.softplus(x),
    "is log σ(x), or log σ with a sign: softplus(−x) with a minus": lambda x: -activation.softplus(-x),
    "is in bits: log2 in place of the natural logarithm": lambda x: activation.softplus(x) / np.log(2),
    "is log10 in place of the natural logarithm": lambda x: activation.softplus(x) / np.log(10),
}

check.add(
    softplus,
    "y",
    RANGES,
    "how softplus is split into two harmless parts (lecture 02, eq. 14)",
    tolerance=1e-6,
    shares={"y": 1, "no warning": 1},
    hidden=FAR,
    mistakes=SOFTPLUS,
)


# --- the loss --------------------------------------------------------------------------------------------------------


def bce_with_logits(logits, targets):
    return library_bce(logits, targets)


def binary(rng, *shape):
    t = rng.integers(0, 2, shape).astype(np.float32)
    t.ravel()[:2] = 0, 1
    return t


def logits_and_targets(rng, shape=None):
    shape = shape or (int(rng.integers(4, 9)), 1)
    return normal(rng, *shape) * 2, binary(rng, *shape)


def soft_targets(rng):
    l, t = logits_and_targets(rng)
    return l, rng.uniform(0.1, 0.9, t.shape).astype(np.float32)


def sure_logits(rng):
    """Right and wrong ones of both signs."""
    k = rng.permutation(4)
    return np.float32([[-200], [-100], [100], [200]])[k], np.float32([[1], [0], [1], [0]])[k]


def loss_parts(l, t):
    return {
        "the mean of the part with t": (t * activation.softplus(-l)).mean(),
        "the mean of the part with 1 − t": ((1 - t) * activation.softplus(l)).mean(),
    }


def costs(l, t):
    return t * activation.softplus(-l) + (1 - t) * activation.softplus(l)


def of_probability(l, t, inside):
    """The mean of −t·log p − (1 − t)·log(1 − p), with `inside` around each of the two."""
    return -(t * np.log(inside(sigma(l))) + (1 - t) * np.log(inside(1 - sigma(l)))).mean()


def added(eps):
    return lambda l, t: (of_probability(l, t, lambda p: p + np.float32(eps)), None)


def clipped(eps):
    return lambda l, t: (of_probability(l, t, lambda p: np.clip(p, eps, 1)), None)


def clipped_logits(c):
    return lambda l, t: bce_with_logits(np.clip(l, -c, c), t)


def probability_gradient(l, t):
    return None, (sigma(l) - t) / derivative(l) / l.size


BCE = {
    "is summed, not averaged over the entries": lambda l, t: (costs(l, t).sum(), sigma(l) - t),
    "is divided by the number of samples, not by that of all entries":
        lambda l, t: (costs(l, t).sum() / len(l), (sigma(l) - t) / len(l)),
    **{f"has {e:g} added inside the logarithms: write it without a logarithm of p": added(e)
       for e in (1e-12, 1e-10, 1e-8, 1e-7, 1e-6, 1e-5)},
    **{f"has p clipped at {e:g}: write it without a logarithm of p": clipped(e)
       for e in (1e-12, 1e-10, 1e-8, 1e-7, 1e-6, 1e-5)},
    **{f"is what logits clipped to ±{c} give": clipped_logits(c) for c in (10, 20, 30, 50, 80, 88, 100)},
    "isn't averaged: one number per logit": lambda l, t: (costs(l, t), None),
    "has its sign flipped": lambda l, t: (-costs(l, t).mean(), (t - sigma(l)) / l.size),
    "has its sign flipped, and the mean is missing": lambda l, t: (None, t - sigma(l)),
    "has the costs of t and of 1 − t exchanged": lambda l, t: bce_with_logits(l, 1 - t),
    "has a sign wrong: one minus too few or too many before the part with t": lambda l, t: (
        ((1 - t) * activation.softplus(l) - t * activation.softplus(-l)).mean(), (sigma(l) + t) / l.size),
    "has softplus of the same logit in both parts": lambda l, t: (activation.softplus(l).mean(), None),
    "counts the targets 1 only": lambda l, t: (loss_parts(l, t)["the mean of the part with t"], None),
    "counts the targets 0 only": lambda l, t: (loss_parts(l, t)["the mean of the part with 1 − t"], None),
    "is averaged over the targets 1 and over the targets 0, each for itself; one mean over all entries is meant":
        lambda l, t: ((costs(l, t) * t).sum() / t.sum() + (costs(l, t) * (1 - t)).sum() / (1 - t).sum(), None),
    "lacks the sigmoid": lambda l, t: (None, (l - t) / l.size),
    "lacks the target: it is the same for t = 0 and t = 1": lambda l, t: (None, sigma(l) / l.size),
    "has the sign of t in place of t: ±1 instead of 0 and 1": lambda l, t: bce_with_logits(l, 2 * t - 1),
    "has one more derivative of the sigmoid as a factor: with logits it cancels":
        lambda l, t: (None, (sigma(l) - t) * derivative(l) / l.size),
    "is the gradient with respect to the probability; the logit is a step further back": probability_gradient,
    "applies the sigmoid twice: the logits go in as they are": lambda l, t: (
        bce_with_logits(sigma(l), t)[0], (sigma(sigma(l)) - t) / l.size),
    "is in bits: log2 in place of the natural logarithm": lambda l, t: (costs(l, t).mean() / np.log(2), None),
    "takes targets as 0 or 1; they may lie between": lambda l, t: bce_with_logits(l, np.float32(t > 0.5)),
    "takes every target above 0 as 1; they may lie between": lambda l, t: bce_with_logits(l, np.float32(t > 0)),
    "counts a target below 1 as 0; they may lie between": lambda l, t: bce_with_logits(l, np.float32(t == 1)),
    "lacks the logarithm that dies away: softplus isn't max(l, 0)": lambda l, t: (
        (np.maximum(l, 0) - l * t).mean(), ((l > 0) - t) / l.size),
    "is multiplied with the logits": lambda l, t: (None, (sigma(l) - t) * l / l.size),
    "lacks brackets: the whole difference is divided": lambda l, t: (None, sigma(l) - t / l.size),
    "is the absolute difference to the target": lambda l, t: (np.abs(sigma(l) - t).mean(), np.abs(sigma(l) - t) / l.size),
    "is a squared error; the cross-entropy is meant": lambda l, t: (
        ((sigma(l) - t) ** 2).mean(), 2 * (sigma(l) - t) * derivative(l) / l.size),
    "is that of a softmax; each logit is a question of its own": lambda l, t: (
        None, (np.exp(l) / np.exp(l).sum(1, keepdims=True) - t) / l.size),
}

check.add(
    bce_with_logits,
    "loss, dlogits",
    {
        "": logits_and_targets,
        "several logits per sample": lambda rng: logits_and_targets(rng, plane(rng)),
        "soft targets": soft_targets,
        "large |logits|": sure_logits,
    },
    "the loss with two softplus functions, and its derivative (lecture 02, eq. 15, 16)",
    terms=loss_parts,
    shares={"loss": 1, "dlogits": 2},
    hidden=[(np.float32([[-8, 110], [0, -110]]), np.float32([[1, 0], [0.5, 1]]))],
    mistakes=BCE,
)


# --- checking a gradient ---------------------------------------------------------------------------------------------


def cubic(a):
    """Σ a³/3 + Σ i·a: its derivative is a² + i, and one-sided differences are off by h·a."""
    return float((a**3).sum() / 3 + (np.arange(a.size).reshape(a.shape) * a).sum())


def waves(a):
    return float(np.sin(a).sum() * np.cos(a.ravel()[0]))


def by_entry(f, x, move, slope):
    """slope(f(up), f(down)) for each entry, with that entry v of x moved to `up, down = move(v)`."""
    d = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index], down[index] = move(x[index])
        d[index] = slope(f(up), f(down))
    return d


def central_difference(f, x, h):
    return by_entry(f, x, lambda v: (v + h, v - h), lambda up, down: (up - down) / (2 * h))


def difference(scale, up=1, down=1):
    """(f(x + up·h) − f(x − down·h))/(scale·h)."""
    return lambda f, x, h: by_entry(f, x, lambda v: (v + up * h, v - down * h), lambda a, b: (a - b) / (scale * h))


def combined(slope):
    """slope(f(up), f(down), f(x), h) in place of the quotient."""
    return lambda f, x, h: by_entry(f, x, lambda v: (v + h, v - h), lambda up, down: slope(up, down, f(x), h))


def moved_to(move):
    return lambda f, x, h: by_entry(f, x, lambda v: move(v, h), lambda up, down: (up - down) / (2 * h))


def own_step(step):
    return lambda f, x, h: central_difference(f, x, step)


def scaled(c):
    return lambda f, x, h: c(h) * central_difference(f, x, h)


def along(part):
    """Moves all of part(index) at once."""

    def differences(f, x, h):
        d = np.zeros_like(x)
        for index in np.ndindex(x.shape):
            move = np.zeros_like(x)
            move[part(index)] = h
            d[index] = (f(x + move) - f(x - move)) / (2 * h)
        return d

    return differences


def not_undone(f, x, h):
    d, up, down = np.zeros_like(x), x.copy(), x.copy()
    for index in np.ndindex(x.shape):
        up[index] += h
        down[index] -= h
        d[index] = (f(up) - f(down)) / (2 * h)
    return d


def step_size(rng, size):
    return float(size * rng.uniform(1, 2))


def on_cubic(shape):
    return lambda rng: (cubic, rng.standard_normal(shape or plane(rng)), step_size(rng, 1e-2))


def transposed(rng):
    f, x, h = on_cubic(None)(rng)
    return f, x.T, h


DIFFERENCE = {
    "puts h itself in place of the entry": moved_to(lambda v, h: (h, -h)),
    "is the last entry's number everywhere: d = … in place of d[index] = …":
        lambda f, x, h: np.full_like(x, central_difference(f, x, h).ravel()[-1]),
    "is one number, the last entry's: d = … in place of d[index] = …":
        lambda f, x, h: central_difference(f, x, h).ravel()[-1],
    "is one-sided, from x to x + h: move to both sides": difference(1, 1, 0),
    "is one-sided, from x − h to x: move to both sides": difference(1, 0, 1),
    "is half of a one-sided difference: the two points are only h apart": difference(2, 1, 0),
    "is half of a one-sided difference: one of the two points is x itself": difference(2, 0, 1),
    "is divided by h; how far apart are the two points?": difference(1),
    "is divided by 4h; how far apart are the two points?": difference(4),
    "is divided by h²": combined(lambda up, down, f, h: (up - down) / h**2),
    "is a second difference, the curvature of f": combined(lambda up, down, f, h: (up - 2 * f + down) / h**2),
    "is multiplied with h instead of divided": scaled(lambda h: 2 * h * h),
    "is multiplied with h: `/ 2 * h` divides by 2 only; put brackets, `/ (2 * h)`": scaled(lambda h: h * h),
    "lacks brackets: only one of the two values is divided": combined(lambda up, down, f, h: up - down / (2 * h)),
    "is the difference alone: the division is missing": scaled(lambda h: 2 * h),
    "is a sum of the two values; their difference is needed": combined(lambda up, down, f, h: (up + down) / (2 * h)),
    "moves by h/2 to each side but divides by 2h": difference(2, 0.5, 0.5),
    "moves by h/2 to each side; h to each side is asked for": difference(1, 0.5, 0.5),
    "moves by 2h to each side; h to each side is asked for": difference(4, 2, 2),
    "moves by 2h to each side but divides by 2h": difference(2, 2, 2),
    "moves x by a factor 1 ± h; the step is h itself": moved_to(lambda v, h: (v * (1 + h), v * (1 - h))),
    "is one number: all entries of x moved at once": lambda f, x, h: (f(x + h) - f(x - h)) / (2 * h),
    "is the same everywhere: all entries of x moved at once": along(lambda index: ...),
    "is what moving a whole row at once gives": along(lambda index: index[:1]),
    "is what moving a whole column at once gives": along(lambda index: (..., index[-1])),
    "is right for the first entry only: is each step undone before the next one?": not_undone,
    "has its sign flipped: which of the two values is subtracted?": scaled(lambda h: -1),
    "lacks its signs: a gradient may be negative":
        lambda f, x, h: np.abs(central_difference(f, x, h)),
    **{f"doesn't use the h that it is given, but {own:g}": own_step(own) for own in (0.1, 1e-2, 1e-3)},
    "doesn't use the h that it is given, but a much smaller one": own_step(1e-5),
}

check.add(
    central_difference,
    "d",
    {
        "": on_cubic(None),
        "another function": lambda rng: (waves, rng.standard_normal(int(rng.integers(3, 7))), step_size(rng, 1e-3)),
        "an x with three axes": on_cubic((2, 3, 2)),
        "an x that is the transpose of another array": transposed,
    },
    "what a central difference is (lecture 02, eq. 17)",
    tolerance=1e-8,
    hidden=[(np.linalg.norm, np.float64([[3, 4], [0, 12]]), 1e-4)],
    mistakes=DIFFERENCE,
)


# --- PReLU -----------------------------------------------------------------------------------------------------------


def prelu_backward(dy, x, a):
    return np.where(x > 0, dy, np.float32(a) * dy), (np.minimum(x, 0) * dy).sum()


def prelu_inputs(rng, shape=None, a=None):
    """Signs of dy and x in all four combinations, no x near 0."""
    x, dy = (normal(rng, *(shape or plane(rng))) for _ in range(2))
    x += np.sign(x) * np.float32(0.1)
    x.ravel()[:4] = np.abs(x.ravel()[:4]) * np.float32([1, 1, -1, -1])
    dy.ravel()[:4] = np.abs(dy.ravel()[:4]) * np.float32([1, -1, 1, -1])
    return dy, x, float(rng.choice([0.1, 0.15, 0.25, 0.3])) if a is None else a


def sides(positive, other):
    """dx from its two parts, functions of (dy, x, a)."""
    return lambda dy, x, a: (np.where(x > 0, positive(dy, x, a), other(dy, x, a)), None)


def below(other):
    return sides(lambda dy, x, a: dy, other)


def only_da(da):
    return lambda dy, x, a: (None, da(dy, x, a))


PRELU = {
    "lets the sign of dy decide about the slope": lambda dy, x, a: (
        np.where(dy > 0, dy, a * dy), (np.minimum(dy, 0) * x).sum()),
    "lets the sign of the product x·dy decide": lambda dy, x, a: (
        np.where(x * dy > 0, dy, a * dy), np.minimum(x * dy, 0).sum()),
    "is dy everywhere: the slope is missing": below(lambda dy, x, a: dy),
    "has the slope a everywhere": lambda dy, x, a: (a * dy, None),
    "has the two sides exchanged": lambda dy, x, a: (np.where(x > 0, a * dy, dy), (np.maximum(x, 0) * dy).sum()),
    "is 0 for negative x: that is ReLU": below(lambda dy, x, a: 0),
    "is the slope alone: dy is missing": lambda dy, x, a: (np.where(x > 0, 1, a), np.minimum(x, 0).sum()),
    "is the slope itself for negative x, without dy": below(lambda dy, x, a: a),
    "has x in place of dy: that is the forward pass": lambda dy, x, a: (np.where(x > 0, x, a * x), None),
    "has a·x in place of a slope times dy for negative x": below(lambda dy, x, a: a * x),
    "is multiplied with the output y; its derivative is needed": sides(lambda *t: t[1] * t[0], lambda *t: t[2] * t[1] * t[0]),
    "has the sign of the slope flipped": below(lambda dy, x, a: -a * dy),
    "has 1 − a for its slope": below(lambda dy, x, a: (1 - a) * dy),
    "has 1/a for its slope": below(lambda dy, x, a: dy / a),
    "has 1 + a for its slope: a is added on one side": below(lambda dy, x, a: (1 + a) * dy),
    "has 1 + a for its slope where x > 0: there, a plays no part": sides(lambda *t: (1 + t[2]) * t[0], lambda *t: t[2] * t[0]),
    "has the slope squared": below(lambda dy, x, a: a * a * dy),
    **{f"doesn't use the a that it is given, but {own:g}": below(lambda dy, x, a, own=own: own * dy)
       for own in (0.01, 0.2, 0.25, 0.5)},
    "is averaged over the entries": lambda dy, x, a: (
        np.where(x > 0, dy, a * dy) / x.size, (np.minimum(x, 0) * dy).mean()),
    "is averaged over the batch": lambda dy, x, a: (
        np.where(x > 0, dy, a * dy) / len(x), (np.minimum(x, 0) * dy).sum() / len(x)),
    "is averaged over the entries in which x is negative": only_da(lambda dy, x, a: (x * dy)[x < 0].mean()),
    "isn't summed: one number per entry, though all entries share one a": only_da(lambda dy, x, a: np.minimum(x, 0) * dy),
    "is summed over one axis only; all entries share one a": only_da(lambda dy, x, a: (np.minimum(x, 0) * dy).sum(0)),
    "lacks x: it is a sum of dy": only_da(lambda dy, x, a: dy[x < 0].sum()),
    "lacks x: it is the sum of all dy": only_da(lambda dy, x, a: dy.sum()),
    "counts all entries; the positive ones don't depend on a": only_da(lambda dy, x, a: (x * dy).sum()),
    "is multiplied with a: y is linear in a": only_da(lambda dy, x, a: a * (np.minimum(x, 0) * dy).sum()),
    "is multiplied with a on one side and counts the other": only_da(lambda dy, x, a: (np.where(x > 0, x, a * x) * dy).sum()),
    "counts negative x with the wrong sign: |x| in place of x": only_da(lambda dy, x, a: (np.maximum(-x, 0) * dy).sum()),
    "is a product of two sums; each x belongs to its own dy": only_da(lambda dy, x, a: np.minimum(x, 0).sum() * dy.sum()),
    "holds the last entry only: = in place of +=?": only_da(lambda dy, x, a: (np.minimum(x, 0) * dy).ravel()[-1]),
}

check.add(
    prelu_backward,
    "dx, da",
    {
        "": prelu_inputs,
        "inputs with more axes": lambda rng: prelu_inputs(rng, (2, 3, 4)),
        "a = 0": lambda rng: prelu_inputs(rng, a=0.0),
        "a > 1": lambda rng: prelu_inputs(rng, a=1.5),
    },
    "the derivatives of an activation with a trained slope (lecture 02, eq. 10, 11)",
    tolerance=1e-5,
    shares={"dx": 2, "da": 1},
    hidden=[(np.float32([1, -2, 3, -4]), np.float32([-1, -1, 1, 1]), 0.5)],
    mistakes=PRELU,
)


# --- a gate ----------------------------------------------------------------------------------------------------------


def gate_of(
    ds=lambda dy, s, t, g: dy * g,
    dt=lambda dy, s, t, g: dy * s * g * (1 - g),
    join=lambda ds, dt, W, V: ds @ W.T + dt @ V.T,
):
    """The three gradients; a mistake has another ds, another dt, or joins its two ways to x otherwise."""

    def backward(dy, x, W, V):
        s, t = x @ W, x @ V
        one, two = (gradient(dy, s, t, sigma(t)) for gradient in (ds, dt))
        return join(one, two, W, V), x.T @ one, x.T @ two

    return backward


gate = gate_of()


def gate_backward(dy, x, W, V):
    return gate(dy, x, W, V)


def gate_inputs(rng, **options):
    n, n_in, n_out = sizes(rng, 3, **options)
    return normal(rng, n, n_out), normal(rng, n, n_in), normal(rng, n_in, n_out), normal(rng, n_in, n_out)


def joined(join):
    """Another dx; dW and dV stay unsaid."""
    return lambda *args: (gate_of(join=join)(*args)[0], None, None)


def gate_parts(dy, x, W, V):
    """ds and dt."""
    s, g = x @ W, sigma(x @ V)
    return dy * g, dy * s * g * (1 - g)


def both_of(combine):
    """The same for dW and for dV, made of x, ds and dt."""

    def backward(dy, x, W, V):
        d = combine(x, *gate_parts(dy, x, W, V))
        return None, d, d

    return backward


def gate_of_rows(rows):
    return lambda dy, x, W, V: (None, *gate(dy[rows], x[rows], W, V)[1:])


def divided(args, by):
    return tuple(d / by for d in gate(*args))


GATE = {
    "lacks the part that goes through the gate": joined(lambda ds, dt, W, V: ds @ W.T),
    "lacks the part that goes through x W": joined(lambda ds, dt, W, V: dt @ V.T),
    "has one of its two parts subtracted": joined(lambda ds, dt, W, V: ds @ W.T - dt @ V.T),
    "has the part that goes through x W subtracted": joined(lambda ds, dt, W, V: dt @ V.T - ds @ W.T),
    "is the mean of its two parts; what comes back on two ways is added": joined(lambda ds, dt, W, V: (ds @ W.T + dt @ V.T) / 2),
    "is the product of its two parts; what comes back on two ways is added": joined(lambda ds, dt, W, V: (ds @ W.T) * (dt @ V.T)),
    "has its two parts side by side; what comes back on two ways is added":
        joined(lambda ds, dt, W, V: np.concatenate([ds @ W.T, dt @ V.T], 1)),
    "has W and V exchanged on the way back: each part goes through the matrix it came through":
        joined(lambda ds, dt, W, V: ds @ V.T + dt @ W.T),
    "brings both parts back through W": joined(lambda ds, dt, W, V: (ds + dt) @ W.T),
    "brings both parts back through V": joined(lambda ds, dt, W, V: (ds + dt) @ V.T),
    "adds too early: each of the two parts has a matrix of its own": joined(lambda ds, dt, W, V: (ds + dt) @ (W + V).T),
    "multiplies too early: the two parts come back one by one": joined(lambda ds, dt, W, V: (ds * dt) @ (W + V).T),
    "is what W and V without transposes give": joined(lambda ds, dt, W, V: ds @ W + dt @ V),
    "is transposed: one sample is a row": joined(lambda ds, dt, W, V: (ds @ W.T + dt @ V.T).T),
    "is the forward pass; the gradient is asked for": lambda dy, x, W, V: ((x @ W) * sigma(x @ V), None, None),
    "lacks the gate": gate_of(ds=lambda dy, s, t, g: dy),
    "lacks the derivative of the sigmoid": gate_of(dt=lambda dy, s, t, g: dy * s),
    "lacks the derivative of the sigmoid, and has the gate itself in its place": gate_of(dt=lambda dy, s, t, g: dy * s * g),
    "has only one of the two factors of the sigmoid's derivative": gate_of(dt=lambda dy, s, t, g: dy * s * (1 - g)),
    "has a sign wrong inside the sigmoid's derivative": gate_of(dt=lambda dy, s, t, g: dy * s * g * (1 + g)),
    "has the sigmoid's derivative with its sign flipped": gate_of(dt=lambda dy, s, t, g: -dy * s * g * (1 - g)),
    "has the derivative of tanh in place of the sigmoid's": gate_of(dt=lambda dy, s, t, g: dy * s * (1 - g * g)),
    "has the square of the sigmoid's derivative": gate_of(dt=lambda dy, s, t, g: dy * s * (g * (1 - g)) ** 2),
    "applies the sigmoid to what has been through it already": gate_of(dt=lambda dy, s, t, g: dy * s * derivative(g)),
    "takes the sigmoid's derivative at x W; what does the sigmoid act on?":
        gate_of(dt=lambda dy, s, t, g: dy * s * derivative(s)),
    "takes the sigmoid's derivative at y; what does the sigmoid act on?":
        gate_of(dt=lambda dy, s, t, g: dy * s * derivative(s * g)),
    "takes y for the gate in the sigmoid's derivative": gate_of(dt=lambda dy, s, t, g: dy * s * (s * g) * (1 - s * g)),
    "takes x W for the gate in the sigmoid's derivative": gate_of(dt=lambda dy, s, t, g: dy * s * s * (1 - s)),
    "takes x V for the gate in the sigmoid's derivative: the sigmoid is missing": gate_of(dt=lambda dy, s, t, g: dy * s * t * (1 - t)),
    "lacks s: what is the gate multiplied with?": gate_of(dt=lambda dy, s, t, g: dy * g * (1 - g)),
    "has x V in place of s: what is the gate multiplied with?": gate_of(dt=lambda dy, s, t, g: dy * t * g * (1 - g)),
    "has y in place of s: the gate is in it once too often": gate_of(dt=lambda dy, s, t, g: dy * s * g * g * (1 - g)),
    "has s and g exchanged: in a product, which of the two stays when the other one moves?":
        gate_of(lambda dy, s, t, g: dy * s, lambda dy, s, t, g: dy * g * g * (1 - g)),
    "has y in place of the gate: what stays when x W moves?": gate_of(ds=lambda dy, s, t, g: dy * s * g),
    "has s in place of the sigmoid's derivative, or the gate in place of s": gate_of(dt=lambda dy, s, t, g: dy * g),
    "has x V in place of the gate: the sigmoid is missing": gate_of(ds=lambda dy, s, t, g: dy * t),
    "has the sigmoid's derivative in place of the gate": gate_of(ds=lambda dy, s, t, g: dy * g * (1 - g)),
    "applies the sigmoid to the gate once more": gate_of(ds=lambda dy, s, t, g: dy * sigma(g)),
    "has the sigmoid of x W in place of the gate": gate_of(ds=lambda dy, s, t, g: dy * sigma(s)),
    "has 1 − g in place of the gate": gate_of(ds=lambda dy, s, t, g: dy * (1 - g)),
    "has a gate of tanh": gate_of(lambda dy, s, t, g: dy * np.tanh(t), lambda dy, s, t, g: dy * s * (1 - np.tanh(t) ** 2)),
    "has a gate of ReLU": gate_of(lambda dy, s, t, g: dy * np.maximum(t, 0), lambda dy, s, t, g: dy * s * (t > 0)),
    "has the sigmoid on both products": gate_of(
        lambda dy, s, t, g: dy * g * derivative(s), lambda dy, s, t, g: dy * sigma(s) * g * (1 - g)),
    "has the sigmoid on the wrong product: V makes the gate": gate_of(
        lambda dy, s, t, g: dy * t * derivative(s), lambda dy, s, t, g: dy * sigma(s)),
    "lacks dy": gate_of(lambda dy, s, t, g: g, lambda dy, s, t, g: s * g * (1 - g)),
    "has dy twice": gate_of(lambda dy, s, t, g: dy * dy * g, lambda dy, s, t, g: dy * dy * s * g * (1 - g)),
    "is averaged over the batch": lambda *args: divided(args, len(args[1])),
    "is averaged over the outputs": lambda *args: divided(args, args[0].size),
    "adds what belongs to W and what belongs to V: each matrix is used once": both_of(lambda x, ds, dt: x.T @ (ds + dt)),
    "is what belongs to the other matrix": lambda *args: (None, *gate(*args)[:0:-1]),
    "lacks x: the factor that the matrix is multiplied with": lambda dy, x, W, V: (
        None, *(np.tile(d.sum(0), (len(W), 1)) for d in gate_parts(dy, x, W, V))),
    "is a product of two sums over the batch; each sample's x belongs to its own gradient": lambda dy, x, W, V: (
        None, *(np.outer(x.sum(0), d.sum(0)) for d in gate_parts(dy, x, W, V))),
    "is transposed: look at the shape of the matrix": lambda *args: (None, *(d.T for d in gate(*args)[1:])),
    "uses the last sample only: = in place of +=?": gate_of_rows(slice(-1, None)),
    "uses the first sample only: is the `return` inside a loop?": gate_of_rows(slice(1)),
    "lacks the last sample: does a loop end too early?": gate_of_rows(slice(-1)),
}

check.add(
    gate_backward,
    "dx, dW, dV",
    {
        "": gate_inputs,
        "square W and V": lambda rng: gate_inputs(rng, square=True),
        "one sample": lambda rng: gate_inputs(rng, n=1),
    },
    "how moving x and W moves a product, and what is read off from that (lecture 02, eq. 4); how a gradient goes "
    "through a sigmoid (lecture 02, eq. 12)",
    shares={"dx": 2, "dW": 2, "dV": 2},
    hidden=[lambda rng: (normal(rng, 7, 7), normal(rng, 7, 7), normal(rng, 7, 7), normal(rng, 7, 7))],
    mistakes=GATE,
)


# --- a network -------------------------------------------------------------------------------------------------------


def leaky(a, slope=0.2):
    return np.where(a > 0, a, np.float32(slope) * a)


def steep(a, slope=0.2):
    """φ′."""
    return np.where(a > 0, np.float32(1), np.float32(slope))


def chain(act=leaky, da=lambda a, dh: dh * steep(a), last=lambda dl, a: dl):
    """The five gradients; a mistake has another activation, another da, or another gradient at the end of the network."""

    def backward(dl, x, W1, b1, W2, b2):
        a = x @ W1 + b1
        dl = last(dl, act(a) @ W2 + b2)
        dh, dW2, db2 = dense_backward(dl, act(a), W2)
        return *dense_backward(da(a, dh), x, W1), dW2, db2

    return backward


network = chain()


def network_backward(dl, x, W1, b1, W2, b2):
    return network(dl, x, W1, b1, W2, b2)


def network_inputs(rng, **options):
    n, n_in, n_h, n_out = sizes(rng, 4, **options)
    shapes = (n, n_out), (n, n_in), (n_in, n_h), (n_h,), (n_h, n_out), (n_out,)
    return tuple(normal(rng, *shape) for shape in shapes)


def inside(dl, x, W1, b1, W2):
    """a, h, dh and da."""
    a, dh = x @ W1 + b1, dl @ W2.T
    return a, leaky(a), dh, dh * steep(a)


def said(*outputs, **made):
    """Some of the outputs, each a function of (dl, x, W1, W2, a, h, dh, da); the rest stays unsaid."""

    def backward(dl, x, W1, b1, W2, b2):
        values = dl, x, W1, W2, *inside(dl, x, W1, b1, W2)
        return tuple(made[name](*values) if name in made else None for name in ("dx", "dW1", "db1", "dW2", "db2"))

    return backward


def without_bias(dl, x, W1, b1, W2, b2):
    return network(dl, x, W1, 0 * b1, W2, b2)


def rows_of_network(rows):
    return lambda dl, x, *parameters: (None, *network(dl[rows], x[rows], *parameters)[1:])


def with_slope(slope):
    return chain(lambda a: leaky(a, slope), lambda a, dh: dh * steep(a, slope))


def tanh_chain():
    return chain(np.tanh, lambda a, dh: dh * (1 - np.tanh(a) ** 2))


NETWORK = {
    "lets the sign of dh decide about the slope": chain(da=lambda a, dh: leaky(dh)),
    "lets the sign of a·dh decide about the slope": chain(da=lambda a, dh: dh * steep(a * dh)),
    "goes past the activation: φ′ is missing": chain(da=lambda a, dh: dh),
    "is made of a, before the activation; the second layer's input is h": chain(lambda a: a),
    "is that of ReLU: the slope is missing": with_slope(0),
    **{f"has the slope {slope:g}": with_slope(slope) for slope in (0.01, 0.02, 0.1, 0.25, 0.3, 0.5, 0.8, 5)},
    "has the slope with its sign flipped": with_slope(-0.2),
    "has the slope everywhere": chain(lambda a: 0.2 * a, lambda a, dh: 0.2 * dh),
    "has the slope on the wrong side of 0": chain(lambda a: np.minimum(a, 0.2 * a), lambda a, dh: dh * steep(-a)),
    "applies the activation twice": with_slope(0.04),
    "is multiplied with φ(a); its derivative is needed": chain(da=lambda a, dh: dh * leaky(a)),
    "is multiplied with a as well": chain(da=lambda a, dh: dh * steep(a) * a),
    "lacks dh: it is made of φ′ alone": chain(da=lambda a, dh: steep(a)),
    "is made of h in place of its gradient": chain(da=lambda a, dh: leaky(a)),
    "is made of a in place of its gradient": chain(da=lambda a, dh: a),
    "is that of tanh; the activation is LeakyReLU": tanh_chain(),
    "is that of a sigmoid; the activation is LeakyReLU": chain(sigma, lambda a, dh: dh * derivative(a)),
    "has an activation after the second layer, too": chain(last=lambda dl, l: dl * steep(l)),
    "lets the gradient of l go through an activation first": chain(last=lambda dl, l: leaky(dl)),
    "lacks b1 when a is computed again": without_bias,
    "is averaged over the batch": lambda *args: tuple(d / len(args[1]) for d in network(*args)),
    "is averaged over the entries of dl": lambda *args: tuple(d / args[0].size for d in network(*args)),
    "is the gradient of h, one layer too early": said(dx=lambda dl, x, W1, W2, a, h, dh, da: dh),
    "is the gradient of a, one step too early": said(dx=lambda dl, x, W1, W2, a, h, dh, da: da),
    "is what W1 without the transpose gives": said(dx=lambda dl, x, W1, W2, a, h, dh, da: da @ W1),
    "is multiplied with x as well": said(dx=lambda dl, x, W1, W2, a, h, dh, da: da @ W1.T * x),
    "is summed over the batch; each sample has its own": said(dx=lambda dl, x, W1, W2, a, h, dh, da: (da @ W1.T).sum(0)),
    "is transposed: look at the shape of what it belongs to": said(
        dx=lambda dl, x, W1, W2, a, h, dh, da: (da @ W1.T).T,
        dW1=lambda dl, x, W1, W2, a, h, dh, da: da.T @ x,
        dW2=lambda dl, x, W1, W2, a, h, dh, da: dl.T @ h,
    ),
    "is made of h; the first layer's input is x": said(dW1=lambda dl, x, W1, W2, a, h, dh, da: h.T @ da),
    "is made of x; the second layer's input is h": said(dW2=lambda dl, x, W1, W2, a, h, dh, da: x.T @ dl),
    "is made of dh; what is the second layer's gradient of its output?": said(
        dW2=lambda dl, x, W1, W2, a, h, dh, da: h.T @ dh,
        db2=lambda dl, x, W1, W2, a, h, dh, da: dh.sum(0),
    ),
    "is made of da; what is the second layer's gradient of its output?": said(
        dW2=lambda dl, x, W1, W2, a, h, dh, da: h.T @ da,
        db2=lambda dl, x, W1, W2, a, h, dh, da: da.sum(0),
    ),
    "is made of dl; there are two steps between": said(
        dW1=lambda dl, x, W1, W2, a, h, dh, da: x.T @ dl,
        db1=lambda dl, x, W1, W2, a, h, dh, da: dl.sum(0),
    ),
    "is made of values of the forward pass alone": said(
        dW1=lambda dl, x, W1, W2, a, h, dh, da: x.T @ h,
        dW2=lambda dl, x, W1, W2, a, h, dh, da: h.T @ (h @ W2),
    ),
    "isn't summed over the batch": said(
        db1=lambda dl, x, W1, W2, a, h, dh, da: da,
        db2=lambda dl, x, W1, W2, a, h, dh, da: dl,
    ),
    "isn't summed over the batch, and φ′ is missing": said(db1=lambda dl, x, W1, W2, a, h, dh, da: dh),
    "is summed over the features (axis 1), not over the batch": said(
        db1=lambda dl, x, W1, W2, a, h, dh, da: da.sum(1),
        db2=lambda dl, x, W1, W2, a, h, dh, da: dl.sum(1),
    ),
    "is summed over the whole array": said(
        db1=lambda dl, x, W1, W2, a, h, dh, da: da.sum(),
        db2=lambda dl, x, W1, W2, a, h, dh, da: dl.sum(),
    ),
    "uses the last sample only: = in place of +=?": rows_of_network(slice(-1, None)),
    "uses the first sample only: is the `return` inside a loop?": rows_of_network(slice(1)),
    "lacks the last sample: does a loop end too early?": rows_of_network(slice(-1)),
}

check.add(
    network_backward,
    "dx, dW1, db1, dW2, db2",
    {
        "": network_inputs,
        "layers of equal widths": lambda rng: network_inputs(rng, square=True),
        "one sample": lambda rng: network_inputs(rng, n=1),
    },
    "a chain is walked back from its end (lecture 02, eq. 8), through dense layers (eq. 5–7) and an activation (eq. 10)",
    shares={"dx": 1, "dW1": 1, "db1": 1, "dW2": 1, "db2": 1},
    hidden=[lambda rng: network_inputs(rng, n=7, square=True)],
    mistakes=NETWORK,
)
