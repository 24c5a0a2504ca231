"""Tables as CSV: read what platforms and spreadsheets write, write what no spreadsheet takes for a formula."""
from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Iterable

from course.building.units import CourseError
from gan_scratch.files import replacing

FORMULA = tuple("=+@-\t\r")


def cells(file: Path) -> tuple[list[str], list[list[str]]]:
    """The headings and the lines of a table with commas, semicolons or tabs, in UTF-8, UTF-16 or Windows-1252.

    Blank lines are left out. Raises CourseError when there is no such file, or no table in it.
    """
    if not file.is_file():
        raise CourseError(f"{file}: there is no such file")
    data = file.read_bytes()
    if data.startswith(b"PK\x03\x04"):
        raise CourseError(f"{file}: this is a spreadsheet or an archive; save the table as CSV, and give that file")
    text = decoded(data)
    first = text.lstrip("\r\n").split("\n", 1)[0]
    try:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
        head, *rest = [line for line in lines if any(cell.strip() for cell in line)] or [[]]
    except csv.Error as error:
        raise CourseError(f"{file}: this is no table that can be read ({error}); save it as CSV") from None
    return [heading.strip() for heading in head], rest


def decoded(data: bytes) -> str:
    """Text in one of the encodings in which platforms and spreadsheets export."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    if b"\0" in data[:100]:
        return data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-16-be", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def write(file: Path, head: Iterable[str], lines: Iterable[Iterable[object]]) -> None:
    """A table in UTF-8, whole or not at all."""
    with (replacing(file) as temporary,
          open(temporary, "w", newline="", encoding="utf-8", errors="backslashreplace") as opened):
        table = csv.writer(opened)
        table.writerow(head)
        table.writerows(lines)


def tame(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return "'" + text if text.startswith(FORMULA) else text


def plain(text: str) -> str:
    """A text before it was tamed."""
    return text[1:] if text[:1] == "'" and text[1:].startswith(FORMULA) else text
