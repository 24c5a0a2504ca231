"""A run: a variant trained on data into a directory, with its pictures and its numbers. What the command line calls."""
from __future__ import annotations

import difflib
import hashlib
import json
import platform
import warnings
from pathlib import Path

import numpy as np

import gan_scratch
from gan_scratch import backend, checkpoint, plot
from gan_scratch.data import NAMES, Batches, Dataset, Mixture, load
from gan_scratch.data.images import MOST_COLUMNS, by_class, some
from gan_scratch.data.batches import Unpaired
from gan_scratch.data.load import canonical
from gan_scratch.files import replacing
from gan_scratch.gans import VARIANTS
from gan_scratch.gans.recipe import labels
from gan_scratch.gans.settings import build
from gan_scratch.metrics import Judge, judge, mode_counts, mode_coverage, overview
from gan_scratch.proofs import PROOFS
from gan_scratch.proofs.proof import Proof, table
from gan_scratch.training import Trainer, pairwise_distance
from gan_scratch.watching import History, Pictures, TensorBoard


def new(variant: str, data=None, *, full=False, size=None, pairs: bool = False, background: str = "white", steps=None,
        batch=None, seed: int = 0, device: str = "cpu", settings: dict | None = None,
        out: Path | None = None) -> Trainer:
    """A trainer for a variant by its recipe; every argument that is None is the recipe's.

    Args:
        data, full, size, pairs, background: see `load`. settings: what differs from the recipe, see gans/settings.py.

    Raises ValueError for an unknown variant, data that can't be read, or data that the variant can't make.
    """
    if variant not in VARIANTS:
        near = difflib.get_close_matches(variant, VARIANTS, 3, 0.5)
        raise ValueError(f"no variant called {variant!r}; " + (f"did you mean {' or '.join(near)}? " if near else "") + "gan-scratch list shows them all")
    backend.get(device)  # a missing GPU should be said before anything is read
    data = canonical(VARIANTS[variant].data if data is None else data)
    full = full if isinstance(full, bool) else canonical(full)
    source = load(data, full, size, pairs, background)
    recipe = VARIANTS[variant].suited_to(source.shape)
    config = {"variant": variant, "data": data, "full": full, "size": size, "pairs": pairs, "background": background,
              "steps": recipe.steps if steps is None else steps, "batch": recipe.batch if batch is None else batch,
              "seed": seed, "device": device, "shape": source.shape}
    samples, conditions = source, ()
    if isinstance(source, Dataset):
        conditions = recipe.conditions(source)
        samples = source.images
        config |= {"data_sha256": sha256(source, conditions), "classes": list(source.classes)}
    config["conditions"] = [a.shape[1:] for a in conditions]
    rng_networks, rng_batches, rng_noise = np.random.default_rng(seed).spawn(3)
    shapes = config["conditions"]
    gan, config["settings"] = build(recipe, source.shape, shapes, settings, rng=rng_networks, device=device)
    recipe.hand_inputs(gan, source)
    if config["steps"] <= (last := getattr(gan, "last_phase", 0)) > 0:
        warnings.warn(f"{variant} begins its last phase at step {last}, so {config['steps']} steps leave it unfinished; the recipe has {recipe.steps}", stacklevel=2)
    rows = (Unpaired if recipe.unpaired else lambda *arrays: arrays)(samples, *conditions) if conditions else samples
    return Trainer(gan, Batches(rows, config["batch"], rng_batches, device), config["steps"], rng=rng_noise, out=out,
                   config=config, decay=recipe.decay, frame_size=100 if isinstance(source, Dataset) else 1000)


def sha256(source: Dataset, conditions: tuple = ()) -> str:
    """Of all that a run sees of its data: the images, and what belongs to them."""
    digest = hashlib.sha256(source.images.tobytes())
    for array in conditions:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def data_of(config: dict) -> Dataset | Mixture:
    """The data of a run."""
    pairs, background = config.get("pairs", False), config.get("background", "white")
    return load(config["data"], config["full"], config["size"], pairs, background)


def moved(config: dict, data: str | Path | None) -> dict:
    """The configuration with its data at another place. Raises ValueError unless the same pictures are there."""
    if data is None:
        if not (config["data"] in NAMES or Path(config["data"]).exists()):
            raise ValueError(f"{config['data']}: the data of this run isn't there any more; if it was moved, give its "
                             "new place with --data")
        return config
    there = config | {"data": canonical(data)}
    source = data_of(there)
    recipe = VARIANTS[config["variant"]].suited_to(source.shape)
    if isinstance(source, Dataset) and sha256(source, recipe.conditions(source)) != config.get("data_sha256") or (
            there["data"] != config["data"] and not isinstance(source, Dataset)):
        raise ValueError(f"{data}: not the pictures of this run, which began with {config['data']} (their SHA-256 "
                         "differs)")
    return there


def resumed(out: Path, steps: int | None = None, device: str | None = None, data: str | Path | None = None) -> Trainer:
    """The trainer of an earlier run, where it stopped; steps may be raised. data: where its pictures are now.

    Raises as `checkpoint.load` does, and ValueError when nothing is left to do or the data changed.
    """
    _, meta = checkpoint.load(out / "checkpoint.npz")
    config = moved(meta["config"], data) | {"steps": steps or meta["steps"]}
    only_to_draw = meta["step"] == config["steps"] and not _is_drawn(out, meta["step"])
    if meta["step"] >= config["steps"] and not only_to_draw:
        raise ValueError(f"{out}: this run already has {meta['step']} of {config['steps']} steps; ask for more with --steps")
    keys = ("data", "full", "size", "pairs", "background", "steps", "batch", "seed", "settings")
    kept = {key: config[key] for key in keys if key in config}
    trainer = new(config["variant"], **kept, device=device or config["device"], out=out)
    if trainer.config.get("data_sha256") != config.get("data_sha256"):
        raise ValueError(f"{out}: the images of {config['data']} are not those that this run began with; it can't be resumed")
    trainer.resume()
    return trainer


def _is_drawn(out: Path, step: int) -> bool:
    """Whether the pictures and numbers in `out`, of which metrics.json is written last, are those of this step."""
    try:
        return json.loads((out / "metrics.json").read_text())["step"] == step
    except (OSError, ValueError, KeyError):
        return False


def reopened(path: Path, data: str | Path | None = None) -> tuple[object, dict]:
    """The trained GAN of a run (its directory or checkpoint file), on the CPU, and its configuration. data: where its
    pictures are now, if they were moved."""
    arrays, meta = checkpoint.load(path / "checkpoint.npz" if path.is_dir() else path)
    config = meta["config"]
    shape = tuple(config["shape"])
    if config["variant"] not in VARIANTS:
        raise ValueError(f"{path}: a run of the variant {config['variant']!r}, which this version doesn't have")
    if data is not None:
        config = moved(config, data)
    recipe = VARIANTS[config["variant"]].suited_to(shape)
    gan, _ = build(recipe, shape, [tuple(each) for each in config.get("conditions", [])], config.get("settings"), rng=0)
    if recipe.inputs:
        recipe.hand_inputs(gan, data_of(config))
    checkpoint.load_gan_state(gan, arrays, meta["network_rngs"])
    return gan, config | {"step": meta["step"]}


def proof_of(config: dict) -> Proof | None:
    """What shows that a variant's mechanism works; None where there is none for it or for its data."""
    proof = PROOFS.get(config["variant"])
    return proof if proof and proof.suits(config) else None


def baseline(config: dict, out: Path) -> Trainer | None:
    """The trainer of what a variant's proof compares it with, in `out`/baseline, where it stopped or new; None for a variant without such.

    It gets the data, batch and seed of the run itself, and its steps times the proof's `share`.
    """
    proof, path = proof_of(config), out / "baseline"
    if proof is None or proof.baseline is None:
        return None
    keys = ("data", "full", "size", "pairs", "background", "batch", "seed", "device")
    kept = {key: config[key] for key in keys if key in config}
    trainer = new(proof.baseline, **kept, steps=max(1, round(config["steps"] * proof.share)), out=path)
    if (path / "checkpoint.npz").exists():
        trainer.resume()
    return trainer


def differences(before: dict, now: dict) -> str:
    """What two configurations differ in, or "": "batch 32, now 64". The device may differ, and so may the place of data
    whose SHA-256 is known."""
    free = {"device"} | ({"data"} if before.get("data_sha256") else set())
    before, now = (json.loads(json.dumps(config)) for config in (before, now))
    unlike = sorted(key for key in (before.keys() | now.keys()) - free if before.get(key) != now.get(key))
    return ", ".join(f"{key} {before.get(key)!r}, now {now.get(key)!r}" for key in unlike)


def refuse_another(out: Path, config: dict) -> None:
    """Raises ValueError unless the run in `out` is one of this configuration."""
    if found := differences(checkpoint.load(out / "checkpoint.npz")[1]["config"], config):
        raise ValueError(f"{out} was begun with other options ({found}); choose another --out")


def complete(trainer: Trainer, out: Path, alone: bool = False, progress: bool = True,
             log: str | None = None) -> dict | None:
    """Train to the end, train what the variant is compared with unless `alone`, and write pictures and numbers.

    Args:
        log: "tensorboard" also writes an event file.

    Meanwhile history.csv, samples.png and curves.png show how it goes.

    Returns: the numbers; None when Ctrl-C was pressed, and everything is saved where it stands.
    """
    out.mkdir(parents=True, exist_ok=True)
    title = f"{trainer.config['variant']} on {Path(trainer.config['data']).stem}"
    trainer.watchers = [History(out), Pictures(out, title), *([TensorBoard(out, trainer.step)] if log else [])]
    trainer.run(progress)
    compared = None if alone or trainer.interrupted else baseline(trainer.config, out)
    if compared and compared.step < compared.steps:
        tell(progress, f"training is complete and saved; now {compared.config['variant']}, which it is compared with")
        compared.run(progress)
    stopped = next((each for each in (trainer, compared) if each and each.interrupted), None)
    if stopped:
        tell(progress, f"stopped after step {stopped.step} of {stopped.steps}; everything is in {stopped.path}.")
        return None
    tell(progress, "training is complete and saved; drawing and measuring (--resume repeats this part if it is "
                   "interrupted)")
    return write(trainer, out, compared and compared.gan)


def tell(progress: bool, text: str) -> None:
    if progress:
        print(text, flush=True)


def beside(path: Path):
    """The baseline that was trained beside the run in `path`, or None."""
    folder = (path if path.is_dir() else path.parent) / "baseline"
    return reopened(folder)[0] if (folder / "checkpoint.npz").exists() else None


def prove(gan, compared, config: dict, seed: int = 1) -> dict | None:
    """The numbers of a variant's proof (see proofs/), None where it has none: claim, rows, and columns, the variant's own first."""
    if (proof := proof_of(config)) is None:
        return None
    source = data_of(config)
    columns = {config["variant"]: proof.measure(gan, source, seed)}
    if compared is not None:
        columns[proof.baseline] = proof.measure(compared, source, seed)
    return {"claim": proof.claim, "rows": proof.rows, "columns": columns | proof.references(source, seed)}


def draw(gan, n: int, seed: int) -> np.ndarray:
    """n samples in host memory, drawn in parts of 500."""
    rng = np.random.default_rng(seed)
    return np.concatenate([backend.to_host(gan.sample(min(500, n - start), rng)) for start in range(0, n, 500)])


def evaluate(gan, config: dict, n: int | None = None, seed: int = 1) -> dict:
    """Numbers for a GAN on its data: what is known about data of this kind decides which.

    Returns: n, seed, spread (mean pairwise distance of 500 samples relative to real data's). For points "points" (see
    compare_points), for mixtures "coverage" (see mode_coverage) and mode_counts. For 20 images or more "images" (see
    compare_images), and "judge" (see Judge.report) where there is one.
    """
    source = data_of(config)
    points, judged = not isinstance(source, Dataset), config["data"] in judge.JUDGED
    n = n or (5000 if judged else 2500 if points else 500)
    if n < 100:
        raise ValueError(f"an evaluation needs at least 100 samples, got n = {n}")
    samples, (rng_spread, rng_points) = draw(gan, n, seed), np.random.default_rng(seed).spawn(2)
    if not points:
        samples = samples.clip(-1, 1)  # a G that doesn't end in tanh leads out; what is measured is what a file can hold
    real = pairwise_distance(source.sample(500, rng_spread) if points else some(source.images, 500))
    result = {"n": n, "seed": seed}
    if real > 0:  # a single picture has no spread
        result["spread"] = pairwise_distance(samples[:500]) / real
    if isinstance(source, Mixture):
        result["coverage"], result["mode_counts"] = mode_coverage(samples, source), mode_counts(samples, source).tolist()
    if points:
        result["points"] = overview.compare_points(samples, source, rng_points)
    elif len(source.images) >= overview.FEWEST:
        result["images"] = overview.compare_images(samples, source)
    if judged:
        result["judge"] = Judge(config["data"]).report(samples)
    return result


def report(result: dict) -> str:
    """The numbers of `evaluate` as a text for people."""
    lines = [f"{result['n']} samples, seed {result['seed']}"]
    if "spread" in result:
        lines[0] += f"; mean pairwise distance {result['spread']:.2f} of real data's"
    if j := result.get("judge"):
        lines += ["", "Fréchet distance on the features of a frozen classifier",
                  f"{'':44}{'to training part':>17}{'to test part':>14}",
                  f"{'generated, {} images'.format(j['n']):44}{j['fid']:17.1f}{j['fid_test']:14.1f}",
                  f"{'  half of them: fewer give more':44}{j['fid_half']:17.1f}"]
        if "fid_limit" in j:
            lines += [f"{'  extrapolated to infinitely many':44}{j['fid_limit']:17.1f}"]
        lines += [f"{'floor: halves of the training part, {} each'.format(j['n_train'] // 2):44}{j['floor_halves']:17.1f}",
                  f"{'floor: real test part, {}'.format(j['n_test']):44}{j['floor_test']:17.1f}",
                  f"{'pure noise':44}{j['noise']:17.1f}", "",
                  f"classes with at least 2 % of the samples: {j['classes']} of 10; KL of the shares from even ones "
                  f"{j['class_kl']:.3f} nats", ""]
        lines += side_by_side(f"On the judge's features, {j['scores_n']} images each", "real test part", *j["scores"].values(), {
            "kid": "kernel distance (KID) to the training part", "kid_error": "  its standard error over subsets",
            "inception_score": "Inception Score (= Mode Score), 1 to 10, higher better", "am_score": "AM score, nats, lower better",
            **{name: f"{name}, higher better" for name in BALLS}}) + [BALLS_NOTE]
    if i := result.get("images"):
        lines += ["", *side_by_side(f"In pixels of [−1, 1], {i['n']} images each", "real", i["generated"], i["real"], {
            "nearest": "median distance to the nearest training image",
            "pairs": f"pairs nearer than {i['duplicate']:.2f} (the nearest 20 of real ones)"})]
        support = i["generated"]["support"]
        lines += [f"birthday test: so many pairs are expected from {support:.0f} equally likely pictures"] if support else []
    if c := result.get("coverage"):
        lines += [f"modes reached {c['modes']}, with at least 20 % of their share {c['modes_20']}; high-quality samples "
                  f"{c['high_quality']:.1%}; reverse KL {c['reverse_kl']:.3f} nats"]
    if p := result.get("points"):
        lines += ["", *side_by_side("Against fresh real points", "real", p["generated"], p["real"], {
            "w1": f"Wasserstein distance W1, mean of 3 × {p['w1_n']} points", "js": f"Jensen-Shannon divergence, {p['bins']} bins an axis, nats",
            "js_bits": "  the same in bits", **{name: f"{name} ({p['balls_n']} points), higher better" for name in BALLS}}), BALLS_NOTE]
    if p := result.get("proof"):
        lines += ["", *table(p["claim"], p["rows"], p["columns"])]
    return "\n".join(lines)


BALLS = ("precision", "recall", "density", "coverage")
BALLS_NOTE = "(a smear has a recall near 1, and one outlying real sample makes blobs precise: look at density and coverage)"


def side_by_side(title: str, reference: str, generated: dict, real: dict, names: dict[str, str]) -> list[str]:
    """A table of two columns: the generator's values, and those of real data in its place."""
    def show(value: float | None) -> str:
        return "no pair" if value is None else f"{value:.0f}" if value >= 1e4 else f"{value:.4g}"

    return [f"{title:54}{'generated':>12}{reference:>16}",
            *(f"{text:54}{show(generated[key]):>12}{show(real[key]):>16}" for key, text in names.items())]


def write(trainer: Trainer, out: Path, compared=None) -> dict:
    """Evaluate a trained GAN, beside what its proof compares it with; write pictures and metrics.json into `out`; return the numbers."""
    config, gan = trainer.config, trainer.gan
    if config["device"] != "cpu":  # what is measured and drawn is host arrays
        gan, compared = reopened(out)[0], beside(out)
    result = evaluate(gan, config)
    if proof := prove(gan, compared, config):
        result["proof"] = proof
    source = data_of(config)
    images = isinstance(source, Dataset)
    n = 100 if images else 2000
    real = some(source.images, n) if images else source.sample(n, np.random.default_rng(0))
    if names := names_of(config):
        n, real = 10 * len(names), by_class(source)
    plot.samples(out / "samples.png", draw(gan, n, 0), real, _title(trainer, result), names)
    if proof:
        PROOFS[config["variant"]].picture(out / "mechanism.png", gan, compared, source, 1)
    plot.strip(out / "over_time.png", trainer.frames, real)
    plot.animation(out / "over_time.gif", trainer.frames, real)
    plot.losses(out / "curves.png", trainer.history)
    write_json(out / "metrics.json", {
        "config": config, "step": trainer.step, "training_seconds": round(trainer.seconds, 2), "evaluation": result,
        "warnings": list(trainer.warnings.values()), "history": trainer.history,
        "versions": {"gan_scratch": gan_scratch.__version__, "numpy": np.__version__, "python": platform.python_version()}})
    return result


def names_of(config: dict) -> tuple[str, ...]:
    """The names of the classes that a variant makes in turn; none where it makes what it likes, or too many to be
    drawn."""
    names, recipe = tuple(config.get("classes", ())), VARIANTS[config["variant"]]
    return names if recipe.conditions is labels and len(names) <= MOST_COLUMNS else ()


def write_json(path: Path, content: dict) -> None:
    """Write the file in one go."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n")


def _title(trainer: Trainer, result: dict) -> str:
    title = f"{trainer.config['variant']} on {Path(trainer.config['data']).stem}, {trainer.step} steps, seed {trainer.config['seed']}"
    if j := result.get("judge"):
        title += f": Fréchet distance {j['fid']:.1f} (real halves {j['floor_halves']:.1f}, noise {j['noise']:.0f})"
    if c := result.get("coverage"):
        title += f": {c['modes']} modes, {c['high_quality']:.0%} high-quality samples"
    return title

