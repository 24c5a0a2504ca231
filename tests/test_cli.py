"""The command line as a user meets it: what it leaves, what it prints, how it refuses."""
import json
import os
import signal
import subprocess
import sys
import warnings
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_scratch import checkpoint
from gan_scratch.cli import main
from gan_scratch.training import Trainer


@pytest.fixture
def here(tmp_path, monkeypatch):
    place = tmp_path / "a place with spaces"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


def width(path):
    with Image.open(path) as picture:
        return picture.width


def run(*args):
    return main([str(a) for a in args])


def test_ctrl_c_while_the_program_is_being_imported(here):
    """Importing takes a second, and Ctrl-C in it was a traceback of ten lines."""
    code = """
import sys
class Interrupts:
    def find_spec(name, *_):
        if name == "numpy":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupts)
from gan_scratch.__main__ import main
sys.exit(main())
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "gan-scratch: interrupted\n")


def test_train_leaves_pictures_numbers_and_a_checkpoint(here, capsys):
    assert run("train", "dcgan", "--steps", 30, "--batch", 16) == 0
    out = here / "runs" / "dcgan-mnist"
    assert {f.name for f in out.iterdir()} == {"samples.png", "over_time.png", "over_time.gif", "curves.png", "metrics.json", "history.csv", "checkpoint.npz"}
    for name in ("samples.png", "over_time.png", "curves.png"):
        with Image.open(out / name) as picture:
            assert min(picture.size) >= 400 and len(set(picture.convert("L").resize((50, 50)).tobytes())) > 10
    with Image.open(out / "over_time.gif") as animation:
        assert animation.n_frames >= 3
    metrics = json.loads((out / "metrics.json").read_text())
    judged = metrics["evaluation"]["judge"]
    assert metrics["config"]["seed"] == 0 and metrics["step"] == 30 and judged["n"] == 5000
    assert judged["floor_halves"] < judged["floor_test"] < judged["fid"]
    text = capsys.readouterr().out
    assert f"{judged['fid']:.1f}" in text and "pure noise" in text and "samples.png" in text


def test_train_on_points_evaluate_and_sample(here, capsys):
    assert run("train", "mlp", "--data", "ring", "--steps", 25, "--out", "my run") == 0
    assert run("evaluate", "my run", "--n", 500, "--json", "numbers.json") == 0
    assert json.loads((here / "numbers.json").read_text())["evaluation"]["n"] == 500
    assert "modes reached" in capsys.readouterr().out
    assert run("sample", "my run", "--n", 7, "--out", "s.npz") == 0 and np.load("s.npz")["samples"].shape == (7, 2)
    assert run("sample", "my run", "--n", 50, "--out", "s.png") == 0 and width("s.png") > 400
    assert run("sample", "my run", "--out", "s.txt") == 2


@pytest.mark.parametrize("data, words", [("ring", ("modes reached", "mean of 3 × 166 points", "in bits", "coverage (500 points)")),
                                         ("swiss_roll", ("mean of 3 × 166 points",)), ("mixture_1d", ("modes reached", "precision"))])
def test_evaluate_points_with_a_figure(data, words, here, capsys):
    run("train", "mlp", "--data", data, "--steps", 25, "--out", "r")
    assert run("evaluate", "r", "--n", 500, "--seed", 3, "--figure", "f.png", "--json", "n.json") == 0
    text, result = capsys.readouterr().out, json.loads((here / "n.json").read_text())["evaluation"]
    assert all(word in text for word in (*words, "500 samples, seed 3", "drawn in f.png")) and width("f.png") >= 1500
    assert result["points"]["generated"]["w1"] > result["points"]["real"]["w1"] and len(result.get("mode_counts", [])) in (0, 3, 8)


def test_evaluate_images_with_a_figure(here, capsys):
    """Twice the same numbers for the same seed; with a judge, without one, and with too few pictures to say anything of copies."""
    run("train", "dcgan", "--steps", 10, "--batch", 16, "--out", "digits")
    run("train", "dcgan", "--data", "emoji_people", "--steps", 3, "--batch", 16, "--out", "people")
    faces(here / "few")
    run("train", "dcgan", "--data", "few", "--steps", 3, "--batch", 4, "--out", "some")
    results = {}
    for name in ("digits", "people", "some"):
        capsys.readouterr()
        assert run("evaluate", name, "--n", 200, "--json", "n.json", "--figure", "f.png") == 0 and width("f.png") >= 1500
        results[name] = json.loads((here / "n.json").read_text())["evaluation"], capsys.readouterr().out
    digits, text = results["digits"]
    assert digits["judge"]["scores_n"] == digits["images"]["n"] == 200 and "Inception Score" in text and "birthday" in text
    assert f"{digits['judge']['scores']['test']['precision']:.4g}" in text and "extrapolated" not in text
    assert digits["images"]["real"]["pairs"] == 20 and "judge" not in results["people"][0] and "birthday" in results["people"][1]
    assert "images" not in results["some"][0] and "birthday" not in results["some"][1]
    assert run("evaluate", "digits", "--n", 200, "--json", "n.json") == 0
    assert json.loads((here / "n.json").read_text())["evaluation"] == digits


def test_evaluate_refuses_another_kind_of_figure_before_measuring(here, capsys):
    run("train", "mlp", "--data", "ring", "--steps", 3, "--out", "r")
    capsys.readouterr()
    assert run("evaluate", "r", "--figure", "f.jpg") == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1 and "--figure must end in .png" in captured.err and captured.out == ""
    assert run("evaluate", "r", "--n", 99) == 2 and "at least 100 samples" in capsys.readouterr().err


def test_the_same_seed_gives_the_same_run_and_another_seed_another(here):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run("train", "mlp", "--data", "grid", "--steps", 22, "--seed", seed, "--out", name)
        run("sample", name, "--out", f"{name}.npz")
    a, b, c = (np.load(f"{name}.npz")["samples"] for name in "abc")
    assert (a == b).all() and (a != c).any()


def test_own_pictures(here):
    (here / "faces").mkdir()
    for i in range(12):
        with_a_dot((40, 30), (i * 20, 0, 0)).save(here / "faces" / f"{i}.png")
    assert run("train", "dcgan", "--data", "./faces", "--size", 32, "--steps", 3, "--batch", 4) == 0
    assert (here / "runs" / "dcgan-faces" / "samples.png").exists()
    assert "judge" not in json.loads((here / "runs" / "dcgan-faces" / "metrics.json").read_text())["evaluation"]


def test_a_folder_with_the_name_of_a_set(here, capsys):
    faces(here / "glyphs")
    assert run("data", "glyphs", "--size", 8) == 2 and "for the folder of this name give ./glyphs" in capsys.readouterr().err
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert run("data", "glyphs") == 0
    shown = capsys.readouterr()
    assert "520 images" in shown.out and "'glyphs' is read as the set that comes with the package; for the folder" in shown.err
    assert run("data", "./glyphs") == 0 and "12 images" in capsys.readouterr().out


def test_an_earlier_run_is_kept(here, capsys):
    for seed in (0, 1, 2):
        run("train", "mlp", "--data", "ring", "--steps", 3, "--seed", seed)
    assert {f.name for f in (here / "runs").iterdir()} == {"mlp-ring", "mlp-ring.1", "mlp-ring.2"}
    assert json.loads((here / "runs" / "mlp-ring" / "metrics.json").read_text())["config"]["seed"] == 2
    assert "the earlier run is kept in runs/mlp-ring.2" in capsys.readouterr().out


def test_a_longer_run_goes_on_where_the_shorter_one_stopped(here, capsys):
    run("train", "mlp", "--data", "swiss_roll", "--steps", 5)
    assert run("train", "mlp", "--data", "swiss_roll", "--resume", "--steps", 9) == 0
    assert "step 5 to 9" in capsys.readouterr().out
    assert run("train", "mlp", "--data", "swiss_roll", "--resume", "--steps", 9) == 2
    assert "already has 9 of 9 steps" in capsys.readouterr().err
    assert run("train", "mlp", "--data", "swiss_roll", "--resume", "--steps", 20, "--batch", 7) == 2
    assert "begun with batch 256" in capsys.readouterr().err


def step_of(path):
    return checkpoint.load(path)[1]["step"] if path.exists() else 0


def test_ctrl_c_at_once_says_how_to_go_on(here, capsys):
    def interrupted(trainer, progress):
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "run", interrupted)
        assert run("train", "mlp", "--data", "ring", "--steps", 5) == 130
    out = capsys.readouterr().out
    assert f"stopped at once; what was saved last is in {Path('runs/mlp-ring')}." in out and "--resume" in out
    assert run("train", "mlp", "--data", "ring", "--resume", "--steps", 3) == 0


def test_ctrl_c_in_a_real_process(here):
    """SIGINT while training: exit 130, a checkpoint, a sentence that says how to go on; and it goes on."""
    command = [sys.executable, "-m", "gan_scratch", "train", "mlp", "--data", "ring", "--steps", "100000"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    deadline = time.time() + 60
    saved = here / "runs" / "mlp-ring" / "checkpoint.npz"
    while step_of(saved) < 1 and time.time() < deadline:  # that of step 0 is written before the training
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "--resume" in out and "Traceback" not in err, err
    stopped = int(out.split("stopped after step ")[1].split()[0])
    assert run("train", "mlp", "--data", "ring", "--resume", "--steps", stopped + 3) == 0


@pytest.mark.parametrize("args, fragment", [
    (["train", "dgcan"], "no variant called 'dgcan'; did you mean dcgan"),
    (["train", "dcgan", "--data", "mnits"], "no data called 'mnits'"),
    (["train", "dcgan", "--data", "ring"], "for points use the variant mlp"),
    (["train", "dcgan", "--data", "digits8"], "(28, 28, C), (32, 32, C) or (64, 64, C), not (8, 8, 1)"),
    (["train", "dcgan", "--batch", "9999"], "a batch of 9999 can't be drawn from 5000 samples"),
    (["train", "dcgan", "--device", "cuda"], "device 'cuda'"),
    (["train", "dcgan", "--resume"], "no such file"),
    (["train", "mlp", "--data", "ring", "--full"], "full=True is there for"),
    (["evaluate", "nowhere"], "no such file"),
    (["sample", "nowhere"], "no such file"),
    (["data", "nowhere"], "no data called"),
])
def test_mistakes_get_one_sentence_and_leave_nothing(args, fragment, here, capsys):
    assert main(args) == 2
    captured = capsys.readouterr()
    assert fragment in captured.err and captured.err.count("\n") == 1 and "Traceback" not in captured.err
    assert not list(here.iterdir())


@pytest.mark.parametrize("args", [["train", "dcgan", "--steps", "0"], ["train", "dcgan", "--batch", "x"], ["train"], []])
def test_malformed_options(args, capsys):
    with pytest.raises(SystemExit) as caught:
        main(args)
    assert caught.value.code == 2


def test_a_foreign_file_is_no_run(here, capsys):
    np.savez("other.npz", a=np.zeros(3))
    assert main(["evaluate", "other.npz"]) == 2 and "not a checkpoint" in capsys.readouterr().err


def test_list_and_data(here, capsys):
    assert run("list") == 0
    text = capsys.readouterr().out
    assert all(word in text for word in ("mlp", "mlp-large", "dcgan", "1511.06434", "wgan-gp", "sngan", "unrolled", "collapsing+packing2"))
    assert run("data") == 0 and "CC BY-SA" in capsys.readouterr().out
    assert run("data", "emoji_people", "--out", "p.png") == 0
    assert "60 images of shape (32, 32, 3)" in capsys.readouterr().out and width("p.png") > 400
    assert run("data", "mixture_1d", "--out", "m.png") == 0
    assert run("data", "ring", "--out", "m.jpg") == 2


def test_a_reader_that_stops_early_is_no_error():
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": "1"}
    done = subprocess.run(f'"{sys.executable}" -m gan_scratch data | head -1', shell=True, capture_output=True, text=True, env=environment)
    assert done.stdout.count("\n") == 1 and done.stderr == ""


def test_divergence_is_exit_status_one(here, capsys, monkeypatch):
    from gan_scratch.gans import GAN

    monkeypatch.setattr(GAN, "train_step", lambda self, batch, rng: dict.fromkeys(("d_loss", "g_loss", "d_real", "d_fake"), np.float32("nan")))
    assert run("train", "mlp", "--data", "ring", "--steps", 30) == 1
    assert "in step 1, d_loss" in capsys.readouterr().err


def test_a_run_that_was_stopped_while_drawing_can_be_completed(here, monkeypatch, capsys):
    from gan_scratch import plot

    def interrupted(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(plot, "losses", interrupted)
        assert run("train", "mlp", "--data", "ring", "--steps", 30) == 130
    assert "--resume repeats this part" in capsys.readouterr().out
    assert run("train", "mlp", "--data", "ring", "--resume") == 0
    numbers = here / "runs" / "mlp-ring" / "metrics.json"
    assert json.loads(numbers.read_text())["step"] == 30
    with monkeypatch.context() as patch:
        patch.setattr(plot, "losses", interrupted)
        assert run("train", "mlp", "--data", "ring", "--resume", "--steps", 40) == 130
    assert run("train", "mlp", "--data", "ring", "--resume") == 0 and json.loads(numbers.read_text())["step"] == 40


def with_a_dot(size, color):
    """Pictures of one colour alone are warned about."""
    picture = Image.new("RGB", size, color)
    picture.paste((0, 0, 255), (size[0] // 2, size[1] // 2, size[0] // 2 + 3, size[1] // 2 + 3))
    return picture


def faces(folder, n=12, start=0):
    folder.mkdir(exist_ok=True)
    for i in range(n):
        with_a_dot((32, 32), ((start + i) * 9, 0, 0)).save(folder / f"{i}.png")


def test_a_run_works_from_another_directory_but_not_on_changed_data(here, capsys, monkeypatch):
    faces(here / "$x^$")  # a name that mathematics would choke on
    assert run("train", "dcgan", "--data", "$x^$", "--steps", 3, "--batch", 4, "--out", "r") == 0
    (here / "else").mkdir()
    monkeypatch.chdir(here / "else")
    assert run("evaluate", "../r", "--n", 100) == 0
    assert run("train", "dcgan", "--out", "../r", "--resume", "--steps", 5) == 0
    faces(here / "$x^$", n=12, start=5)
    assert run("train", "dcgan", "--out", "../r", "--resume", "--steps", 7) == 2
    assert "are not those that this run began with" in capsys.readouterr().err


def test_a_single_picture_has_no_spread(here):
    faces(here / "one", n=1)
    assert run("train", "dcgan", "--data", "one", "--steps", 3, "--batch", 1, "--out", "r") == 0
    assert "spread" not in json.loads((here / "r" / "metrics.json").read_text())["evaluation"]


def test_places_that_cannot_hold_a_run_are_refused_before_training(here, capsys):
    (here / "file").write_text("mine")
    for out in ("file", "file/sub", ".", ".."):
        assert run("train", "mlp", "--data", "ring", "--steps", 3, "--out", out) == 2
        assert capsys.readouterr().err.count("\n") == 1
    assert (here / "file").read_text() == "mine" and [f.name for f in here.iterdir()] == ["file"]
    assert run("train", "mlp", "--data", "ring", "--steps", 3, "--out", "r") == 0
    assert run("sample", "r", "--out", "no folder/s.npz") == 2 and "there is no folder" in capsys.readouterr().err
