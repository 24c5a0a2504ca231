"""Find the notebooks in a folder, whatever they are called: .ipynb.txt, .IPYNB, (1), -Copy1, in subfolders, in ZIP archives."""
from __future__ import annotations

import os
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from gan_scratch.classroom import notebooks
from gan_scratch.classroom.notebooks import Notebook, NotGradable

LARGEST_OTHER = 20 * 2**20  # bytes of another file that travels with a notebook
MOST_MEMBERS = 50  # notebooks of an archive
CHECKPOINTS = ".ipynb_checkpoints"
LEFT_OUT = (CHECKPOINTS, "__pycache__", "__MACOSX", ".git", ".venv", "venv")
PERHAPS = (".json", ".txt", "")  # files with these endings are notebooks if they look like one
NUMBER = re.compile(r"(?:\((\d+)\)|copy ?(\d*)|[ _-]v?(\d+))(?=\D*$)", re.I)


@dataclass(frozen=True)
class Candidate:
    """A file that may be a notebook, or a member of an archive. `shown` is its name for messages."""

    path: Path
    shown: str
    member: str = ""

    def load(self) -> Notebook:
        """Read it. Raises NotGradable."""
        if self.path.is_symlink():
            raise NotGradable("a symbolic link in place of the file: hand in the file itself")
        if not self.member:
            return notebooks.load(self.path)
        try:
            with zipfile.ZipFile(self.path) as archive:
                notebooks.refuse_size(archive.getinfo(self.member).file_size)
                return notebooks.read(archive.read(self.member))
        except (OSError, RuntimeError, zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError):
            raise NotGradable("an archive that can't be unpacked: hand in the notebook itself") from None

    @property
    def time(self) -> float:
        return self.path.lstat().st_mtime

    @property
    def number(self) -> int:
        """Copies are numbered: 2 for "(2)" and "-Copy2", 0 without a number."""
        found = NUMBER.search(Path(self.shown).name.lower().split(".ipynb")[0])
        return int(next(filter(None, found.groups()), 1)) if found else 0


def candidates(folder: Path, without: Path | None = None) -> list[Candidate]:
    """All that may be notebooks below a folder; copies that Jupyter made by itself only when there is nothing else."""
    found, copies = [], []
    for path in walk(folder, without):
        inside = path.relative_to(folder)
        (copies if CHECKPOINTS in inside.parts else found).extend(of_file(path, str(inside)))
    return found or copies


def walk(folder: Path, without: Path | None = None):
    """All files below a folder, in order."""
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if Path(where, name) != without and (name not in LEFT_OUT or name == CHECKPOINTS))
        yield from (Path(where, name) for name in sorted(names) if not name.startswith("._"))


def of_file(path: Path, shown: str) -> list[Candidate]:
    """The file itself, the notebooks in it if it is an archive, or nothing."""
    name = path.name.lower()
    if path.is_symlink() or not path.is_file():
        return [Candidate(path, shown)] if ".ipynb" in name else []
    if name.endswith(".zip") or ".ipynb" in name and starts_with(path, b"PK\x03\x04"):
        return of_archive(path, shown)
    if ".ipynb" in name:
        return [Candidate(path, shown)]
    return [Candidate(path, shown)] if path.suffix.lower() in PERHAPS and looks_like_one(path) else []


def of_archive(path: Path, shown: str) -> list[Candidate]:
    """The notebooks in an archive; the archive itself, which can't be read then, when it is broken."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [name for name in archive.namelist() if ".ipynb" in name.rsplit("/")[-1].lower()]
    except (OSError, zipfile.BadZipFile, ValueError):
        return [Candidate(path, shown)]
    members = [name for name in members if not any(part in LEFT_OUT for part in name.split("/")) and "/._" not in f"/{name}"]
    return [Candidate(path, f"{shown}/{name}", name) for name in members[:MOST_MEMBERS]]


def starts_with(path: Path, start: bytes) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(len(start)) == start
    except OSError:
        return False


def looks_like_one(path: Path) -> bool:
    """Whether a file begins as JSON and speaks of cells near its beginning or end, where notebooks do."""
    try:
        with open(path, "rb") as file:
            start = file.read(2000)
            file.seek(max(0, path.stat().st_size - 2000))
            ends = (start + file.read(2000)).replace(b"\0", b"")
    except OSError:
        return False
    return start.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n").startswith(b"{") and (b'"cell_type"' in ends or b'"nbformat"' in ends)


def other_files(folder: Path, notebook: Path) -> dict[Path, Path]:
    """Ordinary files below the folder of a notebook, or of the exercise: where each belongs beside the notebook -> where it is."""
    if not notebook.is_relative_to(folder):
        beside = ((Path(path.name), path) for path in sorted(notebook.parent.iterdir()))
    else:
        beside = ((path.relative_to(notebook.parent if path.is_relative_to(notebook.parent) else folder), path) for path in walk(folder))
    return {inside: path for inside, path in beside if not any(part in LEFT_OUT for part in inside.parts)
            and ".ipynb" not in path.name.lower() and travels(path)}


def travels(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and path.stat().st_size <= LARGEST_OTHER


def listed(names: list[str], most: int = 6) -> str:
    """Names in a row, not too many."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
