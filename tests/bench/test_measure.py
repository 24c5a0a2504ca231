"""The benchmark counts and times what it says."""
import time

import numpy as np
import pytest

from gan_scratch import backend
from gan_scratch.bench import measure, report
from gan_scratch.bench.workloads import LAYERS, WORKLOADS
from gan_scratch.cli import main
from gan_scratch.layers import Conv2d, ConvTranspose2d, Dense, Sequential


def test_operations_of_a_step_are_counted_by_the_textbook(rng):
    net = Sequential(Dense(5, 18, rng=0))
    x = rng.standard_normal((7, 5)).astype(np.float32)

    def step():
        y, tape = net.forward(x)
        net.backward(y, tape)

    assert measure.operations([net], step) == 3 * 2 * 7 * 5 * 18  # apply, adjoint, wgrad
    conv, up = Conv2d(3, 4, rng=0), ConvTranspose2d(4, 3, rng=0)
    image = rng.standard_normal((2, 8, 8, 3)).astype(np.float32)
    assert measure.operations([conv], lambda: conv(image)) == 2 * (2 * 4 * 4) * (4 * 4 * 3) * 4  # 4×4 places, 48 numbers in each window
    assert measure.operations([up], lambda: up(conv(image))) == 2 * (2 * 4 * 4) * (4 * 4 * 3) * 4  # its adjoint: the same product
    assert measure.operations([up, conv], lambda: up(conv(image))) == 2 * 2 * (2 * 4 * 4) * (4 * 4 * 3) * 4
    assert "apply" not in vars(conv)  # nothing is left behind


def test_operations_of_a_dcgan_step():
    """By hand: D runs forward three times and backward twice with weights, without the first layer's dx, and once to its input;
    G runs forward twice and backward once, without dz."""
    work = WORKLOADS["dcgan"]
    gan = work.build("cpu")
    places = {"D": [14 * 14, 7 * 7, 3 * 3, 1], "G": [1, 3 * 3, 7 * 7, 14 * 14]}
    weights = {"D": [16, 16 * 16 * 2 * 16, 16 * 32 * 64, 9 * 64], "G": [100 * 9 * 64, 16 * 64 * 32, 16 * 32 * 16, 16 * 16]}
    weights["D"][0] *= 16  # 4×4 windows of one channel to 16
    products = {name: [p * w for p, w in zip(places[name], weights[name])] for name in places}
    D, G = products["D"], products["G"]
    by_hand = 3 * sum(D) + 2 * (2 * sum(D) - D[0]) + sum(D) + 2 * sum(G) + 2 * sum(G) - G[0]
    assert measure.operations([gan.G, gan.D], work.step(gan, work.batch(2))) == 2 * 2 * by_hand


def test_shares_find_where_the_time_goes():
    gan = WORKLOADS["dcgan"].build("cpu")
    step = WORKLOADS["dcgan"].step(gan, WORKLOADS["dcgan"].batch(8))
    shares = measure.shares(step, 3)
    assert abs(sum(shares.values()) - 1) < 1e-9 and set(shares) <= {*measure.KINDS, "Python, checks"}
    assert {"matrix products", "windows, blocks", "elementwise formulas", "sums over columns", "optimizers, average"} <= set(shares)
    x = backend.CPU.normal(np.random.default_rng(0), (3000, 3000))
    assert measure.shares(lambda: Dense(3000, 3000, rng=0).forward(x), 1)["matrix products"] > 0.3


def test_sides_are_timed_in_turn(monkeypatch):
    monkeypatch.setattr(measure, "TURN", 0.01)
    monkeypatch.setattr(measure, "REST", 0)
    called = []
    slow, fast = (lambda t=t, name=name: (called.append(name), time.sleep(t)) for name, t in (("slow", 0.004), ("fast", 0.001)))
    times = measure.in_turn([slow, fast], rounds=3)
    assert times.shape == (3, 2) and (times > [0.004, 0.001]).all()
    order = [name for name, before in zip(called, [None, *called]) if name != before]
    assert order[-6:] == ["slow", "fast"] * 3


@pytest.mark.parametrize("name", WORKLOADS)
def test_every_workload_can_be_built_and_steps(name):
    work = WORKLOADS[name]
    gan = work.build("cpu")
    D, G = ([p.value.copy() for p in net.params] for net in (gan.D, gan.G))
    work.step(gan, work.batch(4))()
    assert all((p.value != before).any() for p, before in zip(gan.D.params, D))
    assert work.critic_only == all((p.value == before).all() for p, before in zip(gan.G.params, G))


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(measure, "TURN", 0.001)
    monkeypatch.setattr(measure, "REST", 0)
    monkeypatch.setattr(measure, "peak", lambda *a: 1e11)


def test_the_command_prints_a_table(quick, capsys):
    assert main(["bench", "ring", "--threads", "1", "--rounds", "1", "--batch", "8"]) == 0
    out = capsys.readouterr().out
    assert "seed 0" in out and "kernel" in out and "1 thread, CPU time" in out and "MLP 2-128-128-128-2 on a ring, batch 8" in out
    assert "matrix products" in out and "%" in out


def test_single_layers(quick, capsys, monkeypatch):
    monkeypatch.setattr(report, "LAYERS", dict(list(LAYERS.items())[:2]))
    assert main(["bench", "--layers", "--rounds", "1"]) == 0
    assert "Dense(784, 1024), batch 128" in capsys.readouterr().out


def test_a_mistake_is_one_sentence(capsys, monkeypatch):
    assert main(["bench", "dgan"]) == 2
    assert "'dgan' is no workload; choose from ring, mlp," in capsys.readouterr().err
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    assert main(["bench", "ring", "--against", "torch"]) == 2
    assert "--against needs PyTorch" in capsys.readouterr().err
