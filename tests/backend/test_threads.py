"""Work shared among threads: all of it is done, once, with the caller's settings, and BLAS gets its threads back."""
import multiprocessing
import os
import threading
import time

import numpy as np
import pytest
import threadpoolctl

from gan_scratch.backend import threads


@pytest.fixture
def two(monkeypatch):
    """A BLAS with two threads, on any machine."""
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        yield


def test_all_is_done_once_and_at_the_same_time(two):
    done, meet = [], threading.Barrier(2, timeout=10)

    def work(part):
        meet.wait()  # breaks unless both parts run at once
        done.append((part.start, part.stop, threading.get_ident(), threads._blas()[0].num_threads))

    threads.share(work, 7, cost=1e9)
    (a, b, one, blas), (c, d, other, also) = sorted(done)
    assert (a, b, c, d) == (0, 3, 3, 7) and one != other and blas == also == 1
    assert threads.threads() == 2


def test_little_work_stays_on_this_thread(two):
    seen = []
    threads.share(lambda part: seen.append((part, threading.get_ident())), 7, cost=2 * threads.GRAIN - 1)
    assert seen == [(slice(0, 7), threading.get_ident())]
    threads.share(lambda part: seen.append(part), 7, cost=2 * threads.GRAIN)
    assert sorted(seen[1:], key=lambda part: part.start) == [slice(0, 3), slice(3, 7)]


@pytest.fixture
def no_thread_wakes(monkeypatch):
    """Our threads have other work until the end of the test, as if the cores were busy."""
    free = threading.Event()
    for task in ("share", "both"):
        for _ in range(os.cpu_count()):
            threads._pool(task).submit(free.wait, 60)
    yield
    free.set()


def test_a_part_that_nobody_has_begun_is_taken_back(two, no_thread_wakes):
    done = []
    threads.share(lambda part: done.append((part, threading.get_ident())), 7, cost=1e9)
    assert done == [(slice(0, 3), threading.get_ident()), (slice(3, 7), threading.get_ident())]


def test_an_operation_that_nobody_has_begun_is_taken_back(two, no_thread_wakes):
    with threads.ours():
        assert threads.both(lambda: ("first", threads.threads()), lambda: ("second", threads.threads()), 1e9) == (
            ("first", 1), ("second", 1))


def test_an_error_in_a_part_that_was_taken_back_reaches_the_caller(two, no_thread_wakes):
    def work(part):
        if part.start:
            raise ValueError("in the second part")

    with pytest.raises(ValueError, match="in the second part"):
        threads.share(work, 4, cost=1e9)
    assert threads._blas()[0].num_threads == 2


def test_one_thread_for_blas_means_one_for_us(two):
    with threadpoolctl.threadpool_limits(1, user_api="blas"):
        seen = []
        threads.share(seen.append, 7, cost=1e9)
        assert threads.threads() == 1 and seen == [slice(0, 7)]
    assert threads.threads() == 2


def test_ours_takes_the_threads_of_blas_and_gives_them_back(two):
    with pytest.raises(KeyError):
        with threads.ours():
            with threads.ours():
                assert threads.threads() == 2 and threads._blas()[0].num_threads == 1
            assert threads._blas()[0].num_threads == 1
            raise KeyError
    assert threads._blas()[0].num_threads == 2


def test_each_blas_gets_its_own_number_back(monkeypatch):
    """NumPy's and SciPy's libraries needn't have the same."""
    class Library:
        def __init__(self, count):
            self.num_threads = count

        def set_num_threads(self, count):
            self.num_threads = count

    libraries = [Library(2), Library(5)]
    monkeypatch.setattr(threads, "_blas", lambda: libraries)
    with threads.ours():
        assert [library.num_threads for library in libraries] == [1, 1] and threads.threads() == 2
    assert [library.num_threads for library in libraries] == [2, 5]


def test_an_error_in_a_part_reaches_the_caller(two):
    def work(part):
        if part.start:
            raise ValueError("in the second part")

    with pytest.raises(ValueError, match="in the second part"):
        threads.share(work, 4, cost=1e9)
    assert threads.threads() == 2


def test_errstate_holds_on_other_threads(two):
    def work(part):
        np.ones(3) / np.zeros(3)

    with np.errstate(divide="ignore"):
        threads.share(work, 4, cost=1e9)  # a RuntimeWarning would be an error here
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        threads.share(work, 4, cost=1e9)


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Python warns of forks of a process with threads: that is what is tested
def test_a_forked_process_has_threads_of_its_own(two):
    threads.share(lambda part: None, 4, cost=1e9)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply_async(_in_a_child).get(timeout=20) == [(0, 2), (2, 4)]


def _in_a_child():
    done = []
    threads.share(lambda part: done.append((part.start, part.stop)), 4, cost=1e9)
    return sorted(done)


def test_two_operations_run_at_once_each_with_half_of_the_threads(monkeypatch):
    monkeypatch.setattr(threads, "threads", lambda: threads._team.get() or 4)
    here, meeting = threading.current_thread(), threading.Barrier(2, timeout=30)

    def operation():
        meeting.wait()  # neither goes on before the other has begun
        parts = []
        threads.share(parts.append, 4, cost=1e9)
        return threading.current_thread() is here, len(parts)

    with threads.ours():
        assert threads.both(operation, operation, cost=1e9) == ((False, 2), (True, 2))


@pytest.mark.parametrize("team, cost", [(2, 0), (3, 1e9), (1, 1e9)])
def test_little_work_and_odd_threads_keep_two_operations_one_after_the_other(team, cost, monkeypatch):
    monkeypatch.setattr(threads, "threads", lambda: threads._team.get() or team)
    order = []

    def operation(name):
        order.append((name, threading.current_thread(), threads._team.get()))
        return name

    with threads.ours():
        results = threads.both(lambda: operation("first"), lambda: operation("second"), cost)
    assert results == ("first", "second")
    assert order == [(name, threading.current_thread(), team) for name in results]  # each has all threads


@pytest.mark.parametrize("which", [0, 1])
def test_an_error_in_one_of_two_operations_reaches_the_caller_when_what_has_begun_is_done(two, which):
    begun, done = [], []

    def fails():
        raise FloatingPointError("overflow")

    def works():
        begun.append(1)
        time.sleep(0.05)
        done.append(1)

    with threads.ours(), pytest.raises(FloatingPointError, match="overflow"):
        threads.both(*((fails, works) if which == 0 else (works, fails)), cost=1e9)
    assert done == begun  # no thread goes on behind the caller's back


@pytest.mark.parametrize("length", [0, 1, 7, 64])
@pytest.mark.parametrize("size", [1, 3, 20, 100])
def test_pieces_cover_a_part_evenly(length, size):
    pieces = list(threads.cut(slice(5, 5 + length), size))
    assert [i for piece in pieces for i in range(piece.start, piece.stop)] == list(range(5, 5 + length))
    lengths = [piece.stop - piece.start for piece in pieces]
    assert max(lengths, default=0) <= size and len(pieces) == -(-length // size)
    assert max(lengths, default=0) - min(lengths, default=0) <= 1  # 64 in pieces of 20: four of 16, not a last one of 4
