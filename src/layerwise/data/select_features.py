"""Keep the inputs that vary, that tell something about the target, or that a model uses, by the training rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from layerwise.data.kinds import Categories, Column, Numbers
from layerwise.errors import LayerwiseError, nearest
from layerwise.language import say

__all__ = ["METHODS", "Pass", "Selection", "correlation", "fit_selection", "information", "read_methods"]

METHODS = {
    "variance": "0 ...", "correlation": "1, 2, 3 ...", "mutual-information": "1, 2, 3 ...", "model": "1, 2, 3 ...",
}  # fmt: skip
"""Each method and what its number can be: a variance that must be exceeded, or how many inputs are kept."""

LEVELS = 10
"""Groups of equally many rows in which a number is compared with the target."""

AT_ONCE = 256
"""Inputs that are counted together, which bounds the memory."""

TREES = 100
"""Trees whose questions tell how much a model uses an input."""


@dataclass(frozen=True)
class Pass:
    """What one method measured.

    Args:
        method: Its name.
        wanted: The variance to exceed, or how many were to be kept.
        places: The inputs it was asked about, by their place among all.
        scores: What it measured of each: variance, correlation, nats, or share of the trees' gain.
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
        methods: `variance=0.01`, `correlation=20`, `mutual-information=20`, `model=20`.

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


def correlation(inputs: np.ndarray, target: Column) -> np.ndarray:
    """Return how strongly each input goes up and down with a number, or differs in mean between classes: 0 to 1.

    |r| = |sum (x - mean x) (y - mean y)| / sqrt( sum (x - mean x)^2 sum (y - mean y)^2 );
    of classes eta = sqrt( sum_c n_c (mean_c x - mean x)^2 / sum (x - mean x)^2 ), for two of them the same; 0 where
    an input is constant

    Args:
        inputs: `(rows, inputs)`.
        target: Classes or numbers.

    Source: Pearson 1895; Fisher 1925, "Statistical Methods for Research Workers" (correlation ratio).

    Example:
        >>> correlation(np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]]), Numbers(np.array([2.0, 4.0, 6.0]))).tolist()
        [1.0, 0.0]
    """
    away = inputs - inputs.mean(axis=0, dtype=np.float64)
    # A constant input is only its own rounding away from its mean.
    away[:, inputs.min(axis=0) == inputs.max(axis=0)] = 0.0
    total = (away**2).sum(axis=0)
    if isinstance(target, Categories):
        members = np.eye(len(target.names))[target.codes]
        sums, counts = members.T @ away, members.sum(axis=0)[:, None]
        # sum_c n_c (mean_c x - mean x)^2
        told = (np.divide(sums, counts, where=counts > 0, out=np.zeros_like(sums)) ** 2 * counts).sum(axis=0)
    else:
        wanted = target.values - target.values.mean() if isinstance(target, Numbers) else np.zeros(len(inputs))
        spread = float(wanted @ wanted)
        # r^2 = (sum (x - mean x) (y - mean y))^2 / (sum (x - mean x)^2 sum (y - mean y)^2)
        told = (wanted @ away) ** 2 / spread if spread else np.zeros(inputs.shape[1])
    return np.asarray(np.sqrt(np.divide(told, total, where=total > 0, out=np.zeros(inputs.shape[1]))))


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
    targets = np.eye(int(classes.max()) + 1)[classes]
    blocks = [inputs[:, first : first + AT_ONCE] for first in range(0, inputs.shape[1], AT_ONCE)]
    return np.concatenate([_counted(_groups(block), targets) for block in blocks])


def _counted(groups: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return the corrected information of each column of groups, given the class of each row as a row of 0 and 1."""
    rows = len(targets)
    # p(x, y) for every input: (groups, inputs, classes)
    joint = np.stack([(groups == group).T.astype(np.float64) @ targets for group in range(groups.max() + 1)]) / rows
    one, other = joint.sum(axis=2), joint.sum(axis=0)
    apart = one[:, :, None] * other
    # sum_xy p(x, y) ln( p(x, y) / (p(x) p(y)) )
    nats = (joint * np.log(np.divide(joint, apart, where=joint > 0, out=np.ones_like(joint)))).sum(axis=(0, 2))
    # - (r - 1) (c - 1) / (2 n)
    return np.asarray(nats - ((one > 0).sum(axis=0) - 1) * ((other > 0).sum(axis=1) - 1) / (2 * rows))


def _groups(inputs: np.ndarray) -> np.ndarray:
    """Return the group of each number of each input: its own for few different values, else one of ten."""
    cuts = np.quantile(inputs, np.arange(1, LEVELS) / LEVELS, axis=0)
    groups = (inputs > cuts[:, None]).sum(axis=0)
    ordered = np.sort(inputs, axis=0)
    few = 1 + (ordered[1:] > ordered[:-1]).sum(axis=0) <= LEVELS
    for place in np.flatnonzero(few | (cuts[0] == ordered[-1])):
        different = np.unique(inputs[:, place])
        # Where nearly all rows have the largest value, the others are a group.
        groups[:, place] = np.searchsorted(different if few[place] else different[-2:-1], inputs[:, place])
    return np.asarray(groups)


def _information(inputs: np.ndarray, target: Column) -> np.ndarray:
    """Return how much each input tells about the target; amounts are counted in ten groups, too."""
    if isinstance(target, Categories):
        return information(inputs, target.codes.astype(np.int64))
    amounts = target.values if isinstance(target, Numbers) else np.zeros(len(inputs))
    return information(inputs, _groups(amounts[:, None])[:, 0])


def _importance(inputs: np.ndarray, target: Column) -> np.ndarray:
    """Return the share of each input in what a forest of random trees gains, grown from one fixed seed."""
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    grow = ExtraTreesClassifier if isinstance(target, Categories) else ExtraTreesRegressor
    wanted = target.codes if isinstance(target, Categories) else target.values if isinstance(target, Numbers) else None
    forest = grow(n_estimators=TREES, max_features="sqrt", random_state=0).fit(inputs, wanted)
    with np.errstate(invalid="ignore"):
        # Where no question of any tree gains anything, the shares are 0 / 0.
        return np.asarray(np.nan_to_num(forest.feature_importances_))


SCORES: Mapping[str, Callable[[np.ndarray, Column], np.ndarray]] = {
    "correlation": correlation,
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
