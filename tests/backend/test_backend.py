"""The array decides: NumPy and CuPy from one source, checked as far as a machine without a GPU allows."""
import ast
import inspect
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import gan_scratch
from gan_scratch import backend, checkpoint, losses
from gan_scratch.gans import DCGAN, GAN, VARIANTS
from gan_scratch.layers import Dense, Embedding
from gan_scratch.losses import Hinge, LeastSquares, Minimax, NonSaturating, Wasserstein
from gan_scratch.optim import SGD, Adam, Momentum, RMSProp
from tests import standin
from tests.gans.test_variants import ZOO
from tests.gans.test_zoo import MOMENTS, batch_of, build
from tests.layers.test_gradients import CASES, FIRST_ORDER

PACKAGE = Path(gan_scratch.__file__).parent


@pytest.fixture
def cupy(monkeypatch, tmp_path_factory):
    """The stand-in in the place of cupy."""
    if shutil.which("g++") is None:
        pytest.skip("the stand-in for CuPy compiles kernels.cu with g++, which isn't installed")
    module = standin.module()
    monkeypatch.setattr(standin.RawModule, "folder", tmp_path_factory.mktemp("kernels"))
    monkeypatch.setitem(sys.modules, "cupy", module)
    backend._cuda.cache_clear()
    yield module
    backend._cuda.cache_clear()


@pytest.fixture
def no_waiting():
    """A context in which the host must not wait for the device. (tests/gpu has one of its own.)"""
    @contextmanager
    def watch():
        standin.ndarray.syncs = 0
        yield
        assert standin.ndarray.syncs == 0, "the host waited for the device"

    return watch


@pytest.fixture
def same_numbers(monkeypatch):
    """The host's random numbers on both sides."""
    for kind in ("normal", "uniform"):
        monkeypatch.setattr(backend.Cuda, kind, lambda self, *a, kind=kind: self.asarray(getattr(backend.CPU, kind)(*a)))


@pytest.fixture
def quick_kernels(monkeypatch):
    """The device's kernels in plain array maths, which is quicker on the stand-in; kernels.cu is tested by itself."""
    for kernel in ("im2col", "col2im", "column_dots"):
        monkeypatch.setattr(backend.Cuda, kernel, lambda self, *a, kernel=kernel, **k: self.asarray(getattr(backend.CPU, kernel)(
            *(x._host if isinstance(x, standin.ndarray) else x for x in a), **k)))


def on_host(x):
    return tuple(map(on_host, x)) if isinstance(x, tuple) else backend.to_host(x)


@pytest.mark.parametrize("name", CASES)
def test_every_layer_computes_the_same_on_both_sides(name, cupy, no_waiting, same_numbers, rng):
    make, shape = CASES[name]
    x = rng.standard_normal(shape).astype(np.float32)
    host, device = make(), make().to("cuda")
    y, ctx = host.forward(x)
    x_device = cupy.asarray(x)
    with no_waiting():
        y_device, ctx_device = device.forward(x_device)
        dx_device = device.backward(y_device, ctx_device)
    np.testing.assert_allclose(on_host(y_device), y, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(on_host(dx_device), host.backward(y, ctx), rtol=1e-4, atol=1e-4)
    for p, q in zip(host.params, device.params):
        np.testing.assert_allclose(on_host(q.grad), p.grad, rtol=1e-4, atol=1e-4)
    if name not in FIRST_ORDER:
        u, c = host.backward2(x, ctx, {p: p.value for p in host.params})
        with no_waiting():
            u_device, c_device = device.backward2(x_device, ctx_device, {p: p.value for p in device.params})
        np.testing.assert_allclose(on_host(u_device), u, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(c_device if isinstance(c, int) else on_host(c_device), c, rtol=1e-3, atol=1e-4 * (1 + np.abs(c).max()))
    for key, a in host.state().items():
        np.testing.assert_allclose(device.state()[key], a, rtol=1e-5, atol=1e-6)
    assert all(isinstance(p.value, np.ndarray) for p in device.to("cpu").params)


def test_labels_on_both_sides(cupy):
    host, device = Embedding(4, 3, rng=0), Embedding(4, 3, rng=0).to("cuda")
    labels = np.array([3, 0, 3])
    y, ctx = device.forward(cupy.asarray(labels))
    np.testing.assert_array_equal(on_host(y), host(labels))
    device.backward(y, ctx)
    host.backward(*host.forward(labels))
    np.testing.assert_allclose(on_host(device.W.grad), host.W.grad, rtol=1e-6)


@pytest.mark.parametrize("loss", [Minimax(), NonSaturating(0.9), LeastSquares(), Wasserstein(), Hinge()], ids=lambda v: type(v).__name__)
def test_losses_on_both_sides(loss, cupy, rng):
    real, fake = rng.standard_normal((2, 6, 1)).astype(np.float32)
    for a, b in ((loss.discriminator(real, fake), loss.discriminator(cupy.asarray(real), cupy.asarray(fake))),
                 (loss.generator(fake), loss.generator(cupy.asarray(fake)))):
        for x, y in zip(a, b):
            np.testing.assert_allclose(on_host(y), x, rtol=1e-5)


def test_other_losses_on_both_sides(cupy, rng):
    y, t, labels = rng.standard_normal((4, 3)), rng.random((4, 3)), np.array([0, 2, 1, 1])
    for f, arguments in ((losses.l1, (y, t)), (losses.l2, (y, t)), (losses.bce_with_logits, (y, t)), (losses.softmax_cross_entropy, (y, labels))):
        for a, b in zip(f(*arguments), f(*map(cupy.asarray, arguments))):
            np.testing.assert_allclose(on_host(b), a, rtol=1e-12)


@pytest.mark.parametrize("make", [lambda p: SGD(p, 0.1), lambda p: Momentum(p, 0.1), lambda p: RMSProp(p, 0.1), Adam])
def test_optimizers_on_both_sides(make, cupy, rng):
    nets = [Dense(3, 2, rng=0), Dense(3, 2, rng=0).to("cuda")]
    g = rng.standard_normal((3, 2)).astype(np.float32)
    for net, place in zip(nets, (backend.CPU, backend.get("cuda"))):
        optimizer = make(net.params)
        for _ in range(3):
            net.W.grad[...] = place.asarray(g)
            optimizer.step()
        assert optimizer.state()["t"] == 3
    np.testing.assert_allclose(on_host(nets[1].W.value), nets[0].W.value, rtol=1e-5)


@pytest.mark.parametrize("build", [lambda **o: DCGAN(width=2, z_dim=5, **o), lambda **o: GAN.plane(**o)], ids=["dcgan", "plane"])
def test_a_whole_step_on_both_sides_without_waiting(build, cupy, no_waiting, same_numbers):
    host, device = build(rng=0), build(rng=0, device="cuda")
    shape = (2, 28, 28, 1) if "DCGAN" in type(host).__name__ else (6, 2)
    x = np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)
    values = host.train_step(x, np.random.default_rng(1))
    batch = cupy.asarray(x)
    with no_waiting():
        values_device = device.train_step(batch, np.random.default_rng(1))
    assert all(isinstance(v, cupy.ndarray) for v in values_device.values())
    for name in values:
        np.testing.assert_allclose(float(values_device[name]), values[name], rtol=1e-4)
    for a, b in zip(host.D.params, device.D.params):
        np.testing.assert_allclose(on_host(b.value), a.value, atol=1e-4)


@pytest.mark.parametrize("name", ZOO)
def test_the_zoo_steps_on_both_sides_without_waiting(name, cupy, no_waiting, same_numbers, quick_kernels):
    host, arrays = build(name)
    device = VARIANTS[name].build(arrays[0].shape[1:], *(a.shape[1:] for a in arrays[1:]), rng=0, device="cuda")
    batch = batch_of(arrays, 4)
    on_device = tuple(map(cupy.asarray, batch)) if isinstance(batch, tuple) else cupy.asarray(batch)
    for moment in MOMENTS.get(name, (None,)):
        if moment is not None:
            host.clock.t = device.clock.t = moment
        values = host.train_step(batch, np.random.default_rng(1))
        with no_waiting():
            values_device = device.train_step(on_device, np.random.default_rng(1))
        for key in values:
            np.testing.assert_allclose(float(values_device[key]), values[key], rtol=2e-3, atol=1e-5, err_msg=key)
        # Both took the same step, 1e-3 long. Adam turns a gradient that is rounding error into a whole step of random sign: not all numbers agree.
        (arrays_host, rngs), (arrays_device, _) = checkpoint.gan_state(host), checkpoint.gan_state(device)
        apart = np.concatenate([np.abs(a - arrays_device[key]).ravel() for key, a in arrays_host.items() if a.dtype == np.float32])
        assert np.quantile(apart, 0.9) < 1e-5
        checkpoint.load_gan_state(device, arrays_host, rngs)
    assert device.sample(3, 0).shape == (3, *arrays[0].shape[1:]) if VARIANTS[name].inputs is None else True


def test_device_noise_follows_the_host_generator(cupy):
    draw = lambda seed: on_host(backend.get("cuda").normal(np.random.default_rng(seed), (3, 2), np.float32))  # noqa: E731
    assert (draw(0) == draw(0)).all() and (draw(0) != draw(1)).any() and draw(0).dtype == np.float32


def test_mixing_host_and_device_is_refused(cupy):
    with pytest.raises(TypeError, match=r"Dense\(3, 2\) lives on the cuda, but x on the cpu"):
        Dense(3, 2).to("cuda").forward(np.zeros((4, 3), np.float32))


GEOMETRIES = [((7,), (3,), (2,), (1,)), ((6, 5), (4, 3), (2, 1), (1, 2)), ((4, 5, 3), (2, 3, 1), (1, 2, 2), (0, 1, 0)), ((9, 9), (1, 2), (3, 3), (0, 1))]


@pytest.mark.parametrize("size, kernel, stride, pad", GEOMETRIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_kernels_agree_with_the_reference(size, kernel, stride, pad, dtype, cupy, rng):
    """kernels.cu itself, on the CPU."""
    cuda = backend.get("cuda")
    x = rng.standard_normal((2, *size, 3)).astype(dtype)
    cols = backend.CPU.im2col(x, kernel, stride, pad, fill=-7.0)
    np.testing.assert_array_equal(on_host(cuda.im2col(cupy.asarray(x), kernel, stride, pad, fill=-7.0)), cols)
    back = backend.CPU.col2im(cols, x.shape, kernel, stride, pad)
    np.testing.assert_allclose(on_host(cuda.col2im(cupy.asarray(cols), x.shape, kernel, stride, pad)), back, rtol=1e-5, atol=1e-5)
    a, b = rng.standard_normal((2, 2, 70, 3)).astype(dtype)
    np.testing.assert_allclose(on_host(cuda.column_dots(*map(cupy.asarray, (a, b)))), (a * b).sum(1), rtol=1e-4, atol=1e-4)


def test_im2col_by_its_definition(rng):
    """Every window, row by row, with plain loops."""
    x = rng.standard_normal((2, 5, 4, 3))
    (kh, kw), (sh, sw), (ph, pw) = kernel, stride, pad = (3, 2), (2, 1), (1, 0)
    padded = np.pad(x, ((0, 0), (ph, ph), (pw, pw), (0, 0)))
    rows = [padded[n, i:i + kh, j:j + kw].ravel() for n in range(2) for i in range(0, 5 + 2 * ph - kh + 1, sh) for j in range(0, 4 - kw + 1, sw)]
    reference = backend.Reference()
    reference.xp = np
    np.testing.assert_array_equal(reference.im2col(x, kernel, stride, pad), rows)
    np.testing.assert_array_equal(backend.CPU.im2col(x, kernel, stride, pad), rows)


def test_cuda_without_cupy_or_without_a_gpu_is_one_clear_sentence(monkeypatch):
    monkeypatch.setattr(backend.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(RuntimeError, match=r"not installed; for CUDA 12 run pip install 'gan-scratch\[cuda12\]'"):
        backend.get("cuda")
    monkeypatch.undo()
    module = standin.module()
    module.is_available = lambda: False
    monkeypatch.setitem(sys.modules, "cupy", module)
    with pytest.raises(RuntimeError, match="no usable NVIDIA GPU here"):
        Dense(2, 2).to("cuda")
    with pytest.raises(ValueError, match="'tpu' is unknown; use 'cpu' or 'cuda'"):
        backend.get("tpu")


def test_only_numpy_and_cupy_arrays_have_a_backend():
    assert backend.of(np.zeros(3)) is backend.of(np.float32(1)) is backend.CPU
    with pytest.raises(TypeError, match="got list"):
        backend.of([1.0])


def test_backend_is_the_only_file_that_imports_cupy():
    assert [f.relative_to(PACKAGE).as_posix() for f in PACKAGE.rglob("*.py") if "import cupy" in f.read_text()] == ["backend/__init__.py"]


def test_the_library_works_without_cupy():
    code = "import sys; sys.modules['cupy'] = None; import gan_scratch.cli, gan_scratch.gans; print(gan_scratch.gans.DCGAN(rng=0).sample(2, 0).shape)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "(2, 28, 28, 1)"


def xp_calls():
    """Every xp.NAME(…, keyword=…) of the library: (file, dotted name, keywords)."""
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                path, target = [], node.func
                while isinstance(target, ast.Attribute) and target.attr != "xp":
                    path.append(target.attr)
                    target = target.value
                if path and (isinstance(target, ast.Attribute) or isinstance(target, ast.Name) and target.id == "xp"):
                    yield file.name, ".".join(reversed(path)), [k.arg for k in node.keywords]


def test_every_function_and_keyword_exists_in_the_installed_cupy():
    cupy = pytest.importorskip("cupy", reason="gpu: not run, CuPy isn't installed (pip install '.[cuda12]')")
    calls = list(xp_calls())
    assert len(calls) > 40 and {"sqrt", "lib.stride_tricks.sliding_window_view", "random.Philox4x3210"} <= {name for _, name, _ in calls}
    for file, name, keywords in calls:
        target = cupy
        for part in name.split("."):
            assert hasattr(target, part), f"{file}: cupy has no {name}"
            target = getattr(target, part)
        try:
            parameters = inspect.signature(target).parameters
        except (ValueError, TypeError):  # compiled; ufuncs take out and dtype
            continue
        for keyword in keywords:
            assert keyword in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values()), f"{file}: {name}({keyword}=)"


def test_the_stand_in_offers_only_what_cupy_has():
    cupy = pytest.importorskip("cupy", reason="gpu: not run, CuPy isn't installed (pip install '.[cuda12]')")
    assert all(hasattr(cupy, name) for name in standin.FUNCTIONS)
    assert all(hasattr(cupy.ndarray, name) for name in vars(standin.ndarray) if not name.startswith("_") and name != "syncs")


def test_kernels_compile_with_nvrtc():
    """The compiler that CuPy uses at run time; it needs no GPU."""
    pytest.importorskip("cupy", reason="gpu: not run, CuPy isn't installed (pip install '.[cuda12]')")
    from cupy.cuda import nvrtc

    try:
        nvrtc.getVersion()
    except RuntimeError:
        pytest.skip("gpu: not run, CUDA's run-time compiler isn't installed (pip install nvidia-cuda-nvrtc-cu12)")
    source = (PACKAGE / "backend" / "kernels.cu").read_text()
    program = nvrtc.createProgram(source, "kernels.cu", [], [])
    nvrtc.compileProgram(program, ["-std=c++17", "--gpu-architecture=compute_75"])
    ptx = nvrtc.getPTX(program).decode()
    for name in ("im2col", "col2im", "dots_in_slices", "sum_of_slices"):
        assert all(f".entry {name}_{kind}(" in ptx for kind in ("f32", "f64"))


def test_pointwise_formulas_fuse_into_one_float32_kernel():
    """CuPy traces each formula into one kernel. Tracing needs no GPU, and shows arithmetic that slipped into another precision."""
    cupy = pytest.importorskip("cupy", reason="gpu: not run, CuPy isn't installed (pip install '.[cuda12]')")
    from gan_scratch import optim
    from gan_scratch.layers import activation, norm

    formulas = {f.__wrapped__ for module in (activation, norm, optim) for f in vars(module).values() if hasattr(f, "__wrapped__")}
    assert len(formulas) >= 11
    for f in formulas:
        operation = traced(cupy, f)
        assert not {"double", "float16"} & set(operation.replace("<", " ").replace(">", " ").split()), f"{f.__name__}\n{operation}"


def traced(cupy, f) -> str:
    """The operation that cupy.fuse makes of f for float32 arrays and Python numbers (in its own, undocumented, parts)."""
    from cupy._core import _fusion_thread_local, fusion

    nowhere = cupy.cuda.MemoryPointer(cupy.cuda.UnownedMemory(4096, 4096, None, device_id=0), 0)
    array = cupy.ndarray((4, 3), np.float32, memptr=nowhere)
    arguments = [0.25 if name in ("slope", "rest", "lr", "eps") else array for name in list(inspect.signature(f).parameters)[1:]]
    local = _fusion_thread_local.thread_local
    local.history, local.is_old_fusing = fusion._FusionHistory(), True
    try:
        return local.history.get_fusion(lambda *a: f(cupy, *a), arguments, f.__name__)[0].operation
    finally:
        local.history, local.is_old_fusing = None, False
