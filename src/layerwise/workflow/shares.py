"""Growing shares of the training rows of a fold, and the curve of what was measured with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from layerwise.data.kinds import Categories
from layerwise.data.split import Parts
from layerwise.data.subsets import FEWEST_ROWS, growing_sizes, nested_subsets
from layerwise.evaluation.learning_curve import LearningCurve
from layerwise.evaluation.power_law import prospect
from layerwise.evaluation.row_losses import mean_error, target_spreads
from layerwise.metrics.labels import hamming_loss
from layerwise.tasks.contract import AnswersWithSets
from layerwise.workflow.prepare import Assigned
from layerwise.workflow.tested import Tested

__all__ = ["curve_of", "shares_of"]

SIZES = 7
"""Numbers of training rows that a learning curve is measured at, all rows among them."""


def shares_of(found: Assigned, parts: Parts, *, seed: int, stratify: bool) -> list[Parts]:
    """Return the parts of a fold with growing shares of its training rows, without the whole."""
    sizes = growing_sizes(len(parts.train), SIZES, fewest=smallest_size(found, len(parts.train)))[:-1]
    subsets = nested_subsets(found.source, parts.train, sizes, seed=seed, stratify=stratify)
    return [replace(parts, train=some) for some in subsets]


def smallest_size(found: Assigned, rows: int) -> int:
    """Return the fewest rows that are learned from: two of each class, two for each field of a table."""
    fields, target = len(found.source.named("input")), found.source.columns[found.source.named("target")[0]]
    classes = len(target.names) if isinstance(target, Categories) else 0
    # With as many rows as fields least squares has no finite error, and its curve is no power law.
    return max(FEWEST_ROWS, 2 * classes, min(2 * fields, rows // 8))


def curve_of(label: str, shares: Sequence[Sequence[Tested]], *, confidence: float, seed: int) -> LearningCurve:
    """Put the errors of all folds and shares together, and say what they tell of more rows.

    Args:
        label: Name and options of the network.
        shares: What was measured in every fold, share after share, the whole last.
        confidence: Of the intervals.
        seed: Seed of the resampling.
    """
    # Where groups are large, folds may know fewer different sizes; the last ones are of the same shares in all.
    known = min(len(fold) for fold in shares)
    kept = [fold[-known:] for fold in shares]
    sizes = np.array([[len(one.parts.train) for one in fold] for fold in kept], dtype=np.float64).mean(axis=0)
    different = np.concatenate([[True], np.diff(sizes) > 0])
    figure = figure_of(kept[0][-1])
    errors = np.array([[_errors(figure, one, fold[-1]) for one in fold] for fold in kept])[:, different]
    tested, learned, sizes = errors[..., 0], errors[..., 1], sizes[different]
    rows = float(np.mean([len(fold[-1].parts.test) for fold in shares]))
    ahead = prospect(sizes, tested, tested=rows, learned=float(sizes[-1]), confidence=confidence, seed=seed)
    return LearningCurve(label, figure, sizes, tested, learned, ahead, confidence)


def figure_of(tested: Tested) -> str:
    """Return the error that a curve is drawn of: of several targets, which may have unlike units, a relative one."""
    if isinstance(tested.task, AnswersWithSets):
        return "hamming_loss"
    if tested.truths.ndim == 1:
        return "error_rate"
    return "rmse" if tested.truths.shape[1] == 1 else "relative_rmse"


def _errors(figure: str, one: Tested, whole: Tested) -> tuple[float, float]:
    """Return the errors on the test rows and on the rows learned from.

    Args:
        figure: The error that the curve is drawn of.
        one: What was measured with some of the training rows.
        whole: The same with all of them; their spread is the unit of relative errors, whatever the share.
    """
    pairs = (one.truths, one.answers), (one.train_truths, one.train_answers)
    if isinstance(one.task, AnswersWithSets):
        chosen = one.task.chosen
        test, train = (hamming_loss(truths.astype(bool), chosen(answers)) for truths, answers in pairs)
    elif figure == "relative_rmse":
        units = target_spreads(whole.train_truths)
        test, train = (mean_error(truths / units, answers / units) for truths, answers in pairs)
    else:
        test, train = (mean_error(truths, answers) for truths, answers in pairs)
    return test, train
