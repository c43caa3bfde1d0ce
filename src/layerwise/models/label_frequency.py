"""The baseline of label sets that looks at no input: how frequent each label is.

Every test figure stands beside one of these. Lecture 003, the experiment scheme; Holte 1993 (the rule ZeroR of WEKA).
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from layerwise.catalog import register
from layerwise.models.inputs import InputShape
from layerwise.tasks.contract import Examples

__all__ = ["LabelFrequency", "label_frequency"]


@register(
    "label-frequency",
    task="tag",
    source="ZeroR; Holte, Very simple classification rules, Machine Learning 1993",
    lecture="003 Experiment scheme",
    small={"inputs": 4, "outputs": 3},
)
def label_frequency(inputs: InputShape, outputs: int) -> nn.Module:
    """Always the share of the training examples that have each label; what most of them have is answered.

    p_l = (n_l + 1) / (N + 2), z_l = ln p_l / (1 - p_l): the share of label l among N training examples, never quite 0
    or 1.

    Args:
        inputs: Not looked at.
        outputs: Number of labels.

    Source: lecture 003, the experiment scheme; the rule of succession, Laplace 1814.

    Example:
        >>> network = label_frequency(4, 2)
        >>> network.fit(Examples(torch.zeros(3, 4), torch.tensor([[1., 0.], [1., 1.], [0., 0.]]), ()))
        >>> [round(share, 4) for share in network(torch.zeros(1, 4)).sigmoid()[0].tolist()]
        [0.6, 0.4]
    """
    return LabelFrequency(outputs)


class LabelFrequency(nn.Module):
    """The same log-odds for every example.

    Args:
        labels: Number of labels.
    """

    log_odds: Tensor

    def __init__(self, labels: int) -> None:
        super().__init__()
        self.register_buffer("log_odds", torch.zeros(labels))

    def fit(self, examples: Examples) -> None:
        """Count the labels, each example with its weight."""
        _, targets, weights = examples.tensors()
        voices = torch.ones(len(targets)) if weights is None else weights
        # p_l = (n_l + 1) / (N + 2)
        shares = (voices.double() @ targets.double() + 1) / (voices.double().sum() + 2)
        self.log_odds.copy_(shares.logit())

    def forward(self, inputs: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch labels"]:
        """Return the log-odds."""
        return self.log_odds.expand(len(inputs), -1)
