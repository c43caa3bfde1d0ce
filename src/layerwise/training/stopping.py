"""When to stop: the weights of the best validation loss are kept and given back (lecture 003, "Early Stopping")."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

__all__ = ["EarlyStopping"]


@dataclass
class EarlyStopping:
    """Keep the best weights; stop after `patience` epochs without better ones.

    The test part is never looked at: what is observed is the loss on the validation part.

    Args:
        model: The network whose weights are kept.
        patience: Epochs to wait for a better loss.
    """

    model: nn.Module
    patience: int
    best: float = math.inf
    best_epoch: int = 0
    weights: dict[str, Tensor] = field(default_factory=dict)

    def observe(self, epoch: int, loss: float) -> bool:
        """Note the validation loss of an epoch (from 1) and say whether to stop."""
        if loss < self.best:
            self.best, self.best_epoch = loss, epoch
            self.weights = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
        return epoch - self.best_epoch >= self.patience

    def give_back(self) -> None:
        """Give the network the weights of its best epoch."""
        if self.weights:
            self.model.load_state_dict(self.weights)

    def to_tree(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {"best": self.best, "best_epoch": self.best_epoch, "weights": self.weights}

    def restore(self, tree: Mapping[str, Any]) -> None:
        """Go on from what a checkpoint kept."""
        self.best, self.best_epoch, self.weights = tree["best"], tree["best_epoch"], dict(tree["weights"])
