"""References, inputs and typical mistakes for exercise e07, training GANs."""
from __future__ import annotations

import numpy as np

from gan_scratch import figures
from gan_scratch.checks.networks import adam, networks, normal, own_gradients, sgd
from gan_scratch.classroom.check import Checks
from gan_scratch.layers.activation import sigmoid, softplus
from gan_scratch.losses import Minimax, NonSaturating, bce_with_logits

check = Checks()


def logits(low=3, high=8):
    """(N, 1) logits."""
    return lambda rng: (2 * normal(rng, int(rng.integers(low, high)), 1),)


def far_logits(low=3, high=8, far=1000):
    """(N, 1) logits, of which the first two are so far from 0, on both sides, that a naive logarithm overflows."""
    def draw(rng):
        l = 100 * normal(rng, int(rng.integers(low, high)), 1)
        l[:2, 0] = rng.permutation([-far, far])
        return (l,)

    return draw


def two(a, b):
    """The arguments of two draws, the second of another length."""
    return lambda rng: (*a(rng), *b(rng))


REAL, FAKE = logits(3, 6), logits(6, 9)


# --- the two generators -----------------------------------------------------------------------------------------------


def minimax_generator(l):
    return -softplus(l).mean(), -sigmoid(l) / l.size


def non_saturating_generator(l):
    return softplus(-l).mean(), -sigmoid(-l) / l.size


def values(**formulas):
    """A mistake: the formulas of some outputs, of which the others are right (None)."""
    return lambda *args: tuple(formulas[name](*args) if name in formulas else None for name in ("loss", "dl"))


def of_generator(loss, slope, other_loss, other_slope, cut, name, other):
    """The mistakes of one of the two, from its mean terms and slopes and those of the other."""
    return {
        f"is that of the {other} loss": values(
            loss=lambda l: other_loss(l).mean(), dl=lambda l: other_slope(l) / l.size),
        "has its sign exchanged": values(loss=lambda l: -loss(l).mean(), dl=lambda l: -slope(l) / l.size),
        "has the sign of the other loss": values(
            loss=lambda l: -other_loss(l).mean(), dl=lambda l: -other_slope(l) / l.size),
        "is a sum over the batch, not a mean": values(loss=lambda l: loss(l).sum(), dl=slope),
        **{f"is cut off by the {eps:g} that is added to the probability; softplus needs no such help": values(
            loss=lambda l, eps=eps: cut(l, eps)) for eps in (1e-12, 1e-10, 1e-8, 1e-7, 1e-6)},
        "is divided by the batch size squared": values(
            loss=lambda l: loss(l).mean() / l.size, dl=lambda l: slope(l) / l.size**2),
        "is the derivative with respect to the probability, not to the logit": values(
            dl=lambda l: slope(l) / (sigmoid(l) * sigmoid(-l)) / l.size),
        "has the factor σ(1 − σ) twice": values(dl=lambda l: slope(l) * sigmoid(l) * sigmoid(-l) / l.size),
        "has a second sigmoid: a probability is taken for a logit": values(
            loss=lambda l: loss(sigmoid(l)).mean(), dl=lambda l: slope(sigmoid(l)) / l.size),
        "lacks its logarithm": values(loss=lambda l: (-sigmoid(l)).mean()),
        "is averaged over the batch; each sample has its own": values(
            dl=lambda l: np.full_like(l, slope(l).mean() / l.size)),
        "has the loss where its derivative belongs": values(dl=lambda l: loss(l) / l.size),
        "is one value for each sample; the mean is asked for": values(loss=loss),
    }


MINIMAX = (lambda l: -softplus(l), lambda l: -sigmoid(l))
BETTER = (lambda l: softplus(-l), lambda l: -sigmoid(-l))

CUT = lambda l, eps: np.log(1 - sigmoid(l) + eps).mean(), lambda l, eps: -np.log(sigmoid(l) + eps).mean()

for reference, parts, name in ((minimax_generator, (*MINIMAX, *BETTER, CUT[0]), ("minimax", "non-saturating")),
                               (non_saturating_generator, (*BETTER, *MINIMAX, CUT[1]), ("non-saturating", "minimax"))):
    check.add(reference, "loss, dl",
              {"": REAL, "logits up to ±1000": far_logits(), "one sample": logits(1, 2)},
              "both losses and their slopes in the logit, and the mean over the batch (lecture 07, eq. 1)",
              shares={"loss": 1, "dl": 1}, hidden=[logits(5, 9), far_logits(far=2000)],
              mistakes=of_generator(*parts, *name))


# --- D's loss with smoothed labels ------------------------------------------------------------------------------------


def discriminator_loss(l_real, l_fake, label):
    real, d_real = bce_with_logits(l_real, float(label))
    fake, d_fake = bce_with_logits(l_fake, 0.0)
    return real + fake, d_real, d_fake


def smoothed(label):
    return lambda rng: (*REAL(rng), *FAKE(rng), label if label is not None else float(rng.uniform(0.6, 0.95)))


def bce(l, t):
    """The terms and the slopes of the cross-entropy with the target t."""
    return t * softplus(-l) + (1 - t) * softplus(l), sigmoid(l) - t


def with_targets(real, fake):
    """The loss with other targets: functions of the label."""
    def compute(l_real, l_fake, label):
        (a, da), (b, db) = bce(l_real, real(label)), bce(l_fake, fake(label))
        return a.mean() + b.mean(), da / l_real.size, db / l_fake.size

    return compute


def changed(loss=None, d_real=None, d_fake=None):
    """Other formulas for some of the outputs."""
    def compute(l_real, l_fake, label):
        return tuple(f(l_real, l_fake, label) if f else None for f in (loss, d_real, d_fake))

    return compute


check.add(
    discriminator_loss, "loss, d_real, d_fake",
    {"": smoothed(None), "the label 1": smoothed(1.0),
     "logits up to ±1000": lambda rng: (*far_logits(3, 6)(rng), *far_logits(6, 9)(rng), 0.9)},
    "what one-sided smoothing changes, and what it leaves (lecture 07, section 6)",
    shares={"loss": 2, "d_real": 1, "d_fake": 1}, hidden=[smoothed(0.9), smoothed(0.5)],
    mistakes={
        "isn't smoothed: the label isn't used": with_targets(lambda t: 1.0, lambda t: 0.0),
        "is smoothed on both sides: the fakes' label is 1 − label": with_targets(lambda t: t, lambda t: 1 - t),
        "is smoothed for the fakes, not for the real samples": with_targets(lambda t: 1.0, lambda t: 1 - t),
        "has the labels exchanged": with_targets(lambda t: 0.0, lambda t: t),
        "has 1 − label for real samples": with_targets(lambda t: 1 - t, lambda t: 0.0),
        "has the label for the fakes as well": with_targets(lambda t: t, lambda t: t),
        "lacks the second term of the real samples, (1 − label) log(1 − D): the label is only a weight": changed(
            lambda r, f, t: t * softplus(-r).mean() + softplus(f).mean(), lambda r, f, t: -t * sigmoid(-r) / r.size),
        "has its sign exchanged": changed(*(lambda r, f, t, k=k: -discriminator_loss(r, f, t)[k] for k in range(3))),
        "is half of it: the two means are added, not averaged": changed(
            *(lambda r, f, t, k=k: discriminator_loss(r, f, t)[k] / 2 for k in range(3))),
        "is a mean over both batches together; each has its own": changed(
            lambda r, f, t: np.concatenate([bce(r, t)[0], bce(f, 0)[0]]).mean(),
            lambda r, f, t: bce(r, t)[1] / (r.size + f.size), lambda r, f, t: bce(f, 0)[1] / (r.size + f.size)),
        "is a sum over the batch, not a mean": changed(
            lambda r, f, t: bce(r, t)[0].sum() + bce(f, 0)[0].sum(), lambda r, f, t: bce(r, t)[1],
            lambda r, f, t: bce(f, 0)[1]),
        "is the real samples' part only": changed(lambda r, f, t: bce(r, t)[0].mean()),
        "is the fakes' part only": changed(lambda r, f, t: bce(f, 0)[0].mean()),
        "is label · σ(l) − 1 over N; the label is subtracted, not multiplied": changed(
            d_real=lambda r, f, t: (t * sigmoid(r) - 1) / r.size),
        "is divided by the number of fakes": changed(d_real=lambda r, f, t: bce(r, t)[1] / f.size),
        "is divided by the number of real samples": changed(d_fake=lambda r, f, t: bce(f, 0)[1] / r.size),
        "is σ(l) − 1 over the number of fakes: that is G's gradient": changed(
            d_fake=lambda r, f, t: (sigmoid(f) - 1) / f.size),
    })


# --- the hinge --------------------------------------------------------------------------------------------------------


def hinge(l_real, l_fake):
    d_loss = np.maximum(0, 1 - l_real).mean() + np.maximum(0, 1 + l_fake).mean()
    d_real = -1.0 * (l_real < 1) / l_real.size
    d_fake = (l_fake > -1) / l_fake.size
    return d_loss, d_real, d_fake, np.full_like(l_fake, -1 / l_fake.size)


def on_both_sides(rng):
    """Logits of which none lies on a kink, inside and outside both margins."""
    def batch(n):
        side = rng.permutation(np.resize([-1.8, -0.4, 0.6, 1.9], n))
        return (side + rng.uniform(-0.3, 0.3, n))[:, None]  # float64, which a comparison divided by a number is, too

    return batch(int(rng.integers(5, 7))), batch(int(rng.integers(8, 11)))


def hinge_with(real=None, fake=None, gain=None, loss=None):
    """Other slopes, functions of the logits, or another loss."""
    def compute(r, f):
        return (None if loss is None else loss(r, f), None if real is None else real(r) / r.size,
                None if fake is None else fake(f) / f.size, None if gain is None else gain(f) / f.size)

    return compute


check.add(
    hinge, "d_loss, d_real, d_fake, g_fake", {"": on_both_sides, "all beyond the margin": lambda rng: (
        2 + rng.random((4, 1)), -2 - rng.random((7, 1)))},
    "the two straight parts of max(0, ·), and where it stops (lecture 07, section 5)",
    shares={"d_loss": 0.5, "d_real": 1, "d_fake": 1, "g_fake": 0.5}, hidden=[on_both_sides],
    mistakes={
        "isn't 0 where the margin is kept": hinge_with(lambda r: -np.ones_like(r), lambda f: np.ones_like(f)),
        "has its sign exchanged": hinge_with(
            lambda r: (r < 1) * 1.0, lambda f: -1.0 * (f > -1), lambda f: np.ones_like(f)),
        "has its margin at 0, not at ±1": hinge_with(lambda r: -1.0 * (r < 0), lambda f: (f > 0) * 1.0,
            loss=lambda r, f: np.maximum(0, -r).mean() + np.maximum(0, f).mean()),
        "has the wrong side of the margin: it is 0 where the margin is not kept": hinge_with(
            lambda r: -1.0 * (r > 1), lambda f: (f < -1) * 1.0),
        "has the margin of the other kind": hinge_with(lambda r: -1.0 * (r < -1), lambda f: (f > 1) * 1.0),
        "is the hinge itself, not its derivative": hinge_with(
            lambda r: np.maximum(0, 1 - r), lambda f: np.maximum(0, 1 + f)),
        "isn't divided by the batch size": hinge_with(
            lambda r: -r.size * 1.0 * (r < 1), lambda f: (f > -1) * f.size * 1.0, lambda f: -np.full_like(f, f.size)),
        "stops at a margin as D's does; G's loss is −E l without one": hinge_with(gain=lambda f: -1.0 * (f < 1)),
        "stops where D is deceived; G's loss is −E l without a margin": hinge_with(gain=lambda f: -1.0 * (f < 0)),
        "is that of D's loss, with which G has nothing to do": hinge_with(gain=lambda f: (f > -1) * 1.0),
        "is averaged over both batches, not added": hinge_with(loss=lambda r, f: hinge(r, f)[0] / 2),
        "has the signs of the logits exchanged": hinge_with(
            loss=lambda r, f: np.maximum(0, 1 + r).mean() + np.maximum(0, 1 - f).mean()),
        "has its maximum taken after the mean": hinge_with(
            loss=lambda r, f: max(0, 1 - r.mean()) + max(0, 1 + f.mean())),
        "lacks its maximum": hinge_with(loss=lambda r, f: (1 - r).mean() + (1 + f).mean()),
    })


# --- where D rests ----------------------------------------------------------------------------------------------------


def resting_point(share):
    d = (1 + share) / (2 + share)
    return d, -np.log(d) - np.log(1 - d), -np.log(d)


def rests(f):
    """The three outputs from another d."""
    return lambda share: (lambda d: (d, -np.log(d) - np.log(1 - d), -np.log(d)))(f(share))


check.add(
    resting_point, "d, d_loss, g_loss",
    {"": lambda rng: (float(rng.uniform(0.2, 0.9)),), "everything": lambda rng: (1.0,), "nothing": lambda rng: (0.0,)},
    "what D minimises where p = q, with a part of G's loss added (lecture 07, section 8)", tolerance=1e-6,
    shares={"d": 2, "d_loss": 0.5, "g_loss": 0.5}, hidden=[(2.0,), (0.1,), (0.5,)],
    mistakes={
        "comes from d = ½, as if nothing of G's gradient were left": rests(lambda s: 0.5 + 0 * s),
        "comes from d = ⅔, as if all of G's gradient were left": rests(lambda s: 2 / 3 + 0 * s),
        "comes from a d below ½: are the two terms exchanged, is it 1 − d?": rests(lambda s: 1 / (2 + s)),
        "comes from a straight line between ½ and ⅔": rests(lambda s: 0.5 + s / 6),
        "comes from a share with the wrong sign, or from the minimax loss as G's part":
            rests(lambda s: (1 - s) / (2 - s) if s < 1 else 0.01),
        "comes from a share with the wrong sign, or from the minimax loss as G's part (d above ½)":
            rests(lambda s: 1 / (2 - s) if s < 1 else 0.99),
        "comes from (1 + s)/2, which isn't where the derivative is 0": rests(lambda s: (1 + s) / 2 if s < 1 else 0.99),
        "is the logit, not the probability": lambda s: (np.log(1 + s), None, None),
        "has G's part added; D's loss is its own only": lambda s: (
            None, resting_point(s)[1] + s * resting_point(s)[2], None),
        "is multiplied with the share; G's loss is all of it": lambda s: (None, None, s * resting_point(s)[2]),
        "is the minimax loss": lambda s: (None, None, np.log(1 - resting_point(s)[0])),
        "is V; D's loss is −V": lambda s: (None, -resting_point(s)[1], None),
    })


# --- Algorithm 1 ------------------------------------------------------------------------------------------------------


def learn_D(G, D, opt_D, x, z, step=True, real=1, fake=1):
    """A step of D; `real` and `fake` are factors of the gradients of the two kinds."""
    l_real, tape_real = D.forward(x)
    l_fake, tape_fake = D.forward(G(z))
    loss, d_real, d_fake = NonSaturating().discriminator(l_real, l_fake)
    D.backward(real * d_real, tape_real, inputs=False)
    D.backward(fake * d_fake, tape_fake, inputs=False)
    if step:
        opt_D.step()
    return loss


def learn_G(G, D, opt_G, z, loss=NonSaturating, weights=False, gradient=lambda d, l: d):
    x_fake, tape_G = G.forward(z)
    l, tape_D = D.forward(x_fake)
    value, dl = loss().generator(l)
    G.backward(D.backward(gradient(dl, l), tape_D, weights=weights), tape_G, inputs=False)
    opt_G.step()
    return value


def train_step(G, D, opt_G, opt_D, x, z, z_G):
    for x_k, z_k in zip(x, z):
        d_loss = learn_D(G, D, opt_D, x_k, z_k)
    return d_loss, learn_G(G, D, opt_G, z_G)


def algorithm(D_steps=None, G_step=None):
    """Algorithm 1 with other steps."""
    def step(G, D, opt_G, opt_D, x, z, z_G):
        d_loss = D_steps(G, D, opt_D, x, z, opt_G) if D_steps else [learn_D(G, D, opt_D, *p) for p in zip(x, z)][-1]
        g_loss = G_step(G, D, opt_G, z, z_G) if G_step else learn_G(G, D, opt_G, z_G)
        return d_loss, g_loss

    return step


def G_first(G, D, opt_G, opt_D, x, z, z_G):
    g_loss = learn_G(G, D, opt_G, z_G)
    return [learn_D(G, D, opt_D, *pair) for pair in zip(x, z)][-1], g_loss


def summed_up(G, D, opt_D, x, z, opt_G):
    loss = [learn_D(G, D, opt_D, *pair, step=False) for pair in zip(x, z)][-1]
    opt_D.step()
    return loss


def both_each_time(G, D, opt_G, opt_D, x, z, z_G):
    for x_k, z_k in zip(x, z):
        d_loss = learn_D(G, D, opt_D, x_k, z_k)
        g_loss = learn_G(G, D, opt_G, z_G)
    return d_loss, g_loss


def remembered(G, D, opt_G, opt_D, x, z, z_G):
    """The fakes of all D's steps are made from the first noise."""
    return [learn_D(G, D, opt_D, x_k, z[0]) for x_k in x][-1], learn_G(G, D, opt_G, z_G)


D_WRONG = {  # factors of the real samples' and of the fakes' gradients
    "the fakes' gradients are missing in D's step": (1, 0),
    "the real samples' gradients are missing in D's step": (0, 1),
    "D moves the wrong way for the fakes: a sign": (1, -1),
    "D moves the wrong way for the real samples: a sign": (-1, 1),
    "D moves the wrong way for both: a sign": (-1, -1),
}
MISSTEPS = {
    "D makes one step only, with the first batch": algorithm(lambda G, D, o, x, z, _: learn_D(G, D, o, x[0], z[0])),
    "D makes one step only, with the last batch": algorithm(lambda G, D, o, x, z, _: learn_D(G, D, o, x[-1], z[-1])),
    "D sees the first batch in each of its steps": algorithm(
        lambda G, D, o, x, z, _: [learn_D(G, D, o, x[0], z_k) for z_k in z][-1]),
    "D sees the fakes of the first noise in each of its steps": remembered,
    "D sees the same two batches in each of its steps": algorithm(
        lambda G, D, o, x, z, _: [learn_D(G, D, o, x[0], z[0]) for _ in x][-1]),
    "D's gradients of all k batches are added up for one step; it makes k": algorithm(summed_up),
    "G makes its step before D's": G_first,
    "G makes a step after each of D's; it makes one, at the end": both_each_time,
    "G's gradients stay in D: weights=False is missing": algorithm(
        G_step=lambda G, D, o, z, z_G: learn_G(G, D, o, z_G, weights=True)),
    "G's step takes the noise of D's last step, not its own": algorithm(
        G_step=lambda G, D, o, z, z_G: learn_G(G, D, o, z[-1])),
    "G's step takes the noise of D's first step, not its own": algorithm(
        G_step=lambda G, D, o, z, z_G: learn_G(G, D, o, z[0])),
    "G's step is that of the minimax loss": algorithm(
        G_step=lambda G, D, o, z, z_G: learn_G(G, D, o, z_G, loss=Minimax)),
    "G moves the wrong way: a sign": algorithm(
        G_step=lambda G, D, o, z, z_G: learn_G(G, D, o, z_G, gradient=lambda d, l: -d)),
    "G's step is made with D's loss: it wants its samples taken for real": algorithm(
        G_step=lambda G, D, o, z, z_G: learn_G(G, D, o, z_G, gradient=lambda d, l: sigmoid(l) / l.size)),
    "G makes no step": algorithm(G_step=lambda G, D, o, z, z_G: NonSaturating().generator(D(G(z_G)))[0]),
    **{text: algorithm(lambda G, D, o, x, z, _, f=f: [learn_D(G, D, o, *p, real=f[0], fake=f[1]) for p in zip(x, z)][-1])
       for text, f in D_WRONG.items()},
    "D makes no step": algorithm(lambda G, D, o, x, z, _: Minimax().discriminator(D(x[-1]), D(G(z[-1])))[0]),
}


def training_inputs(k, make=sgd):
    def draw(rng):
        G, D = networks(rng)
        n, m, m_G = (int(v) for v in rng.permutation(np.arange(4, 9))[:3])
        opt_G, opt_D = make(G, rng), make(D, rng)
        return G, D, opt_G, opt_D, normal(rng, k, n, 3) + 1, normal(rng, k, m, 2), normal(rng, m_G, 2)

    return draw


def before(G, D, opt_G, opt_D, x, z, z_G):
    """Both losses before anything has moved."""
    return Minimax().discriminator(D(x[-1]), D(G(z[-1])))[0], NonSaturating().generator(D(G(z_G)))[0]


def all_losses(G, D, opt_G, opt_D, x, z, z_G):
    return [learn_D(G, D, opt_D, *pair) for pair in zip(x, z)]


def afterwards(*args):
    """Both losses after all steps."""
    G, D, _, _, x, z, z_G = args
    train_step(*args)
    return before(*args)


check.add(
    train_step, "d_loss, g_loss",
    {"": training_inputs(3), "Adam": training_inputs(2, adam), "k = 1": training_inputs(1)},
    "Algorithm 1, line by line, and which network each step may change (lecture 07, section 2)", tolerance=1e-3,
    shares={"d_loss": 0.5, "g_loss": 0.5, "G": 2, "D": 3}, updates=("G", "D"), missteps=MISSTEPS,
    hidden=[training_inputs(4), training_inputs(3, adam)],
    mistakes={
        "is that before any step": before,
        "is that after all steps; each loss is the one from which the step was computed": afterwards,
        "is the mean over D's steps; the last one is asked for": lambda *a: (np.mean(all_losses(*a)), None),
        "is the sum over D's steps; the last one is asked for": lambda *a: (np.sum(all_losses(*a)), None),
        "is that of D's first step; the last one is asked for": lambda *a: (all_losses(*a)[0], None),
        "is the minimax loss": lambda *a: (None, -softplus(a[1](a[0](a[6]))).mean() if all_losses(*a) else None),
    })


# --- three short steps with a mistake ---------------------------------------------------------------------------------


def first_patient(G, D, opt_D, x, z):
    return learn_D(G, D, opt_D, x, z)


def mixed_step(G, D, opt_D, x, z):
    """The planted bug: real samples and fakes in one batch of a D with batch norm."""
    l, tape = D.forward(np.concatenate([x, G(z)]))
    l_real, l_fake = l[:len(x)], l[len(x):]
    loss, d_real, d_fake = NonSaturating().discriminator(l_real, l_fake)
    D.backward(np.concatenate([d_real, d_fake]), tape, inputs=False)
    opt_D.step()
    return loss


def with_norm(make=sgd):
    def draw(rng):
        G, D = networks(rng, norm=True)
        return G, D, make(D, rng), normal(rng, int(rng.integers(4, 7)), 3) + 1, normal(rng, int(rng.integers(7, 10)), 2)

    return draw


check.add(
    first_patient, "loss", {"": with_norm(), "Adam": with_norm(adam)},
    "what batch norm makes of a batch with both kinds (lecture 07, sections 7 and 8)", tolerance=1e-3,
    shares={"loss": 0.25, "D": 0.75}, updates=("D",), planted=mixed_step, hidden=[with_norm()],
    missteps={
        **{text: lambda *a, f=f: learn_D(*a, real=f[0], fake=f[1]) for text, f in D_WRONG.items()},
        "D runs as at inference, with its running averages": lambda G, D, o, x, z: D.forward(x, train=False),
    },
    mistakes={"is that of the mixed batch still": lambda G, D, o, x, z: mixed_step(G, D, o, x, z)})


def second_patient(G, D, opt_G, z):
    return learn_G(G, D, opt_G, z)


def sleeping_step(G, D, opt_G, z):
    """The planted bug: a second sigmoid."""
    x_fake, tape_G = G.forward(z)
    l, tape_D = D.forward(x_fake)
    p = sigmoid(l)
    loss, dp = NonSaturating().generator(p)
    G.backward(D.backward(dp * p * (1 - p), tape_D, weights=False), tape_G, inputs=False)
    opt_G.step()
    return loss


def generator_inputs(make=sgd, shift=0.0):
    def draw(rng):
        G, D = networks(rng)
        D.params[-1].value[...] += np.float32(shift)
        own_gradients(D, rng)
        return G, D, make(G, rng), normal(rng, int(rng.integers(4, 9)), 2)

    return draw


def g_steps(right):
    """What people do to G's step."""
    return {
        "G moves the wrong way: a sign": lambda G, D, o, z: learn_G(G, D, o, z, gradient=lambda d, l: -d),
        "G's step is that of the minimax loss": lambda G, D, o, z: learn_G(G, D, o, z, loss=Minimax),
        "the gradient has a factor σ(1 − σ) too much": lambda G, D, o, z: learn_G(
            G, D, o, z, gradient=lambda d, l: d * sigmoid(l) * sigmoid(-l)),
        "the loss is given probabilities still": lambda G, D, o, z: learn_G(
            G, D, o, z, gradient=lambda d, l: -sigmoid(-sigmoid(l)) / l.size),
        "G's step is made with D's loss": lambda G, D, o, z: learn_G(
            G, D, o, z, gradient=lambda d, l: sigmoid(l) / l.size),
    }


check.add(
    second_patient, "loss",
    {"": generator_inputs(), "Adam": generator_inputs(adam), "a D that is sure": generator_inputs(shift=-6)},
    "which values a sigmoid of a sigmoid can have (lecture 07, section 8)", tolerance=1e-3,
    shares={"loss": 0.25, "G": 0.75}, updates=("G",), planted=sleeping_step, hidden=[generator_inputs()],
    missteps=g_steps(second_patient),
    mistakes={"is that of probabilities still; the loss wants the logits": lambda G, D, o, z: NonSaturating().generator(
        sigmoid(D(G(z))))[0], "is the minimax loss": lambda G, D, o, z: Minimax().generator(D(G(z)))[0]})


def third_patient(G, D, opt_G, z):
    return learn_G(G, D, opt_G, z)


def too_late_step(G, D, opt_G, z):
    """The planted bug: the saturated loss."""
    return learn_G(G, D, opt_G, z, loss=Minimax)


check.add(
    third_patient, "loss",
    {"": generator_inputs(), "Adam": generator_inputs(adam), "a D that is sure": generator_inputs(shift=-6)},
    "which fakes teach G (lecture 07, eq. 2)", tolerance=1e-3,
    shares={"loss": 0.25, "G": 0.75}, updates=("G",), planted=too_late_step, hidden=[generator_inputs()],
    missteps={text: step for text, step in g_steps(third_patient).items() if "minimax" not in text},
    mistakes={"is the minimax loss still": lambda G, D, o, z: Minimax().generator(D(G(z)))[0]})


# --- the clinic -------------------------------------------------------------------------------------------------------


CAUSES = ("healthy", "D wins", "collapse", "oscillation", "learning rate too high", "saturated minimax",
          "weights=False forgotten", "double sigmoid", "data in [0, 1]", "batch norm over mixed batches")
PATIENTS = {"P": (6, 1), "Q": (2, 1), "R": (9, 2), "S": (8, 1), "T": (7, 2), "U": (3, 1)}  # letter -> cause, seed
SHOULD = (  # what would be seen if this were the cause
    "D(x) and D(G(z)) would lie a little above and below ½, and the samples would be digits of all kinds",
    "D(x) would be near 1 and D(G(z)) near 0, and G's loss several times log 2 or more",
    "both losses would be calm near 2 log 2 and log 2, and all samples alike",
    "D(x) and D(G(z)) would swing in turn",
    "the losses would be in the thousands",
    "D(x) would be 1, D(G(z)) 0, and G's loss just below 0",
    "D(x) and D(G(z)) would both rest at 2/3",
    "the losses would rest at 2 log 2 and log 2 while D(x) and D(G(z)) are both near 0",
    "D(x) would stay calmly well above D(G(z)), and the digits would be faint",
    "D(G(z)) would be 0 while G's loss says that D is undecided",
)


def patients() -> dict[str, dict[str, np.ndarray]]:
    """The curves and samples of six trainings without their names: letter -> key -> array."""
    kept = figures.load("clinic")
    keys = ("d_loss", "g_loss", "d_real", "d_fake", "samples")
    return {letter: {key: kept[f"{CAUSES[cause]}/{seed}/{key}"] for key in keys}
            for letter, (cause, seed) in PATIENTS.items()}


def diagnoses():
    return tuple(cause for cause, _ in PATIENTS.values())


def all_say(k):
    return lambda: tuple(None if cause == k else k for cause, _ in PATIENTS.values())


check.add(
    diagnoses, ", ".join(PATIENTS), {"": lambda rng: ()}, "the clinic's table (lecture 07, section 8)",
    shares={letter: 0.5 for letter in PATIENTS}, mistakes={
        f"isn't {k} ({CAUSES[k]}): then {SHOULD[k]}": all_say(k) for k in range(len(CAUSES))})
