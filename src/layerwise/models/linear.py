"""Logistic regression and least squares: one layer of weights, found in closed form by scikit-learn.

Cox 1958, "The regression analysis of binary sequences"; Legendre 1805 (least squares); lecture 003, the first models.
"""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from layerwise.catalog import register
from layerwise.models.fitted import ABSENT, learned_rows
from layerwise.models.inputs import InputShape, feature_count, require
from layerwise.tasks.contract import Examples

__all__ = ["LeastSquares", "LogisticRegression", "linear", "logistic"]


@register(
    "logistic",
    task="classify tag",
    source="Cox, The regression analysis of binary sequences, 1958",
    lecture="003 Classification Problem",
    small={"inputs": 4, "outputs": 3},
    class_weights=True,
)
def logistic(inputs: InputShape, outputs: int, *, penalty: float = 1.0) -> nn.Module:
    """Logistic regression, its weights found by scikit-learn.

    p = softmax(W x + b); minimised: sum_n v_n (-ln p_n[t_n]) + penalty / 2 sum of W^2. Of labels each has a regression
    of its own, p_l = sigmoid(w_l x + b_l).

    Args:
        inputs: Numbers of one example; pictures are read as one row.
        outputs: Number of classes or labels.
        penalty: Strength of the pull of the weights towards zero, > 0; scikit-learn's C is one over it.

    Raises:
        LayerwiseError: The penalty is not positive.

    Source: lecture 003, "Classification Problem"; Cox 1958.

    Example:
        >>> network = logistic(1, 2)
        >>> network.fit(Examples(torch.tensor([[-2.], [-1.], [1.], [2.]]), torch.tensor([0, 0, 1, 1]), ()))
        >>> network(torch.tensor([[-3.], [3.]])).argmax(1).tolist()
        [0, 1]
    """
    require(penalty > 0, "penalty", penalty, "> 0")
    return LogisticRegression(feature_count(inputs), outputs, penalty)


class LogisticRegression(nn.Module):
    """One linear layer of logits; `fit` fills it.

    Args:
        features: Numbers of one example.
        classes: Number of classes.
        penalty: Strength of the pull towards zero.
    """

    def __init__(self, features: int, classes: int, penalty: float) -> None:
        super().__init__()
        self.penalty = penalty
        self.output = nn.Linear(features, classes)

    def fit(self, examples: Examples) -> None:
        """Find the weights, in float64."""
        inputs, targets, weights = examples.tensors()
        if targets.is_floating_point():
            self.fit_labels(examples)
            return
        from sklearn import linear_model

        learner = linear_model.LogisticRegression(C=1 / self.penalty, max_iter=5000)
        found = np.unique(targets.numpy())
        rows, bias = np.zeros(self.output.weight.shape), np.full(len(self.output.bias), ABSENT)
        bias[found] = 0.0
        if len(found) > 1:
            given = None if weights is None else weights.double().numpy()
            learner.fit(inputs.flatten(1).double().numpy(), targets.numpy(), given)
            # Of two classes scikit-learn keeps the second one's weights; the first one's logit is then 0.
            places = found[1:] if len(found) == 2 else found
            rows[places], bias[places] = learner.coef_, learner.intercept_
        _fill(self.output, rows, bias)

    def fit_labels(self, examples: Examples) -> None:
        """Find the weights of each label; one that all examples have, or none, is answered so for ever."""
        from sklearn import linear_model

        inputs, targets, weights = learned_rows(examples)
        rows, bias = np.zeros(self.output.weight.shape), np.where(targets.any(axis=0), -ABSENT, ABSENT)
        for label in np.flatnonzero(targets.any(axis=0) & ~targets.all(axis=0)):
            learner = linear_model.LogisticRegression(C=1 / self.penalty, max_iter=5000)
            learner.fit(inputs, targets[:, label] > 0, weights)
            rows[label], bias[label] = learner.coef_[0], learner.intercept_[0]
        _fill(self.output, rows, bias)

    def forward(self, inputs: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch classes"]:
        """Return the logits."""
        logits: Tensor = self.output(inputs.flatten(1))
        return logits


@register(
    "linear",
    task="regress",
    source="Legendre, Nouvelles methodes pour la determination des orbites des cometes, 1805",
    lecture="004 Loss Functions",
    small={"inputs": 4, "outputs": 2},
)
def linear(inputs: InputShape, outputs: int) -> nn.Module:
    """Linear regression by least squares, its weights found by scikit-learn.

    y = W x + b; minimised: sum_n v_n |y_n - t_n|^2; of several equal solutions the shortest

    Args:
        inputs: Numbers of one example; pictures are read as one row.
        outputs: Number of targets.

    Source: lecture 004, "Loss Functions".

    Example:
        >>> network = linear(1, 1)
        >>> network.fit(Examples(torch.tensor([[0.], [1.], [2.]]), torch.tensor([[1.], [3.], [5.]]), ()))
        >>> round(network(torch.tensor([[3.]])).item(), 4)
        7.0
    """
    return LeastSquares(feature_count(inputs), outputs)


class LeastSquares(nn.Module):
    """One linear layer; `fit` fills it.

    Args:
        features: Numbers of one example.
        targets: Number of targets.
    """

    def __init__(self, features: int, targets: int) -> None:
        super().__init__()
        self.output = nn.Linear(features, targets)

    def fit(self, examples: Examples) -> None:
        """Find the weights, in float64."""
        inputs, targets, weights = examples.tensors()
        from sklearn import linear_model

        given = None if weights is None else weights.double().numpy()
        learner = linear_model.LinearRegression()
        learner.fit(inputs.flatten(1).double().numpy(), targets.double().numpy(), given)
        _fill(self.output, learner.coef_, learner.intercept_)

    def forward(self, inputs: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch targets"]:
        """Return the numbers."""
        numbers: Tensor = self.output(inputs.flatten(1))
        return numbers


def _fill(layer: nn.Linear, rows: np.ndarray, bias: np.ndarray) -> None:
    """Give a layer its weights."""
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(rows))
        layer.bias.copy_(torch.from_numpy(bias))
