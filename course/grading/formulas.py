"""Formulas for pages without scripts and without a network: TeX drawn as MathML, with TeX's own spaces.

latex2mathml reads the TeX. Browsers draw what it makes of it, but not as MathJax would: it takes ± for a letter and ∂
for a relation, knows no difference between the minus of a − b and of −b, and asks for fonts that MathML has no more.
`drawn` mends that. What comes out holds nothing but the elements and attributes that are named here, whatever a
student wrote.
"""
from __future__ import annotations

import functools
import re
import unicodedata
from html import escape
from xml.etree.ElementTree import Element, tostring

from latex2mathml.converter import convert_to_element
from latex2mathml.symbols_parser import convert_symbol

LONGEST = 2000  # characters; a longer formula stays TeX
REWRITTEN = [(re.compile(pattern), by) for pattern, by in (
    (r"\\(begin|end)\s*\{(?:aligned|align|split)\}", r"\\\1{align*}"),
    (r"\\(begin|end)\s*\{gather(?:ed|\*)?\}", r"\\\1{matrix}"),
    (r"\\(?:begin|end)\s*\{equation\*?\}|\\(?:nonumber|notag)(?![a-zA-Z])", ""),
    (r"\\not\s*=", r"\\ne "),
    (r"\\sim(?![a-zA-Z])", "∼"),
    (r"(?<!\\)\\\||\\[lr]Vert(?![a-zA-Z])", r"\\Vert "),
    (r"\\[lr]vert(?![a-zA-Z])", "|"),
    (r"\\operatorname\*?\s*\{arg\s*\\,\s*(max|min)\}", r"\\arg\1 "),
    (r"\\mathrm\s*\{([a-zA-Z])\}", r"\\text{\1}"),
    (r"\\text\s*\{([^{}$]*\$[^{}]*)\}", r"\\hbox{\1}"))]  # only \hbox reads the formulas in a text
TAG = re.compile(r"\\tag\*?\s*\{([^{}]*)\}")
MACRO = re.compile(r"\\(?:def|newcommand|renewcommand|newenvironment|let|DeclareMathOperator)(?![a-zA-Z])")

ROWS = frozenset("math mrow mstyle mtd mpadded mphantom msqrt".split())
SCRIPTED = frozenset("msub msup msubsup munder mover munderover".split())
ELEMENTS = ROWS | SCRIPTED | frozenset("mi mn mo mtext mspace mfrac mroot mtable mtr".split())
ATTRIBUTES = frozenset("accent depth display displaystyle fence form height largeop linethickness lspace mathvariant "
                       "maxsize minsize movablelimits rspace scriptlevel stretchy symmetric voffset width".split())
HARMLESS = re.compile(r"[a-z]+|[+-]?\d{0,2}(\.\d+)?(em|ex|px|pt)?")  # no giant spaces either
FONTS = ("script", "bold-script", "double-struck", "bold", "italic", "bold-italic", "sans-serif", "fraktur",
         "monospace")
NAMED_SPACES = {"negativethinmathspace": "-0.167em", "negativemediummathspace": "-0.222em",
                "negativethickmathspace": "-0.278em"}
LIMITS = {"msub": "munder", "msup": "mover", "msubsup": "munderover"}  # of max, min …: below it where there is room
WITH_LIMITS = frozenset(("max", "min", "sup", "inf", "lim", "det", "gcd", "Pr", "arg\u2009max", "arg\u2009min"))
PRIMED = {"msup": "mrow", "msubsup": "msub"}
ACCENTS = frozenset("^~¯˙¨ˇ´`˘→")
UPRIGHT = frozenset("ΓΔΘΛΞΠΣΥΦΨΩ∇∞∅∀∃℘")

# TeX's classes of symbols, and the spaces between neighbours: thin, medium, thick
CLASSES = {symbol: kind for kind, symbols in {
    "open": "([{⟨⌊⌈", "close": ")]}⟩⌋⌉", "punct": ",;", "rel": "∼", "op": "∑∏∐∫∬∭∮⋂⋃⋀⋁⨁⨂⨀",
    "bin": "+-−±∓×÷·⋅*∗⋆∘∙⊕⊖⊗⊘⊙∪∩∧∨∖†‡",
    "ord": "∞∂∇∅∀∃∄¬⊤⊥∠/|‖!?′″‴.…⋯⋮⋱@&%#$_^~"}.items() for symbol in symbols}
THIN, MEDIUM, THICK = "0.167em", "0.222em", "0.278em"
SPACES = {("ord", "op"): THIN, ("op", "ord"): THIN, ("op", "op"): THIN, ("close", "op"): THIN,
          **{(kind, "bin"): MEDIUM for kind in ("ord", "close")},
          **{("bin", kind): MEDIUM for kind in ("ord", "op", "open")},
          **{(kind, "rel"): THICK for kind in ("ord", "op", "close")},
          **{("rel", kind): THICK for kind in ("ord", "op", "open")},
          **{("punct", kind): THIN for kind in ("ord", "op", "rel", "open", "close", "punct")}}


class Unreadable(ValueError):
    """TeX that can't be drawn as its author meant it."""


@functools.lru_cache(4096)
def drawn(tex: str, display: bool) -> str | None:
    """A formula as HTML, in its own line if `display`; None for one that can't be drawn."""
    try:
        tags = TAG.findall(tex)
        math = convert_to_element(rewritten(TAG.sub("", tex)), display="block" if display else "inline")
        tidy(math)
        space(math, script=False)
        html = tostring(math, encoding="unicode", short_empty_elements=False)
        html.encode()  # raises for halves of characters, with which the page couldn't be written
    except Exception:  # whatever a student wrote, the page is made
        return None
    number = "".join(f'<span class="number">({escape(tag)})</span>' for tag in tags)
    return f'<span class="formula">{html}{number}</span>' if display else html


def rewritten(tex: str) -> str:
    """The same formula in words that latex2mathml knows. Raises Unreadable for macros: they could grow forever."""
    if len(tex) > LONGEST or MACRO.search(tex):
        raise Unreadable(tex)
    for pattern, by in REWRITTEN:
        tex = pattern.sub(by, tex)
    return tex


def tidy(element: Element) -> None:
    """Leave only what is harmless and what browsers draw, with plain characters in place of entities and fonts.

    Raises Unreadable for commands that latex2mathml handed on without knowing them.
    """
    boxed = element.get("notation") == "box"
    if boxed:
        element.tag = "mrow"
    if element.tag not in ELEMENTS or "linebreak" in element.attrib:
        raise Unreadable(element.tag)
    aligned = element.get("columnalign")
    font = element.get("mathvariant")
    for name, value in element.items():
        value = NAMED_SPACES.get(value, value)
        element.set(name, value)
        font_is_gone = name == "mathvariant" and value != "normal"
        if name not in ATTRIBUTES or font_is_gone or not HARMLESS.fullmatch(value):
            del element.attrib[name]
    if boxed:
        element.set("style", "border: 1px solid; padding: .2em")
    if aligned in ("left", "right"):
        element.set("style", f"text-align: {aligned}")  # browsers have no columnalign
    if element.text:
        element.text = characters(element.tag, element.text)
        if font in FONTS:
            element.text = "".join(in_font(font, letter) for letter in element.text)
        say_what_it_is(element)
    for child in element:
        tidy(child)
    if element.tag == "mtr" and any("right" in cell.get("style", "") for cell in element):
        pull_together(element)
    if element.tag == "mover" and element[1].text in ACCENTS:
        element.set("accent", "true")
    if element.tag in LIMITS and element[0].tag == "mo" and element[0].text in WITH_LIMITS:
        element.tag = LIMITS[element.tag]
        element[0].set("movablelimits", "true")
    if element.tag in PRIMED and set(element[-1].text or " ") <= set("′″‴"):
        beside_the_letter(element)


def pull_together(row: Element) -> None:
    """No space within the pairs of columns that are aligned at a relation."""
    for cell in row:
        side = "right" if "right" in cell.get("style", "") else "left"
        cell.set("style", f"text-align: {side}; padding-{side}: 0")


def beside_the_letter(primed: Element) -> None:
    """A prime is raised as it is; as an exponent it would be tiny."""
    *parts, prime = primed
    prime.tag = "mo"
    for child in list(primed):
        primed.remove(child)
    letter = Element(PRIMED[primed.tag])
    letter.extend(parts)
    primed.tag = "mrow"
    primed.extend([letter, prime])


def characters(tag: str, text: str) -> str:
    """A text without entities and without TeX's commands. Raises Unreadable."""
    text = re.sub(r"&#x([0-9A-Fa-f]{1,6});", lambda found: chr(int(found[1], 16)), text)
    code = convert_symbol(text) if text.startswith("\\") else None
    plain = chr(int(code, 16)) if code else "arg" if text == r"\arg" else re.sub(r"\\([_%&#${}])", r"\1", text)
    if tag != "mtext" and (plain.startswith("\\") or text == "&"):
        raise Unreadable(text)
    return plain


def in_font(font: str, letter: str) -> str:
    """A letter of one of Unicode's mathematical alphabets; the letter itself where there is none."""
    alphabet = font.upper() if font in ("double-struck", "sans-serif") else font.upper().replace("-", " ")
    older = alphabet.replace("FRAKTUR", "BLACK-LETTER")  # some letters were there before the alphabets
    name = re.sub("LATIN |GREEK | LETTER", "", unicodedata.name(letter, ""))
    for full in (f"MATHEMATICAL {alphabet} {name}", f"{older} {name}"):
        try:
            return unicodedata.lookup(full)
        except KeyError:
            pass
    return letter


def say_what_it_is(element: Element) -> None:
    """Operators are mo and letters mi: latex2mathml doesn't always say so."""
    text = element.text
    if element.tag == "mi" and (text in CLASSES or len(text) > 1 and text.isalpha() and text.isascii()):
        element.tag = "mo"
        if CLASSES.get(text) in ("open", "close", "ord"):
            element.set("stretchy", "false")
    elif element.tag == "mo" and text in "∞∂∇∅∀∃":
        element.tag = "mi"
    if element.tag == "mi" and text in UPRIGHT:
        element.set("mathvariant", "normal")
    if "minsize" in element.attrib:
        element.set("stretchy", "true")


def space(element: Element, script: bool) -> None:
    """Set the spaces around all operators below this element as TeX does; there are but a few in scripts."""
    if element.tag in ROWS:
        cores = [core(child) for child in element if child.tag != "mspace"]
        kinds = classes(cores)
        gaps = [gap(left, right, script) for left, right in zip(kinds, kinds[1:])]
        for i, operator in enumerate(cores):
            if operator.tag == "mo":
                operator.set("lspace", gaps[i - 1] if i and cores[i - 1].tag != "mo" else "0")
                operator.set("rspace", gaps[i] if i < len(gaps) else "0")
    for i, child in enumerate(element):
        if child.tag == "mo" and element.tag not in ROWS and "lspace" not in child.attrib:
            child.attrib |= {"lspace": "0", "rspace": "0"}
        space(child, script or i > 0 and element.tag in SCRIPTED)


def gap(left: str, right: str, script: bool) -> str:
    """The space between neighbours of these classes."""
    return "0" if script and "op" not in (left, right) else SPACES.get((left, right), "0")


def core(atom: Element) -> Element:
    """What a symbol with indices and exponents is without them."""
    while atom.tag in SCRIPTED and len(atom):
        atom = atom[0]
    return atom


def classes(cores: list[Element]) -> list[str]:
    """TeX's class of each neighbour in a row. A sign with nothing to its left or right is no operation."""
    kinds = [kind(element) for element in cores]
    for i, each in enumerate(kinds):
        if each == "bin":
            no_left = i == 0 or kinds[i - 1] in ("bin", "op", "rel", "open", "punct")
            no_right = i + 1 == len(kinds) or kinds[i + 1] in ("rel", "close", "punct")
            kinds[i] = "ord" if no_left or no_right else "bin"
    return kinds


def kind(element: Element) -> str:
    if element.tag != "mo":
        return "ord"
    text = element.text or ""
    return "op" if text.replace("\u2009", "").replace(" ", "").isalpha() else CLASSES.get(text, "rel")
