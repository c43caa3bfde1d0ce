"""Cross-validated comparison: against scikit-learn written from the raw arrays and the fold numbers alone."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import layerwise as lw
from layerwise.config import Experiment, Model
from layerwise.errors import LayerwiseError
from layerwise.workflow import cross_validation
from layerwise.workflow.compare import compare


def run(data, *models, settings=None, **options):
    return compare(Experiment(), [Model(*model) for model in models], settings or {}, data, **options)


@pytest.fixture(scope="module")
def cancer():
    inputs, targets = load_breast_cancer(return_X_y=True)
    return inputs, targets, run((inputs, targets), ("logistic",), ("knn", {"k": 5}), folds=5, repeats=2)


PEERS = {
    "logistic": lambda: LogisticRegression(C=1.0, max_iter=5000),
    "knn k=5": lambda: KNeighborsClassifier(5, algorithm="brute"),
}


@pytest.mark.parametrize("label", PEERS)
def test_predictions_are_those_of_a_pipeline_on_the_same_folds(cancer, label):
    inputs, targets, found = cancer
    own = next(one for one in found.scores if one.label == label)
    for deal, (dealt, predicted) in enumerate(zip(found.dealt, own.predictions, strict=True)):
        for fold in range(5):
            test = np.array(dealt) == fold
            peer = make_pipeline(StandardScaler(), PEERS[label]()).fit(inputs[~test], targets[~test])
            answers = peer.predict(inputs[test])
            assert np.array(predicted)[test].tolist() == [str(answer) for answer in answers]
            assert own.figures["accuracy"][deal, fold] == pytest.approx((answers == targets[test]).mean())


def test_figures_are_those_of_the_predictions_that_are_kept(cancer):
    _, targets, found = cancer
    for one in found.scores:
        right = np.array(one.predictions[0]) == targets.astype(str)
        assert one.pooled["accuracy"]["value"] == pytest.approx(right.mean())
        folds = [right[np.array(found.dealt[0]) == fold].mean() for fold in range(5)]
        assert one.figures["accuracy"][0].tolist() == pytest.approx(folds)
    # Folds of unequal size: the mean of folds is not the share of all rows.
    assert len(set(np.bincount(found.dealt[0]))) > 1


def test_the_constant_answer_is_tested_too_and_never_the_best(cancer):
    _, _, found = cancer
    assert [one.label for one in found.scores if one.baseline] == ["majority"]
    assert set(found.pairs) == {("logistic", "knn k=5"), ("logistic", "majority"), ("knn k=5", "majority")}
    assert not found.best.baseline
    lead = found.against(found.scores[-1])
    figures = [one.figures["accuracy"].mean() for one in (found.best, found.scores[-1])]
    assert lead is not None
    assert lead.mean == pytest.approx(figures[0] - figures[1])
    assert lead.p < 0.01


def test_nothing_wins_that_is_not_better_than_a_constant_answer():
    drawn = np.random.default_rng(0)
    # The tree memorises noise: the linear network is better than it, and no better than the mean.
    found = run((drawn.normal(size=(200, 3)), drawn.normal(size=200)), ("linear",), ("tree",), folds=5)
    assert found.best.label == "linear"
    worse = found.against(next(one for one in found.scores if one.label == "tree"))
    assert worse is not None
    assert worse.p < 0.05
    assert found.winner is None
    assert found.sentences()[-1] == "No network is shown to be better than 'mean', which looks at no input."


def test_a_clear_winner_is_named_and_equals_are_not():
    drawn = np.random.default_rng(0)
    inputs = drawn.normal(size=(300, 2))
    crossed = (inputs[:, 0] * inputs[:, 1] > 0).astype(int)
    found = run((inputs, crossed), ("knn", {"k": 9}), ("logistic",), folds=5)
    assert found.winner is not None
    assert found.winner.label == "knn k=9"
    assert "is better than every other network" in found.sentences()[-1]
    alike = run((inputs, (inputs[:, 0] > 0).astype(int)), ("logistic",), ("logistic", {"penalty": 1.1}), folds=5)
    assert alike.winner is None
    assert "No network is shown to be the best" in alike.sentences()[-1]


def test_random_classes_are_answered_by_chance():
    drawn = np.random.default_rng(0)
    found = run((drawn.normal(size=(200, 50)), np.arange(200) % 2), ("logistic",), ("knn",), folds=10)
    assert all(abs(one.figures["accuracy"].mean() - 0.5) < 0.1 for one in found.scores)
    assert found.winner is None


def test_a_network_learns_in_every_fold_and_stops_by_rows_of_its_own():
    inputs, targets = load_iris(return_X_y=True)
    found = run((inputs, targets), ("mlp",), folds=3, settings={"epochs": 60, "threads": 1})
    assert found.scores[0].figures["accuracy"].mean() > 0.9
    again = run((inputs, targets), ("mlp",), folds=3, settings={"epochs": 60, "threads": 1})
    assert found.scores[0].predictions == again.scores[0].predictions


def test_numbers_are_compared_too():
    from sklearn.datasets import load_diabetes

    found = run(load_diabetes(return_X_y=True), ("linear",), folds=4)
    assert found.metric == "r2"
    assert 0.4 < found.scores[0].figures["r2"].mean() < 0.6


def test_a_group_is_never_on_both_sides():
    drawn = np.random.default_rng(0)
    persons = np.repeat(np.arange(20), 10)
    # Each person has a place of their own and an answer that says nothing about others.
    inputs = drawn.normal(size=(20, 3))[persons] + 0.01 * drawn.normal(size=(200, 3))
    answers = drawn.integers(0, 2, 20)[persons]
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(inputs, columns=["a", "b", "c"]).assign(person=persons.astype(str), y=answers.astype(str))
    leaking = run(frame.drop(columns="person"), ("knn",), settings={"target": "y"}, folds=5)
    grouped = run(frame, ("knn",), settings={"target": "y", "group": "person"}, folds=5)
    assert leaking.scores[0].figures["accuracy"].mean() > 0.95
    assert grouped.scores[0].figures["accuracy"].mean() < 0.8


def test_the_api_takes_names_and_options():
    found = lw.compare("iris", ["logistic", ("knn", {"k": 3})], folds=3, threads=1)
    assert [one.label for one in found.scores] == ["logistic", "knn k=3", "majority"]
    assert "logistic: accuracy 0.9" in str(found)


@pytest.mark.parametrize(
    ("models", "options", "words"),
    [
        ([], {}, "A comparison needs a network"),
        ([("knn",), ("knn",)], {}, "named once"),
        ([("knn",)], {"folds": 1}, "2 folds or more"),
        ([("knn",)], {"repeats": 0}, "dealt at least once"),
        ([("linear",)], {}, "must suit the task"),
    ],
)
def test_what_cannot_be_compared_is_refused(models, options, words):
    with pytest.raises(LayerwiseError, match=words):
        run("iris", *models, **options)


@pytest.mark.parametrize(
    ("models", "settings", "words"),
    [
        ([("mlp",), ("linear",)], {}, "'linear' learns regress"),
        ([("mlp",), ("knn", {"k": 0})], {}, "k"),
        ([("mlp",), ("lenet5",)], {}, "pictures of 32 by 32"),
        ([("mlp",), ("knn",)], {"class_weights": "balanced"}, "answers alike whatever its classes weigh"),
        ([("knn",), ("logistic",)], {"epochs": 5}, "'knn' is solved at once and has no epochs"),
    ],
)
def test_what_no_fold_can_learn_is_refused_before_the_first_one_has_learned(monkeypatch, models, settings, words):
    learned = []
    monkeypatch.setattr(cross_validation, "learn_fold", lambda *_, **__: learned.append(1))
    with pytest.raises(LayerwiseError, match=words):
        run("iris", *models, folds=2, settings=settings)
    assert not learned
