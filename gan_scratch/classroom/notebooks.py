"""Read a notebook file, whatever editors, browsers and learning platforms have made of it."""
from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from gan_scratch.classroom.places import places

LARGEST_FILE = 200 * 2**20  # bytes, pictures and all
LARGEST = 20 * 2**20  # characters of what students write, and of pictures in it
MOST_CELLS = 1000
UNANSWERED = "YOUR ANSWER HERE"  # in place of an answer in words, before the student writes one
TYPES = ("code", "markdown", "raw")
AGAIN = "open it in Jupyter and save it again, or hand in a copy that opens there"
REREAD = "the file isn't UTF-8 and was read as Windows-1252: letters such as ä or σ may be wrong; save it again in Jupyter"
OTHER_FILES = {b"PK\x03\x04": "a ZIP archive", b"\x1f\x8b": "a gzip archive", b"7z\xbc\xaf": "a 7z archive", b"Rar!": "a RAR archive",
               b"%PDF": "a PDF", b"\x89PNG": "a picture", b"\xff\xd8\xff": "a picture", b"{\\rtf": "an RTF text",
               b"\xd0\xcf\x11\xe0": "an Office file", b"bplist": "a web link", b"#!": "a script", b"import ": "a Python script",
               b"# %%": "a Python script", b"# coding": "a Python script", b"#": "a text", b"<": "a web page"}


class NotGradable(Exception):
    """There is nothing that could be graded. The message says why and what to do, in half a sentence."""


@dataclass
class Notebook:
    """What was read: cells with trustworthy types (see `tidied`), the exercise that it says it is ("" for none), and remarks."""

    cells: list[dict]
    exercise: str = ""
    said: list[str] = field(default_factory=list)


def load(path: Path) -> Notebook:
    """Read a file. Raises NotGradable."""
    try:
        if not path.is_file():
            raise NotGradable("not a file")
        refuse_size(path.stat().st_size)
        return read(path.read_bytes())
    except OSError as error:
        raise NotGradable(f"it can't be read ({error.strerror})") from None


def refuse_size(size: int) -> None:
    """Raises NotGradable for a file that would take too much memory."""
    if size > LARGEST_FILE:
        raise NotGradable(f"too large ({size / 2**20:.0f} MB, at most {LARGEST_FILE / 2**20:.0f}): clear the outputs and save it again")


def read(data: bytes) -> Notebook:
    """Read the bytes of a file. Raises NotGradable."""
    text, said = decoded(data)
    if not text.strip("\0 \t\r\n"):
        raise NotGradable("an empty file" + (", which holds nothing but zeros" if "\0" in text else "") + ": hand it in again")
    try:
        found = parsed(text)
    except MemoryError:
        raise NotGradable("too large for this machine's memory: clear the outputs and save it again") from None
    if not isinstance(found, dict) or not ("cells" in found or "worksheets" in found):
        raise NotGradable(f"not a notebook: JSON without cells; {AGAIN}")
    cells = tidied(found["cells"] if isinstance(found.get("cells"), list) else old_cells(found))
    attached = (data for cell in cells for kinds in cell["attachments"].values() for data in kinds.values())
    size = sum(len(cell["source"]) for cell in cells) + sum(map(len, attached))
    if size > LARGEST:
        raise NotGradable(f"too large ({size / 2**20:.0f} MB without outputs, at most {LARGEST / 2**20:.0f}): "
                          "remove the data or pictures that were pasted into its cells")
    if len(cells) > MOST_CELLS:
        raise NotGradable(f"{len(cells)} cells, at most {MOST_CELLS}: remove those that don't belong to the exercise")
    return Notebook(cells, claimed(found), said)


def decoded(data: bytes) -> tuple[str, list[str]]:
    """A file's text, and a remark where letters may be wrong. Raises NotGradable for what is another kind of file."""
    start = data[:200].lstrip()
    if what := next((what for magic, what in OTHER_FILES.items() if start.startswith(magic)), None):
        raise NotGradable(f"not a notebook but {what}: hand in the notebook itself, the file that Jupyter opens")
    encoding = json.detect_encoding(data)
    try:
        return data.decode(encoding).lstrip("\ufeff"), []
    except UnicodeDecodeError:
        if not encoding.startswith("utf-8"):
            raise NotGradable(f"not a notebook: text that was damaged on its way; {AGAIN}") from None
    return data.decode("cp1252", "replace"), [REREAD]


def parsed(text: str) -> object:
    """The JSON in a text. Raises NotGradable, which says what is wrong there."""
    try:
        return json.loads(text, strict=False)
    except RecursionError:
        raise NotGradable(f"bad JSON (nested too deeply): {AGAIN}") from None
    except ValueError as error:
        position, line = getattr(error, "pos", 0), getattr(error, "lineno", 1)
    raise NotGradable(f"bad JSON ({fault_at(text, position, line)}): {AGAIN}")


def fault_at(text: str, position: int, line: int) -> str:
    """What is wrong with a text that isn't JSON from this position on."""
    if re.search(r"^(<<<<<<<|>>>>>>>) ", text, re.M):
        return "two versions that git could not merge, with its marks <<<<<<< in it"
    if text[:position].rstrip().endswith(","):
        return f"a comma too many near line {line}"
    if isinstance(first_value(text), (dict, list)):
        return f"other text follows the notebook's end in line {line}"
    if not text.rstrip().endswith("}"):
        return "the file's end is missing"
    return f"damaged near line {line}"


def first_value(text: str) -> object:
    """The JSON value at the beginning of a text that goes on after it, else None."""
    try:
        return json.JSONDecoder(strict=False).raw_decode(text.lstrip())[0]
    except ValueError:
        return None


def old_cells(notebook: dict) -> list[dict]:
    """The cells of a notebook of format 2 or 3 as format 4 has them. Raises NotGradable."""
    try:
        return [as_new(cell) for sheet in notebook["worksheets"] for cell in sheet["cells"]]
    except (KeyError, TypeError, AttributeError, ValueError):
        raise NotGradable(f"not a notebook: JSON without cells; {AGAIN}") from None


def as_new(cell: dict) -> dict:
    """A cell of format 3: code was called input, and headings were cells of their own."""
    if cell.get("cell_type") != "heading":
        return {**cell, "source": cell.get("input", cell.get("source"))}
    return {**cell, "cell_type": "markdown", "source": "#" * int(cell.get("level", 1)) + " " + text_of(cell.get("source"))}


def claimed(notebook: dict) -> str:
    """The exercise that the build has written into a notebook; "" when it isn't there."""
    about = notebook.get("metadata")
    about = about.get("gan_scratch") if isinstance(about, dict) else None
    text = about.get("text") if isinstance(about, dict) else None
    return PurePosixPath(text).stem if isinstance(text, str) else ""


def tidied(cells: list) -> list[dict]:
    """Cells with a known type, a source of text, a place in words, and what else is needed of them; what isn't a cell
    is left out."""
    known = (cell for cell in cells if isinstance(cell, dict) and cell.get("cell_type") in TYPES)
    found = [tidied_cell(cell) for cell in known]
    return [{**cell, "where": where} for cell, where in zip(found, places(found))]


def tidied_cell(cell: dict) -> dict:
    about = cell["metadata"] if isinstance(cell.get("metadata"), dict) else {}
    tag = about["nbgrader"] if isinstance(about.get("nbgrader"), dict) else {}
    return {
        "cell_type": cell["cell_type"],
        "source": text_of(cell.get("source")),
        "id": cell.get("id") if isinstance(cell.get("id"), str) else "",
        "about": tag,
        "points": tag.get("points"),
        "grade_id": tag["grade_id"] if isinstance(tag.get("grade_id"), str) else "",
        "tags": [t for t in about["tags"] if isinstance(t, str)] if isinstance(about.get("tags"), list) else [],
        "attachments": pictures(cell.get("attachments")),
    }


def text_of(source: object) -> str:
    """A cell's source, which is a text or a list of lines (some programs forget the line breaks), with \\n between lines."""
    if isinstance(source, list):
        lines = [line for line in source if isinstance(line, str)]
        source = ("" if any("\n" in line for line in lines) else "\n").join(lines)
    text = source if isinstance(source, str) else ""
    return text.replace("\r\n", "\n").replace("\r", "\n").encode(errors="replace").decode()


def pictures(attachments: object) -> dict:
    """A Markdown cell's attachments, as far as they are pictures."""
    parts = attachments.items() if isinstance(attachments, dict) else ()
    return {name: kinds for name, kinds in parts if isinstance(kinds, dict)
            and all(kind.startswith("image/") and isinstance(data, str) for kind, data in kinds.items())}
