"""References, inputs and typical mistakes for exercise e03, convolution and its transpose.

What is done wrongly with windows, on the way back and with a kernel is written once, and tried on every function that
has them. A sentence about a mistake names its cause and not what is right.
"""
from __future__ import annotations

from functools import partial

import numpy as np

from gan_scratch.classroom.check import Checks

check = Checks()


# --- sizes -----------------------------------------------------------------------------------------------------------

def count(n, k, s, p):
    return (n + 2 * p - k) // s + 1


def sizes(n, k, s, p):
    c = max(count(n, k, s, p), 0)
    return c, n + 2 * p - ((c - 1) * s + k if c else 0)


def counted(windows):
    """windows(m, k, s, n, p) of m padded places; `sizes` of another count."""
    return lambda n, k, s, p: (windows(n + 2 * p, k, s, n, p), None)


def left(windows):
    """The places behind so many windows."""
    def behind(n, k, s, p):
        m = n + 2 * p
        c = windows(m, k, s, n, p)
        return None, m - (c - 1) * s - k if c > 0 else m
    return behind


def unused(rest, short=lambda m, k, s, n, p: m):
    """rest(u, c, m, k, s, n, p) places: u would be right, there are c windows; `short` where there are none."""
    def places(n, k, s, p):
        (c, u), m = sizes(n, k, s, p), n + 2 * p
        return None, rest(u, c, m, k, s, n, p) if c else short(m, k, s, n, p)
    return places


def right(u, *_):
    return u


def draw_sizes(s, more, lost, p, c):
    """Drawn from ranges: the stride, how much longer the window is, what is lost, the padding, how many windows."""
    def draw(rng):
        stride, longer, rest, pad, windows = (int(rng.integers(a, b + 1)) for a, b in (s, more, lost, p, c))
        k = max(stride + longer, 1)
        return max((windows - 1) * stride + k + min(rest, stride - 1) - 2 * pad, 1), k, stride, pad
    return draw


def too_short(by):
    """The window has by(rng, s) more places than the padded signal."""
    def draw(rng):
        s, pad, n = int(rng.integers(2, 5)), int(rng.integers(0, 2)), int(rng.integers(1, 5))
        return n, n + 2 * pad + by(rng, s), s, pad
    return draw


def where_one_fits(windows):
    return lambda m, k, *args: max(windows(m, k, *args), 0) if m >= k else 0


COUNTS = {text: where_one_fits(windows) for text, windows in {
    "rounds up: is the last window still whole?": lambda m, k, s, n, p: -((k - m) // s) + 1,
    "rounds to the nearest number": lambda m, k, s, n, p: round((m - k) / s) + 1,
    "lacks one window: they are counted from 0": lambda m, k, s, n, p: (m - k) // s,
    "has the padding on one side only": lambda m, k, s, n, p: (n + p - k) // s + 1,
    "lacks the padding": lambda m, k, s, n, p: (n - k) // s + 1,
    "has the padding subtracted": lambda m, k, s, n, p: (n - 2 * p - k) // s + 1,
    "lacks the stride": lambda m, k, s, n, p: m - k + 1,
    "has its + 1 inside the division": lambda m, k, s, n, p: (m - k + 1) // s,
    "has another 1 inside the division": lambda m, k, s, n, p: (m - k + 1) // s + 1,
    "lacks the width of the window": lambda m, k, s, n, p: m // s,
    "lacks the width of the window where it divides": lambda m, k, s, n, p: m // s + 1,
    "has all places at which a window could begin, even if it sticks out": lambda m, k, s, n, p: -(-m // s),
    "lays the windows side by side": lambda m, k, s, n, p: m // k,
    "lacks brackets: only k is divided": lambda m, k, s, n, p: m - k // s + 1,
    "has k and s exchanged": lambda m, k, s, n, p: (m - s) // k + 1,
    "takes half of the window for its width": lambda m, k, s, n, p: (m - k // 2) // s + 1,
    "is the size that a transposed convolution has": lambda m, k, s, n, p: (n - 1) * s - 2 * p + k,
    "lacks the last window where that ends at the very end: < in place of ≤?": lambda m, k, s, n, p: -((k - m) // s),
    "takes the signal to be too short whenever n < k, without the padding":
        lambda m, k, s, n, p: (m - k) // s + 1 if n >= k else 0,
    "is 0 where the padded signal is just as long as the window":
        lambda m, k, s, n, p: (m - k) // s + 1 if m > k else 0}.items()}
ALONE = {
    "isn't rounded: a part of a window isn't a window": where_one_fits(lambda m, k, s, n, p: (m - k) / s + 1),
    "is cut off towards 0, where // rounds down": lambda m, k, s, n, p: max(int((m - k) / s) + 1, 0),
    "is negative for short signals": lambda m, k, s, n, p: (m - k) // s + 1,
    "is at least 1: is there always a window?": lambda m, k, s, n, p: max((m - k) // s + 1, 1)}
UNUSED = {
    "is 0 wherever there is a window": unused(lambda *_: 0),
    "is the remainder of a division where no window fits": unused(right, lambda m, k, s, n, p: (m - k) % s),
    "looks for the end of a last window where there is none": unused(right, lambda m, k, s, n, p: m + s - k),
    "is negative where no window fits": unused(right, lambda m, k, s, n, p: m - k),
    "is 0 where no window fits": unused(right, lambda m, k, s, n, p: 0),
    "is what the signal lacks where no window fits": unused(right, lambda m, k, s, n, p: k - m),
    "lacks the padding where no window fits": unused(right, lambda m, k, s, n, p: n),
    "lacks the places of the padding": unused(lambda u, c, m, k, s, n, p: u - 2 * p),
    "lacks the places of the padding, and is cut off at 0": unused(lambda u, c, m, k, s, n, p: max(u - 2 * p, 0)),
    "has the places of the padding on one side only": unused(lambda u, c, m, k, s, n, p: u - p),
    "has only places of the signal itself; those of the padding can be unused, too":
        unused(lambda u, c, m, k, s, n, p: max(u - p, 0), lambda m, k, s, n, p: n),
    "has the places between the windows as well":
        unused(lambda u, c, m, k, s, n, p: m - c * min(k, s) - max(k - s, 0)),
    "takes the windows to lie side by side": unused(lambda u, c, m, k, s, n, p: m - c * k),
    "takes the windows to lie side by side, and is cut off at 0": unused(lambda u, c, m, k, s, n, p: max(m - c * k, 0)),
    "takes each window to be as wide as the stride": unused(lambda u, c, m, k, s, n, p: m - c * s),
    "has the last window among the unused places": unused(lambda u, c, m, k, s, n, p: u + k),
    "has the last window begin a stride later: they are counted from 0": unused(lambda u, c, m, k, s, n, p: u - s),
    "has one place too many: where does the last window end?": unused(lambda u, c, m, k, s, n, p: u + 1),
    "is what the signal lacks for one more window": unused(lambda u, c, m, k, s, n, p: s - u),
    "is what the signal lacks for one more window, or 0": unused(lambda u, c, m, k, s, n, p: -u % s),
    "is the remainder of (n + 2p)/s; the window has a width": unused(lambda u, c, m, k, s, n, p: m % s),
    "is the remainder of n/s; the padding and the window count, too": unused(lambda u, c, m, k, s, n, p: n % s),
    "is the remainder of (n + 2p)/k; the windows are a stride apart": unused(lambda u, c, m, k, s, n, p: m % k),
    "is the remainder of (n − k)/s; the padding counts, too": unused(lambda u, c, m, k, s, n, p: (n - k) % s),
    "is the remainder of (n + p − k)/s; there is padding on both sides":
        unused(lambda u, c, m, k, s, n, p: (n + p - k) % s),
    "is the number of steps from the first window to the last": unused(lambda u, c, *_: c - 1),
    "is whether something is unused; how much is it?": unused(lambda u, c, m, k, s, n, p: min(u, 1))}

check.add(
    sizes, "count, unused",
    {"": draw_sizes((2, 3), (0, 3), (0, 0), (1, 2), (3, 6)),
     "sizes at which something is lost": draw_sizes((2, 4), (0, 3), (1, 3), (1, 2), (3, 6)),
     "a stride larger than the window": draw_sizes((3, 5), (-3, -1), (0, 4), (0, 1), (2, 6)),
     "a padded signal as long as the window": draw_sizes((2, 3), (1, 4), (0, 0), (0, 1), (1, 1)),
     "a padded signal a little shorter than the window": too_short(lambda rng, s: int(rng.integers(1, s))),
     "a padded signal much shorter than the window": too_short(lambda rng, s: s + int(rng.integers(1, 6)))},
    "where the last window begins, and where it ends (lecture 03, eq. 3)", shares={"count": 1, "unused": 1},
    hidden=[(7, 4, 2, 1), (2, 4, 1, 0), (10, 1, 4, 0), (3, 2, 5, 1), (1, 5, 3, 0), (1, 3, 1, 1), (5, 5, 2, 0)],
    mistakes={**{text: counted(windows) for text, windows in {**COUNTS, **ALONE}.items()}, **UNUSED,
              **{f"comes from a count that {text}": left(windows) for text, windows in COUNTS.items()}})


# --- windows, the way back, kernels ----------------------------------------------------------------------------------

def same(cols):
    return cols


def under(shape, k, stride, pad, step=None):
    """An index for the padded image that gives every window: (N, h, w, k, k, C)."""
    i, j = (np.arange(count(n, k, stride, pad))[:, None] * (step or stride) + np.arange(k) for n in shape[1:3])
    return slice(None), i[:, None, :, None], j[:, None]


def windows(x, k, stride, pad, step=None, front=1, order=None, change=same, **padding):
    """The rows of im2col. What may be wrong: the `step` between windows, how much of the padding is in `front` (1 is a
    half), the `order` of the axes (N, h, w, k, k, C), the numbers (a symmetric `change`), what is in the padding."""
    around = (front * pad, (2 - front) * pad)
    padded = np.pad(x, ((0, 0), around, around, (0, 0)), **padding)
    cols = change(padded[under(x.shape, k, stride, pad, step)])
    return cols.transpose(order or range(6)).reshape(int(np.prod(cols.shape[:3])), -1)


def back(cols, shape, k, stride, pad, step=None, front=1, order=None, change=same, put=np.add.at, cut=None,
         covered=False):
    """The adjoint of `windows`. What else may be wrong: how numbers are `put` in their places, how the padding is `cut`
    off, whether there is no more than what the windows have `covered`."""
    n, height, width, channels = shape
    if covered:
        height, width = ((count(m, k, stride, pad) - 1) * stride + k - 2 * pad for m in (height, width))
    axes = np.array((n, *(count(size, k, stride, pad) for size in (height, width)), k, k, channels))
    order = np.arange(6) if order is None else np.array(order)
    cols = change(cols.reshape(axes[order]).transpose(np.argsort(order)))
    x = np.zeros((n, height + 2 * pad, width + 2 * pad, channels), cols.dtype)
    put(x, under(x.shape, k, stride, 0, step), cols)
    return cut(x, pad) if cut else x[:, front * pad:, front * pad:][:, :height, :width]


def only(*part):
    """Change: 0 in place of all other numbers."""
    def change(cols):
        some = np.zeros_like(cols)
        some[part] = cols[part]
        return some
    return change


def by_place(x, index, cols):
    """= in place of +=, in a loop over the places of the kernel."""
    _, i, j = index
    for a, b in np.ndindex(cols.shape[3:5]):
        x[:, i[:, :, a, 0], j[:, 0, b]] = cols[:, :, :, a, b]


def once(x, index, cols):
    """= in place of +=, in a loop over the windows; also what += does with such an index."""
    x[index] = cols


def overlaps(x, index):
    """How many numbers belong to each place, at least 1."""
    counts = np.zeros_like(x)
    np.add.at(counts, index, 1)
    return np.maximum(counts, 1)


def mean(x, index, cols):
    np.add.at(x, index, cols)
    x /= overlaps(x, index)


def weighted(x, index, cols):
    np.add.at(x, index, cols)
    x *= overlaps(x, index)


def largest(x, index, cols):
    x[index] = -np.inf
    np.maximum.at(x, index, cols)


TURNED = {"turned round, upside down and back to front": (0, 1), "upside down": (0,), "back to front": (1,)}
ONE = "of the numbers that belong to a pixel; the identity has all of them on its left side"
SHARED = {  # mistakes with windows that can be made on both ways
    "comes from rows in the order (C, k, k); is that the order of window.ravel()?": {"order": (0, 1, 2, 5, 3, 4)},
    "comes from rows in the order (k, C, k); is that the order of window.ravel()?": {"order": (0, 1, 2, 3, 5, 4)},
    "comes from rows that go down the columns of the small image first": {"order": (0, 2, 1, 3, 4, 5)},
    "comes from rows in which the sample changes fastest": {"order": (1, 2, 0, 3, 4, 5)},
    **{f"comes from an array of the shape ({', '.join('NhwkkC'[i] for i in order)}); reshape alone moves no axes":
       {"order": order} for order in ((3, 4, 0, 1, 2, 5), (0, 3, 4, 1, 2, 5), (3, 4, 5, 0, 1, 2), (0, 3, 4, 5, 1, 2),
                                      (0, 5, 1, 2, 3, 4), (5, 3, 4, 0, 1, 2))},
    "comes from windows that lie one place apart, whatever the stride is": {"step": 1},
    "comes from an image with all of the padding behind it": {"front": 0},
    "comes from an image with all of the padding in front of it": {"front": 2},
    "lacks the last row and the last column of each window: does a loop end at k − 1?":
        {"change": only(..., slice(-1), slice(-1), slice(None))},
    "lacks all places of the windows but the first: is the `return` inside a loop?":
        {"change": only(..., 0, 0, slice(None))},
    "lacks all channels but the first": {"change": only(..., 0)},
    "lacks the last windows of both axes: does a loop end too early?":
        {"change": only(slice(None), slice(-1), slice(-1))},
    "lacks the first windows of both axes: does a loop begin at 1?":
        {"change": only(slice(None), slice(1, None), slice(1, None))},
    "lacks the last row of windows: does a loop end too early?": {"change": only(slice(None), slice(-1))},
    **{f"lacks all {what} but the first: is the `return` inside a loop?": {"change": only(*part)} for what, part in {
        "samples": (0,), "rows of windows": (slice(None), 0), "rows of windows of all samples": (0, 0),
        "windows of each sample": (slice(None), 0, 0), "windows of all samples": (0, 0, 0)}.items()},
    "lacks all samples but the last": {"change": only(-1)},
    "lacks all windows but the last of all samples": {"change": only(-1, -1, -1)}}
EXCHANGED = {"order": (0, 1, 2, 4, 3, 5)}
PADDED = {
    "has copies of the edge in the padding; it consists of zeros": {"mode": "edge"},
    "has a mirror image in the padding; it consists of zeros": {"mode": "reflect"},
    "has the edge mirrored in the padding; it consists of zeros": {"mode": "symmetric"},
    "has the opposite edge in the padding; it consists of zeros": {"mode": "wrap"},
    "has ones in the padding; it consists of zeros": {"constant_values": 1}}
BACK = {
    "is cut with pad:-pad, which is empty where pad is 0": {"cut": lambda x, p: x[:, p:-p, p:-p]},
    f"holds only the last {ONE}": {"put": by_place},
    f"holds only the one from the last window {ONE}": {"put": once},
    f"holds only the largest {ONE}": {"put": largest},
    "is divided by how many numbers belong to a pixel; where in the identity is a division?": {"put": mean},
    "is multiplied with how many numbers belong to a pixel; where in the identity does this number stand?":
        {"put": weighted},
    "is divided by k·k; where in the identity is a division?": {"change": lambda cols: cols / cols.shape[3] ** 2},
    "lacks the rows and columns that flooring has lost": {"covered": True},
    "has the padding around it still": {"cut": lambda x, p: x},
    "has the padding cut off at the front only": {"cut": lambda x, p: x[:, p:, p:]},
    "has the padding cut off at the end only": {"cut": lambda x, p: x[:, :x.shape[1] - p, :x.shape[2] - p]},
    "has its edge set to 0 where the padding should be cut off": {"cut": lambda x, p: np.pad(
        x[:, 2 * p:-2 * p or None, 2 * p:-2 * p or None], ((0, 0), (p, p), (p, p), (0, 0)))}}
MIXED = {  # what is done to the four axes of W, or of dW
    **{f"a kernel {words}": lambda W, axes=axes: np.flip(W, axes) for words, axes in TURNED.items()},
    "a kernel with its rows and columns exchanged": lambda W: W.swapaxes(0, 1),
    "channels that were exchanged and then reshaped": lambda W: W.swapaxes(2, 3).reshape(W.shape),
    "W in the order (C, k, k, C′), reshaped": lambda W: W.transpose(2, 0, 1, 3).reshape(W.shape),
    "a transposed matrix that was reshaped": lambda W: W.reshape(-1, W.shape[-1]).T.reshape(W.shape),
    "a reshape where a transpose is needed; reshape keeps the order in memory":
        lambda W: W.reshape(W.shape[-1], -1).T.reshape(W.shape),
    "a reshape where a transpose is needed, and with channels exchanged before that":
        lambda W: W.swapaxes(2, 3).reshape(W.shape[-1], -1).T.reshape(W.shape),
    "all four axes in reverse order, and a reshape after that": lambda W: W.T.reshape(W.shape)}
KERNELS = {**{f"is what you get with {words}": {"turn": turn} for words, turn in MIXED.items()},
           "lacks W": {"turn": np.ones_like}}

GEOMETRIES = {  # label: k, s, p, and how many rows and columns are lost
    "": lambda rng: (int(rng.integers(3, 5)), 2, 1, 0),
    "rows that flooring loses": lambda rng: (4, int(rng.integers(2, 4)), 1, 1),
    "stride 1": lambda rng: (int(rng.integers(4, 6)), 1, 2, 0),
    "stride 3": lambda rng: (4, 3, 1, int(rng.integers(1, 3))),
    "a stride larger than the window": lambda rng: (2, 3, 1, int(rng.integers(0, 3))),
    "no padding": lambda rng: (3, 2, 0, int(rng.integers(0, 2))),
    "k = 1": lambda rng: (1, int(rng.integers(1, 3)), 0, 0)}


def normal(rng, *shape):
    return rng.standard_normal(shape).astype(np.float32)


def cases(make):
    """make(rng, k, s, p, lost, small, large, C, C′) for each geometry; small and large are shapes without channels."""
    def draw(geometry, rng):
        k, s, p, lost = geometry(rng)
        n, c, c_out = map(int, rng.permutation([2, 3, 4]))
        h, w = map(int, rng.permutation([3, 4, 5])[:2])
        return make(rng, k, s, p, lost, (n, h, w), (n, *((m - 1) * s + k - 2 * p + lost for m in (h, w))), c, c_out)
    return {label: partial(draw, geometry) for label, geometry in GEOMETRIES.items()}


# --- im2col and col2im -----------------------------------------------------------------------------------------------

def im2col(x, k, stride, pad):
    return windows(x, k, stride, pad)


def col2im(cols, x_shape, k, stride, pad):
    return back(cols, x_shape, k, stride, pad)


def shaped(*groups):
    """Windows that aren't rows: the axes (N, h, w, k, k, C) in these groups."""
    def parts(x, k, stride, pad):
        padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
        cols = padded[under(x.shape, k, stride, pad)]
        return cols.reshape([int(np.prod(cols.shape[a:b])) for a, b in groups])
    return parts


def other_end(more):
    """Windows of an image that has other places at its end: more(n + 2p − k, stride)."""
    def rows(x, k, stride, pad):
        x = np.pad(x, ((0, 0), (pad, pad + stride), (pad, pad + stride), (0, 0)))
        h, w = (n - stride + more(n - stride - k, stride) for n in x.shape[1:3])
        return windows(x[:, :h, :w], k, stride, 0)
    return rows


def first_rows(x, k, stride, pad, axes):
    """The rows that stand at index 0 of these axes."""
    parts = shaped(*((i, i + 1) for i in range(6)))(x, k, stride, pad)
    return parts[(0,) * axes].reshape(-1, k * k * x.shape[-1])


WINDOWS = {
    **SHARED,
    "has the rows and columns of each window exchanged": {"order": (0, 1, 2, 4, 3, 5)},
    **{f"has every window {words}": {"change": lambda cols, axes=axes: np.flip(cols, [3 + axis for axis in axes])}
       for words, axes in TURNED.items()}}

check.add(
    im2col, "cols", cases(lambda rng, k, s, p, lost, small, large, c, c_out: (normal(rng, *large, c), k, s, p)),
    "X in y = X W + b (lecture 03, eq. 6), and the order of its rows and columns under \"Conventions\"",
    mistakes={
        **{text: partial(windows, **options) for text, options in {**WINDOWS, **PADDED}.items()},
        "lacks the padding": lambda x, k, stride, pad: windows(x, k, stride, 0),
        "has the stride 1, whatever it is given": lambda x, k, stride, pad: windows(x, k, 1, pad),
        "has windows that stick out at the end: which is the last one that fits?": other_end(lambda m, s: -m % s),
        "lacks the last windows where they end at the very edge: < in place of ≤?": other_end(lambda m, s: -1),
        **{f"has only the windows of the first {words}: is the `return` inside a loop?": partial(first_rows, axes=axes)
           for words, axes in (("sample", 1), ("row of the first sample", 2))},
        "has only the first window: is the `return` inside a loop?": partial(first_rows, axes=3),
        "isn't reshaped yet: it has the shape (N, h, w, k, k, C)": shaped(*((i, i + 1) for i in range(6))),
        "has a row for each window, which isn't laid out: its shape is (N·h·w, k, k, C)":
            shaped((0, 3), (3, 4), (4, 5), (5, 6)),
        "has its rows laid out, but three axes for the windows: its shape is (N, h, w, k·k·C)":
            shaped((0, 1), (1, 2), (2, 3), (3, 6)),
        "still has an axis for the samples: its shape is (N, h·w, k·k·C)": shaped((0, 1), (1, 3), (3, 6)),
        "still has an axis for the channels: its shape is (N·h·w, k·k, C)": shaped((0, 3), (3, 5), (5, 6)),
        "has the padding around the channels, too": lambda x, k, stride, pad: windows(
            np.pad(x, ((0, 0), (0, 0), (0, 0), (pad, pad))), k, stride, pad)})

check.add(
    col2im, "x",
    cases(lambda rng, k, s, p, lost, small, large, c, c_out: (
        normal(rng, int(np.prod(small)), k * k * c), (*large, c), k, s, p)),
    "⟨cols, im2col(x)⟩ = ⟨col2im(cols), x⟩ for all cols and x (lecture 03, eq. 9)",
    mistakes={
        **{text: partial(back, **options) for text, options in {**WINDOWS, **BACK}.items()},
        "has the stride 1 and its size is made of that": lambda cols, x_shape, k, stride, pad: back(
            cols, (x_shape[0], *(count(n, k, stride, pad) - 1 + k for n in x_shape[1:3]), x_shape[3]), k, 1, 0),
        "has height and width exchanged": lambda *args: col2im(*args).swapaxes(1, 2)})


# --- a convolution and its transpose ---------------------------------------------------------------------------------

def rows_of(y):
    return y.reshape(-1, y.shape[-1])


def down(x, W, stride, pad, turn=same, **options):
    """A x: windows of a large image times a kernel, or times what it is `turn`ed into."""
    n, *size, _ = x.shape
    y = windows(x, len(W), stride, pad, **options) @ rows_of(turn(W))
    return y.reshape(n, *(count(m, len(W), stride, pad) for m in size), -1)


def up(y, W, shape, stride, pad, turn=same, **options):
    """Aᵀ y: a large image of that shape."""
    return back(rows_of(y) @ rows_of(turn(W)).T, shape, len(W), stride, pad, **options)


def weights(x, y, W, stride, pad, product=lambda X, rows: X.T @ rows, then=lambda dW, W: dW, **options):
    """dW from the large image x and the small one, y."""
    X = windows(x, len(W), stride, pad, **options)
    return then(product(X, rows_of(y)).reshape(W.shape), W)


DOWN, UP = {**SHARED, **PADDED, **KERNELS}, {**SHARED, **BACK, **KERNELS}
WEIGHTS = {
    **SHARED, **PADDED,
    **{f"is what you get with {words}": {"then": lambda dW, W, turn=turn: turn(dW)} for words, turn in MIXED.items()},
    "has its two axes of channels exchanged": {"then": lambda dW, W: dW.swapaxes(2, 3)},
    "is a matrix still: give it the shape of W": {"then": lambda dW, W: rows_of(dW)},
    "is a matrix still, and transposed: give it the shape of W": {"then": lambda dW, W: rows_of(dW).T},
    "has its last axis in front": {"then": lambda dW, W: np.moveaxis(dW, -1, 0)},
    "is multiplied with W": {"then": lambda dW, W: dW * W},
    "is the mean over all windows": {"product": lambda X, rows: X.T @ rows / len(rows)},
    "is divided by k·k": {"then": lambda dW, W: dW / len(W) ** 2},
    "is a product of two sums; each window belongs to its own row of the other array":
        {"product": lambda X, rows: np.outer(X.sum(0), rows.sum(0))},
    "is made of the windows alone": {"product": lambda X, rows: np.tile(X.sum(0)[:, None], rows.shape[1])},
    "is made of the small image alone; where are the windows?":
        {"product": lambda X, rows: np.tile(rows.sum(0), (X.shape[1], 1))}}
BIAS = {
    "lacks the bias": lambda y, b: y,
    "has the bias subtracted": lambda y, b: y - b,
    "is multiplied with the bias": lambda y, b: y * b,
    "has the sum of all biases in every channel": lambda y, b: y + b.sum(),
    "has the mean of all biases in every channel": lambda y, b: y + b.mean(),
    "has the first bias in every channel": lambda y, b: y + b[0],
    "is cut off at 0: no activation is asked for": lambda y, b: np.maximum(y + b, 0),
    "is 0 everywhere but in its first row: is the `return` inside a loop?":
        lambda y, b: only(slice(None), 0)(y + b),
    "is 0 everywhere but in its first place: is the `return` inside a loop?":
        lambda y, b: only(slice(None), 0, 0)(y + b),
    "has its axes in the order (N, C′, h, w)": lambda y, b: np.moveaxis(y + b, -1, 1),
    "has height and width exchanged": lambda y, b: (y + b).swapaxes(1, 2),
    "is a matrix still: its rows need their three indices": lambda y, b: rows_of(y + b),
    "has its rows read as (N, w, h)": lambda y, b: (y + b).reshape(len(y), y.shape[2], y.shape[1], -1),
    "has its numbers read as (N, C′, h, w): a reshape moves no axes":
        lambda y, b: np.moveaxis((y + b).reshape(len(y), -1, *y.shape[1:3]), 1, -1)}
DX = {
    "is multiplied with x": lambda dx, x: dx * x,
    "is divided by the number of pixels": lambda dx, x: dx / (x.size / x.shape[-1]),
    "is a matrix still: give it the shape of x": lambda dx, x: rows_of(dx),
    "has its axes in the order (N, C, H, W)": lambda dx, x: np.moveaxis(dx, -1, 1),
    "has height and width exchanged": lambda dx, x: dx.swapaxes(1, 2)}
DB = {
    "is the mean over samples and places; if the loss is a mean, that is in dy already": lambda dy: dy.mean((0, 1, 2)),
    "is the mean over the places of each sample": lambda dy: dy.mean((1, 2)).sum(0),
    "is the mean over the samples; if the loss is a mean, that is in dy already": lambda dy: dy.sum((1, 2)).mean(0),
    "is made of the first sample only": lambda dy: dy[0].sum((0, 1)),
    "is made of the last sample only: = in place of +=?": lambda dy: dy[-1].sum((0, 1)),
    "is one number: each channel has its own bias": lambda dy: dy.sum(),
    "has one number for all channels": lambda dy: np.full(dy.shape[-1], dy.sum()),
    "is the number of windows; it lacks dy": lambda dy: np.full(dy.shape[-1], dy.size // dy.shape[-1]),
    "is 1; it lacks dy": lambda dy: np.ones(dy.shape[-1]),
    "has an axis of length 1 for each axis that was summed": lambda dy: dy.sum((0, 1, 2), keepdims=True),
    "is made of the last window only: = in place of +=?": lambda dy: dy[-1, -1, -1],
    "is summed over the channels; each of them has its own bias": lambda dy: rows_of(dy).sum(1),
    **{f"is summed over axis {', '.join(map(str, axes))} only": lambda dy, axes=axes: dy.sum(axes)
       for axes in ((0,), (1,), (2,), (3,), (0, 1), (0, 2), (1, 2), (0, 3), (1, 2, 3))}}


def conv2d(x, W, b, stride, pad):
    return down(x, W, stride, pad) + b


def conv2d_backward(dy, x, W, stride, pad):
    return up(dy, W, x.shape, stride, pad), weights(x, dy, W, stride, pad), rows_of(dy).sum(0)


def conv_transpose2d(x, W, b, stride, pad, output_pad):
    return enlarged()(x, W, b, stride, pad, output_pad)


def conv_transpose2d_backward(dy, x, W, stride, pad):
    return down(dy, W, stride, pad), weights(dy, x, W, stride, pad)


def enlarged(then=lambda y, b: y + b, **options):
    def transposed(x, W, b, stride, pad, output_pad):
        n, *size, _ = x.shape
        h, w = ((m - 1) * stride - 2 * pad + len(W) + output_pad for m in size)
        return then(up(x, W, (n, h, w, W.shape[2]), stride, pad, **options), b)
    return transposed


def lengthened(bias=True, **how):
    """Rows and columns put to an image that was made without output_pad: at the `end` or in front."""
    def transposed(x, W, b, stride, pad, output_pad, end=how.pop("end", True)):
        y = enlarged(lambda y, b: y if bias else y + b)(x, W, b, stride, pad, 0)
        more = (0, output_pad) if end else (output_pad, 0)
        return np.pad(y, ((0, 0), more, more, (0, 0)), **how) + b * bias
    return transposed


def early_bias(times):
    """The bias as many times at a place as this says of the number of windows over it."""
    def transposed(x, W, b, stride, pad, output_pad):
        y = conv_transpose2d(x, W, 0 * b, stride, pad, output_pad)
        ones = np.ones((x.size // x.shape[-1], W[..., 0].size), x.dtype)
        return y + times(back(ones, y.shape, len(W), stride, pad)) * b
    return transposed


check.add(
    conv2d, "y",
    cases(lambda rng, k, s, p, lost, small, large, c, c_out: (
        normal(rng, *large, c), normal(rng, k, k, c, c_out), normal(rng, c_out), s, p)),
    "the sum in (lecture 03, eq. 5), or the product in (6)",
    mistakes={
        **{text: lambda x, W, b, s, p, options=options: down(x, W, s, p, **options) + b
           for text, options in DOWN.items()},
        **{text: lambda x, W, b, s, p, then=then: then(down(x, W, s, p), b) for text, then in BIAS.items()},
        "lacks the padding": lambda x, W, b, s, p: conv2d(x, W, b, s, 0),
        "has the stride 1, whatever it is given": lambda x, W, b, s, p: conv2d(x, W, b, 1, p),
        "has the bias once for each of the k·k·C terms": lambda x, W, b, s, p: conv2d(x, W, b * W[..., 0].size, s, p),
        "is the mean over the window; a sum is asked for":
            lambda x, W, b, s, p: down(x, W, s, p) / W[..., 0].size + b,
        "is divided by k·k; a sum is asked for": lambda x, W, b, s, p: down(x, W, s, p) / len(W) ** 2 + b})

check.add(
    conv2d_backward, "dx, dW, db",
    cases(lambda rng, k, s, p, lost, small, large, c, c_out: (
        normal(rng, *small, c_out), normal(rng, *large, c), normal(rng, k, k, c, c_out), s, p)),
    "the backward pass of im2col and of a dense layer (lecture 03, eq. 8, 9)", shares={"dx": 1, "dW": 2, "db": 1},
    mistakes={
        **{text: lambda dy, x, W, s, p, text=text: (
            up(dy, W, x.shape, s, p, **UP[text]) if text in UP else None,
            weights(x, dy, W, s, p, **WEIGHTS[text]) if text in WEIGHTS else None, None) for text in {**UP, **WEIGHTS}},
        **{text: lambda dy, x, W, s, p, then=then: (then(up(dy, W, x.shape, s, p), x), None, None)
           for text, then in DX.items()},
        "lacks dy": lambda dy, x, W, s, p: (up(np.ones_like(dy), W, x.shape, s, p), None, None),
        "is the gradient of the rows; how do they come back to the pixels?":
            lambda dy, x, W, s, p: (rows_of(dy) @ rows_of(W).T, None, None),
        **{text: lambda dy, x, W, s, p, db=db: (None, None, db(dy)) for text, db in DB.items()}})

check.add(
    conv_transpose2d, "y",
    cases(lambda rng, k, s, p, lost, small, large, c, c_out: (
        normal(rng, *small, c), normal(rng, k, k, c_out, c), normal(rng, c_out), s, p, lost)),
    "the transpose of A, and how large the image becomes (lecture 03, eq. 7, 10)",
    planted=lambda x, W, b, stride, pad, output_pad: conv_transpose2d(x, W[::-1, ::-1], b, stride, pad, output_pad),
    mistakes={
        **{text: enlarged(**options) for text, options in UP.items() if "upside down and back" not in text},
        **{text: enlarged(then) for text, then in BIAS.items()},
        "has the bias added before col2im; it belongs to the places of y": early_bias(same),
        "has the bias only where windows lie": early_bias(lambda counts: counts > 0),
        "has rows of 0 put behind it for output_pad; where do the last windows end?": lengthened(),
        "has rows of 0 without a bias put behind it for output_pad": lengthened(bias=False),
        "has rows of 0 put in front of it for output_pad": lengthened(end=False),
        "has rows of 0 without a bias put in front of it for output_pad": lengthened(bias=False, end=False),
        "has its last row copied for output_pad": lengthened(mode="edge"),
        "has output_pad for its columns only": lambda *args: conv_transpose2d(*args)[:, :-args[-1] or None],
        "has output_pad for its rows only": lambda *args: conv_transpose2d(*args)[:, :, :-args[-1] or None],
        "has output_pad twice": lambda x, W, b, s, p, more: conv_transpose2d(x, W, b, s, p, 2 * more),
        "has the padding subtracted once only": lambda x, W, b, s, p, more: enlarged()(x, W, b, s, p, more + p)})

check.add(
    conv_transpose2d_backward, "dx, dW",
    cases(lambda rng, k, s, p, lost, small, large, c, c_out: (
        normal(rng, *large, c_out), normal(rng, *small, c), normal(rng, k, k, c_out, c), s, p)),
    "the right column of the table (lecture 03, section 7)", shares={"dx": 2, "dW": 2},
    mistakes={
        **{text: lambda dy, x, W, s, p, text=text: (
            down(dy, W, s, p, **DOWN[text]) if text in DOWN else None,
            weights(dy, x, W, s, p, **WEIGHTS[text]) if text in WEIGHTS else None) for text in {**DOWN, **WEIGHTS}},
        **{text: lambda dy, x, W, s, p, then=then: (then(down(dy, W, s, p), x), None) for text, then in DX.items()},
        "is divided by k·k": lambda dy, x, W, s, p: (
            down(dy, W, s, p) / len(W) ** 2, weights(dy, x, W, s, p) / len(W) ** 2),
        "lacks dy": lambda dy, x, W, s, p: (down(np.ones_like(dy), W, s, p), None),
        "has the stride 1, whatever it is given": lambda dy, x, W, s, p: (down(dy, W, 1, p), None),
        "lacks the padding": lambda dy, x, W, s, p: (down(dy, W, s, 0), None)})
