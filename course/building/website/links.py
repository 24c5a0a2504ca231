"""Make links of what the texts name: equations, lectures, exercises, terms of the glossary, works of the bibliography."""
from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

from course.building.units import ROOT

# What stays as it is: code, formulas, links, headings, tables' rules, HTML tags.
KEPT = re.compile(r"```.*?```|`[^`\n]+`|\$\$.*?\$\$|\$[^$\n]+\$|!?\[[^\]\n]*\]\([^)\n]*\)|<a .*?</a>|<summary>.*?</summary>|<[^>\n]+>|^#+ [^\n]*$|https?://\S+",
                  re.S | re.M)
SHOWN = re.compile(r"^([ \t]*)(\$\$(?:(?!\$\$).)*?\$\$)", re.S | re.M)  # a formula that stands by itself
NUMBER = re.compile(r"\\tag\{(\w+)\}|\\quad *\((\d+)\)")  # one formula may have several
HEADING = re.compile(r"^(#+ (\d+)\. .*)$", re.M)
SECTION = re.compile(r"\b(?:lecture (\d\d), |(?<!\d, ))([Ss]ection (\d+))\b(?!\.\d)")  # not "Salimans et al. 2016, section 3"
EQUATION = re.compile(r"\blecture (\d\d), (\((\d+)\))")
OWN = re.compile(r"(?<![\w)])\((\d{1,2})\)(?!\w)")
LECTURE = re.compile(r"\b([Ll]ecture) (\d\d)\b(?!, (?:\(\d|section \d))")
BARE = re.compile(r"(?<=\()(0\d)(?=\))")  # "it may go round in circles (08)"
EXERCISE = re.compile(r"\b(e\d\d[a-c]?)\b")
SHORT = 4  # letters: a shorter term is too often an ordinary word


@dataclass
class Known:
    """What can be linked to.

    Attributes:
        lectures: "06" -> its page. exercises: "e06" -> its page. equations, sections: "06" -> their numbers. terms: a term -> (its
        anchor, its meaning). works: "Goodfellow et al. 2014" -> its anchor.
    """

    lectures: dict[str, str] = field(default_factory=dict)
    exercises: dict[str, str] = field(default_factory=dict)
    equations: dict[str, set[str]] = field(default_factory=dict)
    sections: dict[str, set[str]] = field(default_factory=dict)
    terms: dict[str, tuple[str, str]] = field(default_factory=dict)
    works: dict[str, str] = field(default_factory=dict)


def outside(text: str, change: Callable[[str], str]) -> str:
    """The text with what isn't code, formula, link, heading or tag changed."""
    parts, at = [], 0
    for kept in KEPT.finditer(text):
        parts += [change(text[at:kept.start()]), kept[0]]
        at = kept.end()
    return "".join([*parts, change(text[at:])])


def numbers(text: str) -> list[str]:
    """The numbers of the equations in a text."""
    return [tag or given for shown in SHOWN.finditer(text) for tag, given in NUMBER.findall(shown[2])]


def anchored(text: str) -> str:
    """Give each numbered equation and each numbered section a place to link to."""
    def placed(found: re.Match) -> str:
        places = "".join(f'<a id="eq-{number}" class="equation"></a>' for number in numbers(found[0]))
        return f"{found[1]}{places}\n\n{found[2]}" if places else found[0]

    return HEADING.sub(lambda found: f'{found[1]}\n\n<a id="section-{found[2]}"></a>\n', SHOWN.sub(placed, text))


def linked(text: str, known: Known, up: str, own: str = "") -> str:
    """Link equations, sections, lectures and exercises.

    Args:
        up: how to come from the page to the site's root: "../". own: the lecture whose text this is, "06", or "".
    """
    def equation(found: re.Match) -> str:
        number, words, at = found.groups()
        if at not in known.equations.get(number, ()):
            return found[0]
        page = "" if number == own else up + known.lectures[number]
        return f'lecture {number}, <a href="{page}#eq-{at}">{words}</a>'

    def lecture(found: re.Match) -> str:
        page = known.lectures.get(found[2])
        return f'<a href="{up}{page}">{found[1]} {found[2]}</a>' if page and found[2] != own else found[0]

    def section(found: re.Match) -> str:
        number, words, at = found.groups()
        number = number or own
        if at not in known.sections.get(number, ()):
            return found[0]
        page = "" if number == own else up + known.lectures[number]
        first = f'<a href="{up}{known.lectures[number]}">lecture {number}</a>, ' if page else f"lecture {number}, " if found[1] else ""
        return f'{first}<a href="{page}#section-{at}">{words}</a>'

    def bare(found: re.Match) -> str:
        page = known.lectures.get(found[1])
        return f'<a href="{up}{page}" title="lecture {found[1]}">{found[1]}</a>' if page and found[1] != own else found[0]

    def exercise(found: re.Match) -> str:
        page = known.exercises.get(found[1])
        return f'<a href="{up}{page}">{found[1]}</a>' if page else found[0]

    def here(found: re.Match) -> str:
        return f'<a href="#eq-{found[1]}">({found[1]})</a>' if found[1] in known.equations.get(own, ()) else found[0]

    for pattern, change in ((EQUATION, equation), (SECTION, section), (LECTURE, lecture), (BARE, bare), (EXERCISE, exercise), (OWN, here)):
        text = outside(text, lambda part: pattern.sub(change, part))
    return text


def explained(text: str, known: Known, up: str, used: set[str]) -> str:
    """Link each term of the glossary where it is used first. used: anchors that are linked already; it grows."""
    pattern = re.compile(r"\b(" + "|".join(map(re.escape, sorted(known.terms, key=len, reverse=True))) + r")\b", re.I)

    def change(found: re.Match) -> str:
        anchor, meaning = known.terms[found[1].casefold()]
        if anchor in used:
            return found[0]
        used.add(anchor)
        return f'<a class="term" href="{up}glossary.html#{anchor}" title="{html.escape(meaning)}">{found[1]}</a>'

    return outside(text, lambda part: pattern.sub(change, part)) if known.terms else text


def cited(text: str, known: Known, up: str) -> str:
    """Link works that are named by authors and year, "Goodfellow et al. 2014" or "Goodfellow et al. (2014)"."""
    for name, anchor in known.works.items():
        author, year = name.rsplit(" ", 1)
        pattern = re.compile(rf"\b{re.escape(author)},? \(?{year}\b\)?")
        text = outside(text, lambda part: pattern.sub(lambda found: f'<a href="{up}references.html#{anchor}">{found[0]}</a>', part))
    return text


def terms(glossary: Path) -> dict[str, tuple[str, str]]:
    """The English terms of the glossary, each with its line's anchor and its meaning."""
    found = {}
    for line in glossary.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if line.startswith("| ") and len(cells) == 4 and cells[0] != "English":
            for term in re.split(r", | \(|\)", cells[0]):
                if len(term) > SHORT and "$" not in term:
                    found.setdefault(term.casefold(), (anchor_of(cells[0]), re.sub(r"[*`]", "", cells[3])))
    return found


def anchor_of(term: str) -> str:
    """A term's anchor."""
    return "term-" + re.sub(r"\W+", "-", term.casefold()).strip("-")


def works(bibliography: Path) -> dict[str, str]:
    """As the texts name each work that no other is called like: first author, "et al." or "& second", year."""
    import pybtex.database  # of the extra [site]

    named: dict[str, list[str]] = {}
    for key, entry in pybtex.database.parse_file(str(bibliography)).entries.items():
        last = [re.sub(r"[{}]", "", " ".join([*person.prelast_names, *person.last_names])) for person in entry.persons.get("author", [])]
        if last and "year" in entry.fields:
            who = last[0] if len(last) == 1 else f"{last[0]} & {last[1]}" if len(last) == 2 else f"{last[0]} et al."
            for name in {who, f"{', '.join(last[:-1])} & {last[-1]}" if 2 < len(last) < 5 else who}:
                named.setdefault(f"{name} {entry.fields['year']}", []).append(key)
    return {name: f"ref-{keys[0]}" for name, keys in named.items() if len(keys) == 1}


def known_of_course() -> Known:
    """All that the present course has."""
    known = Known(terms=terms(ROOT / "course" / "glossary.md"), works=works(ROOT / "course" / "references.bib"))
    for text in sorted((ROOT / "course" / "lectures").glob("*.md")):
        known.lectures[text.stem[:2]] = f"lectures/{text.stem}.html"
        written = text.read_text(encoding="utf-8")
        known.equations[text.stem[:2]] = set(numbers(written))
        known.sections[text.stem[:2]] = {number for _, number in HEADING.findall(written)}
    for text in sorted((ROOT / "course" / "exercises").glob("*.md")):
        known.exercises[text.stem.split("_")[0]] = f"exercises/{text.stem}.html"
    return known
