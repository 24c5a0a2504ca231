"""Games in tables: two players, finitely many strategies each (Nash 1950)."""
from __future__ import annotations

import numpy as np


def equilibria(A, B) -> list[tuple[int, int]]:
    """The Nash equilibria in pure strategies of the costs A (the player who chooses a row) and B (the one who chooses a column).

    Args: A, B: (rows, columns), less is better. Returns the pairs (row, column) that nobody wants to leave alone, row by row.
    Raises ValueError when A and B aren't tables of one shape.
    """
    A, B = np.asarray(A), np.asarray(B)
    if A.ndim != 2 or A.shape != B.shape:
        raise ValueError(f"equilibria expects two tables of one shape (rows, columns), got {A.shape} and {B.shape}")
    return [(i, j) for i, j in np.ndindex(A.shape) if (A[:, j] >= A[i, j]).all() and (B[i] >= B[i, j]).all()]
