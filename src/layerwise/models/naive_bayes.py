"""Naive Bayes: as if the inputs of a class were independent of one another.

John and Langley 1995, "Estimating continuous distributions in Bayesian classifiers". No lecture shows it; in WEKA,
which lecture 003 uses, it is `bayes.NaiveBayes`.
"""

import math

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from layerwise.catalog import register
from layerwise.layers.stored_arrays import make_room
from layerwise.models.fitted import learned_rows, one_per_class
from layerwise.models.inputs import InputShape, feature_count, require
from layerwise.tasks.contract import Examples

__all__ = ["NaiveBayes", "naive_bayes"]

LEAST_VARIANCE = 1e-9
"""Variance of an input where none varies at all, so that nothing is divided by zero."""


@register(
    "naive-bayes",
    task="classify",
    source="John and Langley, Estimating Continuous Distributions in Bayesian Classifiers, 1995",
    lecture="not shown; beside 003 Machine Learning with WEKA",
    small={"inputs": 4, "outputs": 3},
    class_weights=True,
)
def naive_bayes(inputs: InputShape, outputs: int, *, variance_smoothing: float = 1e-9) -> nn.Module:
    """Each class has its share and, of every input, a normal distribution; Bayes' rule does the rest.

    p(c | x) ~ p(c) prod_j N(x_j; mu_cj, s2_cj), with s2_cj = variance of input j in class c + smoothing max_j variance

    Args:
        inputs: Numbers of one example; pictures are read as one row.
        outputs: Number of classes.
        variance_smoothing: Share of the largest variance of an input that is added to every variance, >= 0.

    Raises:
        LayerwiseError: The smoothing is negative.

    Source: John and Langley 1995, section 2; scikit-learn's GaussianNB.

    Example:
        >>> network = naive_bayes(1, 2)
        >>> network.fit(Examples(torch.tensor([[-1.], [1.], [3.], [5.]]), torch.tensor([0, 0, 1, 1]), ()))
        >>> [round(share, 4) for share in network(torch.tensor([[2.], [3.]])).exp()[:, 1].tolist()]
        [0.5, 0.982]
    """
    require(variance_smoothing >= 0, "variance_smoothing", variance_smoothing, ">= 0")
    return NaiveBayes(feature_count(inputs), outputs, variance_smoothing)


class NaiveBayes(nn.Module):
    """Share, means and variances of each class with training examples.

    Args:
        features: Numbers of one example.
        classes: Number of classes.
        smoothing: Share of the largest variance that is added to every variance.
    """

    found: Tensor
    log_shares: Tensor
    means: Tensor
    variances: Tensor

    def __init__(self, features: int, classes: int, smoothing: float) -> None:
        super().__init__()
        self.classes, self.smoothing = classes, smoothing
        self.register_buffer("found", torch.zeros(0, dtype=torch.int64))
        self.register_buffer("log_shares", torch.zeros(0, dtype=torch.float64))
        self.register_buffer("means", torch.zeros(0, features, dtype=torch.float64))
        self.register_buffer("variances", torch.zeros(0, features, dtype=torch.float64))
        make_room(self, "found", "log_shares", "means", "variances")

    def fit(self, examples: Examples) -> None:
        """Count the classes, and take mean and variance of every input in each."""
        rows, targets, weights = learned_rows(examples)
        if not len(rows):
            return
        from sklearn.naive_bayes import GaussianNB

        learner = GaussianNB(var_smoothing=self.smoothing).fit(rows, targets, weights)
        # A single row, or constant inputs, have no variance to add a share of.
        least = LEAST_VARIANCE if not learner.var_.any() else np.finfo(np.float64).tiny
        self.found = torch.from_numpy(learner.classes_.astype(np.int64))
        self.log_shares = torch.from_numpy(np.log(learner.class_prior_))
        self.means = torch.from_numpy(learner.theta_)
        self.variances = torch.from_numpy(learner.var_).clamp_min(least)

    def forward(self, inputs: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch classes"]:
        """Return the log-probability of each class; equal for all before any example is known."""
        if not len(self.found):
            return inputs.new_zeros((len(inputs), self.classes), dtype=torch.float64)
        rows = inputs.flatten(1).double()
        # ln p(c) - 1/2 sum_j (ln 2 pi s2_cj + (x_j - mu_cj)^2 / s2_cj)
        joint = [
            share - 0.5 * ((2 * math.pi * variance).log().sum() + ((rows - mean).square() / variance).sum(dim=1))
            for share, mean, variance in zip(self.log_shares, self.means, self.variances, strict=True)
        ]
        return one_per_class(torch.stack(joint, dim=1).log_softmax(1), self.found, self.classes)
