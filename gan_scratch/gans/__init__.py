"""GAN variants, one file each. VARIANTS is what the command line offers."""
from gan_scratch.gans import acgan, biggan, cgan, controlgan, dcgan, gan, gan3d, infogan, lapgan, lsgan, midinet, progressive, rnn_gan, sagan, sngan, stackgan, stylegan, unrolled, vae, wgan, wgan_gp
from gan_scratch.gans.acgan import ACGAN
from gan_scratch.gans.biggan import BigGAN
from gan_scratch.gans.cgan import CGAN
from gan_scratch.gans.dcgan import DCGAN
from gan_scratch.gans.gan import GAN
from gan_scratch.gans.lsgan import LSGAN
from gan_scratch.gans.recipe import Recipe
from gan_scratch.gans.remedies import REMEDIES
from gan_scratch.gans.sagan import SAGAN
from gan_scratch.gans.sngan import SNGAN
from gan_scratch.gans.unrolled import UnrolledGAN
from gan_scratch.gans.vae import VAE
from gan_scratch.gans.wgan import WGAN
from gan_scratch.gans.wgan_gp import WGANGP

VARIANTS: dict[str, Recipe] = {"mlp": gan.SMALL, "mlp-large": gan.LARGE, "dcgan": dcgan.RECIPE, "lsgan": lsgan.RECIPE, "wgan": wgan.RECIPE,
                               "wgan-gp": wgan_gp.RECIPE, "sngan": sngan.RECIPE, "unrolled": unrolled.RECIPE, "cgan": cgan.RECIPE, "acgan": acgan.RECIPE,
                               "controlgan": controlgan.RECIPE, "controlgan-as-cgan": controlgan.CGAN_RECIPE,
                               "infogan": infogan.RECIPE, "infogan-without-information": infogan.WITHOUT, "biggan": biggan.RECIPE, "sagan": sagan.RECIPE, "sagan-without-attention": sagan.WITHOUT, "lapgan": lapgan.RECIPE, "lapgan-single-scale": lapgan.SINGLE, "stackgan": stackgan.RECIPE, "stackgan-without-augmentation": stackgan.WITHOUT, "progressive": progressive.RECIPE, "progressive-at-full-size": progressive.WITHOUT, "stylegan": stylegan.RECIPE, "stylegan-without-mixing": stylegan.WITHOUT, "3d-gan": gan3d.RECIPE, "3d-gan-dense": gan3d.DENSE,
                               "midinet": midinet.RECIPE, "midinet-without-conditioner": midinet.WITHOUT, "rnn-gan": rnn_gan.RECIPE, "rnn-gan-gru": rnn_gan.WITH_GRU,
                               "rnn-gan-simple": rnn_gan.SIMPLE, "vae": vae.RECIPE} | REMEDIES

__all__ = ["ACGAN", "BigGAN", "CGAN", "DCGAN", "GAN", "LSGAN", "REMEDIES", "Recipe", "SAGAN", "SNGAN", "UnrolledGAN", "VAE", "VARIANTS", "WGAN", "WGANGP"]
