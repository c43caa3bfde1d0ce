"""Data that need no file: sets that ship with scikit-learn, and sets made by formula."""

from __future__ import annotations

from typing import Any

import numpy as np

from layerwise.data.generated import GENERATED, generated
from layerwise.data.kinds import Categories, Column, Images, Numbers
from layerwise.data.shapes import SHAPES, shapes
from layerwise.data.source import Field, Source
from layerwise.errors import LayerwiseError, nearest
from layerwise.language import say

__all__ = ["BUILTIN", "builtin"]

LICENCE = "UCI Machine Learning Repository, CC BY 4.0; the copy that ships with scikit-learn (BSD-3-Clause)"

SHIPPED = {
    "digits": "1,797 handwritten digits of 8x8 pixels with values 0 to 16",
    "iris": "150 flowers of three species, four measurements",
    "wine": "178 wines of three growers, 13 measurements",
    "breast-cancer": "569 tumours, malignant or benign, 30 measurements",
    "diabetes": "442 patients, 10 measurements, progression of the disease after a year (regression)",
}
"""Sets that ship with scikit-learn, and what each holds."""

DIABETES_LICENCE = "Efron, Hastie, Johnstone, Tibshirani (2004), Least Angle Regression; the copy of scikit-learn"

BUILTIN = (
    SHIPPED
    | {name: summary for name, (_, summary) in GENERATED.items()}
    | {name: summary for name, (_, _, summary) in SHAPES.items()}
)
"""Every built-in set, and what it holds."""


def builtin(name: str) -> Source:
    """Return a built-in data set.

    Args:
        name: One of `BUILTIN`.

    Raises:
        LayerwiseError: No set has that name.

    Source: the UCI Machine Learning Repository; Efron and others (2004) for diabetes.

    Example:
        >>> iris = builtin("iris")
        >>> len(iris), iris.columns["species"].counts()
        (150, {'setosa': 50, 'versicolor': 50, 'virginica': 50})
    """
    if name in GENERATED:
        return generated(name)
    if name in SHAPES:
        training, test, _ = SHAPES[name]
        return shapes(training, test, name=name)
    if name not in SHIPPED:
        raise LayerwiseError(
            say("A built-in data set is named as in the list."), say("no built-in data set '{}'", name),
            nearest(name, BUILTIN), usage=True,
        )  # fmt: skip
    from sklearn import datasets

    if name == "digits":
        return _digits(datasets.load_digits())
    if name == "diabetes":
        bunch = datasets.load_diabetes(scaled=False)
        return _table(name, bunch, "progression", Numbers(bunch.target.astype(np.float64)), DIABETES_LICENCE)
    loaders = {
        "iris": (datasets.load_iris, "species"),
        "wine": (datasets.load_wine, "grower"),
        "breast-cancer": (datasets.load_breast_cancer, "diagnosis"),
    }
    load, target = loaders[name]
    bunch = load()
    names = tuple(str(label) for label in bunch.target_names)
    return _table(name, bunch, target, Categories(bunch.target.astype(np.int64), names), LICENCE)


def _digits(bunch: Any) -> Source:
    """Return the digits as pictures of 17 grey levels."""
    pixels = bunch.images.astype(np.uint8)[:, None]
    sizes = np.full((len(pixels), 2), 8)
    columns: dict[str, Column] = {
        "image": Images(pixels, None, sizes, channels=1, maximum=16.0),
        "digit": Categories(bunch.target.astype(np.int64), tuple(str(digit) for digit in range(10))),
    }
    notes = (say("Pixels are counts of 0 to 16 ink dots, light on dark."),)
    return Source(
        "digits", "built-in", (Field("image"), Field("digit", "target")), columns, notes=notes, licence=LICENCE
    )


def _table(name: str, bunch: Any, target: str, wanted: Column, licence: str) -> Source:
    """Return a table of numbers with its target last."""
    names = [str(feature) for feature in bunch.feature_names]
    columns: dict[str, Column] = {
        feature: Numbers(np.ascontiguousarray(bunch.data[:, place], dtype=np.float64))
        for place, feature in enumerate(names)
    }
    columns[target] = wanted
    fields = (*(Field(feature) for feature in names), Field(target, "target"))
    return Source(name, "built-in", fields, columns, licence=licence)
