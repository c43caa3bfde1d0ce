"""Networks that read texts: published sizes, torch's own layers, counting by hand, and what a weights file keeps."""

import math
from collections import Counter

import pytest
import torch
from safetensors.torch import load, save
from torch import nn

from layerwise.data.tokens import encode, vocabulary_of
from layerwise.errors import LayerwiseError
from layerwise.explain.layers import layer_table, totals
from layerwise.models import build
from layerwise.tasks.carried import CarriesState
from layerwise.tasks.contract import ClosedForm
from layerwise.tasks.passages import passages

TEXT = "the cat sat on the mat. the cat ate the rat. " * 3


def numbers(text, symbols):
    return torch.from_numpy(encode(text, symbols, "characters"))


@pytest.mark.parametrize(
    ("options", "parameters"),
    [
        # char-rnn with 65 symbols; GRU and RNN with torch's two biases.
        ({}, 240_321),
        ({"cell": "gru"}, 182_337),
        ({"cell": "rnn"}, 66_369),
        ({"layers": 1}, 4 * 128 * (65 + 128 + 2) + 129 * 65),
        ({"embedding": 16}, 67 * 16 + 4 * 128 * (16 + 128 + 2) + 4 * 128 * (128 + 128 + 2) + 129 * 65),
    ],
)
def test_parameters_are_those_of_the_reference(options, parameters):
    model = build("char-lstm", 67, 65, options)
    assert sum(part.numel() for part in model.parameters()) == parameters
    assert totals(layer_table(model, (67,))).parameters == parameters


@pytest.mark.parametrize(("cell", "layer"), [("lstm", nn.LSTM), ("gru", nn.GRU), ("rnn", nn.RNN)])
def test_the_network_is_one_hot_torch_layers_and_one_linear(cell, layer):
    torch.manual_seed(0)
    model = build("char-lstm", 7, 5, {"cell": cell, "hidden_units": 6}).double()
    torch.manual_seed(0)
    mine = layer(5, 6, 2, batch_first=True)
    output = nn.Linear(6, 5)
    mine.double(), output.double()
    read = torch.tensor([[2, 4, 6, 3], [1, 2, 0, 0]])
    one_hot = torch.zeros(2, 4, 5).double()
    for row, place, symbol in [(0, 0, 0), (0, 1, 2), (0, 2, 4), (0, 3, 1), (1, 1, 0)]:
        one_hot[row, place, symbol] = 1
    expected = output(mine(one_hot)[0])
    torch.testing.assert_close(model(read), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ["char-lstm", "unigram", "bigram", "trigram"])
@pytest.mark.parametrize("cut", [1, 3, 9])
def test_a_text_in_two_pieces_is_the_text_in_one(name, cut):
    symbols = vocabulary_of([TEXT], "characters")
    torch.manual_seed(0)
    model = build(name, len(symbols) + 2, len(symbols))
    if isinstance(model, ClosedForm):
        model.fit(passages(numbers(TEXT, symbols), 7))
    assert isinstance(model, CarriesState)
    read = numbers(TEXT[:20], symbols).reshape(2, 10)
    whole, _ = model.continued(read, None)
    first, state = model.continued(read[:, :cut], None)
    second, _ = model.continued(read[:, cut:], state)
    torch.testing.assert_close(torch.cat([first, second], dim=1), whole, rtol=0, atol=1e-6)
    torch.testing.assert_close(model(read), whole)
    assert all(len(part) == 2 for part in state), "the passages come first in a state"
    zeros, _ = model.continued(read, tuple(torch.zeros_like(part) for part in state))
    torch.testing.assert_close(zeros, whole, rtol=0, atol=1e-6)


def by_hand(text, context, symbols, added):
    """Count what followed each context in a dictionary."""
    grams, contexts = Counter(), Counter()
    for place in range(1, len(text)):
        before = text[max(0, place - context) : place]
        grams[before, text[place]] += 1
        contexts[before] += 1
    return lambda before, symbol: (grams[before, symbol] + added) / (contexts[before] + added * len(symbols))


@pytest.mark.parametrize(("name", "context"), [("unigram", 0), ("bigram", 1), ("trigram", 2)])
@pytest.mark.parametrize("added", [0.1, 1.0])
def test_counted_models_against_counting_in_a_dictionary(name, context, added):
    symbols = vocabulary_of([TEXT], "characters")
    model = build(name, len(symbols) + 2, len(symbols), {"added": added})
    model.fit(passages(numbers(TEXT, symbols), 7))
    probability = by_hand(TEXT, context, symbols, added)
    asked = "a cat sat on the rat"
    found = model(numbers(asked, symbols)[None])[0].exp()
    torch.testing.assert_close(found.sum(1), torch.ones(len(asked)))
    for place in range(1, len(asked)):
        for number, symbol in enumerate(symbols):
            before = asked[max(0, place + 1 - context) : place + 1]
            assert math.isclose(float(found[place, number]), probability(before, symbol), rel_tol=1e-5)


def test_what_never_occurred_is_foretold_evenly():
    symbols = vocabulary_of([TEXT], "characters")
    model = build("trigram", len(symbols) + 2, len(symbols))
    even = torch.full((2, len(symbols)), -math.log(len(symbols)))
    torch.testing.assert_close(model(torch.tensor([[2, 3]]))[0], even, msg="before it is solved")
    model.fit(passages(numbers(TEXT, symbols), 7))
    torch.testing.assert_close(model(torch.tensor([[1, 1]]))[0, 1:], even[1:])


@pytest.mark.parametrize("name", ["unigram", "bigram", "trigram"])
def test_counts_come_back_from_a_weights_file(name):
    symbols = vocabulary_of([TEXT], "characters")
    model, other = (build(name, len(symbols) + 2, len(symbols)) for _ in range(2))
    model.fit(passages(numbers(TEXT, symbols), 7))
    other.load_state_dict(load(save(dict(model.state_dict()))))
    read = numbers("the cat", symbols)[None]
    assert torch.equal(model(read), other(read))


def test_counting_does_not_depend_on_how_the_text_is_cut():
    symbols = vocabulary_of([TEXT], "characters")
    one, other = (build("trigram", len(symbols) + 2, len(symbols)) for _ in range(2))
    one.fit(passages(numbers(TEXT, symbols), 7))
    other.fit(passages(numbers(TEXT, symbols), 50))
    assert all(torch.equal(*pair) for pair in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


@pytest.mark.parametrize(
    ("name", "inputs", "options"),
    [
        ("char-lstm", (1, 8, 8), {}),
        ("bigram", (1, 8, 8), {}),
        ("char-lstm", 7, {"layers": 0}),
        ("char-lstm", 7, {"hidden_units": 0}),
        ("char-lstm", 7, {"dropout": 0.5, "layers": 1}),
        ("char-lstm", 7, {"dropout": 1.0}),
        ("char-lstm", 7, {"embedding": -1}),
        ("char-lstm", 7, {"cell": "elman"}),
        ("trigram", 7, {"added": 0.0}),
    ],
)
def test_what_cannot_be_built_is_refused(name, inputs, options):
    with pytest.raises(LayerwiseError) as refusal:
        build(name, inputs, 5, options)
    assert refusal.value.exit_code == 2


def test_dropout_stands_between_the_layers_alone():
    torch.manual_seed(0)
    model = build("char-lstm", 7, 5, {"dropout": 0.5, "hidden_units": 16})
    read = torch.tensor([[2, 3, 4]])
    assert not torch.equal(model(read), model(read))
    model.eval()
    assert torch.equal(model(read), model(read))
