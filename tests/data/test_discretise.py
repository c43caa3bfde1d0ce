"""Numbers become intervals: scikit-learn's edges, WEKA's cuts of iris, the definition by hand, wrong input."""

import json
from contextlib import nullcontext

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_iris, load_wine
from sklearn.preprocessing import KBinsDiscretizer

from layerwise.byhand.information import cut_points
from layerwise.config import Preprocess
from layerwise.data.cut_points import equal_frequency, equal_width, shortest_description
from layerwise.data.discretise import IntervalStep
from layerwise.data.fitted_words import fitted_lines
from layerwise.data.kinds import Categories, Images, Numbers
from layerwise.data.preprocess import Preprocessing, fit
from layerwise.data.source import Field, Source
from layerwise.errors import LayerwiseError


def table(target=None, **columns):
    held = columns if target is None else {**columns, "target": target}
    roles = {"target": "target"} if target is not None else {}
    return Source("table", "memory", tuple(Field(name, roles.get(name, "input")) for name in held), held)


def of(*values):
    return Numbers(np.array(values, dtype=np.float64))


@pytest.mark.parametrize(("ours", "theirs"), [("equal-width", "uniform"), ("equal-frequency", "quantile")])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_equal_intervals_are_those_of_scikit_learn(ours, theirs, seed):
    generator = np.random.default_rng(seed)
    # Amounts, few whole numbers with many ties, and a column that is mostly zero.
    values = np.stack([generator.normal(size=90), generator.integers(0, 5, 90), generator.poisson(0.4, 90)], axis=1)
    whole = table(a=Numbers(values[:, 0]), b=Numbers(values[:, 1]), c=Numbers(values[:, 2]))
    training = np.arange(60)
    fitted = fit(whole, training, Preprocess(discretise=ours, intervals=6))
    peer = KBinsDiscretizer(6, encode="onehot-dense", strategy=theirs, quantile_method="linear", subsample=None)
    with pytest.warns(UserWarning, match="too small") if theirs == "quantile" else nullcontext():
        peer.fit(values[training])
    for step, edges in zip(fitted.steps, peer.bin_edges_, strict=True):
        np.testing.assert_allclose(step.cuts, edges[1:-1], rtol=1e-14, atol=1e-14)
    assert fitted.apply(whole).tolist() == peer.transform(values).tolist()


@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer])
def test_fast_cuts_are_those_of_the_definition(load):
    data = load()
    for values in data.data.T[:2]:
        np.testing.assert_allclose(
            shortest_description(values, data.target), cut_points(values, data.target), rtol=1e-14
        )


@pytest.mark.parametrize("seed", range(25))
def test_fast_cuts_are_those_of_the_definition_on_small_tables_with_ties(seed):
    generator = np.random.default_rng(seed)
    values = generator.integers(0, 12, 50).astype(float)
    labels = ((values > 4).astype(int) + (values > 8) + (generator.random(50) < 0.1)) % 3
    assert shortest_description(values, labels) == cut_points(values, labels)


def test_fast_cuts_are_accepted_where_the_definition_accepts_them():
    # Small tables with clean classes lie on either side of the border: about half of them are cut.
    cut = 0
    for seed in range(400):
        generator = np.random.default_rng(seed)
        rows = int(generator.integers(4, 11))
        values = np.arange(rows, dtype=float)
        labels = (values >= generator.integers(1, rows)) ^ (generator.random(rows) < 0.05)
        found = shortest_description(values, labels.astype(np.int64))
        assert found == cut_points(values, labels)
        cut += bool(found)
    assert 100 < cut < 300


def test_petals_of_iris_are_cut_where_weka_cuts_them():
    iris = load_iris()
    # WEKA, supervised.attribute.Discretize: '(-inf-2.45]', '(2.45-4.75]', '(4.75-inf)' and 0.8, 1.75
    assert shortest_description(iris.data[:, 2], iris.target) == pytest.approx([2.45, 4.75])
    assert shortest_description(iris.data[:, 3], iris.target) == pytest.approx([0.8, 1.75])


def test_many_rows_are_cut_at_once():
    generator = np.random.default_rng(0)
    values = generator.normal(size=200_000)
    cuts = shortest_description(values, (values > 0.5).astype(np.int64))
    assert cuts == pytest.approx([0.5], abs=1e-4)


def test_names_say_the_interval_and_a_cut_belongs_to_the_upper_one():
    step = IntervalStep("키", 1.0, (1.5, 2.25), "equal-width", 0)
    assert step.names() == ["키 < 1.5", "1.5 <= 키 < 2.25", "키 >= 2.25"]
    assert step.apply(of(1.5, np.nan, 99)).tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1]]
    close = IntervalStep("t", 0.0, (1.00000001, 1.00000002), "equal-width", 0)
    assert close.names()[1] == "1.00000001 <= t < 1.00000002"


def test_a_field_that_tells_nothing_is_left_out_and_need_not_be_in_new_data():
    generator = np.random.default_rng(0)
    classes = Categories(np.arange(80) % 2, ("a", "b"))
    whole = table(classes, tells=Numbers(classes.codes + 0.1), noise=Numbers(generator.normal(size=80)))
    fitted = fit(whole, np.arange(80), Preprocess(discretise="supervised"))
    assert fitted.names == ("tells < 0.6", "tells >= 0.6")
    assert fitted.apply(table(tells=of(0.0, 1.0))).tolist() == [[1, 0], [0, 1]]
    with pytest.raises(LayerwiseError, match="no cut of a number"):
        fit(table(classes, noise=whole.columns["noise"]), np.arange(80), Preprocess(discretise="supervised"))


def test_steps_survive_json_bit_for_bit_and_a_huge_test_row_moves_none():
    generator = np.random.default_rng(4)
    values, classes = generator.normal(size=60) / 3, Categories(generator.integers(0, 2, 60), ("a", "b"))
    for method in ("equal-width", "equal-frequency", "supervised"):
        planted = np.where(classes.codes == 1, values + 2, values)
        whole, training = table(classes, a=Numbers(planted)), np.arange(40)
        fitted = fit(whole, training, Preprocess(discretise=method))
        again = Preprocessing.from_json(json.loads(json.dumps(fitted.to_json())))
        assert again == fitted
        assert again.apply(whole).tobytes() == fitted.apply(whole).tobytes()
        moved = table(classes, a=Numbers(np.where(np.arange(60) >= 40, 1e30, planted)))
        assert fit(moved, training, Preprocess(discretise=method)).to_json() == fitted.to_json()
        assert fit(moved, np.arange(60), Preprocess(discretise=method)).to_json() != fitted.to_json()


def test_a_constant_number_has_no_cut():
    assert equal_width(np.ones(4), 5) == equal_frequency(np.ones(4), 5) == []
    assert shortest_description(np.ones(4), np.array([0, 1, 0, 1])) == []


def test_what_cannot_be_cut_is_refused():
    numbers, names = of(1, 2, 3, 4), Categories(np.array([0, 1, 0, 1]), ("a", "b"))
    pictures = Images(np.zeros((4, 1, 2, 2)), None, np.full((4, 2), 2), 1)
    rows, cut = np.arange(4), Preprocess(discretise="equal-width")
    with pytest.raises(LayerwiseError, match="--discretise: the inputs are pictures"):
        fit(table(names, image=pictures), rows, cut)
    with pytest.raises(LayerwiseError, match="--discretise: no input is a number"):
        fit(table(numbers, colour=names), rows, cut)
    with pytest.raises(LayerwiseError, match="the target has no classes"):
        fit(table(numbers, a=numbers), rows, Preprocess(discretise="supervised"))
    with pytest.raises(LayerwiseError, match="'a' is empty"):
        fit(table(names, a=of(*[np.nan] * 4)), rows, cut)
    with pytest.raises(LayerwiseError, match="--intervals: --discretise is supervised"):
        fit(table(names, a=numbers), rows, Preprocess(discretise="supervised", intervals=5))
    with pytest.raises(LayerwiseError, match="--scale: numbers that are cut"):
        fit(table(names, a=numbers), rows, Preprocess(discretise="equal-width", scale="min-max"))


@pytest.mark.parametrize(
    ("method", "values", "sentence", "found", "remedy"),
    [
        ("equal-frequency", [0.0] * 19 + [5.0], "no border of equal frequency", "no border of equal frequency",
         "Use --discretise equal-width."),
        ("equal-frequency", [3.0] * 20, "no border of equal frequency", "one value throughout", "inputs that vary"),
        ("equal-width", [3.0] * 20, "it has one value throughout", "one value throughout", "inputs that vary"),
        ("supervised", [1.0, 2.0] * 10, "no cut of it is worth", "no cut of a number is worth", "equal-frequency"),
        ("supervised", [3.0] * 20, "no cut of it is worth", "one value throughout", "inputs that vary"),
    ],
)  # fmt: skip
def test_why_a_number_is_left_out_is_said_as_it_is(method, values, sentence, found, remedy):
    classes = Categories(np.array([0, 0, 0, 1, 1, 1, 0, 1, 1, 0] * 2), ("a", "b"))
    settings, rows = Preprocess(discretise=method), np.arange(20)
    with pytest.raises(LayerwiseError, match=found) as caught:
        fit(table(classes, odd=of(*values)), rows, settings)
    assert remedy in caught.value.remedy
    # What the remedy names is not what was used.
    assert method not in caught.value.remedy
    other = Categories(np.arange(20) % 2, ("x", "y"))
    (line,) = fitted_lines(fit(table(classes, odd=of(*values), kind=other), rows, settings))
    assert line.startswith("'odd' is left out: ")
    assert sentence in line
