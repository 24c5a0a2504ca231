"""References, inputs and typical mistakes for exercise e02, backprop by hand.

A sentence about a mistake names its cause and not what is right.
"""
from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from gan_scratch.classroom.check import Checks
from gan_scratch.layers.activation import sigmoid as sigma
from gan_scratch.layers.activation import softplus as log_1_plus_exp
from gan_scratch.losses import bce_with_logits as bce

check = Checks()
ROWS = {"uses the last sample only: = in place of +=?": slice(-1, None),
        "uses the first sample only: is the `return` inside a loop?": slice(1),
        "lacks the last sample: does a loop end too early?": slice(-1),
        "lacks the first sample: does a loop begin at 1?": slice(1, None)}


def normal(rng, *shape):
    return rng.standard_normal(shape).astype(np.float32)


def sizes(rng, count, n=0, square=False):
    """The batch size and some widths that can't be mistaken for one another, and are others in each draw."""
    first, *widths = map(int, rng.permutation(np.arange(3, 10))[:count])
    return n or first, *(widths[:1] * len(widths) if square else widths)


def plane(rng):
    """A shape of two axes."""
    return int(rng.integers(3, 7)), int(rng.integers(2, 6))


def derivative(x):
    return sigma(x) * sigma(-x)


# --- a dense layer ---------------------------------------------------------------------------------------------------

def dense_backward(dy, x, W):
    return dy @ W.T, x.T @ dy, dy.sum(0)


def dense_inputs(rng, **options):
    n, n_in, n_out = sizes(rng, 3, **options)
    return normal(rng, n, n_out), normal(rng, n, n_in), normal(rng, n_in, n_out)


DENSE = {
    **{text: lambda dy, x, W, rows=rows: (None, *dense_backward(dy[rows], x[rows], W)[1:])
       for text, rows in ROWS.items()},
    "is what reshaping gives where a transpose is needed: reshape keeps the order in memory, .T exchanges the axes":
        lambda dy, x, W: (dy @ W.reshape(W.shape[::-1]), x.reshape(x.shape[::-1]) @ dy, None),
    "is what W without the transpose gives": lambda dy, x, W: (dy @ W, None, None),
    "lacks W": lambda dy, x, W: (np.tile(dy.sum(1)[:, None], W.shape[0]), None, None),
    "lacks dy: it is made of W alone": lambda dy, x, W: (np.tile(W.sum(1), (len(dy), 1)), None, None),
    "is dy divided by W, with an inverse; the chain rule multiplies":
        lambda dy, x, W: (dy @ np.linalg.pinv(W), None, None),
    "is multiplied with x as well; y is linear in x": lambda dy, x, W: (dy @ W.T * x, None, None),
    "lacks x": lambda dy, x, W: (None, np.tile(dy.sum(0), (W.shape[0], 1)), None),
    "lacks dy: it is made of x alone": lambda dy, x, W: (None, np.tile(x.sum(0)[:, None], W.shape[1]), x.sum(0)),
    "is multiplied with W as well; y is linear in W": lambda dy, x, W: (None, x.T @ dy * W, None),
    "is a product of two sums over the batch; each sample's x belongs to its own dy":
        lambda dy, x, W: (None, np.outer(x.sum(0), dy.sum(0)), None),
    "is a product of two means over the batch; each sample's x belongs to its own dy":
        lambda dy, x, W: (None, np.outer(x.mean(0), dy.mean(0)), None),
    "is averaged over the batch; if the loss is a mean, the factor is in dy already":
        lambda dy, x, W: (dy @ W.T / len(x), x.T @ dy / len(x), dy.mean(0)),
    "isn't summed over the batch": lambda dy, x, W: (None, x[:, :, None] * dy[:, None], dy),
    "is summed over the features (axis 1), not over the batch": lambda dy, x, W: (None, None, dy.sum(1)),
    "is summed over the whole array; each output has its own bias": lambda dy, x, W: (None, None, dy.sum()),
    "is averaged over the whole array; each output has its own bias": lambda dy, x, W: (None, None, dy.mean()),
    "has one sum, of the whole array, for all outputs": lambda dy, x, W: (None, None, np.full(dy.shape[1], dy.sum())),
    "is 1: it still has to be multiplied with dy": lambda dy, x, W: (None, None, np.ones(dy.shape[1])),
    "is N: it still has to be multiplied with dy": lambda dy, x, W: (None, None, np.full(dy.shape[1], len(dy)))}

check.add(
    dense_backward, "dx, dW, db",
    {"": dense_inputs,
     "a square W": lambda rng: dense_inputs(rng, square=True),
     "one sample": lambda rng: dense_inputs(rng, n=1)},
    "the gradients of a dense layer (lecture 02, eq. 5–7)", tolerance=1e-5, shares={"dx": 1, "dW": 1, "db": 1},
    hidden=[lambda rng: (normal(rng, 7, 7), normal(rng, 7, 7), normal(rng, 7, 7))], mistakes=DENSE)


# --- sigmoid and softplus --------------------------------------------------------------------------------------------

def from_12_to_12(rng):
    """No gap is wider than 0.9, so that a change of form at some x can't hide."""
    x = np.linspace(-12, 12, int(rng.integers(50, 60)))
    return ((x + rng.uniform(-0.2, 0.2, x.size)).astype(np.float32),)


def between(low, high):
    return lambda rng: (rng.uniform(low, high, int(rng.integers(5, 9))).astype(np.float32),)


RANGES = {
    "": lambda rng: (normal(rng, *plane(rng)) * 3,),
    "x from −12 to 12": from_12_to_12,
    "x near −15": between(-16, -14),
    "x near −25": between(-27, -24),  # below that, e^x is lost in the 1e-12 that any comparison allows
    "large |x|": lambda rng: (rng.permutation(np.float32([-1000, -100, -30, 0, 30, 100, 1000])),)}
FAR = [(np.float32([-500, -89, -1, 0, 1, 89, 500]),), (np.float32([-24.5, -25.5]),)]


def sigmoid(x):
    return sigma(x)


SIGMOID = {
    "loses the digits of small numbers: it is 1 minus something that is rounded to 1": lambda x: 1 - sigma(-x),
    "loses the digits of small numbers: it is 1 plus something that is rounded to −1":
        lambda x: (1 + np.tanh(x / 2)) / 2,
    **{f"is right for small |x| only: was x clipped to ±{c}?": lambda x, c=c: sigma(np.clip(x, -c, c))
       for c in (1, 5, 6, 8, 10, 12, 15, 16, 20)},
    "is σ(|x|): it has the form for positive x everywhere": lambda x: sigma(np.abs(x)),
    "is σ(−|x|): it has the form for negative x everywhere": lambda x: sigma(-np.abs(x)),
    "is σ(−x): a sign in the exponent, or the two forms exchanged": lambda x: sigma(-x),
    "lacks its denominator where x < 0": lambda x: np.where(x >= 0, sigma(x), np.exp(-np.abs(x))),
    "has x in place of e^x in its numerator where x < 0": lambda x: np.where(x >= 0, sigma(x), x * sigma(-x)),
    "lacks brackets in its form for x ≥ 0": lambda x: np.where(x >= 0, 1 + np.exp(-np.abs(x)), sigma(x)),
    "lacks brackets in its form for x < 0": lambda x: np.where(x >= 0, sigma(x), 2 * np.exp(-np.abs(x))),
    "has a minus in the denominator where x < 0": lambda x: np.where(
        x >= 0, sigma(x), np.exp(-np.abs(x)) / (1 - np.exp(-np.abs(x)))),
    "is 1 + tanh(x/2), twice as much": lambda x: 1 + np.tanh(x / 2),
    "is 0 where x < 0: that form is missing": lambda x: np.where(x >= 0, sigma(x), 0),
    "is tanh(x)": np.tanh,
    "is (1 + tanh x)/2, which is σ(2x)": lambda x: sigma(2 * x),
    "is σ(x/2)": lambda x: sigma(x / 2),
    "is log σ(x)": lambda x: -log_1_plus_exp(-x),
    "is softplus(x)": lambda x: log_1_plus_exp(x),
    "is a softmax; σ looks at one entry alone": lambda x: np.exp(x - x.max()) / np.exp(x - x.max()).sum(),
    "is a step, 0 or 1": lambda x: (x > 0) * 1.0,
    "is the derivative of σ": derivative,
    "has a minus in the denominator": lambda x: 1 / (1 - np.exp(-x)),
    "is e^x: a 1 in the denominator is missing": lambda x: np.exp(x),
    "is the denominator; its inverse is needed, or brackets around it": lambda x: 1 + np.exp(-x),
    "is made with powers of 2 in place of e": lambda x: sigma(x * np.log(2))}

check.add(
    sigmoid, "y", RANGES, "which form of σ is harmless for which x (lecture 02)", tolerance=2e-6,
    shares={"y": 1, "no warning": 1}, hidden=FAR, mistakes=SIGMOID)


def softplus(x):
    return log_1_plus_exp(x)


def with_parts(grows=lambda x: np.maximum(x, 0), dies=np.log1p):
    """Softplus from its two parts, one of them another one."""
    return lambda x: grows(x) + dies(np.exp(-np.abs(x)))


SOFTPLUS = {
    "loses the digits of small numbers: 1 + u is rounded before the logarithm":
        with_parts(dies=lambda u: np.log(1 + u)),
    "has the form for positive x everywhere, also where it isn't harmless": lambda x: x + np.log1p(np.exp(-x)),
    **{f"is x itself from {c} on; there the two aren't yet the same":
       lambda x, c=c: np.where(x > c, x, log_1_plus_exp(x)) for c in (1, 5, 10)},
    **{f"is cut off: was x clipped at {c}?": lambda x, c=c: log_1_plus_exp(np.minimum(x, c))
       for c in (10, 20, 30, 50, 80, 88)},
    **{f"is cut off: was x clipped to ±{c}?": lambda x, c=c: log_1_plus_exp(np.clip(x, -c, c)) for c in (10, 15, 20)},
    **{f"is cut off (was x clipped at {c}?), and loses the digits of small numbers": lambda x, c=c: np.log(
        1 + np.exp(np.clip(x, -c, c))) for c in (20, 30, 50, 80, 88)},
    "is softplus(−x)": lambda x: log_1_plus_exp(-x),
    "is log σ(x), which is −softplus(−x)": lambda x: -log_1_plus_exp(-x),
    "is its derivative, σ(x)": sigma,
    "grows like x for negative x, too": with_parts(lambda x: x),
    "holds the largest entry of each column: np.max(x, 0) reduces an axis, np.maximum looks at each entry":
        with_parts(lambda x: np.max(x, 0)),
    "grows like |x|, though for negative x nothing grows: is an absolute value missing in the exponent?":
        with_parts(np.abs),
    "has min where max belongs": with_parts(lambda x: np.minimum(x, 0)),
    "holds the largest entry of x everywhere: np.max looks at the whole array, np.maximum at each entry":
        with_parts(np.max),
    "lacks the part that grows like x": with_parts(lambda x: 0),
    "lacks the logarithm that dies away": lambda x: np.maximum(x, 0),
    "has a logarithm of 2 + u: log1p adds the 1 itself": with_parts(dies=lambda u: np.log1p(1 + u)),
    "has log2 in its second part": with_parts(dies=lambda u: np.log2(1 + u)),
    "has its second part subtracted": with_parts(dies=lambda u: -np.log1p(u)),
    "has no logarithm in its second part": with_parts(dies=lambda u: u),
    "has a logarithm without the 1 +": with_parts(dies=np.log),
    "has a minus inside the logarithm": with_parts(dies=lambda u: np.log1p(-u)),
    "has a sign wrong in the exponent of its second part": lambda x: np.maximum(x, 0) + log_1_plus_exp(np.abs(x))}

check.add(
    softplus, "y", RANGES, "how softplus is split into two harmless parts (lecture 02, eq. 14)", tolerance=1e-6,
    shares={"y": 1, "no warning": 1}, hidden=FAR, mistakes=SOFTPLUS)


# --- the loss --------------------------------------------------------------------------------------------------------

def bce_with_logits(logits, targets):
    return bce(logits, targets)


def logits_and_targets(rng, shape=None):
    l = normal(rng, *(shape or (int(rng.integers(4, 9)), 1))) * 2
    t = rng.integers(0, 2, l.shape).astype(np.float32)
    t.ravel()[:2] = 0, 1
    return l, t


def soft_targets(rng):
    l, t = logits_and_targets(rng)
    return l, rng.uniform(0.1, 0.9, t.shape).astype(np.float32)


def sure_logits(rng):
    """Right and wrong ones of both signs."""
    k = rng.permutation(4)
    return np.float32([[-200], [-100], [100], [200]])[k], np.float32([[1], [0], [1], [0]])[k]


def terms(l, t):
    return {"the mean of the part with t": (t * log_1_plus_exp(-l)).mean(),
            "the mean of the part with 1 − t": ((1 - t) * log_1_plus_exp(l)).mean()}


def costs(l, t):
    return t * log_1_plus_exp(-l) + (1 - t) * log_1_plus_exp(l)


def added(e):
    return lambda l, t: (-(t * np.log(sigma(l) + e) + (1 - t) * np.log(1 - sigma(l) + e)).mean(), None)


def clipped(e):
    def loss(l, t):
        p = np.clip(sigma(l), e, 1 - e)
        return -(t * np.log(p) + (1 - t) * np.log(1 - p)).mean(), None
    return loss


def softmax(l):
    e = np.exp(l - l.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def only_dl(dl):
    """The sum before it is divided by the number of entries."""
    return lambda l, t: (None, dl(l, t, sigma(l)) / l.size)


BCE = {
    **{f"has {e:g} added inside the logarithms, or p clipped: no logarithm of p can be right here": added(np.float32(e))
       for e in (1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6)},
    **{f"has p clipped at {e:g}: no logarithm of p can be right here": clipped(e) for e in (1e-7, 1e-5, 1e-4)},
    **{f"is what logits clipped to ±{c} give": lambda l, t, c=c: bce(np.clip(l, -c, c), t)
       for c in (10, 20, 30, 50, 80, 88, 100)},
    "is divided by the number of samples, not by that of all entries":
        lambda l, t: (costs(l, t).sum() / len(l), (sigma(l) - t) / len(l)),
    "takes t for 1 − t and 1 − t for t": lambda l, t: bce(l, 1 - t),
    "has a sign wrong at t": lambda l, t: ((log_1_plus_exp(l) + l * t).mean(), (sigma(l) + t) / l.size),
    "has the same cost for both targets": lambda l, t: (log_1_plus_exp(l).mean(), None),
    "takes every target for 1": lambda l, t: (log_1_plus_exp(-l).mean(), (sigma(l) - 1) / l.size),
    "has t itself where t times the logit belongs": lambda l, t: ((log_1_plus_exp(l) - t).mean(), None),
    "is averaged over the targets 1 and over the targets 0, each for itself":
        lambda l, t: ((costs(l, t) * t).sum() / t.sum() + (costs(l, t) * (1 - t)).sum() / (1 - t).sum(), None),
    "takes the targets for −1 and 1": lambda l, t: (costs(l, 2 * t - 1).mean(), (sigma(l) - (2 * t - 1)) / l.size),
    "rounds the targets; they may lie between 0 and 1": lambda l, t: bce(l, np.float32(t > 0.5)),
    "counts a target below 1 as 0; it may lie between": lambda l, t: bce(l, np.float32(t == 1)),
    "applies the sigmoid twice: the logits go in as they are":
        lambda l, t: (bce(sigma(l), t)[0], (sigma(sigma(l)) - t) / l.size),
    "lacks the logarithm that dies away: softplus isn't max(l, 0)":
        lambda l, t: ((np.maximum(l, 0) - l * t).mean(), ((l > 0) - t) / l.size),
    "is the absolute difference of p and t": lambda l, t: (np.abs(sigma(l) - t).mean(), np.abs(sigma(l) - t) / l.size),
    "is that of a squared error; the cross-entropy is meant":
        lambda l, t: (((sigma(l) - t) ** 2).mean(), 2 * (sigma(l) - t) * derivative(l) / l.size),
    "lacks the sigmoid": only_dl(lambda l, t, p: l - t),
    "lacks the target: it is the same for t = 0 and t = 1": only_dl(lambda l, t, p: p),
    "has the sigmoid's derivative as a factor too much": only_dl(lambda l, t, p: (p - t) * derivative(l)),
    "is the gradient with respect to p; the logit is a step further back":
        only_dl(lambda l, t, p: (p - t) / derivative(l)),
    "has a sign wrong in its part with 1 − t": only_dl(lambda l, t, p: t * (p - 1) + (t - 1) * p),
    "is multiplied with the logits": only_dl(lambda l, t, p: (p - t) * l),
    "is multiplied with the targets: those that are 0 count, too": only_dl(lambda l, t, p: (p - t) * t),
    "lacks brackets: only one part of it is divided": only_dl(lambda l, t, p: p * l.size - t),
    "lacks brackets: only the other part of it is divided": only_dl(lambda l, t, p: p - t * l.size),
    "is that of a softmax; each logit is a question of its own":
        only_dl(lambda l, t, p: softmax(l) - t),
    "is that of a softmax, divided by the number of samples; each logit is a question of its own":
        lambda l, t: (None, (softmax(l) - t) / len(l)),
    "is the cross-entropy of a softmax, averaged over the samples; each logit is a question of its own":
        lambda l, t: (-(t * np.log(softmax(l) + 1e-12)).sum(1).mean(), None),
    "is the cross-entropy of a softmax, averaged over all entries; each logit is a question of its own":
        lambda l, t: (-(t * np.log(softmax(l) + 1e-12)).mean(), None)}

check.add(
    bce_with_logits, "loss, dlogits",
    {"": logits_and_targets,
     "several logits per sample": lambda rng: logits_and_targets(rng, plane(rng)),
     "soft targets": soft_targets,
     "large |logits|": sure_logits},
    "the loss with two softplus functions, and its derivative (lecture 02, eq. 15, 16)", terms=terms,
    shares={"loss": 1, "dlogits": 2}, hidden=[(np.float32([[-8, 110], [0, -110]]), np.float32([[1, 0], [0.5, 1]]))],
    mistakes=BCE)


# --- checking a gradient ---------------------------------------------------------------------------------------------

def cubic(a):
    """Σ a³/3 + Σ c·a: its derivative is a² + c, with c of both signs, and one-sided differences are off by h·a."""
    c = 20 * (-1.0) ** np.arange(a.size) + np.arange(a.size)
    return float((a**3).sum() / 3 + (c.reshape(a.shape) * a).sum())


def waves(a):
    return float(np.sin(a).sum() * np.cos(a.ravel()[0]))


def by_entry(move=lambda v, h: (v + h, v - h), slope=lambda up, down, f, h: (up - down) / (2 * h)):
    """slope(f(up), f(down), f(x), h) for each entry v of x, which moves to `up, down = move(v, h)`."""
    def differences(f, x, h):
        d = np.zeros_like(x)
        for index in np.ndindex(x.shape):
            up, down = x.copy(), x.copy()
            up[index], down[index] = move(x[index], h)
            d[index] = slope(f(up), f(down), f(x), h)
        return d
    return differences


differences = by_entry()


def central_difference(f, x, h):
    return differences(f, x, h)


def points(scale, up, down):
    """(f(x + up·h) − f(x − down·h))/(scale·h)."""
    return by_entry(lambda v, h: (v + up * h, v - down * h), lambda a, b, f, h: (a - b) / (scale * h))


def along(part):
    """All of part(index) at once, as if it were one entry."""
    def differences(f, x, h):
        d = np.zeros_like(x)
        for index in np.ndindex(x.shape):
            move = np.zeros_like(x)
            move[part(index)] = h
            d[index] = (f(x + move) - f(x - move)) / (2 * h)
        return d
    return differences


def not_undone(f, x, h, back=None):
    """Two copies that drift apart, or one that stays `back` below where it was."""
    d, up, down = np.zeros_like(x), x.copy(), x.copy()
    for index in np.ndindex(x.shape):
        up[index] += h
        down[index] -= h
        d[index] = (f(up) - f(down)) / (2 * h)
        if back is not None:
            up[index] = down[index] = up[index] - h - back * h
    return d


def on_cubic(shape=None, turn=lambda x: x):
    return lambda rng: (cubic, turn(rng.standard_normal(shape or plane(rng))), float(rng.uniform(0.01, 0.02)))


def on_waves(rng):
    return waves, rng.standard_normal(int(rng.integers(3, 7))), float(rng.uniform(0.001, 0.002))


DIFFERENCE = {
    "puts h itself in place of the entry": by_entry(lambda v, h: (h, -h)),
    "moves x by a factor 1 ± h; the step is h itself": by_entry(lambda v, h: (v * (1 + h), v * (1 - h))),
    "is the last entry's number everywhere: d = … in place of d[index] = …":
        lambda f, x, h: np.full_like(x, differences(f, x, h).ravel()[-1]),
    "is one-sided, from x to x + h: move to both sides": points(1, 1, 0),
    "is one-sided, from x − h to x: move to both sides": points(1, 0, 1),
    "is half of a one-sided difference: x and x + h are only h apart": points(2, 1, 0),
    "is half of a one-sided difference: x − h and x are only h apart": points(2, 0, 1),
    "is divided by h; how far apart are the two points?": points(1, 1, 1),
    "moves by h/2 to each side, and divides as if it were h": points(2, 0.5, 0.5),
    "moves by h/2 to each side; h is asked for": points(1, 0.5, 0.5),
    "moves by 2h to each side, and divides as if it were h": points(2, 2, 2),
    "moves by 2h to each side; h is asked for": points(4, 2, 2),
    "is divided by h²": by_entry(slope=lambda up, down, f, h: (up - down) / h**2),
    "is a second difference, the curvature of f": by_entry(slope=lambda up, down, f, h: (up - 2 * f + down) / h**2),
    "is multiplied with h instead of divided": by_entry(slope=lambda up, down, f, h: (up - down) * h),
    "is multiplied with h: `/ 2 * h` divides by 2 only": by_entry(slope=lambda up, down, f, h: (up - down) / 2 * h),
    "lacks brackets: only one of the two values is divided": by_entry(slope=lambda up, down, f, h: up - down / (2 * h)),
    "is the difference alone: the division is missing": by_entry(slope=lambda up, down, f, h: up - down),
    "is a sum of the two values; their difference is needed":
        by_entry(slope=lambda up, down, f, h: (up + down) / (2 * h)),
    "is the value of f, divided by h": by_entry(slope=lambda up, down, f, h: up / (2 * h)),
    "is the same everywhere: all entries of x moved at once": along(lambda index: ...),
    "is one number, that of the last entry: d = … in place of d[index] = …":
        lambda f, x, h: differences(f, x, h).ravel()[-1],
    "is one number: all entries of x moved at once": lambda f, x, h: (f(x + h) - f(x - h)) / (2 * h),
    "is made with f of a single entry; f belongs to the whole x, of which one entry moves": lambda f, x, h: np.reshape(
        [(f(v + h) - f(v - h)) / (2 * h) for v in x.ravel()], x.shape),
    "moves an entry of an array of zeros, not of x: does zeros_like stand where a copy belongs?":
        lambda f, x, h: differences(f, np.zeros_like(x), h),
    "is what moving a whole row at once gives": along(lambda index: index[:1]),
    "is what moving a whole column at once gives": along(lambda index: (..., index[-1])),
    "is right for the first entry only: is each step undone before the next one?": not_undone,
    "is right for the first entry only: does an entry stay at x − h?": lambda f, x, h: not_undone(f, x, h, back=1),
    **{f"doesn't use the h that it is given, but {own:g}": lambda f, x, h, own=own: differences(f, x, own)
       for own in (0.1, 1e-2, 1e-3)},
    "doesn't use the h that it is given, but a much smaller one": lambda f, x, h: differences(f, x, 1e-5)}

check.add(
    central_difference, "d",
    {"": on_cubic(),
     "another function": on_waves,
     "an x with three axes": on_cubic((2, 3, 2)),
     "an x that is the transpose of another array": on_cubic(turn=np.transpose)},
    "what a central difference is (lecture 02, eq. 17)", tolerance=1e-8,
    hidden=[(np.linalg.norm, np.float64([[3, 4], [0, 12]]), 1e-4)], mistakes=DIFFERENCE)


# --- PReLU -----------------------------------------------------------------------------------------------------------

def prelu_backward(dy, x, a):
    return np.where(x > 0, dy, np.float32(a) * dy), (np.minimum(x, 0) * dy).sum()


def prelu_inputs(rng, shape=None, a=None):
    """Signs of dy and x in all four combinations, no x at 0."""
    shape = shape or plane(rng)
    x, dy = normal(rng, *shape), normal(rng, *shape)
    x += np.sign(x) * np.float32(0.1)
    x.ravel()[:4] = np.abs(x.ravel()[:4]) * np.float32([1, 1, -1, -1])
    x.ravel()[3] = -0.02  # near enough to 0 that a threshold elsewhere shows
    dy.ravel()[:4] = np.abs(dy.ravel()[:4]) * np.float32([1, -1, 1, -1])
    return dy, x, float(rng.choice([0.1, 0.15, 0.3])) if a is None else a


def below(dx):
    """Another dx for negative x."""
    return lambda dy, x, a: (np.where(x > 0, dy, dx(dy, x, a)), None)


def only_da(da):
    return lambda dy, x, a: (None, da(dy, x, a))


PRELU = {
    "lets the sign of dy decide": lambda dy, x, a: (np.where(dy > 0, dy, a * dy), (np.minimum(dy, 0) * x).sum()),
    "lets the sign of x·dy decide": lambda dy, x, a: (np.where(x * dy > 0, dy, a * dy), np.minimum(x * dy, 0).sum()),
    "has the two sides exchanged": lambda dy, x, a: (np.where(x > 0, a * dy, dy), (np.maximum(x, 0) * dy).sum()),
    "lacks dy": lambda dy, x, a: (np.where(x > 0, 1, a), np.minimum(x, 0).sum()),
    "has x in place of dy: that is the forward pass": lambda dy, x, a: (np.where(x > 0, x, a * x), None),
    "is multiplied with the output y": lambda dy, x, a: (dy * np.where(x > 0, x, a * x), None),
    "has the slope a on both sides": lambda dy, x, a: (a * dy, None),
    "has the slope a added on both sides": lambda dy, x, a: (dy * np.where(x > 0, 1 + a, a), None),
    "lacks the slope": below(lambda dy, x, a: dy),
    "lacks its part for negative x: that is ReLU": below(lambda dy, x, a: 0),
    "is a itself for negative x, without dy": below(lambda dy, x, a: a),
    "has x in place of dy for negative x": below(lambda dy, x, a: a * x),
    "has a sign wrong for negative x": below(lambda dy, x, a: -a * dy),
    "has 1 − a for its slope": below(lambda dy, x, a: (1 - a) * dy),
    "has 1/a for its slope": below(lambda dy, x, a: dy / a),
    "has a² for its slope": below(lambda dy, x, a: a * a * dy),
    **{f"doesn't use the a that it is given, but {own:g}": below(lambda dy, x, a, own=own: own * dy)
       for own in (0.01, 0.2, 0.25)},
    "is the mean over the entries": lambda dy, x, a: (
        np.where(x > 0, dy, a * dy) / x.size, (np.minimum(x, 0) * dy).mean()),
    "is the mean over the entries in which x is negative": only_da(lambda dy, x, a: (x * dy)[x < 0].mean()),
    "holds the smallest entry of each column: np.min(x, 0) reduces an axis, np.minimum looks at each entry":
        only_da(lambda dy, x, a: (np.min(x, 0) * dy).sum()),
    "holds the smallest entry of x everywhere: np.min looks at the whole array, np.minimum at each entry":
        only_da(lambda dy, x, a: (np.min(x) * dy).sum()),
    "counts the last entry only: = in place of +=?": only_da(lambda dy, x, a: (np.minimum(x, 0) * dy).ravel()[-1]),
    "lacks the last entry: does a loop end too early?": only_da(
        lambda dy, x, a: (np.minimum(x, 0) * dy).ravel()[:-1].sum()),
    "isn't summed; how many a are there?": only_da(lambda dy, x, a: np.minimum(x, 0) * dy),
    "is summed over the last axis only; how many a are there?": only_da(
        lambda dy, x, a: (np.minimum(x, 0) * dy).sum(-1)),
    "is summed over one axis only; how many a are there?": only_da(lambda dy, x, a: (np.minimum(x, 0) * dy).sum(0)),
    "lacks x": only_da(lambda dy, x, a: dy[x < 0].sum()),
    "lacks x, and counts all entries": only_da(lambda dy, x, a: dy.sum()),
    "counts entries of both signs; which of them depend on a?": only_da(lambda dy, x, a: (x * dy).sum()),
    "is multiplied with a; y is linear in a": only_da(lambda dy, x, a: a * (np.minimum(x, 0) * dy).sum()),
    "is the sum of y·dy; y isn't its own derivative": only_da(lambda dy, x, a: (np.where(x > 0, x, a * x) * dy).sum()),
    "is a product of two sums; each x belongs to its own dy":
        only_da(lambda dy, x, a: np.minimum(x, 0).sum() * dy.sum())}

check.add(
    prelu_backward, "dx, da",
    {"": prelu_inputs,
     "inputs with more axes": lambda rng: prelu_inputs(rng, (2, 3, 4)),
     "a = 0": lambda rng: prelu_inputs(rng, a=0.0),
     "a > 1": lambda rng: prelu_inputs(rng, a=1.5)},
    "an activation whose slope is trained (lecture 02, eq. 10, 11)", tolerance=1e-5, shares={"dx": 2, "da": 1},
    hidden=[(np.float32([1, -2, 3, -4]), np.float32([-1, -1, 1, 1]), 0.5)], mistakes=PRELU,
    planted=lambda dy, x, a: (np.where(dy > 0, dy, a * dy), (np.minimum(x, 0) * dy).mean()))


# --- a gate ----------------------------------------------------------------------------------------------------------

def gate_of(ds=lambda dy, s, t, g: dy * g, dt=lambda dy, s, t, g: dy * s * g * (1 - g),
            dx=lambda ds, dt, W, V: ds @ W.T + dt @ V.T, dW=lambda x, ds, dt: (x.T @ ds, x.T @ dt)):
    """The three gradients, with s = x W, t = x V, g = σ(t); a mistake has another ds, dt, dx, or another dW and dV."""
    def backward(dy, x, W, V):
        s, t = x @ W, x @ V
        one, two = (gradient(dy, s, t, sigma(t)) for gradient in (ds, dt))
        return dx(one, two, W, V), *dW(x, one, two)
    return backward


gate = gate_of()


def gate_backward(dy, x, W, V):
    return gate(dy, x, W, V)


def gate_inputs(rng, **options):
    n, n_in, n_out = sizes(rng, 3, **options)
    return normal(rng, n, n_out), normal(rng, n, n_in), normal(rng, n_in, n_out), normal(rng, n_in, n_out)


ON_S = {  # wrong ds; the first ones are often made together with one of the first below
    "lacks the gate": lambda dy, s, t, g: dy,
    "has s in place of the gate: of a product, which factor stays when the other one moves?":
        lambda dy, s, t, g: dy * s,
    "has y in place of the gate": lambda dy, s, t, g: dy * s * g,
    "has the sigmoid's derivative in place of the sigmoid": lambda dy, s, t, g: dy * g * (1 - g),
    "lacks the sigmoid": lambda dy, s, t, g: dy * t,
    "applies the sigmoid twice": lambda dy, s, t, g: dy * sigma(g),
    "has 1 − g in place of the gate": lambda dy, s, t, g: dy * (1 - g),
    "takes the sigmoid at x W; what does it act on?": lambda dy, s, t, g: dy * sigma(s),
    "is that of a gate with tanh": lambda dy, s, t, g: dy * np.tanh(t),
    "is that of a gate with ReLU": lambda dy, s, t, g: dy * np.maximum(t, 0),
    "lacks dy": lambda dy, s, t, g: g,
    "is that of a layer with a sigmoid on both products": lambda dy, s, t, g: dy * g * derivative(s)}
ON_T = {  # wrong dt
    "goes past the sigmoid: its derivative is missing": lambda dy, s, t, g: dy * s,
    "has the sigmoid in place of its derivative": lambda dy, s, t, g: dy * s * g,
    "lacks s: what is the gate multiplied with?": lambda dy, s, t, g: dy * g * (1 - g),
    "has the gate in place of s: of a product, which factor stays when the other one moves?":
        lambda dy, s, t, g: dy * g * g * (1 - g),
    "has only a part of the sigmoid's derivative": lambda dy, s, t, g: dy * s * (1 - g),
    "takes x V for the gate: the sigmoid is missing": lambda dy, s, t, g: dy * s * t * (1 - t),
    "applies the sigmoid to what has been through it": lambda dy, s, t, g: dy * s * derivative(g),
    "takes the sigmoid's derivative at x W; what does the sigmoid act on?": lambda dy, s, t, g: dy * s * derivative(s),
    "takes the sigmoid's derivative at x W, and lacks s": lambda dy, s, t, g: dy * derivative(s),
    "takes the sigmoid's derivative at y; what does the sigmoid act on?":
        lambda dy, s, t, g: dy * s * derivative(s * g),
    "takes y for the gate": lambda dy, s, t, g: dy * s * (s * g) * (1 - s * g),
    "takes y for the gate, and lacks s": lambda dy, s, t, g: dy * s * g * (1 - s * g),
    "takes x W for the gate": lambda dy, s, t, g: dy * s * s * (1 - s),
    "has y in place of s: the gate is in it once too often": lambda dy, s, t, g: dy * s * g * g * (1 - g),
    "has x V in place of s: what is the gate multiplied with?": lambda dy, s, t, g: dy * t * g * (1 - g),
    "has only a part of the sigmoid's derivative, and lacks s": lambda dy, s, t, g: dy * (1 - g),
    "takes what belongs to x W once more": lambda dy, s, t, g: dy * g,
    "has a sign wrong inside the sigmoid's derivative": lambda dy, s, t, g: dy * s * g * (1 + g),
    "lacks brackets in the sigmoid's derivative": lambda dy, s, t, g: dy * s * g * 1 - g,
    "has the derivative of tanh in place of the sigmoid's": lambda dy, s, t, g: dy * s * (1 - g * g),
    "has the square of the sigmoid's derivative": lambda dy, s, t, g: dy * s * (g * (1 - g)) ** 2,
    "is that of a gate with tanh on the way to V": lambda dy, s, t, g: dy * s * (1 - np.tanh(t) ** 2),
    "is that of a gate with ReLU on the way to V": lambda dy, s, t, g: dy * s * (t > 0),
    "is that of a layer with a sigmoid on the wrong product": lambda dy, s, t, g: dy * sigma(s),
    "is that of a layer with two sigmoids": lambda dy, s, t, g: dy * sigma(s) * g * (1 - g),
    "takes the sigmoid's derivative at dy; what does the sigmoid act on?": lambda dy, s, t, g: dy * s * derivative(dy),
    "takes the sigmoid's derivative at dy, and lacks dy as a factor": lambda dy, s, t, g: s * derivative(dy),
    "has a product with 2 where a square belongs, inside the sigmoid's derivative":
        lambda dy, s, t, g: dy * s * (g - 2 * g),
    "lacks dy on the way to V": lambda dy, s, t, g: s * g * (1 - g)}
TO_X = {  # wrong dx
    "lacks the part that goes through the gate": lambda ds, dt, W, V: ds @ W.T,
    "lacks the part that goes through the gate, and has the other one twice": lambda ds, dt, W, V: 2 * ds @ W.T,
    "lacks the part that goes through x W": lambda ds, dt, W, V: dt @ V.T,
    "has the wrong sign of the part that goes through the gate": lambda ds, dt, W, V: ds @ W.T - dt @ V.T,
    "has the wrong sign of the part that goes through x W": lambda ds, dt, W, V: dt @ V.T - ds @ W.T,
    "is a mean of two parts; what comes back on two ways is added": lambda ds, dt, W, V: (ds @ W.T + dt @ V.T) / 2,
    "is a product of two parts; what comes back on two ways is added": lambda ds, dt, W, V: (ds @ W.T) * (dt @ V.T),
    "has two parts, stacked; what comes back on two ways is added": lambda ds, dt, W, V: np.stack([ds @ W.T, dt @ V.T]),
    "has two parts, one below the other; what comes back on two ways is added":
        lambda ds, dt, W, V: np.concatenate([ds @ W.T, dt @ V.T]),
    "has two parts side by side; what comes back on two ways is added":
        lambda ds, dt, W, V: np.concatenate([ds @ W.T, dt @ V.T], 1),
    "has W and V exchanged on the way back": lambda ds, dt, W, V: ds @ V.T + dt @ W.T,
    "has both parts brought back through W": lambda ds, dt, W, V: (ds + dt) @ W.T,
    "has both parts brought back through V": lambda ds, dt, W, V: (ds + dt) @ V.T,
    "has its parts added too early, before W and V": lambda ds, dt, W, V: (ds + dt) @ (W + V).T,
    "has its parts multiplied, before W": lambda ds, dt, W, V: (ds * dt) @ W.T,
    "is what W and V without transposes give": lambda ds, dt, W, V: ds @ W + dt @ V}
TO_W = {  # wrong dW and dV
    "holds the gradients of both matrices, though each is used once": lambda x, ds, dt: (x.T @ (ds + dt),) * 2,
    "is what belongs to V": lambda x, ds, dt: (x.T @ dt, x.T @ dt),
    "lacks x": lambda x, ds, dt: tuple(np.tile(d.sum(0), (x.shape[1], 1)) for d in (ds, dt)),
    "is a product of two sums over the batch": lambda x, ds, dt: tuple(np.outer(x.sum(0), d.sum(0)) for d in (ds, dt)),
    **{text: lambda x, ds, dt, rows=rows: (x[rows].T @ ds[rows], x[rows].T @ dt[rows]) for text, rows in ROWS.items()}}


def with_gate(gate, slope=lambda g: g * (1 - g), s=lambda x, W, V: x @ W):
    """All three with another gate, a function of (x, W, V), or another s."""
    def backward(dy, x, W, V):
        g = gate(x, W, V)
        ds, dt = dy * g, dy * s(x, W, V) * slope(g)
        return ds @ W.T + dt @ V.T, x.T @ ds, x.T @ dt
    return backward


def softmax_gate(x, W, V):
    e = np.exp(x @ V - (x @ V).max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


GATES = {  # one mistake in the forward pass, and everything that follows from it
    "is that of a gate with softmax; each entry has a gate of its own": with_gate(softmax_gate),
    "takes the sigmoid of V itself; x V goes through it": with_gate(lambda x, W, V: x @ sigma(V)),
    "takes the sigmoid of x; x V goes through it": with_gate(lambda x, W, V: sigma(x) @ V),
    "lacks brackets in the sigmoid, around its denominator": with_gate(lambda x, W, V: 1 + np.exp(-(x @ V))),
    "applies the sigmoid twice, there and back": with_gate(lambda x, W, V: sigma(sigma(x @ V))),
    "is that of a gate with tanh, there and back": with_gate(lambda x, W, V: np.tanh(x @ V), lambda g: 1 - g * g),
    "is that of a gate with ReLU, there and back":
        with_gate(lambda x, W, V: np.maximum(x @ V, 0), lambda g: (g > 0) * 1.0),
    "uses W twice: both products are made with it": with_gate(lambda x, W, V: sigma(x @ W)),
    "exchanges x W and x V in the forward pass": with_gate(lambda x, W, V: sigma(x @ W), s=lambda x, W, V: x @ V)}


def dx_alone(**parts):
    return lambda *args: (gate_of(**parts)(*args)[0], None, None)


GATE = {
    **{text: gate_of(ds=ds) for text, ds in ON_S.items()},
    **{text: gate_of(dt=dt) for text, dt in ON_T.items()},
    **{text: gate_of(dx=dx) for text, dx in TO_X.items()},
    **{text: gate_of(dW=dW) for text, dW in TO_W.items()},
    "is made of the forward pass alone": lambda dy, x, W, V: (
        (x @ W) * sigma(x @ V), x.T @ (x @ W), x.T @ sigma(x @ V)),
    **{f"has two mistakes: its part through x W {one}; its part through the gate {two}": dx_alone(ds=ds, dt=dt)
       for one, ds in list(ON_S.items())[:5] for two, dt in list(ON_T.items())[:6]},
    **GATES,
    "holds the gradients of both matrices, made with V alone": lambda dy, x, W, V: (
        None, x.T @ (dy * sigma(x @ V) + dy * (x @ V) * derivative(x @ V)), None)}

check.add(
    gate_backward, "dx, dW, dV",
    {"": gate_inputs,
     "square W and V": lambda rng: gate_inputs(rng, square=True),
     "one sample": lambda rng: gate_inputs(rng, n=1)},
    "what a small move does to a product, and how a gradient is read off (lecture 02, eq. 4); the sigmoid's derivative "
    "(lecture 02, eq. 12)",
    shares={"dx": 2, "dW": 2, "dV": 2}, mistakes=GATE,
    hidden=[lambda rng: (normal(rng, 7, 7), normal(rng, 7, 7), normal(rng, 7, 7), normal(rng, 7, 7))])


# --- a network -------------------------------------------------------------------------------------------------------

def leaky(a, slope=0.2):
    return np.where(a > 0, a, np.float32(slope) * a)


def steep(a, slope=0.2):
    """φ′."""
    return np.where(a > 0, np.float32(1), np.float32(slope))


def chain(h=leaky, da=lambda a, dh: dh * steep(a), last=lambda dl, l: dl):
    """The five gradients; a mistake has another h, another da, or another gradient at the end of the network."""
    def backward(dl, x, W1, b1, W2, b2):
        a = x @ W1 + b1
        dh, dW2, db2 = dense_backward(last(dl, h(a) @ W2 + b2), h(a), W2)
        return *dense_backward(da(a, dh), x, W1), dW2, db2
    return backward


network = chain()


def network_backward(dl, x, W1, b1, W2, b2):
    return network(dl, x, W1, b1, W2, b2)


def network_inputs(rng, **options):
    n, n_in, n_h, n_out = sizes(rng, 4, **options)
    shapes = (n, n_out), (n, n_in), (n_in, n_h), (n_h,), (n_h, n_out), (n_out,)
    return tuple(normal(rng, *shape) for shape in shapes)


def only(**made):
    """Some of the outputs, each made of v, which has all arrays of the two passes; the rest stays unsaid."""
    def backward(dl, x, W1, b1, W2, b2):
        a, dh = x @ W1 + b1, dl @ W2.T
        v = SimpleNamespace(dl=dl, x=x, W1=W1, W2=W2, a=a, h=leaky(a), dh=dh, da=dh * steep(a))
        return tuple(made[name](v) if name in made else None for name in ("dx", "dW1", "db1", "dW2", "db2"))
    return backward


NETWORK = {
    "lets the sign of dh decide about the slope": chain(da=lambda a, dh: leaky(dh)),
    "lets the sign of a·dh decide about the slope": chain(da=lambda a, dh: dh * steep(a * dh)),
    "goes past the activation: φ′ is missing": chain(da=lambda a, dh: dh),
    "is made of a; what goes into the second layer?": chain(lambda a: a),
    "is that of ReLU: the slope is missing": chain(lambda a: leaky(a, 0), lambda a, dh: dh * steep(a, 0)),
    **{f"has the slope {c:g}": chain(lambda a, c=c: leaky(a, c), lambda a, dh, c=c: dh * steep(a, c))
       for c in (-0.2, 0.01, 0.02, 0.1, 0.25, 0.3, 0.5, 0.8, 5)},
    "applies the activation twice": chain(lambda a: leaky(a, 0.04), lambda a, dh: dh * steep(a, 0.04)),
    "has the slope everywhere": chain(lambda a: 0.2 * a, lambda a, dh: 0.2 * dh),
    "has the slope on the wrong side of 0": chain(lambda a: a * steep(-a), lambda a, dh: dh * steep(-a)),
    "has φ in place of φ′": chain(da=lambda a, dh: dh * leaky(a)),
    "has φ′ in place of φ": chain(steep),
    "has the slope itself for negative a": chain(
        lambda a: np.where(a > 0, a, 0.2), lambda a, dh: np.where(a > 0, dh, 0.2)),
    "has a in place of dh for negative a": chain(da=lambda a, dh: np.where(a > 0, dh, 0.2 * a)),
    "lacks dh: it is made of φ′ alone": chain(da=lambda a, dh: steep(a)),
    "is made of h in place of its gradient": chain(da=lambda a, dh: leaky(a)),
    "is that of tanh": chain(np.tanh, lambda a, dh: dh * (1 - np.tanh(a) ** 2)),
    "is that of a sigmoid": chain(sigma, lambda a, dh: dh * derivative(a)),
    "has an activation after the second layer, too": chain(last=lambda dl, l: dl * steep(l)),
    "has dl sent through an activation": chain(last=lambda dl, l: leaky(dl)),
    "has the derivative of a sigmoid for φ′, with h for the sigmoid": chain(
        da=lambda a, dh: dh * leaky(a) * (1 - leaky(a))),
    "has the derivative of tanh for φ′, with h for tanh": chain(da=lambda a, dh: dh * (1 - leaky(a) ** 2)),
    **{f"changes the slope at {at:g}, not at 0": chain(
        da=lambda a, dh, at=at: np.where(a > at, dh, np.float32(0.2) * dh)) for at in (0.2, -0.2, 0.5, 1)},
    "has the slope of x, not of a": only(dx=lambda v: (v.dh @ v.W1.T) * steep(v.x)),
    "has b1 subtracted when a is computed again": lambda dl, x, W1, b1, W2, b2: network(dl, x, W1, -b1, W2, b2),
    "lacks b1 when a is computed again": lambda dl, x, W1, b1, W2, b2: network(dl, x, W1, 0 * b1, W2, b2),
    "is averaged over the batch": chain(last=lambda dl, l: dl / len(dl)),
    "is the gradient of h, one layer too early": only(dx=lambda v: v.dh),
    "is the gradient of a, one step too early": only(dx=lambda v: v.da),
    "is sent through an activation after W1; the activation stands before it": only(dx=lambda v: leaky(v.dh @ v.W1.T)),
    "is what W1 without the transpose gives": only(dx=lambda v: v.da @ v.W1),
    "is made of h; what goes into the first layer?": only(dW1=lambda v: v.h.T @ v.da),
    "is made of x; what goes into the second layer?": only(dW2=lambda v: v.x.T @ v.dl),
    "is made of dh; what comes out of the second layer?": only(dW2=lambda v: v.h.T @ v.dh, db2=lambda v: v.dh.sum(0)),
    "is made of da; what comes out of the second layer?": only(dW2=lambda v: v.h.T @ v.da, db2=lambda v: v.da.sum(0)),
    "is made of dl; what comes out of the first layer?": only(dW1=lambda v: v.x.T @ v.dl, db1=lambda v: v.dl.sum(0)),
    "is made of the forward pass alone": only(dW1=lambda v: v.x.T @ v.h, dW2=lambda v: v.h.T @ (v.h @ v.W2)),
    "isn't summed over the batch": only(db1=lambda v: v.da, db2=lambda v: v.dl),
    "isn't summed over the batch, and goes past the activation": only(db1=lambda v: v.dh),
    "is summed over the features (axis 1), not over the batch":
        only(db1=lambda v: v.da.sum(1), db2=lambda v: v.dl.sum(1)),
    "has one sum, of the whole array, for all units": only(
        db1=lambda v: np.full(v.da.shape[1], v.da.sum()), db2=lambda v: np.full(v.dl.shape[1], v.dl.sum())),
    **{text: lambda dl, x, *rest, rows=rows: (None, *network(dl[rows], x[rows], *rest)[1:])
       for text, rows in ROWS.items()}}

check.add(
    network_backward, "dx, dW1, db1, dW2, db2",
    {"": network_inputs,
     "layers of equal widths": lambda rng: network_inputs(rng, square=True),
     "one sample": lambda rng: network_inputs(rng, n=1)},
    "how a chain is walked back (lecture 02, eq. 8), through dense layers (lecture 02, eq. 5–7) and activations "
    "(lecture 02, eq. 10)",
    shares={"dx": 1, "dW1": 1, "db1": 1, "dW2": 1, "db2": 1}, mistakes=NETWORK,
    hidden=[lambda rng: network_inputs(rng, n=7, square=True)])
