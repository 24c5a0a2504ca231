"""References, inputs and typical mistakes for exercise e05, data."""
from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from gan_scratch.classroom.check import Checks
from gan_scratch.data import load
from gan_scratch.experiments.dirty_emoji import CHANGES

check = Checks()


def uniform(rng, low, high, *shape):
    return rng.uniform(low, high, shape).astype(np.float32)


# --- to the unit range ------------------------------------------------------------------------------------------------


def to_unit_range(a):
    if a.dtype.kind == "f":
        return (2 * a - 1).astype(np.float32)
    top = 1 if a.dtype == bool else np.iinfo(a.dtype).max
    return (a / (top / 2) - 1).astype(np.float32)


KINDS = {"bytes": np.uint8, "16 bits": np.uint16, "True and False": np.bool_, "floats": np.float64}


def pixels(kind):
    """A picture of this type that uses only a part of its range."""
    def draw(rng):
        shape = rng.integers(3, 6), rng.integers(6, 9), 3
        if kind == "True and False":
            return (rng.random(shape) < 0.4,)
        part = rng.uniform(0.05, 0.7, shape)
        return (part if kind == "floats" else (part * np.iinfo(KINDS[kind]).max).astype(KINDS[kind]),)

    return draw


def top_of(a):
    return 1 if a.dtype.kind in "fb" else np.iinfo(a.dtype).max


def brought(x, low=0.0):
    """x with its smallest and its largest number brought to −1 and 1."""
    x = x.astype(float)
    return 2 * (x - x.min()) / np.ptp(x) - 1


RANGES = {
    "is divided by the picture's own largest number, not by that of its type": lambda a: 2 * (a / a.max()) - 1,
    "has the picture's own smallest and largest number brought to −1 and 1; a dark picture has to stay dark": brought,
    "is divided as if all pictures were bytes": lambda a: a / 127.5 - 1,
    "is divided as if all numbers were bytes, and lies in [0, 1]": lambda a: a / 255,
    "reaches from 0 to 1; the interval is [−1, 1]": lambda a: a / top_of(a),
    "is divided by one more than the largest number of its type": lambda a: a / ((top_of(a) + 1) / 2) - 1,
    "is divided by the largest number of its type, not by half of it": lambda a: a / top_of(a) - 1,
    "reaches from −½ to ½": lambda a: a / top_of(a) - 0.5,
    "is computed in the picture's own type, where it wraps around or loses what is behind the comma":
        lambda a: (a * a.dtype.type(2)) / top_of(a) - 1 if a.dtype.kind == "u" else 2 * a.astype(float) - 1,
    "is cut to whole numbers before 1 is subtracted: is it // in place of /?": lambda a: a // (top_of(a) / 2) - 1,
    "is as it came": lambda a: a.astype(float),
    "is standardised, with the picture's own mean and spread": lambda a: (a - a.mean()) / a.std(),
    "has its sign exchanged: black and white are swapped": lambda a: 1 - a / (top_of(a) / 2),
}


def telling(formula: Callable, kind: str) -> bool:
    """Whether pictures of this type tell a mistake from the right answer, and from those that stand before it."""
    a, = pixels(kind)(np.random.default_rng(0))
    before = list(RANGES.values())[:list(RANGES.values()).index(formula)]
    return not any(np.allclose(formula(a), other(a), 0, 5e-6) for other in [to_unit_range, *before])


def for_one_kind(kind: str, formula: Callable) -> Callable:
    """The mistake in pictures of one type only."""
    return lambda a: formula(a) if a.dtype == KINDS[kind] else to_unit_range(a)


check.add(
    to_unit_range, "x", {"": pixels("bytes"), **{name: pixels(name) for name in list(KINDS)[1:]}},
    "which numbers the type of a picture can hold (lecture 05, eq. 2)", tolerance=5e-6,
    hidden=[(np.uint8([[[0, 255]]]),), pixels("16 bits"), (np.float32([[[0, 0.25, 1]]]),)],
    mistakes=RANGES | {f"{text} (in pictures of {kind})": for_one_kind(kind, formula)
                       for text, formula in RANGES.items() for kind in KINDS if telling(formula, kind)})


# --- to a square ------------------------------------------------------------------------------------------------------


def square(image, size):
    H, W, C = image.shape
    k = min(H, W) // size
    side = k * size
    top, left = (H - side) // 2, (W - side) // 2
    middle = image[top:top + side, left:left + side]
    return middle.reshape(size, k, size, k, C).mean(axis=(1, 3))


def rectangle(wide, k=3, spare=1):
    """A picture whose shorter side is k·size + spare."""
    def draw(rng):
        size, long = int(rng.integers(3, 6)), int(rng.integers(6, 11))
        short = k * size + min(spare, size - 1)
        shape = (short, short + long) if wide else (short + long, short)
        return uniform(rng, -1, 1, *shape, 3), size

    return draw


def block(image, size, reduce=np.mean, at=None, crop="middle", k=None):
    """The shrunk square by other rules: what is done with a block, which pixel of it is taken, where the square lies."""
    H, W, C = image.shape
    k = min(H, W) // size if k is None else k
    rest = np.array([H - k * size, W - k * size])
    top, left = {"middle": rest // 2, "first": 0 * rest, "last": rest, "rounded up": (rest + 1) // 2}[crop]
    blocks = image[top:top + k * size, left:left + k * size].reshape(size, k, size, k, C)
    return blocks[:, at, :, at] if at is not None else reduce(blocks, axis=(1, 3))


def stretched(image, size):
    H, W, C = image.shape
    h, w = H // size, W // size
    return image[:h * size, :w * size].reshape(size, h, size, w, C).mean(axis=(1, 3))


def nearest(image, size, crop=True):
    """The pixels nearest to evenly spaced places."""
    H, W, _ = image.shape
    side = min(H, W)
    picture = image[(H - side) // 2:, (W - side) // 2:][:side, :side] if crop else image
    rows, columns = (np.arange(size) * n // size for n in picture.shape[:2])
    return picture[rows][:, columns]


check.add(
    square, "small", {"": rectangle(True), "an upright picture": rectangle(False), "a picture of the right height":
                      rectangle(True, k=1, spare=0), "a margin that can't be halved": rectangle(True, k=2, spare=1)},
    "what the mean of each block of k × k pixels does, and a pixel of each block doesn't (lecture 05, eq. 4)",
    hidden=[rectangle(False, k=4, spare=2), rectangle(True, k=1, spare=1)],
    mistakes={
        "is one pixel of each block, the first one: fine stripes come back as coarse ones": lambda i, s: block(i, s, at=0),
        "is one pixel of each block, the middle one: fine stripes come back as coarse ones":
            lambda i, s: block(i, s, at=min(i.shape[:2]) // s // 2),
        "is one pixel of each block, and cut from the upper left corner": lambda i, s: block(i, s, at=0, crop="first"),
        "is the nearest pixel to each place: fine stripes come back as coarse ones": nearest,
        "is squeezed to a square: the proportions of the picture change": stretched,
        "is squeezed to a square, and one pixel of each block": lambda i, s: nearest(i, s, crop=False),
        "is cut from the upper left corner, not from the middle": lambda i, s: block(i, s, crop="first"),
        "is cut from the lower right corner, not from the middle": lambda i, s: block(i, s, crop="last"),
        "has a margin of which the larger part is cut off above and on the left": lambda i, s: block(i, s, crop="rounded up"),
        "is cut out without being shrunk": lambda i, s: block(i, s, k=1),
        "is a sum over each block, not a mean": lambda i, s: block(i, s, np.sum),
        "is the largest number of each block, not the mean": lambda i, s: block(i, s, np.max),
        "is the median of each block, not the mean": lambda i, s: block(i, s, np.median),
        "has its rows and columns exchanged": lambda i, s: square(i, s).swapaxes(0, 1),
        "has its colours averaged as well; each has its own mean":
            lambda i, s: np.repeat(square(i, s).mean(2, keepdims=True), 3, axis=2),
    })


# --- damaged pictures -------------------------------------------------------------------------------------------------


def spans(images):
    """How far each channel of each picture reaches: (N, C)."""
    return images.max(axis=(1, 2)) - images.min(axis=(1, 2))


RULES = {
    "NaN and infinite numbers": lambda images: ~np.isfinite(images).all(axis=(1, 2, 3)),
    "numbers outside [−1, 1]": lambda images: (np.abs(images) > 1).any(axis=(1, 2, 3)),
    "flat pictures": lambda images: (spans(images) <= 0.1).all(axis=1),
    "pictures whose end is missing": lambda images: (spans(images[:, images.shape[1] // 2:]) == 0).all(axis=1),
}


def find_damaged(images):
    return np.any([rule(images) for rule in RULES.values()], axis=0)


def album(*faults):
    """Seven sound pictures, among them some that look damaged to a hasty rule, and two damaged ones of each kind."""
    def draw(rng):
        h, w = 2 * int(rng.integers(3, 5)), int(rng.integers(5, 9))
        images = uniform(rng, -0.9, 0.9, 7 + 2 * len(faults), h, w, 3)
        images[1] = 0.1 * images[1] - 0.85  # dark
        images[2, -1] = 1  # with a white lower edge
        images[3, ..., 2] = -0.4  # with a channel that is constant
        images[4, :h // 2] = 0.5  # a plain sky
        images[5, :, w // 2:] = 0.5  # a plain right half
        for i, fault in enumerate(np.repeat(faults, 2), 7):
            spoil(images[i], fault, rng)
        return (images[rng.permutation(len(images))],)

    return draw


def spoil(image, fault, rng):
    """Damage a picture (H, W, 3) in one of several ways."""
    h, w, _ = image.shape
    place = rng.integers(h), rng.integers(w), rng.integers(3)
    if fault == "NaN":
        image[place] = np.nan
    elif fault == "infinite":
        image[place] = rng.choice([-np.inf, np.inf])
    elif fault == "outside":
        image[place] = rng.choice([-1, 1]) * rng.uniform(1.1, 2)
    elif fault == "nearly constant":
        image[:] = 0.04 * image + 0.3
    elif fault == "nearly one colour":
        image[:] = 0.04 * image + rng.permutation([-0.7, 0.1, 0.8]).astype(np.float32)
    elif fault == "cut off":
        image[h // 2:] = rng.choice([-1, 0, 1])
    elif fault == "cut off by a colour":
        image[h // 2 - 1:] = uniform(rng, -0.9, 0.9, 3)


EACH = ("NaN", "infinite", "outside", "nearly constant", "nearly one colour", "cut off", "cut off by a colour")


def without(*missing):
    """The answer without some of the rules."""
    return lambda images: np.any([np.zeros(len(images), bool)] + [
        rule(images) for name, rule in RULES.items() if name not in missing], axis=0)


def instead(name, rule):
    """The answer with another rule in the place of one."""
    return lambda images: np.any([r(images) for n, r in RULES.items() if n != name] + [rule(images)], axis=0)


def over_all(images):
    return images.max(axis=(1, 2, 3)) - images.min(axis=(1, 2, 3))


check.add(
    find_damaged, "damaged",
    {"": album("NaN", "outside", "nearly constant", "cut off"), "only sound pictures": album(),
     **{f"damage: {fault}": album(fault) for fault in EACH}},
    "the four kinds of damage that the task lists", hidden=[album(*EACH), album("cut off by a colour", "nearly one colour")],
    mistakes={
        **{f"misses {name}": without(name) for name in RULES},
        **{f"misses {a} and {b}": without(a, b) for k, a in enumerate(RULES) for b in list(RULES)[k + 1:]},
        **{f"finds nothing but {name}": without(*(set(RULES) - {name})) for name in RULES},
        "finds what is too large but not what is too small":
            instead("numbers outside [−1, 1]", lambda x: (x > 1).any(axis=(1, 2, 3))),
        "takes a picture of a single strong colour for sound: the span is one over all channels together":
            instead("flat pictures", lambda x: over_all(x) <= 0.1),
        "takes a picture for flat as soon as one channel is":
            instead("flat pictures", lambda x: (spans(x) <= 0.1).any(axis=1)),
        "takes dark pictures for flat: is it the mean or the spread in place of the span?":
            instead("flat pictures", lambda x: (x.std(axis=(1, 2)) <= 0.1).all(axis=1)),
        "takes a picture with one white row at its lower edge for cut off":
            instead("pictures whose end is missing", lambda x: (spans(x[:, -1:]) == 0).all(axis=1)),
        "looks for a missing end in the upper half":
            instead("pictures whose end is missing", lambda x: (spans(x[:, :x.shape[1] // 2]) == 0).all(axis=1)),
        "looks for a missing end in the right half: axis 1 is the height":
            instead("pictures whose end is missing", lambda x: (spans(x[:, :, x.shape[2] // 2:]) == 0).all(axis=1)),
        "overlooks a missing end unless it is grey, black or white: every channel may have its own number":
            instead("pictures whose end is missing", lambda x: over_all(x[:, x.shape[1] // 2:]) == 0),
        "marks the sound pictures; the damaged ones are asked for": lambda x: ~find_damaged(x),
        "marks every picture": lambda x: np.ones(len(x), bool),
        "gives all pictures the same answer: one damaged one spoils them all":
            lambda x: np.full(len(x), find_damaged(x).any()),
    })


# --- near-duplicates --------------------------------------------------------------------------------------------------


MISSES, ALARMS, BITS = 0.05, 0.01, 256  # the bounds of the task


def near_duplicates(images):
    blocks = images.reshape(len(images), 8, 4, 8, 4, 3).mean(axis=(2, 4))  # (N, 8, 8, 3)
    codes = blocks > blocks.mean(axis=(1, 2, 3), keepdims=True)
    return codes.reshape(len(images), -1), 14


@lru_cache
def originals(style):
    """Emoji of one style of which no two are nearly alike: (n, 32, 32, 3)."""
    emoji = load("emoji_faces")
    images = emoji.images if style == "noto" else emoji.extra["twemoji"]
    coarse = images.reshape(len(images), 4, 8, 4, 8, 3).mean(axis=(2, 4)).reshape(len(images), -1)
    chosen: list[int] = []
    for i, x in enumerate(coarse):
        if all(np.sqrt(((x - coarse[j]) ** 2).mean()) > 0.12 for j in chosen):
            chosen.append(i)
    return images[chosen]


WHENCE: dict[bytes, tuple[int, str]] = {}  # a drawn picture's bytes -> its original, and what was done to it


def copies(style, n):
    """n originals and two changed copies of each, in any order."""
    def draw(rng):
        pool = originals(style)
        images = []
        for i in rng.choice(len(pool), n, replace=False):
            for change in ["none", *rng.choice(list(CHANGES), 2, replace=False)]:
                x = pool[i] if change == "none" else CHANGES[change](pool[i], rng)
                images.append(np.ascontiguousarray(x, np.float32))
                WHENCE[images[-1].tobytes()] = (hash(style) + int(i), change)
        return (np.stack(images)[rng.permutation(len(images))],)

    return draw


def judge_codes(value, images):
    """What is wrong with codes and a threshold; None if both errors are within their bounds."""
    if fault := wrong_codes(value, len(images)):
        return f"it {fault}"
    codes, most = np.asarray(value[0]), int(value[1])
    whence = [WHENCE[x.tobytes()] for x in images]
    origin, change = np.array([i for i, _ in whence]), np.array([c for _, c in whence])
    first, second = np.triu_indices(len(images), 1)
    apart = (codes[:, None] != codes).sum(axis=2)[first, second]
    copy = origin[first] == origin[second]
    missed, alarms = (apart[copy] > most).mean(), (apart[~copy] <= most).mean()
    if missed <= MISSES and alarms <= ALARMS:
        return None
    said = [f"misses {missed:.0%} of the pairs of copies, and {MISSES:.0%} are allowed"
            f"{worst(copy & (apart > most), copy, change, first, second)}"] if missed > MISSES else []
    said += [f"calls {alarms:.1%} of the other pairs copies, and {ALARMS:.0%} are allowed"] if alarms > ALARMS else []
    possible = [t for t in range(codes.shape[1])
                if (apart[copy] > t).mean() <= MISSES and (apart[~copy] <= t).mean() <= ALARMS]
    remedy = ("with these codes another threshold would keep both bounds" if possible else
              "no threshold keeps both bounds with these codes: they have to change less from copy to copy, or differ "
              "more from picture to picture")
    return f"it {' and '.join(said)}; {remedy}"


def worst(missed, copy, change, first, second):
    """Words about the change with which most copies are missed."""
    rates = {}
    for name in CHANGES:
        involved = copy & ((change[first] == name) | (change[second] == name))
        rates[name] = missed[involved].mean() if involved.any() else 0
    name = max(rates, key=rates.get)
    others = np.mean([rate for other, rate in rates.items() if other != name])
    return f" (most often where one of the two is {name})" if rates[name] > 1.5 * others else ""


def wrong_codes(value, n):
    """What is wrong with the form of an answer; "" if nothing is."""
    if value is None:
        return "returns None. Does it end with a `return`?"
    if not isinstance(value, tuple) or len(value) != 2:
        return "returns something else than two things, codes and most"
    codes, most = value
    if not isinstance(codes, np.ndarray) or codes.ndim != 2 or len(codes) != n:
        shape = f"an array of shape {codes.shape}" if isinstance(codes, np.ndarray) else f"a {type(codes).__name__}"
        return f"returns as codes {shape}; expected is a row of bits for each picture, (N, b)"
    if codes.dtype != bool:
        return f"returns codes of {codes.dtype}; bits are expected, True or False"
    if not 1 <= codes.shape[1] <= BITS:
        return f"uses {codes.shape[1]} bits for a picture, and {BITS} are allowed"
    if not isinstance(most, (int, np.integer)) or isinstance(most, bool):
        return f"returns as most {most!r}; a whole number of bits is expected"
    if n > 1 and (codes == codes[0]).all():
        return "gives all pictures the same code"
    return ""


check.add(near_duplicates, "codes, most", {"": copies("noto", 60), "another style of drawing": copies("twemoji", 60)},
          "the two kinds of errors that a code makes (lecture 05, section 6)", judge=judge_codes,
          hidden=[copies("noto", 60), copies("twemoji", 70)])


# --- groups -----------------------------------------------------------------------------------------------------------


def groups_of(names, pairs):
    group = np.arange(len(names))
    linked = [*pairs, *((names.index(name), i) for i, name in enumerate(names))]
    while True:
        before = group.copy()
        for i, j in linked:
            group[i] = group[j] = min(group[i], group[j])
        if (group == before).all():
            return group


def gathered(n_pairs, persons, far=False):
    """Names of the persons in some pictures, and pairs of near-duplicates; `far`: the chains are long."""
    def draw(rng):
        n = int(rng.integers(9, 13))
        names = [f"person {k}" for k in rng.integers(0, persons, n)] if persons else [f"person {k}" for k in range(n)]
        if far:
            chain = rng.permutation(n)[:n_pairs + 1]
            pairs = np.stack([chain[:-1], chain[1:]], 1)
            pairs = pairs[rng.permutation(len(pairs))]
        else:
            pairs = np.array([rng.choice(n, 2, replace=False) for _ in range(n_pairs)], np.int64).reshape(-1, 2)
        return names, pairs

    return draw


def direct(names, pairs, least=min):
    """Only what is linked directly, in one pass."""
    group = np.arange(len(names))
    for i, j in [*pairs, *((names.index(name), i) for i, name in enumerate(names))]:
        group[i] = group[j] = least(group[i], group[j])
    return group


def neighbours(names, pairs):
    """The smallest index among the direct partners of each picture."""
    group = np.arange(len(names))
    for i in range(len(names)):
        partners = [i, *(b for a, b in pairs if a == i), *(a for a, b in pairs if b == i),
                    *(j for j, name in enumerate(names) if name == names[i])]
        group[i] = min(partners)
    return group


def one_name_each(names):
    return [str(i) for i in range(len(names))]


def largest(names, pairs):
    group = groups_of(names, pairs)
    return np.array([np.flatnonzero(group == g).max() for g in group])


check.add(
    groups_of, "group",
    {"": gathered(3, 6), "no pairs": gathered(0, 5), "only names that differ": gathered(4, 0),
     "a chain of copies": gathered(5, 0, far=True), "chains of copies and persons": gathered(4, 5, far=True)},
    "which pictures have to stay together, also through others (lecture 05, section 8)",
    hidden=[gathered(6, 0, far=True), gathered(6, 7), gathered(5, 4, far=True)],
    mistakes={
        "links only direct partners: a copy of a copy belongs to the group as well": neighbours,
        "goes through the links only once: a chain whose links come in another order isn't joined": direct,
        "ignores the pairs": lambda names, pairs: groups_of(names, pairs[:0]),
        "ignores the names: two pictures of one person belong together":
            lambda names, pairs: groups_of(one_name_each(names), pairs),
        "ignores the names, and links only direct partners": lambda names, pairs: neighbours(one_name_each(names), pairs),
        "ignores the names, and goes through the pairs only once": lambda names, pairs: direct(one_name_each(names), pairs),
        "is the largest index of the group; the smallest one is asked for": largest,
        "numbers the groups 0, 1, 2, …; the smallest index of each is asked for":
            lambda names, pairs: np.unique(groups_of(names, pairs), return_inverse=True)[1],
        "puts each picture into a group of its own": lambda names, pairs: np.arange(len(names)),
    })


# --- splitting --------------------------------------------------------------------------------------------------------


def number_of(text):
    return zlib.crc32(text.encode()) / 2**32


def split(names, group, share):
    return np.array([number_of(names[g]) < share for g in group])


def grouped(joined, share=None):
    """Names and groups; `joined`: some pictures belong to the group of another name."""
    def draw(rng):
        n = int(rng.integers(40, 60))
        names = [f"person {k}" for k in rng.integers(0, 400, n)]
        pairs = np.array([rng.choice(n, 2, replace=False) for _ in range(10 * joined)], np.int64).reshape(-1, 2)
        return names, groups_of(names, pairs), float(rng.uniform(0.25, 0.4)) if share is None else share

    return draw


check.add(
    split, "in_test", {"": grouped(False), "groups with several names": grouped(True), "a small share": grouped(True, 0.1)},
    "that a whole group goes to one side, always to the same (lecture 05, section 8)",
    hidden=[grouped(True, 0.5), grouped(True, 0.2)],
    mistakes={
        "asks each picture's own name: pictures of one group fall on both sides":
            lambda names, group, share: np.array([number_of(name) < share for name in names]),
        "has the two sides exchanged": lambda names, group, share: ~split(names, group, share),
        "takes the number of the group for a name": lambda names, group, share: np.array(
            [number_of(str(g)) < share for g in group]),
        "divides by 2³¹: the numbers of the names reach up to 2³²": lambda names, group, share: np.array(
            [2 * number_of(names[g]) < share for g in group]),
        "takes hundredths: the share is rounded": lambda names, group, share: np.array(
            [zlib.crc32(names[g].encode()) % 100 < 100 * share for g in group]),
        "puts the first pictures on one side and the others on the other; their order isn't random":
            lambda names, group, share: np.arange(len(names)) < share * len(names),
        "puts the last pictures into the test part; their order isn't random":
            lambda names, group, share: np.arange(len(names)) >= (1 - share) * len(names),
        "puts every picture into the test part": lambda names, group, share: np.ones(len(names), bool),
    })


# --- standardising ----------------------------------------------------------------------------------------------------


def standardise(images, in_test):
    train, test = images[~in_test], images[in_test]
    mean, std = train.mean(axis=(0, 1, 2)), train.std(axis=(0, 1, 2))
    return (train - mean) / std, (test - mean) / std


def leaky(images, in_test):
    """The planted bug: the statistics of all pictures."""
    mean, std = images.mean(axis=(0, 1, 2)), images.std(axis=(0, 1, 2))
    return (images[~in_test] - mean) / std, (images[in_test] - mean) / std


def two_parts(shift):
    """Pictures whose test part is brighter."""
    def draw(rng):
        n, h, w = (int(k) for k in rng.permutation(np.arange(6, 11))[:3])
        in_test = np.zeros(n, bool)
        in_test[rng.choice(n, int(rng.integers(2, 4)), replace=False)] = True
        images = rng.normal(0, 1, (n, h, w, 3)) * rng.uniform(0.3, 0.9, 3) + rng.uniform(-0.4, 0.4, 3)
        images[in_test] = 0.7 * images[in_test] + shift
        return images.astype(np.float32), in_test

    return draw


def by(train_of, test_of):
    """Standardised with other means and spreads: functions of (images, in_test) that return (mean, std)."""
    def compute(images, in_test):
        parts = []
        for part, of in ((images[~in_test], train_of), (images[in_test], test_of)):
            mean, std = of(images, in_test)
            parts.append((part - mean) / std)
        return tuple(parts)

    return compute


def statistics(choose=lambda x, t: x[~t], axes=(0, 1, 2), spread=np.std):
    return lambda x, t: (choose(x, t).mean(axis=axes, keepdims=True)[0] if axes == (0,) else choose(x, t).mean(axis=axes),
                         spread(choose(x, t), axis=axes))


right, everything, only_test = statistics(), statistics(lambda x, t: x), statistics(lambda x, t: x[t])

check.add(
    standardise, "train, test", {"": two_parts(0.5), "a much brighter test part": two_parts(3)},
    "what the test part may tell about itself before it is used (lecture 05, section 8)", tolerance=1e-3,
    shares={"train": 1, "test": 1}, hidden=[two_parts(-1)], planted=leaky,
    mistakes={
        "has the mean of all pictures: those of the test part take part in it":
            by(*2 * [lambda x, t: (everything(x, t)[0], right(x, t)[1])]),
        "has the spread of all pictures: those of the test part take part in it":
            by(*2 * [lambda x, t: (right(x, t)[0], everything(x, t)[1])]),
        "is standardised with its own mean and spread: what is brighter than the training part no longer shows":
            by(right, only_test),
        "is standardised with the statistics of the test part; they belong to the training part": by(only_test, only_test),
        "has one mean and one spread for all channels":
            by(*2 * [lambda x, t: (x[~t].mean(), x[~t].std())]),
        "has a mean and a spread for each pixel": by(*2 * [statistics(axes=(0,))]),
        "is divided by the variance: its root is missing": by(*2 * [statistics(spread=np.var)]),
        "is centred only: the division by the spread is missing":
            by(*2 * [lambda x, t: (right(x, t)[0], 1)]),
        "isn't centred: the mean isn't subtracted": by(*2 * [lambda x, t: (0, right(x, t)[1])]),
        "is the part of which in_test says the opposite: does ~ stand at the wrong place?":
            lambda x, t: standardise(x, ~t),
    })


# --- batches ----------------------------------------------------------------------------------------------------------


def batches(n, size, steps, seed):
    rng = np.random.default_rng(seed)
    rounds = -(-steps * size // n)
    order = np.concatenate([rng.permutation(n) for _ in range(rounds)])
    return order[:steps * size].reshape(steps, size)


def training(n, size, steps):
    """The sizes of a training, drawn from ranges."""
    return lambda rng: tuple(int(rng.integers(*r)) for r in (n, size, steps)) + (int(rng.integers(1000)),)


def one_order(n, size, steps, seed):
    order = np.random.default_rng(seed).permutation(n)
    return np.resize(order, (steps, size))


def dropping(n, size, steps, seed):
    """What is left at the end of a round is dropped."""
    rng, found = np.random.default_rng(seed), []
    while len(found) < steps:
        order = rng.permutation(n)
        found += [order[k:k + size] for k in range(0, n - size + 1, size)]
    return np.array(found[:steps])


def filled_from_the_round(n, size, steps, seed):
    """The last batch of a round is filled up with the round's first samples."""
    rng, found = np.random.default_rng(seed), []
    while len(found) < steps:
        order = rng.permutation(n)
        found += [np.resize(np.concatenate([order[k:], order]), size) for k in range(0, n, size)]
    return np.array(found[:steps])


check.add(
    batches, "rows",
    {"": training((9, 14), (4, 7), (5, 9)), "batches that divide the number of samples": lambda rng: (12, 4, 7, int(rng.integers(1000))),
     "batches larger than the data": training((3, 5), (6, 9), (3, 6)), "less than one round": lambda rng: (20, 3, 4, int(rng.integers(1000)))},
    "that each sample comes up once in each round (lecture 05, section 9)",
    hidden=[(7, 5, 9, 3), (5, 11, 4, 0), (16, 16, 3, 8)],
    mistakes={
        "uses the same order in every round": one_order,
        "isn't shuffled": lambda n, size, steps, seed: np.resize(np.arange(n), (steps, size)),
        "is drawn with replacement: some samples come up several times in a round, and others don't":
            lambda n, size, steps, seed: np.random.default_rng(seed).integers(n, size=(steps, size)),
        "is drawn anew for each batch: some samples come up several times in a round, and others don't":
            lambda n, size, steps, seed: (lambda rng: np.array([rng.permutation(n)[:size] for _ in range(steps)]))(
                np.random.default_rng(seed)) if size <= n else batches(n, size, steps, seed),
        "drops what is left at the end of a round": lambda n, size, steps, seed:
            dropping(n, size, steps, seed) if size <= n else batches(n, size, steps, seed),
        "fills the last batch of a round with samples of the same round, which are seen twice": filled_from_the_round,
        "shuffles only the first round": lambda n, size, steps, seed: np.concatenate(
            [np.random.default_rng(seed).permutation(n), np.resize(np.arange(n), steps * size)])[:steps * size].reshape(
                steps, size),
        "has its axes exchanged: one row belongs to one step": lambda n, size, steps, seed:
            batches(n, size, steps, seed).ravel().reshape(size, steps).T,
        "is shuffled with the seed 0, not with the one that is given": lambda n, size, steps, seed: batches(n, size, steps, 0),
        "uses the legacy np.random.seed, which gives another order than np.random.default_rng": lambda n, size, steps, seed:
            (lambda rng: np.concatenate([rng.permutation(n) for _ in range(-(-steps * size // n))]))(
                np.random.RandomState(seed))[:steps * size].reshape(steps, size),
        "counts its samples from 1": lambda n, size, steps, seed: batches(n, size, steps, seed) + 1,
    })
