"""The unrolled GAN: Metz et al. 2017, arXiv 1611.02163. G looks ahead to how D will answer, and D's gradient steps are differentiated.

With θ = θ₀ the weights of D, K steps of gradient descent on D's loss L_D with the same real x and fake x̃ = G(z):

    θ_{k+1} = θ_k − η ∇L_D(θ_k; x, x̃)                                                  (eq. 4)

G minimises its loss under the last of them, L_G(θ_K; x̃), and x̃ acts twice: directly, and through every θ_k (eq. 8).

Reverse mode by hand. λ = ∂L_G/∂θ_K at the end; then, for k = K − 1, …, 0, with the direction V = −η λ in weight space,

    S = ⟨V, ∇L_D(θ_k; x, x̃)⟩,   λ ← λ + ∂S/∂θ_k,   dx̃ ← dx̃ + ∂S/∂x̃

and S, a product with the result of a backward pass, is what `backward2` differentiates. Its u at the top is the slope of the logits along V;
L_D's own curvature, L_D″·u, joins the curvature of the layers on the way down. Every step is exact; nothing is truncated.
"""
from __future__ import annotations

import copy

import numpy as np

from gan_scratch import backend
from gan_scratch.backend import Array
from gan_scratch.gans.gan import GAN
from gan_scratch.gans.recipe import Recipe
from gan_scratch.layers.base import Layer
from gan_scratch.optim import SGD, Adam


class UnrolledGAN(GAN):
    """A GAN whose G is judged by the D of K gradient steps later.

    D itself is trained as always; the K steps are only looked at. Departure: the paper unrolls D's own Adam steps, here plain gradient descent.

    Args:
        K: inner steps; 0 is the ordinary GAN. inner_lr: η, their step size. Where η times the largest curvature of L_D in D's weights is
            above 2, the steps run away from D's optimum instead of towards it, and G learns nothing (see claims.unrolling_needs_small_steps).
            Others: see GAN.

    Raises ValueError for a negative K.
    """

    def __init__(self, G: Layer, D: Layer, z_dim: int, *, K: int = 5, inner_lr: float = 0.003, **options):
        if K < 0:
            raise ValueError(f"UnrolledGAN: K must be at least 0, got {K}")
        super().__init__(G, D, z_dim, **options)
        self.K, self.inner_lr = K, inner_lr

    @classmethod
    def plane(cls, shape: tuple = (2,), *, rng=None, device: str = "cpu") -> "UnrolledGAN":
        """For points in the plane."""
        G, D = GAN.plane_networks(shape, np.random.default_rng(rng), device)
        opt_G, opt_D = (Adam(net.params, 1e-3, betas=(0.0, 0.99)) for net in (G, D))
        return cls(G, D, 2, opt_G=opt_G, opt_D=opt_D, ema=0.995)

    def generator_gradient(self, x_fake, x):
        return unrolled_gradient(self.D, x, x_fake, self.loss, self.K, self.inner_lr)


def unrolled_gradient(D: Layer, x: Array, x_fake: Array, loss, K: int, lr: float) -> tuple[Array, Array]:
    """G's loss under the D of K gradient steps later, and its exact gradient with respect to x_fake.

    Args:
        D: isn't changed. x: real samples. loss: an object of losses.py with `curvature`. K, lr: number and size of the steps.

    Returns: g_loss, dx_fake with the shape of x_fake.
    """
    D, past = copy.deepcopy(D), []
    for p in D.params:
        p.grad[...] = 0
    for _ in range(K):
        D_next, uses = descend(D, x, x_fake, loss, lr)
        past.append((D, uses))
        D = D_next

    l, tape = D.forward(x_fake)
    g_loss, dl = loss.generator(l)
    dx_fake = D.backward(dl, tape)
    lam = [p.grad for p in D.params]  # λ = ∂L_G/∂θ_K
    for D, uses in reversed(past):
        V = {p: -lr * direction for p, direction in zip(D.params, lam)}
        for p in D.params:
            p.grad[...] = 0
        _, dx_next = (differentiate(D, *use, V) for use in uses)  # real samples don't depend on G
        dx_fake = dx_fake + dx_next
        lam = [direction + p.grad for p, direction in zip(D.params, lam)]
    return g_loss, dx_fake


def descend(D: Layer, x: Array, x_fake: Array, loss, lr: float) -> tuple[Layer, list]:
    """The D of one gradient step later, and the record of this one's uses: (input, tape, ∂²L_D/∂l²) for real and for fake."""
    l_real, tape_real = D.forward(x)
    l_fake, tape_fake = D.forward(x_fake)
    _, dl_real, dl_fake = loss.discriminator(l_real, l_fake)
    D.backward(dl_real, tape_real)
    D.backward(dl_fake, tape_fake)
    D_next = copy.deepcopy(D)
    SGD(D_next.params, lr).step()
    curvature_real, curvature_fake = loss.curvature(l_real, l_fake)
    return D_next, [(x, tape_real, curvature_real), (x_fake, tape_fake, curvature_fake)]


def differentiate(D: Layer, x: Array, tape: list, curvature: Array, V: dict) -> Array:
    """∂S/∂x of one use of D, S = ⟨V, ∇L_D⟩; adds ∂S/∂θ to D's gradients."""
    u, c = D.backward2(backend.of(x).xp.zeros_like(x), tape, V)
    return c + D.backward(curvature * u, tape)


RECIPE = Recipe(UnrolledGAN.plane, "G looks 5 gradient steps of D ahead, and differentiates through them", "Metz et al. 2017, arXiv 1611.02163",
                data="ring", steps=2000, batch=128, decay=0.4, axes=1)
