"""Several runs: the same numbers to the bit however they are trained, and nothing is lost when workers or the whole are killed."""
import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from gan_scratch import checkpoint, runs, sweep
from gan_scratch.cli import main
from gan_scratch.parallel import spread

OPTIONS = {"data": "ring", "steps": 40, "batch": 32}


def jobs(folder: Path, seeds) -> list[sweep.Job]:
    return [sweep.Job(folder / f"seed-{seed}", "mlp", OPTIONS | {"seed": seed}, alone=True) for seed in seeds]


def contents(folder: Path) -> dict:
    """Everything that training decides: no seconds."""
    found = {}
    for path in sorted(folder.glob("seed-*")):
        arrays, meta = checkpoint.load(path / "checkpoint.npz")
        numbers = json.loads((path / "metrics.json").read_text())
        found[path.name] = ({name: a.tobytes() for name, a in arrays.items()}, meta["history"], meta["step"], numbers["evaluation"],
                            (path / "history.csv").read_text())
    return found


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    assert set(sweep.sweep(jobs(folder, range(3)), 40, progress=False).values()) == {""}
    return contents(folder)


def test_processes_give_the_same(undisturbed, tmp_path):
    sweep.sweep(jobs(tmp_path, range(3)), 40, workers=2, progress=False)
    assert contents(tmp_path) == undisturbed


def test_a_run_that_was_begun_goes_on_and_a_finished_one_is_left_alone(undisturbed, tmp_path, monkeypatch):
    first, second, third = jobs(tmp_path, range(3))
    assert sweep.train(first) == ""
    half = runs.new("mlp", out=second.out, **second.options)
    half.watchers.append(lambda trainer: os.kill(os.getpid(), signal.SIGINT))  # at the first reading
    half.run(progress=False)
    assert 0 < half.step < 40
    before = (first.out / "metrics.json").stat().st_mtime_ns
    sweep.sweep([first, second, third], 40, progress=False)
    found = contents(tmp_path)
    assert (first.out / "metrics.json").stat().st_mtime_ns == before
    assert {name: each[:4] for name, each in found.items()} == {name: each[:4] for name, each in undisturbed.items()}


def test_one_run_that_fails_does_not_stop_the_others(tmp_path):
    good, other = jobs(tmp_path, range(2))
    bad = sweep.Job(tmp_path / "bad", "mlp", OPTIONS | {"seed": 0, "settings": {"lr": 1e30}}, alone=True)
    with np.errstate(all="ignore"):
        outcomes = sweep.sweep([bad, good, other], 40, progress=False)
    assert "stopped being finite" in outcomes[bad.out] and outcomes[good.out] == outcomes[other.out] == ""


def die_once(marker: Path, item: int) -> int:
    """Killed in the middle, the first time that an item is worked on."""
    path = marker / str(item)
    if not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return item * item


def die(item: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_processes_that_are_killed_are_replaced(tmp_path):
    assert dict(spread(partial(die_once, tmp_path), range(4), workers=2)) == {i: i * i for i in range(4)}


def test_processes_that_always_die_end_with_a_sentence(monkeypatch):
    monkeypatch.setattr("gan_scratch.parallel.PATIENCE", 1)
    with pytest.raises(RuntimeError, match="processes died 2 times without anything getting done; is there enough memory"):
        list(spread(die, [1], workers=2))


@pytest.mark.parametrize("text, expected", [("0-4", [0, 1, 2, 3, 4]), ("3", [3]), ("0,7, 2-3", [0, 7, 2, 3])])
def test_seeds(text, expected):
    assert sweep.seeds(text) == expected


@pytest.mark.parametrize("text", ["0-99999999999", "", "a", "3-1", "-1", "1-2-3", "1,1", "0-3,2", "1.5"])
def test_seeds_that_are_none(text):
    with pytest.raises(ValueError, match="--seeds"):
        sweep.seeds(text)


def test_the_command(tmp_path, capsys):
    out = tmp_path / "a sweep"
    command = ["train", "mlp", "--data", "ring", "--steps", "40", "--batch", "32", "--out", str(out)]
    assert main([*command, "--seeds", "0,1"]) == 0
    shown = capsys.readouterr().out
    rows = (out / "table.csv").read_text().splitlines()
    assert "seed-0" in shown and "mean" in shown and "std" in shown and len(rows) == 3 and rows[0].startswith("run,modes,")
    assert main([*command, "--seeds", "0-2", "--resume"]) == 0 and "2 of" not in capsys.readouterr().err
    assert len((out / "table.csv").read_text().splitlines()) == 4
    assert main(["train", "mlp", "--data", "ring", "--steps", "41", "--out", str(out), "--seeds", "0-2", "--resume"]) == 2
    assert "begun with other options (batch 32, now 256, steps 40, now 41)" in capsys.readouterr().err
    other = [each if each != "ring" else "grid" for each in command]
    assert main([*other, "--seeds", "0-2", "--resume"]) == 2 and "(data 'ring', now 'grid')" in capsys.readouterr().err
    assert main([*command, "--resume"]) == 2 and "has several runs; to continue them say which" in capsys.readouterr().err
    assert main([*command, "--seeds", "0"]) == 0 and (tmp_path / "a sweep.1" / "seed-2" / "metrics.json").is_file()
    capsys.readouterr()
    for wrong, message in ((["--workers", "2"], "say which with --seeds"), (["--seeds", "0", "--seed", "1"], "so --seed doesn't go with it"),
                           (["--seeds", "0-x"], "--seeds expects whole numbers"), (["--seeds", "0", "--scheduler", "tcp://127.0.0.1:9"], "")):
        assert main([*command, *wrong, "--out", str(tmp_path / "other")]) == 2
        assert message in capsys.readouterr().err


def test_ctrl_c_stops_all_processes_soon_and_nothing_begins_after_it(undisturbed, tmp_path):
    command = [sys.executable, "-m", "gan_scratch", "train", "mlp", "--data", "ring", "--steps", "100000", "--batch", "32", "--alone", "--seeds", "0-3",
               "--workers", "2", "--out", str(tmp_path / "out")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True) as process:
        while process.poll() is None and len(list((tmp_path / "out").glob("seed-*/history.csv"))) < 2:
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGINT)
        said = process.communicate(timeout=120)[0]
    assert process.returncode == 130 and "interrupted; what was done is in" in said and "Traceback" not in said, said
    steps = {path.parent.name: checkpoint.load(path)[1]["step"] for path in (tmp_path / "out").glob("*/checkpoint.npz")}
    assert set(steps) == {"seed-0", "seed-1"} and all(0 < step < 100000 for step in steps.values())


def test_killing_the_whole_and_beginning_again(undisturbed, tmp_path):
    """kill -9 of the main process at random moments; the same command with --resume ends with the same numbers."""
    command = [sys.executable, "-m", "gan_scratch", "train", "mlp", "--data", "ring", "--steps", "40", "--batch", "32", "--alone", "--seeds", "0-2",
               "--out", str(tmp_path / "out")]
    rng = np.random.default_rng(0)
    for attempt in range(4):
        begun = ["--resume"] if (tmp_path / "out" / "sweep.json").exists() else []
        with subprocess.Popen([*command, *begun], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True) as process:
            time.sleep(rng.uniform(1.5, 6))
            os.killpg(process.pid, signal.SIGKILL)
    begun = ["--resume"] if (tmp_path / "out" / "sweep.json").exists() else []
    done = subprocess.run([*command, *begun], capture_output=True, text=True, env=os.environ | {"OPENBLAS_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "out") == undisturbed
