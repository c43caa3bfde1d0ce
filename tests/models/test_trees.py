"""Trees and boosted trees against scikit-learn, node for node."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from layerwise.errors import LayerwiseError
from layerwise.layers.trees import DecisionTrees, Tree
from layerwise.models import build
from layerwise.tasks.contract import Examples

SETS = {"iris": load_iris, "breast-cancer": load_breast_cancer, "digits": load_digits}


def table(name, dtype=np.float64):
    """Two thirds to learn from, all rows to answer, scaled so that float32 rounds."""
    inputs, targets = SETS[name](return_X_y=True)
    inputs = ((inputs - inputs.mean(0)) / np.where(inputs.std(0) > 0, inputs.std(0), 1)).astype(dtype)
    chosen = np.random.default_rng(0).permutation(len(inputs))[: 2 * len(inputs) // 3]
    return inputs, targets, chosen


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("options", "theirs"),
    [
        ({}, {}),
        ({"criterion": "entropy", "depth": 3}, {"criterion": "entropy", "max_depth": 3}),
        ({"least_leaf": 4}, {"min_samples_leaf": 4}),
    ],
)
def test_a_tree_answers_as_scikit_learns(name, dtype, options, theirs):
    inputs, targets, chosen = table(name, dtype)
    classes = int(targets.max()) + 1
    weights = np.random.default_rng(1).uniform(0.5, 2, len(chosen)) if "depth" in options else None
    model = build("tree", inputs.shape[1], classes, options)
    given = None if weights is None else torch.from_numpy(weights)
    model.fit(Examples(torch.from_numpy(inputs[chosen]), torch.from_numpy(targets[chosen]), (), given))
    grown = DecisionTreeClassifier(random_state=0, **theirs)
    grown.fit(inputs[chosen].astype(np.float64), targets[chosen], weights)
    found = model(torch.from_numpy(inputs))
    np.testing.assert_allclose(found.exp(), grown.predict_proba(inputs), atol=1e-12)
    assert found.argmax(1).tolist() == grown.predict(inputs).tolist()
    assert model.trees(torch.from_numpy(inputs).float().double())[:, 0].tolist() == grown.apply(inputs).tolist()
    assert len(model.trees.levels) == grown.get_depth() + 1


def test_inputs_are_rounded_to_float32_as_scikit_learn_rounds_them():
    # Between the two thresholds that float32 tells apart lies a float64 that only rounding puts on the right side.
    low, high = np.float32(1), np.nextafter(np.float32(1), np.float32(2))
    inputs, targets = np.array([[low], [high]], dtype=np.float64), np.array([0, 1])
    model = build("tree", 1, 2)
    model.fit(Examples(torch.from_numpy(inputs), torch.from_numpy(targets), ()))
    grown = DecisionTreeClassifier(random_state=0).fit(inputs, targets)
    new = low + (high - np.float64(low)) * np.linspace(0, 1, 21)[:, None]
    assert model(torch.from_numpy(new)).argmax(1).tolist() == grown.predict(new).tolist()


def test_a_tree_grown_to_purity_knows_its_examples():
    inputs, targets = (torch.from_numpy(part) for part in load_digits(return_X_y=True))
    model = build("tree", 64, 10)
    model.fit(Examples(inputs.float(), targets, ()))
    assert torch.equal(model(inputs.float()).argmax(1), targets)


@pytest.mark.parametrize("options", [{}, {"depth": 4, "least_leaf": 3}])
def test_a_tree_of_numbers_answers_as_scikit_learns(options):
    inputs, first = load_diabetes(return_X_y=True)
    targets = np.stack([first / 100, inputs[:, 2] * first], axis=1)
    weights = np.random.default_rng(0).uniform(0.5, 2, len(inputs))
    model = build("tree", 10, 2, options)
    examples = Examples(torch.from_numpy(inputs), torch.from_numpy(targets), (), torch.from_numpy(weights))
    model.fit(examples)
    grown = DecisionTreeRegressor(
        max_depth=options.get("depth"), min_samples_leaf=options.get("least_leaf", 1), random_state=0
    ).fit(inputs, targets, weights)
    np.testing.assert_allclose(model(torch.from_numpy(inputs)), grown.predict(inputs), atol=1e-12)


def test_entropy_is_no_impurity_of_numbers():
    model = build("tree", 1, 1, {"criterion": "entropy"})
    with pytest.raises(LayerwiseError, match="target of numbers") as refusal:
        model.fit(Examples(torch.zeros(2, 1), torch.tensor([[1.0], [2.0]]), ()))
    assert refusal.value.exit_code == 2


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize(
    ("options", "theirs"),
    [
        ({"rounds": 20}, {"max_iter": 20}),
        (
            {"rounds": 7, "shrinkage": 0.3, "leaves": 5, "depth": 3, "least_leaf": 2},
            {"max_iter": 7, "learning_rate": 0.3, "max_leaf_nodes": 5, "max_depth": 3, "min_samples_leaf": 2},
        ),
    ],
)
def test_boosted_trees_answer_as_scikit_learns(name, options, theirs):
    inputs, targets, chosen = table(name)
    weights = np.random.default_rng(1).uniform(0.5, 2, len(chosen)) if "depth" in options else None
    model = build("boosting", inputs.shape[1], int(targets.max()) + 1, options)
    given = None if weights is None else torch.from_numpy(weights)
    model.fit(Examples(torch.from_numpy(inputs[chosen]), torch.from_numpy(targets[chosen]), (), given))
    grown = HistGradientBoostingClassifier(early_stopping=False, random_state=0, **theirs)
    grown.fit(inputs[chosen], targets[chosen], weights)
    found = model(torch.from_numpy(inputs))
    np.testing.assert_allclose(found.exp(), grown.predict_proba(inputs), atol=1e-12)
    assert found.argmax(1).tolist() == grown.predict(inputs).tolist()


def test_boosted_trees_of_numbers_answer_as_scikit_learns():
    inputs, first = load_diabetes(return_X_y=True)
    targets = np.stack([first / 100, inputs[:, 2] * first], axis=1)
    weights = np.random.default_rng(0).uniform(0.5, 2, len(inputs))
    model = build("boosting", 10, 2, {"rounds": 30})
    model.fit(Examples(torch.from_numpy(inputs), torch.from_numpy(targets), (), torch.from_numpy(weights)))
    found = model(torch.from_numpy(inputs))
    for column in range(2):
        grown = HistGradientBoostingRegressor(max_iter=30, early_stopping=False, random_state=0)
        grown.fit(inputs, targets[:, column], weights)
        np.testing.assert_allclose(found[:, column], grown.predict(inputs), rtol=0, atol=1e-12)


def test_too_few_examples_for_a_leaf_leave_the_shares_of_the_classes():
    inputs, targets = torch.randn(30, 2), torch.arange(30) % 3 % 2
    model = build("boosting", 2, 2)
    model.fit(Examples(inputs, targets, ()))
    np.testing.assert_allclose(model(inputs).exp(), np.tile([2 / 3, 1 / 3], (30, 1)), atol=1e-9)


def test_trees_of_different_depth_are_walked_side_by_side():
    # x0 <= 0 ? leaf : (x1 <= 5 ? leaf : leaf), beside a single leaf
    deep = Tree(np.array([0, 0, 1, 0, 0]), np.array([0.0, 0, 5, 0, 0]), np.array([1, -1, 3, -1, -1]),
                np.array([2, -1, 4, -1, -1]))  # fmt: skip
    leaf = Tree(np.array([-2]), np.array([-2.0]), np.array([-1]), np.array([-1]))
    trees = DecisionTrees()
    trees.plant([deep, leaf])
    assert trees.levels.tolist() == [2, 2, 2]
    rows = torch.tensor([[0.0, 9.0], [0.1, 5.0], [0.1, 5.1]])
    assert trees(rows).tolist() == [[1, 5], [3, 5], [4, 5]]
    assert repr(trees) == "DecisionTrees(2, nodes=6, levels=3)"
