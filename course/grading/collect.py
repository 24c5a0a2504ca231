"""python -m course collect FILE_OR_FOLDER …: put what a learning platform exports where the grader looks.

    course/class/submitted/STUDENT/EXERCISE/EXERCISE.ipynb     of each student the newest version
    course/class/collected/STUDENT/EXERCISE/TIME_HASH.ipynb    every version that ever arrived; never changed
    course/class/collected/STUDENT/EXERCISE/came.csv           as what each of them came, and when
    course/class/people.csv                                    which student each name of a platform is

A platform's export is a ZIP archive or the folder that was unpacked from it. The names tell whose a file is:

    Moodle       Ada Lovelace_1234567_assignsubmission_file_/e02.ipynb, or without the folder …_file_e02.ipynb
    Canvas       lovelaceada_LATE_12345_678901_e02-1.ipynb
    Blackboard   Exercise 2_alovelace_attempt_2026-11-02-14-05-09_e02.ipynb
    nbgrader     alovelace+e02_backprop+2026-11-02 14:05:09 UTC+x7Kq/e02_backprop.ipynb, of an inbound folder
    a folder     alovelace/e02.ipynb, or alovelace_e02.ipynb

The exercise is told by the notebook's own cells. Times are the platform's or the archive's, never those in a
student's file.
"""
from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import shutil
import tempfile
import unicodedata
import zipfile
import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Iterable, Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from course.building.units import ROOT, CourseError
from course.grading import sheets
from course.grading.report import printable
from gan_scratch.classroom import notebooks, released as releases
from gan_scratch.classroom.finding import LEFT_OUT, listed
from gan_scratch.classroom.matching import Matching
from gan_scratch.classroom.notebooks import LARGEST_FILE, NotGradable
from gan_scratch.files import replacing

DEEPEST = 3  # archives in archives
OTHER = "not a notebook"  # such as the texts that platforms add
BY_HAND = "by hand"  # the platform of what an instructor put into submitted/
CAME = ("file", "platform", "came", "time", "source", "certain")
MADE_AT_ONCE = 600.0  # seconds in which an archive is made: entries' times that differ by no more are its own
TIME = "%Y-%m-%d_%H-%M-%S"  # in the names of files in collected/; local time
NO_TIME = 1980  # the year of archives' entries without a time
SAME_TIME = 2.0  # seconds: what ZIP archives round times to
MOODLE = re.compile(r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_file(?:_(?P<file>.*))?")
CANVAS = re.compile(r"(?P<name>[^_]+)(?:_LATE)?_(?P<number>\d+)_\d+_(?P<file>.+)", re.I)
BLACKBOARD = re.compile(r".+_(?P<name>[^_]+)_attempt_(?P<time>\d{4}(?:-\d\d){5})(?:_(?P<file>.+))?")
EXCHANGE = re.compile(r"(?P<name>[^+]+)\+[^+]+\+(?P<time>[\d-]+ \d\d:\d\d:\d\d)(?:\.\d+)? (?P<zone>[^+]+)(?:\+.*)?")
FLAT = re.compile(r"(?P<name>.+?)[_ -]+(?P<file>e\d\d.*)", re.I)


@dataclass(frozen=True)
class Person:
    """Whose a file is: platform and key tell people apart, name is for eyes.

    number: Moodle's, which is another one in each of its assignments.
    """

    platform: str
    key: str
    name: str
    number: str = ""


@dataclass(frozen=True)
class Arrival:
    """A file as it came: where it lay, a file with its bytes, when it was handed in, in seconds, and its source."""

    parts: tuple[str, ...]
    path: Path
    time: float
    source: str = ""

    @property
    def shown(self) -> str:
        return "/".join(self.parts)


@dataclass(frozen=True)
class Version:
    """A notebook of a student. shown: as what it came. certain: `time` is when it was handed in."""

    path: Path
    time: float
    digest: str
    shown: str
    platform: str = ""
    source: str = ""
    certain: bool = False

    @property
    def name(self) -> str:
        """The file's name in collected/: time and content."""
        return f"{datetime.fromtimestamp(self.time).strftime(TIME)}_{self.digest}.ipynb"


def digest(data: bytes) -> str:
    """Tells contents apart in names of files."""
    return hashlib.sha256(data).hexdigest()[:12]


def main(sources: list[Path], exercise: str | None = None, *, folder: Path | None = None) -> int:
    """Place every notebook that is found; returns 0, or 1 when one couldn't be placed.

    Args:
        sources: archives, folders, or files. exercise: only this one; notebooks of others are refused by name.
        folder: the class's (default: course/class).

    Raises CourseError when a source isn't there.
    """
    folder = Path(folder or ROOT / "course" / "class")
    only = full_name(exercise) if exercise else None
    folder.mkdir(parents=True, exist_ok=True)
    people, versions, left = People(folder / "people.csv"), defaultdict(list), []
    with tempfile.TemporaryDirectory(prefix=".collecting-", dir=folder) as spool:
        for source in sources:
            place(trimmed(list(arrivals(Path(source), left, Path(spool)))), only, people, versions, left)
        silent = sorted({version.source for found in versions.values() for version in found if not version.certain})
        said = odd_ones(versions) + [remark for key, found in sorted(versions.items()) for remark in settle(folder, *key, found)]
    people.save()
    count = Counter(name for _, name in versions)
    placed = ", ".join(f"{n} of {name}" for name, n in sorted(count.items())) or "nothing"
    print(f"collected: {placed}, in {folder / 'submitted'}")
    for line in people.said + said:
        print(f"  {printable(line)}")
    if silent:
        print(f"  {printable(listed(silent))}: nobody knows when this was handed in, because its times are of one moment, or "
              "Canvas's; if somebody is late, write it into policy.toml under [received.STUDENT]")
    if ignored := [shown for shown, reason in left if reason == OTHER]:
        print(f"  other files, which were left where they are: {printable(listed(ignored))}")
    missed = [(shown, reason) for shown, reason in left if reason != OTHER]
    for shown, reason in missed:
        print(f"  not placed: {printable(shown)}: {reason}")
    return int(bool(missed))


def full_name(exercise: str) -> str:
    """An exercise by name or the beginning of its name. Raises CourseError."""
    try:
        return releases.full_name(exercise)
    except ValueError as error:
        raise CourseError(str(error)) from None


def received(folder: Path, student: str, exercise: str) -> datetime | None:
    """When the version that now lies in submitted/ was handed in, by the platform's or the archive's time.

    Args:
        folder: the class's. exercise: its full name.

    Returns the time with its zone, the first when the same content came several times; None when it wasn't collected,
    or when its archive doesn't tell.
    """
    times = [datetime.fromisoformat(row["time"]) for row in came(folder, student, exercise) if row.get("certain")]
    return min((time for time in times if time.year > NO_TIME), default=None)


def came(folder: Path, student: str, exercise: str) -> list[dict[str, str]]:
    """As what the version that now lies in submitted/ came from platforms and folders, the latest last; see CAME."""
    target = folder / "submitted" / student / exercise / f"{exercise}.ipynb"
    if not target.is_file():
        return []
    same = f"_{digest(target.read_bytes())}.ipynb"
    rows = arrived(folder / "collected" / student / exercise)
    return sorted((row for row in rows if row["file"].endswith(same) and row["platform"] != BY_HAND),
                  key=lambda row: datetime.fromisoformat(row["time"]))


def arrived(kept: Path) -> list[dict[str, str]]:
    """The rows of came.csv in a folder of collected/, as they were written."""
    if not (kept / "came.csv").is_file():
        return []
    with open(kept / "came.csv", newline="", encoding="utf-8") as lines:
        return [{**row, "came": sheets.plain(row["came"])} for row in csv.DictReader(lines)]


def remember(kept: Path, versions: list[Version]) -> None:
    """Add to came.csv what it doesn't have yet."""
    rows = [tuple(row.get(name) or "" for name in CAME) for row in arrived(kept)]
    for version in versions:
        time = datetime.fromtimestamp(version.time).astimezone().isoformat(timespec="seconds")
        certain = "yes" if version.certain else ""
        rows.append((version.name, version.platform, version.shown, time, version.source, certain))
    sheets.write(kept / "came.csv", CAME, (map(sheets.tame, row) for row in dict.fromkeys(rows)))


# --- what came ------------------------------------------------------------------------------------------------------


def arrivals(source: Path, left: list, spool: Path) -> Iterator[Arrival]:
    """All files that may be notebooks; other files, and what can't be read, are told in `left`.

    What lies in archives is written into the folder `spool`, since an export may be larger than the memory.
    Raises CourseError.
    """
    if source.is_dir():
        for where, folders, names in os.walk(source):
            folders[:] = sorted(name for name in folders if name not in LEFT_OUT)
            for name in sorted(names):
                path = Path(where, name)
                yield from of_file(path, path.relative_to(source).parts, source.name, left, spool)
    elif source.is_file():
        yield from of_file(source, (source.name,), source.name, left, spool, given=True)
    else:
        raise CourseError(f"{source}: there is no such file or folder")


def of_file(path: Path, parts: tuple[str, ...], source: str, left: list, spool: Path, given: bool = False
            ) -> Iterator[Arrival]:
    """The file, or what is in it if it is an archive. One that was given itself is no folder of what lies in it."""
    if path.is_symlink() or not path.is_file():
        left.append(("/".join(parts), "a link, and not a file"))
    elif zipfile.is_zipfile(path):
        for inside, data, time in of_archive(path, () if given else parts, left):
            if worth(inside, data, left):
                yield Arrival(inside, spooled(data, spool), time, source)
    elif path.stat().st_size > LARGEST_FILE:
        left.append(("/".join(parts), f"larger than {LARGEST_FILE / 2**20:.0f} MB"))
    elif not hidden(parts) and worth(parts, path.read_bytes(), left):
        yield Arrival(parts, path, path.stat().st_mtime, source)


def of_archive(file, parts: tuple[str, ...], left: list, depth: int = 1
               ) -> Iterator[tuple[tuple[str, ...], bytes, float]]:
    """Where it lay, bytes and time of what is in an archive, and in archives in it."""
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
                    yield inside, data, when(info.date_time)
                elif depth < DEEPEST:
                    yield from of_archive(io.BytesIO(data), inside, left, depth + 1)
                else:
                    left.append(("/".join(inside), "an archive in an archive in an archive: unpack it first"))
    except (OSError, RuntimeError, zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
        left.append((shown, f"an archive that can't be unpacked ({error})"))


def spooled(data: bytes, spool: Path) -> Path:
    """A new file with these bytes."""
    with tempfile.NamedTemporaryFile(dir=spool, delete=False) as file:
        file.write(data)
    return Path(file.name)


def hidden(parts: tuple[str, ...]) -> bool:
    """Files that systems and Jupyter make by themselves."""
    return any(part in LEFT_OUT or part.startswith("._") or part == ".DS_Store" for part in parts)


def when(date_time: tuple[int, ...]) -> float:
    """The time of an archive's entry, which has no time zone: it is taken for local time."""
    try:
        return datetime(*date_time).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def worth(parts: tuple[str, ...], data: bytes, left: list) -> bool:
    """Whether the file may be a notebook; others are only told."""
    name, head = parts[-1].lower(), data[:4000].lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")
    if ".ipynb" in name or head.startswith(b"{") and (b'"cells"' in data or b'"nbformat"' in data):
        return True
    left.append(("/".join(parts), OTHER))
    return False


def trimmed(came: list[Arrival]) -> list[Arrival]:
    """Without a folder in which all students' folders lie."""
    tops, seconds = {a.parts[0] for a in came}, {a.parts[1] for a in came if len(a.parts) > 2}
    around = len(tops) == 1 and len(seconds) > 1 and all(len(a.parts) > 2 for a in came)
    around = around and not seconds <= set(releases.names())
    return trimmed([replace(a, parts=a.parts[1:]) for a in came]) if around else came


# --- whose it is ----------------------------------------------------------------------------------------------------


def whose(arrival: Arrival) -> tuple[Person | None, float, bool]:
    """The person whom the names tell; the time; and whether the names tell it, as Blackboard's and the exchange's
    do.
    """
    for part in arrival.parts:
        if found := MOODLE.fullmatch(part):
            return Person("Moodle", key_of(found["name"]), found["name"], found["number"]), arrival.time, False
        if found := EXCHANGE.fullmatch(part):
            return Person("folder", key_of(found["name"]), found["name"]), exchange_time(found, arrival.time), True
    name = arrival.parts[-1]
    if found := BLACKBOARD.fullmatch(name):
        time = datetime.strptime(found["time"], "%Y-%m-%d-%H-%M-%S").timestamp()
        return Person("Blackboard", key_of(found["name"]), found["name"]), time, True
    if found := CANVAS.fullmatch(name):
        return Person("Canvas", found["number"], found["name"]), arrival.time, False
    if len(arrival.parts) > 1:
        return Person("folder", key_of(arrival.parts[0]), arrival.parts[0]), arrival.time, False
    if found := FLAT.fullmatch(name):
        return Person("folder", key_of(found["name"]), found["name"]), arrival.time, False
    return None, arrival.time, False


def key_of(name: str) -> str:
    """A name as a key: archives made on a Mac write ü as u and two dots."""
    return unicodedata.normalize("NFC", name).casefold()


def exchange_time(found: re.Match, otherwise: float) -> float:
    """The time in the name of an exchange's folder, or the file's when its zone isn't known."""
    try:
        return datetime.fromisoformat(found["time"]).replace(tzinfo=ZoneInfo(found["zone"])).timestamp()
    except (ZoneInfoNotFoundError, ValueError):
        return otherwise


class People:
    """The students' ids, which are names of folders; kept in a file, so that a person has the same one every week.

    A key without a student is the name of several people.
    """

    def __init__(self, file: Path):
        self.file, self.ids, self.said = file, {}, []
        if file.is_file():
            with open(file, newline="", encoding="utf-8") as lines:
                for row in csv.DictReader(lines):
                    self.ids[row["platform"], sheets.plain(row["key"])] = row["student"], sheets.plain(row["name"])

    def id(self, person: Person) -> str:
        """A student's id; a new one that nobody has for somebody new, "" when several people are called so."""
        known = person.number and self.ids.get((person.platform, person.number))
        known = known or self.ids.get((person.platform, person.key))
        if known is None:
            known = self.ids[person.platform, person.key] = self.new(person.name, person.platform), person.name
        return known[0]

    def new(self, name: str, platform: str, taken: Iterable[str] = ()) -> str:
        """An id for somebody new, which is none of those in people.csv and none of the `taken`."""
        plain, taken = slug(name), {*taken, *(student for student, _ in self.ids.values())}
        free = next(name for n in range(1, 10**6) if (name := plain if n == 1 else f"{plain}-{n}") not in taken)
        if free != plain:
            self.said.append(f"{name} of {platform} is called {free}, because {plain} is somebody else; if they are "
                             f"one person: python -m course same {free} {plain}")
        return free

    def several(self, person: Person) -> None:
        """Remember that a name is that of several people, whom only numbers tell apart."""
        student, _ = self.ids.get((person.platform, person.key), ("", ""))
        if student:
            self.said.append(f"several people are called {person.name}; one of them was {student} so far")
            self.ids.setdefault(("folder", key_of(student)), (student, person.name))  # nobody new gets this id
        self.ids[person.platform, person.key] = "", person.name

    def save(self) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        rows = ((student, *key, name) for key, (student, name) in sorted(self.ids.items()))
        sheets.write(self.file, ("student", "platform", "key", "name"), (map(sheets.tame, row) for row in rows))


def slug(name: str) -> str:
    """A name as the grader takes it for a folder: letters, digits, _ and ., inside also -."""
    plain = re.sub(r"\s+", "_", unicodedata.normalize("NFC", name).strip())
    return re.sub(r"[^\w.-]", "", plain).strip("-.") or "nameless"


# --- where it goes --------------------------------------------------------------------------------------------------


def place(came: list[Arrival], only: str | None, people: People, versions: dict, left: list) -> None:
    """Add the notebooks of a source to the versions of their students and exercises, or tell why not."""
    known = [(arrival, person, time, told, name) for arrival in came
             for person, time, told in [whose(arrival)] if (name := exercise_of(arrival, person, only, left))]
    numbers = defaultdict(set)
    for arrival, person, _, _, name in known:
        if person.number and (person.platform, person.number) not in people.ids:
            numbers[beside(arrival), person.key, name].add(person.number)
    for arrival, person, _, _, name in known:
        if len(numbers[beside(arrival), person.key, name]) > 1:
            people.several(person)
    moments = [time for _, person, time, told, _ in known if not told and person.platform != "Canvas"]
    spread = max(moments) - min(moments) > MADE_AT_ONCE if moments else False
    for arrival, person, time, told, name in known:
        if student := people.id(person):
            certain = told or spread and person.platform != "Canvas"
            version = Version(arrival.path, time, digest(arrival.path.read_bytes()), arrival.shown, person.platform,
                              arrival.source, certain)
            versions[student, name].append(version)
        else:
            left.append((arrival.shown, advice(person, people.file)))


def beside(arrival: Arrival) -> tuple[str, ...]:
    """The folder in which Moodle's folders of all students lie."""
    at = next((i for i, part in enumerate(arrival.parts) if MOODLE.fullmatch(part)), 0)
    return arrival.parts[:at]


def advice(person: Person, file: Path) -> str:
    """What to do with somebody whose name is that of several people."""
    number, name = person.number or person.key, person.name
    return (f"several people are called {name}; tell them apart in the folder's name: \"{name} (Physics)_{number}"
            f"_assignsubmission_file_\", or add a line to {file.name}: STUDENT,{person.platform},{number},{name}")


def exercise_of(arrival: Arrival, person: Person | None, only: str | None, left: list) -> str | None:
    """The exercise of a person's notebook; None, and the reason in `left`, when it can't be placed."""
    if person is None:
        left.append((arrival.shown, "whose is it? Put it into a folder with the student's name"))
        return None
    try:
        name = releases.exercise_of(notebooks.read(arrival.path.read_bytes()))
    except NotGradable as error:  # the grader will say so; the file's name may tell where it belongs
        name = named(arrival)
        if name is None:
            left.append((arrival.shown, str(error)))
            return None
    if name is None or only and name != only:
        why = f"it is {name}, and {only} is collected" if name else "none of the course's exercises"
        left.append((arrival.shown, why))
        return None
    return name


def named(arrival: Arrival) -> str | None:
    """The exercise that a file's or folder's name speaks of."""
    found = {name for name in releases.names() for part in arrival.parts[-2:] if name in part.lower()}
    return found.pop() if len(found) == 1 else None


def settle(folder: Path, student: str, name: str, came: list[Version]) -> list[str]:
    """Keep all versions, and put the newest into submitted/; returns what is to be said."""
    kept = folder / "collected" / student / name
    target = folder / "submitted" / student / name / f"{name}.ipynb"
    kept.mkdir(parents=True, exist_ok=True)
    there = [Version(path, datetime.strptime(path.name[:19], TIME).timestamp(), path.stem[20:], path.name)
             for path in sorted(kept.glob("*.ipynb"))]
    lies = digest(target.read_bytes()) if target.is_file() else ""
    if lies and all(version.digest != lies for version in there + came):  # put there by hand, or by an exchange
        came = [*came, Version(target, target.stat().st_mtime, lies, "what lay in submitted", BY_HAND)]
        copy(target, kept / came[-1].name)
    if lies and {version.name for version in came} <= {version.name for version in there}:
        remember(kept, came)
        return []  # nothing new; the instructor may have decided that an older version counts
    said = submit(target, name, there + came, lies)
    for version in came:  # after `submit`, so that a process that is killed begins again
        if not (kept / version.name).exists():
            copy(version.path, kept / version.name)
    remember(kept, came)
    return [f"{student}, {name}: {sentence}" for sentence in said]


def submit(target: Path, name: str, found: list[Version], lies: str) -> list[str]:
    """Put the newest of some versions where the grader looks; returns what is to be said. lies: what is there now."""
    versions = list({version.digest: version for version in sorted(found, key=lambda v: v.time)}.values())
    newest = max(version.time for version in versions)
    tied = [version for version in versions if newest - version.time <= SAME_TIME]
    best = max(tied, key=lambda version: (work(version.path.read_bytes(), name), version.time))
    if best.digest == lies:
        return []
    target.parent.mkdir(parents=True, exist_ok=True)
    copy(best.path, target)
    if len(versions) == 1:
        return []
    why = "the newest" if len(tied) == 1 else "of the newest the one with most tasks answered"
    others = listed([version.shown for version in versions if version is not best])
    return [f"{best.shown} was taken, {why} ({others})"]


def odd_ones(versions: dict[tuple[str, str], list[Version]]) -> list[str]:
    """Who handed in another exercise than nearly everybody else in the same archive."""
    came = defaultdict(list)
    for (student, name), found in versions.items():
        for version in found:
            came[version.source].append((name, student, version.shown))
    said = []
    for source, rows in came.items():
        usual, n = Counter(name for name, *_ in rows).most_common(1)[0]
        if n > 0.8 * len(rows):
            said += [f"{source}: {student} handed in {name}, not {usual} ({shown})" for name, student, shown in sorted(rows) if name != usual]
    return said


def copy(source: Path, target: Path) -> None:
    with replacing(target) as temporary:
        shutil.copyfile(source, temporary)


def work(data: bytes, name: str) -> int:
    """How many tasks of the exercise were worked on; −1 for what can't be read."""
    try:
        return len(Matching(notebooks.read(data).cells, releases.released(name)).answered)
    except NotGradable:
        return -1
