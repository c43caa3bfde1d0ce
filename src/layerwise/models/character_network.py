"""The 64-2-3 network: 8x8 pictures of three characters, two hidden units whose weights can be looked at.

Rumelhart, Hinton and Williams 1986 (the learning rule); lecture 003, the 64-2-3 network.
"""

from torch import nn

from layerwise.catalog import register
from layerwise.models.inputs import InputShape, feature_count, require
from layerwise.models.sigmoid_outputs import SigmoidNetwork

__all__ = ["character_network"]


@register(
    "64-2-3",
    task="classify",
    source="Rumelhart, Hinton and Williams, Learning representations by back-propagating errors, Nature 1986",
    lecture="003 64-2-3 network",
    small={"inputs": 9, "outputs": 3},
    image=(1, 8, 8),
    train={"optimizer": "sgd", "learning_rate": 0.5, "batch_size": 10, "epochs": 300, "stopping": "none"},
)
def character_network(inputs: InputShape, outputs: int, *, hidden_units: int = 2) -> nn.Module:
    """Sigmoid units in two layers, one output unit a class, learned from the squared error.

    h = sigmoid(V x + a),  f = sigmoid(W h + b);  E = sum_k (d_k - f_k)^2

    With 64 inputs and 3 classes it has (64 + 1) 2 + (2 + 1) 3 = 139 parameters. The rows of V, one number a pixel, are
    pictures: what each hidden unit looks for.

    Args:
        inputs: Numbers of one example; pictures are read as one row.
        outputs: Number of classes; each has its unit, two classes as well.
        hidden_units: Units of the hidden layer.

    Raises:
        LayerwiseError: There is no hidden unit.

    Source: lecture 003, the 64-2-3 network.

    Example:
        >>> sum(parameter.numel() for parameter in character_network((1, 8, 8), 3).parameters())
        139
    """
    require(hidden_units >= 1, "hidden_units", hidden_units, "1, 2, 3 ...")
    layers: dict[str, nn.Module] = {} if isinstance(inputs, int) else {"flatten": nn.Flatten()}
    layers |= {
        "hidden": nn.Linear(feature_count(inputs), hidden_units),
        "hidden_sigmoid": nn.Sigmoid(),
        "output": nn.Linear(hidden_units, outputs),
    }
    return SigmoidNetwork(layers, units=outputs, error="squared-error")
