"""Images: one form inside (float32 in [−1, 1], channels last), and readers that say what is wrong with a file."""
from __future__ import annotations

import gzip
import warnings
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gan_scratch.data.labels import numbered


@dataclass(frozen=True)
class Dataset:
    """Images and what is known about them.

    Attributes:
        images: (N, H, W, C) float32 in [−1, 1]. labels: (N,) int64, or None.
        test_images, test_labels: a held-out part, or None.
        extra: further arrays by name (a second style of the same faces, skin tones, …).
        classes: the names of the labels 0, 1, …, where they have names.
    """

    name: str
    images: np.ndarray
    labels: np.ndarray | None = None
    test_images: np.ndarray | None = None
    test_labels: np.ndarray | None = None
    extra: dict = field(default_factory=dict)
    classes: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple:
        return self.images.shape[1:]


def to_unit(images: np.ndarray, top: int = 255) -> np.ndarray:
    """Integers 0 … top to float32 in [−1, 1]; a channel axis is added to (N, H, W)."""
    images = images if images.ndim == 4 else images[..., None]
    return images.astype(np.float32) / np.float32(top / 2) - 1


def to_bytes(images: np.ndarray) -> np.ndarray:
    """float32 in [−1, 1] to uint8, the inverse of `to_unit`; values outside are clipped."""
    return np.clip(np.rint((images + 1) * 127.5), 0, 255).astype(np.uint8)


def some(images: np.ndarray, n: int) -> np.ndarray:
    """n images (or all, if there are fewer), always the same, from everywhere: data may be sorted by class."""
    return images[np.random.default_rng(0).permutation(len(images))[:n]]


MOST_COLUMNS = 20  # more classes than these aren't drawn in columns of their own


def by_class(data: Dataset, rows: int = 10) -> np.ndarray:
    """rows·K images, one class in each of K columns; black where a class has fewer than `rows`."""
    shown = np.full((rows, len(data.classes), *data.shape), -1, np.float32)
    for k in range(len(data.classes)):
        found = some(data.images[data.labels == k], rows)
        shown[:len(found), k] = found
    return shown.reshape(-1, *data.shape)


def suspicious(images: np.ndarray, names: list[str]) -> list[str]:
    """Sentences about pictures (N, H, W, C) in [−1, 1] that are probably not what was meant."""
    flat = images.reshape(len(images), -1, images.shape[-1])
    constant = np.flatnonzero((flat == flat[:, :1]).all((1, 2)))
    low, high = float(images.min()), float(images.max())
    said = []
    if len(constant):
        said.append(f"pictures that show one colour and nothing else ({len(constant)} of {len(images)}): "
                    f"{listed([names[i] for i in constant])}; if they are light on a transparent ground, choose "
                    "another background (--background black)")
    if high - low < 0.1 and len(constant) < len(images):
        said.append(f"the values run from {low:.3f} to {high:.3f} only, less than a twentieth of [−1, 1]: the pictures "
                    "are nearly of one colour, or were read with a wrong range")
    return said


def listed(names, most: int = 3) -> str:
    """The first of some names, or of some names and reasons."""
    given = [f"{Path(name).name} ({why})" for name, why in names.items()] if isinstance(names, dict) else names
    given = [name.replace("\n", "\\n") for name in given]
    return ", ".join(given[:most]) + (" …" if len(given) > most else "")


def counted(n: int, thing: str) -> str:
    """1 picture, 2 pictures."""
    return f"{n} {thing}" + ("" if n == 1 else "s")


def checked(images: np.ndarray, source: str) -> np.ndarray:
    """User's images as float32 in [−1, 1], channels last. Raises ValueError that says what is wrong with them."""
    if images.ndim not in (3, 4) or not images.size:
        raise ValueError(f"{source}: images must have shape (N, H, W) or (N, H, W, C) and not be empty, got {images.shape}")
    if images.ndim == 3 and images.shape[-1] == 3:
        warnings.warn(f"{source}: images of shape {images.shape} are read as {len(images)} grey ones of "
                      f"{images.shape[1]}×3; a single colour picture is images[None]", stacklevel=3)
    if images.ndim == 4 and images.shape[-1] not in (1, 3) and images.shape[1] in (1, 3):
        raise ValueError(f"{source}: images of shape {images.shape} look channels first; move the channels last with numpy.moveaxis(images, 1, -1)")
    if images.ndim == 4 and images.shape[-1] not in (1, 3):
        raise ValueError(f"{source}: images must have 1 or 3 channels, got {images.shape[-1]}")
    if images.dtype == np.uint8:
        return to_unit(images)
    if images.dtype.kind != "f":
        raise ValueError(f"{source}: images must be uint8 in 0 … 255 or floating point in [−1, 1], got {images.dtype}")
    if not np.isfinite(images).all():
        raise ValueError(f"{source}: {np.count_nonzero(~np.isfinite(images))} values are NaN or infinite; remove these images first")
    low, high = float(images.min()), float(images.max())
    if low < -1.001 or high > 1.001:
        raise ValueError(f"{source}: values run from {low:.4g} to {high:.4g}, but floating-point images must lie in [−1, 1]; "
                         "rescale them, for 0 … 255 with images / 127.5 - 1")
    if low >= 0 and high <= 1:
        warnings.warn(f"{source}: values run from {low:.4g} to {high:.4g}; if they mean [0, 1], rescale them with 2 * images - 1", stacklevel=3)
    return np.ascontiguousarray(images if images.ndim == 4 else images[..., None], np.float32)


def open_npz(path: Path) -> dict[str, np.ndarray]:
    """All arrays of an .npz file. Raises FileNotFoundError or ValueError with one sentence."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such file")
    try:
        with open(path, "rb") as opened:  # np.load(path) leaves a bad file open
            file = np.load(opened, allow_pickle=False)
            arrays = {name: file[name] for name in file.files}
        if strange := [name for name, array in arrays.items() if not isinstance(array, np.ndarray)]:
            raise ValueError(strange)
        return arrays
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zipfile.zlib.error, AttributeError, RuntimeError):
        raise ValueError(f"{path}: not a readable .npz file of plain arrays; it may be truncated or damaged, or hold "
                         "objects (save labels as numbers or strings)") from None


READ = {"images", "labels", "train_images", "train_labels", "test_images", "test_labels"}


def read_npz(path: Path) -> Dataset:
    """Your own .npz: `images`, and if you have them `labels`, `test_images`, `test_labels`.

    Raises ValueError with one sentence when something doesn't fit.
    """
    arrays = open_npz(path)
    images = arrays.get("images", arrays.get("train_images"))
    if images is None:
        raise ValueError(f"{path}: needs an array named 'images', but has {', '.join(sorted(arrays)) or 'none'}")
    if unread := sorted(arrays.keys() - READ):
        warnings.warn(f"{path}: not read: {listed(unread)}; the names that are read are "
                      f"{', '.join(sorted(READ))}", stacklevel=3)
    test_images = arrays.get("test_images")
    if test_images is not None and test_images.shape[1:] != images.shape[1:]:
        raise ValueError(f"{path}: test_images have shape {test_images.shape[1:]}, but images {images.shape[1:]}")
    labels, test_labels = arrays.get("labels", arrays.get("train_labels")), arrays.get("test_labels")
    for given, of in ((labels, images), (test_labels, test_images)):
        if given is not None and (of is None or given.shape != (len(of),)):
            raise ValueError(f"{path}: labels must be one value for each of the {0 if of is None else len(of)} images, "
                             f"got {given.dtype} {given.shape}")
    labels, test_labels, classes = numbered(labels, test_labels, str(path))
    images = checked(images, str(path))
    test_images = None if test_images is None else checked(test_images, f"{path}, test_images")
    for sentence in suspicious(images, [f"number {i}" for i in range(len(images))]):
        warnings.warn(f"{path}: {sentence}", stacklevel=3)
    return Dataset(path.stem, images, labels, test_images, test_labels, classes=classes)


def read_idx(path: Path) -> np.ndarray:
    """An IDX file of MNIST's kind, plain or gzipped. Raises ValueError with one sentence when it is damaged."""
    raw = path.read_bytes()
    if raw[:2] == b"\x1f\x8b":
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, gzip.zlib.error) as error:
            raise ValueError(f"{path}: the gzip file is truncated or damaged ({error})") from None
    if len(raw) < 4 or raw[:3] != b"\x00\x00\x08" or not 1 <= raw[3] <= 4:
        raise ValueError(f"{path}: not an IDX file of bytes (it should begin with 00 00 08)")
    start = 4 + 4 * raw[3]
    shape = tuple(int(n) for n in np.frombuffer(raw[4:start], ">u4"))
    if len(raw) - start != int(np.prod(shape)):
        raise ValueError(f"{path}: truncated or damaged, it promises {int(np.prod(shape))} bytes of shape {shape} but holds {len(raw) - start}")
    return np.frombuffer(raw, np.uint8, offset=start).reshape(shape)
