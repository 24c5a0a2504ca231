"""Pictures that were moved: the run goes on where the same pictures are given, and nowhere else."""
import numpy as np
import pytest
from PIL import Image

from gan_scratch import runs
from gan_scratch.cli import main


@pytest.fixture
def run(tmp_path):
    for i in range(30):
        path = tmp_path / "pics" / ("cat" if i % 2 else "dog") / f"{i:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.random.default_rng(i).integers(0, 256, (14, 14), dtype=np.uint8)).save(path)
    assert main(["train", "cgan", "--data", str(tmp_path / "pics"), "--steps", "4", "--batch", "8", "--alone", "--out", str(tmp_path / "run")]) == 0
    (tmp_path / "pics").rename(tmp_path / "pictures")
    return tmp_path


def test_their_new_place_is_accepted(run, capsys):
    out = str(run / "run")
    for command in (["train", "cgan", "--out", out, "--resume", "--steps", "8"], ["evaluate", out]):
        assert main(command) == 2
        assert "the data of this run isn't there any more; if it was moved, give its new place with --data" in capsys.readouterr().err
    assert main(["sample", out, "--out", str(run / "s.png")]) == 0  # needs no data
    assert main(["evaluate", out, "--data", str(run / "pictures")]) == 0
    assert main(["train", "cgan", "--out", out, "--resume", "--steps", "8", "--alone", "--data", str(run / "pictures")]) == 0
    assert runs.reopened(run / "run")[1]["data"] == str(run / "pictures") and runs.reopened(run / "run")[1]["classes"] == ["cat", "dog"]
    assert main(["evaluate", out]) == 0


def test_others_are_not(run, capsys):
    Image.fromarray(np.random.default_rng(99).integers(0, 256, (14, 14), dtype=np.uint8)).save(run / "pictures" / "cat" / "01.png")
    for command in (["train", "cgan", "--resume", "--steps", "8", "--out"], ["evaluate"]):
        assert main([*command, str(run / "run"), "--data", str(run / "pictures")]) == 2
        assert "not the pictures of this run" in capsys.readouterr().err
    assert main(["evaluate", str(run / "run"), "--data", "mnist14"]) == 2
    assert "not the pictures of this run" in capsys.readouterr().err


def test_labels_count_too(run, capsys):
    """The same pictures in other classes are other data."""
    (run / "pictures" / "cat").rename(run / "pictures" / "x")
    (run / "pictures" / "dog").rename(run / "pictures" / "cat")
    (run / "pictures" / "x").rename(run / "pictures" / "dog")
    assert main(["train", "cgan", "--resume", "--steps", "8", "--out", str(run / "run"), "--data", str(run / "pictures")]) == 2
    assert "not the pictures of this run" in capsys.readouterr().err


def test_a_sweep_goes_on_with_pictures_that_were_moved(run, capsys):
    command = ["train", "cgan", "--steps", "3", "--batch", "8", "--alone", "--out", str(run / "sweep")]
    assert main([*command, "--seeds", "0", "--data", str(run / "pictures")]) == 0
    (run / "pictures").rename(run / "elsewhere")
    assert main([*command, "--seeds", "0,1", "--resume", "--data", str(run / "elsewhere")]) == 0
    assert main([*command, "--seeds", "0,1", "--resume", "--data", str(run / "elsewhere"), "--set", "lr=0.5"]) == 2
    assert "begun with other options (settings {}, now {'lr': 0.5})" in capsys.readouterr().err


def test_empty_options_are_refused(run):
    for option in ("--data", "--seeds"):
        assert main(["train", "mlp", option, "", "--steps", "2", "--out", str(run / "other")]) == 2
