"""The page "divergences" computes what gan_scratch.theory does, and can be used by mouse, touch and keyboard."""
from __future__ import annotations

import base64
import contextlib
import io
import re

import numpy as np
import pytest
from PIL import Image
from scipy.integrate import quad
from scipy.special import erf, expit
from scipy.stats import norm

from gan_scratch import explore, theory

LOG2 = np.log(2)
DX = 0.01
X = (np.arange(-2400, 2400) + 0.5) * DX
NUMBERS = ("kl_pq", "kl_qp", "js", "jsMissing", "tv", "w1", "mixture", "minimax", "nonsaturating", "distance")
TWO = {"p": "mixture", "p_gap": 5, "p_width": 0.7, "p_share": 0.3}
ALL = """s => {
    const now = at({...DEFAULTS, ...s});
    return Object.fromEntries(NAMES.map(name => [name, now[name]]));
}"""


@pytest.fixture(scope="module")
def engine(browser):
    """One page for all tests that only ask for numbers."""
    page = browser.new_page()
    page.goto(explore.file("divergences").as_uri())
    yield page
    page.close()


def numbers(page, **s) -> dict[str, float]:
    return page.evaluate(ALL.replace("NAMES", str(list(NUMBERS))), s)


def arrays(page, **s) -> dict[str, np.ndarray]:
    """p, q, log p, log q, the logit, D* and both slopes, on all cells."""
    found = page.evaluate("""s => {
        const all = {...DEFAULTS, ...s}, p = densityOf(aboutOf(all, "p")), q = densityOf(aboutOf(all, "q"));
        const {l, slopes} = compare(p, q), D = optimalDiscriminator(p, q);
        const bytes = values => btoa(Array.from(new Uint8Array(values.buffer), b => String.fromCharCode(b)).join(""));
        return Object.fromEntries(Object.entries({p: p.value, q: q.value, log_p: p.log, log_q: q.log, l, D, ...slopes})
            .map(([name, values]) => [name, bytes(values)]));
    }""", s)
    return {name: np.frombuffer(base64.b64decode(text)) for name, text in found.items()}


def gaussians(mu1, sigma1, mu2, sigma2) -> dict:
    return {"p_place": mu1, "p_width": sigma1, "q_place": mu2, "q_width": sigma2}


def allowed(truth: float, mu1, sigma1, mu2, sigma2) -> float:
    """How far a smooth sum over the cells may be from the integral.

    The midpoint rule errs by about exp(−2π a/dx), with a the distance of the nearest pole from the real line. That is π
    over the slope of the logit, which is below 60 where p and q have mass here: exp(−32). What remains is rounding
    (4800 terms) and what lies beyond ±24, where |log p − log q| is below 48²/2σ².
    """
    beyond = sum(2 * norm.sf((24 - abs(mu)) / sigma) for mu, sigma in ((mu1, sigma1), (mu2, sigma2)))
    return 1e-12 * (1 + abs(truth)) + beyond * 48**2 / (2 * min(sigma1, sigma2) ** 2)


GAUSSIANS = [(0, 1, 1, 1), (0, 1, 3, 2), (0, 1, 0, 2.6), (-5, 1, 5, 1), (-5, 0.5, 5, 0.5), (-5, 0.2, 5, 0.3),
             (1, 2.6, -3, 0.4), (5, 3, -5, 1)]


def test_gaussians_have_their_closed_forms(engine):
    assert engine.evaluate("[X.length, X[0], X.at(-1), DX]") == pytest.approx([len(X), X[0], X[-1], DX], rel=1e-12)
    for case in GAUSSIANS:
        mu1, sigma1, mu2, sigma2 = case
        variances = mu1, sigma1**2, mu2, sigma2**2
        now = numbers(engine, **gaussians(*case))
        js, back = theory.js_gaussians(*variances), theory.kl_gaussians(*variances[2:], *variances[:2])
        there = theory.kl_gaussians(*variances)
        for name, truth in (("kl_pq", there), ("kl_qp", back), ("js", js), ("jsMissing", LOG2 - js)):
            assert abs(now[name] - truth) <= allowed(truth, *case) + 1e-11, (case, name)  # 1e-11: of quad's own
        # |P − Q| bends where P = Q, which costs ≤ dx²/4 times |p − q|; the sums P and Q are wrong by dx²/24 times p′
        peaks = norm.pdf(0) / sigma1 + norm.pdf(0) / sigma2
        smooth, w1 = allowed(now["w1"], *case), theory.w1_gaussians(*variances)
        assert abs(now["w1"] - w1) <= smooth + (0 if sigma1 == sigma2 else DX**2 * peaks / 3), case
        if sigma1 == sigma2:  # |p − q| bends where p = q, by 2|p′|: an error of ≤ ½ · dx²/4 · 2|p′|
            tv = erf(abs(mu1 - mu2) / (2 * np.sqrt(2) * sigma1))
            assert abs(now["tv"] - tv) <= smooth + DX**2 / 4 * norm.pdf(1) / sigma1**2, case


def test_far_apart_the_logit_is_kept(engine):
    for case in GAUSSIANS:
        mu1, sigma1, mu2, sigma2 = case
        found = arrays(engine, **gaussians(*case))
        truth = theory.gaussian_logit(X, mu1, sigma1**2, mu2, sigma2**2)
        assert np.allclose(found["l"], truth, rtol=1e-12, atol=1e-9)
        assert np.allclose(found["D"], expit(truth), rtol=1e-9, atol=1e-300)
    assert (found["p"] > 0).all() and np.abs(truth).max() > 399
    assert np.allclose(found["D"], theory.optimal_discriminator(found["p"], found["q"]), atol=1e-12)
    now = numbers(engine, **gaussians(-5, 0.5, 5, 0.5))  # log 2 − JS, where JS itself rounds to log 2
    missing = quad(lambda x: norm.pdf(x, 5, 0.5) * np.logaddexp(0, -40 * x), -1.5, 1.5, epsabs=0)[0]
    assert now["js"] == pytest.approx(LOG2, abs=1e-14) and now["jsMissing"] == pytest.approx(missing, rel=1e-6, abs=0)
    assert 0 < now["jsMissing"] < 1e-21


def test_the_gradients_of_the_lecture(engine):
    for theta in (0.3, 1.0, 2.5, 5.0, 10.0, -2.0):
        for sigma in (1.0, 0.5):  # in units of σ, so that only the distance counts, and a gradient is per σ
            middle = sigma * theta / 2 if abs(theta) > 5 else 0
            now = numbers(engine, **gaussians(-middle, sigma, sigma * theta - middle, sigma))
            minimax = theory.generator_gradient(theta, theory.minimax_slope) / sigma
            other = theory.generator_gradient(theta, theory.nonsaturating_slope) / sigma
            assert now["minimax"] == pytest.approx(minimax, rel=1e-9, abs=1e-11)
            assert now["nonsaturating"] == pytest.approx(other, rel=1e-9)
            assert now["minimax"] == pytest.approx(2 * theory.js_gradient(theta) / sigma, rel=1e-7, abs=1e-11)
            lecture_07 = theory.kl_gradient(theta) - 2 * theory.js_gradient(theta)
            assert now["nonsaturating"] == pytest.approx(lecture_07 / sigma, rel=1e-7)


def test_the_gradients_are_derivatives_for_mixtures_too(engine):
    """Minimax of 2 JS, non-saturating of KL(q‖p) − 2 JS = 2 KL(m‖p): lecture 07, (3) and (4)."""
    h = 1e-4
    s = {**TWO, "q": "mixture", "q_gap": 2, "q_width": 0.9, "q_share": 0.8}
    now, more, less = (numbers(engine, **s, q_place=-1.5 + d) for d in (0, h, -h))
    slope = lambda name: (more[name] - less[name]) / (2 * h)  # noqa: E731
    assert now["minimax"] == pytest.approx(2 * slope("js"), abs=1e-6) and abs(now["minimax"]) > 0.05
    assert now["nonsaturating"] == pytest.approx(slope("kl_qp") - 2 * slope("js"), abs=1e-6)
    assert now["nonsaturating"] == pytest.approx(slope("mixture"), abs=1e-6)
    assert now["mixture"] == pytest.approx(now["kl_qp"] - 2 * now["js"], abs=1e-12)


def log_mixture(x, place, width, gap, share):
    return np.logaddexp(np.log(1 - share) + norm.logpdf(x, place - gap / 2, width),
                        np.log(share) + norm.logpdf(x, place + gap / 2, width))


def test_mixtures_as_in_the_library(engine):
    s = {**TWO, "p_place": -2, "q": "mixture", "q_place": 3, "q_width": 0.2, "q_gap": 3, "q_share": 0.9}
    found, now = arrays(engine, **s), numbers(engine, **s)
    log_p, log_q = log_mixture(X, -2, 0.7, 5, 0.3), log_mixture(X, 3, 0.2, 3, 0.9)
    assert np.allclose(found["log_p"], log_p, rtol=1e-12) and np.allclose(found["log_q"], log_q, rtol=1e-12)
    p, q = np.exp(log_p), np.exp(log_q)
    assert now["js"] == pytest.approx(theory.js(p, q, DX), abs=1e-12)
    assert now["tv"] == pytest.approx(theory.tv(p, q, DX), abs=1e-12)
    assert now["w1"] == pytest.approx(np.abs(np.cumsum(p - q)).sum() * DX**2, abs=1e-10)
    assert now["kl_pq"] == pytest.approx((p * (log_p - log_q)).sum() * DX, rel=1e-12) and now["kl_pq"] > 100
    logit = theory.optimal_logit(log_p, log_q)
    there, h = (q > 1e-6) & (np.abs(X) < 8), 1e-5
    apart = lambda x: log_mixture(x, -2, 0.7, 5, 0.3) - log_mixture(x, 3, 0.2, 3, 0.9)  # noqa: E731
    slope = (apart(X + h) - apart(X - h)) / (2 * h)
    for name, loss_slope in (("minimax", theory.minimax_slope), ("nonsaturating", theory.nonsaturating_slope)):
        assert np.allclose(found[name][there], (loss_slope(logit) * slope)[there], rtol=1e-5, atol=1e-7)
    # and both are the slopes of log(1 − D*) and −log D* themselves
    for name, sign in (("minimax", -1), ("nonsaturating", 1)):
        loss = lambda x: sign * np.logaddexp(0, -sign * apart(x))  # noqa: E731
        differences = (loss(X + h) - loss(X - h)) / (2 * h)
        assert np.allclose(found[name][there], differences[there], rtol=1e-5, atol=1e-6)


def test_uniforms_are_exact(engine):
    for shift in (0, 0.25, 0.6, 1, 2, -0.37, -3):
        now = numbers(engine, p="uniform", p_place=0.5, q="uniform", q_place=0.5 + shift)
        truth = theory.uniforms(shift)
        assert [now["js"], now["tv"], now["w1"]] == pytest.approx([truth["js"], truth["tv"], truth["w1"]], abs=1e-12)
        assert now["kl_pq"] == now["kl_qp"] == truth["kl"] and now["minimax"] == 0
        assert now["nonsaturating"] == 0 if shift == 0 else np.isnan(now["nonsaturating"])
    s = {"p": "uniform", "p_place": 0.5, "q": "uniform", "q_place": 1, "q_width": 2}  # lecture 06, question 1
    now, found = numbers(engine, **s), arrays(engine, **s)
    assert [now["js"], now["kl_pq"], now["kl_qp"]] == pytest.approx([0.75 * np.log(4 / 3), LOG2, np.inf])
    covered, neither = (X > 0) & (X < 2), (X < 0) | (X > 2)
    assert np.isnan(found["D"][neither]).all() and np.isnan(found["l"][neither]).all()  # a gap, where the library has ½
    assert np.allclose(found["D"][covered], theory.optimal_discriminator(found["p"], found["q"])[covered])
    assert np.allclose(found["D"][(X > 0) & (X < 1)], 2 / 3) and (found["D"][(X > 1) & (X < 2)] == 0).all()


def test_what_is_infinite_and_why(engine):
    now = numbers(engine, q="uniform", q_place=0, q_width=3)
    assert now["kl_pq"] == np.inf and np.isfinite(now["kl_qp"]) and now["js"] < LOG2
    narrow = numbers(engine, p="uniform", p_place=4, p_width=3, q="gaussian", q_place=-5, q_width=0.2)
    assert narrow["kl_qp"] == np.inf and narrow["kl_pq"] == pytest.approx((9**2 + 3**2 / 12) / 0.08, rel=0.01)
    reasons = "s => why(...['p', 'q'].map(name => densityOf(aboutOf({...DEFAULTS, ...s}, name))))"
    assert engine.evaluate(reasons, {"q": "uniform", "q_place": 2}) == [
        "KL(p‖q) is ∞, because p has mass where q has none (at x = 0.0, for instance), and there log(p/q) is ∞."]
    short, long = ({"kind": "uniform", "place": width / 2, "width": width} for width in (1, 2))
    assert engine.evaluate("([p, q]) => uncovered(densityOf(p), densityOf(q))", [long, short]) == pytest.approx(1.5)
    assert engine.evaluate("([p, q]) => uncovered(densityOf(p), densityOf(q))", [short, long]) is None

def test_a_drawn_density(engine):
    letters = engine.evaluate("LETTERS")
    heights = np.zeros(81, int)
    heights[20:31] = [0, 5, 20, 63, 40, 10, 3, 1, 0, 7, 0]
    shape = "d" + "".join(letters[h] for h in heights)
    s = {"p": "drawn", "p_shape": shape, "p_place": 1}
    found, now = arrays(engine, **s), numbers(engine, **s)
    p = np.interp(X - 1, np.linspace(-8, 8, 81), heights)
    p /= p.sum() * DX
    assert np.allclose(found["p"], p, atol=1e-9) and np.array_equal(np.isfinite(found["log_p"]), p > 0)
    assert now["js"] == pytest.approx(theory.js(p, norm.pdf(X, 3), DX), abs=1e-9)
    assert now["kl_qp"] == np.inf and np.isfinite(now["kl_pq"])
    inside = (X > -2.78) & (X < -2.62)  # between the heights 5 and 20: the slope is p′/p − q′/q, where q = N(3, 1)
    logit, slope = found["l"][inside], np.gradient(p, DX)[inside] / p[inside] + X[inside] - 3
    assert np.allclose(found["minimax"][inside], -expit(logit) * slope, rtol=1e-6)
    assert np.allclose(found["nonsaturating"][inside], -expit(-logit) * slope, rtol=1e-6)
    assert now["distance"] == pytest.approx(3 - (p * X).sum() * DX)
    for bad in ("", "d000", "d" + "0" * 81, "<b>"):  # what is no density becomes the one that the engine begins with
        assert engine.evaluate("shape => heightsOf(shape).join() === heightsOf(THREE_HILLS).join()", bad)
    assert engine.evaluate("heightsOf(THREE_HILLS)[25]") == 63
    assert engine.evaluate("shapeOf(x => x === 0 ? 2 : 1)") == "d" + "W" * 40 + letters[63] + "W" * 40


def test_samples_split_the_mass_evenly(engine):
    xs = engine.evaluate("samplesOf(densityOf(aboutOf({...DEFAULTS, q_place: 2, q_width: 0.5}, 'q')), 16)")
    assert np.allclose(xs, norm.ppf((np.arange(16) + 0.5) / 16, 2, 0.5), atol=DX**2)


# --- presets --------------------------------------------------------------------------------------------------------

def preset(page, name: str, **changes) -> tuple[dict, dict, dict]:
    s = page.evaluate("name => ({...DEFAULTS, ...PRESETS[name].settings})", name) | changes
    return s, numbers(page, **s), arrays(page, **s)


def test_each_preset_shows_what_it_claims(engine):
    known = {"equal", "line", "stalls", "far", "flat", "stairs", "cover", "mode"}
    assert set(engine.evaluate("Object.keys(PRESETS)")) == known
    _, now, found = preset(engine, "equal")
    assert all(abs(now[name]) < 1e-12 for name in set(NUMBERS) - {"jsMissing"}) and (found["D"] == 0.5).all()
    _, now, found = preset(engine, "line")
    assert np.allclose(found["l"], 0.5 - X) and now["js"] == pytest.approx(0.111421, abs=1e-6)
    assert np.allclose(np.diff(preset(engine, "line", q_width=1.5)[2]["l"], 3), 0, atol=1e-9)  # a parabola
    nearer, here, farther = (preset(engine, "stalls", q_place=x)[1] for x in (1.6, 1.64, 1.68))
    assert here["minimax"] > max(nearer["minimax"], farther["minimax"])
    assert farther["nonsaturating"] > here["nonsaturating"] > nearer["nonsaturating"]
    _, now, found = preset(engine, "far")
    assert now["minimax"] < 0.003 and now["nonsaturating"] == pytest.approx(7, abs=0.003)
    assert now["minimax"] + now["nonsaturating"] == pytest.approx(7)  # the slope of the logit
    assert (found["q"] * (found["D"] > 0.01)).sum() * DX < 0.003
    for x in (2.5, 3.5):
        now = preset(engine, "flat", q_place=x)[1]
        assert [now["js"], now["w1"]] == pytest.approx([LOG2, x - 0.5], abs=1e-12)
        assert now["kl_pq"] == now["kl_qp"] == np.inf
    assert preset(engine, "flat", q_place=0.5)[1]["kl_pq"] == 0
    _, now, found = preset(engine, "stairs")
    assert now["js"] == pytest.approx(0.75 * np.log(4 / 3)) and {*np.unique(found["minimax"][found["q"] > 0])} == {0}
    s, now, _ = preset(engine, "cover")
    for name, by in (("q_place", 0.1), ("q_width", 0.05)):
        assert min(numbers(engine, **s | {name: s[name] + d})["kl_pq"] for d in (-by, by)) > now["kl_pq"]
    s, now, _ = preset(engine, "mode")
    for name, by in (("q_place", 0.05), ("q_width", 0.05)):
        assert min(numbers(engine, **s | {name: s[name] + d})["kl_qp"] for d in (-by, by)) > now["kl_qp"]
    assert preset(engine, "cover")[1]["kl_qp"] > now["kl_qp"]
    assert [now["kl_qp"], now["mixture"]] == pytest.approx([LOG2, 0.2616], abs=1e-3) and now["kl_pq"] > 10


def test_a_preset_is_chosen_and_left(opened):
    page = opened("divergences")
    page.select_option("#preset", "flat")
    page.wait_for_function("byId('js').textContent === '0.693' && byId('kl_pq').textContent === '∞'")
    assert "JS is log 2 whether q is near or far" in page.inner_text("#claim")
    page.wait_for_function("byId('why').textContent.includes('KL(q‖p) is ∞')")
    page.locator("[data-set=q_width]").fill("2")
    page.wait_for_function("byId('preset').value === ''")
    page.click("#reset")
    page.wait_for_function("byId('js').textContent === '0.527'")
    assert page.evaluate("address()") == ""


# --- the same in Python ---------------------------------------------------------------------------------------------

DRAWN = {"p": "drawn", "p_place": -1, "q": "uniform", "q_place": 0.3, "q_width": 2}


@pytest.mark.parametrize("s", [
    {}, gaussians(-5, 0.2, 5, 0.3), {**TWO, "q_place": -1}, {"p": "uniform", "q": "uniform", "q_place": 0.35},
    {"p": "mixture", "q": "drawn"}, DRAWN, {"p": "uniform", "q_place": 0, "q_width": 0.2}])
def test_the_python_snippet_gives_the_page_s_numbers(engine, s):
    code, now = engine.evaluate("s => python({...DEFAULTS, ...s})", s), numbers(engine, **s)
    said, space = io.StringIO(), {}
    with contextlib.redirect_stdout(said):
        exec(code, space)
    printed = dict(line.split(" = ") for line in said.getvalue().splitlines())
    pairs = {"KL(p‖q)": "kl_pq", "KL(q‖p)": "kl_qp", "JS": "js", "TV": "tv", "W1": "w1",
             "KL(p‖q) without cells": "kl_pq", "JS without cells": "js", "W1 without cells": "w1"}
    for title, name in pairs.items():
        if title in printed:
            assert float(printed[title]) == pytest.approx(now[name], rel=2e-5, abs=1e-6), title
    smooth = {s.get("p", "gaussian"), s.get("q", "gaussian")} <= {"gaussian", "mixture"}
    closed = {s.get("p", "gaussian"), s.get("q", "gaussian")} == {"gaussian"}
    assert len(printed) == 5 + 2 * smooth + 3 * closed
    if smooth:  # np.gradient takes differences of the logit's slope over 2 dx
        assert float(printed["minimax gradient"]) == pytest.approx(now["minimax"], rel=1e-3, abs=1e-9)
        assert float(printed["non-saturating gradient"]) == pytest.approx(now["nonsaturating"], rel=1e-3)
    assert max(map(len, code.splitlines())) <= 120 and set(space["D"].shape) == {len(X)}


def test_the_snippet_follows_the_settings(opened):
    page = opened("divergences", "#q_place=2")
    page.click("summary")
    page.wait_for_function("byId('python').textContent.includes('log_q = log_normal(2, 1)')")
    page.locator("[data-set=q_place]").fill("-1.5")
    page.wait_for_function("byId('python').textContent.includes('log_q = log_normal(-1.5, 1)')")


# --- words ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("s, parts", [
    ({"q_place": 0}, ["Both means are equal", "JS is 0.000", "Neither loss moves the mean of q"]),
    ({"q_place": -2}, ["2.00 to the left", "W1 is 2.00", "−0.450"]),
    ({"p_place": -4, "q_place": 4}, ["8.00 to the right", "short of log 2 by only 9.4·10⁻⁵", "about 20"]),
    ({"p": "uniform", "q": "uniform"}, ["JS is log 2, the most it can be", "non-saturating loss is infinite there"]),
])
def test_what_is_seen_is_said(engine, s, parts):
    said = engine.evaluate("s => words(at({...DEFAULTS, ...s}))", s)
    assert all(part in said for part in parts), said


def test_it_is_said_to_all_and_no_more_than_twice_a_second(opened):
    page = opened("divergences")
    assert "3.00 to the right" in page.inner_text("#said")
    assert page.get_attribute("#said", "role") == "status" and page.get_attribute("#said", "aria-live") == "polite"
    page.evaluate("""() => {
        globalThis.changes = 0;
        new MutationObserver(() => changes++).observe(byId("said"), {childList: true});
    }""")
    page.click("#sweep")
    page.wait_for_timeout(1600)
    assert 2 <= page.evaluate("changes") <= 5


# --- using it -------------------------------------------------------------------------------------------------------

def spot(page, name: str, part: str) -> tuple[float, float]:
    """Where a handle is on the screen."""
    page.wait_for_function("handles.p && handles.q")
    return tuple(page.evaluate("""([name, part]) => {
        const box = canvas.getBoundingClientRect(), [x, y] = handles[name][part], c = charts.densities;
        return [box.left + c.px(x), box.top + c.py(y)];
    }""", [name, part]))


def drag(page, start, by) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    for k in range(1, 6):
        page.mouse.move(start[0] + by[0] * k / 5, start[1] + by[1] * k / 5)
    page.mouse.up()
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def unit(page) -> float:
    """How many pixels wide 1 is."""
    return page.evaluate("charts.densities.width / 16")


def test_dragging_with_the_mouse(opened):
    page = opened("divergences")
    drag(page, spot(page, "q", "place"), (-2 * unit(page), 0))
    assert page.evaluate("state.q_place") == pytest.approx(1, abs=0.02) and page.evaluate("state.p_place") == 0
    assert float(page.inner_text("#w1")) == pytest.approx(page.evaluate("state.q_place"), abs=1e-3)
    drag(page, spot(page, "p", "width"), (unit(page), 0))
    assert page.evaluate("state.p_width") == pytest.approx(2, abs=0.02)
    x, y = spot(page, "p", "place")
    drag(page, (x, y - 60), (-unit(page), 5))  # the hill itself
    assert page.evaluate("state.p_place") == pytest.approx(-1, abs=0.02)
    drag(page, spot(page, "q", "place"), (5000, 0))
    assert page.evaluate("state.q_place") == 5
    before = page.evaluate("address()")
    drag(page, (x, y - 175), (40, 0))  # above everything
    assert page.evaluate("address()") == before


def test_the_handle_of_a_uniform_and_of_a_mixture_is_at_its_edge(opened):
    page = opened("divergences", "#p=uniform&p_place=-4&p_width=2&q=mixture&q_gap=2")
    drag(page, spot(page, "p", "width"), (0.5 * unit(page), 0))
    assert page.evaluate("state.p_width") == pytest.approx(3, abs=0.04)
    drag(page, spot(page, "q", "width"), (-0.5 * unit(page), 0))
    assert page.evaluate("[state.q_width, state.q_gap, state.q_place]") == pytest.approx([0.5, 2, 3], abs=0.02)


def test_dragging_with_a_finger(opened):
    page = opened("divergences", width=390, has_touch=True, is_mobile=True)
    x, y = spot(page, "q", "place")
    client = page.context.new_cdp_session(page)
    for k in range(9):
        at = {"type": "touchMove" if k else "touchStart", "touchPoints": [{"x": x - k * 8, "y": y}]}
        client.send("Input.dispatchTouchEvent", at)
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert page.evaluate("state.q_place") == pytest.approx(3 - 64 / unit(page), abs=0.8)  # a touch starts a little late


def test_the_keyboard_moves_and_draws(opened):
    page = opened("divergences")
    page.focus("[data-set=q_place]")
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    assert page.evaluate("state.q_place") == pytest.approx(2.8)
    page.select_option("[data-set=q]", "drawn")
    assert page.evaluate("[state.q_place, state.q_shape.length]") == [0, 82]
    assert page.evaluate("densityNow('q').mean") == pytest.approx(2.8, abs=0.05)  # it begins as what was there
    page.focus("#knot_q")
    page.keyboard.press("ArrowRight")
    page.focus("#height_q")
    page.keyboard.press("End")
    assert page.evaluate("heightsOf(state.q_shape)[41]") == 63
    assert page.locator("[data-set=q_width]").is_hidden() and page.locator("[data-set=p_gap]").is_hidden()


def test_drawing_with_the_mouse(opened):
    page = opened("divergences", "#p=drawn")
    page.click("[data-pen=p]")
    x, y = spot(page, "q", "place")
    zero = x - 3 * unit(page)
    before = page.evaluate("heightsOf(state.p_shape)")
    drag(page, (zero + 4 * unit(page), y - 100), (2 * unit(page), 0))
    after = page.evaluate("heightsOf(state.p_shape)")
    assert len(set(after[60:71])) == 1 and after[60] > 20 and after[:59] == before[:59]
    assert page.evaluate("state.q_place") == 3
    assert page.evaluate("canvas.style.touchAction") == "none"
    page.click("[data-pen=p]")
    drag(page, spot(page, "p", "place"), (unit(page), 0))
    assert page.evaluate("state.p_place") == pytest.approx(1, abs=0.02)
    assert page.evaluate("heightsOf(state.p_shape)") == after


def test_a_sweep_records_what_it_passes(opened):
    page = opened("divergences", "#p=uniform&q=uniform&q_place=1.5", reduced_motion="reduce")
    page.wait_for_timeout(300)
    assert page.evaluate("[state.q_place, record.size]") == [1.5, 1]  # nothing moves before one asks for it
    page.click("#sweep")
    page.wait_for_function("state.q_place > 3.5")
    assert page.inner_text("#sweep") == "Pause"
    page.click("#sweep")
    page.wait_for_function("pending.size === 0")
    rows = page.evaluate("[...record].map(([d, {js, w1, tv, distance}]) => [d / 10, js, w1, tv, distance])")
    assert len(rows) > 20
    for shift, *found in rows:
        truth = theory.uniforms(shift)
        assert found == pytest.approx([truth["js"], truth["w1"], truth["tv"], shift], abs=1e-9)
    place = page.evaluate("state.q_place")
    page.wait_for_timeout(200)
    assert page.evaluate("state.q_place") == place
    page.locator("[data-set=q_width]").fill("2")
    page.wait_for_function("record.size === 1")  # other shapes, another record


def test_the_sweep_turns_round_and_a_drag_stops_it(opened):
    page = opened("divergences", "#q_place=4.9")
    page.click("#sweep")
    page.wait_for_function("state.q_place < 4.5")
    drag(page, spot(page, "q", "place"), (-30, 0))
    assert page.inner_text("#sweep") == "Sweep q"


def test_all_distances_at_once(opened):
    page = opened("divergences", "#whole=true&p_width=0.5")
    page.wait_for_function("record.size >= 121 && pending.size === 0")
    rows = page.evaluate("[...record].map(([d, {js, minimax}]) => [d / 10, js, minimax])")
    for d, js, minimax in rows[::15]:
        assert js == pytest.approx(theory.js_gaussians(0, 0.25, d, 1), abs=1e-9)


def test_an_address_keeps_everything(opened):
    page = opened("divergences", "#p=drawn&q=mixture&q_share=0.25&q_gap=3.3&step=0.1&logit=true&theme=dark")
    assert page.evaluate("document.documentElement.classList.contains('dark')")
    page.evaluate("startDrawing('p')")
    again = opened("divergences", "#" + page.evaluate("address()"))
    assert again.evaluate("state") == page.evaluate("state") and again.evaluate("state.q_share") == 0.25


def test_arrows_and_curves_point_where_g_would_step(opened):
    page = opened("divergences", "#q_place=2&step=0.5")
    page.wait_for_function("handles.q")
    arrows, curves = page.evaluate("""() => {
        const arrows = [], curves = [], {arrow, line} = Chart.prototype;
        Chart.prototype.arrow = (x, y, dx) => arrows.push([x, y, dx]);
        Chart.prototype.line = (xs, ys, paint) => curves.push([ys[0], ys[ys.length - 1], paint === color("red")]);
        drawSamples(); arrows.push(null); drawPush();
        Object.assign(Chart.prototype, {arrow, line});
        return [arrows.filter(Boolean), curves];
    }""")
    places, rows, moves = np.array(arrows).T
    logit = theory.gaussian_logit(places, 0, 1, 2, 1)
    samples = rows % 1 > 0.2  # the arrows of the mean lie under those of the samples
    for upper, slope in ((True, theory.minimax_slope), (False, theory.nonsaturating_slope)):
        row = (rows > 1) == upper
        wanted = -0.5 * slope(logit) * -2
        assert np.allclose(moves[row & samples], wanted[row & samples], atol=0.02)  # the logit is that of the cell
        assert moves[row & ~samples] == pytest.approx([-0.5 * theory.generator_gradient(2, slope)], rel=1e-6)
    assert (moves < 0).all() and samples.sum() > 20
    assert page.inner_text("#minimax_moves") == page.inner_text("#nonsaturating_moves") == "q moves left"
    assert len(curves) == 2
    for left, right, minimax in curves:  # near the data minimax pushes hard, far away the other loss does
        assert [left, right] == pytest.approx([-2, 0] if minimax else [0, -2], abs=1e-3)


@pytest.mark.parametrize("width", [1280, 900, 390])
def test_it_fits_and_can_be_read(opened, width):
    page = opened("divergences", "#p=mixture&q=drawn", width=width)
    page.click("summary")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    sizes = page.evaluate("""[...document.body.querySelectorAll("*")].filter(e => e.innerText)
        .map(e => parseFloat(getComputedStyle(e).fontSize))""")
    drawn = map(float, re.findall(r'([\d.]+)px system-ui', explore.file("divergences").read_text("utf-8")))
    assert min(*sizes, *drawn) >= 13
    sizes = page.evaluate("[...document.querySelectorAll('canvas')].map(c => [c.clientWidth, c.clientHeight])")
    assert all(wide > 250 and high > 100 for wide, high in sizes)


def luminance(paint: str) -> float:
    c = np.array([int(paint[i:i + 2], 16) for i in (1, 3, 5)]) / 255
    return float(np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(opened, theme):
    page = opened("divergences", f"#theme={theme}")
    assert not re.search(r'\.text\([^;]*color\("(orange|blue|line)"\)', explore.file("divergences").read_text("utf-8"))
    for paint in ("ink", "soft", "red", "green", "purple"):
        a, b = sorted(luminance(page.evaluate("name => color(name)", name)) for name in (paint, "paper"))
        assert (b + 0.05) / (a + 0.05) >= 4.5, paint


def test_every_control_has_a_name(opened):
    page = opened("divergences", "#p=mixture&q=drawn")
    unnamed = page.evaluate("""() => {
        const name = e => e.getAttribute("aria-label") || e.labels?.[0]?.innerText.trim() || e.innerText?.trim();
        return [...document.querySelectorAll("input, select, button, canvas")]
            .filter(e => !e.closest("[hidden]") && !name(e)).map(e => e.outerHTML);
    }""")
    assert unnamed == []


def test_the_blocks_that_all_explorables_share_are_whole():
    page = explore.file("divergences").read_text("utf-8")
    assert page.count("/* common: the same in all explorables */") == page.count("/* end of common */") == 1
    assert page.count("// --- common: the same in all explorables") == page.count("// --- end of common") == 1
    engine = page.split('<script id="engine">')[1].split("</script>")[0]
    assert not re.search(r"document|window|getElementById|byId|canvas", engine)


def test_the_picture_for_places_without_html():
    path = explore.HERE / "divergences.png"
    with Image.open(path) as picture:
        assert picture.size[0] == 900 and path.stat().st_size < 150_000
