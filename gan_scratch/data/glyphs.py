"""Letters, rendered from the fonts that come with Matplotlib: 26 classes, with weight and slant as further labels."""
from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath
from PIL import Image, ImageDraw

from gan_scratch.data.images import Dataset, to_unit

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
FONTS = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique", "DejaVuSansMono", "DejaVuSansMono-Bold",
         "DejaVuSansMono-Oblique", "DejaVuSansMono-BoldOblique", "DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic",
         "DejaVuSerif-BoldItalic", "STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "STIXGeneralBolIta", "cmr10", "cmb10", "cmss10", "cmtt10")
FINE = 8  # pixels are drawn 8×8 times finer and averaged


@lru_cache(maxsize=2)
def glyphs(size: int = 16) -> Dataset:
    """Capital letters (520, size, size, 1), white on black, in 20 fonts (DejaVu Display is left out: it draws blanks).

    Returns: a Dataset; labels 0 … 25; extra["bold"] and extra["slanted"] (520,) 0 or 1, extra["font"] (520,) the index in FONTS.
    """
    images = np.stack([_draw(letter, font, size) for font in FONTS for letter in LETTERS])[..., None]
    font = np.repeat(np.arange(len(FONTS)), len(LETTERS))
    bold = np.array(["Bo" in name or name == "cmb10" for name in FONTS], np.int64)
    slanted = np.array(["Obl" in name or "Ita" in name for name in FONTS], np.int64)
    return Dataset("glyphs", to_unit(images), np.tile(np.arange(26), len(FONTS)),
                   extra={"bold": bold[font], "slanted": slanted[font], "font": font})


def _draw(letter: str, font: str, size: int) -> np.ndarray:
    """(size, size) uint8: the outline, its longer side 0.78 of the picture, in the middle."""
    file = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{font}.ttf"
    outline = TextPath((0, 0), letter, size=100, prop=FontProperties(fname=str(file)))
    low, high = outline.vertices[:-1].min(0), outline.vertices[:-1].max(0)
    scale = 0.78 * size * FINE / max(high - low)
    picture = np.zeros((size * FINE, size * FINE), bool)
    for polygon in outline.to_polygons():
        at = (polygon - (low + high) / 2) * scale * [1, -1] + size * FINE / 2
        part = Image.new("1", picture.shape)
        ImageDraw.Draw(part).polygon([tuple(p) for p in at], fill=1)
        picture ^= np.asarray(part)  # a hole is a polygon within a polygon
    return np.rint(255 * picture.reshape(size, FINE, size, FINE).mean((1, 3))).astype(np.uint8)
