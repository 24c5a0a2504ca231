"""python -m course collect FILE_OR_FOLDER …: put what a learning platform exports where the grader looks.

    course/class/submitted/STUDENT/EXERCISE/EXERCISE.ipynb     of each student the newest version
    course/class/collected/STUDENT/EXERCISE/TIME_HASH.ipynb    every version that ever arrived; never changed
    course/class/people.csv                                    which student each name of a platform is

A platform's export is a ZIP archive or the folder that was unpacked from it. The names tell whose a file is:

    Moodle       Ada Lovelace_1234567_assignsubmission_file_/e02.ipynb, or without the folder …_file_e02.ipynb
    Canvas       lovelaceada_LATE_12345_678901_e02-1.ipynb
    Blackboard   Exercise 2_alovelace_attempt_2026-11-02-14-05-09_e02.ipynb
    a folder     alovelace/e02.ipynb, or alovelace_e02.ipynb

The exercise is told by the notebook's own cells. Times are the platform's or the archive's, never those in a student's
file.
"""
from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import unicodedata
import zipfile
import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Iterator

from course.building.units import ROOT, CourseError
from gan_scratch.classroom import notebooks, released as releases
from gan_scratch.classroom.finding import LEFT_OUT, listed
from gan_scratch.classroom.matching import Matching
from gan_scratch.classroom.notebooks import LARGEST_FILE, NotGradable
from gan_scratch.files import replacing

DEEPEST = 3  # archives in archives
OTHER = "not a notebook"  # such as the texts that platforms add
SAME_TIME = 2.0  # seconds: what ZIP archives round times to
MOODLE = re.compile(r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_file(?:_(?P<file>.*))?")
CANVAS = re.compile(r"(?P<name>[^_]+)(?:_LATE)?_(?P<number>\d+)_\d+_(?P<file>.+)", re.I)
BLACKBOARD = re.compile(r".+_(?P<name>[^_]+)_attempt_(?P<time>\d{4}(?:-\d\d){5})(?:_(?P<file>.+))?")
FLAT = re.compile(r"(?P<name>.+?)[_ -]+(?P<file>e\d\d.*)", re.I)


@dataclass(frozen=True)
class Person:
    """Whose a file is: platform and key tell people apart, name is for eyes."""

    platform: str
    key: str
    name: str


@dataclass(frozen=True)
class Arrival:
    """A file as it came: where it lay, its bytes, and when it was handed in, in seconds."""

    parts: tuple[str, ...]
    data: bytes
    time: float

    @property
    def shown(self) -> str:
        return "/".join(self.parts)


@dataclass(frozen=True)
class Version:
    """A notebook of a student. shown: as what it came."""

    data: bytes
    time: float
    shown: str

    @property
    def name(self) -> str:
        """The file's name in collected/: time and content."""
        when = datetime.fromtimestamp(self.time).strftime("%Y-%m-%d_%H-%M-%S")
        return f"{when}_{hashlib.sha256(self.data).hexdigest()[:12]}.ipynb"


def main(sources: list[Path], exercise: str | None = None, *, folder: Path | None = None) -> int:
    """Place every notebook that is found; returns 0, or 1 when one couldn't be placed.

    Args:
        sources: archives, folders, or files. exercise: only this one; notebooks of others are refused by name.
        folder: the class's (default: course/class).

    Raises CourseError when a source isn't there.
    """
    folder = Path(folder or ROOT / "course" / "class")
    only = full_name(exercise) if exercise else None
    people, versions, left = People(folder / "people.csv"), defaultdict(list), []
    for source in sources:
        for arrival in trimmed(list(arrivals(Path(source), left))):
            place(arrival, only, people, versions, left)
    said = [remark for key, found in sorted(versions.items()) for remark in settle(folder, *key, found)]
    people.save()
    count = Counter(name for _, name in versions)
    placed = ", ".join(f"{n} of {name}" for name, n in sorted(count.items())) or "nothing"
    print(f"collected: {placed}, in {folder / 'submitted'}")
    for line in people.said + said:
        print(f"  {line}")
    others = [shown for shown, reason in left if reason == OTHER]
    if others:
        print(f"  other files, which were left where they are: {listed(others)}")
    missed = [(shown, reason) for shown, reason in left if reason != OTHER]
    for shown, reason in missed:
        print(f"  not placed: {shown}: {reason}")
    return int(bool(missed))


def full_name(exercise: str) -> str:
    """An exercise by name or the beginning of its name. Raises CourseError."""
    try:
        return releases.full_name(exercise)
    except ValueError as error:
        raise CourseError(str(error)) from None


# --- what came --------------------------------------------------------------------------------------------------------


def arrivals(source: Path, left: list) -> Iterator[Arrival]:
    """All files that may be notebooks; archives and what can't be read are told in `left`. Raises CourseError."""
    if source.is_dir():
        for where, folders, names in os.walk(source):
            folders[:] = sorted(name for name in folders if name not in LEFT_OUT)
            for name in sorted(names):
                path = Path(where, name)
                yield from of_file(path, path.relative_to(source).parts, left)
    elif source.is_file():
        yield from of_file(source, (source.name,), left, given=True)
    else:
        raise CourseError(f"{source}: there is no such file or folder")


def of_file(path: Path, parts: tuple[str, ...], left: list, given: bool = False) -> Iterator[Arrival]:
    """The file, or what is in it if it is an archive. An archive that was named itself isn't part of what lies in it."""
    if path.is_symlink() or not path.is_file():
        left.append(("/".join(parts), "a link, and not a file"))
    elif zipfile.is_zipfile(path):
        yield from of_archive(path, () if given else parts, left)
    elif path.stat().st_size > LARGEST_FILE:
        left.append(("/".join(parts), f"larger than {LARGEST_FILE / 2**20:.0f} MB"))
    elif not hidden(parts):
        yield from worth(Arrival(parts, path.read_bytes(), path.stat().st_mtime), left)


def of_archive(file, parts: tuple[str, ...], left: list, depth: int = 1) -> Iterator[Arrival]:
    """What is in an archive, and in archives in it."""
    shown = "/".join(parts) or Path(str(file)).name
    try:
        with zipfile.ZipFile(file) as archive:
            for info in archive.infolist():
                inside = parts + PurePosixPath(info.filename.replace("\\", "/")).parts
                if info.is_dir() or hidden(inside):
                    continue
                if info.file_size > LARGEST_FILE or info.flag_bits & 1:
                    why = "protected by a password" if info.flag_bits & 1 else "too large"
                    left.append(("/".join(inside), why))
                    continue
                data = archive.read(info)
                if not inside[-1].lower().endswith(".zip"):
                    yield from worth(Arrival(inside, data, when(info.date_time)), left)
                elif depth < DEEPEST:
                    yield from of_archive(io.BytesIO(data), inside, left, depth + 1)
                else:
                    left.append(("/".join(inside), "an archive in an archive in an archive: unpack it first"))
    except (OSError, RuntimeError, zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
        left.append((shown, f"an archive that can't be unpacked ({error})"))


def hidden(parts: tuple[str, ...]) -> bool:
    """Files that systems and Jupyter make by themselves."""
    return any(part in LEFT_OUT or part.startswith("._") or part == ".DS_Store" for part in parts)


def when(date_time: tuple[int, ...]) -> float:
    """The time of an archive's entry, which has no time zone: it is taken for local time."""
    try:
        return datetime(*date_time).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def worth(arrival: Arrival, left: list) -> Iterator[Arrival]:
    """The file if it may be a notebook; others are only told."""
    name, head = arrival.parts[-1].lower(), arrival.data[:4000].lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")
    if ".ipynb" in name or head.startswith(b"{") and (b'"cells"' in arrival.data or b'"nbformat"' in arrival.data):
        yield arrival
    else:
        left.append((arrival.shown, OTHER))


def trimmed(came: list[Arrival]) -> list[Arrival]:
    """Without a folder in which all students' folders lie."""
    tops, seconds = {a.parts[0] for a in came}, {a.parts[1] for a in came if len(a.parts) > 2}
    around = len(tops) == 1 and len(seconds) > 1 and all(len(a.parts) > 2 for a in came)
    around = around and not seconds <= set(releases.names())
    return trimmed([Arrival(a.parts[1:], a.data, a.time) for a in came]) if around else came


# --- whose it is ------------------------------------------------------------------------------------------------------


def whose(arrival: Arrival) -> tuple[Person | None, float]:
    """The person whom the names tell, and the time, which Blackboard's names tell better."""
    for part in arrival.parts:
        if found := MOODLE.fullmatch(part):
            return Person("Moodle", found["name"].casefold(), found["name"]), arrival.time
    name = arrival.parts[-1]
    if found := BLACKBOARD.fullmatch(name):
        time = datetime.strptime(found["time"], "%Y-%m-%d-%H-%M-%S").timestamp()
        return Person("Blackboard", found["name"].casefold(), found["name"]), time
    if found := CANVAS.fullmatch(name):
        return Person("Canvas", found["number"], found["name"]), arrival.time
    if len(arrival.parts) > 1:
        return Person("folder", arrival.parts[0].casefold(), arrival.parts[0]), arrival.time
    if found := FLAT.fullmatch(name):
        return Person("folder", found["name"].casefold(), found["name"]), arrival.time
    return None, arrival.time


class People:
    """The students' ids, which are names of folders; kept in a file, so that a person has the same one every week."""

    def __init__(self, file: Path):
        self.file, self.ids, self.said = file, {}, []
        if file.is_file():
            with open(file, newline="", encoding="utf-8") as lines:
                for row in csv.DictReader(lines):
                    self.ids[row["platform"], row["key"]] = row["student"], row["name"]

    def id(self, person: Person) -> str:
        """A student's id; a new one that nobody has for somebody new."""
        known = self.ids.get((person.platform, person.key))
        if known is None:
            plain, taken = slug(person.name), {student for student, _ in self.ids.values()}
            free = next(name for n in range(1, 10**6) if (name := plain if n == 1 else f"{plain}-{n}") not in taken)
            if free != plain:
                self.said.append(f"{person.name} of {person.platform} is called {free}, because {plain} is somebody "
                                 f"else; if they are one person, change {self.file.name}")
            known = self.ids[person.platform, person.key] = free, person.name
        return known[0]

    def save(self) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with replacing(self.file) as temporary, open(temporary, "w", newline="", encoding="utf-8") as lines:
            table = csv.writer(lines)
            table.writerow(("student", "platform", "key", "name"))
            table.writerows((student, *key, name) for key, (student, name) in sorted(self.ids.items()))


def slug(name: str) -> str:
    """A name as the grader takes it for a folder: letters, digits, _ and ., inside also -."""
    plain = re.sub(r"\s+", "_", unicodedata.normalize("NFC", name).strip())
    return re.sub(r"[^\w.-]", "", plain).strip("-.") or "nameless"


# --- where it goes ----------------------------------------------------------------------------------------------------


def place(arrival: Arrival, only: str | None, people: People, versions: dict, left: list) -> None:
    """Add a notebook to the versions of its student and exercise, or tell why not."""
    person, time = whose(arrival)
    if person is None:
        left.append((arrival.shown, "whose is it? Put it into a folder with the student's name"))
        return
    try:
        name = releases.exercise_of(notebooks.read(arrival.data))
    except NotGradable as error:  # the grader will say so; the file's name may tell where it belongs
        name = named(arrival)
        if name is None:
            left.append((arrival.shown, str(error)))
            return
    if name is None or only and name != only:
        left.append((arrival.shown, f"it is {name}, and {only} is collected" if name else "none of the course's exercises"))
        return
    versions[people.id(person), name].append(Version(arrival.data, time, arrival.shown))


def named(arrival: Arrival) -> str | None:
    """The exercise that a file's or folder's name speaks of."""
    found = {name for name in releases.names() for part in arrival.parts[-2:] if name in part.lower()}
    return found.pop() if len(found) == 1 else None


def settle(folder: Path, student: str, name: str, came: list[Version]) -> list[str]:
    """Keep all versions, and put the newest into submitted/; returns what is to be said."""
    kept = folder / "collected" / student / name
    target = folder / "submitted" / student / name / f"{name}.ipynb"
    kept.mkdir(parents=True, exist_ok=True)
    there = [Version(path.read_bytes(), datetime.strptime(path.name[:19], "%Y-%m-%d_%H-%M-%S").timestamp(), path.name)
             for path in sorted(kept.glob("*.ipynb"))]
    if target.is_file():  # put there by hand, or by an exchange
        by_hand = Version(target.read_bytes(), target.stat().st_mtime, "what lay in submitted")
        there += [by_hand] if all(by_hand.data != version.data for version in there + came) else []
    versions = list({version.data: version for version in sorted(came + there, key=lambda v: v.time)}.values())
    for version in versions:
        if not (kept / version.name).exists():
            with replacing(kept / version.name) as temporary:
                temporary.write_bytes(version.data)
    newest = max(version.time for version in versions)
    tied = [version for version in versions if newest - version.time <= SAME_TIME]
    best = max(tied, key=lambda version: (work(version.data, name), version.time))
    if target.is_file() and target.read_bytes() == best.data:
        return []
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as temporary:
        temporary.write_bytes(best.data)
    if len(versions) == 1:
        return []
    why = "the newest" if len(tied) == 1 else "of the newest the one with most tasks answered"
    others = listed([version.shown for version in versions if version is not best])
    return [f"{student}, {name}: {best.shown} was taken, {why} ({others})"]


def work(data: bytes, name: str) -> int:
    """How many tasks of the exercise were worked on; −1 for what can't be read."""
    try:
        return len(Matching(notebooks.read(data).cells, releases.released(name)).answered)
    except NotGradable:
        return -1
