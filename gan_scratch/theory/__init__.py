"""Theory that can be computed: closed forms of what the losses measure, and games small enough to know everything about.

divergences.py: D*, the value function, KL, JS, what G descends · games.py: steps, trajectories, eigenvalues, the xy game ·
tables.py: games in tables · dirac.py: the Dirac-GAN and each remedy's eigenvalues. `python -m gan_scratch.theory` prints the table of remedies.
"""
from gan_scratch.theory.dirac import (
    Row, consensus_eigenvalues, critical_gamma, damped, dirac_consensus, dirac_dragan, dirac_gan, dirac_hinge,
    dirac_instance_noise, dirac_label_smoothing, dirac_least_squares, dirac_nonsaturating, dirac_packed, dirac_r1, dirac_r2,
    dirac_relativistic, dirac_spectral_norm, dirac_spectral_norm_best, dirac_table, dirac_unrolled, dirac_wgan,
    dirac_wgan_gp, euler_modulus, historical_averaging_power, instance_noise_eigenvalues, label_smoothing_eigenvalues,
    least_squares_eigenvalues, r1_eigenvalues, ttur_multipliers, unrolled_eigenvalues, unrolled_gamma)
from gan_scratch.theory.divergences import (
    gaussian_logit, generator_gradient, hinge_critic, hinge_value, js, js_gaussians, js_gradient, kl_gaussians, kl_gradient,
    least_squares_cost, minimax_slope, nonsaturating_slope, optimal_discriminator, optimal_logit, packed_tv, packing_example,
    tv, uniforms, value, w1_gaussians)
from gan_scratch.theory.games import (
    alternating, average, average_gain, clipped, consensus, extragradient, historical_averaging, implicit, jacobian, modulus,
    optimistic, running_mean, simultaneous, step_matrix, trajectory, xy_alternating, xy_extragradient, xy_game, xy_implicit,
    xy_invariant, xy_optimistic, xy_simultaneous)
from gan_scratch.theory.tables import equilibria

__all__ = [
    "Row", "alternating", "average", "average_gain", "clipped", "consensus", "consensus_eigenvalues", "critical_gamma",
    "damped", "dirac_consensus", "dirac_dragan", "dirac_gan", "dirac_hinge", "dirac_instance_noise",
    "dirac_label_smoothing", "dirac_least_squares", "dirac_nonsaturating", "dirac_packed", "dirac_r1", "dirac_r2",
    "dirac_relativistic", "dirac_spectral_norm", "dirac_spectral_norm_best", "dirac_table", "dirac_unrolled", "dirac_wgan",
    "dirac_wgan_gp", "equilibria", "euler_modulus", "extragradient", "gaussian_logit", "generator_gradient", "hinge_critic",
    "hinge_value", "historical_averaging", "historical_averaging_power", "implicit", "instance_noise_eigenvalues",
    "jacobian", "js", "js_gaussians", "js_gradient", "kl_gaussians", "kl_gradient", "label_smoothing_eigenvalues",
    "least_squares_cost", "least_squares_eigenvalues", "minimax_slope", "modulus", "nonsaturating_slope",
    "optimal_discriminator", "optimal_logit", "optimistic", "packed_tv", "packing_example", "r1_eigenvalues",
    "running_mean", "simultaneous", "step_matrix", "trajectory", "ttur_multipliers", "tv", "uniforms",
    "unrolled_eigenvalues", "unrolled_gamma", "value", "w1_gaussians", "xy_alternating", "xy_extragradient", "xy_game",
    "xy_implicit", "xy_invariant", "xy_optimistic", "xy_simultaneous"]
