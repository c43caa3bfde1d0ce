"""The density task: what is measured, what is refused, and the baseline that knows no links between units."""

import math

import numpy as np
import pytest
import torch

from layerwise.byhand import rbm as byhand
from layerwise.config import Evaluate, Train
from layerwise.data.builtin import builtin
from layerwise.data.kinds import Numbers
from layerwise.data.source import Field, Source
from layerwise.errors import LayerwiseError
from layerwise.models import build
from layerwise.tasks.contract import Examples
from layerwise.tasks.density import Density, units_asked

QUICK = Evaluate(resamples=200)


def pictures():
    source = builtin("bars-and-stripes")
    pixels = source.columns["image"].cells.astype(np.float32)
    task = Density.of(source, np.arange(14), "auto")
    return task, task.examples(source, np.arange(14), torch.from_numpy(pixels), Train())


def machine(hidden=8):
    torch.manual_seed(0)
    return build("rbm", (1, 3, 3), 0, {"hidden_units": hidden, "weight_deviation": 0.5})


def test_bars_and_stripes_are_fourteen_pictures_of_equal_rows_or_columns():
    cells = builtin("bars-and-stripes").columns["image"].cells[:, 0]
    assert len({cell.tobytes() for cell in cells}) == len(cells) == 14
    for cell in cells:
        assert (cell == cell[:, :1]).all() or (cell == cell[:1]).all()
    every = ((np.arange(512)[:, None] >> np.arange(9)) & 1).reshape(-1, 3, 3)
    assert sum((cell == cell[:, :1]).all() or (cell == cell[:1]).all() for cell in every) == 14


def test_figures_are_those_by_hand():
    task, examples = pictures()
    model = machine()
    answers = task.answer(model, examples)
    rows = examples.inputs.flatten(1).double().numpy()
    parts = (model.weight, model.visible_bias, model.hidden_bias)
    by_hand = byhand.Parameters(*(part.detach().double().numpy() for part in parts))
    assert task.columns == ("log_likelihood", "pseudo_log_likelihood", "reconstruction_error")
    np.testing.assert_allclose(answers[:, 0], byhand.log_likelihood(rows, by_hand), atol=1e-12)
    np.testing.assert_allclose(answers[:, 1], byhand.pseudo_log_likelihood(rows, by_hand), atol=1e-12)
    wanted = ((byhand.reconstruct(rows, by_hand) - rows) ** 2).mean(axis=1)
    np.testing.assert_allclose(answers[:, 2], wanted, atol=1e-12)
    measured = task.measure(examples.truths, answers, QUICK, seed=0).metrics
    assert measured[task.main].value == pytest.approx(answers[:, 0].mean())
    for name, interval in measured.items():
        assert interval.low < interval.value < interval.high, name
    assert model.weight.dtype == torch.float32


def test_inputs_that_are_probabilities_are_rounded_where_likelihoods_are_measured():
    task, examples = pictures()
    soft = (0.2 + 0.6 * examples.inputs).float()
    blurred = Examples(soft, examples.targets, examples.ids, truths=examples.truths)
    sharp, measured = task.answer(machine(), examples), task.answer(machine(), blurred)
    np.testing.assert_array_equal(sharp[:, :2], measured[:, :2])
    assert (sharp[:, 2] != measured[:, 2]).all()


def test_many_units_have_the_pseudo_likelihood_alone():
    task = Density.of(builtin("digits"), np.arange(100), "auto")
    assert task.units == 64
    assert task.main == "pseudo_log_likelihood"
    assert task.columns == ("pseudo_log_likelihood", "reconstruction_error")
    assert type(task).from_json(task.to_json()) == task


def test_a_likelihood_that_cannot_be_computed_has_a_reason_instead_of_a_value():
    """A frame larger than the pictures: the task was told 9 units, the machine has 400 in each layer."""
    model = build("rbm", (1, 20, 20), 0, {"hidden_units": 400})
    inputs = torch.zeros(3, 1, 20, 20)
    answers = Density(9).answer(model, Examples(inputs, torch.zeros(3, 0), ("a", "b", "c"), truths=np.zeros((3, 0))))
    found = Density(9).measure(np.zeros((3, 0)), answers, QUICK, seed=0).metrics
    assert found["log_likelihood"].value is None
    assert "too many units" in found["log_likelihood"].reason
    assert found["pseudo_log_likelihood"].value == pytest.approx(-400 * math.log(2), rel=0.05)


def test_inputs_outside_zero_to_one_are_refused_by_name():
    source = Source(
        "table", "here", (Field("a"), Field("b")), {"a": Numbers(np.zeros(3)), "b": Numbers(np.array([0.0, 2.5, 1.0]))}
    )
    values = torch.tensor([[0.0, 0.0], [0.0, 2.5], [0.0, 1.0]])
    with pytest.raises(LayerwiseError, match=r"from 0 to 1(.|\n)*1 of 3 examples(.|\n)*2\.5(.|\n)*min-max"):
        Density.of(source, np.arange(3), "auto").examples(source, np.arange(3), values, Train())
    with pytest.raises(LayerwiseError, match="nan"):
        Density(2).examples(source, np.arange(3), values.fill_(math.nan), Train())


def test_a_loss_of_another_task_and_a_network_without_one_are_refused():
    with pytest.raises(LayerwiseError, match="cross-entropy"):
        Density.of(builtin("bars-and-stripes"), np.arange(14), "cross-entropy")
    task, examples = pictures()
    with pytest.raises(LayerwiseError, match="own loss"):
        task.loss(torch.nn.Flatten(), examples.batch(torch.arange(2)), None)


def test_units_asked_go_round_all_of_them_equally_often():
    asked = units_asked(torch.arange(784), 784)
    assert asked.shape == (784, 64)
    assert (torch.bincount(asked.flatten(), minlength=784) == 64).all()
    assert all(len(set(row.tolist())) == 64 for row in asked[:5])


def test_pseudo_likelihood_of_some_units_has_the_mean_of_all():
    torch.manual_seed(0)
    model = build("rbm", 100, 0, {"hidden_units": 7, "weight_deviation": 0.7})
    rows = (torch.rand(4000, 100) < 0.5).float()
    with torch.no_grad():
        every = model.pseudo_log_likelihood(rows, torch.arange(100).expand(4000, -1))
        some = model.pseudo_log_likelihood(rows, units_asked(torch.arange(4000), 100))
    assert some.mean().item() == pytest.approx(every.mean().item(), abs=4 * some.std().item() / 4000**0.5)
    assert not torch.allclose(every, some)


def test_independent_units_are_counted():
    task, examples = pictures()
    baseline = build("independent-units", (1, 3, 3), 0)
    baseline.fit(examples)
    # Every pixel is on in 7 of the 14 pictures: 8 / 16.
    np.testing.assert_allclose(task.answer(baseline, examples)[:, 0], -9 * math.log(2), rtol=1e-6)
    weighted = Examples(examples.inputs, examples.targets, examples.ids, torch.arange(14.0))
    baseline.fit(weighted)
    shares = (torch.arange(14.0) @ examples.inputs.flatten(1) + 1) / (91 + 2)
    torch.testing.assert_close(baseline.shares, shares)
    patterns = torch.from_numpy(byhand.patterns(9)).float()
    assert baseline.log_likelihood(patterns).exp().sum().item() == pytest.approx(1, abs=1e-5)


def test_the_sample_repeats_and_is_binary():
    one, two = (Density(6).sample((2, 3), 8, torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(one.inputs, two.inputs)
    assert one.inputs.shape == (8, 2, 3)
    assert set(one.inputs.unique().tolist()) <= {0.0, 1.0}
