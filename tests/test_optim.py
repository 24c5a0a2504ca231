"""Optimizers against their formulas, their flat buffers, EMA."""
import copy
import pickle

import numpy as np
import pytest

from gan_scratch.layers import BatchNorm, Dense, Parameter, Sequential, Tanh
from gan_scratch.optim import EMA, SGD, Adam, HistoricalAveraging, Momentum, RMSProp

ALL = [lambda p: SGD(p, 0.1), lambda p: Momentum(p, 0.1), lambda p: RMSProp(p, 0.1), lambda p: Adam(p, 0.1)]


def one(value=1.0):
    return Parameter(np.array([value]))


def run(make, gradients):
    p = one()
    optimizer = make([p])
    path = []
    for g in gradients:
        p.grad[...] = g
        optimizer.step()
        path.append(p.value.item())
    return path


def test_sgd_and_momentum_by_hand():
    assert np.allclose(run(ALL[0], [1, 2]), [0.9, 0.7])
    assert np.allclose(run(ALL[1], [1, 2]), [0.9, 0.9 - 0.1 * 2.9])


def test_adam_s_first_step_is_lr_times_the_sign():
    """m̂ = g and v̂ = g² at t = 1, whatever the betas."""
    for g in (1e-4, 3.0, -250.0):
        assert np.isclose(run(ALL[3], [g])[0], 1 - 0.1 * np.sign(g), rtol=1e-4)


def test_adam_by_its_definition(rng):
    gs, (b1, b2), m, v, x = rng.standard_normal(6), (0.5, 0.999), 0.0, 0.0, 1.0
    for t, g in enumerate(gs, 1):
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        x -= 0.1 * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + 1e-8)
    assert np.isclose(run(ALL[3], gs)[-1], x, rtol=1e-12)


def test_rmsprop_by_its_definition(rng):
    gs, s, x = rng.standard_normal(6), 0.0, 1.0
    for g in gs:
        s = 0.99 * s + 0.01 * g * g
        x -= 0.1 * g / (np.sqrt(s) + 1e-8)
    assert np.isclose(run(ALL[2], gs)[-1], x, rtol=1e-12)


@pytest.mark.parametrize("make", ALL)
def test_parameters_live_in_one_buffer(make):
    net = Sequential(Dense(3, 4, rng=0), Dense(4, 2, rng=1))
    before = [p.value.copy() for p in net.params]
    optimizer = make(net.params)
    for p, b in zip(net.params, before):
        np.testing.assert_array_equal(p.value, b)
        assert np.shares_memory(p.value, optimizer.theta) and np.shares_memory(p.grad, optimizer.g)
        p.grad[...] = 1
    assert (optimizer.g == 1).all()
    optimizer.step()
    assert all((p.value < b).all() and p.value.dtype == np.float32 for p, b in zip(net.params, before))
    assert all(getattr(optimizer, slot).dtype == np.float32 for slot in optimizer.slots)


@pytest.mark.parametrize("make", ALL)
def test_state_continues_bit_for_bit(make, rng):
    gradients = rng.standard_normal((6, 12)).astype(np.float32)

    def advance(optimizer, rows):
        for g in rows:
            optimizer.g[...] = g
            optimizer.step()

    whole, first, second = (Dense(3, 3, rng=0) for _ in range(3))
    advance(make(whole.params), gradients)
    advance(before := make(first.params), gradients[:3])
    second.load_state(first.state())
    after = make(second.params)
    after.load_state(before.state())
    advance(after, gradients[3:])
    assert (whole.W.value == second.W.value).all() and (whole.b.value == second.b.value).all()


def test_a_state_of_other_parameters_is_refused():
    with pytest.raises(ValueError, match="doesn't fit"):
        Adam(Dense(3, 3).params).load_state(Adam(Dense(2, 2).params).state())
    with pytest.raises(ValueError, match="doesn't fit"):
        Adam(Dense(3, 3).params).load_state(SGD(Dense(3, 3).params, 0.1).state())


@pytest.mark.parametrize("move", [
    lambda net: net.astype(np.float64), lambda net: SGD(net.params, 0.1), lambda net: setattr(net.b, "value", np.zeros(2, np.float32))])
def test_a_parameter_that_left_the_buffer_is_noticed(move):
    net = Dense(3, 2)
    optimizer = Adam(net.params)
    move(net)
    with pytest.raises(RuntimeError, match="make the optimizer after"):
        optimizer.step()


def test_bad_parameter_lists_are_refused():
    net = Dense(3, 2)
    with pytest.raises(ValueError, match="no parameters"):
        Adam([])
    with pytest.raises(ValueError, match="twice"):
        Adam(net.params + net.params)
    with pytest.raises(ValueError, match="one dtype"):
        Adam(net.params + Dense(2, 2).astype(np.float64).params)


def test_ema_averages_parameters_and_running_statistics(rng):
    net = Sequential(Dense(3, 4, rng=0), BatchNorm(4))
    ema = EMA(net, decay=0.5)
    expected = {name: a.astype(np.float64) for name, a in net.state().items()}
    for t in range(5):
        net.forward(rng.standard_normal((8, 3)).astype(np.float32))
        for p in net.params:
            p.value += rng.standard_normal(p.value.shape).astype(np.float32)
        ema.update()
        b = min(0.5, (1 + t) / (10 + t))
        expected = {name: b * e + (1 - b) * net.state()[name] for name, e in expected.items()}
    for name, a in ema.network.state().items():
        np.testing.assert_allclose(a, expected[name], rtol=1e-5, atol=1e-6)
    assert ema.network[0].W is not net[0].W and ema.network[0].W.value.dtype == np.float32


def test_ema_state_continues(rng):
    net = Dense(3, 2, rng=0)
    ema, other = EMA(net), EMA(net)
    net.W.value += 1
    ema.update()
    other.load_state(ema.state())
    assert other.t == 1 and (other.network.W.value == ema.network.W.value).all()


def test_changing_a_value_in_place_keeps_the_parameter_in_training():
    """p.value *= 2 assigns the same array again, and .to moves nothing that is already there."""
    net = Dense(3, 2, rng=0)
    optimizer = SGD(net.params, 0.1)
    net.W.value *= 0.5
    net.to("cpu").astype(np.float32)
    before = net.W.value.copy()
    y, ctx = net.forward(np.ones((4, 3), np.float32))
    net.backward(np.ones_like(y), ctx)
    optimizer.step()
    np.testing.assert_allclose(net.W.value, before - 0.1 * 4, rtol=1e-5)


def test_a_replaced_gradient_is_noticed():
    net = Dense(3, 2)
    optimizer = SGD(net.params, 0.1)
    net.W.grad = np.ones((3, 2), np.float32)
    with pytest.raises(RuntimeError, match="assignment to .value or .grad"):
        optimizer.step()


def test_a_layer_used_twice_is_one_layer():
    shared = Dense(3, 3, rng=0)
    net = Sequential(shared, BatchNorm(3), shared)
    assert len(net.params) == 4 and len(net.state()) == 6
    ema = EMA(net, decay=0.5)
    ema.t, before = 100, shared.W.value.copy()
    shared.W.value += 1
    ema.update()
    np.testing.assert_allclose(ema.network[0].W.value, before + 0.5, rtol=1e-5)
    optimizer = SGD(net.params, 0.1)
    y, tape = net.forward(np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32))
    net.backward(y, tape)
    optimizer.step()


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda both: pickle.loads(pickle.dumps(both))], ids=["deepcopy", "pickle"])
def test_a_network_and_its_optimizer_copied_together_stay_together(copied, rng):
    net = Sequential(Dense(3, 4, rng=rng), Tanh(), Dense(4, 2, rng=rng))
    opt = Adam(net.params, 1e-2)
    x = rng.standard_normal((5, 3)).astype(np.float32)

    def train(net, opt):
        for _ in range(3):
            y, tape = net.forward(x)
            net.backward(y, tape)
            opt.step()

    train(net, opt)
    net_2, opt_2 = copied((net, opt))
    before = net.state()
    train(net_2, opt_2)
    assert all(np.array_equal(a, before[name]) for name, a in net.state().items())  # the original is left alone
    train(net, opt)
    assert all(np.array_equal(a, net_2.state()[name]) and not np.array_equal(a, before[name]) for name, a in net.state().items())


def test_historical_averaging_by_hand(rng):
    """SGD on the cost plus weight·‖θ − θ̄‖², θ̄ the mean of θ₀ … θ_t."""
    net = Sequential(Dense(2, 1, bias=False, rng=0)).astype(np.float64)
    optimizer = HistoricalAveraging(SGD(net.params, 0.1), weight=0.3)
    theta, past = net[0].W.value.copy(), [net[0].W.value.copy()]
    for _ in range(5):
        g = rng.standard_normal((2, 1))
        net[0].W.grad += g
        optimizer.step()
        theta = theta - 0.1 * (g + 2 * 0.3 * (theta - np.mean(past, 0)))
        past.append(theta)
        np.testing.assert_allclose(net[0].W.value, theta, rtol=1e-12)
    assert not net[0].W.grad.any() and optimizer.t == 5
    optimizer.lr = 0.7
    assert optimizer.optimizer.lr == optimizer.lr == 0.7 and optimizer.params is optimizer.optimizer.params


def test_historical_averaging_resumes_and_is_copied(rng):
    def make():
        net = Sequential(Dense(2, 3, rng=0))
        return net, HistoricalAveraging(Adam(net.params, 0.1), 0.3)

    def step(net, optimizer, g):
        net[0].W.grad += g
        optimizer.step()

    g = rng.standard_normal((4, 2, 3)).astype(np.float32)
    (net, optimizer), (other, resumed) = make(), make()
    step(net, optimizer, g[0]), step(net, optimizer, g[1])
    other.load_state(net.state())
    resumed.load_state(optimizer.state())
    copied, its = copy.deepcopy((net, optimizer))
    for a, b in ((net, optimizer), (other, resumed), (copied, its)):
        step(a, b, g[2]), step(a, b, g[3])
    np.testing.assert_array_equal(net[0].W.value, other[0].W.value)
    np.testing.assert_array_equal(net[0].W.value, copied[0].W.value)
    with pytest.raises(ValueError, match="mean is missing"):
        resumed.load_state(optimizer.optimizer.state())
    with pytest.raises(ValueError, match="weight must be at least 0"):
        HistoricalAveraging(optimizer, -1)


def test_a_restarted_optimizer_is_as_at_the_beginning(rng):
    first, second = Dense(3, 2, rng=0), Dense(3, 2, rng=0)
    used, fresh = Adam(first.params), Adam(second.params)
    for _ in range(5):
        first.W.grad[...] = rng.standard_normal((3, 2))
        used.step()
    used.restart()
    for p, q in zip(first.params, second.params):
        p.value[...] = q.value
    for net, optimizer in ((first, used), (second, fresh)):
        net.W.grad[...] = 1
        optimizer.step()
    assert used.t == 1 and (first.W.value == second.W.value).all()
