"""References, inputs and typical mistakes for exercise e01, the value function and a first GAN."""
from __future__ import annotations

import itertools

import numpy as np

from gan_scratch.checks.networks import adam, networks, normal, own_gradients, sgd
from gan_scratch.classroom.check import Checks
from gan_scratch.layers.activation import sigmoid, softplus
from gan_scratch.losses import Minimax, NonSaturating, bce_with_logits
from gan_scratch.optim import Adam

check = Checks()


# --- all equilibria of a table ----------------------------------------------------------------------------------------

def equilibria(A, B):
    return least(A, 0) & least(B, 1)


def least(M, axis=None):
    return M == M.min(axis=axis, keepdims=True)


def most(M, axis):
    return M == M.max(axis=axis, keepdims=True)


def alone(M, axis):
    """Strictly smaller than all others of its line."""
    return least(M, axis) & (least(M, axis).sum(axis=axis, keepdims=True) == 1)


def first(marks, axis):
    """The first marked cell of each line alone."""
    return marks & (np.cumsum(marks, axis=axis) == 1)


def one_of(marks, k):
    """The k-th marked cell alone."""
    alone = np.zeros_like(marks)
    alone[tuple(np.argwhere(marks)[k])] = True
    return alone


def without_last(A, B, rows, columns):
    """Cells that are never looked at are never marked."""
    marks = equilibria(A, B)
    marks[len(A) - rows:], marks[:, A.shape[1] - columns:] = False, False
    return marks


WIDE = {  # rules that mark cells which are no equilibria
    "has the axes mixed up, or A and B: when a player changes alone, which index moves, and who pays A?":
        lambda A, B: least(A, 1) & least(B, 0),
    "compares A along its rows; which index of A moves when the row player changes alone?":
        lambda A, B: least(A, 1) & least(B, 1),
    "compares B along its columns; which index of B moves when the column player changes alone?":
        lambda A, B: least(A, 0) & least(B, 0),
    "asks only the row player; the column player must want to stay, too": lambda A, B: least(A, 0),
    "asks only the column player; the row player must want to stay, too": lambda A, B: least(B, 1),
    "marks a cell as soon as one of the players wants to stay; both must: & in place of |":
        lambda A, B: least(A, 0) | least(B, 1),
    "marks the cells in which exactly one of the players wants to stay; both must":
        lambda A, B: least(A, 0) ^ least(B, 1),
    "looks for the largest numbers; they are costs, so less is better": lambda A, B: most(A, 0) & most(B, 1),
    "looks for the largest numbers of B; they are costs as well, so less is better":
        lambda A, B: least(A, 0) & most(B, 1),
    "looks for the largest numbers of A; they are costs as well, so less is better":
        lambda A, B: most(A, 0) & least(B, 1),
    "looks for the smallest sum of the table; each player counts his or her own costs only":
        lambda A, B: least(A + B),
    "adds A and B and compares the sums; each player counts his or her own costs only":
        lambda A, B: least(A + B, 0) & least(A + B, 1),
    "asks both players about A; the column player pays B": lambda A, B: least(A, 0) & least(A, 1),
    "asks both players about B; the row player pays A": lambda A, B: least(B, 0) & least(B, 1),
    "compares with the mean of a line; a single cheaper choice is reason enough to leave":
        lambda A, B: (A <= A.mean(0)) & (B <= B.mean(1, keepdims=True)),
    "marks exactly the cells that are no equilibria": lambda A, B: ~equilibria(A, B),
    "marks every cell": lambda A, B: np.ones(A.shape, bool)}

NARROW = {  # rules that miss some
    "demands that every other choice costs more; equal costs are no reason to leave":
        lambda A, B: alone(A, 0) & alone(B, 1),
    "demands that every other row costs more; equal costs are no reason to leave":
        lambda A, B: alone(A, 0) & least(B, 1),
    "demands that every other column costs more; equal costs are no reason to leave":
        lambda A, B: least(A, 0) & alone(B, 1),
    "marks only the first of several equal costs in a line, as argmin does; all of them count":
        lambda A, B: first(least(A, 0), 0) & first(least(B, 1), 1),
    "looks at one cheapest column of each row only, as B.argmin does, or stops at a row's first equilibrium; there may "
    "be several":
        lambda A, B: least(A, 0) & first(least(B, 1), 1),
    "looks at one cheapest row of each column only, as A.argmin does, or stops at a column's first equilibrium; there "
    "may be several":
        lambda A, B: first(least(A, 0), 0) & least(B, 1),
    "marks no cell: does < stand for ≤, so that a cell must be cheaper than itself, or is each cell compared with the "
    "whole table, though a player alone reaches one line of it?": lambda A, B: np.zeros(A.shape, bool),
    "marks the first equilibrium only; there may be several": lambda A, B: one_of(equilibria(A, B), 0),
    "marks the last equilibrium only; there may be several: is each table made anew in a loop?":
        lambda A, B: one_of(equilibria(A, B), -1),
    "never marks a cell of the last row: does a loop end too early?": lambda A, B: without_last(A, B, 1, 0),
    "never marks a cell of the last column: does a loop end too early?": lambda A, B: without_last(A, B, 0, 1),
    "never marks a cell of the last row or the last column: do the loops end too early?":
        lambda A, B: without_last(A, B, 1, 1)}

RULES = WIDE | NARROW


def telling(A, B):
    """Whether all rules give different tables here, and enough faults that no other mistake looks like it."""
    want = equilibria(A, B)
    if want.sum() < 3 or (least(A) & least(B)).any():  # the smallest numbers of all should meet in no cell
        return False
    wide, narrow = ([rule(A, B) for rule in rules.values()] for rules in (WIDE, NARROW))
    return (len({table.tobytes() for table in wide + narrow}) == len(RULES)
            and all((table & ~want).any() or (want & ~table).sum() > 3 for table in wide)
            and all((table != want).sum() > 1 for table in narrow))


def judge_table(table, A, B):
    """What is wrong with an answer. A rule is named only from a table that tells it from the others."""
    want = equilibria(A, B)
    if fault := wrong_form(table, want.shape):
        return f"it {fault}"
    if (table == want).all():
        return None
    rules = RULES if telling(A, B) else {}
    return f"it {next((text for text, rule in rules.items() if (rule(A, B) == table).all()), one_cell(table, A, B))}"


def wrong_form(table, shape):
    """What is wrong with an answer that isn't a table of True and False of this shape; "" if it is one."""
    form = f"; expected is an array of shape {shape}, that of A, which is True at the equilibria and False elsewhere"
    if table is None:
        return "returns None. Does it end with a `return`?"
    if not isinstance(table, np.ndarray):
        indices = isinstance(table, (list, tuple))
        return f"returns {'a ' + type(table).__name__ + ', of indices?' if indices else 'no table'}{form}"
    if table.shape != shape:
        words = ", transposed?" if table.T.shape == shape else ", of indices?" if table.dtype.kind in "iu" else ""
        return f"returns an array of shape {table.shape}{words}{form}"
    return "" if table.dtype == bool else f"returns a table of {table.dtype}{form}"


def one_cell(table, A, B):
    """A wrong cell and why it is one."""
    i, j = map(int, np.argwhere(table != equilibria(A, B))[0])
    if not table[i, j]:
        return f"doesn't mark the cell [{i}, {j}], though neither player can pay less there by changing alone"
    row = not least(A, 0)[i, j]
    paid, least_paid = (A[i, j], A[:, j].min()) if row else (B[i, j], B[i].min())
    return (f"marks the cell [{i}, {j}], where the {'row' if row else 'column'} player pays {paid:g} and would pay "
            f"{least_paid:g} after changing alone")


def costs(rng, *shape, most=6):
    return tuple(rng.integers(0, most, shape) / 2 for _ in range(2))


PLACES = ((-1, 1, 1, 1), (-1, 3, 1, 0), (0, -1, 1, 1), (1, -1, 0, 1), (2, 2, 1, 1), (4, 2, 0, 1), (3, 0, 1, 1),
          (3, 4, 1, 0), (7, 7, 1, 1))  # equilibria, and by how much they are cheaper than what was there


def big_game(rng):
    """A table in which every rule shows, with equal costs and some equilibria. What is added to the columns of A and
    the rows of B changes no equilibrium, but misleads all other comparisons."""
    while True:
        A, B = costs(rng, *map(int, rng.permutation(np.arange(9, 12))[:2]), most=12)
        for i, j, a, b in PLACES:
            A[i, j], B[i, j] = A[:, j].min() - a, B[i].min() - b
        A[5, 5], B[5, 5], A[6, 6], B[6, 6] = A[:, 5].min(), B[5].max() + 1, A[:, 6].max() + 1, B[6].min()
        A, B = A + rng.integers(0, 9, (1, A.shape[1])), B + rng.integers(0, 9, (len(B), 1))
        if telling(A, B):
            return A, B


def game_with(number, *shape):
    """A game with so many equilibria."""
    def make(rng):
        games = (costs(rng, *shape) for _ in itertools.count())
        return next((A, B) for A, B in games if equilibria(A, B).sum() == number)
    return make


PRISON, PENNIES = np.float64([[1, 3], [0, 2]]), np.float64([[1, -1], [-1, 1]])

check.add(equilibria, "", {
    "": big_game,
    "a square table": game_with(2, 3, 3),
    "a table without an equilibrium": game_with(0, 3, 4),
    "a table with a single row": lambda rng: costs(rng, 1, 5),
    "a table with a single column": lambda rng: costs(rng, 4, 1),
    "integer costs": lambda rng: tuple(rng.integers(0, 4, (4, 3)) for _ in range(2)),
    "negative costs": lambda rng: tuple(-M for M in game_with(1, 3, 2)(rng)),
    "equal costs everywhere": lambda rng: (np.ones((2, 3)), np.zeros((2, 3)))},
    "no player can pay less by changing alone (lecture 01, eq. 6)", judge=judge_table, mistakes=RULES,
    hidden=[(PRISON, PRISON.T), (PENNIES, -PENNIES), big_game, lambda rng: costs(rng, 6, 5, most=40)])


# --- an equilibrium in mixed strategies -------------------------------------------------------------------------------

def mixed_equilibrium(A):
    (a, b), (c, d) = A
    p, q = (d - c) / (a - b - c + d), (d - b) / (a - b - c + d)
    return p, q, p * a + (1 - p) * c


def mixed_game(draw):
    """A table without an equilibrium in pure strategies, whose p, q, 1 − p, 1 − q and ½ differ."""
    def make(rng):
        while True:
            A = draw(rng)
            low, high = sorted([A.ravel()[[0, 3]], A.ravel()[[1, 2]]], key=np.sum)
            if low.max() < high.min() and all(abs(x) > 0.04 for x in differences(*mixed_equilibrium(A))):
                return (A,)
    return make


def differences(p, q, v):
    return p - q, p + q - 1, p - 0.5, q - 0.5, v


def entries(mistake):
    """A mistake as a function of the table's entries and of the right answers."""
    return lambda A: tuple(mistake(*np.ravel(A), *mixed_equilibrium(A)))


def sign_slip(*ks):
    """p, q, v and the payment at p, with wrong signs of these entries in all denominators."""
    def slip(a, b, c, d, p, q, v):
        right = a - b - c + d
        wrong = right - 2 * sum((a, -b, -c, d)[k] for k in ks)
        p = p * right / wrong
        return p, q * right / wrong, v * right / wrong, p * a + (1 - p) * c
    return slip


def searched(n):
    """What the best of n probabilities are, each player's against the other one's best reply."""
    def mistake(a, b, c, d, p, q, v):
        s = np.linspace(0, 1, n)
        mixtures, A = np.stack([s, 1 - s]), np.float64([[a, b], [c, d]])
        row, column = (A.T @ mixtures).max(0), (A @ mixtures).min(0)
        return s[row.argmin()], s[column.argmax()], row.min()
    return mistake


def payment(p, q, a, b, c, d):
    return p * (q * a + (1 - q) * b) + (1 - p) * (q * c + (1 - q) * d)


SLIPS = [(0, 1), (0, 2), (0, 3), (1, 3), (2, 3), (0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3)]  # (1, 2) makes all plus

MIXED = {
    "is the mixture that makes the row player indifferent; it is the other player's indifference that determines p":
        lambda a, b, c, d, p, q, v: (q, None, None),
    "is the mixture that makes the column player indifferent; it is the other player's indifference that determines q":
        lambda a, b, c, d, p, q, v: (None, p, None),
    "belongs to row 1; the probability of row 0 is asked for": lambda a, b, c, d, p, q, v: (1 - p, None, None),
    "belongs to column 1; the probability of column 0 is asked for": lambda a, b, c, d, p, q, v: (None, 1 - q, None),
    "makes the row player indifferent, if taken for row 1; it is the other player's indifference that determines p":
        lambda a, b, c, d, p, q, v: (1 - q, None, None),
    "makes the column player indifferent, if it is taken for column 1; it is the other player's indifference that "
    "determines q": lambda a, b, c, d, p, q, v: (None, 1 - p, None),
    "is a fair coin; in general an equilibrium needs another one": lambda a, b, c, d, p, q, v: (0.5, 0.5, None),
    "is the ratio of the two probabilities; together they must be 1":
        lambda a, b, c, d, p, q, v: (p / (1 - p), q / (1 - q), None),
    "is the ratio of the two probabilities, the wrong way up; together they must be 1":
        lambda a, b, c, d, p, q, v: ((1 - p) / p, (1 - q) / q, None),
    "is the inverse of what it should be: a probability is at most 1":
        lambda a, b, c, d, p, q, v: (1 / p, 1 / q, None),
    "isn't divided by anything; solve the equation to its end":
        lambda a, b, c, d, p, q, v: (d - c, d - b, a * d - b * c),
    "is a sum of entries where the equation gives a difference, in the numerator":
        lambda a, b, c, d, p, q, v: (p * (d + c) / (d - c), q * (d + b) / (d - b), None),
    "has a plus before each entry in its denominator; solve the equation once more":
        lambda a, b, c, d, p, q, v: (
            np.array([d - c, d - b, a * d - b * c]) / (a + b + c + d)).tolist(),
    "lacks brackets around its denominator":
        lambda a, b, c, d, p, q, v: ((d - c) / a - b - c + d, (d - b) / a - b - c + d, None),
    "is a share of the table's numbers, which aren't probabilities; ask when the other player is indifferent":
        lambda a, b, c, d, p, q, v: ((a + b) / (a + b + c + d), (a + c) / (a + b + c + d), None),
    "is a pure strategy, 1; in such a table no pure strategy is an equilibrium":
        lambda a, b, c, d, p, q, v: (1, 1, None),
    "is 0, a pure strategy, which in such a table is no equilibrium; does // stand where / belongs?":
        lambda a, b, c, d, p, q, v: (0, 0, None),
    "weights the two rows with q, the probability of a column":
        lambda a, b, c, d, p, q, v: (None, None, q * a + (1 - q) * c),
    **{f"has the wrong sign before {name} in its denominator": lambda *t, k=k: sign_slip(k)(*t)[:3]
       for k, name in enumerate("abcd")},
    **{f"is the payment at a p that has the wrong sign before {name} in its denominator":
       lambda *t, k=k: (None, None, sign_slip(k)(*t)[3]) for k, name in enumerate("abcd")},
    **{f"has wrong signs before {', '.join('abcd'[k] for k in ks[:-1])} and {'abcd'[ks[-1]]} in its denominator":
       lambda *t, ks=ks: sign_slip(*ks)(*t)[:3] for ks in SLIPS},
    **{f"is the payment at a p that has wrong signs before {', '.join('abcd'[k] for k in ks[:-1])} and "
       f"{'abcd'[ks[-1]]} in its denominator": lambda *t, ks=ks: (None, None, sign_slip(*ks)(*t)[3]) for ks in SLIPS},
    "has its sign flipped: what the row player pays is asked for, not what he or she gets":
        lambda a, b, c, d, p, q, v: (None, None, -v),
    "is what two fair coins give; the payment must be weighted with p and q":
        lambda a, b, c, d, p, q, v: (None, None, (a + b + c + d) / 4),
    "is 0: zero-sum means that what one pays the other one gets, not that the value is 0":
        lambda a, b, c, d, p, q, v: (None, None, 0),
    "is the payment at −p: a probability isn't negative": lambda a, b, c, d, p, q, v: (None, None, (1 + p) * c - p * a),
    "gives each of the two rows the weight of the other one":
        lambda a, b, c, d, p, q, v: (None, None, (1 - p) * a + p * c),
    "gives each of the two columns the weight of the other one":
        lambda a, b, c, d, p, q, v: (None, None, (1 - q) * a + q * b),
    "gives both rows the same weight p; they have p and 1 − p":
        lambda a, b, c, d, p, q, v: (None, None, p * (a + c)),
    "is the sum over both columns; the column player plays one of them at a time":
        lambda a, b, c, d, p, q, v: (None, None, 2 * v),
    "weights two columns with p, the probability of a row":
        lambda a, b, c, d, p, q, v: (None, None, p * a + (1 - p) * b),
    "weights the lower row's entries with the wrong probabilities":
        lambda a, b, c, d, p, q, v: (None, None, p * c + (1 - p) * d),
    "has p and q exchanged, or b and c": lambda a, b, c, d, p, q, v: (None, None, q * (p * a + (1 - p) * b)
                                                          + (1 - q) * (p * c + (1 - p) * d)),
    "counts the diagonal of the table only": lambda a, b, c, d, p, q, v: (
        None, None, p * q * a + (1 - p) * (1 - q) * d),
    "weights the diagonal with p; the column that is played doesn't depend on the row":
        lambda a, b, c, d, p, q, v: (None, None, p * a + (1 - p) * d),
    "counts the first cell only": lambda a, b, c, d, p, q, v: (None, None, p * q * a),
    "counts row 0 only": lambda a, b, c, d, p, q, v: (None, None, p * (q * a + (1 - q) * b)),
    "has a minus between its two parts; expectations are added":
        lambda a, b, c, d, p, q, v: (None, None, p * a - (1 - p) * c),
    "has a sum where the algebra gives a difference, in the numerator":
        lambda a, b, c, d, p, q, v: (None, None, (a * d + b * c) / (a - b - c + d)),
    "is the best that the row player can be sure of without mixing":
        lambda a, b, c, d, p, q, v: (None, None, min(max(a, b), max(c, d))),
    "is the best that the column player can be sure of without mixing":
        lambda a, b, c, d, p, q, v: (None, None, max(min(a, c), min(b, d))),
    "isn't weighted: the entries are just added": lambda a, b, c, d, p, q, v: (None, None, a + b + c + d),
    "lacks brackets around its numerator": lambda a, b, c, d, p, q, v: (
        d - c / (a - b - c + d), d - b / (a - b - c + d), a * d - b * c / (a - b - c + d)),
    "has a whole product for its denominator where a sum of differences belongs":
        lambda a, b, c, d, p, q, v: ((d - c) / (a * d - b * c), (d - b) / (a * d - b * c), None),
    "is made of the diagonal of the table alone; the other two entries count, too":
        lambda a, b, c, d, p, q, v: (d / (a + d), d / (a + d), a * d / (a + d)),
    "is made of the diagonal of the table alone, with its two entries exchanged":
        lambda a, b, c, d, p, q, v: (a / (a + d), a / (a + d), None),
    **{f"is what a symmetric table would give, with {left} in the place of {out}, too; in this table they differ":
       lambda a, b, c, d, p, q, v, left=left: (lambda e: (
           (d - e) / (a - 2 * e + d), (d - e) / (a - 2 * e + d), (a * d - e * e) / (a - 2 * e + d)))(
               b if left == "b" else c) for left, out in ("bc", "cb")},
    **{f"is what a search through {n} probabilities finds; an equation gives the exact number": searched(n)
       for n in (11, 21, 51, 100, 101, 201, 501, 1000, 1001)},
    **{f"is rounded to {n} digits after the point": lambda a, b, c, d, p, q, v, n=n: tuple(
        round(float(x), n) for x in (p, q, v)) for n in (1, 2, 3, 4)},
    "is rounded down to a whole number: does // stand where / belongs?":
        lambda a, b, c, d, p, q, v: (None, None, np.floor(v)),
    "counts row 0 alone, though the other row is played, too": lambda a, b, c, d, p, q, v: (None, None, p * a),
    "counts row 1 alone, though the other row is played, too": lambda a, b, c, d, p, q, v: (None, None, (1 - p) * c),
    "counts column 0 alone, though the other column is played, too":
        lambda a, b, c, d, p, q, v: (None, None, q * a),
    "weights the diagonal of the table with p and q; a payment belongs to a row and a column together":
        lambda a, b, c, d, p, q, v: (None, None, p * a + q * d),
    "weights the rows with p and q; these aren't the probabilities of the two rows":
        lambda a, b, c, d, p, q, v: (None, None, p * a + q * c),
    "weights the columns with p and q; these aren't the probabilities of the two columns":
        lambda a, b, c, d, p, q, v: (None, None, p * a + q * b),
    "is the product of p and q, which is the probability of one cell": lambda a, b, c, d, p, q, v: (None, None, p * q),
    "gives each row and each column the weight of the other one":
        lambda a, b, c, d, p, q, v: (None, None, payment(1 - p, 1 - q, a, b, c, d)),
    "is the payment at shares of the table's numbers, which aren't probabilities":
        lambda a, b, c, d, p, q, v: (None, None, payment(
            (a + b) / (a + b + c + d), (a + c) / (a + b + c + d), a, b, c, d))}

check.add(mixed_equilibrium, "p, q, v", {
    "": mixed_game(lambda rng: rng.uniform(0.5, 4, (2, 2))),
    "whole numbers": mixed_game(lambda rng: rng.integers(-9, 10, (2, 2)).astype(float)),
    "negative entries": mixed_game(lambda rng: -rng.uniform(0.5, 4, (2, 2)))},
    "a player mixes only between choices that pay the same; whose choices does p make equal? (lecture 01, eq. 6)",
    tolerance=1e-6, shares={"p": 2, "q": 2, "v": 2},
    hidden=[(PENNIES,), (np.float64([[0, 2], [3, 1]]),), (np.float64([[-1, 0], [0, -3]]),),
            mixed_game(lambda rng: rng.normal(0, 40, (2, 2)))],
    mistakes={sentence: entries(mistake) for sentence, mistake in MIXED.items()})

# --- what D is told ---------------------------------------------------------------------------------------------------

def discriminator_loss(l_real, l_fake):
    return Minimax().discriminator(l_real, l_fake)


def two_sizes(rng):
    """Two batch sizes that can't be mistaken for one another."""
    return tuple(map(int, rng.permutation(np.arange(3, 9))[:2]))


def logits(rng, *sizes):
    return tuple(2 * normal(rng, n, 1) for n in sizes or two_sizes(rng))


def told(real=None, fake=None):
    """d_real and d_fake by these formulas of the logits, to be divided by the batch size; None for the right one."""
    return lambda l, m: (None, real and real(l) / l.size, fake and fake(m) / m.size)


def kept(eps, clip):
    """The loss of probabilities that are clipped, or to which a small number is added."""
    def loss(l, m):
        p, q = np.clip(sigmoid(l), eps, 1 - eps), np.clip(sigmoid(m), eps, 1 - eps)
        if not clip:
            return -np.log(sigmoid(l) + eps).mean() - np.log(1 - sigmoid(m) + eps).mean(), None, None
        return -np.log(p).mean() - np.log(1 - q).mean(), None, None
    return loss


EPS = (1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5)
FAR = np.float32([[-200], [-90], [90], [200]])

check.add(discriminator_loss, "loss, d_real, d_fake", {
    "": logits,
    "batches of one size": lambda rng: logits(rng, 5, 5),
    "one sample in each batch": lambda rng: logits(rng, 1, 1),
    "large |logits|": lambda rng: (rng.permutation(FAR), rng.permutation(FAR)[:3])},
    "what D minimises, and how it depends on the logits (lecture 01, eq. 8, 9)",
    tolerance=1e-5, shares={"loss": 2, "d_real": 1, "d_fake": 1},
    hidden=[(np.float32([[0], [0]]), np.float32([[0], [3], [-3]])), (FAR[::-1], FAR)],
    terms=lambda l, m: {
        "the mean over the real samples": softplus(-l).mean(), "the mean over the fakes": softplus(m).mean()},
    mistakes={
        "is V; D minimises −V": lambda l, m: (-softplus(-l).mean() - softplus(m).mean(), None, None),
        "has softplus(l) for the real samples, too; what is −log σ(l)?": lambda l, m: (
            softplus(l).mean() + softplus(m).mean(), None, None),
        "has softplus(−l) for the fakes, too; what is −log(1 − σ(l))?": lambda l, m: (
            softplus(-l).mean() + softplus(-m).mean(), None, None),
        "has real and fake exchanged": lambda l, m: (softplus(l).mean() + softplus(-m).mean(), None, None),
        "is one mean over all samples; each batch has its own mean": lambda l, m: (
            np.concatenate([softplus(-l), softplus(m)]).mean(), None, None),
        "has softplus outside the mean": lambda l, m: (softplus(-l.mean()) + softplus(m.mean()), None, None),
        "takes −log σ(l) for −softplus(l); test l = 0": lambda l, m: (
            softplus(m).mean() - softplus(l).mean(), None, None),
        "has the logarithm outside the mean": lambda l, m: (
            -np.log(sigmoid(l).mean()) - np.log(1 - sigmoid(m).mean()), None, None),
        "takes the sigmoid of the logits first; softplus wants the logits": lambda l, m: (
            softplus(-sigmoid(l)).mean() + softplus(sigmoid(m)).mean(), None, None),
        "lacks the logarithms: it is made of the probabilities": lambda l, m: (
            -sigmoid(l).mean() - (1 - sigmoid(m)).mean(), None, None),
        "is in bits: log2 in place of the natural logarithm": lambda l, m: (
            (softplus(-l).mean() + softplus(m).mean()) / np.log(2), None, None),
        "is what max(l, 0) gives in place of softplus": lambda l, m: (
            np.maximum(-l, 0).mean() + np.maximum(m, 0).mean(), None, None),
        **{f"keeps its probabilities from 0 by {eps:g}; write it with softplus{words}": kept(eps, clip)
           for words, clip, smallest_eps in ((" instead", False, 0), ("", True, 1e-7)) for eps in EPS
           if eps >= smallest_eps},  # 1 − 1e-8 is 1 in float32
        "is the sum, not the mean": lambda l, m: (softplus(-l).sum() + softplus(m).sum(), sigmoid(l) - 1, sigmoid(m)),
        "is half of what it should be: the two means are added, not averaged": lambda l, m: (
            (softplus(-l).mean() + softplus(m).mean()) / 2, (sigmoid(l) - 1) / l.size / 2, sigmoid(m) / m.size / 2),
        "has its sign flipped: a step down the loss must raise l_real and lower l_fake": told(
            lambda l: 1 - sigmoid(l), lambda m: -sigmoid(m)),
        "lacks − 1: how does the loss of a real sample change when its logit grows?": told(sigmoid),
        "has the sign of l inside σ": told(lambda l: sigmoid(-l) - 1, lambda m: sigmoid(-m)),
        "belongs to a sample labelled real": told(None, lambda m: sigmoid(m) - 1),
        "lacks brackets: (σ(l) − 1)/N, not σ(l) − 1/N": lambda l, m: (None, sigmoid(l) - 1 / l.size, None),
        "has softplus where its derivative σ belongs": told(lambda l: softplus(l) - 1, softplus),
        "has softplus where its derivative belongs": told(lambda l: -softplus(-l)),
        "has softplus where its derivative belongs, and the wrong sign": told(lambda l: softplus(-l)),
        "lacks σ: it is made of the logits": told(lambda l: l - 1, lambda m: m),
        "is multiplied with the logits; the derivative of softplus is σ alone": told(
            lambda l: (sigmoid(l) - 1) * l, lambda m: sigmoid(m) * m),
        "is the derivative of σ, σ(1 − σ); the derivative of softplus is needed": told(
            lambda l: -sigmoid(l) * sigmoid(-l), lambda m: sigmoid(m) * sigmoid(-m)),
        "is the gradient with respect to the probability D; carry it through the sigmoid to the logit": told(
            lambda l: -1 / sigmoid(l), lambda m: 1 / (1 - sigmoid(m))),
        "has a factor σ(1 − σ) too much: with respect to the logit it cancels": told(
            lambda l: (sigmoid(l) - 1) * sigmoid(l) * sigmoid(-l), lambda m: sigmoid(m) ** 2 * sigmoid(-m)),
        "is divided by the size of the other batch": lambda l, m: (
            None, (sigmoid(l) - 1) / m.size, sigmoid(m) / l.size),
        "is divided by the size of both batches together": lambda l, m: (
            None, (sigmoid(l) - 1) / (l.size + m.size), sigmoid(m) / (l.size + m.size)),
        "is divided by the batch size twice": told(lambda l: (sigmoid(l) - 1) / l.size, lambda m: sigmoid(m) / m.size),
        "is 0 or 1 minus the label: a rounded probability": told(lambda l: (l > 0) - 1.0, lambda m: (m > 0) * 1.0)})


# --- what the smallest generator is told ------------------------------------------------------------------------------

def smallest_generator(a, b, u, w, c, z):
    x = a * z + b
    l = u * x**2 + w * x + c
    dx = (sigmoid(l) - 1) / l.size * (2 * u * x + w)
    return softplus(-l).mean(), (dx * z).sum(), dx.sum()


LINKS = {"x": lambda a, b, z: a * z + b, "l": lambda x, u, w, c: u * x**2 + w * x + c,
         "loss": lambda l: softplus(-l).mean(), "dl": lambda l: (sigmoid(l) - 1) / l.size,
         "slope": lambda x, u, w: 2 * u * x + w, "da": lambda dx, z: (dx * z).sum(), "db": lambda dx, z: dx.sum()}


def chain(**links):
    """The task with some links of its chain replaced; speaks only of the outputs that hang on them."""
    def mistake(a, b, u, w, c, z):
        link = LINKS | links
        x = link["x"](a, b, z)
        l = link["l"](x, u, w, c)
        dx = link["dl"](l) * link["slope"](x, u, w)
        answers = {"loss": link["loss"](l), "da": link["da"](dx, z), "db": link["db"](dx, z)}
        before = {"loss": {"x", "l", "loss"}} | {d: {"x", "l", "dl", "slope", d} for d in ("da", "db")}
        return tuple(value if before[name] & links.keys() else None for name, value in answers.items())
    return mistake


def of_all(a, b, u, w, c, z, what):
    """x, the slopes, and the gradients with respect to the logits."""
    x = a * z + b
    return what(x, 2 * u * x + w, LINKS["dl"](LINKS["l"](x, u, w, c)))


def with_slope(wrong):
    """The gradients with a wrong slope, a function of x, the logits, z, u and w."""
    def mistake(a, b, u, w, c, z):
        x = a * z + b
        l = LINKS["l"](x, u, w, c)
        dx = LINKS["dl"](l) * wrong(x, l, z, u, w)
        return None, (dx * z).sum(), dx.sum()
    return mistake


def quotients(h, up, down, a, b, u, w, c, z):
    """The gradients by difference quotients, from `down` times h below to `up` times h above."""
    def loss(a, b):
        return softplus(-(u * (a * z + b) ** 2 + w * (a * z + b) + c)).mean()
    width = (up + down) * h
    return (None, (loss(a + up * h, b) - loss(a - down * h, b)) / width,
            (loss(a, b + up * h) - loss(a, b - down * h)) / width)


def smallest(rng, n=0, **fixed):
    sign = lambda: rng.choice([-1, 1])  # noqa: E731
    numbers = {name: float(sign() * rng.uniform(0.4, 1.3)) for name in "abuwc"} | fixed
    return *numbers.values(), rng.standard_normal(n or int(rng.integers(4, 9)))


def far_logits(rng):
    """Logits from −1000 to 1000."""
    a, b, u, w, c, z = smallest(rng, 6)
    l = LINKS["l"](a * z + b, u, w, 0)
    scale = 2000 / np.ptp(l)
    return a, b, u * scale, w * scale, 1000 - scale * l.max(), z


SMALLEST = {
    "is the sum over the samples, not the mean": chain(loss=lambda l: softplus(-l).sum(), dl=lambda l: sigmoid(l) - 1),
    "is divided by the number of samples twice": chain(
        loss=lambda l: softplus(-l).mean() / l.size, dl=lambda l: (sigmoid(l) - 1) / l.size**2),
    "belongs to the minimax loss; the non-saturating one is asked for": chain(
        loss=lambda l: -softplus(l).mean(), dl=lambda l: -sigmoid(l) / l.size),
    "belongs to D's loss of a fake; G wants its samples taken for real": chain(
        loss=lambda l: softplus(l).mean(), dl=lambda l: sigmoid(l) / l.size),
    "has its sign flipped": chain(loss=lambda l: -softplus(-l).mean(), dl=lambda l: (1 - sigmoid(l)) / l.size),
    "lacks the logarithm: it is made of the probabilities": chain(loss=lambda l: -sigmoid(l).mean()),
    "lacks the logarithm: it is the mean of 1 − σ(l)": chain(loss=lambda l: 1 - sigmoid(l).mean()),
    "is the mean of the logits; −log σ of them is asked for": chain(loss=lambda l: -l.mean()),
    "has softplus outside the mean": chain(loss=lambda l: softplus(-l.mean())),
    "has the logarithm outside the mean": chain(loss=lambda l: -np.log(sigmoid(l).mean())),
    "is in bits: log2 in place of the natural logarithm": chain(loss=lambda l: softplus(-l).mean() / np.log(2)),
    "takes the sigmoid of the logits first; softplus wants the logits": chain(
        loss=lambda l: softplus(-sigmoid(l)).mean()),
    "belongs to the squared error; −log σ(l) is asked for": chain(
        loss=lambda l: ((sigmoid(l) - 1) ** 2).mean(),
        dl=lambda l: 2 * (sigmoid(l) - 1) * sigmoid(l) * sigmoid(-l) / l.size),
    **{f"keeps its probabilities from 0 by {eps:g}; write it with softplus instead": chain(
        loss=lambda l, eps=eps: -np.log(sigmoid(l) + eps).mean(),
        dl=lambda l, eps=eps: -sigmoid(l) * sigmoid(-l) / (sigmoid(l) + eps) / l.size) for eps in EPS},
    **{f"keeps its probabilities from 0 by {eps:g}; write it with softplus": chain(
        loss=lambda l, eps=eps: -np.log(np.clip(sigmoid(l), eps, 1 - eps)).mean()) for eps in EPS},
    "comes from logits of the noise z; D sees the samples G(z)": chain(x=lambda a, b, z: z),
    "comes from samples without b": chain(x=lambda a, b, z: a * z),
    "comes from samples without a": chain(x=lambda a, b, z: z + b),
    "comes from samples a(z + b); b isn't multiplied with a": chain(x=lambda a, b, z: a * (z + b)),
    "comes from logits without c": chain(l=lambda x, u, w, c: u * x**2 + w * x),
    "comes from logits without their linear term": chain(l=lambda x, u, w, c: u * x**2 + c),
    "comes from logits whose w isn't multiplied with x": chain(l=lambda x, u, w, c: u * x**2 + w + c),
    "comes from samples with the wrong sign before b": chain(x=lambda a, b, z: a * z - b),
    "comes from samples with the wrong sign before a": chain(x=lambda a, b, z: b - a * z),
    "comes from logits with the wrong sign before c": chain(l=lambda x, u, w, c: u * x**2 + w * x - c),
    "comes from logits with the wrong sign before w": chain(l=lambda x, u, w, c: u * x**2 - w * x + c),
    "comes from logits with the wrong sign before u": chain(l=lambda x, u, w, c: w * x - u * x**2 + c),
    "comes from logits with u and w exchanged": chain(l=lambda x, u, w, c: w * x**2 + u * x + c),
    **{f"is what logits clipped to ±{limit} give; softplus and σ take any logit": chain(
        l=lambda x, u, w, c, limit=limit: np.clip(u * x**2 + w * x + c, -limit, limit))
       for limit in (10, 15, 20, 30, 50, 88, 100, 500)},
    "comes from logits without the square": chain(l=lambda x, u, w, c: u * x + w * x + c),
    "comes from logits with (u x)²; only x is squared": chain(l=lambda x, u, w, c: (u * x) ** 2 + w * x + c),
    "lacks the slope of the parabola: the chain has a link between the logit and the sample": chain(
        slope=lambda x, u, w: 1),
    "has a slope without the part of the linear term": chain(slope=lambda x, u, w: 2 * u * x),
    "has a slope without the part of the square": chain(slope=lambda x, u, w: w),
    "has a slope whose square isn't differentiated properly: a factor is missing": chain(
        slope=lambda x, u, w: u * x + w),
    "has a slope in which u is missing": chain(slope=lambda x, u, w: 2 * x + w),
    "has a slope in which x is missing": chain(slope=lambda x, u, w: 2 * u + w),
    "has a slope in which the linear term isn't differentiated": chain(slope=lambda x, u, w: 2 * u * x + w * x),
    "has a slope with c in it": with_slope(lambda x, l, z, u, w: 2 * u * x + w + l - u * x**2 - w * x),
    "has a slope whose linear part is doubled": chain(slope=lambda x, u, w: 2 * (u * x + w)),
    "has a slope whose linear part is multiplied with what belongs to the square alone: brackets": chain(
        slope=lambda x, u, w: 2 * u * (x + w)),
    "has a slope whose terms keep their powers of x": chain(slope=lambda x, u, w: 2 * u * x**2 + w * x),
    "has a slope whose square isn't differentiated at all": chain(slope=lambda x, u, w: u * x**2 + w),
    "has the second derivative of the parabola where its slope belongs": chain(slope=lambda x, u, w: 2 * u),
    "has a slope with the wrong sign of its linear part": chain(slope=lambda x, u, w: 2 * u * x - w),
    "has a slope in which w is missing, though a 1 is left of its term": chain(slope=lambda x, u, w: 2 * u * x + 1),
    "has a slope in which u is squared": chain(slope=lambda x, u, w: 2 * u**2 * x + w),
    "has a slope with a factor 3 in the part of the square": chain(slope=lambda x, u, w: 3 * u * x + w),
    "has a slope that is divided where it should be multiplied": chain(slope=lambda x, u, w: 1 / (2 * u * x + w)),
    "has a slope with the square of x in it": chain(slope=lambda x, u, w: 2 * u * x**2 + w),
    "has the parabola itself where its slope belongs": chain(slope=lambda x, u, w: u * x**2 + w * x),
    "has the slope at the wrong place: x, not z, is what D sees": with_slope(lambda x, l, z, u, w: 2 * u * z + w),
    "has the logit where the slope of the parabola belongs": with_slope(lambda x, l, z, u, w: l),
    "lacks z: how far does a sample move when a grows a little?": chain(da=lambda dx, z: dx.sum()),
    "has the square of z": chain(da=lambda dx, z: (dx * z**2).sum()),
    "has x where z belongs: how far does a sample move when a grows a little?": lambda *t: of_all(
        *t, lambda x, slope, dl: (None, (dl * slope * x).sum(), None)),
    "has a factor a: that belongs to the derivative by z, which nobody needs": lambda *t: of_all(
        *t, lambda x, slope, dl: (None, t[0] * (dl * slope * t[5]).sum(), t[0] * (dl * slope).sum())),
    "has a where z belongs: how far does a sample move when a grows a little?": lambda *t: of_all(
        *t, lambda x, slope, dl: (None, t[0] * (dl * slope).sum(), None)),
    "has a factor z: how far does a sample move when b grows a little?": chain(db=lambda dx, z: (dx * z).sum()),
    "has a factor b: how far does a sample move when b grows a little?": lambda *t: of_all(
        *t, lambda x, slope, dl: (None, None, t[1] * (dl * slope).sum())),
    "multiplies a sum and a mean; each sample's gradient belongs to its own z": chain(
        da=lambda dx, z: dx.sum() * z.mean()),
    "multiplies sums; each sample's gradient belongs to its own z": chain(da=lambda dx, z: dx.sum() * z.sum()),
    "has the mean of all slopes; each sample has its own": lambda *t: of_all(
        *t, lambda x, slope, dl: (None, slope.mean() * (dl * t[5]).sum(), None)),
    "multiplies means; each sample's gradient belongs to its own slope and its own z": lambda *t: of_all(
        *t, lambda x, slope, dl: (None, dl.sum() * slope.mean() * t[5].mean(), None)),
    "multiplies the mean gradient of the logits with the mean slope; each sample has its own": lambda *t: of_all(
        *t, lambda x, slope, dl: (None, dl.sum() * (slope * t[5]).mean(), dl.sum() * slope.mean())),
    "is a gradient with respect to D's parameters u and w; it is G that is trained here": lambda *t: of_all(
        *t, lambda x, slope, dl: (None, (dl * x**2).sum(), (dl * x).sum())),
    "combines each gradient with the slopes of all samples: shapes (N, 1) and (N,) broadcast to (N, N)":
        lambda *t: of_all(*t, lambda x, slope, dl: (None, dl.sum() * (slope * t[5]).sum(), dl.sum() * slope.sum())),
    "takes the gradient at the mean logit; each sample has its own logit": chain(
        dl=lambda l: (sigmoid(l.mean()) - 1) / l.size + 0 * l),
    **{f"is a difference quotient from {words} with h = {h:g}; the chain rule gives the gradient exactly":
       lambda *t, h=h, up=up, down=down: quotients(h, up, down, *t)
       for words, up, down, steps in (("one point to a larger one", 1, 0, (0.1, 0.01, 1e-3, 1e-4, 1e-5)),
                                     ("a smaller point to a larger one", 1, 1, (0.1, 0.01)))
       for h in steps},
    "counts the first sample only": chain(da=lambda dx, z: dx[0] * z[0], db=lambda dx, z: dx[0]),
    "counts the last sample only: = in place of +=?": chain(da=lambda dx, z: dx[-1] * z[-1], db=lambda dx, z: dx[-1]),
    "lacks the last sample: does a loop end too early?": chain(
        da=lambda dx, z: (dx * z)[:-1].sum(), db=lambda dx, z: dx[:-1].sum()),
    "lacks the link from the loss to the logit": chain(dl=lambda l: 1 / l.size),
    "is the gradient with respect to the probability; carry it through the sigmoid to the logit": chain(
        dl=lambda l: -1 / sigmoid(l) / l.size),
    "is the derivative of σ where that of −log σ belongs": chain(dl=lambda l: sigmoid(l) * sigmoid(-l) / l.size),
    "is minus the derivative of σ where that of −log σ belongs": chain(dl=lambda l: -sigmoid(l) * sigmoid(-l) / l.size),
    "has the loss where its derivative belongs": chain(dl=lambda l: -softplus(-l) / l.size),
    "has softplus where its derivative belongs": chain(dl=lambda l: softplus(-l) / l.size),
    "lacks brackets around a difference: only a part of it is divided by N": chain(
        dl=lambda l: sigmoid(l) - 1 / l.size),
    "has a factor σ(1 − σ) too much": chain(dl=lambda l: (sigmoid(l) - 1) * sigmoid(l) * sigmoid(-l) / l.size)}

check.add(smallest_generator, "loss, da, db", {
    "": smallest, "logits up to ±1000": far_logits, "u = 0": lambda rng: smallest(rng, u=0.0),
    "one sample": lambda rng: smallest(rng, 1)},
    "three links: the loss by the logit, the logit by the sample, the sample by the parameter (lecture 01, eq. 11)",
    tolerance=1e-6, shares={"loss": 2, "da": 2, "db": 2}, mistakes=SMALLEST,
    hidden=[(2.0, 1.0, -0.5, 1.0, 0.25, np.float64([-1, 0, 2])), (1.0, 0.0, 0.0, 0.0, 0.0, np.float64([1, 2])),
            far_logits])


# --- Algorithm 1 ------------------------------------------------------------------------------------------------------

def discriminator_step(G, D, opt_D, x, z):
    return d_step_with()(G, D, opt_D, x, z)


def same(d, l):
    return d


def d_step_with(real=same, fake=same):
    """D's step with wrong gradients: functions of (its right gradient, the logits)."""
    def step(G, D, opt_D, x, z):
        (l_real, tape_real), (l_fake, tape_fake) = D.forward(x), D.forward(G(z))
        loss, d_real, d_fake = Minimax().discriminator(l_real, l_fake)
        D.backward(real(d_real, l_real), tape_real)
        D.backward(fake(d_fake, l_fake), tape_fake)
        opt_D.step()
        return loss
    return step


def one_by_one(G, D, opt_D, x, z):
    """A step for the real samples and one for the fakes."""
    for batch, target in ((x, 1.0), (G(z), 0.0)):
        l, tape = D.forward(batch)
        D.backward(bce_with_logits(l, target)[1], tape)
        opt_D.step()


def pooled_step(G, D, opt_D, x, z):
    both = len(x) + len(z)
    return d_step_with(lambda d, l: d * l.size / both, lambda d, l: d * l.size / both)(G, D, opt_D, x, z)


def pooled_loss(G, D, opt_D, x, z):
    return bce_with_logits(np.concatenate([D(x), D(G(z))]), np.float32([[1]] * len(x) + [[0]] * len(z)))[0]


def after(step, loss):
    """The loss once the step is made."""
    return lambda *args: (step(*args), loss(*args))[1]


def d_loss(G, D, opt_D, x, z):
    return Minimax().discriminator(D(x), D(G(z)))[0]


# what people do to a gradient of logits
turned, nothing, twice, summed, shrunk = (
    lambda d, l: -d, lambda d, l: 0 * d, lambda d, l: 2 * d, lambda d, l: d * l.size, lambda d, l: d / l.size)
to_real, to_fake = lambda d, l: (sigmoid(l) - 1) / l.size, lambda d, l: sigmoid(l) / l.size
slope_of_sigmoid = lambda d, l: d * sigmoid(l) * sigmoid(-l)  # noqa: E731


def from_probabilities(d, l):
    """The gradient of the loss of σ(σ(l)), taken for that of l."""
    return (sigmoid(sigmoid(l)) - (d < 0)) / l.size


D_MISSTEPS = {
    "D is trained on the real samples only: the fakes' gradients are missing, or gone, when the step is taken":
        d_step_with(fake=nothing),
    "D is trained on the fakes only: the real samples' gradients are missing, or gone, when the step is taken":
        d_step_with(real=nothing),
    "D moves the wrong way for the fakes: a sign, or their label": d_step_with(fake=turned),
    "D moves the wrong way for the real samples: a sign, or their label": d_step_with(real=turned),
    "D moves the wrong way for both: a sign, or real and fake exchanged": d_step_with(turned, turned),
    "the real samples' gradients count twice": d_step_with(real=twice),
    "the fakes' gradients count twice": d_step_with(fake=twice),
    "the gradients are summed over each batch; they should be averaged": d_step_with(summed, summed),
    "the gradients are divided by the batch size once too often": d_step_with(shrunk, shrunk),
    "the fakes' gradient is that of G's loss; D wants its fakes told from real samples": d_step_with(fake=to_real),
    "D makes a step for the real samples and another one for the fakes; the loss has both, so it is one step":
        one_by_one,
    "the loss is given probabilities; it wants the logits": d_step_with(from_probabilities, from_probabilities),
    "the step is made by a new Adam with the learning rate of the given optimizer, which must make it itself":
        lambda G, D, o, x, z: discriminator_step(G, D, Adam(D.params, o.lr), x, z),
    "the step is made with gradients of 0: is a backward pass missing, is weights=False in it, or were they cleared?":
        d_step_with(nothing, nothing),
    "the gradients have a factor σ(1 − σ) too much: the loss's gradients belong to the logits already":
        d_step_with(slope_of_sigmoid, slope_of_sigmoid),
    "the gradients are averaged over both batches together; each batch has its own mean": pooled_step,
    "the two gradients are swapped": d_step_with(to_fake, to_real),
    "the step is made by a new Adam with lr = 0.001; the optimizer that is given must make it":
        lambda G, D, o, x, z: discriminator_step(G, D, Adam(D.params, 1e-3), x, z),
    "the optimizer makes two steps": lambda G, D, o, x, z: (discriminator_step(G, D, o, x, z), o.step()),
    "the gradients are summed over the fakes; they should be averaged": d_step_with(fake=summed),
    "the gradients are summed over the real samples; they should be averaged": d_step_with(real=summed),
    "the fakes stand in for the real samples": lambda G, D, o, x, z: discriminator_step(G, D, o, G(z), z),
    "the real samples stand in for the fakes":
        lambda G, D, o, x, z: discriminator_step(lambda z: x, D, o, x, z)}


def d_step_inputs(rng, optimizer=sgd):
    G, D = networks(rng)
    own_gradients(G, rng)
    n, m = two_sizes(rng)
    return G, D, optimizer(D, rng), normal(rng, n, 3) + 1, normal(rng, m, 2)


check.add(discriminator_step, "loss", {
    "": d_step_inputs, "another optimizer, Adam": lambda rng: d_step_inputs(rng, adam)},
    "D on real, D on G(z), the loss's two gradients, two backward passes, one step (lecture 01, Algorithm 1)",
    shares={"loss": 1, "D": 3}, updates=("D",), missteps=D_MISSTEPS, mistakes={
        "is computed after the update; return the one before it": after(discriminator_step, d_loss),
        "is V; D's loss is −V": lambda *t: -d_loss(*t),
        "is half of D's loss: the two means are added, not averaged": lambda *t: d_loss(*t) / 2,
        "is the generator's loss": lambda G, D, o, x, z: NonSaturating().generator(D(G(z)))[0],
        "is that of probabilities; the loss wants the logits":
            lambda G, D, o, x, z: Minimax().discriminator(sigmoid(D(x)), sigmoid(D(G(z))))[0],
        "is the mean over both batches together; each batch has its own mean": pooled_loss,
        "counts the real samples only": lambda G, D, o, x, z: bce_with_logits(D(x), 1.0)[0],
        "counts the fakes only": lambda G, D, o, x, z: bce_with_logits(D(G(z)), 0.0)[0],
        "has the fakes in place of the real samples": lambda G, D, o, x, z: d_loss(G, D, o, G(z), z),
        "has the labels exchanged: real is 1, fake 0":
            lambda G, D, o, x, z: Minimax().discriminator(-D(x), -D(G(z)))[0]})


def generator_step(G, D, opt_G, z):
    return g_step_with()(G, D, opt_G, z)


def g_step_with(gradient=same, on_the_way=same):
    """G's step with a wrong gradient: of (the right one, the logits), and of (the one of its samples, the samples)."""
    def step(G, D, opt_G, z):
        x_fake, tape_G = G.forward(z)
        l_fake, tape_D = D.forward(x_fake)
        loss, d_fake = NonSaturating().generator(l_fake)
        G.backward(on_the_way(D.backward(gradient(d_fake, l_fake), tape_D, weights=False), x_fake), tape_G)
        opt_G.step()
        return loss
    return step


def g_loss(loss):
    """A wrong loss, a function of the logits."""
    return lambda G, D, opt_G, z: loss(D(G(z)))


def only_first(d, l):
    return d * (np.arange(len(d)) == 0)[:, None]


G_MISSTEPS = {
    "G moves the wrong way: a sign": g_step_with(turned),
    "G's gradient is that of the minimax loss; use the non-saturating one": g_step_with(lambda d, l: -to_fake(d, l)),
    "G's gradient is that of D's loss: G wants its samples taken for real": g_step_with(to_fake),
    "G's gradient is summed over the batch; it should be averaged": g_step_with(summed),
    "G's gradient is divided by the batch size once too often": g_step_with(shrunk),
    "the loss is given probabilities; it wants the logits": g_step_with(from_probabilities),
    "the step is made by a new Adam with the learning rate of the given optimizer, which must make it itself":
        lambda G, D, o, z: generator_step(G, D, Adam(G.params, o.lr), z),
    "the step is made with gradients of 0: is a backward pass missing, is weights=False in it, or were they cleared?":
        g_step_with(nothing),
    "the gradient has a factor σ(1 − σ) too much: the loss's gradient belongs to the logits already":
        g_step_with(slope_of_sigmoid),
    "the gradient belongs to the probabilities; D.backward needs the one of the logits":
        g_step_with(lambda d, l: -1 / sigmoid(l) / l.size),
    "the loss itself goes back through D; its gradient belongs there":
        g_step_with(lambda d, l: np.full_like(l, softplus(-l).mean())),
    "the logits go back through D; the gradient of the loss belongs there": g_step_with(lambda d, l: l),
    "a gradient of 1 goes back through D; the gradient of the loss belongs there":
        g_step_with(lambda d, l: np.ones_like(l)),
    "G climbs the mean of D's logits: the gradient of the loss is missing": g_step_with(
        lambda d, l: -np.ones_like(l) / l.size),
    "the step is made by a new Adam with lr = 0.001; the optimizer that is given must make it":
        lambda G, D, o, z: generator_step(G, D, Adam(G.params, 1e-3), z),
    "the optimizer makes two steps": lambda G, D, o, z: (generator_step(G, D, o, z), o.step()),
    "only the first sample counts": g_step_with(only_first),
    "the gradient is multiplied with G's samples on its way; D.backward returns what G.backward needs":
        g_step_with(on_the_way=lambda dx, x: dx * x),
    "G's samples go back through G; the gradient that D.backward returns belongs there":
        g_step_with(on_the_way=lambda dx, x: x),
    "G's gradient counts twice": g_step_with(twice)}


def g_step_inputs(rng, optimizer=sgd):
    G, D = networks(rng)
    own_gradients(D, rng)
    return G, D, optimizer(G, rng), normal(rng, int(rng.integers(3, 9)), 2)


def planted_step(G, D, opt_G, z):
    """The step with the bug that students find: D's gradients aren't left alone."""
    x_fake, tape_G = G.forward(z)
    l_fake, tape_D = D.forward(x_fake)
    loss, d_fake = NonSaturating().generator(l_fake)
    G.backward(D.backward(d_fake, tape_D), tape_G)
    opt_G.step()
    return loss


check.add(generator_step, "loss", {
    "": g_step_inputs, "another optimizer, Adam": lambda rng: g_step_inputs(rng, adam)},
    "G forward, D forward, the loss's gradient back through D, then through G, one step of G (lecture 01, Algorithm 1)",
    shares={"loss": 1, "G": 2}, updates=("G",), planted=planted_step, missteps=G_MISSTEPS, mistakes={
        "is computed after the update; return the one before it": after(
            generator_step, g_loss(lambda l: softplus(-l).mean())),
        "is that of probabilities; the loss wants the logits": g_loss(lambda l: softplus(-sigmoid(l)).mean()),
        "is the minimax loss; use the non-saturating one": g_loss(lambda l: -softplus(l).mean()),
        "is that of fakes labelled as fakes: G wants them taken for real": g_loss(lambda l: softplus(l).mean()),
        "has its sign flipped: it is mean log σ(l)": g_loss(lambda l: -softplus(-l).mean()),
        "is the sum over the batch, not the mean": g_loss(lambda l: softplus(-l).sum()),
        "is the mean of the logits": g_loss(lambda l: l.mean()),
        "is made of probabilities, without a logarithm": g_loss(lambda l: -sigmoid(l).mean()),
        "is D's loss, with the fakes in the place of the real samples, too": g_loss(
            lambda l: (softplus(-l) + softplus(l)).mean())})
