"""Balanced weights are scikit-learn's, balanced epochs draw every class alike, and thresholds are the best ones."""

import numpy as np
import pytest
import torch
from sklearn import metrics as oracle
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight

from layerwise.config import Evaluate, Train
from layerwise.errors import LayerwiseError
from layerwise.evaluation.threshold import best_threshold
from layerwise.models import build
from layerwise.tasks.class_balance import balanced, class_weights, evenly, with_class_weights
from layerwise.tasks.classify import Classify
from layerwise.tasks.contract import Examples

TARGETS = np.repeat([0, 1, 2], [50, 8, 3])


def examples(seed=0, weights=None):
    inputs = np.random.default_rng(seed).normal(size=(61, 4)) + TARGETS[:, None]
    return Examples(torch.from_numpy(inputs).float(), torch.from_numpy(TARGETS), tuple(map(str, range(61))), weights)


def test_balanced_weights_are_those_of_scikit_learn():
    found = class_weights(torch.from_numpy(TARGETS), 3)
    np.testing.assert_allclose(found, compute_class_weight("balanced", classes=np.arange(3), y=TARGETS))
    held = with_class_weights(examples(), found)
    np.testing.assert_allclose(held.weights, compute_sample_weight("balanced", TARGETS), rtol=1e-6)
    assert class_weights(torch.from_numpy(TARGETS), 4)[3] == 0


def test_with_weights_of_their_own_every_class_still_weighs_the_same():
    own = torch.from_numpy(np.random.default_rng(0).random(61)).float()
    by_class = class_weights(torch.from_numpy(TARGETS), 3, own)
    held = with_class_weights(examples(weights=own), by_class)
    sums = np.bincount(TARGETS, held.weights)
    np.testing.assert_allclose(sums, own.sum() / 3, rtol=1e-5)


def test_validation_examples_weigh_as_in_training_and_tested_ones_do_not():
    parts = dict.fromkeys(("train", "validation", "test"), examples())
    found = balanced(parts, 3, Train(class_weights="balanced"))
    assert torch.equal(found["train"].weights, found["validation"].weights)
    assert found["test"].weights is None
    assert balanced(parts, 3, Train()) == parts


@pytest.mark.parametrize(
    ("name", "oracle_learner"),
    [("logistic", LogisticRegression(class_weight="balanced", max_iter=5000)),
     ("svm", SVC(kernel="linear", class_weight="balanced"))],
)  # fmt: skip
def test_a_learner_that_is_solved_at_once_answers_as_with_scikit_learns_weights(name, oracle_learner):
    held = balanced({"train": examples(), "validation": examples()}, 3, Train(class_weights="balanced"))["train"]
    model = build(name, 4, 3, {})
    model.fit(held)
    rows = held.inputs.double().numpy()
    wanted = oracle_learner.fit(rows, TARGETS).predict(rows)
    assert (Classify(("a", "b", "c")).answer(model, held).argmax(1) == wanted).all()
    plain = build(name, 4, 3, {})
    plain.fit(examples())
    assert (Classify(("a", "b", "c")).answer(plain, held).argmax(1) != wanted).any()


def test_an_epoch_draws_every_class_alike_and_every_example_in_turn():
    held, seen = examples(), np.zeros(61)
    for epoch in range(25):
        batches = evenly(held, 3, epoch, 16)
        assert [len(rows) for rows in batches] == [16, 16, 16, 13]
        rows = torch.cat(batches).numpy()
        counts = np.bincount(TARGETS[rows], minlength=3)
        assert sorted(counts) == [20, 20, 21]
        for kind in range(3):
            often = np.bincount(rows, minlength=61)[kind == TARGETS]
            assert often.max() - often.min() <= 1
        seen += np.bincount(rows, minlength=61)
    assert (seen > 0).all()


def test_an_epoch_follows_from_seed_and_number_alone():
    first, again = (torch.cat(evenly(examples(), 3, 2, size)) for size in (16, 61))
    assert torch.equal(first, again)
    assert not torch.equal(first, torch.cat(evenly(examples(), 4, 2, 16)))
    assert not torch.equal(first, torch.cat(evenly(examples(), 3, 3, 16)))


@pytest.mark.parametrize(
    ("measure", "figure"), [("balanced-accuracy", oracle.balanced_accuracy_score), ("f1", oracle.f1_score)]
)
@pytest.mark.parametrize("seed", range(3))
def test_no_threshold_is_better_than_the_best_one(measure, figure, seed):
    draw = np.random.default_rng(seed)
    positives = draw.random(60) < 0.2
    scores = np.round(draw.random(60) * 0.4 + 0.2 * positives, 2)
    reached = figure(positives, scores >= best_threshold(positives, scores, measure))
    every = [figure(positives, scores >= edge) for edge in np.linspace(0.002, 0.702, 71)]
    assert reached == pytest.approx(max(every))


def test_of_equally_good_thresholds_the_nearest_to_one_half_is_taken():
    assert best_threshold(np.array([False, True]), np.array([0.2, 0.9])) == pytest.approx(0.55)
    assert best_threshold(np.array([True, False]), np.array([0.2, 0.9])) == pytest.approx(0.1)
    with pytest.raises(LayerwiseError, match="0 of 2 rows"):
        best_threshold(np.array([False, False]), np.array([0.2, 0.9]))


def test_the_task_answers_by_its_threshold_and_comes_back_with_it():
    answers, truths = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.4, 0.6]]), np.array([0, 0, 1, 1])
    plain = Classify(("no", "yes"))
    task = plain.decided(truths, answers, Evaluate(decision_threshold="validation"))
    assert task.threshold == pytest.approx(0.25)
    assert (plain.labels(answers), task.labels(answers)) == (("no", "no", "no", "yes"), ("no", "no", "yes", "yes"))
    assert Classify.from_json(task.to_json()) == task
    assert task.undecided() == plain
    measured = task.measure(truths, answers, Evaluate(resamples=100), seed=0)
    assert (measured.metrics["accuracy"].value, measured.confusion) == (1.0, ((2, 0), (0, 2)))
    other = plain.decided(truths, answers, Evaluate(decision_threshold="validation", positive="no"))
    assert (other.positive, other.labels(answers)) == ("no", ("no", "no", "yes", "yes"))
