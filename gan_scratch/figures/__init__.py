"""What lectures show but don't compute because it takes too long: samples of trained networks, an .npz for each figure."""
from __future__ import annotations

from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent


def load(name: str) -> dict[str, np.ndarray]:
    """The arrays of a figure by name. Raises ValueError when there is no such figure."""
    file = FOLDER / f"{name}.npz"
    if not file.is_file():
        known = ", ".join(sorted(path.stem for path in FOLDER.glob("*.npz")))
        raise ValueError(f"there is no figure {name!r}; there are: {known}")
    with np.load(file) as arrays:
        return dict(arrays)
