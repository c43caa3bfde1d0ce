"""The attention view: numbers that re-add, padding without weight, wrong operands that are noticed, what is refused."""

import dataclasses

import numpy as np
import pytest
import torch

from layerwise.errors import LayerwiseError
from layerwise.explain.drawing import png
from layerwise.explain.open import accepts, explain
from layerwise.explain.subject import Subject
from layerwise.language import use
from layerwise.models import build
from layerwise.tasks.translate import END, Translate

LETTERS = tuple("abcdefghij")


def subject(attention=True, text="abcdjfe"):
    torch.manual_seed(11)
    model = build("seq2seq", 12, 14, {"attention": attention, "hidden_units": 16})
    inputs = torch.tensor([[2 + LETTERS.index(letter) for letter in text]])
    return Subject(
        model, inputs, torch.tensor([[4, 5, END]]), Translate(LETTERS, longest=6), example_id="row 1",
        symbols=LETTERS, truth="ab",
    )  # fmt: skip


def test_weights_are_those_of_the_network_and_add_up():
    asked = subject()
    shown = explain(asked, "attention")
    weights = shown.tensors["weights"].array
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)
    memory = asked.model.remember(asked.inputs)
    first = asked.model.attention(memory.start, memory.states, memory.keys, memory.mask)
    np.testing.assert_allclose(weights[0], first.weights[0].detach().numpy(), rtol=0, atol=1e-7)
    np.testing.assert_allclose(shown.tensors["contexts"].array, weights @ shown.tensors["memory"].array, atol=1e-6)
    assert all(check.ok for check in shown.verify())
    assert ("read", "abcdjfe") in shown.facts
    assert ("target", "ab") in shown.facts


def test_padding_has_no_weight():
    (line,) = (line for line in explain(subject(), "attention").arithmetic if line.id == "padding")
    assert (line.expected[-3:] == 0).all()
    assert (line.expected[:-3] > 0).all()


def test_the_terms_of_one_energy_add_up_to_it():
    shown = explain(subject(), "attention", {"step": 1, "place": 2})
    _, table, context = shown.tables
    terms = [row[-1] for row in table.rows[:-2]]
    assert sum(terms) == pytest.approx(shown.tensors["energies"].array[1, 2], abs=1e-6)
    assert table.rows[-1][-1] == shown.tensors["weights"].array[1, 2]
    assert sum(row[-1] for row in context.rows[:-1]) == pytest.approx(context.rows[-1][-1], abs=1e-6)


def test_one_wrong_operand_is_noticed():
    generator = np.random.default_rng(0)
    for line in explain(subject(), "attention").arithmetic:
        for operand, value in line.operands.items():
            wrong = np.array(value, dtype=np.float64)
            place = generator.choice(np.flatnonzero(wrong) if wrong.any() else np.arange(wrong.size))
            wrong.flat[place] = wrong.flat[place] - (np.sign(wrong.flat[place]) or 1) * (1 + 2 * abs(wrong.flat[place]))
            spoiled = dataclasses.replace(line, operands={**line.operands, operand: wrong})
            assert not spoiled.check().ok, (line.id, operand)


def test_a_network_whose_attention_reads_padding_is_noticed():
    """A mask that does nothing gives padding a weight, and the line about padding no longer comes out."""
    asked = subject()
    layer = asked.model.attention
    plain = layer.forward
    layer.forward = lambda state, memory, keys, mask: plain(state, memory, keys, torch.ones_like(mask))
    checks = {check.id: check.ok for check in explain(asked, "attention").verify()}
    assert checks == {name: name != "padding" for name in checks}


def test_symbols_and_places_outside_are_refused():
    for options in ({"step": 99}, {"place": 7}, {"step": -2}):
        with pytest.raises(LayerwiseError, match="counted from 0"):
            explain(subject(), "attention", options)


def test_it_declines_without_attention_and_on_what_is_no_sequence():
    assert accepts(subject(), "attention")
    assert not accepts(subject(attention=False), "attention")
    assert not accepts(dataclasses.replace(subject(), inputs=torch.randn(1, 7)), "attention")


def test_a_long_text_is_cut_where_it_is_drawn_but_not_where_it_is_checked():
    shown = explain(subject(text="abcde" * 12), "attention")
    assert shown.tensors["weights"].array.shape[1] == 60
    assert len(shown.tables[0].rows[0]) == 41
    assert all(check.ok for check in shown.verify())
    assert png(shown.pictures[0].draw())[1:4] == b"PNG"


def test_the_network_is_left_as_it_was():
    asked = subject()
    asked.model.train()
    before = {name: value.clone() for name, value in asked.model.state_dict().items()}
    explain(asked, "attention")
    assert asked.model.training
    assert not asked.model.attention._forward_hooks
    assert all(torch.equal(value, before[name]) for name, value in asked.model.state_dict().items())


def test_it_speaks_korean():
    with use("ko"):
        page = explain(subject(), "attention").to_html()
    assert "어텐션" in page
    assert "Where the network looks" not in page
