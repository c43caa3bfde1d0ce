"""An opened run answers as the trained network did, whatever the batch, and leaves it as it was."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from layerwise.config import Evaluate
from layerwise.errors import LayerwiseError
from layerwise.evaluation.foreseen import predictive_count
from layerwise.runs.opened import labelled
from layerwise.tasks.asking import ask
from layerwise.tasks.classify import Classify, positive_class
from layerwise.tasks.contract import Examples
from layerwise.tasks.regress import Regress

TASK = Classify(("고양이", "dog"))


@pytest.mark.parametrize("task", [TASK, Regress(("y",), (1 / 3,), (0.1,), "absolute-error")])
def test_a_task_survives_json_exactly(task):
    assert type(task).from_json(json.loads(json.dumps(task.to_json(), ensure_ascii=False))) == task


def test_answers_do_not_depend_on_the_batch_and_leave_the_network_alone():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 2)).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    inputs = torch.randn(23, 3)
    examples = Examples(inputs, torch.zeros(23, 0), ())
    whole = TASK.answer(model, examples)
    np.testing.assert_allclose(ask(model, examples, TASK.decode, batch_size=5), whole, rtol=1e-6)
    assert whole.shape == (23, 2)
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert TASK.answer(model, Examples(inputs[:0], torch.zeros(0, 0), ())).shape == (0, 2)


def test_scores_are_named():
    said = labelled(TASK, ("a", "b"), np.array([[0.9, 0.1], [0.2, 0.8]]))
    assert (said.labels, said.columns) == (("고양이", "dog"), ("고양이", "dog"))
    said = labelled(Regress(("y",), (0.0,), (1.0,)), ("a",), np.array([[1234.5678]]))
    assert (said.labels, said.columns) == (("1234.57",), ("y",))


def test_measured_figures_are_those_of_counting():
    targets = np.array([1, 1, 1, 0, 0, 0, 0, 0])
    right = np.array([1, 1, 0, 0, 0, 0, 0, 1])
    scores = np.stack([1.0 - right, right], axis=1) * 0.8 + 0.1
    found = TASK.measure(targets, scores, Evaluate(resamples=200), seed=0)
    values = {name: interval.value for name, interval in found.metrics.items()}
    assert values["accuracy"] == 6 / 8
    assert (values["sensitivity"], values["specificity"]) == (pytest.approx(2 / 3), pytest.approx(4 / 5))
    assert values["log_loss"] == pytest.approx(-(6 * np.log(0.9) + 2 * np.log(0.1)) / 8)
    assert found.confusion == ((4, 1), (1, 2))
    json.dumps(found.to_json(), allow_nan=False)
    swapped = TASK.measure(targets, scores, Evaluate(resamples=200, positive="고양이"), seed=0)
    assert swapped.metrics["sensitivity"].value == pytest.approx(4 / 5)


def test_an_unknown_positive_class_is_refused_with_the_nearest():
    with pytest.raises(LayerwiseError, match="Did you mean 'dog'"):
        positive_class(TASK.classes, Evaluate(positive="dogs"))


def test_what_to_expect_counts_groups_and_not_their_rows():
    """20 people of 10 rows each: all rows of a person are answered alike, so that there are 20 answers."""
    draw = np.random.default_rng(0)
    person = np.repeat(np.arange(20), 10)
    covered, without = 0, 0
    for _ in range(300):
        wrong = (draw.random(20) < 0.2)[person]
        targets = draw.integers(0, 2, 200)
        scores = np.eye(2)[np.where(wrong, 1 - targets, targets)] * 0.8 + 0.1
        settings = Evaluate(resamples=20)
        found = TASK.measure(targets, scores, settings, seed=0, groups=person).wrong
        alone = TASK.measure(targets, scores, settings, seed=0).wrong
        assert alone == predictive_count(int(wrong.sum()), 200, 1000)
        assert found.n == 200
        new = 10 * draw.binomial(100, 0.2)
        covered += found.low <= new <= found.high
        without += alone.low <= new <= alone.high
    assert covered / 300 > 0.9
    assert without / 300 < 0.75, "the test must be able to fail"


def test_regression_has_no_number_of_wrong_answers():
    task = Regress(("y",), (0.0,), (1.0,))
    values = np.arange(10.0)[:, None]
    found = task.measure(values, values + np.array([[1.0], [-1.0]] * 5), Evaluate(resamples=200), seed=0)
    assert found.wrong is None
    assert found.metrics["mae"].value == 1
    assert found.metrics["rmse"].value == 1
    assert found.metrics["r2"].value == pytest.approx(1 - 10 / 82.5)
