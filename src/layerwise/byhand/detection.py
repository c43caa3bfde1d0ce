"""Average precision of a detector by its definition, in plain loops: match, sort, count, and read the curve."""

import numpy as np
from jaxtyping import Bool, Float

from layerwise.byhand.boxes import area, intersection_over_union

__all__ = ["average_precision", "average_precision_of_pictures", "match_picture"]

RECALLS = np.linspace(0, 1, 101)
MOST_DETECTIONS = 100


def match_picture(
    predicted: Float[np.ndarray, "boxes 4"],
    scores: Float[np.ndarray, "boxes"],
    wanted: Float[np.ndarray, "objects 4"],
    ignored: Bool[np.ndarray, "objects"],
    *,
    threshold: float,
) -> tuple[list[float], list[bool]]:
    """Say which boxes of one class in one picture hit an object: one match an object, the best score first.

    From the best score down: a box takes the free object it overlaps most, at IoU >= threshold; a second box on an
    object is a miss. An object that is ignored is taken only where no other fits, and its box counts for nothing.

    Args:
        predicted: Boxes of the class that were predicted.
        scores: Score of each.
        wanted: Boxes of the objects of the class.
        ignored: Objects that are not measured (crowds, difficult ones).
        threshold: Overlap from which a box counts as a hit.

    Returns:
        The scores of the boxes that count, best first, and whether each is a hit.

    Source: COCO detection evaluation (Lin and others, 2014); py-faster-rcnn, lib/datasets/voc_eval.py.

    Example:
        >>> one = np.array([[0.0, 0, 10, 10]])
        >>> match_picture(one.repeat(2, 0), np.array([0.8, 0.9]), one, np.array([False]), threshold=0.5)
        ([0.9, 0.8], [True, False])
    """
    free = np.ones(len(wanted), dtype=bool)
    counted: list[float] = []
    hits: list[bool] = []
    for place in np.argsort(-scores, kind="stable")[:MOST_DETECTIONS].tolist():
        best, overlap = -1, threshold
        # Measured objects first, so that an ignored one never takes a box that fits a measured one.
        for other in np.argsort(ignored, kind="stable").tolist():
            if ignored[other] and best >= 0 and not ignored[best]:
                break
            if not free[other] and not ignored[other]:
                continue
            found = _overlap(predicted[place], wanted[other], crowd=bool(ignored[other]))
            if found >= overlap:
                best, overlap = other, found
        if best >= 0 and ignored[best]:
            continue
        if best >= 0:
            free[best] = False
        counted.append(float(scores[place]))
        hits.append(best >= 0)
    return counted, hits


def _overlap(box: Float[np.ndarray, "4"], other: Float[np.ndarray, "4"], *, crowd: bool) -> float:
    """Return IoU, or in a crowd the share of the box that lies within it."""
    if not crowd:
        return intersection_over_union(box, other)
    common = np.concatenate([np.maximum(box[:2], other[:2]), np.minimum(box[2:], other[2:])])
    return area(common) / area(box) if area(box) > 0 else 0.0


def average_precision(scores: Float[np.ndarray, "boxes"], hits: Bool[np.ndarray, "boxes"], objects: int) -> float:
    """Return the area under the curve of precision over recall, as COCO reads it.

    precision_k = hits among the best k / k,  recall_k = hits among the best k / objects;
    AP = (1/101) sum over r = 0, 0.01, ... 1 of max {precision_k : recall_k >= r}

    Args:
        scores: Score of every box of the class, over all pictures.
        hits: Whether each is a hit.
        objects: Number of objects there are to find, 1 or more.

    Source: COCO detection evaluation; Everingham and others (2010), The PASCAL VOC Challenge, section 4.2.

    Example:
        >>> average_precision(np.array([0.9, 0.8]), np.array([True, False]), 1)
        1.0
        >>> average_precision(np.array([0.9, 0.8]), np.array([False, True]), 1)
        0.5
    """
    order = np.argsort(-scores, kind="stable")
    found = np.cumsum(hits[order])
    precision = found / np.arange(1, len(order) + 1)
    recall = found / objects
    total = 0.0
    for wanted in RECALLS:
        # max {precision_k : recall_k >= r}
        reached = precision[recall >= wanted]
        total += float(reached.max()) if len(reached) else 0.0
    return total / len(RECALLS)


def average_precision_of_pictures(
    predicted: list[Float[np.ndarray, "boxes 6"]],
    wanted: list[Float[np.ndarray, "objects 5"]],
    kind: int,
    *,
    threshold: float,
) -> float:
    """Return the average precision of one class over pictures.

    Args:
        predicted: A picture's boxes: class, left, top, right, bottom, score.
        wanted: A picture's objects: class, left, top, right, bottom.
        kind: Place of the class.
        threshold: Overlap from which a box counts as a hit.

    Returns:
        Average precision, or NaN where no picture has an object of the class.

    Source: COCO detection evaluation (Lin and others, 2014).

    Example:
        >>> objects, boxes = np.array([[0.0, 0, 0, 10, 10]]), np.array([[0.0, 0, 0, 10, 9, 0.7]])
        >>> [average_precision_of_pictures([boxes], [objects], 0, threshold=at) for at in (0.5, 0.95)]
        [1.0, 0.0]
    """
    scores: list[float] = []
    hits: list[bool] = []
    objects = 0
    for boxes, truth in zip(predicted, wanted, strict=True):
        own, real = boxes[boxes[:, 0] == kind], truth[truth[:, 0] == kind]
        counted, hit = match_picture(
            own[:, 1:5], own[:, 5], real[:, 1:5], np.zeros(len(real), dtype=bool), threshold=threshold
        )
        scores, hits, objects = scores + counted, hits + hit, objects + len(real)
    return average_precision(np.array(scores), np.array(hits, dtype=bool), objects) if objects else float("nan")
