"""References, inputs and typical mistakes for exercise e04, normalisation and optimisers.

A sentence about a mistake names its cause and not what is right. The mistakes are formulas of `p`, the parts of the
right calculation, one table for each output.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from gan_scratch.classroom.check import Checks

check = Checks()


def mistakes(parts, *outputs):
    """The mistakes of a function, from one table (sentence -> formula of the parts) for each of its outputs."""

    def mistake(text):
        def compute(*args):
            p = parts(*args)
            values = tuple(table[text](p) if text in table else None for table in outputs)
            return values if len(values) > 1 else values[0]

        return compute

    return {text: mistake(text) for table in outputs for text in table}


def normal(rng, *shape):
    return rng.standard_normal(shape).astype(np.float32)


def uniform(rng, low, high, *shape):
    return rng.uniform(low, high, shape).astype(np.float32)


def sizes(rng, n=0):
    """The batch size and the number of channels, which can't be mistaken for one another."""
    first, c = map(int, rng.permutation(np.arange(4, 9))[:2])
    return n or first, c


def samples(rng, n, c, mean=1.0):
    """N samples whose C channels have spreads between 0.7 and 2, and means of this size."""
    z = rng.standard_normal((max(n, 2), c))
    z = (z - z.mean(0)) / z.std(0) * rng.uniform(0.7, 2, c) + rng.choice([-1, 1], c) * rng.uniform(0.6, 1.2, c) * mean
    return z[:n].astype(np.float32)


def scale_and_shift(rng, c):
    return uniform(rng, 0.5, 2, c), normal(rng, c) + np.float32(0.3)


# --- batch norm, forward ---------------------------------------------------------------------------------------------


def batch_norm(x, gamma, beta, running_mean, running_var, momentum, eps):
    n, mean, var = len(x), x.mean(axis=0), x.var(axis=0)
    y = gamma * (x - mean) / np.sqrt(var + eps) + beta
    running_mean = (1 - momentum) * running_mean + momentum * mean
    running_var = (1 - momentum) * running_var + momentum * var * n / (n - 1)
    return y, running_mean, running_var


def batch_norm_inference(x, gamma, beta, running_mean, running_var, eps):
    return gamma * (x - running_mean) / np.sqrt(running_var + eps) + beta


def running(rng, c):
    """Running averages that are far from those of any batch."""
    return normal(rng, c) - 2, uniform(rng, 3, 6, c)


def training(n=0, eps=1e-5, mean=1.0):
    def draw(rng):
        rows, c = sizes(rng, n)
        x, momentum = samples(rng, rows, c, mean), float(rng.uniform(0.1, 0.35))
        return x, *scale_and_shift(rng, c), *running(rng, c), momentum, eps

    return draw


def inference(n=0, eps=1e-5):
    def draw(rng):
        rows, c = sizes(rng, n)
        return samples(rng, rows, c), *scale_and_shift(rng, c), *running(rng, c), eps

    return draw


def _normalised(x, gamma, beta, mean, var, eps):
    """The parts of a normalisation with this mean and variance: d is centred, s the root below it."""
    d, s = x - mean, np.sqrt(var + eps)
    return SimpleNamespace(x=x, gamma=gamma, beta=beta, mean=mean, var=var, eps=eps, d=d, s=s, h=d / s, n=len(x))


def _with(mean, var):
    """y with another mean and another variance, both functions of the parts."""
    return lambda p: p.gamma * (p.x - mean(p)) / np.sqrt(var(p) + p.eps) + p.beta


SCALED = {  # whatever the mean and the variance are
    "has eps outside the root": lambda p: p.gamma * p.d / (np.sqrt(p.var) + p.eps) + p.beta,
    "lacks eps": lambda p: p.gamma * p.d / np.sqrt(p.var) + p.beta,
    "has eps subtracted": lambda p: p.gamma * p.d / np.sqrt(p.var - p.eps) + p.beta,
    "has eps added to the fraction, not to the variance": lambda p: p.gamma * p.d / np.sqrt(p.var) + p.eps + p.beta,
    "has eps squared": lambda p: p.gamma * p.d / np.sqrt(p.var + p.eps**2) + p.beta,
    "is divided by the variance: its root is missing": lambda p: p.gamma * p.d / (p.var + p.eps) + p.beta,
    "is divided by the square of the variance": lambda p: p.gamma * p.d / (p.var + p.eps) ** 2 + p.beta,
    "has the variance squared under the root": lambda p: p.gamma * p.d / np.sqrt(p.var**2 + p.eps) + p.beta,
    "is divided by the root of the standard deviation; the variance belongs under the root":
        lambda p: p.gamma * p.d / np.sqrt(np.sqrt(p.var) + p.eps) + p.beta,
    "is multiplied by the root; the spread is to be divided out": lambda p: p.gamma * p.d * p.s + p.beta,
    "isn't divided by anything: only the mean is taken out": lambda p: p.gamma * p.d + p.beta,
    "isn't normalised at all: only gamma and beta are applied": lambda p: p.gamma * p.x + p.beta,
    "isn't centred: the mean isn't subtracted": lambda p: p.gamma * p.x / p.s + p.beta,
    "has the mean added": lambda p: p.gamma * (p.x + p.mean) / p.s + p.beta,
    "has its sign wrong before beta: mean and x are exchanged in the difference": lambda p: -p.gamma * p.h + p.beta,
    "lacks brackets: only the mean is divided by the root": lambda p: p.gamma * (p.x - p.mean / p.s) + p.beta,
    "lacks brackets: gamma multiplies x before the mean is subtracted":
        lambda p: (p.gamma * p.x - p.mean) / p.s + p.beta,
    "lacks brackets: gamma multiplies x only, and only the mean is divided by the root":
        lambda p: p.gamma * p.x - p.mean / p.s + p.beta,
    "lacks gamma": lambda p: p.h + p.beta,
    "lacks beta": lambda p: p.gamma * p.h,
    "is x_hat alone: gamma and beta are missing": lambda p: p.h,
    "has gamma twice": lambda p: p.gamma**2 * p.h + p.beta,
    "is divided by gamma": lambda p: p.h / p.gamma + p.beta,
    "has gamma under the root": lambda p: p.d / np.sqrt(p.gamma * (p.var + p.eps)) + p.beta,
    "has gamma added, not multiplied": lambda p: p.h + p.gamma + p.beta,
    "has beta inside the brackets: gamma multiplies it as well": lambda p: p.gamma * (p.h + p.beta),
    "has beta divided by the root as well": lambda p: (p.gamma * p.d + p.beta) / p.s,
    "has beta multiplied, not added": lambda p: p.gamma * p.h * p.beta,
    "has beta subtracted": lambda p: p.gamma * p.h - p.beta,
}

NAIVE = "loses its digits where the mean is large: the mean of the squares minus the square of the mean cancels"


def _naive(p):
    """The difference of two large numbers, in float32."""
    return (p.x**2).mean(0) - p.x.mean(0) ** 2


def _rows(f):
    """A statistic over the channels of each sample."""
    return lambda p: f(p.x, axis=1, keepdims=True)


STATISTICS = {
    "uses the variance that is divided by N − 1; that one is for the running average only":
        _with(lambda p: p.mean, lambda p: p.x.var(0, ddof=1)),
    "is normalised over the channels of each sample (axis 1): that is layer norm":
        _with(_rows(np.mean), _rows(np.var)),
    "has the mean of each sample (axis 1), not of each channel": _with(_rows(np.mean), lambda p: p.var),
    "has the variance of each sample (axis 1), not of each channel": _with(lambda p: p.mean, _rows(np.var)),
    "has one mean and one variance for the whole array": _with(lambda p: p.x.mean(), lambda p: p.x.var()),
    "has one mean for all channels": _with(lambda p: p.x.mean(), lambda p: p.var),
    "has one variance for all channels": _with(lambda p: p.mean, lambda p: p.x.var()),
    "has the mean square in place of the variance: it isn't centred":
        _with(lambda p: p.mean, lambda p: (p.x**2).mean(0)),
    "has a sum of squares in place of the variance: it isn't divided by N":
        _with(lambda p: p.mean, lambda p: p.var * p.n),
    "has a sum in place of the mean": _with(lambda p: p.x.sum(0), lambda p: p.var),
    "has the median in place of the mean": _with(lambda p: np.median(p.x, 0), lambda p: p.var),
    "has the mean divided by N − 1": _with(lambda p: p.x.sum(0) / (p.n - 1), lambda p: p.var),
    "is divided by the mean distance from the mean, not by the root of the mean square":
        lambda p: p.gamma * p.d / (np.abs(p.d).mean(0) + p.eps) + p.beta,
    NAIVE: _with(lambda p: p.mean, _naive),
    "is brought to between 0 and 1 with the smallest and the largest number, which isn't what is meant":
        lambda p: p.gamma * (p.x - p.x.min(0)) / np.ptp(p.x, 0) + p.beta,
    "uses the running averages as they came in; that is for inference": _with(lambda p: p.rm, lambda p: p.rv),
    "uses the running averages after they were updated; that is for inference":
        _with(lambda p: p.new_rm, lambda p: p.new_rv),
    "uses the running mean; that is for inference": _with(lambda p: p.rm, lambda p: p.var),
    "uses the running variance; that is for inference": _with(lambda p: p.mean, lambda p: p.rv),
    "uses the running mean after it was updated: is its name that of the batch's mean?":
        _with(lambda p: p.new_rm, lambda p: p.var),
    "uses the running variance after it was updated: is its name that of the batch's variance?":
        _with(lambda p: p.mean, lambda p: p.new_rv),
}


def _training(x, gamma, beta, rm, rv, m, eps):
    """The parts of batch norm, with its running averages before and after."""
    p = _normalised(x, gamma, beta, x.mean(0), x.var(0), eps)
    p.rm, p.rv, p.m, p.unbiased = rm, rv, m, x.var(0, ddof=1)
    p.y, p.new_rm, p.new_rv = batch_norm(x, gamma, beta, rm, rv, m, eps)
    return p


MOVED = {  # r is the old running average, b the batch's value, m the momentum
    "weights the old value with the momentum, which is the weight of the batch's value":
        lambda r, b, m: m * r + (1 - m) * b,
    "lacks the momentum at the batch's value": lambda r, b, m: (1 - m) * r + b,
    "lacks 1 − momentum at the old value": lambda r, b, m: r + m * b,
    "has the momentum at both values": lambda r, b, m: m * r + m * b,
    "has 1 − momentum at both values": lambda r, b, m: (1 - m) * (r + b),
    "is the batch's value alone: it isn't averaged with the old one": lambda r, b, m: b,
    "lacks the old value": lambda r, b, m: m * b,
    "lacks the batch's value": lambda r, b, m: (1 - m) * r,
    "is the old value: it doesn't move": lambda r, b, m: r,
    "is the old value plus the batch's; they are to be averaged": lambda r, b, m: r + b,
    "is half of the old value plus half of the batch's: the momentum isn't used": lambda r, b, m: (r + b) / 2,
    "moves away from the batch's value: a sign is wrong": lambda r, b, m: r - m * (b - r),
    "is the change alone; it is to be added to the old value": lambda r, b, m: m * (b - r),
    "has 1 + momentum at the old value": lambda r, b, m: (1 + m) * r + m * b,
    "has the batch's part subtracted": lambda r, b, m: (1 - m) * r - m * b,
    "is moved twice": lambda r, b, m: (1 - m) * ((1 - m) * r + m * b) + m * b,
    **{f"doesn't use the momentum that it is given, but {own}": lambda r, b, m, own=own: (1 - own) * r + own * b
       for own in (0.01, 0.1, 0.9, 0.99)},
}


def _towards(value, r):
    """The running average named r, moved towards another value."""
    return lambda p: (1 - p.m) * getattr(p, r) + p.m * value(p)


RUNNING_MEAN = {
    **{text: lambda p, f=f: f(p.rm, p.mean, p.m) for text, f in MOVED.items()},
    "moves towards a mean that is divided by N − 1": _towards(lambda p: p.x.sum(0) / (p.n - 1), "rm"),
    "moves towards a sum, not towards the mean": _towards(lambda p: p.x.sum(0), "rm"),
    "moves towards one mean of the whole array": _towards(lambda p: p.x.mean(), "rm"),
    "moves towards the mean of y": _towards(lambda p: p.y.mean(0), "rm"),
    "moves towards the variance; that is for the other one": _towards(lambda p: p.unbiased, "rm"),
}
RUNNING_VAR = {
    **{text: lambda p, f=f: f(p.rv, p.unbiased, p.m) for text, f in MOVED.items()},
    **{f"{text}; besides, the batch's variance is divided by N": lambda p, f=f: f(p.rv, p.var, p.m)
       for text, f in MOVED.items() if "old value: it doesn't" not in text and text != "lacks the batch's value"},
    "moves towards the variance that is divided by N": _towards(lambda p: p.var, "rv"),
    "has the correction the wrong way round": _towards(lambda p: p.var * (p.n - 1) / p.n, "rv"),
    "is corrected twice": _towards(lambda p: p.unbiased * p.n / (p.n - 1), "rv"),
    "is corrected as a whole; the old value has its correction already":
        lambda p: ((1 - p.m) * p.rv + p.m * p.var) * p.n / (p.n - 1),
    "lacks a division by N: the variance is divided by N already": _towards(lambda p: p.var / (p.n - 1), "rv"),
    "moves towards N times the variance": _towards(lambda p: p.var * p.n, "rv"),
    "is corrected with N + 1": _towards(lambda p: p.var * (p.n + 1) / p.n, "rv"),
    "is corrected with the number of channels, not of samples":
        _towards(lambda p: p.var * p.x.shape[1] / (p.x.shape[1] - 1), "rv"),
    "has eps added: it is for the division only": _towards(lambda p: p.unbiased + p.eps, "rv"),
    "has eps added before the correction": _towards(lambda p: (p.var + p.eps) * p.n / (p.n - 1), "rv"),
    "moves towards the standard deviation": _towards(lambda p: np.sqrt(p.unbiased), "rv"),
    "moves towards the standard deviation, divided by N": _towards(lambda p: np.sqrt(p.var), "rv"),
    "moves towards the mean square: it isn't centred": _towards(lambda p: (p.x**2).mean(0), "rv"),
    "moves towards one variance of the whole array": _towards(lambda p: p.x.var(ddof=1), "rv"),
    "moves towards one variance of the whole array, divided by its size": _towards(lambda p: p.x.var(), "rv"),
    "is a standard deviation: a root too much": lambda p: np.sqrt(p.new_rv),
    "is centred with the running mean, not with the batch's": _towards(
        lambda p: ((p.x - p.rm) ** 2).sum(0) / (p.n - 1), "rv"),
    "is centred with the updated running mean, not with the batch's": _towards(
        lambda p: ((p.x - p.new_rm) ** 2).sum(0) / (p.n - 1), "rv"),
    "moves towards the variance of y": _towards(lambda p: p.y.var(0, ddof=1), "rv"),
    "moves towards the mean; that is for the other one": _towards(lambda p: p.mean, "rv"),
    NAIVE: _towards(lambda p: _naive(p) * p.n / (p.n - 1), "rv"),
    f"{NAIVE}; besides, it is divided by N": _towards(_naive, "rv"),
}

check.add(
    batch_norm, "y, running_mean, running_var",
    {"": training(), "two samples": training(n=2), "a large eps": training(eps=0.5), "large means": training(mean=500)},
    "over what the statistics are taken, and which of them is kept for later (lecture 04)", tolerance=1e-3,
    shares={"y": 2, "running_mean": 1, "running_var": 2}, hidden=[training(n=11), training(n=3, eps=2.0)],
    mistakes=mistakes(_training, STATISTICS | SCALED, RUNNING_MEAN, RUNNING_VAR))


# --- batch norm at inference -----------------------------------------------------------------------------------------


def _inference(x, gamma, beta, rm, rv, eps):
    """The parts at inference, with the batch's statistics beside them."""
    return SimpleNamespace(**vars(_normalised(x, gamma, beta, rm, rv, eps)), batch_mean=x.mean(0), batch_var=x.var(0))


OF_BATCH = {
    "still uses the batch's mean: a sample's output depends on the samples beside it":
        _with(lambda p: p.batch_mean, lambda p: p.var),
    "still uses the batch's variance: a sample's output depends on the samples beside it":
        _with(lambda p: p.mean, lambda p: p.batch_var),
    "still uses the batch's statistics wherever there is more than one sample":
        lambda p: _with(lambda p: p.batch_mean, lambda p: p.batch_var)(p) if p.n > 1 else p.gamma * p.h + p.beta,
    "uses the batch's statistics, with N − 1; no statistic of the batch belongs here":
        _with(lambda p: p.batch_mean, lambda p: p.x.var(0, ddof=1)),
    "uses the statistics of each sample (axis 1); no statistic of x belongs here": _with(_rows(np.mean), _rows(np.var)),
    "uses one mean and one variance of the whole array; no statistic of x belongs here":
        _with(lambda p: p.x.mean(), lambda p: p.x.var()),
    **{f"mixes the batch's statistics into the running averages ({words}); they stay as they are at inference":
           lambda p, m=m: _with(lambda p: (1 - m) * p.mean + m * p.batch_mean,
                                lambda p: (1 - m) * p.var + m * p.batch_var)(p)
       for words, m in (("a hundredth", 0.01), ("a tenth", 0.1), ("half", 0.5), ("nine tenths", 0.9))},
    "is normalised with the running averages and then with the batch's statistics once more":
        lambda p: p.gamma * (p.h - p.h.mean(0)) / np.sqrt(p.h.var(0) + p.eps) + p.beta,
    "has the running variance corrected with N; it was corrected in training":
        _with(lambda p: p.mean, lambda p: p.var * p.n / max(p.n - 1, 1)),
    "is multiplied by the variance, not divided by its root": lambda p: p.gamma * p.d * (p.var + p.eps) + p.beta,
    "has the running mean of all channels together": _with(lambda p: p.mean.mean(), lambda p: p.var),
    "has the running variance of all channels together": _with(lambda p: p.mean, lambda p: p.var.mean()),
}

check.add(
    batch_norm_inference, "y",
    {"": inference(), "one sample": inference(n=1), "a large eps": inference(eps=0.5)},
    "on what the output for one sample may depend at inference (lecture 04)",
    hidden=[inference(n=12), inference(n=1, eps=2.0)], mistakes=mistakes(_inference, OF_BATCH | SCALED),
    planted=lambda x, gamma, beta, running_mean, running_var, eps:
        gamma * (x - x.mean(0)) / np.sqrt(x.var(0) + eps) + beta)


# --- batch norm, backward --------------------------------------------------------------------------------------------


def batch_norm_backward(dy, x, gamma, eps):
    inv = 1 / np.sqrt(x.var(axis=0) + eps)
    x_hat = (x - x.mean(axis=0)) * inv
    dx_hat = gamma * dy
    dx = inv * (dx_hat - dx_hat.mean(axis=0) - x_hat * (dx_hat * x_hat).mean(axis=0))
    return dx, (dy * x_hat).sum(axis=0), dy.sum(axis=0)


def gradients(n=0, eps=1e-5, mean=1.0):
    def draw(rng):
        rows, c = sizes(rng, n)
        return normal(rng, rows, c) + np.float32(0.4), samples(rng, rows, c, mean), uniform(rng, 0.5, 2, c), eps

    return draw


def _backward(dy, x, gamma, eps):
    """The parts of the backward pass: g is dx_hat, a its mean, b the mean of its product with x_hat."""
    p = _normalised(x, gamma, np.float32(0), x.mean(0), x.var(0), eps)
    p.dy, p.g, p.s_unbiased = dy, gamma * dy, np.sqrt(x.var(0, ddof=1) + eps)
    p.a, p.b = p.g.mean(0), (p.g * p.h).mean(0)
    return p


def _means(axis):
    """dx with its two means over other axes."""
    return lambda p: (p.g - p.g.mean(axis, keepdims=True) - p.h * (p.g * p.h).mean(axis, keepdims=True)) / p.s


def _dx_with(s):
    """dx with another root, in x_hat as well."""
    def dx(p):
        h = p.d / s(p)
        return (p.g - p.a - h * (p.g * h).mean(0)) / s(p)

    return dx


DX = {
    "treats the mean and the variance as constants; both depend on x": lambda p: p.g / p.s,
    "treats the variance as a constant; it depends on x": lambda p: (p.g - p.a) / p.s,
    "treats the mean as a constant; it depends on x": lambda p: (p.g - p.h * p.b) / p.s,
    "lacks gamma": lambda p: (p.g - p.a - p.h * p.b) / p.s / p.gamma,
    "has gamma at dy only: the two means lack it": lambda p: (p.g - p.dy.mean(0) - p.h * (p.dy * p.h).mean(0)) / p.s,
    "has gamma in the two means only: dy lacks it": lambda p: (p.dy - p.a - p.h * p.b) / p.s,
    "has gamma twice": lambda p: p.gamma * (p.g - p.a - p.h * p.b) / p.s,
    "is divided by gamma, not multiplied": lambda p: (p.g - p.a - p.h * p.b) / p.s / p.gamma**2,
    "lacks the factor 1/√(v + ε)": lambda p: p.g - p.a - p.h * p.b,
    "has the factor 1/√(v + ε) twice": lambda p: (p.g - p.a - p.h * p.b) / p.s**2,
    "is multiplied by √(v + ε), not divided": lambda p: (p.g - p.a - p.h * p.b) * p.s,
    "lacks brackets: only the first part is divided by √(v + ε)": lambda p: p.g / p.s - p.a - p.h * p.b,
    "has sums over the batch where means belong": lambda p: (p.g - p.n * (p.a + p.h * p.b)) / p.s,
    "has a sum in place of the mean of dx_hat": lambda p: (p.g - p.n * p.a - p.h * p.b) / p.s,
    "has a sum in place of the mean of dx_hat · x_hat": lambda p: (p.g - p.a - p.n * p.h * p.b) / p.s,
    "has means that are divided by N − 1": lambda p: (p.g - (p.a + p.h * p.b) * p.n / (p.n - 1)) / p.s,
    "has the wrong sign before the mean of dx_hat": lambda p: (p.g + p.a - p.h * p.b) / p.s,
    "has the wrong sign before the part along x_hat": lambda p: (p.g - p.a + p.h * p.b) / p.s,
    "has the wrong sign before both means": lambda p: (p.g + p.a + p.h * p.b) / p.s,
    "lacks x_hat in front of its last mean": lambda p: (p.g - p.a - p.b) / p.s,
    "lacks x_hat inside its last mean": lambda p: (p.g - p.a - p.h * p.a) / p.s,
    "has the last mean without dx_hat: it is one of x_hat²":
        lambda p: (p.g - p.a - p.h * (p.h**2).mean(0)) / p.s,
    "has a product of two means in place of the mean of a product":
        lambda p: (p.g - p.a - p.h * p.a * p.x.mean(0)) / p.s,
    "has x in place of x_hat": lambda p: (p.g - p.a - p.x * (p.g * p.x).mean(0)) / p.s,
    "has x in place of x_hat inside the mean": lambda p: (p.g - p.a - p.h * (p.g * p.x).mean(0)) / p.s,
    "has x in place of x_hat in front of the mean": lambda p: (p.g - p.a - p.x * p.b) / p.s,
    "lacks two factors 1/√(v + ε) in its part along x_hat": lambda p: (p.g - p.a - p.d * (p.g * p.d).mean(0)) / p.s,
    "lacks a factor 1/√(v + ε) in its part along x_hat": lambda p: (p.g - p.a - p.d * p.b) / p.s,
    "isn't averaged over the batch: dx_hat · x_hat is used sample by sample":
        lambda p: (p.g - p.a - p.h**2 * p.g) / p.s,
    "has half of the part along x_hat: the derivative of a root, or of a square, lost a 2":
        lambda p: (p.g - p.a - p.h * p.b / 2) / p.s,
    "has the part along x_hat twice: the derivative of a root lost its ½":
        lambda p: (p.g - p.a - 2 * p.h * p.b) / p.s,
    "has the means over the channels (axis 1), not over the batch": _means(1),
    "has the means over the whole array": _means((0, 1)),
    "is made with the variance that is divided by N − 1": _dx_with(lambda p: p.s_unbiased),
    "lacks eps": _dx_with(lambda p: np.sqrt(p.var)),
    "has eps outside the root": _dx_with(lambda p: np.sqrt(p.var) + p.eps),
    "lacks the root: it is made with v + ε": _dx_with(lambda p: p.var + p.eps),
    "is made with √(v + ε) where its inverse belongs": _dx_with(lambda p: 1 / p.s),
    "has an x_hat from which the mean isn't subtracted":
        lambda p: (p.g - p.a - p.x / p.s * (p.g * p.x / p.s).mean(0)) / p.s,
    "has x in place of x − μ in its part from the variance":
        lambda p: (p.g - p.a - p.h * (p.g * p.x / p.s).mean(0)) / p.s,
    "is divided by N as a whole": lambda p: (p.g - p.a - p.h * p.b) / p.s / p.n,
    "is multiplied by x_hat as a whole": lambda p: p.h * (p.g - p.a - p.h * p.b) / p.s,
    "is gamma times dy: it doesn't go back through the normalisation": lambda p: p.g,
}
DGAMMA = {
    "lacks x_hat: that is the gradient of beta": lambda p: p.dy.sum(0),
    "has x in place of x_hat": lambda p: (p.dy * p.x).sum(0),
    "has x − μ in place of x_hat": lambda p: (p.dy * p.d).sum(0),
    "has x/√(v + ε) in place of x_hat: the mean isn't subtracted": lambda p: (p.dy * p.x / p.s).sum(0),
    "has gamma as a factor: y is linear in gamma": lambda p: (p.g * p.h).sum(0),
    "is divided by gamma": lambda p: (p.dy * p.h).sum(0) / p.gamma,
    "lacks dy": lambda p: p.h.sum(0),
    "is averaged over the batch; gamma collects from all samples": lambda p: (p.dy * p.h).mean(0),
    "is averaged over the batch, and gamma is in it": lambda p: p.b,
    "is made with √(v + ε) where its inverse belongs": lambda p: (p.dy * p.d * p.s).sum(0),
    "isn't summed over the batch": lambda p: p.dy * p.h,
    "is summed over the channels (axis 1)": lambda p: (p.dy * p.h).sum(1),
    "is summed over the whole array": lambda p: (p.dy * p.h).sum(),
    "has one sum, of the whole array, for all channels": lambda p: np.full_like(p.gamma, (p.dy * p.h).sum()),
    "is a product of two sums over the batch": lambda p: p.dy.sum(0) * p.x.sum(0),
    "has x_hat squared": lambda p: (p.dy * p.h**2).sum(0),
    "is made with the variance that is divided by N − 1": lambda p: (p.dy * p.d).sum(0) / p.s_unbiased,
    "lacks eps": lambda p: (p.dy * p.d).sum(0) / np.sqrt(p.var),
    "has eps outside the root": lambda p: (p.dy * p.d).sum(0) / (np.sqrt(p.var) + p.eps),
    "lacks the root: it is divided by v + ε": lambda p: (p.dy * p.d).sum(0) / (p.var + p.eps),
    "has beta's part subtracted": lambda p: (p.dy * p.h).sum(0) - p.dy.sum(0),
    "uses the last sample only: = in place of +=?": lambda p: (p.dy * p.h)[-1],
}
DBETA = {
    "is averaged over the batch; beta collects from all samples": lambda p: p.dy.mean(0),
    "is multiplied by gamma; beta is added after that": lambda p: p.g.sum(0),
    "is averaged, and multiplied by gamma": lambda p: p.a,
    "has x_hat: that is the gradient of gamma": lambda p: (p.dy * p.h).sum(0),
    "has x": lambda p: (p.dy * p.x).sum(0),
    "isn't summed over the batch": lambda p: p.dy,
    "is summed over the channels (axis 1)": lambda p: p.dy.sum(1),
    "is summed over the whole array": lambda p: p.dy.sum(),
    "is averaged over the whole array": lambda p: p.dy.mean(),
    "has one sum, of the whole array, for all channels": lambda p: np.full_like(p.gamma, p.dy.sum()),
    "is 1: it still has to be multiplied with dy": lambda p: np.ones_like(p.gamma),
    "is N: it still has to be multiplied with dy": lambda p: np.full_like(p.gamma, p.n),
    "uses the last sample only: = in place of +=?": lambda p: p.dy[-1],
    "is divided by √(v + ε); beta is added after the division": lambda p: p.dy.sum(0) / p.s,
    "is the sum of dx_hat divided by √(v + ε); beta is added after all that": lambda p: p.g.sum(0) / p.s,
}

check.add(
    batch_norm_backward, "dx, dgamma, dbeta",
    {"": gradients(), "two samples": gradients(n=2, eps=0.5), "a large eps": gradients(eps=0.5)},
    "the backward pass of batch norm, where μ and v depend on x (lecture 04)",
    shares={"dx": 2, "dgamma": 1, "dbeta": 1}, hidden=[gradients(n=11), gradients(n=3, eps=2.0)],
    mistakes=mistakes(_backward, DX, DGAMMA, DBETA))


# --- RMSNorm, backward -----------------------------------------------------------------------------------------------


def rms_norm_backward(dy, x, gamma, eps):
    r = np.sqrt((x**2).mean(axis=1, keepdims=True) + eps)
    dz = gamma * dy
    dx = (dz - x * (dz * x).mean(axis=1, keepdims=True) / r**2) / r
    return dx, (dy * x / r).sum(axis=0)


def _mean(x, axis=1):
    return x.mean(axis, keepdims=True)


def _rms(dy, x, gamma, eps):
    """The parts: z is gamma · dy, r the root, h = x/r, b the mean of z · x, q the mean square."""
    q, z = _mean(x**2), gamma * dy
    r = np.sqrt(q + eps)
    return SimpleNamespace(dy=dy, x=x, gamma=gamma, eps=eps, z=z, q=q, r=r, h=x / r, b=_mean(z * x), c=x.shape[1])


def _with_r(r):
    """Both gradients with another r."""
    dx = lambda p: (p.z - p.x * p.b / r(p) ** 2) / r(p)  # noqa: E731
    return dx, lambda p: (p.dy * p.x / r(p)).sum(0)


OTHER_R = {
    "lacks eps in r": _with_r(lambda p: np.sqrt(p.q)),
    "has eps outside the root": _with_r(lambda p: np.sqrt(p.q) + p.eps),
    "has r² in place of r: a root is missing, or a division too much": _with_r(lambda p: p.q + p.eps),
    "has an r with a sum over the features in place of the mean": _with_r(lambda p: np.sqrt(p.q * p.c + p.eps)),
    "has an r over the batch (axis 0), not over the features of a sample":
        _with_r(lambda p: np.sqrt(_mean(p.x**2, 0) + p.eps)),
    "has one r for the whole array": _with_r(lambda p: np.sqrt((p.x**2).mean() + p.eps)),
    "has the standard deviation for r; RMSNorm subtracts no mean":
        _with_r(lambda p: np.sqrt(p.x.var(1, keepdims=True) + p.eps)),
    "has the mean size |x| for r, not the root of the mean square": _with_r(lambda p: _mean(np.abs(p.x)) + p.eps),
}
RMS_DX = {
    "treats r as a constant; r depends on x as well": lambda p: p.z / p.r,
    "treats r as a constant, and lacks r": lambda p: p.z,
    "treats r as a constant, and lacks gamma": lambda p: p.dy / p.r,
    "takes only the change of r; x in the numerator moves as well": lambda p: -p.h * p.b / p.r**2,
    "lacks gamma": lambda p: (p.dy - p.h * _mean(p.dy * p.h)) / p.r,
    "has gamma outside the mean over the features; each feature has its own":
        lambda p: p.gamma * (p.dy - p.h * _mean(p.dy * p.h)) / p.r,
    "lacks gamma in its part from r": lambda p: (p.z - p.h * _mean(p.dy * p.h)) / p.r,
    "has gamma in its part from r only": lambda p: (p.dy - p.h * p.b / p.r) / p.r,
    "has gamma twice": lambda p: p.gamma * (p.z - p.h * p.b / p.r) / p.r,
    "has a sum over the features where r has a mean": lambda p: (p.z - p.c * p.h * p.b / p.r) / p.r,
    "has a wrong sign: a larger r makes y smaller": lambda p: (p.z + p.h * p.b / p.r) / p.r,
    "has its part from r twice: what is the derivative of a root?": lambda p: (p.z - 2 * p.h * p.b / p.r) / p.r,
    "has half of its part from r: what is the derivative of a square?": lambda p: (p.z - p.h * p.b / p.r / 2) / p.r,
    "has the mean over the batch (axis 0) in its part from r; each sample has its own r":
        lambda p: (p.z - p.h * _mean(p.z * p.x, 0) / p.r) / p.r,
    "has the mean over the whole array in its part from r; each sample has its own r":
        lambda p: (p.z - p.h * (p.z * p.x).mean() / p.r) / p.r,
    "has N in place of the number of features in its part from r":
        lambda p: (p.z - p.h * p.b * p.c / len(p.x) / p.r) / p.r,
    "has no mean in its part from r: an r depends on all features of its sample":
        lambda p: (p.z - p.h * p.z * p.h) / p.r,
    "has no mean in its part from r, but one term of it: an r depends on all features of its sample":
        lambda p: (p.z - p.h**2 * p.z / p.c) / p.r,
    "is that of a norm that subtracts a mean; RMSNorm doesn't": lambda p: (p.z - _mean(p.z) - p.h * p.b / p.r) / p.r,
    "lacks a power of r in its part from r": lambda p: (p.z - p.h * p.b) / p.r,
    "lacks two powers of r in its part from r": lambda p: (p.z - p.x * p.b) / p.r,
    "has a power of r too many in its part from r": lambda p: (p.z - p.h * p.b / p.r**2) / p.r,
    "lacks a factor 1/r as a whole": lambda p: p.z - p.h * p.b / p.r,
    "has a factor 1/r too much as a whole": lambda p: (p.z - p.h * p.b / p.r) / p.r**2,
    "lacks brackets: only its part from r is divided by r": lambda p: p.z - p.h * p.b / p.r**2,
    "has an r without eps in its part from r": lambda p: (p.z - p.x * p.b / p.q) / p.r,
    **{f"lacks x in front of the mean in its part from r{also}": lambda p, k=k: (p.z - p.b / p.r**k) / p.r
       for also, k in (("", 2), (", and a power of r", 1), (", and two powers of r", 0))},
    "lacks x inside the mean in its part from r": lambda p: (p.z - p.h * _mean(p.z) / p.r) / p.r,
    "has the mean of z in place of that of z · x: x was left out": lambda p: (p.z - p.h * _mean(p.z)) / p.r,
    "lacks dy in its part from r": lambda p: (p.z - p.h * _mean(p.x) / p.r) / p.r,
    "has x squared in place of x times the mean": lambda p: (p.z - p.z * _mean(p.h**2)) / p.r,
    "has a product of two means in place of the mean of a product":
        lambda p: (p.z - p.h * _mean(p.z) * _mean(p.h)) / p.r,
    "is averaged over the batch: divided by N": lambda p: (p.z - p.h * p.b / p.r) / p.r / len(p.x),
}
RMS_DGAMMA = {
    "lacks 1/r": lambda p: (p.dy * p.x).sum(0),
    "lacks x": lambda p: p.dy.sum(0),
    "has 1/r in place of x/r: x is missing": lambda p: (p.dy / p.r).sum(0),
    "lacks dy": lambda p: p.h.sum(0),
    "is multiplied by r, not divided": lambda p: (p.dy * p.x * p.r).sum(0),
    "has gamma as a factor: y is linear in gamma": lambda p: (p.z * p.h).sum(0),
    "is divided by gamma": lambda p: (p.dy * p.h).sum(0) / p.gamma,
    "is averaged over the batch; gamma collects from all samples": lambda p: (p.dy * p.h).mean(0),
    "isn't summed over the batch": lambda p: p.dy * p.h,
    "is summed over the features (axis 1)": lambda p: (p.dy * p.h).sum(1),
    "is summed over the whole array": lambda p: (p.dy * p.h).sum(),
    "has one sum, of the whole array, for all features": lambda p: np.full_like(p.gamma, (p.dy * p.h).sum()),
    "is a product of two sums over the batch": lambda p: p.dy.sum(0) * p.h.sum(0),
    "uses the last sample only: = in place of +=?": lambda p: (p.dy * p.h)[-1],
    "has the mean over the features subtracted from x; RMSNorm subtracts none":
        lambda p: (p.dy * (p.x - _mean(p.x)) / p.r).sum(0),
}

check.add(
    rms_norm_backward, "dx, dgamma", {"": gradients(mean=0.5), "a large eps": gradients(mean=0.5, eps=0.5)},
    "what moves when one x moves: task 4 and its hints; the same idea for batch norm is in lecture 04",
    shares={"dx": 4, "dgamma": 2}, hidden=[gradients(n=1, eps=0.5), gradients(n=9, eps=0.0)],
    mistakes=mistakes(_rms, {text: dx for text, (dx, _) in OTHER_R.items()} | RMS_DX,
                      {text: dgamma for text, (_, dgamma) in OTHER_R.items()} | RMS_DGAMMA))


# --- Adam ------------------------------------------------------------------------------------------------------------


def adam_step(theta, g, m, v, t, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


def step(shape, t, eps=1e-8, fresh=False):
    """The arguments of a step; a fresh one has m = v = 0 and a weight without a gradient."""
    def draw(rng):
        theta, g, m = normal(rng, 3, *shape(rng))
        v, lr = uniform(rng, 0.3, 2, *g.shape), float(rng.uniform(0.1, 0.4))
        if fresh:
            m, v = 0 * m, 0 * v
            g.flat[0] = 0
        return theta, g, m, v, t(rng), lr, float(rng.uniform(0.6, 0.9)), float(rng.uniform(0.93, 0.98)), eps

    return draw


def _adam(theta, g, m, v, t, lr, b1, b2, eps):
    """The parts of a step: the old m and v, the new M and V, the corrections c1 and c2, the corrected mh and vh."""
    _, M, V = adam_step(theta, g, m, v, t, lr, b1, b2, eps)
    c1, c2 = 1 - b1**t, 1 - b2**t
    return SimpleNamespace(theta=theta, g=g, m=m, v=v, t=t, lr=lr, b1=b1, b2=b2, eps=eps, M=M, V=V, c1=c1, c2=c2,
                           mh=M / c1, vh=V / c2)


def _step(m=lambda p: p.mh, v=lambda p: p.vh, root=lambda v, p: np.sqrt(v) + p.eps):
    """theta with another numerator, another v, or another denominator."""
    return lambda p: p.theta - p.lr * m(p) / root(v(p), p)


CORRECTIONS = {  # what m and v are divided by, made of beta and t
    "to the power t − 1": lambda b, t: 1 - b ** (t - 1),
    "to the power t + 1": lambda b, t: 1 - b ** (t + 1),
    "without the power t": lambda b, t: 1 - b,
    "with 1 − beta to the power t": lambda b, t: (1 - b) ** t,
    "without 1 minus the power": lambda b, t: b**t,
    "with 1 plus the power": lambda b, t: 1 + b**t,
    "that multiplies; it has to divide": lambda b, t: 1 / (1 - b**t),
    "that is done twice": lambda b, t: (1 - b**t) ** 2,
    "with a root too much": lambda b, t: np.sqrt(1 - b**t),
}
THETA = {
    "uses m and v without their corrections": _step(lambda p: p.M, lambda p: p.V),
    "uses m without its correction": _step(m=lambda p: p.M),
    "uses v without its correction": _step(v=lambda p: p.V),
    "uses the old m: the gradient of this step isn't in it": _step(m=lambda p: p.m / p.c1),
    "uses the old v: the gradient of this step isn't in it": _step(v=lambda p: p.v / p.c2),
    "uses the old m and v: the gradient of this step isn't in them": _step(lambda p: p.m / p.c1, lambda p: p.v / p.c2),
    "uses g in place of m: that is RMSprop": _step(m=lambda p: p.g),
    "uses g in place of m, with its correction": _step(m=lambda p: p.g / p.c1),
    "uses g² in place of v": _step(v=lambda p: p.g**2),
    "has eps inside the root": _step(root=lambda v, p: np.sqrt(v + p.eps)),
    "lacks eps": _step(root=lambda v, p: np.sqrt(v)),
    "has eps added to the root before the correction of v": lambda p: p.theta
        - p.lr * np.sqrt(p.c2) / p.c1 * p.M / (np.sqrt(p.V) + p.eps),
    "has eps subtracted": _step(root=lambda v, p: np.sqrt(v) - p.eps),
    "lacks brackets: eps is added to the step, not to the root": lambda p: p.theta
        - (p.lr * p.mh / np.sqrt(p.vh) + p.eps),
    "lacks brackets: eps is added to theta, not to the root": lambda p: p.theta - p.lr * p.mh / np.sqrt(p.vh) + p.eps,
    "lacks the root of v": _step(root=lambda v, p: v + p.eps),
    "has v² in place of its root": _step(root=lambda v, p: v**2 + p.eps),
    "isn't divided by the root of v: that is momentum": _step(root=lambda v, p: 1),
    "is multiplied by the root of v": _step(root=lambda v, p: 1 / (np.sqrt(v) + p.eps)),
    "goes uphill: a sign is wrong": lambda p: p.theta + p.lr * p.mh / (np.sqrt(p.vh) + p.eps),
    "lacks the learning rate": lambda p: p.theta - p.mh / (np.sqrt(p.vh) + p.eps),
    "is the step alone; it is to be subtracted from theta": lambda p: p.lr * p.mh / (np.sqrt(p.vh) + p.eps),
    "is the step alone, with a minus; theta is missing": lambda p: -p.lr * p.mh / (np.sqrt(p.vh) + p.eps),
    "is the old one: it doesn't move": lambda p: p.theta,
    "moves by the sign of the gradient": lambda p: p.theta - p.lr * np.sign(p.g),
    "is a step of plain gradient descent": lambda p: p.theta - p.lr * p.g,
    "has the two corrections exchanged": _step(lambda p: p.M / p.c2, lambda p: p.V / p.c1),
    "has the correction of m for v, too": _step(v=lambda p: p.V / p.c1),
    "has the correction of v for m, too": _step(m=lambda p: p.M / p.c2),
    "has one number for all weights below the step: v was averaged": _step(v=lambda p: p.vh.mean()),
    **{f"has a correction of m and one of v {how}":
           _step(lambda p, c=c: p.M / c(p.b1, p.t), lambda p, c=c: p.V / c(p.b2, p.t))
       for how, c in CORRECTIONS.items()},
    "has a correction of m with t times beta, not a power": _step(m=lambda p: p.M / (1 - p.b1 * p.t)),
    **{f"has a correction of m {how}": _step(m=lambda p, c=c: p.M / c(p.b1, p.t)) for how, c in CORRECTIONS.items()},
    **{f"has a correction of v {how}": _step(v=lambda p, c=c: p.V / c(p.b2, p.t)) for how, c in CORRECTIONS.items()},
}


CORRECTED, UNMOVED = "is corrected; what is returned stays uncorrected", "is the old one: it doesn't move"
IN_THETA = CORRECTED, UNMOVED  # what they do to theta stands there already


def _average(old, new, beta, correction):
    """The mistakes of a running average, from functions of the parts: the old one, what is added, its beta."""
    mixed = lambda f: lambda p: f(old(p), new(p), beta(p))  # noqa: E731
    return {
        CORRECTED: lambda p: mixed(
            lambda o, n, b: b * o + (1 - b) * n)(p) / correction(p),
        "was corrected before it was averaged": lambda p: beta(p) * old(p) / correction(p) + (1 - beta(p)) * new(p),
        UNMOVED: mixed(lambda o, n, b: o),
        "has its weights the wrong way round": mixed(lambda o, n, b: (1 - b) * o + b * n),
        "lacks 1 − beta at the new part": mixed(lambda o, n, b: b * o + n),
        "lacks beta at the old part": mixed(lambda o, n, b: o + (1 - b) * n),
        "lacks the old part": mixed(lambda o, n, b: (1 - b) * n),
        "lacks the new part": mixed(lambda o, n, b: b * o),
        "has beta at both parts": mixed(lambda o, n, b: b * (o + n)),
        "has 1 − beta at both parts": mixed(lambda o, n, b: (1 - b) * (o + n)),
        "has the new part subtracted": mixed(lambda o, n, b: b * o - (1 - b) * n),
        "is a sum without weights": mixed(lambda o, n, b: o + n),
        "has 1 + beta at the new part": mixed(lambda o, n, b: b * o + (1 + b) * n),
        "lacks brackets: 1 − beta · the new part": mixed(lambda o, n, b: b * o + 1 - b * n),
    }


def _blend(old, new, beta):
    return lambda p: beta(p) * old(p) + (1 - beta(p)) * new(p)


def _old_m(p):
    return p.m


def _old_v(p):
    return p.v


AVERAGE_M = _average(_old_m, lambda p: p.g, lambda p: p.b1, lambda p: p.c1) | {
    "has beta2 in place of beta1": _blend(_old_m, lambda p: p.g, lambda p: p.b2),
    "has g² in place of g": _blend(_old_m, lambda p: p.g**2, lambda p: p.b1),
    "has |g| in place of g": _blend(_old_m, lambda p: np.abs(p.g), lambda p: p.b1),
    "has the sign of g in place of g": _blend(_old_m, lambda p: np.sign(p.g), lambda p: p.b1),
    "averages with v; each average has its own old value": _blend(_old_v, lambda p: p.g, lambda p: p.b1),
    "has the learning rate in it": _blend(_old_m, lambda p: p.lr * p.g, lambda p: p.b1),
    "has beta1 to the power t": _blend(_old_m, lambda p: p.g, lambda p: p.b1**p.t),
}
AVERAGE_V = _average(_old_v, lambda p: p.g**2, lambda p: p.b2, lambda p: p.c2) | {
    "has beta1 in place of beta2": _blend(_old_v, lambda p: p.g**2, lambda p: p.b1),
    "has g in place of g²": _blend(_old_v, lambda p: p.g, lambda p: p.b2),
    "has |g| in place of g²": _blend(_old_v, lambda p: np.abs(p.g), lambda p: p.b2),
    "has the square of the new m in place of g²": _blend(_old_v, lambda p: p.M**2, lambda p: p.b2),
    "has the square of the old m in place of g²": _blend(_old_v, lambda p: p.m**2, lambda p: p.b2),
    "has the square of g − m in place of g²": _blend(_old_v, lambda p: (p.g - p.M) ** 2, lambda p: p.b2),
    "has 1 − beta2 squared as well": lambda p: p.b2 * p.v + ((1 - p.b2) * p.g) ** 2,
    "averages with m; each average has its own old value": _blend(_old_m, lambda p: p.g**2, lambda p: p.b2),
    "has the mean of g² over all weights": _blend(_old_v, lambda p: (p.g**2).mean(), lambda p: p.b2),
    "has beta2 to the power t": _blend(_old_v, lambda p: p.g**2, lambda p: p.b2**p.t),
    "is the larger one of the old v and the average": lambda p: np.maximum(p.v, p.V),
}

FOLLOWING = {  # theta, right but for a wrong m, a wrong v, or the same mistake in both
    **{f"is made with an m that {text}": _step(m=lambda p, f=f: f(p) / p.c1)
       for text, f in AVERAGE_M.items() if text not in IN_THETA},
    **{f"is made with a v that {text}": _step(v=lambda p, f=f: f(p) / p.c2)
       for text, f in AVERAGE_V.items() if text not in IN_THETA},
    **{f"is made with an m and a v, each of which {text}":
           _step(lambda p, f=f: f(p) / p.c1, lambda p, f=AVERAGE_V[text]: f(p) / p.c2)
       for text, f in AVERAGE_M.items() if text in AVERAGE_V and text not in IN_THETA},
    "is made with an m with beta2 and a v with beta1": _step(
        lambda p: AVERAGE_M["has beta2 in place of beta1"](p) / p.c1,
        lambda p: AVERAGE_V["has beta1 in place of beta2"](p) / p.c2),
}


def plane(rng):
    return tuple(map(int, rng.permutation(np.arange(2, 7))[:2]))


def later(rng):
    return int(rng.integers(2, 8))


check.add(
    adam_step, "theta, m, v",
    {"": step(plane, later), "the first step": step(plane, lambda rng: 1, fresh=True),
     "a large eps": step(lambda rng: (*plane(rng), 3), later, 0.5),
     "a late step": step(lambda rng: (int(rng.integers(4, 9)),), lambda rng: int(rng.integers(20, 40)))},
    "how Adam's averages are corrected for their start at 0 (lecture 04)", shares={"theta": 3, "m": 1, "v": 1},
    hidden=[step(plane, lambda rng: 1, 0.1, True), step(lambda rng: (4,), lambda rng: 1000)],
    mistakes=mistakes(_adam, THETA | FOLLOWING, AVERAGE_M, AVERAGE_V))


# --- the spread of initial weights -----------------------------------------------------------------------------------


def spreads(n_in, n_out, slope):
    return np.sqrt(6 / (n_in + n_out)), np.sqrt(2 / ((1 + slope**2) * n_in))


def layer(slope):
    """Two sizes far apart, and what `slope` draws."""
    def draw(rng):
        small, large = int(rng.integers(5, 40)), int(rng.integers(50, 300))
        return *rng.permutation([small, large]).tolist(), slope(rng)

    return draw


def _sizes(n_in, n_out, slope):
    return SimpleNamespace(i=n_in, o=n_out, a=slope, both=n_in + n_out, gain=1 + slope**2)


def _root(squared):
    return lambda p: np.sqrt(squared(p))


GLOROT = {
    "is the standard deviation, not the bound of the uniform distribution": _root(lambda p: 2 / p.both),
    "is the variance, not the bound": lambda p: 2 / p.both,
    "lacks a factor under the root: as if the variance were 1/(n_in + n_out)": _root(lambda p: 3 / p.both),
    "is twice b: is it the width of [−b, b], or the b of a distribution on [0, b]?": _root(lambda p: 24 / p.both),
    "has 12 under the root: is the variance b²/6, or are the sizes averaged?": _root(lambda p: 12 / p.both),
    "is the square of b: the root is missing": lambda p: 6 / p.both,
    "has the root above only": lambda p: np.sqrt(6) / p.both,
    "has the root below only": lambda p: 6 / np.sqrt(p.both),
    "has the variance of the uniform distribution the wrong way round": _root(lambda p: 2 / 3 / p.both),
    "is the standard deviation divided by the root of 12": _root(lambda p: 1 / 6 / p.both),
    "has n_in alone": _root(lambda p: 6 / p.i),
    "has n_out alone": _root(lambda p: 6 / p.o),
    "is that for a variance of 1/n_in": _root(lambda p: 3 / p.i),
    "is that for a variance of 1/n_out": _root(lambda p: 3 / p.o),
    "has the product of the two sizes": _root(lambda p: 6 / p.i / p.o),
    "has the difference of the two sizes": _root(lambda p: 6 / abs(p.i - p.o)),
    "lacks brackets around n_in + n_out": _root(lambda p: 6 / p.i + p.o),
    "has the slope in it; Glorot's rule has none": _root(lambda p: 6 / p.both / p.gain),
    "is turned upside down": _root(lambda p: p.both / 6),
    "is He's standard deviation": _root(lambda p: 2 / p.i),
    "has 1 under the root: the factors of the rule and of the uniform distribution are missing":
        _root(lambda p: 1 / p.both),
    "is 3 standard deviations": lambda p: 3 * np.sqrt(2 / p.both),
    "is 2 standard deviations": lambda p: 2 * np.sqrt(2 / p.both),
}
HE = {
    "is that for ReLU: the slope isn't in it": _root(lambda p: 2 / p.i),
    "is that of a linear layer: the activation isn't in it": _root(lambda p: 1 / p.i),
    "has the slope, not its square": _root(lambda p: 2 / ((1 + p.a) * p.i)),
    "has (1 + slope)², not each part squared": lambda p: np.sqrt(2 / p.i) / (1 + p.a),
    "has 1 + slope² outside the root, or squared": lambda p: np.sqrt(2 / p.i) / p.gain,
    "has 1 − slope² where the two sides add up": _root(lambda p: 2 / ((1 - p.a**2) * p.i)),
    "has 1 − slope": _root(lambda p: 2 / ((1 - p.a) * p.i)),
    "has the slope's square alone: the 1 of the positive side is missing": _root(lambda p: 2 / (p.a**2 * p.i)),
    "lacks the 2: only one side's half is in it": _root(lambda p: 1 / (p.gain * p.i)),
    "is multiplied by the part with the slope, not divided": _root(lambda p: 2 * p.gain / p.i),
    "is half of the sum, turned upside down": _root(lambda p: p.gain / 2 / p.i),
    "has n_out in place of n_in": _root(lambda p: 2 / (p.gain * p.o)),
    "has n_in + n_out in place of n_in": _root(lambda p: 2 / (p.gain * p.both)),
    "has the mean of n_in and n_out in place of n_in": _root(lambda p: 4 / (p.gain * p.both)),
    "is the variance: the root is missing": lambda p: 2 / (p.gain * p.i),
    "is the bound of a uniform distribution, not the standard deviation": _root(lambda p: 6 / (p.gain * p.i)),
    "has the root above only": lambda p: np.sqrt(2) / (p.gain * p.i),
    "has its 2 outside the root, or squared": lambda p: 2 / np.sqrt(p.gain * p.i),
    "is the gain alone: n_in is missing": _root(lambda p: 2 / p.gain),
    "lacks brackets: only the 1 is below the fraction line": _root(lambda p: 2 / 1 + p.a**2 / p.i),
    "lacks brackets: n_in multiplies a part of the sum only": _root(lambda p: 2 / (1 + p.a**2 * p.i)),
    "lacks brackets: n_in is multiplied after the division": _root(lambda p: 2 / p.gain * p.i),
    "lacks the root of n_in": lambda p: np.sqrt(2 / p.gain) / p.i,
    "lacks a half at the slope's part": _root(lambda p: 2 / ((1 + 2 * p.a**2) * p.i)),
    "has the half at the slope's part twice": _root(lambda p: 2 / ((1 + p.a**2 / 2) * p.i)),
    "has the slope's part subtracted under the root": _root(lambda p: (2 - p.a**2) / p.i),
    "is Glorot's standard deviation": _root(lambda p: 2 / p.both),
    "takes the activation's mean, not its mean square": _root(lambda p: 4 / ((1 + p.a) ** 2 * p.i)),
    "has the variance of the activation, whose mean isn't 0, not its mean square": _root(
        lambda p: 1 / (p.gain / 2 - (1 - p.a) ** 2 / (2 * np.pi)) / p.i),
}

check.add(
    spreads, "glorot_bound, he_std",
    {"": layer(lambda rng: float(rng.uniform(0.3, 0.7))), "slope 0.2": layer(lambda rng: 0.2),
     "slope 0": layer(lambda rng: 0.0), "slope 1": layer(lambda rng: 1.0)},
    "the variance of a uniform distribution; which part of the mean square comes from which side (lecture 04)",
    shares={"glorot_bound": 1, "he_std": 2}, hidden=[(1, 1, 0.5), (784, 10, 0.01)],
    mistakes=mistakes(_sizes, GLOROT, HE))
