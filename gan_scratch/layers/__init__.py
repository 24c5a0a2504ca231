"""Layers: each computes y = f(x) and, by hand, the gradient of a loss with respect to x and to its own weights.

Activations are channels last: (N, features), (N, W, C), (N, H, W, C), (N, D, H, W, C).
"""
from gan_scratch.layers import init
from gan_scratch.layers.activation import LeakyReLU, PReLU, ReLU, Sigmoid, Softplus, Tanh
from gan_scratch.layers.attention import SelfAttention
from gan_scratch.layers.base import Layer, Parameter, Sequential
from gan_scratch.layers.bilinear import Bilinear, Dense
from gan_scratch.layers.combine import Concat, Residual
from gan_scratch.layers.conditional import AdaIN, Conditional, ConditionalBatchNorm, Projection
from gan_scratch.layers.conv import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from gan_scratch.layers.discrete import Softmax, StraightThrough
from gan_scratch.layers.dropout import Dropout
from gan_scratch.layers.embedding import Embedding
from gan_scratch.layers.minibatch import MinibatchDiscrimination, Pack
from gan_scratch.layers.noise import GaussianNoise
from gan_scratch.layers.norm import BatchNorm, InstanceNorm, LayerNorm
from gan_scratch.layers.pool import AvgPool2d, MaxPool2d, SumPool
from gan_scratch.layers.progressive import EqualisedLR, MinibatchStd, PixelNorm
from gan_scratch.layers.recurrent import GRU, LSTM, Bidirectional, SimpleRNN
from gan_scratch.layers.shape import Coordinates, Flatten, PixelShuffle, ReflectionPad2d, Reshape, Upsample
from gan_scratch.layers.spectral import SpectralNorm
from gan_scratch.layers.style import Constant, PlaneNoise

__all__ = [
    "AdaIN", "AvgPool2d", "BatchNorm", "Bidirectional", "Bilinear", "Concat", "Conditional",
    "ConditionalBatchNorm", "Constant", "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d",
    "ConvTranspose3d", "Coordinates", "Dense", "Dropout", "Embedding", "EqualisedLR", "Flatten", "GRU", "GaussianNoise",
    "InstanceNorm", "LSTM", "Layer", "LayerNorm", "LeakyReLU", "MaxPool2d", "MinibatchDiscrimination",
    "MinibatchStd", "PReLU", "Pack", "Parameter", "PixelNorm", "PixelShuffle", "PlaneNoise", "Projection", "ReLU",
    "ReflectionPad2d", "Reshape", "Residual", "SelfAttention", "Sequential", "Sigmoid", "SimpleRNN", "Softmax",
    "Softplus", "SpectralNorm", "SumPool", "StraightThrough", "Tanh", "Upsample", "init",
]
