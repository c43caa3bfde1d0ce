"""The sigmoid unit: a perceptron that answers smoothly, so that it can learn by its gradient.

Widrow and Hoff 1960 (the delta rule); lecture 003, "Sigmoid Unit".
"""

from torch import nn

from layerwise.catalog import register
from layerwise.models.inputs import InputShape, feature_count
from layerwise.models.sigmoid_outputs import SigmoidNetwork, unit_count

__all__ = ["sigmoid_unit"]


@register(
    "sigmoid-unit",
    task="classify",
    source="Widrow and Hoff, Adaptive switching circuits, 1960",
    lecture="003 Sigmoid Unit",
    small={"inputs": 3, "outputs": 3},
    train={"optimizer": "sgd", "learning_rate": 0.5, "batch_size": 1},
)
def sigmoid_unit(inputs: InputShape, outputs: int) -> nn.Module:
    """One sigmoid unit for two classes, else one a class; learns by the delta rule.

    f = 1 / (1 + e^-s),  s = w . x + b;  E = (d - f)^2,  dE/dw = -2 (d - f) f (1 - f) x

    One step of gradient descent with learning rate r on one example is the lecture's W <- W + c (d - f) f (1 - f) X
    with c = 2r: the 2 of the square is in c (slip E35). The learning rate 0.5 that is suggested here is c = 1.

    Args:
        inputs: Numbers of one example; pictures are read as one row.
        outputs: Number of classes.

    Source: lecture 003, "Sigmoid Unit".

    Example:
        >>> network = sigmoid_unit(2, 2)
        >>> sum(parameter.numel() for parameter in network.parameters())
        3
    """
    layers: dict[str, nn.Module] = {} if isinstance(inputs, int) else {"flatten": nn.Flatten()}
    layers["unit"] = nn.Linear(feature_count(inputs), unit_count(outputs))
    return SigmoidNetwork(layers, units=unit_count(outputs), error="squared-error")
