"""The multilayer perceptron: layers of units, learned by back-propagation.

Rumelhart, Hinton and Williams 1986, "Learning representations by back-propagating errors"; lecture 003, "Back
Propagation Learning Algorithm".
"""

from collections import OrderedDict
from typing import Literal

from torch import nn

from layerwise.catalog import register
from layerwise.layers.activations import activation as named_activation
from layerwise.models.inputs import InputShape, feature_count, require
from layerwise.models.sigmoid_outputs import SigmoidNetwork, unit_count

__all__ = ["mlp"]


@register(
    "mlp",
    task="classify regress tag",
    source="Rumelhart, Hinton and Williams, Learning representations by back-propagating errors, Nature 1986",
    lecture="003 Back Propagation Learning Algorithm",
    small={"inputs": 4, "outputs": 3, "hidden": (5,)},
)
def mlp(
    inputs: InputShape,
    outputs: int,
    *,
    hidden: tuple[int, ...] = (100,),
    activation: Literal["sigmoid", "tanh", "scaled-tanh", "relu", "leaky-relu", "elu"] = "tanh",
    dropout: float = 0.0,
    batch_norm: bool = False,
    output: Literal["linear", "sigmoid"] = "linear",
    error: Literal["cross-entropy", "squared-error"] = "cross-entropy",
) -> nn.Module:
    """Hidden layers of units, then a linear output, or sigmoid units as in the lecture.

    a_j = f(W_j a_(j-1) + b_j), a_0 = x. A linear output leaves the loss to the task. Sigmoid outputs bring their own:
    one unit for two classes, so that `hidden=(2,)` on two inputs is the lecture's 2-2-1 network; else one a class.

    Args:
        inputs: Numbers of one example; pictures are read as one row.
        outputs: Number of classes or target numbers.
        hidden: Units of each hidden layer, from the input up; none is a single layer.
        activation: Function of the hidden units.
        dropout: Share of hidden units left out in training, 0 <= share < 1.
        batch_norm: Normalise the sums of every hidden layer over the batch.
        output: Linear outputs, or sigmoid units that bring their own loss.
        error: Loss of sigmoid outputs.

    Raises:
        LayerwiseError: A width or the dropout is out of range.

    Source: lecture 003, "Back Propagation Learning Algorithm"; Rumelhart, Hinton and Williams 1986.

    Example:
        >>> sum(parameter.numel() for parameter in mlp(784, 10, hidden=(500,)).parameters())
        397510
        >>> sum(parameter.numel() for parameter in mlp(2, 2, hidden=(2,), output="sigmoid").parameters())
        9
    """
    require(all(units >= 1 for units in hidden), "hidden", hidden, "1, 2, 3 ...")
    require(0 <= dropout < 1, "dropout", dropout, "0 <= share < 1")
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    if not isinstance(inputs, int):
        layers["flatten"] = nn.Flatten()
    width = feature_count(inputs)
    for number, units in enumerate(hidden, start=1):
        layers[f"hidden{number}"] = nn.Linear(width, units)
        if batch_norm:
            layers[f"batch_norm{number}"] = nn.BatchNorm1d(units)
        layers[f"activation{number}"] = named_activation(activation)
        if dropout:
            layers[f"dropout{number}"] = nn.Dropout(dropout)
        width = units
    if output == "linear":
        layers["output"] = nn.Linear(width, outputs)
        return nn.Sequential(layers)
    layers["output"] = nn.Linear(width, unit_count(outputs))
    return SigmoidNetwork(layers, units=unit_count(outputs), error=error)
