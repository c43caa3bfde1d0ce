"""What the layers of a table are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import nn

from layerwise.layers.activations import Maxout, ScaledTanh, Step
from layerwise.layers.convolution import Convolution2d, PartialConvolution2d
from layerwise.layers.normalization import LocalResponseNorm
from layerwise.layers.pooling import L2Pool2d, TrainablePool2d
from layerwise.layers.radial_basis import RadialBasis
from layerwise.layers.upsampling import BilinearUpsampling2d

__all__ = ["Words", "words_for"]

TYPES: tuple[tuple[tuple[type[nn.Module], ...], str], ...] = (
    ((nn.Conv1d, nn.Conv2d, nn.Conv3d, Convolution2d, PartialConvolution2d), "Convolution"),
    ((nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d, BilinearUpsampling2d), "Transposed Convolution"),
    ((nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AdaptiveMaxPool2d), "Max Pooling"),
    ((nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d, nn.AdaptiveAvgPool2d, TrainablePool2d), "Avg Pooling"),
    ((nn.LPPool1d, nn.LPPool2d, L2Pool2d), "L2 Pooling"),
    ((nn.Linear, RadialBasis), "Fully Connected"),
    ((Maxout,), "Maxout"),
    ((nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d), "Batch Norm"),
    ((nn.LocalResponseNorm, LocalResponseNorm), "Local Response Norm"),
    ((nn.LayerNorm,), "Layer Norm"),
    ((nn.RNN, nn.RNNCell), "Recurrent"),
    ((nn.LSTM, nn.LSTMCell), "LSTM"),
    ((nn.GRU, nn.GRUCell), "GRU"),
    ((nn.Embedding,), "Embedding"),
    ((nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d), "Dropout"),
)
"""Types of layers in the words of the field; any other module is called by its class."""

ACTIVATIONS: Mapping[type[nn.Module], str] = {
    nn.Tanh: "tanh", ScaledTanh: "scaled tanh", nn.ReLU: "ReLU", nn.Sigmoid: "sigmoid", nn.LeakyReLU: "leaky ReLU",
    nn.ELU: "ELU", nn.GELU: "GELU", nn.SiLU: "SiLU", nn.Softplus: "softplus", nn.Softmax: "softmax",
    nn.LogSoftmax: "log softmax", nn.ReLU6: "ReLU6", nn.Hardtanh: "hard tanh", Step: "step",
}  # fmt: skip

FUNCTION_ACTIVATIONS: Mapping[str, str] = {
    "tanh": "tanh", "relu": "ReLU", "relu_": "ReLU", "sigmoid": "sigmoid", "leaky_relu": "leaky ReLU", "elu": "ELU",
    "gelu": "GELU", "silu": "SiLU", "softplus": "softplus", "softmax": "softmax", "log_softmax": "log softmax",
}  # fmt: skip

FUNCTION_TYPES: Mapping[str, str] = {
    "add": "Sum", "iadd": "Sum", "radd": "Sum", "sub": "Difference", "rsub": "Difference", "mul": "Product",
    "rmul": "Product", "imul": "Product", "matmul": "Matrix Product", "mm": "Matrix Product", "bmm": "Matrix Product",
    "linear": "Fully Connected", "conv1d": "Convolution", "conv2d": "Convolution", "conv3d": "Convolution",
    "max_pool1d": "Max Pooling", "max_pool2d": "Max Pooling", "avg_pool1d": "Avg Pooling", "avg_pool2d": "Avg Pooling",
    "adaptive_avg_pool2d": "Avg Pooling", "lp_pool2d": "L2 Pooling", "cat": "Concatenation", "dropout": "Dropout",
    "one_hot": "One-hot", "mean": "Mean", "sum": "Sum over an axis",
}  # fmt: skip


@dataclass(frozen=True)
class Words:
    """How one layer is described.

    Args:
        type: What it is.
        activation: Its name if it is an activation, which joins the row above; else empty.
        answer: What stands in its own activation column; only the distance layer has one.
    """

    type: str
    activation: str = ""
    answer: str = ""


def words_for(module: nn.Module | None, function: str) -> Words:
    """Return the words for a module, or for a function called between modules.

    Example:
        >>> words_for(nn.AvgPool2d(2), "").type, words_for(None, "relu").activation
        ('Avg Pooling', 'ReLU')
    """
    if module is None:
        name = FUNCTION_ACTIVATIONS.get(function, "")
        return Words(FUNCTION_TYPES.get(function, name or function), name)
    if type(module) in ACTIVATIONS:
        name = ACTIVATIONS[type(module)]
        return Words(name, name)
    kind = next((words for kinds, words in TYPES if isinstance(module, kinds)), type(module).__name__)
    return Words(kind, answer="RBF" if isinstance(module, RadialBasis) else "")
