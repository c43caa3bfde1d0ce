"""Labels: the loss is a sum of binary cross-entropies, answers are sets, and what cannot be learned is refused."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from layerwise.config import Evaluate
from layerwise.data.kinds import Numbers, Texts
from layerwise.data.labels import read_labels
from layerwise.data.source import Field, Source
from layerwise.errors import LayerwiseError
from layerwise.models import build
from layerwise.tasks.contract import AnswersWithSets, Examples
from layerwise.tasks.tag import Tag

TASK = Tag(("a", "b", "c"), separator="|")


def source(cells):
    columns = {"x": Numbers(np.arange(len(cells), dtype=float)), "y": read_labels(Texts(cells))}
    return Source("t", "memory", (Field("x"), Field("y", "target")), columns)


def test_the_loss_adds_up_the_cross_entropy_of_every_label():
    held = TASK.sample(5, 20, torch.Generator().manual_seed(0))
    model = nn.Linear(5, 3)
    result = TASK.loss(model, held.batch(torch.arange(20)), None)
    wanted = functional.binary_cross_entropy(model(held.inputs).sigmoid(), held.targets, reduction="sum")
    assert result.total.item() == pytest.approx(wanted.item(), rel=1e-5)
    assert result.count == 20


def test_answers_are_sets_of_labels():
    answers = np.array([[0.9, 0.1, 0.8], [0.2, 0.5, 0.1]])
    assert TASK.labels(answers) == ("a|c", "")
    assert TASK.words(np.array([[True, True, False]])) == ("a|b",)
    assert isinstance(TASK, AnswersWithSets)


def test_a_label_that_no_measured_row_has_is_undefined_never_zero():
    truths = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [1, 0, 0]], dtype=bool)
    measured = TASK.measure(truths, truths * 0.8 + 0.1, Evaluate(), seed=0)
    assert all(interval.value is None for interval in measured.classes["c"].values())
    assert measured.metrics["macro_f1"].value == 1.0
    assert measured.confusion == ()


def test_new_data_may_lack_labels_that_the_network_knows():
    held = source(["a|b", "b", "a", "b"])
    task = Tag.of(source(["a|b", "b|c", "a", "c"]), np.arange(4), "auto")
    assert (task.classes, task.separator) == (("a", "b", "c"), "|")
    assert task.truths(held, np.arange(2)).tolist() == [[True, True, False], [False, True, False]]


@pytest.mark.parametrize(
    ("cells", "found"), [(["", "", ""], "no row of 'y' has a label"), (["a", "a"], "has every label")]
)
def test_labels_that_never_or_always_apply_are_refused(cells, found):
    with pytest.raises(LayerwiseError, match=found):
        Tag.of(source(cells), np.arange(len(cells)), "auto")


def test_a_loss_of_another_task_is_refused():
    with pytest.raises(LayerwiseError, match="loss 'cross-entropy' for labels") as caught:
        Tag.of(source(["a", "b", "a;b", "a"]), np.arange(4), "cross-entropy")
    assert caught.value.exit_code == 2


def test_neighbours_answer_the_share_that_has_each_label():
    inputs, targets = torch.tensor([[0.0], [1.0], [9.0]]), torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    model = build("knn", 1, 2, {"k": 2})
    model.fit(Examples(inputs, targets, ("0", "1", "2")))
    answers = Tag(("a", "b")).answer(model, Examples(torch.tensor([[0.4]]), torch.zeros(1, 0), ("new",)))
    np.testing.assert_allclose(answers, [[1.0, 0.5]], atol=1e-6)


def test_logistic_regression_learns_each_label_as_scikit_learn_does_and_keeps_constant_ones():
    from sklearn.linear_model import LogisticRegression

    draw = np.random.default_rng(0)
    inputs = draw.normal(size=(60, 3))
    targets = np.column_stack([inputs[:, 0] > 0, inputs[:, 1] + inputs[:, 2] > 0.5, np.zeros(60), np.ones(60)])
    model = build("logistic", 3, 4, {})
    held = Examples(torch.from_numpy(inputs), torch.from_numpy(targets), ())
    model.double().fit(held)
    answers = Tag(("a", "b", "c", "d")).answer(model, held)
    for label in range(2):
        wanted = LogisticRegression(max_iter=5000).fit(inputs, targets[:, label]).predict_proba(inputs)[:, 1]
        np.testing.assert_allclose(answers[:, label], wanted, atol=1e-6)
    assert (answers[:, 2] < 1e-9).all()
    assert (answers[:, 3] > 1 - 1e-9).all()
