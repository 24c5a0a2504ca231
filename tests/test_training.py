"""The loop: Ctrl-C, checkpoints, resume, NaN, warnings, history."""
import os
import signal
import threading
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

from gan_scratch import checkpoint
from gan_scratch.data import Batches, ring
from gan_scratch.gans import GAN
from gan_scratch.training import Diverged, Trainer, TrainingWarning, blame, pairwise_distance


def trainer(steps=40, out=None, **options):
    return Trainer(GAN.plane(rng=0), Batches(ring(), 16, 1), steps, rng=2, out=out, frames=3, frame_size=10, **options)


def weights(t):
    return {name: a.tobytes() for name, a in checkpoint.gan_state(t.gan)[0].items()}


def test_a_run_leaves_history_frames_and_a_checkpoint(tmp_path):
    t = trainer(45, tmp_path)
    t.run(progress=False)
    assert [row["step"] for row in t.history] == [20, 40, 45] and set(t.history[0]) == {"step", "d_loss", "g_loss", "d_real", "d_fake"}
    assert [step for step, _ in t.frames] == [0, 20, 45] and t.frames[0][1].shape == (10, 2)
    assert not t.interrupted and t.seconds > 0 and [f.name for f in tmp_path.iterdir()] == ["checkpoint.npz"]


def test_ctrl_c_keeps_the_last_state_and_the_rest_gives_the_same_bits(tmp_path, capsys):
    whole = trainer(60)
    whole.run(progress=False)
    first = trainer(60, tmp_path)
    step = first.gan.train_step
    first.gan.train_step = lambda *a: (os.kill(os.getpid(), signal.SIGINT) if first.step == 26 else None, step(*a))[1]
    handler = signal.getsignal(signal.SIGINT)
    first.run(progress=False)
    assert first.interrupted and first.step == 27 and signal.getsignal(signal.SIGINT) is handler
    second = trainer(60, tmp_path)
    second.resume()
    assert second.step == 27 and second.history == first.history
    second.run(progress=False)
    assert weights(second) == weights(whole) and second.history == whole.history
    assert [(s, x.tobytes()) for s, x in second.frames] == [(s, x.tobytes()) for s, x in whole.frames]


def test_a_second_ctrl_c_interrupts_at_once():
    t = trainer(1000)
    t.gan.train_step = lambda *a: [os.kill(os.getpid(), signal.SIGINT) for _ in range(2)]
    with pytest.raises(KeyboardInterrupt):
        t.run(progress=False)


def test_training_works_outside_the_main_thread():
    t = trainer(5)
    thread = threading.Thread(target=lambda: t.run(progress=False))
    thread.start()
    thread.join()
    assert t.step == 5


def test_nan_stops_with_the_step_and_the_network_and_keeps_the_last_good_checkpoint(tmp_path):
    t = trainer(200, tmp_path, checkpoint_every=20)
    step = t.gan.train_step

    def poisoned(batch, rng):
        if t.step == 52:  # 53 is the step in which G's samples are NaN for the first time
            t.gan.G.params[0].value[...] = np.nan
        return step(batch, rng)

    t.gan.train_step = poisoned
    with pytest.raises(Diverged, match=r"in step 53, d_loss and d_fake and g_loss.*began in G, .*last good checkpoint is kept in"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        t.run(progress=False)
    again = trainer(200, tmp_path)
    again.resume()
    assert again.step == 40 and all(np.isfinite(a).all() for a in checkpoint.gan_state(again.gan)[0].values())


def test_a_network_that_is_not_finite_is_never_saved(tmp_path):
    t = trainer(20, tmp_path)
    t.save()
    good = t.path.read_bytes()
    t.gan.D.params[0].value[...] = np.inf
    t.step = 20
    t.save()
    assert t.path.read_bytes() == good


@pytest.mark.parametrize("names, network", [
    (["d_loss", "d_real", "g_loss", "d_fake"], "D"), (["d_loss", "g_loss"], "G"), (["g_loss", "d_fake"], "D"), (["other"], "the networks behind other")])
def test_blame(names, network):
    assert blame(names).startswith(network)


def test_nothing_half_written_replaces_a_checkpoint(tmp_path, monkeypatch):
    t = trainer(5, tmp_path)
    t.run(progress=False)
    good = t.path.read_bytes()

    def full_disk(file, **arrays):
        file.write(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(OSError):
        t.save()
    assert t.path.read_bytes() == good and [f.name for f in tmp_path.iterdir()] == ["checkpoint.npz"]


def test_checkpoints_that_cannot_be_used_say_why(tmp_path):
    t = trainer(5, tmp_path)
    with pytest.raises(FileNotFoundError, match="no such file"):
        t.resume()
    t.path.write_bytes(b"garbage")
    with pytest.raises(ValueError, match="truncated or damaged"):
        t.resume()
    np.savez(t.path, images=np.zeros(3))
    with pytest.raises(ValueError, match="not a checkpoint of gan-scratch"):
        t.resume()
    t.save()
    other = Trainer(GAN.plane((1,), rng=0), Batches(np.zeros((9, 1), np.float32), 2, 0), 5, out=tmp_path)
    with pytest.raises(ValueError, match="doesn't fit: G: .*has shape"):
        other.resume()


def test_learning_rates_fall_to_zero_over_the_last_part(tmp_path):
    t, seen = trainer(50, tmp_path, decay=0.4), []
    step = t.gan.train_step
    t.gan.train_step = lambda *a: (seen.append(t.gan.opt_D.lr), step(*a))[1]
    t.run(progress=False)
    np.testing.assert_allclose(seen, [1e-3 * min(1, (1 - i / 50) / 0.4) for i in range(50)])


def rows(**values):
    return [{"step": 20 * k, **values} for k in range(10)]


def test_saturation_is_said_once():
    t = trainer()
    t.step, t.history = 400, rows(d_loss=0.01, g_loss=7.0, d_real=0.999, d_fake=0.001)
    with pytest.warns(TrainingWarning, match="step 400: D\\(x\\) is near 1 .* D is saturated"):
        t._warn_of_signs()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        t._warn_of_signs()
        t.history = rows(d_loss=1.2, g_loss=0.9, d_real=0.6, d_fake=0.4)
        t._warn_of_signs()
        t.history = rows(d_loss=9.0, g_loss=-400.0, l_real=900.0, l_fake=-900.0)  # a critic's outputs are no probabilities
        t._warn_of_signs()
    assert len(t.warnings) == 1


def test_a_saturated_discriminator_is_noticed_in_a_real_run():
    """A frozen G, far from the data: D wins."""
    t = trainer(400)
    t._lr["opt_G"] = 0.0
    t.gan.G.params[-1].value[...] = 50
    with pytest.warns(TrainingWarning) as caught:
        t.run(progress=False)
    assert any("D is saturated" in str(w.message) for w in caught)


def test_collapse_is_noticed():
    t = trainer()
    t.step = 300
    with pytest.warns(TrainingWarning, match="step 300: Generated samples are nearly alike"):
        t._warn_if_collapsed(np.full((10, 2), 0.7) + 1e-3 * np.arange(20).reshape(10, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        t._warn_if_collapsed(ring().sample(10, np.random.default_rng(0)))


def test_pairwise_distance_by_hand():
    assert np.isclose(pairwise_distance(np.array([[0.0, 0], [0, 0], [3, 4], [6, 8]])), 7.5)


def test_impossible_lengths():
    with pytest.raises(ValueError, match="at least 1"):
        trainer(0)


@pytest.mark.parametrize("steps, said", [(130, "at 500 ms a step the other 120 steps take about 60 seconds\n"), (19, "")])
def test_after_ten_steps_the_rest_is_estimated(steps, said, monkeypatch, capsys):
    """Every step takes half a second by this clock, but the first one, which fills caches, takes ten."""
    long, now = trainer(steps), [0.0]
    real = long.gan.train_step

    def step(*args):
        now[0] += 0.5 if long.step else 10
        return real(*args)

    monkeypatch.setattr(long.gan, "train_step", step)
    monkeypatch.setattr("gan_scratch.training.time", SimpleNamespace(perf_counter=lambda: now[0]))
    long.run()
    assert capsys.readouterr().out == said
