"""python -m tests.explore.common NAME: copy the common parts of one explorable into the others.

Each program is one file that can be given away by itself, so that what they have in common stands in each of them.
"""
from __future__ import annotations

import re
import sys

from gan_scratch import explore

PARTS = re.compile(r"/\* common: .*?/\* end of common \*/|// --- common: .*?// --- end of common[^\n]*", re.S)


def main(source: str) -> None:
    parts = PARTS.findall(explore.file(source).read_text(encoding="utf-8"))
    for name in set(explore.TITLES) - {source}:
        copied = iter(parts)
        text = PARTS.sub(lambda _: next(copied), explore.file(name).read_text(encoding="utf-8"))
        explore.file(name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
