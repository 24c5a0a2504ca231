"""`python -m gan_scratch.experiments.people_kept`: the table of the question in words of exercise e05."""
from __future__ import annotations

import numpy as np

from gan_scratch.checks.e05 import groups_of, near_duplicates
from gan_scratch.data import load
from gan_scratch.experiments.dirty_emoji import CHANGES


def people_kept(most: int) -> tuple[float, float, np.ndarray]:
    """What the code of exercise e05's solution does to the bundled people, of whom no two are the same.

    Args:
        most: the number of bits in which two pictures may differ and still count as copies.

    Returns: the share of changed copies that are missed; the share of pairs of different pictures that count as copies;
        how many of the ten pictures of each skin tone are left when the first of each group is kept.
    """
    data, rng = load("emoji_people"), np.random.default_rng(0)
    codes = near_duplicates(data.images)[0]
    changed = [near_duplicates(np.stack([change(x, rng) for x in data.images]))[0] for change in CHANGES.values()]
    missed = np.mean([(codes != other).sum(1) > most for other in changed])
    first, second = np.triu_indices(len(codes), 1)
    alike = (codes[first] != codes[second]).sum(1) <= most
    group = groups_of([str(i) for i in range(len(codes))], np.stack([first, second], 1)[alike])
    kept = np.bincount(data.extra["skin_tone"][np.unique(group)], minlength=6)
    return float(missed), float(alike.mean()), kept


def main() -> None:
    for most in (2, 4, 8, 13):
        missed, alarms, kept = people_kept(most)
        print(f"{most:2} bits: misses {missed:.1%}, false alarms {alarms:.1%}, kept by skin tone {kept}")


if __name__ == "__main__":
    main()
