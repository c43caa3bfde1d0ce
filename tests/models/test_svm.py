"""Support vector machines against scikit-learn's SVC, and their probabilities against what they promise."""

import itertools

import numpy as np
import pytest
import torch
from sklearn.datasets import load_iris
from sklearn.svm import SVC

from layerwise.layers.pairwise import pair_log_shares
from layerwise.models import build
from layerwise.models.svm import turns
from layerwise.tasks.contract import Examples

KERNELS = {
    "linear": ({}, {"kernel": "linear"}),
    "rbf": ({"kernel_function": "rbf"}, {"kernel": "rbf"}),
    "rbf of a given width": ({"kernel_function": "rbf", "gamma": 0.3}, {"kernel": "rbf", "gamma": 0.3}),
    "polynomial": (
        {"kernel_function": "polynomial", "degree": 2, "offset": 1.0, "gamma": 0.2},
        {"kernel": "poly", "degree": 2, "coef0": 1.0, "gamma": 0.2},
    ),
    "polynomial as it comes": ({"kernel_function": "polynomial"}, {"kernel": "poly"}),
}


def drawn(classes, seed=0, examples=90, spread=1.0):
    """Classes that overlap, of unequal size."""
    draw = np.random.default_rng(seed)
    targets = np.sort(draw.integers(0, classes, examples)) if classes > 2 else (np.arange(examples) < 30).astype(int)
    inputs = draw.normal(size=(examples, 4)) * spread + draw.normal(size=(classes, 4))[targets]
    return torch.from_numpy(inputs.astype(np.float32)), torch.from_numpy(targets)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("classes", [2, 3, 6])
@pytest.mark.parametrize("complexity", [0.1, 1.0, 30.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_decisions_and_answers_are_scikit_learns(kernel, classes, complexity, weighted):
    ours, theirs = KERNELS[kernel]
    inputs, targets = drawn(classes)
    new, _ = drawn(classes, seed=1, examples=300, spread=2.0)
    weights = torch.rand(90, generator=torch.Generator().manual_seed(0)) + 0.1 if weighted else None
    model = build("svm", 4, classes, ours | {"complexity": complexity, "calibration_folds": 0})
    model.fit(Examples(inputs, targets, (), weights))
    machine = SVC(C=complexity, decision_function_shape="ovo", **theirs)
    machine.fit(inputs.double().numpy(), targets.numpy(), None if weights is None else weights.double().numpy())
    wanted = machine.decision_function(new.double().numpy()).reshape(300, -1)
    found = model.decisions(new)
    np.testing.assert_allclose(found, -wanted if classes == 2 else wanted, rtol=1e-9, atol=1e-9)
    assert model(new).argmax(1).tolist() == machine.predict(new.double().numpy()).tolist()


@pytest.mark.parametrize("folds", [0, 3])
def test_the_votes_decide_also_where_the_product_of_the_pairs_names_another_class(folds):
    inputs, targets = drawn(8, examples=200)
    new, _ = drawn(8, seed=1, examples=1000, spread=2.0)
    model = build("svm", 4, 8, {"kernel_function": "rbf", "complexity": 10.0, "calibration_folds": folds})
    model.fit(Examples(inputs, targets, ()))
    machine = SVC(C=10.0, kernel="rbf").fit(inputs.double().numpy(), targets.numpy())
    answers = model(new).argmax(1)
    assert answers.tolist() == machine.predict(new.double().numpy()).tolist()
    # The test is worth something only if the two often differ.
    decisions, product = model.decisions(new), torch.zeros(1000, 8).double()
    for pair, (i, j) in enumerate(itertools.combinations(range(8), 2)):
        product[:, i] += torch.nn.functional.logsigmoid(model.sharpness * decisions[:, pair])
        product[:, j] += torch.nn.functional.logsigmoid(-model.sharpness * decisions[:, pair])
    assert (product.argmax(1) != answers).sum() > 20


def test_the_probability_of_two_classes_is_a_sigmoid_of_the_decision():
    inputs, targets = drawn(2)
    model = build("svm", 4, 2)
    model.fit(Examples(inputs, targets, ()))
    decisions = model.decisions(inputs)[:, 0]
    np.testing.assert_allclose(model(inputs).exp()[:, 0], torch.sigmoid(model.sharpness * decisions), atol=1e-12)
    assert torch.equal(model(inputs).argmax(1) == 0, decisions > 0)


def test_three_classes_by_hand():
    # f_01 = 1, f_02 = -2, f_12 = 0.5 with t = 1: each class wins once, the first one is the answer
    sigmoid = lambda value: 1 / (1 + np.exp(-value))  # noqa: E731
    products = np.array([sigmoid(1) * sigmoid(-2), sigmoid(-1) * sigmoid(0.5), sigmoid(2) * sigmoid(-0.5)])
    shares = pair_log_shares(torch.tensor([[1.0, -2.0, 0.5]]).double(), 3, 1.0).exp()[0]
    raised = np.array([products.max(), products[1], products[2]])
    np.testing.assert_allclose(shares, raised / raised.sum(), atol=1e-6)
    assert shares.argmax() == 0


def test_a_decision_of_zero_goes_to_the_second_class_as_in_libsvm():
    for classes in (2, 3):
        pairs = classes * (classes - 1) // 2
        assert pair_log_shares(torch.zeros(1, pairs), classes, 1.0).argmax().item() == classes - 1


def test_the_sharpness_is_the_likeliest_for_examples_that_were_left_out():
    inputs, targets = drawn(2, examples=90, spread=1.5)
    model = build("svm", 4, 2, {"calibration_folds": 3})
    model.fit(Examples(inputs, targets, ()))
    rows, decided = inputs.double().numpy(), np.zeros(90)
    # By hand: the examples of each class are left out in turn.
    order = np.zeros(90, dtype=int)
    for kind in (0, 1):
        order[targets.numpy() == kind] = np.arange(int((targets == kind).sum())) % 3
    for part in range(3):
        machine = SVC(kernel="linear").fit(rows[order != part], targets.numpy()[order != part])
        decided[order == part] = machine.decision_function(rows[order == part])
    number = np.bincount(targets.numpy())
    hoped = np.where(targets.numpy() == 1, (number[1] + 1) / (number[1] + 2), 1 / (number[0] + 2))

    def surprise(sharpness):
        chance = 1 / (1 + np.exp(-sharpness * decided))
        return -(hoped * np.log(chance) + (1 - hoped) * np.log(1 - chance)).sum()

    best = float(model.sharpness)
    assert surprise(best) < min(surprise(best * 1.01), surprise(best / 1.01))


def test_separable_classes_keep_a_finite_sharpness():
    inputs = torch.tensor([[-3.0], [-2.0], [-1.0], [1.0], [2.0], [3.0]])
    model = build("svm", 1, 2)
    model.fit(Examples(inputs, torch.tensor([0, 0, 0, 1, 1, 1]), ()))
    assert 0.1 < float(model.sharpness) < 100
    assert 0.5 < model(torch.tensor([[0.5]])).exp()[0, 1] < 1


def test_the_only_example_of_a_class_is_never_left_out():
    assert turns(np.array([0, 0, 1, 0, 2, 2]), 5).tolist() == [0, 1, -1, 2, 0, 1]
    assert turns(np.array([0, 0, 1]), 0).tolist() == [-1, -1, -1]
    inputs, _ = drawn(2)
    model = build("svm", 4, 4)
    model.fit(Examples(inputs[:3], torch.tensor([3, 0, 1]), ()))
    assert float(model.sharpness) == 1.0
    assert model(inputs[:3]).argmax(1).tolist() == [3, 0, 1]


def test_the_support_vectors_can_be_read_from_the_file():
    inputs, targets = (torch.from_numpy(part) for part in load_iris(return_X_y=True))
    model = build("svm", 4, 3)
    model.fit(Examples(inputs.float(), targets, ()))
    machine = SVC(kernel="linear").fit(inputs.float().double().numpy(), targets.numpy())
    state = model.state_dict()
    assert state["support_counts"].tolist() == machine.n_support_.tolist()
    np.testing.assert_array_equal(state["support_vectors"], machine.support_vectors_)
    # The normal vector of the pair 0 and 1: w = sum_s a_s y_s x_s
    first = state["coefficients"][0, : machine.n_support_[:2].sum()]
    np.testing.assert_allclose(first @ state["support_vectors"][: len(first)], machine.coef_[0], atol=1e-9)
