"""One input and one threshold: a rule that somebody gives, or the best one of the training part (a decision stump).

Lecture 003, "How to Build a Diagnosis System for Diabetes": "if hungry_blood_sugar > 125mg/dl then diabetes =
yes else diabetes = no".
"""

from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from layerwise.catalog import register
from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.models.fitted import learned_rows
from layerwise.models.inputs import InputShape, feature_count, require, require_effect
from layerwise.tasks.contract import Examples

__all__ = ["Threshold", "best_split", "threshold"]

LECTURE = 125.0
"""The lecture's threshold, in mg/dl of fasting blood sugar."""

BETTER_THAN_A_COIN = 0.5 + 1e-6
"""Least share of the class that a rule names, so that it stays the answer where the training part says otherwise."""


@register(
    "threshold",
    task="classify",
    source="Iba and Langley, Induction of One-Level Decision Trees, 1992",
    lecture="003 How to Build a Diagnosis System for Diabetes",
    small={"inputs": 4, "outputs": 3},
    train={"scale": "none"},
    class_weights=True,
)
def threshold(
    inputs: InputShape,
    outputs: int,
    *,
    feature: int = -1,
    threshold: float = 125.0,
    direction: Literal["above", "below"] = "above",
) -> nn.Module:
    """One input decides: a given rule, or the threshold with the fewest errors of all inputs.

    With `feature` the rule stands: the second class where x_feature > threshold, else the first (`below`: the other way
    round). Without it all midpoints of all inputs are tried, and the most frequent class on each side is its answer:
    errors = sum over both sides of (N_side - max_k n_side,k); of equal ones the first input and the lowest threshold.
    Inputs are not scaled unless `scale` says so, so that the threshold is in the units of the data.

    Args:
        inputs: Numbers of one example; pictures are read as one row.
        outputs: Number of classes; a given rule needs 2.
        feature: Place of the input that a given rule looks at, from 0; -1 searches all.
        threshold: Threshold of a given rule, in the units of the data; the lecture's 125 mg/dl unless another is given.
        direction: Side of a given rule on which the second class lies: `above` the threshold, or `below` (and on it).

    Raises:
        LayerwiseError: The input does not exist, a given rule has not two classes, or a threshold or direction is given
            without an input.

    Source: lecture 003, "How to Build a Diagnosis System for Diabetes"; Iba and Langley 1992 (the search).

    Example:
        >>> rule = threshold(1, 2, feature=0, threshold=125.0)
        >>> rule(torch.tensor([[125.], [125.5], [126.]])).argmax(1).tolist()  # no, yes, yes
        [0, 1, 1]
        >>> stump = threshold(1, 2)
        >>> stump.fit(Examples(torch.tensor([[1.], [2.], [4.]]), torch.tensor([0, 0, 1]), ()))
        >>> stump.threshold.item()
        3.0
    """
    features = feature_count(inputs)
    require(-1 <= feature < features, "feature", feature, f"-1, 0 ... {features - 1}")
    if feature < 0:
        # What a search finds is not given.
        remedy = say("Name the input that the rule looks at: --feature takes 0 to {}.", features - 1)
        require_effect(threshold == LECTURE, "threshold", threshold, "feature = -1", remedy)
        require_effect(direction == "above", "direction", direction, "feature = -1", remedy)
    elif outputs != 2:
        raise LayerwiseError(
            say("A given rule tells two classes apart."), say("{} classes", outputs),
            say("Name two with --classes, or leave {} out.", "--feature"), usage=True,
        )  # fmt: skip
    return Threshold(outputs, feature, threshold, direction == "above")


class Threshold(nn.Module):
    """Which input is looked at, the threshold, and the share of each class on both sides of it.

    Args:
        classes: Number of classes.
        feature: Place of the input of a given rule; -1 for a search.
        threshold: Threshold of a given rule.
        above: Whether the second class of a given rule lies above it.
    """

    feature: Tensor
    threshold: Tensor
    log_shares: Tensor

    def __init__(self, classes: int, feature: int, threshold: float, above: bool) -> None:
        super().__init__()
        self.given = feature >= 0
        shares = torch.full((2, classes), 1 / classes, dtype=torch.float64)
        if self.given:
            answers = torch.tensor([0, 1] if above else [1, 0])
            shares = _at_least(shares, answers)
        self.register_buffer("feature", torch.tensor(max(feature, 0)))
        self.register_buffer("threshold", torch.tensor(threshold, dtype=torch.float64))
        self.register_buffer("log_shares", shares.log())

    def fit(self, examples: Examples) -> None:
        """Find the threshold unless it is given, and count the classes on both sides of it."""
        rows, targets, weights = learned_rows(examples)
        if not len(rows):
            return
        classes = self.log_shares.shape[1]
        votes = np.eye(classes)[targets] * (1.0 if weights is None else weights[:, None])
        if not self.given:
            feature, threshold = best_split(rows, votes)
            self.feature, self.threshold = torch.tensor(feature), torch.tensor(threshold, dtype=torch.float64)
        above = rows[:, int(self.feature)] > self.threshold.item()
        # Of a side where training has nobody, all that is known are the shares in the whole.
        sides = [votes[side].sum(axis=0) if side.any() else votes.sum(axis=0) for side in (~above, above)]
        counts = torch.from_numpy(np.stack(sides))
        # p_side,k = (n_side,k + 1) / (N_side + K)
        shares = (counts + 1) / (counts.sum(dim=1, keepdim=True) + classes)
        self.log_shares = (_at_least(shares, self.log_shares.argmax(1)) if self.given else shares).log()

    def forward(self, inputs: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch classes"]:
        """Return the log-shares of the side that each example is on."""
        looked_at = inputs.flatten(1).index_select(1, self.feature.view(1))[:, 0].double()
        # the upper side where x_feature > threshold
        return self.log_shares[(looked_at > self.threshold).long()]

    def extra_repr(self) -> str:
        """Show the rule."""
        return f"feature={int(self.feature)}, threshold={self.threshold.item():.9g}"


def best_split(rows: Float[np.ndarray, "rows features"], votes: Float[np.ndarray, "rows classes"]) -> tuple[int, float]:
    """Return the input and the threshold that leave the fewest errors, every midpoint tried.

    errors = sum over both sides of (N_side - max_k n_side,k)

    Args:
        rows: One row an example.
        votes: Weight of each example in the column of its class, 0 elsewhere.

    Example:
        >>> best_split(np.array([[5., 1.], [5., 3.]]), np.eye(2))
        (1, 2.0)
    """
    best = (np.inf, 0, float(rows[:, 0].max()))
    whole = votes.sum(axis=0)
    for feature in range(rows.shape[1]):
        order = np.argsort(rows[:, feature], kind="stable")
        values = rows[order, feature]
        last = np.flatnonzero(values[:-1] < values[1:])
        if not len(last):
            continue
        below = votes[order].cumsum(axis=0)[last]
        # errors = N_below - max_k n_below,k + N_above - max_k n_above,k
        errors = whole.sum() - below.max(axis=1) - (whole - below).max(axis=1)
        place = int(errors.argmin())
        if errors[place] < best[0]:
            low, high = values[last[place]], values[last[place] + 1]
            middle = low + (high - low) / 2
            # Between neighbours among the floats there is no midpoint; the lower one parts them as well.
            best = (errors[place], feature, float(middle if middle < high else low))
    return best[1:]


def _at_least(shares: Float[Tensor, "2 classes"], answers: Tensor) -> Float[Tensor, "2 classes"]:
    """Give the class that a rule answers on each side more than half of the two shares."""
    own = shares.gather(1, answers[:, None]).clamp_min(BETTER_THAN_A_COIN)
    return (1 - own).repeat(1, 2).scatter(1, answers[:, None], own)
