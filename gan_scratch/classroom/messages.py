"""What Python's and NumPy's messages come from, for somebody who meets them for the first time."""
from __future__ import annotations

# (parts of Python's or NumPy's message, what it comes from); the first that fits is said.
MEANINGS = (
    (("truth value of an array",),
     "`if`, `and`, `or`, `max(…)` ask for one truth value, and this is a whole array; np.where, np.maximum, & "
     "and | work entry by entry"),
    (("mismatch in its core dimension", "not aligned"),
     "in a @ b the last axis of a and the first axis of b must be equally long; should one be transposed, or "
     "the order changed?"),
    (("could not broadcast input array",),
     "what stands to the right of = doesn't fit the part that it is put into; the second shape is that part's"),
    (("for ^:", "bitwise_xor"),
     "in Python `^` isn't a power but works on bits; a power is written with `**`"),
    (("cannot be interpreted as an integer",),
     "a whole number is needed there; / gives a float always, // the whole part"),
    (("could not be broadcast",),
     "two arrays whose shapes don't fit are combined entry by entry"),
    (("only length-1 arrays", "only 0-dimensional arrays",),
     "the functions of math take one number; those of NumPy take arrays"),
    (("can't multiply sequence by non-int",),
     "a tuple or list is used as a number; does a function return several things, which must be unpacked?"),
    (("object is not subscriptable",),
     "what stands before [ ] is no array"),
    (("is not defined",),
     "is it misspelled, or defined in a cell that wasn't run yet, perhaps further down?"),
    (("bitwise_and",),
     "`&` joins True and False, and it binds tighter than `==`: each comparison needs its own brackets"),
    (("bitwise_or'",),
     "`|` joins True and False, and it binds tighter than `==`: each comparison needs its own brackets"),
    (("ellipsis",),
     "an … of a skeleton still stands where something must be filled in"),
    (("have enough dimensions",),
     "in a @ b both must be arrays; a single number stands there, or the … of a skeleton"),
    (("slice indices must be integers",),
     "a number in [ : ] isn't whole; / gives such a float always, // the whole part"),
    (("arrays used as indices must be",),
     "a number in [ ] isn't whole; / gives such a float always, // the whole part"),
    (("only integers, slices",),
     "what stands in [ ] isn't a whole number; / gives a float always, // the whole part"),
    (("cannot unpack non-iterable",),
     "there are several names on the left, and only one thing on the right"),
    (("not enough values to unpack",),
     "more names stand on the left than things on the right; an array gives its rows"),
    (("too many values to unpack",),
     "fewer names stand on the left than things on the right; an array gives its rows"),
    (("math range error",),
     "the result is too large for a floating-point number"),
    (("too many indices",),
     "an array of this shape takes fewer indices than stand in the brackets"),
    (("out of bounds for axis",),
     "indices begin at 0 and end one below the length of their axis; are two axes exchanged?"),
    (("cannot reshape array",),
     "that shape takes another number of entries than the array has; is it the right array?"),
    (("inhomogeneous shape",),
     "things of different shapes make no array; are they several results to be unpacked?"),
    (("positional argument but", "positional arguments but"),
     "the call hands over more things than the function takes"),
)


def in_words(error: BaseException) -> str:
    """An exception, with what it comes from where that is known."""
    said = f"{type(error).__name__}: {error}"
    meaning = next((words for parts, words in MEANINGS if any(part in said for part in parts)), "")
    return f"{said}. {meaning[0].upper()}{meaning[1:]}" if meaning else said
