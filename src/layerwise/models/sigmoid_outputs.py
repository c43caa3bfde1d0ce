"""Networks that end in sigmoid units, with the loss of those units: sigmoid unit, multilayer perceptron, 64-2-3.

Two classes share one unit: its output is the score of the second class. Several classes have one unit each.
"""

from collections.abc import Mapping
from typing import Any, Literal

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn
from torch.nn import functional

from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.layers.losses import binary_cross_entropy, squared_error
from layerwise.tasks.contract import Batch, LossResult

__all__ = ["SigmoidNetwork", "unit_count", "unit_scores", "unit_targets"]


def unit_count(classes: int) -> int:
    """Return how many output units tell some classes apart: one for two, else one each.

    Example:
        >>> unit_count(2), unit_count(3)
        (1, 3)
    """
    return 1 if classes == 2 else classes


def unit_targets(classes: Shaped[Tensor, "batch ..."], units: int, dtype: torch.dtype) -> Float[Tensor, "batch units"]:
    """Return what each unit should answer: 1 for its class and 0 for the others.

    Raises:
        LayerwiseError: The targets are numbers, not classes.

    Example:
        >>> unit_targets(torch.tensor([1, 0]), 1, torch.float32).tolist()
        [[1.0], [0.0]]
        >>> unit_targets(torch.tensor([1, 0]), 3, torch.float32).tolist()
        [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    """
    if classes.is_floating_point():
        raise LayerwiseError(
            say("Threshold and sigmoid outputs answer with classes."), say("a target of numbers"),
            say("Use the model 'mlp' with a linear output, or a target of classes."), usage=True,
        )  # fmt: skip
    if units == 1:
        return classes.to(dtype).unsqueeze(1)
    return functional.one_hot(classes, units).to(dtype)


def unit_scores(output: Float[Tensor, "batch units"]) -> Float[Tensor, "batch classes"]:
    """Turn the outputs of sigmoid units into one score a class that sum to one.

    One unit: (1 - f, f). Several: f_k / sum of all f; the largest stays the largest.

    Example:
        >>> [round(score, 4) for score in unit_scores(torch.tensor([[0.9, 0.3, 0.3]]))[0].tolist()]
        [0.6, 0.2, 0.2]
    """
    if output.shape[1] == 1:
        return torch.cat((1 - output, output), dim=1)
    # The smallest normal number keeps 0 / 0 away where every unit answers 0.
    kept = output.clamp_min(torch.finfo(output.dtype).tiny)
    return kept / kept.sum(dim=1, keepdim=True)


class SigmoidNetwork(nn.Module):
    """Layers in a row that end in sigmoid units, with the loss of those units.

    `cross-entropy`: E = -sum_k (t ln f + (1 - t) ln(1 - f)); `squared-error`: E = sum_k (t - f)^2; f = 1 / (1 + e^-s).

    Args:
        layers: The layers by name, up to the weighted sums s of the last units.
        units: Number of those units.
        error: The loss of the units.

    Source: lecture 003, "Sigmoid Unit" and "Back Propagation Learning Algorithm".

    Example:
        >>> network = SigmoidNetwork({"unit": nn.Linear(2, 1)}, units=1, error="squared-error")
        >>> network.unit.weight.data.zero_(), network.unit.bias.data.zero_()
        (tensor([[0., 0.]]), tensor([0.]))
        >>> batch = Batch(torch.ones(1, 2), torch.tensor([1]), torch.tensor([0]))
        >>> network.loss(batch, None).total.item(), network.scores(network(batch.inputs)).tolist()
        (0.25, [[0.5, 0.5]])
    """

    def __init__(
        self, layers: Mapping[str, nn.Module], *, units: int, error: Literal["cross-entropy", "squared-error"]
    ) -> None:
        super().__init__()
        self.order = tuple(layers)
        self.units, self.error = units, error
        for name, layer in layers.items():
            self.add_module(name, layer)
        self.sigmoid = nn.Sigmoid()

    def sums(self, inputs: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch units"]:
        """Return the weighted sums of the last units."""
        values = inputs
        for name in self.order:
            values = self.get_submodule(name)(values)
        return values

    def forward(self, inputs: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch units"]:
        """Return the outputs of the last units, from 0 to 1."""
        outputs: Tensor = self.sigmoid(self.sums(inputs))
        return outputs

    def loss(self, batch: Batch, state: Any) -> LossResult:
        """Return the summed loss of a batch."""
        sums = self.sums(batch.inputs)
        output = self.sigmoid(sums)
        wanted = unit_targets(batch.targets, self.units, sums.dtype)
        if self.error == "cross-entropy":
            # From the sums, not the outputs: ln(1 - f) is lost where f rounds to 1.
            total = binary_cross_entropy(sums, wanted, batch.weights)
        else:
            total = squared_error(output, wanted, batch.weights)
        return LossResult(total, batch.count(), output)

    def scores(self, output: Float[Tensor, "batch units"]) -> Float[Tensor, "batch classes"]:
        """Turn the outputs into one score a class."""
        return unit_scores(output)
