"""The same networks in PyTorch, with the same weights, and the same steps by automatic differentiation. The only file that imports torch."""
from __future__ import annotations

import copy
from typing import Callable

import numpy as np
import torch
from torch import nn

from gan_scratch import layers as ours
from gan_scratch.backend import to_host
from gan_scratch.gans.gan import GAN

CONV = {ours.Conv1d: nn.Conv1d, ours.Conv2d: nn.Conv2d, ours.Conv3d: nn.Conv3d}
TRANSPOSED = {ours.ConvTranspose1d: nn.ConvTranspose1d, ours.ConvTranspose2d: nn.ConvTranspose2d, ours.ConvTranspose3d: nn.ConvTranspose3d}
NORM = {1: nn.BatchNorm1d, 2: nn.BatchNorm1d, 3: nn.BatchNorm2d, 4: nn.BatchNorm3d}


def channels_first(x: np.ndarray) -> torch.Tensor:
    """(N, *S, C) -> (N, C, *S), contiguous, as PyTorch has it by default."""
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(to_host(x), -1, 1)))


def module(network: ours.Layer, shape: tuple) -> nn.Sequential:
    """The twin of a network (or of one layer) for samples of this shape (*S, C).

    PyTorch's images have their channels first, so a Dense layer beside a Flatten or Reshape gets its weights in another order.
    Raises TypeError for a layer without a twin here.
    """
    chain = [copy.deepcopy(layer).to("cpu") for layer in (network if isinstance(network, ours.Sequential) else [network])]
    x, shapes = np.zeros((2, *shape), np.float32), []  # what goes into each layer
    for layer in chain:
        shapes.append(x.shape[1:])
        x = layer.forward(x)[0]
    parts = []
    for at, (before, layer, after) in enumerate(zip([None, *chain], chain, [*chain[1:], None])):
        flattened = shapes[at - 1] if isinstance(before, ours.Flatten) else None
        unflattened = after.shape if isinstance(after, ours.Reshape) else None
        parts.append(_twin(layer, shapes[at], flattened, unflattened))
    return nn.Sequential(*parts)


def _twin(layer: ours.Layer, shape: tuple, flattened: tuple | None, unflattened: tuple | None) -> nn.Module:
    kind = type(layer)
    if kind is ours.Dense:
        W, b = layer.W.value, None if layer.b is None else layer.b.value
        if flattened:
            W = np.moveaxis(W.reshape(*flattened, -1), -2, 0).reshape(W.shape)
        if unflattened:
            W = np.moveaxis(W.reshape(-1, *unflattened), -1, 1).reshape(W.shape)
            b = b if b is None else np.moveaxis(b.reshape(unflattened), -1, 0).ravel()
        return _filled(nn.Linear(*W.shape, bias=b is not None), W.T, b)
    if kind in CONV or kind in TRANSPOSED:
        geometry = dict(kernel_size=layer.kernel, stride=layer.stride, padding=layer.pad, bias=layer.b is not None)
        made = (CONV[kind](layer.c_in, layer.c_out, **geometry) if kind in CONV else
                TRANSPOSED[kind](layer.c_in, layer.c_out, output_padding=layer.output_pad, **geometry))
        return _filled(made, np.moveaxis(layer.W.value, (-1, -2), (0, 1)), None if layer.b is None else layer.b.value)
    if kind is ours.BatchNorm:
        return _filled(NORM[len(shape)](layer.channels, layer.eps, layer.momentum), layer.gamma.value, layer.beta.value)
    if kind is ours.Reshape:
        return nn.Unflatten(1, (layer.shape[-1], *layer.shape[:-1])) if shape != layer.shape else nn.Identity()
    simple = {ours.ReLU: nn.ReLU, ours.Tanh: nn.Tanh, ours.Flatten: nn.Flatten, ours.LeakyReLU: lambda: nn.LeakyReLU(layer.slope),
              ours.Dropout: lambda: nn.Dropout(layer.p)}
    if kind not in simple:
        raise TypeError(f"{layer!r} has no PyTorch twin in bench/twins.py")
    return simple[kind]()


def _filled(made: nn.Module, weight: np.ndarray, bias: np.ndarray | None) -> nn.Module:
    with torch.no_grad():
        made.weight.copy_(torch.from_numpy(np.ascontiguousarray(weight)))
        if bias is not None:
            made.bias.copy_(torch.from_numpy(np.ascontiguousarray(bias)))
    return made


class Twin:
    """A GAN's step in PyTorch eager: the same losses, penalties, optimizers and average of G, in PyTorch's usual idiom.

    Args:
        gan: ours. x: a batch (N, *S, C). device: "cpu" or "cuda". wrap: applied to both networks (torch.compile).
    """

    def __init__(self, gan: GAN, x: np.ndarray, device: str = "cpu", wrap: Callable = lambda network: network):
        self.G, self.D = (module(net, shape).to(device) for net, shape in ((gan.G, (gan.z_dim,)), (gan.D, x.shape[1:])))
        self.average = copy.deepcopy(self.G)
        self.opt_G, self.opt_D = (torch.optim.Adam(net.parameters(), opt.lr, opt.betas, opt.eps)
                                  for net, opt in ((self.G, gan.opt_G), (self.D, gan.opt_D)))
        self.run_G, self.run_D = wrap(self.G), wrap(self.D)
        self.z_dim, self.k, self.real_label = gan.z_dim, gan.k, getattr(gan.loss, "real_label", 1.0)
        self.weight = gan.penalties[0].keywords["weight"] if gan.penalties else None
        self.x, self.device = channels_first(x).to(device) if x.ndim > 2 else torch.from_numpy(x).to(device), device

    def noise(self, n: int) -> torch.Tensor:
        return torch.randn(n, self.z_dim, device=self.device)

    def train_step(self) -> None:
        for x in self.x.chunk(self.k):
            self.step_D(x)
        self.step_G(len(x))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self.G.parameters()), 0.01)

    def step_D(self, x: torch.Tensor | None = None) -> None:
        x = self.x if x is None else x
        self.opt_D.zero_grad()
        fake = self.run_G(self.noise(len(x))).detach().reshape(x.shape)
        if self.weight is None:
            bce = nn.functional.binary_cross_entropy_with_logits
            real, fake = self.run_D(x), self.run_D(fake)
            loss = bce(real, torch.full_like(real, self.real_label)) + bce(fake, torch.zeros_like(fake))
        else:
            e = torch.rand(len(x), *(1,) * (x.ndim - 1), device=self.device)
            mixed = (e * x + (1 - e) * fake).requires_grad_(True)
            slope, = torch.autograd.grad(self.run_D(mixed).sum(), mixed, create_graph=True)
            loss = self.run_D(fake).mean() - self.run_D(x).mean() + self.weight * ((slope.flatten(1).norm(dim=1) - 1) ** 2).mean()
        loss.backward()
        self.opt_D.step()

    def step_G(self, n: int) -> None:
        self.opt_G.zero_grad()
        for p in self.D.parameters():
            p.requires_grad_(False)
        l = self.run_D(self.run_G(self.noise(n)).reshape(n, *self.x.shape[1:]))
        loss = nn.functional.binary_cross_entropy_with_logits(l, torch.ones_like(l)) if self.weight is None else -l.mean()
        loss.backward()
        self.opt_G.step()
        for p in self.D.parameters():
            p.requires_grad_(True)
