"""References, inputs and typical mistakes for exercise e01, the value function and a first GAN."""
from __future__ import annotations

import numpy as np

from gan_scratch.classroom.check import Checks
from gan_scratch.layers import Dense, LeakyReLU, Sequential
from gan_scratch.layers.activation import sigmoid, softplus
from gan_scratch.losses import Minimax, NonSaturating, bce_with_logits
from gan_scratch.optim import SGD, Adam

check = Checks()


def normal(rng, *shape):
    return rng.standard_normal(shape).astype(np.float32)


# --- games -----------------------------------------------------------------------------------------------------------

def is_nash(A, B, i, j):
    return bool(A[i, j] <= A[:, j].min() and B[i, j] <= B[i].min())


def games(pick, costs=30, shape=None):
    """A random bimatrix game of 2 to 4 rows and columns, and one of the cells that `pick` likes; few `costs` make equal ones."""
    size = shape

    def make(rng):
        while True:
            shape = size or tuple(rng.integers(2, 5, 2))
            A, B = (rng.integers(0, costs, shape) / 8 for _ in range(2))
            cells = [cell for cell in np.ndindex(shape) if pick(A, B, *cell)]
            if cells:
                return A, B, *cells[rng.integers(len(cells))]
    return make


def _row_best(A, B, i, j):
    return A[i, j] <= A[:, j].min()


def _column_best(A, B, i, j):
    return B[i, j] <= B[i].min()


def _mixed_up(A, B, i, j):
    return A[i, j] <= A[i].min() and B[i, j] <= B[:, j].min() and not is_nash(A, B, i, j)


def _smallest(*lists):
    """The rule 'A[i, j] is the smallest of lists[0](A), B[i, j] of lists[1](B)'."""
    a, b = lists
    return lambda A, B, i, j: A[i, j] <= a(A, i, j).min() and B[i, j] <= b(B, i, j).min()


def _row(M, i, j):
    return M[i]


def _column(M, i, j):
    return M[:, j]


def _all(M, i, j):
    return M


RULES = {
    "the axes are mixed up: the row player compares A[i, j] with its column A[:, j], the column player B[i, j] with its row B[i, :]": _smallest(_row, _column),
    "A is compared along its row; the row player changes the row, so A[i, j] is compared with A[:, j]": _smallest(_row, _row),
    "B is compared along its column; the column player changes the column, so B[i, j] is compared with B[i, :]": _smallest(_column, _column),
    "it compares with the whole table; a player who changes alone reaches only the cells of A[:, j] or of B[i, :]": _smallest(_all, _all),
    "only the row player is asked; the column player must not want to change either": lambda A, B, i, j: _row_best(A, B, i, j),
    "only the column player is asked; the row player must not want to change either": lambda A, B, i, j: _column_best(A, B, i, j),
    "it is enough for it that one of the two doesn't want to change; both must not: `and`, not `or`":
        lambda A, B, i, j: _row_best(A, B, i, j) or _column_best(A, B, i, j),
    "it looks for the largest numbers; the years are a cost: less is better": lambda A, B, i, j: A[i, j] >= A[:, j].max() and B[i, j] >= B[i].max(),
    "it looks for the smallest sum; each player counts his own years only, and changes alone": lambda A, B, i, j: (A + B)[i, j] <= (A + B).min(),
    "equal costs are no reason to change: ≤, not <":
        lambda A, B, i, j: (A[i, j] < np.delete(A[:, j], i)).all() and (B[i, j] < np.delete(B[i], j)).all(),
    "no number is smaller than itself: with < in place of ≤ the cell's own number spoils it": lambda A, B, i, j: False,
    "it always says True": lambda A, B, i, j: True,
    "it compares with the mean; the other cells must be compared one by one, or with their minimum": lambda A, B, i, j: A[i, j] <= A[:, j].mean() and B[i, j] <= B[i].mean(),
    "it doesn't look at all columns of B: there are B.shape[1] of them": lambda A, B, i, j: _row_best(A, B, i, j) and B[i, j] <= B[i, :A.shape[0]].min()}

PRISON = np.float64([[1, 3], [0, 2]])  # the row player's years in the prisoner's dilemma

check.add(is_nash, "", {
    "": games(lambda A, B, i, j: True),
    "an equilibrium": games(lambda A, B, i, j: is_nash(A, B, i, j) and A[i, j] > A[i].min()),
    "a cell that only the row player likes": games(lambda *g: _row_best(*g) and not _column_best(*g) and not _mixed_up(*g)),
    "a cell that only the column player likes": games(lambda *g: _column_best(*g) and not _row_best(*g) and not _mixed_up(*g)),
    "a cell that is smallest along the wrong axes": games(_mixed_up),
    "a cell that is best for the two together": games(lambda A, B, i, j: A[i, j] + B[i, j] == (A + B).min() and not is_nash(A, B, i, j)),
    "a cell with the largest costs": games(lambda A, B, i, j: A[i, j] == A[:, j].max() and B[i, j] == B[i].max()),
    "a wide table, whose last column is the better one": games(lambda A, B, i, j: _row_best(A, B, i, j) and B[i, j] <= B[i, :-1].min() and B[i, -1] < B[i, j],
                                                               shape=(2, 4)),
    "a tall table, whose last row is the better one": games(lambda A, B, i, j: _column_best(A, B, i, j) and A[i, j] <= A[:-1, j].min() and A[-1, j] < A[i, j],
                                                            shape=(4, 2)),
    "a table whose first column is the better one": games(lambda A, B, i, j: _row_best(A, B, i, j) and B[i, j] <= B[i, 1:].min() and B[i, 0] < B[i, j]),
    "a table whose first row is the better one": games(lambda A, B, i, j: _column_best(A, B, i, j) and A[i, j] <= A[1:, j].min() and A[0, j] < A[i, j]),
    "an equilibrium with equal costs": games(lambda A, B, i, j: is_nash(A, B, i, j) and (A[:, j] == A[i, j]).sum() > 1, costs=3),
    "equal costs": games(lambda A, B, i, j: True, costs=3)},
    "no player does better by changing alone: A[i, j] ≤ A[i′, j] and B[i, j] ≤ B[i, j′] (lecture 01, eq. 7)", hidden=[(PRISON, PRISON.T, i, j) for i in range(2) for j in range(2)],
    mistakes=RULES)


# --- the value function ----------------------------------------------------------------------------------------------

def value(d_real, d_fake):
    return np.log(d_real).mean() + np.log(1 - d_fake).mean()


def two_sizes(rng):
    """Two batch sizes that can't be mistaken for one another."""
    n, m = rng.permutation(np.arange(3, 9))[:2]
    return int(n), int(m)


def probabilities(rng, n=0, m=0):
    n, m = (n, m) if n else two_sizes(rng)
    return tuple(rng.uniform(0.05, 0.95, (k, 1)).astype(np.float32) for k in (n, m))


def extreme_probabilities(rng):
    """Some of them close to 0, some close to 1, as those of a D that is sure."""
    p, q = (rng.uniform(2e-4, 5e-3, (k, 1)) for k in two_sizes(rng))
    p[-1], q[-1] = 1 - p[-1], 1 - q[-1]
    return p.astype(np.float32), q.astype(np.float32)


check.add(value, "V", {"": probabilities, "batches of one size": lambda rng: probabilities(rng, 5, 5), "probabilities near 0 and 1": extreme_probabilities},
          "V = mean log D(x) + mean log(1 − D(G(z))) (lecture 01, eq. 3)", terms=lambda p, q: {"mean log D(x)": np.log(p).mean(), "mean log(1 − D(G(z)))": np.log(1 - q).mean()}, tolerance=1e-5, hidden=[(np.full((3, 1), 0.5, np.float32), np.full((7, 1), 0.5, np.float32))], mistakes={
              "lacks 1 − D in the second term: it is log D(G(z))": lambda p, q: np.log(p).mean() + np.log(q).mean(),
              "has 1 − D in both terms": lambda p, q: np.log(1 - p).mean() + np.log(1 - q).mean(),
              "applies a sigmoid to what are probabilities already": lambda p, q: np.log(sigmoid(p)).mean() + np.log(1 - sigmoid(q)).mean(),
              "has 1 − D in the wrong term": lambda p, q: np.log(1 - p).mean() + np.log(q).mean(),
              "is −V, which is the loss of D; the value itself is asked for": lambda p, q: -np.log(p).mean() - np.log(1 - q).mean(),
              "is the sum, not the mean": lambda p, q: np.log(p).sum() + np.log(1 - q).sum(),
              "has the second term subtracted": lambda p, q: np.log(p).mean() - np.log(1 - q).mean(),
              "is half of V: the two means are added, not averaged": lambda p, q: (np.log(p).mean() + np.log(1 - q).mean()) / 2,
              "is the mean over all samples together; each expectation has its own mean": lambda p, q: np.concatenate([np.log(p), np.log(1 - q)]).mean(),
              "is in bits: log2 in place of the natural logarithm": lambda p, q: np.log2(p).mean() + np.log2(1 - q).mean(),
              "has the logarithm outside the mean: E log D is meant, not log E D": lambda p, q: np.log(p.mean()) + np.log(1 - q.mean()),
              "has the logarithm outside the mean in the second term: E log(1 − D) is meant": lambda p, q: np.log(p).mean() + np.log(1 - q.mean()),
              "has the logarithm outside the mean in the first term: E log D is meant": lambda p, q: np.log(p.mean()) + np.log(1 - q).mean(),
              "is the product of the two means; they are added": lambda p, q: np.log(p).mean() * np.log(1 - q).mean(),
              "has 1 − log D(G(z)) in place of log(1 − D(G(z))): brackets": lambda p, q: np.log(p).mean() + (1 - np.log(q)).mean(),
              "lacks the second term": lambda p, q: np.log(p).mean(),
              "lacks the first term": lambda p, q: np.log(1 - q).mean(),
              "is weighted with the probabilities; the samples are drawn already": lambda p, q: (p * np.log(p)).mean() + ((1 - q) * np.log(1 - q)).mean(),
              "has n − 1 in the means in place of n": lambda p, q: np.log(p).sum() / (len(p) - 1) + np.log(1 - q).sum() / (len(q) - 1),
              "lacks the logarithms": lambda p, q: p.mean() + (1 - q).mean()})


def value_from_logits(l_real, l_fake):
    return -softplus(-l_real).mean() - softplus(l_fake).mean()


def logits(rng, n=0, m=0):
    n, m = (n, m) if n else two_sizes(rng)
    return tuple(2 * normal(rng, k, 1) for k in (n, m))


FAR = np.float32([[-200], [-90], [90], [200]])

check.add(value_from_logits, "V", {"": logits, "large |logits|": lambda rng: (rng.permutation(FAR), rng.permutation(FAR)[:3])},
          "V = −mean softplus(−l_real) − mean softplus(l_fake) (lecture 01, eq. 5)", terms=lambda l, m: {"the mean over the real samples": -softplus(-l).mean(), "the mean over the fakes": -softplus(m).mean()}, tolerance=1e-5, hidden=[(np.float32([[150], [-150]]), np.float32([[0]]))], mistakes={
              "is what the wrong sign of l_real gives: log σ(l) = −softplus(−l)": lambda l, m: -softplus(l).mean() - softplus(m).mean(),
              "is what the wrong sign of l_fake gives: log(1 − σ(l)) = −softplus(l)": lambda l, m: -softplus(-l).mean() - softplus(-m).mean(),
              "has real and fake exchanged": lambda l, m: -softplus(l).mean() - softplus(-m).mean(),
              "is −V, which is the loss of D; the value itself is asked for": lambda l, m: softplus(-l).mean() + softplus(m).mean(),
              "is the sum, not the mean": lambda l, m: -softplus(-l).sum() - softplus(m).sum(),
              "is half of V: the two means are added, not averaged": lambda l, m: (-softplus(-l).mean() - softplus(m).mean()) / 2,
              "takes 1 − l for the logit of 1 − D; that is −l": lambda l, m: -softplus(-l).mean() - softplus(1 - m).mean(),
              **{f"has {eps:g} added inside the logarithms; write it with softplus": (lambda l, m, eps=eps: np.log(sigmoid(l) + eps).mean() + np.log(1 - sigmoid(m) + eps).mean())
                 for eps in (1e-12, 1e-10, 1e-8, 1e-7, 1e-6)},
              **{f"has its probabilities clipped at {eps:g}; write it with softplus":
                 (lambda l, m, eps=eps: np.log(np.clip(sigmoid(l), eps, 1 - eps)).mean() + np.log(1 - np.clip(sigmoid(m), eps, 1 - eps)).mean())
                 for eps in (1e-7, 1e-6)},
              "takes 1 − l for −l in the real samples' softplus": lambda l, m: -softplus(1 - l).mean() - softplus(m).mean(),
              "takes the logarithm of softplus; softplus is a logarithm already": lambda l, m: -np.log(softplus(-l)).mean() - np.log(softplus(m)).mean(),
              "applies the sigmoid twice: softplus wants the logits": lambda l, m: -softplus(-sigmoid(l)).mean() - softplus(sigmoid(m)).mean(),
              "lacks max(·, 0): softplus is max(x, 0) + log(1 + e^(−|x|))": lambda l, m: -np.log1p(np.exp(-np.abs(l))).mean() - np.log1p(np.exp(-np.abs(m))).mean(),
              "has the softplus outside the mean": lambda l, m: -softplus(-l.mean()) - softplus(m.mean()),
              "is the mean over all samples together; each batch has its own mean": lambda l, m: -np.concatenate([softplus(-l), softplus(m)]).mean(),
              "is what max(l, 0) gives in place of softplus": lambda l, m: -np.maximum(-l, 0).mean() - np.maximum(m, 0).mean(),
              "lacks the logarithms: it is made of the probabilities themselves": lambda l, m: sigmoid(l).mean() + (1 - sigmoid(m)).mean(),
              "is in bits: log2 in place of the natural logarithm": lambda l, m: (-softplus(-l).mean() - softplus(m).mean()) / np.log(2)})


# --- losses and their gradients --------------------------------------------------------------------------------------

def discriminator_loss(l_real, l_fake):
    return Minimax().discriminator(l_real, l_fake)


check.add(discriminator_loss, "loss, d_real, d_fake", {"": logits, "batches of one size": lambda rng: logits(rng, 5, 5), "large |logits|": lambda rng: (rng.permutation(FAR), rng.permutation(FAR)[:3])},
          "loss = −V, d_real = (σ(l_real) − 1)/N, d_fake = σ(l_fake)/M (lecture 01, eq. 8, 9)", terms=lambda l, m: {"the mean over the real samples": softplus(-l).mean(), "the mean over the fakes": softplus(m).mean()}, tolerance=1e-5, shares={"loss": 2, "d_real": 1, "d_fake": 1},
          hidden=[(np.float32([[0], [0]]), np.float32([[0], [3], [-3]]))], mistakes={
              "is V; D minimises −V": lambda l, m: (-softplus(-l).mean() - softplus(m).mean(), None, None),
              "has softplus(l) for the real samples, too; it is softplus(−l)": lambda l, m: (softplus(l).mean() + softplus(m).mean(), None, None),
              "has softplus where its derivative σ belongs": lambda l, m: (None, (softplus(l) - 1) / l.size, softplus(m) / m.size),
              "has its sign flipped: a step down the loss must raise l_real and lower l_fake": lambda l, m: (None, (1 - sigmoid(l)) / l.size, -sigmoid(m) / m.size),
              "is multiplied with the logits; softplus′ is σ alone": lambda l, m: (None, (sigmoid(l) - 1) * l / l.size, sigmoid(m) * m / m.size),
              "has the sign of l inside σ": lambda l, m: (None, (sigmoid(-l) - 1) / l.size, sigmoid(-m) / m.size),
              "lacks brackets: (σ(l) − 1)/N, not σ(l) − 1/N": lambda l, m: (None, sigmoid(l) - 1 / l.size, None),
              "is the sum, not the mean": lambda l, m: (softplus(-l).sum() + softplus(m).sum(), sigmoid(l) - 1, sigmoid(m)),
              "lacks − 1: the gradient of softplus(−l) is −σ(−l) = σ(l) − 1": lambda l, m: (None, sigmoid(l) / l.size, None),
              "is the derivative of σ, σ(1 − σ); the derivative of softplus is needed, and that is σ":
                  lambda l, m: (None, -sigmoid(l) * sigmoid(-l) / l.size, sigmoid(m) * sigmoid(-m) / m.size),
              "is that of a sample labelled real": lambda l, m: (None, None, (sigmoid(m) - 1) / m.size),
              "is the gradient with respect to the probability D; carry it through the sigmoid to the logit":
                  lambda l, m: (None, -1 / sigmoid(l) / l.size, 1 / (1 - sigmoid(m)) / m.size),
              "has a factor σ(1 − σ) too much": lambda l, m: (None, (sigmoid(l) - 1) * sigmoid(l) * (1 - sigmoid(l)) / l.size, sigmoid(m) * sigmoid(m) * (1 - sigmoid(m)) / m.size),
              "has real and fake exchanged": lambda l, m: (softplus(l).mean() + softplus(-m).mean(), None, None),
              "is divided by the size of the other batch": lambda l, m: (None, (sigmoid(l) - 1) / m.size, sigmoid(m) / l.size),
              "is divided by the size of both batches together": lambda l, m: (None, (sigmoid(l) - 1) / (l.size + m.size), sigmoid(m) / (l.size + m.size)),
              "is half of what it should be: the two means are added, not averaged": lambda l, m: ((softplus(-l).mean() + softplus(m).mean()) / 2, (sigmoid(l) - 1) / l.size / 2, sigmoid(m) / m.size / 2)})


def generator_minimax(l_fake):
    return Minimax().generator(l_fake)


def fakes(rng):
    return (2 * normal(rng, int(rng.integers(3, 9)), 1),)


check.add(generator_minimax, "loss, d_fake", {"": fakes, "large |logits|": lambda rng: (rng.permutation(FAR),)},
          "loss = mean log(1 − σ(l)) = −mean softplus(l), d_fake = −σ(l)/M (lecture 01, eq. 10)", tolerance=1e-5, shares={"loss": 1, "d_fake": 1},
          hidden=[(np.float32([[-10], [0], [10]]),)], mistakes={
              "has its sign flipped: G minimises log(1 − D), D minimises its negative": lambda l: (softplus(l).mean(), sigmoid(l) / l.size),
              "belongs to the non-saturating loss; here mean log(1 − σ(l)) is asked for": lambda l: (softplus(-l).mean(), (sigmoid(l) - 1) / l.size),
              "is the sum, not the mean": lambda l: (-softplus(l).sum(), -sigmoid(l)),
              "has softplus where its derivative σ belongs": lambda l: (None, -softplus(l) / l.size),
              "is 1 − softplus(l); log(1 − σ(l)) is −softplus(l)": lambda l: ((1 - softplus(l)).mean(), None),
              "is multiplied with the logits; softplus′ is σ alone": lambda l: (None, -sigmoid(l) * l / l.size),
              "is (1 − σ(l))/M; log(1 − σ(l)) has the derivative −σ(l)": lambda l: (None, (1 - sigmoid(l)) / l.size),
              "has a factor σ(1 − σ) too much": lambda l: (None, -sigmoid(l) * sigmoid(l) * (1 - sigmoid(l)) / l.size),
              "is the gradient with respect to the probability, −1/(1 − σ); with respect to the logit it is −σ": lambda l: (None, -1 / (1 - sigmoid(l)) / l.size),
              "is the derivative of σ, σ(1 − σ); the derivative of softplus is needed, and that is σ": lambda l: (None, -sigmoid(l) * sigmoid(-l) / l.size),
              "is mean log σ(l): log(1 − σ(l)) is asked for": lambda l: (-softplus(-l).mean(), None)})


def generator_non_saturating(l_fake):
    return NonSaturating().generator(l_fake)


check.add(generator_non_saturating, "loss, d_fake", {"": fakes, "large |logits|": lambda rng: (rng.permutation(FAR),)},
          "loss = −mean log σ(l) = mean softplus(−l), d_fake = (σ(l) − 1)/M (lecture 01, eq. 11)", tolerance=1e-5, shares={"loss": 1, "d_fake": 1},
          hidden=[(np.float32([[-10], [0], [10]]),)], mistakes={
              "belongs to the minimax loss; here −mean log σ(l) is asked for": lambda l: (-softplus(l).mean(), -sigmoid(l) / l.size),
              "has its sign flipped": lambda l: (-softplus(-l).mean(), (1 - sigmoid(l)) / l.size),
              "is the sum, not the mean": lambda l: (softplus(-l).sum(), sigmoid(l) - 1),
              "is that of the squared error (σ(l) − 1)²; −log σ(l) is asked for": lambda l: (((sigmoid(l) - 1)**2).mean(), 2 * (sigmoid(l) - 1) * sigmoid(l) * (1 - sigmoid(l)) / l.size),
              "is multiplied with the logits; softplus′ is σ alone": lambda l: (None, (sigmoid(l) - 1) * l / l.size),
              "lacks brackets: (σ(l) − 1)/M, not σ(l) − 1/M": lambda l: (None, sigmoid(l) - 1 / l.size),
              "is that of fakes labelled as fakes: G wants them taken for real": lambda l: (softplus(l).mean(), sigmoid(l) / l.size),
              "is the derivative of σ, σ(1 − σ); the derivative of softplus is needed, and that is σ": lambda l: (None, -sigmoid(l) * sigmoid(-l) / l.size),
              "has a factor σ(1 − σ) too much": lambda l: (None, (sigmoid(l) - 1) * sigmoid(l) * (1 - sigmoid(l)) / l.size),
              "is the gradient with respect to the probability, −1/σ; with respect to the logit it is σ − 1": lambda l: (None, -1 / sigmoid(l) / l.size)})


# --- Algorithm 1 -----------------------------------------------------------------------------------------------------

def networks(rng):
    """Small ones without dead units, in which every part of a step leaves a visible trace."""
    G = Sequential(Dense(2, 5, rng=rng), LeakyReLU(), Dense(5, 3, rng=rng))
    D = Sequential(Dense(3, 6, rng=rng), LeakyReLU(), Dense(6, 1, rng=rng))
    for p in G.params + D.params:
        p.value[...] = 0.5 * normal(rng, *p.value.shape)
    return G, D


def discriminator_step(G, D, opt_D, x, z):
    l_real, tape_real = D.forward(x)
    l_fake, tape_fake = D.forward(G(z))
    loss, d_real, d_fake = Minimax().discriminator(l_real, l_fake)
    D.backward(d_real, tape_real)
    D.backward(d_fake, tape_fake)
    opt_D.step()
    return loss


def step_with(real, fake):
    """D's step with wrong gradients: functions of (its right gradient, the logits)."""
    def step(G, D, opt_D, x, z):
        (l_real, tape_real), (l_fake, tape_fake) = D.forward(x), D.forward(G(z))
        _, d_real, d_fake = Minimax().discriminator(l_real, l_fake)
        D.backward(real(d_real, l_real), tape_real)
        D.backward(fake(d_fake, l_fake), tape_fake)
        opt_D.step()
    return step


def _same(d, l):
    return d


def _nothing(d, l):
    return 0 * d


def _turned(d, l):
    return -d


def _twice(d, l):
    return 2 * d


def _summed(d, l):
    return d * l.size


def _one_by_one(G, D, opt_D, x, z):
    """A step for the real samples and one for the fakes."""
    l_real, tape_real = D.forward(x)
    D.backward(bce_with_logits(l_real, 1.0)[1], tape_real)
    opt_D.step()
    l_fake, tape_fake = D.forward(G(z))
    D.backward(bce_with_logits(l_fake, 0.0)[1], tape_fake)
    opt_D.step()


def _pooled_loss(G, D, opt_D, x, z):
    l = np.concatenate([D(x), D(G(z))])
    return bce_with_logits(l, np.float32([[1]] * len(x) + [[0]] * len(z)))[0]


def _from_probabilities(d, l):
    """The gradient of the loss of σ(σ(l)), taken for that of l."""
    return (sigmoid(sigmoid(l)) - (d < 0)) / l.size


def _pooled_step(G, D, opt_D, x, z):
    (l_real, tape_real), (l_fake, tape_fake) = D.forward(x), D.forward(G(z))
    both = l_real.size + l_fake.size
    D.backward((sigmoid(l_real) - 1) / both, tape_real)
    D.backward(sigmoid(l_fake) / both, tape_fake)
    opt_D.step()


D_MISSTEPS = {
    "D is trained on the real samples only: the fakes' gradients are missing, or gone, when the step is taken": step_with(_same, _nothing),
    "D is trained on the fakes only: the real samples' gradients are missing, or gone, when the step is taken": step_with(_nothing, _same),
    "D moves the wrong way for the fakes: a sign, or their label": step_with(_same, _turned),
    "D moves the wrong way for the real samples: a sign, or their label": step_with(_turned, _same),
    "D moves the wrong way for both: a sign, or real and fake exchanged": step_with(_turned, _turned),
    "the real samples' gradients count twice": step_with(_twice, _same),
    "the fakes' gradients count twice": step_with(_same, _twice),
    "the gradients are summed over each batch; they should be averaged": step_with(_summed, _summed),
    "the fakes' gradient is that of G's loss (σ(l) − 1)/M; for D it is σ(l)/M": step_with(_same, lambda d, l: (sigmoid(l) - 1) / l.size),
    "D makes a step for the real samples and another one for the fakes; the loss has both, so it is one step": _one_by_one,
    "the loss is given probabilities; it wants the logits": step_with(_from_probabilities, _from_probabilities),
    "the gradients are averaged over both batches together; each batch has its own mean": _pooled_step,
    "the two gradients are swapped": step_with(lambda d, l: sigmoid(l) / l.size, lambda d, l: (sigmoid(l) - 1) / l.size)}


def sgd(network, rng):
    return SGD(network.params, lr=float(rng.uniform(0.3, 0.6)))


def adam(network, rng):
    """Adam that has made a step already, so that a new one wouldn't do the same."""
    optimizer = Adam(network.params, lr=float(rng.uniform(0.02, 0.04)))
    for p in network.params:
        p.grad[...] = normal(rng, *p.grad.shape)
    optimizer.step()
    return optimizer


def d_step_inputs(rng, optimizer=sgd):
    G, D = networks(rng)
    for p in G.params:
        p.grad[...] = normal(rng, *p.grad.shape)  # G's own business
    n, m = two_sizes(rng)
    return G, D, optimizer(D, rng), normal(rng, n, 3) + 1, normal(rng, m, 2)


check.add(discriminator_step, "loss", {"": d_step_inputs, "another optimizer, Adam": lambda rng: d_step_inputs(rng, adam)},
          "D on real, D on G(z), the loss's two gradients, two backward passes, one step (lecture 01, Algorithm 1)", shares={"loss": 1, "D": 3},
          updates=("D",), missteps=D_MISSTEPS, mistakes={
              "is computed after the update; return the one before it": lambda G, D, o, x, z: (discriminator_step(G, D, o, x, z), Minimax().discriminator(D(x), D(G(z)))[0])[1],
              "is V; D's loss is −V": lambda G, D, o, x, z: -Minimax().discriminator(D(x), D(G(z)))[0],
              "is the generator's loss": lambda G, D, o, x, z: NonSaturating().generator(D(G(z)))[0],
              "is that of probabilities; the loss wants the logits": lambda G, D, o, x, z: Minimax().discriminator(sigmoid(D(x)), sigmoid(D(G(z))))[0],
              "is the mean over both batches together; each batch has its own mean": _pooled_loss,
              "counts the real samples only": lambda G, D, o, x, z: bce_with_logits(D(x), 1.0)[0],
              "counts the fakes only": lambda G, D, o, x, z: bce_with_logits(D(G(z)), 0.0)[0],
              "has the labels exchanged: real is 1, fake 0": lambda G, D, o, x, z: bce_with_logits(D(x), 0.0)[0] + bce_with_logits(D(G(z)), 1.0)[0]})


def generator_step(G, D, opt_G, z):
    x_fake, tape_G = G.forward(z)
    l_fake, tape_D = D.forward(x_fake)
    loss, d_fake = NonSaturating().generator(l_fake)
    G.backward(D.backward(d_fake, tape_D, weights=False), tape_G)
    opt_G.step()
    return loss


def g_step_with(gradient):
    """G's step with a wrong gradient: a function of (the right gradient, the logits)."""
    def step(G, D, opt_G, z):
        x_fake, tape_G = G.forward(z)
        l_fake, tape_D = D.forward(x_fake)
        G.backward(D.backward(gradient(NonSaturating().generator(l_fake)[1], l_fake), tape_D, weights=False), tape_G)
        opt_G.step()
    return step


def _times_samples(G, D, opt_G, z):
    x_fake, tape_G = G.forward(z)
    l_fake, tape_D = D.forward(x_fake)
    G.backward(D.backward(NonSaturating().generator(l_fake)[1], tape_D, weights=False) * x_fake, tape_G)
    opt_G.step()


G_MISSTEPS = {
    "G moves the wrong way: a sign": g_step_with(_turned),
    "G's gradient is that of the minimax loss; use the non-saturating one": g_step_with(lambda d, l: -sigmoid(l) / l.size),
    "G's gradient is that of D's loss: G wants its samples taken for real": g_step_with(lambda d, l: sigmoid(l) / l.size),
    "G's gradient is summed over the batch; it should be averaged": g_step_with(_summed),
    "G's gradient is divided by the batch size once too often": g_step_with(lambda d, l: d / l.size),
    "the loss is given probabilities; it wants the logits": g_step_with(lambda d, l: (sigmoid(sigmoid(l)) - 1) / l.size),
    "the gradient is multiplied with G's samples on its way; D.backward returns what G.backward needs": _times_samples,
    "G's gradient counts twice": g_step_with(_twice)}


def g_step_inputs(rng, optimizer=sgd):
    G, D = networks(rng)
    for p in D.params:
        p.grad[...] = normal(rng, *p.grad.shape)  # D's own business
    return G, D, optimizer(G, rng), normal(rng, int(rng.integers(3, 9)), 2)


check.add(generator_step, "loss", {"": g_step_inputs, "another optimizer, Adam": lambda rng: g_step_inputs(rng, adam)},
          "G forward, D forward, the loss's gradient back through D, then through G, one step of G (lecture 01, Algorithm 1)", shares={"loss": 1, "G": 3},
          updates=("G",), missteps=G_MISSTEPS, mistakes={
              "is computed after the update; return the one before it": lambda G, D, o, z: (generator_step(G, D, o, z), NonSaturating().generator(D(G(z)))[0])[1],
              "is that of probabilities; the loss wants the logits": lambda G, D, o, z: NonSaturating().generator(sigmoid(D(G(z))))[0],
              "is the minimax loss; use the non-saturating one": lambda G, D, o, z: Minimax().generator(D(G(z)))[0],
              "is that of fakes labelled as fakes: G wants them taken for real": lambda G, D, o, z: bce_with_logits(D(G(z)), 0.0)[0]})
