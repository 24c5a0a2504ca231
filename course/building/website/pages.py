"""What Sphinx reads: lectures, exercises, the pages of the course, each GAN's file beside its words, the library."""
from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import nbformat

import gan_scratch
from course.building.slides import without_bars
from course.building.units import ROOT
from course.building.website import beside, links
from course.building.website.links import Known
from gan_scratch import explore
from gan_scratch.gans import VARIANTS

COURSE = ROOT / "course"
PAGES = ("syllabus", "glossary", "zoo", "results", "data", "performance", "instructor_guide")
SHORT = {"divergences": "Divergences", "games": "Games", "gan": "A GAN on points"}  # for the menu
NO_VARIANTS = ("__init__", "blocks", "clock", "discriminator", "recipe")  # of gan_scratch/gans: what GANs are made of
PRIVATE = ("gan_scratch.checks", "gan_scratch.bench.twins", "gan_scratch.classroom.")  # answers; needs PyTorch; of no use to readers


class Source:
    """The folder that Sphinx reads. A file whose text stays the same isn't touched, so that its page isn't made again."""

    def __init__(self, folder: Path):
        self.folder, self.kept = folder, set()

    def put(self, name: str, data: str | bytes) -> None:
        """Write a file."""
        path = self.folder / name
        data = data.encode() if isinstance(data, str) else data
        self.kept.add(path)
        if not path.is_file() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def clean(self) -> None:
        """Take away what wasn't put there this time."""
        for path in self.folder.rglob("*"):
            if path.is_file() and path not in self.kept and "_static" not in path.parts:
                path.unlink()


def write(folder: Path, executed: dict[str, Path], solutions: bool) -> None:
    """Make all sources. executed: each lecture's notebook with its outputs."""
    known, source = links.known_of_course(), Source(folder)
    for name, path in executed.items():
        source.put(f"lectures/{name}.ipynb", lecture(path, name, known))
        source.put(f"_static/notebooks/{name}.ipynb", (ROOT / "lectures" / f"{name}.ipynb").read_bytes())
    exercises = sorted(path.stem for path in (COURSE / "exercises").glob("*.md"))
    for name in exercises:
        source.put(f"exercises/{name}.ipynb", exercise(ROOT / "exercises" / name / f"{name}.ipynb", name, known))
        for path in sorted((ROOT / "exercises" / name).glob("*")):
            source.put(f"_static/notebooks/{path.name}", path.read_bytes())
        if solutions:
            source.put(f"solutions/{name}.ipynb", exercise(ROOT / "solutions" / name / f"{name}.ipynb", name, known))
    for name in PAGES:
        source.put(f"{name}.md", page(name, known))
    for path in sorted((COURSE / "figures").glob("*.png")):
        source.put(f"figures/{path.name}", path.read_bytes())
    for name in explore.TITLES:
        source.put(f"explore/{name}.md", explorable(name))
        source.put(f"_static/explore/{name}.html", explore.file(name).read_bytes())
    for path in sorted((ROOT / "gan_scratch" / "gans").glob("*.py")):
        if path.stem not in NO_VARIANTS:
            source.put(f"gans/{path.stem}.md", gan(path))
    for name in modules():
        source.put(f"api/{name}.md", f"# {name}\n\n```{{eval-rst}}\n.. automodule:: {name}\n   :members:\n{also(name)}```\n")
    source.put("references.md", "# References\n\n```{bibliography}\n:all:\n:style: plain\n```\n")
    source.put("references.bib", (COURSE / "references.bib").read_bytes())
    here = Path(__file__).parent
    source.put("conf.py", (here / "conf.py").read_bytes())
    for name in ("pages.css", "pages.js"):
        source.put(f"_static/{name}", (here / name).read_bytes())
    for path in sorted((here / "pages").glob("*.md")):
        source.put(path.name, filled(path.read_text(encoding="utf-8"), list(executed), exercises, solutions))
    source.clean()


def filled(text: str, lectures: list[str], exercises: list[str], solutions: bool) -> str:
    """A page of ours with its lists of pages."""
    lists = {"LECTURES": [f"lectures/{name}" for name in lectures], "EXERCISES": [f"exercises/{name}" for name in exercises],
             "SOLUTIONS": [f"solutions/{name}" for name in exercises] if solutions else [],
             "EXPLORE": [f"explore/{name}" for name in explore.TITLES], "API": [f"api/{name}" for name in modules()],
             "GANS": [f"gans/{path.stem}" for path in sorted((ROOT / "gan_scratch" / "gans").glob("*.py")) if path.stem not in NO_VARIANTS]}
    for name, entries in lists.items():
        text = text.replace(f"@{name}@", "\n".join(entries))
    return text


# --- notebooks --------------------------------------------------------------------------------------------------------


def lecture(path: Path, name: str, known: Known) -> str:
    """A lecture as a page: without the speaker's notes, its figures' code folded, its names linked."""
    notebook, used, own = nbformat.read(path, 4), set(), name[:2]
    notebook.cells = [cell for cell in notebook.cells if cell.metadata.get("slideshow", {}).get("slide_type") != "notes"]
    exercise = [f'<a href="../{known.exercises[key]}">{key}</a>' for key in known.exercises if key[1:3] == own]
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            text = links.explained(links.linked(links.anchored(cell.source), known, "../", own), known, "../", used)
            cell.source = links.cited(text, known, "../")
        else:
            cell.outputs = without_bars(cell.outputs)
            if "figure" in cell.metadata.get("tags", []):
                cell.metadata["tags"] = [*cell.metadata["tags"], "hide-input"]
    about = [f'<a href="../_static/notebooks/{name}.ipynb" download>this lecture as a notebook</a>', *(f"exercise {each}" for each in exercise)]
    head, *rest = notebook.cells
    head.source = re.sub(r"^(# .*\n)", lambda found: f'{found[1]}\n<p class="about">{" · ".join(about)}</p>\n', head.source, count=1)
    return nbformat.writes(notebook)


def exercise(path: Path, name: str, known: Known) -> str:
    """An exercise as a page to read, with where to get the notebook that is worked on."""
    notebook, used = nbformat.read(path, 4), set()
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = links.explained(links.linked(cell.source, known, "../"), known, "../", used)
    head = notebook.cells[0]
    about = (f'<p class="about">To work on it, <a href="../_static/notebooks/{name}.ipynb" download>download the notebook</a> or open it where '
             f'the course is installed: <code>jupyter lab exercises/{name}/{name}.ipynb</code>. This page is for reading.</p>')
    head.source = re.sub(r"^(# .*\n)", lambda found: f"{found[1]}\n{about}\n", head.source, count=1)
    return nbformat.writes(notebook)


# --- other pages ------------------------------------------------------------------------------------------------------


def page(name: str, known: Known) -> str:
    """A page of course/. Links to files that aren't on the site become plain words."""
    text = (COURSE / f"{name}.md").read_text(encoding="utf-8")
    text = re.sub(r"(?<!!)\[([^\]]+)\]\((?!http|#|figures/)([^)]+)\)",
                  lambda found: found[0] if Path(found[2]).stem in PAGES else f"{found[1]}", text)
    if name == "glossary":
        return with_anchors(text)
    if name == "zoo":
        text = pictured(text)
    return links.linked(text, known, "")


def pictured(zoo: str) -> str:
    """The zoo with words for its pictures: what a variant is claimed to do, in place of its name alone."""
    return re.sub(r"!\[(\S+)\]\(", lambda found: f"![What {found[1]} makes, beside what it is compared with: {VARIANTS[found[1]].idea}](", zoo)


def with_anchors(glossary: str) -> str:
    """Give each line of the glossary's tables a place to link to."""
    seen = set()

    def anchored(found: re.Match) -> str:
        anchor = links.anchor_of(found[1].strip())
        if found[1].strip() == "English" or set(found[1]) <= set("-: ") or anchor in seen:
            return found[0]
        seen.add(anchor)
        return f'| <a id="{anchor}"></a>{found[1]} | '

    return re.sub(r"^\| ((?:(?! \| ).)+) \| (?=.* \| .* \|$)", anchored, glossary, flags=re.M)


def explorable(name: str) -> str:
    """A page around one of the programs."""
    return (f"# {SHORT[name]}\n\n<iframe class=\"explore\" src=\"../_static/explore/{name}.html\" title=\"{explore.TITLES[name]}\"></iframe>\n\n"
            f"<p class=\"about\"><a href=\"../_static/explore/{name}.html\">By itself, on the whole screen</a>. In a notebook: "
            f"<code>from gan_scratch import explore; explore.show(\"{name}\")</code>. From the command line: <code>gan-scratch explore {name}</code>.</p>\n")


def gan(path: Path) -> str:
    """A GAN's file beside its words, with what it was measured to do."""
    module = importlib.import_module(f"gan_scratch.gans.{path.stem}")
    recipes = {name: recipe for name, recipe in VARIANTS.items() if any(recipe is value for value in vars(module).values())}
    title = (module.__doc__ or path.stem).split("\n")[0].split(":")[0].split(" (")[0].rstrip(".")
    sections = zoo()
    measured = "\n\n".join(f"## Measured: {name}\n\n{sections[name]}" for name in recipes if name in sections)
    measured = measured or "What it was measured to do stands in the [results](../results.md).\n"
    commands = "\n".join(f"- `gan-scratch train {name}`: {recipe.idea} ({recipe.paper})" for name, recipe in recipes.items())
    return f"# {title}\n\n{commands}\n\n````{{raw}} html\n{beside.page(path)}\n````\n\n{measured}\n"


def zoo() -> dict[str, str]:
    """The zoo's sections by variant."""
    parts = re.split(r"^## (\S+)\n", pictured((COURSE / "zoo.md").read_text(encoding="utf-8")), flags=re.M)[1:]
    return {name: text.strip().replace("](figures/", "](../figures/") for name, text in zip(parts[::2], parts[1::2])}


def also(name: str) -> str:
    """A package doesn't show once more what its modules have."""
    return "   :ignore-module-all:\n" if hasattr(importlib.import_module(name), "__path__") else ""


def modules() -> list[str]:
    """The library's modules that have something to call."""
    found = [module.name for module in pkgutil.walk_packages(gan_scratch.__path__, "gan_scratch.")]
    return [name for name in found if not name.startswith(PRIVATE) and "._" not in name and not name.endswith("__main__")]
