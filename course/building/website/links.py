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
TAG = re.compile(r"^([ \t]*)(\$\$(?:(?!\$\$).)*?\\tag\{(\w+)\}.*?\$\$)", re.S | re.M)
EQUATION = re.compile(r"\blecture (\d\d), (\((\d+)\))")
OWN = re.compile(r"(?<![\w)])\((\d{1,2})\)(?!\w)")
LECTURE = re.compile(r"\b([Ll]ecture) (\d\d)\b(?!, \(\d)")
EXERCISE = re.compile(r"\b(e\d\d[a-c]?)\b")
SHORT = 4  # letters: a shorter term is too often an ordinary word


@dataclass
class Known:
    """What can be linked to.

    Attributes:
        lectures: "06" -> its page. exercises: "e06" -> its page. equations: "06" -> its numbers. terms: a term -> (its
        anchor, its meaning). works: "Goodfellow et al. 2014" -> its anchor.
    """

    lectures: dict[str, str] = field(default_factory=dict)
    exercises: dict[str, str] = field(default_factory=dict)
    equations: dict[str, set[str]] = field(default_factory=dict)
    terms: dict[str, tuple[str, str]] = field(default_factory=dict)
    works: dict[str, str] = field(default_factory=dict)


def outside(text: str, change: Callable[[str], str]) -> str:
    """The text with what isn't code, formula, link, heading or tag changed."""
    parts, at = [], 0
    for kept in KEPT.finditer(text):
        parts += [change(text[at:kept.start()]), kept[0]]
        at = kept.end()
    return "".join([*parts, change(text[at:])])


def numbers(text: str) -> set[str]:
    """The numbers of the equations in a text."""
    return {found[3] for found in TAG.finditer(text)}


def anchored(text: str) -> str:
    """Give each numbered equation a place to link to."""
    return TAG.sub(lambda found: f'{found[1]}<a id="eq-{found[3]}" class="equation"></a>\n\n{found[2]}', text)


def linked(text: str, known: Known, up: str, own: str = "") -> str:
    """Link equations, lectures and exercises.

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

    def exercise(found: re.Match) -> str:
        page = known.exercises.get(found[1])
        return f'<a href="{up}{page}">{found[1]}</a>' if page else found[0]

    def here(found: re.Match) -> str:
        return f'<a href="#eq-{found[1]}">({found[1]})</a>' if found[1] in known.equations.get(own, ()) else found[0]

    for pattern, change in ((EQUATION, equation), (LECTURE, lecture), (EXERCISE, exercise), (OWN, here)):
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
        known.equations[text.stem[:2]] = numbers(text.read_text(encoding="utf-8"))
    for text in sorted((ROOT / "course" / "exercises").glob("*.md")):
        known.exercises[text.stem.split("_")[0]] = f"exercises/{text.stem}.html"
    return known
