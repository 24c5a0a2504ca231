"""Picture files in every mode and depth that Pillow opens, as arrays of one form; what can't be read is named, with
the reason.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageColor, ImageOps, UnidentifiedImageError

from gan_scratch.data.images import counted, listed, to_unit

NOT_DRAWN = {
    "BUFR",
    "EPS",
    "GRIB",
    "HDF5",
    "MPEG",
    "WMF",
}  # Pillow knows these files, but draws them with other programs only
SIXTEEN_BITS = {"PNG", "PPM"}  # these formats' 32-bit integers are 16 bits in a wider box
RANGES = {
    "16-bit": ((0, 65535),),
    "floating-point": ((0, 1), (-1, 1), (0, 255), (0, 65535)),
    "32-bit": ((0, 255), (0, 65535), (0, 2**31 - 1)),
}


@dataclass
class Read:
    """What came of some files.

    Attributes:
        images: (n, H, W, C) float32 in [−1, 1], C = 1 where all are grey, else 3. files: the n that were read.
        unread: why the others weren't. remarks: sentences about what was read in part, or on an assumption.
    """

    images: np.ndarray
    files: list[Path]
    unread: dict[Path, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


@lru_cache(maxsize=1)
def endings() -> frozenset[str]:
    """The endings of files that Pillow, as it is installed here, can read: .png, .jpg, .jfif, .webp, …"""
    known = Image.registered_extensions()
    return frozenset(ending for ending, name in known.items() if name in Image.OPEN and name not in NOT_DRAWN)


def colour(name: str) -> tuple[int, int, int]:
    """(red, green, blue), each 0 … 255, of a colour's name. Raises ValueError where there is no such colour."""
    try:
        return ImageColor.getrgb(name)[:3]
    except ValueError:
        raise ValueError(f"{name!r} isn't a colour; give a name as black or white, or #rrggbb") from None


def read(files: list[Path], size: int | None = None, background: str = "white", source: str = "") -> Read:
    """Read picture files.

    Args:
        size: resize to size×size; the longer side is cropped first. background: what shows through transparent places.
        source: what messages name.

    Floating-point and 32-bit pictures have no agreed range: the narrowest of RANGES that holds the values of all of
    them is taken, and said. Of a file with several pages the first is read.
    Raises ValueError when none can be read, when they differ in size, or when 32-bit values fit no range.
    """
    behind, pictures, depths, result = colour(background), [], [], Read(np.empty(0), [])
    stacks = []
    for file in files:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Pillow's own, about what the result shows or doesn't show
                picture, depth, pages = _opened(file, size, behind)
        except Exception as error:  # a damaged file makes Pillow's readers raise nearly anything
            result.unread[file] = reason(error)
            continue
        pictures.append(picture), depths.append(depth), result.files.append(file)
        stacks += [(file, pages)] if pages > 1 else []
    if not pictures:
        raise ValueError(f"{source}: none of the {len(files)} pictures can be read; {listed(result.unread)}")
    sizes = {p.size[::-1] for p in pictures}
    if len(sizes) > 1:
        raise ValueError(
            f"{source}: the pictures have {len(sizes)} different sizes, {min(sizes)} to {max(sizes)}; give one size "
            "for all (size=32, or --size 32)"
        )
    for kind, ranges in RANGES.items():
        _rescale(pictures, [i for i, depth in enumerate(depths) if depth == kind], kind, ranges, source, result)
    if stacks:
        first, pages = stacks[0]
        result.remarks.append(
            f"{counted(len(stacks), 'file')} with several pages: only the first is read ({first.name} has {pages})"
        )
    mode = "RGB" if any(p.mode == "RGB" for p in pictures) else "L"
    result.images = to_unit(np.stack([np.asarray(p.convert(mode)) for p in pictures]))
    return result


def _opened(file: Path, size: int | None, behind: tuple[int, int, int]) -> tuple[Image.Image, str, int]:
    """A picture in mode L, RGB or F, its depth ("8-bit" or a key of RANGES), and the number of pages of its file."""
    with Image.open(file) as opened:
        kind, pages = opened.format, getattr(opened, "n_frames", 1)
        picture = ImageOps.exif_transpose(opened)
        depth = {"F": "floating-point", "I": "16-bit" if kind in SIXTEEN_BITS else "32-bit"}.get(
            picture.mode, "16-bit" if picture.mode.startswith("I;16") else "8-bit"
        )
        return _resized(_plain(picture, depth, behind), size), depth, pages


def _plain(picture: Image.Image, depth: str, behind: tuple[int, int, int]) -> Image.Image:
    """In mode L, RGB or F, nothing transparent any more."""
    if depth != "8-bit":
        values = np.asarray(picture, np.float32)
        if not np.isfinite(values).all():
            raise ValueError(f"{np.count_nonzero(~np.isfinite(values))} values are NaN or infinite")
        clear = picture.info.get("transparency") if depth == "16-bit" else None
        return Image.fromarray(
            values if clear is None else np.where(values == clear, 257 * np.mean(behind), values).astype(np.float32)
        )
    if picture.mode == "LAB":
        to_srgb = ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")
        return ImageCms.applyTransform(picture, to_srgb)
    if picture.has_transparency_data or picture.mode in ("La", "RGBa"):
        grey = picture.mode in ("1", "L", "LA", "La") and len(set(behind)) == 1
        straight = picture.convert("LA") if picture.mode == "La" else picture
        ground = Image.new("RGBA", picture.size, behind)
        return Image.alpha_composite(ground, straight.convert("RGBA")).convert("L" if grey else "RGB")
    return picture.convert("L" if picture.mode in ("1", "L", "LA") else "RGB")


def _resized(picture: Image.Image, size: int | None) -> Image.Image:
    if size is None:
        return picture
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    small = picture.crop((left, top, left + side, top + side)).resize((size, size), Image.Resampling.LANCZOS)
    if picture.mode != "F":
        return small
    low, high = picture.getextrema()
    return Image.fromarray(np.clip(np.asarray(small), low, high))  # Lanczos overshoots


def _rescale(pictures: list, which: list[int], kind: str, ranges: tuple, source: str, result: Read) -> None:
    """Pictures of one kind without an agreed range to 8 bits, all by the same range."""
    if not which:
        return
    lows, highs = zip(*(pictures[i].getextrema() for i in which))
    low, high = min(lows), max(highs)
    names = listed([result.files[i].name for i in which])
    fits = next((each for each in ranges if each[0] <= low and high <= each[1]), None)
    if fits is None:
        raise ValueError(
            f"{source}: the values of {kind} pictures ({names}) run from {low:.4g} to {high:.4g}, and there is no "
            "agreed range for that; rescale them to 0 … 255 first"
        )
    for i in which:
        pictures[i] = Image.fromarray(
            np.rint(255 * (np.asarray(pictures[i]) - fits[0]) / (fits[1] - fits[0])).astype(np.uint8)
        )
    if len(ranges) > 1:
        result.remarks.append(
            f"{counted(len(which), f'{kind} picture')} ({names}): no range is agreed for them; the values, {low:.4g} "
            f"to {high:.4g}, are read as {fits[0]} … {fits[1]}"
        )
    elif high < fits[1] / 15:  # 12 bits in 16
        result.remarks.append(
            f"{counted(len(which), f'{kind} picture')} ({names}): the largest value is {high:.0f} of {fits[1]}, so "
            "they are nearly black; if they hold fewer bits, stretch them first"
        )


def reason(error: Exception) -> str:
    """Why a picture can't be read, in words."""
    if isinstance(error, UnidentifiedImageError):
        return "not a picture, or damaged at its beginning"
    if isinstance(error, Image.DecompressionBombError):
        return f"more than {2 * Image.MAX_IMAGE_PIXELS / 1e6:.0f} million pixels"
    if isinstance(error, MemoryError):
        return "too large for the memory"
    if isinstance(error, PermissionError):
        return "no permission to read it"
    text = str(error).split("\n")[0].strip()
    return (
        f"damaged ({text})"
        if isinstance(error, (OSError, SyntaxError, EOFError)) and text
        else text or type(error).__name__
    )
