"""The table of remedies: one command, kept runs, continued after an interruption."""
import json

import numpy as np
import pytest

from gan_scratch.experiments import collapse

QUICK = ["--steps", "3", "--seeds", "2", "--jobs", "1", "--data", "ring"]


def test_the_command_keeps_runs_and_repeats_none(tmp_path, capsys, monkeypatch):
    out = tmp_path / "a folder"
    command = [*QUICK, "--only", "working", "collapsing+packing2", "--out", str(out)]
    assert collapse.main(command) == 0
    text = capsys.readouterr().out
    assert "ring: 8 modes, 2 500 samples, 2 seeds" in text and "PacGAN2 7.9 ± 0.1" in text and "collapsing+packing2" in text
    assert {f.name for f in out.iterdir()} == {"working-ring-0.npz", "working-ring-1.npz", "collapsing+packing2-ring-0.npz",
                                              "collapsing+packing2-ring-1.npz", "table.txt", "table.json", "ring.png"}
    numbers = json.loads((out / "table.json").read_text())["ring"]["working"]
    assert len(numbers) == 2 and numbers[0] != numbers[1] and numbers[0]["steps"] == 3 and 0 <= numbers[0]["modes"] <= 8

    trained = []
    monkeypatch.setattr(collapse, "train_all", lambda todo, folder, steps, jobs, scheduler: trained.append(todo) or
                        [collapse.train_and_keep(run, folder, steps) for run in todo])
    assert collapse.main(command) == 0 and trained == []
    (out / "working-ring-1.npz").write_bytes(b"half a file")
    assert collapse.main(command) == 0 and trained == [[("working", "ring", 1)]]
    assert capsys.readouterr().out.count(text.splitlines()[2]) == 2  # the same numbers again

    monkeypatch.setattr(collapse, "train_all", lambda *a: (_ for _ in ()).throw(KeyboardInterrupt))
    (out / "working-ring-0.npz").unlink()
    assert collapse.main(command) == 130 and "the same command continues" in capsys.readouterr().err


def test_what_lecture_09_shows_is_kept_in_one_file(tmp_path):
    command = ["--steps", "3", "--seeds", "1", "--jobs", "1", "--data", "ring", "--only", "working", "collapsing"]
    assert collapse.main([*command, "--out", str(tmp_path / "runs"), "--keep", str(tmp_path / "kept.npz")]) == 0
    run = "collapsing", "ring", 0
    numbers, samples = collapse.read(run, tmp_path / "runs", 3)
    with np.load(tmp_path / "kept.npz") as kept:
        assert len(kept.files) == 4
        np.testing.assert_array_equal(kept["collapsing/ring/0/samples"], samples[:500].astype(np.float16))
        assert kept["collapsing/ring/0/numbers"].tolist() == [numbers["modes_20"], numbers["high_quality"]]


def test_a_run_is_what_the_recipe_says(tmp_path):
    collapse.train_and_keep(("collapsing", "grid", 5), tmp_path, 4)
    numbers, samples = collapse.read(("collapsing", "grid", 5), tmp_path, 4)
    again, same = collapse.train(("collapsing", "grid", 5), 4)
    np.testing.assert_array_equal(samples, same)
    assert {k: v for k, v in numbers.items() if k != "seconds"} == {k: v for k, v in again.items() if k != "seconds"}
    assert samples.shape == (2500, 2) and collapse.read(("collapsing", "grid", 5), tmp_path) is None  # other steps than the recipe's
    assert collapse.read(("collapsing", "grid", 6), tmp_path, 4) is None


def test_half_a_run_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(collapse.runs.Trainer, "run", lambda self, progress: setattr(self, "interrupted", True))
    with pytest.raises(KeyboardInterrupt):
        collapse.train_and_keep(("working", "ring", 0), tmp_path, 4)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("wrong", [["--seeds", "0"], ["--only", "nothing"], ["--data", "mnist"]])
def test_bad_input(wrong, capsys):
    with pytest.raises(SystemExit):
        collapse.main(wrong)
    assert "error" in capsys.readouterr().err
