"""Average precision of detectors as COCO measures it, matched picture by picture so that pictures can be drawn again.

Boxes of a picture are rows of class, left, top, right, bottom and score; objects of class, left, top, right, bottom,
and a flag that is not 0 where an object is not measured (a crowd, a difficult one).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from layerwise.errors import LayerwiseError
from layerwise.language import say

__all__ = [
    "THRESHOLDS",
    "Matches",
    "average_precisions",
    "coco_figures",
    "coco_objects",
    "coco_predictions",
    "coco_results",
    "match_boxes",
]

THRESHOLDS = np.linspace(0.5, 0.95, 10)
"""Overlaps at which COCO measures: 0.5, 0.55 ... 0.95."""

RECALLS = np.linspace(0, 1, 101)
MOST_DETECTIONS = 100
"""Boxes of a class that count in one picture, the best ones."""


@dataclass(frozen=True)
class Matches:
    """What became of every box of one class, the best score first over all pictures.

    Args:
        scores: Score of each box.
        pictures: Picture of each box.
        hits: Whether it hits an object, for each threshold.
        counts: Whether it counts at all: not where it lies on an object that is not measured.
        objects: Number of measured objects in each picture.
    """

    scores: Float[np.ndarray, "boxes"]
    pictures: Int[np.ndarray, "boxes"]
    hits: Bool[np.ndarray, "thresholds boxes"]
    counts: Bool[np.ndarray, "thresholds boxes"]
    objects: Int[np.ndarray, "pictures"]


def match_boxes(
    truths: Sequence[np.ndarray], answers: Sequence[np.ndarray], kind: int, thresholds: np.ndarray = THRESHOLDS
) -> Matches:
    """Match the boxes of one class with its objects, picture by picture.

    From the best score down a box takes the free object it overlaps most, at IoU >= threshold; one box an object.

    Args:
        truths: Objects of each picture, `(objects, 6)`, or `(objects, 5)` without flags.
        answers: Boxes of each picture, `(boxes, 6)`.
        kind: Place of the class.
        thresholds: Overlaps to measure at.

    Source: Lin and others (2014), Microsoft COCO, arXiv:1405.0312; its evaluation code.

    Example:
        >>> found = match_boxes([np.array([[0, 0, 0, 10, 10.0]])], [np.array([[0, 0, 0, 10, 9, 0.7]])], 0)
        >>> found.hits[:, 0].tolist()
        [True, True, True, True, True, True, True, True, True, False]
    """
    scores, pictures, hits, counts, objects = [], [], [], [], []
    for picture, (truth, answer) in enumerate(zip(truths, answers, strict=True)):
        own = answer[answer[:, 0] == kind]
        own = own[np.argsort(-own[:, 5], kind="stable")][:MOST_DETECTIONS]
        real = truth[truth[:, 0] == kind]
        ignored = real[:, 5] != 0 if real.shape[1] > 5 else np.zeros(len(real), dtype=bool)
        hit, counted = _match(_overlaps(own[:, 1:5], real[:, 1:5], ignored), ignored, thresholds)
        scores.append(own[:, 5])
        pictures.append(np.full(len(own), picture))
        hits.append(hit)
        counts.append(counted)
        objects.append(int((~ignored).sum()))
    everything = np.concatenate(scores)
    order = np.argsort(-everything, kind="stable")
    return Matches(
        everything[order], np.concatenate(pictures)[order], np.concatenate(hits, axis=1)[:, order],
        np.concatenate(counts, axis=1)[:, order], np.array(objects),
    )  # fmt: skip


def _overlaps(boxes: np.ndarray, objects: np.ndarray, ignored: np.ndarray) -> np.ndarray:
    """Return IoU of every box with every object; with one that is ignored, the share of the box that lies in it."""
    lower = np.maximum(boxes[:, None, :2], objects[None, :, :2])
    upper = np.minimum(boxes[:, None, 2:], objects[None, :, 2:])
    both = np.clip(upper - lower, 0, None).prod(axis=2)
    own, real = ((some[:, 2:] - some[:, :2]).prod(axis=1) for some in (boxes, objects))
    either = np.where(ignored, own[:, None], own[:, None] + real - both)
    return np.asarray(both / np.where(either > 0, either, 1.0))


def _match(overlaps: np.ndarray, ignored: np.ndarray, thresholds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return hits and what counts, `(thresholds, boxes)`, for the boxes of one picture from the best score down."""
    hits = np.zeros((len(thresholds), len(overlaps)), dtype=bool)
    counts = np.ones_like(hits)
    if not overlaps.size:
        return hits, counts
    for place, threshold in enumerate(thresholds):
        free = ~ignored
        for box, found in enumerate(overlaps):
            # Of equal overlaps the last object is taken, as COCO does.
            best = len(found) - 1 - int(np.argmax(np.where(free, found, -1.0)[::-1]))
            if free[best] and found[best] >= min(threshold, 1 - 1e-10):
                hits[place, box], free[best] = True, False
            elif ignored.any() and found[ignored].max() >= min(threshold, 1 - 1e-10):
                counts[place, box] = False
    return hits, counts


def average_precisions(
    matches: Matches, weights: Float[np.ndarray, "pictures"] | None = None
) -> Float[np.ndarray, "thresholds"]:
    """Return the average precision of one class at each threshold, or NaN where there is no object.

    AP = (1/101) sum over r = 0, 0.01, ... 1 of max {precision_k : recall_k >= r}

    Args:
        matches: What became of every box.
        weights: How often each picture counts, for pictures that are drawn again; once where left out.

    Source: Lin and others (2014), Microsoft COCO; Everingham and others (2010), section 4.2.

    Example:
        >>> truth, boxes = np.array([[0, 0, 0, 10, 10.0]]), np.array([[0, 50, 0, 60, 9, 0.9], [0, 0, 0, 10, 10, 0.8]])
        >>> average_precisions(match_boxes([truth], [boxes], 0, np.array([0.5]))).tolist()
        [0.5]
    """
    each = np.ones(len(matches.objects)) if weights is None else weights
    wanted = float(matches.objects @ each)
    if not wanted:
        return np.full(len(matches.hits), np.nan)
    if not len(matches.scores):
        return np.zeros(len(matches.hits))
    heavy = each[matches.pictures]
    found = np.cumsum(matches.hits * heavy, axis=1)
    asked = np.cumsum(matches.counts * heavy, axis=1)
    # precision_k = hits among the best k / k,  recall_k = hits among the best k / objects
    precision, recall = found / np.where(asked > 0, asked, 1.0), found / wanted
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    padded = np.concatenate([envelope, np.zeros((len(envelope), 1))], axis=1)
    places = np.stack([np.searchsorted(row, RECALLS, side="left") for row in recall])
    return np.asarray(np.take_along_axis(padded, places, axis=1).mean(axis=1))


def coco_objects(
    names: Sequence[str], truths: Sequence[np.ndarray], classes: Sequence[str], size: tuple[int, int]
) -> dict[str, object]:
    """Return objects as a COCO annotation file: images, categories, annotations, all numbered from 1.

    Args:
        names: Name of each picture.
        truths: Objects of each picture.
        classes: Names of the classes.
        size: Height and width of the pictures.
    """
    images = [
        {"id": place + 1, "file_name": name, "height": size[0], "width": size[1]} for place, name in enumerate(names)
    ]
    rows = [(picture + 1, *row) for picture, truth in enumerate(truths) for row in truth.tolist()]
    annotations = [
        {
            "id": place + 1, "image_id": picture, "category_id": int(kind) + 1,
            "bbox": [left, top, right - left, bottom - top], "area": (right - left) * (bottom - top),
            "iscrowd": int(bool(flag) and bool(flag[0])),
        }
        for place, (picture, kind, left, top, right, bottom, *flag) in enumerate(rows)
    ]  # fmt: skip
    categories = [{"id": place + 1, "name": name} for place, name in enumerate(classes)]
    return {"images": images, "categories": categories, "annotations": annotations}


def coco_results(answers: Sequence[np.ndarray]) -> list[dict[str, object]]:
    """Return boxes as a COCO results file, numbered as `coco_objects` does.

    Example:
        >>> coco_results([np.array([[1, 2, 3, 10, 9, 0.5]])])
        [{'image_id': 1, 'category_id': 2, 'bbox': [2.0, 3.0, 8.0, 6.0], 'score': 0.5}]
    """
    return [
        {
            "image_id": picture + 1, "category_id": int(kind) + 1, "bbox": [left, top, right - left, bottom - top],
            "score": score,
        }
        for picture, answer in enumerate(answers)
        for kind, left, top, right, bottom, score in answer.tolist()
    ]  # fmt: skip


def coco_predictions(
    names: Sequence[str], answers: Sequence[np.ndarray], classes: Sequence[str], sizes: np.ndarray
) -> dict[str, object]:
    """Return boxes as one whole COCO file: images, categories, and annotations that have a score.

    Args:
        names: Name of each picture.
        answers: Boxes of each picture.
        classes: Names of the classes.
        sizes: Width and height of each picture, `(pictures, 2)`.

    Example:
        >>> found = coco_predictions(["a.jpg"], [np.array([[1, 2, 3, 10, 9, 0.5]])], ["cat", "dog"], np.array([[20, 16]]))
        >>> found["images"]
        [{'id': 1, 'file_name': 'a.jpg', 'height': 16, 'width': 20}]
        >>> found["annotations"]
        [{'id': 1, 'image_id': 1, 'category_id': 2, 'bbox': [2.0, 3.0, 8.0, 6.0], 'area': 48.0, 'iscrowd': 0, 'score': 0.5}]
    """  # noqa: E501
    images = [
        {"id": place + 1, "file_name": name, "height": height, "width": width}
        for place, (name, (width, height)) in enumerate(zip(names, sizes.tolist(), strict=True))
    ]
    rows = [(picture + 1, *row) for picture, answer in enumerate(answers) for row in answer.tolist()]
    annotations = [
        {
            "id": place + 1, "image_id": picture, "category_id": int(kind) + 1,
            "bbox": [left, top, right - left, bottom - top], "area": (right - left) * (bottom - top), "iscrowd": 0,
            "score": score,
        }
        for place, (picture, kind, left, top, right, bottom, score) in enumerate(rows)
    ]  # fmt: skip
    categories = [{"id": place + 1, "name": name} for place, name in enumerate(classes)]
    return {"images": images, "categories": categories, "annotations": annotations}


def coco_figures(
    truths: Sequence[np.ndarray], answers: Sequence[np.ndarray], classes: Sequence[str]
) -> dict[str, float]:
    """Return what the field's own program measures: `map` (0.50 to 0.95), `map_50` and `map_75`.

    Args:
        truths: Objects of each picture.
        answers: Boxes of each picture.
        classes: Names of the classes.

    Raises:
        LayerwiseError: faster-coco-eval is not installed.

    Source: faster-coco-eval (Apache-2.0), the COCO evaluation in C++.
    """
    try:
        from faster_coco_eval import COCO, COCOeval_faster
    except ImportError as problem:
        raise LayerwiseError(
            say("The COCO program comes with an extra."), say("faster-coco-eval is not installed"),
            "pip install 'layerwise[detection]'", usage=True,
        ) from problem  # fmt: skip
    side = max((float(truth[:, 1:5].max()) for truth in truths if len(truth)), default=1.0)
    names = [str(place) for place in range(len(truths))]
    known = COCO(coco_objects(names, truths, classes, (int(side) + 1, int(side) + 1)))
    results = coco_results(answers)
    if not results:
        return {"map": 0.0, "map_50": 0.0, "map_75": 0.0}
    program = COCOeval_faster(known, known.loadRes(results), "bbox", print_function=_quiet)
    program.evaluate()
    program.accumulate()
    program.summarize()
    return {name: float(program.stats[place]) for place, name in enumerate(("map", "map_50", "map_75"))}


def _quiet(*_: object) -> None:
    """Print nothing: the program reports as it goes."""
