"""Layers through which D sees several samples at once: the remedies against mode collapse that change D alone."""
from __future__ import annotations

import numpy as np

from gan_scratch import backend
from gan_scratch.layers import init as initialisers
from gan_scratch.layers.base import Layer, LinearLayer, Parameter


class MinibatchDiscrimination(Layer):
    """How close is each sample to the others of its batch? (Salimans et al. 2016, arXiv 1606.03498, section 3.2)

        M_i = f_i T,   c_b(i, j) = exp(−‖M_ib − M_jb‖₁),   o_ib = Σ_j c_b(i, j),   y_i = [f_i, o_i]

    with f (N, n_in), T (n_in, B·C), M (N, B, C), y (N, n_in + B). T is learned; the sum contains j = i, a constant 1. Real and fake batches go
    through D separately. A batch of copies has o = N, so D can tell a collapsed generator whatever its samples look like.

    Backward, with do = dy's last B columns and K_b(i, j) = c_b(i, j)·(do_ib + do_jb):

        dM_ibc = −Σ_j K_b(i, j)·sign(M_ibc − M_jbc),   dT = fᵀ dM,   df = dy's first n_in columns + dM Tᵀ

    Args:
        n_in: features. kernels: B, the numbers that it adds. dims: C, in which distances are taken.
        rng, init: for T; by default N(0, 1/n_in), which makes M of the features' size.
    """

    def __init__(self, n_in: int, kernels: int = 16, dims: int = 4, *, rng=None, init=None):
        self.n_in, self.kernels, self.dims = n_in, kernels, dims
        init = init or initialisers.he(1.0)
        self.T = Parameter(init((n_in, kernels * dims), n_in, kernels * dims, np.random.default_rng(rng)))

    def _check_input(self, f):
        self._check_shape(f, 2, self.n_in)

    def _forward(self, f, train):
        xp = backend.of(f).xp
        M = (f @ self.T.value).T.reshape(self.kernels, self.dims, -1)  # (B, C, N): sums over samples run along memory
        distance = sum(xp.abs(self._differences(M, k)) for k in range(self.dims))  # (B, N, N)
        c = xp.exp(-distance)
        return xp.concatenate([f, c.sum(2).T], axis=1), {"f": f, "M": M, "c": c}

    def _backward(self, dy, ctx, weights, inputs):
        f, M, xp = ctx["f"], ctx["M"], backend.of(dy).xp
        df, do = dy[:, :self.n_in], dy[:, self.n_in:]
        do = do.T[:, :, None]  # (B, N, 1)
        K = ctx["c"] * (do + do.swapaxes(1, 2))  # (B, N, N)
        dM = xp.stack([-(K * xp.sign(self._differences(M, k))).sum(2) for k in range(self.dims)], axis=1)  # (B, C, N)
        dM = dM.reshape(-1, len(f)).T  # (N, B·C)
        if weights:
            self.T.grad += f.T @ dM
        return df + dM @ self.T.value.T if inputs else None

    def _differences(self, M, k):
        """M_ibk − M_jbk: (B, N, N). One k at a time: all at once would be C times the memory."""
        return M[:, k, :, None] - M[:, k, None, :]

    def __repr__(self):
        return f"MinibatchDiscrimination({self.n_in}, {self.kernels}, {self.dims})"


class Pack(LinearLayer):
    """m samples side by side on the channel axis: (N, *S, C) -> (N/m, *S, m·C). (PacGAN; Lin et al. 2018, arXiv 1712.04086)

    Put first into D, which then judges m samples with one logit. All m come from one batch, so all are real or all are fake.

    Raises ValueError when m doesn't divide the batch.
    """

    def __init__(self, m: int = 2):
        if m < 1:
            raise ValueError(f"Pack: m must be at least 1, got {m}")
        self.m = m

    def _check_input(self, x):
        self._check_float(x)
        if x.ndim < 2 or len(x) % self.m or not len(x):
            raise ValueError(f"{self!r} packs {self.m} samples (N, …, C) into one, but got x of shape {x.shape}")

    def _forward(self, x, train):
        packs = x.reshape(-1, self.m, *x.shape[1:])  # (N/m, m, *S, C)
        y = backend.of(x).xp.moveaxis(packs, 1, -2)  # (N/m, *S, m, C)
        return y.reshape(*y.shape[:-2], -1), {}

    def _backward(self, dy, ctx, weights, inputs):
        packs = dy.reshape(*dy.shape[:-1], self.m, -1)  # (N/m, *S, m, C)
        return backend.of(dy).xp.moveaxis(packs, -2, 1).reshape(tuple(ctx["x_shape"])) if inputs else None

    def __repr__(self):
        return f"Pack({self.m})"
