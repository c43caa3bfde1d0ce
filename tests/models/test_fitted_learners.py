"""What every learner fitted by scikit-learn bears: weights, classes without examples, few rows, constant inputs."""

import copy
import pickle

import numpy as np
import pytest
import torch
from safetensors.torch import load, save
from sklearn.datasets import load_diabetes, load_iris
from sklearn.model_selection import cross_val_score

from layerwise.errors import LayerwiseError
from layerwise.estimators import Classifier, Regressor
from layerwise.models import build
from layerwise.tasks.contract import Examples

CLASSIFIERS = {
    "svm": {}, "tree": {}, "boosting": {"rounds": 5, "least_leaf": 1}, "naive-bayes": {}, "threshold": {},
}  # fmt: skip
REGRESSORS = {"tree": {}, "boosting": {"rounds": 5, "least_leaf": 1}}


def data(classes, features=5, examples=60, seed=0):
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(examples, features, generator=generator)
    targets = torch.arange(examples) % classes
    return inputs + 1.5 * shifts(targets, features), targets


def shifts(targets, features):
    """A shift of its own for every class."""
    return torch.stack([(targets + 1.0) ** (place % 3) % 3 for place in range(features)], dim=1)


def fitted(name, inputs, targets, weights=None, *, outputs=None, options=None):
    shape = tuple(inputs.shape[1:]) if inputs.ndim > 2 else inputs.shape[1]
    model = build(name, shape, outputs or int(targets.max()) + 1, CLASSIFIERS[name] if options is None else options)
    model.fit(Examples(inputs, targets, (), weights))
    return model


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_probabilities_are_those_of_float64_and_add_up(name):
    inputs, targets = data(3)
    found = fitted(name, inputs, targets)(inputs)
    assert found.dtype == torch.float64
    torch.testing.assert_close(found.exp().sum(1), torch.ones(60).double(), rtol=0, atol=1e-9)
    assert (found.argmax(1) == targets).double().mean() > 0.5


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_nothing_is_known_before_the_first_example(name):
    inputs, targets = data(3)
    torch.testing.assert_close(
        build(name, 5, 3, CLASSIFIERS[name])(inputs).softmax(1), torch.full((60, 3), 1 / 3).double()
    )
    nobody = fitted(name, inputs, targets, torch.zeros(60))
    torch.testing.assert_close(nobody(inputs).softmax(1), torch.full((60, 3), 1 / 3).double())


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize("present", [(1,), (0, 2), (0, 1, 3)])
def test_a_class_without_examples_is_never_the_answer(name, present):
    inputs, places = data(len(present))
    targets = torch.tensor(present)[places]
    found = fitted(name, inputs, targets, outputs=4)(inputs)
    assert torch.isfinite(found).all()
    assert set(found.argmax(1).tolist()) <= set(present)
    # Renaming the classes changes nothing else.
    same = fitted(name, inputs, places, outputs=max(len(present), 2))(inputs)
    assert torch.tensor(present)[same.argmax(1)].tolist() == found.argmax(1).tolist()


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_one_row_and_more_classes_than_rows(name):
    inputs, _ = data(2)
    assert fitted(name, inputs[:1], torch.tensor([2]), outputs=4)(inputs).argmax(1).tolist() == [2] * 60
    found = fitted(name, inputs[:2], torch.tensor([3, 1]), outputs=5)(inputs)
    assert torch.isfinite(found).all()
    assert set(found.argmax(1).tolist()) <= {1, 3}


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize("value", [0.0, 3.7])
def test_constant_inputs_leave_the_most_frequent_class(name, value):
    inputs, targets = torch.full((9, 2), value), torch.tensor([0, 1, 1, 1, 1, 1, 1, 2, 2])
    found = fitted(name, inputs, targets)(torch.cat([inputs, torch.randn(3, 2)]))
    assert torch.isfinite(found).all()
    assert found.argmax(1)[:9].tolist() == [1] * 9


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_weight_of_two_is_a_row_given_twice_and_of_zero_no_row(name):
    inputs, targets = data(3, examples=24)
    targets[::5] = 0
    weights = torch.ones(24)
    weights[1::4], weights[2::4] = 2.0, 0.0
    times = weights.long()
    # Without parts that are left out: a row given twice would be in two of them.
    options = CLASSIFIERS[name] | ({"calibration_folds": 0} if name == "svm" else {})
    once = fitted(name, inputs, targets, weights, options=options)
    twice = fitted(name, inputs.repeat_interleave(times, 0), targets.repeat_interleave(times), options=options)
    # libsvm stops within 1e-3 of the solution
    tolerance = 2e-3 if name == "svm" else 1e-9
    torch.testing.assert_close(once(inputs).softmax(1), twice(inputs).softmax(1), rtol=0, atol=tolerance)
    plain = fitted(name, inputs, targets, options=options)
    assert (once(inputs) - plain(inputs)).abs().max() > 1e-3


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_pictures_are_read_as_one_row(name):
    inputs, targets = data(3, features=6)
    flat = fitted(name, inputs, targets)(inputs)
    assert torch.equal(fitted(name, inputs.view(-1, 1, 2, 3), targets)(inputs.view(-1, 1, 2, 3)), flat)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_whole_model_travels_through_safetensors(name):
    inputs, targets = data(4)
    model = fitted(name, inputs, targets)
    other = build(name, 5, 4, CLASSIFIERS[name])
    other.load_state_dict(load(save(model.state_dict())))
    assert torch.equal(other(inputs), model(inputs))
    assert not list(model.parameters())


@pytest.mark.parametrize("name", [*CLASSIFIERS, "knn"])
def test_a_learner_travels_to_other_processes_and_is_copied(name):
    inputs, targets = data(4)
    model = fitted(name, inputs, targets, options=CLASSIFIERS.get(name, {}))
    for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert torch.equal(other(inputs), model(inputs))
        empty = pickle.loads(pickle.dumps(build(name, 5, 4, CLASSIFIERS.get(name, {}))))
        empty.load_state_dict(other.state_dict())
        assert torch.equal(empty(inputs), model(inputs))


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_estimators_of_scikit_learn_learn_them(name):
    inputs, targets = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[targets]
    for kind in (np.float64, np.float32):
        least = 0.6 if name == "threshold" else 0.93
        assert cross_val_score(Classifier(name), inputs.astype(kind), names, cv=3).mean() > least


@pytest.mark.parametrize("name", ["tree", "boosting"])
def test_regressors_of_scikit_learn_learn_them(name):
    inputs, targets = load_diabetes(return_X_y=True)
    options = {"depth": 3} if name == "tree" else {"rounds": 30}
    assert cross_val_score(Regressor(name, options=options), inputs, targets, cv=3).mean() > 0.25


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_learning_twice_gives_the_same_bits(name):
    inputs, targets = data(3)
    first, second = (fitted(name, inputs, targets) for _ in range(2))
    torch.manual_seed(99)
    third = fitted(name, inputs, targets)
    assert all(torch.equal(value, second.state_dict()[key]) for key, value in first.state_dict().items())
    assert all(torch.equal(value, third.state_dict()[key]) for key, value in first.state_dict().items())


@pytest.mark.parametrize("name", REGRESSORS)
def test_numbers_with_weights_few_rows_and_constant_inputs(name):
    inputs, _ = data(2)
    targets = torch.stack([inputs[:, 0] * 2, inputs[:, 1].abs()], dim=1)
    model = build(name, 5, 2, REGRESSORS[name])
    assert torch.equal(model(inputs), torch.zeros(60, 2).double())
    model.fit(Examples(inputs[:1], targets[:1], ()))
    torch.testing.assert_close(model(inputs), targets[:1].double().expand(60, 2), rtol=0, atol=1e-6)
    model.fit(Examples(torch.ones(4, 5), targets[:4], (), torch.tensor([1.0, 3.0, 0.0, 0.0])))
    mean = (targets[0] + 3 * targets[1]).double() / 4
    torch.testing.assert_close(model(torch.ones(1, 5))[0], mean, rtol=0, atol=1e-6)
    nobody = build(name, 5, 2, REGRESSORS[name])
    nobody.fit(Examples(inputs, targets, (), torch.zeros(60)))
    assert torch.equal(nobody(inputs), torch.zeros(60, 2).double())


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("svm", {"complexity": 0.0}, "> 0"), ("svm", {"gamma": 0.5}, "kernel_function = 'linear'"),
        ("svm", {"gamma": -1.0, "kernel_function": "rbf"}, ">= 0"),
        ("svm", {"degree": 2}, "kernel_function = 'linear'"),
        ("svm", {"offset": 1.0, "kernel_function": "rbf"}, "kernel_function = 'rbf'"),
        ("svm", {"degree": 0, "kernel_function": "polynomial"}, "1, 2, 3"),
        ("svm", {"offset": -1.0, "kernel_function": "polynomial"}, ">= 0"),
        ("svm", {"calibration_folds": 1}, "0, 2, 3"), ("svm", {"kernel_function": "sigmoid"}, "'polynomial'"),
        ("tree", {"depth": -1}, "0, 1, 2"), ("tree", {"least_leaf": 0}, "1, 2, 3"),
        ("tree", {"criterion": "x"}, "'gini'"),
        ("boosting", {"rounds": 0}, "1, 2, 3"), ("boosting", {"shrinkage": 0.0}, "> 0"),
        ("boosting", {"leaves": 1}, "2, 3, 4"), ("boosting", {"depth": -1}, "0, 1, 2"),
        ("boosting", {"least_leaf": 0}, "1, 2, 3"), ("naive-bayes", {"variance_smoothing": -1e-9}, ">= 0"),
        ("threshold", {"feature": 4}, "-1, 0 ... 3"), ("threshold", {"feature": -2}, "-1, 0 ... 3"),
        ("threshold", {"threshold": 140.0}, "--feature takes 0 to 3"),
        ("threshold", {"direction": "below"}, "--feature takes 0 to 3"),
        ("threshold", {"feature": 1}, "3 classes"),
    ],
)  # fmt: skip
def test_options_outside_their_range_or_without_effect_are_refused(name, options, told):
    with pytest.raises(LayerwiseError) as refusal:
        build(name, 4, 3, options)
    assert refusal.value.exit_code == 2
    assert told in str(refusal.value)


def test_rows_are_read_in_float64_and_those_of_no_weight_left_out():
    from layerwise.models.fitted import learned_rows

    rows, targets, weights = learned_rows(
        Examples(torch.arange(6.0).view(3, 1, 2), torch.tensor([1, 0, 1]), (), torch.tensor([0.5, 0.0, 2.0]))
    )
    assert rows.dtype == np.float64
    assert (rows.tolist(), targets.tolist(), weights.tolist()) == ([[0, 1], [4, 5]], [1, 1], [0.5, 2.0])
