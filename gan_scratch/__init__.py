"""GANs from scratch: every gradient derived by hand, on NumPy or CuPy. Start with gan_scratch.layers and gan_scratch.gans."""
__version__ = "0.1.0"
