"""The GAN in the browser: its presets show what they promise, whatever the seed; its slow motion is the same training."""
from __future__ import annotations

import numpy as np
import pytest

from gan_scratch import explore
from tests.explore.common import PARTS
from tests.explore.test_parity import trained

TRAIN = """([change, steps, seed]) => {
  const training = new Training({...DEFAULTS, ...change, seed}, []);
  for (let t = 0; t < steps; t++) training.step();
  const fakes = training.fakes(), pull = training.pull(fakes), {js, modes} = training.measure();
  const lengths = Array.from({length: TEST}, (_, i) => Math.hypot(pull[2 * i], pull[2 * i + 1]));
  return {js, modes, floor: training.floor, pull: mean(lengths), trail: training.trail};
}"""
COLLAPSE, ORBIT, VANISH = "the modes are lost", "it goes round", "the gradient vanishes"


@pytest.fixture
def train(opened):
    page = opened("gan", "#paused")
    presets = page.evaluate("PRESETS")

    def train(preset: str, steps: int, seed: int, **changes) -> dict:
        (found,) = [settings for name, settings in presets.items() if name.startswith(preset)]
        return page.evaluate(TRAIN, [found | changes, steps, seed])

    return train


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_with_r1_all_modes_are_reached(train, seed):
    found = train("it works", 1000, seed)
    assert found["modes"] == 8 and found["js"] < 0.3


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_fast_generator_with_momentum_loses_the_modes(train, seed):
    found = train(COLLAPSE, 1000, seed)
    assert found["modes"] <= 2 and found["js"] > 0.55


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_wasserstein_game_by_plain_steps_never_arrives_and_r1_mends_it(train, seed):
    def away(**changes):
        path = np.array(train(ORBIT, 2000, seed, **changes)["trail"][-500:])
        return np.linalg.norm(path - [1.8, 1.4], axis=1).mean()

    assert away() > 0.25 > away(penalty="r1", strength=1)


def test_it_turns(train):
    path = np.array(train(ORBIT, 2000, 1)["trail"]) - [1.8, 1.4]
    angle = np.unwrap(np.arctan2(path[:, 1], path[:, 0]))
    assert abs(angle[-1] - angle[0]) > 2 * np.pi


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_under_minimax_the_pull_is_lost_when_d_is_ahead_and_not_under_the_other_loss(train, seed):
    minimax, other = train(VANISH, 60, seed), train(VANISH, 60, seed, loss="nonsaturating")
    assert minimax["pull"] < 0.05 and other["pull"] > 10


def test_slow_motion_is_the_same_training(opened):
    page = opened("gan", "#paused&width=6&k=2&penalty=wgan_gp&batch=8")
    weights = "() => [...training.game.D.params, ...training.game.G.params].flatMap(p => [...p.value])"
    page.click("#slow")
    phases = [page.evaluate("seen.phase")]
    while page.evaluate("training.t") == 0:
        page.click("#next")
        phases.append(page.evaluate("seen.phase"))
        assert page.inner_text("#phase") and page.inner_text("#numbers") and "NaN" not in page.inner_text("#numbers")
    assert phases == [*["fakes", "judge", "loss_D", "backward_D", "update_D"] * 2, "fakes_G", "judge_G", "loss_G", "through_D", "backward_G", "update_G"]
    slow = page.evaluate(weights)
    page.click("#again")
    page.click("#one")
    assert page.evaluate(weights) == slow


@pytest.mark.parametrize("settings", ["", "#data=grid&loss=wasserstein&penalty=wgan_gp&k=3", "#data=line&minibatch=true&spectral=true&optimizer=sgd",
                                      "#data=spiral&loss=hinge&penalty=clip&optimizer=rmsprop&depth=3", "#data=blob&loss=minimax&optimizer=momentum",
                                      "#loss=leastsquares&penalty=r1&width=5"])
def test_the_python_beside_it_runs(opened, settings, capsys):
    code = opened("gan", settings).evaluate("python(state)")
    short = code.replace("range(2000)", "range(3)")
    assert short != code
    assert all(len(line) <= 120 for line in code.splitlines())
    exec(compile(short, "snippet", "exec"), {})
    assert "d_loss" in capsys.readouterr().out


def test_settings_stand_in_the_address(opened):
    page = opened("gan", "#width=9&penalty=clip&nonsense=1&depth=77&loss=unheard_of&paused")
    assert page.evaluate("[state.width, state.penalty, state.depth, state.loss]") == [9, "clip", 4, "nonsaturating"]
    again = page.evaluate("address()")
    assert set(again.split("&")) == {"width=9", "penalty=clip", "depth=4"}


@pytest.mark.parametrize("width", [1280, 900, 390])
def test_it_fits_the_width_and_runs(opened, width):
    page = opened("gan", "#play&width=8", width=width)
    page.wait_for_function("training.t > 20")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.wait_for_function("document.getElementById('status').textContent.includes('steps the Jensen')")
    page.click("#play")
    stopped = page.evaluate("training.t")
    page.wait_for_timeout(100)
    assert page.evaluate("training.t") == stopped


def test_numbers_that_grow_without_end_are_told(opened):
    page = opened("gan", "#play&loss=wasserstein&penalty=none&optimizer=momentum&lrD=1&lrG=1&width=8")
    page.wait_for_function("document.getElementById('status').textContent.includes('infinite')")


def test_points_drawn_by_hand_are_learned_from(opened):
    page = opened("gan", "#paused&data=drawn")
    box = page.locator("#stage").bounding_box()
    page.mouse.move(box["x"] + 300, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 340, box["y"] + 140, steps=8)
    page.mouse.up()
    drawn = np.array(page.evaluate("drawn"))
    reals = np.array(list(page.evaluate("Array.from(training.draw.real(500))"))).reshape(-1, 2)
    assert len(drawn) >= 8
    assert np.abs(reals.mean(0) - drawn.mean(0)).max() < 0.15


PLANTED = [  # what is changed in the page's engine -> settings that it must spoil
    ("l => sigmoid(l) - 1), slopes(fake, sigmoid)]", "l => sigmoid(l) - 1), slopes(fake, l => -sigmoid(l))]", ("minimax", "none", "adam")),
    ("slopes(real, l => l < 1 ? -1 : 0)", "slopes(real, l => l < 1 ? 1 : 0)", ("hinge", "none", "adam")),
    ("e * x + (1 - e) * fake[i]", "(1 - e) * x + e * fake[i]", ("wasserstein", "wgan_gp", "adam")),
    ("(2 * weight / n) * (norm - center)", "(2 * weight / n) * (norm + center)", ("wasserstein", "wgan_gp", "adam")),
    ("D.backward2(v, tape);", "", ("nonsaturating", "r1", "adam")),
    ("o.decay * v[i] + (1 - o.decay) * g[i] * g[i]", "o.decay * v[i] + g[i] * g[i]", ("nonsaturating", "none", "rmsprop")),
    ("Math.sqrt(1 - o.beta2 ** o.t)", "(1 - o.beta2 ** o.t)", ("nonsaturating", "none", "adam")),
    ("const dx = D.backward(dl, tape_D, false);", "const dx = D.backward(dl, tape_D);", ("nonsaturating", "none", "adam")),
    ("Math.min(Math.max(p.value[i], -c), c)", "Math.max(p.value[i], -c)", ("wasserstein", "clip", "adam")),
    ("dM[i * BC + at] -= K", "dM[i * BC + at] += K", ("nonsaturating", "none", "adam", 1, True)),
    ("- inner * left[i] * right[j]) / sigma", ") / sigma", ("hinge", "none", "adam", 1, False, True)),
]


@pytest.mark.parametrize("right, wrong, settings", PLANTED)
def test_a_planted_error_is_noticed(browser, tmp_path, right, wrong, settings):
    text = explore.file("gan").read_text(encoding="utf-8")
    assert text.count(right) == 1
    (tmp_path / "gan.html").write_text(text.replace(right, wrong), encoding="utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "gan.html").as_uri() + "#paused")
    about, ours = trained(*settings)
    theirs = page.evaluate("replay", about)
    page.close()
    apart = max(np.abs(np.array(a, float) - b).max() for a, b in zip([*theirs["G"], *theirs["D"]], [*ours["G"], *ours["D"]]))
    assert not apart < 1e-6


def test_the_common_parts_are_the_same():
    blocks = [PARTS.findall(explore.file(name).read_text(encoding="utf-8")) for name in explore.TITLES]
    assert all(block == blocks[0] and len(block) == 2 for block in blocks), "python -m tests.explore.common NAME copies them"


@pytest.mark.parametrize("wide", [390, 800, 1280])
def test_the_name_of_each_choice_stands_on_one_line(opened, wide):
    page = opened("gan", "#paused")
    page.set_viewport_size({"width": wide, "height": 800})
    names = page.locator(".controls label:has(> select)")
    heights = names.evaluate_all("all => all.map(e => [e.innerText, e.offsetHeight])")
    assert len(heights) == 4 and not [name for name, height in heights if height > 45]
    assert len(set(page.eval_on_selector_all(".controls fieldset", "all => all.map(e => e.offsetWidth)"))) == 1


def test_a_map_and_a_net_are_coarser_while_it_plays(opened):
    page = opened("gan", "#paused&manifold=true")
    page.evaluate("""() => {
      globalThis.asked = [];
      const real = training.real.bind(training);
      training.real = (x, company) => { asked.push(x.length / 2); return real(x, company); };
    }""")
    page.evaluate("draw(), playing = true, draw(), playing = false")
    assert page.evaluate("asked") == [36**2, 24**2]
