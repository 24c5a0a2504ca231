"""gan-scratch check --watch: when it checks again, what it says then, and how it ends."""
import os
import signal
import subprocess
import sys
import time

import nbformat
import pytest

from gan_scratch import cli
from gan_scratch.classroom import notebooks, watch
from gan_scratch.classroom.session import Result, Task
from tests.classroom.test_session import RIGHT, cell, notebook

LIMIT = 60  # seconds, generous


def text_of(*sources, outputs=()) -> str:
    """A notebook file with these code cells."""
    cells = [nbformat.v4.new_code_cell(source, id=f"c{i}", outputs=list(outputs)) for i, source in enumerate(sources)]
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells))


def until(condition) -> None:
    """Wait until something is so."""
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "e06.ipynb"


@pytest.fixture
def script(monkeypatch):
    """watch.states without waiting: at each look one of the given actions is done, until there are none left."""
    def states(path, *actions):
        todo, clock = iter(actions), iter(range(10**6))
        monkeypatch.setattr(watch.time, "monotonic", lambda: next(clock) * 0.1)

        def sleep(seconds):
            try:
                next(todo)()
            except StopIteration:
                raise KeyboardInterrupt from None

        monkeypatch.setattr(watch.time, "sleep", sleep)
        found = []
        with pytest.raises(KeyboardInterrupt):
            for state in watch.states(path):
                found.append(str(state) if isinstance(state, ValueError) else [c["source"] for c in state.cells])
        return found
    return states


def nothing():
    pass


def test_each_state_that_was_saved_is_seen_once(path, script):
    path.write_text(text_of("a"))
    again = lambda: path.write_text(text_of("b"))  # noqa: E731
    assert script(path, *[nothing] * 5, again, *[nothing] * 5) == [["a"], ["b"]]


def test_a_file_that_is_replaced_by_one_of_the_same_time_and_size_is_seen(path, script):
    path.write_text(text_of("a"))
    os.utime(path, ns=(0, 0))

    def replace():
        path.with_suffix(".tmp").write_text(text_of("b"))
        os.utime(path.with_suffix(".tmp"), ns=(0, 0))
        path.with_suffix(".tmp").replace(path)

    assert script(path, *[nothing] * 5, replace, *[nothing] * 5) == [["a"], ["b"]]


def test_a_second_save_within_the_clock_of_a_coarse_file_system_is_seen(path, script):
    moment = time.time_ns() // 10**9 * 10**9

    def save(source):
        path.write_text(text_of(source))
        os.utime(path, ns=(moment, moment))

    save("a")
    assert script(path, *[nothing] * 5, lambda: save("b"), *[nothing] * 5) == [["a"], ["b"]]


def test_an_old_file_is_read_once(path, script, monkeypatch):
    path.write_text(text_of("a"))
    os.utime(path, ns=(0, 0))
    reads, read_bytes = [], type(path).read_bytes
    monkeypatch.setattr(type(path), "read_bytes", lambda self: reads.append(self) or read_bytes(self))
    assert script(path, *[nothing] * 20) == [["a"]] and len(reads) == 1


def test_a_half_written_file_is_never_reported(path, script):
    text = text_of("a", "b")
    parts = [lambda end=end: path.write_text(text[:end]) for end in range(0, len(text), len(text) // 9)]
    path.write_text(text_of("a"))
    slowly = [step for part in parts for step in (part, nothing, nothing)]
    finish = lambda: path.write_text(text)  # noqa: E731
    assert script(path, nothing, nothing, *slowly, finish, nothing, nothing) == [["a"], ["a", "b"]]


def test_what_stays_broken_or_away_is_said_once(path, script):
    path.write_text(text_of("a"))
    patient = [nothing] * int(12 * watch.PATIENCE)
    found = script(path, nothing, nothing, lambda: path.write_text("{"), *patient, path.unlink, *patient, path.mkdir,
                   *patient, path.rmdir, nothing, nothing, lambda: path.write_text(text_of("a")), nothing, nothing)
    assert [found[0], found[-1]] == [["a"], ["a"]] and len(found) == 5
    assert all(said in state for said, state in zip(["bad JSON", "No such file", "can't be read now"], found[1:]))


def test_a_file_that_is_away_for_a_moment_is_waited_for(path, script):
    path.write_text(text_of("a"))
    assert script(path, nothing, nothing, path.unlink, *[nothing] * 5, lambda: path.write_text(text_of("a")), nothing,
                  nothing) == [["a"]]


def test_a_file_that_takes_too_much_memory_is_not_read(path, script, monkeypatch):
    path.write_text(text_of("a"))
    monkeypatch.setattr(notebooks, "LARGEST_FILE", 10)
    (said,) = script(path, *[nothing] * int(12 * watch.PATIENCE))
    assert said.startswith(f"{path} can't be read") and "too large" in said


@pytest.fixture
def rounds(path, monkeypatch):
    """Rounds in which each check gives the next of the given results, or raises it."""
    def made(*results):
        coming = iter(results)

        def run(*_):
            result = next(coming)
            if isinstance(result, BaseException):
                raise result
            return result

        monkeypatch.setattr(watch.command, "run", run)
        return watch.Rounds(path)
    return made


def scored(*scores, problems=()):
    tasks = [Task(f"test_{name}", score, 5, f"verdict on {name}\n", []) for name, score in zip("fgh", scores)]
    return Result(tasks, list(problems))


def read(*sources, **more):
    return notebooks.read(text_of(*sources, **more).encode())


def test_what_has_changed_comes_first_then_what_is_wrong_then_the_summary(rounds, capsys):
    watched = rounds(scored(2, 5, 0), scored(5, 0, 0, problems=["it ended badly"]), scored(5, 0, 0), scored(5, 5, 5))
    watched.take(read("a"))
    assert "→" not in capsys.readouterr().out and watched.right is False
    watched.take(read("b"))
    heading, *lines = [line for line in capsys.readouterr().out.splitlines() if line and "note" not in line]
    assert heading.startswith("── ") and heading.endswith(" ── e06.ipynb")
    assert lines == ["f: 2 → 5 of 5 points", "g: now 0 of 5 points", "verdict on g", "verdict on h",
                     "! it ended badly", "✓ f  5 of 5", "✗ g  0 of 5", "✗ h  0 of 5", "5 of 15 points by tests"]
    watched.take(read("c"))
    assert "No task's points have changed." in capsys.readouterr().out
    watched.take(read("d"))
    assert "verdict on" not in capsys.readouterr().out and watched.right


def test_a_task_that_is_new(capsys):
    assert watch.changes([], scored(5).tasks) == "f: now 5 of 5 points"


def test_nothing_is_said_when_only_outputs_were_saved(rounds, capsys):
    watched = rounds(scored(5))
    watched.take(read("a"))
    capsys.readouterr()
    watched.take(read("a", outputs=[nbformat.v4.new_output("stream", text="5\n")]))
    assert capsys.readouterr().out == "" and watched.right


def test_errors_are_sentences_and_the_next_save_is_compared_with_the_last_result(rounds, capsys):
    watched = rounds(scored(2), RuntimeError("no kernel could be started"), scored(5))
    watched.take(read("a"))
    watched.take(read("b"))
    assert capsys.readouterr().out.endswith("\n! no kernel could be started\n") and watched.right is False
    watched.take(ValueError("it is broken"))
    assert capsys.readouterr().out.endswith("\n! it is broken\n") and watched.right is False
    watched.take(read("b"))
    assert "f: 2 → 5 of 5 points" in capsys.readouterr().out and watched.right


def test_an_unfinished_check_is_not_right(rounds):
    watched = rounds(scored(5), KeyboardInterrupt())
    watched.take(read("a"))
    with pytest.raises(KeyboardInterrupt):
        watched.take(read("b"))
    assert watched.right is None


@pytest.mark.parametrize("arguments, said", [
    (["nowhere.ipynb"], "there is no file nowhere.ipynb"), (["."], "is a folder"),
    (["a.ipynb", "b.ipynb"], "follows one notebook, but 2 were given"),
    (["--answers", "e02"], "follows one notebook, but 0 were given")])
def test_wrong_use_is_said_at_once(arguments, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["check", "--watch", *arguments]) == 2
    assert said in capsys.readouterr().err


@pytest.fixture
def started(path):
    """Starts gan-scratch check --watch, whose output goes into a file."""
    running = []

    def start():
        log = path.with_name("log.txt")
        command = [sys.executable, "-m", "gan_scratch", "check", "--watch", path.name]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        with open(log, "w") as out:
            running.append(subprocess.Popen(command, stdout=out, stderr=out, cwd=path.parent, env=environment))
        return running[0], log
    yield start
    for process in running:
        process.kill()


def test_a_notebook_that_is_mended_while_it_is_watched(path, started):
    nbformat.write(notebook(kl=RIGHT.replace("np.log", "np.exp")), path)
    process, log = started()
    until(lambda: "2 of 3 points by tests" in log.read_text())
    nbformat.write(notebook(), path)
    until(lambda: "3 of 3 points by tests" in log.read_text())
    process.send_signal(signal.SIGINT)
    assert process.wait(LIMIT) == 0
    *_, last = (said := log.read_text()).splitlines()
    assert "kl: 0 → 1 of 1 points" in said and "Traceback" not in said
    assert last == "Stopped watching e06.ipynb: everything was right at the last check."


def test_ctrl_c_in_a_check_ends_the_kernel(path, started):
    sleeps = "import os, pathlib, time\npathlib.Path('kernel').write_text(str(os.getpid()))\ntime.sleep(1000)"
    nbformat.write(notebook(cell(sleeps)), path)
    process, log = started()
    kernel = path.with_name("kernel")
    until(lambda: kernel.exists() and kernel.read_text())
    process.send_signal(signal.SIGINT)
    assert process.wait(LIMIT) == 1
    assert log.read_text().endswith("\n\nStopped watching e06.ipynb: its last check wasn't finished.\n")
    with pytest.raises(ProcessLookupError):
        os.kill(int(kernel.read_text()), 0)
