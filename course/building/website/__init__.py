"""python -m course site: the course as pages that need no network, in course/site/.

    runs/site/executed/     lectures that have been run, by what they depend on
    runs/site/source/       what Sphinx reads: made from the notebooks, the pages in course/, and the library
    course/site/            what it writes

A second build runs only the lectures that changed, and writes only the pages that changed.
"""
from __future__ import annotations

import functools
import http.server
import importlib.util
import shutil
import webbrowser
from pathlib import Path

from course.building import slides
from course.building.units import ROOT, CourseError
from course.building.website import lectures, pages

WORK, SITE = ROOT / "runs" / "site", ROOT / "course" / "site"
NEEDED = ("sphinx", "myst_nb", "sphinx_book_theme", "sphinx_design", "sphinxcontrib.bibtex")


def make(*, solutions: bool = False, serve: bool = False, site: Path = SITE, work: Path = WORK, only: tuple[str, ...] = ()) -> int:
    """Build the site; returns 0, or 1 when Sphinx had something to complain of.

    Args:
        solutions: put the solutions on it, for instructors. serve: show it in a browser until Ctrl-C. site: where the
        pages go. work: for what is kept between builds. only: beginnings of names of lectures that are run (default:
        all); the others appear without their outputs.

    Raises CourseError when a package is missing or a lecture doesn't run.
    """
    if missing := [name for name in NEEDED if not installed(name)]:
        raise CourseError(f'{", ".join(missing)} isn\'t installed; install what the site needs with: pip install -e ".[site]"')
    executed = lectures.executed(work / "executed", only)
    pages.write(work / "source", executed, solutions)
    status = build(work / "source", work / "html", work / "doctrees")
    shutil.rmtree(site, ignore_errors=True)
    shutil.copytree(work / "html", site)  # MyST-NB leaves a folder beside where it is built
    print(f"the site is in {site}; open {site / 'index.html'}")
    if serve:
        show(site)
    return status


def installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # of a package inside another
        return False


def build(source: Path, site: Path, doctrees: Path) -> int:
    """Let Sphinx make the pages; it says what it complains of, and nothing else."""
    from sphinx.cmd.build import build_main

    shutil.copytree(slides.program("mathjax"), source / "_static" / "mathjax", dirs_exist_ok=True)
    return int(build_main(["-q", "-j", "2", "-b", "html", "-d", str(doctrees), str(source), str(site)]) != 0)


def show(site: Path, port: int = 8000) -> None:
    """Serve the pages on this machine alone, until Ctrl-C."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        print(f"http://127.0.0.1:{port}/ (Ctrl-C ends it)")
        webbrowser.open(f"http://127.0.0.1:{port}/")
        server.serve_forever()
