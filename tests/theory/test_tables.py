"""Games in tables: two whose equilibria everybody knows, and the definition, cell by cell, on random ones."""
import numpy as np
import pytest

from gan_scratch.theory import equilibria


def test_known_games():
    prison, pennies, meeting = np.array([[1, 3], [0, 2]]), np.array([[1, -1], [-1, 1]]), np.array([[0, 2], [2, 1]])
    assert equilibria(prison, prison.T) == [(1, 1)]
    assert equilibria(pennies, -pennies) == []
    assert equilibria(meeting, meeting) == [(0, 0), (1, 1)]


def test_nobody_gains_by_changing_alone(rng=np.random.default_rng(0)):
    found = 0
    for _ in range(200):
        A, B = rng.integers(0, 6, (2, 3, 4))
        for i, j in np.ndindex(3, 4):
            stays = all(A[i, j] <= A[k, j] for k in range(3)) and all(B[i, j] <= B[i, k] for k in range(4))
            assert ((i, j) in equilibria(A, B)) == stays
            found += stays
    assert found > 50


def test_tables_of_two_shapes_are_refused():
    with pytest.raises(ValueError, match=r"one shape .* got \(2, 2\) and \(2, 3\)"):
        equilibria(np.zeros((2, 2)), np.zeros((2, 3)))
