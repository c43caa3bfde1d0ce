"""Gradient boosting: many small trees, each a step down the gradient of the loss.

Friedman 2001, "Greedy function approximation: a gradient boosting machine". No lecture shows it.
"""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from layerwise.catalog import register
from layerwise.layers.stored_arrays import make_room
from layerwise.layers.trees import DecisionTrees, Tree
from layerwise.models.fitted import Rows, learned_rows, one_per_class
from layerwise.models.inputs import InputShape, require
from layerwise.tasks.contract import Examples

__all__ = ["GradientBoosting", "gradient_boosting"]


@register(
    "boosting",
    task="classify regress",
    source="Friedman, Greedy function approximation: a gradient boosting machine, Annals of Statistics 2001",
    lecture="not shown; beside 003 Machine Learning with WEKA",
    small={"inputs": 4, "outputs": 3, "rounds": 5, "least_leaf": 1},
    class_weights=True,
)
def gradient_boosting(
    inputs: InputShape,
    outputs: int,
    *,
    rounds: int = 100,
    shrinkage: float = 0.1,
    leaves: int = 31,
    depth: int = 0,
    least_leaf: int = 20,
) -> nn.Module:
    """Trees added up one after the other, each fitted to what the loss still asks for, by scikit-learn.

    F_0 = the best constant;  F_r(x) = F_(r-1)(x) + shrinkage h_r(x), with h_r a tree of Newton steps -sum g / sum h in
    its leaves, g and h the slope and curvature of the loss. Two classes: p = sigmoid(F). More: a tree for each class
    and round, p = softmax(F). Numbers: y = F, squared error, a tree for each target and round.

    Args:
        inputs: Numbers of one example; pictures are read as one row.
        outputs: Number of classes or target numbers.
        rounds: Trees added one after the other, for each class or target, 1, 2 ...
        shrinkage: Share of each step that is taken, > 0; others call it the learning rate.
        leaves: Leaves of a tree at most, 2, 3 ...
        depth: Questions from the root to a leaf at most, 1, 2 ...; 0 for no limit.
        least_leaf: Training examples of a leaf at least, 1, 2 ...; with fewer than twice as many nothing is learned.

    Raises:
        LayerwiseError: An option is out of range.

    Source: Friedman 2001, algorithms 1, 5 and 6; scikit-learn's HistGradientBoosting (at most 255 values of an
    input are told apart).

    Example:
        >>> network = gradient_boosting(1, 2, rounds=20, least_leaf=1)
        >>> network.fit(Examples(torch.tensor([[1.], [2.], [4.], [5.]]), torch.tensor([0, 0, 1, 0]), ()))
        >>> network(torch.tensor([[2.], [4.], [6.]])).argmax(1).tolist()
        [0, 1, 0]
    """
    require(rounds >= 1, "rounds", rounds, "1, 2, 3 ...")
    require(shrinkage > 0, "shrinkage", shrinkage, "> 0")
    require(leaves >= 2, "leaves", leaves, "2, 3, 4 ...")
    require(depth >= 0, "depth", depth, "0, 1, 2 ...")
    require(least_leaf >= 1, "least_leaf", least_leaf, "1, 2, 3 ...")
    limits = {"max_leaf_nodes": leaves, "max_depth": depth or None, "min_samples_leaf": least_leaf}
    return GradientBoosting(outputs, {"max_iter": rounds, "learning_rate": shrinkage, **limits})


class GradientBoosting(nn.Module):
    """Trees of every round, what each leaf adds, and where the sums begin.

    Args:
        outputs: Number of classes or target numbers.
        options: Options of scikit-learn's learner.
    """

    found: Tensor
    start: Tensor
    steps: Tensor

    def __init__(self, outputs: int, options: dict[str, Any]) -> None:
        super().__init__()
        self.outputs, self.options = outputs, options
        self.trees = DecisionTrees()
        self.register_buffer("found", torch.zeros(0, dtype=torch.int64))
        self.register_buffer("start", torch.zeros(outputs, dtype=torch.float64))
        self.register_buffer("steps", torch.zeros(0, dtype=torch.float64))
        make_room(self, "found", "start", "steps")

    def fit(self, examples: Examples) -> None:
        """Grow the trees, round after round."""
        rows = learned_rows(examples)
        if not len(rows[0]):
            return
        if rows[1].dtype.kind == "f":
            self.take([self.of_numbers(rows, column) for column in range(self.outputs)])
            return
        found = np.unique(rows[1])
        self.found, self.start = torch.from_numpy(found), torch.zeros(1, dtype=torch.float64)
        if len(found) > 1:
            self.take([self.of_classes(rows)])

    def of_classes(self, found: Rows) -> Any:
        """Return scikit-learn's learner of classes."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        rows, targets, weights = found
        # Without early stopping nothing is left to chance but which rows set the bins of very large data.
        learner = HistGradientBoostingClassifier(early_stopping=False, random_state=0, **self.options)
        return learner.fit(rows, targets, weights)

    def of_numbers(self, found: Rows, column: int) -> Any:
        """Return scikit-learn's learner of one target."""
        from sklearn.ensemble import HistGradientBoostingRegressor

        rows, targets, weights = found
        learner = HistGradientBoostingRegressor(early_stopping=False, random_state=0, **self.options)
        return learner.fit(rows, targets[:, column], weights)

    def take(self, learners: list[Any]) -> None:
        """Copy the trees of learners side by side, round after round."""
        nodes = [
            tree.nodes
            for turn in zip(*(learner._predictors for learner in learners), strict=True)
            for trees in turn
            for tree in trees
        ]
        self.start = torch.from_numpy(np.concatenate([learner._baseline_prediction.ravel() for learner in learners]))
        self.steps = torch.from_numpy(np.concatenate([one["value"] for one in nodes]))
        self.trees.plant([
            Tree(
                one["feature_idx"], one["num_threshold"],
                *(np.where(one["is_leaf"], -1, one[side].astype(np.int64)) for side in ("left", "right")),
            )
            for one in nodes
        ])  # fmt: skip

    def forward(self, inputs: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch outputs"]:
        """Return the log-probability of each class, or the numbers; zeros before any example is known."""
        sums = self.start.expand(len(inputs), -1)
        if len(self.steps):
            steps = self.steps[self.trees(inputs.flatten(1).double())]
            for step in torch.split(steps, len(self.start), dim=1):
                # F_r(x) = F_(r-1)(x) + shrinkage h_r(x)
                sums = sums + step
        if not len(self.found):
            return sums
        if len(self.found) == 2:
            # sigmoid(F) = softmax(0, F)
            sums = nn.functional.pad(sums, (1, 0))
        return one_per_class(sums.log_softmax(1), self.found, self.outputs)
