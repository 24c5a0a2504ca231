"""GAN variants, one file each. VARIANTS is what the command line offers."""
from gan_scratch.gans import dcgan, gan
from gan_scratch.gans.dcgan import DCGAN
from gan_scratch.gans.gan import GAN
from gan_scratch.gans.recipe import Recipe

VARIANTS: dict[str, Recipe] = {"mlp": gan.SMALL, "mlp-large": gan.LARGE, "dcgan": dcgan.RECIPE}

__all__ = ["DCGAN", "GAN", "Recipe", "VARIANTS"]
