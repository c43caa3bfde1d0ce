"""A decision tree: questions about one input at a time, each chosen so that the answers below it differ least.

Breiman, Friedman, Olshen and Stone 1984, "Classification and Regression Trees" (CART); lecture 003, "Machine Learning
with WEKA" (J48).
"""

from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from layerwise.catalog import register
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.layers.stored_arrays import make_room
from layerwise.layers.trees import DecisionTrees, Tree
from layerwise.models.fitted import ABSENT, Rows, learned_rows
from layerwise.models.inputs import InputShape, require
from layerwise.tasks.contract import Examples

__all__ = ["DecisionTree", "tree"]


@register(
    "tree",
    task="classify regress",
    source="Breiman, Friedman, Olshen and Stone, Classification and Regression Trees, 1984",
    lecture="003 Machine Learning with WEKA",
    small={"inputs": 4, "outputs": 3},
    class_weights=True,
)
def tree(
    inputs: InputShape,
    outputs: int,
    *,
    criterion: Literal["gini", "entropy"] = "gini",
    depth: int = 0,
    least_leaf: int = 1,
) -> nn.Module:
    """A decision tree (CART): binary questions x_j <= threshold, grown by scikit-learn.

    At every node the question with the largest I(node) - n_left / n I(left) - n_right / n I(right), where the impurity
    I is Gini's 1 - sum_k p_k^2, the entropy -sum_k p_k log2 p_k, or for numbers their variance. A leaf answers with the
    shares of its training examples, or their mean. WEKA's J48 is another tree (C4.5: gain ratio, several branches,
    pruned); its -M is `least_leaf`, 2 by default there.

    Args:
        inputs: Numbers of one example; pictures are read as one row.
        outputs: Number of classes or target numbers.
        criterion: Impurity of classes; numbers have their variance.
        depth: Questions from the root to a leaf at most, 1, 2 ...; 0 for no limit.
        least_leaf: Training examples of a leaf at least, 1, 2 ...

    Raises:
        LayerwiseError: An option is out of range; when fitted: an entropy is asked of numbers.

    Source: lecture 003, "Machine Learning with WEKA"; Breiman et al. 1984, chapters 2, 4 and 8.

    Example:
        >>> network = tree(1, 2)
        >>> network.fit(Examples(torch.tensor([[1.], [2.], [4.], [5.]]), torch.tensor([0, 0, 1, 0]), ()))
        >>> network.trees.threshold.tolist(), network(torch.tensor([[2.9], [3.1], [6.]])).argmax(1).tolist()
        ([3.0, 0.0, 4.5, 0.0, 0.0], [0, 1, 0])
    """
    require(depth >= 0, "depth", depth, "0, 1, 2 ...")
    require(least_leaf >= 1, "least_leaf", least_leaf, "1, 2, 3 ...")
    return DecisionTree(outputs, criterion, depth, least_leaf)


class DecisionTree(nn.Module):
    """One tree, and what each of its leaves answers.

    Args:
        outputs: Number of classes or target numbers.
        criterion: Impurity of classes.
        depth: Questions from the root to a leaf at most, 0 for no limit.
        least_leaf: Training examples of a leaf at least.
    """

    answers: Tensor

    def __init__(self, outputs: int, criterion: Literal["gini", "entropy"], depth: int, least_leaf: int) -> None:
        super().__init__()
        self.outputs = outputs
        self.criterion, self.depth, self.least_leaf = criterion, depth, least_leaf
        self.trees = DecisionTrees()
        self.register_buffer("answers", torch.zeros(0, outputs, dtype=torch.float64))
        make_room(self, "answers")

    def fit(self, examples: Examples) -> None:
        """Grow the tree; of equally good questions scikit-learn takes one at random, always the same here.

        Raises:
            LayerwiseError: An entropy is asked of numbers.
        """
        found = learned_rows(examples)
        if len(found[0]):
            grown, answers = self.regress(found) if found[1].dtype.kind == "f" else self.classify(found)
            self.trees.plant([Tree(grown.feature, grown.threshold, grown.children_left, grown.children_right)])
            self.answers = torch.from_numpy(answers)

    def classify(self, found: Rows) -> tuple[Any, np.ndarray]:
        """Return the grown tree of classes, and the log-shares of the classes at each node."""
        from sklearn.tree import DecisionTreeClassifier

        rows, targets, weights = found
        learner = DecisionTreeClassifier(
            criterion=self.criterion, max_depth=self.depth or None, min_samples_leaf=self.least_leaf, random_state=0
        ).fit(rows, targets, weights)
        grown = learner.tree_
        answers = np.full((grown.node_count, self.outputs), ABSENT)
        with np.errstate(divide="ignore"):
            answers[:, learner.classes_] = np.maximum(np.log(grown.value[:, 0]), ABSENT)
        return grown, answers

    def regress(self, found: Rows) -> tuple[Any, np.ndarray]:
        """Return the grown tree of numbers, and the mean at each node."""
        if self.criterion != "gini":
            raise LayerwiseError(
                say("A setting must have an effect."), say("criterion '{}' and a target of numbers", self.criterion),
                say("Leave {} out.", "--criterion"), usage=True,
            )  # fmt: skip
        from sklearn.tree import DecisionTreeRegressor

        rows, targets, weights = found
        learner = DecisionTreeRegressor(
            max_depth=self.depth or None, min_samples_leaf=self.least_leaf, random_state=0
        ).fit(rows, targets, weights)
        return learner.tree_, learner.tree_.value[:, :, 0]

    def forward(self, inputs: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch outputs"]:
        """Return the log-probability of each class, or the numbers; zeros before any example is known."""
        if not len(self.answers):
            return inputs.new_zeros((len(inputs), self.outputs), dtype=torch.float64)
        # scikit-learn grows its trees on float32 values, with thresholds in float64.
        leaves = self.trees(inputs.flatten(1).float().double())
        return self.answers[leaves[:, 0]]
