"""The games in the browser are those of gan_scratch.theory: fields, steps, paths, eigenvalues; and its claims are true."""
from __future__ import annotations

import re
from urllib.parse import urlencode

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermegauss

from gan_scratch import explore, theory

POINTS = [(1.1, 0.8), (-0.7, 1.3), (0.4, -2.0), (-1.1, -0.2), (2.0, 1.5), (-1.5, 1.2)]
PLAIN = {"xy": theory.xy_game, "minimax": theory.dirac_gan(), "nonsaturating": theory.dirac_nonsaturating(),
         "wasserstein": theory.dirac_wgan(), "leastsquares": theory.dirac_least_squares(), "hinge": theory.dirac_hinge()}
STEPS = {name: getattr(theory, name) for name in ("simultaneous", "alternating", "extragradient", "optimistic", "implicit")}
NUMBERS = {"gamma": 0.7, "weight": 0.8, "sigma": 1.3, "c": 0.9}


def paying(plain, slope):
    """The field where D also goes down a penalty of its slope, whose derivative is given."""
    return lambda w: plain(w) - np.array([0 * w[0], slope(w[1])])


def noisy(loss: str, sigma: float):
    """Instance noise for a loss that the library hasn't: θ' and ψ' as means over ε, from the derivatives of each loss."""
    z, weights = hermegauss(40)
    e, weights = sigma * z, weights / weights.sum()
    f1 = lambda t: 1 / (1 + np.exp(t))  # noqa: E731
    G = {"nonsaturating": lambda u: f1(-u), "leastsquares": lambda u: 0.5 + u}[loss]
    D = {"nonsaturating": f1, "leastsquares": lambda u: 0.5 - u}[loss]

    def v(w):
        theta, psi = w
        return np.array([-psi * (weights @ G(psi * (theta + e))),
                         weights @ ((theta + e) * D(psi * (theta + e))) - weights @ (e * D(-psi * e))])
    return v


def library(game: str, penalty: str, gamma=0.7, weight=0.8, sigma=1.3, c=0.9):
    """The field of these settings, from gan_scratch.theory where it is there."""
    plain = PLAIN[game]
    given = {("minimax", "r1"): lambda: theory.dirac_r1(gamma), ("minimax", "wgan_gp"): lambda: theory.dirac_dragan(weight),
             ("minimax", "instance_noise"): lambda: theory.dirac_instance_noise(sigma),
             ("minimax", "consensus"): lambda: theory.dirac_consensus(c),
             ("wasserstein", "r1"): lambda: theory.dirac_wgan_gp(gamma / 2, 0.0),
             ("wasserstein", "wgan_gp"): lambda: theory.dirac_wgan_gp(weight),
             ("wasserstein", "instance_noise"): lambda: plain}
    if (game, penalty) in given:
        return given[game, penalty]()
    return {"none": lambda: plain, "consensus": lambda: theory.consensus(plain, c),
            "r1": lambda: paying(plain, lambda psi: gamma * psi),
            "wgan_gp": lambda: paying(plain, lambda psi: 2 * weight * np.sign(psi) * (np.abs(psi) - 1)),
            "instance_noise": lambda: noisy(game, sigma)}[penalty]()


GAMES = [(game, penalty) for game in PLAIN for penalty in ("none", "r1", "wgan_gp", "instance_noise", "consensus")
         if not (game == "xy" and penalty in ("wgan_gp", "instance_noise")) and (game, penalty) != ("hinge", "instance_noise")]


@pytest.fixture(scope="module")
def engine(browser):
    """engine("name of a function", …): what the page's function returns."""
    page = browser.new_page()
    page.goto(explore.file("games").as_uri() + "#paused")

    def call(function: str, *arguments):
        return page.evaluate(f"a => ({function})(...a)", list(arguments))

    call.page = page
    call.defaults = page.evaluate("DEFAULTS")
    yield call
    page.close()


def with_momentum(kind: str, beta: float):
    """w ← w + h v + β(w − before), and the same with the players one after the other."""
    def step(v, w, h, before=None):
        before = w if before is None else before
        if kind == "simultaneous":
            return w + h * v(w) + beta * (w - before)
        h = np.broadcast_to(h, 2)
        x = w[0] + h[0] * v(w)[0] + beta * (w[0] - before[0])
        return np.array([x, w[1] + h[1] * v(np.array([x, w[1]]))[1] + beta * (w[1] - before[1])])
    return step


def complex_sorted(values):
    return np.sort_complex(np.round([complex(*v) if isinstance(v, list) else complex(v) for v in values], 10))


# The engine against the library

def test_fields_and_jacobians(engine):
    settings = [{**engine.defaults, **NUMBERS, "game": game, "penalty": penalty} for game, penalty in GAMES]
    fields = engine("(all, points) => all.map(s => points.map(w => fieldOf(s).v(w)))", settings, POINTS)
    jacobians = engine("(all, points) => all.map(s => points.map(w => fieldOf(s).jacobian(w)))", settings, POINTS)
    origins = engine("all => all.map(s => fieldOf(s).jacobian([0, 0]))", settings)
    for (game, penalty), values, matrices, origin in zip(GAMES, fields, jacobians, origins):
        v = library(game, penalty)
        for w, value, matrix in zip(POINTS, values, matrices):
            tolerance = 1e-9 if penalty == "consensus" else 1e-13  # the library differentiates by differences
            np.testing.assert_allclose(value, v(np.array(w)), rtol=0, atol=tolerance, err_msg=f"{game} {penalty} {w}")
            if penalty != "consensus":
                np.testing.assert_allclose(matrix, theory.jacobian(v, w), rtol=0, atol=1e-8, err_msg=f"{game} {penalty}")
        if penalty != "wgan_gp":
            np.testing.assert_allclose(origin, theory.jacobian(v, (0, 0)), rtol=0, atol=1e-8, err_msg=f"{game} {penalty}")


def test_consensus_in_any_linear_field(engine):
    A = np.random.default_rng(1).standard_normal((2, 2))
    ours = engine("A => consensus({v: () => [0, 0], jacobian: () => A}, 0.7).jacobian([0, 0])", A.tolist())
    np.testing.assert_allclose(ours, A - 0.7 * A.T @ A, rtol=0, atol=1e-14)


def test_the_quadrature(engine):
    for n in (5, 40):
        ours = engine("gaussHermite", n)
        z, weights = hermegauss(n)
        np.testing.assert_allclose(sorted(ours["z"]), z, rtol=0, atol=1e-13)
        np.testing.assert_allclose(np.array(ours["weights"])[np.argsort(ours["z"])], weights / weights.sum(), rtol=1e-11)


@pytest.mark.parametrize("step", STEPS)
def test_paths_of_200_steps(engine, step):
    games = [(game, penalty) for game, penalty in GAMES
             if step != "implicit" or game in ("xy", "wasserstein") and penalty != "wgan_gp"]
    cases = [(game, penalty, h, ratio) for game, penalty in games for h, ratio in ((0.1, 1), (0.07, 4))]
    found = engine("all => all.map(trajectory)", [
        {**engine.defaults, **NUMBERS, "game": game, "penalty": penalty, "step": step, "h": h, "ratio": ratio,
         "x": 0.9, "y": -0.6, "steps": 200} for game, penalty, h, ratio in cases])
    for (game, penalty, h, ratio), path in zip(cases, found):
        scales = h if ratio == 1 else h * np.array([ratio**-0.5, ratio**0.5])
        ours = theory.trajectory(library(game, penalty), (0.9, -0.6), scales, 200, STEPS[step])
        assert np.abs(ours[-1] - ours[0]).max() > 1e-2
        np.testing.assert_allclose(path, ours, rtol=0, atol=1e-10, err_msg=f"{game} {penalty} {step} {h} {ratio}")


@pytest.mark.parametrize("kind", ["simultaneous", "alternating"])
@pytest.mark.parametrize("beta", [0.5, -0.3])
def test_momentum(engine, kind, beta):
    s = {**engine.defaults, "game": "minimax", "step": kind, "beta": beta, "ratio": 4, "steps": 200}
    h, step = 0.1 * np.array([0.5, 2.0]), with_momentum(kind, beta)
    ours = theory.trajectory(theory.dirac_gan(), (1, 0.5), h, 200, step)
    np.testing.assert_allclose(engine("trajectory", s), ours, rtol=0, atol=1e-10)
    A = theory.jacobian(theory.dirac_gan(), (0, 0))
    assert abs(engine("analysis", s)["modulus"] - theory.modulus(theory.step_matrix(A, h, step))) < 1e-9
    if kind == "simultaneous":
        roots = np.roots([1, -(1 + beta + 0.05j), beta])
        assert abs(engine("multiplier", {**s, "ratio": 1}, [0, 0.05]) - np.abs(roots).max()) < 1e-12


def test_the_noise_of_the_gradient(engine):
    for step in STEPS:
        s = {**engine.defaults, "game": "wasserstein", "penalty": "r1", "step": step, "noise": 0.3, "seed": 4, "steps": 60}
        drawn = engine("s => { const random = new Random(s.seed); return Array.from({length: s.steps}, () => random.pair(s.noise)); }", s)
        v, path = theory.dirac_wgan_gp(0.15, 0.0), [np.array([1, 0.5])]
        for t, z in enumerate(np.array(drawn)):
            before = path[-2] if t else None
            if step == "implicit":  # (I − hA) w⁺ = w + h z
                path.append(theory.implicit(v, path[-1] + 0.1 * z, 0.1))
            else:
                path.append(STEPS[step](lambda w: v(w) + z, path[-1], 0.1, before))
        np.testing.assert_allclose(engine("trajectory", s), path, rtol=0, atol=1e-11, err_msg=step)
    drawn = np.array(engine("() => { const random = new Random(1); return Array.from({length: 20000}, () => random.pair(2)); }"))
    assert np.abs(drawn.mean(0)).max() < 0.05 and np.abs(drawn.std(0) - 2).max() < 0.05 and abs(np.corrcoef(drawn.T)[0, 1]) < 0.03
    assert engine("trajectory", s) == engine("trajectory", s) != engine("trajectory", {**s, "seed": 5})


def test_the_flow(engine):
    from scipy.integrate import solve_ivp

    for game, ratio in (("nonsaturating", 1), ("minimax", 4)):
        path = np.array(engine("flow", {**engine.defaults, "game": game, "ratio": ratio, "steps": 60}))
        v = lambda t, w: np.array([ratio**-0.5, ratio**0.5]) * PLAIN[game](w)  # noqa: E731
        end = solve_ivp(v, (0, 60 * 0.1), (1, 0.5), rtol=1e-10, atol=1e-12, dense_output=True).sol
        times = np.linspace(0, 8, 4001)
        curve = np.array([end(t) for t in times[times <= 6]])
        assert all(np.hypot(*(curve - w).T).min() < 3e-3 for w in path[:90])
        assert len(path) > 50 and np.hypot(*(path[20] - curve[0])) > 0.3
    once = np.array(engine("flow", {**engine.defaults, "steps": 300}))  # 30 units of time: five turns
    assert len(once) == pytest.approx(2 * np.pi / 0.06, abs=2), "the flow of f = xy is drawn until it comes to its beginning"


# Eigenvalues

ETAS = [0.01, 0.1, 0.3, 0.49, 0.5, 0.55, 1 / np.sqrt(3), 0.8, 0.999, 1.0, 1.5, 1.999, 2.001, 2.4]


@pytest.mark.parametrize("step", STEPS)
def test_growth_on_xy_in_closed_form(engine, step):
    found = engine("(all, s) => all.map(h => analysis({...s, h}).modulus)", ETAS, {**engine.defaults, "step": step})
    ours = [getattr(theory, f"xy_{step}")(eta) for eta in ETAS]
    np.testing.assert_allclose(found, ours, rtol=0, atol=1e-7)  # at ½ and 2 two roots meet
    apart = [abs(eta - 0.5) > 1e-3 for eta in ETAS]
    np.testing.assert_allclose(np.array(found)[apart], np.array(ours)[apart], rtol=0, atol=1e-11)
    scalar = engine("(all, s) => all.map(h => multiplier(s, [0, h]))", ETAS, {**engine.defaults, "step": step})
    if step == "alternating":
        assert scalar == [None] * len(ETAS), "alternating steps aren't a matter of λ alone"
    else:
        np.testing.assert_allclose(scalar, ours, rtol=0, atol=1e-11)


def field_eigenvalues(engine, **settings):
    found = engine("analysis", {**engine.defaults, "game": "minimax", **settings})
    return complex_sorted(found["field"]), found


def test_eigenvalues_of_the_dirac_gan_in_closed_form(engine):
    for gamma in (0, 0.3, 0.9, 1, 1.1, 5):
        values, found = field_eigenvalues(engine, penalty="r1", gamma=gamma)
        np.testing.assert_allclose(values, complex_sorted(theory.r1_eigenvalues(gamma)), rtol=0, atol=1e-9)
        assert abs(found["modulus"] - theory.euler_modulus(theory.r1_eigenvalues(gamma), 0.1)) < 1e-9
        assert (np.abs(values.imag).max() > 0) == (gamma < theory.critical_gamma())
    for sigma in (0, 0.5, 1, 1.4, 1.5, 4):
        values, found = field_eigenvalues(engine, penalty="instance_noise", sigma=sigma)
        np.testing.assert_allclose(values, complex_sorted(theory.instance_noise_eigenvalues(sigma)), rtol=0, atol=1e-9)
    for c in (0.5, 1, 4):
        values, found = field_eigenvalues(engine, penalty="consensus", c=c)
        np.testing.assert_allclose(values, complex_sorted(theory.consensus_eigenvalues(c)), rtol=0, atol=1e-9)
    for game, ours in (("minimax", theory.damped(0)), ("nonsaturating", theory.damped(0)), ("hinge", theory.damped(0, 1)),
                       ("wasserstein", theory.damped(0, 1)), ("leastsquares", theory.least_squares_eigenvalues())):
        values, found = field_eigenvalues(engine, game=game)
        np.testing.assert_allclose(values, complex_sorted(ours), rtol=0, atol=1e-9)
        assert abs(found["modulus"] - theory.euler_modulus(ours, 0.1)) < 1e-12
    _, found = field_eigenvalues(engine, ratio=25, h=0.2)
    np.testing.assert_allclose(complex_sorted(found["step"]), complex_sorted(theory.ttur_multipliers(0.04, 1.0)), atol=1e-9)


def test_moduli_are_those_of_the_librarys_step_matrix(engine):
    cases = [(game, penalty, step, ratio) for game, penalty in GAMES if penalty != "wgan_gp" for step in STEPS for ratio in (1, 9)]
    found = engine("all => all.map(s => analysis(s).modulus)", [
        {**engine.defaults, **NUMBERS, "game": game, "penalty": penalty, "step": step, "h": 0.3, "ratio": ratio}
        for game, penalty, step, ratio in cases])
    for (game, penalty, step, ratio), rho in zip(cases, found):
        A, h = theory.jacobian(library(game, penalty), (0, 0)), 0.3 * np.array([ratio**-0.5, ratio**0.5])
        linear = theory.step_matrix(A, h, STEPS[step])
        assert abs(rho - theory.modulus(linear)) < 1e-8, (game, penalty, step, ratio)


def test_the_shaded_region_and_the_longest_step(engine):
    """A real 2 × 2 field with eigenvalues λ: its step has the modulus that is drawn at hλ; (13) is where that is 1."""
    rng = np.random.default_rng(0)
    for step in ("simultaneous", "extragradient", "optimistic", "implicit"):
        for A in rng.standard_normal((8, 2, 2)):
            at = [engine("multiplier", {**engine.defaults, "step": step}, [0.4 * e.real, 0.4 * e.imag]) for e in np.linalg.eigvals(A)]
            assert abs(max(at) - theory.modulus(theory.step_matrix(A, 0.4, STEPS[step]))) < 1e-9
    for values in ([-0.1 + 3j, -0.1 - 3j], [-1 + 10j, -1 - 10j], [-0.2, -5]):
        h = engine("longestStep", [[complex(e).real, complex(e).imag] for e in values])
        assert theory.euler_modulus(values, 0.999 * h) < 1 < theory.euler_modulus(values, 1.001 * h)
    assert engine("longestStep", [[0, 0.5], [0, -0.5]]) == 0 == engine("longestStep", [[0.1, 1], [0.1, -1]])
    found = engine("analysis", {**engine.defaults, "game": "minimax", "penalty": "r1", "gamma": 3})
    assert theory.euler_modulus(theory.r1_eigenvalues(3), 0.999 * found["longest"]) < 1 < \
        theory.euler_modulus(theory.r1_eigenvalues(3), 1.001 * found["longest"])


def test_averages(engine):
    path = theory.trajectory(theory.dirac_gan(), (1, 1), 0.1, 300, theory.alternating)
    np.testing.assert_allclose(engine("average", path.tolist(), 0.95), theory.average(path, 0.95), rtol=0, atol=1e-14)
    np.testing.assert_allclose(engine("runningMean", path.tolist()), theory.running_mean(path), rtol=0, atol=1e-12)
    for angle, decay in ((0.05, 0.9), (0.05, 0.999), (1.2, 0.5)):
        assert abs(engine("averageGain", angle, decay) - theory.average_gain(angle, decay)) < 1e-12


def test_the_measured_growth(engine):
    t = np.arange(401)
    assert abs(engine("measured", list(3 * 0.97**t))["growth"] - 0.97) < 1e-12
    bent = np.where(t < 200, 1, 1.01 ** (t - 200))
    assert abs(engine("measured", list(bent))["growth"] - 1.01) < 1e-12, "the second half counts"
    arrived = np.maximum(0.8**t, 1e-15)
    assert abs(engine("measured", list(arrived))["growth"] - 0.8) < 1e-12, "below rounding nothing is measured"


# The claims of the presets

def run(engine, name: str):
    s = engine("preset", name)
    return s, np.array(engine("trajectory", s)), engine("analysis", s), engine("s => sentence(s, trajectory(s))", s)


def radius(path):
    return np.hypot(*path.T)


SAYS = {  # what the sentence about each preset has to say
    "simultaneous": "goes outwards by 0.50 %", "alternating": "The path circles. Its distance stays between",
    "extragradient": "comes in by 0.50 %", "optimistic": "goes outwards by 5.7 %", "implicit": "comes in by 0.50 %",
    "momentum": "goes outwards by 0.24 %", "negative": "comes in by", "dirac": "goes outwards by 0.040 %",
    "scales": "goes outwards by 0.12 %", "average": "The path circles", "nonsaturating": "circles at a distance of 0.447",
    "wgan_gp": "has no Jacobian", "false_end": "stops at θ = −20, ψ = 0, and this isn't the solution", "r1": "comes in by 1.4 %",
    "r1_long": "goes outwards by", "instance_noise": "comes in by 2.4 %", "much_noise": "comes in by 0.31 %",
    "too_long": "goes outwards by 0.75 %", "consensus": "comes in by 2.4 %", "noise": "keeps the path from settling",
}


def test_each_preset_says_what_happens(engine):
    assert engine.page.evaluate("Object.keys(PRESETS)") == list(SAYS)
    for name, words in SAYS.items():
        assert words in run(engine, name)[3], name


def test_each_preset_is_within_reach(opened):
    page = opened("games", "#paused")
    for name in SAYS:
        page.select_option("#preset", name)
        assert page.evaluate("state") == page.evaluate("preset", name), "a preset mustn't ask for what the controls forbid"


def test_claims_about_xy(engine):
    s, path, found, _ = run(engine, "simultaneous")
    np.testing.assert_allclose(radius(path), radius(path)[0] * np.sqrt(1 + s["h"]**2) ** np.arange(301), rtol=1e-10)
    s, path, found, _ = run(engine, "alternating")
    assert np.ptp(theory.games.xy_invariant(path, s["h"])) < 1e-12 and abs(found["modulus"] - 1) < 1e-12
    assert np.ptp(radius(path)) > 0.2, "an ellipse and no circle"
    s, path, found, _ = run(engine, "extragradient")
    assert abs(found["modulus"] - (1 - 0.005)) < 5e-5
    s, path, found, _ = run(engine, "optimistic")
    assert 0.6 == s["h"] > 1 / np.sqrt(3) and found["modulus"] > 1 > engine("analysis", {**s, "h": 0.577})["modulus"]
    assert radius(path)[-1] > 1e3
    s, path, found, _ = run(engine, "implicit")
    assert radius(path)[-1] < radius(path)[0] / 4 and engine("analysis", {**s, "h": 2.5})["modulus"] < 1
    s, path, found, _ = run(engine, "momentum")
    plain = engine("analysis", {**s, "beta": 0})["modulus"]
    assert (found["modulus"] - 1) / (plain - 1) == pytest.approx(12, rel=0.03)  # (1 + β)/(1 − β)³
    s, path, found, _ = run(engine, "negative")
    assert found["modulus"] < 0.995 and radius(path)[-1] < 0.25
    assert engine("analysis", {**s, "step": "simultaneous"})["modulus"] > 1, "simultaneous steps still grow"


def test_claims_about_the_dirac_gan(engine):
    s, path, found, _ = run(engine, "dirac")
    assert found["modulus"] == pytest.approx(np.sqrt(1 + s["h"]**2 / 4), abs=1e-12)
    near = radius(np.array(engine("trajectory", {**s, "x": 0.001, "y": 0.0})))
    assert (near[-1] / near[0]) ** (1 / s["steps"]) == pytest.approx(found["modulus"], abs=1e-8)
    s, path, found, _ = run(engine, "scales")
    assert found["modulus"] == pytest.approx(np.sqrt(1 + s["h"]**2 / 4), abs=1e-12) and radius(path)[-1] > 0.3
    s, path, found, _ = run(engine, "average")
    mean = np.array(engine("averageOf", s, path.tolist()))
    late = radius(mean)[2000:]
    assert np.ptp(radius(path)) < 0.05 and 0.05 < late.mean() < 0.3 and np.ptp(late) < 0.5 * late.mean()
    assert (np.diff(np.sign(mean[2000:, 0])) != 0).sum() > 10, "the average turns"
    steps = np.unwrap(np.arctan2(path[:, 1], path[:, 0]))
    gain = engine("averageGain", (steps[-1] - steps[2000]) / 3000, float(s["average"]))
    assert late.mean() / radius(path).mean() == pytest.approx(gain, rel=0.1)
    s, path, found, _ = run(engine, "nonsaturating")
    assert radius(path)[-1] == pytest.approx(np.sqrt(2 * s["h"]), rel=0.01)
    flow = radius(np.array(engine("flow", s)))
    assert flow[-1] < 0.35, "the flow goes farther in than the steps"


def test_claims_about_remedies(engine):
    s, path, found, _ = run(engine, "wgan_gp")
    assert found["modulus"] is None and 1.28 < radius(path)[100:].min() < radius(path)[100:].max() < 1.63
    assert any(im for _, im in found["field"])
    s, path, found, _ = run(engine, "false_end")
    np.testing.assert_allclose(path[-1], [-20, 0], atol=1e-3)
    np.testing.assert_allclose(found["at"], [-20, 0], atol=1e-6)
    assert not any(im for _, im in found["field"])
    s, path, found, _ = run(engine, "r1_long")
    assert s["h"] > found["longest"] > 0 and radius(path)[-1] > 10 and found["modulus"] > 1
    assert engine("analysis", {**s, "h": 0.99 * found["longest"]})["modulus"] < 1
    s, path, found, _ = run(engine, "much_noise")
    assert all(im == 0 for _, im in found["field"]) and -0.05 < max(re for re, _ in found["field"]) < 0
    s, path, found, _ = run(engine, "too_long")
    assert found["longest"] == pytest.approx(0.5) and s["h"] == 0.6 and radius(path)[-1] > 4 * radius(path)[0]
    assert radius(np.array(engine("trajectory", {**s, "h": 0.4})))[-1] < 0.5 * radius(path)[0]
    for name in ("r1", "instance_noise", "consensus"):
        s, path, found, _ = run(engine, name)
        assert radius(path)[-1] < 0.02 and found["modulus"] < 0.99
    s, path, found, _ = run(engine, "noise")
    trembles = lambda h, steps: np.mean([radius(np.array(engine("trajectory", {**s, "h": h, "steps": steps, "seed": seed})))[  # noqa: E731
        steps // 2:].mean() for seed in (1, 2, 3)])
    assert 0.1 < trembles(0.1, 1000) and trembles(0.02, 5000) < 0.6 * trembles(0.1, 1000)


def test_other_sentences(engine):
    says = lambda **settings: engine("s => sentence(s, trajectory(s))", {**engine.defaults, **settings})  # noqa: E731
    assert "begins at a distance of 1.12" in says(steps=3)
    assert "runs away" in says(h=2.0, steps=300) and "more than a million away" in says(h=2.0)
    assert "arrived as far as a computer can tell" in says(step="implicit", h=1.0)
    assert "turns so far, too few" in says(game="minimax", ratio=25, steps=100)
    assert "no path can come to rest" in says(game="nonsaturating", x=0.3, y=0.3)
    assert "the path does something else" in says(game="nonsaturating", x=1.5, y=1.5, steps=1000)
    assert "less than 1" in says(step="extragradient") and "more than 1" not in says(step="extragradient")


# The same in Python

PROGRAMS = [{}, {"step": "alternating", "h": 0.5, "average": "mean"},
            {"game": "minimax", "penalty": "r1", "step": "optimistic", "ratio": 4.0}, {"penalty": "r1", "noise": 0},
            {"game": "minimax", "penalty": "instance_noise", "average": "0.95"}, {"game": "minimax", "penalty": "consensus", "c": 2.0},
            {"game": "minimax", "penalty": "wgan_gp"}, {"game": "wasserstein", "penalty": "wgan_gp", "step": "extragradient"},
            {"game": "wasserstein", "penalty": "r1", "step": "implicit"}, {"game": "wasserstein", "penalty": "instance_noise"},
            {"game": "nonsaturating", "penalty": "instance_noise"}, {"game": "nonsaturating", "penalty": "r1"},
            {"game": "leastsquares", "penalty": "instance_noise"}, {"game": "hinge", "penalty": "wgan_gp"},
            {"game": "hinge", "penalty": "consensus"}, {"beta": 0.5}, {"step": "alternating", "beta": -0.3, "ratio": 2.0},
            {"game": "leastsquares", "penalty": "r1", "step": "alternating"}]


def test_the_same_in_python(engine, capsys):
    for more in PROGRAMS:
        s = {**engine.defaults, "x": 0.8, "y": -0.5, "steps": 150, **more}
        path, found = np.array(engine("trajectory", s)), engine("analysis", s)
        program, names = engine("python", s, len(path) - 1), {}
        exec(program, names)
        assert max(map(len, program.splitlines())) <= 110
        np.testing.assert_allclose(names["path"], path, rtol=0, atol=1e-9, err_msg=program)
        growth = engine("measured", radius(path).tolist())["growth"]
        assert abs(names["measured"] - growth) < 1e-9
        assert ("predicted" in names) == found["smooth"] and (not found["smooth"] or abs(names["predicted"] - found["modulus"]) < 1e-6)
        assert ("mean" in names) == (s["average"] != "none")
        if "mean" in names:
            np.testing.assert_allclose(names["mean"], engine("averageOf", s, path.tolist()), rtol=0, atol=1e-9)
        said = capsys.readouterr().out
        assert float(re.search("distance at the end: (.*)", said)[1]) == pytest.approx(radius(path)[-1], rel=1e-6)
        assert "growth a step, measured" in said


@pytest.mark.parametrize("step", STEPS)
def test_noisy_programs_run(engine, step):
    names = {}
    exec(engine("python", {**engine.defaults, "step": step, "noise": 0.2}, 40), names)
    assert names["path"].shape == (41, 2) and 0.2 < np.hypot(*names["path"][-1]) < 5


# The page

def address(**settings) -> str:
    return "#paused&" + urlencode(settings)


def position(page) -> int:
    return page.evaluate("t")


def test_it_plays_step_by_step(opened):
    page = opened("games", "#speed=400&steps=2000")
    page.wait_for_function("t > 5")
    assert page.inner_text("#play") == "Pause"
    page.click("#play")
    held = position(page)
    assert 5 < held < 2000 and page.inner_text("#play") == "Play"
    page.click("#once")
    assert position(page) == held + 1
    page.click("#reset")
    assert position(page) == 0
    page.click("#once")
    assert position(page) == 1
    page.click("#whole")
    assert position(page) == 2000
    page.click("#play")
    page.wait_for_function("t > 0 && t < 2000")
    early = page.evaluate("() => { t = 0; owed = 0; frame(before - 50); return t; }")
    assert early == 0, "a frame may have begun before the click that it answers"


@pytest.mark.parametrize("how", ["address", "system"])
def test_it_can_start_at_rest(opened, how):
    page = opened("games", "#paused") if how == "address" else opened("games", reduced_motion="reduce")
    assert position(page) == 300 and page.inner_text("#play") == "Play"
    page.select_option("#preset", "r1")
    page.wait_for_timeout(100)
    assert position(page) == 300 and page.evaluate("state.penalty") == "r1"


def test_words_and_numbers_are_there(opened):
    page = opened("games", address(game="minimax", penalty="r1", x=1, y=1, average="0.9"))
    page.wait_for_function("document.getElementById('status').textContent.includes('comes in by 1.4 %')")
    assert page.get_attribute("#status", "aria-live") == "polite"
    numbers = page.inner_text("#numbers")
    assert "0.9862" in numbers and "−0.15 ± 0.477i" in numbers and "300 of 300" in numbers and "distance of the average" in numbers
    assert page.inner_text("#claim") == "" and page.input_value("#preset") == ""
    page.select_option("#preset", "wgan_gp")
    assert "jumps" in page.inner_text("#claim")
    page.wait_for_function("document.getElementById('numbers').textContent.includes('none')")
    assert page.evaluate("state.average") == "none", "a claim begins with its own settings and the usual ones"


def test_it_speaks_at_most_twice_a_second(opened):
    page = opened("games", "#speed=100&steps=2000")
    page.evaluate("""() => { globalThis.said = [];
        new MutationObserver(() => said.push(performance.now())).observe(byId("status"), {childList: true}); }""")
    page.wait_for_timeout(1700)
    times = page.evaluate("said")
    assert len(times) >= 2 and np.diff(times).min() > 400


def test_the_address(opened):
    page = opened("games", address(game="nonsaturating", step="alternating", h=0.25, ratio=4, x=-0.5, y=2, average="mean", flow="false"))
    assert page.evaluate("[state.game, state.step, state.h, state.ratio, state.x, state.y, state.average, state.flow]") == [
        "nonsaturating", "alternating", 0.25, 4, -0.5, 2, "mean", False]
    again = opened("games", "#" + page.evaluate("address()"))
    assert again.evaluate("state") == page.evaluate("state")
    wrong = opened("games", address(game="xy", penalty="wgan_gp", step="sideways", h=-1, ratio="many", steps=1e9, x=99, beta=7))
    assert wrong.evaluate("[state.penalty, state.step, state.h, state.ratio, state.steps, state.x, state.beta]") == [
        "none", "simultaneous", 0.1, 1, 5000, 3, 0.9]
    claim = opened("games", address(step="alternating", h=0.5))
    assert claim.input_value("#preset") == "alternating"


def test_what_cant_be_combined(opened):
    page = opened("games", address(step="implicit"))
    assert page.evaluate("state.step") == "implicit"
    page.select_option("[data-set=game]", "minimax")
    assert page.evaluate("state.step") == "simultaneous", "implicit steps are for linear fields"
    disabled = "name => [...document.querySelector(`[data-set=${name}]`).options].filter(o => o.disabled).map(o => o.value)"
    assert page.evaluate(disabled, "step") == ["implicit"] and page.evaluate(disabled, "penalty") == []
    page.select_option("[data-set=penalty]", "instance_noise")
    assert page.is_visible("[data-set=sigma]") and not page.is_visible("[data-set=gamma]")
    page.select_option("[data-set=game]", "hinge")
    assert page.evaluate("state.penalty") == "none" and page.evaluate(disabled, "penalty") == ["instance_noise"]
    page.select_option("[data-set=step]", "optimistic")
    assert not page.is_visible("[data-set=beta]")
    page.evaluate("set({step: 'simultaneous', beta: 0.5}); set({step: 'optimistic'})")
    assert page.evaluate("analysis(state).modulus === analysis({...state, beta: 0}).modulus"), "a hidden β does nothing"


def test_the_start_can_be_dragged(opened):
    page = opened("games", address(steps=200))
    page.locator("#plane").scroll_into_view_if_needed()
    box = page.locator("#plane").bounding_box()
    at = lambda x, y: page.evaluate("([x, y]) => [plane.px(x), plane.py(y)]", [x, y])  # noqa: E731
    from_, to = at(1, 0.5), at(-0.5, 0.8)
    page.mouse.move(box["x"] + from_[0], box["y"] + from_[1])
    before = page.evaluate("limit")
    page.mouse.down()
    page.mouse.move(box["x"] + to[0], box["y"] + to[1], steps=5)
    assert page.evaluate("limit") == before, "the axes stay while one drags"
    page.mouse.up()
    assert page.evaluate("[state.x, state.y]") == pytest.approx([-0.5, 0.8], abs=0.03)
    assert page.evaluate("path[0][0] === state.x && t === 200")
    page.focus("#plane")
    for key in ("ArrowRight", "ArrowUp"):
        was = page.evaluate("[state.x, state.y]")
        page.keyboard.press(key)
        moved = np.subtract(page.evaluate("[state.x, state.y]"), was)
        along, aside = moved if key == "ArrowRight" else moved[::-1]
        assert along > 0 and aside == 0


def test_long_paths_are_short_while_they_are_dragged(opened):
    page = opened("games", address(steps=5000, step="alternating"))
    page.locator("#plane").scroll_into_view_if_needed()
    box = page.locator("#plane").bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 220, box["y"] + 200)
    assert page.evaluate("path.length === 1001 && t === 1000")
    page.mouse.up()
    assert page.evaluate("path.length === 5001 && t === 5000")


def test_a_finger_drags_the_start_and_scrolls_elsewhere(opened):
    page = opened("games", address(), width=390, has_touch=True, is_mobile=True)
    page.wait_for_function("plane.x")
    send = """([kind, dx]) => {
      const box = byId("plane").getBoundingClientRect(), x = box.left + plane.px(path[0][0]) + dx, y = box.top + plane.py(path[0][1]);
      const about = {identifier: 1, target: byId("plane"), clientX: x, clientY: y};
      const touch = new TouchEvent(kind, {touches: [new Touch(about)], cancelable: true, bubbles: true});
      byId("plane").dispatchEvent(touch);
      return touch.defaultPrevented;
    }"""
    assert page.evaluate(send, ["touchstart", 5]) and not page.evaluate(send, ["touchstart", -120])


@pytest.mark.parametrize("width", [390, 900, 1280])
def test_it_fits(opened, width):
    page = opened("games", address(game="minimax", step="alternating", average="mean"), width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    sizes = page.evaluate("""[...document.querySelectorAll("body *")].filter(e => e.checkVisibility() && e.textContent.trim())
        .map(e => parseFloat(getComputedStyle(e).fontSize))""")
    assert min(sizes) >= 13
    unnamed = page.evaluate("""[...document.querySelectorAll("input, select, button, canvas")].filter(e =>
        !(e.labels?.length || e.textContent.trim() || e.getAttribute("aria-label"))).map(e => e.outerHTML)""")
    assert unnamed == []
    above = page.evaluate("""[...document.querySelectorAll("label > input[type=range]")].filter(e => e.checkVisibility()).every(
        e => e.parentElement.querySelector("output").getBoundingClientRect().bottom <= e.getBoundingClientRect().top + 4)""")
    assert above, "a slider's value stands beside its name"
    tops = page.evaluate("['plane', 'eigen'].map(id => byId(id).getBoundingClientRect().top)")
    assert (tops[0] == tops[1]) == (width > 640), "side by side where there is room"


def test_every_setting_can_be_drawn(opened):
    """In the light and in the dark, with each view: the page says nothing on the console (see the conftest)."""
    page = opened("games", address(theme="dark"))
    assert page.evaluate("document.documentElement.classList.contains('dark')")
    page.evaluate("""async () => {
      const pause = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
      for (const name of Object.keys(PRESETS))
        for (const eigen of ["step", "field"])
          for (const average of ["none", "0.99"]) {
            set({...preset(name), eigen, average, steps: 60}); t = path.length - 1; redraw(); await pause();
          }
      set({...DEFAULTS, x: 0, y: 0}); t = path.length - 1; redraw(); await pause();
      set({...DEFAULTS, h: 2.4, steps: 5000}); t = path.length - 1; redraw(); await pause();
    }""")
    assert page.evaluate("path.length") < 100, "a path is cut when it's far away"
    drawn = page.evaluate("""() => { const c = byId("plane"), all = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
        return all.filter((x, i) => i % 4 === 3 && x > 0).length / (c.width * c.height); }""")
    assert drawn > 0.02


def test_python_is_shown_for_the_settings(opened):
    page = opened("games", address())
    page.click("#same summary")
    page.wait_for_function("document.getElementById('python').textContent.includes('theory.xy_game')")
    page.select_option("[data-set=game]", "hinge")
    assert "theory.dirac_hinge()" in page.inner_text("#python")


def test_no_graded_formula_is_given_away():
    """Exercise e08 asks for the eigenvalues and the longest step of R1, and for those of consensus."""
    text = explore.file("games").read_text(encoding="utf-8")
    assert not re.search(r"γ\s*/\s*2\s*±|γ²\s*/\s*4|gamma \*\* 2 / 4|gamma \* gamma / 4", text)


def test_the_picture():
    picture = (explore.HERE / "games.png").read_bytes()
    width, height = (int.from_bytes(picture[at:at + 4], "big") for at in (16, 20))
    assert len(picture) < 150_000 and 850 <= width <= 950 and 500 <= height <= 680
