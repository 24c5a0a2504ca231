"""References, inputs and typical mistakes for exercise e09a, mode collapse: measures, and a D that sees several
samples."""
from __future__ import annotations

import numpy as np

from gan_scratch.classroom.check import Checks

check = Checks()


def normal(rng, *shape):
    """In float64, so that a loop over np.zeros is as right as an array formula."""
    return rng.normal(0, 1, shape)


# --- a ring of modes --------------------------------------------------------------------------------------------------


def ring_modes(n, radius):
    angle = 2 * np.pi * np.arange(n) / n
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def at_angles(angle):
    """Modes at angles that are functions of n."""
    return lambda n, radius: radius * np.stack([np.cos(angle(n)), np.sin(angle(n))], axis=1)


def rings(low=5, high=12):
    return lambda rng: (int(rng.integers(low, high)), float(rng.uniform(0.5, 3)))


check.add(ring_modes, "", {"": rings(), "three modes": rings(3, 4)}, "equal angles all around, and none of them twice",
          hidden=[(8, 2.0), rings()], planted=at_angles(lambda n: np.linspace(0, 2 * np.pi, n)), mistakes={
              "begins at a step, not at the angle 0": at_angles(lambda n: 2 * np.pi * (1 + np.arange(n)) / n),
              "begins at half a step, not at the angle 0": at_angles(lambda n: 2 * np.pi * (0.5 + np.arange(n)) / n),
              "goes round half a circle only": at_angles(lambda n: np.pi * np.arange(n) / n),
              "goes round the other way": at_angles(lambda n: -2 * np.pi * np.arange(n) / n),
              "has degrees in place of radians": at_angles(lambda n: 360.0 * np.arange(n) / n),
              "has its steps too short, with a gap before the end": at_angles(
                  lambda n: 2 * np.pi * np.arange(n) / (n + 1)),
              "lacks the radius": lambda n, r: ring_modes(n, 1.0),
              "has x and y exchanged": lambda n, r: ring_modes(n, r)[:, ::-1],
          })


# --- how many modes ---------------------------------------------------------------------------------------------------


def measured(norm=None, near=lambda d, std: d <= 3 * std,
             least=lambda n, k, hits: 0.2 * n / k, share=lambda hits, n: hits / n,
             over=lambda counts, n: counts / max(counts.sum(), 1), divergence=lambda q: reverse_kl(q)):
    """Coverage with other definitions of what is near, of the least fair share, and of the divergence of the shares."""
    def compute(samples, modes, std):
        distance = np.linalg.norm(samples[:, None] - modes, norm, axis=2)
        nearest, good = distance.argmin(1), near(distance.min(1), std)
        counts = np.bincount(nearest[good], minlength=len(modes))
        n, k = len(samples), len(modes)
        return ((counts > 0).sum(), (counts >= least(n, k, counts.sum())).sum(), share(counts.sum(), n),
                divergence(over(counts, n)))

    return compute


def reverse_kl(q, log=np.log):
    """Σ q log(q K) of the shares q (K,) of all modes."""
    p = q[q > 0]
    return (p * log(p * len(q))).sum()


def coverage(samples, modes, std):
    return measured()(samples, modes, std)


def clouds(k=None):
    """n = 20 K samples, modes at irregular places: one with exactly a fifth of its share, one with a sample less."""
    def draw(rng):
        K = k or int(rng.choice([5, 6, 8, 9]))  # 0.2 n/K is exactly 4 for these, in whatever order one computes it
        std = float(rng.uniform(0.1, 0.2))
        places = np.stack(np.meshgrid(np.arange(4.0), np.arange(4.0)), -1).reshape(-1, 2) * 2
        modes = rng.permutation(places)[:K] + rng.uniform(-0.3, 0.3, (K, 2))
        counts = np.array([4, 3, 12, 7, 30, *[0, 1, 25, 0][:K - 5]])
        near = np.repeat(modes, counts, 0) + ring_at(rng, std * rng.uniform(0.05, 2.9, counts.sum()))
        edge = modes[4] + ring_at(rng, std * rng.uniform(3.1, 4.5, 10))
        far = np.array([-6.0, -6.0]) - rng.uniform(0, 3, (20 * K - len(near) - 10, 2))
        return rng.permutation(np.concatenate([near, edge, far])), modes, std

    return draw


def ring_at(rng, r):
    """Points at the distances r (n,), in any direction: (n, 2)."""
    angle = rng.uniform(0, 2 * np.pi, len(r))
    return r[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)


def only(**formulas):
    """A mistake in some of the four outputs, from other functions of the samples."""
    names = "reached", "fair", "quality", "reverse_kl"
    return lambda *args: tuple(formulas[name](*args)[i] if name in formulas else None for i, name in enumerate(names))


def every(function):
    return only(reached=function, fair=function, quality=function, reverse_kl=function)


check.add(
    coverage, "reached, fair, quality, reverse_kl",
    {"": clouds(), "five modes": clouds(5), "nine modes": clouds(9),
     "nothing near a mode": lambda rng: (rng.uniform(-0.5, 0.5, (30, 2)), ring_modes(7, 3.0), 0.1)},
    "what counts as a sample of a mode, and what as a fair share (lecture 09, section 2)",
    shares={"reached": 1, "fair": 1, "quality": 1, "reverse_kl": 1},
    hidden=[clouds(6), clouds(), clouds(8)], tolerance=1e-6,
    mistakes={
        "counts a mode with its whole fair share, not with a fifth of it": only(
            fair=measured(least=lambda n, k, hits: n / k)),
        "counts a mode with half of its fair share, not with a fifth of it": only(
            fair=measured(least=lambda n, k, hits: n / k / 2)),
        "counts modes with more than a fifth of their share; at least a fifth is asked for": only(
            fair=measured(least=lambda n, k, hits: 0.2 * n / k + 1e-6)),
        "has n/8 for the fair share; there may be other numbers of modes": only(
            fair=measured(least=lambda n, k, hits: 0.2 * n / 8)),
        "comes from distances |x| + |y|; the ordinary (Euclidean) one is asked for": every(measured(norm=1)),
        "comes from distances in a square; the ordinary (Euclidean) one is asked for": every(measured(norm=np.inf)),
        "compares squared distances with 3 std²; (3 std)² = 9 std² is asked for": every(
            measured(near=lambda d, std: d**2 <= 3 * std**2)),
        "comes from all samples; those far from every mode don't count": every(measured(near=lambda d, std: d >= 0)),
        "comes from samples within one standard deviation, not three": every(measured(near=lambda d, std: d <= std)),
        "comes from samples within two standard deviations, not three": every(
            measured(near=lambda d, std: d <= 2 * std)),
        "comes from samples within a distance of 3, not of 3 std": every(measured(near=lambda d, std: d <= 3)),
        "compares squared distances with 3 std, not with its square": every(
            measured(near=lambda d, std: d**2 <= 3 * std)),
        "compares distances with the square of 3 std": only(
            quality=measured(near=lambda d, std: d <= (3 * std) ** 2),
            reverse_kl=measured(near=lambda d, std: d <= (3 * std) ** 2)),
        "counts a mode with a fifth of all samples, not of its fair share": only(
            fair=measured(least=lambda n, k, hits: 0.2 * n)),
        "takes a fifth of the share of the good samples, not of all": only(
            fair=measured(least=lambda n, k, hits: max(0.2 * hits / k, 1e-9))),
        "counts modes with one good sample, as the first output does": only(fair=measured(least=lambda n, k, hits: 1)),
        "is the share of the modes that are reached; the share of good samples is asked for": lambda s, m, d: (
            None, None, coverage(s, m, d)[0] / len(m), None),
        "is the number of good samples; a share is asked for": only(quality=measured(share=lambda hits, n: hits)),
        "is in per cent; a share is asked for": only(quality=measured(share=lambda hits, n: 100 * hits / n)),
        "is the share of the others": only(quality=measured(share=lambda hits, n: 1 - hits / n)),
        "is in bits; nats are asked for": only(
            reverse_kl=measured(divergence=lambda q: reverse_kl(q, np.log2))),
        "comes from shares of all samples; those of the good ones add up to 1": only(
            reverse_kl=measured(over=lambda counts, n: counts / n)),
        "is the forward KL, with even shares in front of the logarithm": only(
            reverse_kl=measured(divergence=lambda q: -np.log(np.maximum(q, 1e-12) * len(q)).mean())),
        "is the forward KL over the modes that are reached": only(
            reverse_kl=measured(divergence=lambda q: -np.log(q[q > 0] * len(q)).sum() / len(q))),
        "is minus the entropy of the shares: log K is missing": only(
            reverse_kl=measured(divergence=lambda q: reverse_kl(q) - q.sum() * np.log(len(q)))),
        "is the entropy of the shares; log K minus it is asked for": only(
            reverse_kl=measured(divergence=lambda q: q.sum() * np.log(len(q)) - reverse_kl(q))),
        "has q/K where q·K belongs": only(
            reverse_kl=measured(divergence=lambda q: reverse_kl(q) - 2 * q.sum() * np.log(len(q)))),
        "has its sign exchanged": only(reverse_kl=measured(divergence=lambda q: -reverse_kl(q))),
    })


# --- packs ------------------------------------------------------------------------------------------------------------


def packed(x, m):
    return x.reshape(len(x) // m, -1)


def unpacked(dy, m):
    return dy.reshape(len(dy) * m, -1)


def by_feature(x, m):
    """Feature by feature, and not sample by sample."""
    return x.reshape(len(x) // m, m, -1).swapaxes(1, 2).reshape(len(x) // m, -1)


def spread(x, m):
    """Samples that aren't neighbours, n/m apart."""
    return np.concatenate(x.reshape(m, len(x) // m, -1), axis=1)


def batches(rng):
    m = int(rng.integers(2, 4))
    return normal(rng, m * int(rng.integers(4, 6)), int(rng.integers(2, 4))), m


def packs(rng):
    x, m = batches(rng)
    return packed(x, m), m


check.add(packed, "", {"": batches, "packs of one": lambda rng: (normal(rng, 5, 3), 1)},
          "m samples in a row make one input (lecture 09, section 4)", hidden=[batches], mistakes={
              "has the features of a pack in another order: sample by sample is asked for": by_feature,
              "packs samples that don't stand next to each other in the batch": spread,
              "has the samples of a pack in reverse order": lambda x, m: x.reshape(len(x) // m, m, -1)[:, ::-1].reshape(
                  len(x) // m, -1),
              "is the mean of each pack": lambda x, m: x.reshape(len(x) // m, m, -1).mean(1),
              "is the sum of each pack": lambda x, m: x.reshape(len(x) // m, m, -1).sum(1),
              "keeps the first sample of each pack only": lambda x, m: x[::m],
          })

check.add(unpacked, "", {"": packs, "packs of one": lambda rng: (normal(rng, 5, 3), 1)},
          "the adjoint of taking samples together: each number goes back to where it came from", hidden=[packs],
          mistakes={
              "is divided by m; nothing was averaged": lambda dy, m: unpacked(dy, m) / m,
              "is multiplied by m; nothing was added up": lambda dy, m: unpacked(dy, m) * m,
              "has its features mixed: within a pack they stand sample by sample": lambda dy, m: (
                  dy.reshape(len(dy), -1, m).swapaxes(1, 2).reshape(len(dy) * m, -1)),
              "has the samples in another order": lambda dy, m: np.concatenate(
                  dy.reshape(len(dy), m, -1).swapaxes(0, 1)),
              "gives all samples of a pack the same gradient, their mean": lambda dy, m: np.repeat(
                  dy.reshape(len(dy), m, -1).mean(1), m, 0),
              "gives all samples of a pack the same gradient, their sum": lambda dy, m: np.repeat(
                  dy.reshape(len(dy), m, -1).sum(1), m, 0),
              "has the samples of a pack in reverse order": lambda dy, m: dy.reshape(len(dy), m, -1)[:, ::-1].reshape(
                  len(dy) * m, -1),
              "gives the whole gradient to the first sample of a pack": lambda dy, m: (
                  dy.reshape(len(dy), m, -1) * (np.arange(m) == 0)[:, None]).reshape(len(dy) * m, -1),
          })


# --- how close samples are --------------------------------------------------------------------------------------------


def apart(x):
    """‖x_i − x_j‖₁: (N, N)."""
    return np.abs(x[:, None] - x).sum(2)


def crowding(x):
    return np.exp(-apart(x)).sum(1)


def some_points(rng):
    return (0.7 * normal(rng, int(rng.integers(5, 8)), int(rng.integers(2, 4))),)


def copies(rng):
    return (np.repeat(normal(rng, 1, 3), int(rng.integers(4, 7)), 0),)


check.add(crowding, "", {"": some_points, "copies": copies},
          "how close, and not how far (lecture 09, section 4, eq. 4)",
          hidden=[some_points, copies], planted=lambda x: apart(x).sum(1), mistakes={
              "is the exponential of minus the sum of all distances; each pair has its own":
                  lambda x: np.exp(-apart(x).sum(1)),
              "grows with the distance: a minus is missing in the exponent": lambda x: np.exp(apart(x)).sum(1),
              "lacks the sample itself: the sum contains j = i": lambda x: crowding(x) - 1,
              "is a mean over the batch, not a sum": lambda x: crowding(x) / len(x),
              "has squared distances in the exponent": lambda x: np.exp(-((x[:, None] - x) ** 2).sum(2)).sum(1),
              "has Euclidean distances in the exponent":
                  lambda x: np.exp(-np.linalg.norm(x[:, None] - x, axis=2)).sum(1),
              "has its differences without |…|": lambda x: np.exp(-(x[:, None] - x).sum(2)).sum(1),
              "is the mean distance": lambda x: apart(x).mean(1),
              "sums the exponentials of single coordinates; the exponential of their sum is asked for":
                  lambda x: np.exp(-np.abs(x[:, None] - x)).sum((1, 2)),
              "has the kernel of half a squared distance": lambda x: np.exp(-((x[:, None] - x) ** 2).sum(2) / 2).sum(1),
              "has half of the squared 1-norm in the exponent": lambda x: np.exp(-apart(x) ** 2 / 2).sum(1),
              "has the mean over the features in the exponent; the 1-norm is a sum":
                  lambda x: np.exp(-apart(x) / x.shape[1]).sum(1),
              "is 1/(1 + distance) in place of the exponential": lambda x: (1 / (1 + apart(x))).sum(1),
              "has the sign exchanged: minus the distances": lambda x: -apart(x).sum(1),
          })


# --- minibatch discrimination -----------------------------------------------------------------------------------------


def made(f, T):
    """M_ibc = Σ_a f_ia T_abc: (N, B, C)."""
    return np.tensordot(f, T, 1)


def closeness(M):
    """c_b(i, j): (N, N, B)."""
    return np.exp(-np.abs(M[:, None] - M).sum(3))


def minibatch_features(f, T):
    return closeness(made(f, T)).sum(1)


def layer(rng, kernels=None, dims=None):
    n, a = int(rng.integers(5, 8)), int(rng.integers(2, 4))
    B, C = kernels or int(rng.integers(2, 5)), dims or int(rng.integers(2, 4))
    return normal(rng, n, a), (0.6 * normal(rng, a, B * C)).reshape(a, B, C)


def some_layer(rng):
    return layer(rng)


def equal_rows(rng):
    f, T = layer(rng)
    return np.repeat(f[:1], len(f), 0), T


def features_with(kernel):
    """Other kernels, functions of the differences M_i − M_j (N, N, B, C)."""
    return lambda f, T: kernel(made(f, T)[:, None] - made(f, T))


check.add(
    minibatch_features, "", {"": some_layer, "one dimension": lambda rng: layer(rng, 3, 1), "copies": equal_rows},
    "M, the distances in each kernel by itself, and the sum over the batch (lecture 09, section 4, eq. 4)",
    hidden=[some_layer, some_layer], mistakes={
        "sums distances; their exponentials are asked for": features_with(lambda d: np.abs(d).sum((1, 3))),
        "has one distance over all kernels; each kernel has its own": features_with(
            lambda d: np.exp(-np.abs(d).sum((2, 3)))[:, :, None].repeat(d.shape[2], 2).sum(1)),
        "lacks the sample itself: the sum contains j = i": lambda f, T: minibatch_features(f, T) - 1,
        "is a mean over the batch, not a sum": lambda f, T: minibatch_features(f, T) / len(f),
        "has squared differences in the exponent": features_with(lambda d: np.exp(-(d**2).sum(3)).sum(1)),
        "has Euclidean distances in the exponent": features_with(lambda d: np.exp(-np.sqrt((d**2).sum(3))).sum(1)),
        "has half a squared distance in the exponent": features_with(lambda d: np.exp(-(d**2).sum(3) / 2).sum(1)),
        "has the absolute value of the sum; the sum of absolute values is asked for": features_with(
            lambda d: np.exp(-np.abs(d.sum(3))).sum(1)),
        "has its differences without |…|": features_with(lambda d: np.exp(-d.sum(3)).sum(1)),
        "sums the differences over the kernels, where the dimensions belong": lambda f, T: np.exp(
            -np.abs(made(f, T)[:, None] - made(f, T)).sum(2)).sum(1),
        "grows with the distance: a minus is missing in the exponent": features_with(
            lambda d: np.exp(np.abs(d).sum(3)).sum(1)),
        "has the mean over the dimensions in the exponent; the 1-norm is a sum": features_with(
            lambda d: np.exp(-np.abs(d).mean(3)).sum(1)),
        "has the largest difference in the exponent; the 1-norm is a sum": features_with(
            lambda d: np.exp(-np.abs(d).max(3)).sum(1)),
        "sums the exponentials of single differences; the exponential of their sum is asked for": features_with(
            lambda d: np.exp(-np.abs(d)).sum((1, 3))),
        "is the exponential of minus the sum over the batch; each pair has its own": features_with(
            lambda d: np.exp(-np.abs(d).sum((1, 3)))),
        "compares the features themselves: T isn't used": lambda f, T: np.exp(
            -np.abs(f[:, None] - f).sum(2)).sum(1)[:, None].repeat(T.shape[1], 1),
        "has kernels and dimensions exchanged in M": lambda f, T: minibatch_features(
            f, np.ascontiguousarray(T.reshape(len(T), -1)).reshape(len(T), T.shape[2], T.shape[1]).swapaxes(1, 2)),
    })


def minibatch_backward(do, f, T):
    return through(do, f, T)


def through(do, f, T, **options):
    """Both gradients, from ∂loss/∂M with these options."""
    dM = dM_of(do, f, T, **options)
    return np.tensordot(dM, T, ([1, 2], [1, 2])), np.tensordot(f, dM, ([0], [0]))


def dM_of(do, f, T, pair=lambda do: do[:, None] + do[None], slope=np.sign, close=closeness, factor=-1.0):
    """∂loss/∂M: (N, B, C), with another factor of a pair (N, N, B), slope of a difference, or closeness."""
    M = made(f, T)
    K = close(M) * pair(do)  # (N, N, B)
    return factor * (K[..., None] * slope(M[:, None] - M)).sum(1)


def upstream(rng, **options):
    f, T = layer(rng, **options)
    return normal(rng, len(f), T.shape[1]), f, T


def some_upstream(rng):
    return upstream(rng)


def altered(**options):
    return lambda do, f, T: through(do, f, T, **options)


def one(index, function):
    """A mistake of df (0) or dT (1) alone."""
    return lambda *args: tuple(function(*args) if i == index else None for i in range(2))


check.add(
    minibatch_backward, "df, dT",
    {"": some_upstream, "one kernel": lambda rng: upstream(rng, kernels=1),
     "one dimension": lambda rng: upstream(rng, dims=1),
     "copies": lambda rng: (lambda f, T: (normal(rng, len(f), T.shape[1]), f, T))(*equal_rows(rng))},
    "in which o's does M_i occur? (lecture 09, section 4, eq. 5)", shares={"df": 4, "dT": 4},
    hidden=[some_upstream, some_upstream], mistakes={
        "forgets that M_i occurs in every other o_j as well: δ_j is missing": altered(
            pair=lambda do: do[:, None] + 0 * do[None]),
        "forgets that M_i occurs in its own o_i: δ_i is missing": altered(pair=lambda do: 0 * do[:, None] + do[None]),
        "has δ_i − δ_j in place of their sum": altered(pair=lambda do: do[:, None] - do[None]),
        "has δ_i δ_j in place of their sum": altered(pair=lambda do: do[:, None] * do[None]),
        "has the mean of δ_i and δ_j in place of their sum": altered(pair=lambda do: (do[:, None] + do[None]) / 2),
        "has 2δ_i in place of δ_i + δ_j": altered(pair=lambda do: 2 * do[:, None] + 0 * do[None]),
        "has its sign exchanged: closeness falls with the distance": altered(factor=1.0),
        "has the difference itself where its sign belongs: that is the smooth kernel's slope": altered(
            slope=lambda d: d),
        "takes the sign of 0 as 1, for j = i and for copies; np.sign(0) is 0": altered(
            slope=lambda d: np.where(d >= 0, 1.0, -1.0)),
        "has one sign for all dimensions of a kernel; each has its own": altered(
            slope=lambda d: np.sign(d.sum(3, keepdims=True)) + 0 * d),
        "is that of a smooth kernel, e to the minus half a squared distance": altered(
            slope=lambda d: d, close=lambda M: np.exp(-((M[:, None] - M) ** 2).sum(3) / 2)),
        "has |difference| where its sign belongs": altered(slope=np.abs),
        "has 1 where the sign of the difference belongs": altered(slope=np.ones_like),
        "lacks the closeness: the derivative of an exponential contains it": altered(
            close=lambda M: np.ones_like(closeness(M))),
        "lacks the sum over the kernels": one(0, lambda do, f, T: through(
            do * (np.arange(do.shape[1]) == 0), f, T)[0] if T.shape[1] > 1 else np.zeros_like(f)),
        "is divided by the batch size; the sum over the batch isn't a mean": lambda do, f, T: tuple(
            g / len(f) for g in minibatch_backward(do, f, T)),
        "is twice as large as it should be: each pair is counted from both sides": altered(factor=-2.0),
        "is a sum over the batch of what belongs to one sample": one(0, lambda do, f, T: np.broadcast_to(
            minibatch_backward(do, f, T)[0].sum(0), f.shape)),
        "comes from the mean of the features; each sample has its own": one(1, lambda do, f, T: np.tensordot(
            np.broadcast_to(f.mean(0), f.shape), dM_of(do, f, T), ([0], [0]))),
    })


# --- feature matching -------------------------------------------------------------------------------------------------


def feature_matching(f_real, f_fake):
    gap = f_fake.mean(0) - f_real.mean(0)
    return gap @ gap, np.zeros_like(f_fake) + 2 * gap / len(f_fake)


def gap_of(f_real, f_fake):
    return f_fake.mean(0) - f_real.mean(0)


def two_batches(rng):
    d = int(rng.integers(3, 5))
    return normal(rng, int(rng.integers(4, 6)), d) + 0.5, normal(rng, int(rng.integers(7, 9)), d)


def matching(value=None, slope=None):
    """Other formulas of (gap, f_real, f_fake)."""
    def compute(f_real, f_fake):
        gap = gap_of(f_real, f_fake)
        return (None if value is None else value(gap, f_real, f_fake),
                None if slope is None else np.zeros_like(f_fake) + slope(gap, f_real, f_fake))

    return compute


check.add(
    feature_matching, "value, d_fake",
    {"": two_batches, "one fake": lambda rng: (normal(rng, 5, 3), normal(rng, 1, 3))},
    "the squared distance of two means, and what one fake contributes to its mean (lecture 09, eq. 7)",
    shares={"value": 1, "d_fake": 3}, hidden=[two_batches], mistakes={
        "is a mean over the features; the squared norm is a sum": matching(
            lambda g, r, f: (g * g).mean(), lambda g, r, f: 2 * g / len(f) / g.size),
        "is the norm, not its square": matching(
            lambda g, r, f: np.sqrt(g @ g), lambda g, r, f: g / np.sqrt(g @ g) / len(f)),
        "is one number for each feature; the sum is asked for": matching(lambda g, r, f: g * g),
        "is the sum of absolute differences": matching(
            lambda g, r, f: np.abs(g).sum(), lambda g, r, f: np.sign(g) / len(f)),
        "has sums in place of means": matching(lambda g, r, f: ((f.sum(0) - r.sum(0)) ** 2).sum(),
                                               lambda g, r, f: 2 * (f.sum(0) - r.sum(0))),
        "is half of what it should be: the loss has no ½": matching(
            lambda g, r, f: g @ g / 2, lambda g, r, f: g / len(f)),
        "compares each fake with the mean of the real samples; only the means are compared": matching(
            lambda g, r, f: ((f - r.mean(0)) ** 2).sum(1).mean(), lambda g, r, f: 2 * (f - r.mean(0)) / len(f)),
        "has its sign exchanged": matching(None, lambda g, r, f: -2 * g / len(f)),
        "lacks the batch size: one fake is a small part of the mean": matching(None, lambda g, r, f: 2 * g),
        "is divided by the number of real samples": matching(None, lambda g, r, f: 2 * g / len(r)),
        "is divided by the batch size squared": matching(None, lambda g, r, f: 2 * g / len(f) ** 2),
        "compares two single numbers; each feature has its own mean": matching(
            lambda g, r, f: (f.mean() - r.mean()) ** 2, lambda g, r, f: 2 * (f.mean() - r.mean()) / f.size),
        "is the gap itself": matching(None, lambda g, r, f: g),
        "has its factor 2 squared": matching(None, lambda g, r, f: 4 * g / len(f)),
    })
