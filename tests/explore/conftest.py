"""A page of an explorable in Chromium."""
import shutil
from importlib.util import find_spec

import pytest

from gan_scratch import explore

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="session")
def browser():
    if CHROMIUM is None:
        pytest.skip("needs Chromium")
    if find_spec("playwright") is None:
        pytest.skip("needs `pip install playwright`")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(browser):
    """opened(name, settings="", width=1280, **options): the page; what it says on the console, and requests, are kept."""
    pages = []

    def opened(name: str, settings: str = "", width: int = 1280, height: int = 800, **options):
        page = browser.new_page(viewport={"width": width, "height": height}, **options)
        page.errors, page.requests = [], []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("console", lambda message: page.errors.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: page.requests.append(request.url))
        page.goto(explore.file(name).as_uri() + settings)
        pages.append(page)
        return page

    yield opened
    for page in pages:
        assert page.errors == [] and all(url.startswith(("file:", "data:", "blob:")) for url in page.requests)
        page.close()
