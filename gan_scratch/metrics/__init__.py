"""How good are the samples? Distances between distributions, and a frozen judge of digits and clothes."""
from gan_scratch.metrics.frechet import frechet_distance
from gan_scratch.metrics.judge import Judge
from gan_scratch.metrics.modes import mode_coverage

__all__ = ["Judge", "frechet_distance", "mode_coverage"]
