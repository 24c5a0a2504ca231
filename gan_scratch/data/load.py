"""`load`: data by name, or by the path of a folder, an .npz file or a folder of IDX files."""
from __future__ import annotations

import copy
import hashlib
import os
import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from gan_scratch.data.faces import faces
from gan_scratch.data.folders import read_folder
from gan_scratch.data.glyphs import glyphs
from gan_scratch.data.images import Dataset, open_npz, read_idx, read_npz, to_unit
from gan_scratch.data.melodies import melodies
from gan_scratch.data.pairs import edges, styles
from gan_scratch.data.points import Mixture, SwissRoll, grid, mixture_1d, ring
from gan_scratch.data.shapes import captioned, discs, shapes
from gan_scratch.data.tables import read_table
from gan_scratch.data.voxels import voxels

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Bundled:
    """A file of this package."""

    sha256: str
    about: str
    licence: str


BUNDLED = {
    "mnist": Bundled("3bdc86d139dc0aad25bcdd7a7c7b68d6eb9c4cef42bc5f12f594e21c9025a84a",
                     "5 000 + 1 000 handwritten digits, 28×28, 10 classes (LeCun, Cortes, Burges)", "CC BY-SA 3.0"),
    "fashion_mnist": Bundled("8f5bf050408dfb7fb26bd92b7e10a3ddd931b5147b4b57298693a2be3ed1429f",
                             "5 000 + 1 000 pictures of clothes, 28×28, 10 classes (Xiao, Rasul, Vollgraf)", "MIT"),
    "digits8": Bundled("b2dab7b501728c22e9119ad76740b2e17c77a231e42d1e592380d90886f1a05e",
                       "1 797 handwritten digits, 8×8, 10 classes (Alpaydin, Kaynak; UCI)", "CC BY 4.0"),
    "emoji_faces": Bundled("04d3dfc073e471790aff21ca72dfef8bd4750c20f0287a771b08b6fcd37577a9",
                           "127 faces, 32×32 in colour, Noto in images and Twemoji in extra['twemoji']", "Apache-2.0, CC BY 4.0"),
    "emoji_people": Bundled("4508c4cd8042fa4dfa4c7aec78d2c12238bdf5e4c98e65ac050aac34b3134d1a",
                            "60 people, 32×32 in colour, labels age 0 … 3, extra['skin_tone'] 0 … 5", "Apache-2.0"),
}
POINTS = {"ring": (ring, "8 Gaussians on a circle"), "grid": (grid, "25 Gaussians on a square grid"),
          "swiss_roll": (SwissRoll, "a spiral band"), "mixture_1d": (mixture_1d, "3 Gaussians on a line")}
DRAWN = {"shapes": (shapes, "4 000 coloured shapes, 32×32, with captions: 2 sizes, 4 colours, 4 shapes"),
         "captions": (captioned, "the same, without red squares, green triangles, blue crosses, yellow discs: they are the test part"),
         "shapes16": (lambda: shapes(size=16), "the same, 16×16"),
         "discs": (discs, "4 000 pairs of coloured discs, 16×16; the second's colour follows the first's"),
         "glyphs": (glyphs, "520 letters of 20 fonts, 16×16, labels A … Z, extra['bold'], extra['slanted']"),
         "faces": (faces, "3 600 grey faces, 32×32, labels age group 0 … 3, extra['age'], extra['person']"),
         "voxels": (voxels, "3 000 pieces of furniture, 16×16×16, labels chair, table, pedestal"),
         "melodies": (melodies, "6 000 melodies of two bars, 16 steps × 24 semitones")}
PAIRED = {"edges2emoji": (edges, "127 emoji faces and their outlines in extra['input']"),
          "noto2twemoji": (styles, "127 emoji faces in two styles, Noto in extra['input']")}
HALVED = {"mnist14": "mnist", "fashion14": "fashion_mnist"}  # four pixels averaged to one: a quarter of the work
NAMES = [*BUNDLED, *HALVED, *DRAWN, *PAIRED, *POINTS]

# The complete sets of 60 000 + 10 000 images, fetched only when asked for: four gzipped IDX files and their SHA-256.
IDX = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
FULL = {
    "mnist": ("https://storage.googleapis.com/cvdf-datasets/mnist/",
              ("440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
               "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
               "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
               "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6")),
    "fashion_mnist": ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
                      ("3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                       "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                       "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                       "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5")),
}


def load(name: str | os.PathLike, full: bool | str | os.PathLike = False, size: int | None = None, pairs: bool = False,
         background: str = "white") -> Dataset | Mixture | SwissRoll:
    """Data by name or path.

    Args:
        name: one of NAMES, or the path of a folder of pictures (survey.py tells what it means), of a .csv file with
            captions or labels (see read_table), or of an .npz file with `images` (and `labels`).
        full: for mnist and fashion_mnist, True fetches all 70 000 images once (pooch, cached); a path reads the four IDX
            files, plain or gzipped, from that folder.
        size: resize the pictures of a folder to size×size. pairs: its subfolders A and B are pairs, whatever stands
            beside them. background: the colour that shows through transparent places of pictures.

    Returns: a Dataset, or for a name in POINTS an object with `sample(n, rng)`.
    Raises ValueError or FileNotFoundError with one sentence for anything that can't be read.
    """
    folder, table = name not in NAMES and Path(name).is_dir(), Path(name).suffix.lower() == ".csv"
    hint = f"; for the folder of this name give ./{name}" if name in NAMES and Path(name).is_dir() else ""
    if size and not (folder or table):
        raise ValueError(f"size is for a folder of pictures; {str(name)!r} comes in its own size{hint}")
    if hint:
        warnings.warn(f"{name!r} is read as the set that comes with the package{hint}", stacklevel=2)
    if pairs and not folder:
        raise ValueError(f"pairs is for a folder with the subfolders A and B; {str(name)!r} is none")
    if background != "white" and not (folder or table):
        raise ValueError(f"background is for a folder of pictures; {str(name)!r} has no transparent places")
    if full and name not in FULL:
        raise ValueError(f"full=True is there for {' and '.join(FULL)}, not for {name!r}")
    if full:
        return _load_full(str(name), full)
    if name in POINTS:
        return POINTS[name][0]()
    if name in DRAWN:
        return copy.deepcopy(_drawn(name))
    if name in PAIRED:
        return PAIRED[name][0](_load_bundled("emoji_faces"))
    if name in BUNDLED:
        return _load_bundled(str(name))
    if name in HALVED:
        return _halved(str(name), _load_bundled(HALVED[name]))
    path = Path(name)
    if folder:
        return read_folder(path, size, pairs, background)
    if table:
        return read_table(path, size, background)
    if path.suffix.lower() == ".npz":
        return read_npz(path)
    raise ValueError(f"no data called {str(name)!r}; use {', '.join(NAMES)}, or the path of a folder of pictures, an .npz file, or a .csv file with captions")


def canonical(name: str | os.PathLike) -> str:
    """A name as it is, a path made absolute: what finds the same data from another directory."""
    return str(name) if name in NAMES or not Path(name).exists() else str(Path(name).resolve())


@lru_cache(maxsize=2)
def _drawn(name: str) -> Dataset:
    """Kept, because a run asks for its data up to ten times and drawing takes half a second."""
    return DRAWN[name][0]()


def _load_bundled(name: str) -> Dataset:
    path = HERE / f"{name}.npz"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: the bundled file is missing; install the package again")
    if hashlib.sha256(path.read_bytes()).hexdigest() != BUNDLED[name].sha256:
        raise ValueError(f"{path}: the checksum differs from the published one, the file is damaged; install the package again")
    a = open_npz(path)
    if name == "digits8":
        return Dataset(name, to_unit(a["images"], top=16), a["labels"].astype(np.int64))
    if name == "emoji_faces":
        return Dataset(name, to_unit(a["noto"]), extra={"twemoji": to_unit(a["twemoji"]), "names": a["names"]})
    if name == "emoji_people":
        return Dataset(name, to_unit(a["images"]), a["age"].astype(np.int64),
                       extra={"skin_tone": a["skin_tone"].astype(np.int64), "names": a["names"]})
    return _digits(name, a["train_images"], a["train_labels"], a["test_images"], a["test_labels"])


def _digits(name, images, labels, test_images, test_labels) -> Dataset:
    return Dataset(name, to_unit(images), labels.astype(np.int64), to_unit(test_images), test_labels.astype(np.int64))


def _halved(name: str, data: Dataset) -> Dataset:
    def half(images):
        n, h, w, c = images.shape
        return images.reshape(n, h // 2, 2, w // 2, 2, c).mean((2, 4))

    return Dataset(name, half(data.images), data.labels, half(data.test_images), data.test_labels)


def _load_full(name: str, where: bool | str | os.PathLike) -> Dataset:
    files = _fetch(name) if where is True else [_find(Path(where), stem) for stem in IDX]
    arrays = [read_idx(file) for file in files]
    for file, a, shape in zip(files, arrays, ((60000, 28, 28), (60000,), (10000, 28, 28), (10000,))):
        if a.shape != shape:
            raise ValueError(f"{file}: expected shape {shape} for the complete {name}, got {a.shape}")
    return _digits(f"{name}_full", *arrays)


def _find(folder: Path, stem: str) -> Path:
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: there is no such folder; it should hold the four IDX files {', '.join(IDX)}")
    for name in (stem, f"{stem}.gz", stem.replace("-idx", ".idx")):
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(f"{folder}: {stem} (or {stem}.gz) is missing")


def _fetch(name: str) -> list[Path]:
    url, checksums = FULL[name]
    import pooch  # here, because nothing else needs it

    folder = pooch.os_cache("gan-scratch") / name
    try:
        return [Path(pooch.retrieve(f"{url}{stem}.gz", f"sha256:{checksum}", f"{stem}.gz", folder, progressbar=True))
                for stem, checksum in zip(IDX, checksums)]
    except ValueError:  # pooch keeps nothing then
        raise ValueError(f"the complete {name} could not be fetched: a file from {url} has another SHA-256 than the published one") from None
    except OSError:
        raise ValueError(f"the complete {name} could not be fetched from {url}; is there a network? Or get the four IDX files "
                         f"elsewhere and give their folder: --full FOLDER, or load({name!r}, full='FOLDER')") from None


def describe(name: str) -> str:
    """One line about a set: what it is, its licence."""
    if name in POINTS:
        return f"{POINTS[name][1]}, drawn on the fly"
    if name in HALVED:
        return f"{HALVED[name]} at half its size, 14×14; {BUNDLED[HALVED[name]].licence}"
    if name in PAIRED:
        return f"{PAIRED[name][1]}; {BUNDLED['emoji_faces'].licence}"
    if name in DRAWN:
        return f"{DRAWN[name][1]}; drawn when loaded, always the same"
    return f"{BUNDLED[name].about}; {BUNDLED[name].licence}"
