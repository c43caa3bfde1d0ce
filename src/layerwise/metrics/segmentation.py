"""Measures of a segmentation: pixel accuracy and intersection over union, from one confusion matrix of all pixels.

The matrix is accumulated over all pictures before anything is divided: a mean of the figures of single pictures is
another figure, which small pictures and rare classes pull up or down. Every measure takes `margins_of(matrix)`, and so
works for thousands of resampled matrices at once. Pixels with the label to ignore are counted nowhere.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from layerwise.errors import LayerwiseError
from layerwise.language import say
from layerwise.metrics.arrays import mean_of_defined, require_pairs
from layerwise.metrics.margins import Margins, ratio

__all__ = ["frequency_weighted_iou", "iou", "mean_iou", "picture_confusions", "pixel_accuracy"]


def picture_confusions(
    truths: Sequence[np.ndarray] | np.ndarray, answers: Sequence[np.ndarray] | np.ndarray, classes: int, *, ignore: int
) -> Int[np.ndarray, "pictures classes classes"]:
    """Count the pixels of each actual class (row) that were answered as each class (column), picture by picture.

    C_n,kl = number of pixels of picture n with label k and answer l; their sum over n is the matrix that is measured

    Args:
        truths: Label images of any size, one a picture: class numbers 0 .. classes - 1, or `ignore`.
        answers: Class of every pixel, of the same size each.
        classes: Number of classes, also of those that do not occur.
        ignore: The label of pixels that do not count.

    Raises:
        LayerwiseError: Numbers or sizes of pictures differ, or a label or an answer is no class.

    Source: arXiv:1411.4038, section 5 (n_ij), and its reference code, `fast_hist`.

    Example:
        >>> truth, answer = np.array([[0, 1], [1, 255]]), np.array([[0, 1], [0, 0]])
        >>> picture_confusions([truth], [answer], 2, ignore=255).tolist()
        [[[1, 0], [1, 1]]]
    """
    require_pairs(np.empty(len(truths)), np.empty(len(answers)))
    counts = np.empty((len(truths), classes, classes), dtype=np.int64)
    for place, (truth, answer) in enumerate(zip(truths, answers, strict=True)):
        if truth.shape != answer.shape:
            raise LayerwiseError(
                say("The answer for a picture has the size of its label image."),
                say("picture {}: {} against {}", place, answer.shape, truth.shape),
                say("Answer every pixel of the picture as it was measured."),
            )
        counted = truth != ignore
        labels, given = truth[counted].astype(np.int64), answer[counted].astype(np.int64)
        if labels.size and not 0 <= min(labels.min(), given.min()) <= max(labels.max(), given.max()) < classes:
            raise LayerwiseError(
                say("Class numbers must lie between 0 and {}.", classes - 1),
                say("picture {}: labels up to {}, answers up to {}", place, labels.max(), given.max()),
                say("Pass the number of classes that the labels were made with."),
            )
        # one number a cell, so that a single pass counts all of them
        counts[place] = np.bincount(labels * classes + given, minlength=classes * classes).reshape(classes, classes)
    return counts


def pixel_accuracy(margins: Margins) -> Float[np.ndarray, "*stack"]:
    """Return the share of pixels whose class was answered.

    pixel accuracy = sum_k TP_k / n; a picture that is mostly background is mostly right without finding anything

    Source: arXiv:1411.4038, section 5.

    Example:
        >>> from layerwise.metrics.margins import margins_of
        >>> float(pixel_accuracy(margins_of(np.array([[90, 0], [10, 0]]))))
        0.9
    """
    return ratio(margins.correct.sum(axis=-1), margins.actual.sum(axis=-1))


def iou(margins: Margins) -> Float[np.ndarray, "*stack classes"]:
    """Return, for each class, the pixels that truth and answer share over those that either has.

    IoU_k = TP_k / (actual_k + predicted_k - TP_k), undefined where k neither occurs nor is answered

    Source: arXiv:1411.4038, section 5; Everingham and others, The PASCAL VOC challenge, 2010.

    Example:
        >>> from layerwise.metrics.margins import margins_of
        >>> iou(margins_of(np.array([[3, 1, 0], [2, 4, 0], [0, 0, 0]]))).round(4).tolist()
        [0.5, 0.5714, nan]
    """
    # IoU_k = TP_k / (actual_k + predicted_k - TP_k)
    return ratio(margins.correct, margins.actual + margins.predicted - margins.correct)


def mean_iou(margins: Margins) -> Float[np.ndarray, "*stack"]:
    """Return the plain mean of the IoU of all classes, background included, every class counting the same.

    mean IoU = 1/K sum_k IoU_k, over the classes that occur or were answered

    Source: arXiv:1411.4038, section 5.

    Example:
        >>> from layerwise.metrics.margins import margins_of
        >>> float(mean_iou(margins_of(np.array([[90, 0], [10, 0]]))))
        0.45
    """
    return mean_of_defined(iou(margins))


def frequency_weighted_iou(margins: Margins) -> Float[np.ndarray, "*stack"]:
    """Return the mean of the IoU of the classes, each weighted with its share of the pixels.

    fw IoU = sum_k actual_k IoU_k / n

    Source: arXiv:1411.4038, section 5.

    Example:
        >>> from layerwise.metrics.margins import margins_of
        >>> round(float(frequency_weighted_iou(margins_of(np.array([[90, 0], [10, 0]])))), 4)
        0.81
    """
    # a class that does not occur has the weight 0, whatever its IoU
    weighted = np.where(margins.actual > 0, margins.actual * np.nan_to_num(iou(margins)), 0.0)
    # fw IoU = sum_k actual_k IoU_k / n
    return ratio(weighted.sum(axis=-1), margins.actual.sum(axis=-1))
