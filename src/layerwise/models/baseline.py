"""Baselines that look at no input: the most frequent class, and the mean of the targets.

Every test figure stands beside one of these. Lecture 003, the experiment scheme; Holte 1993 (the rule ZeroR of WEKA).
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from layerwise.catalog import register
from layerwise.models.inputs import InputShape
from layerwise.tasks.contract import Examples

__all__ = ["Majority", "Mean", "majority", "mean"]


@register(
    "majority",
    task="classify",
    source="ZeroR; Holte, Very simple classification rules, Machine Learning 1993",
    lecture="003 Experiment scheme",
    small={"inputs": 4, "outputs": 3},
)
def majority(inputs: InputShape, outputs: int) -> nn.Module:
    """Always the most frequent class of the training part.

    p_k = (n_k + 1) / (N + K): the share of class k among N training examples of K classes, never quite 0.

    Args:
        inputs: Not looked at.
        outputs: Number K of classes.

    Source: lecture 003, the experiment scheme; the rule of succession, Laplace 1814.

    Example:
        >>> network = majority(4, 2)
        >>> network.fit(Examples(torch.zeros(3, 4), torch.tensor([1, 1, 0]), ()))
        >>> [round(share, 4) for share in network(torch.zeros(1, 4)).exp()[0].tolist()]
        [0.4, 0.6]
    """
    return Majority(outputs)


class Majority(nn.Module):
    """The same log-probabilities for every example.

    Args:
        classes: Number of classes.
    """

    log_shares: Tensor

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.register_buffer("log_shares", torch.full((classes,), -torch.log(torch.tensor(float(classes))).item()))

    def fit(self, examples: Examples) -> None:
        """Count the classes."""
        _, targets, weights = examples.tensors()
        classes = len(self.log_shares)
        counts = torch.bincount(targets, weights, minlength=classes).double()
        # p_k = (n_k + 1) / (N + K)
        shares = (counts + 1) / (counts.sum() + classes)
        self.log_shares.copy_(shares.log())

    def forward(self, inputs: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch classes"]:
        """Return the log-probabilities."""
        return self.log_shares.expand(len(inputs), -1)


@register(
    "mean",
    task="regress",
    source="ZeroR; Holte, Very simple classification rules, Machine Learning 1993",
    lecture="003 Experiment scheme",
    small={"inputs": 4, "outputs": 2},
)
def mean(inputs: InputShape, outputs: int) -> nn.Module:
    """Always the mean of the training targets.

    y_j = sum_n v_n t_nj / sum_n v_n

    Args:
        inputs: Not looked at.
        outputs: Number of targets.

    Source: lecture 003, the experiment scheme.

    Example:
        >>> network = mean(4, 1)
        >>> network.fit(Examples(torch.zeros(2, 4), torch.tensor([[1.], [4.]]), ()))
        >>> network(torch.zeros(2, 4)).tolist()
        [[2.5], [2.5]]
    """
    return Mean(outputs)


class Mean(nn.Module):
    """The same numbers for every example.

    Args:
        targets: Number of targets.
    """

    mean: Tensor

    def __init__(self, targets: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(targets))

    def fit(self, examples: Examples) -> None:
        """Take the mean, each example with its weight."""
        _, targets, weights = examples.tensors()
        shares = torch.ones(len(targets)) if weights is None else weights
        # y_j = sum_n v_n t_nj / sum_n v_n
        self.mean.copy_(functional.normalize(shares.double(), p=1.0, dim=0) @ targets.double())

    def forward(self, inputs: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch targets"]:
        """Return the mean."""
        return self.mean.expand(len(inputs), -1)
