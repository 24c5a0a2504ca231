"""The HTML report about one exercise of one class: a single file, no scripts, everything that comes from students
escaped.
"""
from __future__ import annotations

import datetime
import io
import re
from collections import Counter, defaultdict
from html import escape
from pathlib import Path

import numpy as np

from course.grading.together import Together
from gan_scratch import plot
from gan_scratch.classroom.call import NOT_WRITTEN
from gan_scratch.files import replacing

MOST_DIAGNOSES = 25
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #222; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; }
h2 { font-size: 1.25rem; margin-top: 2.2rem; }
svg { max-width: 100%; height: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .7rem .3rem 0; border-bottom: 1px solid #ddd; }
td { overflow-wrap: break-word; max-width: 44rem; }
td.n, th.n { text-align: right; }
.note { background: #fff4e0; border-left: 4px solid #E69F00; padding: .6rem 1rem; }
"""
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{name}: report</title><style>{style}</style></head>
<body><h1>{name}</h1>
{parts}</body></html>
"""


def write(path: Path, name: str, tasks: list[dict], rows: list, grades: list[dict], seen: Together, unsafe: str | None) -> None:
    """Write the report.

    Args:
        name: the exercise. tasks: nbgrader's metadata of its graded cells. rows: rows.Row of every submission.
        grades: rows of the gradebook. seen: what all submissions together show. unsafe: why there was no sandbox, or
        None.
    """
    graded = {row.student_id for row in rows if row.auto_score is not None}
    grades = [grade for grade in grades if grade["student"] in graded]
    parts = [overview(rows), sandbox_note(unsafe)]
    if graded:
        parts += [section("Scores", svg(distribution(rows))),
                  section("Tasks", difficulty(tasks, grades)),
                  section("The most frequent diagnoses", frequent(seen.diagnoses, len(graded))),
                  section("Left to grade by hand", by_hand(tasks, grades) + groups(seen)),
                  section("When it was handed in", arrivals(rows))]
    parts += [section("Could not be graded", people(rows, lambda row: row.status == "not gradable")),
              section("Absent", names(rows)),
              section("Repaired before grading", people(rows, lambda row: row.status == "repaired")),
              section("Remarks on other submissions", people(rows, lambda row: row.status == "graded" and row.message))]
    with replacing(path) as temporary:
        page = PAGE.format(name=escape(name), style=STYLE, parts="".join(parts))
        temporary.write_text(page, encoding="utf-8", errors="backslashreplace")


def section(title: str, content: str) -> str:
    return f"<h2>{escape(title)}</h2>\n{content}\n"


def overview(rows: list) -> str:
    count = Counter(row.status for row in rows)
    scores = [row.auto_score for row in rows if row.auto_score is not None]
    text = (f"{len(rows) - count['absent']} submissions: {count['graded']} graded as they were, "
            f"{count['repaired']} repaired and graded, {count['not gradable']} could not be graded. "
            f"{count['absent']} {'student' if count['absent'] == 1 else 'students'} handed nothing in. ")
    if scores:
        text += f"Of {rows[0].auto_max:g} automatic points, mean {np.mean(scores):.1f}, median {np.median(scores):.1f}. "
    return f"<p>{text}Written {datetime.datetime.now():%Y-%m-%d %H:%M}.</p>\n"


def sandbox_note(unsafe: str | None) -> str:
    if unsafe is None:
        return "<p>The students’ code ran in a sandbox: without network, solutions, gradebook and other submissions.</p>\n"
    return (f'<p class="note">The students’ code ran without a sandbox, because {escape(unsafe)}. Time, memory and processes '
            "were limited, but it could read and change whatever the grading user may. Install bubblewrap on Linux, and "
            "grade again with --force.</p>\n")


def distribution(rows: list):
    """Histogram of the automatic scores, a bar for each point, at most 25."""
    most = rows[0].auto_max
    fig, axis = plot.figure(11, 4.2)
    width = max(1.0, most / 25)
    edges = np.arange(-width / 2, most + width, width)
    axis.hist([row.auto_score for row in rows if row.auto_score is not None], bins=edges, color=plot.BLUE, rwidth=0.85)
    axis.set(xlabel=f"automatic score, of {most:g}", ylabel="submissions", xlim=(-width, most + width))
    axis.yaxis.get_major_locator().set_params(integer=True)
    return fig


DISCRIMINATION = """<p>Discrimination is the correlation of a task’s points with the points of all other tasks. Near 0 the
task tells nothing about who can do the rest. Below 0 those who do well elsewhere do badly here; see whether its text
misleads them.</p>"""


def difficulty(tasks: list[dict], grades: list[dict]) -> str:
    """For each automatic task the share of submissions with all its points, and how it goes with the rest."""
    tests = [task for task in tasks if not task["solution"]]
    scores, total = defaultdict(list), Counter()
    mine = defaultdict(dict)
    tested = {task["grade_id"] for task in tests}
    for grade in grades:
        scores[grade["cell"]].append(grade["auto_score"] or 0.0)
        if grade["cell"] in tested:
            mine[grade["cell"]][grade["student"]] = grade["auto_score"] or 0.0
            total[grade["student"]] += grade["auto_score"] or 0.0
    names = [task["grade_id"].removeprefix("test_") for task in tests]
    shares = [np.mean([score >= task["points"] for score in scores[task["grade_id"]]] or [0]) for task in tests]
    fig, axis = plot.figure(11, 1.4 + 0.45 * len(tests))
    colors = [plot.ORANGE if share < 0.5 else plot.BLUE for share in shares]
    axis.barh(range(len(tests)), [100 * share for share in shares], color=colors)
    axis.set_yticks(range(len(tests)), names, parse_math=False)
    axis.invert_yaxis()
    axis.set(xlim=(0, 100), xlabel="submissions with all points of the task (%)")
    lines = [(name, f"{task['points']:g}", f"{100 * share:.0f} %", f"{np.mean(scores[task['grade_id']] or [0]):.2f}",
              discrimination(mine[task["grade_id"]], total)) for name, task, share in zip(names, tests, shares)]
    return svg(fig) + table(("task", "points", "all points", "mean", "discrimination"), lines, numbers=(1, 2, 3, 4)) + DISCRIMINATION


def discrimination(points: dict[str, float], total: dict[str, float]) -> str:
    """The correlation of a task's points with those of all other tasks; "–" where one of the two doesn't vary."""
    task = np.array(list(points.values()))
    rest = np.array([total[student] for student in points]) - task
    if len(task) < 3 or not np.ptp(task) or not np.ptp(rest):
        return "–"
    return f"{np.corrcoef(task, rest)[0, 1]:.2f}"


def frequent(diagnoses: Counter, graded: int) -> str:
    """Sentences that differ in numbers alone count as one; the most common of them stands for all."""
    groups: dict[tuple, Counter] = defaultdict(Counter)
    unwritten = Counter()
    for (task, sentence), n in diagnoses.items():
        sentence = sentence.removeprefix(f"{task.removeprefix('test_')}: ")
        if NOT_WRITTEN in sentence.lower():
            unwritten[task.removeprefix("test_")] += n
            continue
        groups[task, re.sub(r"\d[\d.e+-]*", "#", sentence)][sentence] += n
    told = ", ".join(f"{task} {n}" for task, n in unwritten.most_common())
    note = f"<p>Not written yet: {escape(told)}.</p>" if told else ""
    if not groups:
        return note or "<p>None.</p>"
    ordered = sorted(groups.items(), key=lambda group: -group[1].total())[:MOST_DIAGNOSES]
    lines = [(f"{same.total()}", f"{100 * same.total() / graded:.0f} %", task.removeprefix("test_"),
              printable(same.most_common(1)[0][0])) for (task, _), same in ordered]
    return note + table(("how often", "share", "task", "diagnosis"), lines, numbers=(0, 1))


def by_hand(tasks: list[dict], grades: list[dict]) -> str:
    """For each task how many submissions wait for a person."""
    waiting = Counter(grade["cell"] for grade in grades if grade["needs_manual_grade"])
    shown = [task for task in tasks if task["solution"] or waiting[task["grade_id"]]]
    lines = [(task["grade_id"], f"{task['points']:g}", f"{waiting[task['grade_id']]}") for task in shown]
    return table(("cell", "points", "submissions waiting"), lines, numbers=(1, 2)) if lines else "<p>Nothing.</p>"


def groups(seen: Together) -> str:
    """Answers in words that are equal, of which one has to be read, and those that are nearly equal, to be read one
    after another.
    """
    near = {question: [group for group in every if not any(set(group) <= set(equal) for equal in seen.equal.get(question, []))]
            for question, every in seen.near.items()}
    lines = [(question, kind, printable(", ".join(group))) for kind, found in (("equal", seen.equal), ("nearly equal", near))
             for question, every in found.items() for group in every]
    if not lines:
        return ""
    return ("<p>Read one of equal answers in the Formgrader; the next <code>python -m course grade</code> gives its points and "
            "comment to the others.</p>" + table(("question", "answers", "students"), lines))


def arrivals(rows: list) -> str:
    """How many submissions came on each day, and how many of them late."""
    known = [row for row in rows if row.received]
    if not known:
        return "<p>Nobody knows: the submissions weren't collected with <code>python -m course collect</code>.</p>"
    days, late = Counter(row.received[:10] for row in known), Counter(row.received[:10] for row in known if row.late_penalty)
    fig, axis = plot.figure(11, 3.2)
    order = sorted(days)
    axis.bar(order, [days[day] for day in order], color=plot.BLUE, label="in time")
    axis.bar(order, [late[day] for day in order], color=plot.ORANGE, hatch="//", label="late")
    axis.set(ylabel="submissions")
    axis.yaxis.get_major_locator().set_params(integer=True)
    axis.tick_params(axis="x", rotation=45 if len(order) > 6 else 0)
    if late:
        axis.legend()
    return svg(fig)


def names(rows: list) -> str:
    """Who handed nothing in."""
    absent = [printable(row.student_id) for row in rows if row.status == "absent"]
    return f"<p>{escape(', '.join(absent) or 'Nobody')}.</p>"


def people(rows: list, chosen) -> str:
    lines = [(printable(row.student_id), row.message) for row in rows if chosen(row)]
    return table(("student", "why"), lines) if lines else "<p>Nobody.</p>"


def printable(text: str) -> str:
    """One line without characters that command a terminal or can't be printed: names and messages come from
    students.
    """
    return "".join(c if c.isprintable() else "�" for c in " ".join(text.split()))


def table(head: tuple[str, ...], lines: list[tuple[str, ...]], numbers: tuple[int, ...] = ()) -> str:
    """A table of plain texts; the columns `numbers` are flush right."""
    def row(cells: tuple[str, ...], tag: str) -> str:
        parts = (f'<{tag}{" class=n" if i in numbers else ""}>{escape(cell)}</{tag}>' for i, cell in enumerate(cells))
        return f"<tr>{''.join(parts)}</tr>\n"
    return f"<table>{row(head, 'th')}{''.join(row(line, 'td') for line in lines)}</table>"


def svg(fig) -> str:
    """A figure as an element of the page."""
    text = io.StringIO()
    fig.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()[text.getvalue().index("<svg"):]
