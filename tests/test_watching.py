"""A training can be looked at while it runs, and afterwards."""
import csv
import os
import signal

import pytest
from PIL import Image

from gan_scratch import runs, watching
from gan_scratch.cli import main


def rows(path):
    with open(path, encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_history_is_written_as_it_goes_and_continues(tmp_path, monkeypatch):
    seen = []
    trainer = runs.new("mlp", "ring", steps=100, batch=16, out=tmp_path)
    trainer.watchers = [watching.History(tmp_path), lambda t: seen.append(len(rows(tmp_path / "history.csv"))),
                        lambda t: t.step >= 60 and os.kill(os.getpid(), signal.SIGINT)]
    trainer.run(progress=False)
    assert trainer.interrupted and seen == list(range(1, len(seen) + 1))
    again = runs.resumed(tmp_path)
    again.watchers = [watching.History(tmp_path)]
    again.run(progress=False)
    table = rows(tmp_path / "history.csv")
    assert [int(row["step"]) for row in table] == [row["step"] for row in again.history] and int(table[-1]["step"]) == 100
    assert [{name: float(value) for name, value in row.items()} for row in table] == again.history


def test_lines_after_the_last_checkpoint_are_not_kept_twice(tmp_path):
    """A run that was killed goes on from its checkpoint: what it wrote after that is written anew."""
    trainer = runs.new("mlp", "ring", steps=100, batch=16, out=tmp_path)
    trainer.save()
    watcher = watching.History(tmp_path)
    trainer.watchers = [watcher]
    trainer.path = None  # as if it were killed before the next checkpoint
    trainer.run(progress=False)
    again = runs.resumed(tmp_path)
    again.watchers = [watching.History(tmp_path)]
    again.run(progress=False)
    assert [int(row["step"]) for row in rows(tmp_path / "history.csv")] == [row["step"] for row in again.history]


@pytest.mark.parametrize("variant, data", [("mlp", "ring"), ("mlp", "digits8")])
def test_pictures_are_drawn_meanwhile(variant, data, tmp_path, monkeypatch):
    monkeypatch.setattr(watching, "EVERY", 0.0)
    there = []
    trainer = runs.new(variant, data, steps=21, batch=16, out=tmp_path)
    trainer.watchers = [watching.Pictures(tmp_path, "title"), lambda t: there.append((tmp_path / "samples.png").stat().st_mtime_ns)]
    trainer.run(progress=False)
    assert len(set(there)) == len(there) > 1
    for name in ("samples.png", "curves.png"):
        with Image.open(tmp_path / name) as picture:
            assert picture.width > 300


def test_an_event_file_for_tensorboard(tmp_path):
    pytest.importorskip("tensorboardX", reason="tensorboardX isn't installed (the extra [tensorboard])")
    command = ["train", "mlp", "--data", "digits8", "--alone", "--batch", "16", "--log", "tensorboard", "--out", str(tmp_path / "run")]
    assert main([*command, "--steps", "40"]) == 0
    events = list((tmp_path / "run").glob("events.out.tfevents.*"))
    assert len(events) == 1 and b"d_loss" in events[0].read_bytes() and b"samples" in events[0].read_bytes()
    assert main([*command, "--steps", "60", "--resume"]) == 0
    assert rows(tmp_path / "run" / "history.csv")[-1]["step"] == "60"


def test_without_tensorboard(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(__import__("sys").modules, "tensorboardX", None)
    assert main(["train", "mlp", "--data", "ring", "--steps", "2", "--log", "tensorboard", "--out", str(tmp_path / "run")]) == 2
    assert 'tensorboardX is missing; install it with: pip install "gan-scratch[tensorboard]"' in capsys.readouterr().err
