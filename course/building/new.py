"""The files of a new unit, with a tiny example inside that builds and passes its tests."""
from __future__ import annotations

import re
from pathlib import Path

from course.building.units import ROOT, CourseError, every

TEMPLATES = Path(__file__).with_name("templates")


def new(short: str, title: str, root: Path = ROOT) -> int:
    """Write the files of lecture "04" or exercise "e04" and say how to go on. Returns the exit status.

    Raises CourseError when the name isn't of that kind, or is taken.
    """
    if not re.fullmatch(r"\d\d|e\d\d[a-z]?", short):
        raise CourseError(f"a lecture has a name such as 04, an exercise one such as e04 or e09a; got {short!r}")
    name = f"{short}_{re.sub('[^a-z0-9]+', '_', title.lower()).strip('_')}"
    if name == f"{short}_":
        raise CourseError(f"the title must have letters for the file's name, got {title!r}")
    if taken := [unit for unit in every(root) if unit.name.split("_")[0] == short]:
        raise CourseError(f"{taken[0].text.as_posix()} is there already; choose another number, or edit it")
    files = {
        Path("course/lectures", f"{name}.md"): "lecture.md",
        Path("course/lectures", f"{name}.broken.toml"): "broken.toml"} if short[0] != "e" else {
        Path("course/exercises", f"{name}.md"): "exercise.md",
        Path("gan_scratch/checks", f"{short}.py"): "checks.py",
        Path("course/exercises", f"{name}.mutants.toml"): "mutants.toml"}
    if taken := [path for path in files if (root / path).exists()]:
        raise CourseError(f"{taken[0].as_posix()} is there already; remove it, or choose another number")
    words = {"TITLE": title, "NUMBER": short.lstrip("e"), "LECTURE": re.sub("[a-z]", "", short), "SHORT": short}
    for path, template in files.items():
        text = (TEMPLATES / template).read_text(encoding="utf-8")
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(re.sub(rf"\b({'|'.join(words)})\b", lambda word: words[word[0]], text), encoding="utf-8")
        print(f"{path.as_posix()}: written")
    print(f"now write it, and try it with \"python -m course try {short}\"")
    return 0
