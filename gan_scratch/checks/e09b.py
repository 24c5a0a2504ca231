"""References, inputs and typical mistakes for exercise e09b, the unrolled GAN."""
from __future__ import annotations

import copy

import numpy as np
from scipy.special import expit

from gan_scratch.classroom.check import Checks
from gan_scratch.gans.unrolled import descend, differentiate
from gan_scratch.layers import Dense, Sequential, Tanh
from gan_scratch.layers.activation import sigmoid, softplus
from gan_scratch.losses import NonSaturating

check = Checks()


# --- what the notebook is given ---------------------------------------------------------------------------------------


def step_of_D(D, real, fake, e):
    """D after a step of gradient descent of length e on its loss, and a record of the step; D itself stays as it is."""
    D = copy.deepcopy(D)
    for p in D.params:
        p.grad[...] = 0
    after, uses = descend(D, real, fake, NonSaturating(), e)
    return after, (D, uses)


def second_derivatives(record, V):
    """The derivatives of S = ⟨V, ∇L_D⟩, for fixed arrays V, one for each parameter of D, at the D of the record.

    Returns ∂S/∂θ, a list of arrays like V (the Hessian times V), and ∂S/∂fake.
    """
    D, uses = record
    for p in D.params:
        p.grad[...] = 0
    _, d_fake = [differentiate(D, *use, dict(zip(D.params, V))) for use in uses]
    return [p.grad.copy() for p in D.params], d_fake


# --- a linear D -------------------------------------------------------------------------------------------------------


def gradient_D(w, real, fake, real_part=1.0, fake_part=1.0):
    """∇L_D of D(x) = x·w."""
    return (-real_part * (sigmoid(-real @ w) @ real) / len(real) + fake_part * (sigmoid(fake @ w) @ fake) / len(fake))


def inner_step(w, real, fake, e):
    return w - e * gradient_D(w, real, fake)


def linear(rng):
    d = int(rng.integers(2, 5))
    real = rng.normal(0.6, 1, (int(rng.integers(4, 7)), d))
    fake = rng.normal(-0.4, 1, (int(rng.integers(7, 10)), d))
    return rng.normal(0, 0.8, d), real, fake


def linear_case(rng):
    return (*linear(rng), float(rng.uniform(0.4, 0.9)))


check.add(
    inner_step, "", {"": linear_case, "one fake": lambda rng: (lambda w, r, f, e: (w, r, f[:1], e))(*linear_case(rng))},
    "the gradient of D's loss in w, and a step down (lecture 07, eq. 1; lecture 09, eq. 8)", hidden=[linear_case],
    mistakes={
        "goes up D's loss": lambda w, r, f, e: w + e * gradient_D(w, r, f),
        "is the gradient, not the new w": lambda w, r, f, e: gradient_D(w, r, f),
        "is the change of w only": lambda w, r, f, e: -e * gradient_D(w, r, f),
        "learns from the real samples only": lambda w, r, f, e: w - e * gradient_D(w, r, f, fake_part=0),
        "learns from the fakes only": lambda w, r, f, e: w - e * gradient_D(w, r, f, real_part=0),
        "goes the wrong way for the fakes": lambda w, r, f, e: w - e * gradient_D(w, r, f, fake_part=-1),
        "goes the wrong way for the real samples": lambda w, r, f, e: w - e * gradient_D(w, r, f, real_part=-1),
        "has sums in place of means": lambda w, r, f, e: w - e * (
            -sigmoid(-r @ w) @ r + sigmoid(f @ w) @ f),
        "has σ(l) for the real samples; the derivative of softplus(−l) is −σ(−l)": lambda w, r, f, e: w + e * (
            (sigmoid(r @ w) @ r) / len(r) - (sigmoid(f @ w) @ f) / len(f)),
        "has σ(−l) for the fakes; the derivative of softplus(l) is σ(l)": lambda w, r, f, e: w + e * (
            (sigmoid(-r @ w) @ r) / len(r) - (sigmoid(-f @ w) @ f) / len(f)),
        "has no e": lambda w, r, f, e: w - gradient_D(w, r, f),
        "has no e at the fakes' part": lambda w, r, f, e: (
            w + e * sigmoid(-r @ w) @ r / len(r) - sigmoid(f @ w) @ f / len(f)),
        "has no e at the real samples' part": lambda w, r, f, e: (
            w + sigmoid(-r @ w) @ r / len(r) - e * sigmoid(f @ w) @ f / len(f)),
        "is divided by 2: D's loss is a sum of two means": lambda w, r, f, e: w - e / 2 * gradient_D(w, r, f),
        "is divided by the number of real samples for both kinds": lambda w, r, f, e: w - e * (
            -sigmoid(-r @ w) @ r + sigmoid(f @ w) @ f) / len(r),
        "is divided by the number of fakes for both kinds": lambda w, r, f, e: w - e * (
            -sigmoid(-r @ w) @ r + sigmoid(f @ w) @ f) / len(f),
        "has products of two means; the mean of the products is asked for": lambda w, r, f, e: w - e * (
            -sigmoid(-r @ w).mean() * r.mean(0) + sigmoid(f @ w).mean() * f.mean(0)),
        "has softplus where its derivative belongs": lambda w, r, f, e: w - e * (
            -softplus(-r @ w) @ r / len(r) + softplus(f @ w) @ f / len(f)),
        "goes down G's loss for the fakes; this is D's step": lambda w, r, f, e: w + e * (
            sigmoid(-r @ w) @ r / len(r) + sigmoid(-f @ w) @ f / len(f)),
        "has a mean over all samples together": lambda w, r, f, e: w - e * (
            -sigmoid(-r @ w) @ r + sigmoid(f @ w) @ f) / (len(r) + len(f)),
    })


def ahead(w, real, fake, e, K):
    for _ in range(K):
        w = inner_step(w, real, fake, e)
    return w


def unrolled_value(w, real, fake, e, K):
    return softplus(-fake @ ahead(w, real, fake, e, K)).mean()


def steps(low, high):
    return lambda rng: (*linear_case(rng), int(rng.integers(low, high)))


check.add(
    unrolled_value, "", {"": steps(2, 5), "no step": steps(0, 1), "one step": steps(1, 2)},
    "G's loss, under the D of K steps later (lecture 09, eq. 8)", hidden=[steps(3, 6)], mistakes={
        "is G's loss under today's D": lambda w, r, f, e, K: softplus(-f @ w).mean(),
        "looks one step too far ahead": lambda w, r, f, e, K: unrolled_value(w, r, f, e, K + 1),
        "looks one step ahead, whatever K is": lambda w, r, f, e, K: unrolled_value(w, r, f, e, min(K, 1)),
        "is D's loss; G's is asked for": lambda w, r, f, e, K: (lambda v: (
            softplus(-r @ v).mean() + softplus(f @ v).mean()))(ahead(w, r, f, e, K)),
        "takes one step too few": lambda w, r, f, e, K: unrolled_value(w, r, f, e, max(K - 1, 0)),
        "comes from one step of length K e": lambda w, r, f, e, K: softplus(-f @ inner_step(w, r, f, K * e)).mean(),
        "is the minimax loss": lambda w, r, f, e, K: -softplus(f @ ahead(w, r, f, e, K)).mean(),
        "is what D pays for the fakes": lambda w, r, f, e, K: softplus(f @ ahead(w, r, f, e, K)).mean(),
        "is a sum over the fakes, not a mean": lambda w, r, f, e, K: softplus(-f @ ahead(w, r, f, e, K)).sum(),
        "contains the real samples, with which G has nothing to do": lambda w, r, f, e, K: (
            softplus(-f @ ahead(w, r, f, e, K)).mean() + softplus(-r @ ahead(w, r, f, e, K)).mean()),
        "has its sign exchanged": lambda w, r, f, e, K: -unrolled_value(w, r, f, e, K),
        "comes from a D that goes up its loss": lambda w, r, f, e, K: unrolled_value(w, r, f, -e, K),
    })


def bend(l):
    """σ′(l)."""
    return sigmoid(l) * sigmoid(-l)


def products(w, x, V):
    """σ′(l) (x·V) x, summed over the samples."""
    return (bend(x @ w) * (x @ V)) @ x


def hessian_vector(w, real, fake, V):
    return products(w, real, V) / len(real) + products(w, fake, V) / len(fake)


def direction(rng):
    w, real, fake = linear(rng)
    return w, real, fake, rng.normal(0, 1, len(w))


check.add(
    hessian_vector, "", {"": direction, "one feature": lambda rng: (
        rng.normal(0, 1, 1), rng.normal(0, 1, (5, 1)), rng.normal(0, 1, (3, 1)), rng.normal(0, 1, 1))},
    "the gradient of ⟨V, ∇L_D⟩ in w (lecture 09, section 6)", hidden=[direction], mistakes={
        "has the real samples' part only": lambda w, r, f, V: products(w, r, V) / len(r),
        "has the fakes' part only": lambda w, r, f, V: products(w, f, V) / len(f),
        "has the fakes' part with a minus: D's loss is convex in w for both kinds": lambda w, r, f, V: (
            products(w, r, V) / len(r) - products(w, f, V) / len(f)),
        "has the real samples' part with a minus: D's loss is convex in w for both kinds": lambda w, r, f, V: (
            products(w, f, V) / len(f) - products(w, r, V) / len(r)),
        "has its sign exchanged": lambda w, r, f, V: -hessian_vector(w, r, f, V),
        "has sums in place of means": lambda w, r, f, V: products(w, r, V) + products(w, f, V),
        "has a mean over all samples together": lambda w, r, f, V: (
            products(w, r, V) + products(w, f, V)) / (len(r) + len(f)),
        "has σ in place of its derivative": lambda w, r, f, V: (
            (sigmoid(r @ w) * (r @ V)) @ r / len(r) + (sigmoid(f @ w) * (f @ V)) @ f / len(f)),
        "lacks σ′: that is the Hessian of a squared error": lambda w, r, f, V: (
            (r @ V) @ r / len(r) + (f @ V) @ f / len(f)),
        "has σ′ at x·V; V is only a direction": lambda w, r, f, V: (
            (bend(r @ V) * (r @ V)) @ r / len(r) + (bend(f @ V) * (f @ V)) @ f / len(f)),
        "has x·w where x·V belongs": lambda w, r, f, V: (
            (bend(r @ w) * (r @ w)) @ r / len(r) + (bend(f @ w) * (f @ w)) @ f / len(f)),
        "has σ² in place of σ(1 − σ)": lambda w, r, f, V: (
            (sigmoid(r @ w)**2 * (r @ V)) @ r / len(r) + (sigmoid(f @ w)**2 * (f @ V)) @ f / len(f)),
        "has σ(1 + σ) in place of σ(1 − σ)": lambda w, r, f, V: sum(
            (sigmoid(x @ w) * (1 + sigmoid(x @ w)) * (x @ V)) @ x / len(x) for x in (r, f)),
        "has a sum in the real samples' part, where a mean belongs": lambda w, r, f, V: (
            products(w, r, V) + products(w, f, V) / len(f)),
        "has a sum in the fakes' part, where a mean belongs": lambda w, r, f, V: (
            products(w, r, V) / len(r) + products(w, f, V)),
        "lacks the factor x·V": lambda w, r, f, V: bend(r @ w) @ r / len(r) + bend(f @ w) @ f / len(f),
        "is the diagonal of the Hessian times V, entry by entry": lambda w, r, f, V: V * (
            bend(r @ w) @ r**2 / len(r) + bend(f @ w) @ f**2 / len(f)),
        "is ⟨V, H V⟩ in each entry": lambda w, r, f, V: np.full_like(w, V @ hessian_vector(w, r, f, V)),
        "is the gradient times the size of V": lambda w, r, f, V: gradient_D(w, r, f) * np.linalg.norm(V),
    })


# --- the gradient through one step ------------------------------------------------------------------------------------


def parts(w, real, fake, e, at=None, lam_at=None, first=1.0, second=1.0, lam=None):
    """Both parts of the gradient, with another w in some of their places."""
    after, M = inner_step(w, real, fake, e), len(fake)
    place = after if at is None else at(w, after)
    direct = -sigmoid(-fake @ place)[:, None] * place / M
    later = after if lam_at is None else lam_at(w, after)
    lam = -(sigmoid(-fake @ later) @ fake) / M if lam is None else lam(w, after, real, fake)
    l = fake @ w
    learned = first * sigmoid(l)[:, None] * lam + second * (bend(l) * (fake @ lam))[:, None] * w
    return direct, -e / M * learned


def one_step_gradient(w, real, fake, e):
    return parts(w, real, fake, e)


def only_direct(function):
    return lambda w, r, f, e: (function(w, r, f, e), None)


def only_through(function):
    return lambda w, r, f, e: (None, function(w, r, f, e))


def taught(w, fake, e, lam, weight=sigmoid):
    """What the fakes teach a linear D at w, with one λ (d,) for all or one for each fake (M, d)."""
    l, along = fake @ w, (fake * lam).sum(1)
    return -e / len(fake) * (weight(l)[:, None] * lam + (bend(l) * along)[:, None] * w)


def own_share(w, real, fake, e):
    after = inner_step(w, real, fake, e)
    return taught(w, fake, e, -sigmoid(-fake @ after)[:, None] * fake / len(fake))


def wish(w, real, fake, e):
    """∂L_G/∂w at the w of one step later, and that w."""
    after = inner_step(w, real, fake, e)
    return -(sigmoid(-fake @ after) @ fake) / len(fake), after


def at_tomorrow(w, real, fake, e):
    lam, after = wish(w, real, fake, e)
    return taught(after, fake, e, lam)


def mixed(w, real, fake, e, logit=False, factor=False):
    """What the fakes teach D, with tomorrow's w in the logit only, or as the last factor only."""
    lam, after = wish(w, real, fake, e)
    l, last = fake @ (after if logit else w), after if factor else w
    return -e / len(fake) * (sigmoid(l)[:, None] * lam + (bend(l) * (fake @ lam))[:, None] * last)


def exchanged(w, real, fake, e):
    lam, _ = wish(w, real, fake, e)
    l = fake @ w
    return -e / len(fake) * (sigmoid(l)[:, None] * w + (bend(l) * (fake @ lam))[:, None] * lam)


def with_slope(slope):
    """What the fakes teach D, with another slope of σ (M,), a function of the logits and of x̃·λ and x̃·w."""
    def compute(w, real, fake, e):
        lam, _ = wish(w, real, fake, e)
        l = fake @ w
        return -e / len(fake) * (sigmoid(l)[:, None] * lam + slope(l, fake @ lam)[:, None] * w)

    return compute


def other_sigma(w, real, fake, e):
    return taught(w, fake, e, wish(w, real, fake, e)[0], weight=lambda l: sigmoid(-l))


now = lambda w, after: w  # noqa: E731

check.add(
    one_step_gradient, "direct, through",
    {"": linear_case, "a long step": lambda rng: (*linear(rng), 2.0),
     "one fake": lambda rng: (lambda w, r, f, e: (w, r, f[:1], e))(*linear_case(rng))},
    "the two ways in which a fake acts on G's loss (lecture 09, eq. 9)", shares={"direct": 2, "through": 6},
    hidden=[linear_case, linear_case], mistakes={
        "is taken at today's D, not at tomorrow's": only_direct(
            lambda w, r, f, e: parts(w, r, f, e, at=now)[0]),
        "has its sign exchanged": lambda w, r, f, e: tuple(-g for g in parts(w, r, f, e)),
        "isn't divided by the number of fakes": lambda w, r, f, e: tuple(len(f) * g for g in parts(w, r, f, e)),
        "has today's w as a factor; tomorrow's logit contains w₁": only_direct(
            lambda w, r, f, e: -sigmoid(-f @ inner_step(w, r, f, e))[:, None] * w / len(f)),
        "is that of the minimax loss": only_direct(lambda w, r, f, e: (lambda a: (
            -sigmoid(f @ a)[:, None] * a / len(f)))(inner_step(w, r, f, e))),
        "is the gradient in w, one for each fake": only_direct(lambda w, r, f, e: (lambda a: (
            -sigmoid(-f @ a)[:, None] * f / len(f)))(inner_step(w, r, f, e))),
        "is the sum of both parts; return them separately": lambda w, r, f, e: (sum(parts(w, r, f, e)),) * 2,
        "has only the part where the logit is held fixed: σ depends on the fake as well": only_through(
            lambda w, r, f, e: parts(w, r, f, e, second=0.0)[1]),
        "has only the part in which σ changes: the factor x̃ behind it changes as well": only_through(
            lambda w, r, f, e: parts(w, r, f, e, first=0.0)[1]),
        "has the wrong sign in the part in which σ changes": only_through(
            lambda w, r, f, e: parts(w, r, f, e, second=-1.0)[1]),
        "lacks e": only_through(lambda w, r, f, e: parts(w, r, f, e)[1] / e),
        "has e squared": only_through(lambda w, r, f, e: parts(w, r, f, e)[1] * e),
        "has ∂L_G/∂w at today's D, not at tomorrow's": only_through(
            lambda w, r, f, e: parts(w, r, f, e, lam_at=now)[1]),
        "has the gradient of D's loss where that of G's belongs": only_through(
            lambda w, r, f, e: parts(w, r, f, e, lam=lambda w, a, r, f: gradient_D(a, r, f))[1]),
        "has each fake's own share of ∂L_G/∂w only: every fake moves w for all of them": only_through(own_share),
        "has w₁ where D's step was taken, at today's w": only_through(at_tomorrow),
        "has σ(−l) where D's step for fakes has σ(l)": only_through(other_sigma),
        "has w₁ in its logit; D's step was taken at today's w": only_through(
            lambda *args: mixed(*args, logit=True)),
        "has w₁ as its last factor; D's step was taken at today's w": only_through(
            lambda *args: mixed(*args, factor=True)),
        "has λ and w exchanged": only_through(exchanged),
        "has σ in place of its derivative": only_through(with_slope(lambda l, along: sigmoid(l) * along)),
        "has x̃·w where x̃·λ belongs": only_through(with_slope(lambda l, along: bend(l) * l)),
        "is divided by the number of real samples": lambda w, r, f, e: tuple(
            g * len(f) / len(r) for g in parts(w, r, f, e)),
        "has σ at today's logit": only_direct(
            lambda w, r, f, e: -sigmoid(-f @ w)[:, None] * inner_step(w, r, f, e) / len(f)),
        "comes from a D whose step goes up its loss": only_direct(lambda w, r, f, e: (lambda a: (
            -sigmoid(-f @ a)[:, None] * a / len(f)))(inner_step(w, r, f, -e))),
    })


# --- K steps of a network ---------------------------------------------------------------------------------------------


def unrolled(D, real, fake, e, K, lam_step=1.0, share=1.0, order=reversed, final=None, early=False, keep=1.0):
    """K steps ahead; with other signs of the two updates, another order, or another D at the end."""
    records = []
    now = copy.deepcopy(D)
    for _ in range(K):
        now, record = step_of_D(now, real, fake, e)
        records.append(record)
    end = copy.deepcopy(now if final is None else final(D, now))
    for p in end.params:
        p.grad[...] = 0
    l, tape = end.forward(fake)
    g_loss, dl = NonSaturating().generator(l)
    d_fake = end.backward(dl, tape)
    lam = [p.grad.copy() for p in end.params]
    for record in order(records):
        Hlam, d = second_derivatives(record, lam)
        lam = [keep * a - lam_step * e * b for a, b in zip(lam, Hlam)]
        if early:
            _, d = second_derivatives(record, lam)
        d_fake = d_fake - share * e * d
    return g_loss, d_fake


def unrolled_gradient(D, real, fake, e, K):
    return unrolled(D, real, fake, e, K)


def network(K):
    def draw(rng):
        D = Sequential(Dense(2, 5, rng=rng), Tanh(), Dense(5, 1, rng=rng)).astype(np.float64)
        for p in D.params:
            p.value[...] = rng.normal(0, 0.8, p.value.shape)
        real, fake = rng.normal(0.5, 1, (int(rng.integers(5, 7)), 2)), rng.normal(-0.5, 1, (int(rng.integers(7, 9)), 2))
        return D, real, fake, float(rng.uniform(0.3, 0.6)), K
    return draw


def unrolling(only=None, **options):
    """A mistake of both outputs, or of the one with this place."""
    def compute(*args):
        found = unrolled(*args, **options)
        return tuple(value if only in (None, i) else None for i, value in enumerate(found))

    return compute


check.add(
    unrolled_gradient, "g_loss, d_fake", {"": network(3), "no step": network(0), "one step": network(1)},
    "λ goes back through the K steps and leaves a part of the gradient at each (lecture 09, section 6)",
    shares={"g_loss": 1, "d_fake": 5}, hidden=[network(2), network(4)], mistakes={
        "is the plain GAN's: D doesn't move": lambda D, r, f, e, K: unrolled(D, r, f, e, 0),
        "stops at D's steps: what the fakes teach D isn't in it": unrolling(1, share=0.0),
        "has the wrong sign at what the fakes teach D": unrolling(1, share=-1.0),
        "lacks the e of D's steps in what the fakes teach D": lambda D, r, f, e, K: (
            None, unrolled(D, r, f, e, K, share=1 / e)[1]),
        "leaves λ as it is on the way back": unrolling(1, lam_step=0.0),
        "has the wrong sign in λ's way back": unrolling(1, lam_step=-1.0),
        "lacks the e in λ's way back": lambda D, r, f, e, K: (None, unrolled(D, r, f, e, K, lam_step=1 / e)[1]),
        "goes through D's steps in the order in which they were made; the way back begins with the last one":
            unrolling(1, order=list),
        "goes through the last step only": unrolling(1, order=lambda records: records[-1:]),
        "goes through the first step only": unrolling(1, order=lambda records: records[:1]),
        "begins with today's D": unrolling(final=lambda D, end: D),
        "looks one step ahead, whatever K is": lambda D, r, f, e, K: unrolled(D, r, f, e, min(K, 1)),
        "looks one step too far ahead": lambda D, r, f, e, K: unrolled(D, r, f, e, K + 1),
        "changes λ before it leaves its part for the fakes": unrolling(1, early=True),
        "replaces λ on the way back; it must be λ − e·Hλ": unrolling(1, keep=0.0),
        "is what the last of the steps leaves; the parts must be added": lambda D, r, f, e, K: (
            None, unrolled(D, r, f, e, K)[1] - unrolled(D, r, f, e, K, share=0.0)[1]),
        "has the signs of a D that goes up its loss, in both updates": unrolling(1, share=-1.0, lam_step=-1.0),
        "takes one step too few": lambda D, r, f, e, K: unrolled(D, r, f, e, max(K - 1, 0)),
        "has its sign exchanged": lambda *args: tuple(-value for value in unrolled(*args)),
    })


# --- the Dirac-GAN ----------------------------------------------------------------------------------------------------


def f1(t):
    """f′(t) = σ(−t)."""
    return expit(-t)


def f2(t):
    """f″(t) = −σ(t) σ(−t)."""
    return -expit(t) * expit(-t)


def foreseen(theta, psi, e, slope=lambda theta, psi, t: f1(t) + theta * psi * f2(t), own=1.0):
    t = psi * theta
    later = psi + e * theta * f1(t)
    return -(own * later + theta * e * slope(theta, psi, t)) * f1(later * theta)


def foresight(theta, psi, e):
    return foreseen(theta, psi, e)


def numbers(rng):
    theta, psi = rng.choice([-1, 1], 2) * rng.uniform(0.4, 1.5, 2)
    return float(theta), float(psi), float(rng.uniform(0.3, 0.9))


check.add(
    foresight, "", {"": numbers, "near the equilibrium": lambda rng: (
        float(rng.uniform(0.01, 0.05)), float(rng.uniform(-0.05, -0.01)), float(rng.uniform(0.3, 0.9)))},
    "θ acts on L directly and through ψ₁ (lecture 09, eq. 10)", hidden=[numbers, numbers],
    planted=lambda theta, psi, e: foreseen(theta, psi, e, slope=lambda theta, psi, t: 0.0), mistakes={
        "is the plain GAN's": lambda theta, psi, e: -psi * f1(psi * theta),
        "is its first-order part; the whole derivative is asked for": lambda theta, psi, e: -(psi + e * theta) / 2,
        "lacks f″: f′(ψθ) depends on θ as well": lambda theta, psi, e: foreseen(theta, psi, e, lambda h, p, t: f1(t)),
        "has f″ without its factor θψ": lambda theta, psi, e: foreseen(theta, psi, e, lambda h, p, t: f1(t) + f2(t)),
        "has f″ with θ² in place of θψ": lambda theta, psi, e: foreseen(
            theta, psi, e, lambda h, p, t: f1(t) + h * h * f2(t)),
        "has f″ with the wrong sign": lambda theta, psi, e: foreseen(
            theta, psi, e, lambda h, p, t: f1(t) - h * p * f2(t)),
        "has the part through ψ₁ with the wrong sign": lambda theta, psi, e: foreseen(
            theta, psi, e, lambda h, p, t: -(f1(t) + h * p * f2(t))),
        "lacks the inner derivative ψ of ψθ": lambda theta, psi, e: foreseen(
            theta, psi, e, lambda h, p, t: f1(t) + h * f2(t)),
        "lacks the θ of e·θ·f′(ψθ) in its derivative": lambda theta, psi, e: foreseen(
            theta, psi, e, lambda h, p, t: f1(t) + p * f2(t)),
        "lacks e in the part through ψ₁": lambda theta, psi, e: foreseen(
            theta, psi, e, lambda h, p, t: (f1(t) + h * p * f2(t)) / e),
        "has f′ and f″ at ψ₁θ in dψ₁/dθ; ψ₁ contains f′(ψθ)": lambda theta, psi, e: foreseen(
            theta, psi, e, lambda h, p, t: (lambda u: f1(u) + h * p * f2(u))((p + e * h * f1(t)) * h)),
        "has ψ₁ where ψ belongs before f″": lambda theta, psi, e: foreseen(
            theta, psi, e, lambda h, p, t: f1(t) + h * (p + e * h * f1(t)) * f2(t)),
        "lacks f′ in dψ₁/dθ, or has today's ψ in the direct part": lambda theta, psi, e: foreseen(theta, psi, e, lambda h, p, t: h * p * f2(t)),
        "has dψ₁/dψ; ψ₁ is differentiated by θ": lambda theta, psi, e: foreseen(
            theta, psi, e, lambda h, p, t: (1 + e * h * h * f2(t)) / e),
        "has only the part through ψ₁": lambda theta, psi, e: foreseen(theta, psi, e, own=0.0),
        "lacks the factor θ in the part through ψ₁": lambda theta, psi, e: (lambda t, later: -(
            later + e * (f1(t) + t * f2(t))) * f1(later * theta))(psi * theta, psi + e * theta * f1(psi * theta)),
        "has f′ at ψθ, where it belongs at ψ₁θ": lambda theta, psi, e: foreseen(theta, psi, e) * f1(psi * theta) / f1(
            (psi + e * theta * f1(psi * theta)) * theta),
        "has its sign exchanged; θ goes down L": lambda theta, psi, e: -foreseen(theta, psi, e),
    })
