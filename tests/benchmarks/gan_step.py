"""Time of a whole GAN training step (D, then G, float32) against PyTorch eager, in turn in one process.

    python -m tests.benchmarks.gan_step [--threads 1] [--rounds 40]

The same networks, losses and Adam on both sides; medians of the ratios of paired rounds. OPENBLAS_CORETYPE should be
unset: a wrong kernel halves NumPy's matrix products.
"""
import argparse
import os
import time

parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--rounds", type=int, default=40)
ARGS = parser.parse_args() if __name__ == "__main__" else parser.parse_args([])
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = str(ARGS.threads)

import numpy as np  # noqa: E402
import threadpoolctl  # noqa: E402
import torch  # noqa: E402
from torch import nn  # noqa: E402

from gan_scratch.gans.dcgan import DCGAN  # noqa: E402
from gan_scratch.gans.gan import GAN  # noqa: E402
from gan_scratch.gans.wgan_gp import WGANGP  # noqa: E402


def linear(sizes, norm, slope, last):
    """The PyTorch twin of gans.gan.mlp."""
    parts = []
    for n_in, n_out in zip(sizes[:-2], sizes[1:-1]):
        parts += [nn.Linear(n_in, n_out, bias=not norm), *([nn.BatchNorm1d(n_out)] if norm else []), nn.LeakyReLU(slope)]
    return [*parts, nn.Linear(sizes[-2], sizes[-1]), *last]


def dropout_after_activations(parts, p):
    return [q for part in parts for q in ([part, nn.Dropout(p)] if isinstance(part, nn.LeakyReLU) else [part])]


def torch_mlp(g_sizes, d_sizes, slope):
    G = nn.Sequential(*linear(g_sizes, True, slope, [nn.Tanh()]))
    D = nn.Sequential(nn.Flatten(), *dropout_after_activations(linear(d_sizes, False, 0.2, []), 0.3))
    return G, D, lambda n: torch.randn(n, g_sizes[0])


def torch_dcgan(w):
    G = nn.Sequential(
        nn.Linear(100, 36 * w, bias=False), nn.Unflatten(1, (4 * w, 3, 3)), nn.BatchNorm2d(4 * w), nn.ReLU(),
        nn.ConvTranspose2d(4 * w, 2 * w, 4, 2, 1, output_padding=1, bias=False), nn.BatchNorm2d(2 * w), nn.ReLU(),
        nn.ConvTranspose2d(2 * w, w, 4, 2, 1, bias=False), nn.BatchNorm2d(w), nn.ReLU(),
        nn.ConvTranspose2d(w, 1, 4, 2, 1), nn.Tanh())
    D = nn.Sequential(
        nn.Conv2d(1, w, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(w, 2 * w, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * w),
        nn.LeakyReLU(0.2), nn.Conv2d(2 * w, 4 * w, 4, 2, 1, bias=False), nn.BatchNorm2d(4 * w),
        nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(36 * w, 1))
    return G, D, lambda n: torch.randn(n, 100)


def torch_step(G, D, noise, batch):
    bce = nn.functional.binary_cross_entropy_with_logits
    opt_G, opt_D = (torch.optim.Adam(net.parameters(), 1e-3, betas=(0.5, 0.999)) for net in (G, D))
    real, fake = torch.ones(len(batch), 1), torch.zeros(len(batch), 1)

    def step():
        opt_D.zero_grad()
        loss = bce(D(batch), real) + bce(D(G(noise(len(batch))).detach()), fake)
        loss.backward()
        opt_D.step()
        opt_G.zero_grad()
        for p in D.parameters():
            p.requires_grad_(False)
        bce(D(G(noise(len(batch)))), real).backward()
        opt_G.step()
        for p in D.parameters():
            p.requires_grad_(True)

    return step


def torch_gp_step(G, D, noise, batch, k):
    """WGAN-GP: k steps of D with the gradient penalty by automatic double backprop, then one of G."""
    opt_G, opt_D = (torch.optim.Adam(net.parameters(), 1e-3, betas=(0.0, 0.99)) for net in (G, D))

    def step():
        for x in batch.chunk(k):
            opt_D.zero_grad()
            fake = G(noise(len(x))).detach()
            e = torch.rand(len(x), 1, 1, 1)
            mixed = (e * x + (1 - e) * fake).requires_grad_(True)
            g, = torch.autograd.grad(D(mixed).sum(), mixed, create_graph=True)
            (D(fake).mean() - D(x).mean() + 10 * ((g.flatten(1).norm(dim=1) - 1) ** 2).mean()).backward()
            opt_D.step()
        opt_G.zero_grad()
        for p in D.parameters():
            p.requires_grad_(False)
        (-D(G(noise(len(x)))).mean()).backward()
        opt_G.step()
        for p in D.parameters():
            p.requires_grad_(True)

    return step


def our_step(gan, batch):
    rng = np.random.default_rng(0)
    return lambda: gan.train_step(batch, rng)


def workloads():
    rng = np.random.default_rng(0)
    images = rng.uniform(-1, 1, (128, 28, 28, 1)).astype(np.float32)
    flat, nchw = torch.tensor(images), torch.tensor(images.transpose(0, 3, 1, 2))
    yield ("MLP 100-500-500-784, batch 128", our_step(GAN.small(rng=0), images),
           torch_step(*torch_mlp((100, 500, 500, 784), (784, 500, 500, 1), 0.0), flat))
    yield ("MLP 100-256-512-1024-784, batch 128", our_step(GAN.large(rng=0), images),
           torch_step(*torch_mlp((100, 256, 512, 1024, 784), (784, 1024, 512, 256, 1), 0.2), flat))
    for w in (16, 32, 64):
        yield f"DCGAN 28×28 width {w}, batch 64", our_step(DCGAN(width=w, rng=0), images[:64]), torch_step(*torch_dcgan(w), nchw[:64])

    G, D, noise = torch_dcgan(16)
    D = nn.Sequential(*(part for part in D if not isinstance(part, nn.BatchNorm2d)))
    yield "WGAN-GP 28×28 width 16, k = 2, batch 64", our_step(WGANGP.images(rng=0), images), torch_gp_step(G, D, noise, nchw, 2)


def timed(step, times):
    start = time.perf_counter()
    for _ in range(times):
        step()
    return (time.perf_counter() - start) / times * 1e3


def main():
    torch.set_num_threads(ARGS.threads)
    blas = [pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
    print(f"numpy {np.__version__}, torch {torch.__version__}, threads {ARGS.threads}, seed 0, "
          f"OPENBLAS_CORETYPE {os.environ.get('OPENBLAS_CORETYPE', 'unset')}")
    print("BLAS:", ", ".join(f"{p['internal_api']} {p['version']} kernel {p['architecture']}" for p in blas if "architecture" in p))
    print(f"{'whole GAN step':40}{'ours ms':>9}{'torch ms':>10}{'ratio':>8}")
    for name, ours, theirs in workloads():
        times = max(1, round(50 / timed(ours, 3)))
        timed(theirs, 3)
        pairs = np.array([(timed(ours, times), timed(theirs, times)) for _ in range(ARGS.rounds)])
        print(f"{name:40}{np.median(pairs[:, 0]):9.2f}{np.median(pairs[:, 1]):10.2f}{np.median(pairs[:, 0] / pairs[:, 1]):8.2f}", flush=True)


if __name__ == "__main__":
    main()
