"""References, inputs and typical mistakes for exercise e05, data."""
from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np

from gan_scratch.classroom.check import Checks
from gan_scratch.experiments import dirty_emoji

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


def pixels(kind, low=0.05, high=0.7, dtype=None):
    """A picture of this type whose numbers lie between these parts of its range."""
    def draw(rng):
        shape = rng.integers(3, 6), rng.integers(6, 9), 3
        if kind == "True and False":
            return (rng.random(shape) < 0.4,)
        part = rng.uniform(low, high, shape)
        if kind == "floats":
            return (part.astype(dtype or float),)
        return ((part * np.iinfo(KINDS[kind]).max).astype(KINDS[kind]),)

    return draw


def top_of(a):
    return 1 if a.dtype.kind in "fb" else np.iinfo(a.dtype).max


def brought(x):
    """x with its smallest and its largest number brought to −1 and 1."""
    x = x.astype(float)
    return 2 * (x - x.min()) / np.ptp(x) - 1


def guessed(a):
    """Divided by the largest number of the narrowest type that would hold the picture."""
    return 2 * (a / (1 if a.max() <= 1 else 255 if a.max() <= 255 else 65535)) - 1


RANGES = {
    "is divided by the picture's own largest number, not by that of its type": lambda a: 2 * (a / a.max()) - 1,
    "has the picture's own smallest and largest number brought to −1 and 1; a dark picture has to stay dark": brought,
    "has its type guessed from the picture's largest number; a dark picture looks like one of a narrower type": guessed,
    "is divided as if all pictures were bytes": lambda a: a / 127.5 - 1,
    "is divided as if all numbers were bytes, and lies in [0, 1]": lambda a: a / 255,
    "reaches from 0 to 1; the interval is [−1, 1]": lambda a: a / top_of(a),
    "is divided by one more than the largest number of its type": lambda a: a / ((top_of(a) + 1) / 2) - 1,
    "is divided by the largest number of its type, not by half of it": lambda a: a / top_of(a) - 1,
    "is divided by the largest number of the signed type": lambda a: 2.0 * a / max(top_of(a) // 2, 1) - 1,
    "reaches from −½ to ½": lambda a: a / top_of(a) - 0.5,
    "is computed in the picture's own type, where it wraps around or loses what is behind the comma":
        lambda a: (a * a.dtype.type(2)) / top_of(a) - 1 if a.dtype.kind == "u" else 2 * a.astype(float) - 1,
    "is cut to whole numbers before 1 is subtracted: is it // in place of /?": lambda a: a // (top_of(a) / 2) - 1,
    "is cut to 0 and 1 before it is doubled: is it // in place of /?": lambda a: 2.0 * (a // top_of(a)) - 1,
    "is as it came": lambda a: a.astype(float),
    "is standardised, with the picture's own mean and spread": lambda a: (a - a.mean()) / a.std(),
    "has its sign exchanged: black and white are swapped": lambda a: 1 - a / (top_of(a) / 2),
}


def kind_of(a):
    return "floats" if a.dtype.kind == "f" else next(kind for kind, dtype in KINDS.items() if a.dtype == dtype)


def telling(formula: Callable, kind: str) -> bool:
    """Whether pictures of this type tell a mistake from the right answer, and from those that stand before it."""
    a, = pixels(kind, high=1.4 if kind == "floats" else 0.7)(np.random.default_rng(0))
    before = list(RANGES.values())[:list(RANGES.values()).index(formula)]
    return not any(np.allclose(formula(a), other(a), 0, 5e-6) for other in [to_unit_range, *before])


def for_one_kind(kind: str, formula: Callable) -> Callable:
    """The mistake in pictures of one type only."""
    return lambda a: formula(a) if kind_of(a) == kind else to_unit_range(a)


check.add(
    to_unit_range, "x",
    {"": pixels("bytes"), **{name: pixels(name) for name in list(KINDS)[1:]},
     "float32": pixels("floats", dtype=np.float32),
     "a nearly black picture of bytes": pixels("bytes", 0, 0.0075),
     "a nearly black picture of 16 bits": pixels("16 bits", 0, 0.003),
     "floats that reach beyond 1": pixels("floats", -0.2, 1.4)},
    "which numbers the type of a picture can hold (lecture 05, eq. 2)", tolerance=5e-6,
    hidden=[(np.uint8([[[0, 255]]]),), pixels("16 bits"), (np.float32([[[0, 0.25, 1]]]),)],
    mistakes=RANGES | {f"{text} (in pictures of {kind})": for_one_kind(kind, formula)
                       for text, formula in RANGES.items() for kind in KINDS if telling(formula, kind)} | {
        "is cut off at −1 and 1; what lies outside has to stay outside, so that it can be found":
            lambda a: np.clip(to_unit_range(a), -1, 1),
        "is divided by the largest float that there is; floats mean [0, 1]":
            lambda a: 2 * (a / np.finfo(a.dtype).max) - 1 if a.dtype.kind == "f" else to_unit_range(a)})


# --- to a square ------------------------------------------------------------------------------------------------------


def square(image, size):
    H, W, C = image.shape
    k = min(H, W) // size
    side = k * size
    top, left = (H - side) // 2, (W - side) // 2
    middle = image[top:top + side, left:left + side]
    return middle.reshape(size, k, size, k, C).mean(axis=(1, 3))


def rectangle(wide, k=3, spare=1, sizes=(4, 5)):
    """A picture whose shorter side is k·size + spare, with size ≠ k."""
    def draw(rng):
        size, long = int(rng.choice(sizes)), int(rng.integers(6, 11))
        short = k * size + spare
        shape = (short, short + long) if wide else (short + long, short)
        return uniform(rng, -1, 1, *shape, 3), size

    return draw


def middle(image, size, k=None, crop="middle"):
    """The square before it is shrunk, and k."""
    H, W, _ = image.shape
    k = min(H, W) // size if k is None else k
    side = k * size
    rest = np.array([H - side, W - side])
    top, left = {"middle": rest // 2, "first": 0 * rest, "last": rest, "rounded up": (rest + 1) // 2,
                 "halves": np.array([H, W]) // 2 - side // 2, "to even": np.rint(rest / 2).astype(int)}[crop]
    return image[top:top + side, left:left + side], k


def block(image, size, reduce=np.mean, at=None, **options):
    """The shrunk square by other rules: what is done with a block, which pixel is taken, where the square lies."""
    m, k = middle(image, size, **options)
    blocks = m.reshape(size, k, size, k, m.shape[2])
    return blocks[:, at, :, at] if at is not None else reduce(blocks, axis=(1, 3))


def mixed(image, size, axes, swapped=False):
    """The reshape, or the axes, the wrong way round."""
    m, k = middle(image, size)
    return m.reshape(*((k, size, k, size) if swapped else (size, k, size, k)), m.shape[2]).mean(axis=axes)


def stretched(image, size, centred=False):
    """Blocks that are wider than high, or the other way round."""
    H, W, C = image.shape
    h, w = H // size, W // size
    top, left = ((H - h * size) // 2, (W - w * size) // 2) if centred else (0, 0)
    return image[top:top + h * size, left:left + w * size].reshape(size, h, size, w, C).mean(axis=(1, 3))


def nearest(image, size, crop=True, places=lambda n, size: np.arange(size) * n // size):
    """The pixels nearest to evenly spaced places."""
    H, W, _ = image.shape
    side = min(H, W)
    picture = image[(H - side) // 2:, (W - side) // 2:][:side, :side] if crop else image
    rows, columns = (places(n, size) for n in picture.shape[:2])
    return picture[rows][:, columns]


def to_the_ends(n, size):
    """Places from the first to the last of n pixels."""
    return np.rint(np.linspace(0, n - 1, size)).astype(int)


STRIPES = "fine stripes come back as coarse ones"

check.add(
    square, "small",
    {"": rectangle(True), "an upright picture": rectangle(False),
     "a picture of the right height": rectangle(True, k=1, spare=0),
     "a margin that can't be halved": rectangle(True, k=3, spare=3, sizes=(5,))},
    "what the mean of each block of k × k pixels does, and a pixel of each block doesn't (lecture 05, eq. 4)",
    hidden=[rectangle(False, k=4, spare=2, sizes=(3, 5)), rectangle(True, k=1, spare=1)],
    mistakes={
        f"is one pixel of each block, the first one: {STRIPES}": lambda i, s: block(i, s, at=0),
        f"is one pixel of each block, the middle one: {STRIPES}":
            lambda i, s: block(i, s, at=min(i.shape[:2]) // s // 2),
        "is one pixel of each block, and cut from the upper left corner": lambda i, s: block(i, s, at=0, crop="first"),
        f"is the nearest pixel to each place: {STRIPES}": nearest,
        f"is the nearest pixel to each place, from the first to the last one: {STRIPES}":
            lambda i, s: nearest(i, s, places=to_the_ends),
        f"is the nearest pixel to each place of the square of k · size: {STRIPES}":
            lambda i, s: nearest(middle(i, s)[0], s, places=to_the_ends),
        "is squeezed to a square: the proportions of the picture change": stretched,
        "is squeezed to a square, from the middle: the proportions of the picture change":
            lambda i, s: stretched(i, s, centred=True),
        "is squeezed to a square, and one pixel of each block": lambda i, s: nearest(i, s, crop=False),
        "is cut from the upper left corner, not from the middle": lambda i, s: block(i, s, crop="first"),
        "is cut from the lower right corner, not from the middle": lambda i, s: block(i, s, crop="last"),
        "has a margin of which the larger part is cut off above and on the left":
            lambda i, s: block(i, s, crop="rounded up"),
        "begins at H // 2 − side // 2, which isn't half of the margin": lambda i, s: block(i, s, crop="halves"),
        "has a margin that is rounded, half to even": lambda i, s: block(i, s, crop="to even"),
        "is cut out without being shrunk": lambda i, s: block(i, s, k=1),
        "is always shrunk by 2": lambda i, s: block(i, s, k=2),
        "is a sum over each block, not a mean": lambda i, s: block(i, s, np.sum),
        "is divided by k, not by k²": lambda i, s: block(i, s, np.sum) / (min(i.shape[:2]) // s),
        "is averaged over rows only, and keeps every k-th column":
            lambda i, s: block(i, s, lambda b, axis: b.mean(1)[:, :, 0]),
        "is averaged over columns only, and keeps every k-th row":
            lambda i, s: block(i, s, lambda b, axis: b.mean(3)[:, 0]),
        "puts pixels together that lie far apart: the reshape has k and size exchanged":
            lambda i, s: mixed(i, s, (0, 2), swapped=True),
        "is averaged over the places of the blocks, not inside each block": lambda i, s: mixed(i, s, (0, 2)),
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
    """Sound pictures, many of which look damaged to a hasty rule, and two damaged ones of each kind."""
    def draw(rng):
        h, w = 2 * int(rng.integers(3, 5)), int(rng.integers(5, 9))
        images = uniform(rng, -0.9, 0.9, 14 + 2 * len(faults), h, w, 3)
        colour = lambda: uniform(rng, -0.9, 0.9, 3)  # noqa: E731
        images[1] = 0.1 * images[1] - 0.85  # dark
        images[2, -1] = 1  # with a white lower edge
        images[3, ..., 2] = -0.4  # with a channel that is constant
        images[4, :h // 2] = colour()  # a plain sky
        images[5, :, w // 2:] = colour()  # a plain right half
        images[6, h // 2 + 1:] = colour()  # plain from one row later on
        images[7, h // 2:] = uniform(rng, -0.9, 0.9, h - h // 2, 1, 3)  # plain rows, which differ
        images[8, h // 2:] = 0.004 * images[8, h // 2:] + colour()  # nearly plain below
        images[9, h // 2:, :, 0] = 0.3  # one channel plain below
        images[10] = colour()  # two channels constant, and one that isn't
        images[10, ..., 1] = uniform(rng, -0.1, 0.15, h, w)
        images[11, 0, :2] = [[-1, -1, -1], [1, 1, 1]]  # black and white
        images[12] = spanning(images[12], 0.11) + colour() / 2  # barely not flat
        for i, fault in enumerate(np.repeat(faults, 2), 14):
            spoil(images[i], fault, 1 if i % 2 else -1, rng)
        return (images[rng.permutation(len(images))],)

    return draw


def spanning(image, span):
    """The picture with each channel between 0 and this number."""
    low, high = image.min(axis=(0, 1)), image.max(axis=(0, 1))
    return span * (image - low) / (high - low)


def spoil(image, fault, sign, rng):
    """Damage a picture (H, W, 3) in one of several ways."""
    h, w, _ = image.shape
    place = rng.integers(h), rng.integers(w), rng.integers(3)
    if fault == "NaN":
        image[place] = np.nan
    elif fault == "infinite":
        image[place] = sign * np.inf
    elif fault == "outside":
        image[place] = sign * rng.choice([1.01, 1.5])
    elif fault == "nearly constant":
        image[:] = spanning(image, 0.09) + 0.3
    elif fault == "nearly one colour":
        image[:] = spanning(image, 0.09) + rng.permutation([-0.7, 0.1, 0.8]).astype(np.float32)
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


OUTSIDE, FLAT, END = "numbers outside [−1, 1]", "flat pictures", "pictures whose end is missing"
ENDS = {  # other rules for a missing end
    "takes a picture with one white row at its lower edge for cut off": lambda x: (spans(x[:, -1:]) == 0).all(axis=1),
    "looks for a missing end in the upper half": lambda x: (spans(x[:, :x.shape[1] // 2]) == 0).all(axis=1),
    "looks for a missing end in the right half: axis 1 is the height":
        lambda x: (spans(x[:, :, x.shape[2] // 2:]) == 0).all(axis=1),
    "looks for a missing end on the right, from column H/2 on: axis 1 is the height":
        lambda x: (spans(x[:, :, x.shape[1] // 2:]) == 0).all(axis=1),  # H/2 < W in every album
    "looks for a missing end one row too late": lambda x: (spans(x[:, x.shape[1] // 2 + 1:]) == 0).all(axis=1),
    "looks for a missing end one row too early": lambda x: (spans(x[:, x.shape[1] // 2 - 1:]) == 0).all(axis=1),
    "overlooks a missing end unless it is grey, black or white: every channel may have its own number":
        lambda x: over_all(x[:, x.shape[1] // 2:]) == 0,
    "finds a missing end only where it is 0": lambda x: (x[:, x.shape[1] // 2:] == 0).all(axis=(1, 2, 3)),
    "takes an end for missing whose rows are plain but differ":
        lambda x: (x[:, x.shape[1] // 2:] == x[:, x.shape[1] // 2:, :1]).all(axis=(1, 2, 3)),
    "takes an end for missing that is nearly, but not quite, constant":
        lambda x: (spans(x[:, x.shape[1] // 2:]) <= 0.1).all(axis=1),
    "takes the end for missing as soon as one channel is constant there":
        lambda x: (spans(x[:, x.shape[1] // 2:]) == 0).any(axis=1),
}
SPANS = {  # other rules for a flat picture
    "takes a picture of a single strong colour for sound: the span is one over all channels together":
        lambda x: over_all(x) <= 0.1,
    "takes a picture for flat as soon as one channel is": lambda x: (spans(x) <= 0.1).any(axis=1),
    "averages the spans of the channels": lambda x: spans(x).mean(axis=1) <= 0.1,
    "takes pictures for flat that aren't: is it the spread (std) or the variance in place of the span?":
        lambda x: (x.std(axis=(1, 2)) <= 0.1).all(axis=1),
    "takes pictures for flat that aren't: is the bound larger than 0.1?": lambda x: (spans(x) <= 0.2).all(axis=1),
}

check.add(
    find_damaged, "damaged",
    {"": album("NaN", "outside", "nearly constant", "cut off"), "only sound pictures": album(),
     **{f"damage: {fault}": album(fault) for fault in EACH}},
    "the four kinds of damage that the task lists",
    hidden=[album(*EACH), album("cut off by a colour", "nearly one colour")],
    mistakes={
        **{f"misses {name}": without(name) for name in RULES},
        **{f"misses {a} and {b}": without(a, b) for k, a in enumerate(RULES) for b in list(RULES)[k + 1:]},
        **{f"finds nothing but {name}": without(*(set(RULES) - {name})) for name in RULES},
        "finds what is too large but not what is too small": instead(OUTSIDE, lambda x: (x > 1).any(axis=(1, 2, 3))),
        "takes black and white, exactly −1 and 1, for out of range":
            instead(OUTSIDE, lambda x: (np.abs(x) >= 1).any(axis=(1, 2, 3))),
        "takes negative numbers for out of range: the range is [−1, 1]":
            instead(OUTSIDE, lambda x: ((x < 0) | (x > 1)).any(axis=(1, 2, 3))),
        "asks all pictures together whether a number is out of range":
            instead(OUTSIDE, lambda x: np.full(len(x), bool((np.abs(x) > 1).any()))),
        **{text: instead(END, rule) for text, rule in ENDS.items()},
        **{text: instead(FLAT, rule) for text, rule in SPANS.items()},
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
    return codes.reshape(len(images), -1), 13


KNOWN: dict[bytes, tuple[int, str]] = {}  # a drawn picture -> its original, and what was done to it
CODES: dict[bytes, np.ndarray] = {}  # a drawn picture -> the code that it was given
LAST: list[np.ndarray] = []  # the pictures that were drawn last


def copies(n):
    """n faces and two changed copies of each, in any order."""
    def draw(rng):
        images, original, change = dirty_emoji.album(rng, n)
        KNOWN.update((x.tobytes(), (int(i), str(c))) for x, i, c in zip(images, original, change))
        CODES.clear()
        LAST[:] = [images]
        return (images,)

    return draw


def a_few(rng):
    """Some of the pictures that were drawn last."""
    return (LAST[0][rng.choice(len(LAST[0]), 5, replace=False)],)


def judge_codes(value, images):
    """What is wrong with codes and a threshold; None if both errors are within their bounds."""
    if fault := wrong_codes(value, len(images)):
        return f"it {fault}"
    codes, most = np.asarray(value[0]), int(value[1])
    for x, code in zip(images, codes):
        before = CODES.setdefault(x.tobytes(), code)
        if before.shape != code.shape or (before != code).mean() > 0.05:  # rounding may turn a bit
            return ("it gives a picture another code when other pictures stand beside it; "
                    "the code depends on the picture alone")
    if len(images) < 50:
        return None
    known = [KNOWN[x.tobytes()] for x in images]
    original, change = np.array([i for i, _ in known]), np.array([c for _, c in known])
    first, second = np.triu_indices(len(images), 1)
    apart = (codes[:, None] != codes).sum(axis=2)[first, second]
    copy = original[first] == original[second]
    missed, alarms = (apart[copy] > most).mean(), (apart[~copy] <= most).mean()
    if missed <= MISSES and alarms <= ALARMS:
        return None
    said = [f"misses {missed:.1%} of the pairs of copies, and {MISSES:.0%} are allowed"] if missed > MISSES else []
    if missed > MISSES:
        beside = copy & ((change[first] == "none") | (change[second] == "none"))  # a face and its copy
        changes = np.where(change[first] == "none", change[second], change[first])[beside]
        said[-1] += worst(apart[beside], most, changes)
    said += [f"calls {alarms:.2%} of the other pairs copies, and {ALARMS:.0%} are allowed"] if alarms > ALARMS else []
    if alarms > ALARMS and codes.shape[1] < 24:
        said[-1] += f" (with {codes.shape[1]} bits, different pictures easily have the same code)"
    possible = [t for t in range(codes.shape[1])
                if (apart[copy] > t).mean() <= 0.8 * MISSES and (apart[~copy] <= t).mean() <= 0.8 * ALARMS]
    remedy = ("with these codes another threshold would keep both bounds" if possible else
              "no threshold keeps both bounds safely with these codes: they have to change less from copy to copy, or "
              "differ more from picture to picture")
    return f"it {' and '.join(said)}; {remedy}"


def worst(apart, most, changes):
    """Words about the change after which most copies are missed.

    apart: (P,) bits between a face and its copy; changes: (P,) what was done to the copy.
    """
    rates = {name: (apart[changes == name] > most).mean() for name in set(changes)}
    name = max(rates, key=rates.get)
    others = np.mean([rate for other, rate in rates.items() if other != name])
    return f" (most often those that are {name})" if rates[name] > 2 * others else ""


def wrong_codes(value, n):
    """What is wrong with the form of an answer; "" if nothing is."""
    if value is None:
        return "returns None. Does it end with a `return`?"
    if not isinstance(value, (tuple, list)) or len(value) != 2:
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


check.add(near_duplicates, "codes, most", {"": copies(60), "a few of these pictures": a_few},
          "the two kinds of errors that a code makes (lecture 05, section 6)", judge=judge_codes, hidden=[copies(60)])


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


def gathered(n_pairs, persons):
    """Names of the persons in some pictures, and random pairs of near-duplicates; 0 persons: all names differ."""
    def draw(rng):
        n = int(rng.integers(9, 13))
        names = [f"person {k}" for k in (rng.integers(0, persons, n) if persons else range(n))]
        pairs = np.array([rng.choice(n, 2, replace=False) for _ in range(n_pairs)], np.int64).reshape(-1, 2)
        return names, pairs

    return draw


def chain(persons=False):
    """A long chain of copies, listed from its far end; `persons`: every second link is a common name."""
    def draw(rng):
        n = int(rng.integers(21, 25))
        places = np.sort(rng.permutation(n)[:18])
        names = [f"person {k}" for k in range(n)]
        links = list(zip(places[:-1], places[1:]))[::-1]
        if persons:
            for i, j in links[1::2]:
                names[j] = names[i]
            links = links[::2]
        return names, np.array(links)[:, ::-1].copy() if rng.random() < 0.5 else np.array(links)

    return draw


def links_of(names, pairs, names_first=False):
    same = [(names.index(name), i) for i, name in enumerate(names)]
    return [*same, *pairs] if names_first else [*pairs, *same]


def passes(names, pairs, times, names_first=False):
    """The smaller number of both ends, link by link, so many times."""
    group = np.arange(len(names))
    for _ in range(times):
        for i, j in links_of(names, pairs, names_first):
            group[i] = group[j] = min(group[i], group[j])
    return group


def joined(names, pairs, rename=lambda group, i, j: (min(group[i], group[j]), max(group[i], group[j])), links=None):
    """A group is renamed at each link; rename gives the new and the old number, or None."""
    group = np.arange(len(names))
    for i, j in links_of(names, pairs) if links is None else links:
        if change := rename(group, i, j):
            group[group == change[1]] = change[0]
    return group


def one_way(group, i, j):
    return (group[i], group[j]) if group[i] < group[j] else None


def unrooted(names, pairs):
    """The parents of a union–find, not the roots."""
    parent = list(range(len(names)))

    def root(i):
        while parent[i] != i:
            i = parent[i]
        return i

    for i, j in links_of(names, pairs):
        a, b = root(i), root(j)
        parent[max(a, b)] = min(a, b)
    return np.array(parent)


def names_once(names, pairs):
    """The pairs are joined rightly, and each picture then takes the number of its name's first picture."""
    group, first = groups_of(one_name_each(names), pairs), {}
    for i, name in enumerate(names):
        group[i] = first.setdefault(name, group[i])
    return group


def followers(names, pairs):
    """Only pictures of a person that follow each other."""
    steps = [(i, i + 1) for i in range(len(names) - 1) if names[i] == names[i + 1]]
    return joined(names, pairs, links=[*pairs, *steps])


def neighbours(names, pairs):
    """The smallest index among the direct partners of each picture."""
    group = np.arange(len(names))
    for i in range(len(names)):
        partners = [i, *(b for a, b in pairs if a == i), *(a for a, b in pairs if b == i),
                    *(j for j, name in enumerate(names) if name == names[i])]
        group[i] = min(partners)
    return group


def one_name_each(names):
    return [f"{i:3}" for i in range(len(names))]


def largest(names, pairs):
    group = groups_of(names, pairs)
    return np.array([np.flatnonzero(group == g).max() for g in group])


def alphabetical(names, pairs):
    """It begins with the place of each name in the alphabet."""
    group = np.unique(names, return_inverse=True)[1]
    for i, j in pairs:
        group[group == max(group[i], group[j])] = min(group[i], group[j])
    return group


ONCE = "goes through the links once and renames single pictures: a group that is there already isn't joined as a whole"

check.add(
    groups_of, "group",
    {"": gathered(3, 6), "no pairs": gathered(0, 5), "only names that differ": gathered(4, 0),
     "a long chain of copies": chain(), "a chain of copies and persons": chain(persons=True)},
    "which pictures have to stay together, also through others (lecture 05, section 8)",
    hidden=[chain(), gathered(6, 7), chain(persons=True)],
    mistakes={
        "links only direct partners: a copy of a copy belongs to the group as well": neighbours,
        ONCE: lambda names, pairs: passes(names, pairs, 1),
        f"{ONCE} (the names come first)": lambda names, pairs: passes(names, pairs, 1, True),
        **{f"goes through the links only {words}: long chains aren't joined":
           lambda names, pairs, k=k: passes(names, pairs, k) for words, k in (
               ("twice", 2), ("three times", 3), ("four times", 4), ("five times", 5), ("ten times", 10))},
        "goes through the links only twice: long chains aren't joined (the names come first)":
            lambda names, pairs: passes(names, pairs, 2, True),
        "uses a link only if its first picture has the smaller number":
            lambda names, pairs: joined(names, pairs, one_way),
        "is the parent of each picture, and not the root of its tree": unrooted,
        "joins the names only once, after the pairs: the group of a name's first picture, but not of the others, grows":
            names_once,
        "joins two pictures of a person only if they follow each other": followers,
        "begins with the place of the name in the alphabet; the numbers are indices of pictures": alphabetical,
        "ignores the pairs": lambda names, pairs: groups_of(names, pairs[:0]),
        "ignores the names: two pictures of one person belong together":
            lambda names, pairs: groups_of(one_name_each(names), pairs),
        "ignores the names, and links only direct partners":
            lambda names, pairs: neighbours(one_name_each(names), pairs),
        "ignores the names, and goes through the pairs only once":
            lambda names, pairs: passes(one_name_each(names), pairs, 1),
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


def grouped(linked, share=None):
    """Names and groups; `linked`: some pictures belong to the group of another name. share "exact": a name's number."""
    def draw(rng):
        n = int(rng.integers(40, 60))
        names = [f"person {k}" for k in rng.integers(0, 400, n)]
        pairs = np.array([rng.choice(n, 2, replace=False) for _ in range(10 * linked)], np.int64).reshape(-1, 2)
        group = groups_of(names, pairs)
        numbers = sorted(number_of(names[g]) for g in group)
        part = numbers[n // 3] if share == "exact" else float(rng.uniform(0.25, 0.4)) if share is None else share
        return names, group, part

    return draw


def by_number(number):
    """The split by another number of a picture: a function of (names, group, i)."""
    return lambda names, group, share: np.array([bool(number(names, group, i) < share) for i in range(len(names))])


def crc(text):
    return zlib.crc32(text.encode())


def smallest_share(names, group, share):
    numbers = np.array([number_of(names[g]) for g in group])
    return numbers < np.quantile(numbers, share)


check.add(
    split, "in_test",
    {"": grouped(False), "groups with several names": grouped(True), "a small share": grouped(True, 0.1),
     "a share that is just the number of a name": grouped(True, "exact")},
    "that a whole group goes to one side, always to the same (lecture 05, section 8)",
    hidden=[grouped(True, 0.5), grouped(True, 0.2)],
    mistakes={
        "asks each picture's own name: pictures of one group fall on both sides":
            by_number(lambda names, group, i: number_of(names[i])),
        "has the two sides exchanged: smaller than the share is in the test part": lambda names, group, share: ~split(
            names, group, share),
        "has the two sides exchanged": lambda names, group, share: np.array(
            [number_of(names[g]) > share for g in group]),
        "counts a number that is equal to the share as smaller": lambda names, group, share: np.array(
            [number_of(names[g]) <= share for g in group]),
        "takes the numbers at the upper end, from 1 − share on": lambda names, group, share: np.array(
            [number_of(names[g]) >= 1 - share for g in group]),
        "takes the number of the group for a name": by_number(lambda names, group, i: number_of(str(group[i]))),
        "numbers the groups anew before it looks up the name": lambda names, group, share: split(
            names, np.unique(group, return_inverse=True)[1], share),
        "divides by 2³¹: the numbers of the names reach up to 2³²":
            by_number(lambda names, group, i: 2 * number_of(names[group[i]])),
        "takes hundredths: the remainder by 100 isn't the number divided by 2³²":
            by_number(lambda names, group, i: crc(names[group[i]]) % 100 / 100),
        "takes thousandths: the remainder by 1000 isn't the number divided by 2³²":
            by_number(lambda names, group, i: crc(names[group[i]]) % 1000 / 1000),
        "has negative numbers among those of the names: int32 is too small for them":
            by_number(lambda names, group, i: int(np.uint32(crc(names[group[i]])).astype(np.int32)) / 2**32),
        "uses Python's hash, which gives other numbers in every run":
            by_number(lambda names, group, i: hash(names[group[i]]) % 2**32 / 2**32),
        "has quotation marks in the text: is it repr(name)?":
            by_number(lambda names, group, i: number_of(repr(names[group[i]]))),
        "uses the number as the seed of a random number":
            by_number(lambda names, group, i: np.random.default_rng(crc(names[group[i]])).random()),
        "joins all names of a group to one text": by_number(lambda names, group, i: number_of(
            "".join(name for name, g in zip(names, group) if g == group[i]))),
        "depends on which other pictures there are: it takes the smallest numbers until the share is full":
            smallest_share,
        "puts the first pictures on one side and the others on the other; their order isn't random":
            lambda names, group, share: np.arange(len(names)) < share * len(names),
        "puts the groups with the smallest numbers into the test part; their order isn't random":
            lambda names, group, share: np.asarray(group) < share * len(names),
        "puts the last pictures into the test part; their order isn't random":
            lambda names, group, share: np.arange(len(names)) >= (1 - share) * len(names),
        "is drawn at random, picture by picture, and doesn't look at the names":
            lambda names, group, share: np.random.default_rng(0).random(len(names)) < share,
        "is drawn at random, group by group, and doesn't look at the names":
            lambda names, group, share: (np.random.default_rng(0).random(len(names)) < share)[group],
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
        n, h, w = (int(k) for k in rng.permutation(np.arange(4, 8))[:3])
        in_test = np.zeros(n, bool)
        in_test[rng.choice(n, 2 if n < 6 else 3, replace=False)] = True
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
    """The mean and the spread of some of the pictures, over these axes."""
    return lambda x, t: (choose(x, t).mean(axis=axes), spread(choose(x, t), axis=axes))


right, everything, only_test = statistics(), statistics(lambda x, t: x), statistics(lambda x, t: x[t])

check.add(
    standardise, "train, test", {"": two_parts(0.5), "a much brighter test part": two_parts(3)},
    "what the test part may tell about itself before it is used (lecture 05, section 8)",
    shares={"train": 1, "test": 1}, hidden=[two_parts(-1)], planted=leaky,
    mistakes={
        "has the mean of all pictures: those of the test part take part in it":
            by(*2 * [lambda x, t: (everything(x, t)[0], right(x, t)[1])]),
        "has the spread of all pictures: those of the test part take part in it":
            by(*2 * [lambda x, t: (right(x, t)[0], everything(x, t)[1])]),
        "is standardised with its own mean and spread: what is brighter than the training part no longer shows":
            by(right, only_test),
        "is standardised with the statistics of the test part; they belong to the training part":
            by(only_test, only_test),
        "has one mean and one spread for all channels":
            by(*2 * [lambda x, t: (x[~t].mean(), x[~t].std())]),
        "has a mean and a spread for each pixel": by(*2 * [statistics(axes=(0,))]),
        "is divided by the variance: its root is missing": by(*2 * [statistics(spread=np.var)]),
        "is centred only: the division by the spread is missing":
            by(*2 * [lambda x, t: (right(x, t)[0], 1)]),
        "has the mean added, not subtracted": by(*2 * [lambda x, t: (-right(x, t)[0], right(x, t)[1])]),
        "isn't centred: the mean isn't subtracted": by(*2 * [lambda x, t: (0, right(x, t)[1])]),
        "is divided by a spread with N − 1": by(*2 * [statistics(spread=lambda x, axis: x.std(axis=axis, ddof=1))]),
        "has 0.1 added to the spread": by(*2 * [lambda x, t: (right(x, t)[0], right(x, t)[1] + 0.1)]),
        "has 0.001 added to the spread": by(*2 * [lambda x, t: (right(x, t)[0], right(x, t)[1] + 0.001)]),
        "has the mean of the pictures' own spreads": by(*2 * [lambda x, t: (
            right(x, t)[0], x[~t].std(axis=(1, 2)).mean(axis=0))]),
        "is standardised picture by picture": lambda x, t: tuple(
            (part - part.mean(axis=(1, 2), keepdims=True)) / part.std(axis=(1, 2), keepdims=True)
            for part in (x[~t], x[t])),
        "is returned as it came": lambda x, t: (x[~t], x[t]),
        "is taken by its place in the row, and not by in_test": lambda x, t: standardise(
            x, np.arange(len(x)) >= (~t).sum()),
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


def rows_of(order, size, steps):
    return np.asarray(order)[:steps * size].reshape(steps, size)


def rounds_by(make):
    """The row of numbers from other rounds: make(rng, n, seed, r) gives the r-th."""
    def compute(n, size, steps, seed):
        rng = np.random.default_rng(seed)
        return rows_of(np.concatenate([make(rng, n, seed, r) for r in range(-(-steps * size // n))]), size, steps)

    return compute


def one_order(n, size, steps, seed):
    return np.resize(np.random.default_rng(seed).permutation(n), (steps, size))


def dropping(n, size, steps, seed):
    """What is left at the end of a round is dropped. Fails where a batch is larger than a round."""
    rng, found = np.random.default_rng(seed), []
    while len(found) < steps:
        order = rng.permutation(n)
        found += list(order[:n // size * size].reshape(n // size, size)) if n >= size else 1 / 0
    return np.array(found[:steps])


def filled_from_the_round(n, size, steps, seed):
    """The last batch of a round is filled up with the round's first samples."""
    rng, found = np.random.default_rng(seed), []
    while len(found) < steps:
        order = rng.permutation(n)
        found += [np.resize(np.concatenate([order[k:], order]), size) for k in range(0, n, size)]
    return np.array(found[:steps])


def reshuffled(n, size, steps, seed):
    """The shuffled row is shuffled again."""
    rng, order, row = np.random.default_rng(seed), np.arange(n), []
    while len(row) < steps * size:
        rng.shuffle(order)
        row += order.tolist()
    return rows_of(row, size, steps)


def all_rounds_together(n, size, steps, seed):
    rounds = -(-steps * size // n)
    return rows_of(np.random.default_rng(seed).permutation(np.tile(np.arange(n), rounds)), size, steps)


def cut_in_front(n, size, steps, seed):
    rng = np.random.default_rng(seed)
    row = np.concatenate([rng.permutation(n) for _ in range(-(-steps * size // n))])
    return row[-steps * size:].reshape(steps, size)


def anew(draw):
    """Each batch is drawn for itself."""
    def compute(n, size, steps, seed):
        rng = np.random.default_rng(seed)
        return np.stack([draw(rng, n, size) for _ in range(steps)])

    return compute


def legacy(n, size, steps, seed):
    rng = np.random.RandomState(seed)
    return rows_of(np.concatenate([rng.permutation(n) for _ in range(-(-steps * size // n))]), size, steps)


def unless_larger(formula):
    """The mistake where a batch isn't larger than the data."""
    return lambda n, size, steps, seed: (formula if size <= n else batches)(n, size, steps, seed)


ANEW = "is drawn anew for each batch: some samples come up several times in a round, and others don't"
DROPS = "drops what is left at the end of a round"
ROUNDS = {  # how each round is made
    "makes a new generator for each round, with the seed + r": lambda rng, n, seed, r: np.random.default_rng(
        seed + r).permutation(n),
    "shuffles only the first round": lambda rng, n, seed, r: np.arange(n) if r else rng.permutation(n),
    "counts its samples from 1": lambda rng, n, seed, r: rng.permutation(n) + 1,
    "is sorted by random numbers, which gives another order than permutation": lambda rng, n, seed, r: rng.random(
        n).argsort(),
}
check.add(
    batches, "rows",
    {"": training((9, 14), (4, 7), (5, 9)),
     "batches that divide the number of samples": training((12, 13), (4, 5), (7, 8)),
     "batches larger than the data": training((3, 5), (6, 9), (3, 6)),
     "less than one round": training((20, 21), (3, 4), (4, 5))},
    "that each sample comes up once in each round (lecture 05, section 9)",
    hidden=[(7, 5, 9, 3), (5, 11, 4, 0), (16, 16, 3, 8)],
    mistakes={
        "uses the same order in every round": one_order,
        "isn't shuffled": lambda n, size, steps, seed: np.resize(np.arange(n), (steps, size)),
        "is drawn with replacement: some samples come up several times in a round, and others don't":
            lambda n, size, steps, seed: np.random.default_rng(seed).integers(n, size=(steps, size)),
        ANEW: unless_larger(anew(lambda rng, n, size: rng.permutation(n)[:size])),
        f"{ANEW} (and a batch can't be larger than the data)":
            anew(lambda rng, n, size: rng.choice(n, size, replace=False)),
        DROPS: unless_larger(dropping),
        f"{DROPS}, and batches larger than the data are never filled": dropping,
        "fills the last batch of a round with samples of the same round, which are seen twice": filled_from_the_round,
        "shuffles the row that is shuffled already, and not 0 … n − 1, for each round": reshuffled,
        "shuffles all rounds together: a sample may come up twice in one round": all_rounds_together,
        "is cut off in front, not at the end": cut_in_front,
        **{text: rounds_by(make) for text, make in ROUNDS.items()},
        "is shuffled with the seed 0, not with the one that is given":
            lambda n, size, steps, seed: batches(n, size, steps, 0),
        "has its axes exchanged: one row belongs to one step": lambda n, size, steps, seed:
            batches(n, size, steps, seed).ravel().reshape(size, steps).T,
        "uses the legacy np.random.seed, which gives another order than np.random.default_rng": legacy,
    })
