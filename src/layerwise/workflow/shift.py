"""Whether given parts come from where the others come from: can a learner tell them apart, and by which fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from layerwise.config import Model
from layerwise.data.found import Found
from layerwise.data.kinds import Categories, Column, Images, Numbers
from layerwise.data.source import Source
from layerwise.data.structure import given_parts
from layerwise.errors import LayerwiseError
from layerwise.evaluation.paired import adjusted
from layerwise.evaluation.ranking_intervals import auc_interval
from layerwise.language import say
from layerwise.workflow.evaluate import groups_of
from layerwise.workflow.prepare import Assigned
from layerwise.workflow.second_opinion import (
    FEW_ROWS,
    FEWEST_ROWS,
    NEIGHBOURS,
    SUPPORT_VECTORS,
    TREES,
    sampled,
    second_opinion,
    usable,
)

__all__ = ["field_tests", "shifts"]

CONFIDENCE = 0.999
"""Of the interval of the AUC that must leave out 0.5."""

LEVEL = 0.002
"""Chance that, of parts that differ in no field, any field is named."""

LEAST_DISTANCE = 0.05
"""Fields whose shares differ by less are not named, however many rows there are."""

MOST_FIELDS = 8

LEAST_EXPECTED = 5
"""Rows of a name that the chi-square test expects at least; rarer names are put together."""

FEWEST_FOR_TREES = 200


def shifts(found: Assigned) -> list[Found]:
    """Compare each given part with the training part; nothing where the data name no parts.

    Args:
        found: Data with their roles.
    """
    parts = given_parts(found.source)
    others = [part for part in ("validation", "test") if part in parts]
    return [_shift(found, part, parts["train"], parts[part]) for part in others]


def _shift(found: Assigned, part: str, learned: np.ndarray, given: np.ndarray) -> Found:
    """Compare one part with the training part."""
    title = say("Training part against {} part", say(part))
    if min(len(learned), len(given)) < FEWEST_ROWS:
        few = say("Not looked at: {} and {} rows are too few.", len(learned), len(given))
        return Found("shift", title, (few,))
    rows = np.concatenate([sampled(learned), sampled(given)])
    places = np.repeat([0, 1], [len(sampled(learned)), len(sampled(given))])
    source = usable(found.source.take(rows))
    if not source.named("input"):
        return Found("shift", title, (say("Not looked at: no input is a number, a category or a picture."),))
    try:
        sentences, apart = _told_apart(source, places, part)
    except LayerwiseError as problem:
        # What training would refuse, a look at the data only tells.
        return Found("shift", title, (say("Not looked at: {}.", problem.found),))
    fields = {name: source.columns[name] for name in source.named("target")}
    fields |= {name: source.columns[name] for name in source.named("input")}
    named = field_tests(fields, places)
    if len(rows) < len(learned) + len(given):
        sentences.append(say("Of each part a random sample of rows was looked at: {:,} in all.", len(rows)))
    return Found("shift", title, (*sentences, *named), bool(named) or apart, len(named))


def _told_apart(source: Source, places: np.ndarray, part: str) -> tuple[list[str], bool]:
    """Say how well a learner tells both parts apart, by its AUC on rows that it did not learn from."""
    name = "part"
    while name in source.columns:
        name += "_"
    roles = [replace(field, role="unused") if field.role == "target" else field for field in source.fields]
    column = Categories(places, ("train", part))
    compared = replace(source, fields=tuple(roles), columns={**source.columns, name: column})
    compared = replace(compared, fields=(*compared.fields, replace(roles[0], name=name, role="target")))
    opinion = second_opinion(Assigned(compared, "classify", ()), (_learner(source),))
    if opinion is None:
        return [], False
    area = auc_interval(
        places == 1, opinion.answers[:, 1], groups=groups_of(source, np.arange(len(places))), confidence=CONFIDENCE
    )
    if area.low is None or area.high is None:
        return [], False
    shown = (f"{area.value:.3f}", f"{area.low:.3f}", f"{area.high:.3f}")
    if area.low > 0.5:
        return [
            say("A quick learner tells their rows apart: AUC {} (99.9 % interval {} to {}), 0.5 where they are alike. "
                "What is measured on one need not hold for the other.", *shown)
        ], True  # fmt: skip
    return [say("A quick learner does not tell their rows apart: AUC {} (99.9 % interval {} to {}).", *shown)], False


def _learner(source: Source) -> Model:
    """Return the one learner that is asked; to choose the best of several would find differences by chance."""
    pictures = any(isinstance(source.columns[name], Images) for name in source.named("input"))
    if pictures:
        return SUPPORT_VECTORS if len(source) <= FEW_ROWS else NEIGHBOURS
    return TREES if len(source) >= FEWEST_FOR_TREES else Model("logistic")


def field_tests(fields: Mapping[str, Column], places: np.ndarray) -> list[str]:
    """Name the fields whose values differ between two parts.

    Numbers by the two-sample Kolmogorov-Smirnov test, its distance max_x |F_1(x) - F_2(x)|; names by the chi-square
    test, their distance 1/2 sum_k |p_k - q_k|. The p-values are adjusted for all fields together (Holm).

    Args:
        fields: Columns by name; of pictures their brightness and contrast are compared.
        places: 0 for rows of the first part, 1 for those of the second.
    """
    tested = [
        (name, *_test(column, places == 1))
        for field, whole in fields.items() for name, column in _measured(field, whole).items()
    ]  # fmt: skip
    chances = adjusted([p for _, _, p in tested])
    different = [
        (distance, name) for (name, distance, _), p in zip(tested, chances, strict=True)
        if p < LEVEL and distance >= LEAST_DISTANCE
    ]  # fmt: skip
    different.sort(reverse=True)
    shown = [say("'{}' differs (distance {:.2f} of at most 1).", name, distance) for distance, name in different]
    more = len(shown) - MOST_FIELDS
    return shown if more <= 0 else [*shown[:MOST_FIELDS], say("... and {} more", more)]


def _measured(name: str, column: Column) -> dict[str, Column]:
    """Return what of a field can be compared: the field itself, or brightness and contrast of pictures."""
    if isinstance(column, Images):
        pixels = [np.asarray(column[row], dtype=np.float64) / column.maximum for row in range(len(column))]
        return {
            say("brightness of {}", name): Numbers(np.array([one.mean() for one in pixels])),
            say("contrast of {}", name): Numbers(np.array([one.std() for one in pixels])),
        }
    return {name: column} if isinstance(column, Numbers | Categories) else {}


def _test(column: Column, second: np.ndarray) -> tuple[float, float]:
    """Return the distance of a field between two parts, and the chance of one as large where there is none."""
    from scipy import stats

    missing = column.missing()
    distance, p = _test_names(missing.astype(np.int64), second)
    if isinstance(column, Categories):
        return _test_names(column.codes, second)
    if isinstance(column, Numbers) and (~missing & second).any() and (~missing & ~second).any():
        # max_x |F_1(x) - F_2(x)|
        found = stats.ks_2samp(column.values[~missing & ~second], column.values[~missing & second])
        if not missing.any() or found.pvalue <= p:
            distance = max(distance, float(found.statistic))
        # Two tests of one field: Bonferroni.
        p = min(1.0, (1 + missing.any()) * min(p, float(found.pvalue)))
    return distance, p


def _test_names(codes: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Return the distance between the shares of names, and the chance of one as large; rare names together."""
    from scipy import stats

    names, places = np.unique(codes, return_inverse=True)
    counts = np.stack([np.bincount(places[part], minlength=len(names)) for part in (~second, second)])
    smaller = counts.sum(axis=1).min() / counts.sum()
    rare = counts.sum(axis=0) * smaller < LEAST_EXPECTED
    counts = np.column_stack([counts[:, ~rare], counts[:, rare].sum(axis=1)]) if rare.any() else counts
    counts = counts[:, counts.sum(axis=0) > 0]
    if counts.shape[1] < 2:
        return 0.0, 1.0
    shares = counts / counts.sum(axis=1, keepdims=True)
    # 1/2 sum_k |p_k - q_k|
    distance = float(np.abs(shares[0] - shares[1]).sum()) / 2
    return distance, float(stats.chi2_contingency(counts, correction=False).pvalue)
