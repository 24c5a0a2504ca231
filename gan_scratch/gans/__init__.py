"""GAN variants, one file each. VARIANTS is what the command line offers."""
from gan_scratch.gans import (
    acgan, agecgan, biggan, cgan, controlgan, cyclegan, dcgan, gan, gan3d, infogan, lapgan, lsgan, midinet, pix2pix, progressive, rnn_gan, sagan, sngan,
    srgan, stackgan, stylegan, unrolled, vae, wgan, wgan_gp)
from gan_scratch.gans.acgan import ACGAN
from gan_scratch.gans.agecgan import AgeCGAN
from gan_scratch.gans.biggan import BigGAN
from gan_scratch.gans.cgan import CGAN
from gan_scratch.gans.controlgan import ControlGAN
from gan_scratch.gans.cyclegan import CycleGAN
from gan_scratch.gans.dcgan import DCGAN
from gan_scratch.gans.gan import GAN
from gan_scratch.gans.gan3d import GAN3D
from gan_scratch.gans.infogan import InfoGAN
from gan_scratch.gans.lapgan import LAPGAN
from gan_scratch.gans.lsgan import LSGAN
from gan_scratch.gans.midinet import MidiNet
from gan_scratch.gans.pix2pix import Pix2Pix
from gan_scratch.gans.progressive import ProgressiveGAN
from gan_scratch.gans.recipe import Recipe
from gan_scratch.gans.remedies import REMEDIES
from gan_scratch.gans.rnn_gan import RecurrentGAN
from gan_scratch.gans.sagan import SAGAN
from gan_scratch.gans.sngan import SNGAN
from gan_scratch.gans.srgan import SRGAN
from gan_scratch.gans.stackgan import StackGAN
from gan_scratch.gans.stylegan import StyleGAN
from gan_scratch.gans.unrolled import UnrolledGAN
from gan_scratch.gans.vae import VAE
from gan_scratch.gans.wgan import WGAN
from gan_scratch.gans.wgan_gp import WGANGP

VARIANTS: dict[str, Recipe] = {
    "mlp": gan.SMALL,
    "mlp-large": gan.LARGE,
    "dcgan": dcgan.RECIPE,
    "dcgan-features": dcgan.FEATURES,
    "lsgan": lsgan.RECIPE,
    "wgan": wgan.RECIPE,
    "wgan-gp": wgan_gp.RECIPE,
    "sngan": sngan.RECIPE,
    "unrolled": unrolled.RECIPE,
    "cgan": cgan.RECIPE,
    "acgan": acgan.RECIPE,
    "controlgan": controlgan.RECIPE,
    "controlgan-as-cgan": controlgan.CGAN_RECIPE,
    "age-cgan": agecgan.RECIPE,
    "infogan": infogan.RECIPE,
    "infogan-without-information": infogan.WITHOUT,
    "pix2pix": pix2pix.RECIPE,
    "pix2pix-l1": pix2pix.L1_ONLY,
    "inpainting": pix2pix.INPAINTING,
    "inpainting-l1": pix2pix.INPAINTING_L1,
    "cyclegan": cyclegan.RECIPE,
    "cyclegan-without-either": cyclegan.WITHOUT,
    "cyclegan-identity-only": cyclegan.IDENTITY_ONLY,
    "srgan": srgan.RECIPE,
    "srgan-mse": srgan.MSE_ONLY,
    "lapgan": lapgan.RECIPE,
    "lapgan-single-scale": lapgan.SINGLE,
    "stackgan": stackgan.RECIPE,
    "stackgan-without-augmentation": stackgan.WITHOUT,
    "progressive": progressive.RECIPE,
    "progressive-at-full-size": progressive.WITHOUT,
    "stylegan": stylegan.RECIPE,
    "stylegan-without-mixing": stylegan.WITHOUT,
    "3d-gan": gan3d.RECIPE,
    "3d-gan-dense": gan3d.DENSE,
    "midinet": midinet.RECIPE,
    "midinet-without-conditioner": midinet.WITHOUT,
    "rnn-gan": rnn_gan.RECIPE,
    "rnn-gan-deaf": rnn_gan.DEAF,
    "rnn-gan-gru": rnn_gan.WITH_GRU,
    "rnn-gan-simple": rnn_gan.SIMPLE,
    "sagan": sagan.RECIPE,
    "sagan-without-attention": sagan.WITHOUT,
    "biggan": biggan.RECIPE,
    "interfacegan": biggan.EDITED,
    "vae": vae.RECIPE,
} | REMEDIES

__all__ = [
    "ACGAN", "AgeCGAN", "BigGAN", "CGAN", "ControlGAN", "CycleGAN", "DCGAN", "GAN", "GAN3D", "InfoGAN", "LAPGAN", "LSGAN", "MidiNet", "Pix2Pix",
    "ProgressiveGAN", "REMEDIES", "Recipe", "RecurrentGAN", "SAGAN", "SNGAN", "SRGAN", "StackGAN", "StyleGAN", "UnrolledGAN", "VAE", "VARIANTS",
    "WGAN", "WGANGP",
]
