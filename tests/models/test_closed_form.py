"""Models that are solved at once, against scikit-learn and against counting."""

import numpy as np
import pytest
import torch
from safetensors.torch import load, save
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from layerwise.errors import LayerwiseError
from layerwise.models import build
from layerwise.tasks.contract import Examples


def data(classes, features=5, examples=80, seed=0, ties=False):
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(examples, features, generator=generator)
    if ties:
        inputs = inputs.round()
    return inputs, torch.randint(0, classes, (examples,), generator=generator)


@pytest.mark.parametrize("k", [1, 2, 5, 80])
@pytest.mark.parametrize("ties", [False, True])
def test_knn_predicts_what_scikit_learn_predicts(k, ties):
    inputs, targets = data(4, ties=ties)
    new, _ = data(4, examples=200, seed=1, ties=ties)
    model = build("knn", 5, 4, {"k": k})
    model.fit(Examples(inputs, targets, ()))
    theirs = KNeighborsClassifier(k, algorithm="brute").fit(inputs.double().numpy(), targets.numpy())
    found = model(new)
    assert found.argmax(1).tolist() == theirs.predict(new.double().numpy()).tolist()
    np.testing.assert_allclose(found.exp(), theirs.predict_proba(new.double().numpy()), atol=1e-6)
    assert torch.isfinite(found).all()


def test_knn_gives_an_equal_vote_to_the_first_class():
    model = build("knn", 1, 3, {"k": 2})
    model.fit(Examples(torch.tensor([[0.0], [1.0]]), torch.tensor([2, 1]), ()))
    assert model(torch.tensor([[0.5]])).argmax(1).item() == 1


def test_knn_votes_with_the_weight_of_an_example():
    model = build("knn", 1, 2, {"k": 3})
    model.fit(Examples(torch.tensor([[0.0], [1.0], [2.0]]), torch.tensor([0, 0, 1]), (), torch.tensor([1.0, 1.0, 3.0])))
    torch.testing.assert_close(model(torch.tensor([[0.0]])).exp(), torch.tensor([[0.4, 0.6]]))


def test_knn_travels_whole_through_safetensors():
    inputs, targets = data(3)
    model = build("knn", 5, 3)
    model.fit(Examples(inputs, targets, ()))
    other = build("knn", 5, 3)
    other.load_state_dict(load(save(model.state_dict())))
    assert torch.equal(other(inputs), model(inputs))
    assert other(inputs).argmax(1).tolist() == targets.tolist()


def test_knn_refuses_more_neighbours_than_examples():
    with pytest.raises(LayerwiseError, match="k = 9 and 3 examples"):
        build("knn", 1, 2, {"k": 9}).fit(Examples(torch.zeros(3, 1), torch.tensor([0, 1, 0]), ()))


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_logistic_regression_gives_scikit_learns_probabilities(classes, weighted):
    inputs, targets = data(classes)
    weights = torch.rand(len(targets), generator=torch.Generator().manual_seed(1)) if weighted else None
    model = build("logistic", 5, classes, {"penalty": 0.5})
    model.fit(Examples(inputs, targets, (), weights))
    theirs = LogisticRegression(C=2.0, max_iter=5000)
    theirs.fit(inputs.double().numpy(), targets.numpy(), None if weights is None else weights.double().numpy())
    found = model(inputs).softmax(1).detach()
    np.testing.assert_allclose(found, theirs.predict_proba(inputs.double().numpy()), atol=1e-5)


@pytest.mark.parametrize("present", [(1,), (0, 2), (0, 1, 3)])
def test_logistic_regression_never_answers_with_a_class_without_examples(present):
    inputs, places = data(len(present))
    targets = torch.tensor(present)[places]
    model = build("logistic", 5, 4)
    model.fit(Examples(inputs, targets, ()))
    shares = model(inputs).softmax(1)
    assert torch.isfinite(shares.log()).all()
    absent = [place for place in range(4) if place not in present]
    assert shares[:, absent].max() < 1e-6
    if len(present) == 3:
        theirs = LogisticRegression(max_iter=5000).fit(inputs.double().numpy(), targets.numpy())
        assert shares.argmax(1).tolist() == theirs.predict(inputs.double().numpy()).tolist()


@pytest.mark.parametrize("weighted", [False, True])
def test_least_squares_equals_scikit_learn(weighted):
    inputs, _ = data(2)
    targets = torch.randn(80, 2, generator=torch.Generator().manual_seed(2))
    weights = torch.rand(80, generator=torch.Generator().manual_seed(3)) if weighted else None
    model = build("linear", 5, 2)
    model.fit(Examples(inputs, targets, (), weights))
    theirs = LinearRegression().fit(
        inputs.double().numpy(), targets.double().numpy(), None if weights is None else weights.double().numpy()
    )
    np.testing.assert_allclose(model(inputs).detach(), theirs.predict(inputs.double().numpy()), atol=1e-5)


def test_least_squares_takes_one_target_and_pictures():
    inputs = torch.randn(20, 1, 2, 2, generator=torch.Generator().manual_seed(0))
    targets = inputs.flatten(1) @ torch.tensor([[1.0], [2.0], [3.0], [4.0]]) + 5
    model = build("linear", (1, 2, 2), 1)
    model.fit(Examples(inputs, targets, ()))
    np.testing.assert_allclose(model.output.weight[0].detach(), [1, 2, 3, 4], atol=1e-5)
    assert model.output.bias.item() == pytest.approx(5, abs=1e-5)


def test_majority_counts_and_never_says_never():
    model = build("majority", 2, 3)
    model.fit(Examples(torch.zeros(5, 2), torch.tensor([2, 2, 0, 2, 0]), ()))
    torch.testing.assert_close(model(torch.zeros(2, 2)).exp(), torch.tensor([[3 / 8, 1 / 8, 4 / 8]] * 2))
    model.fit(Examples(torch.zeros(2, 2), torch.tensor([0, 1]), (), torch.tensor([1.0, 5.0])))
    assert model(torch.zeros(1, 2)).argmax(1).item() == 1


def test_mean_weighs_its_examples():
    model = build("mean", 2, 2)
    model.fit(Examples(torch.zeros(2, 2), torch.tensor([[0.0, 1.0], [4.0, 1.0]]), (), torch.tensor([1.0, 3.0])))
    assert model(torch.zeros(1, 2)).tolist() == [[3.0, 1.0]]
