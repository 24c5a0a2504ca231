"""How good are the samples? Distances between distributions, scores, and a frozen judge of digits and clothes."""
from gan_scratch.metrics.classifier import am_score, inception_score, mode_score, softmax
from gan_scratch.metrics.divergences import histograms, js, kl, tv
from gan_scratch.metrics.frechet import frechet_at_infinity, frechet_bias, frechet_distance, frechet_gaussians
from gan_scratch.metrics.judge import Judge
from gan_scratch.metrics.kernel import kernel_distance, mmd2
from gan_scratch.metrics.manifold import density_coverage, expected_coverage, precision_recall
from gan_scratch.metrics.modes import mode_counts, mode_coverage
from gan_scratch.metrics.neighbours import birthday_test, expected_duplicates, nearest, pair_distances, support_estimate
from gan_scratch.metrics.parzen import best_sigma, log_likelihood
from gan_scratch.metrics.transport import Transport, w1, w1_1d, w1_matched

__all__ = ["Judge", "Transport", "am_score", "best_sigma", "birthday_test", "density_coverage", "expected_coverage",
           "expected_duplicates", "frechet_at_infinity", "frechet_bias", "frechet_distance", "frechet_gaussians",
           "histograms", "inception_score", "js", "kernel_distance", "kl", "log_likelihood", "mmd2", "mode_counts",
           "mode_coverage", "mode_score", "nearest", "pair_distances", "precision_recall", "softmax", "support_estimate",
           "tv", "w1", "w1_1d", "w1_matched"]
