"""Your own pairs, styles and captions: a folder with the subfolders A and B, or a .csv file beside pictures."""
from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from gan_scratch.data.images import SUFFIXES, Dataset, read_files

HELD_OUT = 10  # every tenth of what the user gives is kept for the numbers


def is_two_folders(path: Path) -> bool:
    """Whether a folder has the subfolders A and B."""
    return (path / "A").is_dir() and (path / "B").is_dir()


def read_two_folders(path: Path, size: int | None = None) -> Dataset:
    """Pictures of B as images, those of A as extra["input"].

    Where both have the same file names (without the ending) they are pairs, in the order of the names; every tenth pair is the test part. Otherwise they are
    two styles without pairs, of which there need not be equally many.

    Args:
        size: resize to size×size; needed where the pictures differ in size.

    Raises ValueError when a folder has no pictures, or only some have partners.
    """
    a, b = (_named(path / folder) for folder in "AB")
    common = a.keys() & b.keys()
    if common and common != a.keys() | b.keys():
        alone = sorted((a.keys() | b.keys()) - common)
        raise ValueError(f"{path}: {len(alone)} pictures have no partner of the same name in the other folder, {', '.join(alone[:3])}"
                         f"{' …' if len(alone) > 3 else ''}; add them or remove these, or give all other names if they aren't pairs")
    names = sorted(common)
    images_a, images_b = (_read(path / folder, [files[name] for name in names or sorted(files)], size) for folder, files in (("A", a), ("B", b)))
    if images_a.shape[1:3] != images_b.shape[1:3]:
        raise ValueError(f"{path}: the pictures of A are {images_a.shape[1]}×{images_a.shape[2]}, those of B {images_b.shape[1]}×{images_b.shape[2]}; "
                         "give one size for all (size=32, or --size 32)")
    if not names or len(names) < 2 * HELD_OUT:
        return Dataset(path.name, images_b, extra={"input": images_a})
    test = np.arange(len(names)) % HELD_OUT == 0
    return Dataset(path.name, images_b[~test], test_images=images_b[test], extra={"input": images_a[~test], "test_input": images_a[test]})


def read_captions(path: Path, size: int | None = None) -> Dataset:
    """Pictures with captions, from a .csv file with the columns `file` (relative to it) and `caption`.

    Returns: a Dataset; extra["captions"] (N, V) float32, 1 where a word occurs; extra["words"] (V,) the words, in lower case, that occur in at least two captions.

    Raises ValueError that names the line when the file can't be used.
    """
    rows = _rows(path)
    words = [sorted(set(row["caption"].lower().split())) for row in rows]
    counts: dict[str, int] = {}
    for word in (w for line in words for w in line):
        counts[word] = counts.get(word, 0) + 1
    vocabulary = sorted(word for word, count in counts.items() if 1 < count < len(rows))
    if not vocabulary:
        raise ValueError(f"{path}: no word occurs in at least two captions and not in all of them, so captions say nothing that could be learned")
    captions = np.array([[word in line for word in vocabulary] for line in words], np.float32)
    images = _read(path.parent, [path.parent / row["file"] for row in rows], size)
    return Dataset(path.stem, images, extra={"captions": captions, "words": np.array(vocabulary)})


def _rows(path: Path) -> list[dict]:
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such file")
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file)
            rows = list(table)
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path}: can't be read as a table in UTF-8 ({error})") from None
    if not {"file", "caption"} <= set(table.fieldnames or ()):
        raise ValueError(f"{path}: needs a first line with the columns file and caption, separated by commas; it has "
                         f"{', '.join(table.fieldnames or ()) or 'nothing'}")
    if not rows:
        raise ValueError(f"{path}: has no rows below its first line")
    for line, row in enumerate(rows, 2):
        if not row["file"] or not (row["caption"] or "").strip():
            raise ValueError(f"{path}, line {line}: needs a file and a caption")
        if not (path.parent / row["file"]).is_file():
            raise ValueError(f"{path}, line {line}: there is no picture {row['file']}; paths are relative to the .csv file")
    return rows


def _named(folder: Path) -> dict[str, Path]:
    files = {file.stem: file for file in sorted(folder.iterdir()) if file.suffix.lower() in SUFFIXES and not file.name.startswith(".")}
    if not files:
        raise ValueError(f"{folder}: no pictures in this folder ({', '.join(sorted(SUFFIXES))} are read)")
    return files


def _read(folder: Path, files: list[Path], size: int | None) -> np.ndarray:
    """All files, or a ValueError: a picture that is left out would leave its partner or its caption alone."""
    images, kept, broken = read_files(folder, files, size)
    if broken:
        raise ValueError(f"{folder}: {len(broken)} pictures can't be read, {', '.join(broken[:3])}{' …' if len(broken) > 3 else ''}; "
                         "repair or remove them and what belongs to them")
    return images
