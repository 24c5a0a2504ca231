"""The generator of exercise e03: what is written is the network, and the file is small."""
import numpy as np

from gan_scratch import figures
from gan_scratch.experiments.small_generator import Z_DIM, arrays, trained
from gan_scratch.layers import ConvTranspose2d


def draw(weights, z):
    """The arithmetic of e03, with the library's transposed convolution."""
    weights = {name: a.astype(np.float32) if a.ndim else int(a) for name, a in weights.items()}
    x = (z @ weights["W0"]).reshape(len(z), 3, 3, 64)
    for level in (1, 2, 3):
        x = np.maximum(x * weights[f"scale{level}"] + weights[f"shift{level}"], 0)
        W = weights[f"W{level}"]
        layer = ConvTranspose2d(W.shape[3], W.shape[2], 4, 2, 1, weights[f"output_pad{level}"])
        layer.W.value = W
        x = layer(x) + (weights["b"] if level == 3 else 0)
    return np.tanh(x)


def test_the_arrays_are_the_generator(rng=np.random.default_rng(0)):
    G = trained(steps=3)
    z = rng.standard_normal((4, Z_DIM)).astype(np.float32)
    assert np.abs(draw(arrays(G), z) - G(z)).max() < 5e-3  # float16


def test_the_file_is_small_and_draws_in_black_and_white(rng=np.random.default_rng(0)):
    assert (figures.FOLDER / "small_generator.npz").stat().st_size < 300_000
    images = draw(figures.load("small_generator"), rng.standard_normal((200, Z_DIM)).astype(np.float32))
    assert images.shape == (200, 28, 28, 1)
    dark, light = (images < -0.8).mean(), (images > 0.5).mean()
    assert 0.7 < dark < 0.9 and 0.05 < light < 0.2  # as in MNIST: 0.80 and 0.11
    assert images.std(0).max() > 0.5  # not all the same
