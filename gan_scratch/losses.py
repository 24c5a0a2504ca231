"""Losses: value and gradient together, so that each stands beside the formula it came from.

D returns logits l, so D(x) = σ(l) as a probability. Every loss here takes logits: log σ(l) = −softplus(−l) and
log(1 − σ(l)) = −softplus(l) stay finite where log of a rounded probability is −∞. All means are over every element of
the first argument, and a value is a 0-d array on the device where its arguments live.

The loss of a GAN is an object with discriminator(real, fake) -> loss, d_real, d_fake and generator(fake) -> loss, d_fake;
curvature(real, fake) gives the second derivatives of D's loss, which unrolling needs, and outputs(real, fake) what curves show.
"""
from __future__ import annotations

from gan_scratch import backend
from gan_scratch.backend import Array
from gan_scratch.layers.activation import sigmoid, softplus


def computed(*arrays: Array) -> None:
    """Raises TypeError unless all are float32 or float64, ValueError when one is empty: what float16 can't hold, or the
    mean of nothing, would spread silently."""
    for a in arrays:
        dtype = getattr(a, "dtype", None)
        if dtype is None or dtype.kind != "f" or dtype.itemsize < 4:
            raise TypeError(f"losses compute with arrays of float32 or float64, got {dtype or type(a).__name__}; "
                            "convert it with .astype(np.float32)")
        if not a.size:
            raise ValueError(f"losses are means over a batch, but this one is empty: shape {a.shape}")


def bce_with_logits(logits: Array, targets: Array | float) -> tuple[Array, Array]:
    """Binary cross-entropy −t log σ(l) − (1 − t) log(1 − σ(l)) = t softplus(−l) + (1 − t) softplus(l), and its gradient.

    Args:
        logits: any shape, for D usually (N, 1).
        targets: the same shape, or one number for all, in [0, 1].

    Returns: loss (mean), dlogits = (σ(l) − t)/N. Raises ValueError when the shapes differ.
    """
    computed(logits)
    targets = _like(logits, targets)
    loss = (targets * softplus(-logits) + (1 - targets) * softplus(logits)).mean()
    return loss, (sigmoid(logits) - targets) / logits.size


def softmax_cross_entropy(logits: Array, labels: Array) -> tuple[Array, Array]:
    """−log softmax(l)[label], mean over the batch, and its gradient (softmax(l) − one-hot)/N.

    Args:
        logits: (N, K).
        labels: (N,) integers in [0, K).

    Raises ValueError when the shapes don't fit, TypeError when labels aren't integers.
    """
    computed(logits)
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ValueError(f"softmax_cross_entropy expects logits (N, K) and labels (N,), got {logits.shape} and {labels.shape}")
    if labels.dtype.kind not in "iu":
        raise TypeError(f"softmax_cross_entropy expects integer labels, got {labels.dtype}")
    if backend.of(labels) is backend.CPU and len(labels) and not 0 <= labels.min() <= labels.max() < logits.shape[1]:
        raise ValueError(f"softmax_cross_entropy expects labels from 0 to {logits.shape[1] - 1}, got {labels.min()} to {labels.max()}")
    n, xp = len(logits), backend.of(logits).xp
    shifted = logits - logits.max(1, keepdims=True)  # softmax doesn't change, and e^… can't overflow
    log_p = shifted - xp.log(xp.exp(shifted).sum(1, keepdims=True))  # (N, K)
    rows = xp.arange(n)
    dlogits = xp.exp(log_p)
    dlogits[rows, labels] -= 1
    return -log_p[rows, labels].mean(), dlogits / n


def l1(y: Array, target: Array | float) -> tuple[Array, Array]:
    """Mean |y − target| and its gradient sign(y − target)/size (0 where they are equal)."""
    computed(y)
    difference = y - _like(y, target)
    xp = backend.of(y).xp
    return xp.abs(difference).mean(), xp.sign(difference) / y.size


def l2(y: Array, target: Array | float) -> tuple[Array, Array]:
    """Mean (y − target)² and its gradient 2(y − target)/size."""
    computed(y)
    difference = y - _like(y, target)
    return (difference * difference).mean(), 2 * difference / y.size


def _like(y: Array, target: Array | float) -> Array | float:
    """The target in y's dtype; ValueError unless it is a number or has y's shape."""
    if isinstance(target, (int, float)):
        return float(target)
    shape = getattr(target, "shape", None)
    if shape != y.shape and shape != ():
        raise ValueError(f"the target has shape {shape or type(target).__name__}, but it is compared with an array of shape {y.shape}; "
                         "NumPy would silently compare every pair")
    return target.astype(y.dtype, copy=False)


class Minimax:
    """The original game (Goodfellow et al. 2014, eq. 1): V = E log D(x) + E log(1 − D(G(z))). D minimises −V, G minimises V.

    G's gradient is −σ(l)/N: it vanishes just where G is bad, at l ≪ 0.
    """

    real_label, fake_label = 1.0, 0.0

    def discriminator(self, real_logits: Array, fake_logits: Array) -> tuple[Array, Array, Array]:
        """loss = −V, and its gradients with respect to the logits of real and of fake."""
        loss_real, d_real = bce_with_logits(real_logits, self.real_label)
        loss_fake, d_fake = bce_with_logits(fake_logits, self.fake_label)
        return loss_real + loss_fake, d_real, d_fake

    def curvature(self, real_logits: Array, fake_logits: Array) -> tuple[Array, Array]:
        """∂²loss/∂l² for each logit of real and of fake: σ(l)(1 − σ(l))/N, whatever the labels."""
        return _logistic_curvature(real_logits), _logistic_curvature(fake_logits)

    def outputs(self, real_logits: Array, fake_logits: Array) -> dict[str, Array]:
        """d_real, d_fake: the mean probability σ(l) of being real."""
        computed(real_logits, fake_logits)
        return {"d_real": sigmoid(real_logits).mean(), "d_fake": sigmoid(fake_logits).mean()}

    def generator(self, fake_logits: Array) -> tuple[Array, Array]:
        """loss = E log(1 − D(G(z))) = −E softplus(l), and its gradient −σ(l)/N."""
        computed(fake_logits)
        return -softplus(fake_logits).mean(), -sigmoid(fake_logits) / fake_logits.size


class NonSaturating(Minimax):
    """G minimises −E log D(G(z)) instead (Goodfellow et al. 2014, section 3): the gradient is −(1 − σ(l))/N.

    Args:
        real_label: 0.9 gives one-sided label smoothing (Salimans et al. 2016, section 3.4).
        fake_label: 0.1 beside it gives two-sided smoothing. It puts p_g into the numerator of the optimal D, (αp + βq)/(p + q), so D no longer
            drives samples away from where there is no data: shown in lecture 07, not recommended.
    """

    def __init__(self, real_label: float = 1.0, fake_label: float = 0.0):
        if not 0 <= fake_label < real_label <= 1:
            raise ValueError(f"NonSaturating: labels must satisfy 0 ≤ fake_label < real_label ≤ 1, got {fake_label} and {real_label}")
        self.real_label, self.fake_label = float(real_label), float(fake_label)

    def generator(self, fake_logits):
        """loss = −E log D(G(z)), and its gradient (σ(l) − 1)/N."""
        return bce_with_logits(fake_logits, 1.0)


def _logistic_curvature(logits: Array) -> Array:
    computed(logits)
    D = sigmoid(logits)
    return D * (1 - D) / logits.size


class _Critic:
    """Losses on raw outputs, which are no probabilities."""

    def outputs(self, real_logits: Array, fake_logits: Array) -> dict[str, Array]:
        """l_real, l_fake: the mean outputs."""
        computed(real_logits, fake_logits)
        return {"l_real": real_logits.mean(), "l_fake": fake_logits.mean()}

    def curvature(self, real_logits: Array, fake_logits: Array) -> tuple[Array, Array]:
        """∂²loss/∂l² for each logit of real and of fake: 0, the loss is (piecewise) linear."""
        computed(real_logits, fake_logits)
        zeros = backend.of(real_logits).xp.zeros_like
        return zeros(real_logits), zeros(fake_logits)


class LeastSquares(_Critic):
    """½E(l − real)² + ½E(l − fake)² for D and ½E(l − goal)² for G, on raw outputs l (Mao et al. 2017, eq. 2 and 9)."""

    def __init__(self, fake: float = 0.0, real: float = 1.0, goal: float = 1.0):
        self.fake, self.real, self.goal = fake, real, goal

    def discriminator(self, real_logits, fake_logits):
        loss_real, d_real = l2(real_logits, self.real)
        loss_fake, d_fake = l2(fake_logits, self.fake)
        return (loss_real + loss_fake) / 2, d_real / 2, d_fake / 2

    def curvature(self, real_logits, fake_logits):
        computed(real_logits, fake_logits)
        ones = backend.of(real_logits).xp.ones_like
        return ones(real_logits) / real_logits.size, ones(fake_logits) / fake_logits.size

    def generator(self, fake_logits):
        loss, d_fake = l2(fake_logits, self.goal)
        return loss / 2, d_fake / 2


class Wasserstein(_Critic):
    """D minimises E l(fake) − E l(real), G minimises −E l(fake) (Arjovsky et al. 2017, eq. 2). D must be Lipschitz."""

    def discriminator(self, real_logits, fake_logits):
        computed(real_logits, fake_logits)
        ones = backend.of(real_logits).xp.ones_like
        loss = fake_logits.mean() - real_logits.mean()
        return loss, -ones(real_logits) / real_logits.size, ones(fake_logits) / fake_logits.size

    def generator(self, fake_logits):
        computed(fake_logits)
        return -fake_logits.mean(), -backend.of(fake_logits).xp.ones_like(fake_logits) / fake_logits.size


class Hinge(_Critic):
    """D minimises E max(0, 1 − l(real)) + E max(0, 1 + l(fake)), G minimises −E l(fake) (Lim & Ye 2017; Miyato et al. 2018)."""

    def discriminator(self, real_logits, fake_logits):
        computed(real_logits, fake_logits)
        xp = backend.of(real_logits).xp
        loss = xp.maximum(1 - real_logits, 0).mean() + xp.maximum(1 + fake_logits, 0).mean()
        d_real = -(real_logits < 1).astype(real_logits.dtype) / real_logits.size
        d_fake = (fake_logits > -1).astype(fake_logits.dtype) / fake_logits.size
        return loss, d_real, d_fake

    def generator(self, fake_logits):
        return Wasserstein.generator(self, fake_logits)


class Relativistic(_Critic):
    """D is asked whether real looks more real than fake, pair by pair, and G the reverse (Jolicoeur-Martineau 2019, RSGAN; arXiv 1807.00734).

    loss_D = E softplus(−(l(real) − l(fake))), loss_G = E softplus(l(real) − l(fake)). Both nets see both kinds, so `generator` needs the real
    logits too; a fake is compared with a real sample instead of with a boundary. Raises ValueError when the numbers of logits differ.
    """

    def discriminator(self, real_logits, fake_logits):
        loss, d_gap = bce_with_logits(self._gap(real_logits, fake_logits), 1.0)
        return loss, d_gap, -d_gap

    def generator(self, fake_logits, real_logits):
        """loss, and its gradient with respect to the fake logits."""
        return bce_with_logits(self._gap(fake_logits, real_logits), 1.0)

    def curvature(self, real_logits, fake_logits):
        raise NotImplementedError("the relativistic loss couples real and fake logits; unrolling takes a loss that treats each by itself")

    @staticmethod
    def _gap(a: Array, b: Array) -> Array:
        computed(a, b)
        if a.shape != b.shape:
            raise ValueError(f"the relativistic loss pairs real and fake logits, but got {a.shape} and {b.shape}")
        return a - b
