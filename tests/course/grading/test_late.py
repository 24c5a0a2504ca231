"""What lateness costs, and what policy.toml may say."""
from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from course.building.units import CourseError
from course.grading import late

DUE = datetime(2026, 11, 9, 18)


def policy(folder, text: str) -> late.Policy:
    (folder / "policy.toml").write_text(text, encoding="utf-8")
    return late.policy(folder)


@pytest.fixture
def usual(tmp_path) -> late.Policy:
    return policy(tmp_path, """grace = "15 min"\npenalty = 10\ncap = 25
        [due]\ne02 = 2026-11-09T18:00:00\ne06 = 2026-11-16
        [extensions.ada]\ne02 = 2026-11-12T18:00:00\n""")


@pytest.mark.parametrize("over, days, share", [
    (timedelta(days=-3), 0, 0), (timedelta(0), 0, 0), (timedelta(minutes=15), 0, 0), (timedelta(minutes=16), 1, 0.1),
    (timedelta(days=1), 1, 0.1), (timedelta(days=1, seconds=1), 2, 0.2), (timedelta(days=2, hours=1), 3, 0.25),
    (timedelta(days=50), 50, 0.25)])
def test_days_begun_grace_and_cap(usual, over, days, share):
    found = usual.of("e02_backprop", "ben", DUE + over)
    assert (found.days, found.share, found.due) == (days, share, DUE)
    assert bool(found.said) == bool(days)


def test_an_extension_moves_the_due_time_of_one_student(usual):
    assert usual.of("e02_backprop", "ada", DUE + timedelta(days=3)).share == 0
    late_all_the_same = usual.of("e02_backprop", "ada", DUE + timedelta(days=3, hours=1))
    assert late_all_the_same.share == 0.1 and "due 2026-11-12 18:00; 1 day begun, 10 % of the points" in late_all_the_same.said[0]


def test_what_the_instructor_knows_counts(tmp_path):
    given = policy(tmp_path, "penalty = 10\n[due]\ne02 = 2026-11-09T18:00:00\n[received.ada]\ne02 = 2026-11-10T09:00:00\n")
    assert given.of("e02_backprop", "ada", None).share == given.of("e02_backprop", "ada", DUE).share == 0.1


def test_a_day_alone_means_its_end(usual):
    name = "e06_optimal_discriminator"
    assert usual.of(name, "ben", datetime(2026, 11, 16, 23, 59)).days == 0
    assert usual.of(name, "ben", datetime(2026, 11, 17, 0, 20)).days == 1


def test_times_with_an_offset_are_that_moment(tmp_path):
    given = policy(tmp_path, "penalty = 10\n[due]\ne02 = 2026-11-09T18:00:00+05:00\n").due["e02_backprop"]
    assert given.astimezone().utctimetuple()[:5] == (2026, 11, 9, 13, 0)
    found = late.Policy({"e02": DUE}, penalty=10).of("e02", "ben", DUE.astimezone() + timedelta(hours=1))
    assert found.days == 1 and found.received == DUE + timedelta(hours=1)


def test_where_nothing_is_due_or_nobody_knows_when_it_came_nothing_is_taken_off(usual, tmp_path):
    assert usual.of("e01_first_gan", "ben", datetime(2030, 1, 1)) == late.Late(None, datetime(2030, 1, 1))
    unknown = usual.of("e02_backprop", "ben", None)
    assert unknown.share == 0 and "isn't known" in unknown.said[0]
    assert late.policy(tmp_path / "elsewhere") == late.Policy()


@pytest.mark.parametrize("text, said", [
    ("graze = '15 min'", "nobody knows graze; known are grace, penalty, cap, due, extensions, received"),
    ("grace = 15", 'expected a length of time, as "15 min"'),
    ("penalty = -1", "penalty: expected per cent, a number from 0 to 100, got -1"),
    ("penalty = true", "penalty: expected per cent"),
    ("cap = 101", "cap: expected per cent"),
    ("due = 3", r"due must be a table, \[due\]"),
    ("[due]\ne02 = '2026-11-09'", "due.e02: expected a time without quotation marks"),
    ("[due]\ne77 = 2026-11-09", "due.e77: there is no unit 'e77'"),
    ("[extensions.ada]\ne02 = 2026-11-09", "must be later than a due time; see ada's e02_backprop"),
    ("[due]\ne02 = 2026-11-09\n[extensions.ada]\ne02 = 2026-11-08", "must be later than a due time; see ada's"),
    ("[due]\ne02 = 2026-11-39", "policy.toml: "),
    ("grace = ", "policy.toml: ")])
def test_what_is_not_meant_is_refused(tmp_path, text, said):
    with pytest.raises(CourseError, match=said):
        policy(tmp_path, text)
