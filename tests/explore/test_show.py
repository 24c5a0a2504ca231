"""How the explorables are reached: from a notebook, and from the command line."""
import html
import re

import pytest

from gan_scratch import explore
from gan_scratch.cli import main


def test_a_notebook_gets_the_page_a_picture_and_words(monkeypatch):
    given = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: given.append(data))
    explore.show("gan", height=500, loss="hinge", width=8)
    (data,) = given
    assert set(data) == {"text/html", "image/png", "text/plain"} and data["image/png"][:4] == b"\x89PNG"
    page = html.unescape(re.search('srcdoc="(.*?)"', data["text/html"], re.S)[1])
    assert "height: 500px" in data["text/html"] and page.startswith("<!doctype html>")
    assert "globalThis.SETTINGS = 'loss=hinge&width=8';" in page and page.count("<head>") == 1


def test_settings_reach_the_page_in_a_notebook(browser, monkeypatch):
    given = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: given.append(data["text/html"]))
    explore.show("gan", loss="hinge", paused=True)
    page = browser.new_page()
    page.set_content(given[0])
    frame = page.frames[1]
    frame.wait_for_function("typeof training === 'object'")
    assert frame.evaluate("[state.loss, playing]") == ["hinge", False]
    page.close()


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="there is nothing called 'chess' to explore; there are divergences, games, gan"):
        explore.show("chess")


def test_the_command(monkeypatch, capsys):
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or True)
    assert main(["explore"]) == 0 and "gan-scratch explore gan" in capsys.readouterr().out
    assert main(["explore", "gan"]) == 0 and opened[0].endswith("/explore/gan.html") and opened[0].startswith("file:")
    monkeypatch.setattr("webbrowser.open", lambda address: False)
    assert main(["explore", "gan"]) == 1 and "no browser was found" in capsys.readouterr().out
