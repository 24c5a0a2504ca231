"""Every lecture has false claims to be tried, and each of them stands where it is looked for. (They run by hand:
`python -m tests.course.claims`.)"""
import pytest

from tests.course.claims import LECTURES, broken_claims, cells, fails, survivors


@pytest.mark.parametrize("lecture", sorted(LECTURES.glob("*.md")), ids=lambda path: path.stem)
def test_false_claims_stand_in_the_lecture(lecture):
    claims, sources = broken_claims(lecture), cells(lecture)
    for source in sources:
        assert "assert " not in source or any(find in source for find, _ in claims), (
            f"{lecture.name}: the .broken.toml beside it has no false claim for the cell that begins with {source[:60]!r}")
    lost = [find for find, _ in claims if not any(find in source for source in sources)]
    assert not lost, f"not in {lecture.name} any more: {lost}"


def test_a_claim_that_passes_when_it_is_false_is_found(tmp_path):
    lecture = tmp_path / "00_x.md"
    lecture.write_text("---\ntitle: x\n---\n\n```{code-cell}\ny = 2\n```\n\n```{code-cell}\n:tags: [figure]\n\nassert y > 1 and 2 * y == 4\n```\n")
    (tmp_path / "00_x.broken.toml").write_text('broken = [["y > 1", "y > 0"], ["2 * y", "3 * y"]]')
    assert list(survivors(lecture)) == ["y > 1"]


def test_names_stay_as_they_were():
    names = {"a": 1}
    assert fails("a = 2\nassert a == 1", names) and not fails("a = 3", names) and names == {"a": 1}


def test_another_exception_is_no_failed_assertion(capsys):
    assert not fails("assert b == 2", {}) and "NameError" in capsys.readouterr().out
