"""Keep the inputs that vary, that tell something about the target, or that a model uses: measured on training rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from layerwise.data.kinds import Categories, Column, Numbers
from layerwise.errors import LayerwiseError, nearest
from layerwise.language import say

__all__ = ["METHODS", "Pass", "Selection", "fit_selection", "information", "read_methods"]

METHODS = {"variance": "0 ...", "mutual-information": "1, 2, 3 ...", "model": "1, 2, 3 ..."}
"""Each method and what its number can be: a variance that must be exceeded, or how many inputs are kept."""

LEVELS = 10
"""Groups of equally many rows in which a number is compared with the target."""

TREES = 100
"""Trees whose questions tell how much a model uses an input."""


@dataclass(frozen=True)
class Pass:
    """What one method measured.

    Args:
        method: Its name.
        wanted: The variance to exceed, or how many were to be kept.
        places: The inputs it was asked about, by their place among all.
        scores: What it measured of each: variance, nats, or share of the trees' gain.
    """

    method: str
    wanted: float
    places: tuple[int, ...]
    scores: tuple[float, ...]


@dataclass(frozen=True)
class Selection:
    """Which inputs are kept, and why.

    Args:
        keep: Their places among all inputs, rising.
        passes: What the methods measured, in their order.
        field: Empty, since it belongs to no single field; it is stored behind the steps of the fields.
    """

    keep: tuple[int, ...]
    passes: tuple[Pass, ...]
    kind: str = "selection"
    field: str = ""

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Selection:
        """Rebuild it from plain values."""
        passes = [
            Pass(one["method"], one["wanted"], tuple(one["places"]), tuple(one["scores"])) for one in stored["passes"]
        ]
        return cls(tuple(stored["keep"]), tuple(passes))


def read_methods(methods: Sequence[str]) -> list[tuple[str, float]]:
    """Read methods as `variance=0.01` or `mutual-information=20`.

    Raises:
        LayerwiseError: A method is unknown, or its number is missing or outside its range.

    Example:
        >>> read_methods(["variance=0", "model=5"])
        [('variance', 0.0), ('model', 5.0)]
    """
    read = []
    for method in methods:
        name, _, written = method.partition("=")
        if name not in METHODS:
            raise LayerwiseError(
                say("A method of selection is named as in the documentation."), f"--select {method}",
                nearest(name, METHODS), usage=True,
            )  # fmt: skip
        try:
            wanted = float(written)
        except ValueError:
            wanted = math.nan
        if not (0 <= wanted < math.inf) or (name != "variance" and (wanted < 1 or wanted % 1)):
            raise LayerwiseError(
                say("A method of selection has a number."), f"--select {method}",
                say("{} takes {}.", f"{name}=...", METHODS[name]), usage=True,
            )  # fmt: skip
        read.append((name, wanted))
    return read


def fit_selection(
    inputs: np.ndarray, units: np.ndarray, targets: Sequence[Column],
    methods: Sequence[str],
) -> Selection:  # fmt: skip
    """Select inputs by some methods, one after the other.

    Args:
        inputs: The training rows as the network would see them, `(rows, inputs)`.
        units: What a step of 1 of each input is in the field's own unit, for its variance.
        targets: The training cells of the targets; a score is the mean over them.
        methods: `variance=0.01`, `mutual-information=20`, `model=20`.

    Raises:
        LayerwiseError: A method is unknown, keeps more inputs than there are or none, or there is no target to ask.
    """
    keep = np.arange(inputs.shape[1])
    passes = []
    for name, wanted in read_methods(methods):
        if name == "variance":
            scores = inputs[:, keep].var(axis=0, dtype=np.float64) * units[keep] ** 2
            chosen = np.flatnonzero(scores > wanted)
        else:
            _refuse_count(name, int(wanted), len(keep))
            scores = np.mean([SCORES[name](inputs[:, keep], target) for target in _usable(name, targets)], axis=0)
            # Of equal scores the first inputs are kept.
            chosen = np.sort(np.argsort(-scores, kind="stable")[: int(wanted)])
        passes.append(Pass(name, wanted, tuple(keep.tolist()), tuple(scores.tolist())))
        if not len(chosen):
            raise LayerwiseError(
                say("A network needs at least one input."),
                say("no input has a variance above {:g}; the largest is {:.4g}", wanted, scores.max(initial=0.0)),
                say("Use a smaller number: --select variance=0"), usage=True,
            )  # fmt: skip
        keep = keep[chosen]
    return Selection(tuple(keep.tolist()), tuple(passes))


def information(inputs: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return how many nats each input tells about the class, by counting; a number is counted in 10 equal groups.

    I(X; Y) = sum_xy p(x, y) ln( p(x, y) / (p(x) p(y)) ) - (r - 1) (c - 1) / (2 n)

    The second term is what the sum comes to on average where X tells nothing: without it an input of ten groups would
    stand before one of two (r and c: values of X and Y that occur).

    Args:
        inputs: `(rows, inputs)`; up to 10 different values are counted as they are.
        classes: The class of each row, from 0.

    Source: Miller 1955, "Note on the bias of information estimates"; Shannon 1948.

    Example:
        >>> information(np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0, 0, 1, 1])).round(4)
        array([ 0.5681, -0.125 ])
    """
    rows, width = len(classes), int(classes.max()) + 1
    scores = np.empty(inputs.shape[1])
    for place, values in enumerate(inputs.T):
        counts = np.bincount(_groups(values) * width + classes, minlength=width).astype(np.float64)
        joint = np.pad(counts, (0, -len(counts) % width)).reshape(-1, width) / rows
        one, other = joint.sum(axis=1, keepdims=True), joint.sum(axis=0, keepdims=True)
        occurs = joint > 0
        # sum_xy p(x, y) ln( p(x, y) / (p(x) p(y)) )
        nats = (joint[occurs] * np.log(joint[occurs] / (one * other)[occurs])).sum()
        # - (r - 1) (c - 1) / (2 n)
        scores[place] = nats - ((one > 0).sum() - 1) * ((other > 0).sum() - 1) / (2 * rows)
    return scores


def _groups(values: np.ndarray) -> np.ndarray:
    """Return the group of each number: its own for few different values, else one of ten of about equal size."""
    different = np.unique(values)
    if len(different) <= LEVELS:
        return np.searchsorted(different, values)
    cuts = np.unique(np.quantile(values, np.arange(1, LEVELS) / LEVELS))
    cuts = cuts[cuts < different[-1]]
    # Where nearly all rows have the largest value, the others are a group.
    return np.searchsorted(cuts if len(cuts) else different[-2:-1], values, side="left")


def _information(inputs: np.ndarray, target: Column) -> np.ndarray:
    """Return how much each input tells about the target; amounts are counted in ten groups, too."""
    if isinstance(target, Categories):
        return information(inputs, target.codes.astype(np.int64))
    return information(inputs, _groups(target.values) if isinstance(target, Numbers) else np.zeros(len(inputs), int))


def _importance(inputs: np.ndarray, target: Column) -> np.ndarray:
    """Return the share of each input in what a forest of random trees gains, grown from one fixed seed."""
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    grow = ExtraTreesClassifier if isinstance(target, Categories) else ExtraTreesRegressor
    wanted = target.codes if isinstance(target, Categories) else target.values if isinstance(target, Numbers) else None
    forest = grow(n_estimators=TREES, max_features="sqrt", random_state=0).fit(inputs, wanted)
    with np.errstate(invalid="ignore"):
        # Where no question of any tree gains anything, the shares are 0 / 0.
        return np.nan_to_num(np.asarray(forest.feature_importances_))


SCORES: Mapping[str, Callable[[np.ndarray, Column], np.ndarray]] = {
    "mutual-information": _information,
    "model": _importance,
}


def _usable(method: str, targets: Sequence[Column]) -> Sequence[Column]:
    """Refuse targets that are neither classes nor numbers."""
    other = next((target.kind for target in targets if not isinstance(target, Categories | Numbers)), "")
    if not targets or other:
        raise LayerwiseError(
            say("Inputs are selected by a target of classes or numbers."),
            say("--select {}, and the target is of kind {}", method, say(other)) if other
            else say("--select {}, and there is no target", method),
            say("Use --select variance=..., or leave it out."), usage=True,
        )  # fmt: skip
    return targets


def _refuse_count(method: str, wanted: int, there: int) -> None:
    """Refuse to keep more inputs than there are."""
    if wanted > there:
        raise LayerwiseError(
            say("A selection keeps at most as many inputs as there are."),
            say("--select {}={}, and there are {} inputs", method, wanted, there),
            say("Use --select {}={} or less.", method, there), usage=True,
        )  # fmt: skip
