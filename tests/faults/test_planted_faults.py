"""T10: faults planted in clean sets, each found by `data --thorough` and by `train`, and no alarm where none is."""

from dataclasses import replace

import numpy as np
import pytest

from faults.planted import part_field, planted_group_leak, scaled_beforehand, wrong_labels
from layerwise.config import Experiment
from layerwise.data.builtin import builtin
from layerwise.data.kinds import Categories
from layerwise.data.named import locate
from layerwise.data.open import open_source
from layerwise.errors import LayerwiseError
from layerwise.workflow.prepare import prepare_data
from layerwise.workflow.run_findings import run_findings
from layerwise.workflow.thorough import inspect_thoroughly

SHARE = 0.05

AT_LEAST = {"digits": 0.95, "mnist": 0.9, "iris": 0.8, "wine": 0.9, "breast-cancer": 0.9, "pima": 0.35}
"""Share of the planted labels among the first 2 x planted of the ranking; T10 asks 0.8 of digits.

Pima's own classes cannot be told apart better than in 77 of 100 rows, so that most of its doubtful rows are hard ones.
"""


def clean(name):
    """A clean set: T10's digits, and the other sets that the measure is repeated on."""
    if name not in ("pima", "mnist"):
        return builtin(name)
    if locate(name) is None:
        pytest.skip("needs LAYERWISE_DATA")
    source = open_source(name)
    return source.take(np.arange(2000)).assign({"part": "unused"}) if name == "mnist" else source


def labels(found):
    return next(one for one in found.thorough if one.check == "labels")


def found_early(source, rows):
    """Share of the planted rows among the first 2 x planted of the ranking."""
    ranking = [one.row for one in labels(inspect_thoroughly(source)).rows]
    return len(set(ranking[: 2 * len(rows)]) & set(rows.tolist())) / len(rows)


def told_by_train(source):
    """What `train` writes into `data.json`, and the rows that it may look at."""
    prepared, _ = prepare_data(Experiment(), source, {})
    return run_findings(prepared, "auto"), prepared.parts


@pytest.mark.parametrize("name", ["digits", "iris", "wine"])
def test_wrong_labels_stand_first(name):
    source, rows = wrong_labels(clean(name), SHARE, 0)
    assert found_early(source, rows) >= AT_LEAST[name]


def test_train_finds_the_wrong_labels_of_its_training_part_and_no_others():
    source, rows = wrong_labels(clean("digits"), SHARE, 1)
    found, parts = told_by_train(source)
    check = found["checks"][0]
    named = [row["row"] for row in check["rows"][: check["total"]]]
    planted = set(rows.tolist()) & set(parts.train.tolist())
    assert set(named) <= set(parts.train.tolist())
    assert len(set(named) & planted) >= 0.6 * len(planted)
    assert len(set(named) - planted) <= 0.01 * len(parts.train)
    ranking = [row["row"] for row in check["rows"]][: 2 * len(planted)]
    assert len(set(ranking) & planted) >= 0.8 * len(planted)


@pytest.mark.parametrize("name", ["digits", "iris", "wine", "breast-cancer", "diabetes"])
def test_clean_sets_raise_no_alarm(name):
    found = inspect_thoroughly(clean(name))
    assert found.findings == ()
    assert [one.total for one in found.thorough if one.total > 0.01 * found.rows] == []
    told, _ = told_by_train(clean(name))
    assert told["structure"] == []


STRUCTURE = {
    "group leak": ("stand in both", lambda source: planted_group_leak(source, 2)),
    "empty class": ("without a row", lambda source: _with_empty_class(source)),
    "one-class part": ("one class only", lambda source: _by_class(source, lambda code: np.where(code == 0, 2, 0))),
    "class missing in train": ("lacks", lambda source: _by_class(source, _most_of_a_class_in_test)),
    "scaled beforehand": ("scaled", lambda source: scaled_beforehand(source, "standardised")),
    "scaled to 0..1": ("scaled", lambda source: scaled_beforehand(source, "min-max")),
}  # fmt: skip
"""A word of the sentence that must come, and how the fault is planted."""

TABLES = ("iris", "wine", "breast-cancer", "pima")


def _with_empty_class(source):
    name = source.named("target")[0]
    column = source.columns[name]
    return replace(source, columns={**source.columns, name: Categories(column.codes, (*column.names, "none"))})


def _by_class(source, parts):
    return part_field(source, parts(source.columns[source.named("target")[0]].codes))


def _most_of_a_class_in_test(code):
    return np.where((code == 1) | (np.arange(len(code)) % 3 == 0), 2, 0)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("fault", STRUCTURE)
def test_structural_faults_are_all_found(name, fault):
    word, plant = STRUCTURE[fault]
    source = plant(clean(name))
    assert any(word in sentence for sentence in _quick(source))
    if fault == "group leak":
        with pytest.raises(LayerwiseError, match="A group must stay in one part"):
            told_by_train(source)
        return
    prepared, _ = prepare_data(Experiment(), source, {})
    assert any(word in sentence for sentence in run_findings(prepared, "no")["structure"])


def _quick(source):
    from layerwise.data.inspect import inspect

    return inspect(source).findings


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", AT_LEAST)
def test_wrong_labels_stand_first_whatever_the_seed(name, seed, record_property):
    source, rows = wrong_labels(clean(name), SHARE, seed)
    share = found_early(source, rows)
    record_property("found", share)
    assert share >= AT_LEAST[name]


@pytest.mark.long
@pytest.mark.parametrize("name", ["iris", "wine", "breast-cancer", "pima", "diabetes"])
def test_parts_drawn_at_random_raise_no_alarm(name):
    source, alarms = clean(name), 0
    for seed in range(100):
        codes = np.where(np.random.default_rng(seed).random(len(source)) < 0.35, 2, 0)
        found = inspect_thoroughly(part_field(source, codes))
        alarms += any(one.warning for one in found.thorough if one.check == "shift")
    # At a rate of 0.3 %, more than 2 of 100 come with chance 0.004.
    assert alarms <= 2
