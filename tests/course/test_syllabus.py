"""What README.md and course/syllabus.md say is ready is what is there."""
import re

from course.building.units import ROOT, every

SYLLABUS = (ROOT / "course/syllabus.md").read_text(encoding="utf-8")
# Lecture, exercises, whether both are ready.
ROW = re.compile(r"^\| (\d\d) \| .* \| (e[^|]*) \| (yes)? ?\|$", re.MULTILINE)
# The paragraph, to its end.
READY = re.compile(r"^\*\*What is ready\.\*\* (?:.+\n)+", re.MULTILINE)
THERE = {unit.name.split("_")[0] for unit in every()}


def test_the_syllabus_says_which_units_are_ready():
    rows = ROW.findall(SYLLABUS)
    assert len(rows) == 18
    for lecture, exercises, ready in rows:
        units = {lecture, *exercises.strip().split(", ")}
        assert ready or not units <= THERE, f"course/syllabus.md calls {lecture} not ready, and all of it is there"
        assert not ready or units <= THERE, f"course/syllabus.md calls {lecture} ready, and {units - THERE} is missing"


def test_readme_and_syllabus_name_what_is_ready():
    readme = READY.search((ROOT / "README.md").read_text(encoding="utf-8"))[0]
    summary = READY.search(SYLLABUS)[0]
    ready = {lecture for lecture, _, yes in ROW.findall(SYLLABUS) if yes}
    assert set(re.findall(r"\b\d\d\b", readme)) == ready, "README.md names other lectures as ready than the syllabus"
    assert set(re.findall(r"\be?(\d\d)\b", summary)) == ready, "the syllabus names others as ready than its table"
