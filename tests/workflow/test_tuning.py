"""Options that are chosen inside the folds: the choice is honest, and the figure says nothing about the choice."""

import numpy as np
import pytest

import layerwise as lw
from layerwise.cli.compare import grid
from layerwise.config import Experiment, Model
from layerwise.data.split import Parts
from layerwise.errors import LayerwiseError
from layerwise.workflow import tuning
from layerwise.workflow.compare import compare
from layerwise.workflow.tuning import grids

WIDE = {"depth": (1, 2, 3, 5), "least_leaf": (1, 2, 4, 8)}
"""Sixteen trees, which are right on other rows of pure noise."""

DRAWN = np.random.default_rng(0)
NOISE = DRAWN.normal(size=(60, 8)), DRAWN.permutation(np.arange(60) % 2)


def by_choice(folds):
    """Choose trees for pure noise; the figure outside the choice, and the mean of those it was chosen by."""
    found = compare(Experiment(), [Model("tree")], {}, NOISE, folds=folds, tune=WIDE).scores[0]
    return found.figures["accuracy"].mean(), np.mean([one.figure for one in found.chosen])


def test_pure_noise_stays_at_chance_although_the_best_inner_figure_does_not():
    outside, inside = by_choice(3)
    # Of 60 fair answers 95 in 100 lie within 0.13 of a half.
    assert abs(outside - 0.5) < 0.13
    assert inside > 0.58
    assert inside - outside > 0.08


def test_a_choice_by_the_rows_that_are_reported_looks_better_than_it_is(monkeypatch):
    """The separation: chosen by the test rows of the fold instead of rows inside its training part."""
    monkeypatch.setattr(tuning.Search, "_inside", lambda _self, parts, _seed: [parts])
    outside, inside = by_choice(6)
    assert outside == inside
    assert outside > 0.6


def test_a_value_that_is_clearly_right_is_chosen_in_every_fold():
    drawn = np.random.default_rng(0)
    inputs = drawn.normal(size=(240, 2))
    # A fifth of the answers are wrong: one neighbour repeats them, many outvote them.
    answers = (inputs[:, 0] > 0) ^ (drawn.random(240) < 0.2)
    found = lw.compare((inputs, answers.astype(int)), ["knn", "logistic"], tune={"k": (1, 25)}, folds=4)
    assert found.scores[0].label == "knn k=1|25"
    assert found.scores[0].choices() == [("k=25", 4)]
    assert found.scores[1].chosen == ()
    told = next(line for line in found.sentences() if "chosen inside" in line)
    assert "k=25 in 4" in told
    kept = found.to_json()["networks"][0]
    assert kept["tuned"] == {"k": [1, 25]}
    assert [one["options"] for one in kept["chosen"]] == [{"k": 25}] * 4


def test_what_is_chosen_by_lies_inside_the_training_rows(monkeypatch):
    seen = []
    learn_fold = tuning.learn_fold

    def watched(whole, model, settings, found, parts, *, seed):
        seen.append(parts)
        return learn_fold(whole, model, settings, found, parts, seed=seed)

    monkeypatch.setattr(tuning, "learn_fold", watched)
    outer = []
    call = tuning.Search.__call__
    monkeypatch.setattr(
        tuning.Search, "__call__", lambda self, parts, seed: outer.append(parts) or call(self, parts, seed)
    )
    compare(Experiment(), [Model("knn")], {}, "iris", folds=3, tune={"k": (1, 3)})
    assert len(outer) == 3
    assert len(seen) == 3 * 2 * tuning.INNER_FOLDS
    for place, parts in enumerate(seen):
        test = set(outer[place // (2 * tuning.INNER_FOLDS)].test.tolist())
        assert not test & {*parts.train.tolist(), *parts.test.tolist(), *parts.validation.tolist()}


def test_a_network_that_learns_step_by_step_is_chosen_by_validation_rows(monkeypatch):
    seen = []
    learn_fold = tuning.learn_fold

    def watched(whole, model, settings, found, parts, *, seed):
        seen.append((len(parts.train), len(parts.test)))
        return learn_fold(whole, model, settings, found, parts, seed=seed)

    monkeypatch.setattr(tuning, "learn_fold", watched)
    found = compare(Experiment(), [Model("mlp")], {"epochs": 3, "threads": 1}, "iris", folds=2,
                    tune={"hidden": ((2,), (8,))})  # fmt: skip
    assert len(seen) == 4
    assert all(train + test == 75 and 8 <= test <= 15 for train, test in seen)
    assert len(found.scores[0].chosen) == 2


@pytest.mark.parametrize(
    ("models", "tune", "words"),
    [
        ([Model("knn")], {"q": (1, 2)}, "belongs to one of the networks"),
        ([Model("knn")], {"k": (3,)}, "two different values"),
        ([Model("knn")], {"k": (3, 3)}, "two different values"),
        ([Model("knn")], {"k": 3}, "two different values"),
        ([Model("svm")], {"kernel_function": "rbf"}, "kernel_function=rbf"),
        ([Model("mlp")], {"hidden": [[8], (8,)]}, "two different values"),
        ([Model("mlp")], {"hidden": [{"units": 8}, {"units": 9}]}, "hidden"),
        ([Model("knn", {"k": 5})], {"k": (1, 3)}, "set or chosen"),
    ],
)
def test_what_cannot_be_chosen_is_refused(models, tune, words):
    with pytest.raises(LayerwiseError, match=words):
        compare(Experiment(), models, {}, "iris", folds=3, tune=tune)


def test_values_are_lists_and_arrays_as_well():
    assert grids([Model("mlp")], {"hidden": [[8], np.array([16, 8])]}) == [{"hidden": ((8,), (16, 8))}]
    assert grids([Model("svm")], {"complexity": np.array([0.5, 2.0])}) == [{"complexity": (0.5, 2.0)}]
    found = lw.compare("iris", ["mlp"], tune={"hidden": [[2], [8]]}, folds=2, epochs=2, threads=1)
    assert all(one.options["hidden"] in ((2,), (8,)) for one in found.scores[0].chosen)


@pytest.mark.parametrize("lower", [False, True])
def test_what_has_no_figure_is_never_chosen(monkeypatch, lower):
    """The separation: it was chosen where it came first or last among equals."""
    parts = Parts(np.arange(6), np.arange(0), np.arange(6, 9), "folds", 0, np.arange(0))
    figures = {1: np.nan, 3: 0.4, 5: np.nan, 7: 0.6, 9: np.nan}

    def searched(values):
        search = tuning.Search(Experiment(), Model("knn"), {"k": values}, {}, None, lower)
        monkeypatch.setattr(search, "_inside", lambda _parts, _seed: [])
        monkeypatch.setattr(search, "_figure", lambda model, _inner, _seed: figures[model.options["k"]])
        return search(parts, 0).options["k"]

    assert searched((1, 3, 5, 7, 9)) == (3 if lower else 7)
    assert searched((7, 9)) == 7
    assert searched((9, 7)) == 7
    with pytest.raises(LayerwiseError, match="undefined for all 2 that are tried"):
        searched((1, 5))


@pytest.mark.parametrize("word", ["k", "k=", "=3", "k=1,two", "complexity=1,high"])
def test_words_that_name_no_values_are_refused(word):
    with pytest.raises(LayerwiseError):
        grid([word])


def test_words_become_values_of_their_option():
    assert grid(["complexity=0.1,1", "hidden=8,16x8", "batch-norm=true,false"]) == {
        "complexity": (0.1, 1.0), "hidden": ((8,), (16, 8)), "batch_norm": (True, False),
    }  # fmt: skip


def test_a_choice_from_very_few_rows_has_a_figure_and_is_no_accident():
    # Eight rows learn in a fold: in its inner parts one or two are tested, and R2 of one row is undefined.
    points = np.linspace(-1, 1, 10)
    found = lw.compare((points[:, None], points**2), ["polynomial"], tune={"degree": (1, 2)}, folds=5)
    assert found.scores[0].choices() == [("degree=2", 5)]
    assert [one.figure for one in found.scores[0].chosen] == pytest.approx([1.0] * 5)
