"""Many classes from decisions between two: votes, and probabilities that agree with them."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

__all__ = ["pair_log_shares"]

AHEAD = 1e-6
"""How far a class with most votes is put ahead, as a log-share, where the product names another one."""


def pair_log_shares(
    decisions: Float[Tensor, "batch pairs"], classes: int, sharpness: Tensor | float
) -> Float[Tensor, "batch classes"]:
    """Return ln p of every class from the decisions of its pairs; the class with most votes is the likeliest.

    p_k ~ prod_(j != k) sigmoid(t f_kj), f_kj = -f_jk; votes: class i where f_ij > 0, i < j, else class j

    Args:
        decisions: f of the pairs 0 and 1, 0 and 2 ... 1 and 2 ...
        classes: Number of classes.
        sharpness: t, > 0.

    Source: Friedman 1996, "Another approach to polychotomous classification" (the votes); Hinton 1999, "Products of
    experts" (the product).

    Example:
        >>> pair_log_shares(torch.tensor([[-0.1, 5., 0.1]]), 3, 1.0).argmax().item()  # two votes
        1
    """
    decisions = decisions.double()
    first, second = functional.one_hot(
        torch.triu_indices(classes, classes, 1, device=decisions.device), classes
    ).double()
    # ln p_k = sum_(j != k) ln sigmoid(t f_kj) - ln of their sum over the classes
    logs = functional.logsigmoid(sharpness * decisions) @ first + functional.logsigmoid(-sharpness * decisions) @ second
    votes = (decisions > 0).double() @ first + (decisions <= 0).double() @ second
    winner = votes.argmax(dim=1, keepdim=True)
    behind = logs.argmax(dim=1, keepdim=True) != winner
    highest = logs.amax(dim=1, keepdim=True)
    raised = torch.where(behind, highest + AHEAD, logs.gather(1, winner))
    shares: Tensor = logs.scatter(1, winner, raised).log_softmax(1)
    return shares
