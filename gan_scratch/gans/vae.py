"""The variational autoencoder, GAN's neighbour: Kingma & Welling 2014, arXiv 1312.6114. No game: one bound is maximised.

    log p(x) ≥ ELBO = E_{z ~ q(z|x)} log p(x|z) − KL(q(z|x) ‖ p(z))                         (eq. 3)

The encoder E gives q(z|x) = N(μ, diag σ²), the decoder G gives p(x|z): each pixel t = (x + 1)/2 ∈ [0, 1] as a Bernoulli probability with the logit l.
With one draw z = μ + σ∘ε, ε ~ N(0, I), which is differentiable in μ and σ (section 2.4), and v = log σ², the loss of one image is

    −ELBO = Σ_pixels (t softplus(−l) + (1 − t) softplus(l)) + ½ Σ_j (μ_j² + e^{v_j} − 1 − v_j)          (appendix B)

    dl = σ(l) − t,   dμ = dz + μ,   dv = ½ dz∘σ∘ε + ½ (e^v − 1)

It can't drop a class: every image has to be explained. But where several pictures are possible it draws their mean, which is blurred.
(For grey t the first sum is no log density, but, being linear in t, the mean of the bound over images binarised with b ~ Bernoulli(t).)
Departures: convolutions instead of one hidden layer, Adam, samples from an average of G. Samples are the pixels' probabilities, not draws.
"""
from __future__ import annotations

import numpy as np

from gan_scratch import backend
from gan_scratch.backend import Array
from gan_scratch.gans.blocks import normal, require_size
from gan_scratch.gans.recipe import Recipe
from gan_scratch.layers import Conv2d, ConvTranspose2d, Dense, Flatten, ReLU, Reshape, Sequential
from gan_scratch.layers.activation import sigmoid, softplus
from gan_scratch.optim import EMA, Adam


class VAE:
    """A variational autoencoder for images of 28×28.

    Args:
        shape: (28, 28, C). z_dim: the size of z.

    Raises ValueError for another size.
    """

    def __init__(self, shape: tuple = (28, 28, 1), *, z_dim: int = 16, rng=None, device: str = "cpu"):
        require_size(shape, 28, "mnist and fashion_mnist have it, or give --size 28")
        rng, channels = np.random.default_rng(rng), shape[2]
        self.z_dim = z_dim
        self.E = Sequential(Conv2d(channels, 16, rng=rng), ReLU(), Conv2d(16, 32, rng=rng), ReLU(), Flatten(),
                            Dense(7 * 7 * 32, 2 * z_dim, rng=rng)).to(device)  # x -> (μ, v) (N, 2 z_dim)
        self.G = Sequential(Dense(z_dim, 7 * 7 * 32, rng=rng), Reshape(7, 7, 32), ReLU(), ConvTranspose2d(32, 16, rng=rng), ReLU(),
                            ConvTranspose2d(16, channels, rng=rng)).to(device)  # z -> logits (N, 28, 28, C)
        self.opt_E, self.opt_G = (Adam(net.params, 2e-3, (0.9, 0.99)) for net in (self.E, self.G))
        self.G_ema = EMA(self.G, 0.99)

    def train_step(self, x: Array, rng: np.random.Generator) -> dict[str, Array]:
        """One step of both on images x (m, 28, 28, C); everything is a mean over images, in nats."""
        E, G, m, back = self.E, self.G, len(x), backend.of(x)
        out, tape_E = E.forward(x)
        mu, v = out[:, :self.z_dim], out[:, self.z_dim:]
        eps, sigma = back.normal(rng, mu.shape, x.dtype), back.xp.exp(v / 2)
        l, tape_G = G.forward(mu + sigma * eps)
        t = (x + 1) / 2
        reconstruction, kl = (t * softplus(-l) + (1 - t) * softplus(l)).sum() / m, divergence(mu, v)

        dz = G.backward((sigmoid(l) - t) / m, tape_G)
        dmu, dv = dz + mu / m, dz * sigma * eps / 2 + (sigma * sigma - 1) / (2 * m)
        E.backward(back.xp.concatenate([dmu, dv], axis=1), tape_E, inputs=False)
        self.opt_E.step()
        self.opt_G.step()
        self.G_ema.update()
        return {"minus_elbo": reconstruction + kl, "reconstruction": reconstruction, "kl": kl}

    def minus_elbo(self, x: Array, rng: np.random.Generator | int) -> float:
        """−ELBO of images x (n, 28, 28, C) with one draw of z each, the mean in nats per image, with the averaged decoder."""
        back = backend.of(x)
        out = self.E(x)
        mu, v = out[:, :self.z_dim], out[:, self.z_dim:]
        l = self.G_ema.network(mu + back.xp.exp(v / 2) * back.normal(np.random.default_rng(rng), mu.shape, x.dtype))
        t = (x + 1) / 2
        return float((t * softplus(-l) + (1 - t) * softplus(l)).sum() / len(x) + divergence(mu, v))

    def sample(self, n: int, rng: np.random.Generator | int) -> Array:
        """n images: z ~ N(0, I), then the decoder's probabilities, in [−1, 1]."""
        return 2 * sigmoid(self.G_ema.network(normal(self.G, np.random.default_rng(rng), n, self.z_dim))) - 1


def divergence(mu: Array, v: Array) -> Array:
    """KL(N(μ, diag e^v) ‖ N(0, I)) = ½ Σ (μ² + e^v − 1 − v), mean over rows."""
    return (mu * mu + backend.of(v).xp.exp(v) - 1 - v).sum() / (2 * len(mu))


RECIPE = Recipe(VAE, "GAN's neighbour: an encoder and a decoder maximise a bound of log p(x)", "Kingma & Welling 2014, arXiv 1312.6114",
                data="mnist", steps=2500, batch=64, decay=0.5)
