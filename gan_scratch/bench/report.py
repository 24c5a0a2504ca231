"""`gan-scratch bench`: the tables."""
from __future__ import annotations

import os
import platform
import time
from typing import Callable, Iterator

import numpy as np
import threadpoolctl

from gan_scratch import __version__, backend
from gan_scratch.bench import measure
from gan_scratch.bench.workloads import LAYERS, WORKLOADS


def bench(names: list[str], *, layers: bool, against: str | None, device: str, threads: int | None, rounds: int, batch: int | None, tf32: bool) -> None:
    """Print the time of steps (or of single layers), beside PyTorch's if asked for.

    Args:
        names: of WORKLOADS; all of them when empty. layers: single layers instead.
        against: None, "torch" (eager) or "compile" (torch.compile). device: "cpu" or "cuda". threads: for BLAS, ours and PyTorch's; None: as BLAS has.
        rounds: turns of both sides; medians are printed. batch: another number of samples than the workload's. tf32: on a GPU, products in TF32 on both sides.

    Raises ValueError for an unknown name, RuntimeError without PyTorch or a GPU.
    """
    for name in names:
        if name not in WORKLOADS:
            raise ValueError(f"{name!r} is no workload; choose from {', '.join(WORKLOADS)}")
    if tf32:
        os.environ["CUPY_TF32"] = "1"  # CuPy reads it when it is imported
    back, torch = backend.get(device), import_torch(device, tf32) if against else None
    with threadpoolctl.threadpool_limits(threads, user_api="blas"):
        count = threads or max((pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"), default=1)
        if torch and device == "cpu":
            torch.set_num_threads(count)
        clock = time.process_time if device == "cpu" and count == 1 else time.perf_counter
        wait = back.synchronize
        best = measure.peak(back, clock, wait)
        print(environment(device, count, torch, against, tf32, clock), f"\n{best / 1e9:.0f} GFLOP/s in a product of two 2048×2048 matrices\n", sep="")
        line(["", "ms", *([against, "ratio", "(quartiles)"] if against else []), *([] if layers else ["of peak"])])
        todo = layer_sides(device, against) if layers else gan_sides(names or list(WORKLOADS), device, against, batch)
        for title, sides, details in todo:
            times = measure.in_turn(sides, rounds, clock, wait)
            ours = np.median(times[:, 0])
            cells = [title, f"{ours * 1e3:.3g}"]
            if against:
                low, middle, high = np.quantile(times[:, 0] / times[:, 1], [0.25, 0.5, 0.75])
                cells += [f"{np.median(times[:, 1]) * 1e3:.3g}", f"{middle:.2f}", f"{low:.2f}–{high:.2f}"]
            if details:
                gan, step = details
                flops = measure.operations([gan.G, gan.D], step)
                cells.append(f"{flops / ours / best:.0%}")
            line(cells)
            if details and device == "cpu":
                found = measure.shares(step, max(3, int(0.5 / ours)))
                print("    " + ", ".join(f"{kind} {share:.0%}" for kind, share in found.items() if share >= 0.005), flush=True)


def line(cells: list[str]) -> None:
    """One row: the title, then columns of numbers."""
    print(f"{cells[0]:44}" + "".join(f"{cell:>9}" if i < 3 else f"{cell:>13}" for i, cell in enumerate(cells[1:])), flush=True)


def gan_sides(names: list[str], device: str, against: str | None, batch: int | None) -> Iterator[tuple]:
    """(title, [our step, PyTorch's], (gan, our step)) for each workload."""
    for name in names:
        work = WORKLOADS[name]
        gan, x = work.build(device), work.batch(batch)
        step = work.step(gan, backend.get(device).asarray(x))
        sides = [step]
        if against:
            import torch

            from gan_scratch.bench.twins import Twin

            twin = Twin(gan, x, device, wrap=torch.compile if against == "compile" else lambda network: network)
            sides.append(twin.step_D if work.critic_only else twin.train_step)
        yield work.title if batch is None else f"{work.title.rsplit(',', 1)[0]}, batch {batch}", sides, (gan, step)


def layer_sides(device: str, against: str | None) -> Iterator[tuple]:
    """(title, [ours, PyTorch's], None) for a forward and a backward pass of each layer."""
    for title, (build, shape) in LAYERS.items():
        layer = build().to(device)
        host = np.random.default_rng(0).standard_normal(shape, np.float32)
        x = backend.get(device).asarray(host)
        sides = [lambda layer=layer, x=x: layer.backward(*layer.forward(x))]
        if against:
            sides.append(torch_layer(layer, host, device, against))
        yield f"{title}, batch {shape[0]}", sides, None


def torch_layer(layer, x: np.ndarray, device: str, against: str) -> Callable[[], object]:
    """PyTorch's forward and backward pass, gradients added to those of the weights as ours does."""
    import torch

    from gan_scratch.bench.twins import channels_first, module

    twin = module(layer, x.shape[1:]).to(device)
    run = torch.compile(twin) if against == "compile" else twin
    x = (channels_first(x) if x.ndim > 2 else torch.from_numpy(x)).to(device).requires_grad_(True)

    def both_passes():
        x.grad = None
        y = run(x)
        y.backward(y.detach())

    return both_passes


def import_torch(device: str, tf32: bool):
    """PyTorch, set up. Raises RuntimeError with what to do where it is missing or has no GPU."""
    try:
        import torch
    except ImportError:
        raise RuntimeError('--against needs PyTorch: pip install "gan-scratch[bench]", or leave --against out') from None
    if device == "cuda" and not torch.cuda.is_available():
        raise RuntimeError("this PyTorch finds no GPU; install its CUDA build, or leave --against out")
    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
    return torch


def environment(device: str, threads: int, torch, against: str | None, tf32: bool, clock) -> str:
    """What was measured, where and with what."""
    blas = [pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
    lines = [f"gan_scratch {__version__}, Python {platform.python_version()}, NumPy {np.__version__}"
             + (f", PyTorch {torch.__version__} ({'torch.compile' if against == 'compile' else 'eager'})" if torch else "")
             + f"; seed 0, float32, {time.strftime('%Y-%m-%d')}",
             "BLAS: " + ", ".join(f"{p['internal_api']} {p['version']}, kernel {p.get('architecture', 'unknown')}" for p in blas)
             + f"; OPENBLAS_CORETYPE {os.environ.get('OPENBLAS_CORETYPE', 'unset')}"]
    if device == "cuda":
        xp = backend.get("cuda").xp
        name = xp.cuda.runtime.getDeviceProperties(0)["name"].decode()
        lines.append(f"{name}, CUDA {xp.cuda.runtime.runtimeGetVersion()}, CuPy {xp.__version__}, {'TF32' if tf32 else 'no TF32'}")
    else:
        lines.append(f"{threads} thread{'s' * (threads > 1)}, {'CPU' if clock is time.process_time else 'wall-clock'} time")
    return "\n".join(lines)
