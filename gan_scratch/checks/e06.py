"""References, inputs and typical mistakes for exercise e06, the optimal discriminator."""
from __future__ import annotations

import numpy as np

from gan_scratch.classroom.check import Checks
from gan_scratch.layers.activation import sigmoid, softplus

check = Checks()
LOG2 = np.log(2)


def distribution(rng, n):
    p = rng.uniform(0.2, 1, n)
    return p / p.sum()


def two(rng, n=0):
    n = n or int(rng.integers(5, 9))
    return distribution(rng, n), distribution(rng, n)


def with_zeros(rng):
    """p is 0 at one place where q isn't."""
    p, q = two(rng)
    p[rng.integers(len(p))] = 0
    return p / p.sum(), q


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


# --- divergences -----------------------------------------------------------------------------------------------------

def kl(p, q):
    with np.errstate(divide="ignore"):
        terms = p[p > 0] * (np.log(p[p > 0]) - np.log(q[p > 0]))
    return terms.sum()


def _masked(p, q):
    """Without the outcomes in which one of the two is 0."""
    inside = (p > 0) & (q > 0)
    return kl(p[inside], q[inside])


check.add(kl, "KL", {"": two, "rare outcomes": rare, "p with zeros": with_zeros, "a place where both are 0": common_zero,
                     "q = 0 where p > 0 (KL is then ∞)": lambda rng: with_zeros(rng)[::-1]},
          "KL(p‖q) = Σ p log(p/q), with 0·log 0 = 0, and ∞ where q = 0 < p (lecture 06, eq. 1)", tolerance=1e-9,
          hidden=[(np.float64([0, 0.5, 0.5]), np.float64([0, 0.25, 0.75])), (np.float64([0.5, 0.5]), np.float64([1, 0]))], mistakes={
              "is finite where q = 0 < p: those outcomes were dropped (a mask with q > 0?), and each of them makes KL infinite": _masked,
              "is ∞ as soon as any q is 0; only where p > 0": lambda p, q: np.inf if (q == 0).any() else kl(p, q),
              **{f"has {eps:g} added inside the logarithms, or is clipped there; handle the zeros instead": (lambda p, q, eps=eps: (p * np.log((p + eps) / (q + eps))).sum())
                 for eps in (1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6)},
              **{f"has {eps:g} added to q; handle the zeros instead": (lambda p, q, eps=eps: kl(p, q + eps)) for eps in (1e-8, 1e-7, 1e-6)},
              **{f"is clipped at {eps:g}; handle the zeros instead": (lambda p, q, eps=eps: (np.clip(p, eps, 1) * np.log(np.clip(p, eps, 1) / np.clip(q, eps, 1))).sum())
                 for eps in (1e-8, 1e-7, 1e-6)},
              "is Σ p log p: the negative entropy; log q is missing": lambda p, q: (p[p > 0] * np.log(p[p > 0])).sum(),
              "is Σ p log p/log q: the logarithm of the ratio is needed, not the ratio of the logarithms": lambda p, q: (p * np.log(p) / np.log(q)).sum(),
              "holds the last term only: = in place of +=?": lambda p, q: p[-1] * np.log(p[-1] / q[-1]),
              "holds the first term only: is the `return` inside the loop?": lambda p, q: p[0] * np.log(p[0] / q[0]),
              "is KL(q‖p): p and q are exchanged": lambda p, q: kl(q, p),
              "is −KL: log(p/q), not log(q/p)": lambda p, q: -kl(p, q),
              "is the cross-entropy −Σ p log q; KL = cross-entropy − entropy": lambda p, q: -(p * np.log(q)).sum(),
              "is the entropy of p": lambda p, q: -(p * np.log(p)).sum(),
              "is the mean of the terms, not their sum": lambda p, q: kl(p, q) / len(p),
              "is in bits: log2 in place of the natural logarithm": lambda p, q: kl(p, q) / LOG2,
              "is weighted with q: Σ q log(p/q)": lambda p, q: (q * np.log(p / q)).sum(),
              "isn't weighted with p: Σ log(p/q)": lambda p, q: np.log(p / q).sum(),
              "is symmetrised: KL(p‖q) + KL(q‖p)": lambda p, q: kl(p, q) + kl(q, p),
              "lacks the first outcome: a loop from 0": lambda p, q: kl(p[1:], q[1:]),
              "lacks the last outcome: does a loop end too early?": lambda p, q: kl(p[:-1], q[:-1]),
              "sums absolute values of the terms; negative ones count too": lambda p, q: np.abs(p * np.log(p / q)).sum(),
              "is the cross-entropy minus twice the entropy, or the like: a sign of one logarithm": lambda p, q: (p * (np.log(p) + np.log(q))).sum(),
              "isn't summed: one number per outcome": lambda p, q: p * np.log(p / q)})


def js(p, q):
    m = (p + q) / 2
    return kl(p, m) / 2 + kl(q, m) / 2


check.add(js, "JS", {"": two, "rare outcomes": rare, "zeros in p": with_zeros, "zeros in q": lambda rng: with_zeros(rng)[::-1],
                     "disjoint supports (JS is then log 2)": disjoint, "a place where both are 0": common_zero},
          "JS = ½ KL(p‖m) + ½ KL(q‖m), m = (p + q)/2 (lecture 06, eq. 6)", terms=lambda p, q: {"½ KL(p‖m)": kl(p, (p + q) / 2) / 2, "½ KL(q‖m)": kl(q, (p + q) / 2) / 2}, tolerance=1e-9,
          hidden=[(np.float64([1, 0]), np.float64([0, 1])), (np.float64([0.2, 0.8, 0]), np.float64([0.2, 0.8, 0]))], mistakes={
              "lacks the outcomes in which p or q is 0; they count": lambda p, q: js(*(a[(p > 0) & (q > 0)] for a in (p, q))),
              "is H(m) − H(p) − H(q): the entropies of p and q have the factor ½": lambda p, q: -sum(c * (a[a > 0] * np.log(a[a > 0])).sum() for c, a in ((1, (p + q) / 2), (-1, p), (-1, q))),
              "is 2 JS − 2 log 2, the value of the game": lambda p, q: 2 * js(p, q) - 2 * LOG2,
              "is ½ Σ|p − q|, the total variation": lambda p, q: np.abs(p - q).sum() / 2,
              "is log 2, whatever p and q are": lambda p, q: LOG2,
              "is twice JS: each KL has the factor ½": lambda p, q: 2 * js(p, q),
              "is computed with m = p + q; the midpoint is (p + q)/2": lambda p, q: kl(p, p + q) / 2 + kl(q, p + q) / 2,
              "is in bits: log2 in place of the natural logarithm": lambda p, q: js(p, q) / LOG2,
              "is ½ KL(m‖p) + ½ KL(m‖q): the arguments are exchanged": lambda p, q: kl((p + q) / 2, p) / 2 + kl((p + q) / 2, q) / 2,
              "is ½ KL(p‖q) + ½ KL(q‖p), without the midpoint": lambda p, q: kl(p, q) / 2 + kl(q, p) / 2,
              "is KL(p‖m) alone": lambda p, q: kl(p, (p + q) / 2),
              "is ½ KL(p‖m) alone: the half with q is missing": lambda p, q: kl(p, (p + q) / 2) / 2,
              "is KL(p‖q)": kl,
              "is computed with m = p + q/2: brackets, (p + q)/2": lambda p, q: kl(p, p + q / 2) / 2 + kl(q, p + q / 2) / 2,
              "is the larger of the two KLs; their mean is meant": lambda p, q: max(kl(p, (p + q) / 2), kl(q, (p + q) / 2)),
              "is log 2 − JS": lambda p, q: LOG2 - js(p, q),
              "is divided by the number of outcomes": lambda p, q: js(p, q) / len(p),
              "takes the geometric mean √(pq) for the midpoint": lambda p, q: kl(p, np.sqrt(p * q)) / 2 + kl(q, np.sqrt(p * q)) / 2,
              "is the square root of JS": lambda p, q: np.sqrt(js(p, q))})


def kl_gaussians(mu_1, sigma_1, mu_2, sigma_2):
    return np.log(sigma_2 / sigma_1) + (sigma_1**2 + (mu_1 - mu_2)**2) / (2 * sigma_2**2) - 0.5


def gaussians(rng):
    mu_1, mu_2 = rng.normal(size=2)
    return float(mu_1), float(rng.uniform(0.5, 0.9)), float(mu_2 + np.sign(mu_2 - mu_1) / 2), float(rng.uniform(1.5, 2.5))


check.add(kl_gaussians, "KL", {"": gaussians, "equal Gaussians": lambda rng: (1.0, 2.0, 1.0, 2.0), "N(0, 1) and N(1, 4)": lambda rng: (0.0, 1.0, 1.0, 2.0)},
          "E log p − E log q under p, with the means of (x − μ₁)² and (x − μ₂)² under p (lecture 06, eq. 2)", terms=lambda a, s, b, t: {"log(σ₂/σ₁)": np.log(t / s), "σ₁²/2σ₂²": s**2 / (2 * t**2), "(μ₁ − μ₂)²/2σ₂²": (a - b)**2 / (2 * t**2), "−½": -0.5}, tolerance=1e-8,
          hidden=[(1.0, 2.0, 0.0, 1.0)], mistakes={
              "has μ₁² − μ₂² in place of (μ₁ − μ₂)²": lambda a, s, b, t: np.log(t / s) + (s**2 + a**2 - b**2) / (2 * t**2) - 0.5,
              "is right for equal widths only: (μ₁ − μ₂)²/2σ²": lambda a, s, b, t: (a - b)**2 / (2 * t**2),
              "has + ½ in place of − ½": lambda a, s, b, t: kl_gaussians(a, s, b, t) + 1,
              "is KL of the second from the first: the two are exchanged": lambda a, s, b, t: kl_gaussians(b, t, a, s),
              "lacks − ½": lambda a, s, b, t: kl_gaussians(a, s, b, t) + 0.5,
              "has log(σ₁/σ₂) in place of log(σ₂/σ₁)": lambda a, s, b, t: kl_gaussians(a, s, b, t) - 2 * np.log(t / s),
              "takes a standard deviation where the variance belongs: squares are missing": lambda a, s, b, t: np.log(t / s) + (s + (a - b)**2) / (2 * t) - 0.5,
              "lacks the square of σ₁": lambda a, s, b, t: np.log(t / s) + (s + (a - b)**2) / (2 * t**2) - 0.5,
              "lacks the square of σ₂": lambda a, s, b, t: np.log(t / s) + (s**2 + (a - b)**2) / (2 * t) - 0.5,
              "takes log of the variances: log(σ₂²/σ₁²)": lambda a, s, b, t: kl_gaussians(a, s, b, t) + np.log(t / s),
              "lacks brackets: (σ₁² + (μ₁ − μ₂)²)/2σ₂²": lambda a, s, b, t: np.log(t / s) + s**2 + (a - b)**2 / (2 * t**2) - 0.5,
              "has μ₁ + μ₂ in place of μ₁ − μ₂": lambda a, s, b, t: np.log(t / s) + (s**2 + (a + b)**2) / (2 * t**2) - 0.5,
              "is divided by (2σ₂)²; it is 2σ₂²": lambda a, s, b, t: np.log(t / s) + (s**2 + (a - b)**2) / (2 * t)**2 - 0.5,
              "has σ₁ and σ₂ exchanged in the fraction": lambda a, s, b, t: np.log(t / s) + (t**2 + (a - b)**2) / (2 * s**2) - 0.5,
              "has (σ₁ + μ₁ − μ₂)²; the squares are added": lambda a, s, b, t: np.log(t / s) + (s + a - b)**2 / (2 * t**2) - 0.5,
              "has μ₁ − μ₂ without the square": lambda a, s, b, t: np.log(t / s) + (s**2 + a - b) / (2 * t**2) - 0.5,
              "lacks the distance of the means": lambda a, s, b, t: kl_gaussians(a, s, a, t),
              "has |μ₁ − μ₂| without the square": lambda a, s, b, t: np.log(t / s) + (s**2 + abs(a - b)) / (2 * t**2) - 0.5,
              "lacks the 2 in 2σ₂²": lambda a, s, b, t: np.log(t / s) + (s**2 + (a - b)**2) / t**2 - 0.5,
              "lacks σ₁² in the numerator": lambda a, s, b, t: np.log(t / s) + (a - b)**2 / (2 * t**2) - 0.5,
              "is multiplied with σ₂² instead of divided: put 2σ₂² in brackets": lambda a, s, b, t: np.log(t / s) + (s**2 + (a - b)**2) / 2 * t**2 - 0.5,
              "takes variances for the given σ: they are standard deviations": lambda a, s, b, t: np.log(t / s) / 2 + (s + (a - b)**2) / (2 * t) - 0.5,
              "lacks log(σ₂/σ₁)": lambda a, s, b, t: kl_gaussians(a, s, b, t) - np.log(t / s),
              "is divided by σ₁²; it is σ₂²": lambda a, s, b, t: np.log(t / s) + (s**2 + (a - b)**2) / (2 * s**2) - 0.5})


# --- the optimal discriminator ---------------------------------------------------------------------------------------

def optimal_discriminator(p, q):
    both = p + q
    return np.where(both > 0, p / np.where(both > 0, both, 1), 0.5)


check.add(optimal_discriminator, "D", {"": two, "rare outcomes": rare, "disjoint supports": disjoint, "a place where both are 0 (there D is ½)": common_zero},
          "the D at which the derivative of p log D + q log(1 − D) is 0 (lecture 06, eq. 4)", tolerance=1e-9,
          hidden=[(np.float64([0.9, 0.1, 0, 0]), np.float64([0.1, 0, 0.9, 0]))], mistakes={
              "is 0 wherever p or q is 0; 1 where only q is 0": lambda p, q: np.where((p > 0) & (q > 0), p / (p + q), 0),
              "is ½ wherever p is 0; there it is 0, unless q is 0, too": lambda p, q: np.where(p > 0, p / (p + q), 0.5),
              "is the midpoint (p + q)/2; D* is a ratio": lambda p, q: (p + q) / 2,
              "is p divided by its sum or its largest entry; D* compares p with q": lambda p, q: p / p.max(),
              **{f"has {eps:g} added to the denominator; handle the zeros instead": (lambda p, q, eps=eps: p / (p + q + eps)) for eps in (1e-8, 1e-7, 1e-6)},
              **{f"is clipped to [{eps:g}, 1 − {eps:g}]; D* may be 0 or 1": (lambda p, q, eps=eps: np.clip(optimal_discriminator(p, q), eps, 1 - eps))
                 for eps in (1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2)},
              "is q/(p + q): D is the probability that a sample is real": lambda p, q: q / (p + q),
              "is p/q, the ratio itself; D is p/(p + q)": lambda p, q: p / q,
              "is p/((p + q)/2): twice D*": lambda p, q: 2 * p / (p + q),
              "is log p − log q, the logit of D*": lambda p, q: np.log(p / q),
              "is p itself: only the ratio of the densities counts": lambda p, q: p,
              "is ½ wherever q is 0; only where both are 0": lambda p, q: np.where(q > 0, p / (p + q), 0.5),
              "is ½ wherever p or q is 0; only where both are 0": lambda p, q: np.where((p > 0) & (q > 0), p / (p + q), 0.5),
              "is σ(p − q); the ratio is needed": lambda p, q: sigmoid(p - q),
              "is p²/(p² + q²): no squares": lambda p, q: p**2 / (p**2 + q**2),
              "is (p − q)/(p + q)": lambda p, q: (p - q) / (p + q),
              "is ½ everywhere; that is D* for p = q only": lambda p, q: np.full(len(p), 0.5),
              "lacks brackets: p/(p + q), not p/p + q": lambda p, q: p / p + q,
              "is 0 where p and q are both 0 (a tiny number in the denominator?); there it is ½": lambda p, q: np.where(p + q > 0, p / (p + q), 0),
              "is 1 where p and q are both 0; there it is ½": lambda p, q: np.where(p + q > 0, p / (p + q), 1),
              "is 1 or 0; D* is a probability": lambda p, q: (p > q).astype(float)})


def value(D, p, q):
    with np.errstate(divide="ignore"):
        return (p[p > 0] * np.log(D[p > 0])).sum() + (q[q > 0] * np.log(1 - D[q > 0])).sum()


def any_discriminator(rng, pair=two):
    p, q = pair(rng)
    return rng.uniform(0.1, 0.9, len(p)), p, q


def sure_discriminator(rng):
    """D is 1 or 0 only where the other distribution has no mass."""
    p, q = disjoint(rng)
    return (p > 0) * 1.0, p, q


def wrong_discriminator(rng):
    D, p, q = any_discriminator(rng)
    D[rng.integers(len(D))] = 0
    return D, p, q


check.add(value, "V", {"": any_discriminator, "rare outcomes": lambda rng: any_discriminator(rng, rare), "p with a zero": lambda rng: any_discriminator(rng, with_zeros),
                    "q with a zero": lambda rng: any_discriminator(rng, lambda rng: with_zeros(rng)[::-1]), "p and q with disjoint supports, D = 1 or 0": sure_discriminator,
                    "a D that is sure and wrong at one place (V is then −∞)": wrong_discriminator},
          "V(D) = Σ p log D + Σ q log(1 − D), with 0·log 0 = 0 (lecture 06, eq. 3)", terms=lambda D, p, q: {"Σ p log D": (p[p > 0] * np.log(D[p > 0])).sum(), "Σ q log(1 − D)": (q[q > 0] * np.log(1 - D[q > 0])).sum()}, tolerance=1e-9,
          hidden=[(np.float64([1, 0, 0.5]), np.float64([0.5, 0, 0.5]), np.float64([0, 0.5, 0.5]))], mistakes={
              **{f"has {eps:g} added inside the logarithms, or is clipped there; handle the zeros instead": (lambda D, p, q, eps=eps: (p * np.log(D + eps) + q * np.log(1 - D + eps)).sum())
                 for eps in (1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6)},
              **{f"has D clipped at {eps:g}; handle the zeros instead": (lambda D, p, q, eps=eps: (p * np.log(np.clip(D, eps, 1 - eps)) + q * np.log(1 - np.clip(D, eps, 1 - eps))).sum())
                 for eps in (1e-8, 1e-7, 1e-6)},
              "leaves out the outcomes in which D is 0 or 1; leave out those in which p, or q, is 0":
                  lambda D, p, q: (lambda i: (p[i] * np.log(D[i]) + q[i] * np.log(1 - D[i])).sum())((D > 0) & (D < 1)),
              "weights both terms with p; the second one has q": lambda D, p, q: (p * (np.log(D) + np.log(1 - D))).sum(),
              "takes D for logits; it holds probabilities": lambda D, p, q: (p * -softplus(-D) + q * -softplus(D)).sum(),
              "is −V": lambda D, p, q: -value(D, p, q),
              "lacks 1 − D in the second term": lambda D, p, q: (p * np.log(D) + q * np.log(D)).sum(),
              "has p and q exchanged": lambda D, p, q: value(D, q, p),
              "has the second term subtracted": lambda D, p, q: (p * np.log(D) - q * np.log(1 - D)).sum(),
              "isn't weighted with p and q": lambda D, p, q: (np.log(D) + np.log(1 - D)).sum(),
              "is a mean over the outcomes; the weights p and q are already probabilities": lambda D, p, q: value(D, p, q) / len(p),
              "is in bits: log2 in place of the natural logarithm": lambda D, p, q: value(D, p, q) / LOG2,
              "is half of V": lambda D, p, q: value(D, p, q) / 2,
              "lacks the logarithms": lambda D, p, q: (p * D).sum() + (q * (1 - D)).sum(),
              "is the value of D*, whatever D is": lambda D, p, q: value(optimal_discriminator(p, q), p, q),
              "has the logarithms outside the sums": lambda D, p, q: np.log((p * D).sum()) + np.log((q * (1 - D)).sum()),
              "weights the second term with 1 − q; q is the probability of a fake": lambda D, p, q: (p * np.log(D)).sum() + ((1 - q) * np.log(1 - D)).sum(),
              "weights the second term with 1 − p; its weight is q": lambda D, p, q: (p * np.log(D)).sum() + ((1 - p) * np.log(1 - D)).sum(),
              "lacks the last outcome: does a loop end too early?": lambda D, p, q: value(D[:-1], p[:-1], q[:-1]),
              "counts only outcomes where p and q are both above 0": lambda D, p, q: (lambda i: (p[i] * np.log(D[i]) + q[i] * np.log(1 - D[i])).sum())((p > 0) & (q > 0)),
              "lacks the term with q": lambda D, p, q: (p * np.log(D)).sum(),
              "lacks the term with p": lambda D, p, q: (q * np.log(1 - D)).sum(),
              "isn't summed: one number per outcome": lambda D, p, q: p * np.log(D) + q * np.log(1 - D)})


# --- JS from samples -------------------------------------------------------------------------------------------------

def js_from_logits(l_real, l_fake):
    return LOG2 - softplus(-l_real).mean() / 2 - softplus(l_fake).mean() / 2


FAR = np.float64([[-800], [-90], [90], [800]])

def some_logits(rng, mean, spread):
    n, m = rng.permutation(np.arange(3, 9))[:2]
    return rng.normal(mean, spread, (n, 1)), rng.normal(-mean, spread, (m, 1))


check.add(js_from_logits, "JS", {"": lambda rng: some_logits(rng, 1, 2), "large |logits|": lambda rng: (FAR[2:].copy(), FAR[:2].copy()),
                                   "large |logits| of a D that is sure and wrong": lambda rng: (FAR.copy(), FAR[:3].copy()),
                                   "a D that is worse than guessing": lambda rng: some_logits(rng, -3, 1)},
          "JS ≥ log 2 + V/2, V = −mean softplus(−l_real) − mean softplus(l_fake) (lecture 06, eq. 7)", terms=lambda l, m: {"log 2": LOG2, "the mean over the real samples": -softplus(-l).mean() / 2, "the mean over the fakes": -softplus(m).mean() / 2}, tolerance=1e-9,
          hidden=[(np.zeros((5, 1)), np.zeros((2, 1)))], mistakes={
              "is the absolute value; the bound may be negative, return it as it is": lambda l, m: abs(js_from_logits(l, m)),
              "takes half of one mean over all samples; each batch has its own mean": lambda l, m: LOG2 - np.concatenate([softplus(-l), softplus(m)]).mean() / 2,
              "is cut off at 0; the bound may be negative, return it as it is": lambda l, m: max(0.0, js_from_logits(l, m)),
              "is V itself": lambda l, m: -softplus(-l).mean() - softplus(m).mean(),
              "is V + 2 log 2, which is 2 JS": lambda l, m: 2 * js_from_logits(l, m),
              "is V + log 2: V needs its factor ½": lambda l, m: LOG2 - softplus(-l).mean() - softplus(m).mean(),
              "is V/2: log 2 is missing": lambda l, m: js_from_logits(l, m) - LOG2,
              "is V/2 − log 2; log 2 has the wrong sign": lambda l, m: js_from_logits(l, m) - 2 * LOG2,
              "has the sign of V flipped": lambda l, m: 2 * LOG2 - js_from_logits(l, m),
              "is in bits: divided by log 2": lambda l, m: js_from_logits(l, m) / LOG2,
              "has real and fake exchanged": lambda l, m: LOG2 - softplus(l).mean() / 2 - softplus(-m).mean() / 2,
              "is what the wrong sign of l_real gives: log σ(l) = −softplus(−l)": lambda l, m: LOG2 - softplus(l).mean() / 2 - softplus(m).mean() / 2,
              "is what the wrong sign of l_fake gives: log(1 − σ(l)) = −softplus(l)": lambda l, m: LOG2 - softplus(-l).mean() / 2 - softplus(-m).mean() / 2,
              "takes one mean over all samples": lambda l, m: LOG2 - np.concatenate([softplus(-l), softplus(m)]).mean(),
              "has the softplus outside the mean": lambda l, m: LOG2 - softplus(-l.mean()) / 2 - softplus(m.mean()) / 2,
              "is what max(l, 0) gives in place of softplus": lambda l, m: LOG2 - np.maximum(-l, 0).mean() / 2 - np.maximum(m, 0).mean() / 2,
              "is the sum over the samples, not the mean": lambda l, m: LOG2 - softplus(-l).sum() / 2 - softplus(m).sum() / 2})


def discriminator_step(a, b, x_real, x_fake, lr):
    d_real, d_fake = (1 - sigmoid(a * x_real + b)) / x_real.size, -sigmoid(a * x_fake + b) / x_fake.size
    return a + lr * ((d_real * x_real).sum() + (d_fake * x_fake).sum()), b + lr * (d_real.sum() + d_fake.sum())


def _step(a, b, x, y, lr, sign=1, mean=True, real=1, fake=1, inner=True):
    n, m = (x.size, y.size) if mean else (1, 1)
    r, f = real * (1 - sigmoid(a * x + b)) / n, -fake * sigmoid(a * y + b) / m
    da = (r * x).sum() + (f * y).sum() if inner else r.sum() + f.sum()
    return a + sign * lr * da, b + sign * lr * (r.sum() + f.sum())


def _step_logits(a, b, x, y, lr, l, m):
    return _step_gradients(a, b, x, y, lr, (1 - sigmoid(l)) / x.size, -sigmoid(m) / y.size)


def _step_gradients(a, b, x, y, lr, r, f):
    return a + lr * ((r * x).sum() + (f * y).sum()), b + lr * (r.sum() + f.sum())


def _sequential(a, b, x, y, lr):
    new = _step(a, b, x, y, lr)[0]
    return new, _step(new, b, x, y, lr)[1]


def _pooled(a, b, x, y, lr):
    n = x.size + y.size
    return _step_gradients(a, b, x, y, lr, (1 - sigmoid(a * x + b)) / n, -sigmoid(a * y + b) / n)


def _step_softplus(a, b, x, y, lr):
    return _step_gradients(a, b, x, y, lr, (1 - softplus(a * x + b)) / x.size, -softplus(a * y + b) / y.size)


def _own_lr(lr):
    return lambda a, b, x, y, _: _step(a, b, x, y, lr)


def _with(real, fake):
    """The step with these gradients of the logits, functions of (logit, batch size)."""
    return lambda a, b, x, y, lr: _step_gradients(a, b, x, y, lr, real(a * x + b, x.size), fake(a * y + b, y.size))


def step_inputs(rng):
    n, m = rng.permutation(np.arange(3, 9))[:2]
    return float(rng.normal()), float(rng.normal()), rng.normal(0, 1, n), rng.normal(1, 1, m), float(rng.uniform(0.2, 0.8))


def _real_then_fake(a, b, x, y, lr):
    a, b = _step(a, b, x, y, lr, fake=0)
    return _step(a, b, x, y, lr, real=0)


check.add(discriminator_step, "a, b", {"": step_inputs},
          "∂V/∂l_real = (1 − σ(l))/N, ∂V/∂l_fake = −σ(l)/M; with l = a x + b, a ← a + η Σ ∂V/∂l·x, b ← b + η Σ ∂V/∂l (lecture 06, eq. 8)", tolerance=1e-9, shares={"a": 2, "b": 2},
          hidden=[(0.0, 0.0, np.float64([1, -1, 0]), np.float64([2]), 0.5)], mistakes={
              **{f"doesn't use the lr that it is given, but {lr:g}": _own_lr(lr) for lr in (0.5, 0.3, 0.1, 0.05, 0.01, 1e-3)},
              "is divided by N for both batches; the fakes' mean has M":
                  (lambda a, b, x, y, lr: _step_gradients(a, b, x, y, lr, (1 - sigmoid(a * x + b)) / x.size, -sigmoid(a * y + b) / x.size)),
              "is divided by M for both batches; the real samples' mean has N":
                  lambda a, b, x, y, lr: _step_gradients(a, b, x, y, lr, (1 - sigmoid(a * x + b)) / y.size, -sigmoid(a * y + b) / y.size),
              "averages what is divided by the batch size already": _with(lambda l, n: (1 - sigmoid(l)) / n**2, lambda l, n: -sigmoid(l) / n**2),
              "has the learning rate in the real samples' part only":
                  (lambda a, b, x, y, lr: _step_gradients(a, b, x, y, 1, lr * (1 - sigmoid(a * x + b)) / x.size, -sigmoid(a * y + b) / y.size)),
              "has 1 − σ for the fakes; their part is −σ": _with(lambda l, n: (1 - sigmoid(l)) / n, lambda l, n: -(1 - sigmoid(l)) / n),
              "lacks brackets: (1 − σ(l))/N, not 1 − σ(l)/N": _with(lambda l, n: 1 - sigmoid(l) / n, lambda l, n: -sigmoid(l) / n),
              "lacks the sigmoid": _with(lambda l, n: (1 - l) / n, lambda l, n: -l / n),
              "has x_real in the fakes' part, too": lambda a, b, x, y, lr: _step(a, b, x, x, lr),
              "multiplies sums; each sample's gradient belongs to its own x": lambda a, b, x, y, lr: (
                  a + lr * (x.mean() * ((1 - sigmoid(a * x + b)) / x.size).sum() - y.mean() * (sigmoid(a * y + b) / y.size).sum()), None),
              "is half of the step: the two parts are added, not averaged": lambda a, b, x, y, lr: _step(a, b, x, y, lr / 2),
              "makes a step for the real samples and then one for the fakes, at the new a and b; both belong to one step": _real_then_fake,
              "moves the wrong way: D climbs V": lambda *t: _step(*t, sign=-1),
              "moves by the sum over the samples, not the mean": lambda *t: _step(*t, mean=False),
              "moves by the real samples only": lambda *t: _step(*t, fake=0),
              "moves by the fakes only": lambda *t: _step(*t, real=0),
              "is what you get when the fakes' part has the wrong sign": lambda *t: _step(*t, fake=-1),
              "is what you get when the real samples' part has the wrong sign": lambda *t: _step(*t, real=-1),
              "lacks the factor x in the derivative of a x + b": lambda *t: (_step(*t, inner=False)[0], None),
              "doesn't move": lambda a, b, x, y, lr: (a, b),
              "changes b by the change of a: b has no factor x": lambda *t: (None, t[1] + _step(*t)[0] - t[0]),
              "has real and fake exchanged": lambda a, b, x, y, lr: _step(a, b, y, x, lr),
              "has σ in place of 1 − σ for the real samples": lambda a, b, x, y, lr: _step_gradients(a, b, x, y, lr, sigmoid(a * x + b) / x.size, -sigmoid(a * y + b) / y.size),
              "is divided by the size of the other batch": lambda a, b, x, y, lr: _step_gradients(a, b, x, y, lr, (1 - sigmoid(a * x + b)) / y.size, -sigmoid(a * y + b) / x.size),
              "has a factor σ(1 − σ) too much: with logits it cancels": lambda a, b, x, y, lr: _step_gradients(
                  a, b, x, y, lr, *(d * sigmoid(l) * sigmoid(-l) for d, l in (((1 - sigmoid(a * x + b)) / x.size, a * x + b), (-sigmoid(a * y + b) / y.size, a * y + b)))),
              "uses the new a for the change of b; both change at the same time": _sequential,
              "has one mean over all samples; each batch is divided by its own size": _pooled,
              "lacks b in the logit of the fakes, or of the real samples": lambda a, b, x, y, lr: _step_logits(a, b, x, y, lr, a * x + b, a * y),
              "lacks b in the logit": lambda a, b, x, y, lr: _step_logits(a, b, x, y, lr, a * x, a * y),
              "uses softplus where σ belongs": lambda a, b, x, y, lr: _step_softplus(a, b, x, y, lr),
              "lacks the learning rate": lambda a, b, x, y, lr: _step(a, b, x, y, 1.0),
              "is the gradient alone: add it to a and b": lambda a, b, x, y, lr: tuple((n - o) / lr for n, o in zip(_step(a, b, x, y, lr), (a, b))),
              "is the change alone: add it to a and b": lambda a, b, x, y, lr: tuple(n - o for n, o in zip(_step(a, b, x, y, lr), (a, b)))})
