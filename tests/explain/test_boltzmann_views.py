"""Filters and reconstructions: exactly the rows of W, a Gibbs step that re-adds, wrong operands that are noticed."""

import dataclasses

import numpy as np
import pytest
import torch

from layerwise.byhand import rbm as byhand
from layerwise.errors import LayerwiseError
from layerwise.explain.drawing import png
from layerwise.explain.machines import machine_of
from layerwise.explain.open import accepts, explain
from layerwise.explain.subject import Subject
from layerwise.language import use
from layerwise.models import build
from layerwise.tasks.classify import Classify
from layerwise.tasks.density import Density

VIEWS = ("rbm-filters", "reconstruction")


def machine():
    torch.manual_seed(5)
    model = build("rbm", (1, 4, 4), 0, {"hidden_units": 20, "weight_deviation": 0.7})
    with torch.no_grad():
        model.visible_bias.normal_()
        model.hidden_bias.normal_()
    return Subject(model, torch.rand(1, 1, 4, 4).round(), torch.zeros(1, 0), Density(16), example_id="row 3")


def network():
    torch.manual_seed(5)
    model = build("dbn", (1, 4, 4), 3, {"hidden": (7, 5), "weight_deviation": 0.7})
    names = ("a", "b", "c")
    return Subject(model, torch.rand(1, 1, 4, 4), torch.tensor([1]), Classify(names), (), names, "row 3")


def by_hand(module):
    parts = (module.weight, module.visible_bias, module.hidden_bias)
    return byhand.Parameters(*(part.detach().double().numpy() for part in parts))


CASES = [
    (view, subject, layer) for view in VIEWS for subject, layer in ((machine, ""), (network, ""), (network, "rbm2"))
]


@pytest.mark.parametrize(("view", "subject", "layer"), CASES)
def test_numbers_verify_and_a_wrong_operand_is_noticed(view, subject, layer):
    shown = explain(subject(), view, {"layer": layer})
    assert shown.arithmetic
    assert all(check.ok for check in shown.verify())
    generator = np.random.default_rng(0)
    for line in shown.arithmetic:
        for operand, value in line.operands.items():
            wrong = np.array(value, dtype=np.float64)
            others = [np.asarray(part) for name, part in line.operands.items() if name != operand]
            # Where the other factor is 0 an operand has no say.
            counted = wrong != 0
            for part in others:
                counted = counted & (part != 0) if part.shape == wrong.shape else counted
            place = generator.choice(np.flatnonzero(counted)) if counted.any() else 0
            if wrong.size > 1 and not counted.any():
                continue
            wrong.flat[place] -= (np.sign(wrong.flat[place]) or 1) * (1 + 2 * abs(wrong.flat[place]))
            spoiled = dataclasses.replace(line, operands={**line.operands, operand: wrong})
            assert not spoiled.check().ok, (line.id, operand)


def test_a_filter_is_exactly_a_row_of_the_weights():
    asked = machine()
    shown = explain(asked, "rbm-filters")
    weight = asked.model.weight.detach().numpy()
    np.testing.assert_array_equal(shown.tensors["weights"].array, weight)
    seen = machine_of(asked, "")
    np.testing.assert_array_equal(seen.picture(seen.weight[2]), weight[2].reshape(4, 4))
    table = shown.tables[0].rows
    chances = byhand.hidden_probabilities(asked.inputs.flatten(1).double().numpy(), by_hand(asked.model))[0]
    assert [row[0] for row in table] == list(np.argsort(-chances, kind="stable"))
    np.testing.assert_allclose([row[-1] for row in table], np.sort(chances)[::-1], atol=1e-6)


def test_the_step_is_the_one_by_hand_on_the_same_draws():
    asked = machine()
    shown = explain(asked, "reconstruction", {"draw": 3})
    values = {name: recorded.array for name, recorded in shown.tensors.items()}
    rows = asked.inputs.flatten(1).double().numpy()
    hand = by_hand(asked.model)
    np.testing.assert_allclose(values["hidden probabilities"], byhand.hidden_probabilities(rows, hand)[0], atol=1e-6)
    down = byhand.visible_probabilities(values["hidden sample"][None], hand)[0]
    np.testing.assert_allclose(values["visible probabilities"], down, atol=1e-6)
    np.testing.assert_allclose(values["reconstruction"], byhand.reconstruct(rows, hand)[0], atol=1e-6)
    again, other = (explain(asked, "reconstruction", {"draw": draw}).tensors["hidden sample"].array for draw in (3, 4))
    np.testing.assert_array_equal(again, values["hidden sample"])
    assert (other != again).any()


def test_the_terms_of_the_chosen_unit_add_up():
    shown = explain(machine(), "reconstruction", {"unit": 2, "visible_unit": 5})
    for table in shown.tables:
        names = [row[0] for row in table.rows]
        total = names.index("sum z")
        assert sum(float(row[-1]) for row in table.rows[:total]) == pytest.approx(table.rows[total][-1], abs=1e-5)
        chance, draw, sample = (row[-1] for row in table.rows[total + 1 :])
        assert chance == pytest.approx(1 / (1 + np.exp(-table.rows[total][-1])), abs=1e-6)
        assert sample == float(draw < chance)


def test_an_upper_machine_sees_the_probabilities_below_it():
    asked = network()
    seen = machine_of(asked, "rbm2")
    below = asked.model.rbm1(asked.inputs)[0].detach().numpy()
    np.testing.assert_array_equal(seen.visible, below)
    assert seen.shape is None
    assert machine_of(asked, "").name == "rbm1"


@pytest.mark.parametrize("view", VIEWS)
def test_what_does_not_exist_is_refused(view):
    with pytest.raises(LayerwiseError, match="rbm2"):
        explain(network(), view, {"layer": "rbm3"})
    assert not accepts(Subject(torch.nn.Linear(3, 2), torch.ones(1, 3)), view)


def test_a_unit_that_does_not_exist_is_refused():
    with pytest.raises(LayerwiseError, match="0 to 19"):
        explain(machine(), "reconstruction", {"unit": 20})
    with pytest.raises(LayerwiseError, match="0 to 15"):
        explain(machine(), "reconstruction", {"visible_unit": 16})


@pytest.mark.parametrize(("view", "subject", "layer"), CASES)
def test_pictures_are_drawn_in_both_languages(view, subject, layer):
    english = explain(subject(), view, {"layer": layer})
    with use("ko"):
        korean = explain(subject(), view, {"layer": layer})
        assert png(korean.pictures[0].draw())[1:4] == b"PNG"
        assert "유닛" in str(korean)
    assert png(english.pictures[0].draw())[1:4] == b"PNG"
    assert str(english) != str(korean)
