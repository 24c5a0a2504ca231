"""Three programs to play with, which compute in the browser: divergences, games, gan.

    from gan_scratch import explore
    explore.show("gan")                      # in a notebook
    explore.show("games", h=0.2, step="alternating")

    $ gan-scratch explore gan                # in the browser

Each is one HTML file in plain JavaScript beside this one, and needs no network. Its settings stand in its address.
"""
from __future__ import annotations

import html
import webbrowser
from pathlib import Path
from urllib.parse import urlencode

HERE = Path(__file__).parent
TITLES = {
    "divergences": "Two densities, how far apart they are, and what a generator would learn from it",
    "games": "Games of two players: where a step leads, and why it circles",
    "gan": "A GAN on points, trained before your eyes with gradients by hand",
}


def file(name: str) -> Path:
    """Where a program lies. Raises ValueError for an unknown name."""
    if name not in TITLES:
        raise ValueError(f"there is nothing called {name!r} to explore; there are {', '.join(TITLES)}")
    return HERE / f"{name}.html"


def show(name: str, height: int = 760, **settings) -> None:
    """Show a program in a notebook (JupyterLab, VS Code, Colab); a picture of it stands where no HTML runs.

    Args:
        name: "divergences", "games" or "gan". height: in pixels. settings: what the program starts with, by the names
        that stand in its address.

    Raises ValueError for an unknown name.
    """
    from IPython.display import display

    page = file(name).read_text(encoding="utf-8")
    start = f"<script>globalThis.SETTINGS = {urlencode(settings)!r};</script>"
    frame = (f'<iframe srcdoc="{html.escape(page.replace("<head>", f"<head>{start}", 1))}" title="{html.escape(TITLES[name])}" '
             f'style="width: 100%; height: {height}px; border: 0"></iframe>')
    display({"text/html": frame, "image/png": (HERE / f"{name}.png").read_bytes(),
             "text/plain": f"{TITLES[name]}: gan-scratch explore {name}"},
            raw=True)


def open_in_browser(name: str) -> bool:
    """Open a program in the web browser; returns whether there is one. Raises ValueError for an unknown name."""
    return webbrowser.open(file(name).as_uri())
