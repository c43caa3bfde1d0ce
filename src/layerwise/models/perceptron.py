"""The perceptron: one unit with a threshold, and the first learning rule.

Rosenblatt 1958, "The perceptron"; lecture 003, "Perceptron" and "Parameter Learning in Perceptron".
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from layerwise.catalog import register
from layerwise.layers.activations import Step
from layerwise.layers.losses import perceptron_criterion
from layerwise.models.inputs import InputShape, feature_count
from layerwise.models.sigmoid_outputs import unit_count, unit_targets
from layerwise.tasks.contract import Batch, LossResult

__all__ = ["Perceptron", "perceptron"]


@register(
    "perceptron",
    task="classify",
    source="Rosenblatt, The perceptron, Psychological Review 1958",
    lecture="003 Perceptron",
    small={"inputs": 3, "outputs": 3},
    train={"optimizer": "sgd", "learning_rate": 1.0, "batch_size": 1, "stopping": "no-errors"},
)
def perceptron(inputs: InputShape, outputs: int) -> nn.Module:
    """One threshold unit for two classes, else one a class; learns by adding and subtracting examples.

    o = 1 where w . x + b > 0, else 0

    Args:
        inputs: Numbers of one example; pictures are read as one row.
        outputs: Number of classes.

    Source: lecture 003, "Perceptron"; Rosenblatt 1958.

    Example:
        >>> network = perceptron(2, 2)
        >>> network.unit.weight.data, network.unit.bias.data = torch.tensor([[1., 1.]]), torch.tensor([-1.5])
        >>> network(torch.tensor([[0., 1.], [1., 1.]])).flatten().tolist()
        [0.0, 1.0]
    """
    return Perceptron(feature_count(inputs), unit_count(outputs))


class Perceptron(nn.Module):
    """Threshold units whose loss is the perceptron criterion.

    One step of gradient descent with learning rate 1 on one example is the lecture's rule: w <- w + x for an example of
    the positive side with w . x <= 0, w <- w - x for one of the negative side with w . x >= 0, else nothing. The bias
    is the weight of a constant 1 (slip E51). The learning loop visits the examples in a new order every epoch, where
    the lecture picks them at random.

    Several units can all say yes, or all no; the class of the largest sum is then the answer.

    Args:
        features: Numbers of one example.
        units: One for two classes, else one a class.
    """

    def __init__(self, features: int, units: int) -> None:
        super().__init__()
        self.unit = nn.Linear(features, units)
        # start: the weight vector w is generated randomly
        nn.init.uniform_(self.unit.weight, -1, 1)
        nn.init.uniform_(self.unit.bias, -1, 1)
        self.step = Step()

    def forward(self, inputs: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch units"]:
        """Return the answers: 0 or 1 of the one unit, or 1 for the unit with the largest sum."""
        return self.decide(self.unit(inputs.flatten(1)))

    def decide(self, sums: Float[Tensor, "batch units"]) -> Float[Tensor, "batch units"]:
        """Turn weighted sums into answers."""
        if sums.shape[1] == 1:
            answers: Tensor = self.step(sums)
            return answers
        return functional.one_hot(sums.argmax(dim=1), sums.shape[1]).to(sums.dtype)

    def loss(self, batch: Batch, state: Any) -> LossResult:
        """Return the summed perceptron criterion of a batch."""
        sums = self.unit(batch.inputs.flatten(1))
        wanted = unit_targets(batch.targets, sums.shape[1], sums.dtype)
        total = perceptron_criterion(sums, wanted, batch.weights)
        count = batch.count()
        return LossResult(total, count, self.decide(sums))

    def scores(self, output: Float[Tensor, "batch units"]) -> Float[Tensor, "batch classes"]:
        """Return 1 for the class answered and 0 for the others: a perceptron knows no degrees."""
        return torch.cat((1 - output, output), dim=1) if output.shape[1] == 1 else output
