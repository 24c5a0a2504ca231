"""Images: one form inside (float32 in [−1, 1], channels last), and readers that say what is wrong with a file."""
from __future__ import annotations

import gzip
import warnings
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff"}


@dataclass(frozen=True)
class Dataset:
    """Images and what is known about them.

    Attributes:
        images: (N, H, W, C) float32 in [−1, 1]. labels: (N,) int64, or None.
        test_images, test_labels: a held-out part, or None.
        extra: further arrays by name (a second style of the same faces, skin tones, …).
    """

    name: str
    images: np.ndarray
    labels: np.ndarray | None = None
    test_images: np.ndarray | None = None
    test_labels: np.ndarray | None = None
    extra: dict = field(default_factory=dict)

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


def checked(images: np.ndarray, source: str) -> np.ndarray:
    """User's images as float32 in [−1, 1], channels last. Raises ValueError that says what is wrong with them."""
    if images.ndim not in (3, 4) or not images.size:
        raise ValueError(f"{source}: images must have shape (N, H, W) or (N, H, W, C) and not be empty, got {images.shape}")
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
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zipfile.zlib.error, AttributeError):
        raise ValueError(f"{path}: not a readable .npz file of plain arrays, it may be truncated or damaged") from None


def read_npz(path: Path) -> Dataset:
    """Your own .npz: `images`, and if you have them `labels`, `test_images`, `test_labels`.

    Raises ValueError with one sentence when something doesn't fit.
    """
    arrays = open_npz(path)
    images = arrays.get("images", arrays.get("train_images"))
    if images is None:
        raise ValueError(f"{path}: needs an array named 'images', but has {', '.join(sorted(arrays)) or 'none'}")
    test_images = arrays.get("test_images")
    if test_images is not None and test_images.shape[1:] != images.shape[1:]:
        raise ValueError(f"{path}: test_images have shape {test_images.shape[1:]}, but images {images.shape[1:]}")
    return Dataset(path.stem, checked(images, str(path)), _labels(arrays.get("labels", arrays.get("train_labels")), images, path),
                   None if test_images is None else checked(test_images, f"{path}, test_images"),
                   None if test_images is None else _labels(arrays.get("test_labels"), test_images, path))


def _labels(labels, images, path) -> np.ndarray | None:
    if labels is None:
        return None
    if labels.shape != (len(images),) or labels.dtype.kind not in "iu":
        raise ValueError(f"{path}: labels must be one integer for each of the {len(images)} images, got {labels.dtype} {labels.shape}")
    return labels.astype(np.int64)


def read_folder(path: Path, size: int | None = None) -> Dataset:
    """Every picture of a folder, its subfolders being the classes if it has some.

    Args:
        size: resize to size×size; needed when the pictures differ in size. The longer side is cropped first.

    Unreadable files are left out with a warning that names them. Raises ValueError when none can be read.
    """
    files = sorted(f for f in path.rglob("*") if f.suffix.lower() in SUFFIXES and f.is_file() and not f.name.startswith("."))
    if not files:
        raise ValueError(f"{path}: no pictures in this folder ({', '.join(sorted(SUFFIXES))} are read)")
    images, kept, broken = read_files(path, files, size)
    if broken:
        warnings.warn(f"{path}: {len(broken)} of {len(files)} pictures can't be read and are left out: {', '.join(broken[:5])}"
                      + (" …" if len(broken) > 5 else ""), stacklevel=3)
    folders = sorted({f.parent for f in kept})
    labels = np.array([folders.index(f.parent) for f in kept], np.int64) if len(folders) > 1 else None
    return Dataset(path.name, images, labels)


def read_files(path: Path, files: list[Path], size: int | None) -> tuple[np.ndarray, list[Path], list[str]]:
    """Pictures (n, H, W, C) in [−1, 1], the files they come from, and the names of those that can't be read. `path` is what messages name.

    Raises ValueError when none can be read or they differ in size.
    """
    pictures, kept, broken = [], [], []
    for file in files:
        try:
            with Image.open(file) as picture:
                pictures.append(_square(picture, size))
            kept.append(file)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            broken.append(file.name)
    if not pictures:
        raise ValueError(f"{path}: none of the {len(files)} pictures can be read")
    colour = any(p.mode != "L" for p in pictures)
    arrays = [np.asarray(p.convert("RGB" if colour else "L")) for p in pictures]
    sizes = {a.shape[:2] for a in arrays}
    if len(sizes) > 1:
        raise ValueError(f"{path}: the pictures have {len(sizes)} different sizes, {min(sizes)} to {max(sizes)}; give one size for all (size=32, or --size 32)")
    return to_unit(np.stack(arrays)), kept, broken


def _square(picture: Image.Image, size: int | None) -> Image.Image:
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I"):  # 16 bits
        picture = Image.fromarray((np.clip(np.asarray(picture), 0, 65535) >> 8).astype(np.uint8))
    elif picture.mode == "F":
        raise ValueError("floating-point pictures have no agreed range")
    elif picture.mode in ("RGBA", "LA", "P", "PA"):  # transparent means white
        grey, picture = picture.mode == "LA", picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("L" if grey else "RGB")
    elif picture.mode not in ("L", "RGB"):
        picture = picture.convert("L" if picture.mode == "1" else "RGB")
    if size is None:
        return picture
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    return picture.crop((left, top, left + side, top + side)).resize((size, size), Image.Resampling.LANCZOS)


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
