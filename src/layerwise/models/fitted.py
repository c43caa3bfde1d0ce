"""What learners that are solved at once share: the rows they learn from, and answers for classes they never saw."""

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from layerwise.tasks.contract import Examples

__all__ = ["ABSENT", "Rows", "learned_rows", "one_per_class"]

ABSENT = -30.0
"""Log-share of a class without training examples: a chance of about 1e-13, so that no logarithm is infinite."""

Rows = tuple[np.ndarray, np.ndarray, np.ndarray | None]
"""Inputs `(rows, features)` in float64, targets, and the weight of each row or None."""


def learned_rows(examples: Examples) -> Rows:
    """Return the training examples as rows of numbers; those of weight 0 are not there.

    Args:
        examples: The training part.

    Example:
        >>> weights = torch.tensor([1., 0.])
        >>> learned_rows(Examples(torch.ones(2, 1, 1, 2), torch.tensor([0, 1]), (), weights))
        (array([[1., 1.]]), array([0]), array([1.]))
    """
    inputs, targets, weights = examples.tensors()
    rows, wanted = inputs.flatten(1).double().cpu().numpy(), targets.cpu().numpy()
    if weights is None:
        return rows, wanted, None
    shares = weights.double().cpu().numpy()
    return rows[shares > 0], wanted[shares > 0], shares[shares > 0]


def one_per_class(
    logs: Float[Tensor, "batch found"], found: Int[Tensor, " found"], classes: int
) -> Float[Tensor, "batch classes"]:
    """Return log-shares for all classes: those that training had, and next to nothing for the others.

    l_k = max(ln p_k, -30) for a class with training examples, -30 for another

    Args:
        logs: Log-shares ln p of the classes with training examples.
        found: Their places, in rising order.
        classes: Number of all classes.

    Example:
        >>> one_per_class(torch.tensor([[0.5, 0.5]]).log(), torch.tensor([0, 2]), 3).exp().round(decimals=4).tolist()
        [[0.5, 0.0, 0.5]]
    """
    places = torch.full((classes,), len(found), device=found.device)
    places[found] = torch.arange(len(found), device=found.device)
    # l_k = max(ln p_k, -30); the column behind the last stands for every class without examples
    return functional.pad(logs.clamp_min(ABSENT), (0, 1), value=ABSENT)[:, places]
