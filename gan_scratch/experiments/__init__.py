"""What the lectures claim about training, as programs that measure it: `python -m gan_scratch.experiments.claims`, `….collapse`."""
