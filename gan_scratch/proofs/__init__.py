"""Does the mechanism work? For each variant of the zoo a number that shows what its paper promises, beside what it must be compared with.

A proof says what is measured on a trained GAN, what the same measure gives for real data and by chance, and which variant, trained in the same
way but without the mechanism, stands beside it. `gan-scratch train` trains that one too, into the run's folder baseline/.
"""
from gan_scratch.proofs import (
    ageing, bands, blur, code, conditional, editing, features, letters, melody, quality, relation, solids, stages, styles, translation)
from gan_scratch.proofs.proof import Proof

PROOFS: dict[str, Proof] = {
    "cgan": conditional.CLASS,
    "acgan": conditional.AGAINST_CGAN,
    "controlgan": letters.PROOF,
    "age-cgan": ageing.PROOF,
    "infogan": code.PROOF,
    "pix2pix": translation.PIX2PIX,
    "inpainting": translation.INPAINTING,
    "cyclegan": translation.CYCLE,
    "cyclegan-identity-only": translation.IDENTITY,
    "srgan": translation.SRGAN,
    "lapgan": bands.PROOF,
    "stackgan": stages.PROOF,
    "progressive": quality.GROWN,
    "3d-gan": solids.PROOF,
    "midinet": melody.CONDITIONER,
    "rnn-gan": melody.HEARS,
    "sagan": relation.PROOF,
    "biggan": conditional.TRUNCATION,
    "stylegan": styles.PROOF,
    "vae": blur.PROOF,
    "interfacegan": editing.PROOF,
    "dcgan-features": features.PROOF,
}

__all__ = ["PROOFS", "Proof"]
