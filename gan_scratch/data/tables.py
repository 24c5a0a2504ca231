"""Pictures with captions or labels, from a .csv file beside them."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from pathlib import Path

import numpy as np

from gan_scratch.data import pictures
from gan_scratch.data.folders import warn
from gan_scratch.data.images import Dataset, counted, listed, suspicious
from gan_scratch.data.labels import numbered

COLUMNS = ("caption", "label")


def read_table(path: Path, size: int | None = None, background: str = "white") -> Dataset:
    """Pictures from a .csv file with the columns `file` (relative to it) and `caption`, or `label`, or both.

    Commas, semicolons and tabs separate; UTF-8 or UTF-16, with or without a byte order mark; spaces around names don't
    count; backslashes are read as slashes, and names of files match in every Unicode form.

    Returns: a Dataset. With captions extra["captions"] (N, V) float32 is 1 where a word occurs, and extra["words"] (V,)
    are the words, in lower case, that occur in at least two captions and not in all. With labels they are numbered in
    natural order, their names in `classes`.

    Raises ValueError that names the line when the file can't be used.
    """
    rows = _rows(path)
    extra = _captions(path, [row["caption"] for row in rows]) if "caption" in rows[0] else {}
    labels, _, classes = numbered(
        np.array([row["label"] for row in rows]) if "label" in rows[0] else None, None, str(path)
    )
    read = pictures.read([row["path"] for row in rows], size, background, str(path))
    if read.unread:
        raise ValueError(
            f"{path}: {counted(len(read.unread), 'picture')} can't be read, {listed(read.unread)}; repair them, or "
            "remove their lines"
        )
    warn(path, read.remarks + suspicious(read.images, [row["file"] for row in rows]))
    return Dataset(path.stem, read.images, labels, extra=extra, classes=classes)


def _captions(path: Path, captions: list[str]) -> dict[str, np.ndarray]:
    words = [sorted(set(caption.lower().split())) for caption in captions]
    counts: dict[str, int] = {}
    for word in (w for line in words for w in line):
        counts[word] = counts.get(word, 0) + 1
    vocabulary = sorted(word for word, count in counts.items() if 1 < count < len(words))
    if not vocabulary:
        warn(
            path,
            [
                "no word occurs in at least two captions and not in all of them, so captions say nothing that could "
                "be learned, and are left out"
            ],
        )
        return {}
    table = np.array([[word in line for word in vocabulary] for line in words], np.float32)
    return {"captions": table, "words": np.array(vocabulary)}


def _rows(path: Path) -> list[dict]:
    """A dict for each line of the table: its columns by name, and "path", the picture's."""
    text = _text(path)
    if told := re.match(r"\s*sep=(.)[ \t]*\n", text):  # Excel's own first line
        text = "\n" + text[told.end() :]
    first = text.lstrip("\n\r").split("\n")[0]
    reader = csv.reader(io.StringIO(text), delimiter=max(",;\t", key=first.count), skipinitialspace=True, strict=True)
    header, rows, there, labelled = None, [], {}, {}
    try:
        for cells in reader:
            cells = [unicodedata.normalize("NFC", cell.strip()) for cell in cells]
            if not any(cells):
                continue
            if header is None:
                header = [cell.lower() for cell in cells]
                if "file" not in header or not set(COLUMNS) & set(header):
                    raise ValueError(
                        f"{path}: needs a first line with the columns file and caption (or label), separated by "
                        f"commas; it has {listed(cells, 20)}"
                    )
                if unread := [name for name in header if name and name not in ("file", *COLUMNS)]:
                    warn(path, [f"only file, caption and label are read, not {listed(unread, 20)}"])
                if twice := {name for name in ("file", *COLUMNS) if header.count(name) > 1}:
                    raise ValueError(f"{path}: has the column {' and '.join(sorted(twice))} twice")
                continue
            rows.append(_row(path, reader.line_num, header, cells, there))
            before = labelled.setdefault(rows[-1]["path"], (reader.line_num, rows[-1].get("label")))
            if before[1] != rows[-1].get("label"):
                raise ValueError(
                    f"{path}, lines {before[0]} and {reader.line_num}: {rows[-1]['file']} has the label {before[1]} in "
                    f"the one and {rows[-1]['label']} in the other"
                )
    except csv.Error as error:
        raise ValueError(f"{path}, line {reader.line_num}: can't be read as a table ({error})") from None
    if header is None:
        raise ValueError(
            f"{path}: needs a first line with the columns file and caption (or label), separated by commas; it has "
            "nothing"
        )
    if not rows:
        raise ValueError(f"{path}: has no rows below its first line")
    return rows


def _row(path: Path, line: int, header: list[str], cells: list[str], there: dict) -> dict:
    """One line. there: what is known of folders' names. Raises ValueError that names the line."""
    if len(cells) > len(header) and any(cells[len(header) :]):
        raise ValueError(
            f"{path}, line {line}: has {len(cells)} columns, the first line has {len(header)}; text that holds a "
            "separator needs quotation marks around it"
        )
    row = {name: cell for name, cell in zip(header, cells) if name in ("file", *COLUMNS)}
    needed = ["file", *(name for name in COLUMNS if name in header)]
    if any("\n" in row.get(name, "") for name in ("file", "label")):
        raise ValueError(f"{path}, line {line}: has a line break inside a name")
    if missing := [name for name in needed if not row.get(name)]:
        raise ValueError(
            f"{path}, line {line}: needs a {' and a '.join(needed)}, but the {' and the '.join(missing)} is empty"
        )
    found = _picture(path.parent, row["file"].replace("\\", "/"), there)
    if found is None:
        raise ValueError(
            f"{path}, line {line}: there is no picture {row['file'][:200]}; paths are relative to the .csv file"
            + _like(path.parent, row["file"].replace("\\", "/"))
        )
    return row | {"path": found}


def _picture(folder: Path, name: str, there: dict[Path, dict[str, Path]]) -> Path | None:
    """The file of this name, in whatever Unicode form the disk has it."""
    path = folder / name
    try:
        if path.is_file():
            return path
        folder_there = path.parent.is_dir()
    except (OSError, ValueError):  # a name that no disk takes
        return None
    if path.parent not in there:
        names = path.parent.iterdir() if folder_there else ()
        there[path.parent] = {unicodedata.normalize("NFC", file.name): file for file in names if file.is_file()}
    return there[path.parent].get(path.name)


def _like(folder: Path, name: str) -> str:
    """What may have been meant."""
    path = folder / name
    try:
        near = [
            file.name
            for file in path.parent.iterdir()
            if path.name.casefold() in (file.name.casefold(), file.stem.casefold())
        ]
    except (OSError, ValueError):
        near = []
    return f" (there is {near[0]})" if near else ""


def _text(path: Path) -> str:
    """The file's text. Raises ValueError that names the line where it isn't UTF-8 or UTF-16."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such file")
    raw = path.read_bytes()
    encoding = "utf-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ValueError(f"{path}, line {line}: can't be read as a table in UTF-8; save it as “CSV UTF-8”") from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise ValueError(f"{path}, line {line}: has a byte 0, so it isn't a table of text")
    return text.replace("\r\n", "\n").replace("\r", "\n")
