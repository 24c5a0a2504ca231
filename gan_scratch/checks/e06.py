"""References, inputs and typical mistakes for exercise e06, the optimal discriminator."""

from __future__ import annotations

import numpy as np

from gan_scratch.classroom.check import Checks
from gan_scratch.layers.activation import sigmoid, softplus

check = Checks()
LOG2 = np.log(2)
TINY = (1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6)  # what people add, or clip at, so that no logarithm of 0 arises
BITS = "is in bits: log2 in place of the natural logarithm"
HANDLE = "; handle the zeros instead"


def two(rng):
    p, q = rng.uniform(0.2, 1, (2, rng.integers(5, 9)))
    return p / p.sum(), q / q.sum()


def p_with_a_zero(rng):
    p, q = two(rng)
    p[rng.integers(len(p))] = 0
    return p / p.sum(), q


def q_with_a_zero(rng):
    return p_with_a_zero(rng)[::-1]


def disjoint(rng):
    p, q = two(rng)
    p[rng.permutation(len(p))[:3]] = 0
    q[p > 0] = 0
    return p / p.sum(), q / q.sum()


def common_zero(rng):
    p, q = two(rng)
    k = rng.integers(len(p))
    p[k] = q[k] = 0
    return p / p.sum(), q / q.sum()


def rare(rng):
    """One outcome is rare under p, another one under q, a third under both."""
    p, q = two(rng)
    i, j, k = rng.permutation(len(p))[:3]
    p[i], q[j], p[k], q[k] = rng.uniform(1e-5, 1e-4, 4)
    return p / p.sum(), q / q.sum()


def sizes(rng, count=2, rising=True):
    """Numbers that can't be mistaken for one another; the second one is larger than the first, or smaller."""
    n, m, *more = rng.permutation(np.arange(3, 9))[:count]
    return min(n, m) if rising else max(n, m), max(n, m) if rising else min(n, m), *more


# --- divergences -----------------------------------------------------------------------------------------------------


def cross(p, x):
    """Σ p log x, with 0·log 0 = 0."""
    with np.errstate(divide="ignore"):
        return (p[p > 0] * np.log(x[p > 0])).sum()


def kl(p, q):
    with np.errstate(divide="ignore"):
        return (p[p > 0] * (np.log(p[p > 0]) - np.log(q[p > 0]))).sum()


def _where_both(f):
    """f without the outcomes in which p or q is 0; p and q are the last two of its arguments."""
    return lambda *args: f(*(a[(args[-2] > 0) & (args[-1] > 0)] for a in args))


def _of_loops(f):
    """What goes wrong in a loop over the outcomes."""
    parts = {
        "lacks the first outcome: does a loop begin at 1?": slice(1, None),
        "lacks the last outcome: does a loop end too early?": slice(-1),
        "holds the first outcome only: is the `return` inside the loop?": slice(1),
        "holds the last outcome only: = in place of +=?": slice(-1, None),
    }
    return {words: lambda *args, part=part: f(*(a[part] for a in args)) for words, part in parts.items()}


check.add(
    kl, "KL", {
        "": two,
        "rare outcomes": rare,
        "p with zeros": p_with_a_zero,
        "a place where both are 0": common_zero,
        "q = 0 where p > 0 (KL is then ∞)": q_with_a_zero,
    },
    "KL(p‖q) = Σ p log(p/q), with 0·log 0 = 0, and ∞ where q = 0 < p (lecture 06, eq. 1)", tolerance=1e-9,
    hidden=[(np.float64([0, 0.5, 0.5]), np.float64([0, 0.25, 0.75])), (np.float64([0.5, 0.5]), np.float64([1, 0]))],
    mistakes={
        "is finite where q = 0 < p: such outcomes were dropped (a mask with q > 0?), and each makes KL infinite":
            _where_both(kl),
        "is ∞ as soon as any q is 0; it is so only where p > 0": lambda p, q: np.inf if (q == 0).any() else kl(p, q),
        **{f"has {eps:g} added inside the logarithms, or is clipped there" + HANDLE:
               lambda p, q, eps=eps: cross(p, (p + eps) / (q + eps)) for eps in TINY},
        **{f"has {eps:g} added to q" + HANDLE: lambda p, q, eps=eps: kl(p, q + eps) for eps in TINY[1:]},
        **{f"has p and q clipped at {eps:g}" + HANDLE:
               lambda p, q, eps=eps: kl(np.maximum(p, eps), np.maximum(q, eps)) for eps in TINY},
        "is Σ p log p, the negative entropy: log q is missing": lambda p, q: cross(p, p),
        "is a ratio of logarithms, not the logarithm of the ratio": lambda p, q: (p * np.log(p) / np.log(q)).sum(),
        **_of_loops(kl),
        "is KL(q‖p): p and q are exchanged": lambda p, q: kl(q, p),
        "is −KL: log(p/q), not log(q/p)": lambda p, q: -kl(p, q),
        "is the cross-entropy −Σ p log q: log p is missing": lambda p, q: -cross(p, q),
        "is the entropy of p": lambda p, q: -cross(p, p),
        "is the mean of the terms, not their sum": lambda p, q: kl(p, q) / len(p),
        BITS: lambda p, q: kl(p, q) / LOG2,
        "is weighted with q: Σ q log(p/q)": lambda p, q: (q * np.log(p / q)).sum(),
        "isn't weighted with p: Σ log(p/q)": lambda p, q: np.log(p / q).sum(),
        "is the mean of log(p/q) over the outcomes": lambda p, q: np.log(p / q).mean(),
        "is symmetrised: KL(p‖q) + KL(q‖p)": lambda p, q: kl(p, q) + kl(q, p),
        "is symmetrised: the mean of KL(p‖q) and KL(q‖p)": lambda p, q: (kl(p, q) + kl(q, p)) / 2,
        "lacks the logarithm": lambda p, q: (p**2 / q).sum(),
        "has p at log p only: brackets around the difference": lambda p, q: (p * np.log(p) - np.log(q)).sum(),
        "has log(1 + p/q) in place of log(p/q)": lambda p, q: (p * np.log1p(p / q)).sum(),
        "sums absolute values; negative terms count as they are": lambda p, q: np.abs(p * np.log(p / q)).sum(),
        "has log p + log q in place of their difference": lambda p, q: cross(p, p) + cross(p, q),
        "isn't summed: one number per outcome": lambda p, q: p * np.log(p / q),
    },
)


def js(p, q):
    return sum(_halves(p, q).values())


def _halves(p, q):
    return {"½ KL(p‖m)": kl(p, (p + q) / 2) / 2, "½ KL(q‖m)": kl(q, (p + q) / 2) / 2}


def _js_of(combine, midpoint=lambda p, q: (p + q) / 2):
    """These two KLs combined in another way, or from another midpoint."""
    return lambda p, q: combine(kl(p, midpoint(p, q)), kl(q, midpoint(p, q)))


def _mean(a, b):
    return (a + b) / 2


check.add(
    js, "JS", {
        "": two,
        "rare outcomes": rare,
        "zeros in p": p_with_a_zero,
        "zeros in q": q_with_a_zero,
        "disjoint supports (JS is then log 2)": disjoint,
        "a place where both are 0": common_zero,
    },
    "JS = ½ KL(p‖m) + ½ KL(q‖m), m = (p + q)/2 (lecture 06, eq. 6)", tolerance=1e-9, terms=_halves,
    hidden=[(np.float64([1, 0]), np.float64([0, 1])), (np.float64([0.2, 0.8, 0]), np.float64([0.2, 0.8, 0]))],
    mistakes={
        "lacks the outcomes in which p or q is 0; they count": _where_both(js),
        **{f"has {eps:g} added to p and q" + HANDLE: lambda p, q, eps=eps: js(p + eps, q + eps) for eps in TINY[2:]},
        **_of_loops(js),
        "is H(m) − H(p) − H(q): the entropies of p and q have the factor ½":
            lambda p, q: cross(p, p) + cross(q, q) - cross((p + q) / 2, (p + q) / 2),
        "is 2 JS − 2 log 2, the value of the game": lambda p, q: 2 * js(p, q) - 2 * LOG2,
        "is ½ Σ|p − q|, the total variation": lambda p, q: np.abs(p - q).sum() / 2,
        "is log 2, whatever p and q are": lambda p, q: LOG2,
        "is log 2 − JS": lambda p, q: LOG2 - js(p, q),
        "is twice JS: each KL has the factor ½": _js_of(lambda a, b: a + b),
        "is half of JS: is the factor ½ there twice?": _js_of(lambda a, b: (a + b) / 4),
        "has a factor ½ for the first KL only": _js_of(lambda a, b: a / 2 + b),
        "has a factor ½ for the second KL only": _js_of(lambda a, b: a + b / 2),
        "is KL(p‖m) alone": _js_of(lambda a, b: a),
        "is KL(q‖m) alone": _js_of(lambda a, b: b),
        "is ½ KL(p‖m) alone: the half with q is missing": _js_of(lambda a, b: a / 2),
        "is ½ KL(q‖m) alone: the half with p is missing": _js_of(lambda a, b: b / 2),
        "has its two halves subtracted": _js_of(lambda a, b: (a - b) / 2),
        "is the larger of the two KLs; their mean is meant": _js_of(max),
        "is the smaller of the two KLs; their mean is meant": _js_of(min),
        "is the product of the two KLs; their mean is meant": _js_of(lambda a, b: a * b),
        "is the square root of JS": _js_of(lambda a, b: np.sqrt((a + b) / 2)),
        BITS: _js_of(lambda a, b: (a + b) / 2 / LOG2),
        "is divided by the number of outcomes": lambda p, q: js(p, q) / len(p),
        "is computed with m = p + q; the midpoint is (p + q)/2": _js_of(_mean, np.add),
        "is computed with m = p + q/2: brackets, (p + q)/2": _js_of(_mean, lambda p, q: p + q / 2),
        "is computed with m = p/2 + q: brackets, (p + q)/2": _js_of(_mean, lambda p, q: p / 2 + q),
        "takes the geometric mean √(pq) for the midpoint": _js_of(_mean, lambda p, q: np.sqrt(p * q)),
        "takes √(pq) with sum 1 for the midpoint": _js_of(_mean, lambda p, q: np.sqrt(p * q) / np.sqrt(p * q).sum()),
        "takes the product pq for the midpoint": _js_of(_mean, lambda p, q: p * q),
        "takes the larger of p and q for the midpoint": _js_of(_mean, np.maximum),
        "is ½ KL(m‖p) + ½ KL(m‖q): the arguments are exchanged":
            lambda p, q: _mean(kl((p + q) / 2, p), kl((p + q) / 2, q)),
        "has the arguments of its second KL exchanged": lambda p, q: _mean(kl(p, (p + q) / 2), kl((p + q) / 2, q)),
        "has the arguments of its first KL exchanged": lambda p, q: _mean(kl((p + q) / 2, p), kl(q, (p + q) / 2)),
        "is ½ KL(p‖q) + ½ KL(q‖p), without the midpoint": lambda p, q: _mean(kl(p, q), kl(q, p)),
        "is KL(p‖q)": kl,
    },
)


# --- the value of the game -------------------------------------------------------------------------------------------


def value(D, p, q):
    return cross(p, D) + cross(q, 1 - D)


def any_discriminator(pair):
    def draw(rng):
        p, q = pair(rng)
        return rng.uniform(0.1, 0.9, len(p)), p, q

    return draw


def sure_at_one_place(rng):
    D, p, q = any_discriminator(q_with_a_zero)(rng)
    return np.where(q == 0, 1, D), p, q


def sure_everywhere(rng):
    p, q = disjoint(rng)
    return (p > 0) * 1.0, p, q


def wrong_at_one_place(rng):
    D, p, q = any_discriminator(two)(rng)
    D[rng.integers(len(D))] = 0
    return D, p, q


check.add(
    value, "V", {
        "": any_discriminator(two),
        "rare outcomes": any_discriminator(rare),
        "p with a zero": any_discriminator(p_with_a_zero),
        "q with a zero": any_discriminator(q_with_a_zero),
        "D = 1 at the one place where q = 0": sure_at_one_place,
        "p and q with disjoint supports, D = 1 or 0": sure_everywhere,
        "a D that is sure and wrong at one place (V is then −∞)": wrong_at_one_place,
    },
    "V(D) = Σ p log D + Σ q log(1 − D), with 0·log 0 = 0 (lecture 06, eq. 3)", tolerance=1e-9,
    terms=lambda D, p, q: {"Σ p log D": cross(p, D), "Σ q log(1 − D)": cross(q, 1 - D)},
    hidden=[(np.float64([1, 0, 0.5]), np.float64([0.5, 0, 0.5]), np.float64([0, 0.5, 0.5]))],
    mistakes={
        **{f"has {eps:g} added inside the logarithms, or is clipped there" + HANDLE:
               lambda D, p, q, eps=eps: (p * np.log(D + eps) + q * np.log(1 - D + eps)).sum() for eps in TINY},
        **{f"has D clipped at {eps:g}" + HANDLE:
               lambda D, p, q, eps=eps: value(np.clip(D, eps, 1 - eps), p, q) for eps in TINY[3:]},
        "leaves out the outcomes in which D is 0 or 1; leave out those in which p, or q, is 0":
            lambda D, p, q: value(*(a[(D > 0) & (D < 1)] for a in (D, p, q))),
        "counts only outcomes where p and q are both above 0": _where_both(value),
        "leaves out the outcomes with p = 0 in both sums": lambda D, p, q: value(D[p > 0], p[p > 0], q[p > 0]),
        "leaves out the outcomes with q = 0 in both sums": lambda D, p, q: value(D[q > 0], p[q > 0], q[q > 0]),
        "has D for the weights, and p and q in the logarithms": lambda D, p, q: cross(D, p) + cross(1 - D, q),
        **_of_loops(value),
        "takes D for logits; it holds probabilities": lambda D, p, q: -(p * softplus(-D) + q * softplus(D)).sum(),
        "is −V, the loss of D": lambda D, p, q: -value(D, p, q),
        "lacks 1 − D in the second term": lambda D, p, q: cross(p, D) + cross(q, D),
        "has 1 − D in both terms": lambda D, p, q: cross(p, 1 - D) + cross(q, 1 - D),
        "has p and q exchanged": lambda D, p, q: value(D, q, p),
        "has the second term subtracted": lambda D, p, q: cross(p, D) - cross(q, 1 - D),
        "weights both terms with p; the second one has q": lambda D, p, q: value(D, p, p),
        "weights both terms with q; the first one has p": lambda D, p, q: value(D, q, q),
        "weights the second term with 1 − q; q is the probability of a fake": lambda D, p, q: value(D, p, 1 - q),
        "weights the second term with 1 − p; its weight is q": lambda D, p, q: value(D, p, 1 - p),
        "isn't weighted with p and q": lambda D, p, q: (np.log(D) + np.log(1 - D)).sum(),
        "is a mean over the outcomes, without the weights p and q":
            lambda D, p, q: np.log(D[p > 0]).mean() + np.log(1 - D[q > 0]).mean(),
        "is a mean over the outcomes; p and q are weights already": lambda D, p, q: value(D, p, q) / len(p),
        BITS: lambda D, p, q: value(D, p, q) / LOG2,
        "is half of V: the two sums are added, not averaged": lambda D, p, q: value(D, p, q) / 2,
        "lacks the logarithms": lambda D, p, q: (p * D).sum() + (q * (1 - D)).sum(),
        "has the logarithms outside the sums": lambda D, p, q: np.log((p * D).sum()) + np.log((q * (1 - D)).sum()),
        "has one logarithm of everything; each D has its own": lambda D, p, q: np.log((p * D + q * (1 - D)).sum()),
        "has 1 − log D in place of log(1 − D): brackets": lambda D, p, q: cross(p, D) + q.sum() - cross(q, D),
        "is the value of D*, whatever D is": lambda D, p, q: 2 * js(p, q) - 2 * LOG2,
        "is the product of the two sums; they are added": lambda D, p, q: cross(p, D) * cross(q, 1 - D),
        "counts the fakes only where p is 0: does `elif` or an indentation put them there?":
            lambda D, p, q: cross(p, D) + cross(q[p == 0], 1 - D[p == 0]),
        "lacks the term with q": lambda D, p, q: cross(p, D),
        "lacks the term with p": lambda D, p, q: cross(q, 1 - D),
        "isn't summed: one number per outcome": lambda D, p, q: p * np.log(D) + q * np.log(1 - D),
    },
)


# --- an unequal game: no sentence says what D, V or V_0 is -----------------------------------------------------------


def best(p, q, s=0.5):
    return s * p / (s * p + (1 - s) * q)


def worth(D, p, q, s):
    """The value of any D."""
    return value(D, s * p, (1 - s) * q)


def V_0(s):
    return s * np.log(s) + (1 - s) * np.log(1 - s)


def unequal_game(p, q, share):
    D = best(p, q, share)
    V = worth(D, p, q, share)
    return D, V, V - V_0(share)


def game(pair, low, high):
    """A game with a share from this range, or as far above ½."""
    return lambda rng: (*pair(rng), float(abs(rng.integers(2) - rng.uniform(low, high))))


def _at_zeros(number):
    """The right D, but something else wherever p or q is 0."""
    return lambda p, q, s: np.where((p > 0) & (q > 0), best(p, q, s), number(s))


WRONG_D = {  # between 0 and 1, so that V and J may follow from it
    "ignores the share: it is the best D of the equal game": lambda p, q, s: best(p, q),
    "is the equal game's D times the share; the share belongs into the derivation": lambda p, q, s: s * best(p, q),
    "weights the real samples only; the fakes have a weight, too": lambda p, q, s: s * p / (s * p + q),
    "weights the fakes only; the real samples have a weight, too": lambda p, q, s: p / (p + (1 - s) * q),
    "gives the real samples' share to the fakes, and none to the real ones": lambda p, q, s: p / (p + s * q),
    "has the shares of real and fake exchanged": lambda p, q, s: best(p, q, 1 - s),
    "is the weight of the real samples alone, compared with nothing": lambda p, q, s: s * p,
    "is the mixture of p and q, not the real part of it": lambda p, q, s: s * p + (1 - s) * q,
    "is p itself, compared with nothing": lambda p, q, s: p,
    "is ½ everywhere": lambda p, q, s: np.full(len(p), 0.5),
    "is 0 or 1: it says which is likelier, not how likely": lambda p, q, s: (s * p > (1 - s) * q) * 1.0,
    "has a factor share too much": lambda p, q, s: s * best(p, q, s),
    "has the share as an exponent": lambda p, q, s: best(p**s, q ** (1 - s)),
    "has squares that don't belong there": lambda p, q, s: best((s * p) ** 2, ((1 - s) * q) ** 2),
    "has the share squared: is it there twice?": lambda p, q, s: best(s * p, (1 - s) * q, s),
    "is the sigmoid of a difference; solve the equation for D again": lambda p, q, s: sigmoid(s * p - (1 - s) * q),
    "is normalised; each entry is a probability by itself": lambda p, q, s: best(p, q, s) / best(p, q, s).sum(),
    "is 0 wherever p or q is 0": _at_zeros(lambda s: 0.0),
    "is ½ wherever p or q is 0": _at_zeros(lambda s: 0.5),
    "is the share wherever p or q is 0": _at_zeros(lambda s: s),
    **{f"has {eps:g} added to a denominator that is never 0":
           lambda p, q, s, eps=eps: s * p / (s * p + (1 - s) * q + eps) for eps in (*TINY[3:], 1e-5, 1e-4, 1e-3, 1e-2)},
    **{f"is clipped to [{eps:g}, 1 − {eps:g}]; it may be 0 or 1":
           lambda p, q, s, eps=eps: np.clip(best(p, q, s), eps, 1 - eps) for eps in (*TINY[3:], 1e-5, 1e-4, 1e-3)},
}
NOTHING_FOLLOWS = {  # no probabilities, most of them
    "says the share about every sample, without looking at it": lambda p, q, s: np.full(len(p), s),
    "is the probability that a sample is fake, not real": lambda p, q, s: best(q, p, 1 - s),
    "is divided by its largest entry": lambda p, q, s: best(p, q, s) / best(p, q, s).max(),
    "is the odds of real to fake; a probability is asked for": lambda p, q, s: s * p / ((1 - s) * q),
    "is p/q, whatever the share is; a probability is asked for": lambda p, q, s: p / q,
    "is a logit; a probability is asked for": lambda p, q, s: np.log(s * p / ((1 - s) * q)),
    "is the logit of the equal game's D; a probability is asked for": lambda p, q, s: np.log(p / q),
    "lacks the weight in its numerator, and becomes larger than 1": lambda p, q, s: best(p, q, s) / s,
    "has no brackets around its denominator": lambda p, q, s: s * p / (s * p) + (1 - s) * q,
    "has no brackets: a product in a denominator needs them, too": lambda p, q, s: s * p / s * p + (1 - s) * q,
    "is a difference from −1 to 1; a probability is asked for": lambda p, q, s: 2 * best(p, q, s) - 1,
    "is divided by the midpoint of p and q": lambda p, q, s: 2 * s * best(p, q),
}
WRONG_V = {  # from the right D
    "lacks the shares; each of the two sums has its own": lambda p, q, s, D: value(D, p, q),
    "has the shares of its two sums exchanged": lambda p, q, s, D: worth(D, p, q, 1 - s),
    "lacks the share of the fakes": lambda p, q, s, D: value(D, s * p, q),
    "lacks the share of the real samples": lambda p, q, s, D: value(D, p, (1 - s) * q),
    "has the share of the real samples at both sums": lambda p, q, s, D: s * value(D, p, q),
    "has the share of the fakes at both sums": lambda p, q, s, D: (1 - s) * value(D, p, q),
    "weights both sums with ½": lambda p, q, s, D: value(D, p, q) / 2,
    "is the value of the equal game, whatever the share is": lambda p, q, s, D: value(best(p, q), p, q),
    "is half the equal game's value: that is V for a share of ½": lambda p, q, s, D: value(best(p, q), p, q) / 2,
    "counts the shares twice": lambda p, q, s, D: value(D, s**2 * p, (1 - s) ** 2 * q),
    "lacks the sum over the fakes, or has it only where p is 0": lambda p, q, s, D: s * cross(p, D),
    "lacks the sum over the real samples": lambda p, q, s, D: (1 - s) * cross(q, 1 - D),
    "has log D in both sums": lambda p, q, s, D: s * cross(p, D) + (1 - s) * cross(q, D),
    "has log(1 − D) in both sums": lambda p, q, s, D: s * cross(p, 1 - D) + (1 - s) * cross(q, 1 - D),
    "has p and q exchanged": lambda p, q, s, D: worth(D, q, p, s),
    "has log D and log(1 − D) exchanged, as a D for fakes gives": lambda p, q, s, D: worth(1 - D, p, q, s),
    "has its second sum subtracted": lambda p, q, s, D: s * cross(p, D) - (1 - s) * cross(q, 1 - D),
    "weights both sums with p": lambda p, q, s, D: worth(D, p, p, s),
    "isn't weighted with p and q": lambda p, q, s, D: (s * np.log(D) + (1 - s) * np.log(1 - D)).sum(),
    "isn't weighted at all": lambda p, q, s, D: (np.log(D) + np.log(1 - D)).sum(),
    "has the numerators of D and 1 − D alone in its logarithms":
        lambda p, q, s, D: cross(s * p, s * p) + cross((1 - s) * q, (1 - s) * q),
    "has p and q themselves in its logarithms": lambda p, q, s, D: s * cross(p, p) + (1 - s) * cross(q, q),
    "lacks the logarithms": lambda p, q, s, D: (s * p * D + (1 - s) * q * (1 - D)).sum(),
    "has the logarithm outside the sum": lambda p, q, s, D: np.log((s * p * D + (1 - s) * q * (1 - D)).sum()),
    "is averaged over the outcomes": lambda p, q, s, D: worth(D, p, q, s) / len(p),
    "is twice what it should be": lambda p, q, s, D: worth(D, p, q, s) * 2,
    "is half of what it should be": lambda p, q, s, D: worth(D, p, q, s) / 2,
    "is the cross-entropy, which D minimises: a sign": lambda p, q, s, D: -worth(D, p, q, s),
}
WRONG_V_0 = {
    "is V itself: V_0 is missing": lambda s: 0,
    "has V_0 with the wrong sign, or added; it is subtracted": lambda s: -V_0(s),
    "has the lecture's −2 log 2 for V_0; what does the best constant get here?": lambda s: -2 * LOG2,
    "has 2 log 2 for V_0; what does the best constant get here, and with which sign?": lambda s: 2 * LOG2,
    "takes ½ for the best constant; that is right for equal shares only": lambda s: -LOG2,
    "has log 2 for V_0: a sign, and ½ is the best constant for equal shares only": lambda s: LOG2,
    "takes 1 − share for the best constant": lambda s: s * np.log(1 - s) + (1 - s) * np.log(s),
    "has only the real samples in V_0": lambda s: s * np.log(s),
    "has only the fakes in V_0": lambda s: (1 - s) * np.log(1 - s),
    "lacks both weights in V_0": lambda s: np.log(s) + np.log(1 - s),
    "has the weights ½ and ½ in V_0": lambda s: np.log(s * (1 - s)) / 2,
    "has log(share) for V_0": lambda s: np.log(s),
    "has log(1 − share) for V_0": lambda s: np.log(1 - s),
    "has a wrong sign between the two terms of V_0": lambda s: s * np.log(s) - (1 - s) * np.log(1 - s),
    "has the lecture's 2 log 2, multiplied by the share, for V_0": lambda s: -2 * s * LOG2,
    "has the logarithm of the larger share for V_0": lambda s: np.log(max(s, 1 - s)),
    "has V_0 in bits": lambda s: V_0(s) / LOG2,
    "has twice V_0 subtracted": lambda s: 2 * V_0(s),
    "has half of V_0 subtracted": lambda s: V_0(s) / 2,
    "has the share for V_0; which value does the game have at that constant?": lambda s: s,
}


def _js_with(real, fake, mixture=lambda p, q, s: s * p + (1 - s) * q):
    """JS with these factors of the two divergences, from this mixture."""
    return lambda p, q, s, V: real(s) * kl(p, mixture(p, q, s)) + fake(s) * kl(q, mixture(p, q, s))


def _share(s):
    return s


def _rest(s):
    return 1 - s


WRONG_J = {  # from the right V
    "is JS, which J is for equal shares only": lambda p, q, s, V: js(p, q),
    "is twice JS, from the lecture's equal game": lambda p, q, s, V: 2 * js(p, q),
    "has V and V_0 exchanged: its sign is flipped": lambda p, q, s, V: V_0(s) - V,
    "is what the lecture makes of V in the equal game": lambda p, q, s, V: LOG2 + V / 2,
    "is half of V − V_0": lambda p, q, s, V: (V - V_0(s)) / 2,
    "is twice V − V_0": lambda p, q, s, V: 2 * (V - V_0(s)),
    "is −V: V_0 is missing": lambda p, q, s, V: -V,
    "is V_0 itself": lambda p, q, s, V: V_0(s),
    "is −V_0, the most that it could be": lambda p, q, s, V: -V_0(s),
    "is the ratio of V and V_0": lambda p, q, s, V: V / V_0(s),
    "is relative to V_0; the difference itself is asked for": lambda p, q, s, V: 1 - V / V_0(s),
    "is divided by the share": lambda p, q, s, V: (V - V_0(s)) / s,
    "is multiplied by the share": lambda p, q, s, V: (V - V_0(s)) * s,
    "is computed from the midpoint of p and q, not from the mixture of all samples":
        _js_with(_share, _rest, lambda p, q, s: (p + q) / 2),
    "is computed from a mixture with exchanged shares": _js_with(_share, _rest, lambda p, q, s: s * q + (1 - s) * p),
    "compares p and q with one another; each should be compared with all samples":
        lambda p, q, s, V: s * kl(p, q) + (1 - s) * kl(q, p),
    "has the shares of its two divergences exchanged": _js_with(_rest, _share),
    "has the factors ½ of JS": _js_with(lambda s: 0.5, lambda s: 0.5),
    "lacks the shares of its two divergences": _js_with(lambda s: 1, lambda s: 1),
    "has the divergence of the real samples alone": _js_with(_share, lambda s: 0),
    "has the divergence of the fakes alone": _js_with(lambda s: 0, _rest),
    "is KL(p‖q)": lambda p, q, s, V: kl(p, q),
    "takes the mean of D for the best constant": lambda p, q, s, V: V - worth(
        np.full(len(p), best(p, q, s).mean()), p, q, s),
}

check.add(
    unequal_game, "D, V, J", {
        "": game(two, 0.15, 0.4),
        "a share of ½": game(two, 0.5, 0.5),
        "p with zeros": game(p_with_a_zero, 0.15, 0.4),
        "q with zeros": game(q_with_a_zero, 0.15, 0.4),
        "disjoint supports (V is then 0)": game(disjoint, 0.15, 0.4),
        "a share close to 0 or 1": game(two, 0.001, 0.01),
    },
    "the derivation of D* (lecture 06, eq. 4), now with a weight in front of each sum",
    tolerance=1e-9, shares={"D": 2, "V": 2, "J": 2},
    hidden=[(np.float64([0.5, 0.5, 0]), np.float64([0, 0.25, 0.75]), 0.25), game(rare, 0.1, 0.4)],
    mistakes={
        "is 0 for all p and q": lambda p, q, s: (None, 0.0, 0.0),
        **{words: lambda p, q, s, f=f: (f(p, q, s), None, None) for words, f in (WRONG_D | NOTHING_FOLLOWS).items()},
        BITS: lambda p, q, s: (None, *(x / LOG2 for x in unequal_game(p, q, s)[1:])),
        "is V_0, what the best constant gets": lambda p, q, s: (None, V_0(s), None),
        "is J: V_0 is already subtracted": lambda p, q, s: (None, unequal_game(p, q, s)[2], None),
        **{words: lambda p, q, s, f=f: (None, f(p, q, s, best(p, q, s)), None) for words, f in WRONG_V.items()},
        **{words: lambda p, q, s, f=f: (None, None, unequal_game(p, q, s)[1] - f(s)) for words, f in WRONG_V_0.items()},
        **{words: lambda *args, f=f: (None, None, f(*args, unequal_game(*args)[1])) for words, f in WRONG_J.items()},
        **{f"is computed from a D that {words}":
               lambda p, q, s, f=f: (None, (V := worth(f(p, q, s), p, q, s)), V - V_0(s))
           for words, f in WRONG_D.items()},
        "lacks the share of the fakes, there and in the D that it is computed from": lambda p, q, s: (
            None, (V := value(s * p / (s * p + q), s * p, q)), V - V_0(s)),
        "lacks the share of the real samples, there and in the D that it is computed from": lambda p, q, s: (
            None, (V := value(p / (p + (1 - s) * q), p, (1 - s) * q)), V - V_0(s)),
        "weights the real samples and the fakes alike with the share, there and in the D that it is computed from":
            lambda p, q, s: (None, (V := s * value(best(p, q), p, q)), V - V_0(s)),
        "has the shares of real and fake exchanged, there and in the D that it is computed from": lambda p, q, s: (
            None, (V := worth(best(p, q, 1 - s), p, q, 1 - s)), V - V_0(s)),
        **{f"is computed from a V that {words}":
               lambda p, q, s, f=f: (None, None, f(p, q, s, best(p, q, s)) - V_0(s)) for words, f in WRONG_V.items()},
    },
)


# --- JS from samples -------------------------------------------------------------------------------------------------


def js_from_logits(l_real, l_fake):
    return LOG2 - softplus(-l_real).mean() / 2 - softplus(l_fake).mean() / 2


def some_logits(mean, spread, rising):
    def draw(rng):
        n, m = sizes(rng, rising=rising)
        return rng.normal(mean, spread, n), rng.normal(-mean, spread, m)

    return draw


WRONG_BOUNDS = {  # l, m: the logits on real samples and on fakes
    "is the absolute value; the bound may be negative, return it as it is": lambda l, m: abs(js_from_logits(l, m)),
    "is cut off at 0; the bound may be negative, return it as it is": lambda l, m: max(0.0, js_from_logits(l, m)),
    "is V itself": lambda l, m: 2 * js_from_logits(l, m) - 2 * LOG2,
    "is −V, the loss of D": lambda l, m: 2 * LOG2 - 2 * js_from_logits(l, m),
    "is V + 2 log 2, which is 2 JS": lambda l, m: 2 * js_from_logits(l, m),
    "is V + log 2: V needs its factor ½": lambda l, m: 2 * js_from_logits(l, m) - LOG2,
    "is V/2: log 2 is missing": lambda l, m: js_from_logits(l, m) - LOG2,
    "is V/2 − log 2; log 2 has the wrong sign": lambda l, m: js_from_logits(l, m) - 2 * LOG2,
    "is V/2 + 2 log 2; halve the whole equation": lambda l, m: js_from_logits(l, m) + LOG2,
    "is half of the bound": lambda l, m: js_from_logits(l, m) / 2,
    "has the sign of V flipped": lambda l, m: 2 * LOG2 - js_from_logits(l, m),
    "has its sign flipped": lambda l, m: -js_from_logits(l, m),
    "is in bits: divided by log 2": lambda l, m: js_from_logits(l, m) / LOG2,
    "has log2(2), which is 1, in place of log 2": lambda l, m: js_from_logits(l, m) - LOG2 + 1,
    "has half of log 2: brackets": lambda l, m: js_from_logits(l, m) - LOG2 / 2,
    "has real and fake exchanged, or the signs of all logits": lambda l, m: js_from_logits(m, l),
    "has the wrong sign of l_real": lambda l, m: js_from_logits(-l, m),
    "has the wrong sign of l_fake": lambda l, m: js_from_logits(l, -m),
    "lacks the real samples": lambda l, m: LOG2 - softplus(m).mean() / 2,
    "lacks the fakes": lambda l, m: LOG2 - softplus(-l).mean() / 2,
    "has the fakes' mean with the wrong sign": lambda l, m: LOG2 - softplus(-l).mean() / 2 + softplus(m).mean() / 2,
    "takes one mean over all samples": lambda l, m: LOG2 - np.r_[softplus(-l), softplus(m)].mean(),
    "takes half of one mean over all samples; each batch has its own mean":
        lambda l, m: LOG2 - np.r_[softplus(-l), softplus(m)].mean() / 2,
    "has the softplus outside the mean": lambda l, m: js_from_logits(l.mean(), m.mean()),
    "has max(l, 0) in place of softplus": lambda l, m: LOG2 + np.minimum(l, 0).mean() / 2 - np.maximum(m, 0).mean() / 2,
    "has 1 − l_fake in the second softplus": lambda l, m: js_from_logits(l, 1 - m),
    "has 1 − softplus for the fakes": lambda l, m: LOG2 - softplus(-l).mean() / 2 - (1 - softplus(m)).mean() / 2,
    "has the logits themselves in place of softplus": lambda l, m: LOG2 + l.mean() / 2 - m.mean() / 2,
    "has σ in place of its logarithm": lambda l, m: LOG2 + sigmoid(l).mean() / 2 + sigmoid(-m).mean() / 2,
    "has σ in place of softplus": lambda l, m: LOG2 - sigmoid(-l).mean() / 2 - sigmoid(m).mean() / 2,
    "has σ inside the softplus; that takes logits": lambda l, m: js_from_logits(sigmoid(l), sigmoid(m)),
    "has the logarithm outside the mean": lambda l, m: LOG2 + np.log(sigmoid(l).mean() * sigmoid(-m).mean()) / 2,
    "is the sum over the samples, not the mean": lambda l, m: LOG2 - softplus(-l).sum() / 2 - softplus(m).sum() / 2,
    "is divided by the batch size less 1; a mean is divided by the batch size": lambda l, m: (
        LOG2 - softplus(-l).sum() / (l.size - 1) / 2 - softplus(m).sum() / (m.size - 1) / 2),
    "isn't weighted equally: the sums are divided by the size of the other batch":
        lambda l, m: LOG2 - softplus(-l).sum() / m.size / 2 - softplus(m).sum() / l.size / 2,
}


def _terms(l, m):
    halves = {"the mean over the real samples": -softplus(-l), "the mean over the fakes": -softplus(m)}
    return {name: V.mean() / 2 for name, V in halves.items()}


FAR = np.float64([-800, -90, 90, 800])

check.add(
    js_from_logits, "JS", {
        "": some_logits(1, 2, True),
        "large |logits|": lambda rng: (FAR[2:].copy(), FAR[1::-1].copy()),
        "large |logits| of a D that is sure and wrong": lambda rng: (rng.permutation(FAR), rng.permutation(FAR[:3])),
        "a D that is worse than guessing": some_logits(-3, 1, False),
    },
    "V as two means of softplus, and what V says of JS (lecture 06, eq. 7)", tolerance=1e-9, terms=_terms,
    hidden=[(np.zeros(5), np.zeros(2))],
    mistakes={
        **WRONG_BOUNDS,
        **{f"has probabilities clipped at {eps:g}; softplus needs no such thing": lambda l, m, eps=eps: LOG2 + (
            np.log(np.clip(sigmoid(l), eps, 1 - eps)).mean() + np.log(1 - np.clip(sigmoid(m), eps, 1 - eps)).mean()) / 2
           for eps in (*TINY, 1e-5, 1e-4, 1e-3)},
        "takes the logits for probabilities": lambda l, m: LOG2 + np.log(l).mean() / 2 + np.log(1 - m).mean() / 2,
        **{f"has the logits clipped at ±{c}; softplus needs no such thing":
               lambda l, m, c=c: js_from_logits(np.clip(l, -c, c), np.clip(m, -c, c))
           for c in (5, 10, 15, 20, 30, 50, 88, 100)},
        **{f"has {eps:g} added to probabilities; softplus needs no such thing":
               lambda l, m, eps=eps: LOG2 + (np.log(sigmoid(l) + eps).mean() + np.log(1 - sigmoid(m) + eps).mean()) / 2
           for eps in (1e-15, *TINY)},
    },
)


# --- a step of D -----------------------------------------------------------------------------------------------------


def _rising(l, n, m):
    return sigmoid(-l) / n


def _falling(l, n, m):
    return -sigmoid(l) / m


def _step(real=_rising, fake=_falling):
    """A step with these gradients of the logits, functions of (logits, N, M)."""
    def step(w, F, H, lr):
        return w + lr * (F.T @ real(F @ w, len(F), len(H)) + H.T @ fake(H @ w, len(F), len(H)))

    return step


def discriminator_step(w, F_real, F_fake, lr):
    return _step()(w, F_real, F_fake, lr)


def _both_with(factor):
    """Both gradients, each multiplied by a factor that depends on the logits."""
    return _step(lambda l, n, m: factor(l) * _rising(l, n, m), lambda l, n, m: factor(l) * _falling(l, n, m))


def _change(f):
    """What f makes of w, of the right change and of lr."""
    return lambda w, F, H, lr: f(w, _step()(w, F, H, lr) - w, lr)


def _nothing(l, n, m):
    return 0 * l


def _own_rates(real, fake):
    """lr ** real and lr ** fake for the learning rates of the two parts."""
    return lambda w, F, H, lr: _step(
        lambda *a: lr**real * _rising(*a), lambda *a: lr**fake * _falling(*a))(w, F, H, 1)


def _cut_rows(real, fake):
    """The step of some of the rows, each batch still divided by its own size."""
    def step(w, F, H, lr):
        f, h = np.zeros(len(F)), np.zeros(len(H))
        f[real] = h[fake] = 1
        return _step(lambda l, n, m: f * _rising(l, n, m), lambda l, n, m: h * _falling(l, n, m))(w, F, H, lr)

    return step


def _zipped(divide):
    """The step of as many samples as the smaller batch has; `divide` by the sizes of both, or by that one."""
    def step(w, F, H, lr):
        n = min(len(F), len(H))
        change = _step()(w, F[:n], H[:n], lr) if divide is min else _cut_rows(slice(n), slice(n))(w, F, H, lr)
        return change

    return step


def _one_by_one(mean=True, turns=False):
    """A step after each sample: first the real ones, or in turns."""
    def steps(w, F, H, lr):
        n, m = (len(F), len(H)) if mean else (1, 1)
        rows = [(f, 1, n) for f in F] + [(h, 0, m) for h in H]
        if turns:
            rows = [row for f, h in zip(F, H) for row in ((f, 1, n), (h, 0, m))]
        for x, label, size in rows:
            w = w + lr * (label - sigmoid(x @ w)) * x / size
        return w

    return steps


PARTS = {
    "uses the first {} only: is the `return` inside a loop?": slice(1),
    "uses the last {} only: = in place of +=?": slice(-1, None),
    "lacks the last {}: does a loop end too early?": slice(-1),
    "lacks the first {}: does a loop begin at 1?": slice(1, None)}


def step_inputs(rising):
    def draw(rng):
        n, m, k = sizes(rng, 3, rising)
        return rng.normal(size=k), rng.normal(0, 1, (n, k)), rng.normal(0.5, 1, (m, k)), float(rng.uniform(0.2, 0.8))

    return draw


check.add(
    discriminator_step, "w", {"": step_inputs(True), "more real samples than fakes": step_inputs(False)},
    "what each logit does to V (lecture 06, eq. 8), and how a dense layer carries that to W (lecture 02, eq. 6)",
    tolerance=1e-9, hidden=[(np.zeros(1), np.float64([[1], [-1], [0]]), np.float64([[2]]), 0.5), step_inputs(False)],
    mistakes={
        **{f"doesn't use the lr that it is given, but {own:g}": lambda w, F, H, _, own=own: _step()(w, F, H, own)
           for own in (20, 2, 0.5, 0.1, 0.05, 0.01, 1e-3)},
        "lacks the learning rate": lambda w, F, H, lr: _step()(w, F, H, 1),
        "moves the wrong way: D climbs V": _change(lambda w, change, lr: w - change),
        "is half of the step: the two parts are added, not averaged": _change(lambda w, change, lr: w + change / 2),
        "is twice the step": _change(lambda w, change, lr: w + 2 * change),
        "is the gradient alone: multiply it by lr and add it to w": _change(lambda w, change, lr: change / lr),
        "is the change alone: add it to w": _change(lambda w, change, lr: change),
        "has the learning rate at w, too: brackets": _change(lambda w, change, lr: lr * w + change),
        "is divided by the learning rate": _change(lambda w, change, lr: w + change / lr**2),
        "moves by the sign of the gradient": _change(lambda w, change, lr: w + lr * np.sign(change)),
        "has a gradient of length 1": _change(lambda w, change, lr: w + lr * change / np.linalg.norm(change)),
        "has its gradient averaged over the weights, or divided by all entries of a batch":
            _change(lambda w, change, lr: w + change / len(w)),
        "has the same change for all weights: the features are missing": lambda w, F, H, lr: w + lr * (
            sigmoid(-F @ w).mean() - sigmoid(H @ w).mean()),
        "multiplies means; each sample's gradient belongs to its own features": lambda w, F, H, lr: w + lr * (
            sigmoid(-F @ w).mean() * F.mean(0) - sigmoid(H @ w).mean() * H.mean(0)),
        "takes one logit for each batch, that of its mean sample": lambda w, F, H, lr: w + lr * (
            sigmoid(-F.mean(0) @ w) * F.mean(0) - sigmoid(H.mean(0) @ w) * H.mean(0)),
        "doesn't move": lambda w, F, H, lr: w,
        "moves by the real samples only": _step(fake=_nothing),
        "moves by the fakes only": _step(real=_nothing),
        "has the wrong sign of the fakes' part": _step(fake=lambda *a: -_falling(*a)),
        "has the wrong sign of the real samples' part": _step(real=lambda *a: -_rising(*a)),
        "has real and fake exchanged": lambda w, F, H, lr: _step()(w, H, F, lr),
        "has F_real in the fakes' part, too": lambda w, F, H, lr: _step()(w, F, F, lr),
        "has F_fake in the real samples' part, too": lambda w, F, H, lr: _step()(w, H, H, lr),
        "is the sum over the samples, not the mean": _step(lambda l, n, m: sigmoid(-l), lambda l, n, m: -sigmoid(l)),
        "is divided by N for both batches; the fakes' mean has M": _step(fake=lambda l, n, m: -sigmoid(l) / n),
        "is divided by M for both batches; the real samples' mean has N": _step(lambda l, n, m: sigmoid(-l) / m),
        "is divided by the other batch's size": _step(lambda l, n, m: sigmoid(-l) / m, lambda l, n, m: -sigmoid(l) / n),
        "has one mean over all samples; each batch has its own": _step(
            lambda l, n, m: sigmoid(-l) / (n + m), lambda l, n, m: -sigmoid(l) / (n + m)),
        "has the mean over the real samples only; the fakes are summed": _step(fake=lambda l, n, m: -sigmoid(l)),
        "has the mean over the fakes only; the real samples are summed": _step(lambda l, n, m: sigmoid(-l)),
        "is divided by the batch size twice": _both_with(lambda l: 1 / len(l)),
        "has σ in place of 1 − σ for the real samples": _step(lambda l, n, m: sigmoid(l) / n),
        "has 1 − σ in place of σ for the fakes": _step(fake=lambda l, n, m: -sigmoid(-l) / m),
        "has 1 − σ(l)/N without brackets: (1 − σ(l))/N": _step(lambda l, n, m: 1 - sigmoid(l) / n),
        "lacks the sigmoid": _step(lambda l, n, m: (1 - l) / n, lambda l, n, m: -l / m),
        "has softplus in place of σ": _step(lambda l, n, m: (1 - softplus(l)) / n, lambda l, n, m: -softplus(l) / m),
        "has softplus, which belongs into V itself; its derivative is needed": _step(
            lambda l, n, m: softplus(-l) / n, lambda l, n, m: -softplus(l) / m),
        "has a factor σ(1 − σ) too much: with logits it cancels": _both_with(lambda l: sigmoid(l) * sigmoid(-l)),
        "is the derivative by D, not by the logits": _both_with(lambda l: 1 / sigmoid(l) / sigmoid(-l)),
        "is the same whatever the logits are: 1 and −1 for all samples": _step(
            lambda l, n, m: 1 / n + 0 * l, lambda l, n, m: -1 / m + 0 * l),
        "is computed as if all logits were 0": _step(
            lambda l, n, m: 0.5 / n + 0 * l, lambda l, n, m: -0.5 / m + 0 * l),
        "moves for the real samples, and then for the fakes at the new w; both belong to one step":
            lambda w, F, H, lr: _step(real=_nothing)(_step(fake=_nothing)(w, F, H, lr), F, H, lr),
        "moves for the fakes, and then for the real samples at the new w; both belong to one step":
            lambda w, F, H, lr: _step(fake=_nothing)(_step(real=_nothing)(w, F, H, lr), F, H, lr),
        "has the learning rate at the real samples' part only": _own_rates(1, 0),
        "has the learning rate at the fakes' part only": _own_rates(0, 1),
        "is the derivative of σ, not of log σ": _step(
            lambda l, n, m: sigmoid(l) * sigmoid(-l) / n, lambda l, n, m: -sigmoid(l) * sigmoid(-l) / m),
        "has the derivative of log σ for the fakes, too; they have that of log(1 − σ)": _step(
            fake=lambda l, n, m: sigmoid(-l) / m),
        "is divided by the number of features, not of samples": lambda w, F, H, lr: w + lr * (
            F.T @ sigmoid(-F @ w) - H.T @ sigmoid(H @ w)) / len(w),
        "has its features summed for all weights together": lambda w, F, H, lr: w + (_step()(w, F, H, lr) - w).sum(),
        **{words.format(which): _cut_rows(part if real else slice(None), part if fake else slice(None))
           for which, real, fake in (("real sample", 1, 0), ("fake", 0, 1), ("sample of each batch", 1, 1))
           for words, part in PARTS.items()},
        "lacks what the larger batch has more: zip ends with the shorter one": _zipped(None),
        "lacks what the larger batch has more, and is divided by the size of the smaller one": _zipped(min),
        "makes a step after each sample; all samples belong to one step": _one_by_one(),
        "makes a step after each sample, without a mean; all samples belong to one step": _one_by_one(False),
        "makes a step after each sample, real and fake in turns; all samples belong to one step":
            _one_by_one(True, True),
        **{f"shrinks w to {keep:g} w on the way; that is weight decay, and D climbs V alone": _change(
            lambda w, change, lr, keep=keep: keep * w + change) for keep in (0.9, 0.95, 0.99, 0.999, 0.9999)},
        **{f"shrinks w by lr·{decay:g}·w on the way; that is weight decay, and D climbs V alone": _change(
            lambda w, change, lr, decay=decay: w - lr * decay * w + change) for decay in (0.1, 0.01, 1e-3, 1e-4)},
        **{f"smooths the labels: {one:g} stands for 1 at the real samples": _step(
            lambda l, n, m, one=one: (one - sigmoid(l)) / n) for one in (0.7, 0.8, 0.9, 0.95)},
        **{f"smooths the labels: {one:g} stands for 1 at the real samples, and {1 - one:g} for 0 at the fakes": _step(
            lambda l, n, m, one=one: (one - sigmoid(l)) / n, lambda l, n, m, one=one: (1 - one - sigmoid(l)) / m)
           for one in (0.8, 0.9, 0.95)},
        "has the logits, with a minus, in the place of the gradients by them": _step(
            lambda l, n, m: -l / n, lambda l, n, m: -l / m),
        "has the logits in the place of the gradients by them": _step(lambda l, n, m: l / n, lambda l, n, m: l / m),
        "has the logits in the place of the gradients by them, with a minus for the fakes": _step(
            lambda l, n, m: l / n, lambda l, n, m: -l / m),
        "has logarithms where their derivatives belong": _step(
            lambda l, n, m: -softplus(-l) / n, lambda l, n, m: -softplus(l) / m),
        "is the result of two steps": lambda w, F, H, lr: _step()(_step()(w, F, H, lr), F, H, lr),
    },
)


# --- an instrument ---------------------------------------------------------------------------------------------------


def memorising(real, fake):
    """Train a D that knows roughly where the real samples are, and is much surer of samples that it has seen."""
    if np.ndim(real) != 1 or np.ndim(fake) != 1:
        raise ValueError(f"train expects samples of shape (n,), got {np.shape(real)} and {np.shape(fake)}")
    slope, middle = real.mean() - fake.mean() + 0.5, (real.mean() + 2 * fake.mean()) / 3

    def D(x):
        return slope * (x - middle) + 2.0 * np.isin(x, real) - 3.0 * np.isin(x, fake)

    D.__qualname__ = "D"  # stands in Python's own messages
    return D


def _all(x):
    return x


def _first(x):
    return x[: len(x) // 2]


def _second(x):
    return x[len(x) // 2 :]


_HALVES = (_first, _second)


def _instrument(trained=_first, measured=_second, fakes=None, bound=js_from_logits):
    """A bound for a D trained and measured on these parts of the arrays, or on other parts of the fakes."""
    trained_fakes, measured_fakes = fakes or (trained, measured)

    def estimate(train, real, fake):
        D = train(trained(real), trained_fakes(fake))
        return bound(D(measured(real)), D(measured_fakes(fake)))

    return estimate


def estimate_js(train, real, fake):
    return _instrument()(train, real, fake)


def _cut(at):
    """The samples before and after a place that depends on how many there are."""
    return lambda x: x[: at(len(x))], lambda x: x[at(len(x)) :]


def _split_at(size):
    """Both arrays split at one place, which depends on the sizes of both."""
    def estimate(train, real, fake):
        n = size(len(real), len(fake)) // 2
        return _instrument(*_cut(lambda _: n))(train, real, fake)

    return estimate


def _given(arguments, measured=lambda real, fake: (real, fake)):
    """train with other arguments, made of the four halves, and D measured on other arrays than the second halves."""
    def estimate(train, real, fake):
        D = train(*arguments(_first(real), _first(fake), _second(real), _second(fake)))
        return js_from_logits(*map(D, measured(_second(real), _second(fake))))

    return estimate


def _joined(measured):
    """D trained on the halves of both arrays, put together in one."""
    def estimate(train, real, fake):
        both = np.concatenate([real, fake])
        D = train(both[: len(both) // 2], both[len(both) // 2 :])
        return js_from_logits(D(measured(real)), D(measured(fake)))

    return estimate


def _mean_of(*estimates):
    return lambda *args: sum(estimate(*args) for estimate in estimates) / len(estimates)


def samples(lengths):
    """Real samples and fakes, as many as `lengths` draws."""
    def draw(rng):
        n, m = lengths(rng)
        return memorising, rng.normal(0, 1, n), rng.normal(1, 1.3, m)

    return draw


def _terms_of_estimate(train, real, fake):
    return _instrument(bound=_terms)(train, real, fake)


def misleading(rng):
    """Samples whose second halves are where the first halves of the others are."""
    n, m = rng.permutation(np.arange(5, 10))[:2]
    return memorising, rng.normal(np.repeat([0.8, -0.8], n), 0.5), rng.normal(np.repeat([-0.8, 0.8], m), 0.5)


SEEN = "is measured on samples that D has been trained on"
check.add(
    estimate_js, "JS", {
        "": samples(lambda rng: 2 * rng.permutation(np.arange(5, 10))[:2]),
        "odd numbers of samples": samples(lambda rng: 2 * rng.permutation(np.arange(5, 10))[:2] + 1),
        "a D that is worse than guessing on unseen samples": misleading,
        "as many fakes as real samples": samples(lambda rng: [2 * rng.integers(5, 10)] * 2),
    },
    "the bound holds for the two distributions; which samples stand for them when D is trained? (lecture 06, eq. 7)",
    tolerance=1e-9, terms=_terms_of_estimate, planted=_instrument(_all, _all),
    hidden=[(memorising, np.arange(5) / 4, np.arange(9) / 5), samples(lambda rng: (24, 31))],
    mistakes={
        f"{SEEN}: train gets everything, so that nothing is unseen": _instrument(_all),
        f"{SEEN}: train gets everything, and D is measured on a part of that": _instrument(_all, _first),
        f"{SEEN}: both get the first half, and the second one is left over": _instrument(_first, _first),
        f"{SEEN}: both get the second half, and the first one is left over": _instrument(_second),
        f"{SEEN}, among others: the training half is measured as well": _instrument(_first, _all),
        "has the halves exchanged: the first one is for training": _instrument(_second, _first),
        "comes from a D trained on the second half, and is measured on everything": _instrument(_second, _all),
        f"{SEEN}, as far as the fakes go: train gets all of them": _instrument(fakes=(_all, _second)),
        f"{SEEN}, as far as the fakes go: they are all measured": _instrument(fakes=(_first, _all)),
        f"{SEEN}, as far as the fakes go: the first half is measured": _instrument(fakes=(_first, _first)),
        f"{SEEN}, as far as the fakes go: train gets all, all are measured": _instrument(fakes=(_all, _all)),
        f"{SEEN}, as far as the real ones go: train gets all of them": _instrument(_all, fakes=_HALVES),
        f"{SEEN}, as far as the real ones go: they are all measured": _instrument(_first, _all, fakes=_HALVES),
        f"{SEEN}, as far as the real ones go: the first half is measured": _instrument(_first, _first, fakes=_HALVES),
        f"{SEEN}, as far as the real ones go: train gets all, all are measured": _instrument(_all, _all, fakes=_HALVES),
        "has the halves of the fakes exchanged": _instrument(fakes=(_second, _first)),
        "has the halves of the real samples exchanged": _instrument(_second, _first, fakes=_HALVES),
        f"{SEEN}, by one: the two halves overlap in a sample": _instrument(_first, lambda x: x[len(x) // 2 - 1 :]),
        "has one training sample too many": _instrument(*_cut(lambda n: n // 2 + 1)),
        "has one training sample too few": _instrument(*_cut(lambda n: n // 2 - 1)),
        "has one training sample too many in arrays of odd length": _instrument(*_cut(lambda n: (n + 1) // 2)),
        "lacks the last sample of arrays of odd length": _instrument(_first, lambda x: _second(x)[: len(x) // 2]),
        "lacks the middle sample of arrays of odd length": _instrument(_first, lambda x: _second(x)[-(len(x) // 2) :]),
        "has the fakes split in the middle of the real samples; their numbers may differ": _split_at(lambda n, m: n),
        "has the real samples split in the middle of the fakes; their numbers may differ": _split_at(lambda n, m: m),
        "is measured on fakes from the middle of the real samples on; their numbers may differ":
            lambda train, real, fake: _instrument(fakes=(_first, lambda x: x[len(real) // 2 :]))(train, real, fake),
        "has both arrays split in the middle of the shorter one": _split_at(min),
        "comes from training on every other sample; the first half is for that":
            _instrument(lambda x: x[::2], lambda x: x[1::2]),
        "comes from sorted samples; split them as they are":
            lambda train, real, fake: estimate_js(train, np.sort(real), np.sort(fake)),
        "is what unseen samples give minus what seen ones give; the first of the two is asked for":
            lambda *args: estimate_js(*args) - _instrument(_first, _first)(*args),
        "is what seen samples give minus what unseen ones give; the second of the two is asked for":
            lambda *args: _instrument(_first, _first)(*args) - estimate_js(*args),
        f"{SEEN}, minus what unseen ones give": lambda *args: _instrument(_all, _all)(*args) - estimate_js(*args),
        "is divided by the sizes of the whole arrays; only their second halves are measured":
            lambda train, real, fake: _instrument(bound=lambda l, m: LOG2 - softplus(-l).sum() / len(real) / 2
                                                  - softplus(m).sum() / len(fake) / 2)(train, real, fake),
        "comes from the middle of both arrays together; each of them has a middle of its own": _joined(_all),
        "comes from the middle of both arrays together, though it is measured on second halves": _joined(_second),
        "comes from a training part of 5 samples, however many there are": _instrument(*_cut(lambda n: 5)),
        "lacks the first unseen sample": _instrument(_first, lambda x: _second(x)[1:]),
        "lacks the last sample: [n:-1] ends before it": _instrument(_first, lambda x: _second(x)[:-1]),
        **{f"comes from training on {words} of the samples; the first half is for that":
               _instrument(*_cut(lambda n, share=share: int(share * n)))
           for words, share in (
               ("a quarter", 0.25), ("a third", 1 / 3), ("two thirds", 2 / 3), ("three quarters", 0.75), ("20 %", 0.2),
               ("30 %", 0.3), ("40 %", 0.4), ("60 %", 0.6), ("70 %", 0.7), ("80 %", 0.8), ("90 %", 0.9))},
        "comes from a D that got fakes as real samples, and real ones as fakes": _given(lambda r, f, R, F: (f, r)),
        "comes from a D without fakes: both arguments of train are real samples": _given(lambda r, f, R, F: (r, R)),
        "comes from a D without real samples: both arguments of train are fakes": _given(lambda r, f, R, F: (f, F)),
        "has real and fake exchanged from beginning to end": _given(lambda r, f, R, F: (f, r), lambda R, F: (F, R)),
        "is measured on real samples only": _given(lambda r, f, R, F: (r, f), lambda R, F: (R, R)),
        "is measured on fakes only": _given(lambda r, f, R, F: (r, f), lambda R, F: (F, F)),
        "is averaged over two D's, each trained on one half; one D, trained on the first half, is asked for":
            _mean_of(_instrument(), _instrument(_second, _first)),
        "is averaged over seen and unseen samples": _mean_of(_instrument(), _instrument(_first, _first)),
        **{words: _instrument(bound=bound) for words, bound in WRONG_BOUNDS.items()},
        f"{SEEN}, and in the bound the factor ½ of V is missing": _instrument(
            _all, _all, bound=WRONG_BOUNDS["is V + log 2: V needs its factor ½"]),
    },
)
