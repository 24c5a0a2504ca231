"""GAN variants, one file each. VARIANTS is what the command line offers."""
from gan_scratch.gans import dcgan, gan, lsgan, sngan, unrolled, wgan, wgan_gp
from gan_scratch.gans.dcgan import DCGAN
from gan_scratch.gans.gan import GAN
from gan_scratch.gans.lsgan import LSGAN
from gan_scratch.gans.recipe import Recipe
from gan_scratch.gans.remedies import REMEDIES
from gan_scratch.gans.sngan import SNGAN
from gan_scratch.gans.unrolled import UnrolledGAN
from gan_scratch.gans.wgan import WGAN
from gan_scratch.gans.wgan_gp import WGANGP

VARIANTS: dict[str, Recipe] = {"mlp": gan.SMALL, "mlp-large": gan.LARGE, "dcgan": dcgan.RECIPE, "lsgan": lsgan.RECIPE, "wgan": wgan.RECIPE,
                               "wgan-gp": wgan_gp.RECIPE, "sngan": sngan.RECIPE, "unrolled": unrolled.RECIPE} | REMEDIES

__all__ = ["DCGAN", "GAN", "LSGAN", "REMEDIES", "Recipe", "SNGAN", "UnrolledGAN", "VARIANTS", "WGAN", "WGANGP"]
