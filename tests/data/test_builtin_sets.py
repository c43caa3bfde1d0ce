"""Built-in sets: their published sizes and class counts, and the same numbers every time."""

import numpy as np
import pytest

from layerwise.data.builtin import BUILTIN, builtin
from layerwise.data.kinds import Images
from layerwise.errors import LayerwiseError


@pytest.mark.parametrize(
    ("name", "rows", "inputs", "classes"),
    [
        # UCI's own descriptions of the sets.
        ("digits", 1797, 1, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]),
        ("iris", 150, 4, [50, 50, 50]),
        ("wine", 178, 13, [59, 71, 48]),
        ("breast-cancer", 569, 30, [212, 357]),
        ("and", 4, 2, [3, 1]),
        ("or", 4, 2, [1, 3]),
        ("xor", 4, 2, [2, 2]),
        ("rings", 400, 2, [200, 200]),
        ("spirals", 400, 2, [200, 200]),
    ],
)
def test_sizes_and_classes(name, rows, inputs, classes):
    source = builtin(name)
    assert len(source) == rows
    assert len(source.named("input")) == inputs
    assert list(source.columns[source.named("target")[0]].counts().values()) == classes
    assert source.licence
    assert source.fingerprint() == builtin(name).fingerprint()


def test_digits_are_pictures_of_seventeen_levels():
    column = builtin("digits").columns["image"]
    assert isinstance(column, Images)
    assert column[0].shape == (1, 8, 8)
    assert column.maximum == 16
    assert max(int(column[row].max()) for row in range(100)) == 16
    # The first row of the first digit in the UCI file: 0,0,5,13,9,1,0,0.
    assert column[0][0, 0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]


def test_diabetes_is_a_regression():
    source = builtin("diabetes")
    assert len(source) == 442
    # Mean and extremes of the response in Efron and others (2004): 152.1, 25, 346.
    values = source.columns["progression"].values
    assert round(float(values.mean()), 1) == 152.1
    assert (values.min(), values.max()) == (25, 346)


def test_gates_answer_as_logic_says():
    for name, rule in (("and", min), ("or", max), ("xor", lambda pair: sum(pair) % 2)):
        source = builtin(name)
        for row in range(4):
            pair = [int(source.columns[field].values[row]) for field in ("x1", "x2")]
            assert source.columns["target"].show(row) == str(rule(pair))


def test_rings_lie_around_each_other():
    source = builtin("rings")
    radius = np.hypot(source.columns["x1"].values, source.columns["x2"].values)
    outer = source.columns["target"].codes == 1
    assert abs(radius[outer].mean() - 2) < 0.05
    assert abs(radius[~outer].mean() - 1) < 0.05


def test_the_polynomial_has_degree_two():
    source = builtin("polynomial")
    x, y = source.columns["x"].values, source.columns["target"].values
    fitted = np.polynomial.polynomial.polyfit(x, y, 2)
    assert np.allclose(fitted, [1, -1, 0.5], atol=0.25)
    residual = y - np.polynomial.polynomial.polyval(x, fitted)
    assert 0.35 < residual.std() < 0.65


def test_an_unknown_name():
    with pytest.raises(LayerwiseError, match="Did you mean 'iris'"):
        builtin("irsi")
    assert set(BUILTIN) >= {"digits", "diabetes", "spirals"}
