"""Triage: what is found in a mangled submission, and what is said about it."""
from __future__ import annotations

import copy
import json
import os
import re

import nbformat
import pytest

from gan_scratch.classroom import released as releases
from gan_scratch.classroom.command import prepare
from gan_scratch.classroom.finding import candidates
from gan_scratch.classroom.matching import grade_id
from gan_scratch.classroom.notebooks import NotGradable, load
from gan_scratch.classroom.source import defined
from gan_scratch.classroom.submission import rebuild, triage
from tests.course.grading import hostile
from tests.course.grading.hostile import NAME, find, put

RELEASED = nbformat.from_dict(hostile.released())
MANGLED = [case for case in hostile.CASES if case.triage]


def mended(notebook: dict, tmp_path) -> tuple:
    """What triage makes of a notebook: (its cells' sources by id, sentences, the notebook)."""
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps(notebook))
    result, said = rebuild(load(path).cells, RELEASED)
    return {cell.id: cell.source for cell in result.cells}, said, result


@pytest.mark.parametrize("case", MANGLED, ids=lambda case: case.name)
def test_a_mangled_submission_is_the_right_one_again_or_refused_with_a_reason(case, tmp_path):
    hostile.write_class(tmp_path, [case])
    folder = hostile.submitted(tmp_path, case.name)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    if case.score is None:
        with pytest.raises(NotGradable, match=re.escape(case.message)):
            triage(folder, NAME, RELEASED)
    else:
        found = triage(folder, NAME, RELEASED)
        nbformat.validate(found.notebook)
        by_grade_id = {grade_id(cell): cell.source for cell in found.notebook.cells if grade_id(cell)}
        assert list(by_grade_id) == [grade_id(cell) for cell in RELEASED.cells if grade_id(cell)]
        assert all(
            by_grade_id[grade_id(cell)] == cell.source
            for cell in RELEASED.cells
            if cell.metadata.get("nbgrader", {}).get("locked")
        )
        if case.score == hostile.FULL and "helper" not in case.name and not case.moved:
            assert {name: by_grade_id[name] for name in hostile.RIGHT} == hostile.RIGHT and by_grade_id[
                "answer_why"
            ] == "Because."
        if not case.name.startswith("timestamp"):
            assert case.message in "; ".join(found.said) and bool(found.said) == (case.status == "repaired")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before, "the original was changed"


ALONE = [case for case in hostile.CASES if case.name not in ("one_folder_too_high", "link_to_the_solution")]


@pytest.mark.parametrize("case", ALONE, ids=lambda case: case.name)
def test_check_runs_what_the_grader_runs(case, tmp_path, monkeypatch):
    hostile.write_class(tmp_path, [case])
    monkeypatch.setattr(releases, "RELEASED", tmp_path / "exercises" / NAME)
    notebooks = [one.path for one in candidates(hostile.submitted(tmp_path, case.name)) if not one.member]
    if len(notebooks) != 1:
        return
    try:
        found = triage(hostile.submitted(tmp_path, case.name), NAME, RELEASED)
    except NotGradable as error:
        if "another notebook" not in str(error):
            with pytest.raises(ValueError, match=re.escape(str(error).removeprefix(f"{notebooks[0].name}: "))):
                prepare(notebooks[0])
        return
    prepared = prepare(notebooks[0])
    assert prepared.notebook.cells == found.notebook.cells
    assert prepared.said == [s for s in found.said if not s.startswith("renamed") and "of modules" not in s]


def test_a_right_submission_comes_back_as_it_is_and_nothing_is_said(tmp_path):
    sources, said, _ = mended(hostile.right(), tmp_path)
    assert said == [] and sources == {cell["id"]: cell["source"] for cell in hostile.right()["cells"]}


def test_own_cells_stay_where_they_are_without_outputs_and_metadata(tmp_path):
    notebook = put(hostile.right(), "task2", "helper = 1", nbgrader={"grade_id": "x", "points": 9}, tags=["mine"])
    own = notebook["cells"][6]
    own["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "<script>"}]
    put(notebook, "answer_why", "my notes", "markdown")
    sources, said, result = mended(notebook, tmp_path)
    names = [cell.source for cell in result.cells]
    assert (
        names.index("helper = 1") == names.index("## Task 2: JS") + 1
        and names.index("my notes") == names.index("Because.") + 1
    )
    cell = result.cells[names.index("helper = 1")]
    assert cell.metadata == {"tags": ["mine"], "gan_scratch": {"where": "the cell that begins with `helper = 1` (task 2)"}} and cell.outputs == []


def test_of_several_versions_the_last_one_that_was_worked_on_counts_and_the_earlier_runs_before_it(tmp_path):
    notebook = hostile.right()
    stub, late = (copy.deepcopy(find(hostile.released(), "kl")) for _ in range(2))
    late["source"] = hostile.RIGHT["kl"].replace("np.inf", "float('inf')")
    notebook["cells"][4:4] = [late, stub]
    _, said, result = mended(notebook, tmp_path)
    versions = [cell.source for cell in result.cells if "def kl" in cell.source]
    assert versions == [hostile.RIGHT["kl"], late["source"]]
    assert said == ["cell kl was there 3 times; the last one that was worked on counts"]


def test_a_given_cell_copied_to_write_something_else_keeps_what_was_written(tmp_path):
    notebook = hostile.right()
    notebook["cells"].insert(2, {**copy.deepcopy(find(notebook, "setup")), "id": "other", "source": "helper = 1"})
    sources, said, _ = mended(notebook, tmp_path)
    assert sources["setup"] == find(hostile.released(), "setup")["source"] and "helper = 1" in sources.values()


def test_an_answer_in_a_cell_of_its_own_is_taken(tmp_path):
    notebook = put(hostile.right(), "answer_why", "My reasons: …", "markdown")
    find(notebook, "answer_why")["source"] = find(hostile.released(), "answer_why")["source"]
    sources, said, _ = mended(notebook, tmp_path)
    assert sources["answer_why"] == "My reasons: …" and said == ["answer answer_why stood in a cell of its own"]
    assert list(sources.values()).count("My reasons: …") == 1


def test_a_picture_in_an_answer_stays(tmp_path):
    notebook = hostile.right()
    find(notebook, "answer_why")["attachments"] = {"a.png": {"image/png": "aGVsbG8="}}
    assert find(mended(notebook, tmp_path)[2], "answer_why").attachments == {"a.png": {"image/png": "aGVsbG8="}}


def test_text_that_a_student_wrote_into_is_kept(tmp_path):
    notebook = hostile.right()
    find(notebook, "task1")["source"] += "\n\nMy notes."
    assert mended(notebook, tmp_path)[0]["task1"].endswith("My notes.")


def test_what_a_student_claims_about_the_notebook_is_dropped(tmp_path):
    notebook = hostile.right()
    notebook["metadata"]["gan_scratch"] = {"tasks": [{"score": 100}]}
    notebook["metadata"]["kernelspec"] = {"name": "evil", "display_name": "evil"}
    assert mended(notebook, tmp_path)[2].metadata == RELEASED.metadata


def test_of_several_notebooks_the_one_with_most_matching_cells_is_taken(tmp_path):
    folder = tmp_path / "student" / NAME
    folder.mkdir(parents=True)
    poor = hostile.right()
    poor["cells"] = poor["cells"][:4]
    for name, notebook in {"a.ipynb": poor, "b.ipynb": hostile.right(), "c.ipynb": poor}.items():
        (folder / name).write_text(json.dumps(notebook))
    said = triage(folder, NAME, RELEASED).said
    assert said == [f"renamed: b.ipynb was graded as {NAME}.ipynb",
                    "of 3 notebooks b.ipynb was graded, with 3 tasks answered (a.ipynb: 1, c.ipynb: 1)"]


def test_other_files_travel_but_links_do_not(tmp_path):
    folder = tmp_path / "student" / NAME
    (folder / "data").mkdir(parents=True)
    (folder / f"{NAME}.ipynb").write_text(json.dumps(hostile.right()))
    (folder / "data" / "mine.txt").write_text("mine")
    (tmp_path / "secret").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret")
    (folder / "folder").symlink_to(tmp_path)
    assert [str(path) for path in triage(folder, NAME, RELEASED).files] == [os.path.join("data", "mine.txt")]


@pytest.mark.parametrize("path", ["student", f"student/{NAME}"])
def test_folders_that_are_links_are_refused(path, tmp_path):
    (tmp_path / "real" / NAME).mkdir(parents=True)
    link = tmp_path / path
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(tmp_path / "real" if path == "student" else tmp_path / "real" / NAME)
    with pytest.raises(NotGradable, match="symbolic link"):
        triage(tmp_path / "student" / NAME, NAME, RELEASED)


def test_a_missing_folder_is_no_submission(tmp_path):
    with pytest.raises(NotGradable, match="no submission"):
        triage(tmp_path / "student" / NAME, NAME, RELEASED)


@pytest.mark.parametrize(
    "source, names",
    [
        ("def f(x):\n  y = 1", {"f"}),
        ("class A: pass\nb = 2\nc: int = 3\nd == 4\ne += 1", {"A", "b", "c"}),
        ("%matplotlib inline\nasync def g(:\n", {"g"}),
        ("    def inner(): 0", set()),
    ],
)
def test_names_that_a_cell_defines(source, names):
    assert defined(source) == names


def test_a_copy_that_jupyter_made_by_itself_is_taken_only_when_there_is_nothing_else(tmp_path):
    folder = tmp_path / "student" / NAME
    (folder / ".ipynb_checkpoints").mkdir(parents=True)
    (folder / ".ipynb_checkpoints" / f"{NAME}-checkpoint.ipynb").write_text(json.dumps(hostile.right()))
    assert "checkpoint.ipynb was graded" in triage(folder, NAME, RELEASED).said[0]
    (folder / f"{NAME}.ipynb").write_text(json.dumps(hostile.released()))
    found = triage(folder, NAME, RELEASED)
    assert found.said == [] and find(found.notebook, "kl").source == find(hostile.released(), "kl")["source"]
