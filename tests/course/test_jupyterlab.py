"""What people see in a browser: JupyterLab shows, runs and validates the notebooks, and Formgrader lists the exercises.

Needs Chromium and the Python package playwright. Pictures of all pages:

    GAN_SCRATCH_SCREENSHOTS=FOLDER python -m pytest tests/course/test_jupyterlab.py
"""
import contextlib
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="needs `pip install playwright`")

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted(ROOT.glob("lectures/*.ipynb")) + sorted(ROOT.glob("exercises/*/*.ipynb"))
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PATIENCE = 60_000  # milliseconds until something is given up that takes seconds on an idle machine
SETTINGS = {"notebook-extension/tracker": {"windowingMode": "none"},  # all cells are in the page, not only those in view
            "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False}}


# --- a server and a browser


@contextlib.contextmanager
def jupyterlab(root, private, **environment):
    """JupyterLab that shows the folder `root` and keeps its own things in `private`; yields the function path → URL."""
    for name, values in SETTINGS.items():
        file = private / f"config/lab/user-settings/@jupyterlab/{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(values))
    token = secrets.token_hex()
    own = {f"JUPYTER_{name}_DIR": str(private / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    own |= {"IPYTHONDIR": str(private / "ipython"), "JUPYTER_TOKEN": token}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with open(private / "log", "w+") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", f"--ServerApp.root_dir={root}",
             "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
             "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.news_url=None"],
            cwd=root, env=os.environ | own | environment, stdout=log, stderr=log)
        try:
            wait_for(f"http://127.0.0.1:{port}/api/status?token={token}", server, log)
            yield lambda path: f"http://127.0.0.1:{port}/lab/{path}?reset&token={token}"
        finally:
            server.terminate()  # ends its kernels as well
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()  # kernels notice that their parent is gone
                server.wait()


def wait_for(url, server, log):
    deadline = time.monotonic() + PATIENCE / 1000
    while True:
        try:
            return urllib.request.urlopen(url, timeout=10).close()
        except OSError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                log.seek(0)
                raise RuntimeError(f"JupyterLab did not start: {error}\n{log.read()}") from None
            time.sleep(0.05)


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM:
        pytest.skip("needs the browser Chromium")
    playwright.expect.set_options(timeout=PATIENCE)
    flags = ("no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
             "disable-component-update", "disable-sync", "host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
    with playwright.sync_playwright() as tool:
        with tool.chromium.launch(executable_path=CHROMIUM, args=[f"--{flag}" for flag in flags]) as chromium:
            with chromium.new_context(viewport={"width": 1280, "height": 1400}) as context:
                context.set_default_timeout(PATIENCE)
                yield context


@pytest.fixture
def page(browser):
    """An empty page; at the end nothing in it may have asked for anything from elsewhere."""
    page, asked = browser.new_page(), set()
    page.on("request", lambda request: asked.add(urlsplit(request.url).hostname))
    yield page
    page.close()
    assert asked - {None} == {"127.0.0.1"}


@pytest.fixture(scope="module")
def student(tmp_path_factory, browser):
    """A student's folder with the released exercises and the lectures, open in JupyterLab: (folder, path → URL)."""
    folder = tmp_path_factory.mktemp("student")
    shutil.copytree(ROOT / "exercises", folder / "home", ignore=shutil.ignore_patterns(".*"))
    shutil.copytree(ROOT / "lectures", folder / "home/lectures", ignore=shutil.ignore_patterns(".*"))
    with jupyterlab(folder / "home", folder) as url:
        yield folder / "home", url


@pytest.fixture
def picture(page, tmp_path, request):
    """Saves what is seen now; with `whole`, and when pictures are wanted, the open notebook from top to bottom."""
    wanted = os.environ.get("GAN_SCRATCH_SCREENSHOTS")
    folder = Path(wanted or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    test = re.sub(r"\W+", "_", request.node.name).strip("_")

    def save(name, whole=False):
        panel = page.locator(".jp-WindowedPanel-outer").first
        height, step = panel.evaluate("panel => [panel.scrollHeight, panel.clientHeight]") if whole and wanted else (1, 1)
        for number, top in enumerate(range(0, max(height - step, 1), step)):
            if whole and wanted:
                panel.evaluate("(panel, top) => panel.scrollTo(0, top)", top)
            page.screenshot(path=folder / f"{test}_{name}{f'_{number:02}' if whole else ''}.png")

    return save


# --- an exercise, as a student works on it


def read(folder):
    return nbformat.read(ROOT / folder / "e02_backprop/e02_backprop.ipynb", as_version=4)


def about(cell):
    return {"grade_id": None, "grade": False, "solution": False} | cell.metadata.get("nbgrader", {})


CELLS = read("exercises").cells
CHECKS = [about(cell)["grade_id"].removeprefix("test_") for cell in CELLS if about(cell)["grade"] and cell.cell_type == "code"]


def solved(**changes):
    """The released notebook with the solution's code in its solve cells and some answer; `changes`: other code by grade_id."""
    right = {about(cell)["grade_id"]: re.sub(r" *### (BEGIN|END) SOLUTION\n?", "", cell.source).rstrip()
             for cell in read("solutions").cells if about(cell)["solution"] and cell.cell_type == "code"}
    assert changes.keys() <= right.keys()
    nb = read("exercises")
    for cell in nb.cells:
        if about(cell)["solution"]:
            cell.source = (right | changes).get(about(cell)["grade_id"], "Rounding, and kinks.")
    return nb


def run_all(page, url):
    """Opens a notebook, runs it; returns [(source, prompt, output)] of its code cells."""
    page.goto(url)
    playwright.expect(page.locator("#jp-main-statusbar")).to_contain_text("(ipykernel) | Idle")  # run earlier, it can get lost
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    page.wait_for_function("""() => {
        const cells = [...document.querySelectorAll('.jp-CodeCell')].map(cell => cell.innerText)
        const checks = cells.filter(text => text.includes('verdict.points') && !text.includes('[ ]:'))
        return cells[0].includes('[1]:') && !cells.some(text => text.includes('[*]:'))
            && checks.every(text => text.match(/ of \\d+ point/))
    }""")
    return page.locator(".jp-CodeCell").evaluate_all("""cells => cells.map(cell => [
        '.cm-content', '.jp-InputPrompt', '.jp-Cell-outputArea'].map(part => cell.querySelector(part)?.innerText ?? ''))""")


def of_checks(cells):
    """{function: what its check said} of the check cells that have run."""
    return {source.split("(")[1].split(")")[0]: output for source, prompt, output in cells
            if source.startswith("verdict = check(") and prompt != "[ ]:"}


def validate(page):
    """Clicks nbgrader's button; returns the text of the dialog that follows."""
    page.get_by_text("Validate", exact=True).click()
    dialog = page.locator(".jp-Dialog", has_text="Validation Results")
    playwright.expect(dialog).to_be_visible()
    return dialog.inner_text()


def test_an_untouched_exercise_says_what_is_missing(page, student, picture):
    said = of_checks(run_all(page, student[1]("tree/e02_backprop/e02_backprop.ipynb")))
    picture("run", whole=True)
    assert "does what the code that you were given does" in said.pop("prelu_backward")  # handed out with bugs to find
    assert len(said) == len(CHECKS) - 1 and all("Not written yet" in text for text in said.values())
    dialog = validate(page)
    picture("dialog")
    assert dialog.count("The following cell failed") == len(CHECKS) + 1  # and the answer in words


def test_a_typical_mistake_is_named(page, student, picture):
    folder, url = student
    mistake = "def prelu_backward(dy, x, a):\n    return np.where(x > 0, dy, a * dy), (x * dy).sum()"
    nbformat.write(solved(prelu_backward=mistake), folder / "mistaken.ipynb")
    said = of_checks(run_all(page, url("tree/mistaken.ipynb")))
    page.get_by_text("check(prelu_backward)").scroll_into_view_if_needed()
    picture("run")
    assert "da counts entries of both signs" in said.pop("prelu_backward")
    assert len(said) == len(CHECKS) - 1 and all(text.startswith("✓") for text in said.values())
    dialog = validate(page)
    picture("dialog")
    assert dialog.count("The following cell failed") == 1 and "check(prelu_backward)" in dialog


def test_a_solved_exercise_passes(page, student, picture):
    folder, url = student
    nbformat.write(solved(), folder / "solved.ipynb")
    said = of_checks(run_all(page, url("tree/solved.ipynb")))
    picture("run", whole=True)
    assert list(said) == CHECKS and all(text.startswith("✓") for text in said.values())
    figures = sum(cell.source.count("plot.show(") for cell in CELLS)
    playwright.expect(page.locator(".jp-Cell-outputArea img")).to_have_count(figures)
    dialog = validate(page)
    picture("dialog")
    assert "Success! Your notebook passes all the tests." in dialog


# --- texts


# Of each rendered text: Markdown, HTML and TeX that were left as they are.
LEFT_OVER = r"""() => [...document.querySelectorAll('.jp-RenderedMarkdown')].flatMap(text => {
    const words = text.cloneNode(true)
    words.querySelectorAll('code, mjx-container').forEach(part => part.remove())
    return words.textContent.match(/(\$|\*\*|```|<\/?[a-z]|\\[a-zA-Z]).*/g) ?? []
})"""
# What sticks out of its cell to the right.
TOO_WIDE = r"""() => [...document.querySelectorAll('.jp-RenderedMarkdown')].flatMap(text =>
    [...text.querySelectorAll('mjx-container, table, pre, img')]
        .filter(part => part.getBoundingClientRect().right > text.getBoundingClientRect().right + 1)
        .map(part => (part.innerText || part.outerHTML).replace(/\s+/g, ' ')))"""
NOT_LOADED = "images => images.filter(image => !image.naturalWidth).map(image => image.src)"
WRONG_TEX = "mjx-merror, mjx-container [data-mjx-error], mjx-container [style*='red'], mjx-container [mathcolor]"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_formulas_and_hints_are_typeset(page, student, picture, path):
    folder = "lectures" if path.parent.name == "lectures" else path.stem
    page.goto(student[1](f"tree/{folder}/{path.name}"))
    texts = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"]
    hints = "\n".join(texts).count("<summary>")
    playwright.expect(page.locator(".jp-RenderedMarkdown")).to_have_count(len(texts))
    playwright.expect(page.locator("summary")).to_have_count(hints)
    assert page.locator(":not(details) > details > summary").count() == hints
    page.evaluate("document.querySelectorAll('details').forEach(hint => hint.open = true)")
    with contextlib.suppress(playwright.TimeoutError):  # then the next line says why
        page.wait_for_function(f"document.querySelector('mjx-container') && ({LEFT_OVER})().length === 0", timeout=PATIENCE / 3)
    assert page.evaluate(LEFT_OVER) == []
    picture("page", whole=True)
    assert page.locator(WRONG_TEX).evaluate_all("all => all.map(one => one.outerHTML)") == []
    assert page.locator(".jp-RenderedMarkdown img").evaluate_all(NOT_LOADED) == []
    assert page.evaluate(TOO_WIDE) == []


# --- Formgrader


def test_formgrader_lists_the_exercises(page, tmp_path, picture):
    repository = tmp_path / "copy"  # Formgrader makes a gradebook
    for folder in ("course", "solutions", "exercises"):
        shutil.copytree(ROOT / folder, repository / folder, ignore=shutil.ignore_patterns(".*", "class", "__pycache__"))
    with jupyterlab(repository, tmp_path, JUPYTER_CONFIG_PATH="course") as url:
        page.goto(url(""))
        page.get_by_role("menuitem", name="Nbgrader", exact=True).click()
        page.get_by_role("menuitem", name="Formgrader", exact=True).click()
        names = page.frame_locator("iframe").locator("td.name")
        playwright.expect(names).to_have_text(sorted(folder.name for folder in (ROOT / "exercises").iterdir() if folder.is_dir()))
        picture("list")
