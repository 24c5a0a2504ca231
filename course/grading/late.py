"""What lateness costs: course/class/policy.toml, which the instructor writes.

    grace = "15 min"        # after the due time nothing is taken off for so long: "90 s", "15 min", "2 h", "1 day"
    penalty = 10            # per cent of the exercise's points for each day that has begun
    cap = 50                # per cent at most

    [due]
    e02 = 2026-11-09T18:00:00            # local time; with an offset, as 2026-11-09T18:00:00+01:00, that one
    e03 = 2026-11-16                     # a day alone means its end

    [extensions.Ada_Lovelace]            # the student's id, which is the name of the folder in submitted/
    e02 = 2026-11-12T18:00:00

    [received.Ben_Novak]                 # when it came, where nobody else knows, or knows better
    e02 = 2026-11-10T09:00:00

The time that counts is the collector's (collect.received), never one that a student's file tells.
"""
from __future__ import annotations

import math
import re
import tomllib
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

from course.building import units
from course.building.units import CourseError

UNITS = {"s": 1, "min": 60, "h": 3600, "hour": 3600, "hours": 3600, "day": 86400, "days": 86400}
LENGTH = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(" + "|".join(UNITS) + r")\s*")
KNOWN = ("grace", "penalty", "cap", "due", "extensions", "received")
UNKNOWN_TIME = ("when it was handed in isn't known, so nothing was taken off for lateness; if it was late, write the time into "
                "policy.toml under [received.STUDENT]")


@dataclass(frozen=True)
class Late:
    """How late a submission is.

    Attributes:
        due, received: local times, or None where there is no due time, or nobody knows. days: begun after due time
        and grace.
        share: of the exercise's points that is taken off, from 0 to 1.
    """

    due: datetime | None = None
    received: datetime | None = None
    days: int = 0
    share: float = 0.0

    @property
    def said(self) -> list[str]:
        """Sentences about it: none when it is in time."""
        if self.due and not self.received:
            return [UNKNOWN_TIME]
        if not self.days:
            return []
        days = "1 day" if self.days == 1 else f"{self.days} days"
        return [f"late: handed in {self.received:%Y-%m-%d %H:%M}, due {self.due:%Y-%m-%d %H:%M}; {days} begun, "
                f"{100 * self.share:g} % of the points taken off"]


@dataclass(frozen=True)
class Policy:
    """See the module. Without a file nothing is due, and so nothing is late."""

    due: dict[str, datetime] = field(default_factory=dict)
    extensions: dict[str, dict[str, datetime]] = field(default_factory=dict)
    received: dict[str, dict[str, datetime]] = field(default_factory=dict)
    grace: timedelta = timedelta()
    penalty: float = 0.0
    cap: float = 100.0

    def of(self, exercise: str, student: str, received: datetime | None) -> Late:
        """How late this student's submission is, which came at `received` (None: nobody knows) unless the policy says
        otherwise.
        """
        received = self.received.get(student, {}).get(exercise) or received and local(received)
        due = self.extensions.get(student, {}).get(exercise) or self.due.get(exercise)
        if due is None or received is None:
            return Late(due, received)
        over = received - due
        days = math.ceil(over / timedelta(days=1)) if over > self.grace else 0
        return Late(due, received, days, min(days * self.penalty, self.cap) / 100)


def policy(folder: Path, root: Path = units.ROOT) -> Policy:
    """What policy.toml in a class's folder says. Raises CourseError when it can't be read, or says what isn't meant."""
    file = Path(folder) / "policy.toml"
    if not file.is_file():
        return Policy()
    try:
        said = tomllib.loads(file.read_text(encoding="utf-8-sig"))
        if unknown := sorted(set(said) - set(KNOWN)):
            raise ValueError(f"nobody knows {', '.join(unknown)}; known are {', '.join(KNOWN)}")
        due = times(said.get("due", {}), "due", root)
        extensions = {student: times(given, f"extensions.{student}", root)
                      for student, given in table(said.get("extensions", {}), "extensions").items()}
        received = {student: times(given, f"received.{student}", root)
                    for student, given in table(said.get("received", {}), "received").items()}
        early = [f"{student}'s {name}" for student, given in extensions.items() for name, until in given.items()
                 if name not in due or until < due[name]]
        if early:
            raise ValueError(f"an extension must be later than a due time; see {', '.join(early)}")
        return Policy(due, extensions, received, length(said.get("grace", "0 s")), percent(said.get("penalty", 0), "penalty"),
                      percent(said.get("cap", 100), "cap"))
    except (ValueError, OSError) as error:
        raise CourseError(f"{file}: {error}") from None


def table(given: object, name: str) -> dict:
    """Raises ValueError when it isn't a table of TOML."""
    if not isinstance(given, dict):
        raise ValueError(f"{name} must be a table, [{name}], got {given!r}")
    return given


def times(given: object, where: str, root: Path) -> dict[str, datetime]:
    """Exercise -> local time. Raises ValueError."""
    found = {}
    for name, until in table(given, where).items():
        try:
            found[units.find(name, root).name] = local(until)
        except (CourseError, TypeError) as error:
            raise ValueError(f"{where}.{name}: {error}") from None
    return found


def local(given: object) -> datetime:
    """A time as local time without an offset; a day alone means its end. Raises TypeError."""
    if isinstance(given, datetime):
        return given.astimezone().replace(tzinfo=None) if given.tzinfo else given
    if isinstance(given, date):
        return datetime.combine(given, time(23, 59, 59))
    raise TypeError(f"expected a time without quotation marks, as 2026-11-09T18:00:00, got {given!r}")


def length(given: object) -> timedelta:
    """Raises ValueError."""
    found = LENGTH.fullmatch(given) if isinstance(given, str) else None
    if not found:
        raise ValueError(f'grace: expected a length of time, as "15 min", "2 h" or "1 day", got {given!r}')
    return timedelta(seconds=float(found[1]) * UNITS[found[2]])


def percent(given: object, name: str) -> float:
    """Raises ValueError."""
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0 <= given <= 100:
        raise ValueError(f"{name}: expected per cent, a number from 0 to 100, got {given!r}")
    return float(given)
