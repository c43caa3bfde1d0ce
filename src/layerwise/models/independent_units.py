"""Units that know nothing of each other: the baseline of every model of binary patterns."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from layerwise.catalog import register
from layerwise.models.inputs import InputShape, feature_count
from layerwise.tasks.contract import Batch, Examples, LossResult

__all__ = ["IndependentUnits", "independent_units"]


@register(
    "independent-units",
    task="density",
    source="Laplace 1814, the rule of succession, for each unit",
    lecture="003 Restricted Boltzmann Machine (RBM)",
    small={"inputs": 6, "outputs": 0},
    train={"scale": "min-max"},
)
def independent_units(inputs: InputShape, outputs: int) -> nn.Module:
    """Each unit with the share of ones it has in the training part, all independent.

    ln P(x) = sum_j x_j ln p_j + (1 - x_j) ln(1 - p_j),  p_j = (n_j + 1) / (N + 2)

    A machine without weights between its layers can do no better; what it is ahead of this it has learned about how
    units go together.

    Args:
        inputs: Numbers of one example; pictures are read as one row.
        outputs: Not used: nothing is predicted.

    Source: the rule of succession, Laplace 1814.

    Example:
        >>> network = independent_units(1, 0)
        >>> network.fit(Examples(torch.tensor([[1.0], [1.0]]), torch.zeros(2, 0), ("a", "b")))
        >>> network.log_likelihood(torch.tensor([[1.0], [0.0]])).exp().tolist()
        [0.75, 0.25]
    """
    return IndependentUnits(feature_count(inputs))


class IndependentUnits(nn.Module):
    """One probability a unit.

    Args:
        units: Number of input numbers of one example.
    """

    shares: Tensor

    def __init__(self, units: int) -> None:
        super().__init__()
        self.register_buffer("shares", torch.full((units,), 0.5))

    def fit(self, examples: Examples) -> None:
        """Count the ones of every unit, each example with its weight; an input that is a probability counts in part."""
        inputs, _, weights = examples.tensors()
        flat = inputs.flatten(1).double()
        counted = flat.new_ones(len(flat)) if weights is None else weights.double()
        # p_j = (n_j + 1) / (N + 2)
        self.shares.copy_((counted @ flat + 1) / (counted.sum() + 2))

    def forward(self, inputs: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch units"]:
        """Return the share of ones of each unit, whatever the example."""
        return self.shares.expand(len(inputs), -1)

    def loss(self, batch: Batch, state: Any) -> LossResult:
        """Return -sum_n ln P(x_n)."""
        likelihood = self.log_likelihood(batch.inputs.flatten(1))
        total = -(likelihood if batch.weights is None else likelihood * batch.weights).sum()
        return LossResult(total, batch.count(), self(batch.inputs), state=state)

    def scores(self, output: Tensor) -> Tensor:
        """Return the output: nothing is classified."""
        return output

    def enumerable(self) -> bool:
        """Say that the probabilities are exact."""
        return True

    def log_likelihood(self, visible: Float[Tensor, "batch visible"]) -> Float[Tensor, " batch"]:
        """Return ln P(x) of each example."""
        # ln P(x) = sum_j x_j ln p_j + (1 - x_j) ln(1 - p_j)
        return visible @ self.shares.log() + (1 - visible) @ (-self.shares).log1p()

    def pseudo_log_likelihood(self, visible: Float[Tensor, "batch visible"], units: Tensor) -> Float[Tensor, " batch"]:
        """Return the same: what the other units say changes nothing, so nothing has to be asked of a few only."""
        return self.log_likelihood(visible)

    def reconstruct(self, visible: Float[Tensor, "batch visible"]) -> Float[Tensor, "batch visible"]:
        """Return the share of ones of each unit."""
        return self.shares.expand(len(visible), -1)
