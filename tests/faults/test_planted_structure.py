"""Quick findings about columns, classes and parts: every planted one is named, and clean sets stay without any."""

from dataclasses import replace

import numpy as np
import pytest

from faults.planted import part_field, planted_group_leak, scaled_beforehand
from layerwise.config import Experiment, Split
from layerwise.data.builtin import builtin
from layerwise.data.inspect import inspect
from layerwise.data.kinds import Categories, Numbers
from layerwise.data.open import open_source
from layerwise.data.source import Field
from layerwise.workflow.prepare import prepare_data
from layerwise.workflow.run_findings import run_findings

TABLES = ("iris", "wine", "breast-cancer", "diabetes")


def with_column(source, name, column, role="input"):
    return replace(source, fields=(*source.fields, Field(name, role)), columns={**source.columns, name: column})


def told(source, word):
    return [sentence for sentence in inspect(source).findings if word in sentence]


@pytest.mark.parametrize("name", [*TABLES, "digits", "rings", "spirals", "polynomial", "and", "xor"])
def test_clean_sets_raise_no_alarm(name):
    assert [one for one in inspect(builtin(name)).findings if "one row" not in one] == []


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("numbers", ["rising", "falling", "shuffled"])
def test_columns_that_number_rows_are_named(name, numbers):
    source = builtin(name)
    values = np.arange(1000.0, 1000.0 + len(source))
    values = {
        "rising": values,
        "falling": values[::-1].copy(),
        "shuffled": np.random.default_rng(0).permutation(values),
    }
    found = told(with_column(source, "Nr", Numbers(values[numbers])), "number the rows")
    assert len(found) == 1
    assert "describe them: Nr (" in found[0]


@pytest.mark.parametrize("name", TABLES[:3])
@pytest.mark.parametrize("kind", ["number", "category", "interval"])
def test_a_column_that_gives_the_class_away_is_named(name, kind):
    source = builtin(name)
    target = source.columns[source.named("target")[0]]
    chance = np.random.default_rng(0)
    code = np.array(target.codes, dtype=np.int64)
    code[chance.integers(len(code))] = 0
    column = {
        "number": Numbers(code.astype(np.float64)), "interval": Numbers(code + chance.random(len(code))),
        "category": Categories(code, tuple(f"group {place}" for place in range(len(target.names)))),
    }[kind]  # fmt: skip
    found = told(with_column(source, "copy", column), "away")
    assert len(found) == 1
    assert "away: copy." in found[0]


def test_a_column_that_gives_a_number_away_is_named():
    source = builtin("diabetes")
    fahrenheit = Numbers(1.8 * source.columns["progression"].values + 32 + np.random.default_rng(0).normal(size=442))
    assert len(told(with_column(source, "copy", fahrenheit), "away: copy")) == 1


@pytest.mark.parametrize("folds", [0, 5])
def test_labels_of_the_test_part_say_nothing_about_columns_and_classes(folds):
    chance = np.random.default_rng(0)
    codes = np.repeat([0, 0, 0, 1], 100)
    source = with_column(open_source((chance.normal(size=(400, 2)), codes)), "copy", Numbers(codes.astype(np.float64)))
    prepared, _ = prepare_data(Experiment(split=Split(folds=folds)), source, {})
    closed = np.setdiff1d(np.arange(400), prepared.parts.train)
    target = source.named("target")[0]
    # Where these labels counted, the copy would no longer be one, or classes would be uneven.
    for wrong in (1 - codes, np.zeros_like(codes)):
        column = source.columns[target]
        held = np.where(np.isin(np.arange(400), closed), wrong, codes)
        other = replace(source, columns={**source.columns, target: Categories(held, column.names)})
        found = run_findings(replace(prepared, source=other), "no")["structure"]
        assert [one for one in found if "away: copy" in one or "uneven" in one] == [
            f"Fields that alone give '{target}' away: copy. Would they be known when it is asked for?"
        ]


def test_classes_that_are_uneven_in_the_test_part_alone_are_not_called_so():
    chance = np.random.default_rng(0)
    codes, parts = np.repeat([0, 1, 0], [50, 50, 900]), np.repeat([0, 2], [100, 900])
    source = part_field(open_source((chance.normal(size=(1000, 2)), codes)), parts)
    prepared, _ = prepare_data(Experiment(), source, {})
    assert told(source, "uneven") == []
    assert [one for one in run_findings(prepared, "no")["structure"] if "uneven" in one] == []


def test_a_column_that_tells_half_is_not_named():
    source = builtin("iris")
    half = (source.columns["species"].codes == 0).astype(np.float64)
    assert told(with_column(source, "half", Numbers(half)), "away") == []


def test_a_rare_class_needs_more_than_the_constant_answer():
    chance = np.random.default_rng(0)
    codes = (np.arange(1000) % 200 == 0).astype(np.int64)
    inputs = {"a": Numbers(chance.normal(size=1000)), "b": Numbers(chance.normal(size=1000))}
    source = open_source((np.stack([column.values for column in inputs.values()], axis=1), codes))
    assert told(source, "away") == []
    assert len(told(source, "uneven")) == 1


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("how", ["standardised", "rounded", "sample", "min-max", "symmetric", "unit length"])
def test_a_table_scaled_beforehand_is_found(name, how):
    assert len(told(scaled_beforehand(builtin(name), how), "scaled")) == 1


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("seed", range(10))
def test_a_table_scaled_by_some_of_its_rows_is_not(name, seed):
    source = builtin(name)
    rows = np.random.default_rng(seed).permutation(len(source))[: 2 * len(source) // 3]
    assert told(scaled_beforehand(source, "standardised", rows), "scaled") == []
    if len(source.named("input")) > 4:
        # Of fewer columns some parts hold every smallest and largest value, as all rows do.
        assert told(scaled_beforehand(source, "min-max", rows), "scaled") == []


@pytest.mark.parametrize("how", ["standardised", "min-max"])
@pytest.mark.parametrize("name", TABLES)
def test_a_table_scaled_by_its_given_training_part_is_right(name, how):
    source = builtin(name)
    codes = np.where(np.random.default_rng(3).random(len(source)) < 0.3, 2, 0)
    right = scaled_beforehand(source, how, np.flatnonzero(codes == 0))
    assert told(part_field(right, codes), "scaled") == []
    wrong = scaled_beforehand(source, "standardised")
    assert len(told(part_field(wrong, codes), "scaled")) == 1


def test_yes_and_no_columns_are_no_scaling():
    chance = np.random.default_rng(0)
    assert told(open_source((chance.integers(0, 2, (200, 4)), chance.integers(0, 2, 200))), "scaled") == []


def test_parts_and_classes():
    source = builtin("iris")
    empty = part_field(source, np.zeros(150, dtype=np.int64))
    assert "The test part has no rows." in inspect(empty).findings
    one = part_field(source, np.where(np.arange(150) >= 140, 2, 0))
    assert any("test part has one class only: 'virginica'" in line for line in inspect(one).findings)
    lacking = part_field(source, np.where(np.arange(150) < 60, 2, 0))
    assert any(
        "training part lacks, so that they cannot be learned: setosa." in line for line in told(lacking, "lacks")
    )
    assert inspect(part_field(source, np.where(np.arange(150) % 3 == 0, 2, 0))).findings == ()


def test_a_class_without_a_row_is_named():
    source = builtin("wine")
    target = source.columns["grower"]
    wider = replace(source, columns={**source.columns, "grower": Categories(target.codes, (*target.names, "nobody"))})
    assert told(wider, "without a row") == ["Classes of 'grower' without a row: nobody."]


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("leaking", [1, 5])
def test_groups_in_two_parts_are_counted(name, leaking):
    source = planted_group_leak(builtin(name), leaking)
    found = told(source, "stand in both")
    assert len(found) == 1
    assert f"the train and the test part: {leaking}, such as 'person" in found[0]
    assert told(planted_group_leak(builtin(name), 0), "stand in both") == []


def test_three_rows_say_nothing():
    assert inspect(open_source((np.arange(6.0).reshape(3, 2), [0, 1, 1]))).findings[1:] == ()
