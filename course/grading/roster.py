"""python -m course roster FILE …: who is in the class, as a learning platform tells it.

    course/class/roster.csv       a line for each person: student, name, email, group, and the platforms' own keys
    course/class/people.csv       which student each name of a platform is; `collect` uses the same file
    course/class/worksheet.csv    Moodle's grading worksheet as it came last, whose columns `return` keeps

Files may be CSV with commas, semicolons or tabs, in UTF-8, UTF-16 or Windows-1252:

    Moodle's participants          First name, Last name, Email address, Groups
    Moodle's grading worksheet     Identifier ("Participant 1234567"), Full name, Email address
    Canvas's gradebook             Student ("Lovelace, Ada"), ID, SIS User ID, SIS Login ID, Section
    Blackboard's grade centre      Last Name, First Name, Username, Student ID
    one of your own                student, name, email, group, of which student or name is enough

Moodle's headings may be English, German, French, Spanish or Italian.
"""
from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Iterable

from course.building.units import ROOT, CourseError
from course.grading import sheets
from course.grading.collect import People, Person, key_of, slug
from course.grading.report import printable
from gan_scratch.classroom.finding import listed

COLUMNS = ("student", "name", "email", "group", "sort_name", "id_number", "username", "canvas", "sis_id", "sis_login",
           "section", "moodle", "left")
SAME = (("canvas",), ("moodle",), ("email", "username", "sis_login"), ("id_number", "sis_id"))  # nobody shares these
KEYS = [key for same in SAME for key in same]
LEFT = "left"
SAME_PERSON = "if one of them is in the class under another id, say so with: python -m course same OLD NEW"
CANVAS = {"student": "name", "id": "canvas", "sis user id": "sis_id", "sis login id": "sis_login",
          "section": "section"}
HEADINGS = {
    "student": ("student",),
    "first": ("first name", "vorname", "prénom", "nombre", "nome"),
    "last": ("last name", "surname", "nachname", "familienname", "nom", "nom de famille", "apellido(s)", "apellidos",
             "cognome"),
    "name": ("name", "full name", "student name", "vollständiger name", "nom complet", "nombre completo",
             "nome completo"),
    "email": ("email", "e-mail", "email address", "e-mail address", "e-mail-adresse", "mail", "adresse de courriel",
              "adresse e-mail", "dirección de correo", "correo electrónico", "indirizzo email"),
    "group": ("group", "groups", "gruppe", "gruppen", "groupe", "groupes", "grupo", "grupos", "gruppo", "gruppi"),
    "id_number": ("id number", "id_number", "student id", "matrikelnummer", "id-nummer", "numéro d’identification",
                  "numéro d'identification", "número de id", "codice identificativo"),
    "username": ("username", "user name", "login", "benutzername", "anmeldename", "nom d’utilisateur",
                 "nom d'utilisateur", "nombre de usuario"),
    "identifier": ("identifier", "id", "identifikation", "identifiant", "identificador", "identificativo"),
    "role": ("role", "roles", "rolle", "rollen", "rôle", "rôles", "rol", "ruolo", "ruoli"),
    **{name: (name,) for name in ("sort_name", "canvas", "sis_id", "sis_login", "section", "moodle", "left")},
}
NO_GROUP = ("no groups", "no group", "keine gruppen", "keine gruppe")
IDENTIFIER = re.compile(r"\D+ (\d+)")
TEACHES = re.compile(r"teach|train|lehr|dozent|manager|tutor|enseign|profes|docent", re.I)
EXPECTED = ("First name, Last name, Email address (Moodle's participants); Identifier, Full name (Moodle's grading "
            "worksheet); Student, ID, Section (Canvas's gradebook); Last Name, First Name, Username (Blackboard's "
            "grade centre); or student, name, email, group")


def main(files: list[Path], folder: Path | None = None) -> int:
    """Read who is in the class, and say what changed; returns 0.

    Args:
        files: what platforms export. folder: the class's (default: course/class).

    Raises CourseError for a file that can't be read, or that doesn't tell two people apart.
    """
    folder = Path(folder or ROOT / "course" / "class")
    given = [(file, *parsed(Path(file))) for file in files]
    folder.mkdir(parents=True, exist_ok=True)
    people, known = People(folder / "people.csv"), members(folder)
    now, said = {}, []
    for file, found, left_out in given:
        said += [f"{Path(file).name}: left out {listed(left_out)}"] if left_out else []
        for row in found:
            student = row.get("student") or who(row, found, [*now.values(), *known], people, said)
            now[student] = merged(now.get(student, {}), row, student)
    before = {row["student"]: row for row in known}
    rows = [{**before.get(student, {}), **row, "left": ""} for student, row in now.items()]
    rows += [{**row, "left": LEFT} for row in known if row["student"] not in now]
    said += changes(before, rows)
    register(rows, people)
    write(folder, rows)
    people.save()
    for file, found, _ in given:
        if any("moodle" in row for row in found):
            sheets.write(folder / "worksheet.csv", *sheets.cells(Path(file)))
    print(f"roster: {len(now)} people, in {folder / 'roster.csv'}")
    for line in said + people.said + strangers(rows, people):
        print(f"  {printable(line)}")
    return 0


def members(folder: Path) -> list[dict[str, str]]:
    """The people of roster.csv in its order, each with all COLUMNS as texts; none without a roster."""
    file = Path(folder) / "roster.csv"
    if not file.is_file():
        return []
    head, lines = sheets.cells(file)
    blank = dict.fromkeys(COLUMNS, "")
    return [blank | {name: sheets.plain(cell) for name, cell in zip(head, line)} for line in lines]


def write(folder: Path, rows: Iterable[dict[str, str]]) -> None:
    """Make roster.csv of these people."""
    lines = ([sheets.tame(row.get(name, "")) for name in COLUMNS] for row in rows)
    sheets.write(Path(folder) / "roster.csv", COLUMNS, lines)


def students(folder: Path) -> list[str]:
    """The ids of those who are in the class and haven't left it, in the roster's order; none without a roster."""
    return [row["student"] for row in members(folder) if not row["left"]]


def names(folder: Path) -> dict[str, dict[str, str]]:
    """For nbgrader's gradebook: each student's first_name, last_name and email."""
    found = {}
    for row in members(folder):
        last, comma, first = row["sort_name"].partition(",")
        if not comma:
            first, _, last = row["name"].rpartition(" ")
        about = {"first_name": first.strip(), "last_name": last.strip(), "email": row["email"]}
        found[row["student"]] = {name: text.replace("\0", "")[:128] for name, text in about.items() if text}
    return found


# --- reading --------------------------------------------------------------------------------------------------------


def parsed(file: Path) -> tuple[list[dict[str, str]], list[str]]:
    """The people of a file, each with the columns that it tells, and who was left out. Raises CourseError."""
    head, lines = sheets.cells(file)
    names = fields(head, lines)
    if not set(names) & {"student", "name"} and not {"first", "last"} <= set(names):
        raise CourseError(f"{file}: found the columns {listed(head, 12) or 'of an empty file'}; expected {EXPECTED}")
    found, left_out = [], []
    for line in lines:
        row = {name: cell.strip() for name, cell in zip(names, line) if name}
        name = full_name(row)
        if not name and not row.get("student") or name.lower() == "points possible":
            continue
        if name.lower() in ("test student", "student test") or TEACHES.search(row.get("role", "")):
            left_out.append(name)
            continue
        found.append(person(row, name))
    refuse(file, found)
    return found, left_out


def refuse(file: Path, found: list[dict[str, str]]) -> None:
    """Raises CourseError for two people whom nothing tells apart, and for ids that can't be the names of folders."""
    count = Counter(key_of(row["name"]) for row in found if not distinct(row))
    if twice := [name for name, n in count.items() if n > 1]:
        raise CourseError(f"{file}: {listed(twice)} is there twice, without an e-mail address or an id that tells "
                          "the two apart")
    if odd := [row["student"] for row in found if row.get("student") and row["student"] != slug(row["student"])]:
        raise CourseError(f"{file}: {listed(odd)} can't be the name of a folder; use letters, digits, _ and ., and "
                          "inside also -")


def fields(head: list[str], lines: list[list[str]]) -> list[str]:
    """For each column what it holds, "" for what isn't read."""
    low = [heading.casefold() for heading in head]
    if {"student", "id"} <= set(low) and set(low) & {"sis user id", "sis login id", "section"}:
        return [CANVAS.get(heading, "") for heading in low]
    names = [next((name for name, known in HEADINGS.items() if heading in known), "") for heading in low]
    if "first" in names and "last" not in names:  # "Name" beside "Vorname"
        names = ["last" if name == "name" else name for name in names]
    if lines and all(IDENTIFIER.fullmatch(line[0]) for line in lines):  # of a worksheet in another language
        names[0] = "identifier"
    return names


def full_name(row: dict[str, str]) -> str:
    """First name first."""
    name = row.get("name") or f"{row.get('first', '')} {row.get('last', '')}"
    last, comma, first = name.partition(",")
    return " ".join((f"{first} {last}" if comma else name).split())


def person(row: dict[str, str], name: str) -> dict[str, str]:
    """A line of a platform's file in the roster's terms."""
    made = {key: value for key, value in row.items() if key in COLUMNS}
    made["name"] = name or row["student"].replace("_", " ")
    if "," in row.get("name", ""):
        made["sort_name"] = row["name"]
    elif row.get("last") and row.get("first"):
        made["sort_name"] = f"{row['last']}, {row['first']}"
    if found := IDENTIFIER.fullmatch(row.get("identifier", "")):
        made["moodle"] = found[1]
    elif row.get("identifier"):
        made["id_number"] = row["identifier"]
    if made.get("group", "").casefold() in NO_GROUP:
        made["group"] = ""
    return made


def distinct(row: dict[str, str]) -> bool:
    """Whether there is something that nobody else has."""
    return any(row.get(key) for key in ("student", *KEYS))


# --- who it is ------------------------------------------------------------------------------------------------------


def who(row: dict, found: list[dict], known: list[dict], people: People, said: list[str]) -> str:
    """The id of a person: by the platforms' keys, else by name where only one is called so, else a new one."""
    by_key = {student for key in keys(row) if (student := people.ids.get(key, ("",))[0])}
    by_key = by_key or {other["student"] for other in known if shared(row, other)}
    if len(by_key) > 1:
        said.append(f"{row['name']} is {' and '.join(sorted(by_key))} in people.csv; {min(by_key)} was taken: "
                    f"make them one with python -m course same {max(by_key)} {min(by_key)}")
    if by_key:
        return min(by_key)
    if sum(forms(other["name"]) & forms(row["name"]) != set() for other in found) > 1:
        said.append(f"several people are called {row['name']}: this one is {label(row)}")
        return people.new(row["name"], "the roster", taken={other["student"] for other in known})
    names = {other["student"]: other["name"] for other in known if not contradict(row, other)}
    names |= {student: name for student, name in people.ids.values() if student and not any(
        other["student"] == student and contradict(row, other) for other in known)}
    by_name = {student for student, name in names.items() if forms(name) & forms(row["name"])}
    if len(by_name) == 1:
        return by_name.pop()
    if by_name:
        said.append(f"{row['name']} ({label(row)}) may be {' or '.join(sorted(by_name))}, and was taken for somebody "
                    "new; if not, say so with: python -m course same OLD NEW")
    return people.new(row["name"], "the roster", taken={other["student"] for other in known})


def keys(row: dict[str, str]) -> list[tuple[str, str]]:
    """What people.csv calls a person for certain."""
    named = [("Canvas", row.get("canvas")), ("Moodle", row.get("moodle")), ("Blackboard", row.get("username"))]
    named += [("folder", row.get(key)) for key in ("username", "sis_login", "id_number")]
    return [(platform, key_of(key)) for platform, key in named if key]


def shared(row: dict, other: dict) -> bool:
    """Whether two have something that nobody else has."""
    return any({row[key].casefold() for key in same if row.get(key)} &
               {other[key].casefold() for key in same if other.get(key)} for same in SAME)


def contradict(row: dict, other: dict) -> bool:
    """Whether two are different people for certain. Moodle's numbers don't say so: each assignment has its own."""
    return any(row.get(key) and other.get(key) and row[key].casefold() != other[key].casefold()
               for key in KEYS if key != "moodle")


def forms(name: str) -> set[str]:
    """The ways in which platforms write a name: words in any order, or run together with the last name first."""
    words = re.findall(r"\w+", key_of(name).replace("_", " "))
    return {" ".join(sorted(words)), "".join(words[-1:] + words[:-1]), "".join(words)}


def label(row: dict) -> str:
    return next((row[key] for key in ("email", "id_number", *KEYS) if row.get(key)), "without an e-mail address")


def register(rows: list[dict], people: People) -> None:
    """Tell people.csv who is who, so that `collect` finds the same ids."""
    count = Counter(key_of(row["name"]) for row in rows)
    for row in rows:
        named = [*keys(row), ("folder", key_of(row["student"]))]
        named = [key for key in named if key[0] != "Moodle"]
        if count[key_of(row["name"])] == 1:
            named.append(("Moodle", key_of(row["name"])))
        else:
            people.several(Person("Moodle", key_of(row["name"]), row["name"]))
            named.append(("Moodle", key_of(row["student"].replace("_", " "))))
            named += [("Moodle", row["moodle"])] if row.get("moodle") else []
        for key in named:
            student, _ = people.ids.setdefault(key, (row["student"], row["name"]))
            if student and student != row["student"]:
                people.said.append(f"{row['name']} is {row['student']}, but {student} for {key[0]} {key[1]} in "
                                   f"{people.file.name}; make them one with python -m course same {student} {row['student']}")


def merged(before: dict, row: dict, student: str) -> dict:
    made = {**before, **row, "student": student}
    if made.get("section") and not made.get("group"):
        made["group"] = made["section"]
    return made


def changes(before: dict[str, dict], rows: Iterable[dict]) -> list[str]:
    """What is new, changed, back, or not in the file any more."""
    new = [f"{row['name']} ({row['student']})" for row in rows if row["student"] not in before]
    said = [f"new: {listed(new)}"] if new else []
    for row in rows:
        old = before.get(row["student"], row)
        said += [f"{row['student']}: {name} {old[name] or 'none'} → {row[name] or 'none'}"
                 for name in ("name", "email", "group") if old.get(name, "") != row.get(name, "")]
        said += [f"{row['student']} is back"] if old.get("left") and not row["left"] else []
    gone = [row["student"] for row in rows if row["left"] and not before[row["student"]]["left"]]
    return said + ([f"not in what was read, and marked as left: {listed(gone, 40)}"] if gone else [])


def strangers(rows: Iterable[dict], people: People) -> list[str]:
    """Ids in people.csv that nobody in the class has."""
    odd = sorted({student for student, _ in people.ids.values() if student} - {row["student"] for row in rows})
    return [f"in {people.file.name}, but not in the class: {listed(odd, 40)}; {SAME_PERSON}"] if odd else []


def not_in_class(folder: Path) -> list[str]:
    """What is to be said of folders in submitted/ that belong to nobody of the roster, if there is one."""
    known = {row["student"] for row in members(folder)}
    there = {path.name for path in (Path(folder) / "submitted").glob("*") if path.is_dir() and not path.name.startswith(".")}
    odd = sorted(there - known) if known else []
    return [f"handed in, but not in roster.csv: {listed(odd, 40)}; {SAME_PERSON}"] if odd else []
