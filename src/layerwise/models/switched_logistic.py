"""The group-switched logistic network: one gate per group of inputs decides how much of the group is used.

Lecture 003, the Theano listing and equations (1) to (7).
"""

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from layerwise.catalog import register
from layerwise.layers.losses import binary_cross_entropy
from layerwise.models.inputs import InputShape, feature_count, require
from layerwise.models.sigmoid_outputs import unit_scores, unit_targets
from layerwise.tasks.contract import Batch, LossResult

__all__ = ["SwitchedLogistic", "switched_logistic"]


@register(
    "switched-logistic",
    task="classify",
    source="lecture 003, the Theano listing",
    lecture="003 Theano listing",
    small={"inputs": 6, "outputs": 3, "groups": (2, 4)},
    train={"optimizer": "sgd", "learning_rate": 0.5},
)
def switched_logistic(
    inputs: InputShape, outputs: int, *, groups: tuple[int, ...] = (2,), switched: bool = True
) -> nn.Module:
    """Logistic regression on inputs that gates switch on and off, group by group.

    s = sigmoid(x W_sw + b_sw),  y = sigmoid((x * (s G)) W + b), with G[m, i] = 1 where input i is in group m

    Args:
        inputs: Numbers of one example; pictures are read as one row.
        outputs: Number K of classes; each has its unit, two classes as well.
        groups: Inputs of each group in their order; or one number, into how many equal groups they are divided.
        switched: Whether the gates work; without them this is plain logistic regression.

    Raises:
        LayerwiseError: The groups do not fit the inputs.

    Source: lecture 003, the Theano listing.

    Example:
        >>> network = switched_logistic(6, 2, groups=(2, 4))
        >>> sum(parameter.numel() for parameter in network.parameters())  # 6*2 + 2 + 6*2 + 2
        28
    """
    features = feature_count(inputs)
    allowed = f"1 <= groups <= {features}, or sizes that add up to {features}"
    require(bool(groups) and min(groups) >= 1, "groups", groups, allowed)
    if len(groups) == 1:
        require(groups[0] <= features, "groups", groups, allowed)
        number = groups[0]
        groups = tuple(features * (place + 1) // number - features * place // number for place in range(number))
    require(sum(groups) == features, "groups", groups, allowed)
    return SwitchedLogistic(groups, outputs, switched=switched)


class SwitchedLogistic(nn.Module):
    """The network of the listing, with the names and the starting weights that it has there.

    E = -sum over examples and outputs of t ln y + (1 - t) ln(1 - y)

    Args:
        groups: Number of inputs of each group.
        outputs: Number of outputs.
        switched: Whether the gates work.
    """

    grp_indicator: Tensor

    def __init__(self, groups: tuple[int, ...], outputs: int, *, switched: bool = True) -> None:
        super().__init__()
        features = sum(groups)
        self.switched = switched
        if switched:
            self.W_sw = nn.Parameter(_drawn(features, len(groups)))
            self.b_sw = nn.Parameter(torch.zeros(len(groups)))
        self.W = nn.Parameter(_drawn(features, outputs))
        self.b = nn.Parameter(torch.zeros(outputs))
        members = torch.arange(len(groups)).repeat_interleave(torch.tensor(groups))
        indicator = (members == torch.arange(len(groups)).unsqueeze(1)).float()
        self.register_buffer("grp_indicator", indicator, persistent=False)

    def gates(self, inputs: Float[Tensor, "batch features"]) -> Float[Tensor, "batch groups"]:
        """Return the gate of every group; all 1 without a switch."""
        if not self.switched:
            return inputs.new_ones((len(inputs), len(self.grp_indicator)))
        # s = sigmoid(x W_sw + b_sw)
        return torch.sigmoid(inputs @ self.W_sw + self.b_sw)

    def sums(self, inputs: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch outputs"]:
        """Return the weighted sums of the output units."""
        values = inputs.flatten(1)
        if self.switched:
            # x * (s G)
            values = values * (self.gates(values) @ self.grp_indicator)
        # (x * (s G)) W + b
        return values @ self.W + self.b

    def forward(self, inputs: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch outputs"]:
        """Return the outputs, from 0 to 1."""
        return torch.sigmoid(self.sums(inputs))

    def loss(self, batch: Batch, state: Any) -> LossResult:
        """Return the summed cross-entropy of a batch; its mean over the examples is the cost of the listing."""
        sums = self.sums(batch.inputs)
        wanted = unit_targets(batch.targets, sums.shape[1], sums.dtype)
        total = binary_cross_entropy(sums, wanted, batch.weights)
        return LossResult(total, batch.count(), torch.sigmoid(sums))

    def scores(self, output: Float[Tensor, "batch outputs"]) -> Float[Tensor, "batch outputs"]:
        """Turn the outputs into one score a class."""
        return unit_scores(output)


def _drawn(features: int, columns: int) -> Float[Tensor, "features columns"]:
    """Draw weights as the listing does: 0.001 uniform(-r, r) with r = 4 sqrt(6 / (fan-in + fan-out))."""
    reach = 4 * math.sqrt(6 / (features + columns))
    return 0.001 * reach * (torch.rand(features, columns) * 2 - 1)
