"""Folders as they come: random names, modes, depths, links and damage end in a data set with right labels or in one sentence."""
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_scratch.data import load
from gan_scratch.data.pictures import endings

NAMES = ["cat", "Dog", "A", "B", "9", "10", "train", "test", "val", ".git", "@eaDir", "é", "e\u0301", "with space", "trainA", "testB", "x.png", "クラス"]
MODES = ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "I;16", "I", "F", "HSV", "LAB", "YCbCr"]
ENDINGS = [".png", ".PNG", ".jpg", ".jfif", ".tif", ".webp", ".gif", ".bmp", ".tga", ".ppm", ".txt", "", ".csv", ".mp4", ".npz"]


def paint(rng, path: Path, brightness: int) -> None:
    """A picture whose brightness tells where it lies, in any mode, sometimes damaged."""
    mode, size = rng.choice(MODES), (8, 8) if rng.random() < 0.95 else (9, 7)
    values = np.full(size[::-1], brightness, np.uint8)
    values[0, 0] = 0
    picture = Image.fromarray(values)
    if mode in ("F", "I"):
        picture = Image.fromarray(values.astype(np.float32 if mode == "F" else np.int32))
    elif mode == "I;16":
        picture = Image.fromarray(values.astype(np.uint16) * 257)
    elif mode in ("HSV", "LAB"):
        picture = Image.merge(mode, (picture, picture, picture))
    else:
        picture = picture.convert(mode)
    kind = rng.choice(["PNG", "TIFF", "JPEG", "GIF", "BMP", "WEBP"])
    try:
        picture.save(path, format=kind)
    except (OSError, ValueError, KeyError):
        Image.fromarray(values).save(path, format="PNG")
    damage(rng, path)


def damage(rng, path: Path) -> None:
    data, chance = bytearray(path.read_bytes()), rng.random()
    if chance < 0.05:
        path.write_bytes(data[:int(rng.integers(len(data)))])
    elif chance < 0.15:
        for place in rng.integers(0, len(data), 5):
            data[place] = rng.integers(256)
        path.write_bytes(data)
    elif chance < 0.17:
        path.write_bytes(rng.bytes(50))


def make(rng, root: Path) -> dict[str, int]:
    """A random folder; returns the brightness of each folder's pictures, by its name."""
    folders, bright = [root], {}
    for _ in range(rng.integers(0, 5)):
        folder = folders[rng.integers(len(folders))] / NAMES[rng.integers(len(NAMES))]
        if not folder.exists():
            folder.mkdir()
            folders.append(folder)
    for i, folder in enumerate(folders):
        bright[str(folder)] = 250 - 25 * i
        for number in range(rng.integers(0, 5)):
            path = folder / f"{number}{ENDINGS[min(rng.geometric(0.3) - 1, len(ENDINGS) - 1)]}"
            if path.exists():
                continue
            if rng.random() < 0.05:
                path.symlink_to(folders[rng.integers(len(folders))] if rng.random() < 0.7 else root / "nowhere")
            else:
                paint(rng, path, bright[str(folder)])
    return bright


@pytest.mark.parametrize("part", range(6))
def test_three_hundred_folders(part, tmp_path):
    outcomes = {"read": 0, "refused": 0, "with labels": 0}
    for seed in range(50 * part, 50 * part + 50):
        rng, root = np.random.default_rng(seed), tmp_path / str(seed)
        root.mkdir()
        make(rng, root)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            try:
                data = load(root, size=8 if rng.random() < 0.5 else None, pairs=bool(rng.random() < 0.1))
            except ValueError as error:
                assert str(root) in str(error) and "\n" not in str(error) and len(str(error)) < 800, error
                outcomes["refused"] += 1
                continue
        assert all("\n" not in str(each.message) for each in said)
        assert data.images.dtype == np.float32 and np.abs(data.images).max() <= 1 and data.images.ndim == 4 and len(data.images)
        outcomes["read"] += 1
        outcomes["with labels"] += data.labels is not None
    assert min(outcomes.values()) >= 1, outcomes


def test_random_folders_of_sound_pictures_get_right_labels_and_nothing_is_lost(tmp_path):
    """Where nothing is damaged, each folder's brightness is that of its label's name, and every picture is read or named."""
    labelled = 0
    for seed in range(60):
        rng, root, bright = np.random.default_rng(1000 + seed), tmp_path / str(seed), {}
        names = [name for name in NAMES if name not in ("train", "test", "val", ".git", "@eaDir", "trainA", "testB", "e\u0301")]
        for i, name in enumerate(rng.choice(names, rng.integers(1, 6), replace=False)):
            folder = root / name if rng.random() < 0.7 else root / "more" / name
            folder.mkdir(parents=True)
            bright[name] = 40 + 40 * i
            for number in range(rng.integers(1, 4)):
                Image.fromarray(np.where(np.eye(8), 0, bright[name]).astype(np.uint8)).save(folder / f"{number}.png")
        data = load(root)
        total = sum(path.suffix.lower() in endings() for path in root.rglob("*") if path.is_file())
        assert len(data.images) + len(data.extra.get("input", ())) == total
        if data.labels is not None:
            labelled += 1
            assert sorted(data.classes) == sorted(bright)
            for image, label in zip(data.images, data.labels):
                assert round((image[0, 1, 0] + 1) * 127.5) == bright[data.classes[label]]
    assert labelled > 30
